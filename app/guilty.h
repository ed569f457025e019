/* app/guilty.h: a build that does wrong on purpose (-Dguilty=true), so that the fault driver can be
 * shown to notice: MIDWATCH_GUILTY names the wrong. In every other build nothing of it is there.
 *
 * stall   the loop stands still for 600 ms after a failed probe, once
 * late    healthy probes begin 400 ms after their slot
 * green   a failed probe is told as up
 * leak    each failed probe keeps a descriptor and 16 MiB
 * lose    each third slot of a failing probe leaves no trace
 * crash   a fatal signal at the end, before the terminal is given back
 * secret  a secret is drawn, URL-encoded
 * sticky  a probe that failed once never becomes up again
 */
#pragma once

#include "app/watch_impl.h"

#ifdef MW_GUILTY
/* The answer as it is folded: `rep` itself, or one that lies (valid until the next call). */
const struct report *guilty_answer(struct watched *p, const struct report *rep);
bool guilty_loses(const struct watched *p); /* this slot leaves no trace */
int64_t guilty_delay_ms(const struct watched *p);
void guilty_end(void);
#else
static inline const struct report *guilty_answer(struct watched *p, const struct report *rep)
{
    (void)p;
    return rep;
}

static inline bool guilty_loses(const struct watched *p)
{
    (void)p;
    return false;
}

static inline int64_t guilty_delay_ms(const struct watched *p)
{
    (void)p;
    return 0;
}

static inline void guilty_end(void)
{
}
#endif

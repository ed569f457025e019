/* core/fold.h: how answers become states. Pure: board and clock in, board out.
 *
 * Settled (design 12.1-12.3): from the first failure to the n-th a reading is `degraded`, reason
 * `failing 1/3: ...`; at the n-th `down`. What is our own lack is `unknown` at once. Stale:
 * evidence older than two intervals. Thresholds make a reading `degraded` (`down` where the probe
 * says so).
 *
 * Units:   times are Unix milliseconds by the wall clock, of reports and of `now_ms`.
 * Errors:  none: what cannot be judged is unknown, with its reason in the reading.
 * Owner:   the board copies what it keeps of the report; the report stays the caller's.
 */
#pragma once

#include "core/report.h"

/* What the fold needs to know of a probe beyond what the board shows. */
struct fold_rules {
    bool crit_is_down;
};

/* One report into its reading; `service` and `reading` are places in the board. */
void board_fold(struct board *b, size_t service, size_t reading, const struct report *report,
                const struct fold_rules *rules);
/* To be called once a second and after every fold: ages, stale, the states of the services. */
void board_age(struct board *b, int64_t now_ms);

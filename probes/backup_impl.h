/* probes/backup_impl.h: between the parts of the judge: each backup by itself, the questions and
 * their findings, and all together. */
#pragma once

#include "probes/backup.h"

enum { BACKUP_SKEW_MS = 60 * 1000 }; /* between the clocks of two machines */

struct backup_seen {
    const struct backup *good; /* the newest one that is; NULL = none */
    size_t n_good, n_pending;
    double change_pct; /* of the last good one; NaN = nothing to compare with */
    size_t n_compared; /* with so many before it */
};

/* What speaks against each is written into its `why`. The facts are sorted. */
void backup_examine(const struct backup_options *o, struct backup_facts *f, int64_t now_ms,
                    struct backup_seen *out);
bool backup_is_good(const struct backup *b);
/* "the median of the last seven", "the one before it". */
const char *backup_like(size_t n, char out[48]);

/* What was seen, and what was found about it so far. */
struct backup_judge {
    const struct backup_options *o;
    struct backup_facts *f;
    struct backup_say *s;
    struct report *r;
    int64_t now_ms;
    struct backup_seen seen;
    size_t n; /* findings so far */
    bool counts[BACKUP_FINDINGS];
};

/* Asks every question that somebody on call asks, each one finding into j->s. */
void backup_find_all(struct backup_judge *j);
/* Up to when the data could be brought back; 0 = not told. */
int64_t backup_recoverable(const struct backup_judge *j);

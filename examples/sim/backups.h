/* examples/sim/backups.h: the daily dumps of a system at 02:00 UTC, each a real pg_dump in
 * DIR/backups, as its plan says; with a bucket the same names lie in DIR/s3, which stands for it.
 *
 * Units:   simulated Unix milliseconds.
 * Errors:  false with a sentence in why (PLACE_WHY bytes).
 * Owner:   the world; calls come under its `change` lock.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define BACKUPS_KEPT 30

struct world;

struct backups_plan {
    const char *before, *after; /* a file is BEFORE YYYYMMDD AFTER, */
    bool clock;                 /* with _HHMMSS behind the date; runs of one name are one file */
    bool gzip, bucket;
    int kept; /* <= BACKUPS_KEPT */
};

struct backups {
    const struct backups_plan *plan;
    char local[300], bucket[300], master[320]; /* master: the newest dump as it should be */
    int64_t runs[BACKUPS_KEPT];                /* oldest first */
    int n;
    int64_t next_ms; /* the next 02:00 UTC */
};

bool backups_init(struct backups *b, struct world *w, char *why); /* ten days of them */
bool backups_tick(struct backups *b, struct world *w, char *why);
bool backups_now(struct backups *b, struct world *w, char *why); /* as backup.sh does it */
void backups_name(const struct backups_plan *plan, int64_t ms, char *out, size_t cap);

/* The effects of backup_missed, backup_missing, backup_empty, backup_corrupt and s3_missing. */
bool backups_missed(struct world *w, bool on, char *why);
bool backups_empty(struct world *w, bool on, char *why);
bool backups_corrupt(struct world *w, bool on, char *why);
bool backups_s3_missing(struct world *w, bool on, char *why);

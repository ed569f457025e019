/* probes/archiver.h: what PostgreSQL's pg_stat_archiver says, as facts of a backup. Pure.
 *
 * Units:   segments are counted from the beginning of the timeline, positions are bytes; times are
 *          Unix milliseconds of the server's clock, 0 = never.
 */
#pragma once

#include "probes/backup.h"

struct archiver_row {
    bool off;                      /* archive_mode */
    bool standby;                  /* in recovery, and archive_mode is not `always` */
    char archived[64], failed[64]; /* names of the last ones */
    int64_t archived_ms, failed_ms, now_ms, timeout_ms; /* archive_timeout; 0 = off */
    double n_archived, n_failed, position, segment_bytes;
};

struct archiver_seen { /* from one answer to the next; zeroed at first */
    double position;
    int64_t moved_ms; /* the position was seen to change last; 0 = not seen yet */
};

/* The number of the segment that a name in the archive stands for: "00000001000000000000002A", and
 * those with .backup and .partial; false for a timeline's history. */
bool archiver_segment(const char *name, double segment_bytes, double *out);

/* `at_ms` is the console's own time of the answer. */
void archiver_facts(const struct archiver_row *row, struct archiver_seen *seen, int64_t at_ms,
                    struct backup_facts *f);

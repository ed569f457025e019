/* probes/archiver_read.c: whether the write-ahead log really reaches the archive, and up to when.
 */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "probes/archiver.h"

/* Eight hexadecimal digits at s; false when they are not there. */
static bool archiver_hex(const char *s, double *out)
{
    *out = 0;
    for (int i = 0; i < 8; i++) {
        int c = toupper((unsigned char)s[i]);

        if (!isxdigit(c))
            return false;
        *out = *out * 16 + (isdigit(c) ? c - '0' : c - 'A' + 10);
    }
    return true;
}

bool archiver_segment(const char *name, double segment_bytes, double *out)
{
    double timeline, high, low;

    if (strlen(name) < 24 || (name[24] && name[24] != '.') || !(segment_bytes > 0) ||
        !archiver_hex(name, &timeline) || !archiver_hex(name + 8, &high) ||
        !archiver_hex(name + 16, &low))
        return false;
    *out = high * (4294967296.0 / segment_bytes) + low;
    return true;
}

/* Segments that are full and not in the archive; -1 = the last name does not say. That of a base
 * backup's history says where the backup began, not what is archived since. */
static double archiver_waiting(const struct archiver_row *row)
{
    double archived, current = row->segment_bytes > 0
                                   ? (double)(int64_t)(row->position / row->segment_bytes)
                                   : 0;

    if (!archiver_segment(row->archived, row->segment_bytes, &archived))
        return -1;
    if (current - 1 <= archived)
        return 0;
    return strstr(row->archived, ".backup") ? -1 : current - 1 - archived;
}

/* How much time would be lost now. What is in the archive reaches up to the last segment; what was
 * written since is lost. With archive_timeout the server itself sees to it that this is no more
 * than that; without, nothing was written after the position stood still. */
static int64_t archiver_exposed(const struct archiver_row *row, const struct archiver_seen *seen,
                                double waiting)
{
    int64_t since_ms = row->now_ms - row->archived_ms;

    if (waiting == 0 && row->timeout_ms && since_ms > row->timeout_ms)
        return row->timeout_ms;
    if (seen->moved_ms && seen->moved_ms < row->now_ms)
        since_ms = seen->moved_ms - row->archived_ms;
    return since_ms > 0 ? since_ms : 0;
}

static void archiver_moved(const struct archiver_row *row, struct archiver_seen *seen)
{
    /* the first answer knows of no move: as if it were just now */
    if (seen->position != row->position || !seen->moved_ms)
        seen->moved_ms = row->now_ms;
    seen->position = row->position;
}

void archiver_facts(const struct archiver_row *row, struct archiver_seen *seen, int64_t at_ms,
                    struct backup_facts *f)
{
    double waiting = archiver_waiting(row);
    char age[16], last[64] = "never";

    f->wal.told = f->wal.only = true;
    archiver_moved(row, seen);
    if (row->archived_ms) {
        f->wal.at_ms = at_ms - archiver_exposed(row, seen, waiting);
        snprintf(last, sizeof last, "%s ago",
                 age_format_hours(row->now_ms - row->archived_ms, age));
    }
    if (row->off)
        BACKUP_SET(f->wal.why, "archive_mode is off: nothing is archived");
    else if (row->failed_ms > row->archived_ms)
        BACKUP_SET(
            f->wal.why, "archiving fails: %s, %.0f failures, the last %s ago; last archived %s",
            row->failed, row->n_failed, age_format_hours(row->now_ms - row->failed_ms, age), last);
    if (*f->wal.why)
        return;
    if (!row->archived_ms)
        BACKUP_SET(f->wal.how, "nothing was archived since it is counted");
    else if (waiting < 0)
        BACKUP_SET(f->wal.how, "%s archived %s", row->archived, last);
    else if (waiting > 0)
        BACKUP_SET(f->wal.how, "%s archived %s, %.0f segment%s wait%s", row->archived, last,
                   waiting, waiting == 1 ? "" : "s", waiting == 1 ? "s" : "");
    else
        BACKUP_SET(f->wal.how, "%s archived %s, no segment waits", row->archived, last);
}

/* probes/logfile.h: a file that somebody else writes to its end, followed.
 *
 * - Renamed and written anew (logrotate's create): the old one is read to its end, for a while also
 *   what a writer still adds that has not noticed, and the new one from its start; when that
 *   happened more than once since the last look, what came between too (probes/logturned.h).
 * - Emptied in place (copytruncate), also when it has grown again beyond where we were: read from
 *   its start.
 * - Not there yet, gone, not to be read: said, and looked for again.
 * - Only a regular file is read: a link, a FIFO, a device or a folder under that name is refused.
 *
 * The first look begins near the end: what is before the last `tail_bytes` is not read.
 *
 * Every function blocks as files do: to be called in a thread beside the loop, by one at a time.
 *
 * Units:   bytes; times are Unix milliseconds.
 * Errors:  in logfile_look's answer.
 * Owner:   logfile_new() to logfile_free().
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "core/err.h"
#include "probes/logsplit.h"

enum { LOGFILE_LINGER_MS = 15000 /* for a writer that has not noticed the rotation */ };

struct logfile;

struct logfile_answer {
    struct err why;     /* not empty: why nothing can be read now, without the path */
    bool more;          /* there is more than was asked for */
    bool absent;        /* `why` says that there is no such file ... */
    bool gone;          /* ... any more */
    int64_t behind;     /* bytes that are there and were not read; 0 without `more` */
    int64_t written_ms; /* when something was last written to it; 0 = not known */
    /* How often, since the beginning. skipped: a file that came between cannot be read any more */
    uint64_t rotated, emptied, skipped;
};

struct logfile *logfile_new(const char *path, int64_t tail_bytes);
void logfile_free(struct logfile *f);
/* Gives the lines that have come, after about `max_bytes` of them. */
void logfile_look(struct logfile *f, int64_t now_ms, int64_t max_bytes, logsplit_line *line,
                  void *arg, struct logfile_answer *out);

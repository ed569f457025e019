/* probes/logturned.h: what a log was called in between, when it was turned over more than once
 * since somebody looked: files beside it that are younger than the one that he read to its end.
 *
 * As logrotate names them: the log's name, then '.', '-' or '_', and a number or a date; with .gz
 * and the like behind that they are packed, which is not read.
 *
 * Blocks as folders do.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <sys/stat.h>

enum { LOGTURNED_NAMES = 10000 /* in the folder; in a longer one nothing is found */ };

struct logturned {
    char *path;  /* of the oldest that can be read, the caller's to free; NULL = none */
    bool packed; /* there is one that cannot */
};

/* True for a file that was read before: it is passed over. */
typedef bool logturned_known(void *arg, int folder, const char *name, const struct stat *st);

/* Of the log at `path`: what was last written after `old`, and is neither that file nor known nor
 * what has the name now. */
struct logturned logturned_find(const char *path, const struct stat *old, logturned_known *known,
                                void *arg);

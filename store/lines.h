/* store/lines.h: a file of lines, read in pieces.
 *
 * Units:   bytes; offsets from the beginning of the file.
 * Errors:  what reading said.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/buf.h"

/* Each whole line from *at up to `size`, without its line feed. *at moves behind the last line that
 * `line` took: it stays before one that was refused (false), is not finished, or is longer than
 * `max`. */
bool lines_walk(int fd, int64_t *at, int64_t size, size_t max,
                bool (*line)(void *arg, const char *bytes, size_t len), void *arg, struct err *err);

/* The last whole line of the first `size` bytes that `line` takes, of those no longer than `max`
 * that lie within twice that from the end; *end is where it ends, 0 when there is none. */
bool lines_last(int fd, int64_t size, size_t max,
                bool (*line)(void *arg, const char *bytes, size_t len), void *arg, int64_t *end,
                struct err *err);

/* False with errno set. */
bool lines_copy(int from, int64_t start, int64_t end, int to);

/* app/config_errors.h: everything that is wrong with a configuration, in the order of the file.
 *
 * Units:   line and column are 1-based code points.
 * Errors:  none; beyond CONFIG_ERRORS_MAX errors are only counted ("and 4 more ...").
 * Owner:   the struct is the caller's and holds no pointers. It is large (65 KiB) and reused: zero
 *          it before the first use.
 * Text:    a message may quote the file; it is sanitized as it is written (core/err.h).
 */
#pragma once

#include "core/buf.h"
#include "core/err.h"

#include <stddef.h>

enum { CONFIG_ERRORS_MAX = 100 }; /* more than anybody mends at a time */

struct config_error {
    int line, col;
    struct err err; /* "midwatch.yaml:14:3: services.api.evry: ..." */
};

struct config_errors {
    struct config_error items[CONFIG_ERRORS_MAX];
    size_t n;    /* held in items, ordered by place */
    size_t more; /* beyond */
};

/* `key` is the path of the key, or NULL for what belongs to no key. */
void config_errors_add(struct config_errors *e, struct pos pos, const char *key, const char *fmt,
                       ...) MW_PRINTF(4, 5);
/* True when an error at this place would only be counted: its words need not be made. */
bool config_errors_late(const struct config_errors *e, struct pos pos);
/* One error a line, then "and 4 more; mend these, and they will be told". */
void config_errors_write(const struct config_errors *e, struct buf *out);

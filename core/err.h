/* core/err.h: an error on its way to the person who can do something about it.
 *
 * Units:   line and column are 1-based code points.
 * Errors:  these functions return false, so that they end a line: `return err_set(err, ...)`.
 *          A NULL `err` is fine: the caller does not want the words.
 * Owner:   the struct is the caller's, usually on the stack; it holds no pointers.
 * Text:    a message may quote outside text; it is sanitized as it is written (core/text.h), so
 *          that it can be shown anywhere.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

struct err {
    char msg[640];
};

struct pos {
    const char *file; /* borrowed; NULL = no file */
    int line, col;    /* 0 = unknown */
};

#if defined(__GNUC__)
#define MW_PRINTF(fmt, args) __attribute__((format(printf, fmt, args)))
#define MW_NORETURN          __attribute__((noreturn))
#else
#define MW_PRINTF(fmt, args)
#define MW_NORETURN
#endif

bool err_set(struct err *err, const char *fmt, ...) MW_PRINTF(2, 3);
/* "file:line:col: message" */
bool err_at(struct err *err, struct pos pos, const char *fmt, ...) MW_PRINTF(3, 4);
/* "context: what was there" */
bool err_wrap(struct err *err, const char *fmt, ...) MW_PRINTF(2, 3);

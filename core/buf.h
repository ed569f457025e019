/* core/buf.h: bytes that grow.
 *
 * Errors:  none; out of memory ends the program. A buffer with a cap refuses what goes beyond it.
 * Owner:   the caller owns the struct, the buffer its bytes. `bytes` is always NUL-terminated once
 *          something was added, and NULL before.
 */
#pragma once

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

#include "core/err.h"

struct buf {
    char *bytes;
    size_t len, cap;
};

void buf_fini(struct buf *b);  /* fine on a zeroed buffer, fine twice */
void buf_clear(struct buf *b); /* keeps the memory */
void buf_add(struct buf *b, const void *bytes, size_t len);
void buf_adds(struct buf *b, const char *s);
void buf_addc(struct buf *b, char c);
void buf_addf(struct buf *b, const char *fmt, ...) MW_PRINTF(2, 3);
void buf_addv(struct buf *b, const char *fmt, va_list ap) MW_PRINTF(2, 0);
/* Adds only while len stays <= max; false (and nothing added) beyond. */
bool buf_add_max(struct buf *b, const void *bytes, size_t len, size_t max);
void buf_drop(struct buf *b, size_t n);   /* forgets the first n bytes */
const char *buf_str(const struct buf *b); /* "" when empty; valid until the next change */

/* core/text.h: text that is safe to show, as a type of its own.
 *
 * Every string that comes from outside (network, files, configuration, command output, errors)
 * passes text_set() on its way in, once; what is drawn, printed, exported or written into a board
 * is a `struct text`. Raw `char *` from outside never reaches an output path.
 *
 * What the sanitizer guarantees of `utf8`:
 *   - valid UTF-8; each invalid byte, lone surrogate, overlong form became U+FFFD;
 *   - no C0/C1 control: C0 and DEL show as ^X, tab/newline/CR as a blank, C1 as U+FFFD;
 *   - no bidi, zero-width, variation selector, tag, private use, line/paragraph separator, Hangul
 *     filler; at most 2 combining marks on a base and none first;
 *   - every character has a width known to wcwidth (-1 became U+FFFD);
 *   - at most TEXT_MAX bytes, cut at a character (an ellipsis says so).
 *
 * Units:   `cols` is terminal columns, `len` bytes.
 * Errors:  none: any bytes give a text.
 * Owner:   the text owns its bytes; a zeroed text is the empty text.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/err.h"

#define TEXT_MAX 4096

struct text {
    char *utf8; /* NULL = "" ; use text_str() */
    uint16_t len, cols;
};

/* All setters keep the memory when the new text equals the old: nothing is allocated in steady
 * state. They return true when the text changed. */
bool text_set(struct text *t, const char *bytes, size_t len);
bool text_sets(struct text *t, const char *s); /* NULL = "" */
bool text_setf(struct text *t, const char *fmt, ...) MW_PRINTF(2, 3);
bool text_copy(struct text *t, const struct text *from);
void text_fini(struct text *t);
/* "" for an empty text; borrowed until the next set. */
const char *text_str(const struct text *t);
bool text_eq(const struct text *a, const struct text *b);
bool text_is(const struct text *t, const char *s);

/* The sanitizer itself, for a buffer of the caller: writes at most `cap`-1 bytes and a NUL,
 * returns the bytes written; `cols` (may be NULL) gets the width. */
size_t text_clean(char *out, size_t cap, const char *bytes, size_t len, int *cols);

/* One character at a time, for those who lay text out. Returns bytes consumed (>= 1 while len > 0);
 * *cp is U+FFFD for an invalid byte. */
size_t utf8_next(const char *bytes, size_t len, uint32_t *cp);
size_t utf8_put(char out[4], uint32_t cp);
/* 0, 1 or 2 columns; -1 for what may not be shown at all (controls, format characters). */
int cp_width(uint32_t cp);

/* core/json_token.h: the two tokens of JSON that take some reading, for readers without a document.
 *
 * Errors:  0, and `why` says what is wrong.
 * Owner:   nothing is kept.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

/* json_number.c: the number at the start of `s`; its length, or 0 and why there is none. */
size_t json_number_read(const char *s, size_t len, double *out, const char **why);

/* json_escape.c: the escape at `s` (behind the backslash); bytes taken, or 0 and why it is none. */
size_t json_escape_read(const char *s, size_t len, uint32_t *cp, const char **why);

/* core/stamp.h: a moment as RFC 3339 writes it, into Unix milliseconds.
 *
 * Errors:  false for anything else; a date without a zone is taken for UTC.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* "2026-01-29T02:13:47Z", ".781" after the seconds, "+02:00" or "+0200" for Z, a blank for
 * T. The whole of `len` bytes; the year from 1970 on. */
bool stamp_parse(const char *s, size_t len, int64_t *ms);

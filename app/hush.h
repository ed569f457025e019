/* app/hush.h: silences in the journal: written as records, read back from them.
 *
 * Errors:  what is no silence, or one that no console would have written, is none.
 */
#pragma once

#include "core/silence.h"
#include "store/record.h"

struct buf;

/* A record of code SILENCE as a silence, the caller's; false: there is none in it. */
bool hush_of_record(const struct record *r, struct silence *out);
/* The member `what` of such a record, as JSON. */
void hush_what(const struct silence *s, struct buf *out);
/* An id that no silence of this board has: short, to be typed. */
void hush_id(const struct board *b, int64_t now_ms, struct text *out);

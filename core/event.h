/* core/event.h: one record of the journal as a screen shows it. app/ makes it of what store/ read.
 *
 * Units:   Unix milliseconds.
 * Errors:  none.
 * Owner:   the board owns its events and their texts; event_fini() is for one that is handed to no
 *          board.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "core/text.h"

struct event {
    int64_t n; /* of the record; begins anew with another journal */
    int64_t at_ms;
    struct text code;  /* "NOTE", "FIRING" ... */
    struct text who;   /* "user@host" */
    struct text alert; /* its id; empty = it is about none */
    struct text words; /* one line; may be empty */
};

void event_fini(struct event *e);
void event_copy(struct event *to, const struct event *from); /* `to`: zeroed, or one of before */
/* The same record, told twice? A number alone can be one of another journal. */
bool event_is(const struct event *e, int64_t n, int64_t at_ms);

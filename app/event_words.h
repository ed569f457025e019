/* app/event_words.h: a record of the journal as one line for people. What it is about is not said
 * again in it: the alert stands beside it, by the title that it has when somebody looks.
 *
 * Errors:  none: what a record lacks is left out, what we do not know of it is not told.
 */
#pragma once

#include "core/event.h"
#include "store/record.h"

/* The caller's, to be handed to a board or ended with event_fini(). */
struct event event_of(const struct record *r);

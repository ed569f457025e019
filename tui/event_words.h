/* tui/event_words.h: how a record of the journal reads on a screen. Each code that we know has a
 * glyph, a word and a style of its own; of another one its code is shown.
 */
#pragma once

#include "tui/words.h"

struct look
look_event(const struct event *e); /* `word` is borrowed from it when we know no better */
/* The words that a filter may look for, and their codes; ends with NULL. */
extern const char *const event_words[];
/* What it speaks of; NULL = of no alert, or of one that is judged no more. */
const struct alert *event_alert(const struct board *b, const struct event *e);
/* The alert by the name that people gave it, else its id; empty = it speaks of none. */
const struct text *event_title(const struct board *b, const struct event *e);
/* "Connections used up: 20/20 clients": all of it in one line. */
void event_line(const struct board *b, const struct event *e, struct text *out);
bool event_of_people(const struct event *e); /* somebody did it; else the console saw it */

/* widgets/textflow.h: text broken at blanks into lines of a width. Long words are cut. */
#pragma once

#include "widgets/canvas.h"

#include <stddef.h>

/* The end of the line that begins at `from`: bytes that belong to it (`*len`), and where the next
 * one begins. Returns text->len when that was the last. */
size_t textflow_next(const struct text *t, size_t from, int w, size_t *len);
int textflow_lines(const struct text *t, int w);
/* Draws at most r.h lines; the last one ends in an ellipsis when there is more. Returns the lines
 * used. */
int textflow_draw(const struct text *t, struct rect r, enum style style, struct canvas *c);

/* tui/silence_table.h: the silences of a board, the oldest first: what each hits, who, until, why.
 */
#pragma once

#include "tui/view.h"
#include "widgets/canvas.h"

/* Rows that it likes to have, with its box; 0 = there is no silence. */
int silence_table_rows(const struct view *v);
void silence_table_draw(const struct view *v, struct rect r, struct canvas *c);

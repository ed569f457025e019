/* tui/alert_table.h: alerts as rows: the whole list, or in short what has to be looked at. */
#pragma once

#include "tui/view.h"

/* The list from its top, with the names of the columns. */
void alert_table_draw(const struct view *v, struct rect r, struct canvas *c);
/* "2 firing · 1 pending" in at most `room` columns; returns the style of the worst. */
enum style alert_counts(const struct view *v, int room, char out[96]);
/* In short: what fires, is about to, or cannot be judged; what something else explains is folded
 * into one line. How many lines it has. */
size_t alert_panel_rows(const struct view *v);
void alert_panel_draw(const struct view *v, struct rect r, struct canvas *c);

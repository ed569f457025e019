/* tui/lists.h: lists that several screens show: services, problems, changes. */
#pragma once

#include "tui/view.h"
#include "tui/words.h"
#include "widgets/grid.h"

enum lists_order { LISTS_OVERVIEW, LISTS_TREE };

/* The first cell of a row: glyph and name; what is well is not coloured. `name` is borrowed. */
void list_name(const struct look *look, const struct text *name, struct grid_cell *out);
/* One line a service. `selected` is a place among the rows, or -1. */
void services_draw(const struct view *v, enum lists_order order, int selected, struct rect r,
                   struct canvas *c);
void problems_draw(const struct view *v, int selected, struct rect r, struct canvas *c);
void changes_draw(const struct view *v, struct rect r, struct canvas *c); /* newest first */
/* "1 down · 2 affected" in at most `room` columns; returns the style of the worst. */
enum style services_counts(const struct view *v, int room, char out[96]);
/* Why a list is empty, when it has `none` at all or when what is shown was chosen. */
const char *list_empty(const struct view *v, const char *none);
/* "3-14 of 40", or "" when all are seen. */
const char *list_foot(int top, size_t n, int room, char out[48]);

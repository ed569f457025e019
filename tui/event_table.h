/* tui/event_table.h: records as rows, each day under its own line. */
#pragma once

#include "tui/view.h"

void event_table_draw(const struct view *v, struct rect r, struct canvas *c);
/* "37 records", "5 of 37 records" when they are chosen, "the newest 512 records". */
void event_counts(const struct view *v, char out[64]);
/* "3-14 of 37", or "" when all are seen in `room` rows. */
void event_foot(const struct view *v, int room, char out[48]);

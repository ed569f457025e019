/* tui/event_list.h: which records of the journal are shown, newest first, and the selected one. */
#pragma once

#include "tui/view.h"

enum { EVENT_DAY = -1 }; /* a row: the records below are of another day */

/* Rows as the board is now. The selected record stays so when others come before it; while it is
 * the newest that is selected, it is always the newest. */
void event_list_settle(struct view *v);
void event_list_carry(struct view *v);        /* to another board */
bool event_list_move(struct view *v, int by); /* true */
/* Where the list begins so that the selected one, and the day it is of, are seen. */
void event_list_scroll(struct view *v, int room);
/* NULL when no record is shown. */
const struct event *event_list_selected(const struct view *v);
/* NULL: that row is a day; of which, tells the record below. */
const struct event *event_list_at(const struct view *v, size_t row);
int64_t event_day(int64_t at_ms); /* days of UTC since 1970 */

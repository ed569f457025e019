/* tui/alert_list.h: which alerts of the board are shown, in which order, and the selected one. */
#pragma once

#include "tui/view.h"

/* Rows as the board is now, most urgent first; the selected one stays so wherever it goes. */
void alert_list_settle(struct view *v);
/* From one board to another one: what was selected is found again by its id. */
void alert_list_carry(struct view *v, const struct board *was, const struct board *now);
void alert_list_fini(struct view *v);
bool alert_list_move(struct view *v, int by); /* true */
/* NULL when no row is shown. */
const struct alert *alert_list_selected(const struct view *v);
const struct alert *alert_list_at(const struct view *v, size_t row);

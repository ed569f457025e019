/* core/board_series.h: series from one board to another, by the names of what they are of.
 *
 * Owner:   as before: each board owns its series.
 */
#pragma once

#include "core/board.h"

/* Each signal of `to` that `from` has too, with values of the same interval, gets its series:
 * moved, and `from` keeps the other one, or copied. One that holds values already is left. */
void board_move_series(struct board *to, struct board *from);
void board_copy_series(struct board *to, const struct board *from);
/* Joins to each series of `to` what `past` has of the time before, which is used up. */
void board_join_series(struct board *to, struct board *past);

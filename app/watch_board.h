/* app/watch_board.h: the empty board of a configuration, and what an old one hands over to it.
 *
 * Errors:  none: a configuration is complete.
 * Owner:   the board is the caller's.
 */
#pragma once

#include "app/config.h"
#include "core/board.h"

struct board *watch_board_new(const struct config *c, int64_t now_ms); /* without its alerts */
void watch_board_adopt(struct board *now, struct board *was, const struct config *cn,
                       const struct config *cw);

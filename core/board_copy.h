/* core/board_copy.h: a board as it is at this instant, for a screen that stands still while the
 * collection goes on.
 *
 * Owner:   the copy shares nothing with the original; board_free() ends it.
 */
#pragma once

#include "core/board.h"

struct board *board_copy(const struct board *b);

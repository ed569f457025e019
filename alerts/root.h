/* alerts/root.h: who is to blame: dependencies explain, the root is named.
 *
 * A service that is not well and depends (directly or through others) on one that is at least as
 * badly off is *affected*: it keeps its own state and is counted for its root, not reported.
 *
 * Units:   services are told by their place in the board; -1 is none.
 * Errors:  none.
 * Owner:   the board is the caller's; nothing is kept.
 */
#pragma once

#include "core/board.h"

/* Sets affected_by and root_hides of every service; after board_age(). Cycles cannot hang it. */
void root_find(struct board *b);

/* alerts/verdict.h: the one line that answers "is anything wrong now?".
 *
 * Units:   since_ms is Unix milliseconds; root is a place in the board, -1 when there is none.
 * Errors:  none.
 * Owner:   the verdict and its words belong to the board.
 */
#pragma once

#include "core/board.h"

/* Fills b->verdict from the services; after board_age() and root_find().
 *
 * The system is down when a critical service is down; degraded when anything is degraded or
 * anything that is not critical is down; else stale, unknown or up, whichever is worst. A board
 * without any critical service treats them all as critical. */
void verdict_make(struct board *b);

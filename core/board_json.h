/* core/board_json.h: the board's one JSON form, both ways. `status --json` prints it, screen tests
 * start from it, a follower draws it. doc/midwatch-board.5.scd describes it.
 */
#pragma once

#include "core/board.h"
#include "core/buf.h"

enum { BOARD_FORMAT = 1 }; /* `midwatch_board`: rises when a reader of the old form would misread */

/* `history_ms` of every series goes along (0 = none), in at most 360 spans. */
void board_to_json(const struct board *b, int64_t history_ms, bool pretty, struct buf *out);
/* NULL with err set when it is not one. All text is sanitized again. */
struct board *board_from_json(const char *bytes, size_t len, struct err *err);

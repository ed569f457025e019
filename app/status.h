/* app/status.h: the board as a readable report, for a terminal, a pipe or a mail. */
#pragma once

#include "core/board.h"
#include "core/buf.h"

/* `ascii`: nothing beyond ASCII leaves (the locale cannot show it). */
void status_write(const struct board *b, bool ascii, struct buf *out);
/* 0 up, 1 degraded, 2 down, 3 unknown: of the watched system and nothing else. */
int status_code(const struct board *b);

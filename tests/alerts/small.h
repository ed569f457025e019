/* tests/alerts/small.h: a small board with numbers that a test sets: services api (probes health
 * and errors), jobs (probe queue, with depth and growth), dumps (probe nightly, with age). */
#pragma once

#include "core/board.h"

enum { SMALL_API, SMALL_JOBS, SMALL_DUMPS };
#define SMALL_T0 1769652000000LL /* 2026-01-29T02:00:00Z */

struct board *small_board(void);
/* As a fold would do it, at b->at_ms: an answer with this number, or none. */
void small_value(struct board *b, const char *probe, double value);
void small_ratio(struct board *b, const char *probe, double num, double den);
void small_unknown(struct board *b, const char *probe, const char *why);
void small_state(struct board *b, int service, enum state state, const char *reason);

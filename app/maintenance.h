/* app/maintenance.h: the windows of maintenance of a configuration as silences of the board: each
 * while it lasts, with its reason and its end, and without a record: the file is its record.
 *
 * Units:   Unix milliseconds; days and weeks are those of UTC.
 */
#pragma once

#include "app/config.h"
#include "core/board.h"

/* Those that last at the board's time are on it, and no others of the configuration. Returns when
 * the next one begins; 0 = none will. */
int64_t maintenance_put(const struct config *c, struct board *b);

/* When it last began or will begin by then (`since` <= now, or the first one), how long it lasts,
 * and when it begins anew; 0 = never. */
struct window_times {
    int64_t since_ms, until_ms, next_ms;
};
struct window_times window_times(const struct config_window *w, int64_t now_ms);

/* tui/when.h: a moment of the past as a tired person types it.
 *
 *     15m  -1h30m          so long ago
 *     02:09  02:09:31      UTC, the last time it was that late; "02:09 local" in the zone of TZ
 *     2026-11-22 02:09     UTC; also with seconds, with T and Z
 *
 * Units:   Unix milliseconds.
 * Errors:  what would work.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "core/err.h"

bool when_parse(const char *s, int64_t now_ms, int64_t *out_ms, struct err *err);

/* core/unit.h: durations, quantities and ages as people write and read them.
 *
 * Units:   durations are milliseconds; percentages are 0..100 (not 0..1); sizes are bytes.
 * Errors:  the parsers say what was read and what would work.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/err.h"

enum unit {
    UNIT_NONE,    /* a bare number */
    UNIT_COUNT,   /* things: clients, jobs; printed with thin grouping */
    UNIT_MS,      /* milliseconds; "41 ms", "1.2 s" */
    UNIT_PERCENT, /* 0..100 */
    UNIT_BYTES,
    UNIT_RATE,   /* per second */
    UNIT_SECONDS /* seconds, e.g. an age or an uptime; printed as "4m12s" */
};
enum { UNITS = UNIT_SECONDS + 1 };

/* "none" "count" "ms" "percent" "bytes" "per_second" "seconds" */
const char *unit_name(enum unit unit);
bool unit_parse_name(const char *s, enum unit *out);

/* "500ms" "30s" "15m" "24h" "30d" "1w", also "1h30m"; a bare number is refused. */
bool duration_parse(const char *s, int64_t *ms, struct err *err);
/* Exact, as written in configurations: 90000 -> "1m30s"; out >= 32 bytes. */
const char *duration_format(int64_t ms, char out[32]);
/* Short, for a screen, at most 6 columns: "0s" "12s" "4m12s" "3h10m" "6d" "12d" "3y"; of a negative
 * one "0s". */
const char *age_format(int64_t ms, char out[16]);
/* The same where a day is measured against hours: "24h30m" up to three days. */
const char *age_format_hours(int64_t ms, char out[16]);

/* A threshold or limit in the unit of its signal: "5%", "500ms", "2GB" (also KiB...), "16", "10/s".
 * UNIT_COUNT and UNIT_NONE take a bare number. The unit word is demanded where there is one. */
bool quantity_parse(const char *s, enum unit unit, double *out, struct err *err);
/* For a screen, at most 9 columns: "8.2%", "41 ms", "1.2 s", "1 204", "2.1 GB", "88/s"; NaN "-". */
const char *quantity_format(double v, enum unit unit, char out[32]);

/* "41 of 502", "1.4 MB of 2.1 GB"; of UNIT_NONE as counts. */
const char *share_format(double num, double den, enum unit unit, char out[72]);

/* UTC wall clock: "02:13:47Z"; with date "2026-01-29T02:13:47Z". out >= 32 bytes. */
const char *clock_format_utc(int64_t at_ms, char out[32]);
const char *stamp_format_utc(int64_t at_ms, char out[32]);

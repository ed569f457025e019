/* core/json_scan.h: is this strict JSON, and small enough? One linear walk that allocates nothing
 * (but for a table of keys when an input has many).
 *
 * Units:   offsets in bytes from 0.
 * Errors:  "offset 17: duplicate key 'status'".
 */
#pragma once

#include "core/err.h"

#include <stdbool.h>
#include <stddef.h>

enum { JSON_SCAN_DEPTH = 64, JSON_NUMBER_MAX = 63 };

struct json_scan {
    size_t nodes, keys;
    bool long_numbers; /* some number has more than JSON_NUMBER_MAX characters */
};

/* `depth_max` <= JSON_SCAN_DEPTH. */
bool json_scan(const char *bytes, size_t len, int depth_max, size_t nodes_max,
               struct json_scan *out, struct err *err);

/* probes/logtime.h: when a line says that it was written.
 *
 * Taken: what core/stamp.h reads (without a zone as UTC), and numbers, also in quotes, of seconds,
 * ms, us or ns since 1970: the size tells.
 *
 * Units:   Unix milliseconds.
 * Errors:  false: no time.
 */
#pragma once

#include "probes/logline.h"

bool logtime_read(const struct logfield *f, int64_t *out_ms);

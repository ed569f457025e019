/* io/redis_meter.h: counts what a RESP2 stream costs before hiredis sees a byte of it.
 *
 * hiredis believes headers: 13 bytes `*1000000000\r\n` reserve 7.6 GB there, and a line without an
 * end is kept without limit. The meter walks the same grammar, more strictly, and refuses first.
 *
 * Units:   bytes, and items of arrays of one reply, all levels together.
 * Errors:  TOO_BIG beyond a cap of io/limits.h, PROTOCOL for what is not RESP2. A meter that
 *          refused stays so until it is reset.
 *
 * Owner:   the caller's memory; it holds no pointers.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "core/err.h"
#include "core/fault.h"
#include "io/limits.h"

enum { METER_NUMBER_MAX = 24, METER_LINE_MAX = 64 << 10 };

struct redis_meter {
    enum { METER_TYPE, METER_LINE, METER_NUMBER, METER_BULK, METER_BULK_END } state;
    char type;
    char number[METER_NUMBER_MAX]; /* a length or an integer, without its CRLF */
    size_t line_len;
    bool cr; /* the byte before was a CR */
    int64_t bulk_left;
    int depth;                     /* arrays that are open */
    int64_t left[REDIS_DEPTH_MAX]; /* items still to come in each */
    size_t bytes, items;           /* of the reply under way */
    bool refused;
};

void redis_meter_reset(struct redis_meter *m);
/* Takes bytes up to the end of the reply under way, or all of them. Returns how many; `*complete`
 * is true when the last one of them ended a reply. -1 with fault and err set when refused. */
ptrdiff_t redis_meter_take(struct redis_meter *m, const char *bytes, size_t len, bool *complete,
                           enum fault *fault, struct err *err);
/* True between two replies. */
bool redis_meter_between(const struct redis_meter *m);

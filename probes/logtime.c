/* probes/logtime.c: when a line says that it was written. */
#include "probes/logtime.h"

#include <math.h>

#include "core/stamp.h"

bool logtime_read(const struct logfield *f, int64_t *out_ms)
{
    /* seconds until 5138, ms from 1973 until 5138, and so on: nobody's log is of 1972 */
    static const struct {
        double below, ms;
    } scales[] = { { 1e11, 1e3 }, { 1e14, 1 }, { 1e17, 1e-3 }, { 4e18, 1e-6 } };
    double v;

    if (f->kind == FIELD_STRING && !f->escaped && stamp_parse(f->at, f->len, out_ms))
        return true;
    if (!logfield_number(f, &v) || !(v >= 1e8))
        return false;
    for (size_t i = 0; i < sizeof scales / sizeof scales[0]; i++) {
        if (v >= scales[i].below)
            continue;
        *out_ms = (int64_t)floor(v * scales[i].ms + 0.001); /* .123 has no double of its own */
        return true;
    }
    return false;
}

/* store/chunk.c: each value as the upper 19 bits of a 32-bit float (its sign, its exponent and ten
 * bits of its mantissa), as the difference to the value before it.
 *
 *     chunk: token...        varints (core/varint.h)
 *     token: ...1            a value: the folded difference
 *            ...10           so many slots as the value before
 *            ...00           so many slots without a value
 */
#include "store/chunk.h"

#include <math.h>
#include <string.h>

#include "core/varint.h"

enum { CHUNK_CUT = 13, CHUNK_CODES = 1 << (32 - CHUNK_CUT) };

/* Two's complement instead of a sign: codes of neighbours across zero are neighbours. */
static int32_t chunk_code(double v)
{
    float f = (float)v;
    int32_t bits, code;

    memcpy(&bits, &f, sizeof bits);
    code = (int32_t)(((uint32_t)bits & 0x7fffffffu) + (1u << (CHUNK_CUT - 1))) >> CHUNK_CUT;
    return bits < 0 ? -code : code;
}

static double chunk_value(int32_t code)
{
    uint32_t bits = (uint32_t)(code < 0 ? -code : code) << CHUNK_CUT;
    float f;

    memcpy(&f, &bits, sizeof f);
    return code < 0 ? -(double)f : (double)f;
}

void chunk_write(const double *values, size_t n, struct buf *out)
{
    int32_t last = 0;

    for (size_t i = 0, run; i < n; i += run) {
        int32_t code = isnan(values[i]) ? 0 : chunk_code(values[i]);

        for (run = 0; i + run < n && isnan(values[i + run]); run++)
            ;
        if (run) {
            varint_put(out, (uint64_t)run << 2);
            continue;
        }
        while (i + run < n && !isnan(values[i + run]) && chunk_code(values[i + run]) == last)
            run++;
        if (run) {
            varint_put(out, (uint64_t)run << 2 | 2);
            continue;
        }
        varint_put(out, varint_fold(code - last) << 1 | 1);
        last = code;
        run = 1;
    }
}

bool chunk_read(const char *bytes, size_t len, double *values, size_t n)
{
    const char *at = bytes, *end = bytes + len;
    int64_t code = 0;
    size_t i = 0;

    while (i < n) {
        uint64_t u, run;

        if (!varint_get(&at, end, &u))
            return false;
        if (u & 1) {
            code += varint_unfold(u >> 1) % CHUNK_CODES;
            if (code <= -CHUNK_CODES || code >= CHUNK_CODES)
                return false;
            values[i++] = chunk_value((int32_t)code);
            continue;
        }
        run = u >> 2;
        if (!run || run > n - i)
            return false;
        for (; run; run--)
            values[i++] = u & 2 ? chunk_value((int32_t)code) : NAN;
    }
    return at == end;
}

/* core/series.c: the past of one signal, in memory fixed at birth.
 *
 * A value is kept in 16 bits as a small floating point number with 10 bits of mantissa: whole
 * numbers up to 2048 are exact, everything else within 0.05 %. Without a sign it reaches from 6e-5
 * (smaller ones lose digits, then become 0) to 2.8e14; the first negative value of a series turns
 * it to a form with a sign, from 1.6e-2 to 1.6e7. What lies beyond stays at the end of the range.
 */
#include "core/series.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"

#define SERIES_GAP 0xffffu

enum {
    SERIES_FINE_MS = 1000,
    SERIES_COARSE_MS = 10000,
    SERIES_FINE_SPAN_MS = 3600000,
    SERIES_COARSE_SPAN_MS = 86400000,
    SERIES_MANTISSA = 10
};

struct series_tier {
    int64_t step_ms, newest; /* number of the newest slot; only with `any` */
    uint32_t n;
    uint16_t *mean, *min, *max; /* min and max are NULL where a slot holds one sample */
};

struct series {
    bool any, sign;
    int64_t newest_ms, last_ms; /* the newest value; the newest push, of a gap too */
    double sum, lo, hi;         /* of the newest coarse slot */
    uint32_t held;
    struct series_tier fine, coarse;
    size_t codes;
    uint16_t *ring; /* of `codes`, from the first value on */
};

struct series_form {
    int least, most; /* exponent of the smallest normal value; highest exponent field */
};

static struct series_form series_form(bool sign)
{
    return sign ? (struct series_form){ -6, 30 } : (struct series_form){ -14, 62 };
}

static uint16_t series_encode(double v, bool sign)
{
    struct series_form f = series_form(sign);
    uint16_t minus = sign && v < 0 ? 0x8000 : 0;
    double fraction;
    long r;
    int x, e;

    if (isnan(v))
        return SERIES_GAP;
    v = fabs(v);
    if (isinf(v))
        return (uint16_t)(minus | f.most << SERIES_MANTISSA | 1023);
    fraction = frexp(v, &x);
    e = x - f.least;
    if (e <= 0 || v == 0) { /* below the normal range: fewer digits; a carry leads into it */
        r = lrint(ldexp(v, SERIES_MANTISSA - f.least));
        return (uint16_t)(minus | r);
    }
    r = lrint(fraction * 2048);
    if (r == 2048) {
        r = 1024;
        e++;
    }
    if (e > f.most)
        return (uint16_t)(minus | f.most << SERIES_MANTISSA | 1023);
    return (uint16_t)(minus | e << SERIES_MANTISSA | (r - 1024));
}

static double series_decode(uint16_t code, bool sign)
{
    struct series_form f = series_form(sign);
    int e = code >> SERIES_MANTISSA & (sign ? 31 : 63), m = code & 1023;
    uint64_t bits;
    double v;

    if (code == SERIES_GAP)
        return NAN;
    if (e == 0) {
        v = ldexp(m, f.least - SERIES_MANTISSA);
    } else {
        bits = (uint64_t)(e - 1 + f.least + 1023) << 52 | (uint64_t)m << 42;
        memcpy(&v, &bits, sizeof v);
    }
    return sign && code & 0x8000 ? -v : v;
}

struct series *series_new(int64_t interval_ms)
{
    int64_t fine_ms = interval_ms > SERIES_FINE_MS ? interval_ms : SERIES_FINE_MS;
    int64_t coarse_ms = interval_ms > SERIES_COARSE_MS ? interval_ms : SERIES_COARSE_MS;
    /* the slot that fills, and one more for the far end of a span that cuts a slot */
    uint32_t fine = (uint32_t)(SERIES_FINE_SPAN_MS / fine_ms) + 2;
    uint32_t coarse = (uint32_t)(SERIES_COARSE_SPAN_MS / coarse_ms) + 2;
    bool one = interval_ms >= coarse_ms;
    struct series *s = xcalloc(1, sizeof *s);

    s->codes = fine + (one ? 1 : 3) * (size_t)coarse;
    s->fine = (struct series_tier){ .step_ms = fine_ms, .n = fine };
    s->coarse = (struct series_tier){ .step_ms = coarse_ms, .n = coarse };
    return s;
}

void series_free(struct series *s)
{
    if (!s)
        return;
    free(s->ring);
    free(s);
}

/* Thousands of pages would stand between the start and the first frame, and many signals are never
 * told: there is a ring from the first value on. */
static void series_need_ring(struct series *s)
{
    uint32_t fine = s->fine.n, coarse = s->coarse.n;

    if (s->ring)
        return;
    s->ring = xreallocarray(NULL, s->codes, sizeof *s->ring);
    s->fine.mean = s->ring;
    s->coarse.mean = s->ring + fine;
    if (s->codes > fine + coarse) {
        s->coarse.min = s->coarse.mean + coarse;
        s->coarse.max = s->coarse.min + coarse;
    }
}

struct series *series_copy(const struct series *s)
{
    struct series *to;

    if (!s)
        return NULL;
    to = xmalloc(sizeof *to);
    *to = *s;
    to->ring = NULL;
    if (s->any) {
        series_need_ring(to);
        memcpy(to->ring, s->ring, s->codes * sizeof *s->ring);
    }
    return to;
}

static void series_restart(struct series *s)
{
    s->any = s->sign = false;
    s->held = 0;
    s->newest_ms = s->last_ms = 0;
}

static void series_begin(struct series *s, int64_t at_ms, int64_t fine, int64_t coarse)
{
    series_need_ring(s);
    memset(s->ring, 0xff, s->codes * sizeof *s->ring);
    s->fine.newest = fine - 1;
    s->coarse.newest = coarse - 1;
    s->any = true;
    s->last_ms = at_ms;
}

static void series_take_sign(struct series *s)
{
    for (size_t i = 0; i < s->codes; i++)
        s->ring[i] = series_encode(series_decode(s->ring[i], false), true);
    s->sign = true;
}

static int64_t series_slot(int64_t at_ms, int64_t step_ms)
{
    return at_ms / step_ms - (at_ms % step_ms < 0);
}

static size_t series_index(const struct series_tier *t, int64_t slot)
{
    int64_t i = slot % t->n;

    return (size_t)(i < 0 ? i + t->n : i);
}

static void series_put(struct series_tier *t, int64_t slot, uint16_t mean, uint16_t lo, uint16_t hi)
{
    size_t i = series_index(t, slot);

    t->mean[i] = mean;
    if (t->min) {
        t->min[i] = lo;
        t->max[i] = hi;
    }
}

/* Makes `slot` the newest: what lies between becomes gaps. */
static void series_advance(struct series_tier *t, int64_t slot)
{
    int64_t from = t->newest + 1;

    if (slot - from >= t->n)
        from = slot - t->n + 1;
    for (; from <= slot; from++)
        series_put(t, from, SERIES_GAP, SERIES_GAP, SERIES_GAP);
    t->newest = slot;
}

/* A sample that comes a little late leaves a slot empty between two neighbours although nothing is
 * missing: such a slot takes the late value. */
static void series_bridge(struct series_tier *t, int64_t slot, int64_t since_ms, uint16_t code)
{
    if (slot == t->newest + 2 && since_ms < 2 * t->step_ms) {
        series_advance(t, slot - 1);
        series_put(t, slot - 1, code, code, code);
    }
}

static void series_push_coarse(struct series *s, int64_t slot, double value)
{
    struct series_tier *t = &s->coarse;

    if (!s->held) {
        s->lo = s->hi = value;
        s->sum = 0;
    }
    s->lo = value < s->lo ? value : s->lo;
    s->hi = value > s->hi ? value : s->hi;
    s->sum += value;
    s->held++;
    series_put(t, slot, series_encode(s->sum / s->held, s->sign), series_encode(s->lo, s->sign),
               series_encode(s->hi, s->sign));
}

void series_push(struct series *s, int64_t at_ms, double value)
{
    int64_t fine = series_slot(at_ms, s->fine.step_ms);
    int64_t coarse = series_slot(at_ms, s->coarse.step_ms);
    uint16_t code;

    if (!s->any && isnan(value))
        return; /* nothing yet is no gap: many signals are never told, and cost no memory */
    if (s->any && fine < s->fine.newest) {
        if (s->fine.newest - fine == 1)
            return;
        series_restart(s); /* the clock was set back */
    }
    if (!s->any)
        series_begin(s, at_ms, fine, coarse);
    if (value < 0 && value > -1e-5)
        value = 0; /* noise around zero is no reason to give up the range */
    if (value < 0 && !s->sign)
        series_take_sign(s);
    code = series_encode(value, s->sign);
    if (!isnan(value)) {
        series_bridge(&s->fine, fine, at_ms - s->last_ms, code);
        series_bridge(&s->coarse, coarse, at_ms - s->last_ms, code);
    }
    if (fine > s->fine.newest)
        series_advance(&s->fine, fine);
    if (coarse > s->coarse.newest) {
        series_advance(&s->coarse, coarse);
        s->held = 0;
    }
    s->last_ms = at_ms;
    if (isnan(value))
        return;
    s->newest_ms = at_ms;
    series_put(&s->fine, fine, code, code, code);
    series_push_coarse(s, coarse, value);
}

void series_join(struct series *s, struct series *past)
{
    const struct series_tier *t = &s->fine;
    int64_t first = t->newest - t->n + 1, newest_ms = s->newest_ms, last_ms = s->last_ms;
    struct series was;

    if (!past->any || past->codes != s->codes || past->fine.step_ms != t->step_ms)
        return;
    if (s->any && first <= past->fine.newest)
        first = past->fine.newest + 1;
    for (; s->any && first <= t->newest; first++)
        series_push(past, first * t->step_ms,
                    series_decode(t->mean[series_index(t, first)], s->sign));
    if (s->any) {
        past->newest_ms = newest_ms;
        past->last_ms = last_ms;
    }
    was = *s;
    *s = *past;
    *past = was;
}

size_t series_bytes(const struct series *s)
{
    return sizeof *s + s->codes * sizeof *s->ring;
}

int64_t series_step_ms(const struct series *s)
{
    return s->fine.step_ms;
}

int64_t series_newest_ms(const struct series *s)
{
    return s->newest_ms;
}

static void series_add_slot(const struct series *s, const struct series_tier *t, size_t i,
                            struct series_span *out)
{
    double mean, lo, hi;

    mean = lo = hi = series_decode(t->mean[i], s->sign);
    if (t->min) {
        lo = series_decode(t->min[i], s->sign);
        hi = series_decode(t->max[i], s->sign);
    }
    out->min = out->n && out->min < lo ? out->min : lo;
    out->max = out->n && out->max > hi ? out->max : hi;
    out->mean = out->n ? out->mean + mean : mean; /* a sum until the span is done */
    out->n++;
}

void series_read(const struct series *s, int64_t from_ms, int64_t to_ms, struct series_span *out,
                 size_t cols)
{
    const struct series_tier *t = &s->fine;
    int64_t width = to_ms - from_ms;

    if (from_ms < (t->newest - t->n + 1) * t->step_ms)
        t = &s->coarse;
    for (size_t i = 0; i < cols; i++) {
        int64_t a = from_ms + width * (int64_t)i / (int64_t)cols;
        int64_t b = from_ms + width * (int64_t)(i + 1) / (int64_t)cols;
        int64_t first = series_slot(a, t->step_ms), last;

        out[i] = (struct series_span){ NAN, NAN, NAN, 0 };
        if (!s->any || width <= 0)
            continue;
        if (b - a >= t->step_ms) { /* a slot belongs to the span in which it begins */
            first = series_slot(a + t->step_ms - 1, t->step_ms);
            last = series_slot(b + t->step_ms - 1, t->step_ms) - 1;
        } else {
            last = first;
        }
        if (first <= t->newest - t->n)
            first = t->newest - t->n + 1;
        if (last > t->newest)
            last = t->newest;
        for (size_t k = series_index(t, first); first <= last; first++) { /* mostly gaps at first */
            if (t->mean[k] != SERIES_GAP)
                series_add_slot(s, t, k, &out[i]);
            k = k + 1 < (size_t)t->n ? k + 1 : 0;
        }
        if (out[i].n)
            out[i].mean /= out[i].n;
    }
}

/* probes/logwindow.c: what a log told in the last stretch of time. */
#include "probes/logwindow.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"

enum {
    BIN_SPLIT = 6,    /* bits: 64 bins from one power of two to the next */
    BIN_LOWEST = -12, /* powers of two of the first and last bins */
    BIN_HIGHEST = 36,
    BINS = ((BIN_HIGHEST - BIN_LOWEST) << BIN_SPLIT) + 2 /* one for 0 and below, one beyond */
};

struct step {
    int64_t at; /* its time, in steps */
    struct logtally tally;
    uint32_t *bins; /* NULL before its first number */
};

struct logwindow {
    int64_t step_ms;
    bool quantiles;
    struct step *last; /* of logwindow_at(), and when it began: most lines are of the same */
    int64_t last_ms;
    struct step steps[LOGWINDOW_STEPS];
};

struct logwindow *logwindow_new(int64_t over_ms, bool quantiles)
{
    struct logwindow *w = xcalloc(1, sizeof *w);

    w->step_ms = (over_ms + LOGWINDOW_STEPS - 1) / LOGWINDOW_STEPS;
    w->quantiles = quantiles;
    logwindow_clear(w);
    return w;
}

void logwindow_clear(struct logwindow *w)
{
    for (int i = 0; i < LOGWINDOW_STEPS; i++)
        w->steps[i].at = -1;
    w->last = NULL;
}

void logwindow_free(struct logwindow *w)
{
    if (!w)
        return;
    for (int i = 0; i < LOGWINDOW_STEPS; i++)
        free(w->steps[i].bins);
    free(w);
}

int64_t logwindow_step_ms(const struct logwindow *w)
{
    return w->step_ms;
}

struct logtally *logwindow_at(struct logwindow *w, int64_t at_ms)
{
    struct step *s;
    int64_t at;

    if (w->last && at_ms >= w->last_ms && at_ms - w->last_ms < w->step_ms)
        return &w->last->tally;
    at = at_ms / w->step_ms;
    s = at_ms < 0 ? NULL : &w->steps[at % LOGWINDOW_STEPS];
    w->last = NULL;
    if (!s || s->at > at)
        return NULL;
    if (s->at < at) {
        s->at = at;
        s->tally = (struct logtally){ .max = -INFINITY };
        if (s->bins)
            memset(s->bins, 0, BINS * sizeof *s->bins);
    }
    w->last = s;
    w->last_ms = at * w->step_ms;
    return &s->tally;
}

/* ---- bins ---- */

static size_t bin_of(double v)
{
    uint64_t bits;
    int64_t bin;

    if (!(v > 0))
        return 0;
    memcpy(&bits, &v, sizeof bits); /* exponent and the first bits of the fraction, in order */
    bin = (int64_t)(bits >> (52 - BIN_SPLIT)) - ((INT64_C(1023) + BIN_LOWEST) << BIN_SPLIT);
    return bin < 0 ? 1 : bin >= BINS - 2 ? BINS - 1 : (size_t)bin + 1;
}

/* Where a bin begins. */
static double bin_from(size_t bin)
{
    size_t fraction = (bin - 1) & ((1u << BIN_SPLIT) - 1);

    if (bin == 0)
        return 0;
    return ldexp(1 + (double)fraction / (1 << BIN_SPLIT),
                 BIN_LOWEST + (int)((bin - 1) >> BIN_SPLIT));
}

void logwindow_sample(struct logwindow *w, double value)
{
    struct step *s = w->last;

    s->tally.samples++;
    s->tally.sum += value;
    if (value > s->tally.max)
        s->tally.max = value;
    if (!w->quantiles)
        return;
    if (!s->bins)
        s->bins = xcalloc(BINS, sizeof *s->bins);
    s->bins[bin_of(value)]++;
}

/* ---- sums ---- */

/* The step of place `i` when it lies in the window. */
static const struct step *logwindow_live(const struct logwindow *w, int64_t now_ms, int i)
{
    int64_t now = now_ms / w->step_ms;
    const struct step *s = &w->steps[i];

    return s->at > now - LOGWINDOW_STEPS && s->at <= now ? s : NULL;
}

void logwindow_sum(const struct logwindow *w, int64_t now_ms, struct logtally *out)
{
    *out = (struct logtally){ .max = -INFINITY };
    for (int i = 0; i < LOGWINDOW_STEPS; i++) {
        const struct step *s = logwindow_live(w, now_ms, i);

        if (!s)
            continue;
        out->lines += s->tally.lines;
        out->bad += s->tally.bad;
        out->too_long += s->tally.too_long;
        out->future += s->tally.future;
        out->late += s->tally.late;
        out->all += s->tally.all;
        out->hits += s->tally.hits;
        out->samples += s->tally.samples;
        out->odd += s->tally.odd;
        out->seen |= s->tally.seen;
        out->sum += s->tally.sum;
        out->max = fmax(out->max, s->tally.max);
    }
}

double logwindow_quantile(const struct logwindow *w, int64_t now_ms, double q, bool *above)
{
    uint64_t all[BINS] = { 0 }, n = 0, below = 0, rank;
    size_t bin = 0;

    for (int i = 0; i < LOGWINDOW_STEPS; i++) {
        const struct step *s = logwindow_live(w, now_ms, i);

        for (size_t k = 0; s && s->bins && k < BINS; k++)
            all[k] += s->bins[k];
    }
    for (size_t k = 0; k < BINS; k++)
        n += all[k];
    *above = false;
    if (!n)
        return NAN;
    rank = (uint64_t)ceil(q * (double)n); /* the nearest rank */
    rank = rank ? rank : 1;
    while (below + all[bin] < rank)
        below += all[bin++];
    *above = bin == BINS - 1;
    if (bin == 0 || *above)
        return bin_from(bin);
    return bin_from(bin) +
           (bin_from(bin + 1) - bin_from(bin)) * ((double)(rank - below) - 0.5) / (double)all[bin];
}

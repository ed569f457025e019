/* probes/window.c: what counters did over a stretch of time. */
#include "probes/window.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"

enum { WINDOW_SLOTS_MAX = 720 };

struct window_series {
    uint64_t key; /* with its lane; 0 = free */
    int lane;
    bool remembered, newborn;
    double last, now;
    int64_t last_ms; /* 0 = never in a good scrape */
    int64_t now_ms;  /* of the scrape that `now` belongs to */
};

struct window_slot {
    int64_t from_ms, at_ms;
    uint32_t resets;
};

struct window {
    int64_t window_ms;
    int64_t at_ms, before_ms, start_ms; /* this scrape, the last good one, the process */
    struct window_series *series;
    size_t series_cap, series_n;
    int64_t full_ms; /* the scrape in which there was no more room */
    /* the increases between scrapes, in a ring; sums[slot * lanes_cap + lane] */
    struct window_slot *slots;
    double *sums;
    size_t slots_cap, slots_n, newest;
    double *bounds; /* of the lanes, where they are buckets */
    size_t lanes, lanes_cap;
};

struct window *window_new(int64_t window_ms, int64_t every_ms)
{
    struct window *w = xcalloc(1, sizeof *w);
    int64_t slots = every_ms > 0 ? window_ms / every_ms + 2 : WINDOW_SLOTS_MAX;

    w->window_ms = window_ms;
    w->slots_cap = slots < WINDOW_SLOTS_MAX ? (size_t)slots : WINDOW_SLOTS_MAX;
    w->slots_cap += 2;
    w->slots = xcalloc(w->slots_cap, sizeof *w->slots);
    w->lanes_cap = 2;
    w->bounds = xcalloc(w->lanes_cap, sizeof *w->bounds);
    w->sums = xcalloc(w->slots_cap * w->lanes_cap, sizeof *w->sums);
    w->series_cap = 64;
    w->series = xcalloc(w->series_cap, sizeof *w->series);
    return w;
}

void window_free(struct window *w)
{
    if (!w)
        return;
    free(w->slots);
    free(w->sums);
    free(w->bounds);
    free(w->series);
    free(w);
}

void window_begin(struct window *w, int64_t at_ms, int64_t process_start_ms)
{
    if (w->before_ms && at_ms <= w->before_ms) { /* the clock was set back: begin anew */
        memset(w->series, 0, w->series_cap * sizeof *w->series);
        w->series_n = w->slots_n = 0;
        w->before_ms = 0;
    }
    w->at_ms = at_ms;
    w->start_ms = process_start_ms;
}

/* Room for lanes up to `lane`. */
static void window_widen(struct window *w, size_t lane)
{
    size_t cap = w->lanes_cap;
    double *sums;

    if (lane >= w->lanes)
        w->lanes = lane + 1;
    if (lane < cap)
        return;
    while (cap <= lane)
        cap *= 2;
    sums = xcalloc(w->slots_cap * cap, sizeof *sums);
    for (size_t i = 0; i < w->slots_cap; i++)
        memcpy(sums + i * cap, w->sums + i * w->lanes_cap, w->lanes_cap * sizeof *sums);
    free(w->sums);
    w->sums = sums;
    w->bounds = xreallocarray(w->bounds, cap, sizeof *w->bounds);
    memset(w->bounds + w->lanes_cap, 0, (cap - w->lanes_cap) * sizeof *w->bounds);
    w->lanes_cap = cap;
}

int window_lane(struct window *w, double le)
{
    for (size_t i = 0; i < w->lanes; i++)
        if (w->bounds[i] == le)
            return (int)i;
    if (w->lanes == WINDOW_LANES_MAX || isnan(le))
        return -1;
    window_widen(w, w->lanes);
    w->bounds[w->lanes - 1] = le;
    return (int)w->lanes - 1;
}

static size_t window_find(const struct window *w, uint64_t key)
{
    size_t i = key & (w->series_cap - 1);

    while (w->series[i].key && w->series[i].key != key)
        i = (i + 1) & (w->series_cap - 1);
    return i;
}

/* Makes room: forgets series that were not seen for a whole window, then grows if need be. */
static bool window_rehash(struct window *w)
{
    struct window_series *old = w->series;
    size_t old_cap = w->series_cap, kept = 0;

    for (size_t i = 0; i < old_cap; i++) {
        struct window_series *s = &old[i];

        if (s->key && s->now_ms != w->at_ms && s->last_ms <= w->at_ms - w->window_ms)
            s->key = 0;
        kept += s->key != 0;
    }
    w->series_cap = 64;
    while (w->series_cap < kept * 4)
        w->series_cap *= 2;
    w->series = xcalloc(w->series_cap, sizeof *w->series);
    for (size_t i = 0; i < old_cap; i++)
        if (old[i].key)
            w->series[window_find(w, old[i].key)] = old[i];
    free(old);
    w->series_n = kept;
    return kept < WINDOW_SERIES_MAX;
}

static uint64_t window_key(uint64_t key, int lane)
{
    key = (key ^ (uint64_t)(lane + 1) * 0x9e3779b97f4a7c15u) * 0xff51afd7ed558ccdu;
    key ^= key >> 32;
    return key ? key : 1;
}

bool window_add(struct window *w, int lane, uint64_t key, double value, int64_t born_ms)
{
    struct window_series *s;
    int64_t since = w->at_ms - w->window_ms;

    if (lane < 0 || lane >= WINDOW_LANES_MAX || !isfinite(value) || value < 0)
        return true;
    window_widen(w, (size_t)lane);
    key = window_key(key, lane);
    s = &w->series[window_find(w, key)];
    if (!s->key) {
        if (w->series_n * 2 >= w->series_cap || w->series_n >= WINDOW_SERIES_MAX) {
            if (w->full_ms == w->at_ms || !window_rehash(w)) {
                w->full_ms = w->at_ms;
                return false;
            }
            s = &w->series[window_find(w, key)];
        }
        *s = (struct window_series){ .key = key, .lane = lane };
        w->series_n++;
    }
    s->now = value;
    s->now_ms = w->at_ms;
    s->newborn = w->before_ms && ((born_ms > since && born_ms <= w->at_ms) ||
                                  (w->start_ms > since && w->start_ms <= w->at_ms));
    return true;
}

/* The slot that takes what happened since the last good scrape. */
static size_t window_open_slot(struct window *w)
{
    struct window_slot *s = &w->slots[w->newest];

    if (w->slots_n && s->at_ms == w->before_ms &&
        w->at_ms - s->from_ms <= w->window_ms / WINDOW_SLOTS_MAX) {
        s->at_ms = w->at_ms; /* finer than the window is worth: the slot just grows */
        return w->newest;
    }
    w->newest = w->slots_n ? (w->newest + 1) % w->slots_cap : 0;
    if (w->slots_n < w->slots_cap)
        w->slots_n++;
    w->slots[w->newest] = (struct window_slot){ .from_ms = w->before_ms, .at_ms = w->at_ms };
    memset(w->sums + w->newest * w->lanes_cap, 0, w->lanes_cap * sizeof *w->sums);
    return w->newest;
}

static double window_increase(struct window_series *s, uint32_t *resets)
{
    if (!s->remembered)
        return s->newborn ? s->now : 0;
    if (s->now >= s->last)
        return s->now - s->last;
    (*resets)++;
    return s->now;
}

void window_commit(struct window *w)
{
    bool first = w->before_ms == 0;
    size_t slot = first ? 0 : window_open_slot(w);
    double *sums = w->sums + slot * w->lanes_cap;

    for (size_t i = 0; i < w->series_cap; i++) {
        struct window_series *s = &w->series[i];

        if (!s->key || s->now_ms != w->at_ms)
            continue;
        if (!first)
            sums[s->lane] += window_increase(s, &w->slots[slot].resets);
        s->last = s->now;
        s->last_ms = w->at_ms;
        s->remembered = true;
    }
    w->before_ms = w->at_ms;
}

void window_abort(struct window *w)
{
    for (size_t i = 0; i < w->series_cap; i++)
        if (w->series[i].now_ms == w->at_ms)
            w->series[i].now_ms = 0;
    w->at_ms = w->before_ms;
}

static bool window_slot_counts(const struct window *w, size_t i, int64_t now_ms)
{
    return w->slots[i].at_ms > now_ms - w->window_ms && w->slots[i].at_ms <= now_ms;
}

struct window_sum window_sum(const struct window *w, int lane, int64_t now_ms)
{
    struct window_sum sum = { 0 };

    for (size_t i = 0; i < w->slots_n; i++) {
        if (!window_slot_counts(w, i, now_ms))
            continue;
        if (lane >= 0 && (size_t)lane < w->lanes)
            sum.delta += w->sums[i * w->lanes_cap + (size_t)lane];
        sum.covered_ms += w->slots[i].at_ms - w->slots[i].from_ms;
        sum.resets += w->slots[i].resets;
    }
    return sum;
}

static bool window_unknown(struct value *out, const char *note)
{
    out->known = false;
    out->value = NAN;
    text_sets(&out->note, note);
    return false;
}

/* A value with nothing in it yet; false when there are no two scrapes to compare. */
static bool window_start(struct value *out, int64_t covered_ms)
{
    out->known = true;
    out->above = false;
    out->value = out->num = out->den = NAN;
    out->window_ms = covered_ms;
    text_sets(&out->note, "");
    return covered_ms > 0 || window_unknown(out, "waiting for a second scrape");
}

static bool window_enough(struct value *out, double have, double min_sample)
{
    if (have >= min_sample && have > 0)
        return true;
    if (min_sample <= 0)
        return window_unknown(out, "nothing happened in the window");
    window_unknown(out, "");
    text_setf(&out->note, "not enough data: %.0f of %.0f", floor(have), min_sample);
    return false;
}

void window_rate(const struct window *w, int lane, int64_t now_ms, struct value *out)
{
    struct window_sum sum = window_sum(w, lane, now_ms);

    if (window_start(out, sum.covered_ms))
        out->value = sum.delta / ((double)sum.covered_ms / 1000);
}

void window_ratio(const struct window *w, int num, int den, int64_t now_ms, double min_sample,
                  struct value *out)
{
    struct window_sum n = window_sum(w, num, now_ms), d = window_sum(w, den, now_ms);

    if (!window_start(out, d.covered_ms))
        return;
    out->num = n.delta;
    out->den = d.delta;
    if (window_enough(out, d.delta, min_sample))
        out->value = n.delta / d.delta * 100;
}

/* "200-500 ms": the unit once where both have the same. */
static void window_note_range(struct value *out, double q, double lo, double hi, enum unit unit)
{
    char a[32], b[32], *word;

    quantity_format(lo, unit, a);
    quantity_format(hi, unit, b);
    word = a + strspn(a, "-0123456789. ");
    if (strcmp(word, b + strspn(b, "-0123456789. ")) == 0)
        for (*word = '\0'; word > a && word[-1] == ' ';)
            *--word = '\0';
    text_setf(&out->note, "p%.15g %s-%s", q * 100, a, b);
}

void window_quantile(const struct window *w, double q, int64_t now_ms, double min_sample,
                     double scale, enum unit unit, struct value *out)
{
    struct bucket buckets[WINDOW_LANES_MAX];
    struct quantile at;
    char bound[32];
    double total = 0;
    int64_t covered = window_sum(w, -1, now_ms).covered_ms; /* also where no bucket matched */

    for (size_t i = 0; i < w->lanes; i++) {
        struct window_sum sum = window_sum(w, (int)i, now_ms);

        buckets[i] = (struct bucket){ w->bounds[i], sum.delta };
        total = sum.delta > total ? sum.delta : total;
    }
    if (!window_start(out, covered) || !window_enough(out, total, min_sample))
        return;
    at = quantile_of(q, buckets, w->lanes);
    if (isnan(at.value)) {
        window_unknown(out, "no +Inf bucket");
        return;
    }
    out->value = at.value * scale;
    out->above = at.above;
    if (at.above)
        text_setf(&out->note, "p%.15g beyond the last bucket, %s", q * 100,
                  quantity_format(out->value, unit, bound));
    else if (at.hi - at.lo > at.value / 2)
        window_note_range(out, q, at.lo * scale, at.hi * scale, unit);
}

static int bucket_order(const void *a, const void *b)
{
    double x = ((const struct bucket *)a)->le, y = ((const struct bucket *)b)->le;

    return (x > y) - (x < y);
}

/* Equal bounds are one; counts never fall, and what is noise in the last digits is no rise. */
static size_t bucket_tidy(struct bucket *b, size_t n)
{
    size_t kept = 0;

    qsort(b, n, sizeof *b, bucket_order);
    for (size_t i = 0; i < n; i++) {
        if (kept && b[kept - 1].le == b[i].le)
            b[kept - 1].count += b[i].count;
        else
            b[kept++] = b[i];
    }
    for (size_t i = 1; i < kept; i++) {
        double before = b[i - 1].count;

        if (b[i].count < before || b[i].count - before <= 1e-12 * (b[i].count + before))
            b[i].count = before;
    }
    return kept;
}

struct quantile quantile_of(double q, struct bucket *buckets, size_t n)
{
    struct quantile out = { NAN, NAN, NAN, false };
    double rank, count, below = 0;
    size_t b = 0;

    for (size_t i = 0; i < n; i++)
        if (isnan(buckets[i].le) || isnan(buckets[i].count))
            return out;
    n = bucket_tidy(buckets, n);
    if (n < 2 || buckets[n - 1].le != INFINITY || isnan(q))
        return out;
    if (q < 0 || q > 1) {
        out.value = q < 0 ? -INFINITY : INFINITY;
        return out;
    }
    if (!(buckets[n - 1].count > 0))
        return out;
    rank = q * buckets[n - 1].count;
    while (b < n - 1 && buckets[b].count < rank)
        b++;
    if (b == n - 1) {
        out.value = out.lo = buckets[n - 2].le;
        out.hi = INFINITY;
        out.above = true;
        return out;
    }
    out.hi = buckets[b].le;
    if (b == 0 && out.hi <= 0) {
        out.value = out.hi;
        out.lo = -INFINITY;
        return out;
    }
    out.lo = b ? buckets[b - 1].le : 0;
    below = b ? buckets[b - 1].count : 0;
    count = buckets[b].count - below;
    out.value = count > 0 ? out.lo + (out.hi - out.lo) * (rank - below) / count : out.lo;
    return out;
}

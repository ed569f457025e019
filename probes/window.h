/* probes/window.h: what counters did over a stretch of time: increases, ratios, quantiles.
 *
 * Scrapes come one after the other: window_begin(), window_add() for each series, window_commit(),
 * or window_abort() when the page turned out bad: then the next good one spans the gap. The
 * increase is taken per series before anything is summed:
 *   - a smaller value is a reset, and counts from zero;
 *   - a series that vanished contributes nothing, and continues where it was if it comes back;
 *   - a series seen for the first time is counted from zero only when it or its process is known to
 *     have been born since the last scrape; else its first value is only remembered.
 * Sums are kept in lanes: one for a rate, two for a ratio, one per bucket bound for a quantile.
 *
 * Units:   times are Unix milliseconds; bounds and values as on the page; ratios are percent.
 * Errors:  none; what is not known says why in the note of its value.
 * Owner:   window_new() to window_free(); memory grows with new series and bounds only, up to its
 *          caps.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/report.h"

enum { WINDOW_LANES_MAX = 128, WINDOW_SERIES_MAX = 10000, WINDOW_MIN_SAMPLE = 20 };

struct window;

struct window *window_new(int64_t window_ms, int64_t every_ms);
void window_free(struct window *w);

/* `process_start_ms` from process_start_time_seconds where the page has it; 0 = not known. */
void window_begin(struct window *w, int64_t at_ms, int64_t process_start_ms);
/* The lane of a bucket's bound; -1 when there are too many. Quantile windows use only these. */
int window_lane(struct window *w, double le);
/* `born_ms` from the series' own _created; 0 = not known. A value that is not finite or negative is
 * no value. False when there are too many series. */
bool window_add(struct window *w, int lane, uint64_t key, double value, int64_t born_ms);
void window_commit(struct window *w);
void window_abort(struct window *w);

struct window_sum {
    double delta;       /* sum of increases */
    int64_t covered_ms; /* time between the scrapes behind it; 0 = fewer than two good scrapes */
    uint32_t resets;
};

/* Of the scrapes in (now - window, now]. */
struct window_sum window_sum(const struct window *w, int lane, int64_t now_ms);

/* Per second. */
void window_rate(const struct window *w, int lane, int64_t now_ms, struct value *out);
/* num of den in percent, with both kept; not known below `min_sample` in `den`. */
void window_ratio(const struct window *w, int num, int den, int64_t now_ms, double min_sample,
                  struct value *out);
/* `scale` turns bounds into the signal's unit (1000 for seconds into milliseconds) and `unit` is
 * what the note is written in. A rank beyond the last finite bound gives that bound with `above`.
 */
void window_quantile(const struct window *w, double q, int64_t now_ms, double min_sample,
                     double scale, enum unit unit, struct value *out);

struct bucket {
    double le, count; /* cumulative */
};
struct quantile {
    double value;  /* NaN when it cannot be told */
    double lo, hi; /* the bucket it lies in */
    bool above;    /* the true value lies above `value` */
};
/* histogram_quantile() over cumulative buckets in any order; sorts them in place. */
struct quantile quantile_of(double q, struct bucket *buckets, size_t n);

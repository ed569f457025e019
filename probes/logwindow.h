/* probes/logwindow.h: what a log told in the last stretch of time, counted as it comes.
 *
 * A ring of LOGWINDOW_STEPS buckets: what is older than the window never counts; of what is in it,
 * the oldest bucket may be missing. Numbers are kept in bins of 1.6 % for quantiles.
 *
 * Units:   times are Unix milliseconds.
 * Errors:  none.
 * Owner:   logwindow_new() to logwindow_free(); its memory is fixed but for the bins of a bucket,
 *          made when its first number comes.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { LOGWINDOW_STEPS = 120 };

struct logtally {
    uint64_t lines;    /* of JSON */
    uint64_t bad;      /* that are not */
    uint64_t too_long; /* ... because they have no end: within `bad` */
    uint64_t future;   /* whose time lies ahead: counted as of their arrival */
    uint64_t late;     /* that came with a time before the window: not counted */
    uint64_t all;      /* that the probe compares with */
    uint64_t hits;     /* that it looks for */
    uint64_t samples;  /* ... with a number */
    uint64_t odd;      /* hits whose field is there, and no number */
    uint64_t seen;     /* fields that a line had, a bit each, as its user numbers them */
    double sum, max;   /* of these */
};

struct logwindow;

struct logwindow *logwindow_new(int64_t over_ms, bool quantiles);
void logwindow_free(struct logwindow *w);
void logwindow_clear(struct logwindow *w);
/* The tally of the step of a time; NULL when it lies before what is kept. Valid until the next. */
struct logtally *logwindow_at(struct logwindow *w, int64_t at_ms);
/* A number into the tally that logwindow_at() gave last. */
void logwindow_sample(struct logwindow *w, double value);
int64_t logwindow_step_ms(const struct logwindow *w);

void logwindow_sum(const struct logwindow *w, int64_t now_ms, struct logtally *out);
/* NaN without a sample. `*above` when it lies beyond the last bin. */
double logwindow_quantile(const struct logwindow *w, int64_t now_ms, double q, bool *above);

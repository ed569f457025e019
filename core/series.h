/* core/series.h: the past of one signal, in memory that is taken with the first value and
 * never grows.
 *
 * Two tiers, each a ring of quantised 16-bit values (relative step < 0.1 %, so 41.2 ms stays 41.2):
 *   fine:   max(1 s, interval) a slot, for 1 h
 *   coarse: max(10 s, interval) a slot with min, max and mean, for 24 h (only the mean where a
 *           slot can hold one sample)
 * A slot without a sample is a gap and stays one: it is never drawn as zero.
 *
 * Units:   times are Unix milliseconds; values in the unit of the signal.
 * Errors:  none. Samples older than the newest slot are dropped; a clock that jumps forward leaves
 *          a gap, one that jumps back more than a slot restarts the ring.
 * Owner:   series_new() to series_free(); after the first value nothing is allocated.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct series;

struct series_span {       /* what a stretch of time held */
    double min, max, mean; /* NaN when n == 0 */
    uint32_t n;            /* slots that held something */
};

struct series *series_new(int64_t interval_ms); /* > 0 */
void series_free(struct series *s);
struct series *series_copy(const struct series *s);              /* NULL gives NULL */
void series_push(struct series *s, int64_t at_ms, double value); /* NaN is a gap */
/* What `past` (of the same interval) knows of the time before; `past` is used up by it. */
void series_join(struct series *s, struct series *past);
size_t series_bytes(const struct series *s);      /* memory held, for the budget test */
int64_t series_step_ms(const struct series *s);   /* of the fine tier */
int64_t series_newest_ms(const struct series *s); /* 0 when empty */

/* Cuts [from_ms, to_ms) into `cols` equal spans, oldest first; takes the fine tier while it reaches
 * that far back, else the coarse one. */
void series_read(const struct series *s, int64_t from_ms, int64_t to_ms, struct series_span *out,
                 size_t cols);

/* widgets/bars.h: small pictures of a signal: a sparkline, a gauge, the phases of an exchange.
 *
 * Gaps (spans with n == 0) stay blank: a missing value is never drawn as zero.
 */
#pragma once

#include "core/board.h"
#include "widgets/canvas.h"

/* From a blank cell to a full one, by eighths. */
extern const char *const bars_eighths[9];
/* value / max of `cells`, rounded, from 0 to `cells` however far the value lies outside; max > 0.
 * A value that is not known has none: 0. */
int bars_fill(double value, double max, int cells);

/* The style of a value against thresholds; NaN thresholds do not count. */
enum style bars_style(double v, double warn, double crit, bool low_is_bad);

struct spark {
    const struct series_span *spans; /* oldest first, drawn over the whole width */
    size_t n;
    double top; /* the value of a full cell; NaN = the largest of the spans */
    double warn, crit;
    bool low_is_bad;
};
void spark_draw(const struct spark *s, struct rect r, struct canvas *c); /* one row */

struct gauge {
    double value, max; /* NaN value: not known */
    double mark;       /* a threshold within, NaN = none */
    enum style style;
};
void gauge_draw(const struct gauge *g, struct rect r, struct canvas *c); /* one row */

/* "dns 2 ms · connect 1 ms ..." under a bar of their shares; two rows. Phases that were not reached
 * are left out. Returns the rows used (0 when there is nothing to show). */
int phases_draw(const struct phases *p, struct rect r, struct canvas *c);

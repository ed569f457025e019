/* widgets/chart.h: a signal over time: bars of eighths, thresholds, gaps, marks below.
 *
 * Buckets lie on multiples of their length, so that a chart stands still until a bucket is full;
 * the newest one is drawn incomplete. A bucket without a value is a gap and stays blank.
 *
 * Units:   times are Unix milliseconds; values in the unit of the signal.
 * Owner:   everything is borrowed for the call.
 */
#pragma once

#include "core/series.h"
#include "core/unit.h"
#include "widgets/canvas.h"

enum { CHART_BUCKETS = 512 }; /* at most */

struct chart_plan { /* which buckets a chart of some width shows */
    int64_t from_ms, bucket_ms;
    int n; /* buckets, at most one a column; fewer are drawn wider */
};

struct chart_mark {
    int64_t at_ms;
    const struct text *label; /* or NULL: a sign alone */
    const struct text *owner; /* stands before the label; or NULL */
};

struct chart {
    struct chart_plan plan;
    const struct series_span *spans; /* plan.n of them, oldest first */
    enum unit unit;
    double warn, crit; /* NaN = none */
    bool low_is_bad;
    const struct chart_mark *marks; /* oldest first */
    size_t n_marks;
    int64_t still_ms; /* the time that its end stands for; 0 = it is now */
};

/* Columns that are left for buckets in a chart `w` wide. */
int chart_cols(int w);
/* `step_ms`: how often there is a value at most. */
struct chart_plan chart_plan(int cols, int64_t span_ms, int64_t step_ms, int64_t now_ms);
void chart_draw(const struct chart *chart, struct rect r, struct canvas *c);

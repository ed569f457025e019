/* widgets/chart.c: the picture of one signal, always against its limit: calm looks flat and trouble
 * does not. */
#include "widgets/chart.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "widgets/bars.h"

enum { CHART_LABEL_W = 8, CHART_W_MIN = 24 };

static bool chart_has_labels(int w)
{
    return w >= CHART_W_MIN;
}

int chart_cols(int w)
{
    int cols = chart_has_labels(w) ? w - CHART_LABEL_W : w;

    return cols < 1 ? 1 : cols > CHART_BUCKETS ? CHART_BUCKETS : cols;
}

struct chart_plan chart_plan(int cols, int64_t span_ms, int64_t step_ms, int64_t now_ms)
{
    static const int nice_s[] = { 1,    2,     3,     4,     5,     6,     8,    10,   12,   15,
                                  18,   20,    24,    30,    36,    40,    45,   60,   72,   80,
                                  90,   100,   120,   144,   180,   200,   240,  300,  360,  400,
                                  480,  600,   720,   900,   1200,  1440,  1800, 2400, 3600, 4800,
                                  7200, 10800, 14400, 21600, 28800, 43200, 86400 };
    enum { NICE = sizeof nice_s / sizeof *nice_s };
    struct chart_plan p;
    int64_t least = span_ms / cols > step_ms ? span_ms / cols : step_ms, end_ms;
    int i = 0;

    while (i < NICE - 1 && nice_s[i] * 1000LL < least)
        i++;
    p.bucket_ms = nice_s[i] * 1000LL;
    p.n = (int)((span_ms + p.bucket_ms - 1) / p.bucket_ms);
    p.n = p.n < 1 ? 1 : p.n > cols ? cols : p.n;
    end_ms = now_ms / p.bucket_ms * p.bucket_ms + p.bucket_ms;
    p.from_ms = end_ms - p.n * p.bucket_ms;
    return p;
}

/* A round number not below v: 1, 1.5, 2, 3, 5, 8 times a power of ten. */
static double chart_round_up(double v)
{
    static const double steps[] = { 1, 1.5, 2, 3, 5, 8, 10 };
    double ten;

    if (!(v > 0) || !isfinite(v))
        return 1;
    ten = pow(10, floor(log10(v)));
    for (size_t i = 0; i < sizeof steps / sizeof *steps; i++)
        if (v <= steps[i] * ten * 1.0000001)
            return steps[i] * ten;
    return 10 * ten;
}

/* The nearest limit is always in the picture, the farther one when the values come near it. */
static double chart_top(const struct chart *chart)
{
    double top = 0, most = 0, near = !isnan(chart->warn) ? chart->warn : chart->crit;

    for (int i = 0; i < chart->plan.n; i++)
        if (chart->spans[i].n && chart->spans[i].mean > most)
            most = chart->spans[i].mean;
    top = isnan(near) ? most * 1.2 : most; /* without a limit a full chart would look like one */
    if (!isnan(near) && top < near * 1.1)
        top = near * 1.1;
    if (!isnan(chart->crit) && (most >= near * 0.8 || chart->low_is_bad) && top < chart->crit * 1.1)
        top = chart->crit * 1.1;
    if (chart->unit == UNIT_PERCENT && top > 50)
        return top <= 100 || most <= 100 ? 100 : chart_round_up(top);
    return chart_round_up(top);
}

static void chart_label(struct rect r, int y, double v, enum unit unit, enum style style,
                        struct canvas *c)
{
    char words[32];

    canvas_put_right(c, r.x, y, CHART_LABEL_W - 1, style, quantity_format(v, unit, words));
}

/* A line across the plot where a threshold lies. */
static void chart_limit(const struct chart *chart, double limit, double top, struct rect r,
                        struct rect plot, struct canvas *c)
{
    int row;

    if (isnan(limit) || limit <= 0 || limit >= top)
        return;
    row = plot.y + plot.h - 1 - (int)(limit / top * plot.h);
    if (row < plot.y)
        return;
    canvas_fill(c, (struct rect){ plot.x, row, plot.w, 1 }, "┈", STYLE_DIM);
    if (plot.x > r.x)
        chart_label(r, row, limit, chart->unit, STYLE_DIM, c);
}

static int chart_column(const struct chart *chart, struct rect plot, int bucket)
{
    return plot.x + bucket * plot.w / chart->plan.n;
}

static void chart_bar(const struct chart *chart, int bucket, double top, struct rect plot,
                      struct canvas *c)
{
    const struct series_span *span = &chart->spans[bucket];
    bool newest = bucket == chart->plan.n - 1;
    enum style style = bars_style(span->mean, chart->warn, chart->crit, chart->low_is_bad);
    int eighths = bars_fill(span->mean, top, plot.h * 8), x = chart_column(chart, plot, bucket);
    int w = chart_column(chart, plot, bucket + 1) - x;

    eighths = eighths < 1 ? 1 : eighths;
    if (style == STYLE_OK)
        style = STYLE_AREA;
    for (int row = 0; row < plot.h && eighths > 0; row++, eighths -= 8) {
        const char *glyph = eighths < 8 ? bars_eighths[eighths] : newest ? "▒" : "█";

        canvas_fill(c, (struct rect){ x, plot.y + plot.h - 1 - row, w, 1 }, glyph, style);
    }
}

/* A thin line through what is empty where something changed. */
static void chart_mark_line(int x, struct rect plot, struct canvas *c)
{
    for (int row = plot.y; row < plot.y + plot.h; row++) {
        const struct cell *cell = canvas_at(c, x, row);

        if (cell && (cell->utf8[0] == ' ' || !strcmp(cell->utf8, "┈")))
            canvas_put(c, x, row, 1, STYLE_DIM, "┊");
    }
}

/* Owner and label, `cols` wide at most. */
static void chart_mark_words(const struct chart_mark *mark, int x, int y, int cols,
                             struct canvas *c)
{
    if (mark->owner) {
        int w = canvas_text(c, x, y, cols, STYLE_MARK, mark->owner) + 1;

        x += w;
        cols -= w;
    }
    if (cols > 0)
        canvas_text(c, x, y, cols, STYLE_MARK, mark->label);
}

/* The sign of a mark with its words, to the right where that fits, else to the left; `from` and
 * `next` are the first columns of the neighbours. Returns the first column that is taken. */
static int chart_mark_sign(const struct chart_mark *mark, int x, int y, int from, int next,
                           struct canvas *c)
{
    int cols = mark->label ? mark->label->cols : 0;

    if (cols > 0 && mark->owner)
        cols += mark->owner->cols + 1;
    canvas_put(c, x, y, 1, STYLE_MARK, "▴");
    if (cols > 0 && cols <= next - x - 2)
        chart_mark_words(mark, x + 1, y, cols, c);
    else if (cols > 0 && cols <= x - from - 1)
        chart_mark_words(mark, x -= cols, y, cols, c);
    else if (cols > 0 && next - x - 2 >= 8)
        chart_mark_words(mark, x + 1, y, next - x - 2, c);
    return x;
}

static void chart_marks(const struct chart *chart, struct rect plot, int y, struct canvas *c)
{
    int next = plot.x + plot.w + 1;

    for (size_t i = chart->n_marks; i-- > 0;) {
        const struct chart_mark *mark = &chart->marks[i];
        int64_t bucket = (mark->at_ms - chart->plan.from_ms) / chart->plan.bucket_ms, before = -1;
        int x;

        if (mark->at_ms < chart->plan.from_ms || bucket >= chart->plan.n)
            continue;
        x = chart_column(chart, plot, (int)bucket);
        if (x >= next)
            continue;
        if (i > 0 && mark[-1].at_ms >= chart->plan.from_ms)
            before = (mark[-1].at_ms - chart->plan.from_ms) / chart->plan.bucket_ms;
        chart_mark_line(x, plot, c);
        if (y >= 0)
            next = chart_mark_sign(
                mark, x, y, before >= 0 ? chart_column(chart, plot, (int)before) : plot.x, next, c);
    }
}

static void chart_times(const struct chart *chart, struct rect plot, int y, struct canvas *c)
{
    int64_t end_ms = chart->plan.from_ms + chart->plan.n * chart->plan.bucket_ms;
    int first = chart_column(chart, plot, 0);
    bool seconds = end_ms - chart->plan.from_ms <= 10 * 60000;
    int w = seconds ? 8 : 5;
    char end[32] = "now";

    for (int i = 0; i < 2; i++) {
        int bucket = i * chart->plan.n / 2;
        char stamp[32];

        clock_format_utc(chart->plan.from_ms + bucket * chart->plan.bucket_ms, stamp);
        stamp[w] = '\0';
        if (plot.w >= (i + 1) * (w + 6))
            canvas_put(c, i ? chart_column(chart, plot, bucket) : first, y, w, STYLE_DIM, stamp);
    }
    if (plot.w < w + 5)
        return;
    if (chart->still_ms) { /* the end is what is looked at: with its seconds where there is room */
        int middle = chart_column(chart, plot, chart->plan.n / 2) + w;

        clock_format_utc(chart->still_ms, end);
        end[plot.x + plot.w - middle >= 10 ? 8 : 5] = '\0';
    }
    canvas_put_right(c, plot.x, y, plot.w, chart->still_ms ? STYLE_MARK : STYLE_DIM, end);
}

static bool chart_is_empty(const struct chart *chart)
{
    for (int i = 0; i < chart->plan.n; i++)
        if (chart->spans[i].n)
            return false;
    return true;
}

void chart_draw(const struct chart *chart, struct rect r, struct canvas *c)
{
    struct rect plot = r;
    bool labels = chart_has_labels(r.w);
    int marks_y = -1, times_y = -1;
    double top;

    if (r.w < 1 || r.h < 1)
        return;
    if (labels) {
        plot.x += CHART_LABEL_W;
        plot.w -= CHART_LABEL_W;
    }
    if (plot.w > CHART_BUCKETS)
        plot.w = CHART_BUCKETS;
    if (plot.h >= 3)
        times_y = plot.y + --plot.h;
    if (plot.h >= 4)
        marks_y = plot.y + --plot.h;
    if (times_y >= 0)
        chart_times(chart, plot, times_y, c);
    if (chart_is_empty(chart)) {
        canvas_put(c, plot.x, plot.y + plot.h / 2, plot.w, STYLE_UNKNOWN, "no values in this time");
        return;
    }
    top = chart_top(chart);
    if (labels && plot.h >= 2)
        chart_label(r, plot.y, top, chart->unit, STYLE_DIM, c);
    chart_limit(chart, chart->warn, top, r, plot, c);
    chart_limit(chart, chart->crit, top, r, plot, c);
    for (int i = 0; i < chart->plan.n; i++)
        if (chart->spans[i].n)
            chart_bar(chart, i, top, plot, c);
    chart_marks(chart, plot, marks_y, c);
}

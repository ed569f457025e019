/* tui/plot.c: from series to pictures. */
#include "tui/plot.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"
#include "tui/spans.h"
#include "tui/words.h"
#include "widgets/bars.h"
#include "widgets/chart.h"
#include "widgets/frame.h"

int64_t plot_span_ms(const struct view *v, const struct signal *s)
{
    int64_t span_ms = view_span_ms(v), least_ms = s->series ? 30 * series_step_ms(s->series) : 0;

    if (v->zoom < 0 && span_ms < least_ms)
        span_ms = least_ms < 3600000 ? least_ms : 3600000;
    return span_ms;
}

static struct chart_plan plot_plan(const struct view *v, const struct signal *s, int cols)
{
    return chart_plan(cols, plot_span_ms(v, s), series_step_ms(s->series), v->now_ms);
}

static size_t plot_marks(const struct view *v, struct chart_mark *out)
{
    size_t n = v->board->n_marks < BOARD_MARKS ? v->board->n_marks : BOARD_MARKS;

    for (size_t i = 0; i < n; i++) {
        const struct mark *m = &v->board->marks[i];

        out[i] = (struct chart_mark){ .at_ms = m->at_ms, .label = &m->label };
        if (m->service >= 0 && (size_t)m->service < v->board->n_services)
            out[i].owner = service_title(&v->board->services[m->service]);
    }
    return n;
}

/* What came after the newest value of this board is not of its time. Series of the past go on, and
 * one of them holds a bucket that was not full then. */
static const struct series_span *plot_spans(const struct view *v, const struct signal *s,
                                            struct chart_plan plan,
                                            struct series_span out[CHART_BUCKETS])
{
    const struct series_span *spans = spans_read(v->spans, s->series, plan);

    if (!v->still)
        return spans;
    for (int i = 0; i < plan.n; i++) {
        int64_t from_ms = plan.from_ms + i * plan.bucket_ms;

        if (from_ms + plan.bucket_ms <= s->at_ms)
            out[i] = spans[i];
        else if (from_ms <= s->at_ms)
            series_read(s->series, from_ms, s->at_ms + 1, &out[i], 1);
        else
            out[i] = (struct series_span){ NAN, NAN, NAN, 0 };
    }
    return out;
}

void plot_draw(const struct view *v, struct pick p, struct rect r, struct canvas *c)
{
    const struct signal *s = pick_signal(v, p);
    struct chart_mark marks[BOARD_MARKS];
    struct series_span room[CHART_BUCKETS];
    struct chart chart;

    if (!s || !s->series || r.w < 1 || r.h < 1)
        return;
    chart = (struct chart){ .plan = plot_plan(v, s, chart_cols(r.w)),
                            .unit = s->unit,
                            .warn = s->warn,
                            .crit = s->crit,
                            .low_is_bad = s->low_is_bad,
                            .marks = marks,
                            .n_marks = plot_marks(v, marks) };
    chart.spans = plot_spans(v, s, chart.plan, room);
    chart.still_ms = v->still ? v->now_ms : 0;
    chart_draw(&chart, r, c);
}

void plot_panel(const struct view *v, struct pick p, const char *title, struct rect r,
                struct canvas *c)
{
    const struct signal *s = pick_signal(v, p);
    struct text subject = { 0 };
    char figure[64], note[96], span[16];
    enum style style;

    if (!s)
        return;
    style = signal_style(pick_reading(v, p), s);
    if (style == STYLE_PLAIN && s->level == LEVEL_OK)
        style = STYLE_STRONG;
    signal_label(&v->board->services[p.service], pick_reading(v, p), s, &subject);
    plot_draw(v, p,
              frame_draw(&(struct frame){ .title = title,
                                          .subject = &subject,
                                          .figure = signal_figure(s, figure),
                                          .figure_style = style,
                                          .note = signal_note(s, note),
                                          .foot = age_format(plot_span_ms(v, s), span) },
                         r, c),
              c);
    text_fini(&subject);
}

void plot_spark(const struct view *v, const struct signal *s, struct rect r, struct canvas *c)
{
    const struct series_span *spans;
    double limit = !isnan(s->crit) ? s->crit : s->warn, top = 0;
    struct series_span room[CHART_BUCKETS];
    struct chart_plan plan;

    if (!s->series || r.w < 1 || r.h < 1)
        return;
    plan = plot_plan(v, s, r.w < CHART_BUCKETS ? r.w : CHART_BUCKETS);
    spans = plot_spans(v, s, plan, room);
    for (int i = 0; i < plan.n; i++)
        if (spans[i].n && spans[i].mean > top)
            top = spans[i].mean;
    if (isnan(limit))
        top *= 2; /* without a limit there is no full: calm stays at half height */
    else if (limit > top)
        top = limit;
    spark_draw(&(struct spark){ spans, (size_t)plan.n, top, s->warn, s->crit, s->low_is_bad }, r,
               c);
}

/* A ratio never stands without what it is a ratio of, where there is room. */
static const char *plot_figure(const struct signal *s, int w, char out[160])
{
    char figure[64], note[96];

    signal_figure(s, figure);
    if (w >= 44 && s->known && signal_is_ratio(s))
        snprintf(out, 160, "%s  %s", signal_note(s, note), figure);
    else
        snprintf(out, 160, "%s", figure);
    return out;
}

struct plot_row { /* the words of a row, which also settle the widths of the columns */
    struct text name;
    char figure[160];
};

static void plot_signal_row(const struct view *v, struct pick p, const struct plot_row *row,
                            struct rect r, int name_w, int figure_w, struct canvas *c)
{
    const struct signal *s = pick_signal(v, p);
    struct rect picture = { r.x + name_w + 2, r.y, r.w - name_w - figure_w - 4, 1 };
    enum style style = signal_style(pick_reading(v, p), s);

    canvas_text(c, r.x, r.y, name_w, style, &row->name);
    if (picture.w < 6)
        picture.w = 0; /* figures before pictures */
    if (picture.w > 0 && s->known && !isnan(s->max) && s->max > 0)
        gauge_draw(&(struct gauge){ s->value, s->max, !isnan(s->crit) ? s->crit : s->warn,
                                    style == STYLE_PLAIN ? STYLE_OK : style },
                   picture, c);
    else if (picture.w > 0)
        plot_spark(v, s, picture, c);
    canvas_put_right(c, r.x + r.w - figure_w, r.y, figure_w, style, row->figure);
}

void plot_signals(const struct view *v, const struct pick *picks, size_t n, struct rect r,
                  struct canvas *c)
{
    int name_w = 0, figure_w = 8;
    struct plot_row *rows;

    n = r.h < 1 ? 0 : n > (size_t)r.h ? (size_t)r.h : n;
    rows = xcalloc(n + 1, sizeof *rows);
    for (size_t i = 0; i < n; i++) {
        const struct signal *s = pick_signal(v, picks[i]);
        struct plot_row *row = &rows[i];
        int cols;

        signal_label(&v->board->services[picks[i].service], pick_reading(v, picks[i]), s,
                     &row->name);
        name_w = row->name.cols > name_w ? row->name.cols : name_w;
        cols = canvas_cols(plot_figure(s, r.w, row->figure));
        figure_w = cols > figure_w ? cols : figure_w;
    }
    figure_w = figure_w > r.w / 2 ? r.w / 2 : figure_w;
    name_w = name_w > r.w - figure_w - 1 ? r.w - figure_w - 1 : name_w;
    if (r.w >= 60 && name_w > r.w / 2)
        name_w = r.w / 2;
    for (size_t i = 0; i < n; i++) {
        plot_signal_row(v, picks[i], &rows[i], (struct rect){ r.x, r.y + (int)i, r.w, 1 }, name_w,
                        figure_w, c);
        text_fini(&rows[i].name);
    }
    free(rows);
}

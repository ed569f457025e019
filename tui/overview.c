/* tui/overview.c: screen 1. Left: services, what is wrong, what changed. Right: the two charts that
 * users feel, and the worst of every kind of source. */
#include "tui/overview.h"

#include <limits.h>
#include <stdio.h>

#include "tui/alert_table.h"
#include "tui/alert_words.h"
#include "tui/backups.h"
#include "tui/lists.h"
#include "tui/plot.h"
#include "tui/queues.h"
#include "tui/words.h"
#include "widgets/frame.h"
#include "widgets/grid.h"

enum {
    OVERVIEW_W_TWO = 76,
    OVERVIEW_W_THREE = 170,
    OVERVIEW_CHARTS = 8,
    OVERVIEW_CHART_MIN = 6,   /* rows below which one chart less is drawn */
    OVERVIEW_CHART_WELL = 12, /* rows a chart likes to have; more room means more charts */
    OVERVIEW_LISTED = 4,      /* of queues, of backups */
    OVERVIEW_ALERTS = 6
};

struct overview { /* the panels; h == 0: not there */
    struct rect services, problems, changes, signals, listed[LISTINGS], alerts;
    struct {
        struct pick pick;
        const char *title;
        struct rect r;
    } charts[OVERVIEW_CHARTS];
    int n_charts;
    bool boxes;
};

static int overview_min(int a, int b)
{
    return a < b ? a : b;
}

static int overview_max(int a, int b)
{
    return a > b ? a : b;
}

static const struct sources *const overview_sources[LISTINGS] = {
    [LISTING_QUEUES] = &queues_sources, [LISTING_BACKUPS] = &backups_sources
};

/* The first row of a list is its worst: the lists follow the services. */
static int overview_badness(const struct view *v, int list)
{
    const struct listing *l = &v->listings[list];
    int worst = -1;

    for (size_t i = 0; i < l->n; i++) {
        int rank = state_rank(pick_reading(v, l->rows[i])->state);

        worst = rank > worst ? rank : worst;
    }
    return worst;
}

/* Queues and backups in short, above the last `h` rows of the column that nobody else needs; where
 * only one fits, the one that is worse off. Returns the rows they take. */
static int overview_lists(const struct view *v, struct rect r, int h, struct overview *o)
{
    bool backups_first = overview_badness(v, LISTING_BACKUPS) > overview_badness(v, LISTING_QUEUES);
    int heights[LISTINGS] = { 0 }, used = 0;

    for (int i = 0; i < LISTINGS; i++) {
        int list = backups_first ? LISTINGS - 1 - i : i, n = (int)v->listings[list].n;
        int want = n ? overview_min(n, OVERVIEW_LISTED) + 3 : 0;

        if (used + want > h)
            continue;
        heights[list] = want;
        used += want;
    }
    for (int i = 0; i < LISTINGS; i++) {
        if (heights[i])
            o->listed[i] = (struct rect){ r.x, r.y, r.w, heights[i] };
        r.y += heights[i];
    }
    return used;
}

/* Services, problems, queues, backups and changes in one column, from the top; the last one takes
 * what is left. */
static void overview_left(const struct view *v, struct rect r, bool changes, struct overview *o)
{
    int services = (int)v->n_overview + 2, problems = overview_max((int)v->n_problems, 1) + 2;
    int news = changes && v->board->n_marks ? overview_min((int)v->board->n_marks, 6) + 2 : 0;
    int rest, listed;

    services = overview_min(services, overview_max(r.h - overview_min(problems, r.h / 3), 4));
    services = overview_min(overview_max(services, 4), r.h);
    rest = r.h - services;
    if (rest < 3) {
        o->services = r;
        return;
    }
    o->services = (struct rect){ r.x, r.y, r.w, services };
    listed = overview_lists(v, (struct rect){ r.x, r.y + services + problems, r.w, 0 },
                            rest - problems, o);
    rest -= listed;
    if (news > 0 && rest - problems >= 4) {
        o->problems = (struct rect){ r.x, r.y + services, r.w, problems };
        o->changes = (struct rect){ r.x, r.y + services + problems + listed, r.w, rest - problems };
    } else {
        for (int i = 0; i < LISTINGS; i++)
            o->listed[i].y += rest - problems;
        o->problems = (struct rect){ r.x, r.y + services, r.w, rest };
    }
}

static void overview_add_chart(struct overview *o, struct pick p, const char *title)
{
    if (p.service < 0 || o->n_charts == OVERVIEW_CHARTS)
        return;
    o->charts[o->n_charts].pick = p;
    o->charts[o->n_charts++].title = title;
}

/* How many charts go into `h` rows: the two that users feel as soon as they fit, others when there
 * is plenty of room. */
static int overview_chart_count(const struct view *v, int h)
{
    int two = (v->errors.service >= 0) + (v->latency.service >= 0);
    int all = two + (int)v->n_signals, n = h / OVERVIEW_CHART_WELL;

    if (n < two)
        n = overview_min(two, h / OVERVIEW_CHART_MIN);
    return overview_min(overview_min(n, all), OVERVIEW_CHARTS);
}

static void overview_charts(const struct view *v, struct rect r, struct overview *o)
{
    int n = overview_chart_count(v, r.h);
    const struct signal *latency = pick_signal(v, v->latency);

    if (n == 0)
        return;
    overview_add_chart(o, v->errors, "Errors");
    overview_add_chart(o, v->latency,
                       latency && latency->window_ms > 0 ? "Latency" : "Slowest answer");
    for (size_t i = 0; i < v->n_signals && o->n_charts < n; i++)
        overview_add_chart(o, v->signals[i], NULL);
    o->n_charts = overview_min(o->n_charts, n);
    n = o->n_charts;
    for (int i = 0; i < n; i++) {
        int from = r.h * i / n, to = r.h * (i + 1) / n;

        o->charts[i].r = (struct rect){ r.x, r.y + from, r.w, to - from };
    }
}

static void overview_right(const struct view *v, struct rect r, struct overview *o)
{
    int two = (v->errors.service >= 0) + (v->latency.service >= 0);
    int signals = v->n_signals ? (int)v->n_signals + 2 : 0, charts;

    if (two == 0 && r.h < 2 * OVERVIEW_CHART_WELL) {
        o->signals = r;
        return;
    }
    charts =
        overview_max(r.h - signals, overview_min(two * 11, r.h - overview_min(signals, r.h / 3)));
    if (r.h - charts < 3)
        charts = r.h;
    overview_charts(v, (struct rect){ r.x, r.y, r.w, charts }, o);
    if (charts < r.h)
        o->signals = (struct rect){ r.x, r.y + charts, r.w, r.h - charts };
}

/* Alerts over the whole width, below everything else, and never more than a fifth of it. Returns
 * what is left for the rest. */
static struct rect overview_alerts(const struct view *v, struct rect r, struct overview *o)
{
    int rows = (int)alert_panel_rows(v), h = 0;
    const struct alert *worst;

    if (rows > 0 && o->boxes && r.h / 5 >= 3)
        h = overview_min(overview_min(rows, OVERVIEW_ALERTS) + 2, r.h / 5);
    else if (!o->boxes && r.h >= 6 && rows > 0 && alerts_firing(v->board, &worst))
        h = 1;
    o->alerts = (struct rect){ r.x, r.y + r.h - h, r.w, h };
    r.h -= h;
    return r;
}

static struct overview overview_layout(const struct view *v, struct rect r)
{
    struct overview o = { .boxes = r.w >= 60 && r.h >= 14 };
    int left;

    r = overview_alerts(v, r, &o);
    if (!o.boxes) { /* services, then figures */
        int rows = overview_min((int)v->n_overview, r.h);

        if ((v->n_signals || v->errors.service >= 0 || v->latency.service >= 0) && rows + 3 <= r.h)
            o.signals = (struct rect){ r.x, r.y + rows + 1, r.w, r.h - rows - 1 };
        else
            rows = r.h;
        o.services = (struct rect){ r.x, r.y, r.w, rows };
        return o;
    }
    if (r.w < OVERVIEW_W_TWO) {
        int want = (int)v->n_overview + 2 + overview_max((int)v->n_problems, 1) + 2;
        int below = r.h >= 26 ? overview_max(r.h / 3, r.h - want) : r.h - want;

        if (below < OVERVIEW_CHART_MIN)
            below = 0;

        overview_left(v, (struct rect){ r.x, r.y, r.w, r.h - below }, false, &o);
        overview_charts(v, (struct rect){ r.x, r.y + r.h - below, r.w, below }, &o);
        return o;
    }
    left = r.w < 100 ? r.w * 57 / 100 : r.w * 51 / 100;
    if (r.w >= OVERVIEW_W_THREE) {
        int right = overview_min(r.w * 28 / 100, 90);

        left = overview_min(r.w * 36 / 100, 100);
        overview_left(v, (struct rect){ r.x, r.y, left, r.h }, false, &o);
        overview_charts(v, (struct rect){ r.x + left, r.y, r.w - left - right, r.h }, &o);
        o.signals = (struct rect){ r.x + r.w - right, r.y, right, r.h };
        if (v->board->n_marks) {
            int news = overview_min((int)v->board->n_marks + 2, r.h / 3);

            o.signals.h -= news;
            o.changes = (struct rect){ o.signals.x, r.y + o.signals.h, right, news };
        }
        return o;
    }
    overview_left(v, (struct rect){ r.x, r.y, left, r.h }, true, &o);
    overview_right(v, (struct rect){ r.x + left, r.y, r.w - left, r.h }, &o);
    return o;
}

static void overview_services(const struct view *v, struct rect r, bool boxes, struct canvas *c)
{
    struct rect in = boxes ? frame_inside(r) : r;
    char counts[96], foot[48];
    enum style style = services_counts(v, r.w - 18, counts);
    int at;

    view_selected(v, v->overview, v->n_overview, &at);
    if (boxes)
        frame_draw(&(struct frame){ .title = "Services",
                                    .figure = counts,
                                    .figure_style = style,
                                    .foot = list_foot(v->overview_top, v->n_overview, in.h, foot),
                                    .focused = v->focus == FOCUS_SERVICES },
                   r, c);
    if (v->n_overview == 0)
        canvas_put(c, in.x, in.y, in.w, STYLE_DIM, list_empty(v, "no services"));
    services_draw(v, LISTS_OVERVIEW, v->focus == FOCUS_SERVICES ? at : -1, in, c);
}

static void overview_problems(const struct view *v, struct rect r, struct canvas *c)
{
    struct rect in = frame_inside(r);
    char counts[32], foot[48];

    snprintf(counts, sizeof counts, "%zu", v->all_problems);
    frame_draw(&(struct frame){ .title = "Problems",
                                .figure = v->all_problems ? counts : NULL,
                                .figure_style = STYLE_STRONG,
                                .foot = list_foot(v->problems_top, v->n_problems, in.h, foot),
                                .focused = v->focus == FOCUS_PROBLEMS },
               r, c);
    problems_draw(v, v->focus == FOCUS_PROBLEMS ? v->problem : -1, in, c);
}

static bool overview_has_chart(const struct overview *o, struct pick p)
{
    for (int i = 0; i < o->n_charts; i++)
        if (o->charts[i].pick.service == p.service && o->charts[i].pick.reading == p.reading &&
            o->charts[i].pick.signal == p.signal)
            return true;
    return false;
}

/* What has no chart for want of room comes first. */
static void overview_signals(const struct view *v, const struct overview *o, struct canvas *c)
{
    struct pick picks[VIEW_SIGNALS + 2];
    size_t n = 0;

    if (v->errors.service >= 0 && !overview_has_chart(o, v->errors))
        picks[n++] = v->errors;
    if (v->latency.service >= 0 && !overview_has_chart(o, v->latency))
        picks[n++] = v->latency;
    for (size_t i = 0; i < v->n_signals; i++)
        picks[n++] = v->signals[i];
    plot_signals(v, picks, n, o->signals, c);
}

static void overview_draw_alerts(const struct view *v, const struct overview *o, struct canvas *c)
{
    struct rect in = o->boxes ? frame_inside(o->alerts) : o->alerts;
    char counts[96], foot[48];
    enum style style = alert_counts(v, o->alerts.w - 24, counts);

    if (o->boxes)
        frame_draw(&(struct frame){ .title = "Alerts",
                                    .figure = counts,
                                    .figure_style = style,
                                    .note = "· a ack",
                                    .foot = list_foot(0, alert_panel_rows(v), in.h, foot) },
                   o->alerts, c);
    alert_panel_draw(v, in, c);
}

static void overview_draw(const struct view *v, struct rect r, struct canvas *c)
{
    struct overview o = overview_layout(v, r);

    overview_services(v, o.services, o.boxes, c);
    if (o.problems.h > 0)
        overview_problems(v, o.problems, c);
    for (int i = 0; i < LISTINGS; i++)
        if (o.listed[i].h > 0)
            sources_panel(v, overview_sources[i], o.listed[i], c);
    if (o.changes.h > 0)
        changes_draw(v, frame_draw(&(struct frame){ .title = "Changes" }, o.changes, c), c);
    for (int i = 0; i < o.n_charts; i++)
        plot_panel(v, o.charts[i].pick, o.charts[i].title, o.charts[i].r, c);
    if (o.signals.h > 0 && o.boxes)
        o.signals = frame_draw(&(struct frame){ .title = "Signals" }, o.signals, c);
    if (o.signals.h > 0)
        overview_signals(v, &o, c);
    if (o.alerts.h > 0)
        overview_draw_alerts(v, &o, c);
}

static void overview_settle(struct view *v, struct rect r)
{
    struct overview o;
    int at;

    for (int i = 0; i < LISTINGS; i++)
        sources_rows(v, overview_sources[i]);
    o = overview_layout(v, r);

    view_selected(v, v->overview, v->n_overview, &at);
    v->overview_top = grid_settle(v->overview_top, at, (int)v->n_overview,
                                  o.boxes ? frame_inside(o.services).h : o.services.h);
    if (o.problems.h == 0)
        v->focus = FOCUS_SERVICES;
    v->problems_top =
        grid_settle(v->problems_top, v->problem, (int)v->n_problems, frame_inside(o.problems).h);
}

static void overview_move(struct view *v, int by)
{
    int64_t to = (int64_t)v->problem + by;

    if (v->focus == FOCUS_SERVICES)
        view_move(v, v->overview, v->n_overview, by);
    else
        v->problem = v->n_problems == 0             ? 0
                     : to < 0                       ? 0
                     : to >= (int64_t)v->n_problems ? (int)v->n_problems - 1
                                                    : (int)to;
}

static bool overview_command(struct view *v, enum command cmd)
{
    switch (cmd) {
    case CMD_NEXT:
        overview_move(v, 1);
        return true;
    case CMD_PREV:
        overview_move(v, -1);
        return true;
    case CMD_PAGE_DOWN:
        overview_move(v, 10);
        return true;
    case CMD_PAGE_UP:
        overview_move(v, -10);
        return true;
    case CMD_FIRST:
        overview_move(v, INT_MIN);
        return true;
    case CMD_LAST:
        overview_move(v, INT_MAX);
        return true;
    case CMD_TAB:
    case CMD_TAB_BACK:
        v->focus = v->focus == FOCUS_SERVICES ? FOCUS_PROBLEMS : FOCUS_SERVICES;
        return true;
    default:
        return false;
    }
}

static const struct key overview_keys[] = {
    { "j", CMD_NEXT, "next row", "move" },
    { "k", CMD_PREV, "previous row", "move" },
    { "Enter", CMD_OPEN, "open the selected service or problem", "details" },
    { "Tab", CMD_TAB, "between services and problems", "panel" },
    { "a", CMD_ACK, "acknowledge the alert that fires about it", NULL },
    { "s", CMD_SILENCE, "silence the alerts about it for a while", NULL },
    { "Down", CMD_NEXT, "next row", NULL },
    { "Up", CMD_PREV, "previous row", NULL },
    { "Right", CMD_OPEN, "open", NULL },
    { "l", CMD_OPEN, "open", NULL },
    { "Shift-Tab", CMD_TAB_BACK, "the other panel", NULL },
    { "g", CMD_FIRST, "first row", NULL },
    { "G", CMD_LAST, "last row", NULL },
    { "Home", CMD_FIRST, "first row", NULL },
    { "End", CMD_LAST, "last row", NULL },
    { "PgDn", CMD_PAGE_DOWN, "ten rows on", NULL },
    { "PgUp", CMD_PAGE_UP, "ten rows back", NULL },
    { 0 },
};

const struct screen_ops screen_overview = {
    .name = "Overview",
    .number = '1',
    .keys = overview_keys,
    .draw = overview_draw,
    .command = overview_command,
    .settle = overview_settle,
};

/* tui/queues.c: screen 4: one line a queue, worst first as the services are, and the page of the
 * selected one below. */
#include "tui/queues.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "tui/detail.h"
#include "tui/lists.h"
#include "tui/pick.h"
#include "tui/words.h"
#include "widgets/frame.h"
#include "widgets/grid.h"

enum { QUEUES_PAGE_MIN = 7 };

enum queues_column {
    COLUMN_QUEUE,
    COLUMN_STATE,
    COLUMN_WAITING,
    COLUMN_OLDEST,
    COLUMN_TREND,
    COLUMN_RUNNING,
    COLUMN_DELAYED,
    COLUMN_FAILED,
    COLUMN_REASON,
    COLUMNS
};

struct queues {
    struct rect list, page; /* page.h == 0: no room */
    bool boxes;
};

static struct queues queues_layout(const struct view *v, struct rect r)
{
    struct queues q = { .boxes = r.w >= 60 && r.h >= 14, .list = r };
    int want = (int)v->n_queues + 3;

    if (q.boxes && v->n_queues && r.h - want >= QUEUES_PAGE_MIN) {
        q.list.h = want;
        q.page = (struct rect){ r.x, r.y + want, r.w, r.h - want };
    }
    return q;
}

struct pick queues_selected(const struct view *v)
{
    return v->n_queues ? v->queues[v->queue] : PICK_NONE;
}

/* ---- one line ---- */

static const struct signal *queues_signal(const struct reading *r, const char *name)
{
    for (size_t i = 0; i < r->n_signals; i++)
        if (text_is(&r->signals[i].name, name))
            return &r->signals[i];
    return NULL;
}

static void queues_count(const struct reading *r, const char *name, struct grid_cell *out)
{
    const struct signal *s = queues_signal(r, name);
    char number[32];

    if (!s || !s->known) {
        out->style = STYLE_DIM;
        snprintf(out->words, sizeof out->words, "-");
        return;
    }
    out->style = signal_style(r, s);
    snprintf(out->words, sizeof out->words, "%s%s", s->above ? ">" : "",
             quantity_format(s->value, UNIT_COUNT, number));
}

static void queues_oldest(const struct reading *r, struct grid_cell *out)
{
    const struct signal *s = queues_signal(r, "oldest"), *depth = queues_signal(r, "depth");
    char age[32];

    out->style = STYLE_DIM;
    if (!s || !s->known || (depth && depth->known && depth->value == 0)) {
        snprintf(out->words, sizeof out->words, "-");
        return;
    }
    out->style = signal_style(r, s);
    snprintf(out->words, sizeof out->words, "%s", quantity_format(s->value, UNIT_SECONDS, age));
}

/* The probe's own words; never a time that no rate supports. */
static void queues_trend(const struct reading *r, struct grid_cell *out)
{
    const struct signal *growth = queues_signal(r, "growth");

    out->style = r->state == STATE_STALE ? STYLE_STALE : STYLE_DIM;
    if (growth && growth->known)
        out->text = &growth->note;
    else
        snprintf(out->words, sizeof out->words, "-");
}

static void queues_cell(const void *arg, size_t row, size_t column, struct grid_cell *out)
{
    const struct view *v = arg;
    const struct pick p = v->queues[row];
    const struct service *s = &v->board->services[p.service];
    const struct reading *r = &s->readings[p.reading];
    struct look look = look_state(r->state);
    struct text name = { 0 };

    out->style = look.style;
    switch ((enum queues_column)column) {
    case COLUMN_QUEUE:
        signal_label(s, r, NULL, &name);
        snprintf(out->words, sizeof out->words, "%.90s", text_str(&name));
        out->glyph = look.glyph;
        out->glyph_style = look.style;
        out->style = r->state == STATE_UP ? STYLE_PLAIN : look.style;
        text_fini(&name);
        break;
    case COLUMN_STATE:
        snprintf(out->words, sizeof out->words, "%.40s", look.word);
        break;
    case COLUMN_WAITING:
        queues_count(r, "depth", out);
        break;
    case COLUMN_OLDEST:
        queues_oldest(r, out);
        break;
    case COLUMN_TREND:
        queues_trend(r, out);
        break;
    case COLUMN_RUNNING:
        queues_count(r, "running", out);
        break;
    case COLUMN_DELAYED:
        queues_count(r, "delayed", out);
        break;
    case COLUMN_FAILED:
        queues_count(r, "failed", out);
        break;
    case COLUMN_REASON:
    case COLUMNS:
        out->style = r->state == STATE_UP ? STYLE_DIM : STYLE_PLAIN;
        out->text = &r->reason;
        break;
    }
}

static struct grid queues_grid(const struct view *v, struct rect r)
{
    static const struct grid_column columns[COLUMNS] = {
        [COLUMN_QUEUE] = { .head = "queue", .min = 16, .max = 32 },
        [COLUMN_STATE] = { .head = "state", .min = 8, .leave = 4 },
        [COLUMN_WAITING] = { .head = "waiting", .min = 7, .right = true },
        [COLUMN_OLDEST] = { .head = "oldest", .min = 6, .leave = 1, .right = true },
        [COLUMN_TREND] = { .head = "trend", .min = 15, .max = 22, .leave = 2 },
        [COLUMN_RUNNING] = { .head = "at work", .min = 7, .leave = 5, .right = true },
        [COLUMN_DELAYED] = { .head = "delayed", .min = 7, .leave = 6, .right = true },
        [COLUMN_FAILED] = { .head = "failed", .min = 6, .leave = 3, .right = true },
        [COLUMN_REASON] = { .head = "reason", .min = 16, .leave = 7, .grow = true },
    };

    return (struct grid){ .columns = columns,
                          .n_columns = COLUMNS,
                          .n_rows = v->n_queues,
                          .cell = queues_cell,
                          .arg = v,
                          .head = true,
                          .selected = v->queue,
                          .top = v->queues_top,
                          .gap = r.w < 50 ? 1 : 2 };
}

/* ---- the screen ---- */

static void queues_page(const struct view *v, struct rect r, struct canvas *c)
{
    struct pick p = queues_selected(v);
    const struct reading *reading = &v->board->services[p.service].readings[p.reading];
    struct look look = look_state(reading->state);
    struct view of_queue = *v; /* the same board, looked at from this reading */
    char figure[64];

    of_queue.reading = p.reading;
    snprintf(figure, sizeof figure, "%s %.40s", look.glyph, look.word);
    detail_page(&of_queue, p.service, 0,
                frame_draw(&(struct frame){ .title = "Queue",
                                            .subject = &reading->target,
                                            .figure = figure,
                                            .figure_style = look.style },
                           r, c),
                c);
}

static void queues_draw(const struct view *v, struct rect r, struct canvas *c)
{
    struct queues q = queues_layout(v, r);
    struct rect in = q.boxes ? frame_inside(q.list) : q.list;
    struct grid grid = queues_grid(v, in);
    char foot[48];

    if (q.boxes)
        frame_draw(&(struct frame){ .title = "Queues",
                                    .foot = list_foot(v->queues_top, v->n_queues, in.h - 1, foot),
                                    .focused = true },
                   q.list, c);
    if (v->n_queues == 0) {
        canvas_put(c, in.x, in.y, in.w, STYLE_DIM,
                   v->filter[0] || v->problems_only ? "nothing matches"
                                                    : "none configured: no probe asks a queue");
        return;
    }
    grid_draw(&grid, in, c);
    if (q.page.h)
        queues_page(v, q.page, c);
}

/* Readings of this kind in the order of the overview, those of one service together; what was
 * selected stays so. */
static void queues_rows(struct view *v)
{
    struct pick was = queues_selected(v);

    v->n_queues = 0;
    for (size_t i = 0; i < v->n_overview; i++) {
        int service = v->overview[i].service;
        const struct service *s = &v->board->services[service];

        for (size_t k = 0; k < s->n_readings && v->n_queues < VIEW_QUEUES; k++)
            if (text_is(&s->readings[k].kind, "queue"))
                v->queues[v->n_queues++] = (struct pick){ service, (int)k, -1 };
    }
    v->queue = pick_place(v->queues, v->n_queues, was, v->queue);
}

static void queues_settle(struct view *v, struct rect r)
{
    struct queues q;
    struct rect in;

    queues_rows(v);
    q = queues_layout(v, r);
    in = q.boxes ? frame_inside(q.list) : q.list;
    v->queues_top = grid_settle(v->queues_top, v->queue, (int)v->n_queues, in.h > 1 ? in.h - 1 : 1);
}

static bool queues_move(struct view *v, int by)
{
    long to = (long)v->queue + by, last = (long)v->n_queues - 1;

    v->queue = (int)(to > last ? last : to);
    if (v->queue < 0)
        v->queue = 0;
    return true;
}

static bool queues_command(struct view *v, enum command cmd)
{
    switch (cmd) {
    case CMD_NEXT:
        return queues_move(v, 1);
    case CMD_PREV:
        return queues_move(v, -1);
    case CMD_PAGE_DOWN:
        return queues_move(v, 10);
    case CMD_PAGE_UP:
        return queues_move(v, -10);
    case CMD_FIRST:
        return queues_move(v, INT_MIN / 2);
    case CMD_LAST:
        return queues_move(v, INT_MAX / 2);
    default:
        return false;
    }
}

static const struct key queues_keys[] = {
    { "j", CMD_NEXT, "next queue", "move" },
    { "k", CMD_PREV, "previous queue", "move" },
    { "Enter", CMD_OPEN, "open the service that tells of it", "details" },
    { "Down", CMD_NEXT, "next queue", NULL },
    { "Up", CMD_PREV, "previous queue", NULL },
    { "Right", CMD_OPEN, "open", NULL },
    { "l", CMD_OPEN, "open", NULL },
    { "Left", CMD_BACK, "back to the overview", NULL },
    { "h", CMD_BACK, "back to the overview", NULL },
    { "g", CMD_FIRST, "first queue", NULL },
    { "G", CMD_LAST, "last queue", NULL },
    { "Home", CMD_FIRST, "first queue", NULL },
    { "End", CMD_LAST, "last queue", NULL },
    { "PgDn", CMD_PAGE_DOWN, "ten queues on", NULL },
    { "PgUp", CMD_PAGE_UP, "ten queues back", NULL },
    { 0 },
};

const struct screen_ops screen_queues = {
    .name = "Queues",
    .number = '4',
    .keys = queues_keys,
    .draw = queues_draw,
    .command = queues_command,
    .settle = queues_settle,
};

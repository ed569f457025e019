/* tui/detail.c: the screen of one service: its readings beside the page of the selected one. */
#include "tui/detail.h"

#include <limits.h>
#include <stdio.h>

#include "core/buf.h"
#include "tui/lists.h"
#include "tui/words.h"
#include "widgets/frame.h"
#include "widgets/grid.h"

enum { DETAIL_TIES = 32 };

struct detail {
    struct rect head, readings, page;
};

static struct detail detail_layout(const struct view *v, int service, struct rect r)
{
    const struct service *s = &v->board->services[service];
    struct detail d = { 0 };
    int n = (int)s->n_readings, left;

    if (r.h < 14 || r.w < 60) { /* a phone: one line of readings each, then the page */
        d.head = (struct rect){ r.x, r.y, r.w, 1 };
        n = n > r.h / 3 ? r.h / 3 : n;
        d.readings = (struct rect){ r.x, r.y + 1, r.w, n };
        d.page = (struct rect){ r.x, r.y + 1 + n, r.w, r.h - 1 - n };
        return d;
    }
    d.head = (struct rect){ r.x, r.y, r.w, 4 };
    r.y += 4;
    r.h -= 4;
    if (r.w < 76) {
        n = n + 2 > r.h / 3 ? r.h / 3 : n + 2;
        n = n < 3 ? 3 : n;
        d.readings = (struct rect){ r.x, r.y, r.w, n };
        d.page = (struct rect){ r.x, r.y + n, r.w, r.h - n };
        return d;
    }
    left = r.w * 2 / 5 > 70 ? 70 : r.w * 2 / 5;
    d.readings = (struct rect){ r.x, r.y, left, r.h };
    d.page = (struct rect){ r.x + left, r.y, r.w - left, r.h };
    return d;
}

static bool detail_needs(const struct service *s, int dep)
{
    for (size_t i = 0; i < s->n_deps; i++)
        if ((int)s->deps[i] == dep)
            return true;
    return false;
}

/* ", " goes on with what was begun; anything else begins anew. */
static void detail_tie(struct buf *words, const char *how, const struct text *what)
{
    if (words->len && *how != ',')
        buf_adds(words, " · ");
    buf_adds(words, how);
    if (what)
        buf_adds(words, text_str(what));
}

/* "id api · needs PostgreSQL, Redis · needed by Web site · version 1.4.2" */
static void detail_ties(const struct view *v, int service, struct text *out)
{
    const struct board *b = v->board;
    const struct service *s = &b->services[service];
    struct buf words = { 0 };
    size_t told = 0;

    if (!text_eq(service_title(s), &s->id)) /* what files and commands call it */
        buf_addf(&words, "id %s", text_str(&s->id));
    for (size_t i = 0; i < s->n_deps; i++)
        if (s->deps[i] < b->n_services)
            detail_tie(&words, told++ ? ", " : "needs ", service_title(&b->services[s->deps[i]]));
    told = 0;
    for (size_t i = 0; i < b->n_services && told < DETAIL_TIES; i++)
        if (detail_needs(&b->services[i], service))
            detail_tie(&words, told++ ? ", " : "needed by ", service_title(&b->services[i]));
    if (s->critical)
        detail_tie(&words, "critical", NULL);
    if (s->version.len)
        detail_tie(&words, "version ", &s->version);
    text_sets(out, buf_str(&words));
    buf_fini(&words);
}

static void detail_head(const struct view *v, int service, struct rect r, struct canvas *c)
{
    const struct service *s = &v->board->services[service];
    const struct service *root = service_root(v->board, s);
    struct look look = look_service(v->board, s);
    struct rect in = frame_inside(r);
    char figure[64], since[48], age[16];
    struct text words = { 0 };

    snprintf(figure, sizeof figure, "%s %.40s", look.glyph, look.word);
    snprintf(since, sizeof since, "%s", age_words(v->now_ms, s->since_ms, age));
    if (r.h < 3) {
        int n = canvas_put(c, r.x, r.y, r.w, look.style, look.glyph) + 1;

        n += canvas_text(c, r.x + n, r.y, r.w - n, STYLE_STRONG, service_title(s)) + 1;
        n += canvas_put(c, r.x + n, r.y, r.w - n, look.style, look.word) + 1;
        canvas_put_right(c, r.x + n, r.y, r.w - n, STYLE_DIM, since);
        return;
    }
    frame_draw(&(struct frame){ .title = "Service",
                                .subject = service_title(s),
                                .figure = figure,
                                .figure_style = look.style,
                                .note = since },
               r, c);
    if (root)
        text_setf(&words, "affected by %s: %s", text_str(service_title(root)),
                  text_str(&root->reason));
    else
        text_copy(&words, &s->reason);
    canvas_text(c, in.x, in.y, in.w, s->state == STATE_UP ? STYLE_PLAIN : look.style, &words);
    detail_ties(v, service, &words);
    canvas_text(c, in.x, in.y + 1, in.w, STYLE_DIM, &words);
    text_fini(&words);
}

struct detail_arg {
    const struct view *view;
    const struct service *service;
};

static void detail_reading_cell(const void *arg, size_t row, size_t column, struct grid_cell *out)
{
    const struct detail_arg *a = arg;
    const struct reading *r = &a->service->readings[row];
    struct look look = look_state(r->state);

    out->style = look.style;
    if (column == 0) {
        list_name(&look, &r->name, out);
    } else if (column == 1) {
        out->style = STYLE_DIM;
        out->text = &r->kind;
    } else if (column == 2) {
        out->style = r->state == STATE_UP ? STYLE_DIM : STYLE_PLAIN;
        out->text = &r->reason;
    } else {
        out->style = STYLE_DIM;
        age_words(a->view->now_ms, r->evidence_ms, out->words);
    }
}

static void detail_readings(const struct view *v, int service, struct rect r, struct canvas *c)
{
    static const struct grid_column columns[] = { { .min = 8, .max = 24 },
                                                  { .min = 8, .max = 10, .leave = 2 },
                                                  { .min = 8, .leave = 1, .grow = true },
                                                  { .min = 4, .right = true } };
    const struct service *s = &v->board->services[service];
    struct detail_arg arg = { v, s };
    struct rect in = r;
    int index = 0;

    detail_reading(v, s, &index);
    if (r.h >= 3 && r.w >= 60)
        in = frame_draw(&(struct frame){ .title = "Probes",
                                         .figure = "answered",
                                         .figure_style = STYLE_DIM,
                                         .focused = true },
                        r, c);
    else if (c->h >= 18 && r.h >= 3)
        in = frame_draw(&(struct frame){ .title = "Probes", .focused = true }, r, c);
    grid_draw(&(struct grid){ .columns = columns,
                              .n_columns = 4,
                              .n_rows = s->n_readings,
                              .cell = detail_reading_cell,
                              .arg = &arg,
                              .selected = index,
                              .top = grid_settle(0, index, (int)s->n_readings, in.h),
                              .gap = in.w < 50 ? 1 : 2 },
              in, c);
}

/* Where the page stands: in its box, or beside a column that says whether it goes on. */
static struct rect detail_inside(const struct detail *d)
{
    struct rect page = d->page;

    if (d->head.h > 1)
        return frame_inside(page);
    page.w -= page.w > 1;
    return page;
}

static void detail_draw(const struct view *v, struct rect r, struct canvas *c)
{
    int service = v->service, index;
    struct detail d;
    struct rect in;
    const struct reading *reading;
    char foot[48], figure[64];

    if (service < 0)
        return;
    d = detail_layout(v, service, r);
    detail_head(v, service, d.head, c);
    detail_readings(v, service, d.readings, c);
    in = detail_inside(&d);
    reading = detail_reading(v, &v->board->services[service], &index);
    if (d.head.h > 1 && reading) {
        struct look look = look_state(reading->state);

        snprintf(figure, sizeof figure, "%s %.40s", look.glyph, look.word);
        frame_draw(&(struct frame){ .title = "Probe",
                                    .subject = &reading->name,
                                    .figure = figure,
                                    .figure_style = look.style,
                                    .foot = list_foot(v->detail_top, (size_t)v->detail_lines, in.h,
                                                      foot) },
                   d.page, c);
    }
    detail_page(v, service, v->detail_top, in, c);
}

static void detail_settle(struct view *v, struct rect r)
{
    int service = v->service, room;
    struct detail d;
    struct rect in;

    if (service < 0)
        return;
    d = detail_layout(v, service, r);
    in = detail_inside(&d);
    room = in.h < 1 ? 1 : in.h;
    v->detail_lines = detail_page_lines(v, service, in.w);
    if (v->detail_top > v->detail_lines - room)
        v->detail_top = v->detail_lines - room;
    if (v->detail_top < 0)
        v->detail_top = 0;
}

static void detail_select(struct view *v, int to)
{
    int service = v->service, n;

    if (service < 0)
        return;
    n = (int)v->board->services[service].n_readings;
    v->reading = to < 0 ? 0 : to >= n ? n - 1 : to;
    v->detail_top = 0;
}

static bool detail_command(struct view *v, enum command cmd)
{
    int index = 0;

    if (v->service >= 0)
        detail_reading(v, &v->board->services[v->service], &index);
    switch (cmd) {
    case CMD_NEXT:
    case CMD_TAB:
        detail_select(v, index + 1);
        return true;
    case CMD_PREV:
    case CMD_TAB_BACK:
        detail_select(v, index - 1);
        return true;
    case CMD_PAGE_DOWN:
        v->detail_top += 8;
        return true;
    case CMD_PAGE_UP:
        v->detail_top -= 8;
        return true;
    case CMD_FIRST:
        v->detail_top = 0;
        return true;
    case CMD_LAST:
        v->detail_top = INT_MAX / 2;
        return true;
    default:
        return false;
    }
}

static const struct key detail_keys[] = {
    { "j", CMD_NEXT, "next probe of this service", "probe" },
    { "k", CMD_PREV, "previous probe", "probe" },
    { "PgDn", CMD_PAGE_DOWN, "further down the page", "scroll" },
    { "PgUp", CMD_PAGE_UP, "further up", "scroll" },
    { "Esc", CMD_BACK, "back to the list", "back" },
    { "s", CMD_SILENCE, "silence the alerts about it for a while", NULL },
    { "Space", CMD_PAGE_DOWN, "further down the page", NULL },
    { "Down", CMD_NEXT, "next probe", NULL },
    { "Up", CMD_PREV, "previous probe", NULL },
    { "Tab", CMD_TAB, "next probe", NULL },
    { "Shift-Tab", CMD_TAB_BACK, "previous probe", NULL },
    { "Left", CMD_BACK, "back to the list", NULL },
    { "h", CMD_BACK, "back to the list", NULL },
    { "q", CMD_BACK, "back to the list", NULL },
    { "g", CMD_FIRST, "top of the page", NULL },
    { "G", CMD_LAST, "end of the page", NULL },
    { "Home", CMD_FIRST, "top of the page", NULL },
    { "End", CMD_LAST, "end of the page", NULL },
    { 0 },
};

const struct screen_ops screen_detail = {
    .name = "Service",
    .keys = detail_keys,
    .draw = detail_draw,
    .command = detail_command,
    .settle = detail_settle,
};

/* tui/detail.c: the detail of a service. The page of a reading is one flow of blocks, measured and
 * drawn by the same code, so that scrolling cannot drift from what is there. */
#include "tui/detail.h"

#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/buf.h"
#include "tui/backups.h"
#include "tui/lists.h"
#include "tui/plot.h"
#include "tui/words.h"
#include "widgets/bars.h"
#include "widgets/frame.h"
#include "widgets/grid.h"
#include "widgets/textflow.h"

enum { DETAIL_CHART_H = 8, DETAIL_PAGE_MAX = 600, DETAIL_TIES = 32 };
enum { TABLE_CELL_MIN = 6, TABLE_CELL_MAX = 60, GROUP_COUNT_W = 10 };

struct flow {
    const struct view *view;
    struct canvas *c; /* as high as what is in sight; NULL: only measured */
    struct rect r;
    int y; /* of the next block; below 0 while it is scrolled away */
};

const struct reading *detail_reading(const struct view *v, const struct service *s, int *index)
{
    int at = v->reading;

    if (at < 0 || at >= (int)s->n_readings)
        at = s->worst;
    if (at < 0 || at >= (int)s->n_readings)
        at = 0;
    *index = at;
    return s->n_readings ? &s->readings[at] : NULL;
}

/* -- blocks of the page -- */

/* A chart that nobody sees is not read, let alone drawn. */
static bool flow_draws(const struct flow *f, int lines)
{
    return f->c && f->y < f->c->h && f->y + lines > 0;
}

static void flow_words(struct flow *f, enum style style, const char *words)
{
    if (*words && flow_draws(f, 1))
        canvas_put(f->c, f->r.x, f->y, f->r.w, style, words);
    f->y += *words ? 1 : 0;
}

static void flow_text(struct flow *f, enum style style, const struct text *t)
{
    int lines = textflow_lines(t, f->r.w);

    lines = lines > 6 ? 6 : lines;
    if (flow_draws(f, lines))
        textflow_draw(t, (struct rect){ f->r.x, f->y, f->r.w, lines }, style, f->c);
    f->y += lines;
}

/* Words of ours that may need more than one line. */
static void flow_wrapped(struct flow *f, enum style style, const char *words)
{
    struct text t = { 0 };

    text_sets(&t, words);
    flow_text(f, style, &t);
    text_fini(&t);
}

static void flow_gap(struct flow *f)
{
    f->y++;
}

static void flow_heading(struct flow *f, const char *words, const char *note)
{
    flow_gap(f);
    if (flow_draws(f, 1)) {
        int n = canvas_put(f->c, f->r.x, f->y, f->r.w, STYLE_TITLE, words);

        canvas_put(f->c, f->r.x + n + 2, f->y, f->r.w - n - 2, STYLE_DIM, note);
    }
    f->y++;
}

static void flow_target(struct flow *f, const struct reading *r)
{
    char every[32], timeout[32], words[160];

    flow_gap(f);
    if (flow_draws(f, 1)) {
        int n = canvas_text(f->c, f->r.x, f->y, f->r.w, STYLE_DIM, &r->kind);

        canvas_text(f->c, f->r.x + n + 2, f->y, f->r.w - n - 2, STYLE_PLAIN, &r->target);
    }
    f->y++;
    snprintf(words, sizeof words, "every %s · timeout %s · down ",
             duration_format(r->every_ms, every), duration_format(r->timeout_ms, timeout));
    if (backups_is(r)) /* what is found does not change by being looked at again */
        snprintf(words + strlen(words), sizeof words - strlen(words), "at once");
    else
        snprintf(words + strlen(words), sizeof words - strlen(words), "after %d in a row",
                 r->fail_after);
    flow_wrapped(f, STYLE_DIM, words);
    if (r->version.len) {
        struct text version = { 0 };

        text_setf(&version, "version %s", text_str(&r->version));
        flow_text(f, STYLE_DIM, &version);
        text_fini(&version);
    }
    if (r->insecure)
        flow_wrapped(f, STYLE_WARN, "! TLS is not verified here, by configuration");
}

static void flow_evidence(struct flow *f, const struct reading *r)
{
    char age[16], good[16], words[160];
    size_t n = 0;
    int64_t now_ms = f->view->now_ms;

    flow_text(f, look_state(r->state).style, &r->reason);
    if (r->evidence_ms == 0)
        n += (size_t)snprintf(words, sizeof words, "never answered");
    else
        n += (size_t)snprintf(words, sizeof words, "%s %s ago",
                              fault_is_answer(r->fault) ? "answered" : "asked in vain",
                              age_words(now_ms, r->evidence_ms, age));
    if (r->state != STATE_UP && r->good_ms > 0)
        n += (size_t)snprintf(words + n, sizeof words - n, " · last good %s ago",
                              age_words(now_ms, r->good_ms, good));
    if (r->failing > 0)
        n += (size_t)snprintf(words + n, sizeof words - n, " · failed %d in a row", r->failing);
    if (r->http_code > 0)
        n += (size_t)snprintf(words + n, sizeof words - n, " · HTTP %d", r->http_code);
    if (r->in_flight)
        snprintf(words + n, sizeof words - n, " · asking now");
    flow_wrapped(f, STYLE_DIM, words);
    if (r->disagree)
        flow_words(f, STYLE_WARN, "! the HTTP code and the body say different things");
}

static void flow_phases(struct flow *f, const struct reading *r)
{
    char figure[32];

    if (r->phases.total_us <= 0)
        return;
    flow_heading(f, "Last exchange", quantity_format(r->phases.total_us / 1000.0, UNIT_MS, figure));
    if (flow_draws(f, 2))
        phases_draw(&r->phases, (struct rect){ f->r.x, f->y, f->r.w, 2 }, f->c);
    f->y += 2;
}

static void detail_component_cell(const void *arg, size_t row, size_t column, struct grid_cell *out)
{
    const struct component *p = &((const struct reading *)arg)->components[row];
    struct look look = look_state(p->state);

    out->style = look.style;
    if (column == 0) {
        list_name(&look, &p->name, out);
    } else if (column == 1) {
        out->text = &p->word;
    } else if (column == 2) {
        out->style = STYLE_PLAIN;
        if (!isnan(p->value))
            quantity_format(p->value, p->unit, out->words);
    } else {
        out->style = STYLE_DIM;
        out->text = &p->note;
    }
}

static void flow_components(struct flow *f, const struct reading *r, const char *title,
                            const char *figure)
{
    static const struct grid_column columns[] = { { .min = 10, .max = 30 },
                                                  { .min = 4, .max = 18 },
                                                  { .min = 5, .leave = 1, .right = true },
                                                  { .min = 8, .leave = 2, .grow = true } };

    if (r->n_components == 0)
        return;
    flow_heading(f, title, figure);
    if (flow_draws(f, (int)r->n_components))
        grid_draw(&(struct grid){ .columns = columns,
                                  .n_columns = 4,
                                  .n_rows = r->n_components,
                                  .cell = detail_component_cell,
                                  .arg = r,
                                  .selected = -1 },
                  (struct rect){ f->r.x, f->y, f->r.w, (int)r->n_components }, f->c);
    f->y += (int)r->n_components;
}

static void flow_signal(struct flow *f, struct pick p)
{
    const struct signal *s = pick_signal(f->view, p);
    char figure[64], note[96], span[16];
    int x = f->r.x, end = f->r.x + f->r.w;

    flow_gap(f);
    if (flow_draws(f, DETAIL_CHART_H)) {
        enum style style = signal_style(pick_reading(f->view, p), s);

        style = style == STYLE_PLAIN ? STYLE_STRONG : style;
        x += canvas_text(f->c, x, f->y, end - x, STYLE_TITLE, &s->name) + 2;
        x += canvas_put(f->c, x, f->y, end - x, style, signal_figure(s, figure)) + 2;
        x += canvas_put(f->c, x, f->y, end - x - 4, STYLE_DIM, signal_note(s, note)) + 2;
        canvas_put_right(f->c, x, f->y, end - x, STYLE_DIM,
                         age_format(plot_span_ms(f->view, s), span));
        plot_draw(f->view, p, (struct rect){ f->r.x, f->y + 1, f->r.w, DETAIL_CHART_H - 1 }, f->c);
    }
    f->y += DETAIL_CHART_H;
}

static void detail_table_cell(const void *arg, size_t row, size_t column, struct grid_cell *out)
{
    const struct table *t = arg;

    out->style = row == 0 ? STYLE_DIM : STYLE_PLAIN;
    out->text = &t->cells[row * t->cols + column];
}

/* `most`: columns that a cell takes at most. */
static void flow_table(struct flow *f, const struct table *t, const char *title, bool last,
                       int most)
{
    struct grid_column columns[GRID_COLS];
    int rows = (int)t->rows + 1;

    if (!t->cells || t->cols == 0)
        return;
    for (size_t i = 0; i < t->cols && i < GRID_COLS; i++)
        columns[i] = (struct grid_column){ .min = TABLE_CELL_MIN, .max = most, .leave = (int)i };
    if (last) /* the words at the end matter more than the figures before them */
        columns[t->cols - 1] = (struct grid_column){ .min = 16, .leave = 1, .grow = true };
    flow_heading(f, title, t->cut ? "there were more" : "");
    if (flow_draws(f, rows))
        grid_draw(&(struct grid){ .columns = columns,
                                  .n_columns = t->cols < GRID_COLS ? t->cols : GRID_COLS,
                                  .n_rows = (size_t)rows,
                                  .cell = detail_table_cell,
                                  .arg = t,
                                  .selected = -1 },
                  (struct rect){ f->r.x, f->y, f->r.w, rows }, f->c);
    f->y += rows;
}

/* What a group is called stands in all columns but the last, its count: none may crowd out another.
 */
static void flow_groups(struct flow *f, const struct table *t)
{
    int names = t->cols > 1 ? (int)t->cols - 1 : 1, room = (f->r.w - GROUP_COUNT_W) / names - 2;

    room = room > TABLE_CELL_MAX ? TABLE_CELL_MAX : room < TABLE_CELL_MIN ? TABLE_CELL_MIN : room;
    flow_table(f, t, "Groups", false, room);
}

static void flow_page(struct flow *f, int service)
{
    const struct service *s = &f->view->board->services[service];
    int index;
    const struct reading *r = detail_reading(f->view, s, &index);

    if (!r) {
        flow_words(f, STYLE_DIM, "nothing is asked of this service");
        return;
    }
    flow_evidence(f, r);
    flow_target(f, r);
    flow_phases(f, r);
    if (backups_is(r)) { /* what proves it before how it went */
        flow_components(f, r, "Findings", "");
        flow_table(f, &r->table, "Backups", true, TABLE_CELL_MAX);
    }
    if (text_is(&r->kind, "jsonlog")) /* which errors there are before how many there were */
        flow_groups(f, &r->table);
    for (size_t k = 0; k < r->n_signals; k++)
        flow_signal(f, (struct pick){ service, index, (int)k });
    if (backups_is(r))
        return;
    flow_components(f, r, "Components", "as the answer tells them");
    if (!text_is(&r->kind, "jsonlog"))
        flow_table(f, &r->table, "Rows", false, TABLE_CELL_MAX);
}

int detail_page_lines(const struct view *v, int service, int w)
{
    struct flow f = { .view = v, .r = { 0, 0, w, 1 } };

    flow_page(&f, service);
    return f.y < DETAIL_PAGE_MAX ? f.y : DETAIL_PAGE_MAX;
}

void detail_page(const struct view *v, int service, int top, struct rect r, struct canvas *c)
{
    struct canvas page;
    struct flow f = { .view = v, .c = &page, .r = { 0, 0, r.w, r.h }, .y = -top };

    if (r.w < 1 || r.h < 1)
        return;
    canvas_init(&page, r.w, r.h);
    page.ascii = c->ascii;
    flow_page(&f, service);
    canvas_copy(c, r, &page, 0);
    canvas_fini(&page);
}

/* -- the screen -- */

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
    in = d.page;
    reading = detail_reading(v, &v->board->services[service], &index);
    if (d.head.h > 1 && reading) {
        struct look look = look_state(reading->state);

        snprintf(figure, sizeof figure, "%s %.40s", look.glyph, look.word);
        in = frame_draw(&(struct frame){ .title = "Probe",
                                         .subject = &reading->name,
                                         .figure = figure,
                                         .figure_style = look.style,
                                         .foot = list_foot(v->detail_top, (size_t)v->detail_lines,
                                                           frame_inside(d.page).h, foot) },
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
    in = d.head.h > 1 ? frame_inside(d.page) : d.page;
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
        v->detail_top = DETAIL_PAGE_MAX;
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

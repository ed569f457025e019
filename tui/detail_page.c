/* tui/detail_page.c: all that a reading last told. One flow of blocks, measured and drawn by the
 * same code, so that scrolling cannot drift from what is there. */
#include "tui/detail_page.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "tui/backups.h"
#include "tui/lists.h"
#include "tui/plot.h"
#include "tui/words.h"
#include "widgets/bars.h"
#include "widgets/frame.h"
#include "widgets/grid.h"
#include "widgets/textflow.h"

enum { PAGE_CHART_H = 8, PAGE_LINES_MAX = 600 };
enum { FINDING_NAME_MAX = 18, FINDING_WORD_MAX = 20, FINDING_NOTE_MIN = 30, FINDING_LINES = 5 };
enum { TABLE_CELL_MIN = 6, TABLE_CELL_MAX = 60, GROUP_COUNT_W = 10, BACKUP_NAME_W = 32 };

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
    if (r->state != STATE_UP && r->good_ms > 0 && r->good_ms < r->evidence_ms &&
        !backups_is(r)) /* there the backup is what is good */
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

static void page_component_cell(const void *arg, size_t row, size_t column, struct grid_cell *out)
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

static void flow_components(struct flow *f, const struct reading *r)
{
    static const struct grid_column columns[] = { { .min = 10, .max = 30 },
                                                  { .min = 4, .max = 18 },
                                                  { .min = 5, .leave = 1, .right = true },
                                                  { .min = 8, .leave = 2, .grow = true } };

    if (r->n_components == 0)
        return;
    flow_heading(f, "Components", "as the answer tells them");
    if (flow_draws(f, (int)r->n_components))
        grid_draw(&(struct grid){ .columns = columns,
                                  .n_columns = 4,
                                  .n_rows = r->n_components,
                                  .cell = page_component_cell,
                                  .arg = r,
                                  .selected = -1 },
                  (struct rect){ f->r.x, f->y, f->r.w, (int)r->n_components }, f->c);
    f->y += (int)r->n_components;
}

/* A sentence that proves or accuses is read whole: it goes on below rather than being cut. */
static void flow_finding(struct flow *f, const struct component *p, int name_w, int word_w)
{
    struct look look = look_state(p->state);
    int x = f->r.x, note_x = x + name_w + 2 + word_w + 2, rest = f->r.w - (note_x - x), lines = 1;
    bool beside = rest >= FINDING_NOTE_MIN || p->note.cols <= rest;
    char value[32];

    if (beside)
        lines = textflow_lines(&p->note, rest);
    else
        lines += textflow_lines(&p->note, f->r.w - 2);
    lines = lines < 1 ? 1 : lines > FINDING_LINES ? FINDING_LINES : lines;
    if (flow_draws(f, lines)) {
        int n = canvas_put(f->c, x, f->y, 1, look.style, look.glyph) + 1;

        canvas_text(f->c, x + n, f->y, name_w - n, look.style, &p->name);
        n = canvas_text(f->c, x + name_w + 2, f->y, word_w, look.style, &p->word) + 1;
        if (!isnan(p->value))
            canvas_put(f->c, x + name_w + 2 + n, f->y, word_w - n, STYLE_PLAIN,
                       quantity_format(p->value, p->unit, value));
        textflow_draw(&p->note,
                      beside ? (struct rect){ note_x, f->y, rest, lines }
                             : (struct rect){ x + 2, f->y + 1, f->r.w - 2, lines - 1 },
                      STYLE_DIM, f->c);
    }
    f->y += lines;
}

static void flow_findings(struct flow *f, const struct reading *r)
{
    int name_w = 0, word_w = 0;
    char value[32];

    if (r->n_components == 0)
        return;
    flow_heading(f, "Findings", "");
    for (size_t i = 0; i < r->n_components; i++) {
        const struct component *p = &r->components[i];
        int word =
            p->word.cols +
            (isnan(p->value) ? 0 : 1 + canvas_cols(quantity_format(p->value, p->unit, value)));

        name_w = p->name.cols + 2 > name_w ? p->name.cols + 2 : name_w;
        word_w = word > word_w ? word : word_w;
    }
    name_w = name_w < FINDING_NAME_MAX ? name_w : FINDING_NAME_MAX;
    word_w = word_w < FINDING_WORD_MAX ? word_w : FINDING_WORD_MAX;
    for (size_t i = 0; i < r->n_components; i++)
        flow_finding(f, &r->components[i], name_w, word_w);
}

static void flow_signal(struct flow *f, struct pick p)
{
    const struct signal *s = pick_signal(f->view, p);
    char figure[64], note[96], span[16];
    int x = f->r.x, end = f->r.x + f->r.w;

    flow_gap(f);
    if (flow_draws(f, PAGE_CHART_H)) {
        enum style style = signal_style(pick_reading(f->view, p), s);

        style = style == STYLE_PLAIN ? STYLE_STRONG : style;
        x += canvas_text(f->c, x, f->y, end - x, STYLE_TITLE, &s->name) + 2;
        x += canvas_put(f->c, x, f->y, end - x, style, signal_figure(s, figure)) + 2;
        x += canvas_put(f->c, x, f->y, end - x - 4, STYLE_DIM, signal_note(s, note)) + 2;
        canvas_put_right(f->c, x, f->y, end - x, STYLE_DIM,
                         age_format(plot_span_ms(f->view, s), span));
        plot_draw(f->view, p, (struct rect){ f->r.x, f->y + 1, f->r.w, PAGE_CHART_H - 1 }, f->c);
    }
    f->y += PAGE_CHART_H;
}

struct page_table { /* what a grid asks with */
    const struct table *t;
    size_t columns[GRID_COLS]; /* of the table, those that are shown */
};

static void page_table_cell(const void *arg, size_t row, size_t column, struct grid_cell *out)
{
    const struct page_table *shown = arg;
    const struct table *t = shown->t;

    out->style = row == 0 ? STYLE_DIM : STYLE_PLAIN;
    out->text = &t->cells[row * t->cols + shown->columns[column]];
}

static void flow_rows(struct flow *f, const struct page_table *shown, const char *title,
                      const struct grid_column *columns, size_t n)
{
    const struct table *t = shown->t;
    int rows = (int)t->rows + 1;

    flow_heading(f, title, t->cut ? "there were more" : "");
    if (flow_draws(f, rows))
        grid_draw(&(struct grid){ .columns = columns,
                                  .n_columns = n,
                                  .n_rows = (size_t)rows,
                                  .cell = page_table_cell,
                                  .arg = shown,
                                  .selected = -1 },
                  (struct rect){ f->r.x, f->y, f->r.w, rows }, f->c);
    f->y += rows;
}

/* `most`: columns that a cell takes at most. */
static void flow_table(struct flow *f, const struct table *t, const char *title, int most)
{
    struct page_table shown = { .t = t };
    struct grid_column columns[GRID_COLS];
    size_t n = t->cols < GRID_COLS ? t->cols : GRID_COLS;

    if (!t->cells || t->cols == 0)
        return;
    for (size_t i = 0; i < n; i++) {
        columns[i] = (struct grid_column){ .min = TABLE_CELL_MIN, .max = most, .leave = (int)i };
        shown.columns[i] = i;
    }
    flow_rows(f, &shown, title, columns, n);
}

static bool page_column_told(const struct table *t, size_t column)
{
    for (size_t row = 1; row <= t->rows; row++)
        if (t->cells[row * t->cols + column].len)
            return true;
    return false;
}

/* By the columns of probes/backup_say.c: which one it is and what is said of it stay longest, and a
 * name is not cut where its date stands. */
static void flow_backups(struct flow *f, const struct table *t)
{
    static const struct grid_column all[] = {
        { .min = BACKUP_NAME_W, .max = TABLE_CELL_MAX },
        { .min = 4, .leave = 5 },
        { .min = TABLE_CELL_MIN, .leave = 1 },
        { .min = TABLE_CELL_MIN, .leave = 4 },
        { .min = 7, .leave = 2 },
        { .min = 16, .leave = 3, .grow = true },
    };
    struct page_table shown = { .t = t };
    struct grid_column columns[GRID_COLS];
    size_t n = 0;

    if (!t->cells || t->cols > sizeof all / sizeof *all)
        return;
    for (size_t i = 0; i < t->cols; i++)
        if (page_column_told(t, i)) {
            columns[n] = all[i];
            shown.columns[n++] = i;
        }
    if (!n)
        return;
    columns[0].min = 0;
    for (size_t row = 1; row <= t->rows; row++) {
        int cols = t->cells[row * t->cols].cols;

        cols = cols < BACKUP_NAME_W ? cols : BACKUP_NAME_W;
        columns[0].min = cols > columns[0].min ? cols : columns[0].min;
    }
    flow_rows(f, &shown, "Backups", columns, n);
}

/* What a group is called stands in all columns but the last, its count: none may crowd out another.
 */
static void flow_groups(struct flow *f, const struct table *t)
{
    int names = t->cols > 1 ? (int)t->cols - 1 : 1, room = (f->r.w - GROUP_COUNT_W) / names - 2;

    room = room > TABLE_CELL_MAX ? TABLE_CELL_MAX : room < TABLE_CELL_MIN ? TABLE_CELL_MIN : room;
    flow_table(f, t, "Groups", room);
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
        flow_findings(f, r);
        flow_backups(f, &r->table);
    }
    if (text_is(&r->kind, "jsonlog")) /* which errors there are before how many there were */
        flow_groups(f, &r->table);
    for (size_t k = 0; k < r->n_signals; k++)
        flow_signal(f, (struct pick){ service, index, (int)k });
    if (backups_is(r))
        return;
    flow_components(f, r);
    if (!text_is(&r->kind, "jsonlog"))
        flow_table(f, &r->table, "Rows", TABLE_CELL_MAX);
}

int detail_page_lines(const struct view *v, int service, int w)
{
    struct flow f = { .view = v, .r = { 0, 0, w, 1 } };

    flow_page(&f, service);
    return f.y < PAGE_LINES_MAX ? f.y : PAGE_LINES_MAX;
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
    frame_more(r, top > 0, f.y > r.h, c);
}

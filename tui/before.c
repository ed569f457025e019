/* tui/before.c: what changed before it: the question after "what is wrong". */
#include "tui/before.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tui/event_words.h"
#include "tui/lists.h"
#include "widgets/frame.h"
#include "widgets/grid.h"

enum {
    BEFORE_MS = 30 * 60000,
    BEFORE_AFTER_MS = 60000, /* what a fault drags along comes a little later */
    BEFORE_START_MS = 60000, /* what was well when the watch began is no change */
    BEFORE_W_AGE = 56
};

enum before_column { COLUMN_TIME, COLUMN_AGE, COLUMN_WHAT, COLUMN_OF, COLUMN_WORDS, COLUMNS };

void before_look(struct view *v, int64_t at_ms, const struct text *title)
{
    struct before *l = &v->before;

    text_copy(&l->title, title);
    l->at_ms = at_ms;
    l->row = l->top = 0;
}

/* ---- which ---- */

static bool before_within(const struct view *v, int64_t at_ms)
{
    return at_ms >= v->before.at_ms - BEFORE_MS && at_ms <= v->before.at_ms + BEFORE_AFTER_MS;
}

static void before_add(struct view *v, int64_t at_ms, enum before_kind kind, size_t index)
{
    struct before *l = &v->before;

    if (l->n < BEFORE_ROWS && before_within(v, at_ms))
        l->rows[l->n++] = (struct before_row){ at_ms, kind, (int)index };
}

/* The newest first; of one moment what people did before what it did. */
static int before_compare(const void *a, const void *b)
{
    const struct before_row *x = a, *y = b;

    if (x->at_ms != y->at_ms)
        return x->at_ms < y->at_ms ? 1 : -1;
    return x->kind != y->kind ? (int)x->kind - (int)y->kind : x->index - y->index;
}

static void before_gather(struct view *v)
{
    const struct board *b = v->board;

    v->before.n = 0;
    for (size_t i = b->n_events; i-- > 0;)
        before_add(v, b->events[i].at_ms, BEFORE_EVENT, i);
    for (size_t i = b->n_marks; i-- > 0;)
        if (b->marks[i].kind != MARK_NOTE) /* it is a record, too */
            before_add(v, b->marks[i].at_ms, BEFORE_MARK, i);
    for (size_t i = 0; i < b->n_services; i++)
        if (b->services[i].state != STATE_UP ||
            b->services[i].since_ms - b->started_ms > BEFORE_START_MS)
            before_add(v, b->services[i].since_ms, BEFORE_STATE, i);
    qsort(v->before.rows, v->before.n, sizeof *v->before.rows, before_compare);
}

int64_t before_selected(const struct view *v)
{
    const struct before *l = &v->before;

    return l->row >= 0 && (size_t)l->row < l->n ? l->rows[l->row].at_ms : 0;
}

/* ---- a row ---- */

static void before_cell_what(const struct view *v, const struct before_row *row,
                             struct grid_cell *out)
{
    const struct board *b = v->board;
    struct look look;

    if (row->kind == BEFORE_MARK) {
        out->glyph = "▴";
        out->glyph_style = out->style = STYLE_MARK;
        snprintf(out->words, sizeof out->words, "%s", mark_word(b->marks[row->index].kind));
        return;
    }
    look = row->kind == BEFORE_EVENT ? look_event(&b->events[row->index])
                                     : look_service(b, &b->services[row->index]);
    out->glyph = look.glyph;
    out->glyph_style = out->style = look.style;
    snprintf(out->words, sizeof out->words, "%.60s%s", look.word,
             row->kind == BEFORE_STATE ? " since" : "");
}

static const struct text *before_of(const struct board *b, const struct before_row *row)
{
    static const struct text nothing;
    int service = row->index;

    if (row->kind == BEFORE_EVENT)
        return event_title(b, &b->events[row->index]);
    if (row->kind == BEFORE_MARK)
        service = b->marks[row->index].service;
    if (service < 0 || (size_t)service >= b->n_services)
        return &nothing;
    return service_title(&b->services[service]);
}

static const struct text *before_words(const struct board *b, const struct before_row *row)
{
    if (row->kind == BEFORE_EVENT)
        return &b->events[row->index].words;
    return row->kind == BEFORE_MARK ? &b->marks[row->index].label : &b->services[row->index].reason;
}

static void before_cell_age(const struct view *v, const struct before_row *row,
                            struct grid_cell *out)
{
    int64_t ms = v->before.at_ms - row->at_ms;
    char age[16];

    age_format(ms < 0 ? -ms : ms, age);
    snprintf(out->words, sizeof out->words, "%s %s", age, ms < 0 ? "after" : "before");
    out->style = STYLE_DIM;
}

/* A narrow table lacks the columns that are told by the others. */
static enum before_column before_column(int w, size_t column)
{
    return (enum before_column)(column + (w < BEFORE_W_AGE && column >= COLUMN_AGE));
}

struct before_table {
    const struct view *v;
    int w;
};

static void before_cell(const void *arg, size_t at, size_t column, struct grid_cell *out)
{
    const struct before_table *t = arg;
    const struct before_row *row = &t->v->before.rows[at];
    char clock[32];

    switch (before_column(t->w, column)) {
    case COLUMN_TIME:
        clock_format_utc(row->at_ms, clock);
        snprintf(out->words, sizeof out->words, "%s", clock);
        break;
    case COLUMN_AGE:
        before_cell_age(t->v, row, out);
        break;
    case COLUMN_WHAT:
        before_cell_what(t->v, row, out);
        break;
    case COLUMN_OF:
        out->text = before_of(t->v->board, row);
        break;
    case COLUMN_WORDS:
    case COLUMNS:
        out->text = before_words(t->v->board, row);
        break;
    }
}

/* ---- the screen ---- */

static struct rect before_inside(struct rect r)
{
    return r.w >= 60 && r.h >= 8 ? frame_inside(r) : r;
}

static void before_draw(const struct view *v, struct rect r, struct canvas *c)
{
    static const struct grid_column all[COLUMNS] = {
        [COLUMN_TIME] = { .head = "time", .min = 9 },
        [COLUMN_AGE] = { .head = "", .min = 13, .right = true },
        [COLUMN_WHAT] = { .head = "what", .min = 14, .max = 18 },
        [COLUMN_OF] = { .head = "of", .min = 10, .max = 24 },
        [COLUMN_WORDS] = { .head = "words", .min = 10, .grow = true },
    };
    const struct before *l = &v->before;
    struct rect in = before_inside(r);
    const struct before_table arg = { v, in.w };
    struct grid_column columns[COLUMNS];
    struct grid grid = { .columns = columns,
                         .n_columns = in.w < BEFORE_W_AGE ? COLUMNS - 1 : COLUMNS,
                         .n_rows = l->n,
                         .cell = before_cell,
                         .arg = &arg,
                         .head = true,
                         .selected = l->row,
                         .top = l->top,
                         .gap = in.w < BEFORE_W_AGE ? 1 : 2 };
    char figure[64], foot[48], clock[32];

    for (size_t i = 0; i < grid.n_columns; i++)
        columns[i] = all[before_column(in.w, i)];
    snprintf(figure, sizeof figure, "30m before %s", clock_format_utc(l->at_ms, clock));
    list_foot(l->top, l->n, in.h - 1, foot);
    if (in.h != r.h)
        frame_draw(&(struct frame){ .title = "What changed before",
                                    .subject = &l->title,
                                    .figure = figure,
                                    .figure_style = STYLE_DIM,
                                    .foot = *foot ? foot : NULL,
                                    .focused = true },
                   r, c);
    if (l->n == 0)
        canvas_put(c, in.x, in.y, in.w, STYLE_DIM,
                   "nothing that is known: no mark, no record, no other state");
    else
        grid_draw(&grid, in, c);
}

static void before_settle(struct view *v, struct rect r)
{
    struct before *l = &v->before;
    int room = before_inside(r).h - 1;

    before_gather(v);
    l->row = l->n == 0 ? 0 : l->row >= (int)l->n ? (int)l->n - 1 : l->row < 0 ? 0 : l->row;
    if (l->row < l->top)
        l->top = l->row;
    if (room > 0 && l->row >= l->top + room)
        l->top = l->row - room + 1;
}

static bool before_move(struct view *v, int by)
{
    int64_t to = (int64_t)v->before.row + by, last = (int64_t)v->before.n - 1;

    v->before.row = (int)(to > last ? last : to < 0 ? 0 : to);
    return true;
}

static bool before_command(struct view *v, enum command cmd)
{
    switch (cmd) {
    case CMD_NEXT:
        return before_move(v, 1);
    case CMD_PREV:
        return before_move(v, -1);
    case CMD_PAGE_DOWN:
        return before_move(v, 10);
    case CMD_PAGE_UP:
        return before_move(v, -10);
    case CMD_FIRST:
        return before_move(v, -BEFORE_ROWS);
    case CMD_LAST:
        return before_move(v, BEFORE_ROWS);
    default:
        return false;
    }
}

static const struct key before_keys[] = {
    { "j", CMD_NEXT, "next change: an older one", "move" },
    { "k", CMD_PREV, "previous change: a newer one", "move" },
    { "Enter", CMD_OPEN, "the whole board as it was then", "go there" },
    { "Esc", CMD_BACK, "back to the screen below", "close" },
    { "Down", CMD_NEXT, "next change", NULL },
    { "Up", CMD_PREV, "previous change", NULL },
    { "g", CMD_FIRST, "newest change", NULL },
    { "G", CMD_LAST, "oldest change", NULL },
    { "Home", CMD_FIRST, "newest change", NULL },
    { "PgDn", CMD_PAGE_DOWN, "ten changes on", NULL },
    { "PgUp", CMD_PAGE_UP, "ten changes back", NULL },
    { "Left", CMD_BACK, "back", NULL },
    { "h", CMD_BACK, "back", NULL },
    { 0 },
};

const struct screen_ops screen_before = {
    .name = "Changes",
    .keys = before_keys,
    .draw = before_draw,
    .command = before_command,
    .settle = before_settle,
};

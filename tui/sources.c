/* tui/sources.c: a list of readings above, the page of the selected one below. */
#include "tui/sources.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "tui/detail_page.h"
#include "tui/lists.h"
#include "tui/pick.h"
#include "tui/words.h"
#include "widgets/frame.h"

enum { SOURCES_PAGE_MIN = 7 };

struct layout {
    struct rect list, page; /* page.h == 0: no room */
    bool boxes;
};

static struct layout sources_layout(const struct view *v, const struct sources *s, struct rect r)
{
    const struct listing *l = &v->listings[s->list];
    struct layout at = { .boxes = r.w >= 60 && r.h >= 14, .list = r };
    int want = (int)l->n + 3;

    if (at.boxes && l->n && r.h - want >= SOURCES_PAGE_MIN) {
        at.list.h = want;
        at.page = (struct rect){ r.x, r.y + want, r.w, r.h - want };
    }
    return at;
}

struct pick sources_selected(const struct view *v, enum listing_id list)
{
    const struct listing *l = &v->listings[list];

    return l->n ? l->rows[l->at] : PICK_NONE;
}

/* ---- one line ---- */

const struct signal *sources_signal(const struct reading *r, const char *name)
{
    for (size_t i = 0; i < r->n_signals; i++)
        if (text_is(&r->signals[i].name, name))
            return &r->signals[i];
    return NULL;
}

void sources_name(const struct service *s, const struct reading *r, struct grid_cell *out)
{
    struct look look = look_state(r->state);
    struct text name = { 0 };

    signal_label(s, r, NULL, &name);
    snprintf(out->words, sizeof out->words, "%.90s", text_str(&name));
    out->glyph = look.glyph;
    out->glyph_style = look.style;
    out->style = r->state == STATE_UP ? STYLE_PLAIN : look.style;
    text_fini(&name);
}

void sources_state(const struct reading *r, struct grid_cell *out)
{
    struct look look = look_state(r->state);

    out->style = look.style;
    snprintf(out->words, sizeof out->words, "%.40s", look.word);
}

void sources_reason(const struct reading *r, struct grid_cell *out)
{
    out->style = r->state == STATE_UP ? STYLE_DIM : STYLE_PLAIN;
    out->text = &r->reason;
}

struct sources_table { /* what a grid asks with */
    const struct view *v;
    const struct sources *s;
};

static void sources_cell(const void *arg, size_t row, size_t column, struct grid_cell *out)
{
    const struct sources_table *t = arg;
    const struct pick p = t->v->listings[t->s->list].rows[row];
    const struct service *s = &t->v->board->services[p.service];

    t->s->cell(s, &s->readings[p.reading], column, out);
}

static void sources_grid(const struct view *v, const struct sources *s, struct rect r, bool panel,
                         struct canvas *c)
{
    const struct listing *l = &v->listings[s->list];
    const struct sources_table arg = { v, s };
    struct grid grid = { .columns = s->columns,
                         .n_columns = s->n_columns,
                         .n_rows = l->n,
                         .cell = sources_cell,
                         .arg = &arg,
                         .head = true,
                         .selected = panel ? -1 : l->at,
                         .top = panel ? 0 : l->top,
                         .gap = r.w < 50 ? 1 : 2 };

    grid_draw(&grid, r, c);
}

/* ---- the screen ---- */

static void sources_page(const struct view *v, const struct sources *s, struct rect r,
                         struct canvas *c)
{
    struct pick p = sources_selected(v, s->list);
    const struct reading *reading = &v->board->services[p.service].readings[p.reading];
    struct look look = look_state(reading->state);
    struct view of_one = *v; /* the same board, looked at from this reading */
    char figure[64];

    of_one.reading = p.reading;
    snprintf(figure, sizeof figure, "%s %.40s", look.glyph, look.word);
    detail_page(&of_one, p.service, 0,
                frame_draw(&(struct frame){ .title = s->one,
                                            .subject = &reading->target,
                                            .figure = figure,
                                            .figure_style = look.style },
                           r, c),
                c);
}

void sources_draw(const struct view *v, const struct sources *s, struct rect r, struct canvas *c)
{
    const struct listing *l = &v->listings[s->list];
    struct layout at = sources_layout(v, s, r);
    struct rect in = at.boxes ? frame_inside(at.list) : at.list;
    char foot[48];

    if (at.boxes)
        frame_draw(&(struct frame){ .title = s->title,
                                    .foot = list_foot(l->top, l->n, in.h - 1, foot),
                                    .focused = true },
                   at.list, c);
    if (l->n == 0) {
        canvas_put(c, in.x, in.y, in.w, STYLE_DIM, list_empty(v, s->none));
        return;
    }
    sources_grid(v, s, in, false, c);
    if (at.page.h)
        sources_page(v, s, at.page, c);
}

void sources_panel(const struct view *v, const struct sources *s, struct rect r, struct canvas *c)
{
    const struct listing *l = &v->listings[s->list];
    struct rect in = frame_inside(r);
    char foot[48];

    frame_draw(&(struct frame){ .title = s->title, .foot = list_foot(0, l->n, in.h - 1, foot) }, r,
               c);
    sources_grid(v, s, in, true, c);
}

/* The worse one first; those alike as they are configured. */
static void sources_insert(const struct service *of, struct pick *rows, size_t n, struct pick p)
{
    int rank = state_rank(of->readings[p.reading].state);

    for (; n > 0 && state_rank(of->readings[rows[n - 1].reading].state) < rank; n--)
        rows[n] = rows[n - 1];
    rows[n] = p;
}

/* In the order of the overview, those of one service together. */
void sources_rows(struct view *v, const struct sources *s)
{
    struct listing *l = &v->listings[s->list];
    struct pick was = sources_selected(v, s->list);

    l->n = 0;
    for (size_t i = 0; i < v->n_overview; i++) {
        int service = v->overview[i].service;
        const struct service *of = &v->board->services[service];
        size_t from = l->n;

        for (size_t k = 0; k < of->n_readings && l->n < VIEW_LISTED; k++)
            if (s->is(&of->readings[k])) {
                sources_insert(of, l->rows + from, l->n - from,
                               (struct pick){ service, (int)k, -1 });
                l->n++;
            }
    }
    l->at = pick_place(l->rows, l->n, was, l->at);
}

void sources_settle(struct view *v, const struct sources *s, struct rect r)
{
    struct listing *l = &v->listings[s->list];
    struct layout at;
    struct rect in;

    sources_rows(v, s);
    at = sources_layout(v, s, r);
    in = at.boxes ? frame_inside(at.list) : at.list;
    l->top = grid_settle(l->top, l->at, (int)l->n, in.h > 1 ? in.h - 1 : 1);
}

static bool sources_move(struct listing *l, int by)
{
    long to = (long)l->at + by, last = (long)l->n - 1;

    l->at = (int)(to > last ? last : to);
    if (l->at < 0)
        l->at = 0;
    return true;
}

bool sources_command(struct view *v, const struct sources *s, enum command cmd)
{
    struct listing *l = &v->listings[s->list];

    switch (cmd) {
    case CMD_NEXT:
        return sources_move(l, 1);
    case CMD_PREV:
        return sources_move(l, -1);
    case CMD_PAGE_DOWN:
        return sources_move(l, 10);
    case CMD_PAGE_UP:
        return sources_move(l, -10);
    case CMD_FIRST:
        return sources_move(l, INT_MIN / 2);
    case CMD_LAST:
        return sources_move(l, INT_MAX / 2);
    default:
        return false;
    }
}

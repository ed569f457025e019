/* tui/pen.c: cells into the bytes that bring a terminal from one frame to the next. */
#include "tui/pen.h"

#include <string.h>

enum { PEN_GAP = 6 }; /* cells rather written again than jumped over */

void pen_fini(struct pen *p)
{
    canvas_fini(&p->shown);
}

static bool pen_is_default(const struct pen_ink *ink)
{
    return ink->fg < 0 && ink->bg < 0 && !ink->attrs;
}

void pen_begin(struct pen *p, int w, int h, struct buf *out)
{
    buf_adds(out, p->off);
    buf_adds(out, p->clear);
    canvas_resize(&p->shown, w, h);
    if (!pen_is_default(&p->inks[STYLE_PLAIN][0])) /* then a blank is no cleared cell */
        memset(p->shown.cells, 0, (size_t)(w * h) * sizeof *p->shown.cells);
}

static bool pen_looks_the_same(const struct pen_ink *a, const struct pen_ink *b)
{
    return a == b || (a->fg == b->fg && a->bg == b->bg && a->attrs == b->attrs);
}

static void pen_use(struct pen *p, const struct pen_ink *ink, struct buf *out)
{
    const struct pen_ink *now = p->now;
    bool adds;

    p->now = ink;
    if (now && pen_looks_the_same(now, ink))
        return;
    adds = now && !(now->attrs & ~ink->attrs) && (now->fg == ink->fg || ink->fg >= 0) &&
           (now->bg == ink->bg || ink->bg >= 0);
    if (!adds)
        buf_adds(out, p->off);
    buf_adds(out, ink->on);
}

static const struct pen_ink *pen_ink(const struct pen *p, const struct cell *cell)
{
    return &p->inks[cell->style][cell->selected];
}

static void pen_number(struct buf *out, int n)
{
    char digits[12];
    size_t at = sizeof digits;

    do
        digits[--at] = (char)('0' + n % 10);
    while (n /= 10);
    buf_add(out, digits + at, sizeof digits - at);
}

/* Are the cells from the cursor to `x` one byte each, in the ink at hand? */
static bool pen_may_fill(const struct pen *p, const struct cell *row, int x)
{
    if (x < p->x || x - p->x > PEN_GAP || !p->now)
        return false;
    for (int i = p->x; i < x; i++)
        if (!row[i].utf8[0] || row[i].utf8[1] || !pen_looks_the_same(p->now, pen_ink(p, &row[i])))
            return false;
    return true;
}

static void pen_go(struct pen *p, const struct cell *row, int x, int y, struct buf *out)
{
    if (p->y == y && pen_may_fill(p, row, x)) {
        for (; p->x < x; p->x++)
            buf_addc(out, row[p->x].utf8[0]);
        return;
    }
    buf_adds(out, "\033[");
    pen_number(out, y + 1);
    buf_addc(out, ';');
    pen_number(out, x + 1);
    buf_addc(out, 'H');
    p->x = x;
    p->y = y;
}

/* The cells [from, to) of a row, whole characters only. */
static void pen_put_run(struct pen *p, const struct canvas *c, int y, int from, int to,
                        struct buf *out)
{
    const struct cell *row = &c->cells[y * c->w];

    while (from > 0 && !row[from].utf8[0])
        from--;
    while (to < c->w && !row[to].utf8[0])
        to++;
    if (to > p->shown.w)
        to = p->shown.w;
    if (p->scrolls && y == p->shown.h - 1 && to == p->shown.w)
        to--;
    if (from >= to)
        return;
    pen_go(p, row, from, y, out);
    for (int x = from; x < to; x++) {
        bool wide = x + 1 < c->w && !row[x + 1].utf8[0];

        if (!row[x].utf8[0] || (wide && x + 1 >= to)) /* half of it would not fit */
            continue;
        pen_use(p, pen_ink(p, &row[x]), out);
        buf_adds(out, row[x].utf8);
    }
    p->x = to;
    if (to >= p->shown.w) /* where the cursor stands there differs from terminal to terminal */
        p->y = -1;
}

static bool pen_is_same(const struct cell *a, const struct cell *b)
{
    return memcmp(a, b, sizeof *a) == 0;
}

static void pen_put_row(struct pen *p, const struct canvas *c, int y, int w, struct buf *out)
{
    struct cell *old = &p->shown.cells[y * p->shown.w];
    const struct cell *new = &c->cells[y * c->w];

    if (!memcmp(old, new, (size_t)w * sizeof *new))
        return;
    for (int x = 0; x < w; x++) {
        int from = x;

        while (x < w && !pen_is_same(&old[x], &new[x]))
            x++;
        if (x > from)
            pen_put_run(p, c, y, from, x, out);
    }
    memcpy(old, new, (size_t)w * sizeof *new);
}

void pen_draw(struct pen *p, const struct canvas *c, struct buf *out)
{
    int w = c->w < p->shown.w ? c->w : p->shown.w, h = c->h < p->shown.h ? c->h : p->shown.h;

    p->y = -1;
    p->now = NULL; /* somebody else may have written since */
    for (int y = 0; y < h; y++)
        pen_put_row(p, c, y, w, out);
}

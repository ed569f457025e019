/* probes/parts.c: the components and the table that a kind fills with each answer. */
#include "probes/parts.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"

enum { PARTS_FIRST = 8 };

void parts_clear(struct parts *p)
{
    p->n = 0;
}

struct component *parts_add(struct parts *p)
{
    struct component *c;

    if (p->n == READING_COMPONENTS)
        return NULL;
    if (p->n == p->cap) {
        size_t cap = p->cap ? p->cap * 2 : PARTS_FIRST;

        p->items = xreallocarray(p->items, cap, sizeof *p->items);
        memset(p->items + p->cap, 0, (cap - p->cap) * sizeof *p->items);
        p->cap = cap;
    }
    c = &p->items[p->n++];
    text_sets(&c->name, "");
    text_sets(&c->word, "");
    text_sets(&c->note, "");
    c->state = STATE_UNKNOWN;
    c->value = NAN;
    c->unit = UNIT_NONE;
    return c;
}

void parts_fini(struct parts *p)
{
    for (size_t i = 0; i < p->cap; i++) {
        text_fini(&p->items[i].name);
        text_fini(&p->items[i].word);
        text_fini(&p->items[i].note);
    }
    free(p->items);
    *p = (struct parts){ 0 };
}

static struct text *rows_at(struct rows *r, size_t row)
{
    size_t need = (row + 1) * r->table.cols;

    if (need > r->cap) {
        r->table.cells = xreallocarray(r->table.cells, need, sizeof *r->table.cells);
        memset(r->table.cells + r->cap, 0, (need - r->cap) * sizeof *r->table.cells);
        r->cap = need;
    }
    return &r->table.cells[row * r->table.cols];
}

void rows_begin(struct rows *r, const char *const *heads, size_t cols)
{
    struct text *cells;

    assert(cols <= TABLE_COLS);
    r->table.rows = 0;
    r->table.cols = cols;
    r->table.cut = false;
    cells = rows_at(r, 0);
    for (size_t i = 0; i < cols; i++)
        text_sets(&cells[i], heads[i]);
}

struct text *rows_add(struct rows *r)
{
    if (r->table.rows == TABLE_ROWS) {
        r->table.cut = true;
        return NULL;
    }
    return rows_at(r, ++r->table.rows);
}

void rows_fini(struct rows *r)
{
    for (size_t i = 0; i < r->cap; i++)
        text_fini(&r->table.cells[i]);
    free(r->table.cells);
    *r = (struct rows){ 0 };
}

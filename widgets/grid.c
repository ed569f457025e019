/* widgets/grid.c: widths are settled over all rows, so that scrolling moves no column. */
#include "widgets/grid.h"

#include "widgets/frame.h"

#include <assert.h>
#include <string.h>

enum { GRID_MEASURE_ROWS = 512 };

static int grid_gap(const struct grid *g)
{
    return g->gap > 0 ? g->gap : 2;
}

static int grid_cell_cols(const struct grid_cell *cell)
{
    int before = cell->indent + (cell->glyph ? 2 : 0);

    if (cell->suffix)
        before += 1 + (int)strlen(cell->suffix);
    return before + (cell->text ? cell->text->cols : canvas_cols(cell->words));
}

/* What a column would like: its widest cell, within its own limits. */
static int grid_natural(const struct grid *g, size_t column)
{
    const struct grid_column *col = &g->columns[column];
    int widest = g->head && col->head ? (int)strlen(col->head) : 0;

    for (size_t row = 0; row < g->n_rows && row < GRID_MEASURE_ROWS; row++) {
        struct grid_cell cell = { 0 };
        int cols;

        g->cell(g->arg, row, column, &cell);
        cols = grid_cell_cols(&cell);
        widest = cols > widest ? cols : widest;
    }
    if (col->max && widest > col->max)
        widest = col->max;
    return widest < col->min ? col->min : widest;
}

static int grid_sum(const int *widths, size_t n, int gap)
{
    int sum = 0;

    for (size_t i = 0; i < n; i++)
        if (widths[i] > 0)
            sum += widths[i] + (sum ? gap : 0);
    return sum;
}

void grid_widths(const struct grid *g, int w, int out[GRID_COLS])
{
    int natural[GRID_COLS], gap = grid_gap(g), left;

    assert(g->n_columns <= GRID_COLS);
    for (size_t i = 0; i < g->n_columns; i++) {
        natural[i] = grid_natural(g, i);
        out[i] = g->columns[i].min > 0 ? g->columns[i].min : 1;
        if (natural[i] < out[i] || g->columns[i].right)
            out[i] = natural[i];
    }
    while (grid_sum(out, g->n_columns, gap) > w) { /* even the smallest widths do not fit */
        size_t worst = 0;

        for (size_t i = 1; i < g->n_columns; i++)
            if (out[i] > 0 && (out[worst] == 0 || g->columns[i].leave > g->columns[worst].leave))
                worst = i;
        if (out[worst] == 0 || g->columns[worst].leave == 0)
            break;
        out[worst] = 0;
    }
    left = w - grid_sum(out, g->n_columns, gap);
    for (int leave = 0; left > 0 && leave < 16; leave++) /* those that stay longest first */
        for (size_t i = 0; i < g->n_columns; i++)
            if (g->columns[i].leave == leave && out[i] > 0 && out[i] < natural[i] && left > 0) {
                int add = natural[i] - out[i] < left ? natural[i] - out[i] : left;

                out[i] += add;
                left -= add;
            }
    for (size_t i = 0; i < g->n_columns && left > 0; i++)
        if (g->columns[i].grow && out[i] > 0) {
            out[i] += left;
            left = 0;
        }
}

static void grid_draw_cell(const struct grid *g, size_t column, const struct grid_cell *cell, int x,
                           int y, int w, struct canvas *c)
{
    x += cell->indent;
    w -= cell->indent;
    if (w > 0 && cell->glyph) {
        canvas_put(c, x, y, 1, cell->glyph_style, cell->glyph);
        x += 2;
        w -= 2;
    }
    if (cell->suffix && w > (int)strlen(cell->suffix) + 1) {
        int used = grid_cell_cols(cell) - cell->indent - (cell->glyph ? 2 : 0),
            n = (int)strlen(cell->suffix);

        used = used < w ? used : w;
        canvas_put(c, x + used - n, y, n, cell->suffix_style, cell->suffix);
        w = used - n - 1;
    }
    if (w <= 0)
        return;
    if (cell->text) {
        int shift = g->columns[column].right && cell->text->cols < w ? w - cell->text->cols : 0;

        canvas_text(c, x + shift, y, w - shift, cell->style, cell->text);
    } else if (g->columns[column].right) {
        canvas_put_right(c, x, y, w, cell->style, cell->words);
    } else {
        canvas_put(c, x, y, w, cell->style, cell->words);
    }
}

static void grid_draw_head(const struct grid *g, const int *widths, struct rect r, struct canvas *c)
{
    int x = r.x;

    for (size_t i = 0; i < g->n_columns; i++) {
        if (widths[i] == 0)
            continue;
        if (g->columns[i].right)
            canvas_put_right(c, x, r.y, widths[i], STYLE_DIM, g->columns[i].head);
        else
            canvas_put(c, x, r.y, widths[i], STYLE_DIM, g->columns[i].head);
        x += widths[i] + grid_gap(g);
    }
}

static bool grid_goes_on(const struct grid *g, struct rect r)
{
    return (int)g->n_rows > r.h - (g->head && r.h > 1);
}

void grid_draw(const struct grid *g, struct rect r, struct canvas *c)
{
    int widths[GRID_COLS];

    if (r.w <= 0 || r.h <= 0)
        return;
    if (grid_goes_on(g, r) && r.x + r.w >= canvas_rect(c).w)
        r.w--; /* the arrow's column */
    grid_widths(g, r.w, widths);
    if (g->head && r.h > 1) {
        grid_draw_head(g, widths, r, c);
        r.y++;
        r.h--;
    }
    for (int line = 0; line < r.h && (size_t)(line + g->top) < g->n_rows; line++) {
        size_t row = (size_t)(line + g->top);
        int x = r.x, y = r.y + line;

        if ((int)row == g->selected)
            canvas_select(c, (struct rect){ r.x - 1, y, r.w + 2, 1 });
        for (size_t i = 0; i < g->n_columns; i++) {
            struct grid_cell cell = { 0 };

            if (widths[i] == 0)
                continue;
            g->cell(g->arg, row, i, &cell);
            grid_draw_cell(g, i, &cell, x, y, widths[i], c);
            x += widths[i] + grid_gap(g);
        }
    }
    frame_more(r, g->top > 0, g->top + r.h < (int)g->n_rows, c);
}

int grid_settle(int top, int selected, int n, int room)
{
    if (room < 1)
        room = 1;
    if (selected >= 0 && selected < top)
        top = selected;
    if (selected >= top + room)
        top = selected - room + 1;
    if (top > n - room)
        top = n - room;
    return top < 0 ? 0 : top;
}

/* widgets/grid.h: rows and columns; columns leave by priority when the room gets narrow.
 *
 * The grid asks for its cells while it draws and keeps nothing.
 */
#pragma once

#include "widgets/canvas.h"

#include <stdbool.h>
#include <stddef.h>

enum { GRID_COLS = 12 };

struct grid_cell {
    enum style style;
    int indent;
    const char *glyph; /* before the words; NULL = none */
    enum style glyph_style;
    const char *suffix; /* after the words, never cut; NULL = none */
    enum style suffix_style;
    const struct text *text; /* outside text; NULL = `words` */
    char words[96];          /* ours */
};

struct grid_column {
    const char *head;
    int min;    /* columns it needs to make sense */
    int max;    /* 0 = any */
    int leave;  /* 0 = stays; the highest leaves first */
    bool right; /* aligned; a figure: it leaves rather than being cut to another one */
    bool grow;  /* takes what is left over */
};

struct grid {
    const struct grid_column *columns;
    size_t n_columns, n_rows;
    void (*cell)(const void *arg, size_t row, size_t column, struct grid_cell *out); /* zeroed */
    const void *arg;
    bool head;    /* a line with the columns' names */
    int selected; /* row, or -1 */
    int top;      /* first row shown */
    int gap;      /* blanks between columns; 0 = 2 */
};

/* Widths of the columns in `w`; 0 = left. */
void grid_widths(const struct grid *g, int w, int out[GRID_COLS]);
void grid_draw(const struct grid *g, struct rect r, struct canvas *c);
/* Where a list of `n` rows has to begin so that `selected` is seen among `room` rows. */
int grid_settle(int top, int selected, int n, int room);

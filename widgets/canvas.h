/* widgets/canvas.h: a rectangle of cells. Values in, cells out: no ncurses, no I/O, no clock.
 *
 * The canvas clips, knows UTF-8 and column widths, and lets nothing through that may not be shown:
 * controls and format characters become U+FFFD in the cell even when a caller made a mistake. With
 * `ascii` set, everything that is drawn leaves as ASCII (box lines, bars, glyphs, names).
 *
 * Units:   columns and rows, from 0.
 * Owner:   canvas_init/canvas_fini on the caller's memory.
 */
#pragma once

#include "core/err.h"
#include "core/text.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Styles are meanings; a theme maps them to colours (tui/theme.h). */
enum style {
    STYLE_PLAIN,
    STYLE_DIM,    /* secondary words, rules, axes */
    STYLE_STRONG, /* what the eye should find first among plain things */
    STYLE_TITLE,  /* panel titles */
    STYLE_FRAME,  /* box lines */
    STYLE_OK,
    STYLE_WARN,
    STYLE_CRIT,
    STYLE_UNKNOWN,
    STYLE_STALE,
    STYLE_DISABLED,
    STYLE_AFFECTED,
    STYLE_MARK, /* marks on charts */
    STYLE_KEY,  /* a key in the footer */
    STYLE_SELECTED,
    STYLE_ENV_PROD,
    STYLE_ENV_STAGING,
    STYLE_ENV_OTHER, /* the environment band */
    STYLE_VERDICT_OK,
    STYLE_VERDICT_WARN,
    STYLE_VERDICT_CRIT,
    STYLE_VERDICT_UNKNOWN,
    STYLE_AREA, /* the calm body of a chart */
    STYLE_COUNT
};

struct cell {
    char utf8[12];    /* base and up to two combining marks; "" = right half of a wide character */
    uint8_t style;    /* enum style */
    uint8_t selected; /* drawn on the selection's ground, keeping its own colour */
};

struct rect {
    int x, y, w, h;
};

struct canvas {
    struct cell *cells;
    int w, h;
    bool ascii;
};

void canvas_init(struct canvas *c, int w, int h);
void canvas_fini(struct canvas *c);
void canvas_resize(struct canvas *c, int w, int h); /* and clears */
void canvas_clear(struct canvas *c);
struct rect canvas_rect(const struct canvas *c);
const struct cell *canvas_at(const struct canvas *c, int x, int y); /* NULL outside */

/* Writes at most `w` columns from (x, y); what does not fit ends in an ellipsis. Returns the
 * columns used. */
int canvas_text(struct canvas *c, int x, int y, int w, enum style style, const struct text *t);
/* Words of ours; never outside text. */
int canvas_put(struct canvas *c, int x, int y, int w, enum style style, const char *words);
int canvas_putf(struct canvas *c, int x, int y, int w, enum style style, const char *fmt, ...)
    MW_PRINTF(6, 7);
/* The same, right-aligned in `w` columns. */
int canvas_put_right(struct canvas *c, int x, int y, int w, enum style style, const char *words);
/* The columns that canvas_put() would use with room for all of it; 0 for NULL. */
int canvas_cols(const char *words);
void canvas_fill(struct canvas *c, struct rect r, const char *glyph, enum style style);
void canvas_select(struct canvas *c, struct rect r); /* lays the selection's ground */

/* Copies what lies at `top` rows and below in `from` into `r`. */
void canvas_copy(struct canvas *c, struct rect r, const struct canvas *from, int top);

/* For tests: the cells as lines of text (trailing blanks kept), and one letter a style. */
char *canvas_dump(const struct canvas *c);        /* caller frees */
char *canvas_dump_styles(const struct canvas *c); /* caller frees; letters in canvas.c */

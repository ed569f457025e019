/* tui/pen.h: cells into the bytes that bring a terminal from one frame to the next.
 *
 * Only cells that differ from the frame before are written; nothing at all when none does. A screen
 * library that looks for the shortest way of the cursor spends more on the search than a frame of
 * moving numbers costs; here it is CSI row;column H, or a few cells written again.
 *
 * Units:   columns and rows, from 0.
 * Errors:  none.
 * Owner:   the caller owns the struct, zeroed before its first use; pen_fini() frees what it holds.
 */
#pragma once

#include "core/buf.h"
#include "widgets/canvas.h"

#include <stdbool.h>

enum { PEN_BYTES = 192 }; /* of one string */

struct pen_ink { /* how a style looks */
    int fg, bg;  /* -1 = the terminal's own */
    unsigned attrs;
    char on[PEN_BYTES]; /* from no attributes at all to this */
};

struct pen {
    struct pen_ink inks[STYLE_COUNT][2]; /* by style, and on the selection's ground */
    const char *off;                     /* no attributes, the terminal's own colours; borrowed */
    const char *clear;                   /* borrowed, too */
    bool scrolls; /* the terminal scrolls when its last cell is written: that one stays as it is */
    /* within a frame */
    struct canvas shown;
    const struct pen_ink *now; /* NULL = not known */
    int x, y;                  /* of the cursor; y is -1 when not known */
};

void pen_fini(struct pen *p);
/* The screen is not what was drawn last: it is cleared, and the next frame is a whole one. */
void pen_begin(struct pen *p, int w, int h, struct buf *out);
/* Adds what makes `c` of the frame before, cut to the size that was begun. */
void pen_draw(struct pen *p, const struct canvas *c, struct buf *out);

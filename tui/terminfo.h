/* tui/terminfo.h: what ncurses' terminfo knows about the terminal, as strings to be written. The
 * only place that knows ncurses.
 *
 * Errors:  terminfo_load() names the type of the terminal and what it lacks.
 * Owner:   the caller owns the struct, zeroed before; terminfo_free() gives back what was loaded.
 */
#pragma once

#include "core/err.h"
#include "tui/pen.h"
#include "tui/theme.h"

#include <stdbool.h>

struct terminfo {
    void *loaded;
    int colors;   /* 0, 8, 16, 256 */
    bool scrolls; /* it scrolls when its last cell is written */
    /* without padding, ending with NUL */
    char off[PEN_BYTES], clear[PEN_BYTES];
    char enter[PEN_BYTES], leave[PEN_BYTES]; /* the alternate screen, the cursor, pastes */
};

/* Of the type in $TERM. */
bool terminfo_load(struct terminfo *ti, struct err *err);
void terminfo_free(struct terminfo *ti);
/* How a style looks here. Attributes that the terminal cannot show in colour stay away. */
void terminfo_ink(const struct terminfo *ti, const struct paint *p, struct pen_ink *out);

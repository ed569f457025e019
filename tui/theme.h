/* tui/theme.h: from meanings to colours. Default foreground and background are the terminal's own.
 *
 * Every theme exists for 256, 16, 8 and no colours; without colours the attributes carry what they
 * can and words and glyphs the rest.
 */
#pragma once

#include "widgets/canvas.h"

#include <stdbool.h>
#include <stdint.h>

enum { PAINT_BOLD = 1, PAINT_DIM = 2, PAINT_REVERSE = 4, PAINT_UNDERLINE = 8 };

struct paint {
    int fg, bg; /* palette index; -1 = the terminal's own */
    unsigned attrs;
};

struct theme;

/* "dark", "light", "mono"; NULL when there is no such theme. */
const struct theme *theme_find(const char *name);
/* NULL-terminated, for completion and messages. */
const char *const *theme_names(void);
/* The theme to start with: `name` if given and known; else mono when `no_color` (the value of
 * NO_COLOR) is set and not empty, light when COLORFGBG ends in a light colour, else dark. */
const struct theme *theme_pick(const char *name, const char *no_color, const char *colorfgbg);
/* `colors`: what the terminal has (tui/term.h); below 8 is none. */
struct paint theme_paint(const struct theme *t, int colors, enum style style, bool selected);

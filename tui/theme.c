/* tui/theme.c: calm colours, one accent for what is wrong. */
#include "tui/theme.h"

#include <string.h>

#include "core/decimal.h"

struct theme {
    const char *name;
    struct {
        int16_t fg256, bg256, fg16, bg16; /* -1 = the terminal's own */
        uint8_t attrs;                    /* with colours */
        uint8_t attrs_mono;               /* without */
    } paints[STYLE_COUNT];
    int16_t ground256; /* under the selection */
};

#define B PAINT_BOLD
#define D PAINT_DIM
#define R PAINT_REVERSE
#define U PAINT_UNDERLINE

/* The 16-colour columns take only what is legible on the ground they are meant for; 8 colours use
 * the same modulo 8 with bold for the bright ones. */
static const struct theme themes[] = {
    { .name = "dark",
      .ground256 = 237,
      .paints = {
          [STYLE_PLAIN] = { -1, -1, -1, -1, 0, 0 },
          [STYLE_DIM] = { 245, -1, 8, -1, 0, D },
          [STYLE_STRONG] = { -1, -1, -1, -1, B, B },
          [STYLE_TITLE] = { 252, -1, -1, -1, B, B },
          [STYLE_FRAME] = { 239, -1, 8, -1, 0, D },
          [STYLE_OK] = { 108, -1, 2, -1, 0, 0 },
          [STYLE_WARN] = { 179, -1, 3, -1, 0, 0 },
          [STYLE_CRIT] = { 203, -1, 9, -1, B, B },
          [STYLE_UNKNOWN] = { 110, -1, 12, -1, 0, 0 },
          [STYLE_STALE] = { 139, -1, 5, -1, 0, 0 },
          [STYLE_DISABLED] = { 242, -1, 8, -1, 0, 0 },
          [STYLE_AFFECTED] = { 180, -1, 11, -1, 0, 0 },
          [STYLE_MARK] = { 117, -1, 14, -1, 0, 0 },
          [STYLE_KEY] = { 252, -1, -1, -1, B, B },
          [STYLE_SELECTED] = { 255, 237, -1, -1, B, R },
          [STYLE_ENV_PROD] = { 231, 124, 15, 1, B, R | B },
          [STYLE_ENV_STAGING] = { 16, 178, 0, 3, B, R },
          [STYLE_ENV_OTHER] = { 16, 109, 0, 6, B, R },
          [STYLE_VERDICT_OK] = { 16, 108, 0, 2, B, R },
          [STYLE_VERDICT_WARN] = { 16, 179, 0, 3, B, R | B },
          [STYLE_VERDICT_CRIT] = { 231, 196, 15, 1, B, R | B },
          [STYLE_AREA] = { 65, -1, 2, -1, 0, 0 },
          [STYLE_VERDICT_UNKNOWN] = { 16, 110, 0, 6, B, R },
      } },
    { .name = "light",
      .ground256 = 253,
      .paints = {
          [STYLE_PLAIN] = { -1, -1, -1, -1, 0, 0 },
          [STYLE_DIM] = { 243, -1, 8, -1, 0, 0 },
          [STYLE_STRONG] = { -1, -1, -1, -1, B, B },
          [STYLE_TITLE] = { 236, -1, -1, -1, B, B },
          [STYLE_FRAME] = { 249, -1, 7, -1, 0, 0 },
          [STYLE_OK] = { 28, -1, 2, -1, 0, 0 },
          [STYLE_WARN] = { 130, -1, 5, -1, 0, 0 },
          [STYLE_CRIT] = { 160, -1, 1, -1, B, B },
          [STYLE_UNKNOWN] = { 25, -1, 4, -1, 0, 0 },
          [STYLE_STALE] = { 97, -1, 5, -1, 0, 0 },
          [STYLE_DISABLED] = { 246, -1, 8, -1, 0, 0 },
          [STYLE_AFFECTED] = { 94, -1, 5, -1, 0, 0 },
          [STYLE_MARK] = { 26, -1, 4, -1, 0, 0 },
          [STYLE_KEY] = { 236, -1, -1, -1, B, B },
          [STYLE_SELECTED] = { 16, 253, -1, -1, B, R },
          [STYLE_ENV_PROD] = { 231, 124, 15, 1, B, R | B },
          [STYLE_ENV_STAGING] = { 16, 214, 0, 3, B, R },
          [STYLE_ENV_OTHER] = { 231, 24, 15, 4, B, R },
          [STYLE_VERDICT_OK] = { 231, 28, 15, 2, B, R },
          [STYLE_VERDICT_WARN] = { 16, 214, 0, 3, B, R | B },
          [STYLE_VERDICT_CRIT] = { 231, 160, 15, 1, B, R | B },
          [STYLE_AREA] = { 108, -1, 2, -1, 0, 0 },
          [STYLE_VERDICT_UNKNOWN] = { 231, 25, 15, 4, B, R },
      } },
    { .name = "mono", .ground256 = -1 }, /* paints come from the dark theme's mono column */
};

#undef B
#undef D
#undef R
#undef U

enum { THEMES = sizeof themes / sizeof *themes };

static const char *const theme_list[] = { "dark", "light", "mono", NULL };

const struct theme *theme_find(const char *name)
{
    for (int i = 0; i < THEMES; i++)
        if (name && !strcmp(themes[i].name, name))
            return &themes[i];
    return NULL;
}

const char *const *theme_names(void)
{
    return theme_list;
}

/* "0;15": black on white; 7 and 9 to 15 are light grounds */
static bool theme_on_light(const char *colorfgbg)
{
    const char *ground = strrchr(colorfgbg, ';');
    long n;

    return ground && decimal_whole(ground + 1, strlen(ground + 1), 15, &n) && (n == 7 || n > 8);
}

const struct theme *theme_pick(const char *name, const char *no_color, const char *colorfgbg)
{
    const struct theme *t = theme_find(name);

    if (t)
        return t;
    if (no_color && *no_color)
        return theme_find("mono");
    if (colorfgbg && theme_on_light(colorfgbg))
        return theme_find("light");
    return theme_find("dark");
}

static struct paint theme_mono(enum style style, bool selected)
{
    struct paint p = { -1, -1, themes[0].paints[style].attrs_mono };

    if (selected)
        p.attrs |= PAINT_REVERSE;
    return p;
}

struct paint theme_paint(const struct theme *t, int colors, enum style style, bool selected)
{
    struct paint p;

    if (colors < 8 || !strcmp(t->name, "mono"))
        return theme_mono(style, selected);
    p.attrs = t->paints[style].attrs;
    if (colors >= 256) {
        p.fg = t->paints[style].fg256;
        p.bg = t->paints[style].bg256;
        if (selected && p.bg < 0)
            p.bg = t->ground256;
        return p;
    }
    p.fg = t->paints[style].fg16;
    p.bg = t->paints[style].bg16;
    if (colors < 16 && p.fg == 8) { /* grey does not exist: dim it */
        p.fg = -1;
        p.attrs |= PAINT_DIM;
    } else if (colors < 16 && p.fg > 8) {
        p.fg -= 8;
        p.attrs |= PAINT_BOLD;
    }
    if (selected)
        p.attrs |= PAINT_REVERSE;
    return p;
}

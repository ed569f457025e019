/* widgets/canvas.c: cells, clipping and widths. */
#include "widgets/canvas.h"

#include <assert.h>
#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"
#include "core/ascii.h"
#include "core/buf.h"

/* One letter a style, for tests. On the selection's ground it is upper case. */
static const char canvas_letters[STYLE_COUNT] = {
    [STYLE_PLAIN] = '.',        [STYLE_DIM] = 'd',
    [STYLE_STRONG] = 'b',       [STYLE_TITLE] = 't',
    [STYLE_FRAME] = 'f',        [STYLE_OK] = 'o',
    [STYLE_WARN] = 'w',         [STYLE_CRIT] = 'c',
    [STYLE_UNKNOWN] = 'u',      [STYLE_STALE] = 's',
    [STYLE_DISABLED] = 'x',     [STYLE_AFFECTED] = 'a',
    [STYLE_MARK] = 'm',         [STYLE_KEY] = 'k',
    [STYLE_SELECTED] = 'z',     [STYLE_ENV_PROD] = '1',
    [STYLE_ENV_STAGING] = '2',  [STYLE_ENV_OTHER] = '3',
    [STYLE_VERDICT_OK] = '4',   [STYLE_VERDICT_WARN] = '5',
    [STYLE_VERDICT_CRIT] = '6', [STYLE_VERDICT_UNKNOWN] = '7',
    [STYLE_AREA] = 'g',
};

static void canvas_reset(struct cell *cell, enum style style)
{
    memset(cell, 0, sizeof *cell);
    cell->utf8[0] = ' ';
    cell->style = (uint8_t)style;
}

/* The same, on the ground that is there. */
static void canvas_blank(struct cell *cell, enum style style)
{
    uint8_t selected = cell->selected;

    canvas_reset(cell, style);
    cell->selected = selected;
}

void canvas_init(struct canvas *c, int w, int h)
{
    memset(c, 0, sizeof *c);
    canvas_resize(c, w, h);
}

void canvas_fini(struct canvas *c)
{
    if (!c)
        return;
    free(c->cells);
    c->cells = NULL;
    c->w = c->h = 0;
}

void canvas_resize(struct canvas *c, int w, int h)
{
    assert(w >= 0 && h >= 0 && w <= 4096 && h <= 4096);
    if (!c->cells || c->w * c->h != w * h)
        c->cells = xreallocarray(c->cells, w * h > 0 ? (size_t)(w * h) : 1, sizeof *c->cells);
    c->w = w;
    c->h = h;
    canvas_clear(c);
}

void canvas_clear(struct canvas *c)
{
    size_t n = (size_t)(c->w * c->h), done = 1;

    if (n == 0)
        return;
    canvas_reset(&c->cells[0], STYLE_PLAIN);
    for (; done < n; done *= 2) /* each copy doubles what is blank */
        memcpy(c->cells + done, c->cells, (done < n - done ? done : n - done) * sizeof *c->cells);
}

struct rect canvas_rect(const struct canvas *c)
{
    return (struct rect){ 0, 0, c->w, c->h };
}

const struct cell *canvas_at(const struct canvas *c, int x, int y)
{
    if (x < 0 || y < 0 || x >= c->w || y >= c->h)
        return NULL;
    return &c->cells[y * c->w + x];
}

static struct cell *canvas_cell(struct canvas *c, int x, int y)
{
    return (struct cell *)canvas_at(c, x, y);
}

/* A cell is about to be overwritten: the other half of a wide character there becomes a blank. */
static void canvas_unpair(struct canvas *c, int x, int y)
{
    struct cell *cell = canvas_cell(c, x, y);
    struct cell *right = canvas_cell(c, x + 1, y);

    if (!cell)
        return;
    if (!cell->utf8[0]) {
        struct cell *left = canvas_cell(c, x - 1, y);

        if (left)
            canvas_blank(left, left->style);
    } else if (right && !right->utf8[0]) {
        canvas_blank(right, right->style);
    }
}

/* The width of what is drawn. Our own glyphs are one column in every locale. */
static int canvas_width(uint32_t cp)
{
    int width;

    if (cp >= 0x20 && cp < 0x7f)
        return 1;
    width = cp_width(cp);
    if (width < 0 && cp >= 0xa0 && cp_ascii(cp) != '?')
        return 1;
    return width;
}

/* What a character of one column is as a cell; on the ground that is there when it is put. */
static struct cell canvas_make(const struct canvas *c, enum style style, uint32_t cp)
{
    struct cell cell = { .style = (uint8_t)style };

    if (c->ascii || cp < 0x80)
        cell.utf8[0] = cp_ascii(cp);
    else
        utf8_put(cell.utf8, cp);
    return cell;
}

static void canvas_set(struct cell *to, struct cell cell)
{
    cell.selected = to->selected;
    *to = cell;
}

/* Two columns. A character that would stick out becomes a blank. */
static void canvas_glyph_wide(struct canvas *c, int x, int y, enum style style, uint32_t cp)
{
    struct cell *cell = canvas_cell(c, x, y), *right = canvas_cell(c, x + 1, y);

    if (cell)
        canvas_unpair(c, x, y);
    if (right)
        canvas_unpair(c, x + 1, y);
    if (cell)
        canvas_blank(cell, style);
    if (right)
        canvas_blank(right, style);
    if (!cell || !right)
        return;
    right->utf8[0] = '\0';
    cell->utf8[utf8_put(cell->utf8, cp)] = '\0';
}

/* One character of `width` 1 or 2; clipped. */
static void canvas_glyph(struct canvas *c, int x, int y, enum style style, uint32_t cp, int width)
{
    if (width == 2 && !c->ascii) {
        canvas_glyph_wide(c, x, y, style, cp);
        return;
    }
    for (; width > 0; width--, x++) { /* in ASCII the columns stay what they were */
        struct cell *cell = canvas_cell(c, x, y);

        if (!cell)
            continue;
        if (!cell->utf8[0] || (x + 1 < c->w && !cell[1].utf8[0]))
            canvas_unpair(c, x, y);
        canvas_set(cell, canvas_make(c, style, cp));
    }
}

/* A combining mark joins the cell before it, at most two on one base. */
static void canvas_combine(struct canvas *c, int x, int y, uint32_t cp)
{
    struct cell *cell = canvas_cell(c, x, y);
    size_t len;
    int n = 0;

    if (!cell || c->ascii)
        return;
    if (!cell->utf8[0] && !(cell = canvas_cell(c, x - 1, y)))
        return;
    len = strlen(cell->utf8);
    for (size_t i = 0; i < len; i++)
        n += ((unsigned char)cell->utf8[i] & 0xc0) != 0x80;
    if (n < 3 && len + 4 < sizeof cell->utf8)
        cell->utf8[len + utf8_put(cell->utf8 + len, cp)] = '\0';
}

/* A byte that is a character of one column by itself: the way most of them go. */
static bool canvas_is_plain(char c)
{
    return c >= 0x20 && c < 0x7f;
}

/* Columns of some bytes as they will be drawn. */
static int canvas_cols_of(const char *bytes, size_t len)
{
    int cols = 0;

    while (len > 0) {
        uint32_t cp;
        size_t used = 1;
        int width = 1;

        if (!canvas_is_plain(*bytes)) {
            used = utf8_next(bytes, len, &cp);
            width = canvas_width(cp);
        }
        cols += width < 0 ? 1 : width;
        bytes += used;
        len -= used;
    }
    return cols;
}

int canvas_cols(const char *words)
{
    return words ? canvas_cols_of(words, strlen(words)) : 0;
}

static int canvas_write(struct canvas *c, int x, int y, int w, enum style style, const char *bytes,
                        size_t len)
{
    int used_cols = 0, cols, limit;

    if (w <= 0 || y < 0 || y >= c->h)
        return 0;
    cols = canvas_cols_of(bytes, len);
    limit = cols > w ? w - 1 : w; /* the ellipsis takes the last column */
    while (len > 0) {
        uint32_t cp;
        size_t used = 1;
        int width = 1;

        if (canvas_is_plain(*bytes)) {
            cp = (uint32_t)*bytes;
        } else {
            used = utf8_next(bytes, len, &cp);
            width = canvas_width(cp);
        }
        if (width < 0) { /* may not be shown; a caller's mistake does not reach the terminal */
            cp = 0xfffd;
            width = 1;
        }
        if (width > 0 && used_cols + width > limit)
            break;
        if (width > 0)
            canvas_glyph(c, x + used_cols, y, style, cp, width);
        else if (used_cols > 0)
            canvas_combine(c, x + used_cols - 1, y, cp);
        used_cols += width;
        bytes += used;
        len -= used;
    }
    if (cols > w) {
        canvas_glyph(c, x + used_cols, y, style, 0x2026, 1);
        used_cols++;
    }
    return used_cols;
}

int canvas_text(struct canvas *c, int x, int y, int w, enum style style, const struct text *t)
{
    return canvas_write(c, x, y, w, style, text_str(t), t->len);
}

int canvas_put(struct canvas *c, int x, int y, int w, enum style style, const char *words)
{
    return canvas_write(c, x, y, w, style, words, strlen(words));
}

int canvas_putf(struct canvas *c, int x, int y, int w, enum style style, const char *fmt, ...)
{
    char words[1024];
    va_list ap;
    int n;

    va_start(ap, fmt);
    n = vsnprintf(words, sizeof words, fmt, ap);
    va_end(ap);
    if (n < 0)
        return 0;
    return canvas_write(c, x, y, w, style, words, strlen(words));
}

int canvas_put_right(struct canvas *c, int x, int y, int w, enum style style, const char *words)
{
    int cols = canvas_cols(words);
    int shift = cols < w ? w - cols : 0;

    return canvas_put(c, x + shift, y, w - shift, style, words);
}

void canvas_fill(struct canvas *c, struct rect r, const char *glyph, enum style style)
{
    int left = r.x < 0 ? 0 : r.x, right = r.x + r.w < c->w ? r.x + r.w : c->w;
    struct cell cell;
    uint32_t cp;

    utf8_next(glyph, strlen(glyph), &cp);
    assert(canvas_width(cp) == 1);
    cell = canvas_make(c, style, cp);
    for (int y = r.y < 0 ? 0 : r.y; left < right && y < r.y + r.h && y < c->h; y++) {
        canvas_unpair(c, left, y);
        canvas_unpair(c, right - 1, y);
        for (int x = left; x < right; x++)
            canvas_set(&c->cells[y * c->w + x], cell);
    }
}

void canvas_select(struct canvas *c, struct rect r)
{
    for (int y = r.y; y < r.y + r.h; y++)
        for (int x = r.x; x < r.x + r.w; x++) {
            struct cell *cell = canvas_cell(c, x, y);

            if (cell)
                cell->selected = 1;
        }
}

void canvas_copy(struct canvas *c, struct rect r, const struct canvas *from, int top)
{
    for (int y = 0; y < r.h; y++)
        for (int x = 0; x < r.w; x++) {
            struct cell *to = canvas_cell(c, r.x + x, r.y + y);
            const struct cell *cell = canvas_at(from, x, top + y);

            if (!to || !cell)
                continue;
            canvas_unpair(c, r.x + x, r.y + y);
            *to = *cell;
            if (x == r.w - 1 && canvas_at(from, x + 1, top + y) &&
                !canvas_at(from, x + 1, top + y)->utf8[0])
                canvas_blank(to, to->style); /* half a wide character does not fit */
        }
}

char *canvas_dump(const struct canvas *c)
{
    struct buf b = { 0 };

    for (int y = 0; y < c->h; y++) {
        for (int x = 0; x < c->w; x++)
            buf_adds(&b, c->cells[y * c->w + x].utf8);
        buf_addc(&b, '\n');
    }
    return b.bytes ? b.bytes : xstrdup("");
}

char *canvas_dump_styles(const struct canvas *c)
{
    struct buf b = { 0 };

    for (int y = 0; y < c->h; y++) {
        for (int x = 0; x < c->w; x++) {
            const struct cell *cell = &c->cells[y * c->w + x];
            char letter = canvas_letters[cell->style];

            if (cell->selected)
                letter = letter == '.' ? ':' : (char)toupper((unsigned char)letter);
            buf_addc(&b, letter);
        }
        buf_addc(&b, '\n');
    }
    return b.bytes ? b.bytes : xstrdup("");
}

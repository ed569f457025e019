/* tests/harness/vtscreen.c: see vtscreen.h. Only the part of libvterm that did not change between
 * 0.1.4 and 0.3: get_cell, keyboard, term properties. */
#include "vtscreen.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <vterm.h>

enum { TITLE_MAX = 256 };

struct vtscreen {
    VTerm *vt;
    VTermScreen *screen;
    int cols, rows;
    VTermPos cursor;
    bool visible, alternate;
    int mouse, bells;
    char title[TITLE_MAX];
    char held[4]; /* the beginning of a character whose rest has not come yet */
    size_t n_held;
};

struct style { /* how a run of cells looks */
    char fg[8], bg[8];
    char flags[8]; /* b bold, u underline, i italic, k blink, r reverse, s strike */
};

static int vtscreen_cursor(VTermPos pos, VTermPos old, int visible, void *user)
{
    struct vtscreen *s = user;

    (void)old;
    (void)visible;
    s->cursor = pos;
    return 1;
}

static int vtscreen_prop(VTermProp prop, VTermValue *val, void *user)
{
    struct vtscreen *s = user;

    switch (prop) {
    case VTERM_PROP_CURSORVISIBLE:
        s->visible = val->boolean;
        break;
    case VTERM_PROP_ALTSCREEN:
        s->alternate = val->boolean;
        break;
    case VTERM_PROP_MOUSE:
        s->mouse = val->number;
        break;
    case VTERM_PROP_TITLE:
        snprintf(s->title, sizeof s->title, "%s", val->string);
        break;
    default:
        break;
    }
    return 1;
}

static int vtscreen_bell(void *user)
{
    ((struct vtscreen *)user)->bells++;
    return 1;
}

static const VTermScreenCallbacks vtscreen_callbacks = {
    .movecursor = vtscreen_cursor,
    .settermprop = vtscreen_prop,
    .bell = vtscreen_bell,
};

struct reply_arg {
    void (*fn)(void *arg, const char *s, size_t n);
    void *arg;
};
static struct reply_arg vtscreen_reply; /* one screen per process */

static void vtscreen_output(const char *bytes, size_t n, void *user)
{
    (void)user;
    vtscreen_reply.fn(vtscreen_reply.arg, bytes, n);
}

struct vtscreen *vtscreen_new(int cols, int rows, void (*reply)(void *arg, const char *s, size_t n),
                              void *arg)
{
    struct vtscreen *s = calloc(1, sizeof *s);

    if (!s)
        abort();
    vtscreen_reply = (struct reply_arg){ reply, arg };
    s->cols = cols;
    s->rows = rows;
    s->visible = true;
    s->vt = vterm_new(rows, cols);
    vterm_set_utf8(s->vt, 1);
    vterm_output_set_callback(s->vt, vtscreen_output, s);
    s->screen = vterm_obtain_screen(s->vt);
    vterm_screen_enable_altscreen(s->screen, 1);
    vterm_screen_set_callbacks(s->screen, &vtscreen_callbacks, s);
    vterm_screen_reset(s->screen, 1);
    return s;
}

void vtscreen_free(struct vtscreen *s)
{
    if (!s)
        return;
    vterm_free(s->vt);
    free(s);
}

/* How long the character is that begins with this byte; 1 when it is none. */
static size_t utf8_length(char first)
{
    unsigned char b = (unsigned char)first;

    return b >= 0xc2 && b < 0xe0 ? 2 : b >= 0xe0 && b < 0xf0 ? 3 : b >= 0xf0 && b < 0xf5 ? 4 : 1;
}

/* Bytes at the end that are the beginning of a character. */
static size_t utf8_tail(const char *bytes, size_t n)
{
    for (size_t k = 1; k <= 3 && k <= n; k++) {
        unsigned char b = (unsigned char)bytes[n - k];

        if ((b & 0xc0) == 0x80)
            continue;
        return utf8_length((char)b) > k ? k : 0;
    }
    return 0;
}

/* libvterm 0.1.4 loses a character that is cut by two writes: it gets whole ones. */
void vtscreen_feed(struct vtscreen *s, const char *bytes, size_t n)
{
    while (n > 0 && s->n_held > 0 && s->n_held < utf8_length(s->held[0]) &&
           ((unsigned char)*bytes & 0xc0) == 0x80) {
        s->held[s->n_held++] = *bytes++;
        n--;
    }
    if (s->n_held > 0 && (n > 0 || s->n_held == utf8_length(s->held[0]))) {
        vterm_input_write(s->vt, s->held, s->n_held);
        s->n_held = 0;
    }
    if (n > 0) {
        size_t tail = utf8_tail(bytes, n);

        vterm_input_write(s->vt, bytes, n - tail);
        memcpy(s->held, bytes + n - tail, tail);
        s->n_held = tail;
    }
}

void vtscreen_resize(struct vtscreen *s, int cols, int rows)
{
    s->cols = cols;
    s->rows = rows;
    vterm_set_size(s->vt, rows, cols);
}

bool vtscreen_alternate(const struct vtscreen *s)
{
    return s->alternate;
}

void vtscreen_paste(struct vtscreen *s, bool start)
{
    if (start)
        vterm_keyboard_start_paste(s->vt);
    else
        vterm_keyboard_end_paste(s->vt);
}

bool vtscreen_key(struct vtscreen *s, const char *name)
{
    static const struct {
        const char *name;
        VTermKey key;
        VTermModifier mod;
    } keys[] = {
        { "Up", VTERM_KEY_UP, 0 },
        { "Down", VTERM_KEY_DOWN, 0 },
        { "Left", VTERM_KEY_LEFT, 0 },
        { "Right", VTERM_KEY_RIGHT, 0 },
        { "Home", VTERM_KEY_HOME, 0 },
        { "End", VTERM_KEY_END, 0 },
        { "PgUp", VTERM_KEY_PAGEUP, 0 },
        { "PgDn", VTERM_KEY_PAGEDOWN, 0 },
        { "Ins", VTERM_KEY_INS, 0 },
        { "Del", VTERM_KEY_DEL, 0 },
        { "Enter", VTERM_KEY_ENTER, 0 },
        { "Tab", VTERM_KEY_TAB, 0 },
        { "Esc", VTERM_KEY_ESCAPE, 0 },
        { "BS", VTERM_KEY_BACKSPACE, 0 },
        { "BTab", VTERM_KEY_TAB, VTERM_MOD_SHIFT },
    };
    int f;

    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
        if (!strcmp(keys[i].name, name)) {
            vterm_keyboard_key(s->vt, keys[i].key, keys[i].mod);
            return true;
        }
    if (!strcmp(name, "Space")) {
        vterm_keyboard_unichar(s->vt, ' ', 0);
        return true;
    }
    if (name[0] == 'F' && (f = atoi(name + 1)) >= 1 && f <= 12) {
        vterm_keyboard_key(s->vt, VTERM_KEY_FUNCTION(f), 0);
        return true;
    }
    if ((name[0] == 'C' || name[0] == 'M') && name[1] == '-' && name[2] && !name[3]) {
        vterm_keyboard_unichar(s->vt, (unsigned char)name[2],
                               name[0] == 'C' ? VTERM_MOD_CTRL : VTERM_MOD_ALT);
        return true;
    }
    return false;
}

/* ---- out ---- */

static size_t vtscreen_utf8(uint32_t c, char out[4])
{
    if (c > 0x10ffff || (c >= 0xd800 && c < 0xe000))
        c = 0xfffd;
    if (c < 0x80) {
        out[0] = (char)c;
        return 1;
    }
    if (c < 0x800) {
        out[0] = (char)(0xc0 | c >> 6);
        out[1] = (char)(0x80 | (c & 63));
        return 2;
    }
    if (c < 0x10000) {
        out[0] = (char)(0xe0 | c >> 12);
        out[1] = (char)(0x80 | (c >> 6 & 63));
        out[2] = (char)(0x80 | (c & 63));
        return 3;
    }
    out[0] = (char)(0xf0 | c >> 18);
    out[1] = (char)(0x80 | (c >> 12 & 63));
    out[2] = (char)(0x80 | (c >> 6 & 63));
    out[3] = (char)(0x80 | (c & 63));
    return 4;
}

/* The text of one cell into `out` (at least 4 * VTERM_MAX_CHARS_PER_CELL); nothing for the right
 * half of a wide one. */
static size_t vtscreen_glyph(const VTermScreenCell *cell, char *out)
{
    size_t n = 0;

    if (cell->chars[0] == (uint32_t)-1)
        return 0;
    if (!cell->chars[0]) {
        out[0] = ' ';
        return 1;
    }
    for (int i = 0; i < VTERM_MAX_CHARS_PER_CELL && cell->chars[i]; i++)
        n += vtscreen_utf8(cell->chars[i], out + n);
    return n;
}

static size_t vtscreen_row(const struct vtscreen *s, int row, char *out)
{
    size_t n = 0, end = 0;
    VTermScreenCell cell;

    for (int x = 0; x < s->cols; x++) {
        vterm_screen_get_cell(s->screen, (VTermPos){ row, x }, &cell);
        n += vtscreen_glyph(&cell, out + n);
        if (cell.chars[0] && cell.chars[0] != ' ')
            end = n;
    }
    return end;
}

static size_t vtscreen_row_max(const struct vtscreen *s)
{
    return (size_t)s->cols * 4 * VTERM_MAX_CHARS_PER_CELL + 1;
}

char *vtscreen_text(const struct vtscreen *s)
{
    char *out = malloc(vtscreen_row_max(s) * (size_t)s->rows + 1);
    size_t n = 0;

    if (!out)
        abort();
    for (int y = 0; y < s->rows; y++) {
        n += vtscreen_row(s, y, out + n);
        out[n++] = '\n';
    }
    out[n] = '\0';
    return out;
}

void json_string(FILE *out, const char *s, size_t n)
{
    putc('"', out);
    for (size_t i = 0; i < n;) {
        unsigned char c = (unsigned char)s[i];
        size_t len = c < 0x80 ? 1 : c >= 0xf0 ? 4 : c >= 0xe0 ? 3 : 2;
        bool good = c < 0x80 || (c >= 0xc2 && c < 0xf5 && i + len <= n);

        for (size_t k = 1; good && k < len; k++)
            good = ((unsigned char)s[i + k] & 0xc0) == 0x80;
        if (!good) {
            fputs("\\ufffd", out);
            i++;
            continue;
        }
        if (c == '"' || c == '\\')
            fprintf(out, "\\%c", c);
        else if (c < 0x20 || c == 0x7f)
            fprintf(out, "\\u%04x", c);
        else
            fwrite(s + i, 1, len, out);
        i += len;
    }
    putc('"', out);
}

static void vtscreen_colour(VTermColor c, char out[8])
{
    if (c.type & VTERM_COLOR_DEFAULT_MASK)
        out[0] = '\0';
    else if (VTERM_COLOR_IS_INDEXED(&c))
        snprintf(out, 8, "%u", c.indexed.idx);
    else
        snprintf(out, 8, "#%02x%02x%02x", c.rgb.red, c.rgb.green, c.rgb.blue);
}

static struct style vtscreen_style(const VTermScreenCell *cell)
{
    struct style st = { "", "", "" };
    char *f = st.flags;

    vtscreen_colour(cell->fg, st.fg);
    vtscreen_colour(cell->bg, st.bg);
    if (cell->attrs.bold)
        *f++ = 'b';
    if (cell->attrs.underline)
        *f++ = 'u';
    if (cell->attrs.italic)
        *f++ = 'i';
    if (cell->attrs.blink)
        *f++ = 'k';
    if (cell->attrs.reverse)
        *f++ = 'r';
    if (cell->attrs.strike)
        *f++ = 's';
    *f = '\0';
    return st;
}

static bool style_equal(const struct style *a, const struct style *b)
{
    return !strcmp(a->fg, b->fg) && !strcmp(a->bg, b->bg) && !strcmp(a->flags, b->flags);
}

static void style_run(FILE *out, bool comma, int from, int len, const struct style *st)
{
    fprintf(out, "%s[%d,%d,\"%s\",\"%s\",\"%s\"]", comma ? "," : "", from, len, st->fg, st->bg,
            st->flags);
}

/* One row as runs [column, length, fg, bg, flags]; plain runs are left out. */
static void vtscreen_runs(const struct vtscreen *s, int row, FILE *out)
{
    struct style run = { "", "", "" }, plain = { "", "", "" };
    int from = 0;
    bool any = false;
    VTermScreenCell cell;

    for (int x = 0; x <= s->cols; x++) {
        struct style st = plain;

        if (x < s->cols) {
            vterm_screen_get_cell(s->screen, (VTermPos){ row, x }, &cell);
            st = vtscreen_style(&cell);
        }
        if (x < s->cols && x && style_equal(&st, &run))
            continue;
        if (x > from && !style_equal(&run, &plain)) {
            style_run(out, any, from, x - from, &run);
            any = true;
        }
        run = st;
        from = x;
    }
}

static void vtscreen_cells(const struct vtscreen *s, int row, FILE *out)
{
    char glyph[4 * VTERM_MAX_CHARS_PER_CELL];
    VTermScreenCell cell;

    for (int x = 0; x < s->cols; x++) {
        vterm_screen_get_cell(s->screen, (VTermPos){ row, x }, &cell);
        if (x)
            putc(',', out);
        json_string(out, glyph, vtscreen_glyph(&cell, glyph));
    }
}

void vtscreen_dump(const struct vtscreen *s, bool cells, FILE *out)
{
    char *line = malloc(vtscreen_row_max(s));

    if (!line)
        abort();
    fprintf(out,
            "\"cols\":%d,\"rows\":%d,\"cursor\":[%d,%d],\"visible\":%s,\"alternate\":%s,"
            "\"mouse\":%d,\"bells\":%d,\"title\":",
            s->cols, s->rows, s->cursor.row, s->cursor.col, s->visible ? "true" : "false",
            s->alternate ? "true" : "false", s->mouse, s->bells);
    json_string(out, s->title, strlen(s->title));
    fputs(",\"text\":[", out);
    for (int y = 0; y < s->rows; y++) {
        if (y)
            putc(',', out);
        json_string(out, line, vtscreen_row(s, y, line));
    }
    fprintf(out, "],\"%s\":[", cells ? "cells" : "styles");
    for (int y = 0; y < s->rows; y++) {
        fputs(y ? ",[" : "[", out);
        if (cells)
            vtscreen_cells(s, y, out);
        else
            vtscreen_runs(s, y, out);
        putc(']', out);
    }
    putc(']', out);
    free(line);
}

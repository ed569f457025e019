/* tui/keys.c: the key decoder. Limits: parameters of a CSI saturate, its length does not matter. */
#include "tui/keys.h"

#include <stdio.h>
#include <string.h>

#include "core/text.h"

enum keys_state {
    KEYS_GROUND,
    KEYS_ESC,       /* ESC came */
    KEYS_CSI,       /* ESC [ */
    KEYS_CSI_LINUX, /* ESC [ [ : the Linux console's F1-F5 */
    KEYS_SS3,       /* ESC O */
    KEYS_STRING,    /* OSC, DCS, APC, PM, SOS: until ST (or BEL) */
    KEYS_STRING_ESC /* ESC inside one: a backslash ends it */
};

enum {
    KEYS_ESC_MS = 25,       /* a person's Esc against a terminal's sequence */
    KEYS_SEQUENCE_MS = 500, /* the rest of a reply over a slow line */
    KEYS_PASTE_MS = 2000,   /* a paste whose end never comes must not lock the keyboard */
    KEYS_PARAM_MAX = 9999
};

const char *press_name(struct press p, char out[24])
{
    static const char *const names[] = {
        [PRESS_ENTER] = "Enter",
        [PRESS_ESC] = "Esc",
        [PRESS_TAB] = "Tab",
        [PRESS_BACKTAB] = "Shift-Tab",
        [PRESS_BACKSPACE] = "Backspace",
        [PRESS_DELETE] = "Del",
        [PRESS_INSERT] = "Ins",
        [PRESS_UP] = "Up",
        [PRESS_DOWN] = "Down",
        [PRESS_LEFT] = "Left",
        [PRESS_RIGHT] = "Right",
        [PRESS_HOME] = "Home",
        [PRESS_END] = "End",
        [PRESS_PGUP] = "PgUp",
        [PRESS_PGDN] = "PgDn",
    };
    const char *ctrl = p.mods & PRESS_CTRL ? "Ctrl-" : "";
    const char *alt = p.mods & PRESS_ALT ? "Alt-" : "";
    const char *shift = p.mods & PRESS_SHIFT ? "Shift-" : "";
    char letter[5] = "";

    if (p.code == PRESS_NONE) {
        out[0] = '\0';
    } else if (p.code == PRESS_CHAR) {
        uint32_t cp = p.cp;

        if (p.mods & PRESS_CTRL && cp >= 'a' && cp <= 'z')
            cp -= 'a' - 'A';
        letter[utf8_put(letter, cp)] = '\0';
        snprintf(out, 24, "%s%s%s", ctrl, alt, cp == ' ' ? "Space" : letter);
    } else if (p.code >= PRESS_F1 && p.code <= PRESS_F12) {
        snprintf(out, 24, "%s%s%sF%d", ctrl, alt, shift, (int)(p.code - PRESS_F1) + 1);
    } else {
        snprintf(out, 24, "%s%s%s%s", ctrl, alt, p.code == PRESS_BACKTAB ? "" : shift,
                 names[p.code]);
    }
    return out;
}

static void keys_emit(const struct keys *k, struct press *out, enum press_code code, uint32_t cp,
                      unsigned mods)
{
    *out = (struct press){ .code = code, .cp = cp, .mods = (uint8_t)mods, .pasted = k->in_paste };
}

/* Keys by the final byte of CSI or SS3. */
static enum press_code keys_by_final(unsigned char final)
{
    switch (final) {
    case 'A':
        return PRESS_UP;
    case 'B':
        return PRESS_DOWN;
    case 'C':
        return PRESS_RIGHT;
    case 'D':
        return PRESS_LEFT;
    case 'H':
        return PRESS_HOME;
    case 'F':
        return PRESS_END;
    case 'Z':
        return PRESS_BACKTAB;
    case 'P':
    case 'Q':
    case 'S':
        return PRESS_F1 + (final - 'P'); /* R is also a cursor report: only SS3 R is F3 */
    default:
        return PRESS_NONE;
    }
}

/* Keys of the form CSI number ~ */
static enum press_code keys_by_number(unsigned n)
{
    static const uint8_t codes[] = {
        [1] = PRESS_HOME,    [2] = PRESS_INSERT,  [3] = PRESS_DELETE,   [4] = PRESS_END,
        [5] = PRESS_PGUP,    [6] = PRESS_PGDN,    [7] = PRESS_HOME,     [8] = PRESS_END,
        [11] = PRESS_F1,     [12] = PRESS_F1 + 1, [13] = PRESS_F1 + 2,  [14] = PRESS_F1 + 3,
        [15] = PRESS_F1 + 4, [17] = PRESS_F1 + 5, [18] = PRESS_F1 + 6,  [19] = PRESS_F1 + 7,
        [20] = PRESS_F1 + 8, [21] = PRESS_F1 + 9, [23] = PRESS_F1 + 10, [24] = PRESS_F1 + 11,
    };

    return n < sizeof codes ? (enum press_code)codes[n] : PRESS_NONE;
}

/* The modifier parameter of xterm: 1 + shift(1) + alt(2) + ctrl(4). */
static unsigned keys_mods(const struct keys *k)
{
    unsigned m = k->n_params >= 2 && k->params[1] > 1 ? k->params[1] - 1u : 0;

    return (m & 1 ? PRESS_SHIFT : 0u) | (m & 2 ? PRESS_ALT : 0u) | (m & 4 ? PRESS_CTRL : 0u);
}

static void keys_csi_final(struct keys *k, unsigned char final, struct press *out)
{
    enum press_code code = PRESS_NONE;

    k->state = KEYS_GROUND;
    if (k->private)
        return;
    if (final == '~') {
        if (k->params[0] == 200 || k->params[0] == 201) {
            k->in_paste = k->params[0] == 200;
            return;
        }
        code = keys_by_number(k->params[0]);
    } else if (final == 'M') { /* X10 mouse: three bytes follow */
        k->skip = k->n_params == 0 ? 3 : 0;
    } else if (k->n_params == 0 || k->params[0] <= 1) { /* CSI 1;5A; CSI 24;80H is no key */
        code = keys_by_final(final);
    }
    if (code != PRESS_NONE)
        keys_emit(k, out, code, 0, keys_mods(k));
}

static void keys_csi(struct keys *k, unsigned char b, struct press *out)
{
    if (b >= '0' && b <= '9') {
        if (k->n_params == 0)
            k->n_params = 1;
        if (k->n_params <= 4) {
            unsigned v = k->params[k->n_params - 1] * 10u + (b - '0');

            k->params[k->n_params - 1] = (uint16_t)(v > KEYS_PARAM_MAX ? KEYS_PARAM_MAX : v);
        }
    } else if (b == ';') {
        if (k->n_params == 0)
            k->n_params = 1;
        if (k->n_params < 5)
            k->n_params++;
    } else if (b == '[' && k->n_params == 0 && !k->private) {
        k->state = KEYS_CSI_LINUX;
    } else if (b >= 0x20 && b <= 0x3f) {
        k->private = 1; /* intermediates, `?`, `<`, `:` : replies and mouse, never a key of ours */
    } else if (b >= 0x40 && b <= 0x7e) {
        keys_csi_final(k, b, out);
    } else if (b == 0x1b) {
        k->state = KEYS_ESC;
    } else if (b == 0x18 || b == 0x1a) {
        k->state = KEYS_GROUND;
    } /* other controls and bytes inside a sequence are swallowed with it */
}

static void keys_ground(struct keys *k, unsigned char b, struct press *out, unsigned mods);

static void keys_esc(struct keys *k, unsigned char b, struct press *out)
{
    k->state = KEYS_GROUND;
    k->n_params = k->private = 0;
    memset(k->params, 0, sizeof k->params);
    switch (b) {
    case '[':
        k->state = KEYS_CSI;
        return;
    case 'O':
        k->state = KEYS_SS3;
        return;
    case ']':
    case 'P':
    case 'X':
    case '^':
    case '_':
        k->state = KEYS_STRING;
        return;
    case 0x1b: /* Esc Esc: the first was a key, the second is open */
        k->state = KEYS_ESC;
        keys_emit(k, out, PRESS_ESC, 0, 0);
        return;
    default:
        keys_ground(k, b, out, PRESS_ALT);
    }
}

static void keys_ss3(struct keys *k, unsigned char b, struct press *out)
{
    enum press_code code;

    if ((b >= '0' && b <= '9') || b == ';')
        return;
    k->state = b == 0x1b ? KEYS_ESC : KEYS_GROUND;
    code = b == 'R' ? PRESS_F1 + 2 : b == 'M' ? PRESS_ENTER : keys_by_final(b);
    if (code != PRESS_NONE)
        keys_emit(k, out, code, 0, 0);
}

static void keys_string(struct keys *k, unsigned char b)
{
    if (k->state == KEYS_STRING_ESC)
        k->state = b == 0x1b ? KEYS_STRING_ESC : b == '\\' ? KEYS_GROUND : KEYS_STRING;
    else if (b == 0x1b)
        k->state = KEYS_STRING_ESC;
    else if (b == 0x07 || b == 0x18 || b == 0x1a)
        k->state = KEYS_GROUND;
}

/* Bytes of a character beyond ASCII. */
static void keys_utf8(struct keys *k, unsigned char b, struct press *out, unsigned mods)
{
    uint32_t cp;

    if (k->want_utf8 == 0) {
        k->want_utf8 = b >= 0xc2 && b < 0xe0   ? 2
                       : b >= 0xe0 && b < 0xf0 ? 3
                       : b >= 0xf0 && b < 0xf5 ? 4
                                               : 0;
        k->n_utf8 = 0;
        if (k->want_utf8 == 0)
            return; /* not the start of a character: dropped */
    }
    k->utf8[k->n_utf8++] = (char)b;
    if (k->n_utf8 < k->want_utf8)
        return;
    k->want_utf8 = 0;
    if (utf8_next(k->utf8, k->n_utf8, &cp) != k->n_utf8 || cp == 0xfffd || cp_width(cp) < 0)
        return;
    keys_emit(k, out, PRESS_CHAR, cp, mods);
}

static void keys_ground(struct keys *k, unsigned char b, struct press *out, unsigned mods)
{
    if (k->want_utf8 && (b & 0xc0) != 0x80)
        k->want_utf8 = 0; /* cut off: the new byte counts for itself */
    if (b >= 0x80) {
        keys_utf8(k, b, out, mods);
    } else if (b == '\r' || b == '\n') {
        keys_emit(k, out, PRESS_ENTER, 0, mods);
    } else if (b == '\t') {
        keys_emit(k, out, PRESS_TAB, 0, mods);
    } else if (b == 0x1b) {
        k->state = KEYS_ESC;
    } else if (b == 0x7f || b == 0x08) {
        keys_emit(k, out, PRESS_BACKSPACE, 0, mods);
    } else if (b == 0) {
        keys_emit(k, out, PRESS_CHAR, ' ', mods | PRESS_CTRL);
    } else if (b < 0x20) {
        uint32_t cp = b < 0x1b ? b + 'a' - 1u : b + '@' - 0u;

        keys_emit(k, out, PRESS_CHAR, cp, mods | PRESS_CTRL);
    } else {
        keys_emit(k, out, PRESS_CHAR, b, mods);
    }
}

static void keys_byte(struct keys *k, unsigned char b, struct press *out)
{
    if (k->skip) {
        k->skip--;
        return;
    }
    switch ((enum keys_state)k->state) {
    case KEYS_GROUND:
        keys_ground(k, b, out, 0);
        break;
    case KEYS_ESC:
        keys_esc(k, b, out);
        break;
    case KEYS_CSI:
        keys_csi(k, b, out);
        break;
    case KEYS_CSI_LINUX:
        k->state = b == 0x1b ? KEYS_ESC : KEYS_GROUND;
        if (b >= 'A' && b <= 'E')
            keys_emit(k, out, PRESS_F1 + (b - 'A'), 0, 0);
        break;
    case KEYS_SS3:
        keys_ss3(k, b, out);
        break;
    case KEYS_STRING:
    case KEYS_STRING_ESC:
        keys_string(k, b);
        break;
    }
}

size_t keys_feed(struct keys *k, const char *bytes, size_t len, struct press *out)
{
    size_t used = 0;

    *out = (struct press){ 0 };
    while (used < len && out->code == PRESS_NONE)
        keys_byte(k, (unsigned char)bytes[used++], out);
    return used;
}

int keys_wait_ms(const struct keys *k)
{
    if (k->in_paste)
        return KEYS_PASTE_MS;
    if (k->state == KEYS_ESC)
        return KEYS_ESC_MS;
    if (k->state != KEYS_GROUND || k->skip || k->want_utf8)
        return KEYS_SEQUENCE_MS;
    return 0;
}

void keys_timeout(struct keys *k, struct press *out)
{
    bool esc = k->state == KEYS_ESC && !k->in_paste;

    *out = (struct press){ 0 };
    k->state = KEYS_GROUND;
    k->in_paste = false;
    k->skip = k->want_utf8 = 0;
    if (esc)
        keys_emit(k, out, PRESS_ESC, 0, 0);
}

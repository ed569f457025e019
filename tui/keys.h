/* tui/keys.h: bytes of a terminal in, key presses out. A pure state machine: no clock, no I/O.
 *
 * Whatever a terminal may say by itself (cursor reports, device attributes, mouse, focus events,
 * titles, unknown CSI/SS3/OSC/DCS of any length) is swallowed. What arrives inside a bracketed
 * paste is marked `pasted`; only text inputs take it.
 *
 * Units:   milliseconds.
 * Errors:  none: invalid UTF-8 and unknown sequences give no press.
 * Owner:   struct keys is plain memory of the caller; zeroed = ready.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum press_code {
    PRESS_NONE,
    PRESS_CHAR, /* `cp`; with PRESS_CTRL `cp` is the lower-case letter */
    PRESS_ENTER,
    PRESS_ESC,
    PRESS_TAB,
    PRESS_BACKTAB,
    PRESS_BACKSPACE,
    PRESS_DELETE,
    PRESS_INSERT,
    PRESS_UP,
    PRESS_DOWN,
    PRESS_LEFT,
    PRESS_RIGHT,
    PRESS_HOME,
    PRESS_END,
    PRESS_PGUP,
    PRESS_PGDN,
    PRESS_F1, /* to F12 = PRESS_F1 + 11 */
    PRESS_F12 = PRESS_F1 + 11
};
enum { PRESS_CTRL = 1, PRESS_ALT = 2, PRESS_SHIFT = 4 };

struct press {
    enum press_code code;
    uint32_t cp;
    uint8_t mods;
    bool pasted;
};

/* "j", "Space", "Enter", "Esc", "Ctrl-R", "Up", "PgDn", "F1", "Tab", "Alt-x": the names that the
 * key tables use. */
const char *press_name(struct press p, char out[24]);

struct keys {
    uint8_t state;
    bool in_paste;
    uint8_t skip;    /* bytes of an old mouse report still to come */
    uint8_t private; /* a CSI that no key sends */
    uint8_t n_params;
    uint16_t params[4];
    char utf8[4];
    uint8_t n_utf8, want_utf8;
};

/* Takes bytes until one press is complete. Returns the bytes used (call again with the rest);
 * out->code is PRESS_NONE when all was used without one. */
size_t keys_feed(struct keys *k, const char *bytes, size_t len, struct press *out);
/* How long the caller waits for more bytes before keys_timeout(): 0 = nothing is open. 25 after a
 * lone Esc, longer inside a sequence or a paste. Re-arm after every feed. */
int keys_wait_ms(const struct keys *k);
/* Nothing came: a lone Esc is the Esc key, a broken sequence is forgotten, a paste that never ended
 * is closed. */
void keys_timeout(struct keys *k, struct press *out);

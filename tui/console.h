/* tui/console.h: everything the person sees and does, without any I/O: presses and a board go in,
 * cells and intents come out. app/ glues it to the loop, the board and the terminal.
 *
 *     console_board(c, board, now_ms);         after every fold, and with a new board on reload
 *     while ((n = keys_feed(...)) ...)
 *         console_press(c, press, now_ms);
 *     while (console_intent(c, &intent)) ...   after presses
 *     if (console_wants_draw(c, now_ms)) {
 *         console_draw(c, now_ms, &canvas);
 *         term_draw(term, &canvas, console_theme(c));
 *     }
 *
 * Units:   Unix milliseconds of the wall clock.
 * Errors:  what the person typed wrong is said on the screen.
 * Owner:   console_new() to console_free(). The board is borrowed until the next console_board(),
 *          so a new one is handed over before the old one is freed: it is asked for its names;
 *          everything in an intent is borrowed until the next console_* call.
 */
#pragma once

#include "core/board.h"
#include "tui/intents.h"
#include "tui/keys.h"
#include "tui/theme.h"
#include "widgets/canvas.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct console;

struct console_options {
    const struct theme *theme;
    bool ascii;                /* term_ascii(), or asked for */
    const char *who;           /* "dana@bastion"; NULL = not shown */
    const char *const *faults; /* names that :fault knows; NULL = not a demo */
    size_t n_faults;
};

struct console *console_new(const struct console_options *options); /* copies what it is given */
void console_free(struct console *c);

void console_resize(struct console *c, int w, int h);
/* The live board, changed in place or new: selection, filter and scroll stay with the services'
 * ids. A frozen screen keeps its own copy. */
void console_board(struct console *c, const struct board *b, int64_t now_ms);
void console_press(struct console *c, struct press p, int64_t now_ms);
/* The next intent; false when there is none. Call until false after each press. */
bool console_intent(struct console *c, struct intent *out);
/* The answer to INTENT_PAST: a board that is the console's from now on, with its series where the
 * live ones do not reach, or NULL and why. */
void console_past(struct console *c, struct board *b, int64_t wanted_ms, const char *why);
/* A line for the person: the outcome of an intent. Stays until the next one or 8 s. */
void console_say(struct console *c, bool bad, const struct text *words, int64_t now_ms);
/* The names that :fault completes; NULL, 0 = not a demo. */
void console_faults(struct console *c, const char *const *names, size_t n);

/* True when the picture may have changed since the last console_draw(): a press, a board, a resize,
 * or the clock went on by a second. */
bool console_wants_draw(const struct console *c, int64_t now_ms);
/* Resizes `canvas` to the console's size and draws all of it. */
void console_draw(struct console *c, int64_t now_ms, struct canvas *canvas);
const struct theme *console_theme(const struct console *c); /* for term_draw */
bool console_quitting(const struct console *c);

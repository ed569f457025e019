/* tui/console.h: everything the person sees and does, without any I/O: presses and a board go in,
 * cells and intents come out. app/ glues it to the loop, the board and the terminal.
 *
 *     console_board(c, board);                      after every fold, and with a new board on
 * reload while ((n = keys_feed(...)) ...) console_press(c, press, now_ms); while (console_intent(c,
 * &intent)) ...        after presses if (console_wants_draw(c, now_ms)) { console_draw(c, now_ms,
 * &canvas); term_draw(...); }
 *
 * Units:   Unix milliseconds of the wall clock.
 * Errors:  what the person typed wrong is said on the screen.
 * Owner:   console_new() to console_free(). The board is borrowed until the next console_board(),
 *          so a new one is handed over before the old one is freed;
 *          everything in an intent is borrowed until the next console_* call.
 */
#pragma once

#include "core/board.h"
#include "tui/keys.h"
#include "tui/theme.h"
#include "widgets/canvas.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct console;

enum intent_kind {
    INTENT_NONE,
    INTENT_QUIT,
    INTENT_SUSPEND, /* Ctrl-Z: term_suspend, stop, term_resume */
    INTENT_REDRAW,  /* Ctrl-L: term_redraw */
    INTENT_ASK,     /* Ctrl-R: ask now; `service` = index on the live board, -1 = all */
    INTENT_RELOAD,  /* :reload */
    INTENT_FAULT,   /* :fault NAME: inject or lift a fault of the demo; `arg` is the name */
    INTENT_COPY,    /* y: `copy` to the clipboard (term_copy) */
    INTENT_DUMP,    /* :dump FILE: write `dump` (the screen as plain text) to file `arg` */
    INTENT_CANCEL   /* Ctrl-C: cancel the operation that runs, if any; never quits */
};

struct intent {
    enum intent_kind kind;
    int service;
    const char *arg;         /* a fault's name, a file's name; as typed */
    const struct text *copy; /* INTENT_COPY */
    const char *dump;        /* INTENT_DUMP: lines of safe UTF-8, each ends in a newline */
    size_t dump_len;
};

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

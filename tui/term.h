/* tui/term.h: the terminal. Its words come from tui/terminfo.h, its frames from tui/pen.h.
 *
 * /dev/tty is opened anew for reading and for writing, both non-blocking descriptions of our own,
 * so the user's shell keeps blocking descriptors. What a frame changes is the one pending write,
 * and while that drains no other frame is made: a terminal that nobody reads costs dropped frames
 * and never a wait.
 *
 * Units:   columns and rows.
 * Errors:  term_open() says why there is no screen (no tty, TERM=dumb, ...): the caller prints the
 *          one-shot report instead. Afterwards a lost terminal is TERM_LOST.
 * Owner:   term_open() to term_close(). One terminal at a time.
 * Loop:    watch term_in_fd() for reading always, term_out_fd() for writing while term_pending().
 */
#pragma once

#include "core/err.h"
#include "core/text.h"
#include "tui/theme.h"
#include "widgets/canvas.h"

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct term;

enum term_flush { TERM_DRAINED, TERM_BLOCKED, TERM_LOST };

/* Raw mode, alternate screen, bracketed paste. setlocale(LC_ALL, "") was called before. */
struct term *term_open(struct err *err);
/* Gives the terminal back as it was found (or sane, when it was found broken). NULL is fine. Waits
 * at most half a second for a terminal that does not read. */
void term_close(struct term *t);
/* The same from a handler of a fatal signal or out of memory: async-signal-safe, no pointers
 * needed, does nothing when no terminal is open. */
void term_emergency(void);

int term_in_fd(const struct term *t);
int term_out_fd(const struct term *t);
int term_colors(const struct term *t); /* 0, 8, 16, 256 */
bool term_ascii(const struct term *t); /* the locale is not UTF-8 */
void term_size(const struct term *t, int *w, int *h);
/* Asks the terminal for its size; after SIGWINCH. True when it changed. */
bool term_resize(struct term *t);

/* Up to `cap` bytes of input; 0 = nothing there now, -1 = the terminal is gone. */
ssize_t term_read(struct term *t, char *bytes, size_t cap);

/* Draws what differs from the frame before. TERM_BLOCKED: the frame was dropped because the last
 * one still drains, or it drains now; draw again from the newest canvas when term_flush() says
 * TERM_DRAINED and term_dropped(). Costs 0 bytes when nothing changed. */
enum term_flush term_draw(struct term *t, const struct canvas *c, const struct theme *theme);
/* Writes what is pending; when term_out_fd() is writable. */
enum term_flush term_flush(struct term *t);
bool term_pending(const struct term *t); /* bytes wait to be written */
bool term_dropped(const struct term *t); /* a frame was dropped since the last drawn one */
/* The next frame is drawn whole (Ctrl-L, after another program wrote here). */
void term_redraw(struct term *t);

/* OSC 52: text into the clipboard of the user's own terminal. */
void term_copy(struct term *t, const struct text *text);

/* Ctrl-Z and SIGTSTP: term_suspend(), raise(SIGSTOP or SIGTSTP), and term_resume() after SIGCONT.
 * term_resume() alone is fine too (somebody else stopped us). False: our job is in the background,
 * the terminal is another's and was not touched; until a later call says true, read nothing from it
 * (the system would stop us for it) and draw what you like, nothing of it is sent. */
void term_suspend(struct term *t);
bool term_resume(struct term *t);

/* For the budgets: bytes of all frames so far, frames drawn and dropped. */
struct term_count {
    unsigned long long bytes, frames, dropped;
};
struct term_count term_count(const struct term *t);

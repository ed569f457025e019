/* tui/console_impl.h: what the files of tui/console*.c share; nobody else includes it. console.c
 * has the life, the board and the presses; console_commands.c what they do; console_ack.c the
 * taking of alerts; console_silence.c their silencing; console_timeline.c what is done about
 * records; console_past.c going through time; console_draw.c the picture.
 */
#pragma once

#include "tui/band.h"
#include "tui/console.h"
#include "tui/prompt.h"

enum { CONSOLE_STACK = 3, CONSOLE_SAY_MS = 8000 };

struct console {
    const struct theme *theme;
    char *who;
    char **faults;
    size_t n_faults;
    bool ascii;
    int w, h;

    struct view view;
    struct board *empty;    /* before the first board */
    struct board *frozen;   /* our own copy while the screen stands still, or a board of the past */
    bool past;              /* it is of the past */
    int64_t past_ms;        /* what was asked for, there or on its way; 0 = now */
    int64_t past_series_ms; /* its series are copies of what was live then */
    const struct board *live;
    int64_t clock_ms;

    const struct screen_ops *stack[CONSOLE_STACK]; /* [0] has a tab */
    int depth;                                     /* index of the top */

    struct prompt prompt;

    struct text said;
    bool said_bad;
    int64_t said_ms;

    struct intents intents;

    bool dirty, stale, quitting; /* stale: rows and picks are older than board and filter */
    int64_t drawn_ms;
};

/* console.c */
const struct screen_ops *console_screen(const struct console *c); /* on top */
/* Lies the detail anywhere on the stack? Then what it shows is what keys are about. */
bool console_in_detail(const struct console *c);
struct layout console_layout(const struct console *c);
/* Rows, picks and scroll positions as the board is now; before anything reads them. */
void console_settle(struct console *c);
/* Looks at another board, or at the same one changed. */
void console_look(struct console *c, const struct board *b);
void console_says(struct console *c, bool bad, const char *words);
struct cmdline_names console_names(const struct console *c);

/* console_ack.c */
/* Opens the prompt for the selected alert or, elsewhere, the one of that service; -1 = of none. */
void console_ack(struct console *c, int service);
void console_ack_noted(struct console *c); /* its note was typed */
void console_ack_run(struct console *c, enum intent_kind kind, const char *arg);

/* console_silence.c */
/* Opens the command line on a silence of the selected alert or of those of that service; -1 = none.
 */
void console_silence(struct console *c, int service);
void console_silence_run(struct console *c, const char *arg); /* as typed */
void console_unsilence_run(struct console *c, const char *id);
/* What is being typed is a silence: what it would hit, above the line. */
void console_silence_preview(const struct console *c, struct rect line, struct canvas *canvas);

/* console_timeline.c */
void console_event_open(struct console *c);
void console_event_copy(struct console *c);
void console_note(struct console *c); /* opens the command line on one */
void console_export(struct console *c, const char *file);

/* console_past.c */
void console_past_step(struct console *c, int by);
void console_past_jump(struct console *c, int by); /* from mark to mark */
void console_past_to(struct console *c, int64_t at_ms);
void console_past_run(struct console *c, const char *arg); /* as typed */
bool console_past_locked(struct console *c); /* and says that nothing is done from here */
void console_live(struct console *c);        /* back to now, from the past or a frozen screen */

/* console_commands.c */
void console_show(struct console *c, const struct screen_ops *screen);
void console_command(struct console *c, enum command cmd); /* what no screen took */
void console_run(struct console *c, const char *line);     /* what was typed after `:` */

/* tui/intents.h: what the person wants done, for app/ to do: a short queue, oldest first.
 *
 * Errors:  none. When nobody takes them the oldest is given up.
 * Owner:   the queue owns what an intent carries; a zeroed queue is empty.
 */
#pragma once

#include "core/text.h"

#include <stdbool.h>
#include <stddef.h>

enum intent_kind {
    INTENT_NONE,
    INTENT_QUIT,
    INTENT_SUSPEND,   /* Ctrl-Z: term_suspend, stop, term_resume */
    INTENT_REDRAW,    /* Ctrl-L: term_redraw */
    INTENT_ASK,       /* Ctrl-R: ask now; `service` = index on the live board, -1 = all */
    INTENT_RELOAD,    /* :reload */
    INTENT_FAULT,     /* :fault NAME: inject or lift a fault of the demo; `arg` is the name */
    INTENT_NOTE,      /* :note WORDS: into the journal; `arg` are the words */
    INTENT_ACK,       /* a, :ack: somebody has `alert` (its id); `arg` is a note, may be empty */
    INTENT_UNACK,     /* :unack: nobody has `alert` any more */
    INTENT_SILENCE,   /* :silence: `alert` is what it hits, as typed, `arg` the reason, `span_ms` */
    INTENT_UNSILENCE, /* :unsilence: the silence `alert` (its id) ends */
    INTENT_COPY,      /* y: `copy` to the clipboard (term_copy) */
    INTENT_DUMP,      /* :dump FILE: write `dump` (the screen as plain text) to file `arg` */
    INTENT_EXPORT,    /* :export FILE: write `dump` (the timeline as Markdown) to file `arg` */
    INTENT_PAST,      /* a board as it was at `at_ms`, with `span_ms` of charts before it */
    INTENT_LIVE,      /* no more of that: the person is back at now */
    INTENT_CANCEL     /* Ctrl-C: cancel the operation that runs, if any; never quits */
};

struct intent {
    enum intent_kind kind;
    int service;
    int64_t at_ms, span_ms;
    const char *arg;         /* a fault's name, a file's name; as typed */
    const char *alert;       /* its id; "" = none */
    const struct text *copy; /* INTENT_COPY */
    const char *dump;        /* INTENT_DUMP, INTENT_EXPORT: lines of safe UTF-8, each ends in a
                                newline */
    size_t dump_len;
};

enum { INTENTS_MAX = 8, INTENT_ARG = 256 };

struct intent_slot { /* an intent with what it owns */
    enum intent_kind kind;
    int service;
    int64_t at_ms, span_ms;
    char arg[INTENT_ARG], alert[INTENT_ARG];
    struct text copy;
    char *dump; /* from malloc */
};

struct intents {
    struct intent_slot slots[INTENTS_MAX];
    int first, n;
    struct intent_slot taken;
};

void intents_fini(struct intents *q);
/* A new one at the end, of no service, to be filled; good until the next call. */
struct intent_slot *intents_push(struct intents *q, enum intent_kind kind);
/* Takes the oldest; false when there is none. `out` borrows until the next call. */
bool intents_take(struct intents *q, struct intent *out);

/* tui/cmdline.h: what can be typed after `:`. One table feeds parsing, completion, help and man
 * page.
 *
 * Errors:  words for the person, with the nearest right one.
 */
#pragma once

#include "core/board.h"
#include "core/err.h"

#include <stdbool.h>
#include <stddef.h>

enum verb {
    VERB_ACK,
    VERB_RELOAD,
    VERB_FAULT,
    VERB_FILTER,
    VERB_GOTO,
    VERB_THEME,
    VERB_DUMP,
    VERB_EXPORT,
    VERB_ASK,
    VERB_HELP,
    VERB_NOTE,
    VERB_PAST,
    VERB_QUIT,
    VERB_UNACK,
    VERB_SILENCE,
    VERB_UNSILENCE
};

enum verb_arg {
    ARG_NONE,
    ARG_FAULT,
    ARG_FILTER,
    ARG_PLACE,
    ARG_THEME,
    ARG_FILE,
    ARG_WORDS,
    ARG_ACK,
    ARG_ALERT,
    ARG_SILENCE,
    ARG_UNSILENCE
};

/* ARG_ACK: an alert and, after a blank, words; ARG_ALERT: an alert that was acknowledged;
 * ARG_SILENCE: what it hits, how long, why (tui/silence_words.h); ARG_UNSILENCE: the id of one. */
struct verb_row {
    const char *name;
    enum verb verb;
    enum verb_arg arg;
    bool required;
    const char *usage, *help;
};
extern const struct verb_row cmdline_verbs[]; /* ends with a NULL name */

struct cmdline_names { /* what arguments may be; borrowed */
    const struct board *board;
    const char *const *faults;
    size_t n_faults;
};

/* `arg` points into `line`. */
bool cmdline_parse(const char *line, const struct cmdline_names *names,
                   const struct verb_row **verb, const char **arg, struct err *err);

/* The index of a service by its id or, with any case, by its id or title; or -1. */
int cmdline_place(const struct board *b, const char *name);

enum { CMDLINE_WORDS = 64, CMDLINE_WORD = 80 };
/* Whole lines that `line` may become; returns how many (at most CMDLINE_WORDS). */
size_t cmdline_complete(const char *line, const struct cmdline_names *names,
                        char out[CMDLINE_WORDS][CMDLINE_WORD]);

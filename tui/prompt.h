/* tui/prompt.h: the line at the foot that is typed into: a command after `:`, which Tab completes,
 * a filter after `/`, or the note of who takes an alert.
 *
 * Owner:   plain data; a zeroed prompt is closed and has no history.
 */
#pragma once

#include "tui/cmdline.h"
#include "tui/filter.h"
#include "tui/input.h"
#include "tui/intents.h"

enum prompt_mode { PROMPT_CLOSED, PROMPT_COMMAND, PROMPT_FILTER, PROMPT_ACK };

struct prompt {
    enum prompt_mode mode;
    struct input command, filter, note;
    char alert[INTENT_ARG];   /* PROMPT_ACK: the id of the one that is taken */
    char before[FILTER_MAX];  /* the filter, for Esc */
    char typed[CMDLINE_WORD]; /* what Tab began with */
    size_t completion;        /* how often Tab was pressed since */
};

/* `of`: the filter that is edited, the id of the alert that is taken, or what a command begins with
 * (NULL = nothing). */
void prompt_open(struct prompt *p, enum prompt_mode mode, const char *of);
/* After INPUT_DONE and INPUT_CANCELLED it is closed. The line is in `command`, `filter` or
 * `note`: after a
 * cancelled filter the one from before, or nothing when it was erased. */
enum input_event prompt_press(struct prompt *p, struct press press,
                              const struct cmdline_names *names);
void prompt_draw(const struct prompt *p, const struct cmdline_names *names, struct rect r,
                 struct canvas *c);

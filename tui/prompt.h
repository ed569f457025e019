/* tui/prompt.h: the line at the foot that is typed into: a command after `:`, which Tab completes,
 * or a filter after `/`.
 *
 * Owner:   plain data; a zeroed prompt is closed and has no history.
 */
#pragma once

#include "tui/cmdline.h"
#include "tui/filter.h"
#include "tui/input.h"

enum prompt_mode { PROMPT_CLOSED, PROMPT_COMMAND, PROMPT_FILTER };

struct prompt {
    enum prompt_mode mode;
    struct input command, filter;
    char before[FILTER_MAX];  /* the filter, for Esc */
    char typed[CMDLINE_WORD]; /* what Tab began with */
    size_t completion;        /* how often Tab was pressed since */
};

/* `filter` is what is edited, or NULL. */
void prompt_open(struct prompt *p, enum prompt_mode mode, const char *filter);
/* After INPUT_DONE and INPUT_CANCELLED it is closed. The line is in `command` or `filter`: after a
 * cancelled filter the one from before, or nothing when it was erased. */
enum input_event prompt_press(struct prompt *p, struct press press,
                              const struct cmdline_names *names);
void prompt_draw(const struct prompt *p, const struct cmdline_names *names, struct rect r,
                 struct canvas *c);

/* tui/input.h: one line of typing, with history.
 *
 * Pasted text comes in as characters; a pasted Enter is a blank and acts on nothing.
 */
#pragma once

#include "tui/keys.h"
#include "widgets/canvas.h"

#include <stdbool.h>
#include <stddef.h>

enum { INPUT_MAX = 256, INPUT_HISTORY = 32 };

struct input {
    char line[INPUT_MAX]; /* UTF-8, always whole characters */
    size_t len, at;       /* bytes; `at` is the cursor */
    char history[INPUT_HISTORY][INPUT_MAX];
    int n_history, recall; /* recall == n_history: the line itself */
    char draft[INPUT_MAX];
};

enum input_event { INPUT_NOTHING, INPUT_EDITED, INPUT_DONE, INPUT_CANCELLED, INPUT_COMPLETE };

void input_open(struct input *in, const char *line); /* NULL = empty */
enum input_event input_press(struct input *in, struct press p);
void input_set(struct input *in, const char *line); /* cursor at the end */
void input_remember(struct input *in);
/* Sign, line and cursor; scrolls sideways. Returns the columns used. */
int input_draw(const struct input *in, const char *sign, struct rect r, struct canvas *c);

/* tui/prompt.c: which line is open, what Tab makes of it, what Esc puts back. */
#include "tui/prompt.h"

#include <stdio.h>
#include <string.h>

void prompt_open(struct prompt *p, enum prompt_mode mode, const char *of)
{
    p->mode = mode;
    p->completion = 0;
    if (mode == PROMPT_FILTER) {
        snprintf(p->before, sizeof p->before, "%s", of);
        input_open(&p->filter, p->before);
    } else if (mode == PROMPT_ACK) {
        snprintf(p->alert, sizeof p->alert, "%s", of);
        input_open(&p->note, NULL);
    } else {
        input_open(&p->command, of);
    }
}

/* Tab goes through what the typed beginning may become. */
static void prompt_complete(struct prompt *p, const struct cmdline_names *names)
{
    char words[CMDLINE_WORDS][CMDLINE_WORD];
    size_t n;

    if (p->completion == 0)
        snprintf(p->typed, sizeof p->typed, "%.*s", CMDLINE_WORD - 1, p->command.line);
    n = cmdline_complete(p->typed, names, words);
    if (n == 0)
        return;
    input_set(&p->command, words[p->completion % n]);
    if (n == 1 && !strchr(p->command.line, ' ') && p->command.len + 2 < INPUT_MAX) {
        char line[INPUT_MAX];

        snprintf(line, sizeof line, "%.*s ", INPUT_MAX - 2, p->command.line);
        input_set(&p->command, line); /* the only verb: on to its argument */
        return;
    }
    p->completion++;
}

enum input_event prompt_press(struct prompt *p, struct press press,
                              const struct cmdline_names *names)
{
    bool filter = p->mode == PROMPT_FILTER;
    struct input *in = filter ? &p->filter : p->mode == PROMPT_ACK ? &p->note : &p->command;
    enum input_event event = input_press(in, press);

    if (event == INPUT_COMPLETE && p->mode == PROMPT_COMMAND) {
        prompt_complete(p, names);
        return event;
    }
    p->completion = 0;
    if (event == INPUT_DONE)
        input_remember(in);
    if (event == INPUT_CANCELLED && filter)
        input_set(in, press.code == PRESS_BACKSPACE ? "" : p->before);
    if (event == INPUT_DONE || event == INPUT_CANCELLED)
        p->mode = PROMPT_CLOSED;
    return event;
}

static void prompt_draw_completions(const struct prompt *p, const struct cmdline_names *names,
                                    struct rect r, struct canvas *c)
{
    char words[CMDLINE_WORDS][CMDLINE_WORD];
    const char *typed = p->completion ? p->typed : p->command.line;
    size_t n = cmdline_complete(typed, names, words);
    int x = r.x;

    for (size_t i = 0; i < n && x < r.x + r.w; i++) {
        const char *word = strchr(words[i], ' ') ? strchr(words[i], ' ') + 1 : words[i];
        bool lit = p->completion && (p->completion - 1) % n == i;

        x += 2 + canvas_put(c, x, r.y, r.x + r.w - x, lit ? STYLE_MARK : STYLE_DIM, word);
    }
}

/* What Enter does stands before what is typed, in as many words as leave room for a note. */
static void prompt_draw_ack(const struct prompt *p, struct rect r, struct canvas *c)
{
    static const char *const signs[] = { ", note (Enter takes it, Esc not): ", ", note: ", ": " };
    struct text alert = { 0 };
    const char *sign = signs[2];
    int x = r.x, w;

    text_setf(&alert, "ack %s", p->alert);
    w = alert.cols < r.w / 2 ? alert.cols : r.w / 2;
    for (int i = 2; i >= 0; i--)
        if (w + canvas_cols(signs[i]) + r.w / 4 < r.w)
            sign = signs[i];
    x += canvas_text(c, x, r.y, w, STYLE_KEY, &alert);
    text_fini(&alert);
    input_draw(&p->note, sign, (struct rect){ x, r.y, r.x + r.w - x, 1 }, c);
}

void prompt_draw(const struct prompt *p, const struct cmdline_names *names, struct rect r,
                 struct canvas *c)
{
    int used;

    if (p->mode == PROMPT_FILTER) {
        input_draw(&p->filter, "/", r, c);
        return;
    }
    if (p->mode == PROMPT_ACK) {
        prompt_draw_ack(p, r, c);
        return;
    }
    used = input_draw(&p->command, ":", r, c) + 2;
    prompt_draw_completions(p, names, (struct rect){ r.x + used, r.y, r.w - used, 1 }, c);
}

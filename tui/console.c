/* tui/console.c: the person's side. Presses become commands, commands change the view or leave as
 * intents; what is drawn comes from the view alone. */
#include "tui/console_impl.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"
#include "tui/alerts.h"
#include "tui/backups.h"
#include "tui/before.h"
#include "tui/detail.h"
#include "tui/help.h"
#include "tui/overview.h"
#include "tui/queues.h"
#include "tui/services.h"
#include "tui/timeline.h"
#include "tui/words.h"

const struct screen_ops *const console_screens[] = {
    &screen_overview, &screen_services, &screen_alerts,
    &screen_queues,   &screen_backups,  &screen_timeline,
    &screen_detail,   &screen_before,   &screen_help,     NULL
};

const struct key console_keys[] = {
    { "/", CMD_FILTER, "filter: word, !word, state=down", "filter" },
    { ":", CMD_COMMAND_LINE, "command", "command" },
    { "e", CMD_PROBLEMS, "problems only, and back", "problems" },
    { "z", CMD_FREEZE, "freeze the screen, and back; collecting goes on", "freeze" },
    { ",", CMD_PAST_BACK, "back in time, the whole board; collecting goes on", "time" },
    { ".", CMD_PAST_ON, "forward in time, up to now", "time" },
    { "{", CMD_MARK_BACK, "back to when something last happened: a mark or a record", NULL },
    { "}", CMD_MARK_ON, "on to when something happened next", NULL },
    { "b", CMD_PAST, "go to a time: 15m, 02:09 (UTC), 2026-11-22 02:09", NULL },
    { "c", CMD_CHANGES, "what changed in the 30 minutes before what is selected", "changes" },
    { "End", CMD_LIVE, "from the past back to now", NULL },
    { "y", CMD_COPY, "copy the selected line to the clipboard", "copy" },
    { "?", CMD_HELP, "this help", "help" },
    { "q", CMD_QUIT, "quit, from a screen with a number", "quit" },
    { "1", CMD_OVERVIEW, "overview", NULL },
    { "2", CMD_SERVICES, "services", NULL },
    { "3", CMD_ALERTS, "alerts", NULL },
    { "4", CMD_QUEUES, "queues", NULL },
    { "5", CMD_BACKUPS, "backups", NULL },
    { "9", CMD_TIMELINE, "timeline", NULL },
    { "Esc", CMD_BACK, "one step back, never out", NULL },
    { "+", CMD_CLOSER, "charts over a shorter time", NULL },
    { "=", CMD_CLOSER, "charts over a shorter time", NULL },
    { "-", CMD_WIDER, "charts over a longer time", NULL },
    { "n", CMD_NOTE, "note something: a line of your own in the journal", NULL },
    { "Ctrl-R", CMD_ASK, "ask the selected service now", NULL },
    { "Ctrl-L", CMD_REDRAW, "draw the screen anew", NULL },
    { "Ctrl-Z", CMD_SUSPEND, "suspend to the shell", NULL },
    { "Ctrl-C", CMD_CANCEL, "cancel what runs; does not quit", NULL },
    { "F1", CMD_HELP, "this help", NULL },
    { 0 },
};

enum command key_command(const struct key *table, const char *name)
{
    for (; table->key; table++)
        if (!strcmp(table->key, name))
            return table->command;
    return CMD_NONE;
}

/* -- life -- */

struct console *console_new(const struct console_options *options)
{
    struct console *c = xcalloc(1, sizeof *c);

    c->theme = options->theme ? options->theme : theme_find("dark");
    c->ascii = options->ascii;
    c->who = xstrdup(options->who);
    console_faults(c, options->faults, options->n_faults);
    c->empty = board_new(0);
    c->live = c->empty;
    c->w = 80;
    c->h = 24;
    c->stack[0] = &screen_overview;
    c->view.service = c->view.reading = -1;
    c->view.zoom = -1;
    c->view.alerts.chosen = -1;
    c->view.ascii = c->ascii;
    c->view.errors = c->view.latency = PICK_NONE;
    view_set_board(&c->view, c->empty, 0);
    view_settle(&c->view);
    c->dirty = true;
    return c;
}

static void console_free_faults(struct console *c)
{
    for (size_t i = 0; i < c->n_faults; i++)
        free(c->faults[i]);
    free(c->faults);
    c->faults = NULL;
    c->n_faults = 0;
}

void console_free(struct console *c)
{
    if (!c)
        return;
    intents_fini(&c->intents);
    view_fini(&c->view);
    board_free(c->frozen);
    board_free(c->empty);
    console_free_faults(c);
    text_fini(&c->said);
    free(c->who);
    free(c);
}

void console_faults(struct console *c, const char *const *names, size_t n)
{
    console_free_faults(c);
    c->faults = n ? xcalloc(n, sizeof *c->faults) : NULL;
    for (size_t i = 0; i < n; i++)
        c->faults[i] = xstrdup(names[i]);
    c->n_faults = n;
}

/* -- what is shown -- */

bool console_in_detail(const struct console *c)
{
    for (int i = 1; i <= c->depth; i++)
        if (c->stack[i] == &screen_detail)
            return true;
    return false;
}

const struct screen_ops *console_screen(const struct console *c)
{
    return c->stack[c->depth];
}

struct layout console_layout(const struct console *c)
{
    return layout_of(c->w, c->h, c->view.board->notice.len > 0);
}

void console_settle(struct console *c)
{
    struct layout l = console_layout(c);

    c->view.now_ms = c->frozen ? c->frozen->at_ms : c->clock_ms;
    c->view.still = c->frozen != NULL;
    if (c->stale)
        view_settle(&c->view);
    c->stale = false;
    if (!l.tiny)
        console_screen(c)->settle(&c->view, l.body);
}

/* A detail whose service is gone is left: it would show another one. */
void console_look(struct console *c, const struct board *b)
{
    struct text gone = { 0 };

    if (b != c->view.board && console_in_detail(c) && c->view.service >= 0)
        text_setf(&gone, "%s is watched no more",
                  text_str(service_title(&c->view.board->services[c->view.service])));
    view_set_board(&c->view, b, c->clock_ms);
    if (gone.len && c->view.service < 0) {
        for (int i = 1; i < c->depth; i++) /* the help may lie on it */
            c->stack[i] = c->stack[i + 1];
        c->depth--;
        console_say(c, true, &gone, c->clock_ms);
    }
    text_fini(&gone);
}

void console_resize(struct console *c, int w, int h)
{
    c->w = w < 1 ? 1 : w;
    c->h = h < 1 ? 1 : h;
    c->dirty = true;
}

void console_board(struct console *c, const struct board *b, int64_t now_ms)
{
    c->live = b;
    c->clock_ms = now_ms;
    c->dirty = c->stale = true;
    if (!c->frozen)
        console_look(c, b);
}

void console_say(struct console *c, bool bad, const struct text *words, int64_t now_ms)
{
    text_copy(&c->said, words);
    c->said_bad = bad;
    c->said_ms = now_ms;
    c->dirty = true;
}

void console_says(struct console *c, bool bad, const char *words)
{
    struct text t = { 0 };

    text_sets(&t, words);
    console_say(c, bad, &t, c->clock_ms);
    text_fini(&t);
}

struct cmdline_names console_names(const struct console *c)
{
    return (struct cmdline_names){ c->view.board, (const char *const *)c->faults, c->n_faults };
}

bool console_intent(struct console *c, struct intent *out)
{
    return intents_take(&c->intents, out);
}

/* -- presses -- */

/* The filter works while it is typed. */
static void console_filter(struct console *c, bool done)
{
    bool help = console_screen(c) == &screen_help;
    struct err err;

    snprintf(help ? c->view.help_search : c->view.filter, FILTER_MAX, "%s", c->prompt.filter.line);
    if (done && !help && !filter_check(c->view.filter, c->view.board, &err))
        console_says(c, true, err.msg);
}

static void console_press_prompt(struct console *c, struct press p)
{
    struct cmdline_names names = console_names(c);
    enum prompt_mode mode = c->prompt.mode;
    enum input_event event = prompt_press(&c->prompt, p, &names);

    c->stale = true;
    if (mode == PROMPT_FILTER)
        console_filter(c, event == INPUT_DONE);
    else if (mode == PROMPT_ACK && event == INPUT_DONE)
        console_ack_noted(c);
    else if (mode == PROMPT_COMMAND && event == INPUT_DONE && c->prompt.command.len)
        console_run(c, c->prompt.command.line);
}

static void console_press_key(struct console *c, struct press p)
{
    char name[24];
    enum command cmd;

    press_name(p, name);
    cmd = key_command(console_screen(c)->keys, name);
    if (cmd == CMD_NONE || (c->past && key_command(console_keys, name) == CMD_LIVE))
        cmd = key_command(console_keys, name);
    if (cmd == CMD_NONE)
        return;
    text_fini(&c->said);
    console_settle(c); /* the board may have changed since the last picture */
    if (console_screen(c)->command(&c->view, cmd)) {
        console_settle(c);
        return;
    }
    console_command(c, cmd);
    c->stale = true;
}

void console_press(struct console *c, struct press p, int64_t now_ms)
{
    if (p.code == PRESS_NONE || (p.pasted && c->prompt.mode == PROMPT_CLOSED))
        return; /* what is pasted onto a screen does nothing */
    c->clock_ms = now_ms;
    c->dirty = true;
    if (c->prompt.mode != PROMPT_CLOSED)
        console_press_prompt(c, p);
    else
        console_press_key(c, p);
}

const struct theme *console_theme(const struct console *c)
{
    return c->theme;
}

bool console_quitting(const struct console *c)
{
    return c->quitting;
}

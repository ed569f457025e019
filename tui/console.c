/* tui/console.c: the person's side. Presses become commands, commands change the view or leave as
 * intents; what is drawn comes from the view alone. */
#include "tui/console.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"
#include "core/board_copy.h"
#include "tui/band.h"
#include "tui/cmdline.h"
#include "tui/detail.h"
#include "tui/help.h"
#include "tui/input.h"
#include "tui/overview.h"
#include "tui/queues.h"
#include "tui/services.h"
#include "tui/words.h"

enum { CONSOLE_STACK = 3, CONSOLE_INTENTS = 8, CONSOLE_SAY_MS = 8000, CONSOLE_ARG = INPUT_MAX };

enum mode { MODE_KEYS, MODE_FILTER, MODE_COMMAND };

struct slot { /* an intent with what it owns */
    enum intent_kind kind;
    int service;
    char arg[CONSOLE_ARG];
    struct text copy;
    char *dump;
};

struct console {
    const struct theme *theme;
    char *who;
    char **faults;
    size_t n_faults;
    bool ascii;
    int w, h;

    struct view view;
    struct board *empty;  /* before the first board */
    struct board *frozen; /* our own copy while the screen stands still */
    const struct board *live;
    int64_t clock_ms;

    const struct screen_ops *stack[CONSOLE_STACK]; /* [0] has a tab */
    int depth;                                     /* index of the top */

    enum mode mode;
    struct input command, filter;
    char filter_before[FILTER_MAX]; /* for Esc */
    char typed[CMDLINE_WORD];       /* what Tab began with */
    size_t completion;

    struct text said;
    bool said_bad;
    int64_t said_ms;

    struct slot intents[CONSOLE_INTENTS];
    int first_intent, n_intents;
    struct slot taken;

    bool dirty, stale, quitting; /* stale: rows and picks are older than board and filter */
    int64_t drawn_ms;
};

const struct screen_ops *const console_screens[] = { &screen_overview, &screen_services,
                                                     &screen_queues,   &screen_detail,
                                                     &screen_help,     NULL };

const struct key console_keys[] = {
    { "/", CMD_FILTER, "filter: word, !word, state=down", "filter" },
    { ":", CMD_COMMAND_LINE, "command", "command" },
    { "e", CMD_PROBLEMS, "problems only, and back", "problems" },
    { "z", CMD_FREEZE, "freeze the screen, and back; collecting goes on", "freeze" },
    { "y", CMD_COPY, "copy the selected line to the clipboard", "copy" },
    { "?", CMD_HELP, "this help", "help" },
    { "q", CMD_QUIT, "quit, from a screen with a number", "quit" },
    { "1", CMD_OVERVIEW, "overview", NULL },
    { "2", CMD_SERVICES, "services", NULL },
    { "4", CMD_QUEUES, "queues", NULL },
    { "Esc", CMD_BACK, "one step back, never out", NULL },
    { "+", CMD_CLOSER, "charts over a shorter time", NULL },
    { "=", CMD_CLOSER, "charts over a shorter time", NULL },
    { "-", CMD_WIDER, "charts over a longer time", NULL },
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

static void slot_clear(struct slot *s)
{
    text_fini(&s->copy);
    free(s->dump);
    memset(s, 0, sizeof *s);
}

void console_free(struct console *c)
{
    if (!c)
        return;
    for (int i = 0; i < CONSOLE_INTENTS; i++)
        slot_clear(&c->intents[i]);
    slot_clear(&c->taken);
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

/* Lies the detail anywhere on the stack? Then what it shows is what keys are about. */
static bool console_in_detail(const struct console *c)
{
    for (int i = 1; i <= c->depth; i++)
        if (c->stack[i] == &screen_detail)
            return true;
    return false;
}

static const struct screen_ops *console_screen(const struct console *c)
{
    return c->stack[c->depth];
}

static struct layout console_layout(const struct console *c)
{
    return layout_of(c->w, c->h, c->view.board->notice.len > 0);
}

static void console_settle(struct console *c)
{
    struct layout l = console_layout(c);

    c->view.now_ms = c->frozen ? c->frozen->at_ms : c->clock_ms;
    if (c->stale)
        view_settle(&c->view);
    c->stale = false;
    if (!l.tiny)
        console_screen(c)->settle(&c->view, l.body);
}

/* Looks at another board, or at the same one changed. A detail whose service is gone is left: it
 * would show another one. */
static void console_look(struct console *c, const struct board *b)
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

static void console_says(struct console *c, bool bad, const char *words)
{
    struct text t = { 0 };

    text_sets(&t, words);
    console_say(c, bad, &t, c->clock_ms);
    text_fini(&t);
}

/* -- intents -- */

static struct slot *console_intend(struct console *c, enum intent_kind kind)
{
    struct slot *s;

    if (c->n_intents == CONSOLE_INTENTS) { /* nobody takes them: the oldest is given up */
        c->first_intent = (c->first_intent + 1) % CONSOLE_INTENTS;
        c->n_intents--;
    }
    s = &c->intents[(c->first_intent + c->n_intents++) % CONSOLE_INTENTS];
    slot_clear(s);
    s->kind = kind;
    s->service = -1;
    return s;
}

bool console_intent(struct console *c, struct intent *out)
{
    slot_clear(&c->taken);
    *out = (struct intent){ 0 };
    if (c->n_intents == 0)
        return false;
    c->taken = c->intents[c->first_intent];
    memset(&c->intents[c->first_intent], 0, sizeof c->taken);
    c->first_intent = (c->first_intent + 1) % CONSOLE_INTENTS;
    c->n_intents--;
    *out = (struct intent){ .kind = c->taken.kind,
                            .service = c->taken.service,
                            .arg = c->taken.arg,
                            .copy = &c->taken.copy,
                            .dump = c->taken.dump,
                            .dump_len = c->taken.dump ? strlen(c->taken.dump) : 0 };
    return true;
}

/* -- commands -- */

static void console_push(struct console *c, const struct screen_ops *screen)
{
    if (console_screen(c) != screen && c->depth + 1 < CONSOLE_STACK)
        c->stack[++c->depth] = screen;
}

static void console_show(struct console *c, const struct screen_ops *screen)
{
    c->depth = 0;
    c->stack[0] = screen;
}

/* The service that keys are about: the one whose detail is open, else the selected one of the
 * screen that lies below everything; -1 when there is none. */
static int console_selected(const struct console *c)
{
    const struct view *v = &c->view;
    int at;

    if (console_in_detail(c))
        return v->service;
    if (c->stack[0] == &screen_services)
        return view_selected(v, v->tree, v->n_tree, &at);
    if (c->stack[0] == &screen_queues)
        return queues_selected(v).service;
    if (v->focus == FOCUS_PROBLEMS)
        return v->n_problems ? v->problems[v->problem].service : -1;
    return view_selected(v, v->overview, v->n_overview, &at);
}

static void console_open(struct console *c)
{
    struct view *v = &c->view;
    int service = console_selected(c), reading = -1;

    if (service < 0)
        return;
    if (c->stack[0] == &screen_overview && v->focus == FOCUS_PROBLEMS && v->n_problems)
        reading = v->problems[v->problem].reading;
    else if (c->stack[0] == &screen_queues)
        reading = queues_selected(v).reading;
    view_select(v, service);
    v->reading = reading;
    v->detail_top = 0;
    console_push(c, &screen_detail);
}

/* One step back, never out. */
static void console_back(struct console *c)
{
    struct view *v = &c->view;

    if (console_screen(c) == &screen_help && v->help_search[0])
        v->help_search[0] = '\0';
    else if (c->depth > 0)
        c->depth--;
    else if (v->filter[0])
        v->filter[0] = '\0';
    else if (v->problems_only)
        v->problems_only = false;
    else if (c->stack[0] != &screen_overview)
        console_show(c, &screen_overview);
    else
        v->focus = FOCUS_SERVICES;
}

static void console_freeze(struct console *c)
{
    if (c->frozen) {
        console_look(c, c->live);
        board_free(c->frozen);
        c->frozen = NULL;
        return;
    }
    c->frozen = board_copy(c->live);
    c->frozen->at_ms = c->clock_ms;
    console_look(c, c->frozen);
}

/* One line about what is selected, as one would paste it into a chat. */
static void console_copy(struct console *c)
{
    const struct view *v = &c->view;
    const struct board *b = v->board;
    int service = console_selected(c), index = 0;
    struct slot *slot;
    char age[16], stamp[32];

    if (service < 0) {
        console_says(c, true, "nothing is selected");
        return;
    }
    slot = console_intend(c, INTENT_COPY);
    stamp_format_utc(v->now_ms, stamp);
    if (console_screen(c) == &screen_detail) {
        const struct reading *r = detail_reading(v, &b->services[service], &index);

        if (r)
            text_setf(&slot->copy, "%s %s %s %s for %s: %s (%s)", stamp, text_str(&b->watch),
                      text_str(&r->name), look_state(r->state).word,
                      age_words(v->now_ms, r->since_ms, age), text_str(&r->reason),
                      text_str(&r->target));
    } else {
        const struct service *s = &b->services[service];

        text_setf(&slot->copy, "%s %s %s %s for %s: %s", stamp, text_str(&b->watch),
                  text_str(&s->id), look_service(b, s).word, age_words(v->now_ms, s->since_ms, age),
                  text_str(&s->reason));
    }
    console_says(c, false, "copied, where the terminal allows it (OSC 52)");
}

/* Asks about one service, never about another or all of them for want of it. */
static void console_ask(struct console *c)
{
    int service = console_selected(c);

    if (service < 0) {
        console_says(c, true, "nothing is selected; :ask asks every probe");
        return;
    }
    if (c->frozen)
        service = board_find(c->live, text_str(&c->view.board->services[service].id));
    if (service < 0) {
        console_says(c, true, "this service is watched no more; z shows what is");
        return;
    }
    console_intend(c, INTENT_ASK)->service = service;
    console_says(c, false, "asking now");
}

static void console_zoom(struct console *c, int by)
{
    if (!view_zoom(&c->view, by))
        console_says(c, false, "charts reach from 5m to 24h");
}

static void console_open_input(struct console *c, enum mode mode)
{
    bool help = console_screen(c) == &screen_help;

    c->mode = mode;
    c->completion = 0;
    if (mode == MODE_FILTER) {
        memcpy(c->filter_before, help ? c->view.help_search : c->view.filter, FILTER_MAX);
        input_open(&c->filter, c->filter_before);
    } else {
        input_open(&c->command, NULL);
    }
}

static void console_command(struct console *c, enum command cmd)
{
    switch (cmd) {
    case CMD_OPEN:
        console_open(c);
        break;
    case CMD_BACK:
        console_back(c);
        break;
    case CMD_OVERVIEW:
        console_show(c, &screen_overview);
        break;
    case CMD_SERVICES:
        console_show(c, &screen_services);
        break;
    case CMD_QUEUES:
        console_show(c, &screen_queues);
        break;
    case CMD_FILTER:
        console_open_input(c, MODE_FILTER);
        break;
    case CMD_COMMAND_LINE:
        console_open_input(c, MODE_COMMAND);
        break;
    case CMD_HELP:
        console_push(c, &screen_help);
        break;
    case CMD_PROBLEMS:
        c->view.problems_only = !c->view.problems_only;
        break;
    case CMD_FREEZE:
        console_freeze(c);
        break;
    case CMD_COPY:
        console_copy(c);
        break;
    case CMD_ASK:
        console_ask(c);
        break;
    case CMD_CLOSER:
        console_zoom(c, -1);
        break;
    case CMD_WIDER:
        console_zoom(c, 1);
        break;
    case CMD_QUIT:
        console_intend(c, INTENT_QUIT);
        c->quitting = true;
        break;
    case CMD_SUSPEND:
        console_intend(c, INTENT_SUSPEND);
        break;
    case CMD_REDRAW:
        console_intend(c, INTENT_REDRAW);
        break;
    case CMD_CANCEL:
        console_intend(c, INTENT_CANCEL);
        console_says(c, false, "Ctrl-C cancels what runs; q quits");
        break;
    default:
        break;
    }
}

/* -- the command line -- */

static struct cmdline_names console_names(const struct console *c)
{
    return (struct cmdline_names){ c->view.board, (const char *const *)c->faults, c->n_faults };
}

static void console_goto(struct console *c, const char *place)
{
    for (const struct screen_ops *const *s = console_screens; *s; s++)
        if ((*s)->number && place[0] == (*s)->number && !place[1]) {
            console_show(c, *s);
            return;
        }
    view_select(&c->view, cmdline_place(c->view.board, place));
    console_show(c, &screen_services);
    console_push(c, &screen_detail);
}

static void console_dump(struct console *c, const char *file)
{
    struct slot *slot;
    struct canvas canvas;

    canvas_init(&canvas, 0, 0);
    console_draw(c, c->clock_ms, &canvas);
    slot = console_intend(c, INTENT_DUMP);
    snprintf(slot->arg, sizeof slot->arg, "%s", file);
    slot->dump = canvas_dump(&canvas);
    canvas_fini(&canvas);
}

static void console_run(struct console *c, const char *line)
{
    struct cmdline_names names = console_names(c);
    const struct verb_row *verb;
    const char *arg;
    struct err err;

    if (!cmdline_parse(line, &names, &verb, &arg, &err)) {
        console_says(c, true, err.msg);
        return;
    }
    switch (verb->verb) {
    case VERB_RELOAD:
        console_intend(c, INTENT_RELOAD);
        break;
    case VERB_FAULT:
        snprintf(console_intend(c, INTENT_FAULT)->arg, CONSOLE_ARG, "%s", arg);
        break;
    case VERB_FILTER:
        snprintf(c->view.filter, FILTER_MAX, "%s", arg);
        break;
    case VERB_GOTO:
        console_goto(c, arg);
        break;
    case VERB_THEME:
        c->theme = theme_find(arg);
        break;
    case VERB_DUMP:
        console_dump(c, arg);
        break;
    case VERB_ASK:
        console_intend(c, INTENT_ASK); /* of no service in particular: of all */
        console_says(c, false, "asking every probe now");
        break;
    case VERB_HELP:
        console_command(c, CMD_HELP);
        break;
    case VERB_QUIT:
        console_command(c, CMD_QUIT);
        break;
    }
}

/* Tab goes through what the typed beginning may become. */
static void console_complete(struct console *c)
{
    struct cmdline_names names = console_names(c);
    char words[CMDLINE_WORDS][CMDLINE_WORD];
    size_t n;

    if (c->completion == 0)
        snprintf(c->typed, sizeof c->typed, "%.*s", CMDLINE_WORD - 1, c->command.line);
    n = cmdline_complete(c->typed, &names, words);
    if (n == 0)
        return;
    input_set(&c->command, words[c->completion % n]);
    if (n == 1 && !strchr(c->command.line, ' ') && c->command.len + 2 < INPUT_MAX) {
        char line[INPUT_MAX];

        snprintf(line, sizeof line, "%.*s ", INPUT_MAX - 2, c->command.line);
        input_set(&c->command, line); /* the only verb: on to its argument */
        return;
    }
    c->completion++;
}

static void console_press_command(struct console *c, struct press p)
{
    enum input_event event = input_press(&c->command, p);

    if (event == INPUT_COMPLETE) {
        console_complete(c);
        return;
    }
    c->completion = 0;
    if (event == INPUT_CANCELLED)
        c->mode = MODE_KEYS;
    if (event != INPUT_DONE)
        return;
    c->mode = MODE_KEYS;
    c->stale = true;
    input_remember(&c->command);
    if (c->command.len)
        console_run(c, c->command.line);
}

/* The filter works while it is typed; Esc puts the one before back. */
static void console_press_filter(struct console *c, struct press p)
{
    enum input_event event = input_press(&c->filter, p);
    char *target = console_screen(c) == &screen_help ? c->view.help_search : c->view.filter;

    if (event == INPUT_CANCELLED) {
        bool erased = p.code == PRESS_BACKSPACE;

        c->mode = MODE_KEYS;
        c->stale = true;
        memcpy(target, erased ? "" : c->filter_before, erased ? 1 : FILTER_MAX);
        return;
    }
    c->stale = true;
    snprintf(target, FILTER_MAX, "%s", c->filter.line);
    if (event == INPUT_DONE) {
        struct err err;

        c->mode = MODE_KEYS;
        input_remember(&c->filter);
        if (target == c->view.filter && !filter_check(target, &err))
            console_says(c, true, err.msg);
    }
}

static void console_press_key(struct console *c, struct press p)
{
    char name[24];
    enum command cmd;

    press_name(p, name);
    cmd = key_command(console_screen(c)->keys, name);
    if (cmd == CMD_NONE)
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
    if (p.code == PRESS_NONE || (p.pasted && c->mode == MODE_KEYS))
        return; /* what is pasted onto a screen does nothing */
    c->clock_ms = now_ms;
    c->dirty = true;
    if (c->mode == MODE_COMMAND)
        console_press_command(c, p);
    else if (c->mode == MODE_FILTER)
        console_press_filter(c, p);
    else
        console_press_key(c, p);
}

/* -- drawing -- */

bool console_wants_draw(const struct console *c, int64_t now_ms)
{
    return c->dirty || now_ms / 1000 != c->drawn_ms / 1000;
}

static bool console_is_saying(const struct console *c)
{
    return c->said.len > 0 && c->clock_ms - c->said_ms < CONSOLE_SAY_MS;
}

static void console_draw_completions(const struct console *c, struct rect r, struct canvas *canvas)
{
    struct cmdline_names names = console_names(c);
    char words[CMDLINE_WORDS][CMDLINE_WORD];
    const char *typed = c->completion ? c->typed : c->command.line;
    size_t n = cmdline_complete(typed, &names, words);
    int x = r.x;

    for (size_t i = 0; i < n && x < r.x + r.w; i++) {
        const char *word = strchr(words[i], ' ') ? strchr(words[i], ' ') + 1 : words[i];
        bool lit = c->completion && (c->completion - 1) % n == i;

        x += 2 + canvas_put(canvas, x, r.y, r.x + r.w - x, lit ? STYLE_MARK : STYLE_DIM, word);
    }
}

static void console_draw_footer(const struct console *c, const struct band *band, struct layout l,
                                struct canvas *canvas)
{
    struct rect r = l.footer;
    bool compact = l.tabs.h == 0;
    int used = 0;

    if (c->mode == MODE_COMMAND) {
        used = input_draw(&c->command, ":", r, canvas) + 2;
        console_draw_completions(c, (struct rect){ r.x + used, r.y, r.w - used, 1 }, canvas);
        return;
    }
    if (c->mode == MODE_FILTER) {
        input_draw(&c->filter, "/", r, canvas);
        return;
    }
    if (console_is_saying(c)) {
        canvas_put(canvas, r.x, r.y, 2, c->said_bad ? STYLE_WARN : STYLE_OK,
                   c->said_bad ? "! " : "· ");
        canvas_text(canvas, r.x + 2, r.y, r.w - 2, c->said_bad ? STYLE_WARN : STYLE_PLAIN,
                    &c->said);
        return;
    }
    if (compact)
        used = choice_draw(band, r, canvas);
    if (used >= r.w)
        return;
    footer_draw(console_screen(c), (struct rect){ r.x + used, r.y, r.w - used, 1 }, canvas);
}

/* One line may have no room to say that it is frozen, so here the verdict never is: what stands
 * still are the screens that come back with more room. */
static void console_draw_tiny(const struct console *c, const struct band *band, struct layout l,
                              struct canvas *canvas)
{
    struct view live;

    if (!c->frozen) {
        verdict_draw(&c->view, l.verdict, canvas);
        return;
    }
    live = c->view;
    live.board = c->live;
    live.now_ms = c->clock_ms;
    verdict_draw(&live, l.verdict, canvas);
    if (c->h > 1)
        frozen_draw(band, (struct rect){ 0, 1, c->w, 1 }, canvas);
}

void console_draw(struct console *c, int64_t now_ms, struct canvas *canvas)
{
    struct layout l;
    struct band band;

    c->clock_ms = now_ms;
    c->stale = true; /* a picture never trusts what was settled before */
    console_settle(c);
    l = console_layout(c);
    band = (struct band){ .view = &c->view,
                          .screen = console_screen(c),
                          .clock_ms = now_ms,
                          .who = c->who,
                          .frozen = c->frozen != NULL,
                          .live = c->frozen ? c->live : NULL };
    canvas_resize(canvas, c->w, c->h);
    canvas->ascii = c->ascii;
    if (l.tiny) {
        console_draw_tiny(c, &band, l, canvas);
    } else {
        verdict_draw(&c->view, l.verdict, canvas);
        band_draw(&band, l.band, canvas);
        notice_draw(&c->view, l.notice, canvas);
        tabs_draw(&band, l.tabs, canvas);
        console_screen(c)->draw(&c->view, l.body, canvas);
        console_draw_footer(c, &band, l, canvas);
    }
    c->dirty = false;
    c->drawn_ms = now_ms;
}

const struct theme *console_theme(const struct console *c)
{
    return c->theme;
}

bool console_quitting(const struct console *c)
{
    return c->quitting;
}

/* tui/console_commands.c: what keys and typed commands do: another screen, another choice, or an
 * intent for app/. */
#include "tui/console_impl.h"

#include <stdio.h>

#include "core/board_copy.h"
#include "tui/alert_list.h"
#include "tui/alert_words.h"
#include "tui/alerts.h"
#include "tui/backups.h"
#include "tui/before.h"
#include "tui/detail.h"
#include "tui/event_list.h"
#include "tui/event_words.h"
#include "tui/help.h"
#include "tui/overview.h"
#include "tui/queues.h"
#include "tui/services.h"
#include "tui/timeline.h"
#include "tui/words.h"

static void console_push(struct console *c, const struct screen_ops *screen)
{
    if (console_screen(c) != screen && c->depth + 1 < CONSOLE_STACK)
        c->stack[++c->depth] = screen;
}

void console_show(struct console *c, const struct screen_ops *screen)
{
    c->depth = 0;
    c->stack[0] = screen;
}

/* Of the alert that the selected record speaks of, or -1. */
static int console_event_service(const struct view *v)
{
    const struct event *e = event_list_selected(v);
    const struct alert *a = e ? event_alert(v->board, e) : NULL;

    return a ? a->service : -1;
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
    if (c->stack[0] == &screen_alerts)
        return alert_list_selected(v) ? alert_list_selected(v)->service : -1;
    if (c->stack[0] == &screen_timeline)
        return console_event_service(v);
    if (c->stack[0] == &screen_queues)
        return sources_selected(v, LISTING_QUEUES).service;
    if (c->stack[0] == &screen_backups)
        return sources_selected(v, LISTING_BACKUPS).service;
    if (v->focus == FOCUS_PROBLEMS)
        return v->n_problems ? v->problems[v->problem].service : -1;
    return view_selected(v, v->overview, v->n_overview, &at);
}

static void console_open_selected(struct console *c)
{
    struct view *v = &c->view;
    int service = console_selected(c), reading = -1;

    if (console_screen(c) == &screen_timeline) {
        console_event_open(c);
        return;
    }
    if (service < 0) {
        if (c->stack[0] == &screen_alerts && alert_list_selected(v))
            console_says(c, false, "this alert is about no service");
        return;
    }
    if (c->stack[0] == &screen_overview && v->focus == FOCUS_PROBLEMS && v->n_problems)
        reading = v->problems[v->problem].reading;
    else if (c->stack[0] == &screen_queues)
        reading = sources_selected(v, LISTING_QUEUES).reading;
    else if (c->stack[0] == &screen_backups)
        reading = sources_selected(v, LISTING_BACKUPS).reading;
    view_select(v, service);
    v->reading = reading;
    v->detail_top = 0;
    console_push(c, &screen_detail);
}

static void console_open(struct console *c)
{
    if (console_screen(c) == &screen_before) {
        if (before_selected(&c->view)) {
            console_past_to(c, before_selected(&c->view) / 1000 * 1000 + 1999);
            c->depth--; /* what lies below shows it */
        }
        return;
    }
    console_open_selected(c);
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
    else if (c->past)
        console_live(c);
    else if (c->stack[0] != &screen_overview)
        console_show(c, &screen_overview);
    else
        v->focus = FOCUS_SERVICES;
}

/* Before the alert, the record or the trouble that is selected; of what is well, before now. */
static void console_changes(struct console *c)
{
    const struct view *v = &c->view;
    const struct board *b = v->board;
    const struct alert *a = c->stack[0] == &screen_alerts ? alert_list_selected(v) : NULL;
    const struct event *e = c->stack[0] == &screen_timeline ? event_list_selected(v) : NULL;
    int service = console_selected(c);
    int64_t at_ms = v->now_ms;
    struct text title = { 0 };

    text_sets(&title, "now");
    if (console_in_detail(c))
        a = NULL, e = NULL;
    if (a && a->fired_ms) {
        at_ms = a->fired_ms;
        text_copy(&title, alert_title(a));
    } else if (e) {
        at_ms = e->at_ms;
        event_line(b, e, &title);
    } else if (service >= 0 && b->services[service].state != STATE_UP &&
               b->services[service].since_ms) {
        at_ms = b->services[service].since_ms;
        text_copy(&title, service_title(&b->services[service]));
    }
    before_look(&c->view, at_ms, &title);
    text_fini(&title);
    console_push(c, &screen_before);
}

static void console_freeze(struct console *c)
{
    if (c->frozen || c->past_ms) {
        console_live(c);
        return;
    }
    c->frozen = board_copy(c->live);
    c->frozen->at_ms = c->clock_ms;
    console_look(c, c->frozen);
}

/* One line about an alert, for a chat. */
static void console_copy_alert(struct console *c, const struct alert *a)
{
    struct intent_slot *slot = intents_push(&c->intents, INTENT_COPY);
    struct text ack = { 0 };
    char since[32], stamp[32];

    stamp_format_utc(c->view.now_ms, stamp);
    alert_ack_words(a, c->view.now_ms, &ack);
    text_setf(&slot->copy, "%s %s %s %s %s %s: %s (%s), ack: %s", stamp,
              text_str(&c->view.board->watch), text_str(&a->severity), text_str(&a->id),
              look_alert(a).word, alert_since(a, c->view.now_ms, since), text_str(&a->value),
              text_str(&a->rule), text_str(&ack));
    text_fini(&ack);
    console_says(c, false, "copied, where the terminal allows it (OSC 52)");
}

/* One line about what is selected, as one would paste it into a chat. */
static void console_copy(struct console *c)
{
    const struct view *v = &c->view;
    const struct board *b = v->board;
    const struct reading *r = NULL;
    int service = console_selected(c), index = 0;
    struct intent_slot *slot;
    char age[16], stamp[32];

    if (console_screen(c) == &screen_alerts && alert_list_selected(v)) {
        console_copy_alert(c, alert_list_selected(v));
        return;
    }
    if (console_screen(c) == &screen_timeline) {
        console_event_copy(c);
        return;
    }
    if (service < 0) {
        console_says(c, true, "nothing is selected");
        return;
    }
    slot = intents_push(&c->intents, INTENT_COPY);
    stamp_format_utc(v->now_ms, stamp);
    if (console_screen(c) == &screen_detail)
        r = detail_reading(v, &b->services[service], &index);
    if (r) {
        text_setf(&slot->copy, "%s %s %s %s for %s: %s (%s)", stamp, text_str(&b->watch),
                  text_str(&r->name), look_state(r->state).word,
                  age_words(v->now_ms, r->since_ms, age), text_str(&r->reason),
                  text_str(&r->target));
    } else { /* also the detail of a service that nothing is asked of */
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

    if (console_past_locked(c))
        return;
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
    intents_push(&c->intents, INTENT_ASK)->service = service;
    console_says(c, false, "asking now");
}

static void console_zoom(struct console *c, int by)
{
    if (!view_zoom(&c->view, by))
        console_says(c, false, "charts reach from 5m to 24h");
}

static void console_type(struct console *c, enum prompt_mode mode)
{
    bool help = console_screen(c) == &screen_help;

    if (mode == PROMPT_COMMAND)
        prompt_open(&c->prompt, mode, NULL);
    else
        prompt_open(&c->prompt, mode, help ? c->view.help_search : c->view.filter);
}

void console_command(struct console *c, enum command cmd)
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
    case CMD_ALERTS:
        console_show(c, &screen_alerts);
        break;
    case CMD_QUEUES:
        console_show(c, &screen_queues);
        break;
    case CMD_BACKUPS:
        console_show(c, &screen_backups);
        break;
    case CMD_TIMELINE:
        console_show(c, &screen_timeline);
        break;
    case CMD_FILTER:
        console_type(c, PROMPT_FILTER);
        break;
    case CMD_COMMAND_LINE:
        console_type(c, PROMPT_COMMAND);
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
    case CMD_ACK:
        console_ack(c, console_selected(c));
        break;
    case CMD_SILENCE:
        console_silence(c, console_selected(c));
        break;
    case CMD_NOTE:
        console_note(c);
        break;
    case CMD_PAST_BACK:
        console_past_step(c, -1);
        break;
    case CMD_PAST_ON:
        console_past_step(c, 1);
        break;
    case CMD_MARK_BACK:
        console_past_jump(c, -1);
        break;
    case CMD_MARK_ON:
        console_past_jump(c, 1);
        break;
    case CMD_PAST:
        prompt_open(&c->prompt, PROMPT_COMMAND, "past ");
        break;
    case CMD_CHANGES:
        console_changes(c);
        break;
    case CMD_LIVE:
        console_live(c);
        break;
    case CMD_CLOSER:
        console_zoom(c, -1);
        break;
    case CMD_WIDER:
        console_zoom(c, 1);
        break;
    case CMD_QUIT:
        intents_push(&c->intents, INTENT_QUIT);
        c->quitting = true;
        break;
    case CMD_SUSPEND:
        intents_push(&c->intents, INTENT_SUSPEND);
        break;
    case CMD_REDRAW:
        intents_push(&c->intents, INTENT_REDRAW);
        break;
    case CMD_CANCEL:
        intents_push(&c->intents, INTENT_CANCEL);
        console_says(c, false, "Ctrl-C cancels what runs; q quits");
        break;
    default:
        break;
    }
}

/* -- the command line -- */

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
    struct intent_slot *slot;
    struct canvas canvas;

    canvas_init(&canvas, 0, 0);
    console_draw(c, c->clock_ms, &canvas);
    slot = intents_push(&c->intents, INTENT_DUMP);
    snprintf(slot->arg, sizeof slot->arg, "%s", file);
    slot->dump = canvas_dump(&canvas);
    canvas_fini(&canvas);
}

void console_run(struct console *c, const char *line)
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
    case VERB_ACK:
        console_ack_run(c, INTENT_ACK, arg);
        break;
    case VERB_UNACK:
        console_ack_run(c, INTENT_UNACK, arg);
        break;
    case VERB_SILENCE:
        console_silence_run(c, arg);
        break;
    case VERB_UNSILENCE:
        console_unsilence_run(c, arg);
        break;
    case VERB_RELOAD:
        intents_push(&c->intents, INTENT_RELOAD);
        break;
    case VERB_PAST:
        console_past_run(c, arg);
        break;
    case VERB_FAULT:
        if (console_past_locked(c))
            break;
        snprintf(intents_push(&c->intents, INTENT_FAULT)->arg, INTENT_ARG, "%s", arg);
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
    case VERB_EXPORT:
        console_export(c, arg);
        break;
    case VERB_ASK:
        if (console_past_locked(c))
            break;
        intents_push(&c->intents, INTENT_ASK); /* of no service in particular: of all */
        console_says(c, false, "asking every probe now");
        break;
    case VERB_NOTE:
        snprintf(intents_push(&c->intents, INTENT_NOTE)->arg, INTENT_ARG, "%s", arg);
        break;
    case VERB_HELP:
        console_command(c, CMD_HELP);
        break;
    case VERB_QUIT:
        console_command(c, CMD_QUIT);
        break;
    }
}

/* tui/console_ack.c: taking an alert: by key with a note, or by a typed command. */
#include "tui/console_impl.h"

#include <stdio.h>
#include <string.h>

#include "tui/alert_list.h"
#include "tui/alert_words.h"
#include "tui/alerts.h"

/* A picture of the past is no place to act from. */
static bool console_ack_frozen(struct console *c)
{
    if (console_past_locked(c))
        return true;
    if (c->frozen)
        console_says(c, true, "the screen is frozen: z first, then acknowledge");
    return c->frozen != NULL;
}

/* The most urgent alert of a service that nobody has; NULL, and `why`, when there is none. */
static const struct alert *console_ack_of(const struct board *b, int service, struct text *why)
{
    const struct service *s = &b->services[service];
    const struct alert *best = NULL;

    for (size_t i = 0; i < b->n_alerts; i++) {
        const struct alert *a = &b->alerts[i];

        if (a->service == service && (!best || alert_compare(a, best) < 0))
            best = a;
    }
    if (best && alert_class(best) == ALERTS_FIRING)
        return best;
    if (best && alert_class(best) == ALERTS_ACKED)
        text_setf(why, "%s: %s has it already", text_str(&best->id), text_str(&best->ack.who));
    else if (best && alert_root(b, best))
        text_setf(why, "%s is affected by %s: that is what has to be taken", text_str(&best->id),
                  text_str(service_title(alert_root(b, best))));
    else
        text_setf(why, "no alert about %s fires", text_str(service_title(s)));
    return NULL;
}

void console_ack(struct console *c, int service)
{
    const struct view *v = &c->view;
    const struct alert *a = NULL;
    struct text why = { 0 };
    struct err err;

    if (console_ack_frozen(c))
        return;
    text_sets(&why, "nothing is selected");
    if (c->stack[0] == &screen_alerts) {
        a = alert_list_selected(v);
        if (a && !alert_check_ack(a, &err)) {
            text_sets(&why, err.msg);
            a = NULL;
        }
    } else if (service >= 0) {
        a = console_ack_of(v->board, service, &why);
    }
    if (a)
        prompt_open(&c->prompt, PROMPT_ACK, text_str(&a->id));
    else
        console_say(c, true, &why, c->clock_ms);
    text_fini(&why);
}

/* The board may be another one since the prompt was opened. */
static void console_ack_send(struct console *c, enum intent_kind kind, const char *id, size_t len,
                             const char *note)
{
    struct intent_slot *slot;
    char alert[INTENT_ARG];
    struct err err;
    int at;

    if (console_ack_frozen(c))
        return;
    snprintf(alert, sizeof alert, "%.*s", (int)(len < INTENT_ARG ? len : INTENT_ARG - 1), id);
    at = board_find_alert(c->view.board, alert);
    if (at < 0) {
        console_says(c, true, "this alert is judged no more");
        return;
    }
    if (kind == INTENT_ACK && !alert_check_ack(&c->view.board->alerts[at], &err)) {
        console_says(c, true, err.msg);
        return;
    }
    if (kind == INTENT_UNACK && c->view.board->alerts[at].ack.at_ms == 0) {
        console_says(c, true, "nobody has acknowledged this alert");
        return;
    }
    slot = intents_push(&c->intents, kind);
    snprintf(slot->alert, sizeof slot->alert, "%s", alert);
    snprintf(slot->arg, sizeof slot->arg, "%s", note);
}

void console_ack_noted(struct console *c)
{
    console_ack_send(c, INTENT_ACK, c->prompt.alert, strlen(c->prompt.alert), c->prompt.note.line);
}

void console_ack_run(struct console *c, enum intent_kind kind, const char *arg)
{
    size_t len = strcspn(arg, " ");

    console_ack_send(c, kind, arg, len, arg + len + strspn(arg + len, " "));
}

/* tui/console_timeline.c: what is done about records: opened, copied, written down, noted. */
#include "tui/console_impl.h"

#include <stdio.h>
#include <stdlib.h>

#include "tui/alert_list.h"
#include "tui/alerts.h"
#include "tui/event_list.h"
#include "tui/event_words.h"
#include "tui/timeline_export.h"

static bool console_event_shown(const struct view *v, const struct alert *a)
{
    for (size_t i = 0; i < v->alerts.n; i++)
        if (alert_list_at(v, i) == a)
            return true;
    return false;
}

void console_event_open(struct console *c)
{
    struct view *v = &c->view;
    const struct event *e = event_list_selected(v);
    const struct alert *a = e ? event_alert(v->board, e) : NULL;

    if (!e)
        return;
    if (!a) {
        console_says(c, false,
                     e->alert.len ? "this alert is judged no more"
                                  : "this record speaks of no alert");
        return;
    }
    v->alerts.chosen = (int)(a - v->board->alerts);
    console_show(c, &screen_alerts);
    if (console_event_shown(v, a))
        return;
    v->filter[0] = '\0'; /* it was about records, or about what is wrong now */
    v->problems_only = false;
    console_says(c, false, "the filter is off: it would hide this alert");
}

/* One line, as one would paste it into a chat. */
void console_event_copy(struct console *c)
{
    const struct view *v = &c->view;
    const struct event *e = event_list_selected(v);
    struct intent_slot *slot;
    struct text line = { 0 };
    char stamp[32];

    if (!e) {
        console_says(c, true, "nothing is selected");
        return;
    }
    slot = intents_push(&c->intents, INTENT_COPY);
    event_line(v->board, e, &line);
    text_setf(&slot->copy, "%s %s %s%s%s (%s)", stamp_format_utc(e->at_ms, stamp),
              text_str(&v->board->watch), look_event(e).word, line.len ? " " : "", text_str(&line),
              text_str(&e->who));
    text_fini(&line);
    console_says(c, false, "copied, where the terminal allows it (OSC 52)");
}

void console_note(struct console *c)
{
    prompt_open(&c->prompt, PROMPT_COMMAND, "note ");
}

void console_export(struct console *c, const char *file)
{
    struct intent_slot *slot;

    c->stale = true;
    console_settle(c); /* as it would be shown now, whatever is */
    if (c->view.timeline.n_events == 0) {
        console_says(c, true,
                     c->view.board->n_events ? "nothing to export: no record is shown"
                                             : "nothing to export: nothing was recorded yet");
        return;
    }
    slot = intents_push(&c->intents, INTENT_EXPORT);
    snprintf(slot->arg, sizeof slot->arg, "%s", file);
    slot->dump = timeline_export(&c->view);
}

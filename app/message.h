/* app/message.h: what is said of alerts to those who are not at the console, in the form that each
 * kind of channel takes. Pure.
 *
 * Text:    everything is sanitized already and is escaped here for where it goes: JSON, and what
 *          Slack takes for markup.
 * Owner:   items are borrowed for the call.
 */
#pragma once

#include "core/board.h"
#include "core/buf.h"

#include <stdbool.h>
#include <stddef.h>

enum message_action { MESSAGE_TRIGGER, MESSAGE_REMIND, MESSAGE_ACKNOWLEDGE, MESSAGE_RESOLVE };
enum { MESSAGE_ACTIONS = MESSAGE_RESOLVE + 1 };
/* "trigger" "remind" "acknowledge" "resolve" */
const char *message_word(enum message_action action);

enum { MESSAGE_LISTED = 20 }; /* of many alerts so many are named, the rest is counted */

struct message_item {
    enum message_action action;
    const char *id;
    const struct alert *alert; /* as the board has it; NULL = no longer configured */
    int64_t fired_ms;
    int reminder; /* MESSAGE_REMIND: which one, from 1 */
};

struct message {
    const struct board *board;
    const struct message_item *items; /* at least one, the most urgent first */
    size_t n;
    const char *head; /* of the journal, "412:<hash>"; NULL = none known */
    bool test;        /* nothing has happened: somebody tries the channel */
};

/* One line: "FIRING SEV-1 API errors: 8.2% (41 of 502)", "STILL FIRING SEV-1 API errors for 1h
 * (reminder 2): ..."; of several "3 firing, 1 resolved: ...". */
void message_line(const struct message *m, struct text *out);
/* The same of one item alone, without the watch. */
void message_item_line(const struct message *m, const struct message_item *i, struct text *out);
/* {"text": ...} for an incoming webhook of Slack. */
void message_slack(const struct message *m, struct buf *out);
/* An event of PagerDuty's Events API v2, of the first item alone. The key goes in there and nowhere
 * else. */
void message_pagerduty(const struct message *m, const char *routing_key, struct buf *out);
/* {"version":1,"watch",...,"alerts":[...]} with all items. */
void message_json(const struct message *m, struct buf *out);

struct message_envelope {
    const char *from;
    const char *const *to; /* addresses: checked by who read them */
    size_t n_to;
    int64_t now_ms;
};
/* A whole mail, lines ending in CR LF. One firing of an alert is one thread: its first mail names
 * the thread, those after it refer to that. What is said again has the same Message-ID. */
void message_mail(const struct message *m, const struct message_envelope *e, struct buf *out);

/* app/message.c: alerts as messages. */
#include "app/message.h"

#include <stdio.h>
#include <string.h>

#include "core/json.h"
#include "core/unit.h"

enum { MESSAGE_VERSION = 1, SUMMARY_MAX = 1024 };

static const struct {
    const char *word, *state, *count;
} message_words[MESSAGE_ACTIONS] = {
    [MESSAGE_TRIGGER] = { "trigger", "FIRING", "firing" },
    [MESSAGE_REMIND] = { "remind", "STILL FIRING", "still firing" },
    [MESSAGE_ACKNOWLEDGE] = { "acknowledge", "ACKED", "acknowledged" },
    [MESSAGE_RESOLVE] = { "resolve", "RESOLVED", "resolved" },
};

const char *message_word(enum message_action action)
{
    return message_words[action].word;
}

static const char *message_title(const struct message_item *i)
{
    return i->alert && i->alert->title.len ? text_str(&i->alert->title) : i->id;
}

static const struct service *message_service(const struct message *m, const struct message_item *i)
{
    return i->alert && i->alert->service >= 0 ? &m->board->services[i->alert->service] : NULL;
}

/* " for 1h (reminder 2)" */
static void message_reminder(const struct message *m, const struct message_item *i, char out[64])
{
    char age[16];

    out[0] = '\0';
    if (i->action == MESSAGE_REMIND)
        snprintf(out, 64, " for %s (reminder %d)", age_format(m->board->at_ms - i->fired_ms, age),
                 i->reminder);
}

void message_item_line(const struct message *m, const struct message_item *i, struct text *out)
{
    const struct service *s = message_service(m, i);
    const struct alert *a = i->alert;
    bool seen = a && a->value.len && i->action <= MESSAGE_REMIND;
    char reminder[64];

    message_reminder(m, i, reminder);
    text_setf(out, "%s%s%s%s %s%s%s%s%s%s%s", m->test ? "TEST " : "",
              message_words[i->action].state, a && a->severity.len ? " " : "",
              a ? text_str(&a->severity) : "", message_title(i), reminder, seen ? ": " : "",
              seen ? text_str(&a->value) : "", s ? " (" : "", s ? text_str(&s->title) : "",
              s ? ")" : "");
}

static void message_counts(const struct message *m, char out[120])
{
    size_t n[MESSAGE_ACTIONS] = { 0 };
    size_t len = 0;

    for (size_t i = 0; i < m->n; i++)
        n[m->items[i].action]++;
    out[0] = '\0';
    for (int a = 0; a < MESSAGE_ACTIONS; a++) {
        if (n[a])
            len += (size_t)snprintf(out + len, 120 - len, "%s%zu %s", len ? ", " : "", n[a],
                                    message_words[a].count);
    }
}

void message_line(const struct message *m, struct text *out)
{
    struct text first = { 0 };
    char counts[120];

    message_item_line(m, &m->items[0], &first);
    message_counts(m, counts);
    if (m->n == 1)
        text_setf(out, "[%s %s] %s", text_str(&m->board->environment), text_str(&m->board->watch),
                  text_str(&first));
    else
        text_setf(out, "[%s %s] %s; %s", text_str(&m->board->environment),
                  text_str(&m->board->watch), counts, text_str(&first));
    text_fini(&first);
}

/* ---- Slack ---- */

/* Nothing in it names a channel, a person or a link unless it says so itself. */
static void slack_escape(struct buf *out, const char *s)
{
    for (; *s; s++) {
        if (*s == '&')
            buf_adds(out, "&amp;");
        else if (*s == '<')
            buf_adds(out, "&lt;");
        else if (*s == '>')
            buf_adds(out, "&gt;");
        else
            buf_addc(out, *s);
    }
}

void message_slack(const struct message *m, struct buf *out)
{
    struct buf words = { 0 };
    struct text line = { 0 };
    struct jsonw w;

    message_line(m, &line);
    slack_escape(&words, text_str(&line));
    for (size_t i = m->n > 1 ? 0 : m->n; i < m->n && i < MESSAGE_LISTED; i++) {
        message_item_line(m, &m->items[i], &line);
        buf_addc(&words, '\n');
        slack_escape(&words, text_str(&line));
    }
    if (m->n > MESSAGE_LISTED)
        buf_addf(&words, "\nand %zu more", m->n - MESSAGE_LISTED);
    if (m->items[0].alert && m->items[0].alert->runbook.len) {
        buf_adds(&words, "\nrunbook: ");
        slack_escape(&words, text_str(&m->items[0].alert->runbook));
    }
    jsonw_begin(&w, out, false);
    jsonw_object(&w);
    jsonw_key(&w, "text");
    jsonw_string(&w, buf_str(&words));
    jsonw_end(&w, '}');
    text_fini(&line);
    buf_fini(&words);
}

/* ---- JSON ---- */

static void message_member(struct jsonw *w, const char *key, const char *value)
{
    jsonw_key(w, key);
    jsonw_string(w, value);
}

static void message_time(struct jsonw *w, const char *key, int64_t at_ms)
{
    char stamp[32];

    if (at_ms)
        message_member(w, key, stamp_format_utc(at_ms, stamp));
}

static void message_json_item(struct jsonw *w, const struct message *m,
                              const struct message_item *i)
{
    const struct service *s = message_service(m, i);
    const struct alert *a = i->alert;

    jsonw_object(w);
    message_member(w, "id", i->id);
    message_member(w, "action", message_word(i->action));
    message_member(w, "title", message_title(i));
    message_time(w, "fired_at", i->fired_ms);
    if (i->action == MESSAGE_REMIND) {
        jsonw_key(w, "reminder");
        jsonw_int(w, i->reminder);
    }
    if (a) {
        message_member(w, "severity", text_str(&a->severity));
        message_member(w, "rule", text_str(&a->rule));
        message_member(w, "value", text_str(&a->value));
        message_member(w, "runbook", text_str(&a->runbook));
        if (i->action == MESSAGE_RESOLVE)
            message_time(w, "resolved_at", a->resolved_ms);
        if (a->ack.at_ms)
            message_member(w, "acked_by", text_str(&a->ack.who));
    }
    if (s)
        message_member(w, "service", text_str(&s->id));
    jsonw_end(w, '}');
}

void message_json(const struct message *m, struct buf *out)
{
    struct text line = { 0 };
    struct jsonw w;

    message_line(m, &line);
    jsonw_begin(&w, out, false);
    jsonw_object(&w);
    jsonw_key(&w, "version");
    jsonw_int(&w, MESSAGE_VERSION);
    message_member(&w, "watch", text_str(&m->board->watch));
    message_member(&w, "environment", text_str(&m->board->environment));
    message_member(&w, "text", text_str(&line));
    message_time(&w, "at", m->board->at_ms);
    if (m->head)
        message_member(&w, "journal_head", m->head);
    jsonw_key(&w, "test");
    jsonw_bool(&w, m->test);
    jsonw_key(&w, "alerts");
    jsonw_array(&w);
    for (size_t i = 0; i < m->n; i++)
        message_json_item(&w, m, &m->items[i]);
    jsonw_end(&w, ']');
    jsonw_end(&w, '}');
    text_fini(&line);
}

/* ---- PagerDuty ---- */

/* Its four words, by the place of the severity: the first pages, the last informs. */
static const char *pagerduty_severity(const struct alert *a)
{
    int rank = a ? a->rank : 1;

    return rank <= 1 ? "critical" : rank == 2 ? "error" : rank == 3 ? "warning" : "info";
}

static void pagerduty_payload(struct jsonw *w, const struct message *m)
{
    const struct message_item *i = &m->items[0];
    const struct service *s = message_service(m, i);
    struct text line = { 0 };
    char summary[SUMMARY_MAX + 1];

    message_line(m, &line);
    text_clean(summary, sizeof summary, text_str(&line), line.len, NULL);
    jsonw_key(w, "payload");
    jsonw_object(w);
    message_member(w, "summary", summary);
    message_member(w, "source", text_str(&m->board->watch));
    message_member(w, "severity", pagerduty_severity(i->alert));
    message_time(w, "timestamp", i->fired_ms);
    if (s)
        message_member(w, "component", text_str(&s->id));
    message_member(w, "class", i->id);
    jsonw_key(w, "custom_details");
    jsonw_object(w);
    message_member(w, "environment", text_str(&m->board->environment));
    if (i->alert) {
        message_member(w, "rule", text_str(&i->alert->rule));
        message_member(w, "value", text_str(&i->alert->value));
        message_member(w, "runbook", text_str(&i->alert->runbook));
    }
    if (m->head)
        message_member(w, "journal_head", m->head);
    jsonw_end(w, '}');
    jsonw_end(w, '}');
    text_fini(&line);
}

void message_pagerduty(const struct message *m, const char *routing_key, struct buf *out)
{
    const struct message_item *i = &m->items[0];
    struct buf dedup = { 0 };
    struct jsonw w;

    /* one key for an alert, whenever and from wherever it is told */
    buf_addf(&dedup, "midwatch/%s/%s%s", text_str(&m->board->watch), m->test ? "test/" : "", i->id);
    jsonw_begin(&w, out, false);
    jsonw_object(&w);
    message_member(&w, "routing_key", routing_key);
    /* the incident that it knows already is triggered once more */
    message_member(&w, "event_action",
                   message_word(i->action == MESSAGE_REMIND ? MESSAGE_TRIGGER : i->action));
    message_member(&w, "dedup_key", buf_str(&dedup));
    if (i->action <= MESSAGE_REMIND) {
        message_member(&w, "client", "midwatch");
        pagerduty_payload(&w, m);
    }
    jsonw_end(&w, '}');
    buf_fini(&dedup);
}

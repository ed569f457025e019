/* app/notifier.c: what is due, to whom, and when it is tried again. */
#include "app/notifier.h"

#include <stdlib.h>
#include <string.h>

#include "app/sender.h"
#include "core/alloc.h"
#include "core/hash.h"
#include "core/json.h"

enum {
    NOTIFY_GATHER_MS = 300, /* what comes together is told together */
    NOTIFY_FIRST_MS = 1000,
    NOTIFY_LAST_MS = 300000,
    NOTIFY_LATE_MS = 3600000, /* what was over before anybody could be told is told for so long */
    NOTIFY_ITEMS = 1000,      /* of one message */
    NOTIFY_RECORDED = 200     /* alerts of one record */
};

struct sent { /* what one channel was told of one alert */
    char *alert;
    int64_t fired_ms;  /* of which firing */
    int64_t at_ms;     /* when it was told of that */
    int64_t last_ms;   /* the same, or of the last reminder */
    int64_t passed_ms; /* the firing that something else explained, or that was silenced: nothing is
                          owed for it */
    int reminders;     /* of that firing */
    bool acked, resolved;
};

struct outlet { /* one channel at work */
    struct notifier *notifier;
    char *id;
    struct sent *sent;
    size_t n_sent;
    struct sender *sender;      /* NULL = nothing is under way */
    struct message_item *items; /* of the message under way; ids are owned */
    size_t n_items;
    struct io_timer *timer; /* to gather, or to try again */
    bool waiting;
    int64_t pause_ms;    /* after the next failure */
    int64_t received_ms; /* somebody said that a test arrived; 0 = nobody did */
    struct err trouble;  /* of the last attempt; empty = it went well */
};

struct notifier {
    struct notifier_options o;
    struct http *http;
    struct outlet **outlets; /* of every channel that was ever named */
    size_t n;
    uint64_t look;          /* of what was compared last */
    struct io_timer *timer; /* to the next reminder */
};

static struct outlet *notifier_outlet(struct notifier *n, const char *id);

static struct sent *outlet_sent(struct outlet *o, const char *alert)
{
    for (size_t i = 0; i < o->n_sent; i++)
        if (strcmp(o->sent[i].alert, alert) == 0)
            return &o->sent[i];
    o->sent = xreallocarray(o->sent, o->n_sent + 1, sizeof *o->sent);
    o->sent[o->n_sent] = (struct sent){ .alert = xstrdup(alert), .resolved = true };
    return &o->sent[o->n_sent++];
}

static void outlet_told(struct outlet *o, const char *alert, enum message_action action,
                        int64_t fired_ms, int64_t at_ms)
{
    struct sent *s = outlet_sent(o, alert);

    switch (action) {
    case MESSAGE_TRIGGER:
        s->fired_ms = fired_ms;
        s->at_ms = s->last_ms = at_ms;
        s->reminders = 0;
        s->acked = s->resolved = false;
        break;
    case MESSAGE_REMIND:
        s->last_ms = at_ms;
        s->reminders++;
        break;
    case MESSAGE_ACKNOWLEDGE:
        s->acked = true;
        break;
    case MESSAGE_RESOLVE:
        s->fired_ms = fired_ms;
        s->resolved = true;
        break;
    }
}

/* ---- what is due ---- */

/* Only who has incidents of its own is told that somebody took one. */
static bool outlet_wants_acks(const struct config_channel *c)
{
    return c->kind == CHANNEL_PAGERDUTY || c->kind == CHANNEL_WEBHOOK;
}

/* It fired and ended while nobody could be told: that is told, too. An incident that opens only to
 * be closed is none: PagerDuty would wake somebody. */
static bool outlet_missed(const struct outlet *o, const struct config_channel *c,
                          const struct alarm_fact *f, const struct sent *s)
{
    return f->before_ms > s->fired_ms && f->before_ms != s->passed_ms &&
           c->kind != CHANNEL_PAGERDUTY &&
           io_now_ms(o->notifier->o.io) - f->ended_ms < NOTIFY_LATE_MS;
}

/* When a channel that was told of an alert is told again; 0 = not, or not for now. */
static int64_t outlet_reminds(const struct outlet *o, const struct sent *s,
                              const struct alarm_fact *f, const struct alert *a)
{
    const struct config_alert *c = config_alert_find(watch_config(o->notifier->o.watch), f->id);

    if (!c || !c->remind_ms || !f->fired_ms || f->acked || !a || !alert_is_root(a) || s->resolved ||
        s->fired_ms != f->fired_ms)
        return 0;
    return s->last_ms + c->remind_ms;
}

static bool outlet_due(struct outlet *o, const struct config_channel *c, const struct alarm_fact *f,
                       struct message_item *out)
{
    const struct board *b = watch_board(o->notifier->o.watch);
    int at = board_find_alert(b, f->id);
    const struct alert *a = at >= 0 ? &b->alerts[at] : NULL;
    struct sent *s = outlet_sent(o, f->id);

    *out = (struct message_item){ .id = f->id, .alert = a, .fired_ms = f->fired_ms };
    if (!f->fired_ms) {
        out->action = MESSAGE_RESOLVE;
        out->fired_ms = s->resolved ? f->before_ms : s->fired_ms;
        return !s->resolved || (!(a && a->silenced >= 0) && outlet_missed(o, c, f, s));
    }
    if (s->fired_ms == f->fired_ms && !s->resolved) {
        int64_t at_ms = outlet_reminds(o, s, f, a);

        out->action = MESSAGE_REMIND;
        out->reminder = s->reminders + 1;
        if (at_ms && at_ms <= io_now_ms(o->notifier->o.io))
            return true;
        out->action = MESSAGE_ACKNOWLEDGE;
        return f->acked && !s->acked && outlet_wants_acks(c);
    }
    out->action = MESSAGE_TRIGGER;
    s->passed_ms = a && alert_is_root(a) ? 0 : f->fired_ms;
    /* What another one explains is not told by itself, and what is silenced not until that ends. */
    return !s->passed_ms;
}

static bool notifier_names(const struct config *c, const char *alert, const char *channel)
{
    const struct config_alert *a = config_alert_find(c, alert);

    for (size_t i = 0; a && i < a->notify.n; i++)
        if (strcmp(a->notify.items[i], channel) == 0)
            return true;
    return false;
}

/* Triggers before the rest, the worst severity first. */
static int outlet_order(const void *a, const void *b)
{
    const struct message_item *x = a, *y = b;
    int rx = x->alert ? x->alert->rank : 99, ry = y->alert ? y->alert->rank : 99;

    if (x->action != y->action)
        return (int)x->action - (int)y->action;
    return rx != ry ? rx - ry : strcmp(x->id, y->id);
}

/* Everything that this channel has to be told now, in the order of its urgency. */
static size_t outlet_gather(struct outlet *o, const struct config_channel *c,
                            struct message_item **out)
{
    struct notifier *n = o->notifier;
    const struct config *config = watch_config(n->o.watch);
    size_t all = alarm_facts(n->o.alarm), k = 0;

    *out = xcalloc(all ? all : 1, sizeof **out);
    for (size_t i = 0; i < all; i++) {
        struct alarm_fact f = alarm_fact(n->o.alarm, i);
        const struct sent *s = outlet_sent(o, f.id);

        /* that it ended is owed to whoever was told, also when it is named no more */
        if (!notifier_names(config, f.id, o->id) && (s->resolved || f.fired_ms))
            continue;
        k += outlet_due(o, c, &f, &(*out)[k]);
    }
    qsort(*out, k, sizeof **out, outlet_order);
    return k;
}

/* ---- sending ---- */

static void outlet_forget(struct outlet *o)
{
    for (size_t i = 0; i < o->n_items; i++)
        free((char *)o->items[i].id);
    free(o->items);
    o->items = NULL;
    o->n_items = 0;
}

/* One record for each action, and for so many alerts: a record has a length. */
static void outlet_record(struct outlet *o, const char *result)
{
    for (size_t i = 0; i < o->n_items;) {
        enum message_action action = o->items[i].action;
        struct buf what = { 0 };
        struct jsonw w;

        jsonw_begin(&w, &what, false);
        jsonw_object(&w);
        jsonw_key(&w, "channel");
        jsonw_string(&w, o->id);
        jsonw_key(&w, "action");
        jsonw_string(&w, message_word(action));
        jsonw_key(&w, "result");
        jsonw_string(&w, result);
        jsonw_key(&w, "alerts");
        jsonw_object(&w);
        for (size_t k = 0; k < NOTIFY_RECORDED && i < o->n_items && o->items[i].action == action;
             k++, i++) {
            jsonw_key(&w, o->items[i].id);
            jsonw_int(&w, o->items[i].fired_ms);
        }
        jsonw_end(&w, '}');
        jsonw_end(&w, '}');
        book_fact(o->notifier->o.book, BOOK_SENT, buf_str(&what), NULL, NULL);
        buf_fini(&what);
    }
}

static void outlet_wait(struct outlet *o, int64_t ms)
{
    o->waiting = true;
    io_timer_arm(o->timer, ms);
}

static void outlet_done(void *arg, const struct sender_result *r)
{
    struct outlet *o = arg;
    struct sender *over = o->sender;

    o->sender = NULL;
    if (r->ok) {
        for (size_t i = 0; i < o->n_items; i++)
            outlet_told(o, o->items[i].id, o->items[i].action, o->items[i].fired_ms,
                        io_now_ms(o->notifier->o.io));
        outlet_record(o, r->words.msg);
        o->pause_ms = NOTIFY_FIRST_MS;
        o->trouble.msg[0] = '\0';
        outlet_wait(o, 0); /* is there more? */
    } else {
        int64_t ms = r->retry_after_ms > o->pause_ms ? r->retry_after_ms : o->pause_ms;

        o->trouble = r->words;
        o->pause_ms = o->pause_ms * 2 < NOTIFY_LAST_MS ? o->pause_ms * 2 : NOTIFY_LAST_MS;
        outlet_wait(o, ms);
    }
    outlet_forget(o);
    sender_free(over);
    o->notifier->look = 0;
    notifier_look(o->notifier);
}

static void outlet_send(struct outlet *o, const struct config_channel *c)
{
    struct notifier *n = o->notifier;
    struct message_item *due;
    size_t all = outlet_gather(o, c, &due);
    struct message m = { .board = watch_board(n->o.watch),
                         .items = due,
                         .head = book_head(n->o.book) };

    m.n = all < NOTIFY_ITEMS ? all : NOTIFY_ITEMS;
    if (c->kind == CHANNEL_PAGERDUTY && m.n > 1)
        m.n = 1; /* each has an incident of its own */
    if (m.n) {
        o->items = xcalloc(m.n, sizeof *o->items);
        o->n_items = m.n;
        for (size_t i = 0; i < m.n; i++) {
            o->items[i] = due[i];
            o->items[i].id = xstrdup(due[i].id); /* the board may go meanwhile */
            o->items[i].alert = NULL;
        }
        o->sender = sender_new(n->o.io, n->http, n->o.secrets, c, &m, outlet_done, o);
    }
    free(due);
}

static void outlet_turn(void *arg)
{
    struct outlet *o = arg;
    const struct config_channel *c = config_channel_find(watch_config(o->notifier->o.watch), o->id);

    o->waiting = false;
    if (c && !o->sender && alarm_tells(o->notifier->o.alarm))
        outlet_send(o, c);
}

/* ---- on the board ---- */

#define NOTIFY_TESTED_MS (30 * (int64_t)86400000)

/* Why nobody might be told if this alert fired; empty when nothing is known against it. */
static void notifier_say_ready(struct notifier *n, const struct config_alert *c, struct buf *words)
{
    int64_t now_ms = io_now_ms(n->o.io);

    if (!c->notify.n)
        buf_adds(words, "nobody would be: no channel is named");
    for (size_t i = 0; i < c->notify.n; i++) {
        const struct outlet *o = notifier_outlet(n, c->notify.items[i]);
        const char *why = NULL;

        if (o->trouble.msg[0])
            why = o->trouble.msg;
        else if (!o->received_ms)
            why = "no test of it has arrived yet";
        else if (now_ms - o->received_ms > NOTIFY_TESTED_MS)
            why = "its last test is older than 30 days";
        if (why)
            buf_addf(words, "%s%s: %s", words->len ? ", " : "", o->id, why);
    }
}

/* "oncall 02:13:47Z", "ops not told: 500", of every channel of an alert that fires. */
static void notifier_say_one(struct notifier *n, const struct alert *a)
{
    const struct config_alert *c = config_alert_find(watch_config(n->o.watch), text_str(&a->id));
    struct buf words = { 0 };
    bool bad = false;
    char when[32];

    for (size_t i = 0; c && a->state == ALERT_FIRING && i < c->notify.n; i++) {
        struct outlet *o = notifier_outlet(n, c->notify.items[i]);
        const struct sent *s = outlet_sent(o, text_str(&a->id));

        if (words.len)
            buf_adds(&words, ", ");
        if (!s->resolved && s->at_ms) {
            buf_addf(&words, "%s %s", o->id, clock_format_utc(s->at_ms, when));
        } else if (o->trouble.msg[0]) {
            buf_addf(&words, "%s not told: %s", o->id, o->trouble.msg);
            bad = true;
        } else {
            buf_addf(&words, "%s %s", o->id,
                     a->silenced >= 0      ? "not told: silenced"
                     : a->affected_by >= 0 ? "not told: affected"
                                           : "soon");
        }
    }
    if (c && a->state == ALERT_FIRING && !c->notify.n)
        buf_adds(&words, "nobody: no channel is named");
    if (c && a->state != ALERT_FIRING)
        notifier_say_ready(n, c, &words);
    watch_told(n->o.watch, text_str(&a->id), buf_str(&words), bad);
    buf_fini(&words);
}

static struct alarm_fact notifier_fact(const struct notifier *n, const char *alert)
{
    for (size_t i = 0; i < alarm_facts(n->o.alarm); i++) {
        struct alarm_fact f = alarm_fact(n->o.alarm, i);

        if (strcmp(f.id, alert) == 0)
            return f;
    }
    return (struct alarm_fact){ .id = alert };
}

/* The next reminder of an alert, over all its channels; 0 = none. */
static int64_t notifier_reminds(struct notifier *n, const struct alert *a)
{
    const struct config_alert *c = config_alert_find(watch_config(n->o.watch), text_str(&a->id));
    struct alarm_fact f = { 0 };
    int64_t next_ms = 0;

    if (!c || !c->remind_ms || a->state != ALERT_FIRING)
        return 0;
    f = notifier_fact(n, text_str(&a->id));
    for (size_t i = 0; i < c->notify.n; i++) {
        struct outlet *o = notifier_outlet(n, c->notify.items[i]);
        int64_t at_ms = outlet_reminds(o, outlet_sent(o, f.id), &f, a);

        if (at_ms && (!next_ms || at_ms < next_ms))
            next_ms = at_ms;
    }
    return next_ms;
}

static void notifier_turn(void *arg)
{
    struct notifier *n = arg;

    n->look = 0;
    notifier_look(n);
}

/* What stands on the board of the next reminders, and the turn for the first of them. */
static void notifier_remind(struct notifier *n, const struct board *b)
{
    int64_t next_ms = 0, now_ms = io_now_ms(n->o.io);

    for (size_t i = 0; i < b->n_alerts; i++) {
        int64_t at_ms = notifier_reminds(n, &b->alerts[i]);

        watch_remind(n->o.watch, text_str(&b->alerts[i].id), at_ms);
        if (at_ms > now_ms && (!next_ms || at_ms < next_ms))
            next_ms = at_ms;
    }
    if (next_ms)
        io_timer_arm(n->timer, next_ms - now_ms);
    else
        io_timer_off(n->timer);
}

static uint64_t notifier_hash(const struct notifier *n, const struct board *b)
{
    uint64_t h = hash_add(HASH_START, (uint64_t)(uintptr_t)b);

    for (size_t i = 0; i < b->n_alerts; i++)
        h = hash_add(h, ((uint64_t)b->alerts[i].state << 1 | (b->alerts[i].silenced >= 0)) << 32 |
                            (uint32_t)b->alerts[i].affected_by);
    for (size_t i = 0; i < alarm_facts(n->o.alarm); i++) {
        struct alarm_fact f = alarm_fact(n->o.alarm, i);

        h = hash_add(h, (uint64_t)f.fired_ms << 1 | f.acked);
        h = hash_add(h, (uint64_t)f.before_ms);
    }
    return hash_add(h, alarm_tells(n->o.alarm)) | 1; /* 0: look in any case */
}

void notifier_look(struct notifier *n)
{
    const struct config *config = watch_config(n->o.watch);
    const struct board *b = watch_board(n->o.watch);
    uint64_t look = notifier_hash(n, b);

    if (look == n->look)
        return;
    n->look = look;
    for (size_t i = 0; i < b->n_alerts; i++)
        notifier_say_one(n, &b->alerts[i]);
    notifier_remind(n, b);
    if (!alarm_tells(n->o.alarm))
        return;
    for (size_t i = 0; i < config->n_channels; i++) {
        struct outlet *o = notifier_outlet(n, config->channels[i].id);
        struct message_item *due;

        if (o->sender || o->waiting)
            continue;
        if (outlet_gather(o, &config->channels[i], &due))
            outlet_wait(o, NOTIFY_GATHER_MS);
        free(due);
    }
}

/* ---- out of the journal ---- */

void notifier_record(struct notifier *n, const struct record *r)
{
    const char *channel = json_string(json_get(r->what, "channel"));
    const char *action = json_string(json_get(r->what, "action"));
    struct outlet *o;
    bool received = false;

    if (text_is(&r->code, BOOK_TESTED) && channel) {
        if (json_bool(json_get(r->what, "received"), &received) && received)
            notifier_outlet(n, channel)->received_ms = r->at_ms;
        io_timer_arm(n->timer, 0);
        return;
    }
    if (!text_is(&r->code, BOOK_SENT) || !channel || !action || book_is_own(n->o.book, r))
        return;
    n->look = 0;
    o = notifier_outlet(n, channel);
    for (const struct json *a = json_members(json_get(r->what, "alerts")); a; a = json_next(a)) {
        double ms = 0;

        json_number(a, &ms);
        for (int k = 0; k < MESSAGE_ACTIONS; k++)
            if (strcmp(action, message_word((enum message_action)k)) == 0)
                outlet_told(o, json_key(a), (enum message_action)k, (int64_t)ms, r->at_ms);
    }
}

static struct outlet *notifier_outlet(struct notifier *n, const char *id)
{
    struct outlet *o;

    for (size_t i = 0; i < n->n; i++)
        if (strcmp(n->outlets[i]->id, id) == 0)
            return n->outlets[i];
    o = xcalloc(1, sizeof *o);
    o->notifier = n;
    o->id = xstrdup(id);
    o->pause_ms = NOTIFY_FIRST_MS;
    o->timer = io_timer_new(n->o.io, outlet_turn, o);
    n->outlets = xreallocarray(n->outlets, n->n + 1, sizeof(struct outlet *));
    n->outlets[n->n++] = o;
    return o;
}

struct notifier *notifier_new(const struct notifier_options *o)
{
    struct notifier *n = xcalloc(1, sizeof *n);

    n->o = *o;
    n->http = http_new(o->io, 4);
    n->timer = io_timer_new(o->io, notifier_turn, n);
    return n;
}

static void outlet_free(struct outlet *o)
{
    sender_free(o->sender);
    outlet_forget(o);
    io_timer_free(o->timer);
    for (size_t i = 0; i < o->n_sent; i++)
        free(o->sent[i].alert);
    free(o->sent);
    free(o->id);
    free(o);
}

void notifier_free(struct notifier *n)
{
    if (!n)
        return;
    for (size_t i = 0; i < n->n; i++)
        outlet_free(n->outlets[i]);
    free(n->outlets);
    http_free(n->http);
    io_timer_free(n->timer);
    free(n);
}

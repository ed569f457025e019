/* app/watch.c: probes on their slots, answers into the board. */
#include "app/watch_impl.h"

#include "alerts/root.h"
#include "alerts/verdict.h"
#include "app/guilty.h"
#include "app/maintenance.h"
#include "app/redact.h"
#include "app/watch_board.h"
#include "core/alloc.h"
#include "core/board_series.h"
#include "core/fold.h"
#include "core/hash.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    SETTLE_MS = 10,     /* answers that come together are judged together */
    MOMENT_HOLDS = 50,  /* probes that fall due at once, where their number allows it */
    FIRST_HOLDS = 20,   /* first questions asked at once, ... */
    FIRST_EVERY_MS = 2, /* ... and the pause in which keys and answers get their turn */
    TICK_MS = 1000,
    ONCE_PAUSE_MS = 1000, /* between the two answers of a difference */
    ONCE_SLACK_MS = 5000  /* beyond every deadline, a report is made without the rest */
};

/* Everything that a person must see at once when it changes. */
static uint64_t watch_look(const struct board *b)
{
    uint64_t h = HASH_START;

    for (size_t i = 0; i < b->n_services; i++) {
        const struct service *s = &b->services[i];

        h = hash_add(h, (uint64_t)s->state << 32 | (uint32_t)s->affected_by);
        for (size_t k = 0; k < s->n_readings; k++)
            h = hash_add(h, (uint64_t)s->readings[k].state << 8 | (uint64_t)s->readings[k].failing);
    }
    for (size_t i = 0; i < b->n_alerts; i++) {
        const struct alert *a = &b->alerts[i];

        h = hash_add(h, (uint64_t)a->state << 32 | (uint32_t)a->affected_by);
        h = hash_add(h, (uint64_t)a->ack.at_ms);
        h = hash_add(h, (uint64_t)a->silenced);
    }
    h = hash_add(h, (uint64_t)b->verdict.state << 32 | (uint32_t)b->verdict.root);
    h = hash_add(h, b->verdict.connecting | b->verdict.blind << 1);
    for (size_t i = 0; i < b->n_silences; i++)
        h = hash_add(h, (uint64_t)b->silences[i].until_ms);
    return hash_add(h, b->n_marks);
}

struct judge *watch_judge_new(const struct config *c, struct board *b)
{
    struct judge_rule *rules = config_judge_rules(c);
    size_t bad, at;
    struct judge *j = judge_new(rules, c->n_alerts, b, &bad, &at, NULL);

    assert(j); /* the configuration was read against a board of this shape */
    free(rules);
    return j;
}

/* At the instant itself, not at the next tick: "for 5m" is five minutes, and a silence ends when it
 * says. */
static void watch_judge_alerts(struct watch *w)
{
    const struct judge_events nobody = { 0 }; /* the board says it all */
    int64_t due_ms = judge_board(w->judge, w->board, &nobody);
    int64_t begin_ms = maintenance_put(w->config, w->board), end_ms = board_hush(w->board);

    if (begin_ms && (!due_ms || begin_ms < due_ms))
        due_ms = begin_ms;
    if (end_ms && (!due_ms || end_ms < due_ms))
        due_ms = end_ms;
    if (due_ms && w->started)
        io_timer_arm(w->due, due_ms > w->board->at_ms ? due_ms - w->board->at_ms : 0);
    else
        io_timer_off(w->due);
}

static void watch_due(void *arg)
{
    watch_judge(arg);
}

void watch_judge(struct watch *w)
{
    struct board *b = w->board;
    uint64_t look;
    bool loud;

    board_age(b, io_now_ms(w->io));
    b->collector_ms = b->at_ms;
    root_find(b);
    watch_judge_alerts(w);
    verdict_make(b);
    look = watch_look(b);
    loud = look != w->look;
    w->look = look;
    if (w->events.changed)
        w->events.changed(w->events.arg, loud);
}

static void watch_settle(void *arg)
{
    struct watch *w = arg;

    w->settling = false;
    watch_judge(w);
}

static void watch_unsettled(struct watch *w)
{
    if (w->settling)
        return;
    w->settling = true;
    io_timer_arm(w->settle, SETTLE_MS);
}

static void watch_once_end(struct watch *w)
{
    io_timer_off(w->tick);
    watch_judge(w);
    w->once_done(w->once_arg);
}

static void watch_tick(void *arg)
{
    struct watch *w = arg;

    if (w->once) { /* somebody never answered, not even that it failed */
        watch_once_end(w);
        return;
    }
    io_timer_arm(w->tick, TICK_MS - io_now_ms(w->io) % TICK_MS);
    watch_judge(w);
}

static void watch_question(struct watched *p, bool of_slot)
{
    struct watch *w = p->watch;

    p->asking = true;
    p->of_slot = of_slot;
    p->asked_ms = io_mono_ms(w->io);
    w->board->services[p->service].readings[p->reading].in_flight = true;
    if (p->open) {
        p->probe.ops->poll(&p->probe);
        return;
    }
    /* What cannot even be asked is our own lack, with its reason, at every slot. */
    struct report r;

    report_init(&r, io_now_ms(w->io));
    report_fault(&r, FAULT_LOCAL, "%s", p->open_error.msg);
    probe_report(&p->probe, &r);
    report_fini(&r);
}

static void watch_arm(struct watched *p)
{
    int64_t now_ms = io_mono_ms(p->watch->io);

    io_timer_arm(p->timer, (p->slot_ms > now_ms ? p->slot_ms - now_ms : 0) + guilty_delay_ms(p));
}

/* The next slot after now, at the phase of the probe. Slots that passed unasked are missed, once
 * each. */
static void watch_next_slot(struct watched *p)
{
    int64_t every_ms = p->probe.common->every_ms, now_ms = io_mono_ms(p->watch->io);
    int64_t next_ms = (now_ms - p->phase_ms) / every_ms * every_ms + p->phase_ms;

    if (next_ms <= now_ms)
        next_ms += every_ms;
    if (p->slot_ms && next_ms > p->slot_ms + every_ms) {
        int64_t lost = (next_ms - p->slot_ms) / every_ms - 1;

        p->slots.due += (uint64_t)lost;
        p->slots.missed += (uint64_t)lost;
    }
    p->slot_ms = next_ms;
    watch_arm(p);
}

static void watch_slot(void *arg)
{
    struct watched *p = arg;
    struct watch *w = p->watch;
    int64_t late_ms;

    if (w->once) {
        if (!p->asking)
            watch_question(p, true);
        return;
    }
    late_ms = io_mono_ms(w->io) - p->slot_ms;
    if (p->asking && p->slots.due == 1 && p->slot_ms - p->asked_ms < p->probe.common->every_ms) {
        watch_next_slot(p); /* the first question, asked at once, is still out: it is this slot's */
        return;
    }
    p->slots.due++;
    if (guilty_loses(p)) {
        watch_next_slot(p);
        return;
    }
    if (late_ms > p->slots.late_max_ms)
        p->slots.late_max_ms = late_ms;
    if (p->asking) {
        p->slots.missed++; /* the last question is still out: timeout <= every keeps this rare */
    } else {
        watch_question(p, true);
    }
    watch_next_slot(p);
}

static void watch_once_answer(struct watched *p, const struct reading *r)
{
    struct watch *w = p->watch;
    bool again = false;

    p->asks_left--;
    if (p->asks_left > 0) {
        if (r->failing > 0 && r->state != STATE_DOWN) {
            io_timer_arm(p->timer, 100);
            again = true;
        } else if (r->state == STATE_UP && r->n_signals && !r->signals[0].known) {
            io_timer_arm(p->timer, ONCE_PAUSE_MS); /* a difference needs two answers */
            p->asks_left = 1;
            again = true;
        }
    }
    if (!again && --w->once_left == 0)
        watch_once_end(w);
}

static void watch_on_report(void *arg, struct probe *probe, const struct report *rep)
{
    struct watched *p = arg;
    struct watch *w = p->watch;
    struct fold_rules rules = { .crit_is_down = probe->common->when_crit == 1 };
    const struct reading *r = &w->board->services[p->service].readings[p->reading];
    struct redacted room = { .components = NULL };

    p->asking = false;
    if (p->of_slot)
        p->slots.done++;
    else
        p->slots.extra++;
    p->slots.took_ms = io_mono_ms(w->io) - p->asked_ms;
    rep = redact(w->clients.secret_arg, rep, &room);
    board_fold(w->board, p->service, p->reading, guilty_answer(p, rep), &rules);
    redact_fini(&room);
    watch_unsettled(w);
    if (w->once) {
        watch_once_answer(p, r);
        return;
    }
    if (p->again) {
        p->again = false;
        watch_question(p, false);
        return;
    }
    /* After a bad sign, until sure: in addition to the slots, never instead of them. */
    if (probe->common->confirm_ms > 0 && r->failing > 0 && r->state == STATE_DEGRADED) {
        int64_t now_ms = io_mono_ms(w->io);

        if (now_ms + probe->common->confirm_ms < p->slot_ms) {
            p->slot_ms = now_ms + probe->common->confirm_ms;
            watch_arm(p);
        }
    }
}

static void watch_on_closed(void *arg, struct probe *probe)
{
    struct watched *p = arg;

    (void)probe;
    if (!p->asking && p->watch->started && !p->watch->once)
        watch_question(p, false);
}

/* Slots fall on moments that all probes share: waking up and warming the caches costs more than a
 * probe does. How far apart they are follows from how much is asked in a second, so that a moment
 * never holds up the keys: one a second for fifty probes at 1 Hz, 20 for a thousand. */
static int64_t watch_moment(const struct config *c)
{
    static const int64_t apart_ms[] = { 1000, 500, 200, 100, 50, 20 };
    size_t last = sizeof apart_ms / sizeof *apart_ms - 1;
    double per_ms = 0;

    for (size_t i = 0; i < c->n_services; i++)
        for (size_t k = 0; k < c->services[i].n_probes; k++)
            per_ms += 1.0 / (double)c->services[i].probes[k].common.every_ms;
    for (size_t i = 0; i < last; i++)
        if (per_ms * (double)apart_ms[i] < MOMENT_HOLDS + 0.5) /* a sum of 1/1000s is not whole */
            return apart_ms[i];
    return apart_ms[last];
}

static int64_t watch_phase(const struct config_probe *p, const char *service, int64_t moment_ms)
{
    uint64_t h = HASH_START, every_ms = (uint64_t)p->common.every_ms;

    if (p->ops->together) {
        h = p->ops->together(p->self);
    } else {
        h = hash_string(hash_add(hash_string(h, service), '.'), p->name);
    }
    h = (h >> 16) % every_ms;
    return every_ms >= 1000 ? (int64_t)h / moment_ms * moment_ms : (int64_t)h;
}

/* A variable or a header that by its name holds a secret was read with the configuration. */
static void watch_note_secrets(struct watch *w, const struct config_probe *from)
{
    for (const struct option *o = from->self ? from->ops->options : NULL; o && o->name; o++) {
        const struct strmap *map = (const void *)((const char *)from->self + o->offset);

        for (size_t i = 0; o->type == OPTION_MAP && i < map->n; i++)
            if (secrets_key(map->keys[i]) || secrets_header(map->keys[i]))
                secrets_handed(w->clients.secret_arg, map->values[i]);
    }
}

struct watched *watch_open_probe(struct watch *w, size_t service, size_t reading)
{
    struct config_probe *from = &w->config->services[service].probes[reading];
    struct watched *p = xcalloc(1, sizeof *p);

    p->watch = w;
    p->service = service;
    p->reading = reading;
    p->probe = (struct probe){ .ops = from->ops,
                               .self = from->self,
                               .common = &from->common,
                               .clients = &w->clients,
                               .on_report = watch_on_report,
                               .on_closed = watch_on_closed,
                               .arg = p };
    p->timer = io_timer_new(w->io, watch_slot, p);
    p->phase_ms = watch_phase(from, w->config->services[service].id, w->moment_ms);
    watch_note_secrets(w, from);
    p->open = !from->ops->open || from->ops->open(&p->probe, &p->open_error);
    return p;
}

void watch_ask_first(struct watched *p)
{
    p->slot_ms = io_mono_ms(p->watch->io);
    watch_arm(p);
}

void watch_close_probe(struct watched *p)
{
    io_timer_free(p->timer);
    if (p->probe.ops
            ->close) /* also what could not be opened: it may hold a part of what it needs */
        p->probe.ops->close(&p->probe);
    free(p);
}

/* Kept connections: one a target, and a few for those that look in. */
void watch_room(struct watch *w)
{
    w->moment_ms = watch_moment(w->config);
    http_room(w->clients.http, (int)w->n_probes + 8);
}

static void watch_open(struct watch *w)
{
    size_t n = 0;

    w->n_probes = w->config->n_probes;
    w->probes = xcalloc(w->n_probes, sizeof(struct watched *));
    w->clients.http = http_new(w->io, 0);
    watch_room(w);
    w->clients.pg = pg_new(w->io);
    w->clients.redis = redis_new(w->io);
    for (size_t i = 0; i < w->config->n_services; i++) {
        for (size_t k = 0; k < w->config->services[i].n_probes; k++)
            w->probes[n++] = watch_open_probe(w, i, k);
    }
}

static void watch_close(struct watch *w)
{
    for (size_t i = 0; i < w->n_probes; i++)
        watch_close_probe(w->probes[i]);
    free(w->probes);
    redis_free(w->clients.redis);
    pg_free(w->clients.pg);
    http_free(w->clients.http);
}

/* What holds as long as the configuration does, when nothing else is to be told. */
static void watch_standing_notice(struct watch *w)
{
    const char *why = w->config->no_actions;

    w->board->notice_bad = why != NULL;
    if (why)
        text_setf(&w->board->notice, "actions are off: %s", why);
    else
        text_sets(&w->board->notice, "");
}

struct watch *watch_new(struct io *io, struct config *config, struct secrets *secrets,
                        const struct watch_events *events)
{
    struct watch *w = xcalloc(1, sizeof *w);

    w->io = io;
    w->config = config;
    w->events = *events;
    w->clients.io = io;
    w->clients.secret = secrets_get;
    w->clients.secret_arg = secrets;
    w->settle = io_timer_new(io, watch_settle, w);
    w->tick = io_timer_new(io, watch_tick, w);
    w->due = io_timer_new(io, watch_due, w);
    w->board = watch_board_new(config, io_now_ms(io));
    w->judge = watch_judge_new(config, w->board);
    watch_standing_notice(w);
    board_age(w->board, io_now_ms(io));
    maintenance_put(config, w->board);
    verdict_make(w->board);
    return w;
}

void watch_free(struct watch *w)
{
    if (!w)
        return;
    watch_close(w);
    io_timer_free(w->settle);
    io_timer_free(w->tick);
    io_timer_free(w->due);
    judge_free(w->judge);
    board_free(w->board);
    config_free(w->config);
    free(w);
}

/* When the first question of a probe is asked, from the start. */
static int64_t watch_first(size_t i)
{
    return (int64_t)(i / FIRST_HOLDS) * FIRST_EVERY_MS;
}

void watch_start(struct watch *w)
{
    int64_t now_ms = io_mono_ms(w->io);

    watch_open(w);
    w->started = true;
    for (size_t i = 0; i < w->n_probes; i++) {
        struct watched *p = w->probes[i];

        p->slot_ms = now_ms + watch_first(i) % p->probe.common->every_ms;
        watch_arm(p);
    }
    io_timer_arm(w->tick, TICK_MS - io_now_ms(w->io) % TICK_MS);
}

void watch_once(struct watch *w, void (*done)(void *arg), void *arg)
{
    int64_t limit_ms = 0;

    watch_open(w);
    w->started = w->once = true;
    w->once_done = done;
    w->once_arg = arg;
    w->once_left = w->n_probes;
    for (size_t i = 0; i < w->n_probes; i++) {
        struct watched *p = w->probes[i];

        int64_t each_ms = p->probe.common->timeout_ms + ONCE_PAUSE_MS, all_ms;

        p->asks_left = p->probe.common->fail_after > 2 ? p->probe.common->fail_after : 2;
        io_timer_arm(p->timer, watch_first(i));
        all_ms = watch_first(i) + p->asks_left * each_ms;
        if (all_ms > limit_ms)
            limit_ms = all_ms;
    }
    io_timer_arm(w->tick, limit_ms + ONCE_SLACK_MS);
}

const struct board *watch_board(const struct watch *w)
{
    return w->board;
}

const struct config *watch_config(const struct watch *w)
{
    return w->config;
}

void watch_ask(struct watch *w, int service)
{
    for (size_t i = 0; i < w->n_probes; i++) {
        struct watched *p = w->probes[i];

        if ((service < 0 || p->service == (size_t)service) && !p->asking)
            watch_question(p, false);
    }
}

void watch_ask_seldom(struct watch *w, int64_t than_ms)
{
    for (size_t i = 0; i < w->n_probes; i++) {
        struct watched *p = w->probes[i];

        if (p->probe.common->every_ms <= than_ms)
            continue;
        if (p->asking)
            p->again = true;
        else
            watch_question(p, false);
    }
}

void watch_notice(struct watch *w, bool bad, const char *words)
{
    text_sets(&w->board->notice, words);
    w->board->notice_bad = bad;
    if (!*words)
        watch_standing_notice(w);
    w->look = 0;
    watch_judge(w);
}

void watch_restore(struct watch *w, const char *alert, int64_t fired_ms)
{
    judge_restore(w->judge, w->board, alert, fired_ms);
    watch_unsettled(w);
}

bool watch_ack(struct watch *w, const char *alert, const struct alert_ack *ack)
{
    bool took = judge_ack(w->board, alert, ack);

    if (took)
        watch_unsettled(w);
    return took;
}

void watch_silence(struct watch *w, struct silence s)
{
    w->board->at_ms = io_now_ms(w->io); /* what has ended by now is none */
    board_silence(w->board, s);
    watch_unsettled(w);
}

void watch_unsilence(struct watch *w, const char *id)
{
    board_unsilence(w->board, id);
    watch_unsettled(w);
}

void watch_told(struct watch *w, const char *alert, const char *words, bool bad)
{
    int at = board_find_alert(w->board, alert);

    if (at < 0)
        return;
    w->board->alerts[at].told_bad = bad;
    if (text_sets(&w->board->alerts[at].told, words))
        watch_unsettled(w);
}

void watch_remind(struct watch *w, const char *alert, int64_t at_ms)
{
    int at = board_find_alert(w->board, alert);

    if (at < 0 || w->board->alerts[at].remind_ms == at_ms)
        return;
    w->board->alerts[at].remind_ms = at_ms;
    watch_unsettled(w);
}

void watch_mark(struct watch *w, enum mark_kind kind, const char *label, int64_t at_ms)
{
    struct mark m = { .at_ms = at_ms, .kind = kind, .service = -1 };

    text_sets(&m.label, label);
    board_mark(w->board, m);
    watch_unsettled(w);
}

static bool watch_has_mark(const struct board *b, const struct mark *m)
{
    for (size_t i = 0; i < b->n_marks; i++)
        if (b->marks[i].at_ms == m->at_ms && b->marks[i].kind == m->kind &&
            b->marks[i].service == m->service && text_eq(&b->marks[i].label, &m->label))
            return true;
    return false;
}

void watch_take_past(struct watch *w, struct board *past)
{
    board_join_series(w->board, past);
    for (size_t i = 0; i < past->n_marks; i++) {
        struct mark m = past->marks[i];
        const struct text *service = m.service >= 0 ? &past->services[m.service].id : NULL;

        m.label = (struct text){ 0 };
        m.service = service ? board_find(w->board, text_str(service)) : -1;
        text_copy(&m.label, &past->marks[i].label);
        if (watch_has_mark(w->board, &m))
            text_fini(&m.label); /* the journal told of it, too */
        else
            board_mark(w->board, m);
    }
    watch_unsettled(w);
}

void watch_event(struct watch *w, struct event e)
{
    board_event(w->board, e);
    watch_unsettled(w);
}

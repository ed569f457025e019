/* alerts/judge.c: from what a rule says to the life of its alert. */
#include "alerts/judge.h"

#include <stdlib.h>
#include <string.h>

#include "alerts/rule.h"
#include "core/alloc.h"

struct judged { /* what the board does not show of an alert */
    struct rule *rule;
    struct rule_answer answer;
    int64_t fired[JUDGE_FLAPS]; /* the last times, oldest first; 0 = none */
    int64_t no_data_ms;         /* until it is a state */
};

struct judge {
    struct judged *items; /* in the order of the board's alerts */
    size_t n;
};

static bool judge_add(struct judged *d, struct alert *a, const struct judge_rule *r,
                      const struct board *b, size_t *at, struct err *err)
{
    d->rule = rule_parse(r->when, at, err);
    if (!d->rule || !rule_bind(d->rule, b, r->recover, at, err))
        return false;
    d->no_data_ms = r->no_data_ms;
    text_sets(&a->id, r->id);
    text_sets(&a->title, r->title);
    text_sets(&a->severity, r->severity);
    text_sets(&a->rule, r->when);
    text_sets(&a->runbook, r->runbook);
    a->rank = r->rank;
    a->service = r->service >= 0 ? r->service : rule_service(d->rule);
    a->keep_ms = r->keep_ms;
    a->for_ms = r->for_ms >= 0 ? r->for_ms : rule_for_ms(d->rule) >= 0 ? rule_for_ms(d->rule) : 0;
    a->since_ms = b->started_ms;
    return true;
}

struct judge *judge_new(const struct judge_rule *rules, size_t n, struct board *b, size_t *bad,
                        size_t *at, struct err *err)
{
    struct judge *j = xcalloc(1, sizeof *j);

    j->items = xcalloc(n, sizeof *j->items);
    j->n = n;
    if (n)
        board_add_alerts(b, n);
    for (size_t i = 0; i < n; i++) {
        if (judge_add(&j->items[i], &b->alerts[i], &rules[i], b, at, err))
            continue;
        *bad = i;
        judge_free(j);
        return NULL;
    }
    return j;
}

void judge_free(struct judge *j)
{
    if (!j)
        return;
    for (size_t i = 0; i < j->n; i++) {
        rule_free(j->items[i].rule);
        rule_answer_fini(&j->items[i].answer);
    }
    free(j->items);
    free(j);
}

static void judge_take(struct alert *now, const struct alert *was)
{
    now->state = was->state;
    now->since_ms = was->since_ms;
    now->held_ms = was->held_ms;
    now->clear_ms = was->clear_ms;
    now->no_data_ms = was->no_data_ms;
    now->fired_ms = was->fired_ms;
    now->resolved_ms = was->resolved_ms;
    now->fired_n = was->fired_n;
    now->flapping = was->flapping;
    text_copy(&now->value, &was->value);
    text_copy(&now->note, &was->note);
    text_copy(&now->ack.who, &was->ack.who);
    text_copy(&now->ack.note, &was->ack.note);
    now->ack.at_ms = was->ack.at_ms;
    now->ack.until_ms = was->ack.until_ms;
}

/* By its id: somebody who edits a rule that fires still has the same alert. Another rule says by
 * itself whether it goes on. */
void judge_adopt(struct judge *j, struct board *b, const struct judge *was,
                 const struct board *board_was)
{
    for (size_t i = 0; i < j->n; i++) {
        int old = board_find_alert(board_was, text_str(&b->alerts[i].id));

        if (old < 0)
            continue;
        judge_take(&b->alerts[i], &board_was->alerts[old]);
        memcpy(j->items[i].fired, was->items[old].fired, sizeof was->items[old].fired);
    }
}

/* ---- one alert ---- */

static void judge_enter(struct alert *a, enum alert_state state, int64_t at_ms)
{
    a->state = state;
    a->since_ms = at_ms;
}

static void judge_nobody_has(struct alert *a)
{
    text_sets(&a->ack.who, "");
    text_sets(&a->ack.note, "");
    a->ack.at_ms = a->ack.until_ms = 0;
}

/* How often it fired in the last quarter of an hour. */
static void judge_flaps(struct judged *d, struct alert *a, int64_t now_ms)
{
    int n = 0;

    for (int i = 0; i < JUDGE_FLAPS; i++)
        n += d->fired[i] && now_ms - d->fired[i] < JUDGE_FLAP_MS;
    if (n > a->fired_n || !a->flapping)
        a->fired_n = n;
    a->flapping = a->flapping || n == JUDGE_FLAPS;
}

static void judge_fire(struct judged *d, struct alert *a, int64_t now_ms,
                       const struct judge_events *ev)
{
    judge_enter(a, ALERT_FIRING, now_ms);
    a->fired_ms = now_ms;
    a->clear_ms = 0;
    memmove(d->fired, d->fired + 1, sizeof d->fired - sizeof *d->fired);
    d->fired[JUDGE_FLAPS - 1] = now_ms;
    judge_flaps(d, a, now_ms);
    if (ev->happened)
        ev->happened(ev->arg, JUDGE_FIRED, a);
}

static void judge_resolve(struct alert *a, int64_t now_ms, const struct judge_events *ev)
{
    judge_enter(a, ALERT_RESOLVED, now_ms);
    a->resolved_ms = now_ms;
    a->held_ms = a->clear_ms = 0;
    a->flapping = false;
    if (ev->happened)
        ev->happened(ev->arg, JUDGE_RESOLVED, a); /* with who had it */
    judge_nobody_has(a);
}

static int64_t judge_keep_ms(const struct alert *a)
{
    return a->flapping && a->keep_ms < JUDGE_QUIET_MS ? JUDGE_QUIET_MS : a->keep_ms;
}

static void judge_holds(struct judged *d, struct alert *a, int64_t now_ms,
                        const struct judge_events *ev)
{
    if (a->no_data_ms && a->held_ms)
        a->held_ms += now_ms - a->no_data_ms; /* what was not seen does not count */
    a->no_data_ms = 0;
    a->clear_ms = 0;
    if (a->state == ALERT_FIRING)
        return;
    if (a->state != ALERT_PENDING) {
        a->held_ms = now_ms;
        if (a->for_ms > 0)
            judge_enter(a, ALERT_PENDING, now_ms);
    }
    if (now_ms - a->held_ms >= a->for_ms)
        judge_fire(d, a, now_ms, ev);
}

static void judge_clear(struct alert *a, int64_t now_ms, const struct judge_events *ev)
{
    a->no_data_ms = 0;
    switch (a->state) {
    case ALERT_FIRING:
        if (!a->clear_ms)
            a->clear_ms = now_ms;
        if (now_ms - a->clear_ms >= judge_keep_ms(a))
            judge_resolve(a, now_ms, ev);
        break;
    case ALERT_PENDING:
    case ALERT_NO_DATA:
        judge_enter(a, ALERT_INACTIVE, now_ms);
        a->held_ms = 0;
        judge_nobody_has(a);
        break;
    case ALERT_RESOLVED:
        if (now_ms - a->resolved_ms >= JUDGE_RESOLVED_MS)
            judge_enter(a, ALERT_INACTIVE, a->resolved_ms + JUDGE_RESOLVED_MS);
        break;
    case ALERT_INACTIVE:
        break;
    }
}

static void judge_unknown(const struct judged *d, struct alert *a, int64_t now_ms)
{
    if (!a->no_data_ms)
        a->no_data_ms = now_ms;
    a->clear_ms = 0; /* that it stays well must be seen */
    if (a->state == ALERT_FIRING || a->state == ALERT_NO_DATA)
        return;
    if (now_ms - a->no_data_ms < d->no_data_ms)
        return;
    judge_enter(a, ALERT_NO_DATA, now_ms);
    a->held_ms = 0;
}

/* When it will change by itself. */
static int64_t judge_next_ms(const struct judged *d, const struct alert *a)
{
    if (a->no_data_ms)
        return a->state == ALERT_FIRING || a->state == ALERT_NO_DATA
                   ? 0
                   : a->no_data_ms + d->no_data_ms;
    if (a->state == ALERT_PENDING)
        return a->held_ms + a->for_ms;
    if (a->state == ALERT_FIRING && a->clear_ms)
        return a->clear_ms + judge_keep_ms(a);
    return 0;
}

/* What its rule says now; nothing changes by that yet. */
static void judge_ask(struct judged *d, struct alert *a, const struct board *b)
{
    rule_ask(d->rule, b, a->state == ALERT_FIRING, &d->answer);
    text_copy(&a->note, &d->answer.note);
    if (d->answer.truth != TRUTH_UNKNOWN || a->state != ALERT_FIRING)
        text_copy(&a->value, &d->answer.value); /* else the last that was seen */
}

/* It fires, or will on this very board. */
static bool judge_tells(const struct judged *d, const struct alert *a, int64_t now_ms)
{
    if (a->state == ALERT_FIRING || d->answer.truth != TRUTH_YES)
        return a->state == ALERT_FIRING;
    return a->for_ms <= 0 || (a->state == ALERT_PENDING && now_ms - a->held_ms >= a->for_ms);
}

/* The service that explains it, where somebody is told of that one and as urgently: else nobody
 * would be told of anything. -1 = nothing does. */
static int judge_affected_by(const struct judge *j, const struct alert *a, const struct board *b)
{
    int by = a->service >= 0 ? b->services[a->service].affected_by : -1;

    for (size_t i = 0; by >= 0 && i < j->n; i++) {
        const struct alert *other = &b->alerts[i];

        if (other->service == by && other->rank <= a->rank &&
            judge_tells(&j->items[i], other, b->at_ms))
            return by;
    }
    return -1;
}

static void judge_live(struct judged *d, struct alert *a, int64_t now_ms,
                       const struct judge_events *ev)
{
    if (a->ack.until_ms && now_ms >= a->ack.until_ms)
        judge_nobody_has(a);
    switch (d->answer.truth) {
    case TRUTH_YES:
        judge_holds(d, a, now_ms, ev);
        break;
    case TRUTH_NO:
        judge_clear(a, now_ms, ev);
        break;
    case TRUTH_UNKNOWN:
        judge_unknown(d, a, now_ms);
        break;
    }
}

int64_t judge_board(struct judge *j, struct board *b, const struct judge_events *events)
{
    int64_t next_ms = 0;

    /* all are asked before one is told: what explains an alert may stand below it in the file */
    for (size_t i = 0; i < j->n; i++)
        judge_ask(&j->items[i], &b->alerts[i], b);
    for (size_t i = 0; i < j->n; i++)
        b->alerts[i].affected_by = judge_affected_by(j, &b->alerts[i], b);
    for (size_t i = 0; i < j->n; i++) {
        int64_t at_ms;

        judge_live(&j->items[i], &b->alerts[i], b->at_ms, events);
        at_ms = judge_next_ms(&j->items[i], &b->alerts[i]);
        if (at_ms && (!next_ms || at_ms < next_ms))
            next_ms = at_ms;
    }
    return next_ms;
}

/* ---- from outside ---- */

void judge_restore(struct judge *j, struct board *b, const char *id, int64_t fired_ms)
{
    int at = board_find_alert(b, id);

    if (at < 0)
        return;
    if (b->alerts[at].state == ALERT_FIRING) { /* seen anew already: it is the same one */
        if (fired_ms < b->alerts[at].fired_ms)
            b->alerts[at].since_ms = b->alerts[at].fired_ms = fired_ms;
        return;
    }
    judge_enter(&b->alerts[at], ALERT_FIRING, fired_ms);
    b->alerts[at].fired_ms = b->alerts[at].held_ms = fired_ms;
    j->items[at].fired[JUDGE_FLAPS - 1] = fired_ms;
    b->alerts[at].fired_n = 1;
}

bool judge_ack(struct board *b, const char *id, const struct alert_ack *ack)
{
    int at = board_find_alert(b, id);
    struct alert *a;

    if (at < 0)
        return false;
    a = &b->alerts[at];
    if (a->state != ALERT_FIRING && a->state != ALERT_PENDING)
        return false;
    judge_nobody_has(a);
    if (!ack->at_ms)
        return true;
    text_copy(&a->ack.who, &ack->who);
    text_copy(&a->ack.note, &ack->note);
    a->ack.at_ms = ack->at_ms;
    a->ack.until_ms = ack->until_ms;
    return true;
}

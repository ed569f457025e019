/* core/fold.c: how answers become states. */
#include "core/fold.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/alloc.h"

enum { VERSION_HOLD = 10 }; /* intervals that a version stands before it is no flicker */

static enum level fold_level(const struct signal *s)
{
    if (!s->known || !isfinite(s->value))
        return LEVEL_NONE;
    if (!isnan(s->crit) && (s->low_is_bad ? s->value <= s->crit : s->value >= s->crit))
        return LEVEL_CRIT;
    if (!isnan(s->warn) && (s->low_is_bad ? s->value <= s->warn : s->value >= s->warn))
        return LEVEL_WARN;
    return isnan(s->crit) && isnan(s->warn) ? LEVEL_NONE : LEVEL_OK;
}

static void fold_signal_level(struct signal *s, enum level level, int64_t at_ms)
{
    if (s->level != level || !s->since_ms)
        s->since_ms = at_ms;
    s->level = level;
}

static void fold_signal(struct signal *s, const struct value *v, const struct report *rep)
{
    s->known = v->known && isfinite(v->value);
    if (!s->known) {
        /* A failed read is never a number: the value goes, at_ms keeps the age of the last one. */
        s->value = s->num = s->den = NAN;
        s->above = false;
        fold_signal_level(s, LEVEL_NONE, rep->at_ms);
        text_copy(&s->note, v->note.len ? &v->note : &rep->reason);
        if (v->known)
            text_sets(&s->note, "invalid: not a finite number");
        series_push(s->series, rep->at_ms, NAN);
        if (!isnan(v->num) && !isnan(v->den)) {
            s->num = v->num; /* "3 of 20 requests": why there is not enough data */
            s->den = v->den;
            s->share_unit = v->share_unit;
        }
        return;
    }
    s->value = v->value;
    s->above = v->above;
    s->num = v->num;
    s->den = v->den;
    s->share_unit = v->share_unit;
    s->at_ms = rep->at_ms;
    if (v->window_ms)
        s->window_ms = v->window_ms;
    text_copy(&s->note, &v->note);
    fold_signal_level(s, fold_level(s), rep->at_ms);
    series_push(s->series, rep->at_ms, v->value);
}

static void fold_components(struct reading *r, const struct report *rep)
{
    reading_set_components(r, rep->n_components);
    for (size_t i = 0; i < r->n_components; i++)
        component_copy(&r->components[i], &rep->components[i]);
}

static void fold_table(struct reading *r, const struct table *from)
{
    struct table *to = &r->table;

    if (!from) {
        table_fini(to);
        return;
    }
    if (to->rows != from->rows || to->cols != from->cols) {
        table_fini(to);
        to->cells = xcalloc((from->rows + 1) * from->cols, sizeof *to->cells);
        to->rows = from->rows;
        to->cols = from->cols;
    }
    to->cut = from->cut;
    for (size_t i = 0; i < (from->rows + 1) * from->cols; i++)
        text_copy(&to->cells[i], &from->cells[i]);
}

/* True when the version just told is worth a mark. A new one is, at once. Behind a balancer, amid a
 * deployment, answers alternate: the version before, or one more soon after a mark, must first have
 * stood for a while. */
static bool fold_is_change(const struct reading *r, int64_t now_ms)
{
    int64_t hold_ms = VERSION_HOLD * r->every_ms;

    if (!r->marks.version.len || text_eq(&r->version, &r->marks.version))
        return false;
    if (now_ms - r->marks.told_ms >= hold_ms)
        return true;
    return !text_eq(&r->version, &r->marks.before) &&
           (!r->marks.marked_ms || now_ms - r->marks.marked_ms >= hold_ms);
}

static void fold_version(struct board *b, size_t service, struct reading *r,
                         const struct report *rep)
{
    struct service *s = &b->services[service];

    if (!text_eq(&rep->version, &r->version)) {
        text_copy(&r->version, &rep->version);
        r->marks.told_ms = rep->at_ms;
    }
    if (!r->marks.version.len)
        text_copy(&r->marks.version, &r->version);
    if (fold_is_change(r, rep->at_ms)) {
        struct mark m = { .at_ms = rep->at_ms, .kind = MARK_VERSION, .service = (int)service };

        text_setf(&m.label, "%s > %s", text_str(&r->marks.version), text_str(&r->version));
        board_mark(b, m);
        text_copy(&r->marks.before, &r->marks.version);
        text_copy(&r->marks.version, &r->version);
        r->marks.marked_ms = rep->at_ms;
    }
    /* Parts of a service may tell versions of their own: the first one speaks for it. */
    for (size_t k = 0; k < s->n_readings; k++) {
        if (s->readings[k].version.len) {
            text_copy(&s->version, &s->readings[k].version);
            break;
        }
    }
}

/* Every probe of a server sees its restart, at its next answer. A mark that another one set since
 * the last good answer of this one has told of it already. */
static bool fold_is_told(const struct board *b, size_t service, const struct reading *r)
{
    for (size_t i = b->n_marks; i-- > 0 && b->marks[i].at_ms > r->good_ms;) {
        if (b->marks[i].kind == MARK_RESTART && b->marks[i].service == (int)service)
            return true;
    }
    return false;
}

/* A version that changes and a restart that the answer proves are marks on every chart. */
static void fold_marks(struct board *b, size_t service, struct reading *r, const struct report *rep)
{
    struct mark m = { .at_ms = rep->at_ms, .kind = MARK_RESTART, .service = (int)service };

    if (rep->version.len)
        fold_version(b, service, r, rep);
    if (rep->restart.len && !fold_is_told(b, service, r)) {
        text_copy(&m.label, &rep->restart);
        board_mark(b, m);
    }
}

static void fold_state(struct reading *r, enum state state, int64_t since_ms)
{
    if (r->state != state || !r->since_ms)
        r->since_ms = since_ms;
    r->state = state;
}

static void fold_failed(struct reading *r, const struct report *rep)
{
    int need = r->fail_after > 0 && !rep->sure ? r->fail_after : 1;

    if (r->failing == 0)
        r->failed_ms = rep->at_ms;
    r->failing++;
    /* The trouble began with its first failure: the same time stands through `failing` and `down`,
     * and comes back after a while in which nothing was known. */
    r->since_ms = r->failed_ms;
    if (r->failing >= need) {
        r->state = STATE_DOWN;
        text_copy(&r->reason, &rep->reason);
        return;
    }
    r->state = STATE_DEGRADED;
    text_setf(&r->reason, "failing %d/%d: %s", r->failing, need, text_str(&rep->reason));
}

/* The first signal beyond a threshold, worst level first; or NULL. */
static const struct signal *fold_beyond(const struct reading *r)
{
    const struct signal *worst = NULL;

    for (size_t i = 0; i < r->n_signals; i++) {
        const struct signal *s = &r->signals[i];

        if (s->level >= LEVEL_WARN && (!worst || s->level > worst->level))
            worst = s;
    }
    return worst;
}

static void fold_threshold_reason(struct reading *r, const struct signal *s)
{
    char value[32], limit[32], of[80] = "";
    const char *unit = text_str(&s->unit_word);

    quantity_format(s->value, s->unit, value);
    quantity_format(s->level == LEVEL_CRIT ? s->crit : s->warn, s->unit, limit);
    if (!isnan(s->num) && !isnan(s->den)) {
        char share[72];

        snprintf(of, sizeof of, " (%s)", share_format(s->num, s->den, s->share_unit, share));
    }
    /* A probe's name stands before its reason wherever there are several: not "p95: p95 1.9 s". */
    text_setf(&r->reason, "%s%s%s%s%s%s%s, %s at %s",
              text_eq(&s->name, &r->name) ? "" : text_str(&s->name),
              text_eq(&s->name, &r->name) ? "" : " ", s->above ? ">" : "", value, *unit ? " " : "",
              unit, of, s->level == LEVEL_CRIT ? "critical" : "warning", limit);
}

/* The first signal whose number is none: infinite, or not a number at all. */
static const struct signal *fold_not_finite(const struct reading *r, const struct report *rep)
{
    for (size_t i = 0; i < r->n_signals; i++)
        if (rep->values[i].known && !isfinite(rep->values[i].value))
            return &r->signals[i];
    return NULL;
}

static void fold_answered(struct reading *r, const struct report *rep,
                          const struct fold_rules *rules)
{
    const struct signal *beyond = fold_beyond(r), *none = fold_not_finite(r, rep);
    enum state state = rep->state;

    r->failing = 0;
    if (!none)
        r->good_ms = rep->at_ms;
    text_copy(&r->reason, &rep->reason);
    if (none && state == STATE_UP) { /* what the number would have said was not judged */
        state = STATE_UNKNOWN;
        text_setf(&r->reason, "%s is not a finite number", text_str(&none->name));
    }
    if (beyond && state != STATE_DISABLED) {
        enum state by =
            beyond->level == LEVEL_CRIT && rules->crit_is_down ? STATE_DOWN : STATE_DEGRADED;
        if (state_rank(by) > state_rank(state) || state == STATE_UP) {
            state = by;
            fold_threshold_reason(r, beyond);
        }
    }
    fold_state(r, state, rep->at_ms);
}

void board_fold(struct board *b, size_t service, size_t reading, const struct report *rep,
                const struct fold_rules *rules)
{
    struct reading *r = &b->services[service].readings[reading];

    r->in_flight = false;
    r->evidence_ms = rep->at_ms;
    r->fault = rep->fault;
    r->http_code = rep->http_code;
    r->phases = rep->phases;
    r->disagree = rep->disagree;
    for (size_t i = 0; i < r->n_signals; i++)
        fold_signal(&r->signals[i], &rep->values[i], rep);
    fold_components(r, rep);
    fold_table(r, rep->table);
    fold_marks(b, service, r, rep);
    switch (rep->state) {
    case STATE_DOWN:
        fold_failed(r, rep);
        break;
    case STATE_UNKNOWN:
    case STATE_STALE:
        fold_state(r, STATE_UNKNOWN, rep->at_ms);
        text_copy(&r->reason, &rep->reason);
        break;
    case STATE_UP:
    case STATE_DEGRADED:
    case STATE_DISABLED:
        fold_answered(r, rep, rules);
        break;
    }
}

static void fold_stale(struct reading *r, int64_t now_ms)
{
    char when[32], every[32];

    if (!r->evidence_ms || r->every_ms <= 0 || r->state == STATE_STALE)
        return;
    if (now_ms - r->evidence_ms <= 2 * r->every_ms)
        return;
    r->state = STATE_STALE;
    r->since_ms = r->evidence_ms + 2 * r->every_ms;
    text_setf(&r->reason, "no answer since %s, asked every %s",
              clock_format_utc(r->evidence_ms, when), duration_format(r->every_ms, every));
    for (size_t i = 0; i < r->n_signals; i++)
        fold_signal_level(&r->signals[i], LEVEL_NONE, r->since_ms);
}

/* True when the last thing that was heard is that nothing could be reached. */
static bool fold_is_blind(const struct reading *r)
{
    return r->fault == FAULT_DNS || r->fault == FAULT_UNREACHABLE ||
           r->fault == FAULT_CONNECT_TIMEOUT;
}

/* The host in "http://h:80/x metric", "list mail on h:6379", "a@h:5432/b"; its length in *len. Many
 * pages and ports of one machine go with it, and say nothing about the network. */
static const char *fold_host(const struct text *target, size_t *len)
{
    const char *s = text_str(target), *at = strstr(s, "://"), *end;

    if (at) {
        s = at + 3;
    } else {
        while ((at = strstr(s, " on ")))
            s = at + 4;
    }
    end = s + strcspn(s, "/?# ");
    for (at = s; at < end; at++)
        if (*at == '@')
            s = at + 1;
    *len = *s == '[' ? strcspn(s, "]") : strcspn(s, ":/?# ");
    return s;
}

/* Nothing answers at all, for every host of several: that is us, not them (design chapter 3). */
static void fold_network(struct board *b, int64_t now_ms)
{
    const char *first = NULL;
    size_t first_len = 0;
    bool several = false;

    for (size_t i = 0; i < b->n_services; i++) {
        for (size_t k = 0; k < b->services[i].n_readings; k++) {
            const struct reading *r = &b->services[i].readings[k];

            if (r->local || (r->evidence_ms && r->fault == FAULT_LOCAL))
                continue; /* never asked of anybody: says nothing about the network */
            if (!r->evidence_ms || !fold_is_blind(r)) {
                b->unreachable_since_ms = 0;
                return;
            }
            size_t len;
            const char *host = fold_host(&r->target, &len);

            several = several || (first && (len != first_len || memcmp(host, first, len) != 0));
            first = host;
            first_len = len;
        }
    }
    if (!several)
        b->unreachable_since_ms = 0;
    else if (!b->unreachable_since_ms)
        b->unreachable_since_ms = now_ms;
}

static void fold_service(struct board *b, struct service *s, int64_t now_ms)
{
    enum state state = STATE_UP;
    int worst = -1;
    bool remote = false;
    const struct reading *r;

    for (size_t k = 0; k < s->n_readings; k++) {
        remote = remote || !s->readings[k].local;
        if (worst < 0 || state_rank(s->readings[k].state) > state_rank(state)) {
            state = s->readings[k].state;
            worst = (int)k;
        }
    }
    if (worst < 0) {
        s->state = STATE_UNKNOWN;
        text_sets(&s->reason, "no probe");
        return;
    }
    r = &s->readings[worst];
    s->worst = worst;
    s->evidence_ms = r->evidence_ms;
    if (b->unreachable_since_ms && remote) {
        s->state = STATE_UNKNOWN;
        s->since_ms = b->unreachable_since_ms;
        text_sets(&s->reason, "console cannot reach the network");
        return;
    }
    if (state != STATE_UP)
        s->since_ms = r->since_ms;
    else if (s->state != STATE_UP || !s->since_ms)
        s->since_ms = now_ms;
    s->state = state;
    if (!r->evidence_ms)
        text_sets(&s->reason, "no answer yet");
    else if (s->n_readings > 1) /* also of what is well: "6h" is nothing without what it is of */
        text_setf(&s->reason, "%s: %s", text_str(&r->name), text_str(&r->reason));
    else
        text_copy(&s->reason, &r->reason);
}

void board_age(struct board *b, int64_t now_ms)
{
    b->at_ms = now_ms;
    for (size_t i = 0; i < b->n_services; i++) {
        for (size_t k = 0; k < b->services[i].n_readings; k++)
            fold_stale(&b->services[i].readings[k], now_ms);
    }
    fold_network(b, now_ms);
    for (size_t i = 0; i < b->n_services; i++)
        fold_service(b, &b->services[i], now_ms);
}

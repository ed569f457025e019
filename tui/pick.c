/* tui/pick.c: the error rate, the p95, the worst of every kind of source, the list of problems. */
#include "tui/pick.h"

#include <math.h>
#include <string.h>

#include "tui/words.h"

enum pick_role { PICK_ERRORS, PICK_LATENCY, PICK_HTTP };

const struct reading *pick_reading(const struct view *v, struct pick p)
{
    if (p.service < 0 || p.service >= (int)v->board->n_services)
        return NULL;
    if (p.reading < 0 || p.reading >= (int)v->board->services[p.service].n_readings)
        return NULL;
    return &v->board->services[p.service].readings[p.reading];
}

const struct signal *pick_signal(const struct view *v, struct pick p)
{
    const struct reading *r = pick_reading(v, p);

    return r && p.signal >= 0 && p.signal < (int)r->n_signals ? &r->signals[p.signal] : NULL;
}

static bool pick_same(struct pick a, struct pick b)
{
    return a.service == b.service && a.reading == b.reading && a.signal == b.signal;
}

struct pick pick_carry(const struct board *was, const struct board *now, struct pick p)
{
    struct pick to = PICK_NONE;
    const struct reading *old, *r;
    const struct service *s, *t;

    if (p.service < 0 || (size_t)p.service >= was->n_services)
        return to;
    s = &was->services[p.service];
    to.service = board_find(now, text_str(&s->id));
    if (to.service < 0 || p.reading < 0 || (size_t)p.reading >= s->n_readings)
        return to;
    old = &s->readings[p.reading];
    t = &now->services[to.service];
    for (size_t j = 0; j < t->n_readings && to.reading < 0; j++)
        if (text_eq(&t->readings[j].name, &old->name))
            to.reading = (int)j;
    if (to.reading < 0 || p.signal < 0 || (size_t)p.signal >= old->n_signals)
        return to;
    r = &t->readings[to.reading];
    for (size_t k = 0; k < r->n_signals && to.signal < 0; k++)
        if (text_eq(&r->signals[k].name, &old->signals[p.signal].name))
            to.signal = (int)k;
    return to;
}

int pick_place(const struct pick *list, size_t n, struct pick p, int at)
{
    for (size_t i = 0; i < n; i++)
        if (pick_same(list[i], p))
            return (int)i;
    for (size_t i = 0; i < n; i++)
        if (list[i].service == p.service && list[i].reading == p.reading)
            return (int)i;
    return at < (int)n ? at : n ? (int)n - 1 : 0;
}

/* How near to its limit, 1 = there; without a limit the share of its maximum, else 0. */
static double pick_score(const struct signal *s)
{
    double limit = !isnan(s->crit) ? s->crit : !isnan(s->warn) ? s->warn : s->max;

    if (!s->known || isnan(limit) || limit == 0)
        return 0;
    return s->low_is_bad ? (s->value > 0 ? limit / s->value : 1e6) : s->value / limit;
}

static int pick_level(const struct signal *s)
{
    return s->level == LEVEL_CRIT ? 2 : s->level == LEVEL_WARN ? 1 : 0;
}

static bool pick_fits(const struct reading *r, const struct signal *s, enum pick_role role)
{
    switch (role) {
    case PICK_ERRORS: /* a share of a Redis is of its memory or its cache: no errors of anybody's */
        return signal_is_ratio(s) && s->window_ms > 0 && !s->low_is_bad &&
               !text_is(&r->kind, "redis");
    case PICK_LATENCY:
        return s->unit == UNIT_MS && s->window_ms > 0;
    default:
        return s->unit == UNIT_MS && text_is(&r->kind, "http");
    }
}

/* Clearly worse than the one that is shown? */
static bool pick_better(const struct signal *a, const struct signal *than, enum pick_role role)
{
    if (!than)
        return true;
    if (pick_level(a) != pick_level(than))
        return pick_level(a) > pick_level(than);
    if (role == PICK_HTTP)
        return a->known && (!than->known || a->value > 2 * than->value + 5);
    return pick_score(a) > 1.5 * pick_score(than) + 0.1;
}

static struct pick pick_chart(const struct view *v, struct pick now, enum pick_role role)
{
    const struct signal *best = pick_signal(v, now);

    if (best && !pick_fits(pick_reading(v, now), best, role))
        best = NULL;
    if (!best)
        now = PICK_NONE;
    for (size_t i = 0; i < v->board->n_services; i++)
        for (size_t j = 0; j < v->board->services[i].n_readings; j++) {
            const struct reading *r = &v->board->services[i].readings[j];

            for (size_t k = 0; k < r->n_signals; k++)
                if (pick_fits(r, &r->signals[k], role) && pick_better(&r->signals[k], best, role)) {
                    best = &r->signals[k];
                    now = (struct pick){ (int)i, (int)j, (int)k };
                }
        }
    return now;
}

/* Inserts into a list that is kept worst first; equals stay in the board's order. */
static void pick_insert(struct view *v, struct pick p, double weight, double *weights)
{
    size_t at = v->n_signals;

    while (at > 0 && weights[at - 1] < weight)
        at--;
    if (at >= VIEW_SIGNALS)
        return;
    if (v->n_signals < VIEW_SIGNALS)
        v->n_signals++;
    for (size_t i = v->n_signals - 1; i > at; i--) {
        v->signals[i] = v->signals[i - 1];
        weights[i] = weights[i - 1];
    }
    v->signals[at] = p;
    weights[at] = weight;
}

/* Bad ones first; the first of each kind of source before second ones; those with a limit before
 * those without. Steps are coarse so that rows do not change places all the time. */
static void pick_signals(struct view *v)
{
    double weights[VIEW_SIGNALS];
    struct text const *kinds[32];
    size_t n_kinds = 0;

    v->n_signals = 0;
    for (size_t i = 0; i < v->board->n_services; i++)
        for (size_t j = 0; j < v->board->services[i].n_readings; j++) {
            const struct reading *r = &v->board->services[i].readings[j];
            size_t kind = 0;

            while (kind < n_kinds && !text_eq(kinds[kind], &r->kind))
                kind++;
            for (size_t k = 0; k < r->n_signals; k++) {
                const struct signal *s = &r->signals[k];
                struct pick p = { (int)i, (int)j, (int)k };
                double weight = pick_level(s) * 100;

                if (pick_same(p, v->errors) || pick_same(p, v->latency))
                    continue;
                weight += kind == n_kinds ? 20 : 0;
                weight += !isnan(s->max) ? 8 : !isnan(s->crit) || !isnan(s->warn) ? 4 : 0;
                weight += pick_score(s) >= 0.75 ? 10 : 0;
                pick_insert(v, p, weight, weights);
                if (kind == n_kinds && n_kinds < 32)
                    kinds[n_kinds++] = &r->kind;
            }
        }
}

/* -- problems -- */

static void problems_add(struct view *v, struct pick p)
{
    v->all_problems++;
    if (v->n_problems < VIEW_PROBLEMS)
        v->problems[v->n_problems++] = p;
}

/* Down, and none of its signals is critical: it says so itself, in its own words. A warning of its
 * main signal would make less of it than it is. */
static bool problems_down(const struct reading *r)
{
    for (size_t k = 0; k < r->n_signals; k++)
        if (r->signals[k].level == LEVEL_CRIT)
            return false;
    return r->state == STATE_DOWN;
}

static void problems_of(struct view *v, int service)
{
    const struct service *s = &v->board->services[service];

    for (size_t j = 0; j < s->n_readings; j++) {
        const struct reading *r = &s->readings[j];
        bool told = problems_down(r);

        if (told)
            problems_add(v, (struct pick){ service, (int)j, -1 });
        for (size_t k = told ? 1 : 0; k < r->n_signals; k++)
            if (r->signals[k].level == LEVEL_WARN || r->signals[k].level == LEVEL_CRIT) {
                problems_add(v, (struct pick){ service, (int)j, (int)k });
                told = true;
            }
        if (r->state != STATE_UP && r->state != STATE_DISABLED && !told &&
            !(r->state == STATE_UNKNOWN && r->evidence_ms == 0 && r->fault == FAULT_NONE))
            problems_add(v, (struct pick){ service, (int)j, -1 });
    }
}

/* In the order of the rows: roots first, what they explain below. What was selected stays so, as a
 * new problem pushes others down; the first one is nobody's choice until the panel is entered. */
static void pick_problems(struct view *v)
{
    bool chosen = v->n_problems && (v->focus == FOCUS_PROBLEMS || v->problem > 0);
    struct pick was = chosen ? v->problems[v->problem] : PICK_NONE;

    v->n_problems = v->all_problems = 0;
    for (size_t i = 0; i < v->n_overview; i++)
        problems_of(v, v->overview[i].service);
    v->problem = pick_place(v->problems, v->n_problems, was, v->problem);
}

void view_settle_picks(struct view *v)
{
    struct pick p95;

    v->errors = pick_chart(v, v->errors, PICK_ERRORS);
    p95 = pick_chart(v, v->latency, PICK_LATENCY);
    v->latency = p95.service >= 0 ? p95 : pick_chart(v, v->latency, PICK_HTTP);
    pick_signals(v);
    pick_problems(v);
}

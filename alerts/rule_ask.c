/* alerts/rule_ask.c: what a rule says of a board. What cannot be known is neither true nor false.
 */
#include "alerts/rule_impl.h"

#include <math.h>
#include <stdio.h>

/* A window of which less than half was seen says nothing about all of it. */
#define ASK_COVERED 0.5

struct asking {
    const struct rule *rule;
    const struct board *board;
    bool held;
    struct text value, note; /* of the term in hand */
};

static const struct reading *ask_reading(const struct asking *q, const struct figure *f)
{
    return f->reading < 0 ? NULL : &q->board->services[f->service].readings[f->reading];
}

/* Answers are missing or too old: nothing that it told still holds. */
static bool ask_is_silent(const struct asking *q, const struct reading *r)
{
    return !r->evidence_ms || r->state == STATE_STALE ||
           (q->board->unreachable_since_ms && !r->local);
}

static bool ask_unknown(struct asking *q, const struct figure *f, const char *why)
{
    char name[RULE_NAMES * (RULE_WORD + 1)];

    text_setf(&q->note, "%s: %s", figure_name(f, name), why);
    return false;
}

static const char *ask_silence(const struct asking *q, const struct reading *r)
{
    if (!r->evidence_ms)
        return "no answer yet";
    if (q->board->unreachable_since_ms && !r->local)
        return "console cannot reach the network";
    return text_str(&r->reason);
}

/* How old the newest thing is: a backup says so itself, of all else it is the last good answer. */
static bool ask_age(struct asking *q, const struct figure *f, double *out)
{
    const struct reading *r = ask_reading(q, f);

    for (size_t i = 0; i < r->n_signals; i++) {
        const struct signal *s = &r->signals[i];

        if (!text_is(&s->name, "age") || s->unit != UNIT_SECONDS)
            continue;
        if (!s->at_ms)
            return ask_unknown(q, f, s->note.len ? text_str(&s->note) : ask_silence(q, r));
        if (!s->known) /* nobody knows of a newer one, but there may be one */
            return ask_unknown(q, f, s->note.len ? text_str(&s->note) : text_str(&r->reason));
        *out = s->value + (double)(q->board->at_ms - s->at_ms) / 1000;
        return true;
    }
    if (!r->good_ms)
        return ask_unknown(q, f, "no good answer yet");
    *out = (double)(q->board->at_ms - r->good_ms) / 1000;
    return true;
}

static bool ask_past(struct asking *q, const struct figure *f, const struct signal *s, double *out)
{
    struct series_span span;
    int64_t step_ms = series_step_ms(s->series), to_ms = q->board->at_ms + 1;
    char covered[32], window[32], why[96];
    double share;

    series_read(s->series, to_ms - f->window_ms, to_ms, &span, 1);
    share = (double)(span.n * step_ms) / (double)f->window_ms;
    if (f->window_ms > 3600000 && step_ms < 10000)
        share *= 10000.0 / (double)step_ms; /* of the coarse tier, whose slots hold ten seconds */
    if (!span.n || share < ASK_COVERED) {
        snprintf(why, sizeof why, "%s of data in %s",
                 duration_format((int64_t)(share * (double)f->window_ms) / 1000 * 1000, covered),
                 duration_format(f->window_ms, window));
        return ask_unknown(q, f, why);
    }
    *out = f->kind == FIGURE_AVG ? span.mean : f->kind == FIGURE_MIN ? span.min : span.max;
    return true;
}

/* The number of a figure; false: it is not known, and the note says why. */
static bool ask_figure(struct asking *q, const struct figure *f, double *out)
{
    const struct reading *r = ask_reading(q, f);
    const struct signal *s;

    if (f->kind == FIGURE_AGE)
        return ask_age(q, f, out);
    s = &r->signals[f->signal];
    if (f->kind != FIGURE_VALUE)
        return ask_past(q, f, s, out);
    if (ask_is_silent(q, r))
        return ask_unknown(q, f, ask_silence(q, r));
    if (!s->known)
        return ask_unknown(q, f, s->note.len ? text_str(&s->note) : text_str(&r->reason));
    *out = s->value;
    return true;
}

static void ask_say(struct asking *q, const struct figure *f, double v)
{
    enum unit unit = figure_unit(f, q->board);
    char number[32], share[72];
    const struct signal *s;

    if (unit == UNIT_SECONDS)
        age_format_hours((int64_t)(v * 1000), number);
    else
        quantity_format(v, unit, number);
    if (f->kind != FIGURE_VALUE) {
        text_sets(&q->value, number);
        return;
    }
    s = &ask_reading(q, f)->signals[f->signal];
    if (isnan(s->num) || isnan(s->den))
        text_setf(&q->value, "%s%s%s%s", s->above ? ">" : "", number, s->unit_word.len ? " " : "",
                  text_str(&s->unit_word));
    else
        text_setf(&q->value, "%s (%s)", number, share_format(s->num, s->den, s->share_unit, share));
}

static bool ask_holds(enum rule_op op, double a, double b)
{
    switch (op) {
    case OP_GT:
        return a > b;
    case OP_GE:
        return a >= b;
    case OP_LT:
        return a < b;
    case OP_LE:
        return a <= b;
    case OP_EQ:
        return a == b;
    case OP_NE:
        return a != b;
    }
    return false;
}

static enum truth ask_compare(struct asking *q, const struct term *t)
{
    double left, limit = q->held && !isnan(t->recover) ? t->recover : t->limit;

    if (!ask_figure(q, &t->left, &left))
        return TRUTH_UNKNOWN;
    ask_say(q, &t->left, left);
    if (t->against) {
        if (!ask_figure(q, &t->right, &limit))
            return TRUTH_UNKNOWN;
        limit *= t->factor;
    }
    return ask_holds(t->op, left, limit) ? TRUTH_YES : TRUTH_NO;
}

static enum truth ask_state(struct asking *q, const struct term *t)
{
    const struct service *s = &q->board->services[t->left.service];
    const struct reading *r = ask_reading(q, &t->left);
    enum state state = r ? r->state : s->state;
    const struct text *reason = r ? &r->reason : &s->reason;

    if (q->board->unreachable_since_ms && !(r && r->local))
        state = STATE_UNKNOWN;
    text_setf(&q->value, "%s%s%s", state_word(state), reason->len ? ": " : "", text_str(reason));
    if (state == t->state)
        return t->op == OP_EQ ? TRUTH_YES : TRUTH_NO;
    if (state == STATE_UNKNOWN || state == STATE_STALE) { /* it could be anything */
        ask_unknown(q, &t->left, text_str(&q->value));
        return TRUTH_UNKNOWN;
    }
    return t->op == OP_EQ ? TRUTH_NO : TRUTH_YES;
}

static enum truth ask_nodata(struct asking *q, const struct term *t)
{
    const struct service *s = &q->board->services[t->left.service];
    const struct reading *r = ask_reading(q, &t->left);
    bool silent = r ? ask_is_silent(q, r) || r->state == STATE_UNKNOWN
                    : s->state == STATE_UNKNOWN || s->state == STATE_STALE;

    if (!silent && r && t->left.signal >= 0)
        silent = !r->signals[t->left.signal].known;
    text_sets(&q->value, silent ? "no data" : "there is data");
    if (q->board->unreachable_since_ms && !(r && r->local)) { /* that is us, and said once */
        ask_unknown(q, &t->left, "console cannot reach the network");
        return TRUTH_UNKNOWN;
    }
    return silent ? TRUTH_YES : TRUTH_NO;
}

/* What decided is what is told: the words of the first side, unless the other one decided. */
static enum truth ask_term(struct asking *q, int i)
{
    const struct term *t = &q->rule->terms[i];
    enum truth a, b, decides;
    struct text value = { 0 }, note = { 0 };

    switch (t->kind) {
    case TERM_COMPARE:
        return ask_compare(q, t);
    case TERM_STATE:
        return ask_state(q, t);
    case TERM_NODATA:
        return ask_nodata(q, t);
    case TERM_NOT:
        a = ask_term(q, t->a);
        return a == TRUTH_UNKNOWN ? a : a == TRUTH_YES ? TRUTH_NO : TRUTH_YES;
    case TERM_AND:
    case TERM_OR:
        break;
    }
    decides = t->kind == TERM_OR ? TRUTH_YES : TRUTH_NO;
    a = ask_term(q, t->a);
    if (a == decides)
        return a;
    text_copy(&value, &q->value);
    text_copy(&note, &q->note);
    b = ask_term(q, t->b);
    if (b != decides && (a == TRUTH_UNKNOWN || b != TRUTH_UNKNOWN)) {
        text_copy(&q->value, &value);
        text_copy(&q->note, &note);
    }
    text_fini(&value);
    text_fini(&note);
    return b == decides ? b : a == TRUTH_UNKNOWN ? a : b;
}

void rule_ask(const struct rule *r, const struct board *b, bool held, struct rule_answer *out)
{
    struct asking q = {
        .rule = r, .board = b, .held = held, .value = out->value, .note = out->note
    };

    text_sets(&q.value, "");
    text_sets(&q.note, "");
    out->truth = ask_term(&q, r->root);
    if (out->truth != TRUTH_UNKNOWN)
        text_sets(&q.note, "");
    out->value = q.value;
    out->note = q.note;
}

void rule_answer_fini(struct rule_answer *a)
{
    text_fini(&a->value);
    text_fini(&a->note);
}

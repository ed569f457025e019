/* probes/metrics_value.c: samples into the value of one metrics probe. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"
#include "probes/metrics_impl.h"

/* ---- samples ---- */

size_t metrics_wanted(const struct metrics_state *s, const char *out[4])
{
    size_t n = 0;

    for (size_t i = 0; i < s->n_sel; i++) {
        out[n++] = selector_name(s->sel[i]);
        if (s->created[i])
            out[n++] = s->created[i];
    }
    return n;
}

void metrics_begin(struct metrics_state *s)
{
    s->n_taken = s->n_born = 0;
    s->named[0] = s->named[1] = s->full = false;
}

static bool metrics_is(const struct expo_sample *sample, const char *name)
{
    return name && strlen(name) == sample->name_len &&
           memcmp(name, sample->name, sample->name_len) == 0;
}

static void metrics_take(struct metrics_state *s, const struct expo_sample *sample, int lane)
{
    struct metrics_taken t = { .lane = lane, .value = sample->value, .le = NAN };
    char le[64];

    if (s->mode == METRICS_QUANTILE &&
        (!sample_label(sample, "le", le, sizeof le) || !expo_number(le, strlen(le), &t.le)))
        return;
    if (s->n_taken == WINDOW_SERIES_MAX) {
        s->full = true;
        return;
    }
    t.key = s->mode == METRICS_GAUGE
                ? 0
                : series_key(sample, s->mode == METRICS_QUANTILE ? "le" : NULL);
    if (s->n_taken == s->taken_cap) {
        s->taken_cap = s->taken_cap ? s->taken_cap * 2 : 8;
        s->taken = xreallocarray(s->taken, s->taken_cap, sizeof *s->taken);
    }
    s->taken[s->n_taken++] = t;
}

static void metrics_take_born(struct metrics_state *s, const struct expo_sample *sample, size_t i)
{
    struct expo_sample as =
        *sample; /* the series it belongs to has another name, the same labels */

    if (!(sample->value > 0 && sample->value < 1e11) || s->n_born == WINDOW_SERIES_MAX)
        return;
    as.name = selector_name(s->sel[i]);
    as.name_len = strlen(as.name);
    if (s->n_born == s->born_cap) {
        s->born_cap = s->born_cap ? s->born_cap * 2 : 8;
        s->born = xreallocarray(s->born, s->born_cap, sizeof *s->born);
    }
    s->born[s->n_born++] =
        (struct metrics_born){ series_key(&as, NULL), (int64_t)(sample->value * 1000) };
}

void metrics_sample(struct metrics_state *s, const struct expo_sample *sample)
{
    for (size_t i = 0; i < s->n_sel; i++) {
        if (metrics_is(sample, selector_name(s->sel[i]))) {
            s->named[i] = true;
            if (selector_match(s->sel[i], sample))
                metrics_take(s, sample, (int)i);
        } else if (metrics_is(sample, s->created[i])) {
            metrics_take_born(s, sample, i);
        }
    }
}

static int metrics_by_key(const void *a, const void *b)
{
    const struct metrics_born *x = a, *y = b;

    return x->key < y->key ? -1 : x->key > y->key;
}

static int64_t metrics_born_ms(const struct metrics_state *s, uint64_t key)
{
    const struct metrics_born want = { key, 0 }, *found = NULL;

    if (s->n_born)
        found = bsearch(&want, s->born, s->n_born, sizeof *s->born, metrics_by_key);
    return found ? found->at_ms : 0;
}

/* ---- values ---- */

/* A number that is none is no answer: what it would have said stays unknown, never up. */
static void metrics_refuse(struct metrics_state *s, const char *why)
{
    struct value *v = &s->report.values[0];

    v->known = false;
    v->value = NAN;
    s->report.state = STATE_UNKNOWN;
    text_setf(&s->report.reason, "invalid: %s", why);
    text_copy(&v->note, &s->report.reason);
}

static const char *metrics_not_a_number(double x)
{
    return isnan(x) ? "NaN" : isfinite(x) ? NULL : x > 0 ? "+Inf" : "-Inf";
}

/* What a counter cannot be; NULL when it can. */
static const char *metrics_not_a_count(double x)
{
    return x < 0 && isfinite(x) ? "a counter below 0" : metrics_not_a_number(x);
}

static void metrics_gauge(struct metrics_state *s, const struct metrics_options *o, double scale)
{
    struct value *v = &s->report.values[0];
    double sum = 0, most = -INFINITY, least = INFINITY, n = (double)s->n_taken;

    for (size_t i = 0; i < s->n_taken; i++) {
        double x = s->taken[i].value;

        if (metrics_not_a_number(x)) {
            metrics_refuse(s, metrics_not_a_number(x));
            return;
        }
        sum += x;
        most = fmax(most, x);
        least = fmin(least, x);
    }
    v->value = scale * (o->combine == METRICS_MAX    ? most
                        : o->combine == METRICS_MIN  ? least
                        : o->combine == METRICS_MEAN ? sum / n
                                                     : sum);
    v->known = true;
    if (!isfinite(v->value))
        metrics_refuse(s, "the sum is beyond all numbers");
}

/* NULL, or what is wrong with a count: then nothing of this page is taken, and the next spans the
 * gap. */
static const char *metrics_fill_window(struct metrics_state *s, int64_t at_ms, int64_t process_ms)
{
    const char *bad = NULL;

    if (s->n_born)
        qsort(s->born, s->n_born, sizeof *s->born, metrics_by_key);
    window_begin(s->window, at_ms, process_ms);
    for (size_t i = 0; i < s->n_taken; i++) {
        const struct metrics_taken *t = &s->taken[i];
        int lane = s->mode == METRICS_QUANTILE ? window_lane(s->window, t->le) : t->lane;

        bad = metrics_not_a_count(t->value);
        if (bad) {
            window_abort(s->window);
            return bad;
        }
        if (lane < 0 || !window_add(s->window, lane, t->key, t->value, metrics_born_ms(s, t->key)))
            s->full = true;
    }
    window_commit(s->window);
    return NULL;
}

static void metrics_judge_window(struct metrics_state *s, const struct metrics_options *o,
                                 double scale, int64_t at_ms)
{
    struct value *v = &s->report.values[0];
    const struct probe_common *c = s->probe->common;

    switch (s->mode) {
    case METRICS_RATE:
        window_rate(s->window, 0, at_ms, v);
        break;
    case METRICS_RATIO:
        window_ratio(s->window, 0, 1, at_ms, o->min_samples, v);
        break;
    case METRICS_QUANTILE:
        window_quantile(s->window, o->quantile, at_ms, o->min_samples, scale,
                        probe_unit(c, metrics_own_unit(o)), v);
        break;
    case METRICS_GAUGE:
        break;
    }
}

/* A name that is nowhere on the page is a question without an answer; a name without a series of
 * these labels is a counter that has not counted yet. */
static bool metrics_is_there(struct metrics_state *s)
{
    struct report *r = &s->report;

    for (size_t i = 0; i < s->n_sel; i++) {
        if (s->named[i] && (s->mode != METRICS_GAUGE || s->n_taken))
            continue;
        r->state = STATE_UNKNOWN;
        text_setf(&r->reason, "no series %.200s on the page%s", selector_name(s->sel[i]),
                  s->named[i] ? " with these labels" : "");
        text_copy(&r->values[0].note, &r->reason);
        return false;
    }
    return true;
}

/* What an answer says when nothing is wrong: the number. */
static void metrics_say(struct metrics_state *s, const struct metrics_options *o)
{
    struct report *r = &s->report;
    const struct value *v = &r->values[0];
    const struct probe_common *c = s->probe->common;
    char number[32], num[32], den[32];

    quantity_format(v->value, probe_unit(c, metrics_own_unit(o)), number);
    if (!v->known)
        text_copy(&r->reason, &v->note);
    else if (s->mode == METRICS_RATIO)
        text_setf(&r->reason, "%s: %s of %s", number, quantity_format(v->num, UNIT_COUNT, num),
                  quantity_format(v->den, UNIT_COUNT, den));
    else if (s->mode == METRICS_QUANTILE)
        text_setf(&r->reason, "%s %s%s", metrics_signal_name(o), v->above ? ">" : "", number);
    else
        text_setf(&r->reason, "%s%s%s", number, c->unit_word ? " " : "",
                  c->unit_word ? c->unit_word : "");
}

void metrics_complete(struct metrics_state *s, int64_t at_ms, int64_t process_ms)
{
    const struct metrics_options *o = s->probe->self;
    double scale = metrics_scale(o, s->probe->common);
    const char *bad = NULL;

    s->report.state = STATE_UP;
    if (s->window)
        bad = metrics_fill_window(s, at_ms, process_ms);
    if (!metrics_is_there(s))
        return;
    if (bad) {
        metrics_refuse(s, bad);
        return;
    }
    if (s->full) {
        s->report.state = STATE_UNKNOWN;
        text_setf(&s->report.reason, "more than %d series or %d buckets", WINDOW_SERIES_MAX,
                  WINDOW_LANES_MAX);
        text_copy(&s->report.values[0].note, &s->report.reason);
        return;
    }
    if (s->window)
        metrics_judge_window(s, o, scale, at_ms);
    else
        metrics_gauge(s, o, scale);
    if (s->report.state == STATE_UP)
        metrics_say(s, o);
}

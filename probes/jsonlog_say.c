/* probes/jsonlog_say.c: what the lines of a log come to, in numbers and in one sentence. */
#include "probes/jsonlog_impl.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "core/buf.h"

enum { JSONLOG_RATE_MS = 60000 }; /* a rate of less time is none */

struct saying { /* while one report is made */
    const struct jsonlog_options *o;
    const struct probe_common *common;
    struct jsonlog_state *s;
    const struct log_view *view;
    struct logtally t;
    int64_t now_ms, covered_ms; /* covered: of the window, at most all of it */
    double measured;            /* NaN = not known: `lack` says why */
    bool above;
    char lack[160];
    struct buf words;
};

/* ---- what forbids any number ---- */

static bool jsonlog_unknown(struct saying *y, const char *fmt, ...) MW_PRINTF(2, 3);

static bool jsonlog_unknown(struct saying *y, const char *fmt, ...)
{
    struct report *r = &y->s->report;
    char why[400];
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(why, sizeof why, fmt, ap);
    va_end(ap);
    r->state = STATE_UNKNOWN;
    text_sets(&r->reason, why);
    for (size_t i = 0; i < 3; i++)
        text_copy(&r->values[i].note, &r->reason);
    return false;
}

static const char *jsonlog_source(const struct jsonlog_options *o)
{
    return o->source.items[0];
}

/* No line came in the part of the window that is known: is that because there was none? */
static bool jsonlog_can_tell_of_none(struct saying *y)
{
    unsigned long long all = y->view->undated, bad = y->view->undated_bad;
    bool full = y->covered_ms >= y->o->over_ms, none = !y->s->counts.arrived_ms;
    char known[16], over[16];

    if (bad && bad * 2 >= all && (none || !full)) /* also when it is quiet for long */
        return jsonlog_unknown(y, "%llu of the %llu lines in it are not JSON, and none came since",
                               bad, all);
    if (full)
        return true;
    if (all)
        return jsonlog_unknown(y, "%llu %s no time, and none came since", all,
                               all == 1 ? "line in it tells" : "lines in it tell");
    if (y->covered_ms < 1000)
        return jsonlog_unknown(y, "no line yet");
    return jsonlog_unknown(y, "no line in the %s of %s that are known",
                           age_format(y->covered_ms, known), age_format(y->o->over_ms, over));
}

/* A silent log is not zero errors, and what cannot be read is no line without them. */
static bool jsonlog_can_tell(struct saying *y)
{
    int64_t ahead_ms = y->view->newest_ms - y->now_ms; /* a file's own time may lie ahead */
    int64_t age_ms = !y->view->newest_ms ? -1 : ahead_ms > 0 ? 0 : -ahead_ms;
    const struct logtally *t = &y->t;
    char age[16];

    if (*y->view->why)
        return jsonlog_unknown(y, "%s: %s", jsonlog_source(y->o), y->view->why);
    if (age_ms < 0)
        return jsonlog_unknown(y, "no line yet");
    if (age_ms >= y->o->silent_ms)
        return jsonlog_unknown(y, "silent: no line for %s", age_format(age_ms, age));
    if (!t->lines && t->late)
        return jsonlog_unknown(y,
                               "%llu lines came with a time of before the last %s: is one of "
                               "the clocks wrong, or the field of the time?",
                               (unsigned long long)t->late, age_format(y->o->over_ms, age));
    if (t->bad && t->bad >= t->lines)
        return jsonlog_unknown(y, "%llu of %llu lines were not JSON", (unsigned long long)t->bad,
                               (unsigned long long)(t->bad + t->lines));
    return t->lines || jsonlog_can_tell_of_none(y);
}

/* ---- the number ---- */

static void jsonlog_lacks(struct saying *y, const char *fmt, ...) MW_PRINTF(2, 3);

static void jsonlog_lacks(struct saying *y, const char *fmt, ...)
{
    va_list ap;

    y->measured = NAN;
    va_start(ap, fmt);
    vsnprintf(y->lack, sizeof y->lack, fmt, ap);
    va_end(ap);
}

static void jsonlog_lacks_time(struct saying *y, int64_t need_ms)
{
    char known[16], need[16];

    jsonlog_lacks(y, "not enough data: %s of %s", age_format(y->covered_ms, known),
                  age_format(need_ms, need));
}

static bool jsonlog_enough(struct saying *y, uint64_t n)
{
    if (n >= (uint64_t)y->o->min_samples)
        return true;
    jsonlog_lacks(y, "not enough data: %llu of %d lines", (unsigned long long)n, y->o->min_samples);
    return false;
}

static double jsonlog_per_minute(const struct saying *y, uint64_t n)
{
    return (double)n * 60000 / (double)y->covered_ms;
}

static int64_t jsonlog_rate_needs(const struct saying *y)
{
    return y->o->over_ms < JSONLOG_RATE_MS ? y->o->over_ms : JSONLOG_RATE_MS;
}

static void jsonlog_top(struct saying *y)
{
    struct loggroup top;
    size_t n;

    y->measured = 0;
    if (loggroups_top(y->s->counts.groups, y->now_ms / logwindow_step_ms(y->s->counts.window), &top,
                      1, &n))
        y->measured = top.weight;
    y->above = n >= LOGGROUPS_MAX;
}

static void jsonlog_of_numbers(struct saying *y)
{
    double q = jsonlog_quantile(y->o->measure);

    if (y->t.odd && y->t.odd >= y->t.samples) {
        jsonlog_lacks(y, "%llu of %llu lines with %s have no number in it",
                      (unsigned long long)y->t.odd, (unsigned long long)(y->t.odd + y->t.samples),
                      y->o->field);
    } else if (q > 0) {
        if (jsonlog_enough(y, y->t.samples))
            y->measured = logwindow_quantile(y->s->counts.window, y->now_ms, q, &y->above);
    } else if (y->o->measure == JSONLOG_SUM) {
        y->measured = y->t.sum;
    } else if (!y->t.samples) {
        jsonlog_lacks(y, "no line with a number in %s", y->o->field);
    } else {
        y->measured = y->o->measure == JSONLOG_MAX ? y->t.max : y->t.sum / (double)y->t.samples;
    }
    y->measured *= jsonlog_scale(y->o, y->common);
}

/* Of a part of the window such a measure is too low by nature. */
static bool jsonlog_adds_up(int measure)
{
    return measure == JSONLOG_COUNT || measure == JSONLOG_SUM || measure == JSONLOG_TOP_GROUP;
}

static void jsonlog_measure(struct saying *y)
{
    switch ((enum jsonlog_measure)y->o->measure) {
    case JSONLOG_COUNT:
        y->measured = (double)y->t.hits;
        break;
    case JSONLOG_RATE:
        if (y->covered_ms < jsonlog_rate_needs(y))
            jsonlog_lacks_time(y, jsonlog_rate_needs(y));
        else
            y->measured = jsonlog_per_minute(y, y->t.hits);
        break;
    case JSONLOG_RATIO:
        if (jsonlog_enough(y, y->t.all))
            y->measured = 100 * (double)y->t.hits / (double)y->t.all;
        break;
    case JSONLOG_TOP_GROUP:
        jsonlog_top(y);
        break;
    default:
        jsonlog_of_numbers(y);
        break;
    }
    if (y->common->low_is_bad && jsonlog_adds_up(y->o->measure) && y->covered_ms < y->o->over_ms &&
        !isnan(y->measured))
        jsonlog_lacks_time(y, y->o->over_ms);
}

static void jsonlog_put(struct saying *y, size_t signal, double value, const char *lack)
{
    struct value *v = &y->s->report.values[signal];

    v->known = isfinite(value);
    v->value = v->known ? value : NAN;
    v->window_ms = y->covered_ms;
    if (!v->known)
        text_sets(&v->note, lack);
}

static void jsonlog_quantity(const struct saying *y, double v, char out[64])
{
    const char *word = jsonlog_word(y->o, y->common);
    char n[32];

    quantity_format(v, jsonlog_unit(y->o, y->common), n);
    if (word && strcmp(word, "lines") == 0 && v < 1.5 && v > 0.5)
        word = "line";
    snprintf(out, 64, "%s%s%s", n, word && *word != '/' ? " " : "", word ? word : "");
}

/* As a multiple of the usual. */
static void jsonlog_compare(struct saying *y)
{
    char known[16], need[16], usual_words[64], now_words[64];
    int64_t known_ms;
    double usual = logpast_mean(y->s->counts.past, y->now_ms, y->view->covered_ms, &known_ms) *
                   jsonlog_scale(y->o, y->common);

    if (isnan(y->measured)) {
        jsonlog_put(y, 0, NAN, y->lack);
        buf_addf(&y->words, "%s in ", y->lack);
        return;
    }
    jsonlog_quantity(y, y->measured, now_words);
    if (known_ms < y->o->history_ms) {
        snprintf(y->lack, sizeof y->lack, "baseline needs %s; %s are known",
                 age_format(y->o->history_ms, need), age_format(known_ms, known));
    } else if (!(usual > 0)) {
        snprintf(y->lack, sizeof y->lack, "the usual is 0: nothing to compare with");
    } else {
        jsonlog_quantity(y, usual, usual_words);
        jsonlog_put(y, 0, y->measured / usual, "");
        buf_addf(&y->words, "%.1f times the usual: %s against %s in ", y->measured / usual,
                 now_words, usual_words);
        return;
    }
    jsonlog_put(y, 0, NAN, y->lack);
    buf_addf(&y->words, "%s · %s in ", y->lack, now_words);
}

/* ---- the sentence ---- */

static void jsonlog_share(struct saying *y, uint64_t part, uint64_t of, const char *words)
{
    char a[32], b[32];

    buf_addf(&y->words, "%s of %s %s", quantity_format((double)part, UNIT_COUNT, a),
             quantity_format((double)of, UNIT_COUNT, b), words);
}

static void jsonlog_sentence(struct saying *y)
{
    char words[64], span[16], n[32];

    jsonlog_quantity(y, y->measured, words);
    age_format(y->covered_ms, span);
    if (y->o->against_ms)
        jsonlog_compare(y);
    else if (isnan(y->measured))
        buf_addf(&y->words, "%s in ", y->lack);
    else if (y->o->measure == JSONLOG_COUNT)
        buf_addf(&y->words, "%s of %s in ", words,
                 quantity_format((double)y->t.all, UNIT_COUNT, n));
    else if (y->o->measure == JSONLOG_RATIO) {
        buf_addf(&y->words, "%s: ", words);
        jsonlog_share(y, y->t.hits, y->t.all, "lines in ");
    } else if (y->o->measure == JSONLOG_TOP_GROUP)
        buf_addf(&y->words, "%s in the largest group in ", words);
    else if (y->o->measure == JSONLOG_RATE)
        buf_addf(&y->words, "%s: %s lines in ", words,
                 quantity_format((double)y->t.hits, UNIT_COUNT, n));
    else
        buf_addf(&y->words, "%s %s of %s lines in ", jsonlog_measure_word(y->o->measure), words,
                 quantity_format((double)y->t.samples, UNIT_COUNT, n));
    buf_addf(&y->words, "%s", span);
}

static void jsonlog_also(struct saying *y, unsigned long long n, const char *one, const char *many)
{
    if (n)
        buf_addf(&y->words, " · %llu %s", n, n == 1 ? one : many);
}

/* A field that is asked for and that no line has, of the window or, when that is empty, of any. */
static const char *jsonlog_unseen(const struct saying *y)
{
    const struct jsonlog_counts *c = &y->s->counts;
    uint64_t seen = y->t.lines ? y->t.seen : c->seen;

    if (!y->t.lines && !c->arrived_ms)
        return NULL;
    for (size_t i = 0; i < c->n_needs; i++)
        if (!(seen >> i & 1))
            return c->needs[i].name;
    return NULL;
}

/* What a number alone would hide: behind the sentence, and beside the number, which stands alone
 * where it is beyond a limit. */
static void jsonlog_beside(struct saying *y)
{
    const struct logtally *t = &y->t;
    const char *unseen = jsonlog_unseen(y);
    size_t from = y->words.len, mark = strlen(" · ");
    char over[16], known[16];

    if (y->covered_ms < y->o->over_ms)
        buf_addf(&y->words, " · %s of %s are known", age_format(y->covered_ms, known),
                 age_format(y->o->over_ms, over));
    if (t->bad) {
        buf_adds(&y->words, " · ");
        jsonlog_share(y, t->bad, t->bad + t->lines,
                      t->bad == 1 ? "lines was not JSON" : "lines were not JSON");
    }
    jsonlog_also(y, t->too_long, "of them was too long", "of them were too long");
    jsonlog_also(y, t->future, "line with a time in the future", "lines with a time in the future");
    jsonlog_also(y, t->late, "line came too late to count", "lines came too late to count");
    if (*y->view->said)
        buf_addf(&y->words, " · %s", y->view->said);
    if (t->odd)
        jsonlog_also(y, t->odd, "line has no number in ", "lines have no number in ");
    if (t->odd)
        buf_adds(&y->words, y->o->field);
    if (unseen)
        buf_addf(&y->words, " · no line has %s", unseen);
    if (y->words.len > from + mark && y->s->report.values[0].known)
        text_sets(&y->s->report.values[0].note, y->words.bytes + from + mark);
}

/* ---- groups ---- */

/* Parts of a key, each with its length before it. */
static void jsonlog_group_row(struct saying *y, struct text *row, const struct loggroup *g)
{
    size_t n_keys = y->o->group_by.n, at = 0;
    char n[32];

    for (size_t i = 0; i < n_keys && at < g->len; i++) {
        size_t len = (unsigned char)g->key[at++];

        text_set(&row[i], g->key + at, len);
        if (!row[i].len)
            text_sets(&row[i], "(empty)");
        at += len;
    }
    text_sets(&row[n_keys],
              quantity_format(g->weight,
                              y->s->counts.weighs && y->o->field ? jsonlog_unit(y->o, y->common)
                                                                 : UNIT_COUNT,
                              n));
}

static void jsonlog_groups(struct saying *y)
{
    struct jsonlog_state *s = y->s;
    size_t cols = y->o->group_by.n + 1, n_all, n;
    int64_t step = y->now_ms / logwindow_step_ms(s->counts.window);
    struct loggroup top[JSONLOG_TOP];

    if (!s->counts.groups)
        return;
    n = loggroups_top(s->counts.groups, step, top, JSONLOG_TOP, &n_all);
    if (!n)
        return;
    for (size_t i = 0; i + 1 < cols; i++)
        text_sets(&s->cells[i], y->o->group_by.items[i]);
    text_sets(&s->cells[cols - 1], s->counts.weighs && y->o->field ? y->o->field : "lines");
    for (size_t i = 0; i < n; i++)
        jsonlog_group_row(y, &s->cells[(i + 1) * cols], &top[i]);
    s->table = (struct table){ .cells = s->cells, .rows = n, .cols = cols, .cut = n_all > n };
    s->report.table = &s->table;
    if (loggroups_rest(s->counts.groups, step) > 0)
        buf_addf(&y->words, " · more than %d groups", LOGGROUPS_MAX);
}

static void jsonlog_numbers(struct saying *y)
{
    size_t own = y->o->against_ms ? 1 : 0;
    struct value *v = &y->s->report.values[own];
    struct value *lines = &y->s->report.values[own + 1];
    char lack[64], known[16], age[16];

    jsonlog_put(y, own, y->measured, y->lack);
    v->above = y->above;
    if (y->o->measure == JSONLOG_RATIO) {
        v->num = (double)y->t.hits;
        v->den = (double)y->t.all;
    }
    snprintf(lack, sizeof lack, "not enough data: %s", age_format(y->covered_ms, known));
    jsonlog_put(y, own + 1,
                y->covered_ms < jsonlog_rate_needs(y) ? NAN : jsonlog_per_minute(y, y->t.lines),
                lack);
    if (lines->known)
        text_setf(&lines->note, "the last one %s ago",
                  age_format(y->now_ms - y->view->newest_ms, age));
}

void jsonlog_say(const struct jsonlog_options *o, const struct probe_common *common,
                 struct jsonlog_state *s, const struct log_view *view)
{
    struct saying y = {
        .o = o, .common = common, .s = s, .view = view, .now_ms = s->report.at_ms, .measured = NAN
    };

    logwindow_sum(s->counts.window, y.now_ms, &y.t);
    y.covered_ms =
        view->covered_ms && view->covered_ms < y.now_ms ? y.now_ms - view->covered_ms : 0;
    if (y.covered_ms > o->over_ms)
        y.covered_ms = o->over_ms;
    if (!jsonlog_can_tell(&y))
        return;
    s->report.state = STATE_UP;
    jsonlog_measure(&y);
    jsonlog_numbers(&y);
    jsonlog_sentence(&y);
    jsonlog_beside(&y);
    jsonlog_groups(&y);
    text_set(&s->report.reason, buf_str(&y.words), y.words.len);
    buf_fini(&y.words);
}

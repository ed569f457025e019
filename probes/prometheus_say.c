/* probes/prometheus_say.c: what a Prometheus server answered, as one number, its parts, or the
 * reason why there is none. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"
#include "core/buf.h"
#include "core/json.h"
#include "probes/number.h"
#include "probes/prometheus_impl.h"

enum { HTTP_BAD_DATA = 400, HTTP_NOT_EXECUTED = 422 };

struct element { /* one series of the answer */
    const struct json *labels;
    double value;   /* NaN: see `why` */
    double badness; /* to be sorted by */
    char why[64];
    bool stale;
};

struct elements {
    struct element *items;
    size_t n;
};

void prometheus_say_fini(struct prometheus_say *s)
{
    parts_fini(&s->parts);
    rows_fini(&s->rows);
}

void prometheus_unread(struct report *r, const char *why)
{
    probe_report_failed(r, FAULT_BODY, why);
}

static void prometheus_unknown(struct report *r, const char *why)
{
    r->state = STATE_UNKNOWN;
    text_sets(&r->reason, why);
    text_sets(&r->values[0].note, why);
}

/* ---- samples ---- */

/* [1769652827.781, "0.25"]: the number is a string, so that it can be NaN. */
static void prometheus_sample(const struct prometheus_options *o, const struct json *pair,
                              int64_t now_ms, struct element *e)
{
    const struct json *at = pair ? json_first(pair) : NULL;
    const char *number = at ? json_string(json_next(at)) : NULL;
    double at_s, value;
    int64_t age_ms;
    char age[16];

    e->value = NAN;
    if (!json_number(at, &at_s) || fabs(at_s) > 1e12 || !number) {
        snprintf(e->why, sizeof e->why, "no sample in the answer");
        return;
    }
    age_ms = now_ms - (int64_t)(at_s * 1000);
    if (age_ms > o->max_age_ms || -age_ms > o->max_age_ms) {
        e->stale = true;
        snprintf(e->why, sizeof e->why, "its sample is %s %s",
                 age_format(age_ms < 0 ? -age_ms : age_ms, age),
                 age_ms < 0 ? "in the future" : "old");
    } else if (number_parse(number, &value)) {
        e->value = value;
    } else {
        snprintf(e->why, sizeof e->why, "it is %.20s", number);
    }
}

static const struct json *prometheus_last(const struct json *list)
{
    const struct json *last = NULL;

    for (const struct json *v = json_first(list); v; v = json_next(v))
        last = v;
    return last;
}

/* Of a range ("up[5m]") the newest sample, with the time that it was taken at. */
static void prometheus_element(const struct prometheus_options *o, const struct json *series,
                               int64_t now_ms, struct element *e)
{
    const struct json *value = json_get(series, "value"), *values = json_get(series, "values");

    *e = (struct element){ .labels = json_get(series, "metric"), .value = NAN };
    if (value || values)
        prometheus_sample(o, value ? value : prometheus_last(values), now_ms, e);
    else
        snprintf(e->why, sizeof e->why, "a histogram is no number");
}

/* ---- names ---- */

static void prometheus_label(struct buf *b, const char *key, const char *value)
{
    if (b->len)
        buf_addc(b, key ? ' ' : '/');
    if (key)
        buf_addf(b, "%s=", key);
    buf_adds(b, value ? value : "-");
}

/* By the labels that were asked for, "db-1/primary"; else by all, "instance=db-1 role=primary". */
static void prometheus_name(const struct prometheus_options *o, const struct json *labels,
                            struct text *out)
{
    struct buf b = { 0 };
    const char *metric = json_string(json_get(labels, "__name__"));

    for (size_t i = 0; i < o->by.n; i++)
        prometheus_label(&b, NULL, json_string(json_get(labels, o->by.items[i])));
    for (const struct json *v = o->by.n ? NULL : json_members(labels); v; v = json_next(v))
        if (strcmp(json_key(v), "__name__") != 0)
            prometheus_label(&b, json_key(v), json_string(v));
    text_sets(out, b.len ? buf_str(&b) : metric ? metric : "value");
    buf_fini(&b);
}

/* ---- parts ---- */

static enum state prometheus_state_of(const struct probe_common *c, double value)
{
    bool crit = !isnan(c->crit) && (c->low_is_bad ? value <= c->crit : value >= c->crit);
    bool warn = !isnan(c->warn) && (c->low_is_bad ? value <= c->warn : value >= c->warn);

    if (crit)
        return c->when_crit ? STATE_DOWN : STATE_DEGRADED;
    return warn ? STATE_DEGRADED : STATE_UP;
}

static void prometheus_part(const struct prometheus_options *o, const struct probe_common *c,
                            const struct element *e, struct prometheus_say *s)
{
    struct component *part = parts_add(&s->parts);

    if (!part)
        return;
    prometheus_name(o, e->labels, &part->name);
    part->unit = probe_unit(c, UNIT_NONE);
    part->value = e->value;
    if (isnan(e->value))
        text_sets(&part->note, e->why);
    else
        part->state = prometheus_state_of(c, e->value);
}

static int prometheus_order(const void *a, const void *b)
{
    const struct element *x = a, *y = b;

    if (isnan(x->badness) || isnan(y->badness))
        return isnan(x->badness) - isnan(y->badness);
    return (x->badness < y->badness) - (x->badness > y->badness);
}

/* A vector of one without labels is a number, and has no parts. Of more than a board holds the
 * worst are shown. */
static void prometheus_parts(const struct prometheus_options *o, const struct probe_common *c,
                             struct elements *all, struct prometheus_say *s, struct report *r)
{
    parts_clear(&s->parts);
    if (all->n == 1 && !json_members(all->items[0].labels))
        return;
    if (all->n > READING_COMPONENTS) {
        for (size_t i = 0; i < all->n; i++)
            all->items[i].badness = c->low_is_bad ? -all->items[i].value : all->items[i].value;
        qsort(all->items, all->n, sizeof *all->items, prometheus_order);
    }
    for (size_t i = 0; i < all->n && i < READING_COMPONENTS; i++)
        prometheus_part(o, c, &all->items[i], s);
    r->components = s->parts.items;
    r->n_components = s->parts.n;
}

/* ---- the value ---- */

struct combined {
    double value;
    const struct element *of; /* the one that it is, of several */
    size_t known, stale;
};

static void prometheus_combine(const struct prometheus_options *o, const struct probe_common *c,
                               const struct elements *all, struct combined *out)
{
    bool least = o->combine == COMBINE_MIN || (o->combine == COMBINE_WORST && c->low_is_bad);
    bool adds = o->combine == COMBINE_SUM || o->combine == COMBINE_MEAN;

    *out = (struct combined){ .value = NAN };
    for (size_t i = 0; i < all->n; i++) {
        const struct element *e = &all->items[i];

        out->stale += e->stale;
        if (isnan(e->value))
            continue;
        if (!out->known++) {
            out->value = e->value;
            out->of = adds ? NULL : e;
        } else if (adds) {
            out->value += e->value;
        } else if (least ? e->value < out->value : e->value > out->value) {
            out->value = e->value;
            out->of = e;
        }
    }
    if (o->combine == COMBINE_MEAN && out->known)
        out->value /= (double)out->known;
}

/* "worst of 10: db-3, 2 are no number" */
static void prometheus_note(const struct prometheus_options *o, const struct elements *all,
                            const struct combined *sum, struct text *out)
{
    static const char *const words[] = { "worst", "sum", "highest", "lowest", "mean" };
    struct text name = { 0 };
    struct buf b = { 0 };

    if (all->n > 1)
        buf_addf(&b, "%s of %zu", words[o->combine], all->n);
    if (all->n > 1 && sum->of) {
        prometheus_name(o, sum->of->labels, &name);
        buf_addf(&b, ": %s", text_str(&name));
    }
    if (all->n > sum->known)
        buf_addf(&b, ", %zu %s no number", all->n - sum->known,
                 all->n - sum->known == 1 ? "is" : "are");
    text_set(out, b.bytes, b.len);
    text_fini(&name);
    buf_fini(&b);
}

static void prometheus_numbers(const struct prometheus_options *o, const struct probe_common *c,
                               struct elements *all, struct prometheus_say *s, struct report *r)
{
    struct value *v = &r->values[0];
    struct combined sum;
    char n[32];

    prometheus_parts(o, c, all, s, r);
    prometheus_combine(o, c, all, &sum);
    if (!sum.known) {
        prometheus_unknown(r, all->items[0].why);
        return;
    }
    if (!isfinite(sum.value)) {
        prometheus_unknown(r, "their sum is no number");
        return;
    }
    if (!sum.of && sum.known < all->n) { /* of a part it is another sum, and mostly a better one */
        prometheus_note(o, all, &sum, &v->note);
        text_copy(&r->reason, &v->note);
        r->state = STATE_UNKNOWN;
        return;
    }
    v->known = true;
    v->value = sum.value;
    prometheus_note(o, all, &sum, &v->note);
    quantity_format(v->value, probe_unit(c, UNIT_NONE), n);
    r->state = STATE_UP;
    text_setf(&r->reason, "%s%s%s%s%s", n, c->unit_word ? " " : "",
              c->unit_word ? c->unit_word : "", v->note.len ? " · " : "", text_str(&v->note));
    if (sum.stale) { /* what the others say stands, and is not all */
        r->state = STATE_DEGRADED;
        text_setf(&r->reason, "%zu of %zu samples are stale", sum.stale, all->n);
    }
}

static void prometheus_vector(const struct prometheus_options *o, const struct probe_common *c,
                              const struct json *result, struct prometheus_say *s, struct report *r)
{
    struct elements all = { .n = json_count(result) };

    if (!all.n) {
        prometheus_unknown(r, "no data: the query finds no series");
        return;
    }
    all.items = xcalloc(all.n, sizeof *all.items);
    all.n = 0;
    for (const struct json *v = json_first(result); v; v = json_next(v))
        prometheus_element(o, v, r->at_ms, &all.items[all.n++]);
    prometheus_numbers(o, c, &all, s, r);
    free(all.items);
}

static void prometheus_scalar(const struct prometheus_options *o, const struct probe_common *c,
                              const struct json *result, struct prometheus_say *s, struct report *r)
{
    struct element one = { .labels = NULL };
    struct elements all = { &one, 1 };

    prometheus_sample(o, result, r->at_ms, &one);
    prometheus_numbers(o, c, &all, s, r);
}

static void prometheus_query(const struct prometheus_options *o, const struct probe_common *c,
                             const struct json *data, struct prometheus_say *s, struct report *r)
{
    const struct json *result = json_get(data, "result");
    const char *type = json_string(json_get(data, "resultType"));
    char why[64];

    if (!type || !json_is(result, JSON_ARRAY)) {
        prometheus_unread(r, "no result in the answer");
    } else if (strcmp(type, "vector") == 0 || strcmp(type, "matrix") == 0) {
        prometheus_vector(o, c, result, s, r);
    } else if (strcmp(type, "scalar") == 0) {
        prometheus_scalar(o, c, result, s, r);
    } else {
        snprintf(why, sizeof why, "a %.20s is no number", type);
        prometheus_unknown(r, why);
    }
}

/* ---- errors and warnings ---- */

/* The query itself is wrong, or asks for more than the server gives: nothing is known of what is
 * watched. Else the server is what fails. */
static bool prometheus_refused(const struct http_reply *reply, const struct json *root,
                               struct report *r)
{
    const char *type = json_string(json_get(root, "errorType"));
    const char *error = json_string(json_get(root, "error"));
    bool ours = reply->code == HTTP_BAD_DATA || reply->code == HTTP_NOT_EXECUTED;
    char why[512];

    if (!error)
        return false;
    snprintf(why, sizeof why, "%d: %.40s: %.400s", reply->code, type ? type : "error", error);
    probe_report_failed(r, ours ? FAULT_LOCAL : FAULT_STATUS, why);
    return true;
}

/* A part of what should have answered did not: the number may be short of it. */
static void prometheus_warn(const struct json *root, struct report *r)
{
    const char *first = json_string(json_first(json_get(root, "warnings")));

    if (!first || (r->state != STATE_UP && r->state != STATE_DEGRADED))
        return;
    r->state = STATE_DEGRADED;
    text_setf(&r->reason, "warning: %.300s", first);
}

static void prometheus_document(const struct prometheus_options *o, const struct probe_common *c,
                                const struct json *root, struct prometheus_say *s, struct report *r)
{
    const char *status = json_string(json_get(root, "status"));

    if (o->alerts == ALERTS_ALERTMANAGER) {
        prometheus_alerts(o, root, s, r);
        return;
    }
    if (!status || strcmp(status, "success") != 0) {
        prometheus_unread(r, "not an answer of Prometheus");
        return;
    }
    if (o->alerts)
        prometheus_alerts(o, json_get(json_get(root, "data"), "groups"), s, r);
    else
        prometheus_query(o, c, json_get(root, "data"), s, r);
    prometheus_warn(root, r);
}

void prometheus_judge(const struct prometheus_options *o, const struct probe_common *common,
                      const struct http_reply *reply, struct prometheus_say *s, struct report *r)
{
    struct err why = { "" };
    struct json *root = NULL;

    r->http_code = reply->code;
    r->phases = reply->phases;
    if (reply->fault == FAULT_NONE)
        root = json_parse(reply->body, reply->len, 0, 0, &why);
    if (reply->fault == FAULT_NONE && reply->code != 401 && reply->code != 403 &&
        prometheus_refused(reply, root, r)) {
        json_free(root);
        return;
    }
    if (target_answered(reply, "an answer of Prometheus", r)) {
        if (root)
            prometheus_document(o, common, root, s, r);
        else
            prometheus_unread(r, why.msg);
    }
    json_free(root);
}

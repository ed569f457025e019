/* probes/metrics.c: one number from a page of metrics: a gauge, the rate of a counter, the ratio of
 * two, or a quantile of a histogram.
 *
 * Units:   by the name: *_seconds histograms are shown in ms, *_seconds gauges in seconds, *_bytes
 *          in bytes, *_ratio in percent; rates are per second, ratios percent.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"
#include "core/hash.h"
#include "probes/metrics_impl.h"
#include "probes/registry.h"
#include "probes/target.h"

#define METRICS(field) offsetof(struct metrics_options, field)

static const char *const metrics_combines[] = { "sum", "max", "min", "mean", NULL };

static const struct option metrics_options[] = {
    { "metrics", OPTION_URL, METRICS(url), NULL, "URL of a page in the Prometheus text format",
      .required = true },
    { "gauge", OPTION_STRING, METRICS(gauge), NULL,
      "series to show as they are: NAME{label=\"x\"}" },
    { "rate", OPTION_STRING, METRICS(rate), NULL, "counters, as increase per second" },
    { "ratio", OPTION_LIST, METRICS(ratio), NULL, "two selectors: what counts, and all" },
    { "quantile", OPTION_NUMBER, METRICS(quantile), NULL, "0.95 for p95; with of", .max = 1 },
    { "of", OPTION_STRING, METRICS(of), NULL, "the histogram of the quantile, without _bucket" },
    { "over", OPTION_DURATION, METRICS(over_ms), "5m",
      "stretch of time that counters are judged by", .min = 1000, .max = 86400000 },
    { "min_samples", OPTION_INT, METRICS(min_samples), "20",
      "fewer events than this in that time are not enough data", .max = 1000000000 },
    { "combine", OPTION_ENUM, METRICS(combine), "sum", "several series of a gauge become one",
      .words = metrics_combines },
    { "headers", OPTION_MAP, METRICS(headers), NULL, "headers of the request" },
    TARGET_CREDENTIALS(struct metrics_options),
    TARGET_TRUST(struct metrics_options),
    { 0 }
};

/* ---- options ---- */

static enum metrics_mode metrics_mode(const struct metrics_options *o)
{
    return o->rate      ? METRICS_RATE
           : o->ratio.n ? METRICS_RATIO
           : o->of      ? METRICS_QUANTILE
                        : METRICS_GAUGE;
}

static bool metrics_named(const char *selector, const char *suffix)
{
    size_t n = strcspn(selector, "{ "), len = strlen(suffix);

    return n > len && memcmp(selector + n - len, suffix, len) == 0;
}

/* The unit that the name itself speaks of. */
enum unit metrics_own_unit(const struct metrics_options *o)
{
    switch (metrics_mode(o)) {
    case METRICS_RATE:
        return UNIT_RATE;
    case METRICS_RATIO:
        return UNIT_PERCENT;
    case METRICS_QUANTILE:
        return metrics_named(o->of, "_bytes")          ? UNIT_BYTES
               : metrics_named(o->of, "_seconds")      ? UNIT_MS
               : metrics_named(o->of, "_milliseconds") ? UNIT_MS
                                                       : UNIT_NONE;
    case METRICS_GAUGE:
        break;
    }
    return !o->gauge                             ? UNIT_NONE
           : metrics_named(o->gauge, "_bytes")   ? UNIT_BYTES
           : metrics_named(o->gauge, "_seconds") ? UNIT_SECONDS
           : metrics_named(o->gauge, "_ratio")   ? UNIT_PERCENT
                                                 : UNIT_NONE;
}

/* From the page's unit into the signal's. */
double metrics_scale(const struct metrics_options *o, const struct probe_common *c)
{
    const char *name = o->of ? o->of : o->gauge ? o->gauge : "";
    enum unit unit = probe_unit(c, metrics_own_unit(o));

    if (unit == UNIT_MS && metrics_named(name, "_seconds"))
        return 1000;
    if (unit == UNIT_SECONDS && metrics_named(name, "_milliseconds"))
        return 0.001;
    return unit == UNIT_PERCENT && metrics_named(name, "_ratio") ? 100 : 1;
}

const char *metrics_signal_name(const struct metrics_options *o)
{
    static const struct {
        double q;
        const char *name;
    } names[] = { { 0.5, "p50" },  { 0.75, "p75" }, { 0.9, "p90" },    { 0.95, "p95" },
                  { 0.98, "p98" }, { 0.99, "p99" }, { 0.999, "p99.9" } };

    switch (metrics_mode(o)) {
    case METRICS_RATE:
        return "rate";
    case METRICS_RATIO:
        return "ratio";
    case METRICS_GAUGE:
        return "value";
    case METRICS_QUANTILE:
        break;
    }
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (fabs(o->quantile - names[i].q) < 1e-9)
            return names[i].name;
    return "quantile";
}

static size_t metrics_signals(const void *self, const struct probe_common *common,
                              struct signal_spec out[READING_SIGNALS])
{
    const struct metrics_options *o = self;
    bool counted = metrics_mode(o) != METRICS_GAUGE;

    out[0] = (struct signal_spec){ .name = metrics_signal_name(o),
                                   .unit = probe_unit(common, metrics_own_unit(o)),
                                   .unit_word = common->unit_word,
                                   .main = true,
                                   .window_ms = counted ? o->over_ms : 0 };
    return 1;
}

static bool metrics_check_one(const struct metrics_options *o, struct err *err)
{
    int n = (o->gauge != NULL) + (o->rate != NULL) + (o->ratio.n > 0) + (o->quantile > 0);

    if (n == 0 && o->of)
        return err_set(err, "of: without quantile it means nothing");
    if (n == 0)
        return err_set(err, "what to read is missing: one of gauge, rate, ratio or quantile");
    if (n > 1)
        return err_set(err, "gauge, rate, ratio and quantile: a probe reads one of them");
    if (o->ratio.n && o->ratio.n != 2)
        return err_set(err, "ratio: needs two series, what counts and all; %zu %s here", o->ratio.n,
                       o->ratio.n == 1 ? "stands" : "stand");
    if (o->quantile > 0 && !o->of)
        return err_set(err, "quantile: needs of, the histogram it is taken from");
    if (o->of && o->quantile <= 0)
        return err_set(err, "of: without quantile it means nothing");
    if (o->quantile >= 1)
        return err_set(err, "quantile: '%g' is the maximum; write less than 1, such as 0.95",
                       o->quantile);
    return true;
}

static bool metrics_check_unit(const struct metrics_options *o, const struct probe_common *c,
                               struct err *err)
{
    switch (metrics_mode(o)) {
    case METRICS_RATE:
        return probe_unit_fixed(c, "events per second", err);
    case METRICS_RATIO:
        return probe_unit_fixed(c, "percent", err);
    default:
        return true;
    }
}

/* "NAME{...}" of a histogram into "NAME_bucket{...}". */
static char *metrics_bucket(const char *of)
{
    size_t n = strcspn(of, "{ ");
    struct buf b = { 0 };

    buf_add(&b, of, n);
    if (!metrics_named(of, "_bucket"))
        buf_adds(&b, "_bucket");
    buf_adds(&b, of + n);
    return b.bytes;
}

/* Fills the selectors of the options; the key of a bad one goes before the message. */
static bool metrics_parse(const struct metrics_options *o, struct selector *sel[2], size_t *n,
                          struct err *err)
{
    const char *key = o->gauge ? "gauge" : o->rate ? "rate" : o->ratio.n ? "ratio" : "of";
    char *bucket = o->of ? metrics_bucket(o->of) : NULL;

    *n = o->ratio.n == 2 ? 2 : 1;
    sel[0] = selector_parse(o->gauge     ? o->gauge
                            : o->rate    ? o->rate
                            : o->ratio.n ? o->ratio.items[0]
                                         : bucket,
                            err);
    sel[1] = sel[0] && *n == 2 ? selector_parse(o->ratio.items[1], err) : NULL;
    free(bucket);
    return (sel[0] && (*n == 1 || sel[1])) || err_wrap(err, "%s", key);
}

static bool metrics_check(void *self, struct probe_common *common, struct err *err)
{
    struct metrics_options *o = self;
    const struct probe_trust trust = { o->ca_file, o->insecure_reason, o->insecure };
    struct selector *sel[2];
    size_t n;
    char over[32], every[32];
    bool ok;

    if (!metrics_check_one(o, err) || !metrics_check_unit(o, common, err) ||
        !target_check(o->url, &trust, o->bearer, o->basic, err))
        return false;
    ok = metrics_parse(o, sel, &n, err);
    selector_free(sel[0]);
    selector_free(sel[1]);
    if (!ok)
        return false;
    if (!o->gauge && o->over_ms < 2 * common->every_ms)
        return err_set(err, "over: %s holds fewer than two answers of every %s",
                       duration_format(o->over_ms, over), duration_format(common->every_ms, every));
    if (o->connect_ms > common->timeout_ms)
        o->connect_ms = common->timeout_ms;
    return true;
}

static void metrics_target(const void *self, struct text *out)
{
    const struct metrics_options *o = self;
    struct text url = { 0 };

    http_url_show(o->url, &url);
    if (o->gauge || o->rate)
        text_setf(out, "%s %s", text_str(&url), o->gauge ? o->gauge : o->rate);
    else if (o->ratio.n == 2)
        text_setf(out, "%s %s / %s", text_str(&url), o->ratio.items[0], o->ratio.items[1]);
    else
        text_setf(out, "%s %s of %s", text_str(&url), metrics_signal_name(o), o->of ? o->of : "?");
    text_fini(&url);
}

/* How long each may take is left out: it changes nothing about when to ask. */
static uint64_t metrics_together(const void *self)
{
    char *key = metrics_page_key(self, 0);
    uint64_t h = hash_string(HASH_START, key);

    free(key);
    return h;
}

/* ---- life ---- */

/* The series' own birth: NAME_created beside NAME_total, or beside a histogram's NAME_bucket. */
static char *metrics_created(const char *name)
{
    const char *const ends[] = { "_total", "_bucket" };
    struct buf b = { 0 };
    size_t len = strlen(name);

    for (size_t i = 0; i < 2; i++) {
        size_t n = strlen(ends[i]);

        if (len > n && strcmp(name + len - n, ends[i]) == 0) {
            buf_add(&b, name, len - n);
            buf_adds(&b, "_created");
            break;
        }
    }
    return b.bytes;
}

static void metrics_close(struct probe *p)
{
    struct metrics_state *s = p->state;

    if (!s)
        return;
    metrics_page_leave(s);
    for (size_t i = 0; i < 2; i++) {
        selector_free(s->sel[i]);
        free(s->created[i]);
    }
    window_free(s->window);
    free(s->taken);
    free(s->born);
    report_fini(&s->report);
    free(s);
    p->state = NULL;
}

static bool metrics_open(struct probe *p, struct err *err)
{
    const struct metrics_options *o = p->self;
    struct metrics_state *s = xcalloc(1, sizeof *s);

    p->state = s;
    s->probe = p;
    s->mode = metrics_mode(o);
    report_init(&s->report, 0);
    if (!metrics_parse(o, s->sel, &s->n_sel, err))
        return false;
    for (size_t i = 0; i < s->n_sel && s->mode != METRICS_GAUGE; i++)
        s->created[i] = metrics_created(selector_name(s->sel[i]));
    if (s->mode != METRICS_GAUGE)
        s->window = window_new(o->over_ms, p->common->every_ms);
    return metrics_page_join(s, err);
}

static void metrics_poll(struct probe *p)
{
    metrics_page_poll(p->state);
}

const struct probe_ops probe_metrics = {
    .kind = "metrics",
    .help = "a number from a page of metrics: gauge, rate, ratio or quantile",
    .options = metrics_options,
    .size = sizeof(struct metrics_options),
    .check = metrics_check,
    .signals = metrics_signals,
    .together = metrics_together,
    .target = metrics_target,
    .open = metrics_open,
    .poll = metrics_poll,
    .close = metrics_close,
};

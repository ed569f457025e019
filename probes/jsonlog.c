/* probes/jsonlog.c: lines of JSON that a program logs, over a sliding window: how many, how often,
 * what share, how slow, what sum, which group.
 *
 * Units:   counts are lines; a rate is per minute; a ratio percent; a field is in the unit that its
 *          name speaks of (_ms, Ms, _seconds, _bytes), or as `unit` says.
 */
#include "probes/jsonlog_impl.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"
#include "core/buf.h"
#include "core/hash.h"
#include "probes/program.h"
#include "probes/registry.h"

#define JSONLOG(field) offsetof(struct jsonlog_options, field)

static const char *const jsonlog_measures[] = { "count", "rate", "ratio", "top", "sum",
                                                "mean",  "max",  "p50",   "p75", "p90",
                                                "p95",   "p98",  "p99",   NULL };

static const struct option jsonlog_options[] = {
    { "jsonlog", OPTION_LIST, JSONLOG(source), NULL,
      "path of a file, or a command that prints lines as they come: [docker, logs, -f, api]",
      .required = true, .open_to_all = true },
    { "where", OPTION_MAP, JSONLOG(where), NULL,
      "lines that are meant: fields and patterns, { level: error, res.statusCode: 500-599 }" },
    { "measure", OPTION_ENUM, JSONLOG(measure), "count",
      "what of them: how many, a minute, as a share of others, in the largest group, or of their "
      "field",
      .words = jsonlog_measures },
    { "of", OPTION_MAP, JSONLOG(of), NULL,
      "lines that a ratio compares with, before where; all without it" },
    { "field", OPTION_STRING, JSONLOG(field), NULL,
      "number to sum up or to rank: duration_ms, res.time, /http.time" },
    { "group_by", OPTION_LIST, JSONLOG(group_by), NULL,
      "fields whose values make groups; the largest are shown" },
    { "over", OPTION_DURATION, JSONLOG(over_ms), "5m", "stretch of time that is judged",
      .min = 1000, .max = 86400000 },
    { "min_samples", OPTION_INT, JSONLOG(min_samples), "20",
      "a share or a quantile of fewer lines is not enough data", .min = 1, .max = 1000000000 },
    { "silent", OPTION_DURATION, JSONLOG(silent_ms), NULL,
      "without a line for so long nothing is known; as long as over without it", .min = 1000,
      .max = 2592000000 },
    { "against", OPTION_DURATION, JSONLOG(against_ms), NULL,
      "compare with the mean of so much time before; warn and crit are multiples of it",
      .min = 1000, .max = 2592000000 },
    { "history", OPTION_DURATION, JSONLOG(history_ms), "24h",
      "less time than that is no usual to compare with", .min = 1000, .max = 2592000000 },
    { "time", OPTION_STRING, JSONLOG(time), NULL,
      "field of the time; timestamp, time, @timestamp or ts without it" },
    { 0 }
};

/* ---- options ---- */

const char *jsonlog_measure_word(int measure)
{
    return jsonlog_measures[measure];
}

double jsonlog_quantile(int measure)
{
    static const double quantiles[] = {
        [JSONLOG_P50] = 0.50, [JSONLOG_P75] = 0.75, [JSONLOG_P90] = 0.90,
        [JSONLOG_P95] = 0.95, [JSONLOG_P98] = 0.98, [JSONLOG_P99] = 0.99
    };

    return quantiles[measure];
}

static bool jsonlog_of_field(int measure)
{
    return measure >= JSONLOG_SUM;
}

static bool jsonlog_named(const char *field, const char *suffix)
{
    size_t n = strlen(field), len = strlen(suffix);

    return n > len && strcmp(field + n - len, suffix) == 0;
}

static enum unit jsonlog_field_unit(const char *field)
{
    return jsonlog_named(field, "_ms") || jsonlog_named(field, "Ms") ? UNIT_MS
           : jsonlog_named(field, "_seconds")                        ? UNIT_SECONDS
           : jsonlog_named(field, "_bytes")                          ? UNIT_BYTES
                                                                     : UNIT_NONE;
}

enum unit jsonlog_unit(const struct jsonlog_options *o, const struct probe_common *c)
{
    if (o->measure == JSONLOG_RATIO)
        return UNIT_PERCENT;
    if (o->measure == JSONLOG_RATE)
        return UNIT_NONE;
    if (c->unit != UNIT_NONE)
        return c->unit;
    return o->field ? jsonlog_field_unit(o->field) : UNIT_COUNT;
}

double jsonlog_scale(const struct jsonlog_options *o, const struct probe_common *c)
{
    enum unit own = o->field ? jsonlog_field_unit(o->field) : UNIT_NONE;

    if (c->unit == UNIT_MS && own == UNIT_SECONDS)
        return 1000;
    return c->unit == UNIT_SECONDS && own == UNIT_MS ? 0.001 : 1;
}

static bool jsonlog_check_fields(const struct jsonlog_options *o, struct err *err)
{
    struct logpaths *paths;
    struct jsonlog_counts counts = { .field = -1 };
    bool fits;

    if (o->field && !logpaths_valid(o->field, err))
        return err_wrap(err, "field");
    if (o->time && !logpaths_valid(o->time, err))
        return err_wrap(err, "time");
    for (size_t i = 0; i < o->group_by.n; i++)
        if (!logpaths_valid(o->group_by.items[i], err))
            return err_wrap(err, "group_by");
    if (!logfilter_check("where", &o->where, err) || !logfilter_check("of", &o->of, err))
        return false;
    paths = logpaths_new();
    fits = jsonlog_bind(&counts, o, paths);
    jsonlog_counts_fini(&counts);
    logpaths_free(paths);
    return fits || err_set(err, "where: with the others more than %d fields", LOGLINE_FIELDS);
}

static bool jsonlog_check_against(const struct jsonlog_options *o, struct err *err)
{
    if (!o->against_ms)
        return true;
    if (o->measure != JSONLOG_COUNT && o->measure != JSONLOG_SUM)
        return err_set(err, "against: goes with measure count and sum");
    if (o->against_ms < 2 * o->over_ms)
        return err_set(err, "against: is not longer than twice over");
    if (o->against_ms / o->over_ms > LOGPAST_MAX)
        return err_set(err, "against: is more than %d times over", LOGPAST_MAX);
    return true;
}

static bool jsonlog_check_source(const struct jsonlog_options *o, struct err *err)
{
    if (o->source.n != 1)
        return program_check("jsonlog", &o->source, err);
    if (*o->source.items[0] != '/')
        return err_set(err, "jsonlog: '%s' is no whole path; of a command write at least two words",
                       o->source.items[0]);
    return true;
}

static bool jsonlog_check(void *self, struct probe_common *common, struct err *err)
{
    struct jsonlog_options *o = self;

    if (!jsonlog_check_source(o, err))
        return false;
    if (jsonlog_of_field(o->measure) != (o->field != NULL) &&
        !(o->field && o->measure == JSONLOG_TOP_GROUP))
        return err_set(err, o->field ? "field: goes with measure top, sum, mean, max, p50 ... p99"
                                     : "measure: needs a field to measure");
    if (o->of.n && o->measure != JSONLOG_RATIO)
        return err_set(err, "of: goes with measure ratio; the others take where");
    if (o->measure == JSONLOG_RATIO && !o->where.n)
        return err_set(err, "where: a ratio needs to know which lines");
    if ((o->measure == JSONLOG_TOP_GROUP) && !o->group_by.n)
        return err_set(err, "measure: top needs group_by");
    if (o->group_by.n > JSONLOG_KEYS)
        return err_set(err, "group_by: at most %d fields", JSONLOG_KEYS);
    if ((o->measure == JSONLOG_RATIO || o->measure == JSONLOG_RATE) && common->unit != UNIT_NONE)
        return err_set(err, "unit: a ratio is in percent, a rate a minute");
    if (o->history_ms > o->against_ms && o->against_ms)
        o->history_ms = o->against_ms;
    if (!o->silent_ms)
        o->silent_ms = o->over_ms;
    return jsonlog_check_against(o, err) && jsonlog_check_fields(o, err);
}

const char *jsonlog_word(const struct jsonlog_options *o, const struct probe_common *c)
{
    return c->unit_word                              ? c->unit_word
           : o->measure == JSONLOG_RATE              ? "/min"
           : o->field || o->measure == JSONLOG_RATIO ? NULL
                                                     : "lines";
}

static size_t jsonlog_signals(const void *self, const struct probe_common *common,
                              struct signal_spec out[READING_SIGNALS])
{
    const struct jsonlog_options *o = self;
    enum unit unit = jsonlog_unit(o, common);
    size_t n = 0;

    if (o->against_ms)
        out[n++] = (struct signal_spec){
            .name = "times", .unit_word = "x", .main = true, .window_ms = o->over_ms
        };
    out[n] = (struct signal_spec){ .name = jsonlog_measures[o->measure],
                                   .unit = unit,
                                   .unit_word = jsonlog_word(o, common),
                                   .main = n == 0,
                                   .window_ms = o->over_ms };
    out[n + 1] = (struct signal_spec){ .name = "lines", .unit_word = "/min" };
    return n + 2;
}

static void jsonlog_add_map(struct buf *b, const char *word, const struct strmap *map)
{
    for (size_t i = 0; i < map->n; i++)
        buf_addf(b, "%s%s=%s", i ? " " : word, map->keys[i], map->values[i]);
}

/* Which rule is used is part of what is asked: it decides what an error is. */
static void jsonlog_target(const void *self, struct text *out)
{
    const struct jsonlog_options *o = self;
    struct buf b = { 0 };

    for (size_t i = 0; i < o->source.n; i++)
        buf_addf(&b, "%s%s", i ? " " : "", o->source.items[i]);
    jsonlog_add_map(&b, " where ", &o->where);
    jsonlog_add_map(&b, " of ", &o->of);
    text_set(out, b.bytes, b.len);
    buf_fini(&b);
}

/* The probes of one log are asked at one moment: it is read once. */
static uint64_t jsonlog_together(const void *self)
{
    const struct jsonlog_options *o = self;
    uint64_t h = HASH_START;

    for (size_t i = 0; i < o->source.n; i++)
        h = hash_string(h, o->source.items[i]);
    return h;
}

/* ---- the log's reader ---- */

static bool jsonlog_on_bind(void *arg, struct logpaths *paths)
{
    struct jsonlog_state *s = arg;

    return jsonlog_bind(&s->counts, s->probe->self, paths);
}

static void jsonlog_on_line(void *arg, const struct log_line *line)
{
    jsonlog_line(&((struct jsonlog_state *)arg)->counts, line);
}

static void jsonlog_report(struct jsonlog_state *s)
{
    s->owed = false;
    io_timer_off(s->limit);
    probe_report(s->probe, &s->report);
}

static void jsonlog_on_looked(void *arg, const struct log_view *view)
{
    struct jsonlog_state *s = arg;

    if (!s->owed)
        return;
    report_clear(&s->report, io_now_ms(s->probe->clients->io));
    if (!s->reader.bound)
        probe_report_failed(&s->report, FAULT_LOCAL, "the probes of this log want too many fields");
    else
        jsonlog_say(s->probe->self, s->probe->common, s, view);
    jsonlog_report(s);
}

/* Nothing of it is used any more. */
static void jsonlog_on_release(void *arg)
{
    struct jsonlog_state *s = arg;

    jsonlog_counts_fini(&s->counts);
    for (size_t i = 0; i < sizeof s->cells / sizeof *s->cells; i++)
        text_fini(&s->cells[i]);
    report_fini(&s->report);
    free(s);
}

/* ---- the probe ---- */

static void jsonlog_on_limit(void *arg)
{
    struct probe *p = arg;
    struct jsonlog_state *s = p->state;
    char why[96], n[32];

    log_forget(&s->reader);
    report_clear(&s->report, io_now_ms(p->clients->io));
    if (log_behind(&s->reader))
        snprintf(why, sizeof why, "the log is still being read, %s are left",
                 quantity_format((double)log_behind(&s->reader), UNIT_BYTES, n));
    else
        snprintf(why, sizeof why, "the log could not be read in %s",
                 duration_format(p->common->timeout_ms, n));
    probe_report_failed(&s->report, FAULT_LOCAL, why);
    jsonlog_report(s);
}

static bool jsonlog_open(struct probe *p, struct err *err)
{
    const struct jsonlog_options *o = p->self;
    struct jsonlog_state *s = xcalloc(1, sizeof *s);

    (void)err;
    p->state = s;
    s->probe = p;
    report_init(&s->report, 0);
    s->limit = io_timer_new(p->clients->io, jsonlog_on_limit, p);
    s->counts.over_ms = o->over_ms;
    s->counts.weighs = o->measure == JSONLOG_SUM || o->measure == JSONLOG_TOP_GROUP;
    s->counts.field = -1;
    s->counts.window = logwindow_new(o->over_ms, jsonlog_quantile(o->measure) > 0);
    if (o->group_by.n)
        s->counts.groups = loggroups_new();
    if (o->against_ms)
        s->counts.past = logpast_new(o->over_ms, o->against_ms);
    s->reader = (struct log_reader){ .bind = jsonlog_on_bind,
                                     .line = jsonlog_on_line,
                                     .looked = jsonlog_on_looked,
                                     .release = jsonlog_on_release,
                                     .arg = s };
    log_join(&s->reader, p->clients, &o->source, o->time);
    return true;
}

static void jsonlog_poll(struct probe *p)
{
    struct jsonlog_state *s = p->state;

    s->owed = true;
    io_timer_arm(s->limit, p->common->timeout_ms);
    log_look(&s->reader);
}

static void jsonlog_close(struct probe *p)
{
    struct jsonlog_state *s = p->state;

    if (!s)
        return;
    p->state = NULL;
    s->probe = NULL;
    io_timer_free(s->limit);
    log_leave(&s->reader); /* frees it, now or when the thread is done */
}

const struct probe_ops probe_jsonlog = {
    .kind = "jsonlog",
    .help = "lines of JSON that a program logs: counts, shares, quantiles, sums, groups",
    .options = jsonlog_options,
    .size = sizeof(struct jsonlog_options),
    .check = jsonlog_check,
    .signals = jsonlog_signals,
    .together = jsonlog_together,
    .target = jsonlog_target,
    .local = true,
    .open = jsonlog_open,
    .poll = jsonlog_poll,
    .close = jsonlog_close,
};

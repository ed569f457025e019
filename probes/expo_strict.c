/* probes/expo_strict.c: the rules of OpenMetrics 1.0 that reach beyond one line. */
#include "probes/expo_strict.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"
#include "core/buf.h"
#include "core/hash.h"
#include "core/text.h"
#include "probes/selector.h"

/* Numbers seen: hashes of names, groups, series. Open addressing; 0 marks a free slot. */
struct strict_set {
    uint64_t *slots;
    size_t cap, n;
};

struct strict_histogram { /* what one group of one timestamp has shown so far */
    bool any, bucket, negative, sum, gsum, negative_gsum, counted;
    double le, value, count;
};

struct expo_strict {
    bool eof;
    struct strict_set names;
    /* the family at hand */
    bool family;
    struct buf name, unit;
    bool help, typed, united;
    enum expo_type type;
    size_t samples;
    /* its groups */
    struct strict_set groups, points; /* points: series of this group at this timestamp */
    bool group_any, group_time;
    uint64_t group;
    double time;
    struct strict_histogram h;
};

static const char *const strict_suffixes[][6] = {
    [EXPO_UNKNOWN] = { "", NULL },
    [EXPO_COUNTER] = { "_total", "_created", NULL },
    [EXPO_GAUGE] = { "", NULL },
    [EXPO_HISTOGRAM] = { "_count", "_sum", "_bucket", "_created", NULL },
    [EXPO_SUMMARY] = { "", "_count", "_sum", "_created", NULL },
    [EXPO_GAUGEHISTOGRAM] = { "_gcount", "_gsum", "_bucket", NULL },
    [EXPO_INFO] = { "_info", NULL },
    [EXPO_STATESET] = { "", NULL },
};

static void strict_put(struct strict_set *set, uint64_t key)
{
    size_t i = key * 0x9e3779b97f4a7c15u >> 32 & (set->cap - 1);

    while (set->slots[i] && set->slots[i] != key)
        i = (i + 1) & (set->cap - 1);
    set->n += !set->slots[i];
    set->slots[i] = key;
}

/* True when it was there already. */
static bool strict_seen(struct strict_set *set, uint64_t key)
{
    size_t before = set->n;

    key = key ? key : 1;
    if (set->n * 2 >= set->cap) {
        struct strict_set old = *set;

        set->cap = old.cap ? old.cap * 2 : 64;
        set->n = 0;
        set->slots = xcalloc(set->cap, sizeof *set->slots);
        for (size_t i = 0; i < old.cap; i++)
            if (old.slots[i])
                strict_put(set, old.slots[i]);
        free(old.slots);
        before = set->n;
    }
    strict_put(set, key);
    return set->n == before;
}

static void strict_forget(struct strict_set *set)
{
    if (set->n)
        memset(set->slots, 0, set->cap * sizeof *set->slots);
    set->n = 0;
}

struct expo_strict *expo_strict_new(void)
{
    return xcalloc(1, sizeof(struct expo_strict));
}

void expo_strict_free(struct expo_strict *x)
{
    if (!x)
        return;
    free(x->names.slots);
    free(x->groups.slots);
    free(x->points.slots);
    buf_fini(&x->name);
    buf_fini(&x->unit);
    free(x);
}

void expo_strict_begin(struct expo_strict *x)
{
    strict_forget(&x->names);
    x->eof = x->family = false;
}

bool expo_strict_ended(const struct expo_strict *x)
{
    return x->eof;
}

static bool strict_fail(const char **why, const char *what)
{
    *why = what;
    return false;
}

/* Behind the last sample of a group: do its parts agree? */
static bool strict_check_histogram(const struct strict_histogram *h, const char **why)
{
    if (!h->any)
        return true;
    if (!h->bucket || h->le != INFINITY)
        return strict_fail(why, "a histogram without its +Inf bucket");
    if (h->counted && h->count != h->value)
        return strict_fail(why, "a histogram whose count is not its +Inf bucket");
    if ((h->sum || h->gsum) && !h->counted)
        return strict_fail(why, "a histogram with a sum and no count");
    if (!h->sum && !h->gsum && h->counted)
        return strict_fail(why, "a histogram with a count and no sum");
    if (h->negative && h->sum)
        return strict_fail(why, "a sum over negative buckets");
    if (!h->negative && h->negative_gsum)
        return strict_fail(why, "a negative sum over buckets that are not");
    return true;
}

static bool strict_family_ends(struct expo_strict *x, const char **why)
{
    const char *const *suffix = strict_suffixes[x->type];
    uint64_t base = hash_bytes(HASH_START, x->name.bytes, x->name.len);
    bool bare = false;

    if (!x->family)
        return true;
    for (; *suffix; suffix++) {
        bare = bare || !**suffix;
        if (strict_seen(&x->names, hash_bytes(base, *suffix, strlen(*suffix))))
            return strict_fail(why, "the name of this family clashes with another");
    }
    if (!bare && strict_seen(&x->names, base))
        return strict_fail(why, "the name of this family clashes with another");
    if (x->unit.len) {
        if (x->name.len < x->unit.len + 1 || x->name.bytes[x->name.len - x->unit.len - 1] != '_' ||
            strcmp(x->name.bytes + x->name.len - x->unit.len, x->unit.bytes) != 0)
            return strict_fail(why, "the name does not end with its unit");
        if (x->type == EXPO_INFO || x->type == EXPO_STATESET)
            return strict_fail(why, "this type has no unit");
    }
    return strict_check_histogram(&x->h, why);
}

static bool strict_family_begins(struct expo_strict *x, const char *name, size_t len,
                                 const char **why)
{
    if (!strict_family_ends(x, why))
        return false;
    if (expo_name(name, len) != len || len == 0)
        return strict_fail(why, "a metric name was expected");
    x->family = true;
    buf_clear(&x->name);
    buf_clear(&x->unit);
    buf_add(&x->name, name, len);
    x->help = x->typed = x->united = false;
    x->type = EXPO_UNKNOWN;
    x->samples = 0;
    x->group_any = false;
    x->h = (struct strict_histogram){ .any = false };
    strict_forget(&x->groups);
    strict_forget(&x->points);
    return true;
}

static bool strict_type(struct expo_strict *x, const char *s, size_t len, const char **why)
{
    static const char *const words[] = { "unknown", "counter",        "gauge", "histogram",
                                         "summary", "gaugehistogram", "info",  "stateset" };

    if (x->typed)
        return strict_fail(why, "more than one TYPE");
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        if (strlen(words[i]) == len && memcmp(words[i], s, len) == 0) {
            x->typed = true;
            x->type = (enum expo_type)i;
            return true;
        }
    }
    return strict_fail(why, "an unknown TYPE");
}

static bool strict_is_utf8(const char *s, size_t len)
{
    for (size_t i = 0; i < len;) {
        uint32_t cp;
        size_t n = utf8_next(s + i, len - i, &cp);

        if (cp == 0xfffd && n == 1)
            return false;
        i += n;
    }
    return true;
}

/* "# HELP name text", the text behind exactly one blank; it may be empty. */
static bool strict_metadata(struct expo_strict *x, const char *s, size_t len, const char **why)
{
    const char *end = s + len, *name = s + 7, *rest;

    if (len < 8 || s[1] != ' ' || s[6] != ' ' || !(rest = memchr(name, ' ', (size_t)(end - name))))
        return strict_fail(why, "neither HELP, TYPE, UNIT nor EOF");
    if (!x->family || x->name.len != (size_t)(rest - name) ||
        memcmp(x->name.bytes, name, x->name.len) != 0) {
        if (!strict_family_begins(x, name, (size_t)(rest - name), why))
            return false;
    } else if (x->samples) {
        return strict_fail(why, "metadata after the samples of its family");
    }
    rest++;
    if (memcmp(s + 2, "HELP", 4) == 0) {
        if (x->help)
            return strict_fail(why, "more than one HELP");
        if (!strict_is_utf8(rest, (size_t)(end - rest)))
            return strict_fail(why, "invalid UTF-8 in HELP");
        x->help = true;
        return true;
    }
    if (memcmp(s + 2, "TYPE", 4) == 0)
        return strict_type(x, rest, (size_t)(end - rest), why);
    if (memcmp(s + 2, "UNIT", 4) != 0)
        return strict_fail(why, "neither HELP, TYPE, UNIT nor EOF");
    if (x->united)
        return strict_fail(why, "more than one UNIT");
    x->united = true;
    buf_add(&x->unit, rest, (size_t)(end - rest));
    return true;
}

/* The suffix of a sample that belongs to the family at hand, or NULL. */
static const char *strict_suffix(const struct expo_strict *x, const struct expo_sample *s)
{
    size_t n = x->name.len;

    if (!x->family || s->name_len < n || memcmp(s->name, x->name.bytes, n) != 0)
        return NULL;
    for (const char *const *suffix = strict_suffixes[x->type]; *suffix; suffix++)
        if (strlen(*suffix) == s->name_len - n &&
            memcmp(*suffix, s->name + n, s->name_len - n) == 0)
            return *suffix;
    return NULL;
}

static bool strict_is(const char *suffix, const char *const *list)
{
    for (; *list; list++)
        if (strcmp(suffix, *list) == 0)
            return true;
    return false;
}

static bool strict_bound(const struct expo_sample *s, const char *label, double *out)
{
    char text[64];

    if (!sample_label(s, label, text, sizeof text) || !expo_number(text, strlen(text), out) ||
        isnan(*out))
        return false;
    return *out != INFINITY || strcmp(text, "+Inf") == 0;
}

/* What the labels and the value of one sample must be for its type. */
static bool strict_check_sample(const struct expo_strict *x, const char *suffix,
                                const struct expo_line *line, double *le, const char **why)
{
    static const char *const whole[] = { "_bucket", "_count", "_gcount", NULL };
    static const char *const not_nan[] = { "_total",  "_sum",  "_count", "_bucket",
                                           "_gcount", "_gsum", NULL };
    static const char *const not_negative[] = { "_total",  "_sum",    "_count",
                                                "_bucket", "_gcount", NULL };
    const struct expo_sample *s = &line->sample;
    double v = s->value, q;
    char state[8];

    if (strcmp(suffix, "_bucket") == 0 && !strict_bound(s, "le", le))
        return strict_fail(why, "a bucket without a proper le");
    if (strict_is(suffix, whole) && isfinite(v) && v != floor(v))
        return strict_fail(why, "a count that is not whole");
    if (strict_is(suffix, whole) && isinf(v))
        return strict_fail(why, "a count that is not finite");
    if (x->type == EXPO_SUMMARY && !*suffix) {
        if (!strict_bound(s, "quantile", &q) || !(q >= 0 && q <= 1))
            return strict_fail(why, "a quantile is not between 0 and 1");
        if (v < 0)
            return strict_fail(why, "a negative quantile value");
    }
    if (x->type == EXPO_STATESET) {
        if (!sample_label(s, x->name.bytes, state, 0))
            return strict_fail(why, "a state set without its own label");
        if (v != 0 && v != 1)
            return strict_fail(why, "a state that is neither 0 nor 1");
    }
    if (x->type == EXPO_INFO && v != 1)
        return strict_fail(why, "an info that is not 1");
    if (strict_is(suffix, not_nan) && isnan(v))
        return strict_fail(why, "a counter that is NaN");
    if (strict_is(suffix, not_negative) && v < 0)
        return strict_fail(why, "a negative counter");
    if (!line->exemplar)
        return true;
    if (!((x->type == EXPO_COUNTER && strcmp(suffix, "_total") == 0) ||
          ((x->type == EXPO_HISTOGRAM || x->type == EXPO_GAUGEHISTOGRAM) &&
           strcmp(suffix, "_bucket") == 0)))
        return strict_fail(why, "an exemplar where none may stand");
    return line->exemplar_len <= 128 || strict_fail(why, "an exemplar longer than 128 characters");
}

static bool strict_add_histogram(struct expo_strict *x, const char *suffix, double v, double le,
                                 const char **why)
{
    struct strict_histogram *h = &x->h;

    h->any = true;
    if (strcmp(suffix, "_bucket") == 0) {
        h->negative = h->negative || le < 0;
        if (h->bucket && le <= h->le)
            return strict_fail(why, "buckets out of order");
        if (h->bucket && v < h->value)
            return strict_fail(why, "bucket counts out of order");
        h->bucket = true;
        h->le = le;
        h->value = v;
    } else if (strcmp(suffix, "_count") == 0 || strcmp(suffix, "_gcount") == 0) {
        h->counted = true;
        h->count = v;
    } else if (strcmp(suffix, "_sum") == 0) {
        h->sum = true;
    } else if (strcmp(suffix, "_gsum") == 0) {
        h->gsum = true;
        h->negative_gsum = h->negative_gsum || v < 0;
    }
    return true;
}

/* The label that tells the points of one metric apart. */
static const char *strict_own_label(const struct expo_strict *x, const char *suffix)
{
    if (x->type == EXPO_SUMMARY && !*suffix)
        return "quantile";
    if (x->type == EXPO_STATESET)
        return x->name.bytes;
    if (strcmp(suffix, "_bucket") == 0)
        return "le";
    return NULL;
}

static bool strict_group(struct expo_strict *x, const char *suffix, const struct expo_line *line,
                         double le, const char **why)
{
    struct expo_sample bare = line->sample;
    bool histogram = x->type == EXPO_HISTOGRAM || x->type == EXPO_GAUGEHISTOGRAM;
    bool timed = line->sample.has_time, moved = false;
    uint64_t group;

    bare.name_len = 0; /* a group is its labels */
    group = x->type == EXPO_INFO ? 1 : series_key(&bare, strict_own_label(x, suffix));
    if (x->group_any && group == x->group) {
        if (timed != x->group_time)
            return strict_fail(why, "a timestamp on some samples of a metric only");
        if (timed && x->time > line->time && x->type != EXPO_INFO)
            return strict_fail(why, "timestamps that go back");
        moved = timed && line->time != x->time;
    } else if (x->group_any && strict_seen(&x->groups, group)) {
        return strict_fail(why, "samples of one metric apart from each other");
    } else {
        strict_seen(&x->groups, group);
        moved = true;
    }
    if (moved) {
        strict_forget(&x->points);
        if (histogram && !strict_check_histogram(&x->h, why))
            return false;
        x->h = (struct strict_histogram){ .any = false };
    }
    x->group_any = true;
    x->group = group;
    x->group_time = timed;
    x->time = line->time;
    if (strict_seen(&x->points, series_key(&line->sample, NULL)))
        return true; /* told twice, by clocks coarser than the scrape: once is enough */
    return !histogram || strict_add_histogram(x, suffix, line->sample.value, le, why);
}

bool expo_strict_line(struct expo_strict *x, const char *s, size_t len, struct expo_line *out,
                      bool *sample, const char **why)
{
    const char *suffix;
    double le = NAN;

    *sample = false;
    if (x->eof)
        return strict_fail(why, "something follows # EOF");
    if (len == 0)
        return strict_fail(why, "an empty line");
    if (len == 5 && memcmp(s, "# EOF", 5) == 0) {
        x->eof = true;
        return strict_family_ends(x, why);
    }
    if (*s == '#')
        return strict_metadata(x, s, len, why);
    if (!expo_line_parse(s, len, EXPO_OPENMETRICS, true, out, why))
        return false;
    suffix = strict_suffix(x, &out->sample);
    if (!suffix) { /* a family without metadata */
        if (!strict_family_begins(x, out->sample.name, out->sample.name_len, why))
            return false;
        suffix = "";
    }
    x->samples++;
    *sample = true;
    return strict_check_sample(x, suffix, out, &le, why) && strict_group(x, suffix, out, le, why);
}

bool expo_strict_end(struct expo_strict *x, const char **why)
{
    return x->eof || strict_fail(why, "the page is cut off: # EOF is missing");
}

/* probes/exposition.c: pages in pieces, lines out of pieces, samples out of the lines that matter.
 */
#include "probes/exposition.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "core/alloc.h"
#include "core/buf.h"
#include "probes/expo_line.h"
#include "probes/expo_strict.h"

enum { EXPO_FIRST_LINES = 4 };

struct expo_want {
    char *name;
    size_t len;
};

struct expo {
    struct expo_want *wanted;
    size_t n_wanted, longest;
    bool first[256]; /* of some wanted name */
    expo_sink *sink;
    void *arg;
    /* of this page */
    enum expo_format format;
    bool strict, skipping, eof, failed;
    size_t line, full; /* lines begun; of them looked into */
    size_t samples, strange;
    struct buf carry; /* a line that a piece's end cut */
    struct expo_strict *rules;
    char type_name[256]; /* of the newest TYPE line, when all samples are wanted */
    enum expo_type type;
};

enum expo_format expo_format_of(const char *content_type)
{
    return content_type && strncasecmp(content_type, "application/openmetrics-text", 28) == 0
               ? EXPO_OPENMETRICS
               : EXPO_TEXT;
}

struct expo *expo_new(const char *const *wanted, size_t n_wanted, expo_sink *sink, void *arg)
{
    struct expo *e = xcalloc(1, sizeof *e);

    e->wanted = xcalloc(n_wanted, sizeof *e->wanted);
    e->n_wanted = n_wanted;
    e->sink = sink;
    e->arg = arg;
    for (size_t i = 0; i < n_wanted; i++) {
        e->wanted[i] = (struct expo_want){ xstrdup(wanted[i]), strlen(wanted[i]) };
        e->first[(unsigned char)*wanted[i]] = true;
        if (e->wanted[i].len > e->longest)
            e->longest = e->wanted[i].len;
    }
    expo_begin(e, EXPO_TEXT, false);
    return e;
}

void expo_free(struct expo *e)
{
    if (!e)
        return;
    for (size_t i = 0; i < e->n_wanted; i++)
        free(e->wanted[i].name);
    free(e->wanted);
    buf_fini(&e->carry);
    expo_strict_free(e->rules);
    free(e);
}

void expo_begin(struct expo *e, enum expo_format format, bool strict)
{
    e->format = format;
    e->strict = strict;
    e->skipping = e->eof = e->failed = false;
    e->line = e->full = e->samples = e->strange = 0;
    e->type = EXPO_UNKNOWN;
    e->type_name[0] = '\0';
    buf_clear(&e->carry);
    if (strict && !e->rules)
        e->rules = expo_strict_new();
    if (strict)
        expo_strict_begin(e->rules);
}

size_t expo_samples(const struct expo *e)
{
    return e->samples;
}

size_t expo_strange(const struct expo *e)
{
    return e->strange;
}

static bool expo_refuse(struct expo *e, struct err *err, const char *why)
{
    e->failed = true;
    return err_set(err, "line %zu: %s", e->line, why);
}

static bool expo_is_wanted(const struct expo *e, const char *s, size_t len)
{
    if (e->n_wanted == 0)
        return true;
    if (len == 0 || !e->first[(unsigned char)*s])
        return false;
    for (size_t i = 0; i < e->n_wanted; i++) {
        size_t n = e->wanted[i].len;

        if (len > n && (s[n] == ' ' || s[n] == '{' || s[n] == '\t') &&
            memcmp(s, e->wanted[i].name, n) == 0)
            return true;
    }
    return false;
}

static enum expo_type expo_type_word(const char *s, size_t len)
{
    static const char *const words[] = { "unknown", "counter",        "gauge", "histogram",
                                         "summary", "gaugehistogram", "info",  "stateset" };

    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (strlen(words[i]) == len && memcmp(s, words[i], len) == 0)
            return (enum expo_type)i;
    return EXPO_UNKNOWN;
}

/* "# TYPE name type" */
static void expo_take_type(struct expo *e, const char *s, size_t len)
{
    const char *end = s + len, *name;
    size_t n;

    if (len < 8 || memcmp(s, "# TYPE ", 7) != 0)
        return;
    for (name = s + 7; name < end && *name == ' ';)
        name++;
    n = expo_name(name, (size_t)(end - name));
    if (n == 0 || n >= sizeof e->type_name)
        return;
    memcpy(e->type_name, name, n);
    e->type_name[n] = '\0';
    for (s = name + n; s < end && (*s == ' ' || *s == '\t');)
        s++;
    for (n = 0; s + n < end && s[n] >= 'a' && s[n] <= 'z';)
        n++;
    e->type = expo_type_word(s, n);
}

static enum expo_type expo_type_of(const struct expo *e, const struct expo_sample *s)
{
    static const char *const suffixes[] = { "",      "_total",   "_bucket", "_sum",   "_count",
                                            "_info", "_created", "_gsum",   "_gcount" };
    size_t n = strlen(e->type_name);

    if (n == 0 || s->name_len < n || memcmp(s->name, e->type_name, n) != 0)
        return EXPO_UNKNOWN;
    for (size_t i = 0; i < sizeof suffixes / sizeof *suffixes; i++)
        if (strlen(suffixes[i]) == s->name_len - n &&
            memcmp(s->name + n, suffixes[i], s->name_len - n) == 0)
            return e->type;
    return EXPO_UNKNOWN;
}

static bool expo_deliver(struct expo *e, struct expo_sample *s)
{
    s->type = expo_type_of(e, s);
    e->samples++;
    if (e->sink)
        e->sink(e->arg, s);
    return true;
}

static bool expo_strict_take(struct expo *e, const char *s, size_t len, struct err *err)
{
    struct expo_line line;
    const char *why;
    bool sample;

    if (!expo_strict_line(e->rules, s, len, &line, &sample, &why))
        return expo_refuse(e, err, why);
    e->eof = expo_strict_ended(e->rules);
    if (!sample)
        expo_take_type(e, s, len);
    else if (expo_is_wanted(e, s, len))
        expo_deliver(e, &line.sample);
    return true;
}

static bool expo_comment(struct expo *e, const char *s, size_t len, struct err *err)
{
    if (e->format == EXPO_OPENMETRICS && len >= 5 && memcmp(s, "# EOF", 5) == 0) {
        if (len > 5 && !(len == 6 && s[5] == '\r'))
            return expo_refuse(e, err, "something follows # EOF");
        e->eof = true;
    } else if (e->n_wanted == 0) {
        expo_take_type(e, s, len);
    }
    return true;
}

/* One whole line, without its newline. */
static bool expo_take(struct expo *e, const char *s, size_t len, struct err *err)
{
    struct expo_line line;
    const char *why;
    bool wanted;

    if (e->strict)
        return expo_strict_take(e, s, len, err);
    if (e->eof)
        return expo_refuse(e, err, "something follows # EOF");
    while (len && (*s == ' ' || *s == '\t')) {
        s++;
        len--;
    }
    if (len == 0 || *s == '\r')
        return true;
    e->full++;
    if (*s == '#')
        return expo_comment(e, s, len, err);
    if (*s == '<')
        return expo_refuse(e, err, "this is a web page, not metrics");
    wanted = expo_is_wanted(e, s, len) && expo_name(s, len);
    if (!wanted && e->full > EXPO_FIRST_LINES) { /* no sample that anybody asked for */
        e->strange += !expo_name(s, len);
        return true;
    }
    if (!expo_line_parse(s, len, e->format, false, &line, &why))
        return expo_refuse(e, err, why);
    return wanted ? expo_deliver(e, &line.sample) : true;
}

/* Is there no need to look into this line? The way most lines go. */
static bool expo_dull(const struct expo *e, const char *s, size_t len)
{
    if (e->strict || e->n_wanted == 0 || e->full <= EXPO_FIRST_LINES || e->eof || len == 0)
        return false;
    if (*s == '#')
        return e->format == EXPO_TEXT || len < 3 || s[2] != 'E';
    if (*s == ' ' || *s == '\t' || *s == '\r' || *s == '<')
        return false;
    return !expo_is_wanted(e, s, len);
}

/* The rest of a piece, without a newline: kept, unless its line is known to be dull. */
static bool expo_keep(struct expo *e, const char *s, size_t len, struct err *err)
{
    if (e->skipping || len == 0)
        return true;
    if (!buf_add_max(&e->carry, s, len, EXPO_LINE_MAX)) {
        e->line++;
        return expo_refuse(e, err, "longer than 16384 bytes");
    }
    if (e->carry.len > e->longest + 8 && expo_dull(e, e->carry.bytes, e->carry.len)) {
        e->skipping = true;
        buf_clear(&e->carry);
    }
    return true;
}

/* The first newline of a piece ends the line that the piece before began. */
static bool expo_join(struct expo *e, const char *s, size_t len, struct err *err)
{
    bool ok = true;

    e->line++;
    if (!e->skipping) {
        if (!buf_add_max(&e->carry, s, len, EXPO_LINE_MAX))
            return expo_refuse(e, err, "longer than 16384 bytes");
        ok = expo_take(e, buf_str(&e->carry), e->carry.len, err);
    }
    e->skipping = false;
    buf_clear(&e->carry);
    return ok;
}

bool expo_feed(struct expo *e, const char *bytes, size_t len, struct err *err)
{
    const char *p = bytes, *end = bytes + len, *nl;

    if (e->failed)
        return expo_refuse(e, err, "the page was refused");
    if (e->skipping || e->carry.len) {
        nl = memchr(p, '\n', len);
        if (!nl)
            return expo_keep(e, p, len, err);
        if (!expo_join(e, p, (size_t)(nl - p), err))
            return false;
        p = nl + 1;
    }
    while ((nl = memchr(p, '\n', (size_t)(end - p)))) {
        size_t n = (size_t)(nl - p);

        e->line++;
        if (!expo_dull(e, p, n)) {
            if (!e->strict && n > EXPO_LINE_MAX)
                return expo_refuse(e, err, "longer than 16384 bytes");
            if (!expo_take(e, p, n, err))
                return false;
        }
        p = nl + 1;
    }
    return expo_keep(e, p, (size_t)(end - p), err);
}

bool expo_end(struct expo *e, struct err *err)
{
    const char *why;

    if (e->failed)
        return expo_refuse(e, err, "the page was refused");
    /* Several exporters forget the last newline; that the page is whole is for the transport to
     * say. */
    if ((e->carry.len || e->skipping) && !expo_join(e, "", 0, err))
        return false;
    if (e->strict) {
        if (!expo_strict_end(e->rules, &why))
            return expo_refuse(e, err, why);
        return true;
    }
    if (e->format == EXPO_OPENMETRICS && !e->eof)
        return expo_refuse(e, err, "the page is cut off: # EOF is missing");
    if (e->full == 0)
        return err_set(err, "the page is empty");
    return true;
}

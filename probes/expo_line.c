/* probes/expo_line.c: one sample line: name, labels, value, timestamp, exemplar. */
#include "probes/expo_line.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "core/decimal.h"
#include "core/text.h"

enum { EXPO_NUMBER_MAX = 1024, EXPO_LABELS_MAX = 128 };

struct expo_cursor {
    const char *at, *end;
    bool strict;
    const char *why;
};

static bool expo_is_name(char c, bool first, bool colon)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || (colon && c == ':') ||
           (!first && c >= '0' && c <= '9');
}

size_t expo_name(const char *s, size_t len)
{
    size_t n = 0;

    while (n < len && expo_is_name(s[n], n == 0, true))
        n++;
    return n;
}

static bool expo_fail(struct expo_cursor *c, const char *why)
{
    c->why = why;
    return false;
}

static void expo_blanks(struct expo_cursor *c)
{
    while (!c->strict && c->at < c->end && (*c->at == ' ' || *c->at == '\t'))
        c->at++;
}

static bool expo_is(const struct expo_cursor *c, char ch)
{
    return c->at < c->end && *c->at == ch;
}

/* What few digits cannot settle, without its sign. */
static double expo_slow(const char *s, size_t len)
{
    char copy[EXPO_NUMBER_MAX];

    if (len >= sizeof copy)
        return NAN; /* a number is not a thousand digits long: not one to show */
    memcpy(copy, s, len);
    copy[len] = '\0';
    return fabs(strtod(copy, NULL));
}

static bool expo_decimal(const char *s, size_t len, double *out)
{
    uint64_t mantissa = 0;
    size_t i = 0, digits = 0, seen = 0;
    int exp = 0, e = 0;
    bool minus = false, eminus = false;

    if (i < len && (s[i] == '-' || s[i] == '+'))
        minus = s[i++] == '-';
    for (; i < len && s[i] >= '0' && s[i] <= '9'; i++, seen++) {
        if (digits || s[i] != '0')
            digits++;
        if (digits <= DECIMAL_DIGITS)
            mantissa = mantissa * 10 + (uint64_t)(s[i] - '0');
    }
    if (i < len && s[i] == '.') {
        for (i++; i < len && s[i] >= '0' && s[i] <= '9'; i++, seen++) {
            if (digits || s[i] != '0')
                digits++;
            if (digits <= DECIMAL_DIGITS) {
                mantissa = mantissa * 10 + (uint64_t)(s[i] - '0');
                exp--;
            }
        }
    }
    if (seen == 0)
        return false;
    if (i < len && (s[i] == 'e' || s[i] == 'E')) {
        i++;
        if (i < len && (s[i] == '-' || s[i] == '+'))
            eminus = s[i++] == '-';
        if (i == len)
            return false;
        for (; i < len && s[i] >= '0' && s[i] <= '9'; i++)
            if (e < 100000)
                e = e * 10 + (s[i] - '0');
        exp += eminus ? -e : e;
    }
    if (i != len)
        return false;
    if (digits > DECIMAL_DIGITS || !decimal_exact(mantissa, exp, out))
        *out = expo_slow(s, len);
    if (minus)
        *out = -*out;
    return true;
}

bool expo_number(const char *s, size_t len, double *out)
{
    size_t sign = len && (*s == '-' || *s == '+');

    if (len == sign)
        return false;
    if ((s[sign] >= '0' && s[sign] <= '9') || s[sign] == '.')
        return expo_decimal(s, len, out);
    if ((len - sign == 3 && strncasecmp(s + sign, "inf", 3) == 0) ||
        (len - sign == 8 && strncasecmp(s + sign, "infinity", 8) == 0)) {
        *out = *s == '-' ? -INFINITY : INFINITY;
        return true;
    }
    if (sign == 0 && len == 3 && strncasecmp(s, "nan", 3) == 0) {
        *out = NAN;
        return true;
    }
    return false;
}

bool expo_label_next(const char **at, const char *end, struct expo_label *out)
{
    const char *p = *at;

    while (p < end && (*p == ' ' || *p == '\t' || *p == ','))
        p++;
    out->name = p;
    while (p < end && expo_is_name(*p, p == out->name, false))
        p++;
    out->name_len = (size_t)(p - out->name);
    while (p < end && *p != '"')
        p++;
    if (p >= end || out->name_len == 0)
        return false;
    out->value = ++p;
    while (p < end && *p != '"')
        p += *p == '\\' && p + 1 < end ? 2 : 1;
    if (p >= end)
        return false;
    out->value_len = (size_t)(p - out->value);
    *at = p + 1;
    return true;
}

size_t expo_unescape(char *out, size_t cap, const char *raw, size_t len)
{
    size_t n = 0;

    for (size_t i = 0; i < len && n + 1 < cap; i++) {
        char c = raw[i];

        if (c == '\\' && i + 1 < len) {
            char next = raw[i + 1];

            if (next == 'n' || next == '\\' || next == '"') {
                c = next == 'n' ? '\n' : next;
                i++;
            }
        }
        out[n++] = c;
    }
    if (cap)
        out[n] = '\0';
    return n;
}

/* Characters, not bytes; false for invalid UTF-8. */
static bool expo_count_chars(const char *s, size_t len, size_t *chars)
{
    for (size_t i = 0; i < len; (*chars)++) {
        uint32_t cp;
        size_t n = utf8_next(s + i, len - i, &cp);

        if (cp == 0xfffd && n == 1)
            return false;
        if (s[i] == '\\' && i + 1 < len && strchr("\\\"n", s[i + 1]))
            n++; /* an escape is one character */
        i += n;
    }
    return true;
}

static bool expo_label_twice(const char *from, const struct expo_label *l)
{
    struct expo_label before;

    while (expo_label_next(&from, l->name, &before))
        if (before.name_len == l->name_len && memcmp(before.name, l->name, l->name_len) == 0)
            return true;
    return false;
}

/* From behind '{' to behind '}'. `chars` counts names and values for an exemplar. */
static bool expo_labels(struct expo_cursor *c, size_t *chars)
{
    const char *from = c->at;
    int n = 0;

    for (;;) {
        struct expo_label l = { .name = NULL };

        expo_blanks(c);
        if (expo_is(c, '}') && (!c->strict || n == 0))
            break;
        l.name = c->at;
        while (c->at < c->end && expo_is_name(*c->at, c->at == l.name, false))
            c->at++;
        l.name_len = (size_t)(c->at - l.name);
        if (l.name_len == 0)
            return expo_fail(c, "a label name was expected");
        expo_blanks(c);
        if (!expo_is(c, '='))
            return expo_fail(c, "= was expected after a label name");
        c->at++;
        expo_blanks(c);
        if (!expo_is(c, '"'))
            return expo_fail(c, "a label value in quotes was expected");
        l.value = ++c->at;
        while (c->at < c->end && *c->at != '"')
            c->at += *c->at == '\\' ? 2 : 1;
        if (c->at >= c->end)
            return expo_fail(c, "a label value is not closed");
        l.value_len = (size_t)(c->at - l.value);
        c->at++;
        if (++n > EXPO_LABELS_MAX)
            return expo_fail(c, "too many labels");
        if (c->strict && expo_label_twice(from, &l))
            return expo_fail(c, "a label stands there twice");
        if (c->strict && !expo_count_chars(l.value, l.value_len, chars))
            return expo_fail(c, "invalid UTF-8 in a label value");
        *chars += l.name_len;
        expo_blanks(c);
        if (expo_is(c, '}'))
            break;
        if (!expo_is(c, ','))
            return expo_fail(c, "a comma was expected between labels");
        c->at++;
    }
    c->at++;
    return true;
}

/* The next word: up to a blank. */
static size_t expo_word(struct expo_cursor *c, const char **word)
{
    *word = c->at;
    while (c->at < c->end && *c->at != ' ' && *c->at != '\t')
        c->at++;
    return (size_t)(c->at - *word);
}

/* Exactly one blank when strict, any number of them (also none) otherwise. */
static bool expo_gap(struct expo_cursor *c)
{
    if (!c->strict) {
        expo_blanks(c);
        return true;
    }
    if (!expo_is(c, ' '))
        return expo_fail(c, "one blank was expected");
    c->at++;
    return true;
}

static bool expo_time(struct expo_cursor *c, enum expo_format format, struct expo_line *out)
{
    const char *word;
    size_t len = expo_word(c, &word);
    double t;

    if (!expo_number(word, len, &t) || !isfinite(t))
        return expo_fail(c, "a timestamp was expected");
    if (format == EXPO_TEXT && t != nearbyint(t))
        return expo_fail(c, "a timestamp in whole milliseconds was expected");
    out->time = t;
    out->sample.has_time = true;
    t = format == EXPO_OPENMETRICS ? t * 1000 : t;
    out->sample.at_ms = t > 9e18 ? INT64_MAX : t < -9e18 ? INT64_MIN : (int64_t)t;
    return true;
}

/* From behind '#': " {labels} value [time]" */
static bool expo_exemplar(struct expo_cursor *c, struct expo_line *out)
{
    const char *word;
    double v;
    size_t len;

    if (!expo_gap(c))
        return false;
    if (!expo_is(c, '{'))
        return expo_fail(c, "the labels of an exemplar were expected");
    c->at++;
    if (!expo_labels(c, &out->exemplar_len))
        return false;
    if (!expo_gap(c))
        return false;
    len = expo_word(c, &word);
    if (!expo_number(word, len, &v))
        return expo_fail(c, "the value of an exemplar was expected");
    out->exemplar = true;
    if (c->at == c->end)
        return true;
    if (!expo_gap(c))
        return false;
    if (c->at == c->end)
        return c->strict ? expo_fail(c, "a blank at the end") : true;
    len = expo_word(c, &word);
    if (!expo_number(word, len, &v) || !isfinite(v))
        return expo_fail(c, "the timestamp of an exemplar was expected");
    return true;
}

/* From behind the value: timestamp and exemplar, both optional. */
static bool expo_rest(struct expo_cursor *c, enum expo_format format, struct expo_line *out)
{
    if (c->at == c->end)
        return true;
    if (!expo_gap(c))
        return false;
    if (c->at == c->end)
        return c->strict ? expo_fail(c, "a blank at the end") : true;
    if (!expo_is(c, '#') || format == EXPO_TEXT) {
        if (!expo_time(c, format, out))
            return false;
        if (c->at == c->end)
            return true;
        if (!expo_gap(c))
            return false;
        if (c->at == c->end)
            return c->strict ? expo_fail(c, "a blank at the end") : true;
    }
    if (format == EXPO_OPENMETRICS && expo_is(c, '#')) {
        c->at++;
        if (!expo_exemplar(c, out))
            return false;
        expo_blanks(c);
    }
    return c->at == c->end || expo_fail(c, "something follows the sample");
}

bool expo_line_parse(const char *s, size_t len, enum expo_format format, bool strict,
                     struct expo_line *out, const char **why)
{
    struct expo_cursor c = { s, s + len, strict, "" };
    const char *word, *name_end;
    size_t chars = 0, n;
    bool ok = false;

    memset(out, 0, sizeof *out);
    if (!strict && len && s[len - 1] == '\r')
        c.end--;
    expo_blanks(&c);
    out->sample.name = c.at;
    out->sample.name_len = expo_name(c.at, (size_t)(c.end - c.at));
    out->sample.labels = name_end = c.at += out->sample.name_len;
    if (out->sample.name_len == 0) {
        expo_fail(&c, "a metric name was expected");
        goto out;
    }
    expo_blanks(&c);
    if (expo_is(&c, '{')) {
        out->sample.labels = ++c.at;
        if (!expo_labels(&c, &chars))
            goto out;
        out->sample.labels_len = (size_t)(c.at - 1 - out->sample.labels);
    } else if (!strict && c.at == name_end) {
        expo_fail(&c, "a value was expected after the name");
        goto out;
    }
    if (!expo_gap(&c))
        goto out;
    n = expo_word(&c, &word);
    if (!expo_number(word, n, &out->sample.value)) {
        expo_fail(&c, n ? "a number was expected" : "the value is missing");
        goto out;
    }
    ok = expo_rest(&c, format, out);
out:
    *why = c.why;
    return ok;
}

/* probes/logfilter.c: which lines of a log are meant. */
#include "probes/logfilter.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"
#include "core/json_token.h"

enum { FILTER_TEXT_MAX = 1024, PATTERN_MAX = 512 };

enum pattern_kind { PATTERN_EXISTS, PATTERN_TEXT, PATTERN_PREFIX, PATTERN_RANGE };

struct pattern {
    enum pattern_kind kind;
    char *text;
    size_t len;
    bool is_number; /* the text is one, too: lo */
    double lo, hi;  /* both belong to the range */
};

struct term {
    int slot;
    bool negated;
    struct pattern *any;
    size_t n_any;
};

struct logfilter {
    struct term *terms;
    size_t n_terms;
};

/* ---- reading ---- */

/* A number that takes the whole text. */
static bool pattern_number(const char *s, size_t len, double *out)
{
    const char *why;

    return len && json_number_read(s, len, out, &why) == len;
}

/* "400-499", also of negative numbers: the sign of the second stands behind the dash. */
static bool pattern_range(const char *s, size_t len, double *lo, double *hi)
{
    const char *why;
    size_t n = json_number_read(s, len, lo, &why);

    return n && n < len && s[n] == '-' && pattern_number(s + n + 1, len - n - 1, hi);
}

static bool pattern_compare(const char *s, size_t len, struct pattern *p)
{
    bool above = *s == '>', equal = len > 1 && s[1] == '=';
    double v;

    if (!len || (*s != '>' && *s != '<') || !pattern_number(s + 1 + equal, len - 1 - equal, &v))
        return false;
    p->kind = PATTERN_RANGE;
    p->lo = above ? (equal ? v : nextafter(v, INFINITY)) : -INFINITY;
    p->hi = above ? INFINITY : equal ? v : nextafter(v, -INFINITY);
    return true;
}

static void pattern_text(struct pattern *p, enum pattern_kind kind, const char *s, size_t len)
{
    p->kind = kind;
    p->text = xstrndup(s, len);
    p->len = len;
    p->is_number = kind == PATTERN_TEXT && pattern_number(s, len, &p->lo);
}

static bool pattern_read(struct pattern *p, const char *s, size_t len, struct err *err)
{
    if (!len)
        return err_set(err, "a pattern is empty; '=' alone stands for an empty text");
    if (len > PATTERN_MAX)
        return err_set(err, "a pattern is longer than %d bytes", PATTERN_MAX);
    if (*s == '=')
        pattern_text(p, PATTERN_TEXT, s + 1, len - 1);
    else if (len == 1 && *s == '*')
        p->kind = PATTERN_EXISTS;
    else if (s[len - 1] == '*')
        pattern_text(p, PATTERN_PREFIX, s, len - 1);
    else if (pattern_range(s, len, &p->lo, &p->hi)) {
        p->kind = PATTERN_RANGE;
        if (p->lo > p->hi)
            return err_set(err, "'%.*s' ends before it begins", (int)len, s);
    } else if (!pattern_compare(s, len, p))
        pattern_text(p, PATTERN_TEXT, s, len);
    return true;
}

static void term_fini(struct term *t)
{
    for (size_t i = 0; i < t->n_any; i++)
        free(t->any[i].text);
    free(t->any);
}

static bool term_read(struct term *t, const char *value, struct err *err)
{
    const char *at = value + (*value == '!');

    t->negated = *value == '!';
    for (;; at++) {
        size_t len = *at == '=' ? strlen(at) : strcspn(at, "|"); /* what is exact takes the rest */

        t->any = xreallocarray(t->any, t->n_any + 1, sizeof *t->any);
        t->any[t->n_any] = (struct pattern){ .text = NULL };
        if (!pattern_read(&t->any[t->n_any++], at, len, err))
            return false;
        at += len;
        if (!*at)
            return true;
    }
}

bool logfilter_check(const char *option, const struct strmap *where, struct err *err)
{
    for (size_t i = 0; i < where->n; i++) {
        struct term t = { .slot = 0 };
        bool ok = logpaths_valid(where->keys[i], err) && term_read(&t, where->values[i], err);

        term_fini(&t);
        if (!ok)
            return err_wrap(err, "%s: %s", option, where->keys[i]);
    }
    return true;
}

struct logfilter *logfilter_new(const struct strmap *where, struct logpaths *paths)
{
    struct logfilter *f = xcalloc(1, sizeof *f);

    f->terms = xcalloc(where->n + 1, sizeof *f->terms);
    for (; f->n_terms < where->n; f->n_terms++) {
        struct term *t = &f->terms[f->n_terms];

        t->slot = logpaths_add(paths, where->keys[f->n_terms]);
        if (t->slot < 0) {
            logfilter_free(f);
            return NULL;
        }
        term_read(t, where->values[f->n_terms], NULL);
    }
    return f;
}

void logfilter_free(struct logfilter *f)
{
    if (!f)
        return;
    for (size_t i = 0; i < f->n_terms; i++)
        term_fini(&f->terms[i]);
    free(f->terms);
    free(f);
}

int logfilter_needs(const struct logfilter *f, size_t i)
{
    return f->terms[i].negated ? -1 : f->terms[i].slot;
}

/* ---- matching ---- */

static bool pattern_match(const struct pattern *p, const struct logfield *f)
{
    char room[FILTER_TEXT_MAX];
    const char *text;
    size_t len;
    double v;

    switch (p->kind) {
    case PATTERN_EXISTS:
        return f->kind != FIELD_ABSENT && f->kind != FIELD_NULL;
    case PATTERN_RANGE:
        return logfield_number(f, &v) && v >= p->lo && v <= p->hi;
    case PATTERN_TEXT:
    case PATTERN_PREFIX:
        break;
    }
    if (p->is_number && f->kind == FIELD_NUMBER)
        return logfield_number(f, &v) && !(v < p->lo) && !(v > p->lo);
    text = logfield_text(f, room, sizeof room, &len);
    return text && (p->kind == PATTERN_PREFIX ? len >= p->len : len == p->len) &&
           memcmp(text, p->text, p->len) == 0;
}

static bool term_match(const struct term *t, const struct logfield *f)
{
    for (size_t i = 0; i < t->n_any; i++)
        if (pattern_match(&t->any[i], f))
            return !t->negated;
    return t->negated;
}

bool logfilter_match(const struct logfilter *f, const struct logfield *fields)
{
    for (size_t i = 0; i < f->n_terms; i++)
        if (!term_match(&f->terms[i], &fields[f->terms[i].slot]))
            return false;
    return true;
}

/* probes/selector.c: which series are meant. */
#include "probes/selector.h"

#include <regex.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"
#include "core/hash.h"
#include "probes/expo_line.h"

enum { SELECTOR_MATCHERS = 8, SELECTOR_REGEX_MAX = 200, SELECTOR_VALUE_MAX = 1024 };

enum matcher_op { MATCH_IS, MATCH_NOT, MATCH_LIKE, MATCH_UNLIKE };

struct matcher {
    char *label, *value;
    enum matcher_op op;
    bool compiled;
    regex_t regex;
};

struct selector {
    char *name;
    struct matcher m[SELECTOR_MATCHERS];
    size_t n;
};

/* Only what every implementation reads in bounded time and memory: no back references, no counted
 * repetition, no extensions of others. */
static bool matcher_is_tame(const char *regex, struct err *err)
{
    int depth = 0;

    if (strlen(regex) > SELECTOR_REGEX_MAX)
        return err_set(err, "a regular expression of more than %d characters", SELECTOR_REGEX_MAX);
    for (const char *p = regex; *p; p++) {
        if (*p == '\\' && p[1]) {
            p++;
            if (*p >= '1' && *p <= '9')
                return err_set(err, "'%.60s': back references are not taken", regex);
            if ((*p >= 'a' && *p <= 'z') || (*p >= 'A' && *p <= 'Z'))
                return err_set(err, "'%.60s': \\%c is not taken; write [0-9], [a-z] and the like",
                               regex, *p);
        } else if (*p == '{') {
            return err_set(err, "'%.60s': counted repetition is not taken; write ?, * or +", regex);
        } else if (*p == '(' && p[1] == '?') {
            return err_set(err, "'%.60s': (? is not taken; write ( ... )", regex);
        } else if (*p == '(' && ++depth > 4) {
            return err_set(err, "'%.60s': parentheses nested too deep", regex);
        } else if (*p == ')') {
            depth--;
        }
    }
    return true;
}

static bool matcher_compile(struct matcher *m, struct err *err)
{
    char anchored[SELECTOR_REGEX_MAX + 8], why[100];
    int rc;

    if (m->op != MATCH_LIKE && m->op != MATCH_UNLIKE)
        return true;
    if (!matcher_is_tame(m->value, err))
        return false;
    snprintf(anchored, sizeof anchored, "^(%s)$", m->value);
    rc = regcomp(&m->regex, anchored, REG_EXTENDED | REG_NOSUB);
    if (rc) {
        regerror(rc, &m->regex, why, sizeof why);
        return err_set(err, "'%.60s' is not a regular expression: %s", m->value, why);
    }
    m->compiled = true;
    return true;
}

static const char *selector_blanks(const char *s)
{
    return s + strspn(s, " \t\n");
}

/* "..." with escapes; NULL when it is not closed. */
static const char *selector_value(const char *s, char **out)
{
    const char *from = ++s;

    while (*s && *s != '"')
        s += *s == '\\' && s[1] ? 2 : 1;
    if (*s != '"')
        return NULL;
    *out = xmalloc((size_t)(s - from) + 1);
    expo_unescape(*out, (size_t)(s - from) + 1, from, (size_t)(s - from));
    return s + 1;
}

static bool selector_matcher(struct selector *sel, const char **at, struct err *err)
{
    static const char *const ops[] = {
        [MATCH_IS] = "=", [MATCH_NOT] = "!=", [MATCH_LIKE] = "=~", [MATCH_UNLIKE] = "!~"
    };
    const char *s = *at, *end;
    size_t len = 0;
    struct matcher *m;
    bool known = false;

    while (s[len] == '_' || (s[len] >= 'a' && s[len] <= 'z') || (s[len] >= 'A' && s[len] <= 'Z') ||
           (len && s[len] >= '0' && s[len] <= '9'))
        len++;
    if (len == 0)
        return err_set(err, "a label name was expected at '%.20s'; write name{label=\"value\"}", s);
    if (sel->n == SELECTOR_MATCHERS)
        return err_set(err, "more than %d labels", SELECTOR_MATCHERS);
    m = &sel->m[sel->n++];
    m->label = xstrndup(s, len);
    s = selector_blanks(s + len);
    for (int op = MATCH_UNLIKE; op >= MATCH_IS && !known; op--) { /* the long ones first */
        if (strncmp(s, ops[op], strlen(ops[op])) == 0) {
            m->op = (enum matcher_op)op;
            s = selector_blanks(s + strlen(ops[op]));
            known = true;
        }
    }
    if (!known)
        return err_set(err, "one of = != =~ !~ was expected after '%s'", m->label);
    if (*s != '"')
        return err_set(err, "the value of '%s' stands in double quotes", m->label);
    end = selector_value(s, &m->value);
    if (!end)
        return err_set(err, "the value of '%s' is not closed", m->label);
    *at = end;
    return matcher_compile(m, err);
}

static bool selector_read(struct selector *sel, const char *s, struct err *err)
{
    size_t len;

    s = selector_blanks(s);
    len = expo_name(s, strlen(s));
    if (len == 0)
        return err_set(err, "'%.60s' is not a series; write name or name{label=\"value\"}", s);
    sel->name = xstrndup(s, len);
    s = selector_blanks(s + len);
    if (*s == '{') {
        s = selector_blanks(s + 1);
        while (*s != '}') {
            if (!selector_matcher(sel, &s, err))
                return false;
            s = selector_blanks(s);
            if (*s == ',')
                s = selector_blanks(s + 1);
            else if (*s != '}')
                return err_set(err, "a comma or } was expected at '%.20s'", s);
        }
        s = selector_blanks(s + 1);
    }
    if (*s)
        return err_set(err, "'%.40s' follows the series", s);
    return true;
}

struct selector *selector_parse(const char *s, struct err *err)
{
    struct selector *sel = xcalloc(1, sizeof *sel);

    if (!selector_read(sel, s, err)) {
        selector_free(sel);
        return NULL;
    }
    return sel;
}

void selector_free(struct selector *sel)
{
    if (!sel)
        return;
    for (size_t i = 0; i < sel->n; i++) {
        free(sel->m[i].label);
        free(sel->m[i].value);
        if (sel->m[i].compiled)
            regfree(&sel->m[i].regex);
    }
    free(sel->name);
    free(sel);
}

const char *selector_name(const struct selector *sel)
{
    return sel->name;
}

static bool selector_find(const struct expo_sample *sample, const char *label,
                          struct expo_label *out)
{
    const char *at = sample->labels, *end = at + sample->labels_len;
    size_t len = strlen(label);

    while (expo_label_next(&at, end, out))
        if (out->name_len == len && memcmp(out->name, label, len) == 0)
            return true;
    return false;
}

bool sample_label(const struct expo_sample *sample, const char *label, char *out, size_t cap)
{
    struct expo_label l;

    if (!selector_find(sample, label, &l))
        return false;
    if (cap == 0) /* only whether it is there */
        return true;
    if (l.value_len >= cap)
        return false;
    expo_unescape(out, cap, l.value, l.value_len);
    return true;
}

static bool matcher_agrees(const struct matcher *m, const char *value)
{
    switch (m->op) {
    case MATCH_IS:
        return strcmp(value, m->value) == 0;
    case MATCH_NOT:
        return strcmp(value, m->value) != 0;
    case MATCH_LIKE:
        return regexec(&m->regex, value, 0, NULL, 0) == 0;
    case MATCH_UNLIKE:
        return regexec(&m->regex, value, 0, NULL, 0) != 0;
    }
    return false;
}

bool selector_match(const struct selector *sel, const struct expo_sample *sample)
{
    size_t len = strlen(sel->name);

    if (sample->name_len != len || memcmp(sample->name, sel->name, len) != 0)
        return false;
    for (size_t i = 0; i < sel->n; i++) {
        char value[SELECTOR_VALUE_MAX + 1] = "";
        struct expo_label l;
        const struct matcher *m = &sel->m[i];
        bool negative = m->op == MATCH_NOT || m->op == MATCH_UNLIKE;

        if (selector_find(sample, m->label, &l)) {
            if (l.value_len > SELECTOR_VALUE_MAX) {
                if (negative)
                    continue;
                return false;
            }
            expo_unescape(value, sizeof value, l.value, l.value_len);
        }
        if (!matcher_agrees(m, value))
            return false;
    }
    return true;
}

static uint64_t series_mix(uint64_t h)
{
    h ^= h >> 33;
    h *= 0xff51afd7ed558ccdu;
    h ^= h >> 33;
    h *= 0xc4ceb9fe1a85ec53u;
    return h ^ h >> 33;
}

uint64_t series_key(const struct expo_sample *sample, const char *except)
{
    const char *at = sample->labels, *end = at + sample->labels_len;
    uint64_t key = series_mix(hash_bytes(HASH_START, sample->name, sample->name_len));
    size_t skip = except ? strlen(except) : 0;
    struct expo_label l;

    while (expo_label_next(&at, end, &l)) {
        uint64_t h;

        if (except && l.name_len == skip && memcmp(l.name, except, skip) == 0)
            continue;
        if (l.value_len == 0) /* an empty label is none */
            continue;
        h = hash_bytes(HASH_START, l.name, l.name_len);
        h = hash_bytes(hash_add(h, 0xff), l.value, l.value_len);
        key += series_mix(h); /* in any order */
    }
    return key;
}

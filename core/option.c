/* core/option.c: options as tables, and what each type takes. */
#include "core/option.h"

#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"
#include "core/json.h"
#include "core/nearest.h"
#include "core/option_url.h"

static const char *const option_types[] = {
    [OPTION_STRING] = "a text",
    [OPTION_URL] = "a URL such as https://host/health",
    [OPTION_DSN] = "an address such as postgres://user@host/db or redis://host:6379",
    [OPTION_PATH] = "a path",
    [OPTION_POINTER] = "a JSON Pointer such as /db/status",
    [OPTION_DURATION] = "a duration such as 30s",
    [OPTION_INT] = "a whole number",
    [OPTION_NUMBER] = "a number",
    [OPTION_QUANTITY] = "a quantity with its unit such as 5%, 500ms or 2GB",
    [OPTION_BOOL] = "true or false",
    [OPTION_ENUM] = "one of its words",
    [OPTION_UNIT] = "a unit: none, count, ms, percent, bytes, per_second or seconds",
    [OPTION_SECRET] = "a reference such as env:NAME or file:/path",
    [OPTION_LIST] = "a list",
    [OPTION_MAP] = "a map of names to values",
    [OPTION_CODES] = "codes such as 200, 2xx or 200-299",
};

const char *option_type_words(enum option_type type)
{
    return (size_t)type < sizeof option_types / sizeof *option_types ? option_types[type]
                                                                     : "a value";
}

static void *option_at(const struct option *o, void *self)
{
    return (char *)self + o->offset;
}

static bool option_keep(const struct option *o, void *self, const char *value)
{
    char **at = option_at(o, self);
    char *copy = xstrdup(value); /* first: the value may be what is there */

    free(*at);
    *at = copy;
    return true;
}

static bool option_has_limits(const struct option *o)
{
    return o->min != 0 || o->max != 0;
}

/* "from 100ms to 1h" */
static void option_limits(const struct option *o, char out[96])
{
    char lo[32], hi[32];

    if (o->type == OPTION_DURATION) {
        duration_format((int64_t)o->min, lo);
        duration_format((int64_t)o->max, hi);
    } else {
        snprintf(lo, sizeof lo, "%.15g", o->min);
        snprintf(hi, sizeof hi, "%.15g", o->max);
    }
    if (o->max < o->min) /* only a floor was given */
        snprintf(out, 96, "at least %s", lo);
    else
        snprintf(out, 96, "from %s to %s", lo, hi);
}

static bool option_in_limits(const struct option *o, double v, const char *value, struct err *err)
{
    char limits[96];

    if (!option_has_limits(o) || (v >= o->min && (v <= o->max || o->max < o->min)))
        return true;
    option_limits(o, limits);
    return err_set(err, "'%.40s' is out of range; write %s %s", value,
                   o->type == OPTION_DURATION ? "a duration" : "a number", limits);
}

static bool option_set_duration(const struct option *o, void *self, const char *value,
                                struct err *err)
{
    int64_t ms;

    if (!duration_parse(value, &ms, err) || !option_in_limits(o, (double)ms, value, err))
        return false;
    *(int64_t *)option_at(o, self) = ms;
    return true;
}

static bool option_set_int(const struct option *o, void *self, const char *value, struct err *err)
{
    const char *s = value;
    bool minus = *s == '-';
    long long n = 0;

    s += minus;
    if (!*s)
        return err_set(err, "'%.40s' is not a whole number", value);
    for (; *s >= '0' && *s <= '9'; s++) {
        n = n * 10 + (*s - '0');
        if (n > INT_MAX)
            return err_set(err, "'%.40s' is too large", value);
    }
    if (*s)
        return err_set(err, "'%.40s' is not a whole number; write 3 or 100", value);
    if (minus)
        n = -n;
    if (!option_in_limits(o, (double)n, value, err))
        return false;
    *(int *)option_at(o, self) = (int)n;
    return true;
}

static bool option_set_number(const struct option *o, void *self, const char *value, enum unit unit,
                              struct err *err)
{
    double v;

    if (!quantity_parse(value, unit, &v, err) || !option_in_limits(o, v, value, err))
        return false;
    *(double *)option_at(o, self) = v;
    return true;
}

static bool option_set_bool(const struct option *o, void *self, const char *value, struct err *err)
{
    bool yes = strcmp(value, "true") == 0;

    if (!yes && strcmp(value, "false") != 0)
        return err_set(err, "'%.40s' is neither true nor false", value);
    *(bool *)option_at(o, self) = yes;
    return true;
}

/* "a, b or c" */
static void option_join(const char *const *words, char *out, size_t cap)
{
    size_t n = 0;

    out[0] = '\0';
    for (size_t i = 0; words[i] && n < cap; i++)
        n += (size_t)snprintf(out + n, cap - n, "%s%s",
                              !i             ? ""
                              : words[i + 1] ? ", "
                                             : " or ",
                              words[i]);
}

static bool option_no_word(const char *value, const char *const *words, struct err *err)
{
    const char *near = nearest_word(value, words, 0);
    char all[256];

    option_join(words, all, sizeof all);
    if (near)
        return err_set(err, "'%.40s' is not known; did you mean '%s'? One of: %s", value, near,
                       all);
    return err_set(err, "'%.40s' is not known; write %s", value, all);
}

static bool option_set_enum(const struct option *o, void *self, const char *value, struct err *err)
{
    for (int i = 0; o->words[i]; i++) {
        if (strcmp(value, o->words[i]) == 0) {
            *(int *)option_at(o, self) = i;
            return true;
        }
    }
    return option_no_word(value, o->words, err);
}

static bool option_set_unit(const struct option *o, void *self, const char *value, struct err *err)
{
    const char *words[UNIT_SECONDS + 2] = { NULL };
    enum unit unit;

    if (!unit_parse_name(value, &unit)) {
        for (int i = UNIT_NONE; i <= UNIT_SECONDS; i++)
            words[i] = unit_name((enum unit)i);
        return option_no_word(value, words, err);
    }
    *(enum unit *)option_at(o, self) = unit;
    return true;
}

/* A secret's value never stands in a message: what was written may be the secret itself. */
static bool option_set_secret(const struct option *o, void *self, const char *value,
                              struct err *err)
{
    char plain[1024];
    size_t len = strlen(value);
    const char *rest;

    if (len >= 3 && memcmp(value, "${", 2) == 0 && value[len - 1] == '}') {
        value += 2;
        len -= 3;
    }
    if (len >= sizeof plain)
        return err_set(err, "a reference this long cannot be right; write env:NAME or file:/path");
    memcpy(plain, value, len);
    plain[len] = '\0';
    if (strncmp(plain, "env:", 4) == 0) {
        rest = plain + 4;
        if (strspn(rest, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_") !=
                strlen(rest) ||
            !*rest || (*rest >= '0' && *rest <= '9'))
            return err_set(err, "after env: stands the name of an environment variable, such as "
                                "env:DB_PASSWORD");
        return option_keep(o, self, plain);
    }
    if (strncmp(plain, "file:", 5) == 0) {
        if (plain[5] != '/' || !plain[6])
            return err_set(err, "after file: stands an absolute path, such as "
                                "file:/etc/midwatch/db-password");
        return option_keep(o, self, plain);
    }
    if (strncmp(plain, "command:", 8) == 0)
        return err_set(err, "command: is not supported yet; write env:NAME or file:/path");
    return err_set(err, "a secret is never written here itself; write env:NAME or file:/path");
}

static bool option_code(const char *s, size_t len, int *lo, int *hi)
{
    int n[2] = { 0, 0 };

    if (len == 3 && s[0] >= '1' && s[0] <= '5' && (s[1] == 'x' || s[1] == 'X') && s[1] == s[2]) {
        *lo = (s[0] - '0') * 100;
        *hi = *lo + 99;
        return true;
    }
    if (len != 3 && !(len == 7 && s[3] == '-'))
        return false;
    for (size_t part = 0; part <= len / 7; part++) {
        for (size_t i = 0; i < 3; i++) {
            char c = s[part * 4 + i];

            if (c < '0' || c > '9')
                return false;
            n[part] = n[part] * 10 + (c - '0');
        }
    }
    *lo = n[0];
    *hi = len == 7 ? n[1] : n[0];
    return *lo >= 100 && *hi <= 599 && *lo <= *hi;
}

static bool option_add_codes(struct codes *c, const char *value, struct err *err)
{
    const char *s = value;

    do {
        size_t len = strcspn(s, ","), blanks = strspn(s, " "), word;

        word = len > blanks ? len - blanks : 0;
        while (word && s[blanks + word - 1] == ' ')
            word--;
        if (c->n == sizeof c->range / sizeof *c->range)
            return err_set(err, "too many codes; write ranges such as 2xx or 200-299");
        if (!option_code(s + blanks, word, &c->range[c->n].lo, &c->range[c->n].hi))
            return err_set(err, "'%.*s' is no HTTP code; write 200, 2xx or 200-299",
                           word > 40 ? 40 : (int)word, s + blanks);
        c->n++;
        s += len;
    } while (*s++ == ',');
    return true;
}

static bool option_set_codes(const struct option *o, void *self, const char *value, struct err *err)
{
    struct codes c = { 0 };

    if (!option_add_codes(&c, value, err))
        return false;
    *(struct codes *)option_at(o, self) = c;
    return true;
}

static void option_push(struct strlist *l, const char *value)
{
    l->items = xreallocarray(l->items, l->n + 1, sizeof *l->items);
    l->items[l->n++] = xstrdup(value);
}

bool option_set(const struct option *o, void *self, const char *value, enum unit unit,
                struct err *err)
{
    switch (o->type) {
    case OPTION_STRING:
        return option_keep(o, self, value);
    case OPTION_PATH:
        if (!*value)
            return err_set(err, "a path is missing");
        return option_keep(o, self, value);
    case OPTION_URL:
        return option_check_url(value, err) && option_keep(o, self, value);
    case OPTION_DSN:
        return option_check_dsn(value, err) && option_keep(o, self, value);
    case OPTION_POINTER:
        return json_pointer_valid(value, err) && option_keep(o, self, value);
    case OPTION_DURATION:
        return option_set_duration(o, self, value, err);
    case OPTION_INT:
        return option_set_int(o, self, value, err);
    case OPTION_NUMBER:
        return option_set_number(o, self, value, UNIT_NONE, err);
    case OPTION_QUANTITY:
        return option_set_number(o, self, value, unit, err);
    case OPTION_BOOL:
        return option_set_bool(o, self, value, err);
    case OPTION_ENUM:
        return option_set_enum(o, self, value, err);
    case OPTION_UNIT:
        return option_set_unit(o, self, value, err);
    case OPTION_SECRET:
        return option_set_secret(o, self, value, err);
    case OPTION_LIST:
        strlist_fini(option_at(o, self));
        return option_list_add(o, self, value, err);
    case OPTION_MAP:
        return err_set(err, "'%.40s' is not a map; write names and values below it", value);
    case OPTION_CODES:
        return option_set_codes(o, self, value, err);
    }
    return err_set(err, "this option has no type");
}

bool option_list_add(const struct option *o, void *self, const char *value, struct err *err)
{
    if (o->type == OPTION_CODES)
        return option_add_codes(option_at(o, self), value, err);
    if (o->type != OPTION_LIST)
        return err_set(err, "a list stands here; write %s", option_type_words(o->type));
    option_push(option_at(o, self), value);
    return true;
}

bool option_map_add(const struct option *o, void *self, const char *key, const char *value,
                    struct err *err)
{
    struct strmap *m = option_at(o, self);

    if (o->type != OPTION_MAP)
        return err_set(err, "a map stands here; write %s", option_type_words(o->type));
    for (size_t i = 0; i < m->n; i++)
        if (strcmp(m->keys[i], key) == 0)
            return err_set(err, "'%.40s' stands here twice", key);
    m->keys = xreallocarray(m->keys, m->n + 1, sizeof *m->keys);
    m->values = xreallocarray(m->values, m->n + 1, sizeof *m->values);
    m->keys[m->n] = xstrdup(key);
    m->values[m->n++] = xstrdup(value);
    return true;
}

void option_defaults(const struct option *table, void *self, enum unit unit)
{
    for (const struct option *o = table; o->name; o++) {
        struct err err = { "" };

        if (o->type == OPTION_QUANTITY)
            *(double *)option_at(o, self) = NAN;
        if (o->dflt && !option_set(o, self, o->dflt, unit, &err)) {
            fprintf(stderr, "midwatch: default of %s: %s\n", o->name, err.msg);
            abort();
        }
    }
}

void option_fini(const struct option *table, void *self)
{
    for (const struct option *o = table; o->name; o++) {
        switch (o->type) {
        case OPTION_STRING:
        case OPTION_URL:
        case OPTION_DSN:
        case OPTION_PATH:
        case OPTION_POINTER:
        case OPTION_SECRET:
            free(*(char **)option_at(o, self));
            *(char **)option_at(o, self) = NULL;
            break;
        case OPTION_LIST:
            strlist_fini(option_at(o, self));
            break;
        case OPTION_MAP:
            strmap_fini(option_at(o, self));
            break;
        default:
            break;
        }
    }
}

const struct option *option_find(const struct option *table, const char *name)
{
    for (const struct option *o = table; o->name; o++)
        if (strcmp(o->name, name) == 0)
            return o;
    return NULL;
}

bool codes_match(const struct codes *c, int code)
{
    for (size_t i = 0; i < c->n; i++)
        if (code >= c->range[i].lo && code <= c->range[i].hi)
            return true;
    return false;
}

void strlist_fini(struct strlist *l)
{
    for (size_t i = 0; i < l->n; i++)
        free(l->items[i]);
    free(l->items);
    *l = (struct strlist){ 0 };
}

void strmap_fini(struct strmap *m)
{
    for (size_t i = 0; i < m->n; i++) {
        free(m->keys[i]);
        free(m->values[i]);
    }
    free(m->keys);
    free(m->values);
    *m = (struct strmap){ 0 };
}

/* examples/sim/str.c: growing text and the little JSON of the control surface. */
#include "str.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void str_fini(struct str *b)
{
    free(b->s);
    *b = (struct str){ 0 };
}

void str_clear(struct str *b)
{
    b->len = 0;
    if (b->s)
        b->s[0] = '\0';
}

static void str_room(struct str *b, size_t n)
{
    if (b->len + n + 1 <= b->cap)
        return;
    size_t cap = b->cap ? b->cap * 2 : 256;
    while (cap < b->len + n + 1)
        cap *= 2;
    char *s = realloc(b->s, cap);
    if (!s) {
        fputs("midwatch-sim: out of memory\n", stderr);
        abort();
    }
    b->s = s;
    b->cap = cap;
}

void str_addn(struct str *b, const void *data, size_t n)
{
    str_room(b, n);
    if (n)
        memcpy(b->s + b->len, data, n);
    b->len += n;
    b->s[b->len] = '\0';
}

void str_add(struct str *b, const char *text)
{
    str_addn(b, text, strlen(text));
}

void str_addf(struct str *b, const char *format, ...)
{
    va_list ap;

    for (size_t room = 128;; room = b->cap - b->len) { /* a second round when it did not fit */
        str_room(b, room - 1);
        va_start(ap, format);
        int n = vsnprintf(b->s + b->len, b->cap - b->len, format, ap);
        va_end(ap);
        if (n < 0)
            return;
        if ((size_t)n < b->cap - b->len) {
            b->len += (size_t)n;
            return;
        }
        str_room(b, (size_t)n);
    }
}

void str_json(struct str *b, const char *text)
{
    str_addn(b, "\"", 1);
    for (const unsigned char *p = (const unsigned char *)text; *p; p++) {
        if (*p == '"' || *p == '\\')
            str_addf(b, "\\%c", *p);
        else if (*p == '\n')
            str_addn(b, "\\n", 2);
        else if (*p < 0x20 || *p == 0x7f)
            str_addf(b, "\\u%04x", *p);
        else
            str_addn(b, p, 1);
    }
    str_addn(b, "\"", 1);
}

void str_shell(struct str *b, const char *text)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                "0123456789-_./:=,@%+[]";

    if (*text && strspn(text, plain) == strlen(text)) {
        str_add(b, text);
        return;
    }
    str_addn(b, "'", 1);
    for (; *text; text++) {
        if (*text == '\'')
            str_add(b, "'\\''");
        else
            str_addn(b, text, 1);
    }
    str_addn(b, "'", 1);
}

/* ---- the flat object ---- */

struct flat_reader {
    const char *p, *end;
    const char *why;
};

static void flat_space(struct flat_reader *r)
{
    while (r->p < r->end && (*r->p == ' ' || *r->p == '\t' || *r->p == '\n' || *r->p == '\r'))
        r->p++;
}

static bool flat_is(struct flat_reader *r, char c)
{
    flat_space(r);
    if (r->p < r->end && *r->p == c) {
        r->p++;
        return true;
    }
    return false;
}

static bool flat_fail(struct flat_reader *r, const char *why)
{
    if (!r->why)
        r->why = why;
    return false;
}

static bool flat_escape(struct flat_reader *r, char *out)
{
    static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";

    if (r->p >= r->end)
        return flat_fail(r, "the text ends inside a string");
    const char *at = strchr(from, *r->p);
    if (*r->p && at) {
        *out = to[at - from];
        r->p++;
        return true;
    }
    unsigned code = 0;
    if (*r->p == 'u' && r->end - r->p >= 5) {
        for (int i = 1; i <= 4; i++) {
            int c = tolower((unsigned char)r->p[i]);
            if (!isxdigit(c))
                return flat_fail(r, "a bad \\u escape");
            code = code * 16 + (unsigned)(c <= '9' ? c - '0' : c - 'a' + 10);
        }
        if (code >= 0x20 && code < 0x7f) {
            *out = (char)code;
            r->p += 5;
            return true;
        }
    }
    return flat_fail(r, "an escape that names and values do not use");
}

static bool flat_string(struct flat_reader *r, char *out, size_t cap)
{
    size_t n = 0;

    if (!flat_is(r, '"'))
        return flat_fail(r, "a string was expected");
    while (r->p < r->end && *r->p != '"') {
        char c = *r->p++;
        if ((unsigned char)c < 0x20)
            return flat_fail(r, "a control character inside a string");
        if (c == '\\' && !flat_escape(r, &c))
            return false;
        if (n + 1 >= cap)
            return flat_fail(r, "a string is too long");
        out[n++] = c;
    }
    if (r->p >= r->end)
        return flat_fail(r, "the text ends inside a string");
    r->p++;
    out[n] = '\0';
    return true;
}

static bool flat_word(struct flat_reader *r, struct flat_item *it)
{
    size_t n = 0;

    while (r->p < r->end && (isalnum((unsigned char)*r->p) || strchr("+-.", *r->p))) {
        if (n + 1 >= sizeof it->value)
            return flat_fail(r, "a value is too long");
        it->value[n++] = *r->p++;
    }
    it->value[n] = '\0';
    if (!strcmp(it->value, "true") || !strcmp(it->value, "false")) {
        it->kind = FLAT_BOOL;
        return true;
    }
    if (!strcmp(it->value, "null")) {
        it->kind = FLAT_NULL;
        return true;
    }
    char *end;
    strtod(it->value, &end);
    if (!n || *end || strspn(it->value, "0123456789+-.eE") != n) /* no hex, no inf */
        return flat_fail(r, "a value is a string, a number, true, false or null");
    it->kind = FLAT_NUMBER;
    return true;
}

static bool flat_object(struct flat_reader *r, struct flat *f)
{
    if (!flat_is(r, '{'))
        return flat_fail(r, "an object was expected");
    if (flat_is(r, '}'))
        return true;
    for (;;) {
        if (f->n == sizeof f->items / sizeof f->items[0])
            return flat_fail(r, "too many members");
        struct flat_item *it = &f->items[f->n++];
        if (!flat_string(r, it->key, sizeof it->key))
            return false;
        if (!flat_is(r, ':'))
            return flat_fail(r, "':' was expected");
        flat_space(r);
        if (r->p < r->end && *r->p == '"') {
            it->kind = FLAT_STRING;
            if (!flat_string(r, it->value, sizeof it->value))
                return false;
        } else if (!flat_word(r, it)) {
            return false;
        }
        if (flat_is(r, '}'))
            return true;
        if (!flat_is(r, ','))
            return flat_fail(r, "',' or '}' was expected");
    }
}

bool flat_parse(struct flat *f, const char *text, size_t len, char *why, size_t cap)
{
    struct flat_reader r = { text, text + len, NULL };

    f->n = 0;
    if (flat_object(&r, f)) {
        flat_space(&r);
        if (r.p == r.end)
            return true;
        flat_fail(&r, "something follows the object");
    }
    snprintf(why, cap, "byte %zu: %s", (size_t)(r.p - text), r.why);
    return false;
}

const struct flat_item *flat_get(const struct flat *f, const char *key)
{
    for (size_t i = 0; i < f->n; i++)
        if (!strcmp(f->items[i].key, key))
            return &f->items[i];
    return NULL;
}

bool flat_find(const char *text, size_t len, const char *key, char *out, size_t cap)
{
    struct flat f;
    char why[200];
    const struct flat_item *it =
        flat_parse(&f, text, len, why, sizeof why) ? flat_get(&f, key) : NULL;

    if (it)
        snprintf(out, cap, "%s", it->value);
    return it != NULL;
}

long digits_read(const char *text, long most)
{
    long n = 0;

    if (!*text)
        return -1;
    for (; *text; text++) {
        if (*text < '0' || *text > '9' || n > (most - (*text - '0')) / 10)
            return -1;
        n = n * 10 + (*text - '0');
    }
    return n;
}

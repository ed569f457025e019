/* core/json_parse.c: strict JSON into a document, in one walk. */
#include "core/json_impl.h"

#include "core/alloc.h"
#include "core/json_keys.h"
#include "core/text.h"
#include "core/word.h"

#include <stdlib.h>
#include <string.h>

enum { PARSE_FIRST = 64, PARSE_BYTES_A_VALUE = 16 }; /* room for values, guessed from the length */

struct json_parser {
    const char *s;
    size_t len, i;
    size_t nodes_max;
    int depth, depth_max;
    uint32_t open[JSON_DEPTH_HARD + 1];   /* the container of a level, by its place */
    uint32_t newest[JSON_DEPTH_HARD + 1]; /* its newest member; 0 = none */
    struct json_doc *doc;
    uint32_t n, cap; /* values */
    char *strings;   /* where the next string goes; they are never longer than their text */
    const char *key; /* of the next value */
    uint32_t key_len;
    struct json_keys *keys;
    struct err *err;
};

static bool json_fail(struct json_parser *p, size_t at, const char *what)
{
    return err_set(p->err, "offset %zu: %s", at, what);
}

static void json_blanks(struct json_parser *p)
{
    while (p->i < p->len) {
        char c = p->s[p->i];

        if (c != ' ' && c != '\n' && c != '\r' && c != '\t')
            return;
        p->i++;
    }
}

/* ---- strings ---- */

/* Copies what needs no look: ASCII without controls, quote and backslash, 8 bytes at a time. */
static size_t json_plain(char *to, const char *s, size_t len)
{
    size_t i = 0;

    for (; i + 8 <= len; i += 8) {
        uint64_t w;

        memcpy(&w, s + i, 8);
        if (word_special(w))
            break;
        memcpy(to + i, &w, 8);
    }
    for (; i < len; i++) {
        unsigned char c = (unsigned char)s[i];

        if (c < 0x20 || c >= 0x80 || c == '"' || c == '\\')
            break;
        to[i] = (char)c;
    }
    return i;
}

/* From behind a quote to behind the closing one. */
static bool json_string_read(struct json_parser *p, const char **out, uint32_t *len)
{
    char *to = p->strings;

    for (;;) {
        size_t run = json_plain(to, p->s + p->i, p->len - p->i), n;
        const char *why, *at;
        uint32_t cp;

        p->i += run;
        to += run;
        if (p->i >= p->len)
            return json_fail(p, p->i, "a string is not closed");
        at = p->s + p->i;
        if (*at == '"')
            break;
        if (*at == '\\') {
            n = json_escape_read(at + 1, p->len - p->i - 1, &cp, &why);
            if (n == 0)
                return json_fail(p, p->i, why);
            to += utf8_put(to, cp);
            p->i += 1 + n;
            continue;
        }
        if ((unsigned char)*at < 0x20)
            return json_fail(p, p->i, "raw control character in a string");
        n = utf8_next(at, p->len - p->i, &cp);
        if (n == 1)
            return json_fail(p, p->i, "invalid UTF-8");
        memcpy(to, at, n);
        to += n;
        p->i += n;
    }
    p->i++;
    *to = '\0';
    *out = p->strings;
    *len = (uint32_t)(to - p->strings);
    p->strings = to + 1;
    return true;
}

/* ---- values ---- */

static void json_grow(struct json_parser *p)
{
    p->cap = p->cap ? p->cap * 2 : PARSE_FIRST + (uint32_t)(p->len / PARSE_BYTES_A_VALUE);
    if (p->cap > p->nodes_max)
        p->cap = (uint32_t)p->nodes_max;
    p->doc = xreallocarray(p->doc, p->cap + (size_t)1, sizeof(struct json)); /* 1: the head */
}

/* The next value, still without what it is. Moves all others when the room is used up. */
static struct json *json_add(struct json_parser *p)
{
    struct json *v, *parent;

    if (p->n == p->cap)
        json_grow(p);
    v = &p->doc->values[p->n];
    *v = (struct json){ .key = p->key, .key_len = p->key_len, .size = 1, .last = p->depth == 0 };
    if (p->depth) {
        parent = &p->doc->values[p->open[p->depth]];
        parent->count++;
        if (p->key)
            parent->as.keys |= json_key_bit(p->key, p->key_len);
        p->newest[p->depth] = p->n;
    }
    p->key = NULL;
    p->key_len = 0;
    p->n++;
    return v;
}

static bool json_open(struct json_parser *p, struct json *v, enum json_kind kind)
{
    if (p->depth >= p->depth_max)
        return err_set(p->err, "offset %zu: nested deeper than %d", p->i, p->depth_max);
    v->kind = (uint8_t)kind;
    p->open[++p->depth] = (uint32_t)(v - p->doc->values);
    p->newest[p->depth] = 0;
    p->i++;
    return true;
}

static void json_close(struct json_parser *p)
{
    uint32_t at = p->open[p->depth];

    p->doc->values[at].size = p->n - at;
    if (p->newest[p->depth])
        p->doc->values[p->newest[p->depth]].last = true;
    p->depth--;
    p->i++;
}

static bool json_word(struct json_parser *p, struct json *v, const char *word, enum json_kind kind)
{
    size_t n = strlen(word);

    if (p->len - p->i < n || memcmp(p->s + p->i, word, n) != 0)
        return json_fail(p, p->i, "a value was expected");
    p->i += n;
    v->kind = (uint8_t)kind;
    v->as.truth = *word == 't';
    return true;
}

static bool json_number_value(struct json_parser *p, struct json *v)
{
    const char *why;
    size_t n = json_number_read(p->s + p->i, p->len - p->i, &v->as.number, &why);

    if (n == 0)
        return json_fail(p, p->i, why);
    v->kind = JSON_NUMBER;
    p->i += n;
    return true;
}

/* One value; a container is only opened. `*opened` tells so. */
static bool json_value(struct json_parser *p, bool *opened)
{
    struct json *v;
    uint32_t len;

    *opened = false;
    json_blanks(p);
    if (p->i >= p->len)
        return json_fail(p, p->i, "the end came too early");
    if (p->n >= p->nodes_max)
        return err_set(p->err, "offset %zu: more than %zu values", p->i, p->nodes_max);
    v = json_add(p);
    switch (p->s[p->i]) {
    case '{':
    case '[':
        *opened = true;
        return json_open(p, v, p->s[p->i] == '{' ? JSON_OBJECT : JSON_ARRAY);
    case '"':
        p->i++;
        v->kind = JSON_STRING;
        return json_string_read(p, &v->as.string, &len);
    case 't':
        return json_word(p, v, "true", JSON_BOOL);
    case 'f':
        return json_word(p, v, "false", JSON_BOOL);
    case 'n':
        return json_word(p, v, "null", JSON_NULL);
    default:
        return json_number_value(p, v);
    }
}

static bool json_fail_key(struct json_parser *p, size_t quote)
{
    const char *key = p->s + quote + 1;
    size_t n = 0;

    while (n < 60 && key[n] != '"')
        n++;
    return err_set(p->err, "offset %zu: duplicate key '%.*s'", quote, (int)n, key);
}

/* `"key" :` */
static bool json_key_read(struct json_parser *p)
{
    size_t quote;

    json_blanks(p);
    quote = p->i;
    if (p->i >= p->len || p->s[p->i] != '"')
        return json_fail(p, p->i, "a key in quotes was expected");
    p->i++;
    if (!json_string_read(p, &p->key, &p->key_len))
        return false;
    switch (json_keys_add(p->keys, p->open[p->depth], p->key)) {
    case JSON_KEY_TWICE:
        return json_fail_key(p, quote);
    case JSON_KEY_CROWDED:
        return json_fail(p, quote, "too many keys with one hash");
    case JSON_KEY_NEW:
        break;
    }
    json_blanks(p);
    if (p->i >= p->len || p->s[p->i] != ':')
        return json_fail(p, p->i, "a colon was expected");
    p->i++;
    return true;
}

/* Behind a value: closes what closes here and stands before the next value, or at the end. */
static bool json_after(struct json_parser *p, bool opened, bool *more)
{
    *more = false;
    while (p->depth > 0) {
        bool object = p->doc->values[p->open[p->depth]].kind == JSON_OBJECT;
        char close = object ? '}' : ']';

        json_blanks(p);
        if (p->i >= p->len)
            return json_fail(p, p->i, "the end came too early");
        if (p->s[p->i] == close) {
            json_close(p);
            opened = false;
            continue;
        }
        if (!opened) {
            if (p->s[p->i] != ',')
                return json_fail(
                    p, p->i, object ? "a comma or } was expected" : "a comma or ] was expected");
            p->i++;
        }
        *more = true;
        return !object || json_key_read(p);
    }
    return true;
}

static bool json_walk(struct json_parser *p)
{
    bool ok, opened, more = true;

    do {
        ok = json_value(p, &opened) && json_after(p, opened, &more);
    } while (ok && more);
    if (!ok)
        return false;
    json_blanks(p);
    return p->i == p->len || json_fail(p, p->i, "something follows the value");
}

struct json *json_parse(const char *bytes, size_t len, int depth_max, size_t nodes_max,
                        struct err *err)
{
    struct json_keys keys;
    struct json_parser p = { .s = bytes, .len = len, .keys = &keys, .err = err };
    bool ok;

    p.depth_max = depth_max <= 0 ? JSON_DEPTH_MAX : depth_max;
    if (p.depth_max > JSON_DEPTH_HARD)
        p.depth_max = JSON_DEPTH_HARD;
    p.nodes_max = nodes_max ? nodes_max : JSON_NODES_MAX;
    if (len >= UINT32_MAX) {
        json_fail(&p, 0, "too long");
        return NULL;
    }
    if (p.nodes_max >
        len) /* a value takes at least a byte: what is asked for stays in proportion */
        p.nodes_max = len;
    json_keys_init(&keys);
    json_grow(&p);
    p.doc->strings = p.strings = xmalloc(len + 1);
    ok = json_walk(&p);
    json_keys_fini(&keys);
    if (ok)
        return p.doc->values;
    json_free(p.doc->values);
    return NULL;
}

void json_free(struct json *root)
{
    struct json_doc *doc;

    if (!root)
        return;
    doc = (struct json_doc *)((char *)root - offsetof(struct json_doc, values));
    free(doc->strings);
    free(doc);
}

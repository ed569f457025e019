/* core/json_scan.c: is this strict JSON, and small enough? */
#include "core/json_scan.h"

#include "core/alloc.h"
#include "core/text.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* A seen key: its hash, the object it belongs to, where it begins. Keys of one hash are compared
 * character by character; how often that may be in vain is bounded, so that keys made to collide
 * cost no more than others. */
struct json_seen {
    uint32_t hash, object;
    uint32_t at; /* offset of the quote + 1; 0 = free */
};

enum { JSON_SEEN_STACK = 128, JSON_SEEN_STEPS = 256, JSON_SEEN_VAIN = 64 };

struct json_walk {
    const char *s;
    size_t len, i;
    int depth, depth_max;
    size_t nodes_max;
    uint32_t objects;
    uint32_t object_at[JSON_SCAN_DEPTH + 1]; /* serial number of the object of a level; 0 = array */
    struct json_seen *seen;
    size_t seen_cap, seen_n;
    int vain; /* comparisons of different keys with one hash */
    struct json_scan *out;
    struct err *err;
    struct json_seen first[JSON_SEEN_STACK];
};

static bool json_fail(struct json_walk *w, size_t at, const char *what)
{
    return err_set(w->err, "offset %zu: %s", at, what);
}

static void json_blanks(struct json_walk *w)
{
    while (w->i < w->len) {
        char c = w->s[w->i];

        if (c != ' ' && c != '\n' && c != '\r' && c != '\t')
            return;
        w->i++;
    }
}

static int json_hex(const char *s)
{
    int v = 0;

    for (int i = 0; i < 4; i++) {
        char c = s[i];

        v <<= 4;
        if (c >= '0' && c <= '9')
            v += c - '0';
        else if (c >= 'a' && c <= 'f')
            v += c - 'a' + 10;
        else if (c >= 'A' && c <= 'F')
            v += c - 'A' + 10;
        else
            return -1;
    }
    return v;
}

/* One escape at `s` (behind the backslash); bytes taken, 0 when it is none. */
static size_t json_escape(const char *s, size_t len, uint32_t *cp, const char **why)
{
    static const char plain[] = "\"\"\\\\//b\bf\fn\nr\rt\t";
    int hi, lo;

    *why = "unknown escape";
    if (len == 0)
        return 0;
    for (size_t i = 0; i + 1 < sizeof plain; i += 2) {
        if (s[0] == plain[i]) {
            *cp = (unsigned char)plain[i + 1];
            return 1;
        }
    }
    if (s[0] != 'u' || len < 5 || (hi = json_hex(s + 1)) < 0)
        return 0;
    *cp = (uint32_t)hi;
    *why = "\\u0000 is not taken";
    if (hi == 0)
        return 0;
    if (hi < 0xd800 || hi > 0xdfff)
        return 5;
    *why = "lone surrogate";
    if (hi > 0xdbff || len < 11 || s[5] != '\\' || s[6] != 'u')
        return 0;
    lo = json_hex(s + 7);
    if (lo < 0xdc00 || lo > 0xdfff)
        return 0;
    *cp = 0x10000 + (((uint32_t)hi - 0xd800) << 10) + ((uint32_t)lo - 0xdc00);
    return 11;
}

/* The next character of a string's inside, unescaped; 0 at its end. `*at` moves behind it. Only for
 * strings that were found good. */
static uint32_t json_key_next(const struct json_walk *w, size_t *at)
{
    const char *why;
    uint32_t cp = 0;

    if (w->s[*at] == '"')
        return 0;
    if (w->s[*at] == '\\')
        *at += 1 + json_escape(w->s + *at + 1, w->len - *at - 1, &cp, &why);
    else
        *at += utf8_next(w->s + *at, w->len - *at, &cp);
    return cp;
}

static bool json_key_same(const struct json_walk *w, size_t a, size_t b)
{
    uint32_t ca, cb;

    do {
        ca = json_key_next(w, &a);
        cb = json_key_next(w, &b);
    } while (ca == cb && ca);
    return ca == cb;
}

/* Walks over a string, from behind its quote to behind the closing one; hashes it on the way. */
static bool json_string_walk(struct json_walk *w, uint32_t *hash)
{
    uint32_t h = 2166136261u;

    while (w->i < w->len) {
        unsigned char c = (unsigned char)w->s[w->i];
        uint32_t cp = c;
        size_t n = 1;
        const char *why;

        if (c == '"') {
            w->i++;
            *hash = h;
            return true;
        }
        if (c == '\\') {
            n = json_escape(w->s + w->i + 1, w->len - w->i - 1, &cp, &why);
            if (n == 0)
                return json_fail(w, w->i, why);
            n++;
        } else if (c < 0x20) {
            return json_fail(w, w->i, "raw control character in a string");
        } else if (c >= 0x80) {
            n = utf8_next(w->s + w->i, w->len - w->i, &cp);
            if (n == 1)
                return json_fail(w, w->i, "invalid UTF-8");
        }
        h = (h ^ cp) * 16777619u;
        w->i += n;
    }
    return json_fail(w, w->i, "a string is not closed");
}

static void json_seen_put(struct json_seen *table, size_t cap, struct json_seen key)
{
    size_t slot = key.hash & (cap - 1);

    while (table[slot].at)
        slot = (slot + 1) & (cap - 1);
    table[slot] = key;
}

static void json_seen_grow(struct json_walk *w)
{
    size_t cap = w->seen_cap * 4;
    struct json_seen *table = xcalloc(cap, sizeof *table);

    for (size_t i = 0; i < w->seen_cap; i++)
        if (w->seen[i].at)
            json_seen_put(table, cap, w->seen[i]);
    if (w->seen != w->first)
        free(w->seen);
    w->seen = table;
    w->seen_cap = cap;
}

static bool json_fail_key(struct json_walk *w, size_t quote)
{
    const char *key = w->s + quote + 1;
    size_t n = 0;

    while (n < 60 && key[n] != '"')
        n++;
    return err_set(w->err, "offset %zu: duplicate key '%.*s'", quote, (int)n, key);
}

static bool json_key_seen(struct json_walk *w, size_t quote, uint32_t hash)
{
    uint32_t object = w->object_at[w->depth];
    size_t slot, steps = 0, at = quote + 1;

    w->out->keys++;
    hash = (hash ^ object * 2654435761u) * 2246822519u;
    hash ^= hash >> 15;
    if (w->seen_n * 2 >= w->seen_cap)
        json_seen_grow(w);
    for (slot = hash & (w->seen_cap - 1); w->seen[slot].at; slot = (slot + 1) & (w->seen_cap - 1)) {
        const struct json_seen *k = &w->seen[slot];

        if (k->object == object && k->hash == hash) {
            if (json_key_same(w, k->at, at))
                return json_fail_key(w, quote);
            w->vain++;
        }
        if (++steps > JSON_SEEN_STEPS || w->vain > JSON_SEEN_VAIN)
            return json_fail(w, quote, "too many keys with one hash");
    }
    w->seen[slot] = (struct json_seen){ hash, object, (uint32_t)at };
    w->seen_n++;
    return true;
}

/* Is it finite? Told from its digits where possible: strtod() only at the edge of the range. */
static bool json_is_finite(const char *s, size_t len)
{
    char small[512];
    long magnitude = 0, exp = 0; /* the value lies below 10^(magnitude + exp) */
    bool point = false, zero = true, minus;
    size_t i;

    for (i = *s == '-'; i < len && s[i] != 'e' && s[i] != 'E'; i++) {
        zero = zero && (s[i] == '0' || s[i] == '.');
        if (s[i] == '.')
            point = true;
        else if (!zero && !point)
            magnitude++;
        else if (zero && point)
            magnitude--;
    }
    if (zero)
        return true;
    if (i < len) {
        minus = s[++i] == '-';
        for (i += s[i] == '-' || s[i] == '+'; i < len; i++)
            if (exp < 1000000000)
                exp = exp * 10 + (s[i] - '0');
        magnitude += minus ? -exp : exp;
    }
    if (magnitude != 309)
        return magnitude < 309;
    if (len >= sizeof small)
        return false;
    memcpy(small, s, len);
    small[len] = '\0';
    return isfinite(strtod(small, NULL));
}

static bool json_number_walk(struct json_walk *w)
{
    const char *s = w->s;
    size_t i = w->i, n = w->len, from = i, digits;

    if (i < n && s[i] == '-')
        i++;
    digits = i;
    while (i < n && s[i] >= '0' && s[i] <= '9')
        i++;
    if (i == digits)
        return json_fail(w, from, "a value was expected");
    if (s[digits] == '0' && i - digits > 1)
        return json_fail(w, from, "a number with a leading zero");
    if (i < n && s[i] == '.') {
        digits = ++i;
        while (i < n && s[i] >= '0' && s[i] <= '9')
            i++;
        if (i == digits)
            return json_fail(w, from, "a number without digits behind its point");
    }
    if (i < n && (s[i] == 'e' || s[i] == 'E')) {
        i++;
        if (i < n && (s[i] == '+' || s[i] == '-'))
            i++;
        digits = i;
        while (i < n && s[i] >= '0' && s[i] <= '9')
            i++;
        if (i == digits)
            return json_fail(w, from, "a number without digits in its exponent");
    }
    if (!json_is_finite(s + from, i - from))
        return json_fail(w, from, "a number beyond the range");
    if (i - from > JSON_NUMBER_MAX)
        w->out->long_numbers = true;
    w->i = i;
    return true;
}

static bool json_word_walk(struct json_walk *w, const char *word)
{
    size_t n = strlen(word);

    if (w->len - w->i < n || memcmp(w->s + w->i, word, n) != 0)
        return json_fail(w, w->i, "a value was expected");
    w->i += n;
    return true;
}

static bool json_open(struct json_walk *w, bool object)
{
    if (w->depth >= w->depth_max)
        return err_set(w->err, "offset %zu: nested deeper than %d", w->i, w->depth_max);
    w->object_at[++w->depth] = object ? ++w->objects : 0;
    w->i++;
    return true;
}

/* `"key" :` */
static bool json_key_walk(struct json_walk *w)
{
    size_t quote;
    uint32_t hash;

    json_blanks(w);
    quote = w->i;
    if (w->i >= w->len || w->s[w->i] != '"')
        return json_fail(w, w->i, "a key in quotes was expected");
    w->i++;
    if (!json_string_walk(w, &hash) || !json_key_seen(w, quote, hash))
        return false;
    json_blanks(w);
    if (w->i >= w->len || w->s[w->i] != ':')
        return json_fail(w, w->i, "a colon was expected");
    w->i++;
    return true;
}

/* One value; a container is only opened. `*opened` tells so. */
static bool json_value_walk(struct json_walk *w, bool *opened)
{
    uint32_t hash;

    *opened = false;
    json_blanks(w);
    if (w->i >= w->len)
        return json_fail(w, w->i, "the end came too early");
    if (++w->out->nodes > w->nodes_max)
        return err_set(w->err, "offset %zu: more than %zu values", w->i, w->nodes_max);
    switch (w->s[w->i]) {
    case '{':
    case '[':
        *opened = true;
        return json_open(w, w->s[w->i] == '{');
    case '"':
        w->i++;
        return json_string_walk(w, &hash);
    case 't':
        return json_word_walk(w, "true");
    case 'f':
        return json_word_walk(w, "false");
    case 'n':
        return json_word_walk(w, "null");
    default:
        return json_number_walk(w);
    }
}

/* Behind a value: closes what closes here and stands before the next value, or at the end. */
static bool json_after_walk(struct json_walk *w, bool opened, bool *more)
{
    *more = false;
    while (w->depth > 0) {
        bool object = w->object_at[w->depth] != 0;
        char close = object ? '}' : ']';

        json_blanks(w);
        if (w->i >= w->len)
            return json_fail(w, w->i, "the end came too early");
        if (w->s[w->i] == close) {
            w->i++;
            w->depth--;
            opened = false;
            continue;
        }
        if (!opened) {
            if (w->s[w->i] != ',')
                return json_fail(
                    w, w->i, object ? "a comma or } was expected" : "a comma or ] was expected");
            w->i++;
        }
        *more = true;
        return !object || json_key_walk(w);
    }
    return true;
}

bool json_scan(const char *bytes, size_t len, int depth_max, size_t nodes_max,
               struct json_scan *out, struct err *err)
{
    struct json_walk w = { .s = bytes,
                           .len = len,
                           .depth_max = depth_max,
                           .nodes_max = nodes_max,
                           .seen_cap = JSON_SEEN_STACK,
                           .out = out,
                           .err = err };
    bool ok, opened, more = true;

    *out = (struct json_scan){ 0 };
    w.seen = w.first;
    if (len >= UINT32_MAX)
        return json_fail(&w, 0, "too long");
    do {
        ok = json_value_walk(&w, &opened) && json_after_walk(&w, opened, &more);
    } while (ok && more);
    if (ok) {
        json_blanks(&w);
        if (w.i < len)
            ok = json_fail(&w, w.i, "something follows the value");
    }
    if (w.seen != w.first)
        free(w.seen);
    return ok;
}

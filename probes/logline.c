/* probes/logline.c: one walk over a line of JSON.
 *
 * The newline behind the line ends every token that is not closed, so that no byte is asked twice
 * whether it is still there.
 */
#include "probes/logline.h"

#include <string.h>

#include "core/json_token.h"
#include "core/text.h"
#include "core/word.h"
#include "probes/logline_impl.h"

struct scan {
    const char *p, *end;
    const struct lognode *nodes;
    struct logfield *fields;
    int depth;
    int wanted;                      /* node of the next value; -1 = nobody wants it */
    uint64_t objects;                /* bit of a level: it is an object */
    int16_t node[LOGLINE_DEPTH + 1]; /* of the container of a level; -1 = nothing in it is wanted */
    int32_t place[LOGLINE_DEPTH + 1]; /* of its next element, in an array */
};

static inline void scan_blanks(struct scan *s)
{
    while ((unsigned char)*s->p <= ' ' && (*s->p == ' ' || *s->p == '\t' || *s->p == '\r'))
        s->p++;
}

static inline bool scan_is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* ---- scalars ---- */

static bool scan_hex4(const char *p)
{
    for (int i = 0; i < 4; i++)
        if (!scan_is_digit(p[i]) && !((p[i] | 0x20) >= 'a' && (p[i] | 0x20) <= 'f'))
            return false;
    return true;
}

/* Behind a backslash; NULL when it is no escape. */
static const char *scan_escape(const char *p)
{
    if (*p == 'u')
        return scan_hex4(p + 1) ? p + 5 : NULL;
    return *p && strchr("\"\\/bfnrt", *p) ? p + 1 : NULL;
}

/* From behind a quote to the closing one; NULL when it is not closed, or not text. */
static inline const char *scan_string(const struct scan *s, const char *p, bool *escaped)
{
    for (;;) {
        uint32_t cp;
        size_t n;

        p = word_stop(p);
        if (*p == '"')
            return p;
        if (*p == '\\') {
            *escaped = true;
            p = scan_escape(p + 1);
            if (!p)
                return NULL;
            continue;
        }
        if (!((unsigned char)*p & 0x80))
            return NULL; /* a raw control: at the latest the newline */
        n = utf8_next(p, (size_t)(s->end - p), &cp);
        if (n < 2)
            return NULL;
        p += n;
    }
}

static const char *scan_digits(const char *p)
{
    if (!scan_is_digit(*p))
        return NULL;
    while (scan_is_digit(*p))
        p++;
    return p;
}

static const char *scan_number(const char *p)
{
    p += *p == '-';
    if (*p == '0' && scan_is_digit(p[1]))
        return NULL;
    p = scan_digits(p);
    if (p && *p == '.')
        p = scan_digits(p + 1);
    if (p && (*p | 0x20) == 'e') {
        p++;
        p = scan_digits(p + (*p == '+' || *p == '-'));
    }
    return p;
}

static const char *scan_word(const char *p, uint8_t *kind)
{
    if (memcmp(p, "true", 4) == 0) { /* the slack behind a line can be read */
        *kind = FIELD_TRUE;
        return p + 4;
    }
    if (memcmp(p, "null", 4) == 0) {
        *kind = FIELD_NULL;
        return p + 4;
    }
    *kind = FIELD_FALSE;
    return memcmp(p, "false", 5) == 0 ? p + 5 : NULL;
}

static bool scan_scalar(struct scan *s)
{
    struct logfield f = { .at = s->p };
    const char *end;

    if (*s->p == '"') {
        f.kind = FIELD_STRING;
        f.at++;
        end = scan_string(s, f.at, &f.escaped);
        s->p = end ? end + 1 : NULL;
    } else if (*s->p == '-' || scan_is_digit(*s->p)) {
        f.kind = FIELD_NUMBER;
        end = s->p = scan_number(s->p);
    } else {
        end = s->p = scan_word(s->p, &f.kind);
    }
    if (!end)
        return false;
    if (s->wanted >= 0 && s->nodes[s->wanted].slot >= 0) {
        f.len = (uint32_t)(end - f.at);
        s->fields[s->nodes[s->wanted].slot] = f;
    }
    return true;
}

/* ---- keys ---- */

/* Of two members with one name the last counts, with all that is inside. */
static void scan_forget(const struct scan *s, int node)
{
    const struct lognode *n = &s->nodes[node];

    if (n->slot >= 0)
        s->fields[n->slot].kind = FIELD_ABSENT;
    for (int i = n->first; i >= 0; i = s->nodes[i].next)
        scan_forget(s, i);
}

static bool scan_is(const struct lognode *n, const struct logfield *key)
{
    char room[256];
    size_t len;
    const char *text;

    if (!key->escaped)
        return n->len == key->len && memcmp(n->name, key->at, key->len) == 0;
    text = logfield_text(key, room, sizeof room, &len);
    return len == n->len && memcmp(n->name, text, len) == 0;
}

/* Most keys end at a bit that lacks. */
static inline void scan_want(struct scan *s, const struct lognode *parent,
                             const struct logfield *key)
{
    int i = parent->first;

    if (!key->escaped && !(parent->keys & logline_key_bit(key->at, key->len)))
        return;
    while (i >= 0 && !scan_is(&s->nodes[i], key))
        i = s->nodes[i].next;
    s->wanted = i;
    if (i >= 0 && s->nodes[i].first >= 0) /* its own value is written over */
        scan_forget(s, i);
}

/* `"key" :`, and who wants the value. */
static inline bool scan_key(struct scan *s)
{
    struct logfield key = { .kind = FIELD_STRING };
    const char *end;

    scan_blanks(s);
    if (*s->p != '"')
        return false;
    key.at = s->p + 1;
    end = scan_string(s, key.at, &key.escaped);
    if (!end)
        return false;
    s->p = end + 1;
    key.len = (uint32_t)(end - key.at);
    s->wanted = -1;
    if (s->node[s->depth] >= 0)
        scan_want(s, &s->nodes[s->node[s->depth]], &key);
    scan_blanks(s);
    return *s->p++ == ':';
}

/* Who wants the next element of an array. */
static void scan_element(struct scan *s)
{
    int i = s->node[s->depth] >= 0 ? s->nodes[s->node[s->depth]].first : -1;

    while (i >= 0 && s->nodes[i].index != s->place[s->depth])
        i = s->nodes[i].next;
    s->wanted = i;
    s->place[s->depth]++;
}

/* ---- containers ---- */

static bool scan_open(struct scan *s, bool object)
{
    if (s->depth == LOGLINE_DEPTH - 1)
        return false;
    if (s->wanted >= 0 && s->nodes[s->wanted].slot >= 0)
        s->fields[s->nodes[s->wanted].slot] = (struct logfield){ .kind = FIELD_INSIDE };
    s->depth++;
    s->node[s->depth] = (int16_t)s->wanted;
    s->place[s->depth] = 0;
    s->objects =
        object ? s->objects | UINT64_C(1) << s->depth : s->objects & ~(UINT64_C(1) << s->depth);
    s->p++;
    return true;
}

static inline bool scan_in_object(const struct scan *s)
{
    return s->objects >> s->depth & 1;
}

/* Behind a value, or inside what was just opened: closes what closes here, and stands before the
 * next value, or at the end with `depth` 0. */
static inline bool scan_after(struct scan *s, bool opened)
{
    while (s->depth > 0) {
        scan_blanks(s);
        if (*s->p == (scan_in_object(s) ? '}' : ']')) {
            s->p++;
            s->depth--;
            opened = false;
            continue;
        }
        if (!opened && *s->p++ != ',')
            return false;
        if (scan_in_object(s))
            return scan_key(s);
        scan_element(s);
        return true;
    }
    return true;
}

bool logline_read(const struct logpaths *p, const char *line, size_t len, struct logfield *fields)
{
    struct scan s = { .p = line, .end = line + len, .nodes = p->nodes, .fields = fields };

    memset(fields, 0, (size_t)p->n_slots * sizeof *fields);
    scan_blanks(&s);
    if (*s.p != '{')
        return false;
    do {
        bool opened;

        scan_blanks(&s);
        opened = *s.p == '{' || *s.p == '[';
        if (!(opened ? scan_open(&s, *s.p == '{') : scan_scalar(&s)) || !scan_after(&s, opened))
            return false;
    } while (s.depth > 0);
    scan_blanks(&s);
    return s.p == s.end;
}

/* ---- what a field says ---- */

bool logfield_number(const struct logfield *f, double *out)
{
    const char *why;

    if (f->kind != FIELD_NUMBER && (f->kind != FIELD_STRING || f->escaped))
        return false;
    return f->len && json_number_read(f->at, f->len, out, &why) == f->len;
}

const char *logfield_text(const struct logfield *f, char *room, size_t cap, size_t *len)
{
    const char *at = f->at, *end, *why;
    size_t n = 0;

    *len = f->len;
    if (f->kind == FIELD_ABSENT || f->kind == FIELD_INSIDE)
        return NULL;
    end = at + f->len;
    if (!f->escaped) {
        if (*len > cap) /* at a character */
            for (*len = cap; *len && ((unsigned char)at[*len] & 0xc0) == 0x80; --*len)
                ;
        return at;
    }
    while (at < end && n + 4 <= cap) {
        uint32_t cp;
        size_t took;

        if (*at == '\\') {
            took = json_escape_read(at + 1, (size_t)(end - at - 1), &cp, &why);
            if (!took) {
                took = 5; /* \u0000 or half a pair: no character */
                cp = 0xfffd;
            }
            at += 1 + took;
        } else {
            at += utf8_next(at, (size_t)(end - at), &cp);
        }
        n += utf8_put(room + n, cp);
    }
    *len = n;
    return room;
}

/* core/silence.c: matching alerts, and the silences of a board. */
#include "core/silence.h"

#include <string.h>

#include "core/alloc.h"
#include "core/board.h"

/* ---- matchers ---- */

enum { MATCHERS = 3 };

static const char *const match_keys[MATCHERS] = { "alert", "service", "severity" };

static struct text *match_text(struct silence_match *m, int i)
{
    return i == 0 ? &m->alert : i == 1 ? &m->service : &m->severity;
}

static const struct text *match_word(const struct silence_match *m, int i)
{
    return i == 0 ? &m->alert : i == 1 ? &m->service : &m->severity;
}

void silence_match_fini(struct silence_match *m)
{
    for (int i = 0; i < MATCHERS; i++)
        text_fini(match_text(m, i));
}

static bool match_term(struct silence_match *m, const char *term, size_t len, struct err *err)
{
    int shown = (int)(len < 40 ? len : 40);
    const char *eq = memchr(term, '=', len);
    size_t key = eq ? (size_t)(eq - term) : len;

    for (int i = 0; eq && i < MATCHERS; i++) {
        struct text *t = match_text(m, i);

        if (strlen(match_keys[i]) != key || strncmp(match_keys[i], term, key) != 0)
            continue;
        if (t->len)
            return err_set(err, "%s= stands there twice; a silence hits one", match_keys[i]);
        if (key + 1 == len)
            return err_set(err, "%.*s what? An empty matcher would hit everything", shown, term);
        text_set(t, eq + 1, len - key - 1);
        return true;
    }
    return err_set(err, "'%.*s' hits nothing; write alert=, service= or severity=", shown, term);
}

bool silence_match_parse(struct silence_match *m, const char *s, size_t len, struct err *err)
{
    for (size_t i = 0; i < len;) {
        size_t n = 0;

        while (i + n < len && s[i + n] != ' ')
            n++;
        if (n && !match_term(m, s + i, n, err))
            return false;
        i += n + 1;
    }
    if (silence_match_empty(m))
        return err_set(err, "say what it hits: alert=, service= or severity=");
    return true;
}

void silence_match_words(const struct silence_match *m, struct text *out)
{
    struct text was = { 0 };

    text_sets(out, "");
    for (int i = 0; i < MATCHERS; i++) {
        if (!match_word(m, i)->len)
            continue;
        text_copy(&was, out);
        text_setf(out, "%s%s%s=%s", text_str(&was), was.len ? " " : "", match_keys[i],
                  text_str(match_word(m, i)));
    }
    text_fini(&was);
}

bool silence_match_empty(const struct silence_match *m)
{
    return !m->alert.len && !m->service.len && !m->severity.len;
}

bool silence_match_hits(const struct silence_match *m, const struct board *b, const struct alert *a)
{
    bool placed = a->service >= 0 && (size_t)a->service < b->n_services;

    if (silence_match_empty(m))
        return false;
    if (m->alert.len && !text_eq(&m->alert, &a->id))
        return false;
    if (m->service.len && (!placed || !text_eq(&m->service, &b->services[a->service].id)))
        return false;
    return !m->severity.len || text_eq(&m->severity, &a->severity);
}

/* ---- one silence ---- */

void silence_fini(struct silence *s)
{
    text_fini(&s->id);
    silence_match_fini(&s->match);
    text_fini(&s->who);
    text_fini(&s->reason);
}

void silence_copy(struct silence *to, const struct silence *from)
{
    text_copy(&to->id, &from->id);
    for (int i = 0; i < MATCHERS; i++)
        text_copy(match_text(&to->match, i), match_word(&from->match, i));
    text_copy(&to->who, &from->who);
    text_copy(&to->reason, &from->reason);
    to->since_ms = from->since_ms;
    to->until_ms = from->until_ms;
    to->planned = from->planned;
}

bool silence_reason_check(const char *reason, struct err *err)
{
    size_t said = 0;

    for (const char *c = reason; *c; c++) /* of a letter of several bytes the first */
        said += *c != ' ' && ((unsigned char)*c & 0xc0) != 0x80;
    return said >= SILENCE_REASON_MIN ||
           err_set(err, "say why, in %d characters at least", SILENCE_REASON_MIN);
}

bool silence_check(const struct silence *s, struct err *err)
{
    int64_t ms = s->until_ms - s->since_ms;

    if (silence_match_empty(&s->match))
        return err_set(err, "say what it hits: alert=, service= or severity=");
    if (ms < SILENCE_MIN_MS || ms > SILENCE_MAX_MS)
        return err_set(err, "a silence lasts from 1s to 7d");
    if (!silence_reason_check(text_str(&s->reason), err))
        return false;
    return s->id.len > 0 || err_set(err, "a silence has an id");
}

/* ---- of a board ---- */

int board_find_silence(const struct board *b, const char *id)
{
    for (size_t i = 0; i < b->n_silences; i++)
        if (text_is(&b->silences[i].id, id))
            return (int)i;
    return -1;
}

static void board_drop_silence(struct board *b, size_t at)
{
    silence_fini(&b->silences[at]);
    b->n_silences--;
    memmove(b->silences + at, b->silences + at + 1, (b->n_silences - at) * sizeof *b->silences);
}

bool board_unsilence(struct board *b, const char *id)
{
    int at = board_find_silence(b, id);

    if (at < 0)
        return false;
    board_drop_silence(b, (size_t)at);
    board_hush(b);
    return true;
}

bool board_silence(struct board *b, struct silence s)
{
    int was = board_find_silence(b, text_str(&s.id));
    size_t at;

    if (was >= 0)
        board_drop_silence(b, (size_t)was);
    if (b->n_silences == SILENCES_MAX || s.until_ms <= b->at_ms) {
        silence_fini(&s);
        board_hush(b);
        return false;
    }
    b->silences = xreallocarray(b->silences, b->n_silences + 1, sizeof *b->silences);
    at = b->n_silences++;
    for (; at > 0 && b->silences[at - 1].since_ms > s.since_ms; at--)
        b->silences[at] = b->silences[at - 1];
    b->silences[at] = s;
    board_hush(b);
    return true;
}

int64_t board_hush(struct board *b)
{
    int64_t next_ms = 0;

    for (size_t i = b->n_silences; i-- > 0;)
        if (b->silences[i].until_ms <= b->at_ms)
            board_drop_silence(b, i);
    for (size_t i = 0; i < b->n_alerts; i++)
        b->alerts[i].silenced = -1;
    for (size_t k = 0; k < b->n_silences; k++) {
        const struct silence *s = &b->silences[k];

        if (!next_ms || s->until_ms < next_ms)
            next_ms = s->until_ms;
        for (size_t i = 0; i < b->n_alerts; i++) {
            const struct silence *was = board_silenced(b, &b->alerts[i]);

            if (silence_match_hits(&s->match, b, &b->alerts[i]) &&
                (!was || was->until_ms < s->until_ms))
                b->alerts[i].silenced = (int)k;
        }
    }
    return next_ms;
}

const struct silence *board_silenced(const struct board *b, const struct alert *a)
{
    return a->silenced >= 0 && (size_t)a->silenced < b->n_silences ? &b->silences[a->silenced]
                                                                   : NULL;
}

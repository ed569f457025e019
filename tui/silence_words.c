/* tui/silence_words.c: typed silences, their preview, their words. */
#include "tui/silence_words.h"

#include <stdio.h>
#include <string.h>

#include "core/buf.h"
#include "core/nearest.h"

enum { SILENCE_WORD = 64 };

/* ---- as it is typed ---- */

static bool silence_known(const struct text *value, const char *key, bool found, const char *near,
                          struct err *err)
{
    if (!value->len || found)
        return true;
    return near ? err_set(err, "%s=%.60s: there is none; did you mean '%.60s'?", key,
                          text_str(value), near)
                : err_set(err, "%s=%.60s: there is none; Tab shows them all", key, text_str(value));
}

static const char *silence_near(const struct text *typed, const struct text *word, const char *near)
{
    const char *s = text_str(word);

    return near ? near : nearest_word(text_str(typed), &s, 1);
}

/* A mistyped one would hit nothing, and somebody would be woken. */
static bool silence_check_match(const struct silence_match *m, const struct board *b,
                                struct err *err)
{
    const char *alert = NULL, *severity = NULL, *service = NULL;
    bool has_severity = false;

    for (size_t i = 0; i < b->n_alerts; i++) {
        alert = silence_near(&m->alert, &b->alerts[i].id, alert);
        severity = silence_near(&m->severity, &b->alerts[i].severity, severity);
        has_severity = has_severity || text_eq(&m->severity, &b->alerts[i].severity);
    }
    for (size_t i = 0; i < b->n_services; i++)
        service = silence_near(&m->service, &b->services[i].id, service);
    return silence_known(&m->alert, "alert", board_find_alert(b, text_str(&m->alert)) >= 0, alert,
                         err) &&
           silence_known(&m->service, "service", board_find(b, text_str(&m->service)) >= 0, service,
                         err) &&
           silence_known(&m->severity, "severity", has_severity, severity, err);
}

/* The words with '=' in front are what it hits. */
static const char *silence_split(const char *arg, struct silence_typed *out)
{
    const char *s = arg;

    for (;;) {
        size_t len = strcspn(s, " ");

        if (!len || !memchr(s, '=', len))
            break;
        s += len;
        s += strspn(s, " ");
    }
    out->match = arg;
    out->match_len = (size_t)(s - arg);
    return s;
}

static bool silence_for(const char *s, size_t len, int64_t *ms, struct err *err)
{
    char word[SILENCE_WORD];

    if (!len)
        return err_set(err, "say how long: 30m, 2h, at most 7d");
    snprintf(word, sizeof word, "%.*s", (int)(len < SILENCE_WORD ? len : SILENCE_WORD - 1), s);
    if (!duration_parse(word, ms, err))
        return false;
    if (*ms < SILENCE_MIN_MS || *ms > SILENCE_MAX_MS)
        return err_set(err, "%s: a silence lasts from 1s to 7d", word);
    return true;
}

bool silence_typed(const char *arg, const struct board *b, struct silence_typed *out,
                   struct err *err)
{
    struct silence_match m = { .alert = { 0 } };
    const char *s = silence_split(arg, out);
    size_t len = strcspn(s, " ");
    bool ok =
        silence_match_parse(&m, out->match, out->match_len, err) && silence_check_match(&m, b, err);

    silence_match_fini(&m);
    if (!ok || !silence_for(s, len, &out->ms, err))
        return false;
    out->reason = s + len + strspn(s + len, " ");
    return silence_reason_check(out->reason, err);
}

bool silence_check_typed(const char *arg, const struct board *b, struct err *err)
{
    struct silence_typed typed;

    return silence_typed(arg, b, &typed, err);
}

bool silence_check_id(const char *id, const struct board *b, struct err *err)
{
    int at = board_find_silence(b, id);

    if (at < 0)
        return b->n_silences ? err_set(err, "no silence '%.40s'; Tab shows them all", id)
                             : err_set(err, "there is no silence");
    return !b->silences[at].planned ||
           err_set(err, "'%.40s' is of the configuration: change 'maintenance' there", id);
}

/* ---- what it hits ---- */

size_t silence_hits(const struct silence_match *m, const struct board *b, struct text *out)
{
    struct buf names = { 0 };
    size_t n = 0;

    for (size_t i = 0; i < b->n_alerts; i++)
        if (silence_match_hits(m, b, &b->alerts[i]))
            buf_addf(&names, "%s%s", n++ ? ", " : "", text_str(&b->alerts[i].id));
    if (n)
        text_setf(out, "%zu of %zu alerts: %s", n, b->n_alerts, buf_str(&names));
    else
        text_setf(out, "none of %zu alerts", b->n_alerts);
    buf_fini(&names);
    return n;
}

bool silence_preview(const char *arg, const struct board *b, int64_t now_ms, struct text *out)
{
    struct silence_match m = { .alert = { 0 } };
    struct silence_typed typed = { .match = "" };
    struct text hits = { 0 };
    struct err err = { "" }, of_match = { "" };
    bool ok = silence_typed(arg, b, &typed, &err);
    char until[32];

    if (!silence_match_parse(&m, typed.match, typed.match_len, &of_match) ||
        !silence_check_match(&m, b, &of_match)) {
        text_sets(out, of_match.msg);
    } else {
        silence_hits(&m, b, &hits);
        if (ok)
            text_setf(out, "until %s hits %s", stamp_format_utc(now_ms + typed.ms, until),
                      text_str(&hits));
        else
            text_setf(out, "%s; hits %s", err.msg, text_str(&hits));
    }
    silence_match_fini(&m);
    text_fini(&hits);
    return ok;
}

/* ---- one that there is ---- */

void silence_short(const struct silence *s, struct text *out)
{
    char until[32];

    if (!s) {
        text_sets(out, "");
        return;
    }
    clock_format_utc(s->until_ms, until);
    snprintf(until + 5, sizeof until - 5, "Z"); /* nobody counts its seconds */
    text_setf(out, "until %s by %.*s: %s", until, (int)strcspn(text_str(&s->who), "@"),
              text_str(&s->who), text_str(&s->reason));
}

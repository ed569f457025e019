/* app/event_words.c: words of records, by their code. */
#include "app/event_words.h"

#include "app/book.h"
#include "app/hush.h"
#include "core/buf.h"
#include "core/json.h"
#include "core/unit.h"

static const char *event_member(const struct record *r, const char *key)
{
    const char *s = json_string(json_get(r->what, key));

    return s ? s : "";
}

static void event_add(struct buf *out, const char *words)
{
    if (*words)
        buf_addf(out, "%s%s", out->len ? " · " : "", words);
}

/* What was seen comes first: it is what one compares. */
static void event_fired(const struct record *r, struct buf *out)
{
    event_add(out, event_member(r, "value"));
    event_add(out, event_member(r, "severity"));
    event_add(out, event_member(r, "rule"));
}

static void event_mended(const struct record *r, struct buf *out)
{
    const char *why = event_member(r, "why"), *aside = event_member(r, "aside");

    buf_addf(out, "the journal's end was mended%s%s", *why ? ": " : "", why);
    if (*aside)
        buf_addf(out, "; what stood there is in %s", aside);
}

/* "alert=api-5xx until 2026-01-29T03:13:47Z: failover (s3f9a1)" */
static void event_silence(const struct record *r, struct buf *out)
{
    struct silence s;
    struct text match = { 0 };
    char until[32];

    if (!hush_of_record(r, &s)) {
        buf_adds(out, "no silence: it lacks a matcher, an end or a reason");
        return;
    }
    silence_match_words(&s.match, &match);
    buf_addf(out, "%s until %s: %s (%s)", text_str(&match), stamp_format_utc(s.until_ms, until),
             text_str(&s.reason), text_str(&s.id));
    text_fini(&match);
    silence_fini(&s);
}

/* "oncall: trigger, 202"; of several alerts how many. */
static void event_sent(const struct record *r, struct buf *out)
{
    size_t n = json_count(json_get(r->what, "alerts"));

    buf_addf(out, "%s: %s, %s", event_member(r, "channel"), event_member(r, "action"),
             event_member(r, "result"));
    if (n > 1)
        buf_addf(out, "; %zu alerts", n);
}

static void event_tested(const struct record *r, struct buf *out)
{
    const char *result = event_member(r, "result");

    buf_addf(out, "%s: %s%s", event_member(r, "channel"), *result ? "tested, " : "the test arrived",
             result);
}

static void event_words(const struct record *r, struct buf *out)
{
    if (text_is(&r->code, BOOK_NOTE))
        event_add(out, event_member(r, "text"));
    else if (text_is(&r->code, BOOK_ACK))
        event_add(out, event_member(r, "note"));
    else if (text_is(&r->code, BOOK_UNACK))
        event_add(out, "nobody has it any more");
    else if (text_is(&r->code, BOOK_FIRING))
        event_fired(r, out);
    else if (text_is(&r->code, BOOK_RESOLVED))
        event_add(out, event_member(r, "why"));
    else if (text_is(&r->code, BOOK_SILENCE))
        event_silence(r, out);
    else if (text_is(&r->code, BOOK_UNSILENCE))
        buf_addf(out, "the silence %s ends", event_member(r, "id"));
    else if (text_is(&r->code, BOOK_SENT))
        event_sent(r, out);
    else if (text_is(&r->code, BOOK_TESTED))
        event_tested(r, out);
    else if (text_is(&r->code, BOOK_MENDED))
        event_mended(r, out);
}

struct event event_of(const struct record *r)
{
    struct event e = { .n = r->n, .at_ms = r->at_ms };
    struct buf words = { 0 };

    text_copy(&e.code, &r->code);
    text_setf(&e.who, "%s%s%s", text_str(&r->user), r->host.len ? "@" : "", text_str(&r->host));
    text_sets(&e.alert, event_member(r, "alert"));
    if (text_is(&r->code, BOOK_SILENCE))
        text_sets(&e.alert, json_string(json_get(json_get(r->what, "match"), "alert")));
    if (text_is(&r->code, BOOK_SENT) && json_count(json_get(r->what, "alerts")) == 1)
        text_sets(&e.alert, json_key(json_members(json_get(r->what, "alerts"))));
    event_words(r, &words);
    text_set(&e.words, buf_str(&words), words.len);
    buf_fini(&words);
    return e;
}

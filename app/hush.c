/* app/hush.c: a silence as a record of the journal, and back. */
#include "app/hush.h"

#include <unistd.h>

#include "app/book.h"
#include "core/board.h"
#include "core/buf.h"
#include "core/hash.h"
#include "core/json.h"

static void hush_text(const struct json *o, const char *key, struct text *out)
{
    text_sets(out, json_string(json_get(o, key)));
}

bool hush_of_record(const struct record *r, struct silence *out)
{
    const struct json *match = json_get(r->what, "match");
    struct err ignored;
    double until_ms;

    *out = (struct silence){ .since_ms = r->at_ms };
    if (!text_is(&r->code, BOOK_SILENCE))
        return false;
    hush_text(r->what, "id", &out->id);
    hush_text(match, "alert", &out->match.alert);
    hush_text(match, "service", &out->match.service);
    hush_text(match, "severity", &out->match.severity);
    hush_text(r->what, "reason", &out->reason);
    text_setf(&out->who, "%s@%s", text_str(&r->user), text_str(&r->host));
    if (json_number(json_get(r->what, "until_ms"), &until_ms) && until_ms > 0 && until_ms < 9e15)
        out->until_ms = (int64_t)until_ms;
    if (silence_check(out, &ignored))
        return true;
    silence_fini(out);
    return false;
}

static void hush_member(struct jsonw *w, const char *key, const struct text *t)
{
    if (!t->len)
        return;
    jsonw_key(w, key);
    jsonw_string(w, text_str(t));
}

void hush_what(const struct silence *s, struct buf *out)
{
    struct jsonw w;

    jsonw_begin(&w, out, false);
    jsonw_object(&w);
    hush_member(&w, "id", &s->id);
    jsonw_key(&w, "match");
    jsonw_object(&w);
    hush_member(&w, "alert", &s->match.alert);
    hush_member(&w, "service", &s->match.service);
    hush_member(&w, "severity", &s->match.severity);
    jsonw_end(&w, '}');
    jsonw_key(&w, "until_ms");
    jsonw_int(&w, s->until_ms);
    hush_member(&w, "reason", &s->reason);
    jsonw_end(&w, '}');
}

void hush_id(const struct board *b, int64_t now_ms, struct text *out)
{
    uint64_t h = hash_add(hash_add(HASH_START, (uint64_t)now_ms), (uint64_t)getpid());

    do {
        h = hash_add(h, 1);
        text_setf(out, "s%05x", (unsigned)(h >> 20 & 0xfffff));
    } while (board_find_silence(b, text_str(out)) >= 0);
}

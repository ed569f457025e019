/* tui/alert_page.c: the lines about one alert. */
#include "tui/alert_page.h"

#include <stdio.h>

#include "tui/alert_words.h"
#include "tui/silence_words.h"
#include "widgets/textflow.h"

enum { PAGE_LABEL_W = 9, PAGE_DAY_MS = 20 * 3600 * 1000 };

struct page { /* lines that come out one below the other */
    const struct view *v;
    const struct alert *a;
    struct rect r; /* what is still free */
    struct canvas *c;
};

static void page_line(struct page *p, const char *label, enum style style, const struct text *words)
{
    struct rect r = { p->r.x + PAGE_LABEL_W, p->r.y, p->r.w - PAGE_LABEL_W, p->r.h };
    int used;

    if (p->r.h <= 0 || words->len == 0)
        return;
    canvas_put(p->c, p->r.x, p->r.y, PAGE_LABEL_W - 1, STYLE_DIM, label);
    used = textflow_draw(words, r, style, p->c);
    p->r.y += used;
    p->r.h -= used;
}

/* "02:09:31Z", of another day with its date. */
static const char *page_clock(const struct page *p, int64_t at_ms, char out[32])
{
    if (p->v->now_ms - at_ms < PAGE_DAY_MS && at_ms - p->v->now_ms < PAGE_DAY_MS)
        return clock_format_utc(at_ms, out);
    return stamp_format_utc(at_ms, out);
}

/* "in 3m12s", or "now" when its time has come. */
static const char *page_in(const struct page *p, int64_t at_ms, char out[32])
{
    char age[16];

    if (at_ms <= p->v->now_ms)
        snprintf(out, 32, "now");
    else
        snprintf(out, 32, "in %s", age_format(at_ms - p->v->now_ms, age));
    return out;
}

/* Adds " · " and words of ours or of a text. */
static void page_add(struct text *t, const char *words)
{
    struct text was = { 0 };

    text_copy(&was, t);
    text_setf(t, "%s%s%s", text_str(&was), was.len ? " · " : "", words);
    text_fini(&was);
}

static void page_add_since(const struct page *p, struct text *t, const char *word, int64_t at_ms)
{
    char words[128], clock[32], age[16];

    snprintf(words, sizeof words, "%s since %s (%s)", word, page_clock(p, at_ms, clock),
             age_words(p->v->now_ms, at_ms, age));
    page_add(t, words);
}

static void page_add_firing(const struct page *p, struct text *t)
{
    const struct alert *a = p->a;
    char words[64], in[32];

    page_add_since(p, t, "firing", a->since_ms);
    if (a->clear_ms > 0) {
        page_add_since(p, t, "clear", a->clear_ms);
        snprintf(words, sizeof words, "resolves %s", page_in(p, a->clear_ms + a->keep_ms, in));
        page_add(t, words);
    }
    if (a->flapping) {
        snprintf(words, sizeof words, "flapping: fired %d times in 15m", a->fired_n);
        page_add(t, words);
    }
}

static void page_state(struct page *p)
{
    const struct alert *a = p->a;
    const struct service *root = alert_root(p->v->board, a);
    struct text t = { 0 };
    char words[64], in[32];

    if (root)
        text_setf(&t, "affected by %s", text_str(service_title(root)));
    switch (a->state) {
    case ALERT_FIRING:
        page_add_firing(p, &t);
        break;
    case ALERT_PENDING:
        page_add_since(p, &t, "pending", a->since_ms);
        snprintf(words, sizeof words, "fires %s", page_in(p, a->held_ms + a->for_ms, in));
        page_add(&t, words);
        break;
    case ALERT_RESOLVED:
        page_add_since(p, &t, "resolved", a->since_ms);
        break;
    case ALERT_INACTIVE:
        page_add(&t, "inactive");
        break;
    case ALERT_NO_DATA:
        break;
    }
    if (a->no_data_ms > 0 || a->state == ALERT_NO_DATA)
        page_add_since(p, &t, "no data", a->no_data_ms ? a->no_data_ms : a->since_ms);
    page_line(p, "state", alert_class(a) < ALERTS_RESOLVED ? look_alert(a).style : STYLE_PLAIN,
              &t); /* what is over is no news that all is well */
    if (a->no_data_ms > 0 || a->state == ALERT_NO_DATA)
        page_line(p, "why", STYLE_PLAIN, &a->note);
    text_fini(&t);
}

static void page_ack(struct page *p)
{
    const struct alert_ack *ack = &p->a->ack;
    struct text t = { 0 };
    char at[32], until[32], age[16];

    if (ack->at_ms > 0)
        text_setf(&t, "%s since %s (%s), until %s%s%s", text_str(&ack->who),
                  page_clock(p, ack->at_ms, at), age_words(p->v->now_ms, ack->at_ms, age),
                  ack->until_ms > 0 ? page_clock(p, ack->until_ms, until) : "it recovers",
                  ack->note.len ? ": " : "", text_str(&ack->note));
    else if (alert_class(p->a) == ALERTS_FIRING)
        text_sets(&t, "nobody has it; a takes it");
    page_line(p, "ack", ack->at_ms > 0 ? STYLE_PLAIN : STYLE_CRIT, &t);
    text_fini(&t);
}

static void page_told(struct page *p)
{
    struct text t = { 0 };
    char in[32];

    text_copy(&t, &p->a->told);
    if (p->a->remind_ms > 0) {
        char words[64];

        snprintf(words, sizeof words, "reminder %s", page_in(p, p->a->remind_ms, in));
        page_add(&t, words);
    }
    page_line(p, "told", p->a->told_bad ? STYLE_CRIT : STYLE_PLAIN, &t);
    text_fini(&t);
}

static void page_silence(struct page *p)
{
    const struct silence *s = board_silenced(p->v->board, p->a);
    struct text t = { 0 };
    char until[32], in[32];

    if (!s)
        return;
    text_setf(&t, "silenced until %s (%s) by %s: %s (%s)", page_clock(p, s->until_ms, until),
              page_in(p, s->until_ms, in), text_str(&s->who), text_str(&s->reason),
              text_str(&s->id));
    page_line(p, "silence", STYLE_AFFECTED, &t);
    text_fini(&t);
}

static void page_service(struct page *p)
{
    const struct service *s = alert_service(p->v->board, p->a);
    struct text t = { 0 };

    if (!s)
        return;
    text_setf(&t, "%s, %s%s%s", text_str(service_title(s)), look_service(p->v->board, s).word,
              s->reason.len ? ": " : "", text_str(&s->reason));
    page_line(p, "about", STYLE_PLAIN, &t);
    text_fini(&t);
}

static void page_last(struct page *p)
{
    const struct alert *a = p->a;
    struct text t = { 0 };
    char fired[32], resolved[32];

    if (a->fired_ms > 0)
        text_setf(&t, "fired %s%s%s", page_clock(p, a->fired_ms, fired),
                  a->resolved_ms > 0 ? ", resolved " : "",
                  a->resolved_ms > 0 ? page_clock(p, a->resolved_ms, resolved) : "");
    else
        text_sets(&t, "never fired");
    page_line(p, "last", STYLE_DIM, &t);
    text_fini(&t);
}

static void page_id(struct page *p)
{
    struct text t = { 0 };

    text_setf(&t, "%s%s%s", text_str(&p->a->id), p->a->severity.len ? " · " : "",
              text_str(&p->a->severity));
    page_line(p, "id", STYLE_DIM, &t);
    text_fini(&t);
}

void alert_page_draw(const struct view *v, const struct alert *a, struct rect r, struct canvas *c)
{
    struct page p = { .v = v, .a = a, .r = r, .c = c };

    page_state(&p);
    page_silence(&p);
    page_ack(&p);
    page_told(&p);
    page_line(&p, "value", STYLE_PLAIN, &a->value);
    page_service(&p);
    page_line(&p, "rule", STYLE_PLAIN, &a->rule);
    page_line(&p, "runbook", STYLE_PLAIN, &a->runbook);
    page_last(&p);
    page_id(&p);
}

/* tui/event_page.c: the lines about one record. */
#include "tui/event_page.h"

#include <stdio.h>

#include "tui/alert_words.h"
#include "tui/event_words.h"
#include "widgets/textflow.h"

enum { EVENT_LABEL_W = 8 };

struct event_page { /* lines that come out one below the other */
    const struct view *v;
    const struct event *e;
    struct rect r; /* what is still free */
    struct canvas *c;
};

static void event_page_line(struct event_page *p, const char *label, enum style style, int most,
                            const struct text *words)
{
    struct rect r = { p->r.x + EVENT_LABEL_W, p->r.y, p->r.w - EVENT_LABEL_W, p->r.h };
    int used;

    if (p->r.h <= 0 || words->len == 0)
        return;
    r.h = r.h < most ? r.h : most;
    canvas_put(p->c, p->r.x, p->r.y, EVENT_LABEL_W - 1, STYLE_DIM, label);
    used = textflow_draw(words, r, style, p->c);
    p->r.y += used;
    p->r.h -= used;
}

static void event_page_words(struct event_page *p)
{
    int below = p->e->alert.len ? 4 : 3, most = p->r.h > below ? p->r.h - below : 1;
    struct text none = { 0 };

    if (p->e->words.len) {
        event_page_line(p, "words", STYLE_STRONG, most, &p->e->words);
        return;
    }
    text_sets(&none, text_is(&p->e->code, "ACK") ? "without a note" : "none");
    event_page_line(p, "words", STYLE_DIM, 1, &none);
    text_fini(&none);
}

/* How it is now is what one wants to know next; its title stands above. */
static void event_page_alert(struct event_page *p)
{
    const struct board *b = p->v->board;
    const struct alert *a = event_alert(b, p->e);
    struct text t = { 0 }, ack = { 0 };
    char since[32];

    if (p->e->alert.len == 0)
        return;
    if (!a) {
        text_setf(&t, "%s · judged no more", text_str(&p->e->alert));
    } else {
        struct look look = look_alert(a);
        bool wrong = alert_class(a) <= ALERTS_AFFECTED;

        alert_ack_words(a, p->v->now_ms, &ack);
        text_setf(&t, "%s · now %s%s%s%s%s", text_str(&a->id), look.word,
                  a->state == ALERT_INACTIVE ? "" : " ",
                  a->state == ALERT_INACTIVE ? "" : alert_since(a, p->v->now_ms, since),
                  wrong ? " · ack: " : "", wrong ? text_str(&ack) : "");
    }
    event_page_line(p, "alert", STYLE_PLAIN, 2, &t);
    text_fini(&ack);
    text_fini(&t);
}

static void event_page_when(struct event_page *p)
{
    struct text t = { 0 };
    char stamp[32], local[32], age[16];

    local_words(p->e->at_ms, local);
    text_setf(&t, "%s%s%s%s · %s ago", stamp_format_utc(p->e->at_ms, stamp), *local ? " (" : "",
              local, *local ? ")" : "", age_words(p->v->now_ms, p->e->at_ms, age));
    event_page_line(p, "when", STYLE_PLAIN, 1, &t);
    text_fini(&t);
}

static void event_page_record(struct event_page *p)
{
    struct text t = { 0 };

    text_setf(&t, "%lld · %s", (long long)p->e->n, text_str(&p->e->code));
    event_page_line(p, "record", STYLE_DIM, 1, &t);
    text_fini(&t);
}

void event_page_draw(const struct view *v, const struct event *e, struct rect r, struct canvas *c)
{
    struct event_page p = { .v = v, .e = e, .r = r, .c = c };

    event_page_words(&p);
    event_page_line(&p, "who", STYLE_PLAIN, 1, &e->who);
    event_page_when(&p);
    event_page_alert(&p);
    event_page_record(&p);
}

/* app/alarm.c: the board says what fires, the journal what was told; where they differ a record is
 * written. So nothing is lost when a write fails: it differs still, and is tried again. */
#include "app/alarm.h"

#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"
#include "core/hash.h"
#include "core/json.h"
#include "io/errand.h"
#include "store/lease.h"

enum { ALARM_RETRY_MS = 5000, ALARM_LEASE_MS = 1000, ALARM_STACK = 128 << 10 };

struct told { /* what the journal says of one alert */
    char *id;
    int64_t fired_ms; /* 0 = it does not fire */
    struct alert_ack ack;
    struct alarm *alarm;         /* while a record of it is on its way, else NULL */
    int64_t writing_ms;          /* fired_ms once that record is there */
    int64_t before_ms, ended_ms; /* of the firing before */
    bool refused; /* it could not be written: what the board says counts until it is */
};

struct alarm {
    struct io *io;
    struct watch *watch;
    struct book *book;
    char *dir;
    struct told **told; /* each alone: records on their way point to it */
    size_t n;
    bool caught_up;
    int64_t failed_ms; /* monotonic: a record could not be written; 0 = all is well */
    struct lease *lease;
    bool ready; /* all that whoever had it before could have recorded is known */
    struct errand *errand;
    struct io_timer *timer;
    uint64_t look; /* of what was compared last */
};

static struct told *alarm_told(struct alarm *a, const char *id)
{
    struct told *t;

    for (size_t i = 0; i < a->n; i++)
        if (strcmp(a->told[i]->id, id) == 0)
            return a->told[i];
    t = xcalloc(1, sizeof *t);
    t->id = xstrdup(id);
    a->told = xreallocarray(a->told, a->n + 1, sizeof(struct told *));
    a->told[a->n++] = t;
    return t;
}

static void told_nobody(struct told *t)
{
    text_fini(&t->ack.who);
    text_fini(&t->ack.note);
    t->ack = (struct alert_ack){ 0 };
}

/* What the journal says from now on; 0 = it ended. */
static void told_fires(struct told *t, int64_t fired_ms, int64_t at_ms)
{
    if (!fired_ms && t->fired_ms) {
        t->before_ms = t->fired_ms;
        t->ended_ms = at_ms;
    }
    t->fired_ms = fired_ms;
}

/* ---- the lease ---- */

struct alarm_try { /* the thread's while it runs */
    char *dir;
    struct lease *lease;
};

static void alarm_try_run(void *what)
{
    struct alarm_try *t = what;
    struct err
        ignored; /* where there is no folder nothing can be recorded, and that is told then */

    t->lease = lease_try(t->dir, "collector", &ignored);
}

static void alarm_try_drop(void *what)
{
    struct alarm_try *t = what;

    lease_free(t->lease);
    free(t->dir);
    free(t);
}

static void alarm_tried(void *arg, void *what)
{
    struct alarm *a = arg;
    struct alarm_try *t = what;

    a->errand = NULL;
    a->lease = t->lease;
    t->lease = NULL;
    if (a->lease)
        book_look(a->book);
    else
        io_timer_arm(a->timer, ALARM_LEASE_MS);
}

static void alarm_try(struct alarm *a)
{
    static const struct errand_ops ops = { alarm_try_run, alarm_try_drop, ALARM_STACK };
    struct alarm_try *t = xcalloc(1, sizeof *t);

    t->dir = xstrdup(a->dir);
    a->errand = errand_start(a->io, &ops, t, alarm_tried, a);
    if (a->errand)
        return;
    alarm_try_drop(t);
    io_timer_arm(a->timer, ALARM_LEASE_MS);
}

/* ---- into the journal ---- */

static void alarm_written(void *arg, bool durable)
{
    struct told *t = arg;
    struct alarm *a = t->alarm;

    t->alarm = NULL;
    a->failed_ms = durable ? 0 : io_mono_ms(a->io);
    t->refused = !durable;
    if (durable)
        told_fires(t, t->writing_ms, io_now_ms(a->io));
    else
        io_timer_arm(a->timer, ALARM_RETRY_MS);
}

static void alarm_member(struct jsonw *w, const char *key, const char *value)
{
    jsonw_key(w, key);
    jsonw_string(w, value);
}

static void alarm_write(struct alarm *a, struct told *t, const char *code, int64_t then_ms,
                        struct buf *what)
{
    t->alarm = a;
    t->writing_ms = then_ms;
    if (!book_fact(a->book, code, buf_str(what), alarm_written, t)) {
        t->alarm = NULL;
        t->refused = true;
        a->failed_ms = io_mono_ms(a->io);
        io_timer_arm(a->timer, ALARM_RETRY_MS);
    }
    buf_fini(what);
}

static void alarm_fires(struct alarm *a, struct told *t, const struct board *b,
                        const struct alert *alert)
{
    struct buf what = { 0 };
    struct jsonw w;

    jsonw_begin(&w, &what, false);
    jsonw_object(&w);
    alarm_member(&w, "alert", t->id);
    alarm_member(&w, "severity", text_str(&alert->severity));
    alarm_member(&w, "service",
                 alert->service >= 0 ? text_str(&b->services[alert->service].id) : NULL);
    alarm_member(&w, "rule", text_str(&alert->rule));
    alarm_member(&w, "value", text_str(&alert->value));
    jsonw_key(&w, "fired_ms");
    jsonw_int(&w, alert->fired_ms);
    jsonw_end(&w, '}');
    alarm_write(a, t, BOOK_FIRING, alert->fired_ms, &what);
}

static void alarm_ends(struct alarm *a, struct told *t, const char *why)
{
    struct buf what = { 0 };
    struct jsonw w;

    jsonw_begin(&w, &what, false);
    jsonw_object(&w);
    alarm_member(&w, "alert", t->id);
    alarm_member(&w, "why", why);
    jsonw_end(&w, '}');
    alarm_write(a, t, BOOK_RESOLVED, 0, &what);
}

/* All that decides whether a record is due: most changes of a board are none of these. */
static uint64_t alarm_hash(const struct alarm *a, const struct board *b)
{
    uint64_t h = hash_add(HASH_START, (uint64_t)(uintptr_t)b);

    for (size_t i = 0; i < b->n_alerts; i++)
        h = hash_add(h, b->alerts[i].state);
    for (size_t i = 0; i < a->n; i++)
        h = hash_add(h, (uint64_t)a->told[i]->fired_ms << 1 | (a->told[i]->alarm != NULL));
    return hash_add(h, (uint64_t)a->failed_ms);
}

void alarm_look(struct alarm *a)
{
    const struct board *b = watch_board(a->watch);
    uint64_t look;

    if (!a->ready || (a->failed_ms && io_mono_ms(a->io) - a->failed_ms < ALARM_RETRY_MS))
        return;
    look = alarm_hash(a, b);
    if (look == a->look)
        return;
    a->look = look;
    for (size_t i = 0; i < b->n_alerts; i++) {
        struct told *t;

        if (b->alerts[i].state != ALERT_FIRING)
            continue;
        t = alarm_told(a, text_str(&b->alerts[i].id));
        if (!t->fired_ms && !t->alarm)
            alarm_fires(a, t, b, &b->alerts[i]);
    }
    for (size_t i = 0; i < a->n; i++) {
        struct told *t = a->told[i];
        int at = board_find_alert(b, t->id);

        if (!t->fired_ms || t->alarm || (at >= 0 && b->alerts[at].state == ALERT_FIRING))
            continue;
        alarm_ends(a, t, at < 0 ? "no longer configured" : "well again");
    }
}

static void alarm_turn(void *arg)
{
    struct alarm *a = arg;

    if (!a->lease && !a->errand)
        alarm_try(a);
    else
        alarm_look(a);
}

/* ---- out of the journal ---- */

static void alarm_on_firing(struct alarm *a, struct told *t, const struct record *r)
{
    double ms;
    int at = board_find_alert(watch_board(a->watch), t->id);

    t->fired_ms = json_number(json_get(r->what, "fired_ms"), &ms) && ms > 0 && ms < 9e15
                      ? (int64_t)ms
                      : r->at_ms;
    told_nobody(t);
    /* Another console saw it first: it is the same alert. What we do not see ourselves is not
     * taken over from a console that may see something else. */
    if (a->caught_up && at >= 0 && watch_board(a->watch)->alerts[at].state == ALERT_FIRING)
        watch_restore(a->watch, t->id, t->fired_ms);
}

static void alarm_on_ack(struct alarm *a, struct told *t, const struct record *r)
{
    told_nobody(t);
    text_setf(&t->ack.who, "%s@%s", text_str(&r->user), text_str(&r->host));
    text_sets(&t->ack.note, json_string(json_get(r->what, "note")));
    t->ack.at_ms = r->at_ms;
    if (a->caught_up)
        watch_ack(a->watch, t->id, &t->ack);
}

static void alarm_on_unack(struct alarm *a, struct told *t)
{
    told_nobody(t);
    if (a->caught_up)
        watch_ack(a->watch, t->id, &t->ack);
}

void alarm_record(struct alarm *a, const struct record *r)
{
    const char *id = json_string(json_get(r->what, "alert"));
    struct told *t;

    if (!id)
        return;
    t = alarm_told(a, id);
    if (text_is(&r->code, BOOK_FIRING)) {
        if (!book_is_own(a->book, r)) /* by now it may have ended */
            alarm_on_firing(a, t, r);
    } else if (text_is(&r->code, BOOK_RESOLVED)) {
        if (!book_is_own(a->book, r))
            told_fires(t, 0, r->at_ms);
        told_nobody(t);
    } else if (text_is(&r->code, BOOK_ACK)) {
        alarm_on_ack(a, t, r);
    } else if (text_is(&r->code, BOOK_UNACK)) {
        alarm_on_unack(a, t);
    }
    if (a->caught_up)
        alarm_look(a);
}

void alarm_caught_up(struct alarm *a)
{
    for (size_t i = 0; i < a->n; i++) {
        struct told *t = a->told[i];

        if (!t->fired_ms)
            continue;
        watch_restore(a->watch, t->id, t->fired_ms);
        if (t->ack.at_ms)
            watch_ack(a->watch, t->id, &t->ack);
    }
    a->caught_up = true;
    if (a->lease)
        book_look(a->book);
}

void alarm_looked(struct alarm *a)
{
    a->ready = a->caught_up && a->lease;
    alarm_look(a);
}

size_t alarm_facts(const struct alarm *a)
{
    return a->n;
}

struct alarm_fact alarm_fact(const struct alarm *a, size_t i)
{
    const struct told *t = a->told[i];
    const struct board *b = watch_board(a->watch);
    int at = t->refused ? board_find_alert(b, t->id) : -1;
    int64_t fired_ms = t->fired_ms;

    if (t->refused) /* a full disk is no reason to wake nobody */
        fired_ms = at >= 0 && b->alerts[at].state == ALERT_FIRING ? b->alerts[at].fired_ms : 0;
    return (struct alarm_fact){ t->id, fired_ms, t->before_ms, t->ended_ms, t->ack.at_ms > 0 };
}

bool alarm_holds(const struct alarm *a)
{
    return a->lease != NULL;
}

bool alarm_tells(const struct alarm *a)
{
    return a->ready;
}

struct alarm *alarm_new(struct io *io, struct watch *watch, struct book *book)
{
    struct alarm *a;

    if (!book_dir(book))
        return NULL;
    a = xcalloc(1, sizeof *a);
    a->io = io;
    a->watch = watch;
    a->book = book;
    a->dir = xstrdup(book_dir(book));
    a->timer = io_timer_new(io, alarm_turn, a);
    alarm_try(a);
    return a;
}

void alarm_free(struct alarm *a)
{
    if (!a)
        return;
    errand_forget(a->errand);
    io_timer_free(a->timer);
    lease_free(a->lease);
    for (size_t i = 0; i < a->n; i++) {
        told_nobody(a->told[i]);
        free(a->told[i]->id);
        free(a->told[i]);
    }
    free(a->told);
    free(a->dir);
    free(a);
}

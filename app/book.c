/* app/book.c: records into the journal, and records out of it. Nothing is called done that is not
 * on the disk. */
#include "app/book.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "app/hush.h"
#include "core/alloc.h"
#include "core/json.h"
#include "store/journal.h"
#include "store/journal_tail.h"
#include "store/place.h"

struct book {
    char *dir; /* NULL: `why` there is none */
    struct journal *journal;
    struct journal_tail *tail;
    struct book_events events;
    struct err why;
    struct err trouble; /* as it was told; empty = none */
    bool caught_up, ending;
    int64_t started_ms;
    struct record_link newest; /* of ours */
    char head[RECORD_HASH + 32];
};

struct book_entry { /* on its way to the disk */
    struct book *book;
    const char *did, *not_did; /* words for the person who asked; NULL = nobody did */
    void (*done)(void *arg, bool durable);
    void *arg;
};

bool book_is_own(const struct book *b, const struct record *r)
{
    return r->pid == getpid() && r->at_ms >= b->started_ms;
}

static const char *const book_codes[] = { BOOK_NOTE,      BOOK_ACK,    BOOK_UNACK,    BOOK_SILENCE,
                                          BOOK_UNSILENCE, BOOK_FIRING, BOOK_RESOLVED, BOOK_SENT,
                                          BOOK_TESTED,    BOOK_MENDED, NULL };

static void book_record(void *arg, const struct record *r)
{
    struct book *b = arg;

    b->events.record(b->events.arg, r);
}

static void book_trouble(struct book *b, const char *why)
{
    if (strcmp(b->trouble.msg, why ? why : "") == 0)
        return;
    err_set(&b->trouble, "%s", why ? why : "");
    b->events.trouble(b->events.arg, why);
}

/* A journal that cannot be read now may be well in a second: it is looked for again. */
static void book_caught_up(void *arg, const struct err *why)
{
    struct book *b = arg;

    if (b->caught_up)
        return;
    book_trouble(b, why ? why->msg : NULL);
    if (why)
        return;
    b->caught_up = true;
    b->events.caught_up(b->events.arg);
}

static void book_looked(void *arg)
{
    struct book *b = arg;

    if (b->caught_up)
        b->events.looked(b->events.arg);
}

const char *book_head(struct book *b)
{
    const struct record_link *at = journal_tail_head(b->tail);

    at = b->newest.n > at->n ? &b->newest : at;
    snprintf(b->head, sizeof b->head, "%lld:%s", (long long)at->n, at->hash);
    return at->n ? b->head : NULL;
}

void book_look(struct book *b)
{
    journal_tail_look(b->tail);
}

static void book_open(struct book *b, struct io *io, const char *dir)
{
    const struct journal_tail_events events = { book_codes, book_record, book_caught_up,
                                                book_looked, b };

    b->dir = xstrdup(dir);
    b->started_ms = io_now_ms(io);
    b->journal = journal_new(io, dir);
    b->tail = journal_tail_new(io, dir, &events);
}

struct book *book_new(struct io *io, const char *watch, const struct book_events *events)
{
    struct book *b = xcalloc(1, sizeof *b);
    char dir[PATH_MAX];

    b->events = *events;
    if (place_of(watch, dir, sizeof dir, &b->why))
        book_open(b, io, dir);
    return b;
}

struct book *book_new_demo(struct io *io, const char *demo_dir, const struct book_events *events)
{
    struct book *b = xcalloc(1, sizeof *b);
    struct buf path = { 0 };

    b->events = *events;
    buf_addf(&path, "%s/notes", demo_dir ? demo_dir : "");
    if (demo_dir)
        book_open(b, io, buf_str(&path));
    else
        err_set(&b->why, "this demo told no folder of its own");
    buf_fini(&path);
    return b;
}

void book_free(struct book *b)
{
    if (!b)
        return;
    b->ending = true; /* nobody listens any more */
    journal_tail_free(b->tail);
    journal_free(b->journal);
    free(b->dir);
    free(b);
}

const char *book_dir(const struct book *b)
{
    return b->dir;
}

static void book_says(struct book *b, bool bad, const char *before, const char *why)
{
    struct buf words = { 0 };

    buf_addf(&words, "%s%s", before, why);
    b->events.says(b->events.arg, bad, buf_str(&words));
    buf_fini(&words);
}

static void book_tell(struct book *b, const struct book_entry *e, const struct journal_written *w)
{
    char number[64];

    switch (w->outcome) {
    case JOURNAL_DURABLE:
        b->newest = w->at;
        snprintf(number, sizeof number, ": record %lld", (long long)w->at.n);
        if (e->did)
            book_says(b, false, e->did, number);
        book_trouble(b, NULL);
        journal_tail_look(b->tail);
        break;
    case JOURNAL_IN_DOUBT:
        if (e->did)
            book_says(b, true, "in doubt, it may or may not be recorded: ", w->why.msg);
        book_trouble(b, w->why.msg);
        break;
    case JOURNAL_REFUSED:
        if (e->did)
            book_says(b, true, e->not_did, w->why.msg);
        book_trouble(b, w->why.msg);
        break;
    }
}

static void book_written(void *arg, const struct journal_written *w)
{
    struct book_entry *e = arg;

    if (!e->book->ending) {
        book_tell(e->book, e, w);
        if (e->done)
            e->done(e->arg, w->outcome == JOURNAL_DURABLE);
    }
    free(e);
}

static bool book_write(const struct book_entry *entry, const char *code, const char *what)
{
    struct book *b = entry->book;
    struct book_entry *e;

    if (!b->journal) {
        if (entry->did)
            book_says(b, true, entry->not_did, b->why.msg);
        return false;
    }
    e = xcalloc(1, sizeof *e);
    *e = *entry;
    if (journal_append(b->journal, code, what, book_written, e))
        return true;
    if (e->did)
        book_says(b, true, e->not_did, "the journal is too far behind");
    free(e);
    return false;
}

/* { "a": x } or { "a": x, "b": y } */
static void book_what(struct buf *out, const char *a, const char *x, const char *b, const char *y)
{
    struct jsonw w;

    jsonw_begin(&w, out, false);
    jsonw_object(&w);
    jsonw_key(&w, a);
    jsonw_string(&w, x);
    if (b) {
        jsonw_key(&w, b);
        jsonw_string(&w, y);
    }
    jsonw_end(&w, '}');
}

void book_note(struct book *b, const char *words)
{
    const struct book_entry e = { b, "noted in the journal", "not noted: ", NULL, NULL };
    struct buf what = { 0 };

    book_what(&what, "text", words, NULL, NULL);
    book_write(&e, BOOK_NOTE, buf_str(&what));
    buf_fini(&what);
}

void book_ack(struct book *b, const char *alert, const char *note)
{
    const struct book_entry e = { b, "acknowledged", "not acknowledged: ", NULL, NULL };
    struct buf what = { 0 };

    book_what(&what, "alert", alert, "note", note);
    book_write(&e, BOOK_ACK, buf_str(&what));
    buf_fini(&what);
}

void book_unack(struct book *b, const char *alert)
{
    const struct book_entry e = { b, "given back", "not given back: ", NULL, NULL };
    struct buf what = { 0 };

    book_what(&what, "alert", alert, NULL, NULL);
    book_write(&e, BOOK_UNACK, buf_str(&what));
    buf_fini(&what);
}

void book_silence(struct book *b, const struct silence *s)
{
    const struct book_entry e = { b, "silenced", "not silenced: ", NULL, NULL };
    struct buf what = { 0 };

    hush_what(s, &what);
    book_write(&e, BOOK_SILENCE, buf_str(&what));
    buf_fini(&what);
}

void book_unsilence(struct book *b, const char *id)
{
    const struct book_entry e = { b, "the silence ends", "not ended: ", NULL, NULL };
    struct buf what = { 0 };

    book_what(&what, "id", id, NULL, NULL);
    book_write(&e, BOOK_UNSILENCE, buf_str(&what));
    buf_fini(&what);
}

bool book_fact(struct book *b, const char *code, const char *what,
               void (*done)(void *arg, bool durable), void *arg)
{
    return book_write(&(struct book_entry){ b, NULL, NULL, done, arg }, code, what);
}

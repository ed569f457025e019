/* app/book.c: notes into the journal. Nothing is called done that is not on the disk. */
#include "app/book.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/alloc.h"
#include "core/json.h"
#include "store/journal.h"
#include "store/place.h"

struct book {
    struct journal *journal; /* NULL: `why` there is none */
    struct book_events events;
    struct err why;
};

struct book_entry { /* on its way to the disk */
    struct book *book;
    char *words;
};

struct book *book_new(struct io *io, const char *watch, const struct book_events *events)
{
    struct book *b = xcalloc(1, sizeof *b);
    char dir[PATH_MAX];

    b->events = *events;
    if (place_of(watch, dir, sizeof dir, &b->why))
        b->journal = journal_new(io, dir);
    return b;
}

struct book *book_new_demo(struct io *io, const char *dir, const struct book_events *events)
{
    struct book *b = xcalloc(1, sizeof *b);
    struct buf path = { 0 };

    b->events = *events;
    buf_addf(&path, "%s/notes", dir ? dir : "");
    if (dir)
        b->journal = journal_new(io, buf_str(&path));
    else
        err_set(&b->why, "this demo told no folder of its own");
    buf_fini(&path);
    return b;
}

void book_free(struct book *b)
{
    if (!b)
        return;
    b->events = (struct book_events){ 0 }; /* nobody listens any more */
    journal_free(b->journal);
    free(b);
}

static void book_says(struct book *b, bool bad, const char *before, const char *why)
{
    struct buf words = { 0 };

    buf_addf(&words, "%s%s", before, why);
    if (b->events.says)
        b->events.says(b->events.arg, bad, buf_str(&words));
    buf_fini(&words);
}

static void book_written(void *arg, const struct journal_written *w)
{
    struct book_entry *e = arg;
    struct book *b = e->book;
    char number[64];

    switch (w->outcome) {
    case JOURNAL_DURABLE:
        snprintf(number, sizeof number, "record %lld", (long long)w->at.n);
        book_says(b, false, "noted in the journal: ", number);
        if (b->events.noted)
            b->events.noted(b->events.arg, e->words);
        break;
    case JOURNAL_IN_DOUBT:
        book_says(b, true, "in doubt, the note may or may not be kept: ", w->why.msg);
        break;
    case JOURNAL_REFUSED:
        book_says(b, true, "not noted: ", w->why.msg);
        break;
    }
    free(e->words);
    free(e);
}

void book_note(struct book *b, const char *words)
{
    struct book_entry *e;
    struct buf what = { 0 };
    struct jsonw w;

    if (!b->journal) {
        book_says(b, true, "not noted: ", b->why.msg);
        return;
    }
    e = xcalloc(1, sizeof *e);
    e->book = b;
    e->words = xstrdup(words);
    jsonw_begin(&w, &what, false);
    jsonw_object(&w);
    jsonw_key(&w, "text");
    jsonw_string(&w, words);
    jsonw_end(&w, '}');
    if (!journal_append(b->journal, "NOTE", buf_str(&what), book_written, e)) {
        book_says(b, true, "not noted: ", "the journal is too far behind");
        free(e->words);
        free(e);
    }
    buf_fini(&what);
}

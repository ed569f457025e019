/* app/book.h: the journal of a watch as its console uses it: what is written into it, and what
 * stands in it, whoever wrote that.
 *
 * A thing is done when its record comes back from the journal, and not before: there is one way in,
 * for what we wrote and for what others did.
 *
 * Errors:  as words for the screen through `says`; `trouble` as long as nothing can be recorded.
 *          Watching never waits for a journal and never ends with one.
 * Owner:   book_new() to book_free(), which accepts NULL and waits for what is being written, for
 *          two seconds at most.
 */
#pragma once

#include "io/loop.h"
#include "store/record.h"

#include <stdbool.h>

/* Codes of records, stable: others read them too. */
#define BOOK_NOTE  "NOTE"  /* {"text"} */
#define BOOK_ACK   "ACK"   /* {"alert","note"}: somebody has it */
#define BOOK_UNACK "UNACK" /* {"alert"}: nobody has it any more */
#define BOOK_SILENCE \
    "SILENCE" /* {"id","match":{"alert","service","severity"},"until_ms","reason"} */
#define BOOK_UNSILENCE "UNSILENCE" /* {"id"}: it ends before its time */
#define BOOK_FIRING    "FIRING"    /* {"alert","severity","service","rule","value"} */
#define BOOK_RESOLVED  "RESOLVED"  /* {"alert","why"} */
#define BOOK_MENDED    "MENDED"    /* {"why","aside","bytes"}: of the journal itself */
#define BOOK_SENT      "SENT"      /* {"channel","action","alerts":{id:fired_ms},"result"} */
#define BOOK_TESTED    "TESTED"    /* {"channel","result"}; {"channel","received":true} */

struct book;
struct silence;

struct book_events {
    void (*record)(void *arg, const struct record *r); /* of the codes above, in their order */
    void (*caught_up)(void *arg);                      /* what stood there has been told */
    void (*looked)(void *arg);                         /* what stood there at book_look() too */
    void (*says)(void *arg, bool bad, const char *words);
    void (*trouble)(void *arg, const char *why); /* NULL = it is over */
    void *arg;
};

/* Of a real watch, in its place; of a demo (`demo_dir`), in its folder, and gone with it. */
struct book *book_new(struct io *io, const char *watch, const struct book_events *events);
struct book *book_new_demo(struct io *io, const char *demo_dir, const struct book_events *events);
void book_free(struct book *b);
const char *book_dir(const struct book *b); /* NULL = there is none */

/* Of this very process: it knows already. */
bool book_is_own(const struct book *b, const struct record *r);
void book_look(struct book *b); /* what was written until now; there is a journal */
/* The newest record that is known, "412:<hash>", to be kept elsewhere; NULL = there is none.
 * Borrowed until the next call. */
const char *book_head(struct book *b);
void book_note(struct book *b, const char *words);
void book_ack(struct book *b, const char *alert, const char *note);
void book_unack(struct book *b, const char *alert);
void book_silence(struct book *b, const struct silence *s); /* a whole one: silence_check() */
void book_unsilence(struct book *b, const char *id);
/* What nobody asked for, and nobody is told of when it is well. `what`: a JSON object. `done` comes
 * once, later; false when it will not. */
bool book_fact(struct book *b, const char *code, const char *what,
               void (*done)(void *arg, bool durable), void *arg);

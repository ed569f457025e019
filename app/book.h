/* app/book.h: what this console writes into the journal of its watch.
 *
 * Errors:  as words for the screen through `says`. Watching never waits for a journal and never
 *          ends with one.
 * Owner:   book_new() to book_free(), which accepts NULL and waits for what is being written, for
 *          two seconds at most.
 */
#pragma once

#include "io/loop.h"

#include <stdbool.h>

struct book;

struct book_events {
    void (*noted)(void *arg, const char *words); /* it is on the disk */
    void (*says)(void *arg, bool bad, const char *words);
    void *arg;
};

/* Of a real watch, in its place. */
struct book *book_new(struct io *io, const char *watch, const struct book_events *events);
/* Of a demo, in its folder, and gone with it. NULL when it has none: then nothing is noted. */
struct book *book_new_demo(struct io *io, const char *dir, const struct book_events *events);
void book_free(struct book *b);

void book_note(struct book *b, const char *words);

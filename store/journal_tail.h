/* store/journal_tail.h: what stands in a journal, and then what is added to it, by whomever, told
 * on the loop. The file is read beside it.
 *
 * Errors:  through `caught_up`, every time the first time: it is looked for again each second.
 * Owner:   journal_tail_new() to journal_tail_free(), which accepts NULL; records are borrowed for
 *          the call. A journal that was put in the place of another is told from its beginning.
 */
#pragma once

#include "io/loop.h"
#include "store/record.h"

struct journal_tail;

struct journal_tail_events {
    const char *const *codes; /* of which records; ends with NULL */
    void (*record)(void *arg, const struct record *r);
    /* After each look that found something, and after the first; NULL = it could be read. */
    void (*caught_up)(void *arg, const struct err *why);
    void (*looked)(void *arg); /* a look that began after journal_tail_look() is through; or NULL */
    void *arg;
};

struct journal_tail *journal_tail_new(struct io *io, const char *dir,
                                      const struct journal_tail_events *events);
void journal_tail_free(struct journal_tail *t);
/* Where it has come to; n is 0 when nothing was read yet. Borrowed. */
const struct record_link *journal_tail_head(const struct journal_tail *t);
void journal_tail_look(struct journal_tail *t); /* now: something was added */

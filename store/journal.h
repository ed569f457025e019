/* store/journal.h: the journal on the loop. What is appended is on the disk before it is told; the
 * loop never waits for the disk.
 *
 * Order:   appends are written one after the other, in the order in which they were asked for, with
 *          the time at which they were.
 * Errors:  come with the outcome. The journal is opened with the first append, and again after one
 *          that failed: what was full or read-only may be well again.
 *          Each append is told exactly once.
 * Owner:   journal_new() to journal_free(), which turns the loop until what is being written is on
 *          the disk, for JOURNAL_FREE_MS at most, and tells what was not written that it is
 * refused. So it is not called from inside a callback of the loop.
 */
#pragma once

#include "io/loop.h"
#include "store/journal_file.h"

#include <stdbool.h>
#include <stddef.h>

enum { JOURNAL_PENDING_MAX = 1000, JOURNAL_FREE_MS = 2000 };

struct journal;

struct journal_written {
    enum journal_outcome outcome;
    struct record_link at; /* unless refused */
    struct err why;        /* unless durable */
};

struct journal *journal_new(struct io *io, const char *dir); /* copies `dir` */
void journal_free(struct journal *j);

/* `what`: a JSON object, copied. `done` comes later, never inside this call. False when
 * JOURNAL_PENDING_MAX wait already: nothing will be written. */
bool journal_append(struct journal *j, const char *code, const char *what,
                    void (*done)(void *arg, const struct journal_written *w), void *arg);

/* store/journal_file.h: the journal as a file: append-only, many writers, one at a time.
 *
 * Each append takes a lock on the file, reads what others wrote since, writes one line and waits
 * until it is on the disk. What is found damaged is never deleted. What stands after the last
 * record (a line that its writer did not finish, and was never told to be done; one that a crash
 * tore) is set aside beside the journal, in journal.torn-<time>; a journal with no record at its
 * end is renamed to journal.bad-<time> and a new one begins; both are then the first thing that is
 * recorded (JOURNAL_MENDED). A record that is damaged further up stays where it is: verifying names
 * it.
 *
 * Everything here may block on the disk: call it from an errand or a one-shot command.
 *
 * Errors:  JOURNAL_REFUSED: nothing stands in the journal. JOURNAL_IN_DOUBT: it was written, and
 *          the disk would not say that it is kept: it may be there after a crash, or not.
 * Owner:   journal_file_close(), which accepts NULL.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "store/record.h"

#define JOURNAL_NAME   "journal"
#define JOURNAL_MENDED "MENDED"

enum journal_outcome { JOURNAL_DURABLE, JOURNAL_REFUSED, JOURNAL_IN_DOUBT };

struct journal_file;

/* `dir` is place_open()'s folder. With `write` the journal is made when it is not there. */
struct journal_file *journal_file_open(const char *dir, bool write, struct err *err);
void journal_file_close(struct journal_file *f);

/* `what`: a JSON object. `at`: gets the link of the new record, also of one in doubt. */
enum journal_outcome journal_file_append(struct journal_file *f, const struct record_origin *o,
                                         const char *code, const char *what, struct record_link *at,
                                         struct err *err);

struct journal_entry { /* one of several */
    int64_t at_ms;     /* when it was asked for */
    const char *code, *what;
    enum journal_outcome outcome; /* from here on: what became of it */
    struct record_link at;
    struct err why;
};

/* The same for several, in their order, under one lock and with one wait for the disk. One that is
 * too long is refused by itself. */
void journal_file_append_all(struct journal_file *f, const struct record_origin *o,
                             struct journal_entry *entries, size_t n);

/* ---- reading ---- */

struct journal_walk {
    /* One whole line without its line feed, in order; false ends the walk. NULL = none. */
    bool (*record)(void *arg, const char *line, size_t len);
    void *arg;
};

struct journal_health {
    struct record_link head; /* the last good record */
    int64_t bytes;           /* up to its end */
    int64_t torn_bytes;      /* of an unfinished line after it; nobody was told that it is done */
    int64_t bad_n;           /* the first record that is not as it was written; 0 = none */
    struct err why;          /* of it */
};

struct journal_place { /* how far a reader has come; a zeroed one stands at the beginning */
    struct record_link link;
    int64_t offset;
    uint64_t dev, ino; /* of the file; 0 = none yet */
};

/* What was added since `at`, which moves on; from the beginning where another file stands there
 * now, or a shorter one. A line that does not follow is passed over: verifying is for
 * journal_file_walk(). True also when there is no journal yet. */
bool journal_file_follow(const char *dir, struct journal_place *at, const struct journal_walk *walk,
                         struct err *err);

/* From the first record on; each is held against the chain before `walk` sees it. What comes after
 * the first bad record is not walked. `published`: a head that was seen before (NULL = none): the
 * journal must still hold it. False only when the file cannot be read. */
bool journal_file_walk(struct journal_file *f, const struct journal_walk *walk,
                       const struct record_link *published, struct journal_health *out,
                       struct err *err);

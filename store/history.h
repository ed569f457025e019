/* store/history.h: the past of a watch, in history.db beside its journal: boards second by second
 * (core/film.h), signals slot by slot (store/chunk.h) and minute by minute, marks, and the
 * journal's records as boards showed them. It may be deleted at any time: what must never be lost
 * stands in the journal.
 *
 * One process writes: the one that holds the watch's lease. Others read beside it.
 * A file that is damaged is set aside as history.db.bad-<time>, and a new one begins. One that a
 * newer midwatch wrote is not touched.
 *
 * Everything here may block on the disk: call it from an errand. One thread at a time.
 *
 * Units:   Unix milliseconds; bytes.
 * Errors:  say what the disk or SQLite said. What was written before a failure of history_write()
 *          was not written: it is all or nothing.
 * Owner:   history_close(), which accepts NULL.
 */
#pragma once

#include "core/board.h"
#include "core/buf.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define HISTORY_NAME "history.db"

struct history;

/* To read: NULL with an empty err.msg when there is none yet. To write: it is made. `set_aside`
 * (zeroed, or NULL while reading) gets the name of a damaged file that was renamed. */
struct history *history_open(const char *dir, bool write, struct buf *set_aside, struct err *err);
void history_close(struct history *h);
/* What was done last failed because the file is damaged. Once it is closed it can be set aside: it
 * is renamed to the name in `name`, and the next one who writes begins anew. */
bool history_is_damaged(const struct history *h);
bool history_set_aside(const char *dir, struct buf *name, struct err *err);

/* ---- writing ---- */

struct history_reel { /* some seconds of the board */
    int64_t from_ms, until_ms;
    struct buf film;
};

struct history_chunk { /* some slots of a signal */
    struct text service, reading, signal;
    int64_t step_ms, from_ms; /* of a slot; of the first */
    struct buf slots;
};

struct history_mark {
    int64_t seen_ms; /* it stands on boards since */
    struct mark mark;
    struct text service; /* its id; mark.service is nothing here */
};

struct history_event {
    int64_t seen_ms;
    struct event event;
};

struct history_batch {
    struct history_reel *reels;
    struct history_chunk *chunks;
    struct history_mark *marks;
    struct history_event *events;
    size_t n_reels, n_chunks, n_marks, n_events;
};
void history_batch_fini(struct history_batch *b); /* with all that is in it */

struct history_limits {
    int64_t keep_ms;      /* seconds and slots */
    int64_t keep_long_ms; /* minutes, marks and records */
    int64_t size;         /* bytes of the file: the oldest seconds leave first */
};

/* A chunk that was written before is written over: it has more slots now. */
bool history_write(struct history *h, const struct history_batch *b, struct err *err);
/* Now and then, after writing: the minutes of hours that are over, and what is too old or too much
 * leaves. `now_ms`: of the newest board. */
bool history_tidy(struct history *h, const struct history_limits *limits, int64_t now_ms,
                  struct err *err);

/* Slots of one chunk of a signal with that step: a minute of a value a second, never more than an
 * hour. */
size_t history_slots(int64_t step_ms);

/* ---- reading ---- */

struct history_extent {
    int64_t from_ms, until_ms; /* of boards; 0 = none */
    int64_t minutes_from_ms;   /* of minutes; 0 = none */
    int64_t bytes;
};
bool history_extent(struct history *h, struct history_extent *out, struct err *err);

/* The newest board that is not after `at_ms`, with the marks and records it had, without series.
 * NULL with an empty err.msg when there is none. */
struct board *history_board(struct history *h, int64_t at_ms, struct err *err);

/* Fills the series of a board's signals with what lies in [from_ms, to_ms). They are new, or hold
 * nothing later than from_ms. */
bool history_series(struct history *h, struct board *b, int64_t from_ms, int64_t to_ms,
                    struct err *err);
/* Marks that stood on boards at `at_ms`, the newest of them, for a board that has none. */
bool history_marks(struct history *h, int64_t at_ms, struct board *b, struct err *err);

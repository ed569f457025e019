/* store/history_impl.h: what opening, writing and reading of the history share.
 *
 * Owner:   inside store/history*.c only.
 */
#pragma once

#include "store/history.h"

#include <sqlite3.h>

enum {
    HISTORY_SCHEMA = 1,
    HISTORY_SIGNALS = 1 << 20, /* a chunk's id is its second and its signal */
    HISTORY_HOUR_MS = 3600000,
    HISTORY_MINUTE_MS = 60000,
    HISTORY_MINUTES = 60 /* of a row */
};

struct history {
    sqlite3 *db;
    bool write, damaged;
};

/* Each runs what a person would type; false with the reason in err. A statement is the caller's:
 * sqlite3_finalize(). */
bool history_run(struct history *h, const char *sql, struct err *err);
sqlite3_stmt *history_ask(struct history *h, const char *sql, struct err *err);
bool history_done(struct history *h, sqlite3_stmt *s, struct err *err); /* steps, and resets */
bool history_row(struct history *h, sqlite3_stmt *s, struct err *err);  /* false at the end too */
bool history_failed(struct history *h, struct err *err);                /* false */
void history_bind_text(sqlite3_stmt *s, int at, const struct text *t);
void history_read_text(sqlite3_stmt *s, int col, struct text *out);
/* The number that a statement without parameters answers with; `none` when it answers nothing. */
int64_t history_number(struct history *h, const char *sql, int64_t none, struct err *err);

/* The minutes of every whole hour that has none yet, out of the slots. */
bool history_roll_up(struct history *h, struct err *err);
int64_t history_bytes(struct history *h, struct err *err); /* in use, of the file */

static inline int64_t history_id(int64_t from_ms, int64_t signal)
{
    return from_ms / 1000 * HISTORY_SIGNALS + signal;
}
/* When the chunk begins of which the id knows the second. */
static inline int64_t history_from(int64_t id, int64_t length_ms)
{
    int64_t ms = id / HISTORY_SIGNALS * 1000;

    return (ms + length_ms - 1) / length_ms * length_ms;
}

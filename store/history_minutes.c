/* store/history_minutes.c: hours of minutes out of slots: mean, least and most, an hour a row. What
 * was rolled up is told by a number in the file, so that after a crash nothing is missing and
 * nothing is done twice. */
#include "store/history_impl.h"

#include <math.h>
#include <stdlib.h>

#include "core/alloc.h"
#include "core/varint.h"
#include "store/chunk.h"

struct history_hour { /* of one signal */
    double sum[HISTORY_MINUTES], lo[HISTORY_MINUTES], hi[HISTORY_MINUTES];
    int n[HISTORY_MINUTES];
};

static void history_hour_add(struct history_hour *hour, int minute, double v)
{
    if (isnan(v) || minute < 0 || minute >= HISTORY_MINUTES)
        return;
    if (!hour->n[minute]++) {
        hour->sum[minute] = 0;
        hour->lo[minute] = hour->hi[minute] = v;
    }
    hour->sum[minute] += v;
    hour->lo[minute] = v < hour->lo[minute] ? v : hour->lo[minute];
    hour->hi[minute] = v > hour->hi[minute] ? v : hour->hi[minute];
}

static void history_hour_pack(const struct history_hour *hour, struct buf *out)
{
    double column[3][HISTORY_MINUTES];
    struct buf packed = { 0 };

    for (int i = 0; i < HISTORY_MINUTES; i++) {
        column[0][i] = hour->n[i] ? hour->sum[i] / hour->n[i] : NAN;
        column[1][i] = hour->n[i] ? hour->lo[i] : NAN;
        column[2][i] = hour->n[i] ? hour->hi[i] : NAN;
    }
    for (int k = 0; k < 3; k++) {
        buf_clear(&packed);
        chunk_write(column[k], HISTORY_MINUTES, &packed);
        varint_put(out, packed.len);
        buf_add(out, packed.bytes, packed.len);
    }
    buf_fini(&packed);
}

/* All slots of a signal that lie in the hour. */
static bool history_hour_gather(struct history *h, int64_t signal, int64_t step_ms, int64_t hour_ms,
                                sqlite3_stmt *chunk, struct history_hour *hour, struct err *err)
{
    size_t n = history_slots(step_ms);
    int64_t length_ms = (int64_t)n * step_ms;
    int64_t from_ms = hour_ms / length_ms * length_ms;
    double values[64];

    for (; from_ms < hour_ms + HISTORY_HOUR_MS; from_ms += length_ms) {
        err_set(err, "%s", "");
        sqlite3_bind_int64(chunk, 1, history_id(from_ms, signal));
        if (history_row(h, chunk, err) &&
            chunk_read(sqlite3_column_blob(chunk, 0), (size_t)sqlite3_column_bytes(chunk, 0),
                       values, n))
            for (size_t i = 0; i < n; i++)
                history_hour_add(
                    hour, (int)((from_ms + (int64_t)i * step_ms - hour_ms) / HISTORY_MINUTE_MS),
                    values[i]);
        sqlite3_reset(chunk);
        if (err->msg[0])
            return false;
    }
    return true;
}

static bool history_roll_hour(struct history *h, int64_t hour_ms, sqlite3_stmt *signals,
                              sqlite3_stmt *chunk, sqlite3_stmt *put, struct err *err)
{
    bool ok = true;

    err_set(err, "%s", "");
    while (ok && history_row(h, signals, err)) {
        int64_t id = sqlite3_column_int64(signals, 0);
        struct history_hour hour = { .n = { 0 } };
        struct buf packed = { 0 };
        bool any = false;

        ok = history_hour_gather(h, id, sqlite3_column_int64(signals, 1), hour_ms, chunk, &hour,
                                 err);
        for (int i = 0; i < HISTORY_MINUTES; i++)
            any = any || hour.n[i];
        if (ok && any) {
            history_hour_pack(&hour, &packed);
            sqlite3_bind_int64(put, 1, history_id(hour_ms, id));
            sqlite3_bind_blob64(put, 2, packed.bytes, packed.len, SQLITE_STATIC);
            ok = history_done(h, put, err);
            sqlite3_clear_bindings(put);
        }
        buf_fini(&packed);
    }
    sqlite3_reset(signals);
    return ok && !err->msg[0];
}

/* Hours in which there is anything at all, after the last one that was rolled up. */
static int64_t history_next_hour(struct history *h, int64_t done_ms, struct err *err)
{
    sqlite3_stmt *s = history_ask(h, "SELECT id FROM chunk WHERE id >= ? ORDER BY id LIMIT 1", err);
    int64_t at_ms = -1;

    if (!s)
        return -1;
    sqlite3_bind_int64(s, 1, history_id(done_ms, 0));
    if (history_row(h, s, err))
        at_ms = sqlite3_column_int64(s, 0) / HISTORY_SIGNALS * 1000;
    sqlite3_finalize(s);
    return at_ms < 0 ? -1 : at_ms / HISTORY_HOUR_MS * HISTORY_HOUR_MS;
}

static bool history_rolled(struct history *h, int64_t until_ms, struct err *err)
{
    sqlite3_stmt *s =
        history_ask(h, "INSERT OR REPLACE INTO fact VALUES('minutes_until_ms',?)", err);
    bool ok;

    if (!s)
        return false;
    sqlite3_bind_int64(s, 1, until_ms);
    ok = history_done(h, s, err);
    sqlite3_finalize(s);
    return ok;
}

bool history_roll_up(struct history *h, struct err *err)
{
    int64_t done_ms, last_ms, hour_ms;
    sqlite3_stmt *signals, *chunk, *put;
    bool ok;

    err_set(err, "%s", "");
    done_ms = history_number(h, "SELECT value FROM fact WHERE name='minutes_until_ms'", 0, err);
    /* of the newest board the hour still goes on */
    last_ms = history_number(h, "SELECT max(until_ms) FROM reel", 0, err) / HISTORY_HOUR_MS *
              HISTORY_HOUR_MS;
    if (err->msg[0])
        return false;
    signals = history_ask(h, "SELECT id, step_ms FROM signal", err);
    chunk = history_ask(h, "SELECT slots FROM chunk WHERE id=?", err);
    put = history_ask(h, "INSERT OR REPLACE INTO minutes VALUES(?,?)", err);
    ok = signals && chunk && put;
    hour_ms = ok ? history_next_hour(h, done_ms, err) : -1;
    if (hour_ms >= 0 && hour_ms < done_ms)
        hour_ms = done_ms; /* a chunk that began in the hour before */
    while (ok && hour_ms >= 0 && hour_ms < last_ms) {
        ok = history_run(h, "BEGIN IMMEDIATE", err) &&
             history_roll_hour(h, hour_ms, signals, chunk, put, err) &&
             history_rolled(h, hour_ms + HISTORY_HOUR_MS, err) && history_run(h, "COMMIT", err);
        if (ok)
            hour_ms = history_next_hour(h, hour_ms + HISTORY_HOUR_MS, err);
    }
    sqlite3_finalize(signals);
    sqlite3_finalize(chunk);
    sqlite3_finalize(put);
    return ok;
}

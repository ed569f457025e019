/* store/history_read.c: boards and series out of the file. */
#include "store/history_impl.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "core/alloc.h"
#include "core/film.h"
#include "store/chunk.h"

enum { HISTORY_FILM_MAX = 64 << 20 /* bytes of a reel that is believed */ };

bool history_extent(struct history *h, struct history_extent *out, struct err *err)
{
    int64_t first;

    err_set(err, "%s", "");
    out->from_ms = history_number(h, "SELECT min(from_ms) FROM reel", 0, err);
    out->until_ms = history_number(h, "SELECT max(until_ms) FROM reel", 0, err);
    first = history_number(h, "SELECT min(id) FROM minutes", 0, err);
    out->minutes_from_ms = first / HISTORY_SIGNALS * 1000;
    out->bytes = history_bytes(h, err);
    return !err->msg[0];
}

/* ---- boards ---- */

static struct board *history_play(struct history *h, sqlite3_stmt *s, int64_t at_ms,
                                  struct err *err)
{
    int64_t bytes = sqlite3_column_int64(s, 0);
    uLongf len = (uLongf)bytes;
    struct board *b = NULL;
    Bytef *film;

    (void)h;
    if (bytes <= 0 || bytes > HISTORY_FILM_MAX) {
        err_set(err, "a board of the past is damaged: it would be %lld bytes", (long long)bytes);
        return NULL;
    }
    film = xmalloc(len);
    if (uncompress(film, &len, sqlite3_column_blob(s, 1), (uLong)sqlite3_column_bytes(s, 1)) !=
        Z_OK)
        err_set(err, "a board of the past is damaged: it cannot be unpacked");
    else
        b = film_play((const char *)film, len, at_ms, err);
    free(film);
    return b;
}

static bool history_events(struct history *h, int64_t at_ms, struct board *b, struct err *err)
{
    sqlite3_stmt *s = history_ask(h,
                                  "SELECT n, at_ms, code, who, alert, words FROM event"
                                  " WHERE seen_ms <= ? ORDER BY seen_ms DESC, id DESC LIMIT ?",
                                  err);
    struct event *events;
    size_t n = 0;

    if (!s)
        return false;
    events = xcalloc(BOARD_EVENTS, sizeof *events);
    sqlite3_bind_int64(s, 1, at_ms);
    sqlite3_bind_int(s, 2, BOARD_EVENTS);
    for (; n < BOARD_EVENTS && history_row(h, s, err); n++) {
        events[n].n = sqlite3_column_int64(s, 0);
        events[n].at_ms = sqlite3_column_int64(s, 1);
        history_read_text(s, 2, &events[n].code);
        history_read_text(s, 3, &events[n].who);
        history_read_text(s, 4, &events[n].alert);
        history_read_text(s, 5, &events[n].words);
    }
    sqlite3_finalize(s);
    while (n)
        board_event(b, events[--n]);
    free(events);
    return !err->msg[0];
}

bool history_marks(struct history *h, int64_t at_ms, struct board *b, struct err *err)
{
    sqlite3_stmt *s = history_ask(h,
                                  "SELECT at_ms, kind, service, label FROM mark"
                                  " WHERE seen_ms <= ? ORDER BY seen_ms DESC, id DESC LIMIT ?",
                                  err);
    struct mark marks[BOARD_MARKS];
    struct text service = { 0 };
    size_t n = 0;

    if (!s)
        return false;
    err_set(err, "%s", "");
    sqlite3_bind_int64(s, 1, at_ms);
    sqlite3_bind_int(s, 2, BOARD_MARKS);
    while (n < BOARD_MARKS && history_row(h, s, err)) {
        int kind = sqlite3_column_int(s, 1);

        history_read_text(s, 2, &service);
        if (kind < 0 || kind > MARK_NOTE)
            continue;
        marks[n] = (struct mark){ .at_ms = sqlite3_column_int64(s, 0),
                                  .kind = (enum mark_kind)kind,
                                  .service = service.len ? board_find(b, text_str(&service)) : -1 };
        history_read_text(s, 3, &marks[n].label);
        n++;
    }
    text_fini(&service);
    sqlite3_finalize(s);
    while (n)
        board_mark(b, marks[--n]);
    return !err->msg[0];
}

struct board *history_board(struct history *h, int64_t at_ms, struct err *err)
{
    sqlite3_stmt *s = history_ask(h,
                                  "SELECT bytes, film FROM reel WHERE from_ms <= ?"
                                  " ORDER BY from_ms DESC LIMIT 1",
                                  err);
    struct board *b = NULL;

    if (!s)
        return NULL;
    err_set(err, "%s", "");
    sqlite3_bind_int64(s, 1, at_ms);
    if (history_row(h, s, err))
        b = history_play(h, s, at_ms, err);
    sqlite3_finalize(s);
    if (b && history_marks(h, b->at_ms, b, err) && history_events(h, b->at_ms, b, err))
        return b;
    board_free(b);
    return NULL;
}

/* ---- series ---- */

struct history_targets { /* by the id of the signal */
    struct history_target {
        struct series *series;
        int64_t step_ms;
    } * of;
    size_t n;
};

static void history_target(struct history_targets *t, int64_t id, const struct signal *s)
{
    if (id < 0 || id >= HISTORY_SIGNALS || !s->series)
        return;
    if ((size_t)id >= t->n) {
        size_t n = (size_t)id + 64;

        t->of = xreallocarray(t->of, n, sizeof *t->of);
        memset(t->of + t->n, 0, (n - t->n) * sizeof *t->of);
        t->n = n;
    }
    t->of[id] = (struct history_target){ s->series, series_step_ms(s->series) };
}

static bool history_find_targets(struct history *h, struct board *b, struct history_targets *t,
                                 struct err *err)
{
    sqlite3_stmt *s = history_ask(
        h, "SELECT id FROM signal WHERE service=? AND reading=? AND name=? AND step_ms=?", err);

    if (!s)
        return false;
    err_set(err, "%s", "");
    for (size_t i = 0; i < b->n_services; i++) {
        const struct service *service = &b->services[i];

        for (size_t k = 0; k < service->n_readings; k++) {
            const struct reading *r = &service->readings[k];

            for (size_t j = 0; j < r->n_signals; j++) {
                if (!r->signals[j].series)
                    continue;
                history_bind_text(s, 1, &service->id);
                history_bind_text(s, 2, &r->id);
                history_bind_text(s, 3, &r->signals[j].name);
                sqlite3_bind_int64(s, 4, series_step_ms(r->signals[j].series));
                if (history_row(h, s, err))
                    history_target(t, sqlite3_column_int64(s, 0), &r->signals[j]);
                sqlite3_reset(s);
            }
        }
    }
    sqlite3_finalize(s);
    return !err->msg[0];
}

static void history_push(const struct history_target *t, int64_t id, const void *bytes, size_t len,
                         int64_t from_ms, int64_t to_ms)
{
    size_t n = history_slots(t->step_ms);
    int64_t at_ms = history_from(id, (int64_t)n * t->step_ms);
    double values[64];

    if (!chunk_read(bytes, len, values, n))
        return; /* a gap */
    for (size_t i = 0; i < n; i++, at_ms += t->step_ms)
        if (!isnan(values[i]) && at_ms >= from_ms && at_ms < to_ms)
            series_push(t->series, at_ms, values[i]);
}

bool history_series(struct history *h, struct board *b, int64_t from_ms, int64_t to_ms,
                    struct err *err)
{
    struct history_targets t = { 0 };
    sqlite3_stmt *s = NULL;
    bool ok = history_find_targets(h, b, &t, err);

    if (ok)
        s = history_ask(h, "SELECT id, slots FROM chunk WHERE id >= ? AND id < ? ORDER BY id", err);
    if (s) { /* in the order of time; a chunk may have begun an hour before its last slot */
        sqlite3_bind_int64(s, 1, history_id(from_ms - HISTORY_HOUR_MS, 0));
        sqlite3_bind_int64(s, 2, history_id(to_ms, HISTORY_SIGNALS - 1));
        while (history_row(h, s, err)) {
            int64_t id = sqlite3_column_int64(s, 0), signal = id % HISTORY_SIGNALS;

            if ((size_t)signal < t.n && t.of[signal].series)
                history_push(&t.of[signal], id, sqlite3_column_blob(s, 1),
                             (size_t)sqlite3_column_bytes(s, 1), from_ms, to_ms);
        }
        sqlite3_finalize(s);
    }
    free(t.of);
    return ok && s && !err->msg[0];
}

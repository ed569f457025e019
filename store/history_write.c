/* store/history_write.c: a batch as one transaction, and what leaves for it. */
#include "store/history_impl.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "core/alloc.h"
#include "core/varint.h"
#include "store/chunk.h"

enum { HISTORY_PRUNE_PART = 8 /* of the boards, that leave at once for want of room */ };

void history_batch_fini(struct history_batch *b)
{
    for (size_t i = 0; i < b->n_reels; i++)
        buf_fini(&b->reels[i].film);
    for (size_t i = 0; i < b->n_chunks; i++) {
        text_fini(&b->chunks[i].service);
        text_fini(&b->chunks[i].reading);
        text_fini(&b->chunks[i].signal);
        buf_fini(&b->chunks[i].slots);
    }
    for (size_t i = 0; i < b->n_marks; i++) {
        text_fini(&b->marks[i].mark.label);
        text_fini(&b->marks[i].service);
    }
    for (size_t i = 0; i < b->n_events; i++)
        event_fini(&b->events[i].event);
    free(b->reels);
    free(b->chunks);
    free(b->marks);
    free(b->events);
    *b = (struct history_batch){ 0 };
}

size_t history_slots(int64_t step_ms)
{
    int64_t n = HISTORY_HOUR_MS / step_ms;

    return n > 64 ? 64 : n < 1 ? 1 : (size_t)n;
}

/* ---- one kind after the other ---- */

static bool history_write_reels(struct history *h, const struct history_batch *b, struct err *err)
{
    sqlite3_stmt *s;
    bool ok = true;

    if (!b->n_reels)
        return true;
    s = history_ask(h, "INSERT OR REPLACE INTO reel VALUES(?,?,?,?)", err);
    for (size_t i = 0; s && ok && i < b->n_reels; i++) {
        const struct history_reel *r = &b->reels[i];
        uLongf len = compressBound(r->film.len);
        Bytef *packed = xmalloc(len);

        ok = compress2(packed, &len, (const Bytef *)r->film.bytes, r->film.len, 1) == Z_OK;
        sqlite3_bind_int64(s, 1, r->from_ms);
        sqlite3_bind_int64(s, 2, r->until_ms);
        sqlite3_bind_int64(s, 3, (int64_t)r->film.len);
        sqlite3_bind_blob64(s, 4, packed, len, SQLITE_STATIC);
        ok = ok ? history_done(h, s, err) : err_set(err, "a board could not be packed");
        sqlite3_clear_bindings(s);
        free(packed);
    }
    sqlite3_finalize(s);
    return s && ok;
}

static int64_t history_signal_id(struct history *h, sqlite3_stmt *find, sqlite3_stmt *add,
                                 const struct history_chunk *c, struct err *err)
{
    sqlite3_stmt *const both[] = { find, add };
    int64_t id = 0;

    for (size_t i = 0; i < 2 && !id; i++) {
        history_bind_text(both[i], 1, &c->service);
        history_bind_text(both[i], 2, &c->reading);
        history_bind_text(both[i], 3, &c->signal);
        sqlite3_bind_int64(both[i], 4, c->step_ms);
        if (history_row(h, both[i], err))
            id = sqlite3_column_int64(both[i], 0);
        sqlite3_reset(both[i]);
    }
    if (id >= HISTORY_SIGNALS) {
        err_set(err, "%s holds as many signals as it can", HISTORY_NAME);
        return 0;
    }
    return id;
}

/* Another process may have written the first slots of it, before this one began. */
static bool history_merge(struct history *h, sqlite3_stmt *get, int64_t id,
                          const struct history_chunk *c, struct buf *merged, struct err *err)
{
    size_t n = history_slots(c->step_ms);
    double now[64], was[64];
    bool more = false;

    err_set(err, "%s", "");
    buf_clear(merged);
    sqlite3_bind_int64(get, 1, history_id(c->from_ms, id));
    if (history_row(h, get, err) && chunk_read(c->slots.bytes, c->slots.len, now, n) &&
        chunk_read(sqlite3_column_blob(get, 0), (size_t)sqlite3_column_bytes(get, 0), was, n)) {
        for (size_t i = 0; i < n; i++) {
            more = more || (isnan(now[i]) && !isnan(was[i]));
            now[i] = isnan(now[i]) ? was[i] : now[i];
        }
        if (more)
            chunk_write(now, n, merged);
    }
    sqlite3_reset(get);
    return !err->msg[0];
}

static bool history_write_chunks(struct history *h, const struct history_batch *b, struct err *err)
{
    sqlite3_stmt *find, *add, *get, *put;
    struct buf merged = { 0 };
    bool ok = true;

    if (!b->n_chunks)
        return true;
    find = history_ask(
        h, "SELECT id FROM signal WHERE service=? AND reading=? AND name=? AND step_ms=?", err);
    add = history_ask(
        h, "INSERT INTO signal(service,reading,name,step_ms) VALUES(?,?,?,?) RETURNING id", err);
    get = history_ask(h, "SELECT slots FROM chunk WHERE id=?", err);
    put = history_ask(h, "INSERT OR REPLACE INTO chunk VALUES(?,?)", err);
    for (size_t i = 0; find && add && get && put && ok && i < b->n_chunks; i++) {
        const struct history_chunk *c = &b->chunks[i];
        const struct buf *slots = &c->slots;
        int64_t id;

        err_set(err, "%s", "");
        id = history_signal_id(h, find, add, c, err);
        ok = id && history_merge(h, get, id, c, &merged, err);
        if (!ok)
            break;
        if (merged.len)
            slots = &merged;
        sqlite3_bind_int64(put, 1, history_id(c->from_ms, id));
        sqlite3_bind_blob64(put, 2, slots->bytes, slots->len, SQLITE_STATIC);
        ok = history_done(h, put, err);
    }
    ok = ok && find && add && get && put;
    buf_fini(&merged);
    sqlite3_finalize(get);
    sqlite3_finalize(find);
    sqlite3_finalize(add);
    sqlite3_finalize(put);
    return ok;
}

static bool history_write_marks(struct history *h, const struct history_batch *b, struct err *err)
{
    sqlite3_stmt *s;
    bool ok = true;

    if (!b->n_marks)
        return true;
    s = history_ask(h,
                    "INSERT OR IGNORE INTO mark(seen_ms,at_ms,kind,service,label)"
                    " VALUES(?,?,?,?,?)",
                    err);
    for (size_t i = 0; s && ok && i < b->n_marks; i++) {
        const struct history_mark *m = &b->marks[i];

        sqlite3_bind_int64(s, 1, m->seen_ms);
        sqlite3_bind_int64(s, 2, m->mark.at_ms);
        sqlite3_bind_int(s, 3, (int)m->mark.kind);
        history_bind_text(s, 4, &m->service);
        history_bind_text(s, 5, &m->mark.label);
        ok = history_done(h, s, err);
    }
    sqlite3_finalize(s);
    return s && ok;
}

static bool history_write_events(struct history *h, const struct history_batch *b, struct err *err)
{
    sqlite3_stmt *s;
    bool ok = true;

    if (!b->n_events)
        return true;
    s = history_ask(h,
                    "INSERT OR IGNORE INTO event(seen_ms,n,at_ms,code,who,alert,words)"
                    " VALUES(?,?,?,?,?,?,?)",
                    err);
    for (size_t i = 0; s && ok && i < b->n_events; i++) {
        const struct event *e = &b->events[i].event;

        sqlite3_bind_int64(s, 1, b->events[i].seen_ms);
        sqlite3_bind_int64(s, 2, e->n);
        sqlite3_bind_int64(s, 3, e->at_ms);
        history_bind_text(s, 4, &e->code);
        history_bind_text(s, 5, &e->who);
        history_bind_text(s, 6, &e->alert);
        history_bind_text(s, 7, &e->words);
        ok = history_done(h, s, err);
    }
    sqlite3_finalize(s);
    return s && ok;
}

/* ---- the whole batch ---- */

static void history_rollback(struct history *h)
{
    if (!sqlite3_get_autocommit(h->db))
        sqlite3_exec(h->db, "ROLLBACK", NULL, NULL, NULL); /* the reason stays the first one */
}

bool history_write(struct history *h, const struct history_batch *b, struct err *err)
{
    bool ok = history_run(h, "BEGIN IMMEDIATE", err) && history_write_reels(h, b, err) &&
              history_write_chunks(h, b, err) && history_write_marks(h, b, err) &&
              history_write_events(h, b, err) && history_run(h, "COMMIT", err);

    history_rollback(h);
    return ok;
}

/* ---- what leaves ---- */

int64_t history_bytes(struct history *h, struct err *err)
{
    int64_t page = history_number(h, "PRAGMA page_size", 0, err);

    return page * (history_number(h, "PRAGMA page_count", 0, err) -
                   history_number(h, "PRAGMA freelist_count", 0, err));
}

static bool history_forget(struct history *h, const char *sql, int64_t before, struct err *err)
{
    sqlite3_stmt *s = history_ask(h, sql, err);
    bool ok;

    if (!s)
        return false;
    sqlite3_bind_int64(s, 1, before);
    ok = history_done(h, s, err);
    sqlite3_finalize(s);
    return ok;
}

/* Boards leave before slots do: they are the larger part, and a chart says more about last week. */
static bool history_make_room(struct history *h, int64_t size, struct err *err)
{
    static const char *const older[] = {
        "DELETE FROM reel WHERE from_ms IN (SELECT from_ms FROM reel ORDER BY from_ms LIMIT ?)",
        "DELETE FROM chunk WHERE id IN (SELECT id FROM chunk ORDER BY id LIMIT ?)"
    };
    static const char *const count[] = { "SELECT count(*) FROM reel",
                                         "SELECT count(*) FROM chunk" };
    int64_t bytes = history_bytes(h, err);

    for (size_t k = 0; k < 2; k++) {
        while (bytes > size) {
            int64_t n = history_number(h, count[k], 0, err);

            if (n < 2 * HISTORY_PRUNE_PART)
                break; /* the newest stay */
            if (!history_forget(h, older[k], n / HISTORY_PRUNE_PART, err))
                return false;
            bytes = history_bytes(h, err);
        }
    }
    return true;
}

static bool history_prune(struct history *h, const struct history_limits *limits, int64_t now_ms,
                          struct err *err)
{
    int64_t before = now_ms - limits->keep_ms, long_before = now_ms - limits->keep_long_ms;

    return history_run(h, "BEGIN IMMEDIATE", err) &&
           history_forget(h, "DELETE FROM reel WHERE until_ms < ?", before, err) &&
           history_forget(h, "DELETE FROM chunk WHERE id < ?", history_id(before, 0), err) &&
           history_forget(h, "DELETE FROM minutes WHERE id < ?", history_id(long_before, 0), err) &&
           history_forget(h, "DELETE FROM mark WHERE seen_ms < ?", long_before, err) &&
           history_forget(h, "DELETE FROM event WHERE seen_ms < ?", long_before, err) &&
           history_make_room(h, limits->size, err) && history_run(h, "COMMIT", err);
}

bool history_tidy(struct history *h, const struct history_limits *limits, int64_t now_ms,
                  struct err *err)
{
    bool ok = history_roll_up(h, err) && history_prune(h, limits, now_ms, err);

    history_rollback(h);
    return ok;
}

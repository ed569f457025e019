/* io/pg.c: the PostgreSQL client: databases by address, shared by those who ask. */
#include "io/pg.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"
#include "io/pg_db.h"

struct pg *pg_new(struct io *io)
{
    struct pg *pg = xcalloc(1, sizeof *pg);

    pg->io = io;
    pg->resolver = resolver_new(io);
    return pg;
}

static void pg_db_free(struct pg_db *db)
{
    pg_db_fini(db);
    pg_target_fini(&db->target);
    secret_free(db->password);
    free(db->conninfo);
    free(db);
}

void pg_free(struct pg *pg)
{
    if (!pg)
        return;
    while (pg->dbs) {
        struct pg_db *db = pg->dbs;

        pg->dbs = db->next;
        pg_db_free(db);
    }
    resolver_free(pg->resolver);
    free(pg);
}

void pg_db_hold(struct pg_db *db)
{
    db->refs++;
}

void pg_db_release(struct pg_db *db)
{
    struct pg_db **at = &db->pg->dbs;

    if (--db->refs > 0)
        return;
    while (*at != db)
        at = &(*at)->next;
    *at = db->next;
    pg_db_free(db);
}

struct pg_db *pg_db_get(struct pg *pg, const char *conninfo, const struct secret *password,
                        struct err *err)
{
    struct pg_target target;
    struct pg_db *db;

    for (db = pg->dbs; db; db = db->next)
        if (strcmp(db->conninfo, conninfo) == 0 && secret_same(db->password, password)) {
            pg_db_hold(db);
            return db;
        }
    if (password && strlen(secret_reveal(password)) != secret_len(password)) {
        err_set(err, "the password holds a NUL byte");
        return NULL;
    }
    if (!pg_target_read(&target, conninfo, err))
        return NULL;
    db = xcalloc(1, sizeof *db);
    db->pg = pg;
    db->refs = 1;
    db->next = pg->dbs;
    pg->dbs = db;
    db->conninfo = xstrdup(conninfo);
    db->target = target;
    db->password = secret_copy(password);
    pg_db_init(db);
    return db;
}

void pg_db_put(struct pg_db *db)
{
    if (db)
        pg_db_release(db);
}

void pg_on_closed(struct pg_db *db, void (*fn)(void *arg), void *arg)
{
    hangup_listen(&db->hangup, fn, arg);
}

void pg_off_closed(struct pg_db *db, void *arg)
{
    hangup_unlisten(&db->hangup, arg);
}

void pg_show(const char *conninfo, struct text *out)
{
    struct pg_target target;

    if (!pg_target_read(&target, conninfo, NULL)) {
        text_sets(out, "postgres");
        return;
    }
    text_sets(out, target.name);
    pg_target_fini(&target);
}

struct pg_call *pg_ask(struct pg_db *db, const char *sql, int64_t timeout_ms, pg_done *done,
                       void *arg)
{
    const struct pg_statement *known = pg_statement_of(db, sql);
    struct pg_call *c = pg_call_take(db);

    assert(timeout_ms > 0 && done);
    c->slow = known && known->slow;
    buf_adds(&c->sql, sql);
    c->timeout_ms = timeout_ms;
    c->done = done;
    c->arg = arg;
    c->started_us = io_mono_us(db->pg->io);
    if (timeout_ms > db->max_timeout_ms)
        db->max_timeout_ms = timeout_ms;
    pg_call_queue(c);
    if (io_is_virtual(db->pg->io)) {
        pg_fake_ask(c);
        return c;
    }
    io_timer_arm(c->timer, timeout_ms);
    io_timer_arm(db->soon, 0);
    return c;
}

void pg_cancel(struct pg_call *c)
{
    if (!c)
        return;
    if (!c->sent || io_is_virtual(c->db->pg->io))
        pg_call_drop(c);
    else
        pg_db_abandon(c);
}

static const struct pg_rows *pg_reply_rows(const struct pg_reply *r)
{
    const struct pg_view *view = r->impl;

    return view ? view->rows : NULL;
}

const char *pg_reply_name(const struct pg_reply *r, size_t col)
{
    const struct pg_rows *rows = pg_reply_rows(r);

    return rows ? pg_rows_name(rows, col) : "";
}

const char *pg_reply_cell(const struct pg_reply *r, size_t row, size_t col)
{
    const struct pg_rows *rows = pg_reply_rows(r);

    return rows ? pg_rows_cell(rows, row, col) : NULL;
}

bool pg_reply_is_number(const struct pg_reply *r, size_t col)
{
    const struct pg_rows *rows = pg_reply_rows(r);

    return rows && col < rows->cols && rows->number[col];
}

/* io/pg_send.c: what waits goes out: one piece for all that is due in a turn, by whatever is the
 * next step to get there. */
#include "io/pg_db.h"

#include <stdio.h>
#include <string.h>

#include "core/alloc.h"
#include "core/unit.h"
#include "io/phases.h"

/* A statement of our own, ahead of what waits; what it answers is nobody's business. */
static bool pg_db_set(struct pg_db *db, const char *sql)
{
    struct pg_call *c = pg_call_take(db), *after = db->last;

    c->timeout_ms = 0;
    c->done = NULL;
    c->sent = c->internal = true;
    buf_adds(&c->sql, sql);
    while (after && !after->sent)
        after = after->prev;
    pg_call_insert(c, after);
    return PQsendQueryParams(db->conn, sql, 0, NULL, NULL, NULL, NULL, 0) &&
           PQpipelineSync(db->conn);
}

/* What this session needs beyond its startup options. A query may be more patient than the session
 * was told: once, and for all that follow. Where the server knows no encoding, asking for UTF-8
 * would make it refuse what is not: bytes as they are, then, and core/text.h sees to them. */
static bool pg_db_prepare(struct pg_db *db)
{
    const char *encoding = PQparameterStatus(db->conn, "server_encoding");
    char sql[64];

    if (!db->encoding_set && encoding && strcmp(encoding, "SQL_ASCII") == 0 &&
        !pg_db_set(db, "SET client_encoding = 'SQL_ASCII'"))
        return false;
    db->encoding_set = true;
    if (db->plain || db->session_timeout_ms >= db->max_timeout_ms)
        return true;
    db->session_timeout_ms = db->max_timeout_ms;
    snprintf(sql, sizeof sql, "SET statement_timeout = %lld", (long long)db->session_timeout_ms);
    return pg_db_set(db, sql);
}

/* ---- prepared statements ---- */

/* The same few statements are asked for ever: parsing and planning them each time would cost the
 * server more than the answer. Each is prepared when it is first asked over a connection. */
struct pg_statement *pg_statement_of(struct pg_db *db, const char *sql)
{
    for (size_t i = 0; i < db->n_statements; i++)
        if (strcmp(db->statements[i].sql, sql) == 0)
            return &db->statements[i];
    return NULL;
}

static int pg_statement_find(struct pg_db *db, const char *sql)
{
    struct pg_statement *known = db->plain ? NULL : pg_statement_of(db, sql);
    size_t i = db->n_statements;

    if (db->plain)
        return -1; /* behind a pooler a session is nobody's own */
    if (known)
        return (int)(known - db->statements);
    if (i == PG_STATEMENTS)
        return -1;
    db->statements[i] = (struct pg_statement){ .sql = xstrdup(sql) };
    db->n_statements++;
    return (int)i;
}

static bool pg_db_send_one(struct pg_db *db, struct pg_call *c)
{
    const char *sql = buf_str(&c->sql);
    char name[16];
    int i = pg_statement_find(db, sql);
    struct pg_statement *s = i < 0 ? NULL : &db->statements[i];

    c->sent = true;
    c->statement = -1;
    snprintf(name, sizeof name, "mw%d", i);
    if (s && s->state == PG_STATEMENT_READY) {
        c->statement = i;
        return PQsendQueryPrepared(db->conn, name, 0, NULL, NULL, NULL, 0);
    }
    if (s && s->state == PG_STATEMENT_NONE) {
        s->state = PG_STATEMENT_COMING;
        c->statement = i;
        c->preparing = true;
        return PQsendPrepare(db->conn, name, sql, 0, NULL) &&
               PQsendQueryPrepared(db->conn, name, 0, NULL, NULL, NULL, 0);
    }
    return PQsendQueryParams(db->conn, sql, 0, NULL, NULL, NULL, NULL, 0);
}

void pg_statements_forget(struct pg_db *db)
{
    for (size_t i = 0; i < db->n_statements; i++)
        db->statements[i].state = PG_STATEMENT_NONE;
}

/* ---- sending ---- */

static void pg_db_send(struct pg_db *db)
{
    bool was_idle = !db->first || !db->first->sent, ok;
    struct err why;

    ok = pg_db_prepare(db);
    for (struct pg_call *c = db->first; c && ok; c = c->next)
        if (!c->sent)
            ok = pg_db_send_one(db, c) && PQpipelineSync(db->conn);
    ok = ok && pg_conn_write(db); /* all of it in one piece */
    if (!ok) {
        err_set(&why, "%s", PQerrorMessage(db->conn));
        pg_db_lost(db, FAULT_RESET, &why);
        return;
    }
    if (was_idle) {
        PQsetSingleRowMode(db->conn);
        db->poured_base = db->pump.poured;
    }
}

static bool pg_db_waiting(const struct pg_db *db)
{
    return db->last && !db->last->sent;
}

/* Sends what waits, by whatever is the next step to get there. While a cancel is on its way nothing
 * is sent: it could hit the next query instead. */
void pg_db_flush(struct pg_db *db)
{
    int64_t wait_us = db->auth_until_us - io_mono_us(db->pg->io);

    if (!pg_db_waiting(db))
        return;
    if (db->state == PG_READY) {
        if (!db->cancel)
            pg_db_send(db);
    } else if (db->state == PG_CLOSED && wait_us > 0) {
        char when[32];
        struct err why;

        clock_format_utc(io_now_ms(db->pg->io) + wait_us / 1000, when);
        err_set(&why, "%s; next try %s", db->auth_why.msg, when);
        pg_db_failed(db, FAULT_AUTH, &why, false);
    } else if (db->state == PG_CLOSED) {
        pg_conn_begin(db);
    }
}

void pg_db_on_soon(void *arg)
{
    struct pg_db *db = arg;

    pg_db_hold(db);
    pg_db_flush(db);
    pg_db_release(db);
}

void pg_db_opened(struct pg_db *db)
{
    db->state = PG_READY;
    db->encoding_set = false;
    db->auth_until_us = 0;
    for (struct pg_call *c = db->first; c; c = c->next)
        phases_wait(&c->phases, c->started_us, &db->phases, db->conn_us);
    pg_db_flush(db);
}

/* io/pg_result.c: results into answers: rows against the caps, errors to their queries. */
#include "io/pg_db.h"

#include <assert.h>
#include <string.h>

#include "io/limits.h"
#include "io/pg_fault.h"

static bool pg_oid_is_number(Oid type)
{
    switch (type) {
    case 20:   /* int8 */
    case 21:   /* int2 */
    case 23:   /* int4 */
    case 26:   /* oid */
    case 700:  /* float4 */
    case 701:  /* float8 */
    case 1700: /* numeric */
        return true;
    default:
        return false;
    }
}

static enum pg_rows_add pg_db_columns(struct pg_db *db, const PGresult *res)
{
    enum pg_rows_add rc = PG_ROWS_OK;

    if (db->rows.cols)
        return PG_ROWS_OK;
    for (int i = 0; i < PQnfields(res) && rc == PG_ROWS_OK; i++)
        rc = pg_rows_column(&db->rows, PQfname(res, i), pg_oid_is_number(PQftype(res, i)));
    return rc;
}

static enum pg_rows_add pg_db_row(struct pg_db *db, const PGresult *res, int row)
{
    const char *cells[PG_COLS_MAX];
    size_t lens[PG_COLS_MAX];

    for (size_t i = 0; i < db->rows.cols; i++) {
        bool null = PQgetisnull(res, row, (int)i);

        cells[i] = null ? NULL : PQgetvalue(res, row, (int)i);
        lens[i] = null ? 0 : (size_t)PQgetlength(res, row, (int)i);
    }
    return pg_rows_add(&db->rows, cells, lens);
}

/* One row, as a rule; libpq decides. */
static enum pg_rows_add pg_db_tuples(struct pg_db *db, const PGresult *res)
{
    enum pg_rows_add rc = pg_db_columns(db, res);

    for (int row = 0; row < PQntuples(res) && rc == PG_ROWS_OK; row++)
        rc = pg_db_row(db, res, row);
    return rc;
}

/* Enough was seen of a reply: it is answered now, and what is left of it is ended and skipped. */
static void pg_db_cut(struct pg_db *db, struct pg_call *c, enum pg_rows_add full)
{
    pg_done *done = c->done;
    void *arg = c->arg;
    struct pg_view view = { .rows = &db->rows };
    struct pg_reply reply = { .phases = c->phases };

    reply.phases.first_byte_us = (int32_t)(c->first_us - c->started_us);
    reply.phases.total_us = (int32_t)(io_mono_us(db->pg->io) - c->started_us);
    if (full == PG_ROWS_FULL_ROWS) {
        reply.rows = db->rows.rows;
        reply.cols = db->rows.cols;
        reply.cut = true;
        reply.impl = &view;
    } else {
        reply.fault = FAULT_TOO_BIG;
        if (full == PG_ROWS_FULL_COLS)
            err_set(&reply.why, "more than %d columns", PG_COLS_MAX);
        else
            err_set(&reply.why, "more than %d bytes of rows", PG_BYTES_MAX);
    }
    pg_db_abandon(c);
    if (done)
        done(arg, &reply);
}

/* An error of the server belongs to its query. One without a code is libpq's own: the connection
 * broke, or the bytes made no sense, and nothing after them can be trusted. */
static void pg_db_error(struct pg_db *db, struct pg_call *c, const PGresult *res)
{
    const char *state = PQresultErrorField(res, PG_DIAG_SQLSTATE);
    const char *words = PQresultErrorField(res, PG_DIAG_MESSAGE_PRIMARY);
    char none[6];
    enum fault fault;
    struct err why;

    if (state && strlen(state) == 5) {
        if (c->fault == FAULT_NONE) {
            memcpy(c->sqlstate, state, sizeof c->sqlstate);
            pg_fault_sqlstate(state, words ? words : "", &c->fault, &c->why);
        }
        return;
    }
    pg_fault_connect(PQresultErrorMessage(res), none, &fault, &why);
    pg_db_lost(db, PQstatus(db->conn) == CONNECTION_OK ? FAULT_PROTOCOL : fault, &why);
}

/* What says nothing about the query itself. A cancel meant for another one hits whatever runs when
 * it arrives; a table that was altered makes an old plan useless; a pooler behind our back has
 * other sessions. The query is asked again, once. */
static bool pg_db_again(struct pg_db *db, struct pg_call *c)
{
    if (c->retried || !c->done)
        return false;
    if (strcmp(c->sqlstate, "57014") == 0)
        return db->cancel || io_mono_us(db->pg->io) < db->cancel_until_us;
    if (c->statement < 0)
        return false;
    if (strcmp(c->sqlstate, "0A000") == 0) { /* cached plan must not change result type */
        db->statements[c->statement].state = PG_STATEMENT_BAD;
        return true;
    }
    if (strcmp(c->sqlstate, "26000") == 0 || strcmp(c->sqlstate, "42P05") == 0) {
        for (size_t i = 0; i < db->n_statements; i++)
            db->statements[i].state = PG_STATEMENT_BAD;
        return true;
    }
    return false;
}

/* The sync behind a query: all of it has come. */
static void pg_db_complete(struct pg_db *db, struct pg_call *c)
{
    db->poured_base = db->pump.poured;
    if (c->preparing) /* it failed before it was there */
        db->statements[c->statement].state = PG_STATEMENT_NONE;
    if (pg_db_again(db, c)) {
        pg_call_again(c);
        pg_call_unlink(c);
        pg_call_queue(c);
        io_timer_arm(db->soon, 0);
    } else {
        struct err why = c->why;

        if (c->done)
            db->misses = 0;
        if (c->done && c->statement >= 0)
            db->statements[c->statement].slow = false;
        pg_call_end(c, c->fault, c->fault == FAULT_NONE ? NULL : &why, &db->rows);
    }
    pg_rows_clear(&db->rows);
    if (db->state == PG_READY && pg_db_first_is_abandoned(db))
        pg_db_cancel_first(db); /* ran out of time while it waited */
}

/* The answer to PQsendPrepare, ahead of the query's own. */
static bool pg_db_prepared(struct pg_db *db, struct pg_call *c, ExecStatusType status)
{
    if (!c->preparing || status != PGRES_COMMAND_OK)
        return false;
    c->preparing = false;
    db->statements[c->statement].state = PG_STATEMENT_READY;
    return true;
}

/* False when the connection is no longer this one. */
static bool pg_db_result(struct pg_db *db, PGresult *res)
{
    PGconn *conn = db->conn;
    struct pg_call *c = db->first;
    enum pg_rows_add full = PG_ROWS_OK;
    struct err why;

    assert(c && c->sent);
    if (!c->first_us)
        c->first_us = io_mono_us(db->pg->io);
    if (PQresultStatus(res) == PGRES_PIPELINE_SYNC && !c->told) {
        err_set(&why, "an answer without a result");
        pg_db_lost(db, FAULT_PROTOCOL, &why);
        return false;
    }
    if (pg_db_prepared(db, c, PQresultStatus(res)))
        return true;
    c->told = true;
    switch (PQresultStatus(res)) {
    case PGRES_SINGLE_TUPLE:
    case PGRES_TUPLES_OK:
        if (c->done)
            full = pg_db_tuples(db, res);
        break;
    case PGRES_COMMAND_OK:
    case PGRES_EMPTY_QUERY:
    case PGRES_PIPELINE_ABORTED: /* the query behind a prepare that failed */
        break;
    case PGRES_PIPELINE_SYNC:
        pg_db_complete(db, c);
        break;
    case PGRES_COPY_IN:
    case PGRES_COPY_OUT:
    case PGRES_COPY_BOTH:
        err_set(&why, "COPY is not a question");
        pg_db_lost(db, FAULT_BODY, &why);
        break;
    default:
        pg_db_error(db, c, res);
    }
    if (full != PG_ROWS_OK)
        pg_db_cut(db, c, full);
    return db->conn == conn;
}

/* Takes what libpq has understood. Two NULLs in a row: there is no more. */
void pg_db_drain(struct pg_db *db)
{
    PGconn *conn = db->conn;

    while (db->conn == conn && db->first && db->first->sent && !PQisBusy(conn)) {
        PGresult *res = PQgetResult(conn);
        bool same = true;

        if (!res) {
            if (++db->nulls == 2)
                break;
        } else {
            db->nulls = 0;
            same = pg_db_result(db, res);
            PQclear(res);
        }
        if (same)
            PQsetSingleRowMode(conn); /* only takes where a new query begins */
    }
    db->nulls = 0;
}

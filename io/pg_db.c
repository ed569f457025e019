/* io/pg_db.c: the queue of one database: send, match results with queries, end what takes too long.
 */
#include "io/pg_db.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"
#include "core/unit.h"
#include "io/limits.h"
#include "io/pg_fault.h"

static void pg_db_flush(struct pg_db *db);
static void pg_db_lost(struct pg_db *db, enum fault fault, const struct err *why);

/* ---- calls ---- */

/* What the deadline found: how far the query had come is the reason. */
static void pg_call_on_timer(void *arg)
{
    struct pg_call *c = arg;
    struct pg_db *db = c->db;
    enum fault fault = FAULT_TIMEOUT;
    long long ms = c->timeout_ms;
    struct err why;

    if (io_is_virtual(db->pg->io)) {
        pg_fake_due(c);
        return;
    }
    pg_db_hold(db);
    if (db->state == PG_RESOLVING) {
        fault = FAULT_DNS;
        err_set(&why, "the name did not resolve within %lld ms", ms);
    } else if (db->state == PG_CONNECTING && db->phases.connect_us < 0) {
        fault = FAULT_CONNECT_TIMEOUT;
        err_set(&why, "no answer within %lld ms", ms);
    } else if (db->state == PG_CONNECTING) {
        err_set(&why, "connected, but no greeting within %lld ms", ms);
    } else if (c->sent && c == db->first) {
        err_set(&why, "no answer within %lld ms", ms);
    } else if (db->first->done && db->first != c) {
        fault = FAULT_LOCAL; /* tells nothing about the server */
        err_set(&why, "waited %lld ms behind another query of ours", ms);
    } else {
        err_set(&why, "no answer within %lld ms: the server does not end an earlier query", ms);
    }
    if (c->sent) {
        pg_done *done = c->done;
        void *done_arg = c->arg;
        struct pg_reply reply = { .fault = fault, .why = why, .phases = c->phases };

        reply.phases.total_us = (int32_t)(io_mono_us(db->pg->io) - c->started_us);
        pg_db_abandon(c);
        if (++db->misses > 1) /* out of step with us, perhaps: a new one will tell */
            pg_db_lost(db, FAULT_TIMEOUT, &why);
        if (done)
            done(done_arg, &reply);
    } else {
        pg_call_end(c, fault, &why, NULL);
        if (!db->first && db->state != PG_READY)
            pg_conn_close(db); /* nobody waits for it: the next one begins anew */
    }
    pg_db_release(db);
}

struct pg_call *pg_call_take(struct pg_db *db)
{
    struct pg_call *c = db->pool;

    if (c) {
        db->pool = c->next;
    } else {
        c = xcalloc(1, sizeof *c);
        c->db = db;
        c->timer = io_timer_new(db->pg->io, pg_call_on_timer, c);
    }
    c->prev = c->next = NULL;
    c->sent = c->retried = c->doomed = c->closes = c->internal = c->told = false;
    c->fault = FAULT_NONE;
    c->sqlstate[0] = '\0';
    c->first_us = 0;
    c->phases = PHASES_NONE;
    buf_clear(&c->sql);
    return c;
}

static void pg_call_insert(struct pg_call *c, struct pg_call *after)
{
    struct pg_db *db = c->db;

    c->prev = after;
    c->next = after ? after->next : db->first;
    if (c->next)
        c->next->prev = c;
    else
        db->last = c;
    if (after)
        after->next = c;
    else
        db->first = c;
}

/* Behind what is sent, and behind those that are at least as impatient. */
void pg_call_queue(struct pg_call *c)
{
    struct pg_call *after = c->db->last;

    while (after && !after->sent && after->timeout_ms > c->timeout_ms)
        after = after->prev;
    pg_call_insert(c, after);
}

static void pg_call_unlink(struct pg_call *c)
{
    struct pg_db *db = c->db;

    if (c->prev)
        c->prev->next = c->next;
    else
        db->first = c->next;
    if (c->next)
        c->next->prev = c->prev;
    else
        db->last = c->prev;
}

static void pg_call_retire(struct pg_call *c)
{
    c->prev = NULL;
    c->next = c->db->pool;
    c->db->pool = c;
}

void pg_call_drop(struct pg_call *c)
{
    pg_call_unlink(c);
    io_timer_off(c->timer);
    c->done = NULL;
    pg_call_retire(c);
}

static void pg_call_free(struct pg_call *c)
{
    io_timer_free(c->timer);
    buf_fini(&c->sql);
    if (c->fake_rows)
        pg_rows_fini(c->fake_rows);
    free(c->fake_rows);
    free(c);
}

void pg_call_end(struct pg_call *c, enum fault fault, const struct err *why,
                 const struct pg_rows *rows)
{
    struct pg_reply reply = { .fault = fault };
    struct pg_view view = { .rows = rows };
    struct pg_db *db = c->db;
    pg_done *done = c->done;
    void *arg = c->arg;

    if (done) {
        c->phases.first_byte_us = c->first_us ? (int32_t)(c->first_us - c->started_us) : -1;
        c->phases.total_us = (int32_t)(io_mono_us(db->pg->io) - c->started_us);
        reply.phases = c->phases;
        memcpy(reply.sqlstate, c->sqlstate, sizeof reply.sqlstate);
        if (why)
            reply.why = *why;
        if (fault == FAULT_NONE && rows) {
            reply.rows = rows->rows;
            reply.cols = rows->cols;
            reply.cut = rows->cut;
            reply.impl = &view;
        }
    }
    pg_call_unlink(c);
    io_timer_off(c->timer);
    c->done = NULL;
    pg_db_hold(db);
    if (done)
        done(arg, &reply); /* may ask, cancel and put; the next call must not be this one yet */
    pg_call_retire(c);
    pg_db_release(db);
}

static void pg_call_doom(struct pg_call *c, enum fault fault, const struct err *why)
{
    c->doomed = true;
    c->fault = fault;
    c->why = *why;
}

/* ---- cancelling ---- */

static void pg_db_on_cancelled(void *arg)
{
    struct pg_db *db = arg;

    db->cancel = NULL;
    db->cancel_until_us = io_mono_us(db->pg->io) + PG_GRACE_MS * 1000LL;
    io_timer_arm(db->soon, 0); /* what was held back meanwhile */
}

static void pg_db_cancel_first(struct pg_db *db)
{
    PGcancel *pq;

    io_timer_arm(db->grace, PG_GRACE_MS);
    if (db->cancel || !(pq = PQgetCancel(db->conn)))
        return; /* one at a time; the connection's end is the other way */
    db->cancel = pg_cancel_start(db->pg->io, pq, pg_db_on_cancelled, db);
}

static bool pg_db_first_is_abandoned(const struct pg_db *db)
{
    return db->first && db->first->sent && !db->first->done && !db->first->internal;
}

/* The server did not even take the cancel, or did not end the query: it hangs, or the line is cut.
 */
static void pg_db_on_grace(void *arg)
{
    struct pg_db *db = arg;
    struct err why;

    if (db->state != PG_READY || (!db->cancel && !pg_db_first_is_abandoned(db)))
        return;
    pg_db_hold(db);
    err_set(&why, "the server does not end a query");
    pg_db_lost(db, FAULT_TIMEOUT, &why);
    pg_db_release(db);
}

void pg_db_abandon(struct pg_call *c)
{
    struct pg_db *db = c->db;

    io_timer_off(c->timer);
    c->done = NULL;
    if (c == db->first)
        pg_db_cancel_first(db);
}

/* ---- the connection's end ---- */

void pg_db_notify(struct pg_db *db)
{
    pg_db_hold(db);
    for (size_t i = db->n_listeners; i-- > 0;) /* one may take itself off */
        if (i < db->n_listeners)
            db->listeners[i].fn(db->listeners[i].arg);
    pg_db_release(db);
}

/* A connection that closes unasked is worth one ask at once. A server that closes each time is not:
 * the pause between two such asks doubles until a connection has lived for long. */
static void pg_db_idle_loss(struct pg_db *db)
{
    int64_t now_us = io_mono_us(db->pg->io);

    if (now_us - db->conn_us > RECONNECT_MAX_MS * 1000LL)
        db->pause_ms = 0;
    if (now_us < db->quiet_until_us)
        return;
    db->pause_ms = db->pause_ms ? db->pause_ms * 2 : RECONNECT_MIN_MS;
    if (db->pause_ms > RECONNECT_MAX_MS)
        db->pause_ms = RECONNECT_MAX_MS;
    db->quiet_until_us = now_us + db->pause_ms * 1000;
    pg_db_notify(db);
}

static void pg_db_answer_doomed(struct pg_db *db)
{
    for (struct pg_call *c = db->first; c;) {
        if (!c->doomed) {
            c = c->next;
            continue;
        }
        struct err why = c->why;

        pg_call_end(c, c->fault, &why, NULL);
        c = db->first; /* the answer may have changed the queue */
    }
}

/* Whom the loss answers: those whose second connection this was, and the one at fault. The others
 * are asked once more, for only that tells how the server is now. Queries here change nothing. */
static void pg_db_doom(struct pg_db *db, enum fault fault, const struct err *why)
{
    bool broke = fault == FAULT_RESET || fault == FAULT_TIMEOUT;
    struct pg_call *head = db->first, *next;

    for (struct pg_call *c = head; c; c = next) {
        next = c->next;
        if (!c->sent)
            continue;
        if (!c->done) {
            pg_call_drop(c);
        } else if (c->retried || (c == head && !broke)) {
            /* "ended by an administrator" says more than "closed" */
            if (c == head && c->fault != FAULT_NONE)
                c->doomed = true;
            else
                pg_call_doom(c, fault, why);
        } else {
            c->sent = false;
            c->retried = true;
            c->fault = FAULT_NONE;
            c->first_us = 0;
            c->told = false;
            c->sqlstate[0] = '\0';
        }
    }
}

static void pg_db_lost(struct pg_db *db, enum fault fault, const struct err *why)
{
    struct err copy = *why;
    bool idle;

    pg_db_hold(db);
    pg_db_doom(db, fault, &copy);
    pg_conn_close(db);
    pg_rows_clear(&db->rows);
    idle = !db->first;
    pg_db_answer_doomed(db);
    if (db->first)
        io_timer_arm(db->soon, 0);
    if (idle && fault != FAULT_TIMEOUT) /* that was us */
        pg_db_idle_loss(db);
    pg_db_release(db);
}

/* No connection came about: the reason is everybody's. */
void pg_db_failed(struct pg_db *db, enum fault fault, const struct err *why, bool credentials)
{
    struct err copy = *why;

    pg_db_hold(db);
    pg_conn_close(db);
    if (credentials) {
        db->auth_until_us = io_mono_us(db->pg->io) + AUTH_RETRY_MS * 1000LL;
        db->auth_why = copy;
    }
    for (struct pg_call *c = db->first; c; c = c->next)
        pg_call_doom(c, fault, &copy);
    pg_db_answer_doomed(db);
    pg_db_release(db);
}

/* ---- sending ---- */

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

static void pg_db_send(struct pg_db *db)
{
    bool was_idle = !db->first || !db->first->sent, ok;
    struct err why;

    ok = pg_db_prepare(db);
    for (struct pg_call *c = db->first; c && ok; c = c->next) {
        if (c->sent)
            continue;
        c->sent = true;
        ok = PQsendQueryParams(db->conn, buf_str(&c->sql), 0, NULL, NULL, NULL, NULL, 0) &&
             PQpipelineSync(db->conn);
    }
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
static void pg_db_flush(struct pg_db *db)
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

static void pg_db_on_soon(void *arg)
{
    struct pg_db *db = arg;

    pg_db_hold(db);
    pg_db_flush(db);
    pg_db_release(db);
}

static int32_t pg_db_shift(int32_t us, int64_t by_us)
{
    return us < 0 || us + by_us < 0 ? -1 : (int32_t)(us + by_us);
}

void pg_db_opened(struct pg_db *db)
{
    db->state = PG_READY;
    db->encoding_set = false;
    db->auth_until_us = 0;
    for (struct pg_call *c = db->first; c; c = c->next) {
        int64_t by_us = db->conn_us - c->started_us;

        c->phases.dns_us = pg_db_shift(db->phases.dns_us, by_us);
        c->phases.connect_us = pg_db_shift(db->phases.connect_us, by_us);
        c->phases.tls_us = pg_db_shift(db->phases.tls_us, by_us);
    }
    pg_db_flush(db);
}

/* ---- results ---- */

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

/* A cancel meant for another query hits whatever runs when it arrives: that one is asked again. */
static bool pg_db_hit_by_stray(const struct pg_db *db, const struct pg_call *c)
{
    return strcmp(c->sqlstate, "57014") == 0 && !c->retried && c->done &&
           (db->cancel || io_mono_us(db->pg->io) < db->cancel_until_us);
}

/* The sync behind a query: all of it has come. */
static void pg_db_complete(struct pg_db *db, struct pg_call *c)
{
    db->poured_base = db->pump.poured;
    if (pg_db_hit_by_stray(db, c)) {
        c->sent = false;
        c->retried = true;
        c->fault = FAULT_NONE;
        c->sqlstate[0] = '\0';
        c->told = false;
        pg_call_unlink(c);
        pg_call_queue(c);
        io_timer_arm(db->soon, 0);
    } else {
        struct err why = c->why;

        if (c->done)
            db->misses = 0;
        pg_call_end(c, c->fault, c->fault == FAULT_NONE ? NULL : &why, &db->rows);
    }
    pg_rows_clear(&db->rows);
    if (db->state == PG_READY && pg_db_first_is_abandoned(db))
        pg_db_cancel_first(db); /* ran out of time while it waited */
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
    c->told = true;
    switch (PQresultStatus(res)) {
    case PGRES_SINGLE_TUPLE:
    case PGRES_TUPLES_OK:
        if (c->done)
            full = pg_db_tuples(db, res);
        break;
    case PGRES_COMMAND_OK:
    case PGRES_EMPTY_QUERY:
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
static void pg_db_drain(struct pg_db *db)
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

/* More than a query may cost, or than anybody asked for. */
static bool pg_db_over_meter(struct pg_db *db, struct err *why)
{
    int64_t bytes = db->pump.poured - db->poured_base;

    if (!db->first || !db->first->sent) {
        if (bytes <= PG_IDLE_MAX)
            return false;
        err_set(why, "the server talks unasked");
        return true;
    }
    if (bytes <= PG_BYTES_MAX + PG_FRAMING_MAX + (db->first->done ? 0 : PG_SKIP_MAX))
        return false;
    err_set(why, "more than %d bytes of rows", PG_BYTES_MAX);
    return true;
}

static void pg_db_take_notifies(struct pg_db *db)
{
    PGnotify *n;

    while ((n = PQnotifies(db->conn)))
        PQfreemem(n);
}

/* The connection ended, or sends what cannot be read. */
static void pg_db_broke(struct pg_db *db)
{
    char sqlstate[6];
    enum fault fault;
    struct err why;

    pg_fault_connect(PQerrorMessage(db->conn), sqlstate, &fault, &why);
    if (fault != FAULT_PROTOCOL)
        fault = FAULT_RESET;
    if (db->pump.ended && db->pump.error)
        err_set(&why, "%s", db->pump.error == ECONNRESET ? "reset" : strerror(db->pump.error));
    pg_db_lost(db, fault, &why);
}

void pg_db_on_ready(void *arg, int events)
{
    struct pg_db *db = arg;
    PGconn *conn = db->conn;
    struct err why;
    int draughts = 0;
    bool ok = true;

    (void)events;
    pg_db_hold(db);
    do { /* libpq takes a cup in one or two draughts; the real socket does not wake us for the rest
          */
        ok = draughts++ < PG_DRAUGHTS && pg_conn_read(db);
        pg_db_drain(db);
    } while (ok && db->conn == conn && !pg_pump_empty(&db->pump));
    if (db->conn == conn && pg_db_over_meter(db, &why)) {
        if (db->first && db->first->sent)
            pg_db_cancel_first(db); /* the query runs on until it notices that we are gone */
        pg_db_lost(db, FAULT_TOO_BIG, &why);
    } else if (db->conn == conn) {
        pg_db_take_notifies(db);
        if (!ok || PQstatus(conn) == CONNECTION_BAD || !pg_conn_write(db))
            pg_db_broke(db);
    }
    pg_db_release(db);
}

void pg_db_init(struct pg_db *db)
{
    db->soon = io_timer_new(db->pg->io, pg_db_on_soon, db);
    db->grace = io_timer_new(db->pg->io, pg_db_on_grace, db);
    db->limit = io_timer_new(db->pg->io, pg_conn_on_limit, db);
}

void pg_db_fini(struct pg_db *db)
{
    pg_conn_close(db);
    pg_cancel_forget(db->cancel);
    while (db->first)
        pg_call_drop(db->first);
    while (db->pool) {
        struct pg_call *c = db->pool;

        db->pool = c->next;
        pg_call_free(c);
    }
    io_timer_free(db->soon);
    io_timer_free(db->grace);
    io_timer_free(db->limit);
    pg_rows_fini(&db->rows);
    free(db->listeners);
}

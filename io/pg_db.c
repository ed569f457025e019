/* io/pg_db.c: the connection of one database in use: deadlines, cancels, its end. */
#include "io/pg_db.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"
#include "io/limits.h"
#include "io/pg_fault.h"

/* When the loop itself was late the answer may lie there already: no server is blamed for that.
 * True when the call was answered so. */
static bool pg_db_answered_late(struct pg_db *db, struct pg_call *c)
{
    uint64_t serial = c->serial;

    if (!c->sent || db->state != PG_READY)
        return false;
    pg_db_on_ready(db, IO_READ);
    return c->serial != serial || !c->done;
}

/* The first ran out of time a moment ago and is being cancelled: what was asked before that, behind
 * it, was never looked at. What was asked after that had its whole time. */
static bool pg_db_just_missed(const struct pg_db *db, const struct pg_call *first,
                              const struct pg_call *c)
{
    int64_t missed_us = first->started_us + first->timeout_ms * 1000;

    return !first->internal && c->started_us < missed_us &&
           io_mono_us(db->pg->io) - missed_us < PG_GRACE_MS * 1000;
}

/* What the deadline found: how far the query had come is the reason. */
void pg_db_on_deadline(void *arg)
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
    if (pg_db_answered_late(db, c)) {
        pg_db_release(db);
        return;
    }
    if (db->state == PG_RESOLVING) {
        fault = FAULT_DNS;
        err_set(&why, "the name did not resolve within %lld ms", ms);
    } else if (db->state == PG_CONNECTING && db->phases.connect_us < 0) {
        fault = FAULT_CONNECT_TIMEOUT;
        err_set(&why, "no answer within %lld ms", ms);
    } else if (db->state == PG_CONNECTING) {
        err_set(&why, "connected, but no greeting within %lld ms", ms);
    } else if ((c->sent && c == db->first) || db->state == PG_CLOSED) {
        err_set(&why, "no answer within %lld ms", ms);
    } else if (db->first != c && (db->first->done || pg_db_just_missed(db, db->first, c))) {
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
        if (fault != FAULT_LOCAL && c->statement >= 0)
            db->statements[c->statement].slow = true;
        pg_db_abandon(c);
        if (fault != FAULT_LOCAL &&
            ++db->misses > 1) /* out of step with us, perhaps: a new one will tell */
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

/* ---- cancelling ---- */

static void pg_db_on_cancelled(void *arg)
{
    struct pg_db *db = arg;

    db->cancel = NULL;
    db->cancel_until_us = io_mono_us(db->pg->io) + PG_GRACE_MS * 1000LL;
    io_timer_arm(db->soon, 0); /* what was held back meanwhile */
}

void pg_db_cancel_first(struct pg_db *db)
{
    PGcancel *pq;

    io_timer_arm(db->grace, PG_GRACE_MS);
    if (db->cancel || !(pq = PQgetCancel(db->conn)))
        return; /* one at a time; the connection's end is the other way */
    db->cancel = pg_cancel_start(db->pg->io, pq, pg_db_on_cancelled, db);
}

bool pg_db_first_is_abandoned(const struct pg_db *db)
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
    hangup_tell(&db->hangup);
    pg_db_release(db);
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
            pg_call_again(c);
        }
    }
}

void pg_db_lost(struct pg_db *db, enum fault fault, const struct err *why)
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
    if (idle && fault != FAULT_TIMEOUT && /* that was us */
        hangup_is_news(&db->hangup, db->conn_us, io_mono_us(db->pg->io)))
        pg_db_notify(db);
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

/* ---- bytes in ---- */

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
    for (size_t i = 0; i < db->n_statements; i++)
        free(db->statements[i].sql);
    pg_rows_fini(&db->rows);
    hangup_fini(&db->hangup);
}

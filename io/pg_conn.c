/* io/pg_conn.c: the way to a connection: names, addresses, libpq's steps, and a limit for each
 * attempt.
 *
 * libpq changes sockets between two steps, even under the same number: the watch is gone before
 * each step and new after it. It ignores connect_timeout here, so the limit is ours: an address
 * that does not answer in time is left out, and the next one is tried. */
#include "io/pg_db.h"

#include <errno.h>
#include <string.h>
#include <sys/ioctl.h>

#include "io/limits.h"
#include "io/pg_fault.h"

static void pg_conn_start(struct pg_db *db);

static int32_t pg_conn_elapsed(const struct pg_db *db)
{
    return (int32_t)(io_mono_us(db->pg->io) - db->conn_us);
}

/* ---- bytes ---- */

/* Before there is a pump what waits is added up at each step; libpq bounds the rest itself. */
static int64_t pg_conn_count_greeting(struct pg_db *db)
{
    int n = 0, fd = PQsocket(db->conn);

    if (!db->pump.on && fd >= 0 && ioctl(fd, FIONREAD, &n) == 0)
        db->greeting_bytes += n;
    return db->greeting_bytes + db->pump.poured;
}

bool pg_conn_read(struct pg_db *db)
{
    pg_pump_in(&db->pump);
    return PQconsumeInput(db->conn);
}

bool pg_conn_write(struct pg_db *db)
{
    int rc = PQflush(db->conn);
    bool waits = pg_pump_out(&db->pump);

    if (rc >= 0)
        io_watch_set(db->watch, rc || waits ? IO_READ | IO_WRITE : IO_READ);
    return rc >= 0;
}

/* ---- the end of a way ---- */

void pg_conn_close(struct pg_db *db)
{
    while (db->n_resolving > 0)
        resolve_cancel(db->resolving[--db->n_resolving].ask);
    io_watch_free(db->watch);
    db->watch = NULL;
    io_timer_off(db->limit);
    io_timer_off(db->grace);
    pg_cancel_forget(db->cancel); /* it may hang as long as it likes; the next backend is another */
    db->cancel = NULL;
    PQfinish(db->conn);
    pg_pump_stop(&db->pump);
    db->conn = NULL;
    db->state = PG_CLOSED;
    db->nulls = db->misses = 0;
    pg_statements_forget(db);
}

static void pg_conn_fail(struct pg_db *db, enum fault fault, const char *words)
{
    struct err why;

    err_set(&why, "%s", words);
    pg_db_failed(db, fault, &why, false);
}

/* libpq gave up: on the last address, with one text for all of them. */
static void pg_conn_refused(struct pg_db *db)
{
    const char *text = PQerrorMessage(db->conn);
    char sqlstate[6];
    enum fault fault;
    struct err why;
    bool credentials = pg_fault_connect(text, sqlstate, &fault, &why);

    if (!db->plain && strstr(text, "unsupported startup parameter")) {
        db->plain = true; /* a pooler: without our options, then */
        pg_conn_close(db);
        pg_conn_begin(db);
        return;
    }
    if (db->withheld && !sqlstate[0] && fault == FAULT_AUTH)
        err_set(&why, "the server asks for a password, which goes only to a verified one: "
                      "sslmode=verify-full");
    pg_db_failed(db, fault, &why, credentials);
}

/* ---- libpq's steps ---- */

static void pg_conn_note_phase(struct pg_db *db)
{
    ConnStatusType s = PQstatus(db->conn);

    if (s == CONNECTION_STARTED || s == CONNECTION_NEEDED || s == CONNECTION_BAD)
        return;
    if (db->phases.connect_us < 0)
        db->phases.connect_us = pg_conn_elapsed(db);
    if (s != CONNECTION_MADE && s != CONNECTION_SSL_STARTUP && db->phases.tls_us < 0 &&
        PQsslInUse(db->conn))
        db->phases.tls_us = pg_conn_elapsed(db);
}

static bool pg_conn_last(const struct pg_db *db)
{
    const struct pg_address *a = db->n_addresses ? &db->addresses[db->n_addresses - 1] : NULL;

    return !a || strcmp(a->numeric, db->attempt) == 0;
}

/* Each address has the whole limit for itself. Once one has answered, the rest (TLS, passwords) may
 * take as long as the queries that wait for it, unless another one could be asked instead. */
static void pg_conn_note_attempt(struct pg_db *db)
{
    const char *now = PQhostaddr(db->conn);
    bool other = now && strcmp(now, db->attempt) != 0;

    if (other) {
        db->attempt[0] = '\0';
        strncat(db->attempt, now, sizeof db->attempt - 1);
        db->phases.connect_us = -1;
        io_timer_arm(db->limit, HTTP_CONNECT_MS);
    }
    if (db->phases.connect_us >= 0 && !db->greeted && pg_conn_last(db) &&
        db->max_timeout_ms > HTTP_CONNECT_MS) {
        db->greeted = true;
        io_timer_arm(db->limit, db->max_timeout_ms);
    }
}

/* From the moment that the server has let us in, its bytes come through the pump. Before, libpq
 * bounds what it reads, may still change sockets, and looks at who is at the other end. */
static bool pg_conn_pump(struct pg_db *db)
{
    ConnStatusType s = PQstatus(db->conn);

    if (db->pump.on && !pg_pump_is(&db->pump, PQsocket(db->conn)))
        pg_pump_stop(&db->pump); /* the next host, over a socket of its own */
    if (db->pump.on || (s != CONNECTION_AUTH_OK && s != CONNECTION_OK))
        return true;
    return pg_pump_start(&db->pump, PQsocket(db->conn));
}

static bool pg_conn_watch(struct pg_db *db, int events, void (*fn)(void *arg, int events))
{
    int fd = db->pump.on ? db->pump.real : PQsocket(db->conn);

    db->watch = io_watch_new(db->pg->io, fd, events, fn, db);
    return db->watch != NULL;
}

static void pg_conn_done(struct pg_db *db)
{
    io_timer_off(db->limit);
    pg_conn_note_phase(db);
    if (!pg_conn_watch(db, IO_READ, pg_db_on_ready) || PQsetnonblocking(db->conn, 1) != 0 ||
        !PQenterPipelineMode(db->conn)) {
        pg_conn_fail(db, FAULT_LOCAL, "the connection cannot be used asynchronously");
        return;
    }
    pg_db_opened(db);
}

static PostgresPollingStatusType pg_conn_poll(struct pg_db *db)
{
    PostgresPollingStatusType want;
    int draughts = 0;

    do { /* the cup may hold more than libpq takes at a step; the real socket would not wake us */
        if (db->pump.on)
            pg_pump_in(&db->pump);
        want = PQconnectPoll(db->conn);
        if (db->pump.on)
            pg_pump_out(&db->pump);
    } while (want == PGRES_POLLING_READING && !pg_pump_empty(&db->pump) &&
             ++draughts < PG_DRAUGHTS);
    return want;
}

static void pg_conn_on_step(void *arg, int events)
{
    struct pg_db *db = arg;
    PostgresPollingStatusType want;

    (void)events;
    pg_db_hold(db);
    io_watch_free(db->watch);
    db->watch = NULL;
    if (pg_conn_count_greeting(db) > PG_GREETING_MAX) {
        pg_conn_fail(db, FAULT_PROTOCOL, "not PostgreSQL: its greeting does not end");
        pg_db_release(db);
        return;
    }
    want = pg_conn_poll(db);
    if (want == PGRES_POLLING_FAILED) {
        pg_conn_refused(db);
    } else if (!pg_conn_pump(db)) {
        pg_conn_fail(db, FAULT_LOCAL, strerror(errno));
    } else if (want == PGRES_POLLING_OK) {
        pg_conn_done(db);
    } else {
        pg_conn_note_phase(db);
        pg_conn_note_attempt(db);
        if (!pg_conn_watch(db, want == PGRES_POLLING_READING ? IO_READ : IO_WRITE, pg_conn_on_step))
            pg_conn_fail(db, FAULT_LOCAL, "the connection cannot be watched");
    }
    pg_db_release(db);
}

static void pg_conn_ignore(void *arg, const PGresult *notice)
{
    (void)arg;
    (void)notice; /* a server may talk; nothing of it is an answer */
}

static void pg_conn_start(struct pg_db *db)
{
    struct pg_params params;
    struct err why;

    db->state = PG_CONNECTING;
    db->attempt[0] = '\0';
    db->greeted = false;
    db->greeting_bytes = 0;
    db->pump.poured = 0;
    db->session_timeout_ms = db->max_timeout_ms;
    if (!pg_params_make(&params, &db->target, db->password, db->addresses, db->n_addresses,
                        db->session_timeout_ms, PG_LOCK_MS, db->plain, &why)) {
        pg_db_failed(db, FAULT_AUTH, &why, false); /* nothing was tried: nothing to wait for */
        return;
    }
    db->withheld = params.withheld;
    db->conn = PQconnectStartParams(params.keys, params.values, 0);
    pg_params_fini(&params);
    io_timer_arm(db->limit, HTTP_CONNECT_MS);
    if (!db->conn || PQstatus(db->conn) == CONNECTION_BAD) {
        if (db->conn)
            pg_conn_refused(db);
        else
            pg_conn_fail(db, FAULT_LOCAL, "out of memory");
        return;
    }
    PQsetErrorVerbosity(db->conn, PQERRORS_VERBOSE); /* so that its text holds the SQLSTATE */
    PQsetNoticeReceiver(db->conn, pg_conn_ignore, NULL);
    pg_conn_note_attempt(db);
    if (!pg_conn_watch(db, IO_WRITE, pg_conn_on_step))
        pg_conn_fail(db, FAULT_LOCAL, "the connection cannot be watched");
}

/* ---- names ---- */

static void pg_conn_add(struct pg_db *db, const struct pg_host *host, const char *numeric)
{
    struct pg_address *a;

    if (db->n_addresses == PG_ADDRESSES)
        return;
    a = &db->addresses[db->n_addresses++];
    for (; a > db->addresses && a[-1].host > host; a--) /* in the order of the conninfo */
        *a = a[-1];
    *a = (struct pg_address){ .host = host };
    strncat(a->numeric, numeric, sizeof a->numeric - 1);
}

static void pg_conn_resolved(struct pg_db *db)
{
    while (db->n_resolving > 0) /* those that are not ready: the others are enough */
        resolve_cancel(db->resolving[--db->n_resolving].ask);
    if (!db->n_addresses) {
        struct err why = db->dns_why;

        pg_db_failed(db, FAULT_DNS, &why, false);
        return;
    }
    db->phases.dns_us = pg_conn_elapsed(db);
    pg_conn_start(db);
}

static void pg_conn_on_resolved(void *arg, const struct resolved *found, const struct err *why)
{
    struct pg_resolving *r = arg;
    struct pg_db *db = r->db;
    bool all = true;

    r->ask = NULL;
    for (size_t i = 0; found && i < found->n; i++)
        pg_conn_add(db, r->host, found->address[i]);
    if (!found)
        db->dns_why = *why;
    for (size_t i = 0; i < db->n_resolving; i++)
        all = all && !db->resolving[i].ask;
    if (!all)
        return;
    pg_db_hold(db);
    pg_conn_resolved(db);
    pg_db_release(db);
}

void pg_conn_begin(struct pg_db *db)
{
    db->conn_us = io_mono_us(db->pg->io);
    db->phases = PHASES_NONE;
    db->n_addresses = 0;
    db->state = PG_RESOLVING;
    err_set(&db->dns_why, "the name did not resolve within %d ms", HTTP_CONNECT_MS);
    for (size_t i = 0; i < db->target.n_hosts; i++) {
        const struct pg_host *h = &db->target.hosts[i];

        if (pg_host_is_unix(h)) {
            pg_conn_add(db, h, "");
        } else if (h->hostaddr) {
            pg_conn_add(db, h, h->hostaddr);
        } else {
            struct pg_resolving *r = &db->resolving[db->n_resolving++];

            *r = (struct pg_resolving){ .db = db, .host = h };
            r->ask = resolve_ask(db->pg->resolver, h->host, pg_conn_on_resolved, r);
        }
    }
    /* The first step is due at the next turn in any case: no answer comes from inside an ask. */
    io_timer_arm(db->limit, db->n_resolving ? HTTP_CONNECT_MS : 0);
}

/* ---- the limit ---- */

/* The address that was being tried did not answer, nor did those before it. */
static void pg_conn_skip(struct pg_db *db)
{
    for (size_t i = 0; i < db->n_addresses; i++) {
        struct pg_address *a = &db->addresses[i];
        bool here = !a->dead && strcmp(a->numeric, db->attempt) == 0;

        a->dead = true;
        if (here)
            break;
    }
}

void pg_conn_on_limit(void *arg)
{
    struct pg_db *db = arg;
    struct err why;
    bool left = false;

    pg_db_hold(db);
    if (db->state == PG_RESOLVING) {
        pg_conn_resolved(db);
    } else if (db->state == PG_CONNECTING) {
        ConnStatusType s = PQstatus(db->conn);

        pg_conn_skip(db);
        for (size_t i = 0; i < db->n_addresses; i++)
            left = left || !db->addresses[i].dead;
        io_watch_free(db->watch);
        db->watch = NULL;
        PQfinish(db->conn);
        pg_pump_stop(&db->pump);
        db->conn = NULL;
        if (left) {
            pg_conn_start(db);
        } else if (s == CONNECTION_STARTED || s == CONNECTION_NEEDED) {
            err_set(&why, "no answer within %d ms", HTTP_CONNECT_MS);
            pg_db_failed(db, FAULT_CONNECT_TIMEOUT, &why, false);
        } else {
            err_set(&why, "connected, but no greeting in time");
            pg_db_failed(db, s == CONNECTION_SSL_STARTUP ? FAULT_TLS : FAULT_CONNECT_TIMEOUT, &why,
                         false);
        }
    }
    pg_db_release(db);
}

/* io/pg.h: PostgreSQL over libpq, asynchronous: one held connection per database, shared by all who
 * ask it. libpq is named only in io/pg*.
 *
 * Connects in the background with our own timer (names resolved in a worker; host and hostaddr are
 * both given), keeps the connection, makes another when one is asked that has lost its own, sets
 * statement_timeout and lock_timeout for the session, reads rows one by one against the caps and
 * cancels off the loop. sslmode is verify-full unless loopback or unix socket; gssencmode off; a
 * password is only sent over verified TLS, loopback or a unix socket.
 *
 * Errors:  a reply with fault != FAULT_NONE. AUTH: at most one try in AUTH_RETRY_MS.
 * Owner:   the reply is borrowed for the call.
 */
#pragma once

#include "core/board.h"
#include "core/fault.h"
#include "core/secret.h"
#include "io/loop.h"

struct pg;      /* the client: all databases of one loop */
struct pg_db;   /* one database, one connection */
struct pg_call; /* a query under way */

struct pg_reply {
    enum fault fault;
    struct err why;   /* "too many clients", "no permission: ...", server's own words, sanitized */
    char sqlstate[6]; /* "" when there was none */
    size_t rows, cols;
    bool cut; /* more rows than the cap */
    struct phases phases;
    const void *impl; /* for the two below */
};

typedef void pg_done(void *arg, const struct pg_reply *reply);

struct pg *pg_new(struct io *io);
void pg_free(struct pg *pg);

/* conninfo: "service=x", "host=... dbname=..." or postgres://...; equal ones share one connection.
 * Does not connect before the first query. password may be NULL. Refuses control characters and
 * what libpq cannot parse, without quoting it. */
struct pg_db *pg_db_get(struct pg *pg, const char *conninfo, const struct secret *password,
                        struct err *err);
void pg_db_put(struct pg_db *db);
void pg_on_closed(struct pg_db *db, void (*fn)(void *arg), void *arg); /* adds a listener */
void pg_off_closed(struct pg_db *db, void *arg);
/* host:port/dbname without credentials, for the screen; what cannot be read shows as "postgres". */
void pg_show(const char *conninfo, struct text *out);

/* One statement, no parameters from outside (SQL comes from the configuration). Queued behind
 * others of the same database; the deadline covers queueing, connecting and reading. */
struct pg_call *pg_ask(struct pg_db *db, const char *sql, int64_t timeout_ms, pg_done *done,
                       void *arg);
void pg_cancel(struct pg_call *c);

const char *pg_reply_name(const struct pg_reply *r, size_t col);
const char *pg_reply_cell(const struct pg_reply *r, size_t row, size_t col); /* NULL = SQL NULL */
/* True for numeric types; then the cell is text such as "12.5", "NaN", "Infinity". */
bool pg_reply_is_number(const struct pg_reply *r, size_t col);

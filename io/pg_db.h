/* io/pg_db.h: inside of the PostgreSQL client: one database, its connection, the queries under way.
 *
 * The connection is in libpq's pipeline mode; every query has a sync of its own, so that one that
 * fails takes no other with it. Calls wait in one queue: the sent ones first, in the order of
 * sending, then the waiting ones, the impatient before the patient and what was slow behind all.
 * Done with, they go to a pool with their buffers.
 *
 * pg_conn.c is the way to a connection, pg_call.c the queue, pg_send.c and pg_result.c the two
 * directions, pg_db.c what happens to all of it, pg_fake.c the virtual loop.
 */
#pragma once

#include <libpq-fe.h>

#include "core/buf.h"
#include "io/hangup.h"
#include "io/pg.h"
#include "io/pg_cancel.h"
#include "io/pg_pump.h"
#include "io/pg_rows.h"
#include "io/pg_target.h"
#include "io/resolve.h"

struct pg_call {
    struct pg_db *db;
    uint64_t serial; /* of this use of the struct */
    struct pg_call *prev, *next;
    bool sent, retried, doomed;
    bool internal;  /* a SET of ours */
    bool told;      /* a result or an error has come */
    bool preparing; /* its statement is prepared on the way */
    bool slow;      /* its statement missed a deadline when it ran last */
    int statement;  /* prepared one that it runs, or -1 */
    struct buf sql;
    int64_t timeout_ms, started_us, first_us;
    struct phases phases;
    struct io_timer *timer;
    pg_done *done; /* NULL: nobody waits for it, only its end does */
    void *arg;
    enum fault fault; /* as its results say so far; doomed: its answer */
    struct err why;
    char sqlstate[6];
    struct pg_rows *fake_rows; /* virtual loop */
    bool closes;
};

enum pg_statement_state {
    PG_STATEMENT_NONE,   /* not prepared over this connection */
    PG_STATEMENT_COMING, /* asked for; others send the text meanwhile */
    PG_STATEMENT_READY,
    PG_STATEMENT_BAD /* asked by its text, for the rest of this connection */
};

struct pg_statement { /* its name is "mw" and its index */
    char *sql;
    enum pg_statement_state state;
    bool slow; /* missed its deadline when it ran last */
};

enum { PG_STATEMENTS = 64 };

enum pg_state { PG_CLOSED, PG_RESOLVING, PG_CONNECTING, PG_READY };

struct pg_resolving {
    struct pg_db *db;
    const struct pg_host *host;
    struct resolve *ask;
};

struct pg_db {
    struct pg *pg;
    struct pg_db *next;
    int refs;
    char *conninfo;
    struct secret *password; /* a copy; NULL */
    struct pg_target target;
    enum pg_state state;
    /* the way to a connection: pg_conn.c */
    struct pg_resolving resolving[PG_HOSTS];
    size_t n_resolving;
    struct err dns_why;
    struct pg_address addresses[PG_ADDRESSES];
    size_t n_addresses;
    PGconn *conn;
    struct io_watch *watch;
    struct io_timer *limit; /* of one attempt */
    char attempt[64];       /* the address being tried */
    int64_t conn_us;        /* when it was begun */
    struct phases phases;   /* from conn_us */
    bool withheld, plain, greeted, encoding_set;
    int64_t auth_until_us; /* rejected credentials are not tried before; 0 = may try */
    struct err auth_why;
    struct pg_pump pump;
    int64_t greeting_bytes;
    int64_t poured_base; /* what the pump had poured when the first query began */
    /* queries */
    struct pg_call *first, *last, *pool;
    struct io_timer *soon;  /* what is asked in one turn goes out together */
    struct io_timer *grace; /* for a server that does not even answer a cancel */
    int64_t max_timeout_ms, session_timeout_ms;
    struct pg_statement statements[PG_STATEMENTS];
    size_t n_statements;
    struct pg_rows rows; /* of the first call */
    int nulls;           /* in a row: two end a drain */
    int misses;          /* deadlines in a row on this connection */
    struct pg_cancel *cancel;
    int64_t cancel_until_us; /* a 57014 before this may have been meant for another query */
    struct hangup hangup;
};

struct pg {
    struct io *io;
    struct resolver *resolver;
    struct pg_db *dbs;
};

struct pg_view { /* behind pg_reply.impl */
    const struct pg_rows *rows;
};

enum {
    PG_LOCK_MS = 1500,  /* longest wait for a lock: others queue behind us */
    PG_GRACE_MS = 1000, /* after a cancel, until the connection is given up */
    PG_DRAUGHTS = 16,   /* that libpq may take to empty a cup */
    PG_GREETING_MAX = 256 << 10,
    PG_IDLE_MAX = 64 << 10,     /* unasked bytes: notices, notifications */
    PG_FRAMING_MAX = 512 << 10, /* on the wire, beside the bytes of the cells */
    PG_SKIP_MAX = 4 << 20       /* after a cut, until the connection is given up */
};

/* pg.c */
void pg_db_hold(struct pg_db *db);
void pg_db_release(struct pg_db *db);

/* pg_conn.c: ends in pg_db_opened() or pg_db_failed(), never inside the call. */
void pg_conn_begin(struct pg_db *db);
void pg_conn_close(struct pg_db *db); /* whatever there is of one */
void pg_conn_on_limit(void *arg);
bool pg_conn_read(struct pg_db *db);  /* a cupful; false: the connection is gone */
bool pg_conn_write(struct pg_db *db); /* what libpq has; asks to be woken for the rest */

/* pg_call.c */
struct pg_call *pg_call_take(struct pg_db *db);
void pg_call_insert(struct pg_call *c, struct pg_call *after);
void pg_call_queue(struct pg_call *c);
void pg_call_unlink(struct pg_call *c);
void pg_call_drop(struct pg_call *c); /* out of the queue, without an answer */
void pg_call_free(struct pg_call *c);
void pg_call_again(struct pg_call *c);
void pg_call_doom(struct pg_call *c, enum fault fault, const struct err *why);
void pg_call_end(struct pg_call *c, enum fault fault, const struct err *why,
                 const struct pg_rows *rows);

/* pg_send.c */
struct pg_statement *pg_statement_of(struct pg_db *db, const char *sql); /* NULL = not known */
void pg_db_on_soon(void *arg);
void pg_db_flush(struct pg_db *db);
void pg_db_opened(struct pg_db *db);
void pg_statements_forget(struct pg_db *db); /* of a connection that is gone */

/* pg_result.c */
void pg_db_drain(struct pg_db *db); /* what libpq has understood */

/* pg_db.c */
void pg_db_init(struct pg_db *db);
void pg_db_fini(struct pg_db *db); /* drops calls without a word */
void pg_db_on_deadline(void *call);
void pg_db_on_ready(void *arg, int events);
void pg_db_failed(struct pg_db *db, enum fault fault, const struct err *why, bool credentials);
void pg_db_lost(struct pg_db *db, enum fault fault, const struct err *why);
void pg_db_notify(struct pg_db *db);
void pg_db_cancel_first(struct pg_db *db);
bool pg_db_first_is_abandoned(const struct pg_db *db);
void pg_db_abandon(struct pg_call *c); /* nobody waits for it any more: ends its query */

/* pg_fake.c */
void pg_fake_ask(struct pg_call *c);
void pg_fake_due(struct pg_call *c);

/* io/redis_db.h: inside of the Redis client: one server, its connection, the questions under way.
 *
 * A question (call) is a pipeline of commands with a PING of a token of its own behind it: when the
 * token does not come back in its place, replies and questions are no longer in step, and the
 * connection is dropped before a value can be credited to the wrong key.
 *
 * Calls wait in one queue in the order of asking: the sent ones first, then those that wait. Done
 * with, they go to a pool with their buffers, so that a poll allocates nothing once it has run.
 *
 * redis_call.c is the queue, redis_db.c what happens to the connection and all that wait for it,
 * redis_conn.c the way to one, redis_fake.c the virtual loop.
 */
#pragma once

#include "io/hangup.h"
#include "io/redis.h"
#include "io/redis_conn.h"
#include "io/redis_url.h"
#include "io/redis_wire.h"

struct redis_call {
    struct redis_db *db;
    uint64_t serial; /* of this use of the struct */
    struct redis_call *prev, *next;
    bool sent, retried, doomed;
    struct buf request; /* as it goes over the wire; on a virtual loop what came back */
    struct redis_value *values;
    size_t n, n_done, values_cap;
    char token[24];
    int64_t started_us, first_us;
    int64_t timeout_ms;
    struct phases phases;
    struct io_timer *timer;
    redis_done *done; /* NULL: cancelled, only its replies are waited for */
    void *arg;
    enum fault fault; /* doomed: its answer; on a virtual loop the scripted one */
    struct err why;
    bool closes; /* virtual */
};

enum redis_state { REDIS_CLOSED, REDIS_CONNECTING, REDIS_GREETING, REDIS_READY };

struct redis_db {
    struct redis *r;
    struct redis_db *next;
    int refs;
    char *url, *ca_file;
    bool insecure;
    struct redis_address address;
    struct secret *password; /* a copy; NULL */
    enum redis_state state;
    struct redis_conn *conn;
    int64_t conn_us; /* when it was begun */
    struct resp *resp;
    struct buf out;
    size_t out_sent;
    int greetings; /* replies to AUTH and SELECT still to come */
    bool sent_auth, secret_out;
    struct io_timer *soon; /* what was asked in this turn goes out together */
    struct redis_call *first, *last, *pool;
    uint64_t tokens;
    int64_t auth_until_us; /* rejected credentials are not tried before; 0 = may try */
    struct err auth_why;
    struct hangup hangup;
};

struct redis {
    struct io *io;
    struct redis_net *net;
    struct redis_db *dbs;
};

/* redis.c */
void redis_db_hold(struct redis_db *db);
void redis_db_release(struct redis_db *db);

/* redis_call.c */
struct redis_call *redis_call_take(struct redis_db *db);
void redis_call_queue(struct redis_call *c);
/* Takes it out of the queue, answers, and gives it back to the pool. `token` is what stood behind
 * the replies; NULL without an answer. */
void redis_call_answer(struct redis_call *c, enum fault fault, const struct err *why,
                       const struct redis_value *token);
void redis_call_end(struct redis_call *c, enum fault fault, const struct err *why);
void redis_call_drop(struct redis_call *c); /* the same without a word */
void redis_call_doom(struct redis_call *c, enum fault fault, const struct err *why);
void redis_call_free(struct redis_call *c);

/* redis_db.c */
void redis_db_init(struct redis_db *db);
void redis_db_fini(struct redis_db *db); /* drops calls without a word */
void redis_db_on_deadline(void *call);
void redis_db_notify(struct redis_db *db);

/* redis_fake.c */
void redis_fake_ask(struct redis_call *c, const struct redis_command *cmds, size_t n);
void redis_fake_due(struct redis_call *c);

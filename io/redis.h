/* io/redis.h: Redis: hiredis as codec only (RESP2), the bytes travel over curl's CONNECT_ONLY (TCP
 * and TLS) or our own unix socket. One held connection per server, shared, pipelined.
 *
 * Bytes are counted and array/bulk headers peeked at before they are fed to hiredis.
 *
 * Errors:  a reply with fault != FAULT_NONE: refused, NOAUTH and WRONGPASS (AUTH, one try in
 *          AUTH_RETRY_MS), LOADING, MASTERDOWN ... as FAULT_STATUS with the server's word first in
 *          `why`.
 *
 * Owner:   replies are borrowed for the call.
 */
#pragma once

#include "core/board.h"
#include "core/fault.h"
#include "core/secret.h"
#include "io/loop.h"

struct redis;    /* the client: all servers of one loop */
struct redis_db; /* one server (and database number), one connection */
struct redis_call;

enum redis_kind { REDIS_NIL, REDIS_STRING, REDIS_STATUS, REDIS_ERROR, REDIS_INT, REDIS_ARRAY };

struct redis_value {
    enum redis_kind kind;
    const char *str; /* STRING, STATUS, ERROR; NUL-terminated, may hold NULs */
    size_t len;
    int64_t number;
    const struct redis_value *items; /* ARRAY */
    size_t n;
};

struct redis_reply {
    enum fault fault;
    struct err why;
    char word[24];                    /* first word of an error: "LOADING", "NOAUTH"; "" */
    const struct redis_value *values; /* one per command of the pipeline */
    size_t n;
    struct phases phases;
};

struct redis_command { /* argv */
    int argc;
    const char *const *argv;
};

typedef void redis_done(void *arg, const struct redis_reply *reply);

struct redis *redis_new(struct io *io);
void redis_free(struct redis *r);

/* redis://[user@]host[:port][/db], rediss://..., unix:/path[?db=N]. No password in it (the caller
 * took it out). */
struct redis_db *redis_db_get(struct redis *r, const char *url, const struct secret *password,
                              const char *ca_file, bool insecure, struct err *err);
void redis_db_put(struct redis_db *db);
void redis_on_closed(struct redis_db *db, void (*fn)(void *arg), void *arg);
void redis_off_closed(struct redis_db *db, void *arg);
/* host:port[/db] or unix:/path, without the user; what cannot be read shows as "redis". */
void redis_show(const char *url, struct text *out);

/* A pipeline: all commands in one write, answered together. Commands must be on the list of reading
 * verbs (PING INFO CONFIG GET, LLEN, ZCARD, ...): a writing verb is our mistake (assert). */
struct redis_call *redis_ask(struct redis_db *db, const struct redis_command *cmds, size_t n,
                             int64_t timeout_ms, redis_done *done, void *arg);
void redis_cancel(struct redis_call *c);

/* io/redis_conn.h: the bytes to and from one Redis: TCP and TLS over curl's CONNECT_ONLY (names off
 * the loop, certificates checked), or a unix socket of our own.
 *
 * Errors:  the `failed` event with a fault; recv and send return -1 with one. No timeouts but the
 *          limit on connecting: deadlines are the caller's.
 * Owner:   redis_conn_open() to redis_conn_close(), which is fine from inside an event; no event
 *          comes after it, and none from inside open.
 */
#pragma once

#include <stddef.h>

#include "core/board.h"
#include "core/fault.h"
#include "io/loop.h"
#include "io/redis_url.h"

struct redis_net; /* what all connections of one loop share: the multi handle */
struct redis_conn;

struct redis_conn_events {
    void (*opened)(void *arg);
    void (*failed)(void *arg, enum fault fault, const struct err *why); /* not opened; close it */
    void (*ready)(void *arg, int events);                               /* IO_READ | IO_WRITE */
};

struct redis_conn_tls {
    const char *ca_file; /* NULL = the system's */
    bool insecure;
};

struct redis_net *redis_net_new(struct io *io);
void redis_net_free(struct redis_net *net); /* after its connections */

struct redis_conn *redis_conn_open(struct redis_net *net, const struct redis_address *address,
                                   const struct redis_conn_tls *tls, int64_t limit_ms,
                                   const struct redis_conn_events *events, void *arg);
void redis_conn_close(struct redis_conn *c);
/* Not opened after `ms`: how far it has come is the reason. */
enum fault redis_conn_late(const struct redis_conn *c, int64_t ms, struct err *why);
/* Once opened: the times of connecting, microseconds from redis_conn_open(). */
const struct phases *redis_conn_phases(const struct redis_conn *c);

/* Bytes, 0 = none now, -1 = the connection ended or broke. */
ptrdiff_t redis_conn_recv(struct redis_conn *c, char *buf, size_t cap, enum fault *fault,
                          struct err *err);
ptrdiff_t redis_conn_send(struct redis_conn *c, const char *bytes, size_t len, enum fault *fault,
                          struct err *err);
void redis_conn_want(struct redis_conn *c, int events);

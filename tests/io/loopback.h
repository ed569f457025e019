/* tests/io/loopback.h: a small server on 127.0.0.1 for tests: a thread for each connection, which
 * misbehaves as the test's own function says.
 *
 * Owner:   the caller; loopback_stop() shuts every connection down and joins every thread.
 */
#pragma once

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

enum { LOOPBACK_CONNS = 128 };

struct loopback;

struct loopback_conn {
    struct loopback *server;
    int fd, nr; /* nr: 0 for the first connection */
    int requests;
    char request[8192]; /* the newest, as it came */
    pthread_t thread;
};

typedef void loopback_fn(struct loopback_conn *c, const void *arg);

struct loopback {
    int fd, port;
    loopback_fn *fn;
    const void *arg;
    pthread_t thread;
    pthread_mutex_t lock;
    struct loopback_conn *conns; /* LOOPBACK_CONNS of them */
    atomic_int n, requests;
    atomic_bool stop;
    char url[64]; /* "http://127.0.0.1:PORT" */
};

void loopback_start(struct loopback *s, loopback_fn *fn, const void *arg);
void loopback_stop(struct loopback *s);
/* Reads one request (headers, and a body if it has a Content-Length); false at the end. */
bool loopback_request(struct loopback_conn *c);
bool loopback_send(struct loopback_conn *c, const void *bytes,
                   size_t len); /* false: they hung up */
bool loopback_sends(struct loopback_conn *c, const char *s);
/* "HTTP/1.1 CODE X" with Content-Length and `headers` ("A: b\r\n", may be ""). */
bool loopback_reply(struct loopback_conn *c, int code, const char *headers, const char *body);
/* Waits until the server is stopped or `ms` are over; true when stopped. */
bool loopback_wait(struct loopback_conn *c, int ms);
void loopback_reset(struct loopback_conn *c); /* closes with RST */
/* A port that nobody listens on. */
int loopback_dead_port(void);

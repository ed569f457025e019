/* tests/io/tcpserver.h: a server that says whatever a test wants, on the loop of the client under
 * test: no thread, no sleep, no byte that the test did not ask for.
 *
 * Owner:   server_free() ends the connections too. Peers belong to the server.
 */
#pragma once

#include "core/buf.h"
#include "io/loop.h"

#include <stddef.h>

struct server;

struct peer { /* one accepted connection */
    struct server *server;
    struct peer *next;
    int fd;     /* -1 = closed */
    int number; /* 1 = the first that was accepted */
    struct io_watch *watch;
    struct buf in;  /* what came and was not dropped by the test */
    struct buf out; /* what does not fit into the socket yet */
    int reads;      /* pieces that came */
    int said, more; /* free for the test */
};

struct server {
    struct io *io;
    int fd, port;
    char *path; /* unix socket */
    struct io_watch *watch;
    struct peer *peers; /* the newest first */
    int accepted;
    size_t sent; /* bytes that the sockets took */
    void (*on_accept)(struct peer *p);
    void (*on_bytes)(struct peer *p);
    void *arg;
};

struct server *server_new(struct io *io);                        /* 127.0.0.1, a free port */
struct server *server_new_unix(struct io *io, const char *path); /* removed at the end */
void server_free(struct server *s);
void server_stop(struct server *s); /* no longer accepts: connects are refused */
void peer_send(struct peer *p, const void *bytes, size_t len);
void peer_sends(struct peer *p, const char *s);
void peer_close(struct peer *p);
void peer_reset(struct peer *p);         /* RST */
int server_open(const struct server *s); /* connections that are still open */
int fds_open(void);                      /* of this process */
long rss_kib(void);                      /* of this process: memory that was touched */

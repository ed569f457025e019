/* tests/io/tcpserver.c: see tcpserver.h. */
#include "tests/io/tcpserver.h"

#include <arpa/inet.h>
#include <assert.h>
#include <dirent.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "core/alloc.h"

static void peer_on_ready(void *arg, int events)
{
    struct peer *p = arg;
    char bytes[16 << 10];
    ssize_t n;

    if (events & IO_WRITE && p->out.len) {
        n = send(p->fd, p->out.bytes, p->out.len, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (n > 0) {
            p->server->sent += (size_t)n;
            buf_drop(&p->out, (size_t)n);
        }
        if (!p->out.len)
            io_watch_set(p->watch, IO_READ);
    }
    if (!(events & IO_READ))
        return;
    n = recv(p->fd, bytes, sizeof bytes, MSG_DONTWAIT);
    if (n == 0 || (n < 0 && errno != EAGAIN)) {
        peer_close(p);
        return;
    }
    if (n < 0)
        return;
    p->reads++;
    buf_add(&p->in, bytes, (size_t)n);
    if (p->server->on_bytes)
        p->server->on_bytes(p);
}

static void server_on_ready(void *arg, int events)
{
    struct server *s = arg;
    struct peer *p;
    int fd = accept4(s->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);

    (void)events;
    if (fd < 0)
        return;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &(int){ 1 }, sizeof(int));
    p = xcalloc(1, sizeof *p);
    p->server = s;
    p->fd = fd;
    p->number = ++s->accepted;
    p->next = s->peers;
    s->peers = p;
    p->watch = io_watch_new(s->io, fd, IO_READ, peer_on_ready, p);
    if (s->on_accept)
        s->on_accept(p);
}

static struct server *server_listen(struct io *io, int fd)
{
    struct server *s = xcalloc(1, sizeof *s);

    if (listen(fd, 64) < 0)
        abort();
    s->io = io;
    s->fd = fd;
    s->watch = io_watch_new(io, fd, IO_READ, server_on_ready, s);
    return s;
}

struct server *server_new(struct io *io)
{
    struct sockaddr_in at = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    socklen_t len = sizeof at;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    struct server *s;

    if (bind(fd, (struct sockaddr *)&at, sizeof at) < 0)
        abort();
    s = server_listen(io, fd);
    getsockname(fd, (struct sockaddr *)&at, &len);
    s->port = ntohs(at.sin_port);
    return s;
}

struct server *server_new_unix(struct io *io, const char *path)
{
    struct sockaddr_un at = { .sun_family = AF_UNIX };
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    struct server *s;

    assert(strlen(path) < sizeof at.sun_path);
    memcpy(at.sun_path, path, strlen(path) + 1);
    if (bind(fd, (struct sockaddr *)&at, sizeof at) < 0)
        abort();
    s = server_listen(io, fd);
    s->path = xstrdup(path);
    return s;
}

void server_stop(struct server *s)
{
    io_watch_free(s->watch);
    s->watch = NULL;
    if (s->fd >= 0)
        close(s->fd);
    s->fd = -1;
    if (s->path)
        unlink(s->path);
}

void server_free(struct server *s)
{
    if (!s)
        return;
    server_stop(s);
    while (s->peers) {
        struct peer *p = s->peers;

        s->peers = p->next;
        peer_close(p);
        buf_fini(&p->in);
        buf_fini(&p->out);
        free(p);
    }
    free(s->path);
    free(s);
}

void peer_send(struct peer *p, const void *bytes, size_t len)
{
    ssize_t n = 0;

    if (p->fd < 0)
        return;
    if (!p->out.len)
        n = send(p->fd, bytes, len, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (n < 0)
        n = 0;
    p->server->sent += (size_t)n;
    if ((size_t)n < len) {
        buf_add(&p->out, (const char *)bytes + n, len - (size_t)n);
        io_watch_set(p->watch, IO_READ | IO_WRITE);
    }
}

void peer_sends(struct peer *p, const char *s)
{
    peer_send(p, s, strlen(s));
}

void peer_close(struct peer *p)
{
    if (p->fd < 0)
        return;
    io_watch_free(p->watch);
    p->watch = NULL;
    close(p->fd);
    p->fd = -1;
}

void peer_reset(struct peer *p)
{
    struct linger now = { .l_onoff = 1 };

    if (p->fd >= 0)
        setsockopt(p->fd, SOL_SOCKET, SO_LINGER, &now, sizeof now);
    peer_close(p);
}

int server_open(const struct server *s)
{
    int n = 0;

    for (const struct peer *p = s->peers; p; p = p->next)
        n += p->fd >= 0;
    return n;
}

int fds_open(void)
{
    DIR *d = opendir("/proc/self/fd");
    int n = 0;

    while (d && readdir(d))
        n++;
    if (d)
        closedir(d);
    return n;
}

long rss_kib(void)
{
    FILE *f = fopen("/proc/self/statm", "r");
    long size = 0, pages = 0;

    if (f && fscanf(f, "%ld %ld", &size, &pages) != 2)
        pages = 0;
    if (f)
        fclose(f);
    return pages * (sysconf(_SC_PAGESIZE) / 1024);
}

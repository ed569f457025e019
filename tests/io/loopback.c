/* tests/io/loopback.c */
#include "tests/io/loopback.h"

#include <arpa/inet.h>
#include <assert.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static void *loopback_serve(void *arg)
{
    struct loopback_conn *c = arg;

    c->server->fn(c, c->server->arg);
    pthread_mutex_lock(&c->server->lock);
    if (c->fd >= 0)
        close(c->fd);
    c->fd = -1;
    pthread_mutex_unlock(&c->server->lock);
    return NULL;
}

static void *loopback_accept(void *arg)
{
    struct loopback *s = arg;

    for (;;) {
        int fd = accept4(s->fd, NULL, NULL, SOCK_CLOEXEC);
        struct loopback_conn *c = &s->conns[s->n];

        if (fd < 0 && (errno == EMFILE || errno == ENFILE)) {
            struct pollfd idle = { .fd = s->fd };

            poll(&idle, 0, 5);
            continue;
        }
        if (fd < 0 || s->stop || s->n == LOOPBACK_CONNS) {
            if (fd >= 0)
                close(fd);
            return NULL;
        }
        c->server = s;
        c->fd = fd;
        c->nr = s->n;
        s->n++;
        if (pthread_create(&c->thread, NULL, loopback_serve, c) != 0)
            abort();
    }
}

static int loopback_listen(int *port, int backlog)
{
    struct sockaddr_in at = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    socklen_t len = sizeof at;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    if (fd < 0 || bind(fd, (struct sockaddr *)&at, sizeof at) < 0 ||
        (backlog >= 0 && listen(fd, backlog) < 0) ||
        getsockname(fd, (struct sockaddr *)&at, &len) < 0)
        abort();
    *port = ntohs(at.sin_port);
    return fd;
}

int loopback_dead_port(void)
{
    int port, fd = loopback_listen(&port, -1);

    close(fd);
    return port;
}

void loopback_start(struct loopback *s, loopback_fn *fn, const void *arg)
{
    memset(s, 0, sizeof *s);
    s->conns = calloc(LOOPBACK_CONNS, sizeof *s->conns);
    s->fn = fn;
    s->arg = arg;
    s->fd = loopback_listen(&s->port, 128);
    pthread_mutex_init(&s->lock, NULL);
    snprintf(s->url, sizeof s->url, "http://127.0.0.1:%d", s->port);
    if (pthread_create(&s->thread, NULL, loopback_accept, s) != 0)
        abort();
}

void loopback_stop(struct loopback *s)
{
    s->stop = true;
    shutdown(s->fd, SHUT_RDWR); /* wakes accept() */
    pthread_join(s->thread, NULL);
    close(s->fd);
    pthread_mutex_lock(&s->lock);
    for (int i = 0; i < s->n; i++)
        if (s->conns[i].fd >= 0)
            shutdown(s->conns[i].fd, SHUT_RDWR);
    pthread_mutex_unlock(&s->lock);
    for (int i = 0; i < s->n; i++)
        pthread_join(s->conns[i].thread, NULL);
    pthread_mutex_destroy(&s->lock);
    free(s->conns);
}

static size_t loopback_body_len(const char *head)
{
    const char *at = strcasestr(head, "\r\nContent-Length:");

    return at ? (size_t)strtoul(at + 17, NULL, 10) : 0;
}

bool loopback_request(struct loopback_conn *c)
{
    size_t len = 0;
    const char *end;

    for (;;) {
        ssize_t n;

        c->request[len] = '\0';
        end = strstr(c->request, "\r\n\r\n");
        if (end && len >= (size_t)(end + 4 - c->request) + loopback_body_len(c->request))
            break;
        n = recv(c->fd, c->request + len, sizeof c->request - 1 - len, 0);
        if (n <= 0)
            return false;
        len += (size_t)n;
    }
    c->requests++;
    c->server->requests++;
    return true;
}

bool loopback_send(struct loopback_conn *c, const void *bytes, size_t len)
{
    const char *at = bytes;

    while (len) {
        ssize_t n = send(c->fd, at, len, MSG_NOSIGNAL);

        if (n <= 0)
            return false;
        at += n;
        len -= (size_t)n;
    }
    return true;
}

bool loopback_sends(struct loopback_conn *c, const char *s)
{
    return loopback_send(c, s, strlen(s));
}

bool loopback_reply(struct loopback_conn *c, int code, const char *headers, const char *body)
{
    char head[2048];

    snprintf(head, sizeof head, "HTTP/1.1 %d X\r\nContent-Length: %zu\r\n%s\r\n", code,
             strlen(body), headers);
    return loopback_sends(c, head) && loopback_sends(c, body);
}

bool loopback_wait(struct loopback_conn *c, int ms)
{
    struct pollfd p = { .fd = c->fd, .events = POLLRDHUP };

    for (; ms > 0 && !c->server->stop; ms -= 10)
        if (poll(&p, 1, ms < 10 ? ms : 10) > 0)
            return true; /* they hung up: no reason to stay */
    return c->server->stop;
}

void loopback_reset(struct loopback_conn *c)
{
    struct linger now = { 1, 0 };

    setsockopt(c->fd, SOL_SOCKET, SO_LINGER, &now, sizeof now);
    pthread_mutex_lock(&c->server->lock);
    close(c->fd);
    c->fd = -1;
    pthread_mutex_unlock(&c->server->lock);
}

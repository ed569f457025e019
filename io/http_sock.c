/* io/http_sock.c: curl's sockets on our loop; and kept connections as a sensor: one that closes
 * while nobody is asking is news.
 *
 * A kept socket stays watched with one handle from open to close, and for the same events while it
 * idles, so that an exchange on it costs no system call for watching. Bytes on an idle connection
 * (a TLS session ticket) are no news: after them only a hang-up wakes us.
 */
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/alloc.h"
#include "io/http_impl.h"
#include "io/limits.h"

static struct http_sock *http_sock_get(struct http *h, int fd)
{
    size_t n = (size_t)fd + 1;

    if (n > h->n_socks) {
        n = n < h->n_socks * 2 ? h->n_socks * 2 : n;
        h->socks = xreallocarray(h->socks, n, sizeof(struct http_sock *));
        memset(h->socks + h->n_socks, 0, (n - h->n_socks) * sizeof(struct http_sock *));
        h->n_socks = n;
    }
    if (!h->socks[fd]) {
        h->socks[fd] = xcalloc(1, sizeof(struct http_sock));
        h->socks[fd]->h = h;
        h->socks[fd]->fd = fd;
    }
    return h->socks[fd];
}

void http_sock_join(struct http_target *t, int fd)
{
    struct http_sock *s;

    http_sock_leave(t);
    if (fd < 0 || !t->closed || t->fresh)
        return;
    s = http_sock_get(t->h, fd);
    if (!s->ours)
        return;
    t->sock = s;
    t->sock_next = s->users;
    t->sock_at = &s->users;
    if (s->users)
        s->users->sock_at = &t->sock_next;
    s->users = t;
}

void http_sock_leave(struct http_target *t)
{
    if (!t->sock)
        return;
    *t->sock_at = t->sock_next;
    if (t->sock_next)
        t->sock_next->sock_at = t->sock_at;
    t->sock = NULL;
    t->sock_next = NULL;
    t->sock_at = NULL;
}

/* curl counts a TLS handshake as connecting; the connect limit is for the connect alone. */
bool http_sock_connected(const struct http_target *t)
{
    struct sockaddr_storage peer;

    for (size_t i = 0; i < t->h->n_socks; i++) {
        const struct http_sock *s = t->h->socks[i];
        socklen_t len = sizeof peer;

        if (s && s->ours && s->opened_in == t->exchange &&
            getpeername(s->fd, (struct sockaddr *)&peer, &len) == 0)
            return true;
    }
    return false;
}

/* A server that hangs up on connections idle for so long says nothing by doing it. */
static bool http_sock_hangup_known(const struct http_target *t, int64_t age_ms)
{
    return t->hangup_ms > 0 && age_ms >= t->hangup_ms - t->hangup_ms / 10 - 500;
}

static void http_sock_on_hangup(struct http_sock *s)
{
    int64_t age_ms = io_mono_ms(s->h->io) - s->idle_since_ms;
    struct http_target *t;

    s->idle = false;
    io_watch_set(s->watch, 0); /* curl finds it dead and closes it when it next wants it */
    while ((t = s->users)) {
        http_sock_leave(t);
        if (t->stage != HTTP_IDLE || http_sock_hangup_known(t, age_ms))
            continue;
        t->triggered_ms = age_ms > 0 ? age_ms : 1;
        t->closed(t->closed_arg);
    }
}

static bool http_sock_has_bytes(int fd)
{
    char byte;
    ssize_t n = recv(fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT);

    return n > 0 || (n < 0 && (errno == EAGAIN || errno == EINTR));
}

static void http_sock_on_watch(void *arg, int events)
{
    struct http_sock *s = arg;

    if (s->idle) {
        if (events & IO_HUP || !http_sock_has_bytes(s->fd))
            http_sock_on_hangup(s);
        else
            io_watch_set(s->watch, IO_HUP);
        return;
    }
    http_drive(s->h, s->fd,
               (events & (IO_READ | IO_HUP) ? CURL_CSELECT_IN : 0) |
                   (events & IO_WRITE ? CURL_CSELECT_OUT : 0));
}

static void http_sock_unwatch(struct http_sock *s)
{
    io_watch_free(s->watch);
    s->watch = NULL;
    s->idle = false;
}

/* A socket that never came to be connected curl closes behind our back, before it says that it
 * needs no watching any more. */
static bool http_sock_is_kept(struct http_sock *s)
{
    struct sockaddr_storage peer;
    socklen_t len = sizeof peer;

    if (s->ours && !s->connected)
        s->connected = getpeername(s->fd, (struct sockaddr *)&peer, &len) == 0;
    return s->ours && s->connected;
}

/* curl wants this socket watched so, or not at all. */
int http_sock_on_curl(CURL *easy, curl_socket_t fd, int what, void *arg, void *sockp)
{
    struct http *h = arg;
    struct http_sock *s = http_sock_get(h, fd);
    int events = (what & CURL_POLL_IN ? IO_READ : 0) | (what & CURL_POLL_OUT ? IO_WRITE : 0);

    (void)easy;
    (void)sockp;
    if (what == CURL_POLL_REMOVE && !http_sock_is_kept(s)) {
        s->ours = false;
        http_sock_unwatch(s);
        return 0;
    }
    if (what == CURL_POLL_REMOVE) {
        s->idle = true;
        s->idle_since_ms = io_mono_ms(h->io);
        events = IO_READ;
    } else {
        s->idle = false;
    }
    if (s->watch)
        io_watch_set(s->watch, events);
    else
        s->watch = io_watch_new(h->io, fd, events, http_sock_on_watch, s);
    return 0;
}

curl_socket_t http_sock_open(void *arg, curlsocktype purpose, struct curl_sockaddr *addr)
{
    struct http_target *t = arg;
    int fd = socket(addr->family, addr->socktype | SOCK_CLOEXEC | SOCK_NONBLOCK, addr->protocol);
    unsigned limit_ms = TCP_USER_TIMEOUT_MS;
    struct http_sock *s;

    (void)purpose;
    if (fd < 0) {
        t->open_errno = errno;
        return CURL_SOCKET_BAD;
    }
#ifdef TCP_USER_TIMEOUT
    /* A connection that is gone without a word must not swallow the next request for minutes. */
    setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &limit_ms, sizeof limit_ms);
#endif
    s = http_sock_get(t->h, fd);
    http_sock_unwatch(s); /* should the number have had another life */
    s->ours = true;
    s->connected = false;
    s->opened_in = t->exchange;
    t->h->connections++;
    if (!t->opened) {
        int64_t left_ms = t->asked_ms + t->timeout_ms - io_mono_ms(t->h->io);

        t->opened = true;
        if (t->connect_ms < left_ms) {
            t->connecting = true;
            io_timer_arm(t->timer, t->connect_ms);
        }
    }
    return fd;
}

int http_sock_close(void *arg, curl_socket_t fd)
{
    struct http *h = arg;
    struct http_sock *s = http_sock_get(h, fd);

    while (s->users)
        http_sock_leave(s->users);
    http_sock_unwatch(s);
    s->ours = s->connected = false;
    return close(fd);
}

void http_sock_fini(struct http *h)
{
    for (size_t i = 0; i < h->n_socks; i++) {
        if (h->socks[i])
            http_sock_unwatch(h->socks[i]);
        free(h->socks[i]);
    }
    free(h->socks);
    h->socks = NULL;
    h->n_socks = 0;
}

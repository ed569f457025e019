/* io/redis_conn.c: connections to Redis. curl opens and encrypts them, and carries bytes; it never
 * speaks HTTP here. */
#include "io/redis_conn.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <curl/curl.h>

#include "core/alloc.h"
#include "core/buf.h"
#include "io/http_tls.h"
#include "io/limits.h"

enum { REDIS_HANDSHAKE_MS = 30000 }; /* with the connect; nobody waits so long */

struct redis_net {
    struct io *io;
    CURLM *multi;
    struct io_timer *timer;
    struct redis_sock *socks;
};

struct redis_sock { /* a socket that curl wants watched while it connects */
    struct redis_net *net;
    struct redis_sock *next;
    CURL *easy;
    curl_socket_t fd;
    struct io_watch *watch;
};

struct redis_conn {
    struct redis_net *net;
    struct redis_conn_events events;
    void *arg;
    int64_t opened_us, limit_ms;
    struct phases phases;
    struct io_timer *timer; /* the limit on connecting; for a unix socket also its answer */
    struct io_watch *watch; /* once open */
    bool open;
    CURL *easy; /* NULL for a unix socket */
    int fd;     /* of a unix socket, or -1 */
    enum fault fault;
    struct err why;
    char words[CURL_ERROR_SIZE];
};

static enum fault redis_conn_errno(int error)
{
    switch (error) {
    case ECONNREFUSED:
    case ENOENT:
        return FAULT_REFUSED;
    case ENETUNREACH:
    case EHOSTUNREACH:
    case ENETDOWN:
    case EADDRNOTAVAIL:
        return FAULT_UNREACHABLE;
    case ETIMEDOUT:
        return FAULT_CONNECT_TIMEOUT;
    case EACCES:
    case EPERM:
    case EMFILE:
    case ENFILE:
    case ENOMEM:
    case ENOBUFS:
        return FAULT_LOCAL;
    default:
        return FAULT_RESET;
    }
}

static void redis_conn_opened(struct redis_conn *c, int fd);

/* ---- curl: connecting ---- */

/* The TCP connection is there, and TLS is not yet. curl's own socketpair for names does not count.
 */
static bool redis_conn_reached(const struct redis_conn *c)
{
    for (const struct redis_sock *s = c->net->socks; s; s = s->next) {
        struct sockaddr_storage peer;
        socklen_t len = sizeof peer;

        if (s->easy == c->easy && getpeername(s->fd, (struct sockaddr *)&peer, &len) == 0 &&
            peer.ss_family != AF_UNIX)
            return true;
    }
    return false;
}

enum fault redis_conn_late(const struct redis_conn *c, int64_t ms, struct err *why)
{
    curl_off_t dns = 0;

    if (c->easy)
        curl_easy_getinfo(c->easy, CURLINFO_NAMELOOKUP_TIME_T, &dns);
    if (c->easy && dns == 0) {
        err_set(why, "the name did not resolve within %lld ms", (long long)ms);
        return FAULT_DNS;
    }
    if (c->easy && redis_conn_reached(c)) {
        err_set(why, "no TLS handshake within %lld ms", (long long)ms);
        return FAULT_TIMEOUT;
    }
    err_set(why, "no answer within %lld ms", (long long)ms);
    return FAULT_CONNECT_TIMEOUT;
}

/* The limit is for names and connecting. A handshake may take as long as those who wait for it. */
static void redis_conn_on_limit(void *arg)
{
    struct redis_conn *c = arg;
    struct err why;
    enum fault fault = redis_conn_late(c, c->limit_ms, &why);

    if (fault != FAULT_TIMEOUT)
        c->events.failed(c->arg, fault, &why);
}

static enum fault redis_conn_curl_fault(struct redis_conn *c, CURLcode rc)
{
    long error = 0;

    switch (rc) {
    case CURLE_COULDNT_RESOLVE_HOST:
        return FAULT_DNS;
    case CURLE_COULDNT_CONNECT:
        curl_easy_getinfo(c->easy, CURLINFO_OS_ERRNO, &error);
        return error ? redis_conn_errno((int)error) : FAULT_REFUSED;
    case CURLE_SSL_CACERT_BADFILE:
        return FAULT_LOCAL;
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CERTPROBLEM:
    case CURLE_SSL_CIPHER:
        return FAULT_TLS;
    case CURLE_OUT_OF_MEMORY:
    case CURLE_FAILED_INIT:
        return FAULT_LOCAL;
    default:
        return FAULT_RESET;
    }
}

static int32_t redis_conn_time(CURL *easy, CURLINFO what)
{
    curl_off_t us = 0;

    curl_easy_getinfo(easy, what, &us);
    return us > 0 ? (int32_t)us : -1;
}

static void redis_conn_curl_done(struct redis_conn *c, CURLcode rc)
{
    curl_socket_t fd = CURL_SOCKET_BAD;

    if (rc == CURLE_OPERATION_TIMEDOUT) {
        enum fault fault = redis_conn_late(c, REDIS_HANDSHAKE_MS, &c->why);

        c->events.failed(c->arg, fault, &c->why);
        return;
    }
    if (rc != CURLE_OK) {
        enum fault fault = redis_conn_curl_fault(c, rc);
        const char *words = c->words[0] ? c->words : curl_easy_strerror(rc);

        if (fault == FAULT_TLS)
            words = http_tls_words(c->easy, rc, c->words);
        else if (fault == FAULT_REFUSED)
            words = "refused";
        err_set(&c->why, "%s", words);
        c->events.failed(c->arg, fault, &c->why);
        return;
    }
    curl_easy_getinfo(c->easy, CURLINFO_ACTIVESOCKET, &fd);
    c->phases.dns_us = redis_conn_time(c->easy, CURLINFO_NAMELOOKUP_TIME_T);
    c->phases.connect_us = redis_conn_time(c->easy, CURLINFO_CONNECT_TIME_T);
    c->phases.tls_us = redis_conn_time(c->easy, CURLINFO_APPCONNECT_TIME_T);
    redis_conn_opened(c, (int)fd);
}

/* Reads what the multi finished. An event may close any connection, so each is looked up anew. */
static void redis_net_finish(struct redis_net *net)
{
    CURLMsg *msg;
    int left;

    while ((msg = curl_multi_info_read(net->multi, &left))) {
        struct redis_conn *c = NULL;
        CURLcode rc = msg->data.result;

        if (msg->msg != CURLMSG_DONE)
            continue;
        curl_easy_getinfo(msg->easy_handle, CURLINFO_PRIVATE, &c);
        redis_conn_curl_done(c, rc);
    }
}

static void redis_net_on_timer(void *arg)
{
    struct redis_net *net = arg;
    int running;

    curl_multi_socket_action(net->multi, CURL_SOCKET_TIMEOUT, 0, &running);
    redis_net_finish(net);
}

static void redis_net_on_socket(void *arg, int events)
{
    struct redis_sock *s = arg;
    struct redis_net *net = s->net; /* s may be gone after the action */
    int running, mask = 0;

    mask |= events & IO_READ ? CURL_CSELECT_IN : 0;
    mask |= events & IO_WRITE ? CURL_CSELECT_OUT : 0;
    curl_multi_socket_action(net->multi, s->fd, mask, &running);
    redis_net_finish(net);
}

static void redis_sock_free(struct redis_net *net, struct redis_sock *s)
{
    for (struct redis_sock **at = &net->socks; *at; at = &(*at)->next)
        if (*at == s) {
            *at = s->next;
            break;
        }
    io_watch_free(s->watch);
    free(s);
}

static int redis_net_socket(CURL *easy, curl_socket_t fd, int what, void *arg, void *sockp)
{
    struct redis_net *net = arg;
    struct redis_sock *s = sockp;
    int events = (what & CURL_POLL_IN ? IO_READ : 0) | (what & CURL_POLL_OUT ? IO_WRITE : 0);

    if (what == CURL_POLL_REMOVE) {
        if (s) {
            curl_multi_assign(net->multi, fd, NULL);
            redis_sock_free(net, s);
        }
        return 0;
    }
    if (!s) {
        s = xcalloc(1, sizeof *s);
        *s = (struct redis_sock){ .net = net, .easy = easy, .fd = fd, .next = net->socks };
        net->socks = s;
        s->watch = io_watch_new(net->io, (int)fd, events, redis_net_on_socket, s);
        curl_multi_assign(net->multi, fd, s);
    } else if (s->watch) {
        io_watch_set(s->watch, events);
    }
    return 0;
}

static int redis_net_timer(CURLM *multi, long delay_ms, void *arg)
{
    struct redis_net *net = arg;

    (void)multi;
    if (delay_ms < 0)
        io_timer_off(net->timer);
    else
        io_timer_arm(net->timer, delay_ms);
    return 0;
}

static int redis_conn_socket_options(void *arg, curl_socket_t fd, curlsocktype purpose)
{
    unsigned timeout_ms = TCP_USER_TIMEOUT_MS;

    (void)arg;
    (void)purpose;
#ifdef TCP_USER_TIMEOUT
    setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &timeout_ms, sizeof timeout_ms);
#endif
    return CURL_SOCKOPT_OK;
}

static void redis_conn_curl_options(struct redis_conn *c, const struct redis_address *address,
                                    const struct redis_conn_tls *tls)
{
    struct buf url = { 0 };
    CURL *e = c->easy;

    buf_addf(&url, strchr(address->host, ':') ? "%s://[%s]:%d/" : "%s://%s:%d/",
             address->tls ? "https" : "http", address->host, address->port);
    curl_easy_setopt(e, CURLOPT_URL, url.bytes); /* is copied */
    buf_fini(&url);
    curl_easy_setopt(e, CURLOPT_CONNECT_ONLY, 1L);
    curl_easy_setopt(e, CURLOPT_PRIVATE, c);
    curl_easy_setopt(e, CURLOPT_ERRORBUFFER, c->words);
    curl_easy_setopt(e, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(e, CURLOPT_QUICK_EXIT,
                     1L); /* or a dead resolver blocks the loop at the limit */
    curl_easy_setopt(e, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(e, CURLOPT_PROXY, "");
    curl_easy_setopt(e, CURLOPT_NOPROXY, "*");
    curl_easy_setopt(e, CURLOPT_FRESH_CONNECT, 1L);
    curl_easy_setopt(e, CURLOPT_SSL_ENABLE_ALPN, 0L);
    curl_easy_setopt(e, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    curl_easy_setopt(e, CURLOPT_SSL_VERIFYPEER, tls->insecure ? 0L : 1L);
    curl_easy_setopt(e, CURLOPT_SSL_VERIFYHOST, tls->insecure ? 0L : 2L);
    if (tls->ca_file) {
        curl_easy_setopt(e, CURLOPT_CAINFO, tls->ca_file);
        curl_easy_setopt(e, CURLOPT_CAPATH, NULL);
    }
    curl_easy_setopt(e, CURLOPT_TCP_KEEPALIVE, 1L);
    curl_easy_setopt(e, CURLOPT_TCP_KEEPIDLE, 5L);
    curl_easy_setopt(e, CURLOPT_TCP_KEEPINTVL, 2L);
    curl_easy_setopt(e, CURLOPT_SOCKOPTFUNCTION, redis_conn_socket_options);
    curl_easy_setopt(e, CURLOPT_CONNECTTIMEOUT_MS, (long)REDIS_HANDSHAKE_MS);
}

/* ---- unix sockets ---- */

/* A connect() to a unix socket is done or refused at once; the news still waits for the next turn.
 */
static void redis_conn_on_unix(void *arg)
{
    struct redis_conn *c = arg;

    if (c->fault != FAULT_NONE) {
        c->events.failed(c->arg, c->fault, &c->why);
        return;
    }
    c->phases.connect_us = (int32_t)(io_mono_us(c->net->io) - c->opened_us);
    redis_conn_opened(c, c->fd);
}

static void redis_conn_unix(struct redis_conn *c, const char *path)
{
    struct sockaddr_un to = { .sun_family = AF_UNIX };

    if (strlen(path) >= sizeof to.sun_path) {
        c->fault = FAULT_LOCAL;
        err_set(&c->why, "the path of the unix socket is longer than %zu bytes",
                sizeof to.sun_path - 1);
        return;
    }
    memcpy(to.sun_path, path, strlen(path) + 1);
    c->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (c->fd < 0 || connect(c->fd, (struct sockaddr *)&to, sizeof to) < 0) {
        int error = errno;

        /* EAGAIN: its queue of connections is full, nobody accepts */
        c->fault = error == EAGAIN ? FAULT_CONNECT_TIMEOUT : redis_conn_errno(error);
        err_set(&c->why, "%s",
                error == EAGAIN         ? "the server does not accept"
                : error == ECONNREFUSED ? "refused"
                : error == ENOENT       ? "no such socket"
                                        : strerror(error));
    }
}

/* ---- both ---- */

static void redis_conn_on_ready(void *arg, int events)
{
    struct redis_conn *c = arg;

    c->events.ready(c->arg, events);
}

static void redis_conn_opened(struct redis_conn *c, int fd)
{
    struct err why;

    io_timer_off(c->timer);
    c->watch = fd >= 0 ? io_watch_new(c->net->io, fd, IO_READ, redis_conn_on_ready, c) : NULL;
    if (!c->watch) {
        err_set(&why, "the connection cannot be watched");
        c->events.failed(c->arg, FAULT_LOCAL, &why);
        return;
    }
    c->open = true;
    c->events.opened(c->arg);
}

struct redis_conn *redis_conn_open(struct redis_net *net, const struct redis_address *address,
                                   const struct redis_conn_tls *tls, int64_t limit_ms,
                                   const struct redis_conn_events *events, void *arg)
{
    struct redis_conn *c = xcalloc(1, sizeof *c);

    c->net = net;
    c->events = *events;
    c->arg = arg;
    c->fd = -1;
    c->phases = PHASES_NONE;
    c->limit_ms = limit_ms;
    c->opened_us = io_mono_us(net->io);
    if (address->path) {
        c->timer = io_timer_new(net->io, redis_conn_on_unix, c);
        redis_conn_unix(c, address->path);
        io_timer_arm(c->timer, 0);
        return c;
    }
    c->timer = io_timer_new(net->io, redis_conn_on_limit, c);
    io_timer_arm(c->timer, limit_ms);
    c->easy = curl_easy_init();
    if (!c->easy)
        alloc_fail();
    redis_conn_curl_options(c, address, tls);
    curl_multi_add_handle(net->multi, c->easy);
    return c;
}

void redis_conn_close(struct redis_conn *c)
{
    if (!c)
        return;
    io_watch_free(c->watch); /* before the descriptor goes */
    io_timer_free(c->timer);
    if (c->easy) {
        curl_multi_remove_handle(c->net->multi, c->easy);
        curl_easy_cleanup(c->easy);
    }
    if (c->fd >= 0)
        close(c->fd);
    free(c);
}

const struct phases *redis_conn_phases(const struct redis_conn *c)
{
    return &c->phases;
}

static ptrdiff_t redis_conn_broke(int error, enum fault *fault, struct err *err)
{
    *fault = FAULT_RESET;
    err_set(err, "%s",
            error == 0            ? "the server closed the connection"
            : error == ECONNRESET ? "reset"
                                  : strerror(error));
    return -1;
}

static ptrdiff_t redis_conn_curl_result(struct redis_conn *c, CURLcode rc, size_t n,
                                        enum fault *fault, struct err *err)
{
    long error = 0;

    if (rc == CURLE_OK && n > 0)
        return (ptrdiff_t)n;
    if (rc == CURLE_AGAIN)
        return 0;
    if (rc != CURLE_OK)
        curl_easy_getinfo(c->easy, CURLINFO_OS_ERRNO, &error);
    return redis_conn_broke((int)error, fault, err);
}

ptrdiff_t redis_conn_recv(struct redis_conn *c, char *buf, size_t cap, enum fault *fault,
                          struct err *err)
{
    ssize_t n;

    if (c->easy) {
        size_t got = 0;
        CURLcode rc = curl_easy_recv(c->easy, buf, cap, &got);

        return redis_conn_curl_result(c, rc, got, fault, err);
    }
    n = recv(c->fd, buf, cap, 0);
    if (n > 0)
        return n;
    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return 0;
    return redis_conn_broke(n < 0 ? errno : 0, fault, err);
}

ptrdiff_t redis_conn_send(struct redis_conn *c, const char *bytes, size_t len, enum fault *fault,
                          struct err *err)
{
    ssize_t n;

    if (c->easy) {
        size_t sent = 0;
        CURLcode rc = curl_easy_send(c->easy, bytes, len, &sent);

        return redis_conn_curl_result(c, rc, sent, fault, err);
    }
    n = send(c->fd, bytes, len, MSG_NOSIGNAL);
    if (n >= 0)
        return n;
    return errno == EAGAIN || errno == EINTR ? 0 : redis_conn_broke(errno, fault, err);
}

void redis_conn_want(struct redis_conn *c, int events)
{
    if (c->watch)
        io_watch_set(c->watch, events);
}

/* ---- what all share ---- */

struct redis_net *redis_net_new(struct io *io)
{
    struct redis_net *net = xcalloc(1, sizeof *net);

    net->io = io;
    net->timer = io_timer_new(io, redis_net_on_timer, net);
    curl_global_init(CURL_GLOBAL_DEFAULT);
    net->multi = curl_multi_init();
    if (!net->multi)
        alloc_fail();
    curl_multi_setopt(net->multi, CURLMOPT_SOCKETFUNCTION, redis_net_socket);
    curl_multi_setopt(net->multi, CURLMOPT_SOCKETDATA, net);
    curl_multi_setopt(net->multi, CURLMOPT_TIMERFUNCTION, redis_net_timer);
    curl_multi_setopt(net->multi, CURLMOPT_TIMERDATA, net);
    return net;
}

void redis_net_free(struct redis_net *net)
{
    if (!net)
        return;
    curl_multi_cleanup(net->multi);
    while (net->socks)
        redis_sock_free(net, net->socks);
    io_timer_free(net->timer);
    curl_global_cleanup();
    free(net);
}

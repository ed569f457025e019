/* examples/sim/edge.c: TLS with a deadline for every connection, and names. */
#include "edge.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <openssl/err.h>
#include <poll.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#include "cert.h"
#include "now.h"
#include "thread.h"
#include "world.h"

enum { EDGE_DEADLINE_MS = 3000, EDGE_REQUEST = 8192, EDGE_DAYS = 60 };

int edge_days(struct world *w)
{
    if (world_fault(w, "cert_expired"))
        return -1;
    if (world_fault(w, "cert_expiring"))
        return 5;
    return world_fault(w, "cert_days") ? (int)world_number(w, "cert_days") : EDGE_DAYS;
}

/* ---- TLS ---- */

/* True when the call that returned `result` is to be made again. */
static bool edge_again(SSL *s, int result, int64_t until_ms)
{
    int error = SSL_get_error(s, result);
    int64_t left_ms = until_ms - now_mono_ms();
    struct pollfd p = { .fd = SSL_get_fd(s), .events = POLLIN };

    if (error == SSL_ERROR_WANT_WRITE)
        p.events = POLLOUT;
    else if (error != SSL_ERROR_WANT_READ)
        return false;
    return left_ms > 0 && poll(&p, 1, (int)left_ms) > 0;
}

static bool edge_greet(SSL *s, int64_t until_ms)
{
    int n;

    while ((n = SSL_accept(s)) <= 0)
        if (!edge_again(s, n, until_ms))
            return false;
    return true;
}

/* Up to the end of the head; a body is nobody's business here. */
static bool edge_read(SSL *s, int64_t until_ms)
{
    char request[EDGE_REQUEST];
    size_t len = 0;

    while (len < sizeof request) {
        int n = SSL_read(s, request + len, (int)(sizeof request - len));

        if (n > 0)
            len += (size_t)n;
        else if (!edge_again(s, n, until_ms))
            return false;
        if (memmem(request, len, "\r\n\r\n", 4))
            return true;
    }
    return false;
}

static void edge_answer(const struct world *w, SSL *s, int64_t until_ms)
{
    const struct system_page *page = w->system->page;
    struct str out = { 0 };
    int n;

    str_addf(&out,
             "HTTP/1.1 200 OK\r\nContent-Type: " HTTP_HTML "\r\nContent-Length: %zu\r\n%s"
             "Connection: close\r\n\r\n%s",
             strlen(page->html), page->headers ? page->headers : "", page->html);
    while ((n = SSL_write(s, out.s, (int)out.len)) <= 0)
        if (!edge_again(s, n, until_ms))
            break;
    str_fini(&out);
}

static void edge_serve(struct world *w, int fd)
{
    int64_t until_ms = now_mono_ms() + EDGE_DEADLINE_MS;
    SSL_CTX *ctx = cert_context(w->boot->authority, w->system->zone->names, edge_days(w));
    SSL *s = ctx ? SSL_new(ctx) : NULL;

    ERR_clear_error();
    if (s && SSL_set_fd(s, fd) && edge_greet(s, until_ms)) {
        if (edge_read(s, until_ms))
            edge_answer(w, s, until_ms);
        ERR_clear_error();
        SSL_shutdown(s);
    }
    SSL_free(s);
    SSL_CTX_free(ctx);
    close(fd);
}

static void *edge_accept(void *arg)
{
    struct world *w = arg;

    for (;;) {
        int fd = accept4(w->boot->fd[BOOT_TLS], NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

        if (fd >= 0)
            edge_serve(w, fd);
        else
            now_sleep_ms(20);
    }
    return NULL;
}

/* ---- names ---- */

enum { DNS_HEAD = 12, DNS_MAX = 512, DNS_A = 1, DNS_IN = 1, DNS_TTL_S = 300, DNS_NXDOMAIN = 3 };

/* The name of the question in lower case; its length in the packet, 0 when it is none. */
static size_t edge_name(const unsigned char *from, size_t n, char *out, size_t cap)
{
    size_t at = 0, len = 0;

    while (at < n && from[at]) {
        size_t label = from[at++];

        if (label > 63 || at + label >= n || len + label + 2 > cap)
            return 0;
        if (len)
            out[len++] = '.';
        for (size_t i = 0; i < label; i++)
            out[len++] = (char)tolower(from[at++]);
    }
    out[len] = '\0';
    return at < n && len ? at + 1 : 0;
}

static bool edge_knows(const struct edge_zone *z, const char *name)
{
    for (size_t i = 0; z->names[i]; i++)
        if (!strcmp(z->names[i], name))
            return true;
    return false;
}

/* The answer's length; 0: none, since it was no question. */
static size_t edge_resolve(struct world *w, const unsigned char *ask, size_t n, unsigned char *out)
{
    static const unsigned char record[] = { 0xc0,   DNS_HEAD, 0, DNS_A,          0,
                                            DNS_IN, 0,        0, DNS_TTL_S >> 8, DNS_TTL_S & 0xff,
                                            0,      4 };
    const struct edge_zone *z = w->system->zone;
    char name[256];
    size_t len = 0;

    if (n > DNS_HEAD && !(ask[2] & 0xf8) && ask[4] == 0 && ask[5] == 1)
        len = edge_name(ask + DNS_HEAD, n - DNS_HEAD, name, sizeof name);
    if (!len || DNS_HEAD + len + 4 > n)
        return 0;
    const unsigned char *kind = ask + DNS_HEAD + len;
    bool known = edge_knows(z, name);
    len += DNS_HEAD + 4;
    memcpy(out, ask, len);
    memset(out + 6, 0, 6);
    out[2] = (unsigned char)(0x84 | (ask[2] & 1)); /* an answer, of who must know */
    out[3] = known ? 0 : DNS_NXDOMAIN;
    if (!known || kind[0] || kind[1] != DNS_A || kind[2] || kind[3] != DNS_IN)
        return len;
    out[7] = 1;
    memcpy(out + len, record, sizeof record);
    len += sizeof record;
    inet_pton(AF_INET, world_fault(w, "dns_wrong") ? z->wrong : z->address, out + len);
    return len + 4;
}

static void *edge_names(void *arg)
{
    struct world *w = arg;
    int fd = w->boot->fd[BOOT_DNS];

    for (;;) {
        unsigned char ask[DNS_MAX], out[DNS_MAX + 32];
        struct sockaddr_storage from;
        socklen_t size = sizeof from;
        ssize_t n = recvfrom(fd, ask, sizeof ask, 0, (struct sockaddr *)&from, &size);
        size_t len = n > 0 ? edge_resolve(w, ask, (size_t)n, out) : 0;

        if (len)
            sendto(fd, out, len, MSG_NOSIGNAL, (struct sockaddr *)&from, size);
        else if (n < 0)
            now_sleep_ms(20);
    }
    return NULL;
}

void edge_open(struct world *w)
{
    thread_start(edge_accept, w);
    thread_start(edge_names, w);
}

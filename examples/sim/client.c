/* examples/sim/client.c: one request at a time; a kept connection that broke is replaced once. */
#include "client.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#include "now.h"

void client_init(struct client *c, int port)
{
    *c = (struct client){ .port = port, .fd = -1 };
}

static void client_close(struct client *c)
{
    if (c->fd >= 0)
        close(c->fd);
    c->fd = -1;
}

void client_fini(struct client *c)
{
    if (c->port)
        client_close(c);
    str_fini(&c->head);
    str_fini(&c->body);
}

static bool client_connect(struct client *c, char *why)
{
    struct sockaddr_in a = { .sin_family = AF_INET, .sin_port = htons((uint16_t)c->port) };

    a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    c->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (c->fd >= 0 && connect(c->fd, (struct sockaddr *)&a, sizeof a) == 0)
        return true;
    snprintf(why, CLIENT_WHY, "127.0.0.1:%d: %s", c->port, strerror(errno));
    client_close(c);
    return false;
}

bool client_header(const struct client *c, const char *name, char *out, size_t cap)
{
    size_t n = strlen(name);

    for (const char *p = c->head.s; p && (p = strstr(p, "\r\n"));) {
        p += 2;
        if (!strncasecmp(p, name, n) && p[n] == ':') {
            p += n + 1;
            p += strspn(p, " ");
            snprintf(out, cap, "%.*s", (int)strcspn(p, "\r"), p);
            return true;
        }
    }
    return false;
}

/* Reads until `want` bytes are there, or (want 0) until the end of the head. */
static bool client_read(struct client *c, struct str *in, size_t want, int64_t deadline, char *why)
{
    char buf[4096];

    while (want ? in->len < want : !in->s || !memmem(in->s, in->len, "\r\n\r\n", 4)) {
        struct pollfd p = { .fd = c->fd, .events = POLLIN };
        int64_t left = deadline - now_mono_ms();

        if (left <= 0 || poll(&p, 1, (int)left) == 0) {
            snprintf(why, CLIENT_WHY, "no answer in time");
            return false;
        }
        ssize_t n = recv(c->fd, buf, sizeof buf, 0);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0) {
            snprintf(why, CLIENT_WHY, "%s", n < 0 ? strerror(errno) : "closed without an answer");
            return false;
        }
        str_addn(in, buf, (size_t)n);
    }
    return true;
}

static int client_answer(struct client *c, const char *method, int64_t deadline, char *why)
{
    struct str in = { 0 };
    char value[64];
    int code = -1;

    if (!client_read(c, &in, 0, deadline, why))
        goto out;
    size_t head = (size_t)((char *)memmem(in.s, in.len, "\r\n\r\n", 4) - in.s) + 4;
    str_clear(&c->head);
    str_addn(&c->head, in.s, head);
    size_t length =
        client_header(c, "content-length", value, sizeof value) ? strtoul(value, NULL, 10) : 0;
    if (!strcmp(method, "HEAD"))
        length = 0;
    if (length && !client_read(c, &in, head + length, deadline, why))
        goto out;
    str_clear(&c->body);
    str_addn(&c->body, in.s + head, length);
    if (sscanf(c->head.s, "HTTP/1.%*d %d", &code) != 1)
        snprintf(why, CLIENT_WHY, "not an HTTP answer");
    if (client_header(c, "connection", value, sizeof value) && !strcasecmp(value, "close"))
        client_close(c);
out:
    str_fini(&in);
    if (code < 0)
        client_close(c);
    return code;
}

int client_ask(struct client *c, const char *method, const char *target, const char *headers,
               const char *body, int timeout_ms, char *why)
{
    int64_t deadline = now_mono_ms() + timeout_ms;
    struct str rq = { 0 };
    int code = -1;

    str_addf(&rq, "%s %s HTTP/1.1\r\nHost: 127.0.0.1:%d\r\n%s", method, target, c->port, headers);
    if (body)
        str_addf(&rq, "Content-Length: %zu\r\n", strlen(body));
    str_addf(&rq, "\r\n%s", body ? body : "");
    for (int i = 0; i < 2 && code < 0; i++) {
        bool kept = c->fd >= 0;
        if (!kept && !client_connect(c, why))
            break;
        if (send(c->fd, rq.s, rq.len, MSG_NOSIGNAL) == (ssize_t)rq.len)
            code = client_answer(c, method, deadline, why);
        else
            client_close(c);
        if (!kept || now_mono_ms() >= deadline)
            break;
    }
    str_fini(&rq);
    return code;
}

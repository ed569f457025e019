/* examples/sim/http.c: accept, parse, answer. */
#include "http.h"

#include <ctype.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#include "thread.h"

#define HTTP_BODY_CAP 65536
#define HTTP_IDLE_S   75
#define HTTP_STACK    (512 * 1024)

const char *http_reason(int code)
{
    static const struct {
        int code;
        const char *reason;
    } table[] = {
        { 200, "OK" },
        { 201, "Created" },
        { 202, "Accepted" },
        { 204, "No Content" },
        { 400, "Bad Request" },
        { 401, "Unauthorized" },
        { 403, "Forbidden" },
        { 404, "Not Found" },
        { 405, "Method Not Allowed" },
        { 409, "Conflict" },
        { 413, "Payload Too Large" },
        { 429, "Too Many Requests" },
        { 431, "Request Header Fields Too Large" },
        { 500, "Internal Server Error" },
        { 501, "Not Implemented" },
        { 502, "Bad Gateway" },
        { 503, "Service Unavailable" },
    };

    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++)
        if (table[i].code == code)
            return table[i].reason;
    return "Unknown";
}

void http_from(const struct http_request *rq, char *out, size_t cap)
{
    const char *from = http_header(rq, "x-forwarded-for");

    if (!from)
        from = "127.0.0.1";
    snprintf(out, cap, "%.*s", (int)strcspn(from, ","), from);
}

void http_answer(struct http_response *rs, int code, const char *type, const char *body)
{
    rs->code = code;
    rs->type = type;
    str_clear(&rs->body);
    str_add(&rs->body, body);
}

void http_tell(struct http_response *rs, int code, const char *before, const char *text)
{
    http_answer(rs, code, HTTP_JSON, before);
    str_json(&rs->body, text);
    str_add(&rs->body, "}");
}

/* ---- reading ---- */

const char *http_header(const struct http_request *rq, const char *name)
{
    size_t n = strlen(name);

    for (size_t i = 0; i < rq->headers; i++) {
        const char *h = rq->header_at[i];
        if (!strncmp(h, name, n) && h[n] == ':') {
            h += n + 1;
            return h + strspn(h, " \t");
        }
    }
    return NULL;
}

static int http_hex(char c)
{
    c = (char)tolower((unsigned char)c);
    return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static void http_decode(const char *from, size_t n, bool plus, char *out, size_t cap)
{
    size_t o = 0;

    for (size_t i = 0; i < n && o + 1 < cap; i++) {
        char c = from[i];
        if (c == '%' && i + 2 < n && http_hex(from[i + 1]) >= 0 && http_hex(from[i + 2]) >= 0) {
            c = (char)(http_hex(from[i + 1]) * 16 + http_hex(from[i + 2]));
            i += 2;
        } else if (plus && c == '+') {
            c = ' ';
        }
        if (c)
            out[o++] = c;
    }
    out[o] = '\0';
}

bool http_param(const struct http_request *rq, const char *name, char *out, size_t cap)
{
    size_t n = strlen(name);

    for (const char *p = rq->query; *p;) {
        size_t len = strcspn(p, "&");
        if (len > n && !strncmp(p, name, n) && p[n] == '=') {
            http_decode(p + n + 1, len - n - 1, true, out, cap);
            return true;
        }
        p += len + (p[len] == '&');
    }
    return false;
}

/* Splits the head in place. */
static bool http_parse(struct http_request *rq)
{
    char *line = rq->head, *end = strstr(line, "\r\n");
    char target[1600], version[16];

    *end = '\0';
    if (sscanf(line, "%15s %1599s %15s", rq->method, target, version) != 3 ||
        strncmp(version, "HTTP/1.", 7) != 0 || target[0] != '/')
        return false;
    size_t path_len = strcspn(target, "?");
    http_decode(target, path_len, false, rq->path, sizeof rq->path);
    snprintf(rq->query, sizeof rq->query, "%s", target[path_len] ? target + path_len + 1 : "");
    rq->keep = version[7] == '1';
    for (line = end + 2; *line && (end = strstr(line, "\r\n")) && end != line; line = end + 2) {
        *end = '\0';
        char *colon = strchr(line, ':');
        if (!colon || rq->headers == sizeof rq->header_at / sizeof rq->header_at[0])
            return false;
        for (char *p = line; p < colon; p++)
            *p = (char)tolower((unsigned char)*p);
        rq->header_at[rq->headers++] = line;
    }
    const char *connection = http_header(rq, "connection");
    if (connection)
        rq->keep =
            rq->keep ? strcasecmp(connection, "close") != 0 : !strcasecmp(connection, "keep-alive");
    return true;
}

/* Reads one request; 0, the code to answer before closing, or -1 when the peer is gone. `have`
 * bytes of the next request may already be in `spill`. */
struct http_wire {
    int fd;
    char spill[16384];
    size_t have;
};

static int http_read_head(struct http_wire *w, struct http_request *rq)
{
    for (;;) {
        char *end = memmem(w->spill, w->have, "\r\n\r\n", 4);
        if (end) {
            size_t n = (size_t)(end - w->spill) + 4;
            if (memchr(w->spill, '\0', n))
                return 400;
            memcpy(rq->head, w->spill, n);
            rq->head[n] = '\0';
            w->have -= n;
            memmove(w->spill, w->spill + n, w->have);
            return http_parse(rq) ? 0 : 400;
        }
        if (w->have == sizeof w->spill)
            return 431;
        ssize_t got = recv(w->fd, w->spill + w->have, sizeof w->spill - w->have, 0);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return -1;
        w->have += (size_t)got;
    }
}

static int http_read_body(struct http_wire *w, struct http_request *rq)
{
    const char *length = http_header(rq, "content-length");

    if (http_header(rq, "transfer-encoding"))
        return 501;
    unsigned long n = length ? strtoul(length, NULL, 10) : 0;
    if (n > HTTP_BODY_CAP)
        return 413;
    const char *expect = http_header(rq, "expect");
    if (expect && !strcasecmp(expect, "100-continue") &&
        send(w->fd, "HTTP/1.1 100 Continue\r\n\r\n", 25, MSG_NOSIGNAL) < 0)
        return -1;
    rq->body = malloc(n + 1);
    if (!rq->body)
        return -1;
    rq->body_len = n < w->have ? n : w->have;
    memcpy(rq->body, w->spill, rq->body_len);
    w->have -= rq->body_len;
    memmove(w->spill, w->spill + rq->body_len, w->have);
    while (rq->body_len < n) {
        ssize_t got = recv(w->fd, rq->body + rq->body_len, n - rq->body_len, 0);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return -1;
        rq->body_len += (size_t)got;
    }
    rq->body[n] = '\0';
    return 0;
}

/* ---- writing ---- */

static bool http_send(int fd, const char *data, size_t n)
{
    while (n) {
        ssize_t w = send(fd, data, n, MSG_NOSIGNAL);
        if (w < 0 && errno == EINTR)
            continue;
        if (w <= 0)
            return false;
        data += w;
        n -= (size_t)w;
    }
    return true;
}

static bool http_write(int fd, const struct http_request *rq, struct http_response *rs)
{
    struct str out = { 0 };
    char date[64];
    time_t t = time(NULL);
    struct tm tm;

    gmtime_r(&t, &tm);
    strftime(date, sizeof date, "%a, %d %b %Y %H:%M:%S GMT", &tm);
    str_addf(&out, "HTTP/1.1 %d %s\r\nDate: %s\r\n", rs->code, http_reason(rs->code), date);
    if (rs->type)
        str_addf(&out, "Content-Type: %s\r\n", rs->type);
    str_addf(&out, "Content-Length: %zu\r\n", rs->body.len);
    if (rs->head.len)
        str_addn(&out, rs->head.s, rs->head.len);
    str_add(&out, rs->close ? "Connection: close\r\n\r\n" : "Connection: keep-alive\r\n\r\n");
    if (strcmp(rq->method, "HEAD") != 0 && rs->body.len)
        str_addn(&out, rs->body.s, rs->body.len);
    bool ok = http_send(fd, out.s, out.len);
    str_fini(&out);
    return ok;
}

/* ---- connections ---- */

struct http_job {
    struct http_listener *l;
    int slot, fd;
};

static bool http_one(struct http_listener *l, struct http_wire *w, struct http_request *rq)
{
    struct http_response rs = { .code = 500 };

    memset(rq, 0, offsetof(struct http_request, head));
    rq->via = l;
    rq->headers = 0;
    rq->body = NULL;
    rq->body_len = 0;
    rq->keep = false;
    int code = http_read_head(w, rq);
    if (code == 0)
        code = http_read_body(w, rq);
    if (code == 0) {
        l->handler(l->arg, rq, &rs);
        rs.close = rs.close || !rq->keep;
    } else if (code > 0) {
        http_answer(&rs, code, "text/plain", http_reason(code));
        rs.close = true;
    }
    bool ok = code >= 0 && !rs.drop && http_write(w->fd, rq, &rs) && !rs.close;
    str_fini(&rs.body);
    str_fini(&rs.head);
    free(rq->body);
    rq->body = NULL;
    return ok;
}

static void *http_conn(void *arg)
{
    struct http_job job = *(struct http_job *)arg;
    struct http_wire *w = calloc(1, sizeof *w);
    struct http_request *rq = calloc(1, sizeof *rq);

    free(arg);
    if (w && rq) {
        w->fd = job.fd;
        while (http_one(job.l, w, rq)) {
        }
        /* Let the peer read the answer before the reset that unread input would cause. */
        shutdown(job.fd, SHUT_WR);
    }
    free(w);
    free(rq);
    pthread_mutex_lock(&job.l->lock);
    job.l->conn[job.slot].fd = -1;
    close(job.fd);
    pthread_mutex_unlock(&job.l->lock);
    return NULL;
}

static void http_admit(struct http_listener *l, int fd, const pthread_attr_t *attr)
{
    struct timeval idle = { HTTP_IDLE_S, 0 }, slow = { 10, 0 };
    struct http_job *job = malloc(sizeof *job);
    int yes = 1, slot = 0;

    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &idle, sizeof idle);
    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &slow, sizeof slow);
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
    pthread_mutex_lock(&l->lock);
    while (slot < HTTP_CONNECTIONS && l->conn[slot].fd >= 0)
        slot++;
    if (job && slot < HTTP_CONNECTIONS && !l->refusing) {
        *job = (struct http_job){ l, slot, fd };
        l->conn[slot].fd = fd;
        if (pthread_create(&l->conn[slot].thread, attr, http_conn, job) == 0)
            job = NULL; /* the thread's now */
        else
            l->conn[slot].fd = -1;
    }
    pthread_mutex_unlock(&l->lock);
    if (job) {
        free(job);
        close(fd);
    }
}

static void *http_accept(void *arg)
{
    struct http_listener *l = arg;
    pthread_attr_t attr;

    pthread_attr_init(&attr);
    pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
    pthread_attr_setstacksize(&attr, HTTP_STACK);
    for (;;) {
        pthread_mutex_lock(&l->lock);
        while (l->refusing)
            pthread_cond_wait(&l->wake, &l->lock);
        pthread_mutex_unlock(&l->lock);
        int fd = accept4(l->fd, NULL, NULL, SOCK_CLOEXEC);
        if (fd >= 0)
            http_admit(l, fd, &attr);
        else if (errno == EMFILE || errno == ENFILE || errno == ENOMEM)
            nanosleep(&(struct timespec){ 0, 50 * 1000000 }, NULL);
    }
    return NULL;
}

void http_serve(struct http_listener *l, int fd, int port, http_handler *handler, void *arg)
{
    *l = (struct http_listener){ .port = port, .fd = fd, .handler = handler, .arg = arg };
    pthread_mutex_init(&l->lock, NULL);
    pthread_cond_init(&l->wake, NULL);
    for (int i = 0; i < HTTP_CONNECTIONS; i++)
        l->conn[i].fd = -1;
    thread_start(http_accept, l);
}

void http_refuse(struct http_listener *l)
{
    pthread_mutex_lock(&l->lock);
    if (!l->refusing) {
        l->refusing = true;
        shutdown(l->fd, SHUT_RDWR); /* on Linux it stops listening and keeps the port */
    }
    for (int i = 0; i < HTTP_CONNECTIONS; i++)
        if (l->conn[i].fd >= 0 && !pthread_equal(l->conn[i].thread, pthread_self()))
            shutdown(l->conn[i].fd, SHUT_RDWR);
    pthread_mutex_unlock(&l->lock);
}

void http_listen(struct http_listener *l)
{
    pthread_mutex_lock(&l->lock);
    if (l->refusing && listen(l->fd, 64) == 0) {
        l->refusing = false;
        pthread_cond_signal(&l->wake);
    }
    pthread_mutex_unlock(&l->lock);
}

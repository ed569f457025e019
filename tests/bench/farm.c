/* tests/bench/farm.c: many targets to be probed, from one small process: an HTTP/1.1 server on a
 * range of loopback addresses.
 *
 *   farm [-p PORT] [-a ADDRESSES] [-k PAGE_KB]     port 0 (the default) takes a free one
 *
 *   /h/N              health of target N: about 1 KB of JSON, different each time
 *   /metrics[...]     a page of PAGE_KB (100) in the Prometheus text format; its last families move
 *   /ctl/down/N /ctl/up/N /ctl/hang/N    target N answers 503 / 200 / not at all; N may be "all"
 *   /ctl/stats        connections and requests so far, and connections open now
 *
 * Prints "farm PORT SAMPLES" when it listens; ends on SIGTERM. Keep-alive, pipelining, no body
 * taken. One thread, epoll, no allocation once a connection has its buffers.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { TARGETS = 65536, REQUEST_MAX = 8192, EVENTS = 256, LIVE_MAX = 64, LIVE_DIGITS = 12 };
enum target { TARGET_UP, TARGET_DOWN, TARGET_HANG };

struct page { /* the exposition page; `live` are numbers of fixed width that grow with each scrape
               */
    char *text;
    size_t len, cap, samples;
    struct {
        size_t at;
        uint64_t value;
        unsigned step;
    } live[LIVE_MAX];
    size_t n_live;
};

struct link { /* one connection */
    int fd;
    bool last; /* close when all is sent */
    bool blocked;
    size_t in_len, out_len, out_sent, out_cap;
    char *out;
    char in[REQUEST_MAX];
};

struct farm {
    int epoll;
    unsigned char target[TARGETS];
    struct page page;
    uint64_t connections, open, requests, health, metrics;
    uint32_t seed;
};

static volatile sig_atomic_t farm_stop;

static void farm_signal(int signo)
{
    (void)signo;
    farm_stop = 1;
}

/* ---- the page ---- */

__attribute__((format(printf, 2, 3))) static void page_add(struct page *p, const char *fmt, ...)
{
    va_list ap;

    if (p->len + 4096 > p->cap && !(p->text = realloc(p->text, p->cap = p->cap * 2 + 65536)))
        abort();
    va_start(ap, fmt);
    p->len += (size_t)vsnprintf(p->text + p->len, 4096, fmt, ap);
    va_end(ap);
}

static void page_sample(struct page *p, const char *series, uint64_t value, unsigned step)
{
    page_add(p, "%s ", series);
    if (step && p->n_live < LIVE_MAX) {
        p->live[p->n_live].at = p->len;
        p->live[p->n_live].value = value;
        p->live[p->n_live++].step = step;
    }
    page_add(p, "%0*llu\n", step ? LIVE_DIGITS : 1, (unsigned long long)value);
    p->samples++;
}

static void page_filler(struct page *p, size_t bytes)
{
    char series[160];
    uint32_t x = 2463534242u;

    for (int family = 0; p->len < bytes; family++) {
        page_add(p, "# HELP runtime_part_%03d_bytes What part %03d of the process holds.\n", family,
                 family);
        page_add(p, "# TYPE runtime_part_%03d_bytes gauge\n", family);
        for (int i = 0; i < 7 && p->len < bytes; i++) {
            x ^= x << 13;
            x ^= x >> 17;
            x ^= x << 5;
            snprintf(series, sizeof series,
                     "runtime_part_%03d_bytes{worker=\"%d\",zone=\"zone-%c\",kind=\"%s\"}", family,
                     i, 'a' + i % 3, i % 2 ? "heap" : "stack");
            page_sample(p, series, x, 0);
        }
    }
}

/* What a watch asks for stands at the end, behind everything else, as the worst case for a scan. */
static void page_make(struct page *p, size_t bytes)
{
    static const char *const le[] = { "0.005", "0.01", "0.025", "0.05", "0.1", "0.25",
                                      "0.5",   "1",    "2.5",   "5",    "10",  "+Inf" };
    static const unsigned step[] = { 1, 4, 9, 20, 40, 70, 88, 95, 98, 99, 100, 100 };
    char series[128];

    page_filler(p, bytes - 2048);
    page_add(p, "# TYPE http_requests_total counter\n");
    page_sample(p, "http_requests_total{code=\"200\",method=\"GET\"}", 900000, 97);
    page_sample(p, "http_requests_total{code=\"404\",method=\"GET\"}", 9000, 2);
    page_sample(p, "http_requests_total{code=\"500\",method=\"GET\"}", 1000, 1);
    page_add(p, "# TYPE http_request_duration_seconds histogram\n");
    for (size_t i = 0; i < sizeof le / sizeof *le; i++) {
        snprintf(series, sizeof series, "http_request_duration_seconds_bucket{le=\"%s\"}", le[i]);
        page_sample(p, series, 10000 * step[i], step[i]);
    }
    page_sample(p, "http_request_duration_seconds_sum", 150000, 15);
    page_sample(p, "http_request_duration_seconds_count", 1000000, 100);
    page_add(p, "# TYPE queue_depth gauge\n");
    page_sample(p, "queue_depth{queue=\"mail\"}", 42, 3);
    page_sample(p, "queue_depth{queue=\"scrape\"}", 7, 1);
}

static void page_move(struct page *p)
{
    for (size_t i = 0; i < p->n_live; i++) {
        uint64_t v = p->live[i].value += p->live[i].step;

        for (int k = LIVE_DIGITS; k-- > 0; v /= 10)
            p->text[p->live[i].at + (size_t)k] = (char)('0' + v % 10);
    }
}

/* ---- answers ---- */

static size_t farm_health(struct farm *f, int id, char *out, size_t cap)
{
    bool down = f->target[id] == TARGET_DOWN;
    struct timespec now;
    struct tm tm;

    clock_gettime(CLOCK_REALTIME, &now);
    gmtime_r(&now.tv_sec, &tm);
    f->seed = f->seed * 1664525u + 1013904223u;
    unsigned r = f->seed >> 8;
    return (size_t)snprintf(
        out, cap,
        "{\"status\":\"%s\",\"service\":\"target-%05d\",\"version\":\"3.7.%d\","
        "\"timestamp\":\"%04d-%02d-%02dT%02d:%02d:%02d.%03ldZ\",\"uptimeSeconds\":%ld,"
        "\"host\":{\"name\":\"node-%03d\",\"zone\":\"eu-central-1b\",\"pid\":%d,\"load\":%u.%02u},"
        "\"checks\":{\"postgres\":{\"status\":\"%s\",\"responseTime\":%u.%u,\"pool\":{\"used\":%u,"
        "\"idle\":%u,\"max\":20}},\"redis\":{\"status\":\"up\",\"responseTime\":%u.%u,"
        "\"usedMemoryBytes\":%u},\"jobs\":{\"status\":\"up\",\"waiting\":%u,\"active\":%u,"
        "\"failed\":%u,\"oldestSeconds\":%u},\"mail\":{\"status\":\"up\",\"queued\":%u},"
        "\"disk\":{\"status\":\"up\",\"freeBytes\":%u,\"freePercent\":%u.%u},"
        "\"payments\":{\"status\":\"up\",\"responseTime\":%u}},"
        "\"requests\":{\"perMinute\":%u,\"errorsPerMinute\":%u,\"p50\":%u,\"p95\":%u,\"p99\":%u},"
        "\"memory\":{\"rss\":%u,\"heapUsed\":%u,\"heapTotal\":%u},"
        "\"backup\":{\"lastSuccess\":\"2026-01-01T02:00:04Z\",\"bytes\":%u,\"verified\":true},"
        "\"flags\":[\"new-checkout\",\"search-v2\",\"dark-mode\"],"
        "\"links\":{\"runbook\":\"https://runbooks.example/"
        "target\",\"owner\":\"team-payments\",\"dashboard\":\"https://dash.example/d/target\"},"
        "\"note\":\"all well\"}",
        down ? "down" : "ok", id, id % 20, tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday, tm.tm_hour,
        tm.tm_min, tm.tm_sec, now.tv_nsec / 1000000, (long)(now.tv_sec % 1000000), id % 200,
        1000 + id % 9000, r % 3, r % 100, down ? "down" : "up", r % 9, r % 10, r % 16, r % 20,
        r % 3, r % 10, 1000000 + r % 1000000, r % 300, r % 8, r % 4, r % 60, r % 50,
        2000000000 + r % 99999, 40 + r % 50, r % 10, 60 + r % 90, 1000 + r % 500, r % 5, 10 + r % 8,
        45 + r % 30, 90 + r % 60, 90000000 + r % 9999999, 50000000 + r % 9999999,
        70000000 + r % 999999, 123000000 + r % 99999);
}

static void link_put(struct link *l, const char *bytes, size_t n)
{
    if (l->out_len + n > l->out_cap &&
        !(l->out = realloc(l->out, l->out_cap = l->out_len + n + 4096)))
        abort();
    memcpy(l->out + l->out_len, bytes, n);
    l->out_len += n;
}

static void link_answer(struct link *l, const char *status, const char *kind, const char *body,
                        size_t len)
{
    char head[256];
    int n = snprintf(head, sizeof head,
                     "HTTP/1.1 %s\r\nContent-Type: %s\r\nContent-Length: %zu\r\n%s\r\n", status,
                     kind, len, l->last ? "Connection: close\r\n" : "");

    link_put(l, head, (size_t)n);
    link_put(l, body, len);
}

static void farm_control(struct farm *f, struct link *l, const char *what)
{
    static const char *const words[] = { "up/", "down/", "hang/" };
    char body[256];
    int n;

    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        size_t len = strlen(words[i]);

        if (strncmp(what, words[i], len))
            continue;
        if (!strcmp(what + len, "all"))
            memset(f->target, (int)i, sizeof f->target);
        else
            f->target[(unsigned)atoi(what + len) % TARGETS] = (unsigned char)i;
    }
    n = snprintf(body, sizeof body,
                 "{\"connections\":%llu,\"open\":%llu,\"requests\":%llu,\"health\":%llu,"
                 "\"metrics\":%llu}\n",
                 (unsigned long long)f->connections, (unsigned long long)f->open,
                 (unsigned long long)f->requests, (unsigned long long)f->health,
                 (unsigned long long)f->metrics);
    link_answer(l, "200 OK", "application/json", body, (size_t)n);
}

static void farm_answer(struct farm *f, struct link *l, const char *path)
{
    char body[2048];

    f->requests++;
    if (!strncmp(path, "/h/", 3)) {
        int id = (int)((unsigned)atoi(path + 3) % TARGETS);

        f->health++;
        if (f->target[id] == TARGET_HANG)
            return;
        link_answer(l, f->target[id] == TARGET_UP ? "200 OK" : "503 Service Unavailable",
                    "application/json", body, farm_health(f, id, body, sizeof body));
    } else if (!strncmp(path, "/metrics", 8)) {
        f->metrics++;
        page_move(&f->page);
        link_answer(l, "200 OK", "text/plain; version=0.0.4; charset=utf-8", f->page.text,
                    f->page.len);
    } else if (!strncmp(path, "/ctl/", 5)) {
        farm_control(f, l, path + 5);
    } else {
        link_answer(l, "404 Not Found", "application/json", "{}", 2);
    }
}

/* ---- connections ---- */

static void link_free(struct farm *f, struct link *l)
{
    close(l->fd);
    free(l->out);
    free(l);
    f->open--;
}

/* Answers every whole request in the buffer; false when it is none of HTTP. */
static bool link_requests(struct farm *f, struct link *l)
{
    char *at = l->in, *end;

    l->in[l->in_len] = '\0';
    while (!l->last && (end = strstr(at, "\r\n\r\n"))) {
        char *path = strchr(at, ' '), *after = path ? strchr(path + 1, ' ') : NULL;

        *end = '\0';
        if (!after || after > end)
            return false;
        *after = '\0';
        l->last = strcasestr(after + 1, "\nconnection: close") != NULL;
        farm_answer(f, l, path + 1);
        at = end + 4;
    }
    l->in_len -= (size_t)(at - l->in);
    memmove(l->in, at, l->in_len);
    return l->in_len < REQUEST_MAX - 1;
}

static bool link_send(struct farm *f, struct link *l)
{
    while (l->out_sent < l->out_len) {
        ssize_t n = send(l->fd, l->out + l->out_sent, l->out_len - l->out_sent, MSG_NOSIGNAL);

        if (n < 0 && errno != EAGAIN)
            return false;
        if (n < 0)
            break;
        l->out_sent += (size_t)n;
    }
    bool blocked = l->out_sent < l->out_len;
    if (!blocked)
        l->out_sent = l->out_len = 0;
    if (blocked != l->blocked) {
        struct epoll_event ev = { .events = blocked ? EPOLLOUT : EPOLLIN, .data.ptr = l };

        epoll_ctl(f->epoll, EPOLL_CTL_MOD, l->fd, &ev);
        l->blocked = blocked;
    }
    return blocked || !l->last;
}

static bool link_event(struct farm *f, struct link *l, uint32_t events)
{
    if (events & EPOLLIN) {
        ssize_t n = recv(l->fd, l->in + l->in_len, REQUEST_MAX - 1 - l->in_len, 0);

        if (n == 0 || (n < 0 && errno != EAGAIN))
            return false;
        if (n > 0) {
            l->in_len += (size_t)n;
            if (!link_requests(f, l))
                return false;
        }
    } else if (events & (EPOLLERR | EPOLLHUP)) {
        return false;
    }
    return link_send(f, l);
}

static void farm_accept(struct farm *f, int listener)
{
    int fd, one = 1;

    while ((fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0) {
        struct link *l = calloc(1, sizeof *l);
        struct epoll_event ev = { .events = EPOLLIN, .data.ptr = l };

        if (!l)
            abort();
        l->fd = fd;
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
        epoll_ctl(f->epoll, EPOLL_CTL_ADD, fd, &ev);
        f->connections++;
        f->open++;
    }
}

/* Address number i: 127.0.0.1 ... 127.0.0.250, 127.0.1.1 ... */
static int farm_listen(unsigned i, uint16_t port)
{
    struct sockaddr_in a = { .sin_family = AF_INET, .sin_port = htons(port) };
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), one = 1;

    a.sin_addr.s_addr = htonl(0x7f000001u + (i / 250 << 8) + i % 250);
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    if (fd < 0 || bind(fd, (struct sockaddr *)&a, sizeof a) || listen(fd, 1024)) {
        perror("farm");
        exit(1);
    }
    return fd;
}

static void farm_run(struct farm *f, const int *listeners, unsigned n)
{
    struct epoll_event ev[EVENTS];

    while (!farm_stop) {
        int ready = epoll_wait(f->epoll, ev, EVENTS, -1);

        for (int i = 0; i < ready; i++) {
            const int *at = ev[i].data.ptr;

            if (at >= listeners && at < listeners + n)
                farm_accept(f, *at);
            else if (!link_event(f, ev[i].data.ptr, ev[i].events))
                link_free(f, ev[i].data.ptr);
        }
    }
}

int main(int argc, char **argv)
{
    static struct farm f;
    unsigned port = 0, addresses = 1, kb = 100;
    struct sockaddr_in self;
    socklen_t len = sizeof self;
    struct rlimit files;
    int o;

    while ((o = getopt(argc, argv, "p:a:k:")) != -1) {
        if (o == '?') {
            fprintf(stderr, "usage: farm [-p PORT] [-a ADDRESSES] [-k PAGE_KB]\n");
            return 64;
        }
        *(o == 'p' ? &port : o == 'a' ? &addresses : &kb) = (unsigned)atoi(optarg);
    }
    prctl(PR_SET_PDEATHSIG, SIGTERM);
    sigaction(SIGTERM, &(struct sigaction){ .sa_handler = farm_signal }, NULL);
    getrlimit(RLIMIT_NOFILE, &files);
    files.rlim_cur = files.rlim_max;
    setrlimit(RLIMIT_NOFILE, &files);
    page_make(&f.page, (size_t)(kb < 4 ? 4 : kb) * 1024);
    f.epoll = epoll_create1(EPOLL_CLOEXEC);
    int *listeners = calloc(addresses, sizeof *listeners);
    for (unsigned i = 0; i < addresses; i++) {
        struct epoll_event ev = { .events = EPOLLIN, .data.ptr = &listeners[i] };

        listeners[i] = farm_listen(i, (uint16_t)port);
        if (!port && !getsockname(listeners[i], (struct sockaddr *)&self, &len))
            port = ntohs(self.sin_port);
        epoll_ctl(f.epoll, EPOLL_CTL_ADD, listeners[i], &ev);
    }
    printf("farm %u %zu\n", port, f.page.samples);
    fflush(stdout);
    farm_run(&f, listeners, addresses);
    return 0;
}

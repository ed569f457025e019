/* tests/bench/floor.c: see floor.h */
#include "floor.h"

#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <time.h>

enum { EVENTS = 64 };

struct floor {
    const struct floor_options *o;
    const struct floor_job *job;
    CURLM *multi;
    int epoll;
    int64_t curl_due_us; /* -1 = none */
    struct floor_fetch *fetch;
    unsigned in_flight;
};

static volatile sig_atomic_t floor_stop;

static void floor_signal(int signo)
{
    (void)signo;
    floor_stop = 1;
}

int64_t floor_now_us(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

void floor_parse(int argc, char **argv, struct floor_options *o)
{
    int c;

    while ((c = getopt(argc, argv, "p:t:a:i:u:w:g:cs")) != -1) {
        switch (c) {
        case 'p':
            o->port = (unsigned)atoi(optarg);
            break;
        case 't':
            o->targets = (unsigned)atoi(optarg);
            break;
        case 'a':
            o->addresses = (unsigned)atoi(optarg);
            break;
        case 'i':
            o->interval_ms = (unsigned)atoi(optarg);
            break;
        case 'u':
            o->path = optarg;
            break;
        case 'w':
            o->in_flight = (unsigned)atoi(optarg);
            break;
        case 'c':
            o->close = true;
            break;
        case 'g':
            o->slots = (unsigned)atoi(optarg);
            break;
        case 's':
            o->tls = true;
            break;
        default:
            fprintf(
                stderr,
                "usage: %s -p PORT [-t TARGETS] [-a ADDRESSES] [-i INTERVAL_MS] [-u PATH]\n"
                "       [-w IN_FLIGHT] [-g SLOTS] [-c] [-s]\n"
                "  -g  all fall due at so many moments of the interval (1 = at once); -c  a new\n"
                "      connection each time; -s  https\n",
                argv[0]);
            exit(64);
        }
    }
}

static int floor_socket(CURL *easy, curl_socket_t s, int what, void *arg, void *known)
{
    struct floor *f = arg;
    struct epoll_event ev = { .data.fd = s };

    (void)easy;
    if (what == CURL_POLL_REMOVE) {
        epoll_ctl(f->epoll, EPOLL_CTL_DEL, s, NULL);
        return 0;
    }
    ev.events = (what & CURL_POLL_IN ? EPOLLIN : 0u) | (what & CURL_POLL_OUT ? EPOLLOUT : 0u);
    epoll_ctl(f->epoll, known ? EPOLL_CTL_MOD : EPOLL_CTL_ADD, s, &ev);
    if (!known)
        curl_multi_assign(f->multi, s, f);
    return 0;
}

static int floor_timer(CURLM *multi, long ms, void *arg)
{
    struct floor *f = arg;

    (void)multi;
    f->curl_due_us = ms < 0 ? -1 : floor_now_us() + ms * 1000;
    return 0;
}

static void floor_prepare(struct floor *f, unsigned i)
{
    const struct floor_options *o = f->o;
    struct floor_fetch *t = &f->fetch[i];
    unsigned a = i % o->addresses;
    char url[256];
    int n;

    n = snprintf(url, sizeof url, "%s://127.0.%u.%u:%u%s", o->tls ? "https" : "http", a / 250,
                 a % 250 + 1, o->port, o->path);
    if (url[n - 1] == '/')
        snprintf(url + n, sizeof url - (size_t)n, "%u", i);
    t->id = i;
    t->easy = curl_easy_init();
    curl_easy_setopt(t->easy, CURLOPT_URL, url);
    curl_easy_setopt(t->easy, CURLOPT_PRIVATE, t);
    curl_easy_setopt(t->easy, CURLOPT_WRITEFUNCTION, f->job->bytes);
    curl_easy_setopt(t->easy, CURLOPT_WRITEDATA, t);
    curl_easy_setopt(t->easy, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(t->easy, CURLOPT_TIMEOUT_MS, 5000L);
    curl_easy_setopt(t->easy, CURLOPT_QUICK_EXIT, 1L);
    curl_easy_setopt(t->easy, CURLOPT_PROXY, "");
    curl_easy_setopt(t->easy, CURLOPT_FORBID_REUSE, o->close ? 1L : 0L);
    curl_easy_setopt(t->easy, CURLOPT_SSL_VERIFYPEER, 0L);
    curl_easy_setopt(t->easy, CURLOPT_SSL_VERIFYHOST, 0L);
}

static void floor_begin(struct floor *f, struct floor_fetch *t)
{
    if (t->busy) {
        t->skipped++;
        return;
    }
    t->busy = true;
    f->in_flight++;
    curl_multi_add_handle(f->multi, t->easy);
}

static void floor_ended(struct floor *f)
{
    CURLMsg *m;
    int left;

    while ((m = curl_multi_info_read(f->multi, &left))) {
        struct floor_fetch *t;
        long code = 0;

        if (m->msg != CURLMSG_DONE)
            continue;
        curl_easy_getinfo(m->easy_handle, CURLINFO_PRIVATE, &t);
        curl_easy_getinfo(m->easy_handle, CURLINFO_RESPONSE_CODE, &code);
        if (f->job->ended(t, m->data.result == CURLE_OK ? code : 0))
            t->done++;
        else
            t->failed++;
        curl_multi_remove_handle(f->multi, t->easy);
        t->busy = false;
        f->in_flight--;
    }
}

/* When target i is due in round n. */
static int64_t floor_due_us(const struct floor_options *o, int64_t start_us, uint64_t n)
{
    int64_t round = (int64_t)(n / o->targets), i = (int64_t)(n % o->targets);
    int64_t interval_us = (int64_t)o->interval_ms * 1000;

    int64_t slots = o->slots ? (int64_t)o->slots : (int64_t)o->targets;

    return start_us + round * interval_us + i * slots / o->targets * interval_us / slots;
}

static int floor_wait_ms(const struct floor *f, int64_t due_us)
{
    int64_t now = floor_now_us(), until = due_us;

    if (f->curl_due_us >= 0 && f->curl_due_us < until)
        until = f->curl_due_us;
    return until <= now ? 0 : (int)((until - now + 999) / 1000);
}

static void floor_turn(struct floor *f, int wait_ms)
{
    struct epoll_event ev[EVENTS];
    int running, n = epoll_wait(f->epoll, ev, EVENTS, wait_ms);

    for (int i = 0; i < n; i++) {
        int what = (ev[i].events & EPOLLIN ? CURL_CSELECT_IN : 0) |
                   (ev[i].events & EPOLLOUT ? CURL_CSELECT_OUT : 0) |
                   (ev[i].events & (EPOLLERR | EPOLLHUP) ? CURL_CSELECT_ERR : 0);

        curl_multi_socket_action(f->multi, ev[i].data.fd, what, &running);
    }
    if (f->curl_due_us >= 0 && f->curl_due_us <= floor_now_us()) {
        f->curl_due_us = -1;
        curl_multi_socket_action(f->multi, CURL_SOCKET_TIMEOUT, 0, &running);
    }
    floor_ended(f);
}

static int floor_report(const struct floor *f)
{
    uint64_t done = 0, failed = 0, skipped = 0;

    for (unsigned i = 0; i < f->o->targets; i++) {
        done += f->fetch[i].done;
        failed += f->fetch[i].failed;
        skipped += f->fetch[i].skipped;
    }
    printf("{\"done\":%llu,\"failed\":%llu,\"skipped\":%llu}\n", (unsigned long long)done,
           (unsigned long long)failed, (unsigned long long)skipped);
    return failed ? 1 : 0;
}

int floor_run(const struct floor_options *o, const struct floor_job *job)
{
    struct floor f = { .o = o, .job = job, .curl_due_us = -1 };
    uint64_t next = 0;
    int64_t start;

    prctl(PR_SET_PDEATHSIG, SIGTERM);
    sigaction(SIGTERM, &(struct sigaction){ .sa_handler = floor_signal }, NULL);
    curl_global_init(CURL_GLOBAL_DEFAULT);
    f.multi = curl_multi_init();
    f.epoll = epoll_create1(EPOLL_CLOEXEC);
    f.fetch = calloc(o->targets, sizeof *f.fetch);
    if (!f.multi || !f.fetch || f.epoll < 0)
        abort();
    curl_multi_setopt(f.multi, CURLMOPT_SOCKETFUNCTION, floor_socket);
    curl_multi_setopt(f.multi, CURLMOPT_SOCKETDATA, &f);
    curl_multi_setopt(f.multi, CURLMOPT_TIMERFUNCTION, floor_timer);
    curl_multi_setopt(f.multi, CURLMOPT_TIMERDATA, &f);
    curl_multi_setopt(f.multi, CURLMOPT_MAXCONNECTS, (long)o->targets + 8);
    for (unsigned i = 0; i < o->targets; i++)
        floor_prepare(&f, i);
    puts("floor ready");
    fflush(stdout);
    start = floor_now_us();
    while (!floor_stop) {
        while (f.in_flight < o->in_flight && floor_due_us(o, start, next) <= floor_now_us())
            floor_begin(&f, &f.fetch[next++ % o->targets]);
        floor_turn(&f, floor_wait_ms(&f, f.in_flight < o->in_flight ? floor_due_us(o, start, next)
                                                                    : floor_now_us() + 100000));
    }
    int rc = floor_report(&f);
    for (unsigned i = 0; i < o->targets; i++) {
        if (f.fetch[i].busy)
            curl_multi_remove_handle(f.multi, f.fetch[i].easy);
        curl_easy_cleanup(f.fetch[i].easy);
    }
    curl_multi_cleanup(f.multi);
    curl_global_cleanup();
    free(f.fetch);
    return rc;
}

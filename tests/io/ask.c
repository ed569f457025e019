/* tests/io/ask.c: asks one URL over io/http and prints each reply as one line, for tests in Python:
 *
 *   ask [--ca FILE] [--timeout MS] [--times N] [--every MS] [--follow N] [--fresh] [--insecure]
 *       [--header NAME:VALUE] [--idle MS] URL
 *
 *   reply fault=tls code=0 ms=12 len=0 reused=0 retries=0 rss_kb=9000 lag_ms=0 why=tls: ...
 *   closed ms=3          (the kept connection closed unasked; --idle waits for it)
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "core/fault.h"
#include "io/http.h"

struct ask {
    struct io *io;
    int done;
    int64_t started_ms, replied_ms;
};

static void ask_take(void *arg, const struct http_reply *r)
{
    struct ask *a = arg;
    struct rusage use;
    struct io_lag lag;

    getrusage(RUSAGE_SELF, &use);
    io_lag(a->io, &lag);
    a->replied_ms = io_mono_ms(a->io);
    a->done++;
    printf("reply fault=%s code=%d ms=%d len=%zu reused=%d retries=%d rss_kb=%ld lag_ms=%d "
           "cpu_ms=%ld dns_us=%d connect_us=%d tls_us=%d first_us=%d total_us=%d "
           "body=%.60s why=%s\n",
           fault_word(r->fault), r->code, (int)(a->replied_ms - a->started_ms), r->len, r->reused,
           r->retries, use.ru_maxrss, (int)lag.max_ms,
           (use.ru_utime.tv_sec + use.ru_stime.tv_sec) * 1000 +
               (use.ru_utime.tv_usec + use.ru_stime.tv_usec) / 1000,
           r->phases.dns_us, r->phases.connect_us, r->phases.tls_us, r->phases.first_byte_us,
           r->phases.total_us,
           r->len && !strchr(r->body, '\n') && !strchr(r->body, ' ') ? r->body : "-", r->why.msg);
    fflush(stdout);
}

static void ask_closed(void *arg)
{
    struct ask *a = arg;

    printf("closed ms=%d\n", (int)(io_mono_ms(a->io) - a->replied_ms));
    fflush(stdout);
}

static void ask_wait(struct ask *a, int64_t ms, int done)
{
    int64_t until = io_mono_ms(a->io) + ms;

    while (a->done < done && io_mono_ms(a->io) < until)
        io_turn(a->io, 10);
}

int main(int argc, char **argv)
{
    struct http_spec spec = { 0 };
    struct http_header header = { NULL, NULL };
    struct ask a = { 0 };
    struct err err = { "" };
    struct http *http;
    struct http_target *t;
    int timeout_ms = 5000, times = 1, every_ms = 50, idle_ms = 0;

    for (int i = 1; i < argc; i++) {
        const char *next = i + 1 < argc ? argv[i + 1] : "";

        if (strcmp(argv[i], "--fresh") == 0)
            spec.fresh = true;
        else if (strcmp(argv[i], "--insecure") == 0)
            spec.insecure = true;
        else if (strcmp(argv[i], "--ca") == 0)
            spec.ca_file = argv[++i];
        else if (strcmp(argv[i], "--timeout") == 0)
            timeout_ms = atoi(argv[++i]);
        else if (strcmp(argv[i], "--times") == 0)
            times = atoi(argv[++i]);
        else if (strcmp(argv[i], "--every") == 0)
            every_ms = atoi(argv[++i]);
        else if (strcmp(argv[i], "--idle") == 0)
            idle_ms = atoi(argv[++i]);
        else if (strcmp(argv[i], "--follow") == 0)
            spec.follow = atoi(argv[++i]);
        else if (strcmp(argv[i], "--header") == 0) {
            char *colon = strchr(argv[++i], ':');

            if (!colon)
                return 64;
            *colon = '\0';
            header = (struct http_header){ next, colon + 1 };
            spec.headers = &header;
            spec.n_headers = 1;
        } else {
            spec.url = argv[i];
        }
    }
    if (!spec.url)
        return 64;
    a.io = io_new(&err);
    http = http_new(a.io, 16);
    t = http_target_new(http, &spec, &err);
    if (!t) {
        printf("refused %s\n", err.msg);
        return 1;
    }
    http_on_closed(t, ask_closed, &a);
    for (int i = 0; i < times; i++) {
        a.started_ms = io_mono_ms(a.io);
        http_ask(t, timeout_ms, ask_take, &a);
        ask_wait(&a, timeout_ms + 5000, i + 1);
        if (i + 1 < times)
            ask_wait(&a, every_ms, times + 1);
    }
    ask_wait(&a, idle_ms, times + 1);
    http_target_free(t);
    http_free(http);
    io_free(a.io);
    return a.done == times ? 0 : 1;
}

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

struct ask_options {
    struct http_spec spec;
    struct http_header header;
    int timeout_ms, times, every_ms, idle_ms;
};

static bool ask_header(struct ask_options *o, char *line)
{
    char *colon = strchr(line, ':');

    if (!colon)
        return false;
    *colon = '\0';
    o->header = (struct http_header){ line, colon + 1 };
    o->spec.headers = &o->header;
    o->spec.n_headers = 1;
    return true;
}

static bool ask_read(struct ask_options *o, char **argv)
{
    const struct {
        const char *name;
        int *value;
    } numbers[] = { { "--timeout", &o->timeout_ms },
                    { "--times", &o->times },
                    { "--every", &o->every_ms },
                    { "--idle", &o->idle_ms },
                    { "--follow", &o->spec.follow } };

    while (*++argv) {
        size_t n = 0;

        while (n < sizeof numbers / sizeof *numbers && strcmp(*argv, numbers[n].name) != 0)
            n++;
        if (strcmp(*argv, "--fresh") == 0)
            o->spec.fresh = true;
        else if (strcmp(*argv, "--insecure") == 0)
            o->spec.insecure = true;
        else if (**argv != '-')
            o->spec.url = *argv;
        else if (!argv[1])
            return false;
        else if (n < sizeof numbers / sizeof *numbers)
            *numbers[n].value = atoi(*++argv);
        else if (strcmp(*argv, "--ca") == 0)
            o->spec.ca_file = *++argv;
        else if (strcmp(*argv, "--header") != 0 || !ask_header(o, *++argv))
            return false;
    }
    return o->spec.url != NULL;
}

int main(int argc, char **argv)
{
    struct ask_options o = { .timeout_ms = 5000, .times = 1, .every_ms = 50 };
    struct ask a = { 0 };
    struct err err = { "" };
    struct http *http;
    struct http_target *t;

    (void)argc;
    if (!ask_read(&o, argv))
        return 64;
    a.io = io_new(&err);
    http = http_new(a.io, 16);
    t = http_target_new(http, &o.spec, &err);
    if (!t) {
        printf("refused %s\n", err.msg);
        return 1;
    }
    http_on_closed(t, ask_closed, &a);
    for (int i = 0; i < o.times; i++) {
        a.started_ms = io_mono_ms(a.io);
        http_ask(t, o.timeout_ms, ask_take, &a);
        ask_wait(&a, o.timeout_ms + 5000, i + 1);
        if (i + 1 < o.times)
            ask_wait(&a, o.every_ms, o.times + 1);
    }
    ask_wait(&a, o.idle_ms, o.times + 1);
    http_target_free(t);
    http_free(http);
    io_free(a.io);
    return a.done == o.times ? 0 : 1;
}

/* tests/bench/logs.c: the kind jsonlog on the loop, fed with a file, and what that costs.
 *
 *   logs FILE [PROBES]     FILE is renamed to where PROBES (1 to 4; default 4) probes look, read
 * from its start to its end and renamed back logs -a MEGABYTES      so much is appended by another
 * process while a timer is due every 10 ms
 *
 * Prints: bytes, lines, CPU and wall us, KB of memory that it grew by, us that the timer was late
 * at most, and ms that the loop was.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/cmocka.h"
#include "tests/probes/probe_case.h"

enum { TICK_US = 10000, POLL_MS = 100, PROBES = 4, PIECE = 1 << 20 };

static const char *const bench_probes[PROBES][13] = {
    { "where:level", "ERROR", NULL },
    { "where:statusCode", "500-599", "of:statusCode", "*", "measure", "ratio", NULL },
    { "where:model", "!*", "measure", "p95", "field", "duration_ms", NULL },
    { "where:level", "ERROR", "group_by", "path", "measure", "top", NULL },
};

struct bench {
    struct io *io;
    struct clients clients;
    struct probe probes[PROBES];
    struct probe_common common[PROBES];
    int n, reports;
    uint64_t lines;
    struct io_timer *tick;
    int64_t tick_us, late_us;
    char dir[256], path[280];
};

static void bench_on_report(void *arg, struct probe *p, const struct report *r)
{
    struct bench *b = arg;

    (void)p;
    if (r->state != STATE_UP && r->state != STATE_UNKNOWN)
        fprintf(stderr, "logs: %s\n", text_str(&r->reason));
    b->reports++;
}

static void bench_on_tick(void *arg)
{
    struct bench *b = arg;
    int64_t now_us = io_mono_us(b->io), late_us = b->tick_us ? now_us - b->tick_us - TICK_US : 0;

    if (late_us > b->late_us)
        b->late_us = late_us;
    b->tick_us = now_us;
    io_timer_arm(b->tick, TICK_US / 1000);
}

static void bench_open(struct bench *b, int n)
{
    struct err err = { "" };

    *b = (struct bench){ .n = n, .io = io_new(&err) };
    b->clients = (struct clients){ .io = b->io };
    snprintf(b->dir, sizeof b->dir, "%s/midwatch-bench-XXXXXX",
             getenv("TMPDIR") ? getenv("TMPDIR") : "/tmp");
    if (!mkdtemp(b->dir))
        exit(1);
    snprintf(b->path, sizeof b->path, "%s/api.log", b->dir);
    close(open(b->path, O_WRONLY | O_CREAT, 0600));
    for (int i = 0; i < n; i++) {
        const char *pairs[20] = { "jsonlog", b->path, "timeout", "5m", "every", "5m" };
        struct probe *p = &b->probes[i];

        for (int k = 0; bench_probes[i][k]; k++)
            pairs[6 + k] = bench_probes[i][k];
        *p = (struct probe){ .ops = probe_kind("jsonlog"),
                             .common = &b->common[i],
                             .clients = &b->clients,
                             .on_report = bench_on_report,
                             .arg = b };
        p->self = calloc(1, p->ops->size);
        if (!case_options(p->ops, p->self, &b->common[i], pairs, &err) || !p->ops->open(p, &err)) {
            fprintf(stderr, "logs: %s\n", err.msg);
            exit(1);
        }
    }
    b->tick = io_timer_new(b->io, bench_on_tick, b);
    bench_on_tick(b);
}

static void bench_close(struct bench *b)
{
    for (int i = 0; i < b->n; i++) {
        b->probes[i].ops->close(&b->probes[i]);
        option_fini(b->probes[i].ops->options, b->probes[i].self);
        option_fini(probe_common_options, &b->common[i]);
        free(b->probes[i].self);
    }
    io_timer_free(b->tick);
    io_free(b->io);
    unlink(b->path);
    rmdir(b->dir);
}

static void bench_poll(struct bench *b)
{
    b->reports = 0;
    for (int i = 0; i < b->n; i++)
        b->probes[i].ops->poll(&b->probes[i]);
    while (b->reports < b->n)
        io_turn(b->io, 1000);
}

struct cost {
    struct rusage use;
    long rss_kb;
    int64_t wall_us;
};

/* getrusage() would tell the most of whoever started us, too. */
static long cost_memory(const char *field)
{
    FILE *f = fopen("/proc/self/status", "r");
    char line[128];
    long kb = -1;

    while (f && fgets(line, sizeof line, f))
        if (strncmp(line, field, strlen(field)) == 0)
            kb = atol(line + strlen(field));
    if (f)
        fclose(f);
    return kb;
}

/* From here on the most is of what follows. */
static void cost_forget_most(void)
{
    FILE *f = fopen("/proc/self/clear_refs", "w");

    if (f) {
        fputs("5", f);
        fclose(f);
    }
}

static struct cost cost_now(const struct bench *b)
{
    struct cost c = { .wall_us = io_mono_us(b->io), .rss_kb = cost_memory("VmRSS:") };

    cost_forget_most();
    getrusage(RUSAGE_SELF, &c.use);
    return c;
}

static long long cost_us(const struct timeval *a, const struct timeval *b)
{
    return (b->tv_sec - a->tv_sec) * 1000000LL + b->tv_usec - a->tv_usec;
}

static void bench_print(const struct bench *b, long long bytes, const struct cost *from)
{
    long most_kb = cost_memory("VmHWM:");
    struct cost to = cost_now(b);
    struct io_lag lag;

    io_lag(b->io, &lag);
    printf("%lld %lld %lld %ld %lld %lld\n", bytes,
           cost_us(&from->use.ru_utime, &to.use.ru_utime) +
               cost_us(&from->use.ru_stime, &to.use.ru_stime),
           (long long)(to.wall_us - from->wall_us), most_kb - from->rss_kb, (long long)b->late_us,
           (long long)lag.max_ms);
}

static void bench_file(const char *file, int n)
{
    struct bench b;
    struct cost from;
    struct stat st;

    bench_open(&b, n);
    bench_poll(&b);
    if (stat(file, &st) < 0 || rename(file, b.path) < 0) {
        perror(file);
        exit(1);
    }
    b.late_us = 0;
    io_lag_reset(b.io);
    from = cost_now(&b);
    bench_poll(&b);
    bench_print(&b, st.st_size, &from);
    if (rename(b.path, file) < 0)
        exit(1);
    bench_close(&b);
}

static void bench_write(const char *path, int megabytes)
{
    int fd = open(path, O_WRONLY | O_APPEND);
    static char piece[PIECE];

    for (size_t at = 0; at + 200 < sizeof piece;)
        at +=
            (size_t)snprintf(piece + at, sizeof piece - at,
                             "{\"level\":\"INFO\",\"path\":\"/api/v1/%zu\",\"duration_ms\":%zu}\n",
                             at % 7, at % 1000);
    for (int i = 0; i < megabytes; i++)
        if (write(fd, piece, strlen(piece)) < 0)
            _exit(1);
    _exit(0);
}

static void bench_append(int megabytes)
{
    struct bench b;
    struct cost from;
    struct stat st;
    pid_t pid;
    int status;

    bench_open(&b, PROBES);
    bench_poll(&b);
    b.late_us = 0;
    io_lag_reset(b.io);
    from = cost_now(&b);
    pid = fork();
    if (pid == 0)
        bench_write(b.path, megabytes);
    while (waitpid(pid, &status, WNOHANG) == 0) {
        int64_t next_ms = io_mono_ms(b.io) + POLL_MS;

        bench_poll(&b);
        while (io_mono_ms(b.io) < next_ms)
            io_turn(b.io, (int)(next_ms - io_mono_ms(b.io)));
    }
    bench_poll(&b);
    if (status != 0 || stat(b.path, &st) < 0)
        exit(1);
    bench_print(&b, st.st_size, &from);
    bench_close(&b);
}

int main(int argc, char **argv)
{
    if (argc == 3 && strcmp(argv[1], "-a") == 0)
        bench_append(atoi(argv[2]));
    else if (argc >= 2)
        bench_file(argv[1], argc > 2 ? atoi(argv[2]) : PROBES);
    else
        return 64;
    return 0;
}

/* tests/io/asker.c: the database clients as a program that a test in another language drives.
 *
 * Reads lines, fields separated by tabs; writes one JSON object a line.
 *   pg CONNINFO | redis URL [CA_FILE|-] [insecure]   which server; the password is $ASKER_PASSWORD
 *   ask ID TIMEOUT_MS SQL            or, for redis, the words of one command
 *   cancel ID                        gives it up: no answer will come
 *   fds                              how many descriptors are open
 *   rss                              KiB of memory
 * An unasked end of the connection writes {"closed":true}. Ends with its input.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/alloc.h"
#include "core/buf.h"
#include "core/text.h"
#include "io/pg.h"
#include "io/redis.h"
#include "tests/io/tcpserver.h"

enum { ASKER_FIELDS = 8, ASKER_ROWS = 3 };

struct question {
    struct asker *a;
    struct question *next;
    char id[32];
    struct pg_call *pg;
    struct redis_call *redis;
};

struct asker {
    struct io *io;
    struct pg *pg;
    struct redis *redis;
    struct pg_db *pg_db;
    struct redis_db *redis_db;
    struct buf in;
    struct question *questions;
    struct secret *password;
};

static void asker_string(const char *s, size_t len)
{
    char clean[4096];

    text_clean(clean, sizeof clean, s, len, NULL);
    putchar('"');
    for (const char *c = clean; *c; c++) {
        if (*c == '"' || *c == '\\')
            putchar('\\');
        putchar(*c);
    }
    putchar('"');
}

static void asker_forget(struct question *q)
{
    struct question **at = &q->a->questions;

    while (*at != q)
        at = &(*at)->next;
    *at = q->next;
    free(q);
}

static void asker_head(const struct question *q, enum fault fault, const char *why)
{
    printf("{\"id\":\"%s\",\"fault\":\"%s\",\"why\":", q->id, fault_word(fault));
    asker_string(why, strlen(why));
}

static void asker_phases(const struct phases *p)
{
    printf(",\"phases\":[%d,%d,%d,%d,%d]}\n", p->dns_us, p->connect_us, p->tls_us, p->first_byte_us,
           p->total_us);
    fflush(stdout);
}

static void asker_on_pg(void *arg, const struct pg_reply *r)
{
    struct question *q = arg;

    asker_head(q, r->fault, r->why.msg);
    printf(",\"sqlstate\":\"%s\",\"rows\":%zu,\"cols\":%zu,\"cut\":%s,\"names\":[", r->sqlstate,
           r->rows, r->cols, r->cut ? "true" : "false");
    for (size_t col = 0; col < r->cols; col++) {
        printf(col ? "," : "");
        asker_string(pg_reply_name(r, col), strlen(pg_reply_name(r, col)));
    }
    printf("],\"numbers\":[");
    for (size_t col = 0; col < r->cols; col++)
        printf("%s%s", col ? "," : "", pg_reply_is_number(r, col) ? "true" : "false");
    printf("],\"cells\":[");
    for (size_t row = 0; row < r->rows && row < ASKER_ROWS; row++) {
        printf(row ? ",[" : "[");
        for (size_t col = 0; col < r->cols; col++) {
            const char *cell = pg_reply_cell(r, row, col);

            printf(col ? "," : "");
            if (cell)
                asker_string(cell, strlen(cell));
            else
                printf("null");
        }
        printf("]");
    }
    printf("]");
    asker_phases(&r->phases);
    asker_forget(q);
}

static void asker_value(const struct redis_value *v)
{
    switch (v->kind) {
    case REDIS_NIL:
        printf("null");
        break;
    case REDIS_INT:
        printf("%lld", (long long)v->number);
        break;
    case REDIS_ARRAY:
        printf("[");
        for (size_t i = 0; i < v->n; i++) {
            printf(i ? "," : "");
            asker_value(&v->items[i]);
        }
        printf("]");
        break;
    default:
        asker_string(v->str, v->len);
    }
}

static void asker_on_redis(void *arg, const struct redis_reply *r)
{
    struct question *q = arg;

    asker_head(q, r->fault, r->why.msg);
    printf(",\"word\":\"%s\",\"values\":[", r->word);
    for (size_t i = 0; i < r->n; i++) {
        printf(i ? "," : "");
        asker_value(&r->values[i]);
    }
    printf("]");
    asker_phases(&r->phases);
    asker_forget(q);
}

static void asker_on_closed(void *arg)
{
    (void)arg;
    printf("{\"closed\":true}\n");
    fflush(stdout);
}

static void asker_open(struct asker *a, char **f, int n)
{
    struct err err = { "" };
    struct text name = { 0 };

    if (strcmp(f[0], "pg") == 0) {
        a->pg_db = pg_db_get(a->pg, f[1], a->password, &err);
        pg_show(f[1], &name);
        if (a->pg_db)
            pg_on_closed(a->pg_db, asker_on_closed, a);
    } else {
        const char *ca = n > 2 && strcmp(f[2], "-") != 0 ? f[2] : NULL;

        a->redis_db = redis_db_get(a->redis, f[1], a->password, ca, n > 3, &err);
        redis_show(f[1], &name);
        if (a->redis_db)
            redis_on_closed(a->redis_db, asker_on_closed, a);
    }
    printf("{\"name\":");
    if (a->pg_db || a->redis_db)
        asker_string(text_str(&name), name.len);
    else
        printf("null");
    printf(",\"err\":");
    asker_string(err.msg, strlen(err.msg));
    printf("}\n");
    fflush(stdout);
    text_fini(&name);
}

static void asker_ask(struct asker *a, char **f, int n)
{
    struct question *q = xcalloc(1, sizeof *q);
    int64_t timeout_ms = atoi(f[2]);

    q->a = a;
    q->next = a->questions;
    a->questions = q;
    snprintf(q->id, sizeof q->id, "%s", f[1]);
    if (a->pg_db) {
        q->pg = pg_ask(a->pg_db, f[3], timeout_ms, asker_on_pg, q);
    } else {
        const struct redis_command cmd = { n - 3, (const char *const *)f + 3 };

        q->redis = redis_ask(a->redis_db, &cmd, 1, timeout_ms, asker_on_redis, q);
    }
}

static void asker_cancel(struct asker *a, const char *id)
{
    for (struct question *q = a->questions; q; q = q->next)
        if (strcmp(q->id, id) == 0) {
            pg_cancel(q->pg);
            redis_cancel(q->redis);
            asker_forget(q);
            return;
        }
}

static void asker_line(struct asker *a, char *line)
{
    char none[1] = "", *f[ASKER_FIELDS];
    int n = 0;

    for (int i = 0; i < ASKER_FIELDS; i++)
        f[i] = none;

    for (char *s = line; s && n < ASKER_FIELDS; n++) {
        f[n] = s;
        s = strchr(s, '\t');
        if (s)
            *s++ = '\0';
    }
    if (strcmp(f[0], "pg") == 0 || strcmp(f[0], "redis") == 0) {
        asker_open(a, f, n);
    } else if (strcmp(f[0], "ask") == 0 && n > 3) {
        asker_ask(a, f, n);
    } else if (strcmp(f[0], "cancel") == 0) {
        asker_cancel(a, f[1]);
    } else if (strcmp(f[0], "fds") == 0) {
        printf("{\"fds\":%d}\n", fds_open());
        fflush(stdout);
    } else if (strcmp(f[0], "rss") == 0) {
        printf("{\"rss\":%ld}\n", rss_kib());
        fflush(stdout);
    }
}

static void asker_on_input(void *arg, int events)
{
    struct asker *a = arg;
    char bytes[4096], *end;
    ssize_t n = read(0, bytes, sizeof bytes);

    (void)events;
    if (n <= 0) {
        io_stop(a->io);
        return;
    }
    buf_add(&a->in, bytes, (size_t)n);
    while (a->in.len && (end = memchr(a->in.bytes, '\n', a->in.len))) {
        *end = '\0';
        asker_line(a, a->in.bytes);
        buf_drop(&a->in, (size_t)(end + 1 - a->in.bytes));
    }
}

int main(void)
{
    struct asker a = { .io = io_new(NULL) };
    const char *password = getenv("ASKER_PASSWORD");
    struct io_watch *in = io_watch_new(a.io, 0, IO_READ, asker_on_input, &a);

    signal(SIGPIPE, SIG_IGN);
    a.pg = pg_new(a.io);
    a.redis = redis_new(a.io);
    if (password)
        a.password = secret_new(password, strlen(password));
    if (!in)
        return 1;
    io_run(a.io);
    io_watch_free(in);
    pg_db_put(a.pg_db);
    redis_db_put(a.redis_db);
    while (a.questions)
        asker_forget(a.questions);
    pg_free(a.pg);
    redis_free(a.redis);
    secret_free(a.password);
    buf_fini(&a.in);
    io_free(a.io);
    return 0;
}

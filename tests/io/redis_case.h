/* tests/io/redis_case.h: one client of Redis, a server that says what a test wants, and what came
 * of a question. */
#pragma once

#include "tests/cmocka.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "io/redis.h"
#include "tests/io/tcpserver.h"
#include "tests/io/wait.h"

struct world {
    struct io *io;
    struct redis *redis;
    struct server *server;
    struct redis_db *db;
    int closed;
};

struct answer { /* what came of one question */
    int n;
    enum fault fault;
    char why[640], word[24];
    size_t values;
    int64_t number; /* of the first value */
    char str[64];
    struct phases phases;
};

static inline void on_closed(void *arg)
{
    ((struct world *)arg)->closed++;
}

static inline void on_answer(void *arg, const struct redis_reply *r)
{
    struct answer *a = arg;

    a->n++;
    a->fault = r->fault;
    snprintf(a->why, sizeof a->why, "%s", r->why.msg);
    snprintf(a->word, sizeof a->word, "%s", r->word);
    a->values = r->n;
    a->phases = r->phases;
    a->str[0] = '\0';
    if (r->n) {
        a->number = r->values[0].number;
        if (r->values[0].str)
            snprintf(a->str, sizeof a->str, "%s", r->values[0].str);
    }
}

static inline void world_open(struct world *w, void (*on_bytes)(struct peer *p))
{
    char url[64];
    struct err err;

    *w = (struct world){ .io = io_new(&err) };
    assert_non_null(w->io);
    w->server = server_new(w->io);
    w->server->on_bytes = on_bytes;
    w->redis = redis_new(w->io);
    snprintf(url, sizeof url, "redis://127.0.0.1:%d", w->server->port);
    w->db = redis_db_get(w->redis, url, NULL, NULL, false, &err);
    assert_non_null(w->db);
    redis_on_closed(w->db, on_closed, w);
}

static inline void world_close(struct world *w)
{
    redis_db_put(w->db);
    redis_free(w->redis);
    server_free(w->server);
    io_free(w->io);
}

static inline struct redis_call *ask(struct world *w, struct answer *a, int64_t timeout_ms,
                                     int argc, const char *const *argv)
{
    const struct redis_command cmd = { argc, argv };

    *a = (struct answer){ 0 };
    return redis_ask(w->db, &cmd, 1, timeout_ms, on_answer, a);
}

static inline struct redis_call *ping(struct world *w, struct answer *a, int64_t timeout_ms)
{
    return ask(w, a, timeout_ms, 1, (const char *[]){ "PING" });
}

static inline void ping_wait(struct world *w, struct answer *a)
{
    ping(w, a, 2000);
    WAIT(w, a->n);
}

/* One command out of what came, as words; false when it is not complete. Drops it. */
static inline bool command(struct peer *p, char words[8][64], int *argc)
{
    struct resp_cut {
        const char *at, *end;
    } c = { buf_str(&p->in), buf_str(&p->in) + p->in.len };
    char *stop;
    long n;

    if (c.at == c.end || *c.at != '*')
        return false;
    n = strtol(c.at + 1, &stop, 10);
    c.at = stop + 2;
    for (long i = 0; i < n; i++) {
        long len = c.at < c.end && *c.at == '$' ? strtol(c.at + 1, &stop, 10) : -1;

        if (len < 0 || stop + 2 + len + 2 > c.end)
            return false;
        snprintf(words[i], 64, "%.*s", (int)len, stop + 2);
        c.at = stop + 2 + len + 2;
    }
    *argc = (int)n;
    buf_drop(&p->in, (size_t)(c.at - p->in.bytes));
    return true;
}

static inline void bulk(struct peer *p, const char *s)
{
    char head[128];

    snprintf(head, sizeof head, "$%zu\r\n%s\r\n", strlen(s), s);
    peer_sends(p, head);
}

/* An honest server: PING with and without words, LLEN says the length of its key's name. */
static inline void honest(struct peer *p)
{
    char words[8][64];
    int argc;

    while (command(p, words, &argc)) {
        char line[64];

        p->said++;
        if (strcmp(words[0], "PING") == 0 && argc == 2) {
            bulk(p, words[1]);
        } else if (strcmp(words[0], "PING") == 0) {
            peer_sends(p, "+PONG\r\n");
        } else if (strcmp(words[0], "LLEN") == 0) {
            snprintf(line, sizeof line, ":%zu\r\n", strlen(words[1]));
            peer_sends(p, line);
        } else if (strcmp(words[0], "AUTH") == 0) {
            peer_sends(p, strcmp(words[argc - 1], "right") == 0 ? "+OK\r\n"
                                                                : "-WRONGPASS invalid\r\n");
        } else {
            peer_sends(p, "+OK\r\n");
        }
    }
}

static inline void silent(struct peer *p)
{
    (void)p;
}

static const char *said; /* what the server answers to everything */

static inline void says(struct peer *p)
{
    char words[8][64];
    int argc;

    while (command(p, words, &argc))
        peer_sends(p, said);
}

/* tests/io/pg_case.h: one client of PostgreSQL, a server that says what a test wants, and what came
 * of a question. */
#pragma once

#include "tests/cmocka.h"

#include <stdio.h>
#include <string.h>

#include "io/pg.h"
#include "tests/io/pgserver.h"
#include "tests/io/wait.h"

struct world {
    struct io *io;
    struct pg *pg;
    struct pgserver *server;
    struct pg_db *db;
    int closed;
};

struct answer {
    int n, order;
    enum fault fault;
    char why[640], sqlstate[6], cell[64];
    size_t rows, cols;
    bool cut, number;
    struct phases phases;
};

static int answers; /* counts, for the order */

static inline void on_closed(void *arg)
{
    ((struct world *)arg)->closed++;
}

static inline void on_answer(void *arg, const struct pg_reply *r)
{
    struct answer *a = arg;

    a->n++;
    a->order = ++answers;
    a->fault = r->fault;
    snprintf(a->why, sizeof a->why, "%s", r->why.msg);
    memcpy(a->sqlstate, r->sqlstate, sizeof a->sqlstate);
    a->rows = r->rows;
    a->cols = r->cols;
    a->cut = r->cut;
    a->phases = r->phases;
    a->number = pg_reply_is_number(r, 0);
    a->cell[0] = '\0';
    if (r->rows && pg_reply_cell(r, 0, 0))
        snprintf(a->cell, sizeof a->cell, "%s", pg_reply_cell(r, 0, 0));
}

static inline void world_db(struct world *w, const char *password, const char *more)
{
    struct secret *s = password ? secret_new(password, strlen(password)) : NULL;
    char conninfo[160];
    struct err err;

    snprintf(conninfo, sizeof conninfo, "host=127.0.0.1 port=%d dbname=d user=u%s",
             w->server->server->port, more);
    w->db = pg_db_get(w->pg, conninfo, s, &err);
    secret_free(s);
    assert_non_null(w->db);
    pg_on_closed(w->db, on_closed, w);
}

static inline void world_open(struct world *w)
{
    struct err err;

    *w = (struct world){ .io = io_new(&err) };
    assert_non_null(w->io);
    w->server = pgserver_new(w->io);
    w->pg = pg_new(w->io);
    world_db(w, NULL, "");
}

static inline void world_close(struct world *w)
{
    pg_db_put(w->db);
    pg_free(w->pg);
    pgserver_free(w->server);
    io_free(w->io);
}

static inline struct pg_call *ask(struct world *w, struct answer *a, const char *sql,
                                  int64_t timeout_ms)
{
    *a = (struct answer){ 0 };
    return pg_ask(w->db, sql, timeout_ms, on_answer, a);
}

static inline void ask_wait(struct world *w, struct answer *a)
{
    ask(w, a, "SELECT 1", 2000);
    WAIT(w, a->n);
}

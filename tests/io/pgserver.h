/* tests/io/pgserver.h: a PostgreSQL that says what a test wants, over tcpserver. It knows the
 * greeting and the frames of the protocol and nothing of SQL. */
#pragma once

#include "tests/io/tcpserver.h"

struct pgserver {
    struct server *server;
    struct io *io;
    /* One query, to be answered with pg_say_*(). NULL: pg_say_one(). */
    void (*on_query)(struct peer *p, const char *sql);
    /* Instead of the greeting, once the startup packet is there; NULL: lets everybody in. */
    void (*on_startup)(struct peer *p);
    /* A peer whose `said` is set to PG_STUCK hears nothing any more. */
    int startups, cancels, passwords, queries;
    int parses;            /* statements whose text came */
    char prepared[8][512]; /* by the number in their names */
    char sql[512];         /* of the one without a name */
    char last_password[64];
    char startup[1024]; /* NULs as blanks */
};

enum { PG_STUCK = 2 };

struct pgserver *pgserver_new(struct io *io);
void pgserver_free(struct pgserver *s);

void pgserver_unstick(struct peer *p); /* goes on with what came meanwhile */

void pg_say(struct peer *p, char type, const void *body, size_t len);
void pg_say_greeting(struct peer *p); /* auth ok, parameters, key, ready */
void pg_say_ask_password(struct peer *p);
void pg_say_error(struct peer *p, const char *severity, const char *sqlstate, const char *words);
void pg_say_columns(struct peer *p, int n, int oid);      /* parse and bind complete, description */
void pg_say_row(struct peer *p, int n, const char *cell); /* n times the same; NULL */
void pg_say_done(struct peer *p);                         /* command complete */
void pg_say_ready(struct peer *p);
void pg_say_one(struct peer *p, const char *sql); /* 1 row, 1 column, "1" */

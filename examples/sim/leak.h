/* examples/sim/leak.h: real sessions of the role app that do harm: idle in transaction, or busy
 * with an endless query.
 *
 * A leak opens sessions up to its number or until the server refuses, and then stays: a session
 * that an operator terminates is not opened again, so that the count really falls.
 *
 * Owner:   the world. Every function takes the lock.
 */
#pragma once

#include <pthread.h>
#include <stdbool.h>

#include <libpq-fe.h>

#define LEAK_MAX 250

struct leak {
    pthread_mutex_t lock;
    char conninfo[400];
    PGconn *idle[LEAK_MAX];
    int idle_n;
    bool refused;
    PGconn *slow;
};

void leak_init(struct leak *l, const char *conninfo);
void leak_open(struct leak *l, int n);
void leak_close(struct leak *l);
bool leak_query(struct leak *l, char *why); /* starts the long query; DB_WHY bytes */
void leak_query_end(struct leak *l);

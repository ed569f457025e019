/* examples/sim/leak.c: the sessions of conn_leak and long_query. */
#include "leak.h"

#include <stdio.h>
#include <string.h>

#include "db.h"
#include "now.h"

#define LEAK_TRIES    4
#define LEAK_PAUSE_MS 25

void leak_init(struct leak *l, const char *conninfo)
{
    memset(l, 0, sizeof *l);
    pthread_mutex_init(&l->lock, NULL);
    snprintf(l->conninfo, sizeof l->conninfo, "%s", conninfo);
}

static void leak_drop(struct leak *l)
{
    for (int i = 0; i < l->idle_n; i++)
        PQfinish(l->idle[i]);
    l->idle_n = 0;
    l->refused = false;
}

/* A session, or NULL when the server has none left: one refusal may be due to a request that just
 * holds a slot for a moment, so that only a few in a row count. */
static PGconn *leak_session(struct leak *l)
{
    char why[DB_WHY];

    for (int i = 0; i < LEAK_TRIES; i++) {
        PGconn *c = db_connect(l->conninfo, 2000, why);
        if (c)
            return c;
        now_sleep_ms(LEAK_PAUSE_MS);
    }
    return NULL;
}

void leak_open(struct leak *l, int n)
{
    char why[DB_WHY];

    pthread_mutex_lock(&l->lock);
    leak_drop(l);
    while (l->idle_n < n && l->idle_n < LEAK_MAX && !l->refused) {
        PGconn *c = leak_session(l);
        if (!c) {
            l->refused = true;
            break;
        }
        /* What such a session last did: it read, and forgot to commit. */
        PQclear(db_ask(c, 1000, "BEGIN", 0, NULL, why));
        PQclear(db_ask(c, 1000, "SELECT id, name, rating FROM units WHERE id = 1", 0, NULL, why));
        l->idle[l->idle_n++] = c;
    }
    pthread_mutex_unlock(&l->lock);
}

void leak_close(struct leak *l)
{
    pthread_mutex_lock(&l->lock);
    leak_drop(l);
    pthread_mutex_unlock(&l->lock);
}

static void leak_slow_end(struct leak *l)
{
    char err[256];

    if (!l->slow)
        return;
    PGcancel *cancel = PQgetCancel(l->slow); /* a closed socket alone would not stop the query */
    if (cancel) {
        PQcancel(cancel, err, sizeof err);
        PQfreeCancel(cancel);
    }
    PQfinish(l->slow);
    l->slow = NULL;
}

bool leak_query(struct leak *l, char *why)
{
    pthread_mutex_lock(&l->lock);
    leak_slow_end(l);
    l->slow = db_connect(l->conninfo, 2000, why);
    bool ok =
        l->slow && PQsendQuery(l->slow, "SELECT count(*) FROM units, LATERAL pg_sleep(86400)");
    pthread_mutex_unlock(&l->lock);
    return ok;
}

void leak_query_end(struct leak *l)
{
    pthread_mutex_lock(&l->lock);
    leak_slow_end(l);
    pthread_mutex_unlock(&l->lock);
}

/* examples/sim/db.h: the app's pool of PostgreSQL sessions (role app), with deadlines.
 *
 * Units:   milliseconds.
 * Errors:  NULL with the server's sentence in why (DB_WHY bytes).
 * Owner:   the caller owns the pool; results are freed with PQclear().
 */
#pragma once

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <libpq-fe.h>

#define DB_WHY        256
#define DB_ADDRESS    400
#define DB_MAX        50
#define DB_TIMEOUT_MS 1500 /* of an everyday query */

struct db_pool {
    char conninfo[DB_ADDRESS];
    int max;         /* <= DB_MAX */
    int64_t idle_ms; /* a session that is idle for longer is closed */
    pthread_mutex_t lock;
    pthread_cond_t wake;
    struct {
        PGconn *c;
        int64_t since_ms;
        unsigned generation;
    } idle[DB_MAX];
    int idle_n, open_n, waiting;
    unsigned generation; /* sessions of an older one are closed when they come back */
    bool frozen;         /* neither grows nor shrinks */
};

struct db_load {
    int open, idle, busy, waiting, max;
};

void db_init(struct db_pool *p, const char *conninfo, int max, int64_t idle_ms);
void db_point(struct db_pool *p, const char *conninfo);    /* other address from now on */
void db_address(struct db_pool *p, char *out, size_t cap); /* the present one */
void db_reset(struct db_pool *p);                          /* closes what is open */
void db_freeze(struct db_pool *p, bool on);
void db_tick(struct db_pool *p); /* closes what is idle for too long */
struct db_load db_load(struct db_pool *p);

PGresult *db_query(struct db_pool *p, int timeout_ms, const char *sql, int n,
                   const char *const *params, char *why);
/* For statements whose success matters only. */
bool db_do(struct db_pool *p, int timeout_ms, const char *sql, char *why);

/* One session beside any pool, opened within the time; NULL with why. */
PGconn *db_connect(const char *conninfo, int timeout_ms, char *why);
/* One statement in a session that the caller holds. */
PGresult *db_ask(PGconn *c, int timeout_ms, const char *sql, int n, const char *const *params,
                 char *why);

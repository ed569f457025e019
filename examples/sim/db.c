/* examples/sim/db.c: a pool as an app has one: opens on demand, waits when full, drops what broke.
 */
#include "db.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>

#include "now.h"

static bool db_wait(PGconn *c, bool reading, int64_t deadline_ms)
{
    struct pollfd p = { .fd = PQsocket(c), .events = reading ? POLLIN : POLLOUT };

    for (;;) {
        int64_t left = deadline_ms - now_mono_ms();
        int n = left > 0 ? poll(&p, 1, (int)left) : 0;
        if (n < 0 && errno == EINTR)
            continue;
        return n > 0;
    }
}

static void db_why(char *why, const char *text)
{
    snprintf(why, DB_WHY, "%.*s", (int)strcspn(text, "\n"), text); /* the rest is LINE and HINT */
}

/* libpq prints the server's farewell on stderr; the caller reports it. */
static void db_notice(void *arg, const char *message)
{
    (void)arg;
    (void)message;
}

PGconn *db_connect(const char *conninfo, int timeout_ms, char *why)
{
    int64_t deadline = now_mono_ms() + timeout_ms;
    PGconn *c = PQconnectStart(conninfo);
    PostgresPollingStatusType st = PGRES_POLLING_WRITING;

    if (c)
        PQsetNoticeProcessor(c, db_notice, NULL);
    while (c && PQstatus(c) != CONNECTION_BAD) {
        if (!db_wait(c, st == PGRES_POLLING_READING, deadline)) {
            snprintf(why, DB_WHY, "no session within %d ms", timeout_ms);
            PQfinish(c);
            return NULL;
        }
        st = PQconnectPoll(c);
        if (st == PGRES_POLLING_OK)
            return c;
        if (st == PGRES_POLLING_FAILED)
            break;
    }
    db_why(why, c ? PQerrorMessage(c) : "out of memory");
    PQfinish(c);
    return NULL;
}

PGresult *db_ask(PGconn *c, int timeout_ms, const char *sql, int n, const char *const *params,
                 char *why)
{
    int64_t deadline = now_mono_ms() + timeout_ms;
    PGresult *last = NULL, *r;

    if (!PQsendQueryParams(c, sql, n, NULL, params, NULL, NULL, 0)) {
        db_why(why, PQerrorMessage(c));
        return NULL;
    }
    for (;;) {
        while (PQisBusy(c)) {
            if (!db_wait(c, true, deadline)) {
                snprintf(why, DB_WHY, "no answer within %d ms", timeout_ms);
                PQclear(last);
                return NULL;
            }
            if (!PQconsumeInput(c)) {
                db_why(why, PQerrorMessage(c));
                PQclear(last);
                return NULL;
            }
        }
        r = PQgetResult(c);
        if (!r)
            break;
        PQclear(last);
        last = r;
    }
    ExecStatusType st = PQresultStatus(last);
    if (st == PGRES_TUPLES_OK || st == PGRES_COMMAND_OK)
        return last;
    db_why(why, PQresultErrorMessage(last));
    PQclear(last);
    return NULL;
}

/* ---- the pool ---- */

void db_init(struct db_pool *p, const char *conninfo, int max, int64_t idle_ms)
{
    pthread_condattr_t attr;

    memset(p, 0, sizeof *p);
    snprintf(p->conninfo, sizeof p->conninfo, "%s", conninfo);
    p->max = max < DB_MAX ? max : DB_MAX;
    p->idle_ms = idle_ms;
    pthread_mutex_init(&p->lock, NULL);
    pthread_condattr_init(&attr);
    pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    pthread_cond_init(&p->wake, &attr);
}

static void db_close_idle(struct db_pool *p, int i)
{
    PQfinish(p->idle[i].c);
    p->open_n--;
    p->idle[i] = p->idle[--p->idle_n];
}

void db_reset(struct db_pool *p)
{
    pthread_mutex_lock(&p->lock);
    p->generation++;
    while (p->idle_n)
        db_close_idle(p, 0);
    pthread_cond_broadcast(&p->wake);
    pthread_mutex_unlock(&p->lock);
}

void db_point(struct db_pool *p, const char *conninfo)
{
    pthread_mutex_lock(&p->lock);
    snprintf(p->conninfo, sizeof p->conninfo, "%s", conninfo);
    pthread_mutex_unlock(&p->lock);
    db_reset(p);
}

void db_address(struct db_pool *p, char *out, size_t cap)
{
    pthread_mutex_lock(&p->lock);
    snprintf(out, cap, "%s", p->conninfo);
    pthread_mutex_unlock(&p->lock);
}

void db_freeze(struct db_pool *p, bool on)
{
    pthread_mutex_lock(&p->lock);
    p->frozen = on;
    pthread_cond_broadcast(&p->wake);
    pthread_mutex_unlock(&p->lock);
}

void db_tick(struct db_pool *p)
{
    int64_t now = now_mono_ms();

    pthread_mutex_lock(&p->lock);
    for (int i = p->idle_n - 1; i >= 0 && !p->frozen; i--)
        if (now - p->idle[i].since_ms > p->idle_ms)
            db_close_idle(p, i);
    pthread_mutex_unlock(&p->lock);
}

struct db_load db_load(struct db_pool *p)
{
    pthread_mutex_lock(&p->lock);
    struct db_load l = { .open = p->open_n,
                         .idle = p->idle_n,
                         .busy = p->open_n - p->idle_n,
                         .waiting = p->waiting,
                         .max = p->max };
    pthread_mutex_unlock(&p->lock);
    return l;
}

/* An idle session, or leave to open one (*fresh), or neither within the time. */
static PGconn *db_take(struct db_pool *p, int64_t deadline, unsigned *generation, bool *fresh,
                       char *conninfo, size_t cap)
{
    struct timespec until = { deadline / 1000, (long)(deadline % 1000) * 1000000 };
    PGconn *c = NULL;
    int rc = 0;

    *fresh = false;
    pthread_mutex_lock(&p->lock);
    p->waiting++;
    while (rc == 0 && !p->idle_n && (p->open_n >= p->max || (p->frozen && p->open_n > 0)))
        rc = pthread_cond_timedwait(&p->wake, &p->lock, &until);
    p->waiting--;
    if (p->idle_n) {
        c = p->idle[--p->idle_n].c; /* the warmest */
    } else if (rc == 0) {
        *fresh = true;
        p->open_n++;
    }
    *generation = p->generation;
    snprintf(conninfo, cap, "%s", p->conninfo);
    pthread_mutex_unlock(&p->lock);
    return c;
}

static void db_give(struct db_pool *p, PGconn *c, unsigned generation, bool good)
{
    pthread_mutex_lock(&p->lock);
    if (c && good && generation == p->generation && p->idle_n < DB_MAX) {
        p->idle[p->idle_n].c = c;
        p->idle[p->idle_n].since_ms = now_mono_ms();
        p->idle_n++;
        c = NULL;
    } else {
        p->open_n--;
    }
    pthread_cond_signal(&p->wake);
    pthread_mutex_unlock(&p->lock);
    PQfinish(c);
}

PGresult *db_query(struct db_pool *p, int timeout_ms, const char *sql, int n,
                   const char *const *params, char *why)
{
    int64_t deadline = now_mono_ms() + timeout_ms;

    for (;;) {
        char conninfo[sizeof p->conninfo];
        unsigned generation;
        bool fresh;
        PGconn *c = db_take(p, deadline, &generation, &fresh, conninfo, sizeof conninfo);

        if (!c && !fresh) {
            snprintf(why, DB_WHY, "the pool of %d sessions is exhausted", p->max);
            return NULL;
        }
        int left = (int)(deadline - now_mono_ms());
        if (fresh)
            c = db_connect(conninfo, left, why);
        PGresult *r = NULL;
        if (c)
            r = db_ask(c, (int)(deadline - now_mono_ms()), sql, n, params, why);
        bool good = c && PQstatus(c) == CONNECTION_OK && PQtransactionStatus(c) == PQTRANS_IDLE;
        db_give(p, c, generation, good);
        if (r || fresh || good || now_mono_ms() >= deadline)
            return r;
        /* A kept session was broken (the server was restarted): another one, until a fresh one
         * says the truth. */
    }
}

bool db_do(struct db_pool *p, int timeout_ms, const char *sql, char *why)
{
    PGresult *r = db_query(p, timeout_ms, sql, 0, NULL, why);

    PQclear(r);
    return r != NULL;
}

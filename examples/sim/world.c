/* examples/sim/world.c: faults and clock, and the threads that keep the world going. */
#include "world.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "now.h"
#include "thread.h"
#include "tools.h"

void world_init(struct world *w, const struct boot *b)
{
    pthread_mutexattr_t attr;

    memset(w, 0, sizeof *w);
    w->boot = b;
    w->system = b->system;
    servers_init(&w->servers, b);
    pthread_mutex_init(&w->lock, NULL);
    pthread_mutexattr_init(&attr);
    pthread_mutexattr_settype(&attr, PTHREAD_MUTEX_RECURSIVE);
    pthread_mutex_init(&w->change, &attr);
}

void world_log(const struct world *w, const char *format, ...)
{
    va_list args;
    char line[600];

    if (w->boot->quiet)
        return;
    va_start(args, format);
    vsnprintf(line, sizeof line, format, args);
    va_end(args);
    fprintf(stderr, "midwatch-sim: %s\n", line);
}

/* ---- clock ---- */

int64_t world_now_ms(struct world *w)
{
    pthread_mutex_lock(&w->lock);
    int64_t ms = now_real_ms() + w->offset_ms;
    pthread_mutex_unlock(&w->lock);
    return ms;
}

void world_advance(struct world *w, int64_t ms)
{
    pthread_mutex_lock(&w->lock);
    w->offset_ms += ms;
    pthread_mutex_unlock(&w->lock);
}

/* ---- faults ---- */

const struct fault_def *world_fault_def(const struct system *s, const char *name)
{
    for (const struct fault_def *d = s->faults; d->name; d++)
        if (!strcmp(d->name, name))
            return d;
    return NULL;
}

static bool world_look(struct world *w, const char *name, struct fault_now *out)
{
    const struct fault_def *d = world_fault_def(w->system, name);

    if (!d)
        return false; /* this system does not have it */
    pthread_mutex_lock(&w->lock);
    *out = w->faults[d - w->system->faults];
    pthread_mutex_unlock(&w->lock);
    return out->on;
}

bool world_fault(struct world *w, const char *name)
{
    struct fault_now f;

    return world_look(w, name, &f);
}

double world_number(struct world *w, const char *name)
{
    struct fault_now f;

    return world_look(w, name, &f) ? f.number : 0;
}

bool world_text(struct world *w, const char *name, char *out, size_t cap)
{
    struct fault_now f;

    if (!world_look(w, name, &f))
        return false;
    snprintf(out, cap, "%s", f.value);
    return true;
}

static bool world_value(const struct fault_def *d, const char *value, struct fault_now *f,
                        char *why)
{
    if (!value && d->fallback)
        value = d->fallback;
    if (d->kind == FAULT_SWITCH) {
        if (value)
            snprintf(why, PLACE_WHY, "%s takes no value", d->name);
        return !value;
    }
    if (strlen(value) >= sizeof f->value || !value[0] ||
        strspn(value, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_+") !=
            strlen(value)) {
        snprintf(why, PLACE_WHY, "%s: the value is up to %zu letters, digits and .-_+", d->name,
                 sizeof f->value - 1);
        return false;
    }
    snprintf(f->value, sizeof f->value, "%s", value);
    if (d->kind == FAULT_TEXT)
        return true;
    char *end;
    f->number = strtod(value, &end);
    if (*end || !(f->number >= d->min && f->number <= d->max)) {
        snprintf(why, PLACE_WHY, "%s: '%s' is not a number from %.10g to %.10g", d->name, value,
                 d->min, d->max);
        return false;
    }
    return true;
}

static bool world_apply(struct world *w, const struct fault_def *d, bool on, char *why)
{
    for (int i = 0; i < w->app_n; i++)
        if (!strcmp(w->apps[i].def->down_fault, d->name))
            app_down(&w->apps[i], on);
    return !d->apply || d->apply(w, on, why);
}

static bool world_put(struct world *w, const struct fault_def *d, const struct fault_now *next,
                      char *why)
{
    struct fault_now *slot = &w->faults[d - w->system->faults];

    pthread_mutex_lock(&w->lock);
    struct fault_now before = *slot;
    *slot = *next;
    pthread_mutex_unlock(&w->lock);
    if (!before.on && !next->on)
        return true;
    world_log(w, "fault %s%s%s %s", d->name, next->value[0] ? "=" : "", next->value,
              next->on ? "on" : "off");
    if (!world_apply(w, d, next->on, why)) {
        pthread_mutex_lock(&w->lock);
        *slot = before;
        pthread_mutex_unlock(&w->lock);
        return false;
    }
    return true;
}

int world_set(struct world *w, const char *name, bool on, const char *value, char *why)
{
    char key[64];
    size_t n = strcspn(name, "=");

    snprintf(key, sizeof key, "%.*s", n < sizeof key ? (int)n : 63, name);
    for (char *p = key; *p; p++)
        *p = *p == '-' ? '_' : (char)tolower((unsigned char)*p);
    if (name[n] == '=' && !value)
        value = name + n + 1;
    const struct fault_def *d = world_fault_def(w->system, key);
    if (!d) {
        snprintf(why, PLACE_WHY, "unknown fault '%s'", key);
        return 404;
    }
    if (!w->live) {
        snprintf(why, PLACE_WHY, "the servers are still starting");
        return 503;
    }
    struct fault_now next = { .on = on };
    if (on && !world_value(d, value, &next, why))
        return 400;
    pthread_mutex_lock(&w->change);
    bool ok = world_put(w, d, &next, why);
    pthread_mutex_unlock(&w->change);
    return ok ? 200 : 500;
}

void world_clear(struct world *w, const char *name)
{
    char why[PLACE_WHY];

    if (world_fault(w, name) && world_set(w, name, false, NULL, why) != 200)
        world_log(w, "fault %s cannot be switched off: %s", name, why);
}

bool world_reset(struct world *w, char *why)
{
    bool ok = true;

    pthread_mutex_lock(&w->change);
    for (const struct fault_def *d = w->system->faults; d->name; d++) {
        char one[PLACE_WHY];
        if (world_fault(w, d->name) && !world_put(w, d, &(struct fault_now){ 0 }, one)) {
            ok = false;
            snprintf(why, PLACE_WHY, "%s", one);
        }
    }
    pthread_mutex_lock(&w->lock);
    w->offset_ms = 0;
    pthread_mutex_unlock(&w->lock);
    for (int i = 0; i < w->app_n; i++) /* a process from the time that never was, too */
        if (app_phase(&w->apps[i]) != APP_UP || app_uptime_s(&w->apps[i]) < 0)
            app_reborn(&w->apps[i]);
    if (w->system->forget)
        w->system->forget(w);
    system_tick(w);
    pthread_mutex_unlock(&w->change);
    return ok;
}

bool world_redis_down(struct world *w, bool on, char *why)
{
    return on ? servers_stop(&w->servers, SERVER_REDIS, why)
              : servers_start(&w->servers, SERVER_REDIS, why);
}

bool world_db_down(struct world *w, bool on, char *why)
{
    return on ? servers_stop(&w->servers, SERVER_PG, why)
              : servers_start(&w->servers, SERVER_PG, why);
}

void *world_alloc(size_t size)
{
    void *p = calloc(1, size);

    if (!p)
        abort();
    return p;
}

/* ---- life ---- */

static void *world_ticker(void *arg)
{
    struct world *w = arg;

    for (;;) {
        now_sleep_ms(50);
        pthread_mutex_lock(&w->change);
        for (int i = 0; i < w->app_n; i++)
            app_tick(&w->apps[i]);
        system_tick(w);
        pthread_mutex_unlock(&w->change);
    }
    return NULL;
}

/* Roles, database, tables: run once, as the superuser over the unix socket. */
static bool world_schema(struct world *w, char *why)
{
    char conninfo[400], sql[256];
    const char *db = w->system->db_name;
    bool ok = true;

    for (int step = 0; step < 2 && ok; step++) {
        servers_conninfo(w->boot, step ? db : "postgres", conninfo, sizeof conninfo);
        PGconn *c = PQconnectdb(conninfo);
        PGresult *r = NULL;
        if (step == 0) {
            r = PQexec(c, "CREATE ROLE app LOGIN; CREATE ROLE midwatch LOGIN;"
                          "GRANT pg_read_all_stats, pg_signal_backend TO midwatch");
            if (PQresultStatus(r) == PGRES_COMMAND_OK) {
                PQclear(r);
                snprintf(sql, sizeof sql, "CREATE DATABASE %s OWNER app", db);
                r = PQexec(c, sql);
            }
        } else {
            r = PQexec(c, w->system->schema);
        }
        ok = PQresultStatus(r) == PGRES_COMMAND_OK || PQresultStatus(r) == PGRES_TUPLES_OK;
        if (!ok)
            snprintf(why, PLACE_WHY, "preparing the database %s: %s", db, PQerrorMessage(c));
        PQclear(r);
        PQfinish(c);
    }
    return ok;
}

static void *world_boot(void *arg)
{
    struct world *w = arg;
    char why[PLACE_WHY] = "", message[PLACE_WHY + 8];

    if ((!w->system->redis_maxmemory || servers_await(&w->servers, SERVER_REDIS, 15000, why)) &&
        servers_await(&w->servers, SERVER_PG, 30000, why) && world_schema(w, why) &&
        servers_pids(&w->servers, why) && tools_write(w->boot, why) && system_live(w, why)) {
        w->live = true;
        servers_tell(&w->servers, "ready");
        return NULL;
    }
    snprintf(message, sizeof message, "failed %s", why);
    servers_tell(&w->servers, message);
    return NULL;
}

void world_run(struct world *w)
{
    system_open(w);
    thread_start(world_ticker, w);
    thread_start(world_boot, w);
}

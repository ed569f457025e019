/* examples/sim/system.h: what a simulated system is: a table of facts, and handlers for what only
 * it has. system.c does what all tables ask for alike.
 *
 * Units:   said by the names; faults have their own.
 * Errors:  false with a sentence in why (PLACE_WHY bytes).
 * Owner:   tables are static; what the functions open lives as long as the process.
 */
#pragma once

#include <stdbool.h>

#include "app.h"
#include "boot.h"
#include "edge.h"
#include "queues.h"
#include "traffic.h"

#define SYSTEM_APPS   2
#define SYSTEM_FAULTS 32

struct backups_plan;
struct world;

enum fault_kind { FAULT_SWITCH, FAULT_NUMBER, FAULT_TEXT };

/* What of a restart ends a fault by itself: the old process has gone, with all it held; the new one
 * serves. The fault by which an app is down always ends with the latter. */
enum fault_end { FAULT_STAYS, FAULT_ENDS_GONE, FAULT_ENDS_UP };

struct fault_def {
    const char *name, *about;
    enum fault_kind kind;
    const char *fallback; /* the value when none is given; NULL for a switch */
    double min, max;      /* of a number */
    /* Its effect, when asking world_fault() at the time of use is not enough. Called after the
     * state changed; false with why puts the state back. */
    bool (*apply)(struct world *w, bool on, char *why);
    enum fault_end end;
};

/* Rows that several tables have. */
#define FAULT_DB_DOWN                                                          \
    {                                                                          \
        "db_down", "stops PostgreSQL at once; off starts it on the same port", \
            .apply = world_db_down                                             \
    }
#define FAULT_REDIS_DOWN                                                        \
    {                                                                           \
        "redis_down", "stops the Redis server; off starts it on the same port", \
            .apply = world_redis_down                                           \
    }

/* A member of "vars", by which a configuration finds the parts of the system. */
struct system_var {
    const char *name;
    enum { VAR_URL, VAR_ADDRESS, VAR_DB, VAR_REDIS, VAR_PATH } kind;
    enum boot_listener listener; /* of a URL or an address */
    const char *path;            /* below DIR */
};

/* The web site: one page for every path, also over TLS. */
struct system_page {
    const char *html;
    const char *headers; /* NULL, or lines with CR LF */
    int takes_ms;
};

struct system {
    const char *name, *db_name, *schema; /* schema: SQL, run as the owner of the database */
    int pg_max_connections;
    const char *redis_maxmemory; /* NULL: it has no Redis */
    bool redis_auth;
    bool redis_ephemeral;                    /* a restart empties it */
    unsigned listeners;                      /* bits of enum boot_listener */
    const struct app_def *apps[SYSTEM_APPS]; /* the unused ones behind the others */
    const struct system_page *page;          /* NULL: no web site */
    const struct edge_zone *zone;            /* NULL: neither TLS nor names */
    const struct backups_plan *dumps;        /* NULL: it makes none */
    const struct queue_def *queues;          /* NULL: none of Bull's; ends with a zero */
    queue_done *job_done;                    /* NULL: nobody counts them */
    const struct fault_def *faults;          /* ends with a zero, as do vars */
    const struct system_var *vars;
    traffic_user *user; /* and how many requests of users come */
    double requests_per_s;

    /* Handlers; NULL: nothing to do. */
    void (*init)(struct world *w);            /* before the first request: its own state */
    bool (*live)(struct world *w, char *why); /* the servers are up, the users not yet there */
    void (*tick)(struct world *w);            /* twenty times a second */
    void (*forget)(struct world *w);          /* after a reset: caches and marks of what was */
    void (*passed)(struct world *w, struct app *a, enum app_phase phase); /* in a restart */
};

extern const struct system system_rachelfoods, system_neurmatic, system_concierge, system_hireflux,
    system_ratemyunit;
const struct system *system_find(const char *name); /* NULL: unknown */

void system_vars(const struct boot *b, struct str *out); /* the members of "vars" */

void system_open(struct world *w);            /* its listeners */
bool system_live(struct world *w, char *why); /* the servers are up: dumps, queues, users */
void system_tick(struct world *w);            /* what is due; nothing before it is live */
/* A restart of the app passed this phase: GONE or UP. */
void system_passed(struct world *w, struct app *a, enum app_phase phase);

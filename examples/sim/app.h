/* examples/sim/app.h: one instance of the app: its listener, counters, pools, phase and life.
 *
 * Units:   start_ms and phase_until_ms are simulated Unix milliseconds, latencies milliseconds.
 * Owner:   the world.
 */
#pragma once

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "boot.h"
#include "chance.h"
#include "db.h"
#include "http.h"
#include "metrics.h"
#include "rds.h"

#define APP_VERSION 32

struct world;
struct app;

enum app_phase { APP_UP, APP_STOPPING, APP_GONE };

struct app_route {
    const char *method;
    const char *path; /* exact; with '*' at its end a prefix */
    void (*answer)(struct app *a, struct http_request *rq, struct http_response *rs);
    bool ordinary;     /* takes part in the latencies and errors of everyday requests */
    const char *label; /* in the metrics; NULL: the path */
};

/* The facts of an instance, and how it differs from an app with Express and pino. */
struct app_def {
    const char *name;        /* of its service, its log and its line of /__sim/state */
    const char *application; /* as PostgreSQL shows its sessions */
    const char *version;     /* NULL: it does not tell one */
    enum boot_listener listener;
    const struct app_route *routes; /* ends with a zero; the last one may be "*" */
    double median_ms, sigma;        /* of an ordinary request */
    int pool_max;                   /* sessions with the database; <= DB_MAX */
    int64_t pool_idle_ms;           /* then a session is closed */
    const char *down_fault;         /* the fault that makes it refuse */
    /* Handlers; NULL: none, or the usual one. proxy() stands in front of the process: what it
     * answers (true) the app neither counts nor logs. guard() answers a request before any route
     * does (true), log_line() writes what is logged of one, refuse() the body of an error. */
    bool (*proxy)(struct app *a, struct http_request *rq, struct http_response *rs);
    bool (*guard)(struct app *a, struct http_request *rq, struct http_response *rs);
    void (*log_line)(struct app *a, const struct http_request *rq, int code, int64_t ms,
                     struct str *out);
    void (*refuse)(struct app *a, const struct http_request *rq, int code,
                   struct http_response *rs);
};

struct app {
    struct world *world;
    const struct app_def *def;
    struct http_listener http;
    struct metrics metrics;
    struct db_pool db;
    struct rds redis;
    pthread_mutex_t lock;
    struct chance chance;
    double error_debt; /* makes error_rate exact instead of about right */
    enum app_phase phase;
    int64_t phase_until_ms, start_ms;
    char version[APP_VERSION];
    int log_fd; /* DIR/log/NAME.jsonl, a line a request; -1 when it cannot be written */
    long log_bytes;
};

void app_init(struct app *a, struct world *w, const struct app_def *def); /* def is static */
void app_open(struct app *a); /* its listener; everything that a route asks for must be there */
/* The address of a database for the app, as DATABASE_URL has it; DB_ADDRESS bytes. */
void app_database(const struct app *a, const char *db_name, char *out, size_t cap);

void app_stop(struct app *a, int64_t for_ms); /* begins the shutdown: 503 for so long, then gone */
void app_reborn(struct app *a);               /* a new process: counts from zero, pools empty */
void app_down(struct app *a, bool on);        /* its down_fault has changed */
void app_tick(struct app *a);
enum app_phase app_phase(struct app *a);
double app_uptime_s(struct app *a);
void app_version(struct app *a, char out[APP_VERSION]);

/* {"success":false,"error":why}, as Express does it. */
void app_fail(struct http_response *rs, int code, const char *why);
/* A route's answer: the page of metrics with what every app counts. */
void app_metrics(struct app *a, struct http_request *rq, struct http_response *rs);

/* A line of its log, with its end of line. */
void app_log(struct app *a, const struct str *line);
/* The last bytes of its log, from the beginning of a line. */
void app_log_tail(struct app *a, size_t bytes, struct str *out);

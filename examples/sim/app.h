/* examples/sim/app.h: one instance of the app: its listener, counters, pools, phase and life.
 *
 * Units:   start_ms and phase_until_ms are simulated Unix milliseconds, latencies milliseconds.
 * Owner:   the world.
 */
#pragma once

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "chance.h"
#include "db.h"
#include "http.h"
#include "metrics.h"
#include "rds.h"

struct world;
struct app;

enum app_phase { APP_UP, APP_STOPPING, APP_GONE };

struct app_route {
    const char *method;
    const char *path; /* exact; with '*' at its end a prefix */
    const char *label;
    bool ordinary; /* takes part in the latencies and errors of everyday requests */
    void (*answer)(struct app *a, struct http_request *rq, struct http_response *rs);
};

struct app {
    struct world *world;
    const char *name;
    const struct app_route *routes; /* ends with a zero; the last one may be "*" */
    double median_ms, sigma;        /* of an ordinary request */
    const char *down_fault;         /* the fault that makes it refuse; NULL */
    /* Of the system's own; NULL: as Express and pino do it. guard() answers a request before any
     * route does (true), log_line() writes what is logged of one, refuse() the body of an error. */
    bool (*guard)(struct app *a, struct http_request *rq, struct http_response *rs);
    void (*log_line)(struct app *a, const struct http_request *rq, int code, int64_t ms,
                     struct str *out);
    void (*refuse)(struct app *a, const struct http_request *rq, int code,
                   struct http_response *rs);
    struct http_listener http;
    struct metrics metrics;
    struct db_pool db;
    struct rds redis;
    pthread_mutex_t lock;
    struct chance chance;
    double error_debt; /* makes error_rate exact instead of about right */
    enum app_phase phase;
    int64_t phase_until_ms, start_ms;
    char version[32];
    int log_fd; /* DIR/log/NAME.jsonl, a line a request; -1 when it cannot be written */
    long log_bytes;
};

void app_init(struct app *a, struct world *w, const char *name);
void app_route_all(struct app *a, const struct app_route *routes); /* static; each counts from 0 */
void app_serve(struct app *a, struct http_request *rq, struct http_response *rs);
/* An http_handler of a struct app: /__sim, else app_serve(). */
void app_handle(void *arg, struct http_request *rq, struct http_response *rs);

void app_stop(struct app *a, int64_t for_ms); /* begins the shutdown: 503 for so long, then gone */
void app_reborn(struct app *a);               /* a new process: counts from zero, pools empty */
void app_settle(struct app *a);               /* listens or refuses, as faults and phase want it */
void app_tick(struct app *a);
enum app_phase app_phase(struct app *a);
double app_uptime_s(struct app *a);

/* A line of its log, with its end of line. */
void app_log(struct app *a, const struct str *line);
/* The last bytes of its log, from the beginning of a line. */
void app_log_tail(struct app *a, size_t bytes, struct str *out);

/* What every page of metrics has: start time and the pool. */
void app_gauges(struct app *a, struct str *out);

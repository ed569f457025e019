/* examples/sim/metrics.h: what one instance of the app counts of the requests that it really
 * served, and its page in the Prometheus text format 0.0.4.
 *
 * Units:   seconds on the page, milliseconds in the calls.
 * Errors:  none; a row beyond the table's end is not counted.
 * Owner:   the instance. Every function takes the lock.
 */
#pragma once

#include <pthread.h>
#include <stdint.h>

#include "str.h"

#define METRICS_TYPE    "text/plain; version=0.0.4; charset=utf-8"
#define METRICS_ROWS    128
#define METRICS_BUCKETS 9

struct metrics {
    pthread_mutex_t lock;
    struct {
        const char *method, *route; /* static words */
        int code;
        uint64_t n;
    } rows[METRICS_ROWS];
    struct {
        const char *method, *route;
        uint64_t bucket[METRICS_BUCKETS + 1]; /* not cumulative; the last one is +Inf */
        uint64_t n;
        double sum_s;
    } hists[METRICS_ROWS];
};

struct metrics_total {
    uint64_t requests, errors; /* errors: 5xx */
    double p95_ms;             /* from the buckets, 0 without requests */
};

void metrics_init(struct metrics *m);
void metrics_reset(struct metrics *m); /* a new process counts from zero */
/* Shows the route with 0 before its first request, so that a scraper sees the first one happen. */
void metrics_declare(struct metrics *m, const char *method, const char *route);
void metrics_count(struct metrics *m, const char *method, const char *route, int code, double ms);
void metrics_text(struct metrics *m, struct str *out);
struct metrics_total metrics_total(struct metrics *m);

/* A gauge with its HELP and TYPE lines; labels is "" or "{...}". */
void metrics_gauge(struct str *out, const char *name, const char *help, double value);

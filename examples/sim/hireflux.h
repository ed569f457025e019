/* examples/sim/hireflux.h: what the API and the workers of HireFlux share: log lines, their
 * connection to Redis, what the workers hold.
 *
 * Units:   milliseconds of simulated time in the log.
 * Owner:   the world, as `own`.
 */
#pragma once

#include <pthread.h>
#include <stdint.h>

#include "app.h"
#include "rds.h"
#include "str.h"

struct world;

struct flux {
    pthread_mutex_t lock;
    uint64_t requests; /* for their ids */
    struct rds redis;  /* of the workers */
};

extern const struct app_def hf_api;

/* A line of the documented form up to its duration; what follows is the caller's. */
void hf_line(struct world *w, const char *level, const char *service, const char *message,
             int64_t duration_ms, struct str *out);
void hf_work_start(struct world *w); /* the workers' threads */

/* examples/sim/queues.h: producers and workers of Bull queues in the demo's Redis: jobs with hashes
 * move from wait over active to completed, delayed or failed, under the keys of the library.
 *
 * Units:   seconds and jobs per second.
 * Errors:  while Redis is away nothing moves; jobs found in `active` afterwards go back to wait.
 * Owner:   the world; one thread.
 */
#pragma once

#include <pthread.h>
#include <stdbool.h>

#include "rds.h"

#define QUEUES_MAX  8
#define QUEUES_JOBS 8 /* at once, per queue */

struct world;

struct queue_def {
    const char *name;
    double per_s;     /* jobs that arrive */
    double job_s;     /* median time of one */
    int slots;        /* workers, <= QUEUES_JOBS */
    double fail;      /* share of attempts that fail */
    const char *work; /* the job's name */
};

struct queue_counts {
    long long wait, active, delayed, failed, completed;
    bool paused;
};

/* A job ended; for the system's own bookkeeping (a table of scrapes). */
typedef void queue_done(struct world *w, const struct queue_def *q, bool ok, double took_s);

struct queues {
    struct world *w;
    const struct queue_def *defs;
    int n;
    struct rds redis;
    struct {
        long long id;
        double end_s, took_s, renew_s; /* renew_s: when its lock is renewed */
    } jobs[QUEUES_MAX][QUEUES_JOBS];   /* id 0: free */
    double next_s[QUEUES_MAX];
};

void queues_start(struct queues *qs, struct world *w); /* those of its system */
/* Counts over a connection of the caller's; false with why (RDS_WHY bytes). */
bool queues_count(struct rds *r, const char *name, struct queue_counts *out, char *why);
bool queues_pause(struct rds *r, const char *name, bool on, char *why);

/* probes/queue_impl.h: the queue probe's options and state, between its files; nobody else includes
 * it. */
#pragma once

#include "probes/pg_link.h"
#include "probes/probe.h"
#include "probes/queue_layout.h"
#include "probes/queue_table.h"
#include "probes/queue_trend.h"
#include "probes/redis_link.h"

struct queue_options { /* the probe's `self` */
    struct redis_link_options link;
    char *postgres, *sql, *status, *created, *due, *job; /* of a table */
    struct strlist waiting, running, failed;
    char *queue, *prefix, *group, *stamp;
    int layout; /* enum queue_layout */
    int head;   /* 0 right, 1 left */
    int failed_warn;
    int64_t stuck_ms, oldest_warn_ms, oldest_crit_ms;
    /* the same as limits of their signals; NaN = none */
    double oldest_warn_s, oldest_crit_s, failed_limit;
};

enum queue_signal { /* in the order of the reading's signals */
                    QUEUE_DEPTH,
                    QUEUE_OLDEST,
                    QUEUE_RUNNING,
                    QUEUE_DELAYED,
                    QUEUE_FAILED,
                    QUEUE_SERVED,
                    QUEUE_GROWTH,
                    QUEUE_LATENCY,
                    QUEUE_SIGNALS
};

struct queue_state {
    struct redis_link link;
    struct pg_link pg; /* of a table, instead of link, where's keys and the asks */
    struct queue_table from;
    struct buf sql;
    struct queue_where where;
    struct queue_ask ask, ask_head;
    struct queue_facts facts;
    struct queue_trend trend;
    char known_id[QUEUE_HEAD_MAX]; /* the job whose time and name are known, and these */
    char known_job[QUEUE_JOB_MAX];
    int64_t known_ms, asked_ms; /* asked_ms: monotonic */
    /* the job at work for longest, and how often in a row no worker held it: a Bull takes a job
     * first and locks it then, so that once is nothing */
    char taken_id[QUEUE_HEAD_MAX], taken_job[QUEUE_JOB_MAX];
    int64_t taken_ms, locked_ms; /* locked_ms: when that was looked at, monotonic */
    int unlocked;
    bool asks_head, asks_taken; /* what the second question is about */
    struct text cells[4];       /* of the table: head and next job */
    struct table table;
    struct phases phases;
    struct report report;
};

/* probes/queue.c: what was learned, or why nothing was, goes out as the report. */
void queue_done(struct probe *p);
void queue_failed(struct probe *p, enum fault fault, const char *why);

/* probes/queue_sql.c: the asking, when the queue is a table */
struct queue_table queue_table_of(const struct queue_options *o);
bool queue_sql_open(struct probe *p, struct err *err);
void queue_sql_poll(struct probe *p);

/* probes/queue_say.c: s->facts into s->report, which was begun. `mono_ms` is the moment of the
 * answer. */
void queue_say(const struct queue_options *o, const struct probe_common *common,
               struct queue_state *s, int64_t mono_ms);

/* probes/queue_layout.h: how the queue libraries keep their jobs in Redis: which reading commands
 * tell depth, age and state, and what their answers mean. Pure: words in, facts out. A table of
 * PostgreSQL is a layout too, with the same facts; it is asked in SQL: probes/queue_table.h.
 *
 * Facts and their sources stand in doc/midwatch.yaml.5 under `queue`. Nothing is scanned, listed
 * beyond two elements or written; each command costs the server O(1) or O(log n).
 *
 * Units:   counts of jobs; Unix milliseconds.
 * Errors:  a key of the wrong type or a refused command leaves `wrong` filled and the facts
 *          unknown.
 * Owner:   an ask owns its words until queue_ask_fini().
 */
#pragma once

#include "core/buf.h"
#include "core/err.h"
#include "io/redis.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum queue_layout {
    QUEUE_LIST,
    QUEUE_BULLMQ,
    QUEUE_BULL,
    QUEUE_SIDEKIQ,
    QUEUE_RQ,
    QUEUE_CELERY,
    QUEUE_STREAM,
    QUEUE_TABLE
};
extern const char *const queue_layout_words[]; /* "list" "bullmq" ..., NULL at the end */

/* Does a job of this layout say when it was put in? `stamp` as in struct queue_where. */
bool queue_tells_time(enum queue_layout layout, const char *stamp);

enum { QUEUE_ASK_MAX = 20, QUEUE_HEAD_MAX = 512, QUEUE_JOB_MAX = 120 };

struct queue_where { /* which queue; borrowed. Of a table only `layout` and `name` */
    enum queue_layout layout;
    const char *name;   /* of the queue; of a list or stream its key */
    const char *prefix; /* NULL = the library's own */
    const char *group;  /* of a stream */
    const char *stamp;  /* JSON Pointer to the time inside an element, NULL = none */
    bool head_left;     /* of a plain list: the next job is taken from the left */
};

struct queue_ask { /* a pipeline */
    struct redis_command commands[QUEUE_ASK_MAX];
    unsigned char roles[QUEUE_ASK_MAX]; /* of queue_layout.c */
    const char *argv[QUEUE_ASK_MAX * 6];
    size_t n, n_argv;
    char *words[QUEUE_ASK_MAX * 6];
};

struct queue_facts {
    bool there;    /* the queue's own keys exist, or cannot but be absent when it is empty */
    bool at_least; /* depth is a lower bound */
    double depth, running, delayed, failed; /* NaN = this layout does not tell */
    double done;                            /* jobs done so far, a counter; NaN = not told */
    bool paused;
    int64_t oldest_ms;  /* when the next job was put in; 0 = not known */
    int64_t first_ms;   /* of a stream: nothing in it is older; 0 = not told */
    double length;      /* of a stream: what is in it, read or not; NaN = not told */
    int64_t unacked_ms; /* when the oldest job that nobody acknowledged was taken; 0 = not known */
    uint64_t head;      /* fingerprint of the next job, of a stream what was read last; 0 = none */
    char head_id[QUEUE_HEAD_MAX]; /* what queue_ask_head() asks about; "" = nothing to ask */
    char job[QUEUE_JOB_MAX];      /* what kind of job is next, as it was written; "" = not told */
    /* Bull: the job that has been at work for longest; "" = none. What queue_ask_taken() learns of
     * it: does no worker hold its lock, since when is it at work, and its name. */
    char taken_id[QUEUE_HEAD_MAX];
    bool unlocked;
    int64_t taken_ms; /* 0 = not known */
    char taken_job[QUEUE_JOB_MAX];
    struct err wrong; /* why nothing is known; "" = all is well */
};

void queue_ask_make(struct queue_ask *ask, const struct queue_where *where);
/* The second question, about the next job: when it was put in, and its name. Only where
 * facts->head_id says so.
 */
void queue_ask_head(struct queue_ask *ask, const struct queue_where *where,
                    const struct queue_facts *facts);
/* The same about the job at work, where facts->taken_id names one. Both add to an ask that was
 * zeroed or ended, and go out as one. */
void queue_ask_taken(struct queue_ask *ask, const struct queue_where *where,
                     const struct queue_facts *facts);
void queue_ask_fini(struct queue_ask *ask);
/* `now_ms` is the moment of the answer: a stream tells how long ago, not when. */
void queue_read(const struct queue_where *where, const struct queue_ask *ask,
                const struct redis_value *values, size_t n, int64_t now_ms,
                struct queue_facts *out);
void queue_read_head(const struct queue_ask *ask, const struct redis_value *values, size_t n,
                     struct queue_facts *out);

/* "1769652827", "1769652827.5", "1769652827000" or "2026-01-29T02:13:47.5Z" as Unix milliseconds:
 * numbers beyond 1e11 are milliseconds. 0 when it is none of them, to the last byte. */
int64_t queue_stamp(const char *s, size_t len);

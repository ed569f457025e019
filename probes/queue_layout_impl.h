/* probes/queue_layout_impl.h: what the words of an ask are for, between the tables of
 * queue_layout.c and the reader of queue_read.c; nobody else includes it. */
#pragma once

#include <stdbool.h>

#include "probes/queue_layout.h"

enum queue_role {
    ROLE_THERE,   /* integer above 0: the queue is known */
    ROLE_DEPTH,   /* a length that waits */
    ROLE_HELD,    /* a length that waits in a paused queue */
    ROLE_RUNNING, /* */
    ROLE_DELAYED, /* */
    ROLE_FAILED,  /* */
    ROLE_DONE,    /* a counter */
    ROLE_PAUSED,  /* "1" or 1: paused */
    ROLE_HEAD,    /* the next element: a list of the last two, or one */
    ROLE_NEXT,    /* the same of another list, for when those before it held none */
    ROLE_TAKEN,   /* the job that has been at work for longest, by its id */
    ROLE_LENGTH,  /* entries of a stream, read or not */
    ROLE_FIRST,   /* XRANGE: the oldest entry that there is */
    ROLE_UNACKED, /* [member, score]: the oldest that was taken, Unix seconds */
    ROLE_GROUPS,  /* XINFO GROUPS */
    ROLE_PENDING, /* XPENDING: [[id, consumer, idle ms, deliveries]] of the oldest */
    ROLE_TIMES,   /* [timestamp, delay, name] of a job */
    ROLE_TIME,    /* [time, description] of a job */
    ROLE_ENTRIES, /* XRANGE: the entries that no consumer has read */
    ROLE_LOCK,    /* integer: a worker holds the job taken */
    ROLE_STILL,   /* ROLE_TAKEN once more: what is done by now needs no lock */
    ROLE_WORKED   /* [time, name] of the job taken */
};

enum { QUEUE_ENTRIES = 100 }; /* of a stream: at most so many are read to count them */

/* Does the time of a job stand elsewhere, to be asked for by its id? */
bool queue_asks_head(enum queue_layout layout);

/* The name of the next job, cut at a character. */
void queue_job(struct queue_facts *out, const char *name, size_t len);

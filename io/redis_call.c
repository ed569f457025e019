/* io/redis_call.c: one question to Redis: its place in the queue, its answer. */
#include "io/redis_db.h"

#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"
#include "io/redis_words.h"

struct redis_call *redis_call_take(struct redis_db *db)
{
    struct redis_call *c = db->pool;

    if (c) {
        db->pool = c->next;
    } else {
        c = xcalloc(1, sizeof *c);
        c->db = db;
        c->timer = io_timer_new(db->r->io, redis_db_on_deadline, c);
    }
    c->serial++;
    c->prev = c->next = NULL;
    c->sent = c->retried = c->doomed = c->closes = false;
    c->fault = FAULT_NONE;
    c->n_done = 0;
    c->first_us = 0;
    c->phases = PHASES_NONE;
    buf_clear(&c->request);
    return c;
}

void redis_call_queue(struct redis_call *c)
{
    struct redis_db *db = c->db;

    c->prev = db->last;
    c->next = NULL;
    if (db->last)
        db->last->next = c;
    else
        db->first = c;
    db->last = c;
}

static void redis_call_unlink(struct redis_call *c)
{
    struct redis_db *db = c->db;

    io_timer_off(c->timer);
    c->done = NULL;
    if (c->prev)
        c->prev->next = c->next;
    else
        db->first = c->next;
    if (c->next)
        c->next->prev = c->prev;
    else
        db->last = c->prev;
}

static void redis_call_retire(struct redis_call *c)
{
    c->prev = NULL;
    c->next = c->db->pool;
    c->db->pool = c;
}

void redis_call_drop(struct redis_call *c)
{
    redis_call_unlink(c);
    redis_call_retire(c);
}

void redis_call_free(struct redis_call *c)
{
    io_timer_free(c->timer);
    buf_fini(&c->request);
    free(c->values);
    free(c);
}

void redis_call_doom(struct redis_call *c, enum fault fault, const struct err *why)
{
    c->doomed = true;
    c->fault = fault;
    c->why = *why;
}

/* The first error among the replies is the fault of the whole; values stay readable beside it. */
static void redis_call_judge(const struct redis_call *c, const struct redis_value *token,
                             struct redis_reply *reply)
{
    const struct redis_value *error = NULL;

    for (size_t i = 0; i < c->n_done && !error; i++)
        if (c->values[i].kind == REDIS_ERROR)
            error = &c->values[i];
    if (!error && token && token->kind == REDIS_ERROR && strncmp(token->str, "NOPERM", 6) != 0)
        error = token;
    if (!error)
        return;
    reply->fault = redis_error_fault(error->str, error->len, reply->word);
    redis_error_words(error->str, error->len, &reply->why);
}

void redis_call_answer(struct redis_call *c, enum fault fault, const struct err *why,
                       const struct redis_value *token)
{
    struct redis_reply reply = { .fault = fault };
    struct redis_db *db = c->db;
    redis_done *done = c->done;
    void *arg = c->arg;
    int64_t took_us = io_mono_us(db->r->io) - c->started_us;

    if (done) {
        c->phases.first_byte_us = c->first_us ? (int32_t)(c->first_us - c->started_us) : -1;
        c->phases.total_us = (int32_t)took_us;
        reply.phases = c->phases;
        if (why)
            reply.why = *why;
        if (fault == FAULT_NONE) {
            reply.values = c->values;
            reply.n = c->n_done;
            redis_call_judge(c, token, &reply);
        }
    }
    redis_call_unlink(c);
    redis_db_hold(db);
    if (done)
        done(arg, &reply); /* may ask, cancel and put; the next call must not be this one yet */
    redis_call_retire(c);
    redis_db_release(db);
}

void redis_call_end(struct redis_call *c, enum fault fault, const struct err *why)
{
    redis_call_answer(c, fault, why, NULL);
}

/* io/pg_call.c: one query: its place in the queue, its end. */
#include "io/pg_db.h"

#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"

struct pg_call *pg_call_take(struct pg_db *db)
{
    struct pg_call *c = db->pool;

    if (c) {
        db->pool = c->next;
    } else {
        c = xcalloc(1, sizeof *c);
        c->db = db;
        c->timer = io_timer_new(db->pg->io, pg_db_on_deadline, c);
    }
    c->serial++;
    c->prev = c->next = NULL;
    c->sent = c->retried = c->doomed = c->closes = c->internal = c->told = false;
    c->preparing = c->slow = false;
    c->statement = -1;
    c->fault = FAULT_NONE;
    c->sqlstate[0] = '\0';
    c->first_us = 0;
    c->phases = PHASES_NONE;
    buf_clear(&c->sql);
    return c;
}

void pg_call_insert(struct pg_call *c, struct pg_call *after)
{
    struct pg_db *db = c->db;

    c->prev = after;
    c->next = after ? after->next : db->first;
    if (c->next)
        c->next->prev = c;
    else
        db->last = c;
    if (after)
        after->next = c;
    else
        db->first = c;
}

/* Does it come before the other? What was too slow lets all others pass: they wait for nobody then.
 */
static bool pg_call_precedes(const struct pg_call *c, const struct pg_call *other)
{
    return c->slow != other->slow ? other->slow : c->timeout_ms < other->timeout_ms;
}

/* Behind what is sent, and behind those that are at least as impatient. */
void pg_call_queue(struct pg_call *c)
{
    struct pg_call *after = c->db->last;

    while (after && !after->sent && pg_call_precedes(c, after))
        after = after->prev;
    pg_call_insert(c, after);
}

void pg_call_unlink(struct pg_call *c)
{
    struct pg_db *db = c->db;

    if (c->prev)
        c->prev->next = c->next;
    else
        db->first = c->next;
    if (c->next)
        c->next->prev = c->prev;
    else
        db->last = c->prev;
}

static void pg_call_retire(struct pg_call *c)
{
    c->prev = NULL;
    c->next = c->db->pool;
    c->db->pool = c;
}

void pg_call_drop(struct pg_call *c)
{
    pg_call_unlink(c);
    io_timer_off(c->timer);
    c->done = NULL;
    pg_call_retire(c);
}

void pg_call_free(struct pg_call *c)
{
    io_timer_free(c->timer);
    buf_fini(&c->sql);
    if (c->fake_rows)
        pg_rows_fini(c->fake_rows);
    free(c->fake_rows);
    free(c);
}

void pg_call_end(struct pg_call *c, enum fault fault, const struct err *why,
                 const struct pg_rows *rows)
{
    struct pg_reply reply = { .fault = fault };
    struct pg_view view = { .rows = rows };
    struct pg_db *db = c->db;
    pg_done *done = c->done;
    void *arg = c->arg;

    if (done) {
        c->phases.first_byte_us = c->first_us ? (int32_t)(c->first_us - c->started_us) : -1;
        c->phases.total_us = (int32_t)(io_mono_us(db->pg->io) - c->started_us);
        reply.phases = c->phases;
        memcpy(reply.sqlstate, c->sqlstate, sizeof reply.sqlstate);
        if (why)
            reply.why = *why;
        if (fault == FAULT_NONE && rows) {
            reply.rows = rows->rows;
            reply.cols = rows->cols;
            reply.cut = rows->cut;
            reply.impl = &view;
        }
    }
    pg_call_unlink(c);
    io_timer_off(c->timer);
    c->done = NULL;
    pg_db_hold(db);
    if (done)
        done(arg, &reply); /* may ask, cancel and put; the next call must not be this one yet */
    pg_call_retire(c);
    pg_db_release(db);
}

/* As before it was sent, but not a third time. */
void pg_call_again(struct pg_call *c)
{
    c->sent = c->told = c->preparing = false;
    c->retried = true;
    c->fault = FAULT_NONE;
    c->first_us = 0;
    c->sqlstate[0] = '\0';
}

void pg_call_doom(struct pg_call *c, enum fault fault, const struct err *why)
{
    c->doomed = true;
    c->fault = fault;
    c->why = *why;
}

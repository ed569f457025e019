/* probes/queue_sql.c: asking a queue that is a table. */
#include "probes/queue_impl.h"

struct queue_table queue_table_of(const struct queue_options *o)
{
    return (struct queue_table){ .name = o->queue,
                                 .sql = o->sql,
                                 .status = o->status,
                                 .created = o->created,
                                 .due = o->due,
                                 .job = o->job,
                                 .waiting = &o->waiting,
                                 .running = &o->running,
                                 .failed = &o->failed };
}

bool queue_sql_open(struct probe *p, struct err *err)
{
    const struct queue_options *o = p->self;
    struct queue_state *s = p->state;

    s->from = queue_table_of(o);
    queue_table_sql(&s->from, &s->sql);
    return pg_link_open(&s->pg, p, o->postgres, o->link.password, err);
}

static void queue_sql_on_reply(void *arg, const struct pg_reply *r)
{
    struct probe *p = arg;
    struct queue_state *s = p->state;

    s->pg.call = NULL;
    s->pg.rejected = r->fault == FAULT_AUTH;
    report_clear(&s->report, io_now_ms(p->clients->io));
    s->phases = r->phases;
    if (r->fault != FAULT_NONE && !queue_table_is_about_it(r)) {
        queue_failed(p, r->fault, r->why.msg);
        return;
    }
    queue_table_read(&s->from, r, s->report.at_ms, &s->facts);
    queue_done(p);
}

void queue_sql_poll(struct probe *p)
{
    struct queue_state *s = p->state;
    struct err why = { "" };

    if (!pg_link_ready(&s->pg, &why)) {
        report_clear(&s->report, io_now_ms(p->clients->io));
        queue_failed(p, FAULT_AUTH, why.msg);
        return;
    }
    s->pg.call = pg_ask(s->pg.db, buf_str(&s->sql), p->common->timeout_ms, queue_sql_on_reply, p);
}

/* io/redis_fake.c: Redis from a script, for the virtual loop. What the script says is RESP and goes
 * through the same meter and reader as the real thing. */
#include "io/redis_db.h"

#include <string.h>

#include "io/fake.h"

/* The world answers as it is now; the answer arrives when the slowest command is through. */
void redis_fake_ask(struct redis_call *c, const struct redis_command *cmds, size_t n)
{
    const struct fake_net *net = io_fake(c->db->r->io);
    int64_t delay_ms = 0;

    for (size_t i = 0; i < n; i++) {
        struct fake_answer a = { .fault = FAULT_REFUSED, .why = "nobody is there" };

        if (net && net->redis) {
            a = (struct fake_answer){ 0 };
            net->redis(net->arg, c->db->url, cmds[i].argc, cmds[i].argv, &a);
        }
        if (a.delay_ms > delay_ms)
            delay_ms = a.delay_ms;
        if (a.fault != FAULT_NONE && c->fault == FAULT_NONE) {
            c->fault = a.fault;
            err_set(&c->why, "%s", a.why ? a.why : fault_word(a.fault));
        }
        c->closes = c->closes || a.closes;
        buf_add(&c->request, a.body ? a.body : "", fake_answer_len(&a));
    }
    if (fake_answer_late(&(struct fake_answer){ .delay_ms = delay_ms }, c->timeout_ms)) {
        c->fault = FAULT_TIMEOUT;
        err_set(&c->why, "no answer within %lld ms", (long long)c->timeout_ms);
        delay_ms = c->timeout_ms;
    }
    io_timer_arm(c->timer, delay_ms);
}

static void redis_fake_read(struct redis_call *c)
{
    const char *bytes = c->request.bytes;
    size_t len = c->request.len, taken;

    while (c->fault == FAULT_NONE && c->n_done < c->n) {
        const struct redis_value *v;

        if (!resp_feed(c->db->resp, bytes, len, &taken, &v, &c->fault, &c->why))
            return;
        bytes += taken;
        len -= taken;
        if (v) {
            c->values[c->n_done++] = *v;
        } else if (!len) {
            c->fault = FAULT_PARTIAL;
            err_set(&c->why, "the reply broke off");
        }
    }
}

void redis_fake_due(struct redis_call *c)
{
    struct redis_db *db = c->db;
    bool closes = c->closes;
    struct err why;

    redis_db_hold(db);
    resp_reset(db->resp);
    redis_fake_read(c);
    why = c->why;
    redis_call_end(c, c->fault, c->fault == FAULT_NONE ? NULL : &why);
    if (closes)
        redis_db_notify(db);
    redis_db_release(db);
}

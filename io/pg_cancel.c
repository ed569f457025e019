/* io/pg_cancel.c: PQcancel, which blocks, as an errand. */
#include "io/pg_cancel.h"

#include <stdlib.h>

#include <libpq-fe.h>

#include "core/alloc.h"
#include "io/errand.h"

struct pg_cancel {
    struct errand *errand;
    void (*done)(void *arg);
    void *arg;
};

static void pg_cancel_run(void *pq)
{
    char words[256];

    PQcancel(pq, words, sizeof words); /* what it says changes nothing */
}

static void pg_cancel_drop(void *pq)
{
    PQfreeCancel(pq);
}

static const struct errand_ops pg_cancel_ops = { pg_cancel_run, pg_cancel_drop, 256 << 10 };

void pg_cancel_forget(struct pg_cancel *c)
{
    if (!c)
        return;
    errand_forget(c->errand);
    free(c);
}

static void pg_cancel_ended(void *arg, void *pq)
{
    struct pg_cancel *c = arg;
    void (*done)(void *arg) = c->done;
    void *done_arg = c->arg;

    (void)pq;
    free(c);
    done(done_arg);
}

struct pg_cancel *pg_cancel_start(struct io *io, void *pq, void (*done)(void *arg), void *arg)
{
    struct pg_cancel *c = xcalloc(1, sizeof *c);

    c->done = done;
    c->arg = arg;
    c->errand = errand_start(io, &pg_cancel_ops, pq, pg_cancel_ended, c);
    if (c->errand)
        return c;
    PQfreeCancel(pq);
    free(c);
    return NULL;
}

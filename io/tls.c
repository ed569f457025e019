/* io/tls.c: the loop's side of a TLS client: the name, the errand, the deadline. */
#include "io/tls.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"
#include "io/errand.h"
#include "io/fake.h"
#include "io/tls_impl.h"

enum {
    TLS_STACK = 256 << 10,
    TLS_BACKSTOP_MS = 250 /* the errand keeps the deadline by itself; should it not, we do */
};

struct tls {
    struct io *io;
    const struct tls_spec *spec;
    struct resolver *resolver; /* NULL on a virtual loop */
    struct resolve *resolve;
    struct errand *errand;
    struct io_timer *timer;
    tls_done *done; /* NULL while nothing is asked */
    void *arg;
    int64_t asked_us, timeout_ms;
    int32_t dns_us;
};

void tls_facts_fini(struct tls_facts *f)
{
    for (size_t i = 0; i < TLS_NAMES; i++)
        text_fini(&f->names[i]);
    for (size_t i = 0; i < TLS_FLAWS; i++)
        text_fini(&f->flaws[i]);
    text_fini(&f->subject);
    text_fini(&f->issuer);
    text_fini(&f->chain_first);
}

static void tls_errand_drop(void *what)
{
    struct tls_errand *e = what;

    tls_facts_fini(&e->facts);
    for (size_t i = 0; i < e->n_wanted; i++)
        free(e->wanted[i]);
    free(e->host);
    free(e->port);
    free(e->name);
    free(e->ca_file);
    free(e);
}

static const struct errand_ops tls_errand_ops = { tls_errand_run, tls_errand_drop, TLS_STACK };

static void tls_finish(struct tls *t, struct tls_facts *facts)
{
    tls_done *done = t->done;

    t->done = NULL;
    io_timer_off(t->timer);
    facts->phases.dns_us = t->dns_us;
    if (facts->phases.total_us < 0)
        facts->phases.total_us = (int32_t)(io_mono_us(t->io) - t->asked_us);
    done(t->arg, facts);
}

static void tls_finish_failed(struct tls *t, enum fault fault, const char *detail)
{
    struct tls_facts facts = { .phases = PHASES_NONE };

    tls_failed(&facts, fault, detail);
    tls_finish(t, &facts);
}

static void tls_on_errand(void *arg, void *what)
{
    struct tls *t = arg;
    struct tls_errand *e = what;

    t->errand = NULL;
    tls_finish(t, &e->facts);
}

static void tls_go(struct tls *t, const struct resolved *found)
{
    const struct tls_spec *s = t->spec;
    struct tls_errand *e = xcalloc(1, sizeof *e);

    e->host = xstrdup(s->host);
    e->port = xstrdup(s->port);
    e->name = xstrdup(s->name);
    e->ca_file = xstrdup(s->ca_file);
    for (; e->n_wanted < s->n_wanted && e->n_wanted < TLS_WANTED; e->n_wanted++)
        e->wanted[e->n_wanted] = xstrdup(s->wanted[e->n_wanted]);
    e->start = s->start;
    e->floor = s->floor;
    e->addresses = *found;
    e->asked_us = t->asked_us;
    e->deadline_us = t->asked_us + t->timeout_ms * 1000;
    e->facts.phases = PHASES_NONE;
    t->errand = errand_start(t->io, &tls_errand_ops, e, tls_on_errand, t);
    if (t->errand)
        return;
    tls_errand_drop(e);
    tls_finish_failed(t, FAULT_LOCAL, strerror(errno));
}

static void tls_on_name(void *arg, const struct resolved *found, const struct err *why)
{
    struct tls *t = arg;

    t->resolve = NULL;
    t->dns_us = (int32_t)(io_mono_us(t->io) - t->asked_us);
    if (found) {
        io_timer_arm(t->timer, t->timeout_ms - t->dns_us / 1000 + TLS_BACKSTOP_MS);
        tls_go(t, found);
    } else {
        tls_finish_failed(t, FAULT_DNS, why->msg);
    }
}

static void tls_fake(struct tls *t)
{
    const struct fake_net *net = io_fake(t->io);
    struct tls_facts facts = { .phases = PHASES_NONE };

    if (!net || !net->tls) {
        tls_finish_failed(t, FAULT_LOCAL, "no network on this loop");
        return;
    }
    net->tls(net->arg, t->spec->host, &facts);
    tls_finish(t, &facts);
    tls_facts_fini(&facts);
}

static void tls_on_timer(void *arg)
{
    struct tls *t = arg;

    if (!t->resolver) {
        tls_fake(t);
        return;
    }
    if (t->resolve) {
        resolve_cancel(t->resolve);
        t->resolve = NULL;
        tls_finish_failed(t, FAULT_DNS, "no answer to the name");
        return;
    }
    errand_forget(t->errand);
    t->errand = NULL;
    tls_finish_failed(t, FAULT_TIMEOUT, "no TLS handshake");
}

struct tls *tls_new(struct io *io, const struct tls_spec *spec)
{
    struct tls *t = xcalloc(1, sizeof *t);

    tls_keep();
    t->io = io;
    t->spec = spec;
    t->timer = io_timer_new(io, tls_on_timer, t);
    if (!io_is_virtual(io))
        t->resolver = resolver_new(io);
    return t;
}

void tls_free(struct tls *t)
{
    if (!t)
        return;
    errand_forget(t->errand);
    resolve_cancel(t->resolve);
    resolver_free(t->resolver);
    io_timer_free(t->timer);
    free(t);
}

void tls_ask(struct tls *t, int64_t timeout_ms, tls_done *done, void *arg)
{
    assert(!t->done && timeout_ms > 0);
    t->done = done;
    t->arg = arg;
    t->asked_us = io_mono_us(t->io);
    t->timeout_ms = timeout_ms;
    t->dns_us = -1;
    io_timer_arm(t->timer, t->resolver ? timeout_ms : 0);
    if (t->resolver)
        t->resolve = resolve_ask(t->resolver, t->spec->host, tls_on_name, t);
}

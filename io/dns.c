/* io/dns.c: the loop's side of a DNS client. */
#include "io/dns.h"

#include <arpa/inet.h>
#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"
#include "core/decimal.h"
#include "io/dns_impl.h"
#include "io/errand.h"
#include "io/fake.h"

enum { DNS_STACK = 512 << 10, DNS_PORT = 53 };

struct dns {
    struct io *io;
    const struct dns_spec *spec;
    struct errand *errand; /* also while one that nobody waits for any more still hangs */
    struct io_timer *timer;
    dns_done *done; /* NULL while nothing is asked */
    void *arg;
    bool hangs;         /* the errand has outlived its deadline */
    enum fault trouble; /* why this ask was no question; told at the next turn */
    struct err words;
};

void dns_answer_fini(struct dns_answer *a)
{
    for (size_t i = 0; i < DNS_RECORDS; i++)
        text_fini(&a->records[i]);
}

void dns_failed(struct dns_answer *a, enum fault fault, const char *detail)
{
    a->fault = fault;
    err_set(&a->why, "%s: %s", fault_word(fault), detail);
}

static bool dns_server(const char *server, struct sockaddr_in *out)
{
    char host[16];
    size_t len = strcspn(server, ":");
    const char *colon = server[len] ? server + len + 1 : NULL;
    long port = DNS_PORT;

    if (len == 0 || len >= sizeof host)
        return false;
    memcpy(host, server, len);
    host[len] = '\0';
    if (colon && !decimal_whole(colon, strlen(colon), UINT16_MAX, &port))
        return false;
    *out = (struct sockaddr_in){ .sin_family = AF_INET, .sin_port = htons((uint16_t)port) };
    return inet_pton(AF_INET, host, &out->sin_addr) == 1 && port > 0;
}

bool dns_server_valid(const char *server)
{
    struct sockaddr_in out;

    return dns_server(server, &out);
}

static void dns_errand_drop(void *what)
{
    struct dns_errand *e = what;

    dns_answer_fini(&e->answer);
    free(e->name);
    free(e);
}

static const struct errand_ops dns_errand_ops = { dns_errand_run, dns_errand_drop, DNS_STACK };

static void dns_finish(struct dns *d, const struct dns_answer *answer)
{
    dns_done *done = d->done;

    d->done = NULL;
    io_timer_off(d->timer);
    done(d->arg, answer);
}

static void dns_finish_failed(struct dns *d, enum fault fault, const char *detail)
{
    struct dns_answer a = { .ttl_s = -1 };

    dns_failed(&a, fault, detail);
    dns_finish(d, &a);
}

static void dns_on_errand(void *arg, void *what)
{
    struct dns *d = arg;
    const struct dns_errand *e = what;
    bool owed = d->done && !d->trouble; /* else it was told as hanging before */

    d->errand = NULL;
    d->hangs = false;
    if (owed)
        dns_finish(d, &e->answer);
}

static void dns_fake(struct dns *d)
{
    const struct fake_net *net = io_fake(d->io);
    struct dns_answer a = { .ttl_s = -1 };

    if (!net || !net->dns) {
        dns_finish_failed(d, FAULT_LOCAL, "no network on this loop");
        return;
    }
    net->dns(net->arg, d->spec->name, &a);
    dns_finish(d, &a);
    dns_answer_fini(&a);
}

static bool dns_start(struct dns *d, int64_t timeout_ms)
{
    struct dns_errand *e = xcalloc(1, sizeof *e);

    e->name = xstrdup(d->spec->name);
    e->kind = d->spec->kind;
    e->has_server = d->spec->server && dns_server(d->spec->server, &e->server);
    e->timeout_ms = timeout_ms;
    e->answer.ttl_s = -1;
    d->errand = errand_start(d->io, &dns_errand_ops, e, dns_on_errand, d);
    if (d->errand)
        return true;
    dns_errand_drop(e);
    return false;
}

static void dns_on_timer(void *arg)
{
    struct dns *d = arg;

    if (io_is_virtual(d->io)) {
        dns_fake(d);
    } else if (d->trouble) {
        dns_finish_failed(d, d->trouble, d->words.msg);
    } else {
        d->hangs = true;
        dns_finish_failed(d, FAULT_DNS, "no answer from the resolver");
    }
}

struct dns *dns_new(struct io *io, const struct dns_spec *spec)
{
    struct dns *d = xcalloc(1, sizeof *d);

    d->io = io;
    d->spec = spec;
    d->timer = io_timer_new(io, dns_on_timer, d);
    return d;
}

void dns_free(struct dns *d)
{
    if (!d)
        return;
    errand_forget(d->errand);
    io_timer_free(d->timer);
    free(d);
}

void dns_ask(struct dns *d, int64_t timeout_ms, dns_done *done, void *arg)
{
    assert(!d->done && timeout_ms > 0);
    d->done = done;
    d->arg = arg;
    d->trouble = FAULT_NONE;
    if (io_is_virtual(d->io)) {
        io_timer_arm(d->timer, 0);
        return;
    }
    if (d->hangs) {
        d->trouble = FAULT_DNS;
        err_set(&d->words, "the last question still hangs in the resolver");
    } else if (!dns_start(d, timeout_ms)) {
        d->trouble = FAULT_LOCAL;
        err_set(&d->words, "%s", strerror(errno));
    }
    io_timer_arm(d->timer, d->trouble ? 0 : timeout_ms);
}

/* io/resolve.c: getaddrinfo as an errand for each name under way, so that a resolver can end while
 * it still hangs. */
#include "io/resolve.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"
#include "io/errand.h"

enum { LOOKUP_STACK = 512 << 10 };

struct question { /* the errand's */
    char *host;
    int rc, sys_errno;
    struct resolved found;
};

struct lookup { /* one name under way */
    struct lookup *next;
    struct resolver *r;
    struct resolve *asks;
    char *host;
    struct errand *errand;
    struct io_timer *later; /* for what needs no thread: a literal, or ... */
    struct resolved literal;
    int failed; /* ... errno of what could not be asked; else 0 */
};

struct resolve {
    struct resolve *next;
    struct resolver *r;
    struct lookup *lookup; /* NULL while it is being delivered */
    resolve_done *done;
    void *arg;
};

struct resolver {
    struct io *io;
    struct lookup *lookups;
    size_t n;
    struct resolve *delivering; /* answers on their way: cancel must find them */
    bool *gone;                 /* set when freed from inside a callback */
};

static void lookup_store(struct resolved *out, const struct addrinfo *list)
{
    for (const struct addrinfo *a = list; a && out->n < RESOLVE_ADDRESSES; a = a->ai_next)
        if (getnameinfo(a->ai_addr, a->ai_addrlen, out->address[out->n], sizeof out->address[0],
                        NULL, 0, NI_NUMERICHOST) == 0)
            out->n++;
}

static void lookup_run(void *what)
{
    struct question *q = what;
    struct addrinfo hints = { .ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM };
    struct addrinfo *list = NULL;

    q->rc = getaddrinfo(q->host, NULL, &hints, &list);
    q->sys_errno = errno;
    if (q->rc == 0)
        lookup_store(&q->found, list);
    if (list)
        freeaddrinfo(list);
}

static void lookup_drop_question(void *what)
{
    struct question *q = what;

    free(q->host);
    free(q);
}

static const struct errand_ops lookup_ops = { lookup_run, lookup_drop_question, LOOKUP_STACK };

static void lookup_drop(struct lookup *l)
{
    struct lookup **at = &l->r->lookups;

    while (*at != l)
        at = &(*at)->next;
    *at = l->next;
    l->r->n--;
    errand_forget(l->errand);
    io_timer_free(l->later);
    free(l->host);
    free(l);
}

static void lookup_finish(struct lookup *l, const struct resolved *answer, const struct err *why)
{
    struct resolver *r = l->r;
    struct resolved found = *answer;
    struct resolve *q;
    bool gone = false;

    r->delivering = l->asks;
    for (q = r->delivering; q; q = q->next)
        q->lookup = NULL;
    l->asks = NULL;
    lookup_drop(l);
    r->gone = &gone;
    while ((q = r->delivering)) {
        resolve_done *done = q->done;
        void *arg = q->arg;

        r->delivering = q->next;
        free(q);
        done(arg, why ? NULL : &found, why);
        if (gone)
            return;
    }
    r->gone = NULL;
}

static void lookup_on_errand(void *arg, void *what)
{
    struct lookup *l = arg;
    const struct question *q = what;
    struct err why;

    l->errand = NULL;
    if (q->rc == 0 && q->found.n > 0) {
        lookup_finish(l, &q->found, NULL);
        return;
    }
    err_set(&why, "cannot resolve %s: %s", l->host,
            q->rc == EAI_SYSTEM ? strerror(q->sys_errno)
            : q->rc             ? gai_strerror(q->rc)
                                : "no address");
    lookup_finish(l, &q->found, &why);
}

static void lookup_on_later(void *arg)
{
    struct lookup *l = arg;
    struct err why;

    err_set(&why, "cannot resolve %s: %s", l->host, strerror(l->failed));
    lookup_finish(l, &l->literal, l->failed ? &why : NULL);
}

static bool lookup_is_literal(struct lookup *l)
{
    unsigned char bin[16];
    const char *host = l->host;
    size_t len = strlen(host);

    if (len >= sizeof l->literal.address[0])
        return false;
    if (inet_pton(AF_INET, host, bin) != 1 && inet_pton(AF_INET6, host, bin) != 1)
        return false;
    memcpy(l->literal.address[0], host, len + 1);
    l->literal.n = 1;
    return true;
}

static bool lookup_start(struct lookup *l)
{
    struct question *q = xcalloc(1, sizeof *q);

    q->host = xstrdup(l->host);
    l->errand = errand_start(l->r->io, &lookup_ops, q, lookup_on_errand, l);
    if (l->errand)
        return true;
    l->failed = errno;
    lookup_drop_question(q);
    return false;
}

static struct lookup *lookup_new(struct resolver *r, const char *host)
{
    struct lookup *l = xcalloc(1, sizeof *l);

    l->r = r;
    l->host = xstrdup(host);
    l->next = r->lookups;
    r->lookups = l;
    r->n++;
    if (!lookup_is_literal(l)) {
        if (r->n > RESOLVE_NAMES)
            l->failed = EAGAIN; /* "Resource temporarily unavailable" */
        else if (lookup_start(l))
            return l;
    }
    l->later = io_timer_new(r->io, lookup_on_later, l);
    io_timer_arm(l->later, 0);
    return l;
}

struct resolver *resolver_new(struct io *io)
{
    struct resolver *r = xcalloc(1, sizeof *r);

    r->io = io;
    return r;
}

static void resolve_free_list(struct resolve *q)
{
    while (q) {
        struct resolve *next = q->next;

        free(q);
        q = next;
    }
}

void resolver_free(struct resolver *r)
{
    if (!r)
        return;
    while (r->lookups) {
        resolve_free_list(r->lookups->asks);
        lookup_drop(r->lookups);
    }
    resolve_free_list(r->delivering);
    if (r->gone)
        *r->gone = true;
    free(r);
}

struct resolve *resolve_ask(struct resolver *r, const char *host, resolve_done *done, void *arg)
{
    struct resolve *q = xcalloc(1, sizeof *q), **at;
    struct lookup *l = r->lookups;

    while (l && strcmp(l->host, host) != 0)
        l = l->next;
    if (!l)
        l = lookup_new(r, host);
    q->r = r;
    q->lookup = l;
    q->done = done;
    q->arg = arg;
    for (at = &l->asks; *at; at = &(*at)->next)
        ;
    *at = q;
    return q;
}

static bool resolve_unlink(struct resolve **at, struct resolve *q)
{
    for (; *at; at = &(*at)->next)
        if (*at == q) {
            *at = q->next;
            return true;
        }
    return false;
}

void resolve_cancel(struct resolve *q)
{
    if (!q)
        return;
    /* The lookup goes on without us: who asks again joins it, so a dead resolver costs one thread.
     */
    if (q->lookup)
        resolve_unlink(&q->lookup->asks, q);
    else
        resolve_unlink(&q->r->delivering, q);
    free(q);
}

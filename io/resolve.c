/* io/resolve.c: getaddrinfo in a thread for each name under way.
 *
 * The thread owns nothing but its lookup, which is counted: whoever of loop and thread lets go last
 * frees it. So a resolver can end while getaddrinfo still hangs.
 */
#include "io/resolve.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/alloc.h"
#include "io/thread.h"

struct lookup { /* one name under way */
    struct lookup *next;
    struct resolver *r;
    struct resolve *asks;
    struct io_watch *watch;
    struct io_timer *later; /* for what needs no thread */
    int pipe_rd;
    bool failed; /* `why` was set without asking */
    /* shared with the thread: */
    atomic_int refs;
    atomic_bool ready;
    int pipe_wr;
    char *host;
    int rc, sys_errno;
    struct resolved found;
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

static void lookup_unref(struct lookup *l)
{
    if (atomic_fetch_sub(&l->refs, 1) != 1)
        return;
    if (l->pipe_wr >= 0)
        close(l->pipe_wr);
    free(l->host);
    free(l);
}

static void lookup_store(struct resolved *out, const struct addrinfo *list)
{
    for (const struct addrinfo *a = list; a && out->n < RESOLVE_ADDRESSES; a = a->ai_next)
        if (getnameinfo(a->ai_addr, a->ai_addrlen, out->address[out->n], sizeof out->address[0],
                        NULL, 0, NI_NUMERICHOST) == 0)
            out->n++;
}

static void *lookup_thread(void *arg)
{
    struct lookup *l = arg;
    struct addrinfo hints = { .ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM };
    struct addrinfo *list = NULL;
    ssize_t n;

    l->rc = getaddrinfo(l->host, NULL, &hints, &list);
    l->sys_errno = errno;
    if (l->rc == 0)
        lookup_store(&l->found, list);
    if (list)
        freeaddrinfo(list);
    atomic_store(&l->ready, true);
    do /* one byte: the pipe cannot be full; with no reader left EPIPE is fine too */
        n = write(l->pipe_wr, "", 1);
    while (n < 0 && errno == EINTR);
    lookup_unref(l);
    return NULL;
}

/* The loop's side lets go. */
static void lookup_drop(struct lookup *l)
{
    struct lookup **at = &l->r->lookups;

    while (*at != l)
        at = &(*at)->next;
    *at = l->next;
    l->r->n--;
    io_watch_free(l->watch);
    io_timer_free(l->later);
    if (l->pipe_rd >= 0)
        close(l->pipe_rd);
    lookup_unref(l);
}

static void lookup_finish(struct lookup *l, const struct err *why)
{
    struct resolver *r = l->r;
    struct resolved found = l->found;
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

static void lookup_on_watch(void *arg, int events)
{
    struct lookup *l = arg;
    struct err why;
    char byte;

    (void)events;
    if (read(l->pipe_rd, &byte, 1) < 0 || !atomic_load(&l->ready))
        return;
    if (l->rc == 0 && l->found.n > 0) {
        lookup_finish(l, NULL);
        return;
    }
    err_set(&why, "cannot resolve %s: %s", l->host,
            l->rc == EAI_SYSTEM ? strerror(l->sys_errno)
            : l->rc             ? gai_strerror(l->rc)
                                : "no address");
    lookup_finish(l, &why);
}

static void lookup_on_later(void *arg)
{
    struct lookup *l = arg;
    struct err why;

    if (!l->failed) {
        lookup_finish(l, NULL);
        return;
    }
    err_set(&why, "cannot resolve %s: %s", l->host, strerror(l->sys_errno));
    lookup_finish(l, &why);
}

static bool lookup_is_literal(struct lookup *l)
{
    unsigned char bin[16];
    const char *host = l->host;
    size_t len = strlen(host);

    if (len >= sizeof l->found.address[0])
        return false;
    if (inet_pton(AF_INET, host, bin) != 1 && inet_pton(AF_INET6, host, bin) != 1)
        return false;
    memcpy(l->found.address[0], host, len + 1);
    l->found.n = 1;
    return true;
}

static int lookup_thread_start(struct lookup *l)
{
    int rc;

    atomic_fetch_add(&l->refs, 1);
    rc = thread_start(lookup_thread, l, 512 << 10);
    if (rc)
        atomic_fetch_sub(&l->refs, 1);
    return rc;
}

static bool lookup_spawn(struct lookup *l)
{
    int fds[2], rc;

    if (pipe2(fds, O_CLOEXEC | O_NONBLOCK) < 0)
        return false;
    l->pipe_rd = fds[0];
    l->pipe_wr = fds[1];
    l->watch = io_watch_new(l->r->io, l->pipe_rd, IO_READ, lookup_on_watch, l);
    if (!l->watch)
        return false;
    rc = lookup_thread_start(l);
    if (rc)
        errno = rc;
    return rc == 0;
}

static struct lookup *lookup_new(struct resolver *r, const char *host)
{
    struct lookup *l = xcalloc(1, sizeof *l);
    bool known;

    l->r = r;
    l->host = xstrdup(host);
    l->pipe_rd = l->pipe_wr = -1;
    atomic_init(&l->refs, 1);
    l->next = r->lookups;
    r->lookups = l;
    r->n++;
    known = lookup_is_literal(l);
    errno = EAGAIN; /* too many names under way: "Resource temporarily unavailable" */
    if (!known && (r->n > RESOLVE_NAMES || !lookup_spawn(l))) {
        l->failed = true;
        l->sys_errno = errno;
    }
    if (known || l->failed) {
        l->later = io_timer_new(r->io, lookup_on_later, l);
        io_timer_arm(l->later, 0);
    }
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

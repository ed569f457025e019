/* io/pg_cancel.c: PQcancel in a thread. Loop and thread share a counted struct; whoever lets go
 * last frees it, so that either may end first. */
#include "io/pg_cancel.h"

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <unistd.h>

#include <libpq-fe.h>

#include "core/alloc.h"
#include "io/thread.h"

struct pg_cancel {
    struct io_watch *watch;
    void (*done)(void *arg);
    void *arg;
    int pipe_rd;
    /* shared with the thread: */
    atomic_int refs;
    int pipe_wr;
    PGcancel *pq;
};

static void pg_cancel_unref(struct pg_cancel *c)
{
    if (atomic_fetch_sub(&c->refs, 1) != 1)
        return;
    if (c->pipe_wr >= 0)
        close(c->pipe_wr);
    PQfreeCancel(c->pq);
    free(c);
}

static void *pg_cancel_thread(void *arg)
{
    struct pg_cancel *c = arg;
    char words[256];
    ssize_t n;

    PQcancel(c->pq, words, sizeof words); /* what it says changes nothing */
    do
        n = write(c->pipe_wr, "", 1);
    while (n < 0 && errno == EINTR);
    pg_cancel_unref(c);
    return NULL;
}

void pg_cancel_forget(struct pg_cancel *c)
{
    if (!c)
        return;
    io_watch_free(c->watch);
    if (c->pipe_rd >= 0)
        close(c->pipe_rd);
    pg_cancel_unref(c);
}

static void pg_cancel_on_done(void *arg, int events)
{
    struct pg_cancel *c = arg;
    void (*done)(void *arg) = c->done;
    void *done_arg = c->arg;

    (void)events;
    pg_cancel_forget(c);
    done(done_arg);
}

static bool pg_cancel_run(struct pg_cancel *c)
{
    bool ok;

    atomic_fetch_add(&c->refs, 1);
    ok = thread_start(pg_cancel_thread, c, 256 << 10) == 0;
    if (!ok)
        atomic_fetch_sub(&c->refs, 1);
    return ok;
}

struct pg_cancel *pg_cancel_start(struct io *io, void *pq, void (*done)(void *arg), void *arg)
{
    struct pg_cancel *c = xcalloc(1, sizeof *c);
    int fds[2] = { -1, -1 };
    bool piped = pipe2(fds, O_CLOEXEC | O_NONBLOCK) == 0;

    *c = (struct pg_cancel){ .done = done, .arg = arg, .pq = pq };
    c->pipe_rd = fds[0];
    c->pipe_wr = fds[1];
    atomic_init(&c->refs, 1);
    if (piped)
        c->watch = io_watch_new(io, c->pipe_rd, IO_READ, pg_cancel_on_done, c);
    if (!c->watch || !pg_cancel_run(c)) {
        pg_cancel_forget(c);
        return NULL;
    }
    return c;
}

/* io/errand.c: a blocking call in a thread. Loop and thread share a counted struct; whoever lets go
 * last frees it, so that either may end first. */
#include "io/errand.h"

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <unistd.h>

#include "core/alloc.h"
#include "io/thread.h"

struct errand {
    struct io_watch *watch;
    struct io_timer *later; /* of a virtual loop, which has no threads */
    void (*ended)(void *arg, void *what);
    void *arg;
    int pipe_rd;
    /* shared with the thread: */
    const struct errand_ops *ops;
    void *what;
    atomic_int refs;
    atomic_bool ready;
    int pipe_wr;
};

static void errand_unref(struct errand *e)
{
    if (atomic_fetch_sub(&e->refs, 1) != 1)
        return;
    if (e->pipe_wr >= 0)
        close(e->pipe_wr);
    if (e->what)
        e->ops->drop(e->what);
    free(e);
}

static void *errand_thread(void *arg)
{
    struct errand *e = arg;
    ssize_t n;

    e->ops->run(e->what);
    atomic_store(&e->ready, true);
    do /* one byte: the pipe cannot be full; with no reader left EPIPE is fine too */
        n = write(e->pipe_wr, "", 1);
    while (n < 0 && errno == EINTR);
    errand_unref(e);
    return NULL;
}

void errand_forget(struct errand *e)
{
    if (!e)
        return;
    io_watch_free(e->watch);
    io_timer_free(e->later);
    if (e->pipe_rd >= 0)
        close(e->pipe_rd);
    errand_unref(e);
}

static void errand_on_watch(void *arg, int events)
{
    struct errand *e = arg;
    char byte;

    (void)events;
    if (read(e->pipe_rd, &byte, 1) < 0 || !atomic_load(&e->ready))
        return;
    io_watch_free(e->watch);
    e->watch = NULL;
    e->ended(e->arg, e->what);
    errand_forget(e);
}

static void errand_on_later(void *arg)
{
    struct errand *e = arg;

    e->ops->run(e->what);
    e->ended(e->arg, e->what);
    errand_forget(e);
}

static int errand_run(struct errand *e)
{
    int rc;

    atomic_fetch_add(&e->refs, 1);
    rc = thread_start(errand_thread, e, e->ops->stack_bytes);
    if (rc)
        atomic_fetch_sub(&e->refs, 1);
    return rc;
}

struct errand *errand_start(struct io *io, const struct errand_ops *ops, void *what,
                            void (*ended)(void *arg, void *what), void *arg)
{
    struct errand *e = xcalloc(1, sizeof *e);
    int fds[2] = { -1, -1 }, rc = 0;

    e->ops = ops;
    e->ended = ended;
    e->arg = arg;
    e->what = what;
    e->pipe_rd = e->pipe_wr = -1;
    atomic_init(&e->refs, 1);
    if (io_is_virtual(io)) {
        e->later = io_timer_new(io, errand_on_later, e);
        io_timer_arm(e->later, 0);
        return e;
    }
    if (pipe2(fds, O_CLOEXEC | O_NONBLOCK) < 0)
        rc = errno;
    e->pipe_rd = fds[0];
    e->pipe_wr = fds[1];
    if (!rc) {
        e->watch = io_watch_new(io, e->pipe_rd, IO_READ, errand_on_watch, e);
        rc = e->watch ? errand_run(e) : ENOMEM;
    }
    if (!rc)
        return e;
    e->what = NULL; /* stays the caller's */
    errand_forget(e);
    errno = rc;
    return NULL;
}

/* io/aside.c: a thread for each piece of work. The two sides count who still needs what they share:
 * the last one frees it, so that the loop can leave a thread that never comes back. */
#include "io/aside.h"

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/alloc.h"
#include "io/thread.h"

struct aside_share { /* of loop and thread */
    atomic_int refs;
    atomic_bool ready;
    int pipe_wr;
    const struct aside_work *work;
    void *shared;
};

struct aside {
    struct aside_share *share;
    void *arg;
    int pipe_rd;
    struct io_watch *watch;
    struct io_timer *later; /* for what needs no thread */
    int sys_errno;          /* no thread could be had */
    bool in_line;
};

static void aside_unref(struct aside_share *s)
{
    if (atomic_fetch_sub(&s->refs, 1) != 1)
        return;
    if (s->pipe_wr >= 0)
        close(s->pipe_wr);
    s->work->drop(s->shared);
    free(s);
}

static void *aside_thread(void *arg)
{
    struct aside_share *s = arg;
    ssize_t n;

    s->work->work(s->shared);
    atomic_store(&s->ready, true);
    do /* one byte: the pipe cannot be full; with no reader left EPIPE is fine too */
        n = write(s->pipe_wr, "", 1);
    while (n < 0 && errno == EINTR);
    aside_unref(s);
    return NULL;
}

/* The loop's side lets go. */
void aside_leave(struct aside *a)
{
    if (!a)
        return;
    io_watch_free(a->watch);
    io_timer_free(a->later);
    if (a->pipe_rd >= 0)
        close(a->pipe_rd);
    aside_unref(a->share);
    free(a);
}

static void aside_deliver(struct aside *a)
{
    struct aside_share *s = a->share;
    void *arg = a->arg;
    int failed = a->sys_errno;

    atomic_fetch_add(&s->refs, 1); /* past `a`, which may be replaced from inside the callback */
    aside_leave(a);
    if (failed)
        s->work->failed(arg, strerror(failed));
    else
        s->work->done(arg, s->shared);
    aside_unref(s);
}

static void aside_on_watch(void *arg, int events)
{
    struct aside *a = arg;
    char byte;

    (void)events;
    if (read(a->pipe_rd, &byte, 1) == 1 && atomic_load(&a->share->ready))
        aside_deliver(a);
}

static void aside_on_later(void *arg)
{
    struct aside *a = arg;

    if (a->in_line)
        a->share->work->work(a->share->shared);
    aside_deliver(a);
}

/* False with errno. */
static bool aside_spawn(struct aside *a, struct io *io)
{
    int fds[2], rc;

    if (pipe2(fds, O_CLOEXEC | O_NONBLOCK) < 0)
        return false;
    a->pipe_rd = fds[0];
    a->share->pipe_wr = fds[1];
    a->watch = io_watch_new(io, a->pipe_rd, IO_READ, aside_on_watch, a);
    if (!a->watch)
        return false;
    atomic_fetch_add(&a->share->refs, 1);
    rc = thread_start(aside_thread, a->share, 512 << 10);
    if (rc) {
        atomic_fetch_sub(&a->share->refs, 1);
        errno = rc;
    }
    return rc == 0;
}

struct aside *aside_start(struct io *io, const struct aside_work *w, void *shared, void *arg)
{
    struct aside *a = xcalloc(1, sizeof *a);

    a->share = xcalloc(1, sizeof *a->share);
    atomic_init(&a->share->refs, 1);
    atomic_init(&a->share->ready, false);
    a->share->work = w;
    a->share->shared = shared;
    a->share->pipe_wr = a->pipe_rd = -1;
    a->arg = arg;
    a->in_line = io_is_virtual(io);
    if (a->in_line || !aside_spawn(a, io)) {
        a->sys_errno = a->in_line ? 0 : errno ? errno : EAGAIN;
        a->later = io_timer_new(io, aside_on_later, a);
        io_timer_arm(a->later, 0);
    }
    return a;
}

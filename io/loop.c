/* io/loop.c: the loop over libuv, and its virtual twin.
 *
 * All timers of a loop share one uv_timer, which sleeps until the earliest; what is due at once
 * runs after the descriptors were asked (a uv_idle keeps the poll from waiting), so that a timer
 * which re-arms itself for "now" can starve nobody.
 */
#include "io/loop.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <uv.h>

#include "core/alloc.h"
#include "io/fake.h"
#include "io/timers.h"

enum {
    LAG_TICK_US = 100000,
    LAG_BUCKETS = 512,    /* of a millisecond; the last holds all beyond */
    LAG_MISSED_MAX = 600, /* ticks counted for one long halt (a minute) */
    FREE_WAIT_MS = 2000   /* what io_free waits for work in other threads */
};

struct io_job {
    struct io *io;
    struct io_job *next;
    void (*work)(void *arg);
    void (*done)(void *arg);
    void *arg;
    uv_work_t req;
};

struct io {
    bool is_virtual, stop;
    struct timers timers;
    const struct fake_net *net;
    void *keep;
    void (*keep_free)(void *thing);
    /* virtual */
    int64_t mono_us, wall_us; /* wall = what the two clocks differ by */
    struct io_job *jobs, **jobs_tail;
    /* real */
    uv_loop_t loop;
    uv_timer_t sleep;  /* until the earliest timer */
    uv_idle_t soon;    /* active while a timer is due already */
    uv_timer_t turn;   /* bounds io_turn() */
    uv_check_t wake;   /* lag: since when the loop is awake, ... */
    uv_prepare_t doze; /* ... and until when */
    int64_t awake_us, doze_us, tick_us;
    uint64_t idle_ns; /* slept in all, when it began to doze */
    uint64_t lag_n;
    int64_t lag_max_ms, lag_last_ms;
    uint32_t lag[LAG_BUCKETS];
    bool in_timers;
    size_t n_jobs; /* in other threads */
    size_t n_held;
};

struct io_watch {
    uv_poll_t poll;
    struct io *io;
    int fd, events;
    void (*fn)(void *arg, int events);
    void *arg;
    bool broken; /* libuv stopped polling after an error */
};

struct io_signal {
    uv_signal_t signal;
    void (*fn)(void *arg, int signo);
    void *arg;
};

int64_t io_mono_us(const struct io *io)
{
    return io->is_virtual ? io->mono_us : (int64_t)(uv_hrtime() / 1000);
}

int64_t io_mono_ms(const struct io *io)
{
    return io_mono_us(io) / 1000;
}

int64_t io_now_ms(const struct io *io)
{
    struct timespec ts;

    if (io->is_virtual)
        return (io->mono_us + io->wall_us) / 1000;
    clock_gettime(CLOCK_REALTIME, &ts);
    return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

bool io_is_virtual(const struct io *io)
{
    return io->is_virtual;
}

/* ---- timers ---- */

static void loop_on_sleep(uv_timer_t *h);

static void loop_on_soon(uv_idle_t *h)
{
    loop_on_sleep(&((struct io *)h->data)->sleep);
}

/* Lets libuv sleep until the earliest timer, or not at all when it is due. */
static void loop_rearm(struct io *io)
{
    const struct io_timer *t = timers_first(&io->timers);
    int64_t wait_us;

    if (io->is_virtual || io->in_timers)
        return;
    if (!t) {
        uv_timer_stop(&io->sleep);
        uv_idle_stop(&io->soon);
        return;
    }
    wait_us = t->due_us - io_mono_us(io);
    if (wait_us <= 0) {
        uv_timer_stop(&io->sleep);
        uv_idle_start(&io->soon, loop_on_soon);
        return;
    }
    uv_idle_stop(&io->soon);
    uv_update_time(&io->loop); /* uv_timer_start counts from the turn's time, which may be old */
    uv_timer_start(&io->sleep, loop_on_sleep, (uint64_t)((wait_us + 999) / 1000), 0);
}

static void loop_run_due(struct io *io)
{
    uint64_t seq = io->timers.seq;
    int64_t now_us = io_mono_us(io);
    struct io_timer *t;

    io->in_timers = true;
    while ((t = timers_take(&io->timers, now_us, seq)))
        t->fn(t->arg);
    io->in_timers = false;
}

static void loop_on_sleep(uv_timer_t *h)
{
    struct io *io = h->data;

    loop_run_due(io);
    loop_rearm(io);
}

struct io_timer *io_timer_new(struct io *io, void (*fn)(void *arg), void *arg)
{
    struct io_timer *t = xcalloc(1, sizeof *t);

    t->io = io;
    t->fn = fn;
    t->arg = arg;
    return t;
}

void io_timer_arm(struct io_timer *t, int64_t delay_ms)
{
    struct io *io = t->io;
    bool was_first = timers_first(&io->timers) == t;

    timers_arm(&io->timers, t, io_mono_us(io) + (delay_ms > 0 ? delay_ms * 1000 : 0));
    if (was_first || timers_first(&io->timers) == t)
        loop_rearm(io);
}

void io_timer_off(struct io_timer *t)
{
    if (!t->at)
        return;
    timers_off(&t->io->timers, t);
    if (!timers_first(&t->io->timers))
        loop_rearm(t->io); /* else an early wake-up does no harm */
}

void io_timer_free(struct io_timer *t)
{
    if (!t)
        return;
    io_timer_off(t);
    free(t);
}

/* ---- descriptors ---- */

static void watch_on_poll(uv_poll_t *h, int status, int events);

static void watch_start(struct io_watch *w)
{
    int ev = (w->events & IO_READ ? UV_READABLE : 0) | (w->events & IO_WRITE ? UV_WRITABLE : 0) |
             (w->events & IO_HUP ? UV_DISCONNECT : 0);

    w->broken = false;
    if (ev)
        uv_poll_start(&w->poll, ev, watch_on_poll);
    else
        uv_poll_stop(&w->poll);
}

/* Some time after its start: its owner may have closed it, and libuv aborts on a closed one. */
static void watch_again(struct io_watch *w)
{
    if (fcntl(w->fd, F_GETFD) == -1)
        uv_poll_stop(&w->poll);
    else
        watch_start(w);
}

/* After an error libuv polls no more. The owner gets it as both events and will meet the error when
 * reading; while the watch lives, it is started again, as level-triggered polling promises. */
static void watch_on_poll(uv_poll_t *h, int status, int events)
{
    struct io_watch *w = h->data;
    int ev = (events & UV_READABLE ? IO_READ : 0) | (events & UV_WRITABLE ? IO_WRITE : 0) |
             (events & UV_DISCONNECT ? IO_HUP : 0);

    if (status < 0) {
        w->broken = true;
        ev = IO_READ | IO_WRITE | (w->events & IO_HUP);
    }
    w->fn(w->arg, ev);
    /* The memory is there until the close callback, which never runs inside this one. */
    if (w->broken && !uv_is_closing((uv_handle_t *)h))
        watch_again(w);
}

struct io_watch *io_watch_new(struct io *io, int fd, int events, void (*fn)(void *arg, int events),
                              void *arg)
{
    struct io_watch *w = xcalloc(1, sizeof *w);

    w->io = io;
    w->fd = fd;
    w->fn = fn;
    w->arg = arg;
    w->events = events;
    if (io->is_virtual)
        return w;
    if (uv_poll_init(&io->loop, &w->poll, fd) < 0) {
        free(w); /* a regular file, /dev/null: nothing to wait for; or watched already */
        return NULL;
    }
    w->poll.data = w;
    watch_start(w);
    return w;
}

void io_watch_set(struct io_watch *w, int events)
{
    if (w->events == events && !w->broken)
        return;
    w->events = events;
    if (!w->io->is_virtual)
        watch_again(w);
}

static void loop_on_free(uv_handle_t *h)
{
    free(h->data);
}

void io_watch_free(struct io_watch *w)
{
    if (!w)
        return;
    if (w->io->is_virtual) {
        free(w);
        return;
    }
    uv_close((uv_handle_t *)&w->poll, loop_on_free); /* stops it */
}

/* ---- signals ---- */

static void signal_on_uv(uv_signal_t *h, int signo)
{
    struct io_signal *s = h->data;

    s->fn(s->arg, signo);
}

struct io_signal *io_signal_new(struct io *io, int signo, void (*fn)(void *arg, int signo),
                                void *arg)
{
    struct io_signal *s = xcalloc(1, sizeof *s);

    s->fn = fn;
    s->arg = arg;
    if (io->is_virtual)
        return s;
    uv_signal_init(&io->loop, &s->signal);
    s->signal.data = s;
    if (uv_signal_start(&s->signal, signal_on_uv, signo) < 0) {
        uv_close((uv_handle_t *)&s->signal, loop_on_free);
        return NULL;
    }
    return s;
}

void io_signal_free(struct io_signal *s)
{
    if (!s)
        return;
    if (!s->signal.loop) { /* of a virtual loop */
        free(s);
        return;
    }
    uv_signal_stop(&s->signal);
    uv_close((uv_handle_t *)&s->signal, loop_on_free);
}

/* ---- work off the loop ---- */

static void job_on_work(uv_work_t *req)
{
    struct io_job *j = req->data;

    j->work(j->arg);
}

static void job_on_done(uv_work_t *req, int status)
{
    struct io_job *j = req->data;

    (void)status; /* never cancelled: `done` may count on `work` having run */
    j->io->n_jobs--;
    if (j->done)
        j->done(j->arg);
    free(j);
}

void io_work(struct io *io, void (*work)(void *arg), void (*done)(void *arg), void *arg)
{
    struct io_job *j = xcalloc(1, sizeof *j);

    j->io = io;
    j->work = work;
    j->done = done;
    j->arg = arg;
    if (io->is_virtual) {
        *io->jobs_tail = j;
        io->jobs_tail = &j->next;
        return;
    }
    j->req.data = j;
    io->n_jobs++;
    uv_queue_work(&io->loop, &j->req, job_on_work, job_on_done);
}

void io_hold(struct io *io)
{
    io->n_held++;
}

void io_release(struct io *io)
{
    io->n_held--;
}

static void loop_run_jobs(struct io *io)
{
    while (io->jobs) {
        struct io_job *j = io->jobs;

        io->jobs = j->next;
        if (!io->jobs)
            io->jobs_tail = &io->jobs;
        j->work(j->arg);
        if (j->done)
            j->done(j->arg);
        free(j);
    }
}

/* ---- lag ---- */

static void lag_count(struct io *io, int64_t late_us)
{
    int64_t ms = late_us / 1000;

    io->lag[ms < LAG_BUCKETS ? ms : LAG_BUCKETS - 1]++;
    io->lag_n++;
    io->lag_last_ms = ms;
    if (ms > io->lag_max_ms)
        io->lag_max_ms = ms;
}

/* The loop woke up a moment ago, and should have done so when its first timer fell due. */
static void lag_on_wake(uv_check_t *h)
{
    struct io *io = h->data;
    const struct io_timer *t = timers_first(&io->timers);

    io->awake_us = io->doze_us + (int64_t)(uv_metrics_idle_time(&io->loop) - io->idle_ns) / 1000;
    if (t && t->due_us < io->awake_us)
        io->awake_us = t->due_us;
}

/* It has done all and goes to sleep. Of the ticks that have passed, those during its sleep would
 * have run at once, those since then only now; one halt of a second is ten late ticks. Nothing has
 * to wake up for this: ten wake-ups a second are most of what an idle screen costs. */
static void lag_on_sleep(uv_prepare_t *h)
{
    struct io *io = h->data;
    int64_t now_us = io_mono_us(io);

    for (int i = 0; io->tick_us <= now_us && i < LAG_MISSED_MAX; i++) {
        lag_count(io, io->tick_us >= io->awake_us ? now_us - io->tick_us : 0);
        io->tick_us += LAG_TICK_US;
    }
    if (io->tick_us <= now_us)
        io->tick_us = now_us + LAG_TICK_US;
    io->doze_us = now_us;
    io->idle_ns = uv_metrics_idle_time(&io->loop);
}

static void lag_start(struct io *io)
{
    uv_loop_configure(&io->loop, UV_METRICS_IDLE_TIME);
    io->awake_us = io_mono_us(io);
    io->tick_us = io->awake_us + LAG_TICK_US;
    uv_check_start(&io->wake, lag_on_wake);
    uv_prepare_start(&io->doze, lag_on_sleep);
}

void io_lag(const struct io *io, struct io_lag *out)
{
    uint64_t seen = 0, rank = io->lag_n - io->lag_n / 100;

    *out = (struct io_lag){ .n = io->lag_n, .max_ms = io->lag_max_ms, .last_ms = io->lag_last_ms };
    for (int i = 0; i < LAG_BUCKETS && io->lag_n; i++) {
        seen += io->lag[i];
        if (seen >= rank) {
            out->p99_ms = i == LAG_BUCKETS - 1 ? io->lag_max_ms : i;
            break;
        }
    }
}

void io_lag_reset(struct io *io)
{
    memset(io->lag, 0, sizeof io->lag);
    io->lag_n = 0;
    io->lag_max_ms = io->lag_last_ms = 0;
}

/* ---- the loop itself ---- */

struct io *io_new(struct err *err)
{
    struct io *io = xcalloc(1, sizeof *io);
    int rc = uv_loop_init(&io->loop);

    if (rc < 0) {
        err_set(err, "event loop: %s", uv_strerror(rc));
        free(io);
        return NULL;
    }
    uv_timer_init(&io->loop, &io->sleep);
    uv_timer_init(&io->loop, &io->turn);
    uv_check_init(&io->loop, &io->wake);
    uv_prepare_init(&io->loop, &io->doze);
    uv_idle_init(&io->loop, &io->soon);
    io->sleep.data = io->soon.data = io->wake.data = io->doze.data = io->turn.data = io;
    lag_start(io);
    return io;
}

struct io *io_new_virtual(int64_t now_ms)
{
    struct io *io = xcalloc(1, sizeof *io);

    io->is_virtual = true;
    io->mono_us = 1000000; /* not zero: zero is "never" */
    io->wall_us = now_ms * 1000 - io->mono_us;
    io->jobs_tail = &io->jobs;
    return io;
}

static void loop_close_walk(uv_handle_t *h, void *arg)
{
    struct io *io = arg;
    bool ours = h == (uv_handle_t *)&io->sleep || h == (uv_handle_t *)&io->turn ||
                h == (uv_handle_t *)&io->wake || h == (uv_handle_t *)&io->doze ||
                h == (uv_handle_t *)&io->soon;

    if (!uv_is_closing(h))
        uv_close(h, ours ? NULL : loop_on_free); /* what an owner forgot is not leaked either */
}

static void loop_on_turn(uv_timer_t *h)
{
    (void)h; /* it only had to wake the poll */
}

static void loop_end(struct io *io)
{
    timers_fini(&io->timers);
    if (io->keep_free)
        io->keep_free(io->keep);
    free(io);
}

void io_free(struct io *io)
{
    int64_t until_us;

    if (!io)
        return;
    if (io->is_virtual) {
        loop_run_jobs(io);
        loop_end(io);
        return;
    }
    until_us = io_mono_us(io) + FREE_WAIT_MS * 1000;
    while ((io->n_jobs || io->n_held) && io_mono_us(io) < until_us)
        io_turn(io, 20);
    uv_walk(&io->loop, loop_close_walk, io);
    while (uv_run(&io->loop, UV_RUN_NOWAIT) && !io->n_jobs)
        ;
    if (uv_loop_close(&io->loop) == UV_EBUSY) { /* a thread still works for this loop */
        timers_fini(&io->timers);
        return; /* its memory has to stay */
    }
    loop_end(io);
}

void io_stop(struct io *io)
{
    io->stop = true;
    if (!io->is_virtual)
        uv_stop(&io->loop);
}

void io_run(struct io *io)
{
    io->stop = false;
    while (!io->stop) {
        if (!io->is_virtual) {
            uv_run(&io->loop, UV_RUN_ONCE);
            continue;
        }
        loop_run_jobs(io);
        if (!timers_first(&io->timers) && !io->jobs)
            break; /* nothing will ever happen again */
        if (timers_first(&io->timers)) {
            int64_t wait_us = timers_first(&io->timers)->due_us - io->mono_us;

            io_advance(io, (wait_us + 999) / 1000);
        }
    }
}

void io_turn(struct io *io, int wait_ms)
{
    if (io->is_virtual) {
        io_advance(io, 0);
        return;
    }
    if (wait_ms > 0) {
        uv_update_time(&io->loop);
        uv_timer_start(&io->turn, loop_on_turn, (uint64_t)wait_ms, 0);
    }
    uv_run(&io->loop, wait_ms ? UV_RUN_ONCE : UV_RUN_NOWAIT);
    uv_timer_stop(&io->turn);
}

void io_advance(struct io *io, int64_t ms)
{
    int64_t target_us = io->mono_us + ms * 1000;

    assert(io->is_virtual && ms >= 0);
    loop_run_jobs(io);
    for (;;) {
        struct io_timer *t = timers_first(&io->timers);
        uint64_t seq = io->timers.seq;

        if (!t || t->due_us > target_us)
            break;
        if (t->due_us > io->mono_us)
            io->mono_us = t->due_us;
        t = timers_take(&io->timers, io->mono_us, seq);
        t->fn(t->arg);
        loop_run_jobs(io);
    }
    io->mono_us = target_us;
}

void io_step_clock(struct io *io, int64_t by_ms)
{
    assert(io->is_virtual);
    io->wall_us += by_ms * 1000;
}

void io_keep_set(struct io *io, void *thing, void (*free_thing)(void *thing))
{
    io->keep = thing;
    io->keep_free = free_thing;
}

void *io_keep(const struct io *io)
{
    return io->keep;
}

void io_fake_set(struct io *io, const struct fake_net *net)
{
    io->net = net;
}

const struct fake_net *io_fake(const struct io *io)
{
    return io->net;
}

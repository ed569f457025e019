/* tests/io/test_loop.c: the loop's clock, timers, descriptors, signals and work; both kinds of it.
 */
#include "io/loop.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/cmocka.h"
#include "tests/patience.h"

enum { LIMIT_MS = 3000 };

struct trace {
    struct io *io;
    struct io_timer *timer;
    char log[128];
    int count;
};

struct mark {
    struct trace *trace;
    char name;
    struct io_timer *timer;
};

static void trace_add(void *arg)
{
    struct mark *m = arg;
    size_t n = strlen(m->trace->log);

    m->trace->log[n] = m->name;
    m->trace->log[n + 1] = '\0';
    m->trace->count++;
}

/* Turns the loop until *value >= wanted. */
static void wait_for(struct io *io, const int *value, int wanted)
{
    int64_t until = io_mono_ms(io) + LIMIT_MS;

    while (*value < wanted && io_mono_ms(io) < until)
        io_turn(io, 20);
    assert_true(*value >= wanted);
}

static void timers_fire_by_time_then_by_order_armed(void **state)
{
    struct trace t = { .io = io_new_virtual(1000) };
    struct mark m[4] = {
        { &t, 'a', NULL }, { &t, 'b', NULL }, { &t, 'c', NULL }, { &t, 'd', NULL }
    };

    (void)state;
    for (int i = 0; i < 4; i++)
        m[i].timer = io_timer_new(t.io, trace_add, &m[i]);
    io_timer_arm(m[0].timer, 50);
    io_timer_arm(m[1].timer, 20);
    io_timer_arm(m[2].timer, 50);
    io_timer_arm(m[3].timer, 70);
    io_advance(t.io, 69);
    assert_string_equal(t.log, "bac");
    io_advance(t.io, 1);
    assert_string_equal(t.log, "bacd");
    for (int i = 0; i < 4; i++)
        io_timer_free(m[i].timer);
    io_free(t.io);
}

static void virtual_clock_moves_only_when_told(void **state)
{
    struct io *io = io_new_virtual(1769652827000);
    int64_t mono = io_mono_ms(io);

    (void)state;
    io_turn(io, 1000);
    assert_int_equal(io_now_ms(io), 1769652827000);
    assert_int_equal(io_mono_ms(io), mono);
    io_advance(io, 120000);
    assert_int_equal(io_now_ms(io), 1769652947000);
    assert_int_equal(io_mono_ms(io), mono + 120000);
    io_step_clock(io, -3600000);
    assert_int_equal(io_now_ms(io), 1769649347000);
    assert_int_equal(io_mono_ms(io), mono + 120000);
    io_free(io);
}

static void trace_rearm(void *arg)
{
    struct trace *t = arg;

    t->count++;
    io_timer_arm(t->timer, 10);
}

static void a_timer_that_rearms_itself_keeps_its_beat(void **state)
{
    struct trace t = { .io = io_new_virtual(0) };

    (void)state;
    t.timer = io_timer_new(t.io, trace_rearm, &t);
    io_timer_arm(t.timer, 10);
    io_advance(t.io, 1000);
    assert_int_equal(t.count, 100);
    io_timer_off(t.timer);
    io_advance(t.io, 1000);
    assert_int_equal(t.count, 100);
    io_timer_free(t.timer);
    io_free(t.io);
}

static void trace_free_self(void *arg)
{
    struct trace *t = arg;

    t->count++;
    io_timer_free(t->timer);
}

static void a_timer_may_free_itself(void **state)
{
    struct trace t = { .io = io_new_virtual(0) };

    (void)state;
    t.timer = io_timer_new(t.io, trace_free_self, &t);
    io_timer_arm(t.timer, 5);
    io_advance(t.io, 10);
    assert_int_equal(t.count, 1);
    io_timer_free(NULL);
    io_free(t.io);
}

static void moved_and_cancelled_timers_stay_in_order(void **state)
{
    enum { N = 300 };
    struct trace t = { .io = io_new_virtual(0) };
    struct io_timer *timer[N];
    struct mark m[N];
    uint32_t seed = 7;
    int left = 0;

    (void)state;
    for (int i = 0; i < N; i++) {
        m[i] = (struct mark){ &t, 0, NULL }; /* a NUL: only counted */
        timer[i] = io_timer_new(t.io, trace_add, &m[i]);
    }
    for (int i = 0; i < 4 * N; i++) {
        seed = seed * 1664525u + 1013904223u;
        io_timer_arm(timer[seed % N], (seed >> 8) % 1000);
    }
    for (int i = 0; i < N; i += 3)
        io_timer_off(timer[i]);
    for (int i = 0; i < N; i++)
        left += i % 3 != 0;
    for (int i = 0; i < N; i++)
        if (i % 3)
            io_timer_arm(timer[i], 999 - i);
    io_advance(t.io, 1000 - N - 1);
    assert_int_equal(t.count, 0);
    io_advance(t.io, N);
    assert_int_equal(t.count, left);
    for (int i = 0; i < N; i++)
        io_timer_free(timer[i]);
    io_free(t.io);
}

static void real_timer_is_never_early(void **state)
{
    struct trace t = { .io = io_new(NULL) };
    struct mark m = { &t, 'x', NULL };

    (void)state;
    m.timer = io_timer_new(t.io, trace_add, &m);
    for (int i = 1; i <= 8; i++) {
        int64_t start = io_mono_us(t.io);

        io_timer_arm(m.timer, i);
        wait_for(t.io, &t.count, i);
        assert_true(io_mono_us(t.io) - start >= i * 1000);
        t.log[0] = '\0';
    }
    io_timer_free(m.timer);
    io_free(t.io);
}

static void trace_at_once(void *arg)
{
    struct trace *t = arg;

    t->count++;
    io_timer_arm(t->timer, 0);
}

static void trace_on_fd(void *arg, int events)
{
    struct trace *t = arg;

    t->log[0] = (char)('0' + events);
    t->log[1] = '\0';
    io_stop(t->io);
}

static void a_timer_at_once_does_not_starve_descriptors(void **state)
{
    struct trace busy = { .io = io_new(NULL) }, seen = { .io = busy.io };
    int fds[2];
    struct io_watch *w;

    (void)state;
    assert_int_equal(pipe(fds), 0);
    busy.timer = io_timer_new(busy.io, trace_at_once, &busy);
    io_timer_arm(busy.timer, 0);
    w = io_watch_new(busy.io, fds[0], IO_READ, trace_on_fd, &seen);
    assert_non_null(w);
    assert_int_equal(write(fds[1], "x", 1), 1);
    io_run(busy.io); /* ends by io_stop() in the watch, or hangs */
    assert_string_equal(seen.log, "1");
    io_watch_free(w);
    io_timer_free(busy.timer);
    io_free(busy.io);
    close(fds[0]);
    close(fds[1]);
}

static void an_error_of_a_descriptor_reads_as_both(void **state)
{
    struct trace t = { .io = io_new(NULL) };
    int fds[2];
    struct io_watch *w;

    (void)state;
    assert_int_equal(pipe(fds), 0);
    close(fds[0]);
    w = io_watch_new(t.io, fds[1], IO_WRITE, trace_on_fd, &t); /* no reader: POLLERR */
    assert_non_null(w);
    io_run(t.io);
    assert_string_equal(t.log, "3");
    t.log[0] = '\0';
    io_run(t.io); /* and it does not fall silent */
    assert_string_equal(t.log, "3");
    io_watch_free(w);
    close(fds[1]);
    io_free(t.io);
}

static void a_file_cannot_be_watched(void **state)
{
    struct io *io = io_new(NULL);
    int fd = open("/dev/null", O_RDONLY);

    (void)state;
    assert_null(io_watch_new(io, fd, IO_READ, trace_on_fd, NULL));
    close(fd);
    assert_null(io_watch_new(io, fd, IO_READ, trace_on_fd, NULL)); /* closed: not our abort */
    io_free(io);
}

static void a_descriptor_closed_under_its_watch_is_quiet(void **state)
{
    struct trace t = { .io = io_new(NULL) };
    int fds[2];
    struct io_watch *w;

    (void)state;
    assert_int_equal(pipe(fds), 0);
    w = io_watch_new(t.io, fds[0], 0, trace_on_fd, &t);
    close(fds[0]);
    io_watch_set(w, IO_READ); /* libuv would abort at its next poll */
    for (int i = 0; i < 3; i++)
        io_turn(t.io, 5);
    assert_string_equal(t.log, "");
    io_watch_free(w);
    close(fds[1]);
    io_free(t.io);
}

static void the_same_number_can_be_watched_again(void **state)
{
    struct trace t = { .io = io_new(NULL) };
    int a[2], b[2];
    struct io_watch *w;

    (void)state;
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, a), 0);
    w = io_watch_new(t.io, a[0], IO_READ, trace_on_fd, &t);
    io_watch_free(w); /* its close callback has not run yet */
    close(a[0]);
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, b), 0);
    assert_int_equal(b[0], a[0]);
    w = io_watch_new(t.io, b[0], IO_READ, trace_on_fd, &t);
    assert_non_null(w);
    assert_int_equal(write(b[1], "x", 1), 1);
    io_run(t.io);
    assert_string_equal(t.log, "1");
    io_watch_free(w);
    close(a[1]);
    close(b[0]);
    close(b[1]);
    io_free(t.io);
}

static void trace_on_signal(void *arg, int signo)
{
    struct trace *t = arg;

    t->count += signo == SIGHUP;
}

static void signals_arrive_on_the_loop(void **state)
{
    struct trace t = { .io = io_new(NULL) };
    struct io_signal *s = io_signal_new(t.io, SIGHUP, trace_on_signal, &t);

    (void)state;
    raise(SIGHUP);
    assert_int_equal(t.count, 0);
    wait_for(t.io, &t.count, 1);
    io_signal_free(s);
    io_free(t.io);
}

struct job {
    int worked, done;
};

static void job_work(void *arg)
{
    ((struct job *)arg)->worked = 1;
}

static void job_done(void *arg)
{
    struct job *j = arg;

    j->done = j->worked + 1;
}

static void work_is_done_before_done(void **state)
{
    struct job real = { 0 }, fake = { 0 }, last = { 0 };
    struct io *io = io_new(NULL), *v = io_new_virtual(0);

    (void)state;
    io_work(io, job_work, job_done, &real);
    assert_int_equal(real.done, 0);
    wait_for(io, &real.done, 2);
    io_work(v, job_work, job_done, &fake);
    assert_int_equal(fake.worked, 0);
    io_turn(v, 0);
    assert_int_equal(fake.done, 2);
    io_work(io, job_work, job_done, &last);
    io_free(io); /* waits for it */
    assert_int_equal(last.done, 2);
    io_free(v);
}

static void a_halt_is_counted_as_many_late_ticks(void **state)
{
    struct io *io = io_new(NULL);
    int64_t until = io_mono_ms(io) + 420;
    struct io_lag lag;

    (void)state;
    while (io_mono_ms(io) < until)
        ; /* the halt itself: a loop that does not turn */
    io_turn(io, 0);
    io_turn(io, 0);
    io_lag(io, &lag);
    assert_in_range(lag.n, 4, 6);
    assert_in_range(lag.max_ms, 300, 2000);
    io_lag_reset(io);
    io_lag(io, &lag);
    assert_int_equal(lag.n, 0);
    assert_int_equal(lag.max_ms, 0);
    io_free(io);
}

static void halt_then_stop(void *arg)
{
    struct io *io = arg;
    int64_t until = io_mono_ms(io) + 250;

    while (io_mono_ms(io) < until)
        ;
    io_stop(io);
}

/* A sleep is no lag, however long; what a callback takes is, even if the loop slept before. */
static void only_what_kept_the_loop_awake_is_lag(void **state)
{
    struct io *io = io_new(NULL);
    struct io_timer *t = io_timer_new(io, halt_then_stop, io);
    struct io_lag lag;

    (void)state;
    io_turn(io, 350);
    io_lag(io, &lag);
    assert_in_range(lag.max_ms, 0, patience_times(50));
    io_timer_arm(t, 250);
    io_run(io);
    io_turn(io, 0);
    io_lag(io, &lag);
    assert_in_range(lag.max_ms, 100, 2000);
    assert_true(lag.n >= 8);
    io_timer_free(t);
    io_free(io);
}

static void stop_ends_run_also_on_the_virtual_clock(void **state)
{
    struct trace t = { .io = io_new_virtual(0) };
    struct io_timer *end;

    (void)state;
    t.timer = io_timer_new(t.io, trace_rearm, &t);
    end = io_timer_new(t.io, (void (*)(void *))io_stop, t.io);
    io_timer_arm(t.timer, 10);
    io_timer_arm(end, 95);
    io_run(t.io);
    assert_int_equal(t.count, 9);
    io_timer_free(t.timer);
    io_timer_free(end);
    io_run(t.io); /* nothing left: comes back */
    io_free(t.io);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(timers_fire_by_time_then_by_order_armed),
        cmocka_unit_test(virtual_clock_moves_only_when_told),
        cmocka_unit_test(a_timer_that_rearms_itself_keeps_its_beat),
        cmocka_unit_test(a_timer_may_free_itself),
        cmocka_unit_test(moved_and_cancelled_timers_stay_in_order),
        cmocka_unit_test(real_timer_is_never_early),
        cmocka_unit_test(a_timer_at_once_does_not_starve_descriptors),
        cmocka_unit_test(an_error_of_a_descriptor_reads_as_both),
        cmocka_unit_test(a_file_cannot_be_watched),
        cmocka_unit_test(a_descriptor_closed_under_its_watch_is_quiet),
        cmocka_unit_test(the_same_number_can_be_watched_again),
        cmocka_unit_test(signals_arrive_on_the_loop),
        cmocka_unit_test(work_is_done_before_done),
        cmocka_unit_test(a_halt_is_counted_as_many_late_ticks),
        cmocka_unit_test(only_what_kept_the_loop_awake_is_lag),
        cmocka_unit_test(stop_ends_run_also_on_the_virtual_clock),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

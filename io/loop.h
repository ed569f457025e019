/* io/loop.h: the event loop: clock, timers, descriptors, signals, work off the loop. libuv is named
 * only in io/loop.c.
 *
 * One thread. Nothing here blocks. A virtual loop (io_new_virtual) has a clock that moves only when
 * told, no descriptors, and a scripted network (io/fake.h): what a test needs to run "2 minutes" in
 * a millisecond.
 *
 * Units:   milliseconds. `now` is Unix time (may step), `mono` never goes back.
 * Owner:   every _new gives a handle that its _free ends; free is fine from inside its own callback
 *          and on NULL. What libuv still holds is freed in its close callback, inside.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "core/err.h"

struct io;
struct io_timer;
struct io_watch;
struct io_signal;

enum { IO_READ = 1, IO_WRITE = 2, IO_HUP = 4 }; /* HUP: the other side has closed */

struct io *io_new(struct err *err);
struct io *io_new_virtual(int64_t now_ms);
void io_free(struct io *io);

int64_t io_now_ms(const struct io *io);
int64_t io_mono_ms(const struct io *io);
int64_t io_mono_us(const struct io *io); /* fresh, for measuring */

void io_run(struct io *io); /* until io_stop() */
void io_stop(struct io *io);
/* One turn that waits at most `wait_ms` (-1 = until something happens). */
void io_turn(struct io *io, int wait_ms);
/* Virtual loop only: moves the clock, running what falls due, in order of time. */
void io_advance(struct io *io, int64_t ms);
/* Virtual loop only: the wall clock is set by somebody; the monotonic one runs on. */
void io_step_clock(struct io *io, int64_t by_ms);
bool io_is_virtual(const struct io *io);

struct io_timer *io_timer_new(struct io *io, void (*fn)(void *arg), void *arg);
void io_timer_arm(struct io_timer *t, int64_t delay_ms); /* once; re-arming moves it */
void io_timer_off(struct io_timer *t);
void io_timer_free(struct io_timer *t);

/* IO_HUP alone sleeps through bytes that come and wakes when the peer closes, where the system can
 * tell (Linux, BSD).
 * NULL when there is nothing to wait for (a regular file, /dev/null) or the descriptor is watched
 * already. Sets O_NONBLOCK on the open file description: never the user's own terminal.
 * `events` of the callback are IO_READ | IO_WRITE; an error of the descriptor comes as both, so
 * that whoever owns it meets the error when reading. */
struct io_watch *io_watch_new(struct io *io, int fd, int events, void (*fn)(void *arg, int events),
                              void *arg);
void io_watch_set(struct io_watch *w, int events);
void io_watch_free(struct io_watch *w);

struct io_signal *io_signal_new(struct io *io, int signo, void (*fn)(void *arg, int signo),
                                void *arg);
void io_signal_free(struct io_signal *s);

/* `work` runs in another thread, then `done` (may be NULL) on the loop; always both, so that `done`
 * can free what they share. io_free() waits for them, 2 s at most. A virtual loop runs both at its
 * next turn. */
void io_work(struct io *io, void (*work)(void *arg), void (*done)(void *arg), void *arg);

/* Something ends soon by itself, on the loop: io_free() waits for its release as for work. */
void io_hold(struct io *io);
void io_release(struct io *io);

/* One thing that lives as long as the loop and is freed at its very end, after all work is done. */
void io_keep_set(struct io *io, void *thing, void (*free_thing)(void *thing));
void *io_keep(const struct io *io); /* NULL = none yet */

/* How late the loop itself was: every 100 ms a turn is thought due, and counted as
 * late as the loop could have taken it. */
struct io_lag {
    uint64_t n;
    int64_t p99_ms, max_ms, last_ms;
};
void io_lag(const struct io *io, struct io_lag *out);
void io_lag_reset(struct io *io);

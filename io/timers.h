/* io/timers.h: the timers of one loop, in a heap: earliest first, equal times in the order armed.
 * Knows no clock: the loop, real or virtual, says what time it is.
 *
 * Units:   microseconds of the loop's monotonic clock.
 * Errors:  none.
 * Owner:   a timer belongs to whoever made it; the heap holds pointers to armed ones only.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct io;

struct io_timer {
    struct io *io;
    void (*fn)(void *arg);
    void *arg;
    int64_t due_us;
    uint64_t seq; /* when it was armed, among all */
    size_t at;    /* index in the heap + 1; 0 = not armed */
};

struct timers {
    struct io_timer **heap;
    size_t n, cap;
    uint64_t seq;
};

void timers_fini(struct timers *h);
void timers_arm(struct timers *h, struct io_timer *t, int64_t due_us); /* moves an armed one */
void timers_off(struct timers *h, struct io_timer *t);
/* The earliest, or NULL. */
struct io_timer *timers_first(const struct timers *h);
/* Takes the earliest out if it is due at `now_us` and was armed before `seq`, else NULL. With the
 * `seq` from before the pass, a timer that re-arms itself for "now" cannot hold the pass for ever.
 */
struct io_timer *timers_take(struct timers *h, int64_t now_us, uint64_t seq);

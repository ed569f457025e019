/* examples/sim/now.h: the two clocks of the machine. The simulated clock is world_now_ms().
 *
 * Units:   milliseconds; now_real_ms() since 1970, now_mono_ms() since boot.
 */
#pragma once

#include <stdint.h>
#include <stdio.h>
#include <time.h>

static inline int64_t now_of(clockid_t id)
{
    struct timespec t;

    clock_gettime(id, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static inline int64_t now_real_ms(void)
{
    return now_of(CLOCK_REALTIME);
}

static inline int64_t now_mono_ms(void)
{
    return now_of(CLOCK_MONOTONIC);
}

static inline void now_sleep_ms(int64_t ms)
{
    struct timespec t = { ms / 1000, (long)(ms % 1000) * 1000000 };

    if (ms > 0)
        nanosleep(&t, NULL);
}

/* 2026-01-29T10:30:00.000Z */
static inline void now_stamp(int64_t ms, char out[32])
{
    time_t t = (time_t)(ms / 1000);
    struct tm tm;

    gmtime_r(&t, &tm);
    size_t n = strftime(out, 32, "%Y-%m-%dT%H:%M:%S", &tm);
    snprintf(out + n, 32 - n, ".%03dZ", (int)(ms % 1000));
}

/* examples/sim/limiter.h: how often one client may ask, in fixed windows, as the rate limiters of
 * web frameworks count it.
 *
 * Units:   milliseconds of the caller's clock.
 * Owner:   the caller. Every function takes the lock.
 */
#pragma once

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#define LIMITER_SLOTS 256

struct limiter {
    pthread_mutex_t lock;
    struct {
        char key[64]; /* rule and client */
        int64_t from_ms;
        int n;
    } slots[LIMITER_SLOTS];
};

void limiter_init(struct limiter *l);
/* Counts one more; false when it is one too many, with the rest of the window in *wait_ms. */
bool limiter_take(struct limiter *l, const char *rule, const char *client, int max,
                  int64_t window_ms, int64_t now_ms, int64_t *wait_ms);
void limiter_forget(struct limiter *l);

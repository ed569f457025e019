/* examples/sim/rachelfoods.h: what the shop's API and the rest of it share.
 *
 * Owner:   the world, as `own`.
 */
#pragma once

#include <pthread.h>
#include <stdint.h>

#include "app.h"
#include "limiter.h"

#define RF_STRIPE_SECRET "whsec_demo"

struct shop {
    struct limiter limits;
    pthread_mutex_t lock;
    uint64_t requests; /* for their ids */
};

extern const struct app_def rf_api;

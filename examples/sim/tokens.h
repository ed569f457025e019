/* examples/sim/tokens.h: the admin bearer token of Neurmatic: good for 15 minutes, renewed in its
 * file every 10, by the simulated clock.
 *
 * Owner:   the world. Every function takes the lock.
 */
#pragma once

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "http.h"

struct world;

struct tokens {
    pthread_mutex_t lock;
    struct {
        char text[40];
        int64_t issued_ms;
    } now, before; /* the one before stays good for the rest of its time */
};

void tokens_init(struct tokens *t, struct world *w); /* writes DIR/token */
void tokens_tick(struct tokens *t, struct world *w);
bool tokens_good(struct tokens *t, struct world *w, const struct http_request *rq);

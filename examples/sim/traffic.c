/* examples/sim/traffic.c: arrivals. */
#include "traffic.h"

#include <math.h>
#include <stdlib.h>

#include "now.h"
#include "thread.h"
#include "world.h"

#define TRAFFIC_THREADS 12
#define TRAFFIC_DAY_S   600.0
#define TRAFFIC_SWING   0.3 /* the wave's share of the rate */

struct traffic {
    struct world *w;
    int port, index;
    double per_s;
    traffic_user *user;
};

static void *traffic_run(void *arg)
{
    struct traffic t = *(struct traffic *)arg;
    struct client c;
    struct chance dice;
    int64_t begin = now_mono_ms();

    free(arg);
    client_init(&c, t.port);
    chance_init(&dice, 1000 + (uint64_t)t.index);
    /* Nobody knows of the others: the first requests do not come all at once either. */
    int64_t next = begin + (int64_t)(1000 * chance_unit(&dice) * TRAFFIC_THREADS / t.per_s);
    for (;;) {
        double age_s = (double)(now_mono_ms() - begin) / 1000;
        double wave = 1 + TRAFFIC_SWING * sin(6.283185307179586 * age_s / TRAFFIC_DAY_S);
        double rate = t.per_s * wave / TRAFFIC_THREADS;

        now_sleep_ms(next - now_mono_ms());
        /* The wait counts from the arrival, not from the answer: a slow system still gets its load
         * as long as threads are free. */
        next = now_mono_ms() + (int64_t)(1000 * chance_exponential(&dice, 1 / rate));
        t.user(t.w, &c, &dice);
    }
    return NULL;
}

void traffic_start(struct world *w, int port, double per_s, traffic_user *user)
{
    for (int i = 0; i < TRAFFIC_THREADS; i++) {
        struct traffic *t = malloc(sizeof *t);

        if (!t)
            abort();
        *t = (struct traffic){ w, port, i, per_s, user };
        thread_start(traffic_run, t);
    }
}

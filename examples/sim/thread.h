/* examples/sim/thread.h: a thread for as long as the process lives. */
#pragma once

#include <pthread.h>
#include <stdlib.h>

static inline void thread_start(void *(*run)(void *), void *arg)
{
    pthread_t t;

    if (pthread_create(&t, NULL, run, arg) != 0)
        abort();
    pthread_detach(t);
}

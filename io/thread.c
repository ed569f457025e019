/* io/thread.c: a thread beside the loop, for a library's call that blocks. */
#include "io/thread.h"

#include <pthread.h>
#include <signal.h>

int thread_start(void *(*run)(void *arg), void *arg, size_t stack_bytes)
{
    pthread_attr_t attr;
    pthread_t thread;
    sigset_t all, old;
    int rc;

    pthread_attr_init(&attr);
    pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
    pthread_attr_setstacksize(&attr, stack_bytes);
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &old); /* before it runs: a thread inherits the mask */
    rc = pthread_create(&thread, &attr, run, arg);
    pthread_sigmask(SIG_SETMASK, &old, NULL);
    pthread_attr_destroy(&attr);
    return rc;
}

/* io/aside.h: work that may hang for ever, such as a look into a file system that is gone, each in
 * a thread of its own, so that it holds up neither the loop nor anybody else's work.
 *
 * Errors:  a thread that cannot be had: `failed` says why.
 * Owner:   what `work` reads and writes lies in `shared` alone. It is the thread's until `done`,
 * and ended by `drop`: after `done`, or, when it was left, once the work comes back.
 */
#pragma once

#include "io/loop.h"

struct aside;

struct aside_work {
    void (*work)(void *shared);            /* in the thread */
    void (*done)(void *arg, void *shared); /* on the loop; what it wants to keep it takes out */
    void (*failed)(void *arg, const char *why); /* instead, at the next turn: it did not run */
    void (*drop)(void *shared);                 /* in either of them */
};

/* Calls back later, never inside this call. A virtual loop runs the work at its next turn. */
struct aside *aside_start(struct io *io, const struct aside_work *w, void *shared, void *arg);
/* No callback comes any more; NULL is fine. Not from inside one. */
void aside_leave(struct aside *a);

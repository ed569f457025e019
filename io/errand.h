/* io/errand.h: a call that blocks, of a library or into a file system that may be gone, run in a
 * thread of its own, its end told on the loop. A virtual loop runs it at its next turn.
 *
 * A hung errand holds up nobody: not the loop, not another errand, not the end of the program. So
 * there is no limit here to how many there are, nor to how long one takes: its user has both.
 *
 * Errors:  NULL with errno set when no thread or no pipe can be had.
 * Owner:   `what` belongs to the errand from a successful start on: it is dropped when loop and
 *          thread are both through with it, whoever is last.
 */
#pragma once

#include <stddef.h>

#include "io/loop.h"

struct errand;

struct errand_ops {
    void (*run)(void *what);  /* in the thread */
    void (*drop)(void *what); /* in either */
    size_t stack_bytes;
};

/* `ended` comes on the loop, never inside this call; `what` is borrowed for it, and the errand is
 * over with it: nothing of it is forgotten then. */
struct errand *errand_start(struct io *io, const struct errand_ops *ops, void *what,
                            void (*ended)(void *arg, void *what), void *arg);
void errand_forget(struct errand *e); /* `ended` does not come any more; NULL is fine */

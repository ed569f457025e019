/* examples/sim/child.h: one process of the guardian: a server or one of its tools.
 *
 * A child runs in a session of its own (Ctrl-C reaches only us), as the account's user, with an
 * environment made here, and dies with its parent: PR_SET_PDEATHSIG is set after the change of user
 * (which clears it) and right before exec. It is bound to the forking *thread*, so that only a
 * process of one thread may use this.
 *
 * Errors:  false with a sentence in why.
 * Owner:   the caller owns the struct; reaping is the guardian's.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "place.h"

struct child {
    const char *name;
    pid_t pid;          /* 0: not running */
    int stop_signal;    /* what asks it to end at once */
    int64_t kill_at_ms; /* monotonic; then SIGKILL. 0: not asked to end */
};

bool child_start(struct child *c, const char *const argv[], const struct place_account *as,
                 const char *dir, const char *log, char *why);

/* Asks for the end; SIGKILL after patience_ms (child_tick). */
void child_stop(struct child *c, int64_t now_mono_ms, int64_t patience_ms);
void child_tick(struct child *c, int64_t now_mono_ms);

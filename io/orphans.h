/* io/orphans.h: what commands leave behind: processes that set a session of their own, forked twice
 * or outlived their parent. We are the reaper of all of them (PR_SET_CHILD_SUBREAPER), and end them
 * when their command has ended.
 *
 * Each command carries a mark in its environment, and what it starts inherits it: by that an orphan
 * is known to be of a command that has ended, and of no other. One that wiped its environment is
 * ended when no command is under way, unless we had children before the first command. /proc is
 * read in a worker; again and again, because what an orphan had started becomes one itself, until
 * nothing is left. Where there is no /proc and no reaper (not Linux) nothing happens here, and a
 * command's group is all that is ended.
 *
 * Owner:   kept and freed by the loop.
 */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

#include "io/loop.h"

/* The mark of the next command, for its environment: "MIDWATCH_RUN=..." */
void orphans_mark(struct io *io, char out[80]);
/* The command that has the mark asked for last runs as `pid`; tells its number. Where `spare`, what
 * it leaves is never ended: its own business. */
unsigned long orphans_add(struct io *io, pid_t pid, bool spare);
/* It has ended and was reaped, and what it left may be ended. */
void orphans_end(struct io *io, unsigned long run);

/* How many tasks (processes and threads) a command may see of our user before it can fork no more:
 * what there are, and room for its own. 0 = cannot be counted. A process that may do anything is
 * not held by it. */
unsigned long orphans_tasks_max(struct io *io);

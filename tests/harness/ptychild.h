/* tests/harness/ptychild.h: a program in a pseudo terminal of its own.
 *
 * The slave stays open here too, so that its settings can be read after the program has ended, and
 * so that a second program can be started in the same terminal.
 *
 * Units:   status as of waitpid().
 * Errors:  ptychild_open and _start return false with errno set.
 * Owner:   the caller; ptychild_close ends what still runs.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>
#include <termios.h>

struct ptychild {
    int master, slave; /* -1 = closed */
    pid_t pid;         /* 0 = not started */
    bool exited;
    int status;
    struct termios first; /* as the program found it */
    char *queue;          /* typed, not yet taken by the terminal */
    size_t queued, queue_cap;
};

bool ptychild_open(struct ptychild *c, int cols, int rows);
bool ptychild_start(struct ptychild *c, char *const *argv, char *const *env, size_t n_env);
void ptychild_close(struct ptychild *c); /* HUP by hanging up, KILL after a second */
void ptychild_hangup(struct ptychild *c);
void ptychild_resize(struct ptychild *c, int cols, int rows);
void ptychild_write(struct ptychild *c, const char *bytes, size_t n); /* queues what does not fit */
void ptychild_flush(struct ptychild *c);
bool ptychild_reap(struct ptychild *c); /* true when it has ended */
bool ptychild_same_termios(const struct ptychild *c);

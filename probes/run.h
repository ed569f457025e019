/* probes/run.h: a program that a probe runs: looked for on a fixed path, one at a time, ended with
 * its group at its limit.
 *
 * Errors:  in run_end: a program that is not there or cannot be started is FAULT_LOCAL, one that
 *          does not end in time FAULT_TIMEOUT. How a program that ended did so is its reader's.
 * Owner:   the caller owns the run; what run_end points to is borrowed for the call.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "core/fault.h"
#include "core/option.h"
#include "io/loop.h"

struct run;

struct run_end {
    enum fault fault;
    const char *why;       /* of a fault; else "" */
    int status;            /* as of waitpid() */
    const char *out, *err; /* NUL-terminated, what was kept */
    size_t out_len, dropped;
    int64_t took_ms;
};

typedef void run_done(void *arg, const struct run_end *end);

/* `cwd` is copied; NULL = /. `max_bytes` of stdout and of stderr are kept. */
struct run *run_new(struct io *io, const char *cwd, size_t max_bytes, run_done *done, void *arg);
/* From the next start on it gives way to everybody else; `output` (may be NULL) sees each piece as
 * it comes, fd 1 or 2, also what is not kept. */
void run_in_background(struct run *r,
                       void (*output)(void *arg, int fd, const char *bytes, size_t len));
void run_free(struct run *r); /* kills at once; no callback comes any more */
/* argv and env (NULL = nothing added) are borrowed for the call; argv[0] is a whole path, or a name
 * that is looked for in CHILD_PATH. `done` is called once, for what cannot even be started inside
 * this call. From inside `done` another start and run_free() are fine. */
void run_start(struct run *r, const char *const *argv, const char *const *env, int64_t timeout_ms);
/* A program of it is there, also one that was told to end: a start would fail. */
bool run_is_busy(const struct run *r);
/* "killed by signal 9 (Killed)", "it could not run what it needs (exit 127)"; "" when the program
 * came to an exit of its own. */
const char *run_died(int status, char out[64]);

/* What an option may add to the environment: no name that a loader or a shell would obey before the
 * program's first line. */
bool run_check_env(const struct strmap *env, struct err *err);
/* "NAME=value" lines for run_start(), NULL-terminated; the caller's, to be freed with
 * run_env_free(), which wipes: a value may have come from ${env:...}. */
char **run_env_new(const struct strmap *env);
void run_env_free(char **lines); /* NULL is fine */

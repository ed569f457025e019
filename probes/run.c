/* probes/run.c: looks a program up, runs it, and tells its end once. */
#include "probes/run.h"

#include <ctype.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "core/alloc.h"
#include "core/buf.h"
#include "core/secret.h"
#include "core/unit.h"
#include "io/child.h"
#include "probes/program.h"

struct run {
    struct io *io;
    char *cwd;
    size_t max_bytes;
    run_done *done;
    void *arg;
    struct child *child; /* also while what was told to end has not ended */
    struct io_timer *limit;
    int64_t began_ms, timeout_ms;
    void (*output)(void *arg, int fd, const char *bytes, size_t len);
    bool background;
    bool owed;  /* an end is to be told */
    char *name; /* what `path` was found for */
    char path[PROGRAM_PATH_MAX];
};

/* Looked for until it is found: it may be installed later. */
static bool run_found(struct run *r, const char *program)
{
    if (r->name && strcmp(r->name, program) == 0)
        return true;
    free(r->name);
    r->name = NULL;
    if (!program_find(program, r->path))
        return false;
    r->name = xstrdup(program);
    return true;
}

static void run_failed(struct run *r, enum fault fault, const char *why)
{
    const struct run_end end = {
        .fault = fault, .why = why, .out = "", .err = "", .took_ms = io_mono_ms(r->io) - r->began_ms
    };

    r->owed = false;
    io_timer_off(r->limit);
    r->done(r->arg, &end);
}

static void run_on_limit(void *arg)
{
    struct run *r = arg;
    char why[64], limit[32];

    snprintf(why, sizeof why, "no end in %s", duration_format(r->timeout_ms, limit));
    child_kill(r->child);
    run_failed(r, FAULT_TIMEOUT, why);
}

static void run_on_end(void *arg, int status, const struct err *err, const char *out,
                       const char *errout, size_t dropped)
{
    struct run *r = arg;
    struct child *child = r->child;
    bool owed = r->owed; /* else it was told as a timeout before */
    const struct run_end end = { .fault = err ? FAULT_LOCAL : FAULT_NONE,
                                 .why = err ? err->msg : "",
                                 .status = status,
                                 .out = out ? out : "",
                                 .err = errout ? errout : "",
                                 .out_len = out ? strlen(out) : 0,
                                 .dropped = dropped,
                                 .took_ms = io_mono_ms(r->io) - r->began_ms };

    r->child = NULL;
    r->owed = false;
    io_timer_off(r->limit);
    if (err) { /* it went, or cannot be run: looked for again */
        free(r->name);
        r->name = NULL;
    }
    if (owed)
        r->done(r->arg, &end); /* may free us */
    child_free(child);         /* with what it printed */
}

static void run_on_output(void *arg, int fd, const char *bytes, size_t len)
{
    struct run *r = arg;

    if (r->output && r->owed)
        r->output(r->arg, fd, bytes, len);
}

void run_start(struct run *r, const char *const *argv, const char *const *env, int64_t timeout_ms)
{
    static const struct child_events events = { .output = run_on_output, .ended = run_on_end };
    struct child_spec spec = { .env = env,
                               .cwd = r->cwd,
                               .max_bytes = r->max_bytes,
                               .die_with_us = true,
                               .background = r->background };
    const char **words;
    size_t n = 0;
    char why[600];

    r->began_ms = io_mono_ms(r->io);
    r->timeout_ms = timeout_ms;
    if (r->child) {
        run_failed(r, FAULT_TIMEOUT, "the last one was ended and has not gone");
        return;
    }
    if (!run_found(r, argv[0])) {
        snprintf(why, sizeof why, "there is no program '%.400s'", argv[0]);
        run_failed(r, FAULT_LOCAL, why);
        return;
    }
    while (argv[n])
        n++;
    words = xcalloc(n + 1, sizeof *words);
    memcpy(words, argv, n * sizeof *words);
    words[0] = r->path;
    spec.argv = words;
    r->owed = true;
    r->child = child_start(r->io, &spec, &events, r);
    io_timer_arm(r->limit, timeout_ms);
    free(words);
}

struct run *run_new(struct io *io, const char *cwd, size_t max_bytes, run_done *done, void *arg)
{
    struct run *r = xcalloc(1, sizeof *r);

    r->io = io;
    r->cwd = xstrdup(cwd);
    r->max_bytes = max_bytes;
    r->done = done;
    r->arg = arg;
    r->limit = io_timer_new(io, run_on_limit, r);
    return r;
}

void run_in_background(struct run *r,
                       void (*output)(void *arg, int fd, const char *bytes, size_t len))
{
    r->background = true;
    r->output = output;
}

bool run_is_busy(const struct run *r)
{
    return r->child != NULL;
}

void run_free(struct run *r)
{
    if (!r)
        return;
    child_free(r->child);
    io_timer_free(r->limit);
    free(r->cwd);
    free(r->name);
    free(r);
}

const char *run_died(int status, char out[64])
{
    *out = '\0';
    if (WIFSIGNALED(status))
        snprintf(out, 64, "killed by signal %d (%s)", WTERMSIG(status),
                 strsignal(WTERMSIG(status)));
    else if (WEXITSTATUS(status) == 126 || WEXITSTATUS(status) == 127)
        snprintf(out, 64, "it could not run what it needs (exit %d)", WEXITSTATUS(status));
    return out;
}

/* ---- its environment ---- */

static bool run_name_fine(const char *s)
{
    if (!isalpha((unsigned char)*s) && *s != '_')
        return false;
    for (; *s; s++)
        if (!isalnum((unsigned char)*s) && *s != '_')
            return false;
    return true;
}

static bool run_name_obeyed(const char *s)
{
    static const char *const names[] = { "BASH_ENV", "ENV", "IFS", "PS4", "SHELLOPTS", "PATH" };

    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strcmp(s, names[i]) == 0)
            return true;
    return strncmp(s, "LD_", 3) == 0;
}

bool run_check_env(const struct strmap *env, struct err *err)
{
    for (size_t i = 0; i < env->n; i++) {
        if (!run_name_fine(env->keys[i]))
            return err_set(err, "env: '%s' is no name of a variable", env->keys[i]);
        if (run_name_obeyed(env->keys[i]))
            return err_set(err, "env: %s would change what runs; write the program's whole path",
                           env->keys[i]);
    }
    return true;
}

char **run_env_new(const struct strmap *env)
{
    char **lines = xcalloc(env->n + 1, sizeof *lines);

    for (size_t i = 0; i < env->n; i++) {
        struct buf b = { 0 };

        buf_addf(&b, "%s=%s", env->keys[i], env->values[i]);
        lines[i] = b.bytes;
    }
    return lines;
}

void run_env_free(char **lines)
{
    for (char **at = lines; at && *at; at++) {
        secret_wipe(*at, strlen(*at));
        free(*at);
    }
    free(lines);
}

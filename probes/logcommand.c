/* probes/logcommand.c: a log that a command prints for as long as it runs; when it ends it is
 * started again, after a while that grows.
 *
 * Both of its outputs are lines: docker logs prints a container's stderr on its own.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "core/alloc.h"
#include "io/child.h"
#include "io/limits.h"
#include "probes/log_impl.h"
#include "probes/program.h"

enum {
    LOGCOMMAND_WELL_MS = 60000, /* that has run for so long starts again soon */
    LOGCOMMAND_SETTLE_MS = 500, /* before its first answer: what it prints at once is in it */
    LOGCOMMAND_RUNS_MS = 2000,  /* that ends sooner, without a line, does not run at all */
    LOGCOMMAND_KEEP = 4096      /* bytes that io/child.c keeps; the lines are ours already */
};

struct logcommand {
    struct log *log;
    char **argv;
    struct child *child;
    struct io_timer *again;
    struct logsplit split[2];              /* of its two outputs */
    int64_t started_ms, wait_ms, again_ms; /* monotonic; wait_ms: before the next start */
    /* After a start: what it prints up to there was printed before. 0 = nothing was */
    int64_t repeats_ms;
    bool repeating;    /* the last line that told a time was one of those */
    bool fresh;        /* it was started again, and no line has told whether any is missing */
    bool first;        /* of all its lines, the first that tells a time has not come */
    bool lines;        /* it printed one since its start */
    struct text ended; /* how it ended the last time; empty when it runs well since, or before */
    struct text last;  /* the last line that was no JSON: a command says so why it ends */
};

static void logcommand_start(struct logcommand *c);

/* ---- lines ---- */

static void logcommand_on_line(void *arg, const char *line, size_t len)
{
    struct logcommand *c = arg;

    c->lines = true;
    if (line && *line != '{')
        text_set(&c->last, line, len < 200 ? len : 200);
    log_on_line(c->log, line, len);
}

bool logcommand_is_new(struct logcommand *c, const struct log_line *l, bool timed)
{
    /* not after the clock was set back: those are times that come again */
    bool again = timed && l->at_ms <= c->repeats_ms && c->repeats_ms <= c->log->now_ms;

    if (!timed)
        return !c->repeating; /* it belongs to the line before */
    c->repeating = again;
    if (c->first && l->at_ms < c->log->covered_ms)
        c->log->covered_ms = l->at_ms; /* it begins with what was printed before */
    c->first = false;
    if (c->fresh && again)
        c->log->gap_ms = 0; /* it begins before it ended: nothing is missing */
    c->fresh = false;
    if (!again)
        c->repeats_ms = 0;
    return !again;
}

static void logcommand_on_output(void *arg, int fd, const char *bytes, size_t len)
{
    struct logcommand *c = arg;
    struct logsplit *s = &c->split[fd == 2];

    log_clock(c->log);
    memcpy(logsplit_room(s, len), bytes, len);
    logsplit_take(s, len, logcommand_on_line, c);
}

/* ---- its life ---- */

static void logcommand_say_end(struct logcommand *c, int status, const struct err *err)
{
    const char *last = text_str(&c->last);

    if (err)
        text_sets(&c->ended, err->msg);
    else if (WIFSIGNALED(status))
        text_setf(&c->ended, "it was killed by signal %d (%s)", WTERMSIG(status),
                  strsignal(WTERMSIG(status)));
    else
        text_setf(&c->ended, "it ended with exit %d%s%s", WEXITSTATUS(status), *last ? ": " : "",
                  last);
}

static void logcommand_wait(struct logcommand *c)
{
    int64_t now_ms = io_mono_ms(c->log->clients->io);

    if (!c->wait_ms || now_ms - c->started_ms >= LOGCOMMAND_WELL_MS)
        c->wait_ms = RECONNECT_MIN_MS;
    else
        c->wait_ms = c->wait_ms * 2 < RECONNECT_MAX_MS ? c->wait_ms * 2 : RECONNECT_MAX_MS;
    c->again_ms = now_ms + c->wait_ms;
    io_timer_arm(c->again, c->wait_ms);
}

static void logcommand_on_end(void *arg, int status, const struct err *err, const char *out,
                              const char *errout, size_t dropped)
{
    struct logcommand *c = arg;

    (void)out, (void)errout, (void)dropped;
    log_clock(c->log);
    for (int i = 0; i < 2; i++)
        logsplit_end(&c->split[i], logcommand_on_line, c);
    logcommand_say_end(c, status, err);
    child_free(c->child);
    c->child = NULL;
    c->repeats_ms = c->log->last_ms;
    logcommand_wait(c);
}

static void logcommand_on_again(void *arg)
{
    logcommand_start(arg);
}

static void logcommand_start(struct logcommand *c)
{
    static const struct child_events events = { .output = logcommand_on_output,
                                                .ended = logcommand_on_end };
    struct child_spec spec = { .max_bytes = LOGCOMMAND_KEEP, .die_with_us = true };
    struct io *io = c->log->clients->io;
    char path[PROGRAM_PATH_MAX], *name = c->argv[0];

    c->lines = c->repeating = false;
    text_sets(&c->last, "");
    c->started_ms = io_mono_ms(io);
    if (c->log->covered_ms) { /* started again: what it printed meanwhile may be lost */
        c->log->gap_ms = io_now_ms(io);
        c->fresh = true;
    } else {
        c->first = c->log->live = true;
        c->log->covered_ms = io_now_ms(io);
    }
    if (!program_find(name, path)) {
        text_setf(&c->ended, "there is no program '%s'", name);
        logcommand_wait(c);
        return;
    }
    c->argv[0] = path;
    spec.argv = (const char *const *)c->argv;
    c->child = child_start(io, &spec, &events, c);
    c->argv[0] = name;
}

struct logcommand *logcommand_new(struct log *g, const struct strlist *argv)
{
    struct logcommand *c = xcalloc(1, sizeof *c);

    c->log = g;
    c->argv = xcalloc(argv->n + 1, sizeof *c->argv);
    for (size_t i = 0; i < argv->n; i++)
        c->argv[i] = xstrdup(argv->items[i]);
    c->again = io_timer_new(g->clients->io, logcommand_on_again, c);
    return c;
}

void logcommand_free(struct logcommand *c)
{
    if (!c)
        return;
    child_free(c->child);
    io_timer_free(c->again);
    for (int i = 0; i < 2; i++)
        logsplit_fini(&c->split[i]);
    for (char **at = c->argv; *at; at++)
        free(*at);
    free(c->argv);
    text_fini(&c->ended);
    text_fini(&c->last);
    free(c);
}

/* Is it following, or does it end again and again? */
static bool logcommand_runs(const struct logcommand *c)
{
    int64_t ran_ms = io_mono_ms(c->log->clients->io) - c->started_ms;

    return c->child && (!c->ended.len || c->lines || ran_ms >= LOGCOMMAND_RUNS_MS);
}

int64_t logcommand_settle_ms(struct logcommand *c)
{
    int64_t left_ms;

    if (!c->started_ms)
        logcommand_start(c);
    left_ms = c->started_ms + LOGCOMMAND_SETTLE_MS - io_mono_ms(c->log->clients->io);
    return c->child && !c->ended.len && left_ms > 0 ? left_ms : 0;
}

void logcommand_look(struct logcommand *c)
{
    int64_t now_ms = io_mono_ms(c->log->clients->io);
    char age[16];

    text_sets(&c->log->said, "");
    text_sets(&c->log->why, "");
    if (logcommand_runs(c)) {
        text_sets(&c->ended, "");
        if (c->log->gap_ms && c->log->now_ms - c->log->gap_ms < LOG_EMPTIED_MS)
            text_sets(&c->log->said, "it was started again");
    } else if (c->child) {
        text_copy(&c->log->why, &c->ended);
    } else {
        text_setf(&c->log->why, "%s; started again in %s", text_str(&c->ended),
                  age_format(c->again_ms > now_ms ? c->again_ms - now_ms + 999 : 0, age));
    }
}

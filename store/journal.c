/* store/journal.c: appends in a row, each in a thread of its own while it is written. */
#include "store/journal.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"
#include "io/errand.h"

enum { JOURNAL_STACK = 256 << 10, JOURNAL_WAIT_MS = 50 };

struct journal_job { /* the thread's while it runs */
    struct journal_job *next;
    char *dir;                 /* borrowed of nobody: the job may outlive the journal */
    struct journal_file *file; /* lent for the run */
    int64_t at_ms;             /* when it was asked for */
    char code[RECORD_CODE_MAX + 1];
    char *what;
    struct journal_written written;
    void (*done)(void *arg, const struct journal_written *w);
    void *arg;
};

struct journal {
    struct io *io;
    char *dir;
    struct journal_file *file; /* NULL while it is lent, and until the first append */
    struct journal_job *first, **last;
    size_t n;
    struct errand *errand; /* of `first` */
    struct io_timer *retry;
};

static void journal_next(void *arg);

/* ---- in the thread ---- */

static void journal_job_run(void *what)
{
    struct journal_job *job = what;
    struct journal_written *w = &job->written;
    struct record_origin origin;

    record_origin_take(&origin); /* here: whom a user number names may be asked over a network */
    origin.at_ms = job->at_ms;
    w->outcome = JOURNAL_REFUSED;
    if (!job->file)
        job->file = journal_file_open(job->dir, true, &w->why);
    if (!job->file)
        return;
    w->outcome = journal_file_append(job->file, &origin, job->code, job->what, &w->at, &w->why);
    if (w->outcome != JOURNAL_DURABLE) { /* opened anew the next time: also its folder may be new */
        journal_file_close(job->file);
        job->file = NULL;
    }
}

static void journal_job_drop(void *what)
{
    struct journal_job *job = what;

    journal_file_close(job->file);
    free(job->what);
    free(job->dir);
    free(job);
}

static const struct errand_ops journal_ops = { journal_job_run, journal_job_drop, JOURNAL_STACK };

/* ---- on the loop ---- */

struct journal *journal_new(struct io *io, const char *dir)
{
    struct journal *j = xcalloc(1, sizeof *j);

    j->io = io;
    j->dir = xstrdup(dir);
    j->last = &j->first;
    j->retry = io_timer_new(io, journal_next, j);
    return j;
}

static struct journal_job *journal_shift(struct journal *j)
{
    struct journal_job *job = j->first;

    j->first = job->next;
    if (!j->first)
        j->last = &j->first;
    j->n--;
    return job;
}

static void journal_ended(void *arg, void *what)
{
    struct journal *j = arg;
    struct journal_job *job = what;
    struct journal_written w = job->written;
    void (*done)(void *arg, const struct journal_written *w) = job->done;
    void *whose = job->arg;

    assert(j->first == job);
    journal_shift(j);
    j->errand = NULL;
    j->file = job->file;
    job->file = NULL; /* the job itself is dropped by its errand */
    journal_next(j);
    done(whose, &w);
}

static void journal_next(void *arg)
{
    struct journal *j = arg;
    struct journal_job *job = j->first;

    if (!job || j->errand)
        return;
    job->file = j->file;
    j->file = NULL;
    j->errand = errand_start(j->io, &journal_ops, job, journal_ended, j);
    if (!j->errand) { /* no thread or no pipe is to be had just now */
        j->file = job->file;
        job->file = NULL;
        io_timer_arm(j->retry, JOURNAL_WAIT_MS);
    }
}

bool journal_append(struct journal *j, const char *code, const char *what,
                    void (*done)(void *arg, const struct journal_written *w), void *arg)
{
    struct journal_job *job;

    assert(strlen(code) <= RECORD_CODE_MAX);
    if (j->n >= JOURNAL_PENDING_MAX)
        return false;
    job = xcalloc(1, sizeof *job);
    job->dir = xstrdup(j->dir);
    memcpy(job->code, code, strlen(code) + 1);
    job->what = xstrdup(what);
    job->done = done;
    job->arg = arg;
    job->at_ms = io_now_ms(j->io);
    *j->last = job;
    j->last = &job->next;
    j->n++;
    journal_next(j);
    return true;
}

/* Tells of one that nobody writes any more. */
static void journal_give_up(struct journal_job *job, enum journal_outcome outcome, const char *why)
{
    struct journal_written w = { .outcome = outcome };

    err_set(&w.why, "%s", why);
    job->done(job->arg, &w);
}

void journal_free(struct journal *j)
{
    int64_t until_ms;

    if (!j)
        return;
    while (j->first && (j->first->next || !j->errand)) { /* what nobody has begun to write */
        struct journal_job **at = j->errand ? &j->first->next : &j->first, *job = *at;

        *at = job->next;
        journal_give_up(job, JOURNAL_REFUSED, "midwatch ended before it was written");
        journal_job_drop(job);
    }
    j->last = j->first ? &j->first->next : &j->first;
    until_ms = io_mono_us(j->io) / 1000 + JOURNAL_FREE_MS;
    while (j->errand && !io_is_virtual(j->io) && io_mono_us(j->io) / 1000 < until_ms)
        io_turn(j->io, JOURNAL_WAIT_MS);
    if (j->errand) { /* its thread ends it, or the disk never does */
        journal_give_up(j->first, JOURNAL_IN_DOUBT, "midwatch ended before the disk answered");
        errand_forget(j->errand);
    }
    journal_file_close(j->file);
    io_timer_free(j->retry);
    free(j->dir);
    free(j);
}

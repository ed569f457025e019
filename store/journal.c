/* store/journal.c: appends in a row, each in a thread of its own while it is written. */
#include "store/journal.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"
#include "io/errand.h"

enum { JOURNAL_STACK = 256 << 10, JOURNAL_WAIT_MS = 50, JOURNAL_BATCH = 256 };

struct journal_job {
    struct journal_job *next;
    char code[RECORD_CODE_MAX + 1];
    char *what;
    int64_t at_ms; /* when it was asked for */
    void (*done)(void *arg, const struct journal_written *w);
    void *arg;
};

struct journal_batch {         /* what goes to the disk together: the thread's while it runs */
    char *dir;                 /* borrowed of nobody: the batch may outlive the journal */
    struct journal_file *file; /* lent for the run */
    struct journal_job *jobs;
    struct journal_entry entries[JOURNAL_BATCH];
    size_t n;
};

struct journal {
    struct io *io;
    char *dir;
    struct journal_file *file;         /* NULL while it is lent, and until the first append */
    struct journal_job *first, **last; /* that wait */
    size_t n;                          /* of them, and of those under way */
    struct errand *errand;             /* of `batch` */
    struct journal_batch *batch;
    struct io_timer *retry;
};

static void journal_next(void *arg);

/* ---- in the thread ---- */

static void journal_batch_refused(struct journal_batch *b, const struct err *why)
{
    for (size_t i = 0; i < b->n; i++) {
        b->entries[i].outcome = JOURNAL_REFUSED;
        b->entries[i].why = *why;
    }
}

static void journal_batch_run(void *what)
{
    struct journal_batch *b = what;
    struct record_origin origin;
    struct err why;
    bool durable = true;

    record_origin_take(&origin); /* here: whom a user number names may be asked over a network */
    if (!b->file)
        b->file = journal_file_open(b->dir, true, &why);
    if (!b->file) {
        journal_batch_refused(b, &why);
        return;
    }
    journal_file_append_all(b->file, &origin, b->entries, b->n);
    for (size_t i = 0; i < b->n; i++)
        durable = durable && b->entries[i].outcome == JOURNAL_DURABLE;
    if (!durable) { /* opened anew the next time: also its folder may be new */
        journal_file_close(b->file);
        b->file = NULL;
    }
}

static void journal_job_drop(struct journal_job *job)
{
    free(job->what);
    free(job);
}

static void journal_batch_drop(void *what)
{
    struct journal_batch *b = what;

    journal_file_close(b->file);
    for (struct journal_job *job = b->jobs, *next; job; job = next) {
        next = job->next;
        journal_job_drop(job);
    }
    free(b->dir);
    free(b);
}

static const struct errand_ops journal_ops = { journal_batch_run, journal_batch_drop,
                                               JOURNAL_STACK };

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

static void journal_ended(void *arg, void *what)
{
    struct journal *j = arg;
    struct journal_batch *b = what;
    size_t i = 0;

    j->errand = NULL;
    j->batch = NULL;
    j->n -= b->n;
    j->file = b->file;
    b->file = NULL;
    journal_next(j);
    for (const struct journal_job *job = b->jobs; job; job = job->next, i++) {
        const struct journal_entry *e = &b->entries[i];

        job->done(job->arg, &(struct journal_written){ e->outcome, e->at, e->why });
    } /* the batch itself is dropped by its errand */
}

/* As many of those that wait as go together. */
static struct journal_batch *journal_take(struct journal *j)
{
    struct journal_batch *b = xcalloc(1, sizeof *b);
    struct journal_job **last = &b->jobs;

    b->dir = xstrdup(j->dir);
    while (j->first && b->n < JOURNAL_BATCH) {
        struct journal_job *job = j->first;

        j->first = job->next;
        job->next = NULL;
        *last = job;
        last = &job->next;
        b->entries[b->n++] =
            (struct journal_entry){ .at_ms = job->at_ms, .code = job->code, .what = job->what };
    }
    if (!j->first)
        j->last = &j->first;
    return b;
}

/* Back to where it was taken from. */
static void journal_put_back(struct journal *j, struct journal_batch *b)
{
    struct journal_job *last = b->jobs;

    while (last->next)
        last = last->next;
    last->next = j->first;
    if (!j->first)
        j->last = &last->next;
    j->first = b->jobs;
    b->jobs = NULL;
    j->file = b->file;
    b->file = NULL;
    journal_batch_drop(b);
}

static void journal_next(void *arg)
{
    struct journal *j = arg;
    struct journal_batch *b;

    if (!j->first || j->errand)
        return;
    b = journal_take(j);
    b->file = j->file;
    j->file = NULL;
    j->errand = errand_start(j->io, &journal_ops, b, journal_ended, j);
    if (j->errand) {
        j->batch = b;
        return;
    }
    journal_put_back(j, b); /* no thread or no pipe is to be had just now */
    io_timer_arm(j->retry, JOURNAL_WAIT_MS);
}

bool journal_append(struct journal *j, const char *code, const char *what,
                    void (*done)(void *arg, const struct journal_written *w), void *arg)
{
    struct journal_job *job;

    assert(strlen(code) <= RECORD_CODE_MAX);
    if (j->n >= JOURNAL_PENDING_MAX)
        return false;
    job = xcalloc(1, sizeof *job);
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
static void journal_give_up(const struct journal_job *job, enum journal_outcome outcome,
                            const char *why)
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
    while (j->first) { /* what nobody has begun to write */
        struct journal_job *job = j->first;

        j->first = job->next;
        journal_give_up(job, JOURNAL_REFUSED, "midwatch ended before it was written");
        journal_job_drop(job);
    }
    j->last = &j->first;
    until_ms = io_mono_us(j->io) / 1000 + JOURNAL_FREE_MS;
    while (j->errand && !io_is_virtual(j->io) && io_mono_us(j->io) / 1000 < until_ms)
        io_turn(j->io, JOURNAL_WAIT_MS);
    if (j->errand) { /* its thread ends it, or the disk never does */
        for (const struct journal_job *job = j->batch->jobs; job; job = job->next)
            journal_give_up(job, JOURNAL_IN_DOUBT, "midwatch ended before the disk answered");
        errand_forget(j->errand);
    }
    journal_file_close(j->file);
    io_timer_free(j->retry);
    free(j->dir);
    free(j);
}

/* store/journal_tail.c: looks in turn, each in a thread of its own. */
#include "store/journal_tail.h"

#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"
#include "io/errand.h"
#include "store/journal_file.h"

enum { TAIL_STACK = 256 << 10, TAIL_EVERY_MS = 1000 };

struct tail_look { /* the thread's while it runs */
    char *dir;
    const char *const *codes; /* static, as those who follow have it */
    struct journal_place at;
    struct record *records;
    size_t n, cap;
    bool asked, ok;
    struct err why;
};

struct journal_tail {
    struct io *io;
    char *dir;
    struct journal_tail_events events;
    struct journal_place at;
    struct errand *errand;
    struct io_timer *timer;
    bool asked; /* for a look */
    bool again; /* ... while one was out, which may have missed what it is about */
    bool told;  /* caught_up came once */
};

/* ---- in the thread ---- */

/* Most records are of no concern here: they are passed over without being read. */
static bool tail_concerns(const struct tail_look *l, const char *line, size_t len)
{
    static const char key[] = "\"code\":\"";
    const char *at = memmem(line, len, key, sizeof key - 1), *end = line + len;

    if (!at)
        return false;
    at += sizeof key - 1;
    for (size_t i = 0; l->codes[i]; i++) {
        size_t n = strlen(l->codes[i]);

        if ((size_t)(end - at) > n && memcmp(at, l->codes[i], n) == 0 && at[n] == '"')
            return true;
    }
    return false;
}

static bool tail_record(void *arg, const char *line, size_t len)
{
    struct tail_look *l = arg;

    if (!tail_concerns(l, line, len))
        return true;
    if (l->n == l->cap) {
        l->cap = l->cap ? 2 * l->cap : 16;
        l->records = xreallocarray(l->records, l->cap, sizeof *l->records);
    }
    l->n += record_read(&l->records[l->n], line, len, NULL);
    return true;
}

static void tail_run(void *what)
{
    struct tail_look *l = what;

    l->ok = journal_file_follow(l->dir, &l->at, &(struct journal_walk){ tail_record, l }, &l->why);
}

static void tail_drop(void *what)
{
    struct tail_look *l = what;

    for (size_t i = 0; i < l->n; i++)
        record_fini(&l->records[i]);
    free(l->records);
    free(l->dir);
    free(l);
}

static const struct errand_ops tail_ops = { tail_run, tail_drop, TAIL_STACK };

/* ---- on the loop ---- */

static void tail_ended(void *arg, void *what)
{
    struct journal_tail *t = arg;
    struct tail_look *l = what;
    bool tell = !t->told || l->n > 0;

    t->errand = NULL;
    t->at = l->at;
    io_timer_arm(t->timer, t->again ? 0 : TAIL_EVERY_MS);
    t->asked = t->again;
    t->again = false;
    for (size_t i = 0; i < l->n; i++)
        t->events.record(t->events.arg, &l->records[i]);
    if (tell)
        t->events.caught_up(t->events.arg, l->ok ? NULL : &l->why);
    t->told = t->told || l->ok;
    if (l->asked && t->events.looked)
        t->events.looked(t->events.arg);
}

static void tail_start(void *arg)
{
    struct journal_tail *t = arg;
    struct tail_look *l = xcalloc(1, sizeof *l);

    l->dir = xstrdup(t->dir);
    l->codes = t->events.codes;
    l->at = t->at;
    l->asked = t->asked;
    t->errand = errand_start(t->io, &tail_ops, l, tail_ended, t);
    if (t->errand)
        return;
    tail_drop(l);
    io_timer_arm(t->timer, TAIL_EVERY_MS);
}

struct journal_tail *journal_tail_new(struct io *io, const char *dir,
                                      const struct journal_tail_events *events)
{
    struct journal_tail *t = xcalloc(1, sizeof *t);

    t->io = io;
    t->dir = xstrdup(dir);
    t->events = *events;
    t->timer = io_timer_new(io, tail_start, t);
    tail_start(t);
    return t;
}

void journal_tail_look(struct journal_tail *t)
{
    t->asked = true;
    if (t->errand)
        t->again = true;
    else
        io_timer_arm(t->timer, 0);
}

const struct record_link *journal_tail_head(const struct journal_tail *t)
{
    return &t->at.link;
}

void journal_tail_free(struct journal_tail *t)
{
    if (!t)
        return;
    errand_forget(t->errand);
    io_timer_free(t->timer);
    free(t->dir);
    free(t);
}

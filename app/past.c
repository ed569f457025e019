/* app/past.c: one question at a time goes to the disk; of those that come meanwhile the newest is
 * the next. */
#include "app/past.h"

#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"
#include "core/film.h"
#include "core/stamp.h"
#include "io/errand.h"

enum { PAST_STACK = 512 << 10, PAST_SPAN_MS = 86400000 /* that series in memory hold */ };

struct past {
    struct io *io;
    struct watch *watch;
    const struct recorder *recorder;
    char *dir; /* NULL = nowhere */
    struct past_events events;
    struct errand *errand, *loading;
    int64_t wanted_ms, span_ms; /* the next question; 0 = none */
};

struct past_job { /* the thread's while it runs */
    char *dir;
    int64_t at_ms, from_ms; /* from_ms: of series; 0 = none are wanted */
    struct board *board;    /* loading: the empty one that is to be filled */
    struct history_extent extent;
    struct err why;
};

static void past_job_drop(void *what)
{
    struct past_job *j = what;

    board_free(j->board);
    free(j->dir);
    free(j);
}

/* ---- a board of the past ---- */

static void past_job_run(void *what)
{
    struct past_job *j = what;
    struct history *h = history_open(j->dir, false, NULL, &j->why);
    struct err ignored;

    if (!h)
        return;
    j->board = history_board(h, j->at_ms, &j->why);
    history_extent(h, &j->extent, &ignored);
    if (j->board && j->from_ms)
        history_series(h, j->board, j->from_ms, j->at_ms + 1, &ignored); /* gaps, then */
    history_close(h);
}

static const struct errand_ops past_ops = { past_job_run, past_job_drop, PAST_STACK };

static void past_none(struct past *p, const struct past_job *j)
{
    struct buf words = { 0 };
    char stamp[32];

    if (j && j->why.msg[0])
        buf_adds(&words, j->why.msg);
    else if (j && j->extent.from_ms)
        buf_addf(&words, "nothing is kept of the time before %s",
                 stamp_format_utc(j->extent.from_ms, stamp));
    else
        buf_adds(&words, "nothing is kept of that time");
    p->events.none(p->events.arg, words.bytes);
    buf_fini(&words);
}

static void past_ended(void *arg, void *what)
{
    struct past *p = arg;
    struct past_job *j = what;
    struct board *b = j->board;

    p->errand = NULL;
    j->board = NULL;
    if (p->wanted_ms) { /* somebody went on meanwhile */
        int64_t wanted_ms = p->wanted_ms;

        board_free(b);
        p->wanted_ms = 0;
        past_ask(p, wanted_ms, p->span_ms);
    } else if (b) {
        p->events.board(p->events.arg, b, j->at_ms);
    } else {
        past_none(p, j);
    }
}

/* Do the series of the live board hold all of it? What they were joined with at the start counts,
 * too: they are the disk's. */
static bool past_in_memory(const struct past *p, int64_t from_ms)
{
    return from_ms >= io_now_ms(p->io) - PAST_SPAN_MS;
}

void past_ask(struct past *p, int64_t at_ms, int64_t span_ms)
{
    struct board *b = recorder_board(p->recorder, at_ms);
    bool memory = past_in_memory(p, at_ms - span_ms);
    struct past_job *j;

    p->wanted_ms = 0;
    if (b && memory) {
        errand_forget(p->errand);
        p->errand = NULL;
        p->events.board(p->events.arg, b, at_ms);
        return;
    }
    board_free(b);
    if (!p->dir) {
        past_none(p, NULL);
        return;
    }
    p->span_ms = span_ms;
    if (p->errand) {
        p->wanted_ms = at_ms;
        return;
    }
    j = xcalloc(1, sizeof *j);
    j->dir = xstrdup(p->dir);
    j->at_ms = at_ms;
    j->from_ms = memory ? 0 : at_ms - span_ms;
    p->errand = errand_start(p->io, &past_ops, j, past_ended, p);
    if (!p->errand) {
        err_set(&j->why, "no thread is to be had to read it");
        past_none(p, j);
        past_job_drop(j);
    }
}

void past_forget(struct past *p)
{
    errand_forget(p->errand);
    p->errand = NULL;
    p->wanted_ms = 0;
}

/* ---- what a watch begins with ---- */

/* Without a board it only looks whether there is anything: mostly there is, but a copy of a large
 * board for nothing is memory that stays. */
static void past_load_run(void *what)
{
    struct past_job *j = what;
    struct history *h = history_open(j->dir, false, NULL, &j->why);

    if (!h)
        return;
    if (!j->board) {
        history_extent(h, &j->extent, &j->why);
        history_close(h);
        return;
    }
    history_series(h, j->board, j->from_ms, j->at_ms, &j->why); /* what cannot be read is a gap */
    history_marks(h, j->at_ms, j->board, &j->why);
    history_close(h);
}

static const struct errand_ops past_load_ops = { past_load_run, past_job_drop, PAST_STACK };

static void past_load(struct past *p, struct board *empty);

/* The board as it stands, with series that hold nothing yet. */
static struct board *past_empty(const struct past *p)
{
    struct film *camera = film_new();
    struct buf reel = { 0 };
    struct board *b;
    struct err ignored; /* it is our own film */

    film_shoot(camera, watch_board(p->watch), &reel);
    b = film_play(reel.bytes, reel.len, INT64_MAX, &ignored);
    film_free(camera);
    buf_fini(&reel);
    return b;
}

static void past_loaded(void *arg, void *what)
{
    struct past *p = arg;
    struct past_job *j = what;

    p->loading = NULL;
    if (j->board)
        watch_take_past(p->watch, j->board);
    else if (j->extent.until_ms)
        past_load(p, past_empty(p));
}

static void past_load(struct past *p, struct board *empty)
{
    struct past_job *j = xcalloc(1, sizeof *j);

    j->dir = xstrdup(p->dir);
    j->at_ms = io_now_ms(p->io);
    j->from_ms = j->at_ms - PAST_SPAN_MS;
    j->board = empty;
    p->loading = errand_start(p->io, &past_load_ops, j, past_loaded, p);
    if (!p->loading)
        past_job_drop(j); /* charts begin empty */
}

struct past *past_new(struct io *io, struct watch *watch, const struct recorder *recorder,
                      const char *dir, const struct past_events *events)
{
    struct past *p = xcalloc(1, sizeof *p);

    p->io = io;
    p->watch = watch;
    p->recorder = recorder;
    p->dir = xstrdup(dir);
    p->events = *events;
    if (dir)
        past_load(p, NULL);
    return p;
}

void past_free(struct past *p)
{
    if (!p)
        return;
    errand_forget(p->errand);
    errand_forget(p->loading);
    free(p->dir);
    free(p);
}

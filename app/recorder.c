/* app/recorder.c: frames into reels, reels and slots into the history. */
#include "app/recorder.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/recorder_seen.h"
#include "core/alloc.h"
#include "core/film.h"
#include "io/errand.h"
#include "store/chunk.h"

enum {
    RECORDER_MINUTE_MS = 60000,
    RECORDER_LOUD_MS = 200,  /* frames of one second, when much happens */
    RECORDER_REEL = 1 << 20, /* bytes: so much at most is played for one board, and waits */
    RECORDER_FREE_MS = 2000,
    RECORDER_TURN_MS = 50,
    RECORDER_TIDY_MS = 600000,
    RECORDER_STACK = 512 << 10
};

struct reel {
    uint64_t n; /* counted from the first */
    struct history_reel film;
    bool written;
};

struct recorder {
    struct io *io;
    struct watch *watch;
    char *dir; /* NULL = nowhere */
    struct history_limits limits;
    struct recorder_events events;
    struct film *camera;
    struct reel *reels; /* oldest first; the last one is being shot, unless `cut` */
    size_t n_reels;
    bool cut; /* the last reel is full: the next frame begins another */
    uint64_t reels_ever;
    int64_t frame_ms, minute; /* of the newest frame; of the slots that were handed out last */
    bool due;                 /* slots could not be: something was being written */
    struct seen seen;
    const struct board *board; /* that `told` is of */
    int64_t *told; /* of each signal, in the board's order: its newest value is written */
    size_t n_signals;
    struct errand *errand;
    struct recorder_job *last; /* that waits for the errand before it, at the end */
    int64_t tidied_ms;
    bool ending;
    char why[640]; /* as it was told; "" = none */
};

struct recorder_job { /* the thread's while it runs */
    char *dir;
    struct history_batch batch;
    struct history_limits limits;
    bool tidy;
    struct buf set_aside;
    struct err why;
    bool ok, damaged;
    /* the loop's */
    int64_t until_ms; /* of the reels in it */
    uint64_t last;    /* of them */
    int64_t *newest;  /* of each signal */
};

/* ---- in the thread ---- */

/* Opened for each minute, so that a file that was moved away or replaced is not written on. */
static bool job_write(struct recorder_job *j)
{
    struct history *h = history_open(j->dir, true, &j->set_aside, &j->why);
    struct err ignored; /* what was written stands, whatever becomes of the house-keeping */
    bool ok = h && history_write(h, &j->batch, &j->why);

    j->damaged = h && !ok && history_is_damaged(h);
    if (ok && j->tidy)
        history_tidy(h, &j->limits, j->until_ms, &ignored);
    history_close(h);
    return ok;
}

static void recorder_job_run(void *what)
{
    struct recorder_job *j = what;

    j->ok = job_write(j);
    if (j->damaged && history_set_aside(j->dir, &j->set_aside, &j->why))
        j->ok = job_write(j);
}

static void recorder_job_drop(void *what)
{
    struct recorder_job *j = what;

    history_batch_fini(&j->batch);
    buf_fini(&j->set_aside);
    free(j->newest);
    free(j->dir);
    free(j);
}

static const struct errand_ops recorder_ops = { recorder_job_run, recorder_job_drop,
                                                RECORDER_STACK };

static void recorder_write(struct recorder *r, bool slots);

static bool recorder_writes(const struct recorder *r)
{
    return r->dir && r->events.writes(r->events.arg);
}

/* ---- reels ---- */

static void recorder_drop_reel(struct recorder *r)
{
    buf_fini(&r->reels[0].film.film);
    memmove(r->reels, r->reels + 1, --r->n_reels * sizeof *r->reels);
}

/* The one that is being shot stays, and what waits for the disk stays longer. */
static void recorder_room(struct recorder *r)
{
    bool writes = recorder_writes(r); /* else nobody waits for the disk here */
    size_t kept = 0, waits = 0, most = writes ? RECORDER_KEEPS_TOO : RECORDER_KEEPS;

    for (size_t i = 0; i < r->n_reels; i++) {
        kept += r->reels[i].film.film.cap;
        waits += r->reels[i].written ? 0 : r->reels[i].film.film.cap;
    }
    while (r->n_reels > 1 && kept > most &&
           (r->reels[0].written || !writes || waits > RECORDER_WAITS)) {
        kept -= r->reels[0].film.film.cap;
        waits -= r->reels[0].written ? 0 : r->reels[0].film.film.cap;
        recorder_drop_reel(r);
    }
}

static struct reel *recorder_reel(struct recorder *r, int64_t at_ms)
{
    struct reel *last = r->n_reels ? &r->reels[r->n_reels - 1] : NULL;

    if (last && !r->cut && at_ms >= last->film.until_ms)
        return last;
    if (last) /* what is not needed for growing any more */
        last->film.film.bytes =
            xrealloc(last->film.film.bytes, last->film.film.cap = last->film.film.len + 1);
    recorder_room(r);
    r->reels = xreallocarray(r->reels, r->n_reels + 1, sizeof *r->reels);
    last = &r->reels[r->n_reels++];
    *last = (struct reel){ .n = ++r->reels_ever, .film = { at_ms, at_ms, { 0 } } };
    r->cut = false;
    return last;
}

static void recorder_shoot(struct recorder *r, const struct board *b)
{
    struct reel *reel = recorder_reel(r, b->at_ms);

    if (!film_shoot(r->camera, b, &reel->film.film)) { /* another configuration */
        r->cut = true;
        reel = recorder_reel(r, b->at_ms);
        film_shoot(r->camera, b, &reel->film.film);
    }
    reel->film.until_ms = b->at_ms;
    r->frame_ms = b->at_ms;
    if (reel->film.film.len > RECORDER_REEL) {
        r->cut = true;
        recorder_write(r, false);
    }
}

/* ---- slots ---- */

static size_t recorder_count(const struct board *b)
{
    size_t n = 0;

    for (size_t i = 0; i < b->n_services; i++)
        for (size_t k = 0; k < b->services[i].n_readings; k++)
            n += b->services[i].readings[k].n_signals;
    return n;
}

/* Another board: what of its signals lies in the history is not known. Chunks are written over by
 * what has more in them, so the newest ones are written again. */
static void recorder_count_signals(struct recorder *r, const struct board *b)
{
    if (r->board == b)
        return;
    r->board = b;
    r->n_signals = recorder_count(b);
    r->told = xreallocarray(r->told, r->n_signals + 1, sizeof *r->told);
    memset(r->told, 0, (r->n_signals + 1) * sizeof *r->told);
}

static void recorder_chunk(const struct service *s, const struct reading *r,
                           const struct signal *signal, int64_t from_ms, struct history_batch *out)
{
    int64_t step_ms = series_step_ms(signal->series);
    size_t n = history_slots(step_ms);
    struct history_chunk *c = &out->chunks[out->n_chunks++];
    struct series_span spans[64];
    double values[64];

    *c = (struct history_chunk){ .step_ms = step_ms, .from_ms = from_ms };
    text_copy(&c->service, &s->id);
    text_copy(&c->reading, &r->id);
    text_copy(&c->signal, &signal->name);
    series_read(signal->series, from_ms, from_ms + (int64_t)n * step_ms, spans, n);
    for (size_t i = 0; i < n; i++)
        values[i] = spans[i].n ? spans[i].mean : NAN;
    chunk_write(values, n, &c->slots);
}

/* From the slot that was written last up to the newest; never further back than memory has slots of
 * that size. */
static void recorder_signal(const struct service *s, const struct reading *r,
                            const struct signal *signal, int64_t told_ms, struct history_batch *out)
{
    int64_t newest_ms = series_newest_ms(signal->series);
    int64_t step_ms = series_step_ms(signal->series);
    int64_t length_ms = (int64_t)history_slots(step_ms) * step_ms;
    int64_t at_ms = newest_ms / length_ms * length_ms, first_ms = at_ms;

    if (!newest_ms || newest_ms == told_ms)
        return;
    while (told_ms && first_ms > told_ms && newest_ms - first_ms < 3600000 - length_ms)
        first_ms -= length_ms;
    for (; first_ms <= at_ms; first_ms += length_ms) {
        out->chunks = xreallocarray(out->chunks, out->n_chunks + 1, sizeof *out->chunks);
        recorder_chunk(s, r, signal, first_ms, out);
    }
}

static void recorder_slots(struct recorder *r, const struct board *b, struct recorder_job *j)
{
    size_t at = 0;

    recorder_count_signals(r, b);
    j->newest = xcalloc(r->n_signals + 1, sizeof *j->newest);
    for (size_t i = 0; i < b->n_services; i++) {
        for (size_t k = 0; k < b->services[i].n_readings; k++) {
            const struct reading *reading = &b->services[i].readings[k];

            for (size_t n = 0; n < reading->n_signals; n++, at++) {
                const struct signal *s = &reading->signals[n];

                j->newest[at] = series_newest_ms(s->series);
                recorder_signal(&b->services[i], reading, s, r->told[at], &j->batch);
            }
        }
    }
}

/* ---- to the disk ---- */

static void recorder_trouble(struct recorder *r, const char *why)
{
    if (strcmp(r->why, why ? why : "") == 0)
        return;
    snprintf(r->why, sizeof r->why, "%s", why ? why : "");
    r->events.trouble(r->events.arg, why);
}

static void recorder_written(struct recorder *r, const struct recorder_job *j)
{
    for (size_t i = 0; i < r->n_reels; i++)
        r->reels[i].written = r->reels[i].written || r->reels[i].n <= j->last;
    if (j->newest && r->board == watch_board(r->watch)) /* else they are of a board that is gone */
        memcpy(r->told, j->newest, r->n_signals * sizeof *r->told);
}

/* What was handed out and not written goes back to wait. */
static void recorder_not_written(struct recorder *r, const struct recorder_job *j)
{
    r->seen.new_marks -=
        j->batch.n_marks < r->seen.new_marks ? j->batch.n_marks : r->seen.new_marks;
    r->seen.new_events -=
        j->batch.n_events < r->seen.new_events ? j->batch.n_events : r->seen.new_events;
}

static void recorder_ended(void *arg, void *what)
{
    struct recorder *r = arg;
    struct recorder_job *j = what;
    struct buf words = { 0 };

    r->errand = NULL;
    if (r->ending)
        return;
    if (j->ok)
        recorder_written(r, j);
    else
        recorder_not_written(r, j);
    recorder_trouble(r, j->ok ? NULL : j->why.msg);
    if (j->set_aside.len) {
        buf_addf(&words, "the history was damaged: it is kept as %s, and a new one begins",
                 j->set_aside.bytes);
        r->events.says(r->events.arg, true, words.bytes);
        buf_fini(&words);
    }
    if (r->due) {
        r->cut = true; /* a reel that is written grows no more */
        recorder_write(r, true);
    }
}

static void recorder_reels(struct recorder *r, struct recorder_job *j)
{
    for (size_t i = 0; i < r->n_reels; i++) {
        const struct reel *reel = &r->reels[i];
        struct history_reel *to;

        if (reel->written || !reel->film.film.len)
            continue;
        j->batch.reels =
            xreallocarray(j->batch.reels, j->batch.n_reels + 1, sizeof *j->batch.reels);
        to = &j->batch.reels[j->batch.n_reels++];
        *to = (struct history_reel){ reel->film.from_ms, reel->film.until_ms, { 0 } };
        buf_add(&to->film, reel->film.film.bytes, reel->film.film.len);
        j->until_ms = reel->film.until_ms;
        j->last = reel->n;
    }
}

/* All that is not written yet. */
static struct recorder_job *recorder_job(struct recorder *r, bool slots)
{
    struct recorder_job *j = xcalloc(1, sizeof *j);

    j->dir = xstrdup(r->dir);
    j->limits = r->limits;
    recorder_reels(r, j);
    if (slots)
        recorder_slots(r, watch_board(r->watch), j);
    seen_hand_out(&r->seen, &j->batch);
    j->tidy = j->until_ms - r->tidied_ms >= RECORDER_TIDY_MS || j->until_ms < r->tidied_ms;
    if (j->tidy)
        r->tidied_ms = j->until_ms;
    return j;
}

static bool recorder_start(struct recorder *r, struct recorder_job *j)
{
    r->errand = errand_start(r->io, &recorder_ops, j, recorder_ended, r);
    return r->errand != NULL; /* no thread is to be had */
}

/* The slots of a minute go together: each chunk is written over with each time. */
static void recorder_write(struct recorder *r, bool slots)
{
    struct recorder_job *j;

    if (r->errand)
        r->due = r->due || slots;
    if (r->errand || !recorder_writes(r))
        return;
    r->due = false;
    j = recorder_job(r, slots);
    if (recorder_start(r, j))
        return;
    recorder_not_written(r, j); /* with the next minute */
    recorder_job_drop(j);
}

/* ---- on the loop ---- */

struct recorder *recorder_new(struct io *io, struct watch *watch, const char *dir,
                              struct history_limits limits, const struct recorder_events *events)
{
    struct recorder *r = xcalloc(1, sizeof *r);

    r->io = io;
    r->watch = watch;
    r->dir = xstrdup(dir);
    r->limits = limits;
    r->events = *events;
    r->camera = film_new();
    return r;
}

void recorder_set_limits(struct recorder *r, struct history_limits limits)
{
    r->limits = limits;
}

void recorder_look(struct recorder *r, bool loud)
{
    const struct board *b = watch_board(r->watch);
    int64_t minute = b->at_ms / RECORDER_MINUTE_MS;
    bool next = b->at_ms / 1000 != r->frame_ms / 1000 || b->at_ms < r->frame_ms;

    if (!next && !(loud && b->at_ms - r->frame_ms >= RECORDER_LOUD_MS))
        return;
    if (minute != r->minute && r->n_reels) {
        r->cut = true;
        recorder_write(r, true);
    }
    r->minute = minute;
    seen_look(&r->seen, b);
    recorder_shoot(r, b);
}

struct board *recorder_board(const struct recorder *r, int64_t at_ms)
{
    struct board *b = NULL;
    struct err ignored; /* it is our own film */

    for (size_t i = r->n_reels; i-- > 0 && !b;)
        if (r->reels[i].film.from_ms <= at_ms)
            b = film_play(r->reels[i].film.film.bytes, r->reels[i].film.film.len, at_ms, &ignored);
    if (b)
        seen_tell(&r->seen, b->at_ms, b);
    return b;
}

static void recorder_last(struct recorder *r)
{
    if (r->last && !r->errand && recorder_start(r, r->last))
        r->last = NULL;
}

void recorder_end(struct recorder *r)
{
    if (!r || r->ending)
        return;
    r->ending = true;
    if (!r->n_reels || !recorder_writes(r))
        return;
    r->last = recorder_job(r, true);
    recorder_last(r);
}

static void recorder_wait(struct recorder *r, int64_t until_ms)
{
    while (r->errand && !io_is_virtual(r->io) && io_mono_us(r->io) / 1000 < until_ms)
        io_turn(r->io, RECORDER_TURN_MS);
}

void recorder_free(struct recorder *r)
{
    int64_t until_ms;

    if (!r)
        return;
    until_ms = io_mono_us(r->io) / 1000 + RECORDER_FREE_MS;
    recorder_wait(r, until_ms);
    recorder_last(r);
    recorder_wait(r, until_ms);
    if (r->last)
        recorder_job_drop(r->last);
    errand_forget(r->errand); /* its thread ends it, or the disk never does */
    for (size_t i = 0; i < r->n_reels; i++)
        buf_fini(&r->reels[i].film.film);
    free(r->reels);
    free(r->told);
    seen_fini(&r->seen);
    film_free(r->camera);
    free(r->dir);
    free(r);
}

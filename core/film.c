/* core/film.c: the board as a row of lanes: one for its head, one for each service, reading and
 * alert. A lane is a row of numbers and a row of texts; a frame says which of them changed.
 *
 *     reel:  frame...
 *     frame: length of the rest, step of time, (gap to the next lane, lane)..., 0
 *     lane:  (gap, number)..., 0, (gap, length, text)..., 0
 *
 * All of it in varints (core/varint.h); a gap is 1 for the very next one. Which number is what is
 * said once, by film_walk.c, for both directions: it cannot be written in one order and read in
 * another.
 */
#include "core/film_impl.h"

#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"
#include "core/film.h"
#include "core/hash.h"
#include "core/varint.h"

enum {
    FILM_LANES_MAX = 1 << 20,
    FILM_SLOTS_MAX = 1 << 16, /* of a lane */
    FILM_SLOTS_A_BYTE = 64,   /* of a reel: a few bytes never become a lot of memory */
    FILM_RAW = 3,
    FILM_FRAME = 64 << 10 /* bytes that are kept for the next frame */
};

struct film {
    struct film_lanes lanes;
    uint64_t shape;
    int64_t at_ms;
    struct buf frame;
};

/* ---- lanes ---- */

static void film_lanes_fini(struct film_lanes *l)
{
    for (size_t i = 0; i < l->n; i++) {
        for (size_t k = 0; l->own && k < l->lane[i].n_words; k++)
            free(l->lane[i].words[k].own);
        free(l->lane[i].words);
        free(l->lane[i].nums);
    }
    free(l->lane);
    *l = (struct film_lanes){ .own = l->own };
}

struct film_lane *film_lane(struct film_lanes *l, size_t i)
{
    if (i >= l->n) {
        size_t n = i + 1 > 2 * l->n ? i + 1 : 2 * l->n;

        l->lane = xreallocarray(l->lane, n, sizeof *l->lane);
        memset(l->lane + l->n, 0, (n - l->n) * sizeof *l->lane);
        l->n = n;
    }
    return &l->lane[i];
}

int64_t *film_num(struct film_lane *l, size_t i)
{
    if (i >= l->n_nums) {
        size_t n = i + 1 + i / 4;

        l->nums = xreallocarray(l->nums, n, sizeof *l->nums);
        memset(l->nums + l->n_nums, 0, (n - l->n_nums) * sizeof *l->nums);
        l->n_nums = n;
    }
    return &l->nums[i];
}

struct film_words *film_words(struct film_lane *l, size_t i)
{
    if (i >= l->n_words) {
        size_t n = i + 1 + i / 4;

        l->words = xreallocarray(l->words, n, sizeof *l->words);
        memset(l->words + l->n_words, 0, (n - l->n_words) * sizeof *l->words);
        l->n_words = n;
    }
    return &l->words[i];
}

/* ---- shooting ---- */

struct film *film_new(void)
{
    struct film *f = xcalloc(1, sizeof *f);

    f->lanes.own = true;
    return f;
}

void film_free(struct film *f)
{
    if (!f)
        return;
    film_lanes_fini(&f->lanes);
    buf_fini(&f->frame);
    free(f);
}

static uint64_t film_shape(const struct board *b)
{
    uint64_t h = hash_add(hash_add(HASH_START, b->n_services), b->n_alerts);

    for (size_t i = 0; i < b->n_services; i++) {
        const struct service *s = &b->services[i];

        h = hash_add(hash_string(h, text_str(&s->id)), s->n_readings);
        for (size_t k = 0; k < s->n_readings; k++)
            h = hash_add(hash_string(h, text_str(&s->readings[k].id)), s->readings[k].n_signals);
    }
    for (size_t i = 0; i < b->n_alerts; i++)
        h = hash_string(h, text_str(&b->alerts[i].id));
    return h;
}

bool film_shoot(struct film *f, const struct board *b, struct buf *reel)
{
    uint64_t shape = film_shape(b);
    struct film_walk w = { .lanes = &f->lanes, .frame = &f->frame };
    struct buf length = { 0 };

    if (!reel->len) {
        film_lanes_fini(&f->lanes);
        f->shape = shape;
        f->at_ms = 0;
    } else if (shape != f->shape) {
        return false;
    }
    buf_clear(&f->frame);
    varint_put(&f->frame, varint_fold(b->at_ms - f->at_ms));
    film_walk(&w, (struct board *)b); /* which it only reads, for want of `play` */
    varint_put(&f->frame, 0);
    varint_put(&length, f->frame.len);
    buf_add(reel, length.bytes, length.len);
    buf_add(reel, f->frame.bytes, f->frame.len);
    buf_fini(&length);
    buf_fini(&w.nums);
    buf_fini(&w.words);
    f->at_ms = b->at_ms;
    if (f->frame.cap > FILM_FRAME) /* a whole one; those to come are short */
        buf_fini(&f->frame);
    return true;
}

/* ---- playing ---- */

struct film_reader {
    const char *at, *end;
    struct film_lanes lanes;
    size_t budget; /* of slots */
};

/* The slot that a gap leads to; false at the end of the row (gap 0, *more false) and for nonsense.
 */
static bool film_gap(struct film_reader *r, size_t *next, size_t max, bool *more)
{
    uint64_t gap;

    *more = true; /* what breaks off has no end */
    if (!varint_get(&r->at, r->end, &gap))
        return false;
    *more = gap > 0;
    if (!gap)
        return true;
    if (gap > max || *next + gap > max)
        return false;
    *next += gap;
    return true;
}

static bool film_take_num(struct film_reader *r, int64_t *num)
{
    uint64_t u;
    double v;

    if (!varint_get(&r->at, r->end, &u))
        return false;
    if (u == FILM_RAW) {
        if (r->end - r->at < 8)
            return false;
        memcpy(num, r->at, 8);
        r->at += 8;
    } else if (u & 1) {
        v = (double)varint_unfold(u >> 2) / FILM_DECIMALS;
        memcpy(num, &v, sizeof v);
    } else {
        *num = (int64_t)((uint64_t)*num + (uint64_t)varint_unfold(u >> 1));
    }
    return true;
}

static bool film_pay(struct film_reader *r, size_t had, size_t next)
{
    size_t grows = next > had ? next - had : 0;

    if (grows > r->budget)
        return false;
    r->budget -= grows;
    return true;
}

static bool film_take_lane(struct film_reader *r, struct film_lane *l)
{
    size_t next = 0;
    bool more;

    while (film_gap(r, &next, FILM_SLOTS_MAX, &more) && more)
        if (!film_pay(r, l->n_nums, next) || !film_take_num(r, film_num(l, next - 1)))
            return false;
    if (more)
        return false;
    for (next = 0; film_gap(r, &next, FILM_SLOTS_MAX, &more) && more;) {
        struct film_words *w;
        uint64_t len;

        if (!film_pay(r, l->n_words, next) || !varint_get(&r->at, r->end, &len) ||
            len > (uint64_t)(r->end - r->at) || len > TEXT_MAX)
            return false;
        w = film_words(l, next - 1);
        w->bytes = r->at;
        w->len = (uint16_t)len;
        r->at += len;
    }
    return !more;
}

static bool film_take_frame(struct film_reader *r)
{
    size_t next = 0;
    bool more = true;

    while (film_gap(r, &next, FILM_LANES_MAX, &more) && more) {
        if (!film_pay(r, r->lanes.n, next) || !film_take_lane(r, film_lane(&r->lanes, next - 1)))
            return false;
    }
    return !more && r->at == r->end;
}

/* Applies the frames up to the one wanted; how many in *n. */
static bool film_wind(struct film_reader *r, const char *end, int64_t at_ms, size_t *n)
{
    int64_t time_ms = 0;

    for (*n = 0; r->at < end; (*n)++) {
        uint64_t len, step;

        if (!varint_get(&r->at, end, &len) || len > (uint64_t)(end - r->at))
            return false;
        r->end = r->at + len;
        if (!varint_get(&r->at, r->end, &step))
            return false;
        time_ms = (int64_t)((uint64_t)time_ms + (uint64_t)varint_unfold(step));
        if (time_ms > at_ms)
            return true;
        if (!film_take_frame(r))
            return false;
        r->at = r->end;
    }
    return true;
}

struct board *film_play(const char *reel, size_t len, int64_t at_ms, struct err *err)
{
    struct film_reader r = { .at = reel, .budget = FILM_SLOTS_A_BYTE * (len + 64) };
    struct board *b = NULL;
    size_t n;

    err_set(err, "%s", "");
    if (!film_wind(&r, reel + len, at_ms, &n)) {
        err_set(err, "frame %zu of a board's past is damaged, at byte %zu of %zu", n + 1,
                (size_t)(r.at - reel), len);
    } else if (n) {
        struct film_walk w = { .lanes = &r.lanes, .play = true };

        b = board_new(0);
        film_walk(&w, b);
        if (w.bad) {
            board_free(b);
            b = NULL;
            err_set(err, "a board of the past is damaged: %s", w.bad);
        }
    }
    film_lanes_fini(&r.lanes);
    return b;
}

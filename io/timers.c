/* io/timers.c: a binary heap of timers. */
#include "io/timers.h"

#include <stdlib.h>

#include "core/alloc.h"

void timers_fini(struct timers *h)
{
    for (size_t i = 0; i < h->n; i++)
        h->heap[i]->at = 0;
    free(h->heap);
    *h = (struct timers){ 0 };
}

static bool timers_before(const struct io_timer *a, const struct io_timer *b)
{
    return a->due_us != b->due_us ? a->due_us < b->due_us : a->seq < b->seq;
}

static void timers_put(struct timers *h, size_t i, struct io_timer *t)
{
    h->heap[i] = t;
    t->at = i + 1;
}

static void timers_up(struct timers *h, size_t i)
{
    struct io_timer *t = h->heap[i];

    while (i > 0 && timers_before(t, h->heap[(i - 1) / 2])) {
        timers_put(h, i, h->heap[(i - 1) / 2]);
        i = (i - 1) / 2;
    }
    timers_put(h, i, t);
}

static void timers_down(struct timers *h, size_t i)
{
    struct io_timer *t = h->heap[i];

    for (;;) {
        size_t kid = 2 * i + 1;

        if (kid >= h->n)
            break;
        if (kid + 1 < h->n && timers_before(h->heap[kid + 1], h->heap[kid]))
            kid++;
        if (!timers_before(h->heap[kid], t))
            break;
        timers_put(h, i, h->heap[kid]);
        i = kid;
    }
    timers_put(h, i, t);
}

void timers_off(struct timers *h, struct io_timer *t)
{
    size_t i;
    struct io_timer *last;

    if (!t->at)
        return;
    i = t->at - 1;
    t->at = 0;
    last = h->heap[--h->n];
    if (last == t)
        return;
    timers_put(h, i, last);
    timers_up(h, i);
    timers_down(h, last->at - 1);
}

void timers_arm(struct timers *h, struct io_timer *t, int64_t due_us)
{
    timers_off(h, t);
    if (h->n == h->cap) {
        h->cap = h->cap ? h->cap * 2 : 32;
        h->heap = xreallocarray(h->heap, h->cap, sizeof(struct io_timer *));
    }
    t->due_us = due_us;
    t->seq = h->seq++;
    timers_put(h, h->n++, t);
    timers_up(h, h->n - 1);
}

struct io_timer *timers_first(const struct timers *h)
{
    return h->n ? h->heap[0] : NULL;
}

struct io_timer *timers_take(struct timers *h, int64_t now_us, uint64_t seq)
{
    struct io_timer *t = timers_first(h);

    if (!t || t->due_us > now_us || t->seq >= seq)
        return NULL;
    timers_off(h, t);
    return t;
}

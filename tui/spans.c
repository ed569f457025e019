/* tui/spans.c: a small table by series and size of the picture. */
#include "tui/spans.h"

#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"

enum { SPANS_FINE = 32 }; /* a bucket is read anew when a part of it this small has passed */

void spans_forget(struct spans *k)
{
    for (size_t i = 0; i < SPANS_KEPT; i++)
        k->kept[i].series = NULL;
}

void spans_fini(struct spans *k)
{
    for (size_t i = 0; i < SPANS_KEPT; i++)
        free(k->kept[i].spans);
    memset(k, 0, sizeof *k);
}

static struct spans_entry *spans_slot(struct spans *k, const struct series *s,
                                      const struct chart_plan *plan)
{
    uint64_t hash = ((uintptr_t)s >> 4) * 0x9e3779b97f4a7c15u ^ (uint64_t)plan->n * 0x85ebca6bu;

    return &k->kept[(hash >> 32) % SPANS_KEPT];
}

static bool spans_same_grid(const struct chart_plan *a, const struct chart_plan *b)
{
    return a->n == b->n && a->bucket_ms == b->bucket_ms;
}

/* Moves what is kept to the new beginning; returns the first bucket that has to be read. */
static int spans_shift(struct spans_entry *e, const struct chart_plan *plan, int64_t step_ms)
{
    int64_t shift = (plan->from_ms - e->plan.from_ms) / plan->bucket_ms;
    int64_t first; /* a late value may still fill the slots just before the newest one */

    if (shift < 0 || shift >= plan->n)
        return 0;
    memmove(e->spans, e->spans + shift, (size_t)(plan->n - shift) * sizeof *e->spans);
    first = (e->newest_ms - 2 * step_ms - 20000 - plan->from_ms) / plan->bucket_ms;
    if (first > plan->n - shift)
        first = plan->n - shift;
    return first < 0 ? 0 : (int)first;
}

/* The newest bucket holds so much that what came since moves it by less than can be seen. */
static bool spans_stand(const struct spans_entry *e, const struct chart_plan *plan,
                        int64_t newest_ms)
{
    return plan->from_ms == e->plan.from_ms && newest_ms >= e->newest_ms &&
           newest_ms - e->newest_ms < plan->bucket_ms / SPANS_FINE && plan->n > 0 &&
           e->spans[plan->n - 1].n;
}

const struct series_span *spans_read(struct spans *k, const struct series *s,
                                     struct chart_plan plan)
{
    struct spans_entry *e = spans_slot(k, s, &plan);
    int64_t newest_ms = series_newest_ms(s);
    int first = 0;

    if (e->series == s && spans_same_grid(&e->plan, &plan) && spans_stand(e, &plan, newest_ms))
        return e->spans;
    if (e->series == s && spans_same_grid(&e->plan, &plan) && newest_ms >= e->newest_ms) {
        first = spans_shift(e, &plan, series_step_ms(s));
    } else {
        e->spans = xreallocarray(e->spans, (size_t)plan.n, sizeof *e->spans);
        e->series = s;
    }
    if (first < plan.n)
        series_read(s, plan.from_ms + first * plan.bucket_ms,
                    plan.from_ms + plan.n * plan.bucket_ms, e->spans + first,
                    (size_t)(plan.n - first));
    e->plan = plan;
    e->newest_ms = newest_ms;
    return e->spans;
}

/* probes/queue_trend.c: rates of a queue out of its depths. */
#include "probes/queue_trend.h"

#include <math.h>
#include <stdio.h>

#include "core/unit.h"

#define TREND_LEAST   0.5  /* jobs a minute: less is standing still */
#define TREND_MOST_MS 9e15 /* what an int64_t and a double both hold */

void trend_add(struct queue_trend *t, int64_t at_ms, double depth, double done, uint64_t head)
{
    int newest = t->newest, before = (newest + TREND_POINTS - 1) % TREND_POINTS;
    bool had = t->n > 0;
    double was = t->point[newest].depth;

    if (t->n && !isnan(done) && done < t->point[newest].done)
        t->n = 0; /* the counter began anew */
    /* points no closer than the window needs: the newest moves until it is far enough */
    if (t->n >= 2 && at_ms - t->point[before].at_ms < TREND_WINDOW_MS / (TREND_POINTS - 2)) {
        t->point[newest].at_ms = at_ms;
    } else {
        newest = t->n ? (newest + 1) % TREND_POINTS : 0;
        t->n += t->n < TREND_POINTS;
        t->newest = newest;
        t->point[newest].at_ms = at_ms;
    }
    t->point[newest].depth = depth;
    t->point[newest].done = done;
    /* equal jobs look alike: a depth that fell says that one was taken all the same */
    if (head != t->head || !head || (had && depth < was)) {
        t->head = head;
        t->head_ms = at_ms;
    }
}

void trend_gap(struct queue_trend *t)
{
    t->n = 0;
}

struct queue_rates trend_rates(const struct queue_trend *t, int64_t at_ms)
{
    struct queue_rates r = { NAN, NAN, 0, t->head ? at_ms - t->head_ms : 0 };
    int first = t->newest;
    double minutes;

    for (int i = 1; i < t->n; i++) { /* the oldest inside the window */
        int k = (t->newest + TREND_POINTS - i) % TREND_POINTS;

        if (at_ms - t->point[k].at_ms > TREND_WINDOW_MS)
            break;
        first = k;
    }
    r.over_ms = t->n ? t->point[t->newest].at_ms - t->point[first].at_ms : 0;
    if (r.over_ms < TREND_LEAST_MS)
        return r;
    minutes = (double)r.over_ms / 60000;
    r.growth = (t->point[t->newest].depth - t->point[first].depth) / minutes;
    r.served = (t->point[t->newest].done - t->point[first].done) / minutes;
    return r;
}

const char *trend_words(const struct queue_rates *r, double depth, char out[64])
{
    char age[16];

    if (isnan(r->growth))
        snprintf(out, 64, "%s", "");
    else if (depth <= 0)
        snprintf(out, 64, "idle");
    else if (r->growth >= TREND_LEAST)
        snprintf(out, 64, "growing +%.0f/min", r->growth);
    else if (r->growth <= -TREND_LEAST)
        snprintf(out, 64, "drains in %s",
                 age_format((int64_t)fmin(depth / -r->growth * 60000, TREND_MOST_MS), age));
    else
        snprintf(out, 64, "steady");
    return out;
}

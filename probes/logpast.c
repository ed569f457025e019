/* probes/logpast.c: what a log told in each of many stretches of time. */
#include "probes/logpast.h"

#include <math.h>
#include <stdlib.h>

#include "core/alloc.h"

struct stretch {
    int64_t at; /* its time, in stretches */
    double sum;
};

struct logpast {
    int64_t over_ms, n;
    struct stretch stretches[];
};

struct logpast *logpast_new(int64_t over_ms, int64_t against_ms)
{
    int64_t n = against_ms / over_ms + 2; /* the one under way, and the one that leaves */
    struct logpast *p = xcalloc(1, sizeof *p + (size_t)n * sizeof p->stretches[0]);

    p->over_ms = over_ms;
    p->n = n;
    for (int64_t i = 0; i < n; i++)
        p->stretches[i].at = -1;
    return p;
}

void logpast_free(struct logpast *p)
{
    free(p);
}

void logpast_add(struct logpast *p, int64_t at_ms, double value)
{
    int64_t at = at_ms / p->over_ms;
    struct stretch *s = &p->stretches[at % p->n];

    if (s->at > at)
        return;
    if (s->at < at)
        *s = (struct stretch){ .at = at };
    s->sum += value;
}

void logpast_forget(struct logpast *p, int64_t from_ms)
{
    for (int64_t i = 0; i < p->n; i++)
        if (p->stretches[i].at >= from_ms / p->over_ms)
            p->stretches[i] = (struct stretch){ .at = -1 };
}

double logpast_mean(const struct logpast *p, int64_t now_ms, int64_t covered_ms, int64_t *known_ms)
{
    int64_t now = now_ms / p->over_ms;
    int64_t from = (covered_ms + p->over_ms - 1) / p->over_ms; /* the first that is whole */
    double sum = 0;

    if (from < now - (p->n - 2))
        from = now - (p->n - 2);
    for (int64_t at = from; at < now; at++)
        if (p->stretches[at % p->n].at == at) /* one without a line is none, and counts */
            sum += p->stretches[at % p->n].sum;
    *known_ms = from < now ? (now - from) * p->over_ms : 0;
    return *known_ms ? sum / (double)(now - from) : NAN;
}

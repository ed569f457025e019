/* probes/loggroups.c: the lines of a window by a field of theirs. */
#include "probes/loggroups.h"

#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"
#include "core/hash.h"
#include "probes/logwindow.h"

enum { GROUP_HEADS = 1024 };

struct ring { /* of one group */
    int64_t newest;
    double steps[LOGWINDOW_STEPS];
};

struct group {
    uint64_t hash;
    int next; /* with the same head; -1 = none */
    uint16_t len;
    struct ring ring;
    char key[LOGGROUPS_KEY];
};

struct loggroups {
    int heads[GROUP_HEADS];
    struct group *groups;
    int n, cap;
    struct ring rest;
};

struct loggroups *loggroups_new(void)
{
    struct loggroups *g = xcalloc(1, sizeof *g);

    memset(g->heads, 0xff, sizeof g->heads);
    return g;
}

void loggroups_free(struct loggroups *g)
{
    if (!g)
        return;
    free(g->groups);
    free(g);
}

/* ---- rings ---- */

static void ring_add(struct ring *r, int64_t step, double weight)
{
    int64_t from = r->newest + 1;

    if (step <= r->newest - LOGWINDOW_STEPS)
        return;
    if (step - from >= LOGWINDOW_STEPS)
        from = step - LOGWINDOW_STEPS + 1;
    for (; from <= step; from++)
        r->steps[from % LOGWINDOW_STEPS] = 0;
    if (step > r->newest)
        r->newest = step;
    r->steps[step % LOGWINDOW_STEPS] += weight;
}

static double ring_sum(const struct ring *r, int64_t now)
{
    double sum = 0;

    for (int64_t s = now - LOGWINDOW_STEPS + 1; s <= r->newest && s <= now; s++)
        if (s >= 0 && s > r->newest - LOGWINDOW_STEPS)
            sum += r->steps[s % LOGWINDOW_STEPS];
    return sum;
}

/* ---- groups ---- */

static void group_unlink(struct loggroups *g, int i)
{
    int *at = &g->heads[g->groups[i].hash % GROUP_HEADS];

    while (*at != i)
        at = &g->groups[*at].next;
    *at = g->groups[i].next;
}

/* A place for one more; -1 when all are of this window. */
static int group_place(struct loggroups *g, int64_t step)
{
    if (g->n < LOGGROUPS_MAX) {
        if (g->n == g->cap) {
            g->cap = g->cap ? g->cap * 2 : 16;
            g->groups = xreallocarray(g->groups, (size_t)g->cap, sizeof *g->groups);
        }
        return g->n++;
    }
    for (int i = 0; i < g->n; i++) {
        if (g->groups[i].ring.newest > step - LOGWINDOW_STEPS)
            continue;
        group_unlink(g, i);
        return i;
    }
    return -1;
}

void loggroups_add(struct loggroups *g, const char *key, size_t len, int64_t step, double weight)
{
    uint64_t hash;
    int i;

    if (len > LOGGROUPS_KEY)
        len = LOGGROUPS_KEY;
    hash = hash_bytes(HASH_START, key, len);
    i = g->heads[hash % GROUP_HEADS];
    while (i >= 0 && (g->groups[i].len != len || memcmp(g->groups[i].key, key, len) != 0))
        i = g->groups[i].next;
    if (i < 0) {
        i = group_place(g, step);
        if (i < 0) {
            ring_add(&g->rest, step, weight);
            return;
        }
        g->groups[i] = (struct group){ .hash = hash,
                                       .len = (uint16_t)len,
                                       .next = g->heads[hash % GROUP_HEADS],
                                       .ring.newest = step };
        memcpy(g->groups[i].key, key, len);
        g->heads[hash % GROUP_HEADS] = i;
    }
    ring_add(&g->groups[i].ring, step, weight);
}

static int group_before(const struct loggroup *a, const struct loggroup *b)
{
    size_t n = a->len < b->len ? a->len : b->len;
    int order = memcmp(a->key, b->key, n);

    if (a->weight > b->weight || a->weight < b->weight)
        return a->weight > b->weight;
    return order ? order < 0 : a->len < b->len;
}

size_t loggroups_top(const struct loggroups *g, int64_t step, struct loggroup *out, size_t cap,
                     size_t *n_all)
{
    size_t n = 0;

    *n_all = 0;
    for (int i = 0; i < g->n; i++) {
        const struct group *from = &g->groups[i];
        struct loggroup one = { from->key, from->len, ring_sum(&from->ring, step) };
        size_t at = n;

        if (!(one.weight > 0))
            continue;
        ++*n_all;
        while (at > 0 && group_before(&one, &out[at - 1]))
            at--;
        if (at == cap)
            continue;
        if (n < cap)
            n++;
        memmove(out + at + 1, out + at, (n - at - 1) * sizeof *out);
        out[at] = one;
    }
    return n;
}

double loggroups_rest(const struct loggroups *g, int64_t step)
{
    return ring_sum(&g->rest, step);
}

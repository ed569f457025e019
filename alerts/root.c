/* alerts/root.c: who is to blame. */
#include "alerts/root.h"

enum { ROOT_DEPTH = 32 };

static bool root_is_sick(const struct service *s)
{
    return s->state == STATE_DOWN || s->state == STATE_DEGRADED;
}

/* Could `dep` explain why `s` is not well? Only what is at least as bad explains. A dependant of
 * something down whose own state cannot be read is explained too. */
static bool root_explains(const struct service *dep, const struct service *s)
{
    if (!root_is_sick(dep) || s->state == STATE_UP || s->state == STATE_DISABLED)
        return false;
    return state_rank(dep->state) >= state_rank(s->state);
}

static bool root_better(const struct service *a, const struct service *b)
{
    if (state_rank(a->state) != state_rank(b->state))
        return state_rank(a->state) > state_rank(b->state);
    return a->since_ms < b->since_ms;
}

/* The root behind service i: the end of the chain of explaining dependencies, or -1 (itself). */
static int root_of(const struct board *b, int i, int depth)
{
    const struct service *s = &b->services[i];
    int best = -1;

    if (depth > ROOT_DEPTH)
        return -1;
    for (size_t k = 0; k < s->n_deps; k++) {
        int d = (int)s->deps[k];

        if (d == i || !root_explains(&b->services[d], s))
            continue;
        int deeper = root_of(b, d, depth + 1);
        int root = deeper >= 0 ? deeper : d;

        if (root != i && (best < 0 || root_better(&b->services[root], &b->services[best])))
            best = root;
    }
    return best;
}

void root_find(struct board *b)
{
    for (size_t i = 0; i < b->n_services; i++)
        b->services[i].root_hides = 0;
    for (size_t i = 0; i < b->n_services; i++) {
        struct service *s = &b->services[i];

        s->affected_by = b->unreachable_since_ms ? -1 : root_of(b, (int)i, 0);
        if (s->affected_by >= 0)
            b->services[s->affected_by].root_hides++;
    }
}

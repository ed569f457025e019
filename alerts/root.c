/* alerts/root.c: who is to blame. */
#include "alerts/root.h"

enum { ROOT_OPEN = -2, /* not looked at yet */ ROOT_DEPTH = 256 };

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

/* The root behind service i, or -1 (itself): kept in the service once it is found, for what many
 * stand on is asked for often. In a circle the one that was come from explains nothing further. */
static int root_of(struct board *b, size_t i, int depth)
{
    struct service *s = &b->services[i];
    int best = -1;

    if (s->affected_by != ROOT_OPEN)
        return s->affected_by;
    if (depth == ROOT_DEPTH)
        return -1; /* it is asked for itself later */
    s->affected_by = -1;
    for (size_t k = 0; k < s->n_deps; k++) {
        size_t d = s->deps[k];
        int root;

        if (d == i || !root_explains(&b->services[d], s))
            continue;
        root = root_of(b, d, depth + 1);
        root = root >= 0 ? root : (int)d;
        if (root != (int)i && (best < 0 || root_better(&b->services[root], &b->services[best])))
            best = root;
    }
    s->affected_by = best;
    return best;
}

void root_find(struct board *b)
{
    for (size_t i = 0; i < b->n_services; i++) {
        b->services[i].root_hides = 0;
        b->services[i].affected_by = b->unreachable_since_ms ? -1 : ROOT_OPEN;
    }
    for (size_t i = 0; i < b->n_services; i++) {
        int root = root_of(b, i, 0);

        if (root >= 0)
            b->services[root].root_hides++;
    }
}

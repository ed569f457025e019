/* tui/view.c: order of rows, selection by id, zoom. Picks are in tui/pick.c. */
#include "tui/view.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"
#include "tui/alert_list.h"
#include "tui/event_list.h"
#include "tui/pick.h"
#include "tui/spans.h"
#include "tui/words.h"

static const int64_t view_spans[VIEW_SPANS] = { 5 * 60000LL,   15 * 60000LL,   3600000LL,
                                                4 * 3600000LL, 12 * 3600000LL, 24 * 3600000LL };

void view_fini(struct view *v)
{
    free(v->overview);
    free(v->tree);
    alert_list_fini(v);
    text_fini(&v->before.title);
    if (v->spans)
        spans_fini(v->spans);
    free(v->spans);
    v->spans = NULL;
    v->overview = v->tree = NULL;
    v->rows_cap = 0;
}

enum { VIEW_SPAN_HOUR = 2 };

/* A fresh watch has no hour to show: its charts begin short and grow. */
static int view_span(const struct view *v)
{
    int64_t age_ms = v->now_ms - v->board->started_ms;
    int span = 0;

    if (v->zoom >= 0)
        return v->zoom;
    while (span < VIEW_SPAN_HOUR && view_spans[span] < age_ms)
        span++;
    return span;
}

int64_t view_span_ms(const struct view *v)
{
    return view_spans[view_span(v)];
}

bool view_zoom(struct view *v, int by)
{
    int zoom = view_span(v) + by;

    if (zoom < 0 || zoom >= VIEW_SPANS)
        return false;
    v->zoom = zoom;
    return true;
}

/* A list of another board: what is gone leaves it, the selection goes to the one after. */
static void view_carry_list(struct pick *list, size_t *n, int *selected, const struct board *was,
                            const struct board *now)
{
    size_t kept = 0;
    int at = 0;

    for (size_t i = 0; i < *n; i++) {
        struct pick p = pick_carry(was, now, list[i]);

        if ((int)i == *selected)
            at = (int)kept;
        if (p.reading >= 0 && (p.signal < 0) == (list[i].signal < 0))
            list[kept++] = p;
    }
    *n = kept;
    *selected = pick_place(list, kept, PICK_NONE, at);
}

/* From the board before to another one: places there mean nothing here, names do. */
static void view_carry(struct view *v, const struct board *b)
{
    const struct board *was = v->board;
    struct pick shown = pick_carry(was, b, (struct pick){ v->service, v->reading, -1 });

    if (shown.service < 0 || (shown.reading < 0 && v->reading >= 0))
        v->detail_top = 0;
    v->service = shown.service;
    v->reading = shown.reading;
    view_carry_list(v->problems, &v->n_problems, &v->problem, was, b);
    for (int i = 0; i < LISTINGS; i++)
        view_carry_list(v->listings[i].rows, &v->listings[i].n, &v->listings[i].at, was, b);
    alert_list_carry(v, was, b);
    event_list_carry(v);
    v->errors = pick_carry(was, b, v->errors);
    v->latency = pick_carry(was, b, v->latency);
    v->n_signals = v->n_overview = v->n_tree = 0;
}

void view_set_board(struct view *v, const struct board *b, int64_t now_ms)
{
    if (!v->spans)
        v->spans = xcalloc(1, sizeof *v->spans);
    if (b != v->board) {
        spans_forget(v->spans);
        if (v->board)
            view_carry(v, b);
    }
    v->board = b;
    v->now_ms = now_ms;
}

static bool view_wants(const struct view *v, const struct service *s)
{
    if (v->problems_only && s->state == STATE_UP && s->affected_by < 0)
        return false;
    return filter_matches(v->filter, v->board, s);
}

/* -- by trouble: roots first, what each explains right below it, then the rest -- */

static int view_rank(const struct service *s)
{
    return s->state == STATE_UP ? -1 : state_rank(s->state);
}

/* Which services hang below which: one pass, lists in the board's order. */
struct view_below {
    int *first, *next; /* by service; -1 = none */
};

static struct view_below view_below(const struct board *b,
                                    int (*above)(const struct board *, const struct service *))
{
    struct view_below t = { xreallocarray(NULL, b->n_services + 1, sizeof *t.first),
                            xreallocarray(NULL, b->n_services + 1, sizeof *t.next) };

    memset(t.first, 0xff, (b->n_services + 1) * sizeof *t.first);
    for (size_t i = b->n_services; i-- > 0;) {
        int parent = above(b, &b->services[i]);

        t.next[i] = -1;
        if (parent >= 0) {
            t.next[i] = t.first[parent];
            t.first[parent] = (int)i;
        }
    }
    return t;
}

static void view_below_fini(struct view_below *t)
{
    free(t->first);
    free(t->next);
}

static int view_root(const struct board *b, const struct service *s)
{
    return service_root(b, s) ? s->affected_by : -1;
}

static int view_compare_rows(const void *a, const void *b, void *arg)
{
    const struct board *board = arg;
    const struct row *x = a, *y = b;
    const struct service *s = &board->services[x->service], *t = &board->services[y->service];

    if (view_rank(s) != view_rank(t))
        return view_rank(t) - view_rank(s);
    if (view_rank(s) >= 0 && s->critical != t->critical)
        return t->critical - s->critical;
    if (view_rank(s) >= 0 && s->root_hides != t->root_hides)
        return t->root_hides - s->root_hides;
    return x->service - y->service;
}

static size_t view_order_overview(const struct view *v, struct row *out)
{
    const struct board *b = v->board;
    struct row *roots = xreallocarray(NULL, b->n_services + 1, sizeof *roots);
    struct view_below below = view_below(b, view_root);
    size_t n_roots = 0, n = 0;

    for (size_t i = 0; i < b->n_services;
         i++) { /* a root that is itself explained stays one here */
        const struct service *root = service_root(b, &b->services[i]);

        if (!root || service_root(b, root))
            roots[n_roots++] = (struct row){ (int)i, 0 };
    }
    qsort_r(roots, n_roots, sizeof *roots, view_compare_rows, (void *)b);
    for (size_t i = 0; i < n_roots; i++) {
        int root = roots[i].service;

        if (view_wants(v, &b->services[root]))
            out[n++] = roots[i];
        if (service_root(b, &b->services[root]))
            continue; /* what it explains are roots here, too */
        for (int k = below.first[root]; k >= 0; k = below.next[k])
            if (view_wants(v, &b->services[k]))
                out[n++] = (struct row){ k, 1 };
    }
    view_below_fini(&below);
    free(roots);
    return n;
}

/* -- by dependency: what others stand on first, its dependants below it, each service once -- */

/* The one dependency under which a service is listed: the worst, then the first. */
static int view_parent(const struct board *b, const struct service *s)
{
    int parent = -1;

    for (size_t i = 0; i < s->n_deps; i++) {
        int dep = (int)s->deps[i];

        if (s->deps[i] >= b->n_services || &b->services[dep] == s)
            continue;
        if (s->affected_by == dep)
            return dep;
        if (parent < 0 ||
            state_rank(b->services[dep].state) > state_rank(b->services[parent].state))
            parent = dep;
    }
    return parent;
}

struct view_tree {
    const struct view *view;
    struct view_below below;
    char *seen;
    struct row *out;
    size_t n;
};

enum { VIEW_DEPTH = 32 };

static void view_add_tree(struct view_tree *t, int service, int depth)
{
    const struct board *b = t->view->board;

    if (t->seen[service])
        return;
    t->seen[service] = 1;
    if (view_wants(t->view, &b->services[service]))
        t->out[t->n++] = (struct row){ service, depth };
    for (int k = t->below.first[service]; k >= 0 && depth < VIEW_DEPTH; k = t->below.next[k])
        view_add_tree(t, k, depth + 1);
}

static size_t view_order_tree(const struct view *v, struct row *out)
{
    const struct board *b = v->board;
    struct view_tree t = { v, view_below(b, view_parent), xcalloc(b->n_services + 1, 1), out, 0 };

    for (size_t i = 0; i < b->n_services; i++)
        if (view_parent(b, &b->services[i]) < 0)
            view_add_tree(&t, (int)i, 0);
    for (size_t i = 0; i < b->n_services; i++) /* circles have no root; the loader refuses them */
        view_add_tree(&t, (int)i, 0);
    view_below_fini(&t.below);
    free(t.seen);
    return t.n;
}

void view_settle(struct view *v)
{
    const struct board *b = v->board;

    if (b->n_services > v->rows_cap || !v->overview) {
        v->rows_cap = b->n_services;
        v->overview = xreallocarray(v->overview, v->rows_cap + 1, sizeof *v->overview);
        v->tree = xreallocarray(v->tree, v->rows_cap + 1, sizeof *v->tree);
    }
    v->n_overview = view_order_overview(v, v->overview);
    v->n_tree = view_order_tree(v, v->tree);
    view_settle_picks(v);
    alert_list_settle(v);
    event_list_settle(v);
}

int view_selected(const struct view *v, const struct row *rows, size_t n, int *at)
{
    int service = v->service;

    if (service < 0 && v->n_overview) /* nobody has chosen yet: what is worst */
        service = v->overview[0].service;
    for (size_t i = 0; i < n; i++)
        if (rows[i].service == service) {
            *at = (int)i;
            return service;
        }
    *at = 0;
    return n ? rows[0].service : -1;
}

void view_select(struct view *v, int service)
{
    if (service != v->service) {
        v->reading = -1;
        v->detail_top = 0;
    }
    v->service = service;
}

void view_move(struct view *v, const struct row *rows, size_t n, int by)
{
    int at;
    int64_t to;

    if (view_selected(v, rows, n, &at) < 0)
        return;
    to = (int64_t)at + by;
    to = to < 0 ? 0 : to >= (int64_t)n ? (int64_t)n - 1 : to;
    view_select(v, rows[to].service);
}

/* tui/view.c: order of rows, selection by id, zoom. Picks are in tui/pick.c. */
#include "tui/view.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"
#include "tui/pick.h"
#include "tui/words.h"

static const struct {
    int64_t ms;
    const char *words;
} view_spans[VIEW_SPANS] = { { 5 * 60000LL, "5m" },     { 15 * 60000LL, "15m" },
                             { 3600000LL, "1h" },       { 4 * 3600000LL, "4h" },
                             { 12 * 3600000LL, "12h" }, { 24 * 3600000LL, "24h" } };

void view_fini(struct view *v)
{
    free(v->overview);
    free(v->tree);
    text_fini(&v->service_id);
    v->overview = v->tree = NULL;
    v->rows_cap = 0;
}

int64_t view_span_ms(const struct view *v)
{
    return view_spans[v->zoom].ms;
}

const char *view_span_words(const struct view *v)
{
    return view_spans[v->zoom].words;
}

bool view_zoom(struct view *v, int by)
{
    int zoom = v->zoom + by;

    if (zoom < 0 || zoom >= VIEW_SPANS)
        return false;
    v->zoom = zoom;
    return true;
}

void view_set_board(struct view *v, const struct board *b, int64_t now_ms)
{
    int at = v->service;

    v->board = b;
    v->now_ms = now_ms;
    if (at >= 0 && ((size_t)at >= b->n_services || !text_eq(&b->services[at].id, &v->service_id)))
        v->service = board_find(b, text_str(&v->service_id));
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

static size_t view_add_affected(const struct view *v, int root, char *seen, struct row *out,
                                size_t n)
{
    for (size_t i = 0; i < v->board->n_services; i++)
        if (v->board->services[i].affected_by == root && !seen[i]) {
            seen[i] = 1;
            if (view_wants(v, &v->board->services[i]))
                out[n++] = (struct row){ (int)i, 1 };
        }
    return n;
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
    char *seen = xcalloc(b->n_services + 1, 1);
    size_t n_roots = 0, n = 0;

    for (size_t i = 0; i < b->n_services; i++)
        if (!service_root(b, &b->services[i]))
            roots[n_roots++] = (struct row){ (int)i, 0 };
    qsort_r(roots, n_roots, sizeof *roots, view_compare_rows, (void *)b);
    for (size_t i = 0; i < n_roots; i++) {
        seen[roots[i].service] = 1;
        if (view_wants(v, &b->services[roots[i].service]))
            out[n++] = roots[i];
        n = view_add_affected(v, roots[i].service, seen, out, n);
    }
    for (size_t i = 0; i < b->n_services; i++) /* explained by one that is itself explained */
        if (!seen[i] && view_wants(v, &b->services[i]))
            out[n++] = (struct row){ (int)i, 1 };
    free(seen);
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

        if ((size_t)dep >= b->n_services)
            continue;
        if (s->affected_by == dep)
            return dep;
        if (parent < 0 ||
            state_rank(b->services[dep].state) > state_rank(b->services[parent].state))
            parent = dep;
    }
    return parent;
}

static size_t view_add_tree(const struct view *v, int service, int depth, char *seen,
                            struct row *out, size_t n)
{
    const struct board *b = v->board;

    if (seen[service])
        return n;
    seen[service] = 1;
    if (view_wants(v, &b->services[service]))
        out[n++] = (struct row){ service, depth };
    for (size_t i = 0; i < b->n_services && depth < 32; i++)
        if (!seen[i] && view_parent(b, &b->services[i]) == service)
            n = view_add_tree(v, (int)i, depth + 1, seen, out, n);
    return n;
}

static size_t view_order_tree(const struct view *v, struct row *out)
{
    const struct board *b = v->board;
    char *seen = xcalloc(b->n_services + 1, 1);
    size_t n = 0;

    for (size_t i = 0; i < b->n_services; i++)
        if (view_parent(b, &b->services[i]) < 0)
            n = view_add_tree(v, (int)i, 0, seen, out, n);
    for (size_t i = 0; i < b->n_services; i++) /* cycles have no root; the loader refuses them */
        n = view_add_tree(v, (int)i, 0, seen, out, n);
    free(seen);
    return n;
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
    if (v->service >= (int)b->n_services)
        v->service = -1;
    view_settle_picks(v);
}

int view_selected(const struct view *v, const struct row *rows, size_t n, int *at)
{
    for (size_t i = 0; i < n; i++)
        if (rows[i].service == v->service) {
            *at = (int)i;
            return v->service;
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
    if (service >= 0)
        text_copy(&v->service_id, &v->board->services[service].id);
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

/* app/config_links.c: what points from one service to another, and what must not look the same. */
#include "app/config_impl.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/names.h"
#include "core/alloc.h"
#include "core/nearest.h"

enum {
    NEAREST_MAX = 1000
}; /* ids to find a likeness in: enough for people, quick enough for all */

struct named { /* for finding by name among thousands */
    const char *name;
    size_t index;
};

struct links {
    struct reader *reader;
    struct named *ids; /* ordered */
};

static int named_order(const void *a, const void *b)
{
    return strcmp(((const struct named *)a)->name, ((const struct named *)b)->name);
}

static bool links_find(const struct links *l, const char *id, size_t *index)
{
    struct named key = { .name = id };
    const struct named *found =
        bsearch(&key, l->ids, l->reader->config->n_services, sizeof key, named_order);

    if (found)
        *index = found->index;
    return found != NULL;
}

static void links_dangling(struct reader *r, const struct node *at, const char *id)
{
    const char *ids[NEAREST_MAX], *near = NULL;
    size_t n = r->config->n_services < NEAREST_MAX ? r->config->n_services : NEAREST_MAX;
    char start[48];

    for (size_t i = 0; i < n; i++)
        ids[i] = r->config->services[i].id;
    name_excerpt(start, sizeof start, id);
    if (!config_errors_late(r->walk.errors, node_pos(at, r->walk.file))) /* nobody reads it then */
        near = nearest_word(start, ids, n);
    if (near)
        walk_error(&r->walk, at, "no service '%s'; did you mean '%s'?", start, near);
    else
        walk_error(&r->walk, at, "no service '%s' under 'services'", start);
}

/* The node of the i-th id, for its place. */
static const struct node *links_dep_node(const struct node *service, size_t i)
{
    const struct node *list = node_get(service->value, "depends_on");

    if (!list || list->kind != NODE_LIST)
        return list ? list : service;
    for (const struct node *item = list->first; item; item = item->next)
        if (i-- == 0)
            return item;
    return list;
}

static void links_deps(struct links *l, size_t self)
{
    struct reader *r = l->reader;
    struct config_service *s = &r->config->services[self];
    struct walk *w = &r->walk;
    size_t path = w->path_len, n = 0;

    walk_enter(w, "services");
    walk_enter(w, s->id);
    walk_enter(w, "depends_on");
    s->deps = s->depends_on.n ? xcalloc(s->depends_on.n, sizeof *s->deps) : NULL;
    for (size_t i = 0; i < s->depends_on.n; i++) {
        const struct node *at = links_dep_node(r->nodes[self], i);
        const char *id = s->depends_on.items[i];
        size_t index, j = 0;

        if (!links_find(l, id, &index)) {
            if (!w->cut)
                links_dangling(r, at, id);
            continue;
        }
        while (j < n && s->deps[j] != index)
            j++;
        if (index == self)
            walk_error(w, at, "'%s' cannot depend on itself", s->id);
        else if (j < n)
            walk_error(w, at, "'%s' stands here twice", s->id);
        else
            s->deps[n++] = index;
    }
    walk_leave(w, path);
}

/* Depth first without recursion: a chain may be as long as there are services. */
static void links_cycle_from(struct reader *r, size_t start, uint8_t *seen, size_t *stack,
                             size_t *next)
{
    struct config *c = r->config;
    size_t depth = 0;

    stack[depth++] = start;
    seen[start] = 1; /* 1 on the stack, 2 done */
    while (depth > 0) {
        size_t at = stack[depth - 1], to, from;
        const struct config_service *s = &c->services[at];
        char words[300] = "";

        if (next[at] == s->depends_on.n) {
            seen[at] = 2;
            depth--;
            continue;
        }
        to = s->deps[next[at]++];
        if (seen[to] == 0) {
            seen[to] = 1;
            stack[depth++] = to;
            continue;
        }
        if (seen[to] == 2)
            continue;
        for (from = 0; stack[from] != to; from++)
            ;
        for (size_t i = from; i <= depth; i++) {
            size_t len = strlen(words);
            const char *id = c->services[i < depth ? stack[i] : to].id;

            if (i - from == 8 && depth - i > 2) {
                snprintf(words + len, sizeof words - len, " ... (%zu in all)", depth - from);
                break;
            }
            snprintf(words + len, sizeof words - len, "%s%.32s", i > from ? " -> " : "", id);
        }
        walk_error(&r->walk, r->nodes[at], "services depend on each other in a circle: %s", words);
    }
}

static void links_cycles(struct reader *r)
{
    size_t n = r->config->n_services;
    uint8_t *seen = xcalloc(n, 1);
    size_t *stack = xcalloc(n, sizeof *stack), *next = xcalloc(n, sizeof *next);
    size_t path = walk_enter(&r->walk, "services");

    for (size_t i = 0; i < n; i++)
        if (!seen[i])
            links_cycle_from(r, i, seen, stack, next);
    walk_leave(&r->walk, path);
    free(seen);
    free(stack);
    free(next);
}

/* Two services must not look the same on screen: what counts is the text as it will be shown. */
static void links_titles(struct reader *r)
{
    struct config *c = r->config;
    struct named *titles = xcalloc(c->n_services, sizeof *titles);
    struct text *shown = xcalloc(c->n_services, sizeof *shown);
    size_t path = walk_enter(&r->walk, "services");

    for (size_t i = 0; i < c->n_services; i++) {
        const struct config_service *s = &c->services[i];

        text_sets(&shown[i], s->title ? s->title : s->id);
        titles[i] = (struct named){ text_str(&shown[i]), i };
    }
    qsort(titles, c->n_services, sizeof *titles, named_order);
    for (size_t i = 1; i < c->n_services; i++) {
        size_t a = titles[i - 1].index, b = titles[i].index, before;
        char start[48];

        if (strcmp(titles[i - 1].name, titles[i].name) != 0)
            continue;
        if (r->nodes[a]->line > r->nodes[b]->line) {
            size_t swap = a;

            a = b;
            b = swap;
        }
        before = walk_enter(&r->walk, c->services[b].id);
        walk_error(&r->walk, r->nodes[b],
                   "is shown as '%s', and so is '%s' (line %d); give it "
                   "another title",
                   name_excerpt(start, sizeof start, titles[i].name), c->services[a].id,
                   r->nodes[a]->line);
        walk_leave(&r->walk, before);
    }
    for (size_t i = 0; i < c->n_services; i++)
        text_fini(&shown[i]);
    walk_leave(&r->walk, path);
    free(shown);
    free(titles);
}

void links_read(struct reader *r)
{
    struct config *c = r->config;
    struct links l = { r, NULL };
    size_t before = walk_errors(&r->walk);

    if (c->n_services == 0)
        return;
    l.ids = xcalloc(c->n_services, sizeof *l.ids);
    for (size_t i = 0; i < c->n_services; i++)
        l.ids[i] = (struct named){ c->services[i].id, i };
    qsort(l.ids, c->n_services, sizeof *l.ids, named_order);
    for (size_t i = 0; i < c->n_services; i++)
        links_deps(&l, i);
    if (walk_errors(&r->walk) == before && !r->walk.cut) /* all indices are there */
        links_cycles(r);
    links_titles(r);
    free(l.ids);
}

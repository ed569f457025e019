/* app/watch_reload.c: another configuration under a running watch. What is the same is not touched:
 * its connection stands, its question stays out, its window and its slots go on. */
#include "app/watch_impl.h"

#include "app/watch_board.h"
#include "core/alloc.h"

#include <stdlib.h>
#include <string.h>

struct reload {
    struct watch *watch;
    struct config *old;
    struct watched **probes; /* of `old`, in its order; NULL once taken over */
    size_t *first;           /* of each service of `old`, its place in `probes` */
};

/* The service of the old configuration by its id: mostly it stands where it stood. SIZE_MAX: none.
 */
static size_t reload_service(const struct reload *r, size_t at)
{
    const char *id = r->watch->config->services[at].id;
    const struct config_service *found;

    if (at < r->old->n_services && !strcmp(r->old->services[at].id, id))
        return at;
    found = config_service_find(r->old, id);
    return found ? (size_t)(found - r->old->services) : SIZE_MAX;
}

/* What asked by the same name until now, or NULL. *from is its configuration. */
static struct watched **reload_namesake(const struct reload *r, size_t service, size_t reading,
                                        struct config_probe **from)
{
    const char *name = r->watch->config->services[service].probes[reading].name;
    size_t at = reload_service(r, service);
    const struct config_probe *found;

    if (at == SIZE_MAX)
        return NULL;
    found = config_probe_find(&r->old->services[at], name);
    if (!found)
        return NULL;
    *from = &r->old->services[at].probes[found - r->old->services[at].probes];
    return &r->probes[r->first[at] + (size_t)(found - r->old->services[at].probes)];
}

static struct watched *reload_one(struct reload *r, size_t service, size_t reading)
{
    struct config_probe *now = &r->watch->config->services[service].probes[reading], *was;
    struct watched **before = reload_namesake(r, service, reading, &was);
    struct watched *p;

    if (before && config_probe_same(now, was)) {
        void *spare = now->self;

        p = *before;
        *before = NULL;
        now->self = was->self; /* the probe holds on to it; the old configuration frees the other */
        was->self = spare;
        p->probe.common = &now->common;
        p->service = service;
        p->reading = reading;
        return p;
    }
    p = watch_open_probe(r->watch, service, reading);
    if (before) { /* what was asked and is not answered yet will not be: its slot is missed */
        p->slots = (*before)->slots;
        p->slots.missed += (*before)->asking && (*before)->of_slot;
    }
    watch_ask_first(p);
    return p;
}

static void reload_probes(struct watch *w, struct config *old)
{
    struct reload r = { .watch = w, .old = old, .probes = w->probes };
    size_t n_old = w->n_probes, n = 0;

    r.first = xcalloc(old->n_services + 1, sizeof *r.first);
    for (size_t i = 0; i < old->n_services; i++)
        r.first[i + 1] = r.first[i] + old->services[i].n_probes;
    w->n_probes = w->config->n_probes;
    w->probes = xcalloc(w->n_probes, sizeof(struct watched *));
    watch_room(w);
    for (size_t i = 0; i < w->config->n_services; i++) {
        for (size_t k = 0; k < w->config->services[i].n_probes; k++)
            w->probes[n++] = reload_one(&r, i, k);
    }
    for (size_t i = 0; i < n_old; i++) {
        if (r.probes[i])
            watch_close_probe(r.probes[i]);
    }
    free(r.probes);
    free(r.first);
}

void watch_reload(struct watch *w, struct config *config)
{
    struct board *was = w->board;
    struct config *old = w->config;
    struct judge *judge = w->judge;

    w->board = watch_board_new(config, io_now_ms(w->io));
    watch_board_adopt(w->board, was, config, old);
    w->judge = watch_judge_new(config, w->board);
    judge_adopt(w->judge, w->board, judge, was);
    w->config = config;
    if (w->started) /* else watch_start() opens what is the configuration by then */
        reload_probes(w, old);
    watch_judge(w);
    judge_free(judge);
    board_free(was); /* after `changed`: the screen has let go of it */
    config_free(old);
}

/* examples/sim/system.c: what the tables of all systems ask for alike. */
#include "system.h"

#include <stdio.h>
#include <string.h>

#include "backups.h"
#include "now.h"
#include "world.h"

const struct system *system_find(const char *name)
{
    static const struct system *const all[] = {
        &system_rachelfoods, &system_neurmatic,  &system_concierge,
        &system_hireflux,    &system_ratemyunit,
    };

    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
        if (!strcmp(all[i]->name, name))
            return all[i];
    return NULL;
}

void system_vars(const struct boot *b, struct str *out)
{
    for (const struct system_var *v = b->system->vars; v->name; v++) {
        char value[400];

        switch (v->kind) {
        case VAR_URL:
            snprintf(value, sizeof value, "http://127.0.0.1:%d", b->port[v->listener]);
            break;
        case VAR_ADDRESS:
            snprintf(value, sizeof value, "127.0.0.1:%d", b->port[v->listener]);
            break;
        case VAR_DB:
            snprintf(value, sizeof value, "host=127.0.0.1 port=%d dbname=%s user=midwatch",
                     b->pg_port, b->system->db_name);
            break;
        case VAR_REDIS:
            snprintf(value, sizeof value, "redis://127.0.0.1:%d", b->redis_port);
            break;
        case VAR_PATH:
            snprintf(value, sizeof value, "%s/%s", b->place.dir, v->path);
            break;
        }
        str_addf(out, "%s\"%s\":", v == b->system->vars ? "" : ",", v->name);
        str_json(out, value);
    }
}

/* ---- listeners ---- */

static void system_web(void *arg, struct http_request *rq, struct http_response *rs)
{
    struct world *w = arg;
    const struct system_page *page = w->system->page;

    if (control_handle(w, rq, rs))
        return;
    now_sleep_ms(page->takes_ms);
    http_answer(rs, 200, HTTP_HTML, page->html);
    if (page->headers)
        str_add(&rs->head, page->headers);
}

static void system_control(void *arg, struct http_request *rq, struct http_response *rs)
{
    if (!control_handle(arg, rq, rs))
        http_answer(rs, 404, "application/json", "{\"error\":\"only /__sim is here\"}\n");
}

/* The app's state first, then the system's own, then whoever asks for either. */
void system_open(struct world *w)
{
    const struct system *s = w->system;
    const struct boot *b = w->boot;
    char database[DB_ADDRESS];

    while (w->app_n < SYSTEM_APPS && s->apps[w->app_n]) {
        app_init(&w->apps[w->app_n], w, s->apps[w->app_n]);
        w->app_n++;
    }
    app_database(&w->apps[0], s->db_name, database, sizeof database);
    leak_init(&w->leak, database);
    if (s->init)
        s->init(w);
    for (int i = 0; i < w->app_n; i++)
        app_open(&w->apps[i]);
    if (s->page)
        http_serve(&w->web, b->fd[BOOT_WEB], b->port[BOOT_WEB], system_web, w);
    if (s->zone)
        edge_open(w);
    http_serve(&w->control, b->fd[BOOT_CONTROL], b->port[BOOT_CONTROL], system_control, w);
}

/* ---- life ---- */

bool system_live(struct world *w, char *why)
{
    const struct system *s = w->system;

    if (s->dumps) {
        w->backups = world_alloc(sizeof *w->backups);
        if (!backups_init(w->backups, w, why))
            return false;
    }
    if (s->live && !s->live(w, why))
        return false;
    if (s->queues) {
        w->queues = world_alloc(sizeof *w->queues);
        queues_start(w->queues, w);
    }
    traffic_start(w, w->boot->port[BOOT_API], s->requests_per_s, s->user);
    return true;
}

void system_tick(struct world *w)
{
    char why[PLACE_WHY];

    if (!w->live)
        return;
    if (w->system->tick)
        w->system->tick(w);
    if (w->backups && !backups_tick(w->backups, w, why))
        world_log(w, "backup: %s", why);
}

void system_passed(struct world *w, struct app *a, enum app_phase phase)
{
    enum fault_end end = phase == APP_GONE ? FAULT_ENDS_GONE : FAULT_ENDS_UP;

    if (w->system->passed)
        w->system->passed(w, a, phase);
    if (phase == APP_UP)
        world_clear(w, a->def->down_fault);
    for (const struct fault_def *d = w->system->faults; d->name; d++)
        if (d->end == end)
            world_clear(w, d->name);
}

/* examples/sim/control.c: /__sim: faults, clock, state, restarts and the stubs' questions.
 *
 * A page in a browser may post to loopback ports: what names an Origin is refused.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tools.h"
#include "world.h"

static void control_error(struct http_response *rs, int code, const char *why)
{
    http_tell(rs, code, "{\"error\":", why);
    str_add(&rs->body, "\n");
}

static void control_value(struct str *out, const struct fault_def *d, const char *value)
{
    if (!value || !value[0])
        str_add(out, "null");
    else if (d->kind == FAULT_NUMBER)
        str_addf(out, "%.10g", strtod(value, NULL));
    else
        str_json(out, value);
}

static void control_state(struct world *w, const struct fault_def *d, struct str *out)
{
    char value[32] = "";
    bool on = world_text(w, d->name, value, sizeof value);

    str_addf(out, "\"name\":\"%s\",\"on\":%s,\"value\":", d->name, on ? "true" : "false");
    control_value(out, d, value);
}

static void control_faults(struct world *w, struct http_request *rq, struct http_response *rs)
{
    static const char *const kinds[] = { "switch", "number", "text" };

    (void)rq;
    http_answer(rs, 200, HTTP_JSON, "");
    str_addf(&rs->body, "{\"system\":\"%s\",\"faults\":[", w->system->name);
    for (const struct fault_def *d = w->system->faults; d->name; d++) {
        str_add(&rs->body, d == w->system->faults ? "\n{" : ",\n{");
        control_state(w, d, &rs->body);
        str_addf(&rs->body, ",\"kind\":\"%s\",\"default\":", kinds[d->kind]);
        control_value(&rs->body, d, d->fallback);
        str_add(&rs->body, ",\"description\":");
        str_json(&rs->body, d->about);
        str_add(&rs->body, "}");
    }
    str_add(&rs->body, "\n]}\n");
}

static void control_unknown(struct world *w, struct http_response *rs, const char *why)
{
    control_error(rs, 404, why);
    rs->body.len -= 2; /* reopen the object */
    str_add(&rs->body, ",\"faults\":[");
    for (const struct fault_def *d = w->system->faults; d->name; d++)
        str_addf(&rs->body, "%s\"%s\"", d == w->system->faults ? "" : ",", d->name);
    str_add(&rs->body, "]}\n");
}

static bool control_body(struct http_request *rq, struct http_response *rs, struct flat *f)
{
    char why[200];

    if (flat_parse(f, rq->body, rq->body_len, why, sizeof why))
        return true;
    control_error(rs, 400, why);
    return false;
}

static void control_fault(struct world *w, struct http_request *rq, struct http_response *rs)
{
    struct flat f;
    char why[PLACE_WHY] = "", key[64];

    if (!control_body(rq, rs, &f))
        return;
    const struct flat_item *name = flat_get(&f, "name"), *on = flat_get(&f, "on"),
                           *value = flat_get(&f, "value");
    if (!name || name->kind != FLAT_STRING || (on && on->kind != FLAT_BOOL) ||
        (value && value->kind == FLAT_BOOL)) {
        control_error(rs, 400,
                      "write {\"name\":\"redis_down\",\"on\":true} or "
                      "{\"name\":\"conn_leak\",\"value\":25}");
        return;
    }
    int code = world_set(w, name->value, !on || !strcmp(on->value, "true"),
                         value && value->kind != FLAT_NULL ? value->value : NULL, why);
    if (code == 404) {
        control_unknown(w, rs, why);
    } else if (code != 200) {
        control_error(rs, code, why);
    } else {
        snprintf(key, sizeof key, "%.*s", (int)strcspn(name->value, "="), name->value);
        for (char *p = key; *p; p++)
            *p = *p == '-' ? '_' : *p;
        http_answer(rs, 200, HTTP_JSON, "{");
        const struct fault_def *d = world_fault_def(w->system, key);
        if (d)
            control_state(w, d, &rs->body);
        str_add(&rs->body, "}\n");
    }
}

static void control_clock(struct world *w, struct http_request *rq, struct http_response *rs)
{
    struct flat f;

    if (!control_body(rq, rs, &f))
        return;
    const struct flat_item *by = flat_get(&f, "advance_s");
    double s = by && by->kind == FLAT_NUMBER ? strtod(by->value, NULL) : -1;
    if (!(s >= 0 && s <= 366.0 * 86400)) {
        control_error(rs, 400, "write {\"advance_s\":N} with N from 0 to a year");
        return;
    }
    world_advance(w, (int64_t)(s * 1000));
    pthread_mutex_lock(&w->change);
    system_tick(w); /* what is due by the new time is done before the answer */
    pthread_mutex_unlock(&w->change);
    http_answer(rs, 200, HTTP_JSON, "");
    str_addf(&rs->body, "{\"now_ms\":%lld}\n", (long long)world_now_ms(w));
}

static void control_reset(struct world *w, struct http_request *rq, struct http_response *rs)
{
    char why[PLACE_WHY] = "";

    (void)rq;
    if (world_reset(w, why))
        http_answer(rs, 200, HTTP_JSON, "{\"ok\":true}\n");
    else
        control_error(rs, 500, why);
}

static void control_world(struct world *w, struct http_request *rq, struct http_response *rs)
{
    static const char *const phases[] = { "up", "stopping", "gone" };

    (void)rq;
    http_answer(rs, 200, HTTP_JSON, "");
    str_addf(&rs->body,
             "{\"system\":\"%s\",\"live\":%s,\"now_ms\":%lld,\"pids\":{\"guardian\":%d,"
             "\"worker\":%d,\"postgres\":%d,\"redis\":%d},\"instances\":[",
             w->system->name, w->live ? "true" : "false", (long long)world_now_ms(w), getppid(),
             getpid(), w->servers.pid[SERVER_PG], w->servers.pid[SERVER_REDIS]);
    for (int i = 0; i < w->app_n; i++) {
        struct db_load l = db_load(&w->apps[i].db);
        str_addf(&rs->body,
                 "%s{\"name\":\"%s\",\"phase\":\"%s\",\"uptime_s\":%.3f,\"version\":\"%s\","
                 "\"pool\":{\"open\":%d,\"idle\":%d,\"waiting\":%d,\"max\":%d}}",
                 i ? "," : "", w->apps[i].def->name, phases[app_phase(&w->apps[i])],
                 app_uptime_s(&w->apps[i]), w->apps[i].version, l.open, l.idle, l.waiting, l.max);
    }
    str_add(&rs->body, "]}\n");
}

static void control_restart(struct world *w, struct http_request *rq, struct http_response *rs)
{
    struct flat f;
    char why[PLACE_WHY] = "";

    if (!control_body(rq, rs, &f))
        return;
    const struct flat_item *s = flat_get(&f, "service");
    if (!s || s->kind != FLAT_STRING)
        control_error(rs, 400, "write {\"service\":\"api\"}");
    else if (world_restart(w, s->value, why))
        http_answer(rs, 200, HTTP_JSON, "{\"ok\":true}\n");
    else
        control_error(rs, 409, why);
}

/* A stub's argv, one word a line; the answer is its output and X-Exit its exit code. */
static void control_tool(struct world *w, struct http_request *rq, struct http_response *rs)
{
    char *argv[128];
    int argc = 0;

    for (char *p = rq->body; *p && argc < 127;) {
        argv[argc++] = p;
        p += strcspn(p, "\n");
        if (*p)
            *p++ = '\0';
    }
    argv[argc] = NULL;
    if (!argc) {
        control_error(rs, 400, "argv, one word a line");
        return;
    }
    http_answer(rs, 200, "text/plain; charset=utf-8", "");
    int code = tools_run(w, argc, argv, &rs->body);
    str_addf(&rs->head, "X-Exit: %d\r\n", code);
}

bool control_handle(struct world *w, struct http_request *rq, struct http_response *rs)
{
    static const struct {
        const char *method, *path;
        void (*answer)(struct world *w, struct http_request *rq, struct http_response *rs);
    } table[] = {
        { "POST", "/__sim/fault", control_fault }, { "GET", "/__sim/faults", control_faults },
        { "POST", "/__sim/clock", control_clock }, { "POST", "/__sim/reset", control_reset },
        { "GET", "/__sim/state", control_world },  { "POST", "/__sim/restart", control_restart },
        { "POST", "/__sim/tool", control_tool },
    };
    bool known = false;

    if (strncmp(rq->path, "/__sim", 6) != 0 || (rq->path[6] && rq->path[6] != '/'))
        return false;
    if (http_header(rq, "origin")) {
        control_error(rs, 403, "not for web pages");
        return true;
    }
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        if (strcmp(rq->path, table[i].path) != 0)
            continue;
        known = true;
        if (!strcmp(rq->method, table[i].method)) {
            table[i].answer(w, rq, rs);
            return true;
        }
    }
    if (known)
        control_error(rs, 405, "another method");
    else
        control_error(rs, 404,
                      "there are /__sim/fault, faults, clock, reset, state, restart, tool");
    return true;
}

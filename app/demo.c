/* app/demo.c: the simulator behind `midwatch demo`. */
#include "app/demo.h"

#include "core/alloc.h"
#include "core/json.h"
#include "core/text.h"
#include "io/child.h"
#include "io/http.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { START_MS = 10000, CONTROL_MS = 3000, LIST_MS = 5000 };

struct demo {
    struct io *io;
    struct demo_events events;
    struct child *sim;
    struct http *http;
    struct http_target *get, *post; /* post: made anew for each fault, its body differs */
    char *system, *control, *dir;
    struct strmap vars;
    struct strlist faults;
    struct buf line;
    struct err failed;
    bool ready, ended, busy;
    struct strlist waiting; /* faults to inject: once it is ready, and one after the other */
    struct text asked;      /* the fault under way, while busy */
};

static void demo_next(struct demo *d);

static const struct {
    const char *id, *system, *fault, *about;
} demo_scenarios[] = {
    { "RMU-1", "ratemyunit", "conn_leak=25", "database connections run out" },
    { "RMU-2", "ratemyunit", "redis_down", "Redis down is down" },
    { "RMU-3", "ratemyunit", "slow_shutdown=40", "a restart is not an incident" },
    { "RMU-4", "ratemyunit", "html_200", "200 from the wrong page" },
    { "RF-2", "rachelfoods", "api_down", "API down" },
    { "RF-3", "rachelfoods", "webhook_bad_secret", "payments that their orders do not hear of" },
    { "RF-4", "rachelfoods", "backup_empty", "a backup that never worked" },
    { "CM-1", "concierge", "openai_down", "answers of before, and a kill switch" },
    { "CM-3", "concierge", "slow=1300", "slow, not down" },
    { "CM-4", "concierge", "cache_miss=0.45", "cache misses of one group" },
    { "HF-1", "hireflux", "error_rate=0.07", "error rate" },
    { "HF-3", "hireflux", "workers_stopped", "workers stopped" },
    { "HF-5", "hireflux", "health_lies", "the health endpoint lies" },
    { "NM-1", "neurmatic", "redis_down", "Redis down is degraded" },
    { "NM-2", "neurmatic", "db_down", "database down" },
    { "NM-3", "neurmatic", "backend1_down", "one backend dead behind the balancer" },
    { "NM-5", "neurmatic", "backup_missed", "a missed backup" },
};
enum { SCENARIOS = sizeof demo_scenarios / sizeof *demo_scenarios };

static void demo_say(struct demo *d, bool bad, const char *words)
{
    if (d->events.said)
        d->events.said(d->events.arg, bad, words);
}

/* The simulator's program: in the build tree, or beside ours. */
static bool demo_program(char *path, size_t size, struct err *err)
{
    static const char *const places[] = { "examples/sim/midwatch-sim", "midwatch-sim" };
    char self[PATH_MAX];
    ssize_t n = readlink("/proc/self/exe", self, sizeof self - 1);
    char *slash;

    if (n <= 0)
        return err_set(err, "cannot tell where this program lies");
    self[n] = '\0';
    slash = strrchr(self, '/');
    *slash = '\0';
    for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
        int len = snprintf(path, size, "%s/%s", self, places[i]);

        if (len > 0 && (size_t)len < size && !access(path, X_OK))
            return true;
    }
    return err_set(err, "the simulator midwatch-sim is not beside this program; build it with "
                        "`meson compile -C build` or install it");
}

bool demo_profile(const char *system, char *path, size_t size, struct err *err)
{
    static const char *const places[] = { MW_SOURCE_ROOT "/examples", MW_DATADIR "/examples" };

    for (size_t i = 0; i < 2; i++) {
        int n = snprintf(path, size, "%s/%s/midwatch.yaml", places[i], system);

        if (n > 0 && (size_t)n < size && !access(path, R_OK))
            return true;
    }
    return err_set(err, "no profile of '%s' in %s or %s", system, places[0], places[1]);
}

static void demo_vars_add(struct demo *d, const char *key, const char *value)
{
    d->vars.keys = xreallocarray(d->vars.keys, d->vars.n + 1, sizeof *d->vars.keys);
    d->vars.values = xreallocarray(d->vars.values, d->vars.n + 1, sizeof *d->vars.values);
    d->vars.keys[d->vars.n] = xstrdup(key);
    d->vars.values[d->vars.n++] = xstrdup(value);
}

static void demo_list_add(struct strlist *l, const char *item, size_t len)
{
    l->items = xreallocarray(l->items, l->n + 1, sizeof *l->items);
    l->items[l->n++] = xstrndup(item, len);
}

static void demo_ports(struct demo *d, const struct json *o)
{
    const char *control = json_string(json_get(o, "control"));

    for (const struct json *v = json_members(json_get(o, "vars")); v; v = json_next(v)) {
        if (json_string(v))
            demo_vars_add(d, json_key(v), json_string(v));
    }
    if (!d->control)
        d->control = xstrdup(control ? control : "");
    if (!d->dir)
        d->dir = xstrdup(json_string(json_get(o, "dir")));
}

static void demo_tell_ready(struct demo *d)
{
    if (d->events.ready)
        d->events.ready(d->events.arg);
    d->events.ready = NULL;
}

static void demo_tell_gone(struct demo *d)
{
    demo_tell_ready(d); /* there is something to see: what it lacks */
    if (d->events.gone)
        d->events.gone(d->events.arg);
}

static void demo_ready(struct demo *d)
{
    d->ready = true;
    demo_tell_ready(d);
    demo_next(d);
}

static void demo_line(struct demo *d, const char *line, size_t len)
{
    struct err why;
    struct json *o = json_parse(line, len, 0, 0, &why);
    const char *event = json_string(json_get(o, "event"));

    if (event && !strcmp(event, "ports")) {
        demo_ports(d, o);
    } else if (event && !strcmp(event, "ready")) {
        demo_ready(d);
    } else if (event && !strcmp(event, "failed")) {
        const char *reason = json_string(json_get(o, "why"));

        err_set(&d->failed, "the simulator: %s", reason ? reason : "failed");
        demo_tell_gone(d);
    }
    json_free(o);
}

static void demo_output(void *arg, int fd, const char *bytes, size_t len)
{
    struct demo *d = arg;
    char *end;

    if (fd != 1 || !buf_add_max(&d->line, bytes, len, 1 << 16))
        return;
    while (d->line.len && (end = memchr(d->line.bytes, '\n', d->line.len))) {
        size_t n = (size_t)(end - d->line.bytes);

        demo_line(d, d->line.bytes, n);
        buf_drop(&d->line, n + 1);
    }
}

static void demo_ended(void *arg, int status, const struct err *err, const char *out,
                       const char *errout, size_t dropped)
{
    struct demo *d = arg;

    (void)status;
    (void)out;
    (void)dropped;
    d->ended = true;
    if (!d->failed.msg[0]) {
        if (err && err->msg[0])
            d->failed = *err;
        else
            err_set(&d->failed, "the simulator ended: %s", *errout ? errout : "no reason given");
    }
    demo_tell_gone(d);
}

struct demo_names { /* `midwatch-sim --list SYSTEM` under way */
    struct buf *out;
    bool done;
    int status;
};

static void demo_names_ended(void *arg, int status, const struct err *err, const char *out,
                             const char *errout, size_t dropped)
{
    struct demo_names *n = arg;

    (void)err;
    (void)errout;
    (void)dropped;
    buf_adds(n->out, out);
    n->status = status;
    n->done = true;
}

static bool demo_list_faults(const char *system, struct buf *out, struct err *err)
{
    char program[PATH_MAX + 64];
    const char *argv[] = { program, "--list", system, NULL };
    const struct child_events ev = { .ended = demo_names_ended };
    struct demo_names names = { .out = out };
    struct child_spec spec = {
        .argv = argv, .limit_ms = LIST_MS, .die_with_us = true, .own_house = true
    };
    struct io *io;
    struct child *c;

    if (!demo_program(program, sizeof program, err) || !(io = io_new(err)))
        return false;
    c = child_start(io, &spec, &ev, &names);
    while (!names.done)
        io_turn(io, 100);
    child_free(c);
    io_free(io);
    return names.status == 0 || err_set(err, "no system '%s' to simulate", system);
}

static void demo_list_scenarios(const char *system, struct buf *out)
{
    for (size_t i = 0; i < SCENARIOS; i++)
        if (!strcmp(demo_scenarios[i].system, system))
            buf_addf(out, "  %-24s %s\n", demo_scenarios[i].id, demo_scenarios[i].about);
}

bool demo_list(const char *system, struct buf *out, struct err *err)
{
    struct buf faults = { 0 };
    bool ok = demo_list_faults(system, &faults, err);

    if (ok) {
        buf_adds(out, "systems:");
        for (size_t i = 0; i < SCENARIOS; i++) /* those of a system stand together */
            if (!i || strcmp(demo_scenarios[i].system, demo_scenarios[i - 1].system) != 0)
                buf_addf(out, " %s", demo_scenarios[i].system);
        buf_addf(out, "\n\nscenarios of %s (--scenario ID):\n", system);
        demo_list_scenarios(system, out);
        buf_addf(out, "\nfaults of %s (:fault NAME in the console):\n", system);
        for (const char *p = buf_str(&faults); *p;) {
            size_t n = strcspn(p, "\n");

            buf_addf(out, "  %.*s\n", (int)n, p);
            p += n + (p[n] == '\n');
        }
    }
    buf_fini(&faults);
    return ok;
}

static void demo_read_faults(struct demo *d)
{
    struct buf out = { 0 };
    struct err ignored;

    if (demo_list_faults(d->system, &out, &ignored)) {
        for (const char *p = buf_str(&out); *p;) {
            size_t n = strcspn(p, " =\n");

            if (n)
                demo_list_add(&d->faults, p, n);
            p += strcspn(p, "\n");
            p += *p == '\n';
        }
    }
    buf_fini(&out);
    demo_list_add(&d->faults, "off", 3);
}

struct demo *demo_start(struct io *io, const char *system, struct err *err)
{
    static const struct child_events ev = { .output = demo_output, .ended = demo_ended };
    char program[PATH_MAX + 64];
    const char *argv[] = { program, system, NULL };
    /* The lifeline alone tells it that we are gone, also when we were killed: a death signal beside
     * it would end the simulator while it stops its servers and removes its directory. */
    struct child_spec spec = { .argv = argv, .keep_stdin = true, .own_house = true };
    struct demo *d = xcalloc(1, sizeof *d);
    int64_t until_ms = io_mono_ms(io) + START_MS;

    d->io = io;
    d->system = xstrdup(system);
    if (!demo_program(program, sizeof program, err))
        goto fail;
    d->http = http_new(io, 4);
    d->sim = child_start(io, &spec, &ev, d);
    while (!d->control && !d->ended && !d->failed.msg[0] && io_mono_ms(io) < until_ms)
        io_turn(io, 50);
    if (!d->control) {
        err_set(err, "%s", d->failed.msg[0] ? d->failed.msg : "the simulator does not start");
        goto fail;
    }
    demo_read_faults(d);
    return d;

fail:
    demo_stop(d);
    return NULL;
}

void demo_stop(struct demo *d)
{
    if (!d)
        return;
    http_target_free(d->get);
    http_target_free(d->post);
    http_free(d->http);
    if (d->sim && !d->ended) {
        int64_t until_ms = io_mono_ms(d->io) + 3000;

        d->events.said = NULL;
        child_close_stdin(
            d->sim); /* its lifeline: it stops its servers and removes its directory */
        while (!d->ended && io_mono_ms(d->io) < until_ms)
            io_turn(d->io, 50);
    }
    child_free(d->sim);
    strmap_fini(&d->vars);
    strlist_fini(&d->faults);
    strlist_fini(&d->waiting);
    buf_fini(&d->line);
    text_fini(&d->asked);
    free(d->system);
    free(d->control);
    free(d->dir);
    free(d);
}

void demo_on(struct demo *d, const struct demo_events *events)
{
    d->events = *events;
    if (d->ready)
        demo_tell_ready(d);
    if (demo_gone(d))
        demo_tell_gone(d);
}

const char *demo_gone(const struct demo *d)
{
    return d->failed.msg[0] ? d->failed.msg : NULL;
}

const char *demo_dir(const struct demo *d)
{
    return d->dir;
}

const struct strmap *demo_vars(const struct demo *d)
{
    return &d->vars;
}

void demo_own(struct config *c)
{
    free(c->environment);
    c->environment = xstrdup("demo");
    free(c->no_actions); /* of a tree of somebody's, and nothing real is acted on */
    c->no_actions = NULL;
}

const char *const *demo_faults(const struct demo *d, size_t *n)
{
    *n = d->faults.n;
    return (const char *const *)d->faults.items;
}

/* What became of the fault under way. */
static void demo_done(struct demo *d, bool bad, const char *words)
{
    d->busy = false;
    demo_say(d, bad, words);
    demo_next(d);
}

/* The simulator's own words, {"error": "..."}, without their JSON. */
static void demo_refused(const struct demo *d, const struct http_reply *reply, struct text *words)
{
    struct err err;
    struct json *o = json_parse(reply->body, reply->len, 0, 0, &err);
    const char *why = json_string(json_get(o, "error"));

    if (why)
        text_sets(words, why);
    else
        text_setf(words, "fault %s: %s", text_str(&d->asked), reply->body);
    json_free(o);
}

static void demo_posted(void *arg, const struct http_reply *reply)
{
    struct demo *d = arg;
    struct text words = { 0 };
    bool bad = reply->fault != FAULT_NONE || reply->code != 200;

    if (reply->fault != FAULT_NONE)
        text_setf(&words, "fault %s: %s", text_str(&d->asked), reply->why.msg);
    else if (bad)
        demo_refused(d, reply, &words);
    else
        text_setf(&words, "fault %s", text_str(&d->asked));
    demo_done(d, bad, text_str(&words));
    text_fini(&words);
}

static void demo_post(struct demo *d, const char *path, const char *body)
{
    struct buf url = { 0 };
    struct err err;
    struct http_header json = { "Content-Type", "application/json" };
    struct http_spec spec = { .method = "POST", .body = body, .headers = &json, .n_headers = 1 };

    buf_addf(&url, "%s%s", d->control, path);
    spec.url = url.bytes;
    http_target_free(d->post);
    d->post = http_target_new(d->http, &spec, &err);
    if (d->post)
        http_ask(d->post, CONTROL_MS, demo_posted, d);
    else
        demo_done(d, true, err.msg);
    buf_fini(&url);
}

static void demo_post_fault(struct demo *d, const char *name, size_t len, const char *value,
                            bool on)
{
    struct buf body = { 0 };
    struct jsonw w;
    char *word = xstrndup(name, len);

    jsonw_begin(&w, &body, false);
    jsonw_object(&w);
    jsonw_key(&w, "name");
    jsonw_string(&w, word);
    jsonw_key(&w, value ? "value" : "on");
    if (value)
        jsonw_string(&w, value);
    else
        jsonw_bool(&w, on);
    jsonw_end(&w, '}');
    text_setf(&d->asked, "%s%s%s: %s", word, value ? "=" : "", value ? value : "",
              on ? "on" : "off");
    demo_post(d, "/__sim/fault", body.bytes);
    buf_fini(&body);
    free(word);
}

/* A fault without a value toggles: what is on now goes off. */
static void demo_got(void *arg, const struct http_reply *reply)
{
    struct demo *d = arg;
    struct err err;
    struct json *o;
    const struct json *list;
    char *name = xstrdup(text_str(&d->asked));
    bool on = false;

    if (reply->fault != FAULT_NONE) {
        demo_posted(d, reply);
        free(name);
        return;
    }
    o = json_parse(reply->body, reply->len, 0, 0, &err);
    list = json_get(o, "faults") ? json_get(o, "faults") : o;
    for (const struct json *f = json_first(list); f; f = json_next(f)) {
        const char *word = json_string(json_get(f, "name"));

        if (word && !strcmp(word, name))
            json_bool(json_get(f, "on"), &on);
    }
    json_free(o);
    demo_post_fault(d, name, strlen(name), NULL, !on);
    free(name);
}

/* A toggle asks first what is on. */
static void demo_toggle(struct demo *d)
{
    struct buf url = { 0 };
    struct http_spec spec = { 0 };
    struct err err;

    if (!d->get) {
        buf_addf(&url, "%s/__sim/faults", d->control);
        spec.url = url.bytes;
        d->get = http_target_new(d->http, &spec, &err);
        buf_fini(&url);
    }
    if (d->get)
        http_ask(d->get, CONTROL_MS, demo_got, d);
    else
        demo_done(d, true, err.msg);
}

/* One fault after the other: each is told before the next begins. */
static void demo_next(struct demo *d)
{
    char *what, *eq;

    if (!d->ready || d->busy || !d->waiting.n)
        return;
    d->busy = true;
    what = d->waiting.items[0];
    memmove(d->waiting.items, d->waiting.items + 1, --d->waiting.n * sizeof *d->waiting.items);
    text_sets(&d->asked, what);
    eq = strchr(what, '=');
    if (!strcmp(what, "off")) {
        text_sets(&d->asked, "all: off");
        demo_post(d, "/__sim/reset", "{}");
    } else if (eq) {
        demo_post_fault(d, what, (size_t)(eq - what), eq + 1, true);
    } else {
        demo_toggle(d);
    }
    free(what);
}

void demo_fault(struct demo *d, const char *what)
{
    demo_list_add(&d->waiting, what, strlen(what));
    if (d->ready)
        demo_next(d);
    else
        demo_say(d, false, "the simulator is still starting; the fault follows");
}

bool demo_scenario(struct demo *d, const char *id, struct err *err)
{
    struct buf known = { 0 };

    for (size_t i = 0; i < SCENARIOS; i++) {
        if (strcmp(demo_scenarios[i].system, d->system) != 0)
            continue;
        if (!strcasecmp(demo_scenarios[i].id, id)) {
            demo_fault(d, demo_scenarios[i].fault);
            buf_fini(&known);
            return true;
        }
        buf_addf(&known, "%s%s (%s)", known.len ? ", " : "", demo_scenarios[i].id,
                 demo_scenarios[i].about);
    }
    err_set(err, "no scenario '%s' of %s; there are: %s", id, d->system, buf_str(&known));
    buf_fini(&known);
    return false;
}

/* app/config_read.c: a configuration from its tree: variables, services, probes. */
#include "app/config.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/config_impl.h"
#include "app/config_schema.h"
#include "app/names.h"
#include "app/secrets.h"
#include "core/alloc.h"
#include "core/nearest.h"

enum { WORD_MAX = 24, ENVIRONMENT_MAX = 32 };

/* --- variables --- */

static void read_var(struct reader *r, const struct node *key)
{
    struct walk *w = &r->walk;
    const struct node *v = key->value;
    struct var var = { .name = key->text, .raw = "", .at = v, .bad = true };
    size_t before = walk_enter(w, key->text);
    char start[40];
    struct err err;

    if (!name_is_var(key->text)) {
        walk_error(w, key, "'%s' cannot name a variable; write letters, digits and '_'",
                   name_excerpt(start, sizeof start, key->text));
    } else if (v->bad || (w->cut && walk_is_null(v))) {
        var.bad = true; /* reported already */
    } else if (v->kind != NODE_SCALAR || walk_is_null(v)) {
        walk_error(w, v, "a variable holds a single value");
    } else if (secrets_key(key->text) && !strstr(v->text, "${env:") &&
               !strstr(v->text, "${file:") && !secrets_reference_check(v->text, &err)) {
        walk_error(w, v, "a secret cannot stand in the file; write ${env:NAME} or ${file:/path}");
    } else if (secrets_in_address(v->text)) {
        walk_error(w, v,
                   "an address is shown on screen and cannot hold a password or token; take "
                   "it out and give it by reference: env:NAME or file:/path");
    } else {
        var.raw = v->text;
        var.bad = false;
    }
    vars_add(&w->vars, var);
    walk_leave(w, before);
}

static void read_overrides(struct reader *r, const struct strmap *overrides, const char *file)
{
    struct walk *w = &r->walk;

    for (size_t i = 0; overrides && i < overrides->n; i++) {
        struct var *var = vars_find(&w->vars, overrides->keys[i]);
        const char *near = var ? NULL : vars_nearest(&w->vars, overrides->keys[i]);
        char start[40];

        name_excerpt(start, sizeof start, overrides->keys[i]);
        if (var) {
            var->raw = overrides->values[i];
            var->given = true;
            var->outside = true;
            var->bad = false;
        } else if (near) {
            config_errors_add(w->errors, (struct pos){ file, 0, 0 }, NULL,
                              "no variable '%s' to set; did you mean '%s'?", start, near);
        } else {
            config_errors_add(w->errors, (struct pos){ file, 0, 0 }, NULL,
                              "no variable '%s' to set; 'vars' does not name it", start);
        }
    }
}

static void read_vars(struct reader *r, const struct node *root, const struct strmap *overrides)
{
    const struct node *vars = node_get(root, "vars");
    size_t before = walk_enter(&r->walk, "vars");

    if (vars && walk_is_map(&r->walk, vars, "write a map of names and values")) {
        for (const struct node *k = vars->first; k; k = k->next)
            if (!k->bad)
                read_var(r, k);
    }
    walk_leave(&r->walk, before);
    vars_ready(&r->walk.vars);
    read_overrides(r, overrides, r->walk.file);
    r->config->n_vars = r->walk.vars.n;
}

/* --- probes --- */

/* The key that names the kind; says so when there is none or more than one. */
static const struct probe_ops *read_kind(struct reader *r, const struct node *map)
{
    struct walk *w = &r->walk;
    const struct probe_ops *ops = NULL;
    const struct node *first = NULL;
    size_t before = walk_errors(w);
    char list[200] = "";

    for (const struct node *k = map->first; k; k = k->next) {
        const struct probe_ops *found = k->bad ? NULL : config_kind(r->kinds, k->text);

        if (!found || (ops && option_find(ops->options, k->text)))
            continue;
        /* a queue has its Redis: what is an option of the other is no kind here, in any order */
        if (ops && !option_find(found->options, ops->kind)) {
            walk_error(w, k, "'%s' and '%s' (line %d) are two kinds; a probe asks one question",
                       k->text, ops->kind, first->line);
            continue;
        }
        ops = found;
        first = k;
    }
    if (ops)
        return ops;
    /* A misspelt kind is better named than missed. */
    for (const struct node *k = map->first; k; k = k->next)
        if (!k->bad && k->len <= NAME_MAX_LEN &&
            !config_errors_late(w->errors, node_pos(k, w->file)) &&
            !option_find(r->kinds->common, k->text) && nearest_word(k->text, r->kind_names, 0)) {
            size_t inner = walk_enter(w, k->text);

            walk_unknown(w, k, NULL, 0, r->kind_names);
            walk_leave(w, inner);
        }
    for (size_t i = 0; r->kind_names[i]; i++) {
        size_t len = strlen(list);

        snprintf(list + len, sizeof list - len, "%s%s", i ? ", " : "", r->kind_names[i]);
    }
    if (walk_errors(w) == before && !w->cut)
        walk_error(w, map, "what to ask is missing; one of these keys: %s", list);
    return NULL;
}

/* About one option of a probe, with its path, where it stands or else where the probe does. */
static void read_blame(struct reader *r, const struct node *map, const char *key, const char *words)
{
    const struct node *at = node_get(map, key);
    size_t before = walk_enter(&r->walk, key);

    walk_error(&r->walk, at ? at : map, "%s", words);
    walk_leave(&r->walk, before);
}

/* Options with an address are named after what is asked there, in every kind: a queue's redis is a
 * Redis too. */
static void read_schemes(struct reader *r, const struct config_probe *p, const struct node *map)
{
    for (const struct option *o = p->ops->options; o->name; o++) {
        const char *dsn =
            o->type == OPTION_DSN ? *(char *const *)((const char *)p->self + o->offset) : NULL;
        bool redis, ask_redis = strcmp(o->name, "redis") == 0;

        if (!dsn)
            continue;
        redis = strncmp(dsn, "redis", 5) == 0 || strncmp(dsn, "unix:", 5) == 0;
        if (redis == ask_redis)
            continue;
        read_blame(r, map, o->name,
                   ask_redis ? "this is no address of a Redis; write redis://host:6379, "
                               "rediss://host or unix:/path"
                             : "this is no address of a PostgreSQL; write postgres://user@host/db, "
                               "service=NAME or host=... dbname=...");
    }
}

static void read_times(struct reader *r, struct config_probe *p, const struct node *map)
{
    char every[32], other[32], words[160];

    duration_format(p->common.every_ms, every);
    if (p->common.timeout_ms > p->common.every_ms) {
        snprintf(words, sizeof words,
                 "%s is longer than every %s; an answer must come before the next question",
                 duration_format(p->common.timeout_ms, other), every);
        if (node_get(map, "timeout"))
            read_blame(r, map, "timeout", words);
        p->common.timeout_ms = p->common.every_ms; /* a default gives way */
    }
    if (p->common.confirm_ms && p->common.confirm_ms >= p->common.every_ms) {
        snprintf(words, sizeof words, "%s is not shorter than every %s",
                 duration_format(p->common.confirm_ms, other), every);
        read_blame(r, map, "confirm", words);
    }
}

static void read_thresholds(struct reader *r, struct config_probe *p, const struct node *map,
                            const struct signal_spec *specs, size_t n)
{
    const struct probe_common *c = &p->common;
    bool any = !isnan(c->warn) || !isnan(c->crit) || !isnan(c->max), main = false;
    bool low = c->low_is_bad;
    const char *key = !isnan(c->warn) ? "warn" : !isnan(c->crit) ? "crit" : "max";

    for (size_t i = 0; i < n && i < READING_SIGNALS; i++) {
        if (specs[i].main) {
            main = true;
            low |= specs[i].low_is_bad;
        }
    }
    if (any && !main)
        read_blame(r, map, key, "has no number to judge: this probe measures none");
    if (isnan(c->warn) || isnan(c->crit))
        return;
    if (low ? c->crit > c->warn : c->crit < c->warn)
        read_blame(r, map, "crit",
                   low ? "comes before warn; less is worse here"
                       : "comes before warn; more is worse here (low_is_bad: true turns "
                         "that round)");
}

/* "insecure: say why": what a kind says of one of its options is told where that stands. */
static void read_complaint(struct reader *r, const struct node *map, const char *words)
{
    size_t len = strcspn(words, ":, ");
    char key[NAME_MAX_LEN] = "";

    if (len < sizeof key && words[len] == ':' && words[len + 1] == ' ') {
        memcpy(key, words, len);
        key[len] = '\0';
    }
    if (*key && node_get(map, key))
        read_blame(r, map, key, words + len + 2);
    else
        walk_error(&r->walk, map, "%s", words);
}

/* What the kind itself says once its options are there: signals, their unit, its own checks. */
static void read_signals(struct reader *r, struct config_probe *p, const struct node *map,
                         const struct walk_table tables[2])
{
    struct signal_spec specs[READING_SIGNALS] = { 0 };
    size_t before = walk_errors(&r->walk), n = 0;
    enum unit unit = p->common.unit;
    struct err err = { 0 };

    if (p->ops->signals)
        n = p->ops->signals(p->self, &p->common, specs);
    for (size_t i = 0; i < n && i < READING_SIGNALS; i++)
        if (specs[i].main)
            unit = specs[i].unit;
    walk_options(&r->walk, map, tables, 2, NULL, WALK_QUANTITIES, unit);
    if (n > READING_SIGNALS)
        walk_error(&r->walk, map, "measures %zu values; at most %d a probe", n, READING_SIGNALS);
    if (walk_errors(&r->walk) == before && !r->walk.silent)
        read_thresholds(r, p, map, specs, n);
    if (walk_errors(&r->walk) == before && !r->walk.silent && p->ops->check &&
        !p->ops->check(p->self, &p->common, &err))
        read_complaint(r, map, err.msg);
}

static void read_probe(struct reader *r, struct config_probe *p, const struct node *map)
{
    struct walk *w = &r->walk;
    struct walk_table tables[2] = { { r->kinds->common, &p->common } };
    const char *here[KINDS_MAX + 1] = { NULL }; /* kinds beside its own: told already */
    size_t before = walk_errors(w), n = 0;

    w->silent = false;
    option_defaults(r->kinds->common, &p->common, UNIT_NONE);
    if (!walk_is_map(w, map, "a probe is a map, such as { http: https://example.org/health }"))
        return;
    p->ops = read_kind(r, map);
    if (!p->ops)
        return;
    p->self = xcalloc(1, p->ops->size);
    option_defaults(p->ops->options, p->self, UNIT_NONE);
    tables[1] = (struct walk_table){ p->ops->options, p->self };
    for (size_t i = 0; r->kind_names[i]; i++)
        if (node_get(map, r->kind_names[i]) && !option_find(p->ops->options, r->kind_names[i]))
            here[n++] = r->kind_names[i];
    walk_options(w, map, tables, 2, here, WALK_PLAIN, UNIT_NONE);
    read_schemes(r, p, map);
    read_times(r, p, map);
    if (walk_errors(w) == before && !w->silent) /* a kind relies on what its table demands */
        read_signals(r, p, map, tables);
}

bool read_id(struct reader *r, const struct node *key)
{
    struct err err;

    if (name_is_id(key->text, &err))
        return true;
    walk_error(&r->walk, key, "%s", err.msg);
    return false;
}

static void read_probes(struct reader *r, struct config_service *s, const struct node *probes)
{
    struct walk *w = &r->walk;
    size_t before = walk_enter(w, "probes");

    if (!walk_is_map(w, probes, "write a map of names and probes"))
        goto out;
    s->probes = xcalloc(probes->n, sizeof *s->probes);
    for (const struct node *k = probes->first; k; k = k->next) {
        size_t inner;

        if (k->bad)
            continue;
        inner = walk_enter(w, k->text);
        read_id(r, k);
        s->probes[s->n_probes].name = xstrdup(k->text);
        read_probe(r, &s->probes[s->n_probes++], k->value);
        walk_leave(w, inner);
    }
    r->config->n_probes += s->n_probes;
out:
    walk_leave(w, before);
}

/* --- services --- */

void read_label(struct reader *r, const struct node *map, const char *key, size_t max)
{
    const struct node *v = node_get(map, key);
    size_t before;

    if (!v || v->bad || v->kind != NODE_SCALAR)
        return;
    before = walk_enter(&r->walk, key);
    if (v->quoted && v->text[strspn(v->text, " \t\n\r")] == '\0')
        walk_error(&r->walk, v, "is empty; leave the key out, or write a word");
    else if (v->len > max)
        walk_error(&r->walk, v, "has %u bytes; at most %zu", v->len, max);
    else if (strpbrk(v->text, "\n\r\t"))
        walk_error(&r->walk, v, "must be one line");
    walk_leave(&r->walk, before);
}

/* Is `name` there, misspelt? Then that is the mistake to tell, and not that it is missing. */
static bool read_misspelt(const struct node *map, const char *name)
{
    const char *const words[] = { name };

    for (const struct node *k = map->kind == NODE_MAP ? map->first : NULL; k; k = k->next) {
        if (k->text && strcmp(k->text, name) != 0 && nearest_word(k->text, words, 1))
            return true;
    }
    return false;
}

static void read_service(struct reader *r, struct config_service *s, const struct node *map)
{
    static const char *const others[] = { "probes", NULL };
    struct walk *w = &r->walk;
    struct walk_table table = { config_service_options, s };
    const struct node *probes;

    option_defaults(config_service_options, s, UNIT_NONE);
    if (!walk_is_map(w, map, "a service is a map with 'probes'"))
        return;
    walk_options(w, map, &table, 1, others, WALK_PLAIN, UNIT_NONE);
    read_label(r, map, "title", TITLE_MAX);
    probes = node_get(map, "probes");
    if (probes)
        read_probes(r, s, probes);
    if (!w->cut && (!probes || (probes->kind == NODE_MAP && probes->n == 0)) &&
        !read_misspelt(map, "probes"))
        walk_error(w, map, "'probes' is missing: without one nothing is known of this service");
}

static void read_services(struct reader *r, const struct node *root)
{
    const struct node *services = node_get(root, "services");
    struct walk *w = &r->walk;
    struct config *c = r->config;
    size_t before;

    if (!services || (services->kind == NODE_MAP && services->n == 0)) {
        if (!w->cut && !read_misspelt(root, "services"))
            walk_error(w, services ? services : root, "'services' is missing: nothing to watch");
        return;
    }
    before = walk_enter(w, "services");
    if (walk_is_map(w, services, "write a map of ids and services")) {
        c->services = xcalloc(services->n, sizeof *c->services);
        r->nodes = xcalloc(services->n, sizeof *r->nodes);
        for (const struct node *k = services->first; k; k = k->next) {
            size_t inner;

            if (k->bad)
                continue;
            inner = walk_enter(w, k->text);
            read_id(r, k);
            r->nodes[c->n_services] = k;
            c->services[c->n_services].id = xstrdup(k->text);
            read_service(r, &c->services[c->n_services++], k->value);
            walk_leave(w, inner);
        }
    }
    walk_leave(w, before);
}

/* --- the top --- */

static void read_watch(struct reader *r, const struct node *root)
{
    static const char *const others[] = { "vars",   "words",  "history",     "services",
                                          "alerts", "notify", "maintenance", NULL };
    struct walk *w = &r->walk;
    struct walk_table table = { config_watch_options, r->config };
    const struct node *watch = node_get(root, "watch");

    option_defaults(config_watch_options, r->config, UNIT_NONE);
    walk_options(w, root, &table, 1, others, WALK_PLAIN, UNIT_NONE);
    read_label(r, root, "environment", ENVIRONMENT_MAX);
    if (watch && r->config->watch) {
        size_t before = walk_enter(w, "watch");
        struct err err;

        if (!name_is_id(r->config->watch, &err))
            walk_error(w, watch, "%s", err.msg);
        walk_leave(w, before);
    }
}

/* A block of options of its own: what is absent takes its defaults. */
static void read_block(struct reader *r, const struct node *root, const char *key,
                       const struct option *options, void *self, enum unit unit, const char *write)
{
    const struct node *map = node_get(root, key);
    struct walk_table table = { options, self };
    struct walk *w = &r->walk;
    size_t before;

    option_defaults(options, self, unit);
    if (!map)
        return;
    before = walk_enter(w, key);
    if (walk_is_map(w, map, write))
        walk_options(w, map, &table, 1, NULL, WALK_PLAIN, unit);
    walk_leave(w, before);
}

static void read_words(struct reader *r, const struct node *root)
{
    const struct node *words = node_get(root, "words");
    size_t before = walk_enter(&r->walk, "words");

    for (const struct option *o = config_words_options; words && o->name; o++)
        read_label(r, words, o->name, WORD_MAX);
    walk_leave(&r->walk, before);
}

static void read_root(struct reader *r, const struct node *root, const struct config_input *in)
{
    if (!root) {
        if (!r->walk.cut)
            config_errors_add(r->walk.errors, (struct pos){ in->name, 1, 1 }, NULL,
                              "is empty; 'midwatch init URL...' writes a first configuration");
        return;
    }
    if (!walk_is_map(&r->walk, root, "a configuration is a map with 'watch' and 'services'"))
        return;
    read_vars(r, root, in->overrides);
    read_watch(r, root);
    read_block(r, root, "words", config_words_options, &r->config->words, UNIT_NONE,
               "write a map of states and words");
    read_words(r, root);
    read_block(r, root, "history", config_history_options, &r->config->history, UNIT_BYTES,
               "write a map, such as { keep: 7d, size: 400MB }");
    read_services(r, root);
    links_read(r);
    channels_read(r, root);
    alerts_read(r, root);
    windows_read(r, root);
    budget_read(r, root);
}

struct config *config_read(const struct config_input *in, struct config_errors *errors)
{
    struct config *c = xcalloc(1, sizeof *c);
    struct tree *t = tree_parse(in->name, in->bytes, in->len, errors);
    struct reader r = {
        .walk = { .file = in->name,
                  .errors = errors,
                  .vars = { .secrets = in->secrets },
                  .cut = t->cut },
        .config = c,
        .kinds = in->kinds ? in->kinds : &config_kinds_all,
    };

    for (size_t i = 0; r.kinds->ops[i] && i + 1 < KINDS_MAX; i++)
        r.kind_names[i] = r.kinds->ops[i]->kind;
    c->source = xstrdup(in->name);
    read_root(&r, t->root, in);
    walk_fini(&r.walk);
    free(r.nodes);
    tree_free(t);
    if (errors->n == 0)
        return c;
    config_free(c);
    return NULL;
}

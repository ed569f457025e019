/* app/config.c: a configuration as a thing: where it comes from, its end, its likeness. */
#include "app/config.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "app/config_schema.h"
#include "app/file.h"
#include "app/yaml_tree.h"
#include "core/alloc.h"

struct config *config_load(const char *path, const struct strmap *overrides,
                           const struct secrets *secrets, struct config_errors *errors)
{
    struct config_input in = { .name = path, .overrides = overrides, .secrets = secrets };
    struct config *c = NULL;
    struct buf b = { 0 };
    struct err others, err;

    if (file_read_ours(path, TREE_BYTES_MAX, &b, &others, &err)) {
        in.bytes = buf_str(&b);
        in.len = b.len;
        c = config_read(&in, errors);
        if (c && *others.msg)
            c->no_actions = xstrdup(others.msg);
    } else {
        config_errors_add(errors, (struct pos){ 0 }, NULL, "%s", err.msg);
    }
    buf_fini(&b);
    return c;
}

static void config_service_fini(struct config_service *s)
{
    for (size_t i = 0; i < s->n_probes; i++) {
        struct config_probe *p = &s->probes[i];

        free(p->name);
        free(p->common.unit_word);
        free(p->common.title);
        if (p->self)
            option_fini(p->ops->options, p->self);
        free(p->self);
    }
    free(s->probes);
    free(s->deps);
    free(s->id);
    option_fini(config_service_options, s);
}

void config_free(struct config *c)
{
    if (!c)
        return;
    for (size_t i = 0; i < c->n_services; i++)
        config_service_fini(&c->services[i]);
    free(c->services);
    free(c->no_actions);
    for (size_t i = 0; i < c->n_budgets; i++)
        free(c->budgets[i].origin);
    free(c->budgets);
    for (size_t i = 0; i < c->n_alerts; i++) {
        free(c->alerts[i].id);
        option_fini(config_alert_options, &c->alerts[i]);
    }
    free(c->alerts);
    for (size_t i = 0; i < c->n_channels; i++) {
        free(c->channels[i].id);
        option_fini(config_channel_options, &c->channels[i]);
    }
    free(c->channels);
    for (size_t i = 0; i < c->n_windows; i++) {
        free(c->windows[i].id);
        option_fini(config_window_options, &c->windows[i]);
    }
    free(c->windows);
    option_fini(config_words_options, &c->words);
    option_fini(config_history_options, &c->history);
    option_fini(config_watch_options, c);
    free(c->source);
    free(c);
}

const struct config_service *config_service_find(const struct config *c, const char *id)
{
    for (size_t i = 0; i < c->n_services; i++)
        if (strcmp(c->services[i].id, id) == 0)
            return &c->services[i];
    return NULL;
}

const struct config_probe *config_probe_find(const struct config_service *s, const char *name)
{
    for (size_t i = 0; i < s->n_probes; i++)
        if (strcmp(s->probes[i].name, name) == 0)
            return &s->probes[i];
    return NULL;
}

static bool config_same_string(const char *a, const char *b)
{
    return a == b || (a && b && strcmp(a, b) == 0);
}

static bool config_same_lists(char *const *a, size_t n_a, char *const *b, size_t n_b)
{
    if (n_a != n_b)
        return false;
    for (size_t i = 0; i < n_a; i++)
        if (!config_same_string(a[i], b[i]))
            return false;
    return true;
}

static bool config_same_codes(const struct codes *a, const struct codes *b)
{
    if (a->n != b->n)
        return false;
    for (size_t i = 0; i < a->n; i++)
        if (a->range[i].lo != b->range[i].lo || a->range[i].hi != b->range[i].hi)
            return false;
    return true;
}

static bool config_same_one(const struct option *o, const void *self_a, const void *self_b)
{
    const void *a = (const char *)self_a + o->offset, *b = (const char *)self_b + o->offset;

    switch (o->type) {
    case OPTION_STRING:
    case OPTION_URL:
    case OPTION_DSN:
    case OPTION_PATH:
    case OPTION_POINTER:
    case OPTION_SECRET:
        return config_same_string(*(char *const *)a, *(char *const *)b);
    case OPTION_DURATION:
        return *(const int64_t *)a == *(const int64_t *)b;
    case OPTION_INT:
    case OPTION_ENUM:
        return *(const int *)a == *(const int *)b;
    case OPTION_UNIT:
        return *(const enum unit *)a == *(const enum unit *)b;
    case OPTION_BOOL:
        return *(const bool *)a == *(const bool *)b;
    case OPTION_NUMBER:
    case OPTION_QUANTITY: {
        double x = *(const double *)a, y = *(const double *)b;

        return x == y || (isnan(x) && isnan(y));
    }
    case OPTION_LIST: {
        const struct strlist *x = a, *y = b;

        return config_same_lists(x->items, x->n, y->items, y->n);
    }
    case OPTION_MAP: {
        const struct strmap *x = a, *y = b;

        return config_same_lists(x->keys, x->n, y->keys, y->n) &&
               config_same_lists(x->values, x->n, y->values, y->n);
    }
    case OPTION_CODES:
        return config_same_codes(a, b);
    }
    return false;
}

bool config_option_same(const struct option *table, const void *a, const void *b)
{
    for (const struct option *o = table; o->name; o++)
        if (!config_same_one(o, a, b))
            return false;
    return true;
}

bool config_probe_same(const struct config_probe *a, const struct config_probe *b)
{
    return a->ops == b->ops && config_option_same(probe_common_options, &a->common, &b->common) &&
           config_option_same(a->ops->options, a->self, b->self);
}

static void config_count(struct buf *out, size_t n, const char *thing, const char *what)
{
    if (n)
        buf_addf(out, "%s%zu %s%s %s", out->len ? ", " : "", n, thing, n == 1 ? "" : "s", what);
}

static void config_changed(struct buf *out, const char *what)
{
    buf_addf(out, "%s%s changed", out->len ? ", " : "", what);
}

const struct config_alert *config_alert_find(const struct config *c, const char *id)
{
    for (size_t i = 0; i < c->n_alerts; i++)
        if (strcmp(c->alerts[i].id, id) == 0)
            return &c->alerts[i];
    return NULL;
}

const struct config_channel *config_channel_find(const struct config *c, const char *id)
{
    for (size_t i = 0; i < c->n_channels; i++)
        if (strcmp(c->channels[i].id, id) == 0)
            return &c->channels[i];
    return NULL;
}

/* Channels are few: that one of them changed is enough to know. */
static bool config_channels_same(const struct config *a, const struct config *b)
{
    for (size_t i = 0; i < a->n_channels; i++) {
        const struct config_channel *c = config_channel_find(b, a->channels[i].id);

        if (!c || !config_option_same(config_channel_options, &a->channels[i], c))
            return false;
    }
    return a->n_channels == b->n_channels;
}

static bool config_windows_same(const struct config *a, const struct config *b)
{
    bool same = a->n_windows == b->n_windows;

    for (size_t i = 0; same && i < a->n_windows; i++)
        same = strcmp(a->windows[i].id, b->windows[i].id) == 0 &&
               config_option_same(config_window_options, &a->windows[i], &b->windows[i]);
    return same;
}

static void config_changes_alerts(const struct config *old, const struct config *now,
                                  struct buf *out)
{
    size_t n_new = 0, n_gone = 0, n_changed = 0;

    for (size_t i = 0; i < now->n_alerts; i++) {
        const struct config_alert *a = &now->alerts[i], *before = config_alert_find(old, a->id);

        n_new += !before;
        n_changed += before && !config_option_same(config_alert_options, before, a);
    }
    for (size_t i = 0; i < old->n_alerts; i++)
        n_gone += !config_alert_find(now, old->alerts[i].id);
    config_count(out, n_new, "alert", "new");
    config_count(out, n_gone, "alert", "gone");
    config_count(out, n_changed, "alert", "changed");
}

void config_changes(const struct config *old, const struct config *now, struct buf *out)
{
    size_t s_new = 0, s_gone = 0, s_changed = 0, p_new = 0, p_gone = 0, p_changed = 0;

    for (size_t i = 0; i < now->n_services; i++) {
        const struct config_service *s = &now->services[i];
        const struct config_service *before = config_service_find(old, s->id);

        s_new += !before;
        s_changed += before && !config_option_same(config_service_options, before, s);
        for (size_t j = 0; before && j < s->n_probes; j++) {
            const struct config_probe *p = config_probe_find(before, s->probes[j].name);

            p_new += !p;
            p_changed += p && !config_probe_same(p, &s->probes[j]);
        }
    }
    for (size_t i = 0; i < old->n_services; i++) {
        const struct config_service *s = &old->services[i];
        const struct config_service *after = config_service_find(now, s->id);

        s_gone += !after;
        for (size_t j = 0; after && j < s->n_probes; j++)
            p_gone += !config_probe_find(after, s->probes[j].name);
    }
    config_count(out, s_new, "service", "new");
    config_count(out, s_gone, "service", "gone");
    config_count(out, s_changed, "service", "changed");
    config_count(out, p_new, "probe", "new");
    config_count(out, p_gone, "probe", "gone");
    config_count(out, p_changed, "probe", "changed");
    config_changes_alerts(old, now, out);
    if (!config_windows_same(old, now))
        config_changed(out, "maintenance");
    if (!config_channels_same(old, now))
        config_changed(out, "notify");
    for (const struct option *o = config_watch_options; o->name; o++)
        if (!config_same_one(o, old, now))
            config_changed(out, o->name);
    if (!config_option_same(config_words_options, &old->words, &now->words))
        config_changed(out, "words");
    if (!config_option_same(config_history_options, &old->history, &now->history))
        config_changed(out, "history");
    if (out->len == 0)
        buf_adds(out, "nothing changed");
}

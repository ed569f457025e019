/* app/config_alerts.c: when somebody is to be told, read and held against what is watched. */
#include "app/config_impl.h"

#include <stdint.h>
#include <string.h>

#include "alerts/judge.h"
#include "alerts/rule.h"
#include "app/config_schema.h"
#include "app/names.h"
#include "app/watch_board.h"
#include "core/alloc.h"
#include "core/nearest.h"
#include "core/unit.h"

static const char *const alert_severities[] = { "SEV-1", "SEV-2", "SEV-3", "SEV-4" };

/* The words of the configuration, or else ours; worst first. */
static const char *const *alert_words(const struct config *c, size_t *n)
{
    *n = c->severities.n ? c->severities.n : sizeof alert_severities / sizeof *alert_severities;
    return c->severities.n ? (const char *const *)c->severities.items : alert_severities;
}

/* About a key of an alert, where it stands, or else where the alert does. */
static void alert_blame(struct reader *r, const struct node *map, const char *key,
                        const char *words)
{
    const struct node *at = node_get(map, key);
    size_t before = walk_enter(&r->walk, key);

    walk_error(&r->walk, at ? at : map, "%s", words);
    walk_leave(&r->walk, before);
}

/* Its place from 1; 0 with err set when there is none of that name. */
static int alert_rank(const struct config *c, const char *severity, struct err *err)
{
    size_t n;
    const char *const *words = alert_words(c, &n), *near;
    struct buf list = { 0 };

    for (size_t i = 0; i < n; i++)
        if (strcmp(words[i], severity) == 0)
            return (int)i + 1;
    for (size_t i = 0; i < n; i++)
        buf_addf(&list, "%s%s", i ? ", " : "", words[i]);
    near = nearest_word(severity, words, n);
    if (near)
        err_set(err, "'%.40s' is no severity; did you mean '%s'?", severity, near);
    else
        err_set(err, "'%.40s' is no severity; write one of: %s", severity, buf_str(&list));
    buf_fini(&list);
    return 0;
}

static void alert_severity(struct reader *r, struct config_alert *a, const struct node *map)
{
    struct err err;

    a->rank = alert_rank(r->config, a->severity, &err);
    if (!a->rank)
        alert_blame(r, map, "severity", err.msg);
}

static void alerts_remind(struct reader *r, const struct node *root)
{
    const struct node *map = node_get(root, "remind");
    struct walk *w = &r->walk;
    size_t before = walk_enter(w, "remind");

    for (const struct node *k = map ? map->first : NULL; k; k = k->next) {
        int64_t ms;
        struct err err;

        if (k->bad || !k->value || !k->value->text)
            continue;
        if (!alert_rank(r->config, k->text, &err))
            walk_error(w, k, "%s", err.msg);
        else if (!duration_parse(k->value->text, &ms, &err))
            walk_error(w, k->value, "%s", err.msg);
        else if (ms < 1000)
            walk_error(w, k->value, "is more often than every second");
    }
    walk_leave(w, before);
}

static void alert_service(struct reader *r, struct config_alert *a, const struct node *map)
{
    const struct config_service *s = a->service ? config_service_find(r->config, a->service) : NULL;
    struct err err;

    a->service_at = s ? (int)(s - r->config->services) : -1;
    if (!a->service || s || r->walk.cut)
        return;
    err_set(&err, "no service '%.40s' under 'services'", a->service);
    alert_blame(r, map, "service", err.msg);
}

/* A place within what was written, where it stands on one line as it is. */
static struct node alert_within(const struct node *n, const char *words, size_t at)
{
    struct node there = *n;

    if (n->line == n->end_line && n->text && strcmp(n->text, words) == 0 && at <= n->len)
        for (size_t i = 0; i < at + n->quoted; i++)
            there.col += i < (size_t)n->quoted || (words[i - n->quoted] & 0xc0) != 0x80;
    return there;
}

static void alert_wrong(struct reader *r, const struct config_alert *a, const struct node *map,
                        size_t at, const struct err *why)
{
    const struct node *n = node_get(map, at == SIZE_MAX ? "recover" : "when");
    size_t before = walk_enter(&r->walk, at == SIZE_MAX ? "recover" : "when");
    struct node there = n ? *n : *map;

    if (n && at != SIZE_MAX)
        there = alert_within(n, a->when, at);
    walk_error(&r->walk, &there, "%s", why->msg);
    walk_leave(&r->walk, before);
}

/* The rule by itself, and on the board of what is watched (NULL: that is wrong already). */
static void alert_rule(struct reader *r, const struct config_alert *a, const struct node *map,
                       const struct board *b)
{
    struct err err;
    size_t at;
    struct rule *rule = rule_parse(a->when, &at, &err);

    if (!rule) {
        alert_wrong(r, a, map, at, &err);
        return;
    }
    if (rule_for_ms(rule) >= 0 && node_get(map, "for"))
        alert_blame(r, map, "for", "stands in 'when' already");
    else if (b && !rule_bind(rule, b, a->recover, &at, &err))
        alert_wrong(r, a, map, at, &err);
    rule_free(rule);
}

/* Each once, and each there. */
static void alert_notify(struct reader *r, struct config_alert *a, const struct node *map)
{
    struct err err;

    for (size_t i = 0; i < a->notify.n; i++) {
        const char *id = a->notify.items[i];
        const char *names[CHANNELS_MAX], *near;
        size_t n = 0;

        if (config_channel_find(r->config, id) || r->walk.cut)
            continue;
        for (; n < r->config->n_channels && n < CHANNELS_MAX; n++)
            names[n] = r->config->channels[n].id;
        near = nearest_word(id, names, n);
        if (near)
            err_set(&err, "no channel '%.40s'; did you mean '%s'?", id, near);
        else
            err_set(&err, "no channel '%.40s' under 'notify'", id);
        alert_blame(r, map, "notify", err.msg);
    }
}

/* What its severity says, where it says nothing itself. */
static void alert_remind(const struct reader *r, struct config_alert *a)
{
    const struct strmap *map = &r->config->remind;

    for (size_t i = 0; !a->remind_ms && i < map->n; i++)
        if (strcmp(map->keys[i], a->severity) == 0)
            duration_parse(map->values[i], &a->remind_ms, NULL);
}

static void alert_read(struct reader *r, struct config_alert *a, const struct node *map,
                       const struct board *b)
{
    struct walk *w = &r->walk;
    struct walk_table table = { config_alert_options, a };
    size_t before = walk_errors(w);

    w->silent = false;
    option_defaults(config_alert_options, a, UNIT_NONE);
    if (!walk_is_map(
            w, map, "an alert is a map, such as { when: api.errors > 5% for 5m, severity: SEV-1 }"))
        return;
    walk_options(w, map, &table, 1, NULL, WALK_PLAIN, UNIT_NONE);
    read_label(r, map, "title", TITLE_MAX);
    read_label(r, map, "runbook", TITLE_MAX);
    if (walk_errors(w) != before || w->silent)
        return;
    alert_severity(r, a, map);
    alert_remind(r, a);
    alert_service(r, a, map);
    alert_notify(r, a, map);
    alert_rule(r, a, map, b);
}

void alerts_read(struct reader *r, const struct node *root)
{
    const struct node *alerts = node_get(root, "alerts");
    struct walk *w = &r->walk;
    struct config *c = r->config;
    bool known = walk_errors(w) == 0 && !w->cut;
    struct board *b = NULL;
    size_t before;

    alerts_remind(r, root);
    before = walk_enter(w, "alerts");
    if (!alerts || !walk_is_map(w, alerts, "write a map of names and alerts"))
        goto out;
    c->alerts = xcalloc(alerts->n, sizeof *c->alerts);
    /* names of what could not be read would be blamed for nothing */
    b = known ? watch_board_new(c, 0) : NULL;
    for (const struct node *k = alerts->first; k; k = k->next) {
        size_t inner;

        if (k->bad)
            continue;
        inner = walk_enter(w, k->text);
        read_id(r, k);
        c->alerts[c->n_alerts].id = xstrdup(k->text);
        alert_read(r, &c->alerts[c->n_alerts++], k->value, b);
        walk_leave(w, inner);
    }
    board_free(b);
out:
    walk_leave(w, before);
}

struct judge_rule *config_judge_rules(const struct config *c)
{
    struct judge_rule *rules = xcalloc(c->n_alerts, sizeof *rules);

    for (size_t i = 0; i < c->n_alerts; i++) {
        const struct config_alert *a = &c->alerts[i];

        rules[i] = (struct judge_rule){ .id = a->id,
                                        .title = a->title,
                                        .severity = a->severity,
                                        .rank = a->rank,
                                        .when = a->when,
                                        .recover = a->recover,
                                        .runbook = a->runbook,
                                        .service = a->service_at,
                                        .for_ms = a->for_ms ? a->for_ms : -1,
                                        .keep_ms = a->keep_ms,
                                        .no_data_ms = a->no_data_ms };
    }
    return rules;
}

/* probes/prometheus_alerts.c: the alerts that a Prometheus or an Alertmanager knows of, counted
 * and as a table. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"
#include "core/buf.h"
#include "core/json.h"
#include "core/stamp.h"
#include "probes/prometheus_impl.h"

enum remote_state { REMOTE_FIRING, REMOTE_WAITING, REMOTE_UNREAD };

struct remote {
    const struct json *labels, *notes;
    enum remote_state state;
    const char *word; /* "firing", "pending", "silenced", "inhibited" */
    const char *name, *severity, *since;
    bool counted;
};

struct remotes {
    struct remote *items;
    size_t n, cap, firing, waiting, unread;
    /* of a Prometheus: its rules, those that it fails to evaluate and those that it did not yet */
    size_t rules, failed, fresh;
    const char *failed_name, *failed_why; /* the first of them */
};

static const char *remote_label(const struct remote *a, const char *name)
{
    const char *value = json_string(json_get(a->labels, name));

    return value ? value : "";
}

/* What is always on by design (severity: none) and what was named is listed only. */
static bool remote_counts(const struct prometheus_options *o, const struct remote *a)
{
    for (size_t i = 0; i < o->ignore.n; i++)
        if (strcmp(o->ignore.items[i], a->name) == 0)
            return false;
    return strcmp(a->severity, "none") != 0;
}

static void remote_read_prometheus(const struct json *v, struct remote *a)
{
    const char *state = json_string(json_get(v, "state"));

    a->since = json_string(json_get(v, "activeAt"));
    a->word = state;
    a->state = !state                          ? REMOTE_UNREAD
               : strcmp(state, "firing") == 0  ? REMOTE_FIRING
               : strcmp(state, "pending") == 0 ? REMOTE_WAITING
                                               : REMOTE_UNREAD;
}

/* An alert that nobody has looked at yet ("unprocessed") fires no less than an active one. */
static void remote_read_alertmanager(const struct json *v, struct remote *a)
{
    const struct json *status = json_get(v, "status");
    const char *state = json_string(json_get(status, "state"));

    a->since = json_string(json_get(v, "startsAt"));
    if (!state) {
        a->state = REMOTE_UNREAD;
    } else if (strcmp(state, "suppressed") == 0) {
        a->state = REMOTE_WAITING;
        a->word = json_count(json_get(status, "silencedBy")) ? "silenced" : "inhibited";
    } else if (strcmp(state, "active") == 0 || strcmp(state, "unprocessed") == 0) {
        a->state = REMOTE_FIRING;
        a->word = "firing";
    } else {
        a->state = REMOTE_UNREAD;
    }
}

static void alerts_add(const struct prometheus_options *o, const struct json *v,
                       struct remotes *all)
{
    struct remote *a;

    if (all->n == all->cap) {
        all->cap = all->cap ? 2 * all->cap : 64;
        all->items = xreallocarray(all->items, all->cap, sizeof *all->items);
    }
    a = &all->items[all->n++];
    *a = (struct remote){ .labels = json_get(v, "labels"), .notes = json_get(v, "annotations") };
    if (o->alerts == ALERTS_PROMETHEUS)
        remote_read_prometheus(v, a);
    else
        remote_read_alertmanager(v, a);
    a->name = remote_label(a, "alertname");
    a->severity = remote_label(a, "severity");
    a->counted = remote_counts(o, a);
    all->firing += a->counted && a->state == REMOTE_FIRING;
    all->waiting += a->counted && a->state == REMOTE_WAITING;
    all->unread += a->state == REMOTE_UNREAD;
}

/* ---- rules ---- */

/* A rule that cannot be evaluated has no alert, whatever is wrong. */
static void rule_add(const struct prometheus_options *o, const struct json *rule,
                     struct remotes *all)
{
    const char *type = json_string(json_get(rule, "type"));
    const char *health = json_string(json_get(rule, "health"));

    if (type && strcmp(type, "alerting") != 0)
        return;
    all->rules++;
    if (!health || strcmp(health, "unknown") == 0) {
        all->fresh++;
    } else if (strcmp(health, "ok") != 0) {
        if (!all->failed++) {
            all->failed_name = json_string(json_get(rule, "name"));
            all->failed_why = json_string(json_get(rule, "lastError"));
        }
    }
    for (const struct json *v = json_first(json_get(rule, "alerts")); v; v = json_next(v))
        alerts_add(o, v, all);
}

static void rules_read(const struct prometheus_options *o, const struct json *groups,
                       struct remotes *all)
{
    for (const struct json *g = json_first(groups); g; g = json_next(g))
        for (const struct json *v = json_first(json_get(g, "rules")); v; v = json_next(v))
            rule_add(o, v, all);
}

/* ---- the table ---- */

static void remote_where(const struct remote *a, struct text *out)
{
    struct buf b = { 0 };

    for (const struct json *v = json_members(a->labels); v; v = json_next(v)) {
        const char *key = json_key(v), *value = json_string(v);

        if (strcmp(key, "alertname") != 0 && strcmp(key, "severity") != 0 && value)
            buf_addf(&b, "%s%s=%s", b.len ? " " : "", key, value);
    }
    text_set(out, b.bytes, b.len);
    buf_fini(&b);
}

static void remote_row(const struct remote *a, int64_t now_ms, struct rows *rows)
{
    struct text *cells = rows_add(rows);
    const char *summary = json_string(json_get(a->notes, "summary"));
    int64_t since_ms;
    char age[16];

    if (!cells)
        return;
    if (!summary)
        summary = json_string(json_get(a->notes, "description"));
    text_setf(&cells[0], "%s%s", a->word ? a->word : "?", a->counted ? "" : " (not counted)");
    text_sets(&cells[1], a->name);
    text_sets(&cells[2], a->severity);
    if (a->since && stamp_parse(a->since, strlen(a->since), &since_ms))
        text_sets(&cells[3], age_format(now_ms - since_ms, age));
    else
        text_sets(&cells[3], "not told");
    remote_where(a, &cells[4]);
    text_sets(&cells[5], summary);
}

static void alerts_table(const struct remotes *all, struct prometheus_say *s, struct report *r)
{
    static const char *const heads[] = { "state", "alert", "severity", "for", "where", "summary" };

    rows_begin(&s->rows, heads, sizeof heads / sizeof heads[0]);
    for (int counted = 1; counted >= 0; counted--)
        for (enum remote_state st = REMOTE_FIRING; st <= REMOTE_UNREAD; st++)
            for (size_t i = 0; i < all->n; i++)
                if (all->items[i].state == st && all->items[i].counted == counted)
                    remote_row(&all->items[i], r->at_ms, &s->rows);
    if (all->n)
        r->table = &s->rows.table;
}

/* ---- the sentence ---- */

/* "3 firing: HighErrors, DiskFull" with each name once, the first three of them. */
static void alerts_names(const struct remotes *all, struct buf *b)
{
    const char *told[3];
    size_t n = 0;

    for (size_t i = 0; i < all->n; i++) {
        const struct remote *a = &all->items[i];
        size_t k = 0;

        if (!a->counted || a->state != REMOTE_FIRING)
            continue;
        while (k < n && strcmp(told[k], a->name) != 0)
            k++;
        if (k < n)
            continue;
        if (n == sizeof told / sizeof told[0]) {
            buf_adds(b, " ...");
            return;
        }
        buf_addf(b, "%s %s", n ? "," : ":", a->name);
        told[n++] = a->name;
    }
}

static void alerts_say(const struct prometheus_options *o, const struct remotes *all,
                       struct report *r)
{
    const char *waiting = o->alerts == ALERTS_PROMETHEUS ? "pending" : "suppressed";
    struct buf b = { 0 };

    if (all->firing)
        buf_addf(&b, "%zu firing", all->firing);
    else
        buf_adds(&b, "no alert fires");
    alerts_names(all, &b);
    if (all->waiting)
        buf_addf(&b, " · %zu %s", all->waiting, waiting);
    if (all->failed)
        buf_addf(&b, " · %zu of %zu rules cannot be evaluated: %.80s: %.200s", all->failed,
                 all->rules, all->failed_name ? all->failed_name : "?",
                 all->failed_why && *all->failed_why ? all->failed_why : "no reason told");
    else if (all->fresh)
        buf_addf(&b, " · %zu of %zu rules were not evaluated yet", all->fresh, all->rules);
    r->state = all->firing || all->failed ? STATE_DEGRADED : STATE_UP;
    text_set(&r->reason, b.bytes, b.len);
    buf_fini(&b);
}

/* Of rules that are not there, or that nobody looked at yet, no alert fires either. */
static const char *alerts_untold(const struct prometheus_options *o, const struct remotes *all)
{
    return o->alerts != ALERTS_PROMETHEUS ? NULL
           : !all->rules                  ? "it has no rules for alerts"
           : all->fresh == all->rules     ? "none of its rules was evaluated yet"
                                          : NULL;
}

void prometheus_alerts(const struct prometheus_options *o, const struct json *list,
                       struct prometheus_say *s, struct report *r)
{
    struct remotes all = { 0 };
    const char *untold;
    char why[96];

    if (!json_is(list, JSON_ARRAY)) {
        prometheus_unread(r, o->alerts == ALERTS_PROMETHEUS ? "no list of rules in the answer"
                                                            : "no list of alerts in the answer");
        return;
    }
    if (o->alerts == ALERTS_PROMETHEUS)
        rules_read(o, list, &all);
    for (const struct json *v = o->alerts == ALERTS_PROMETHEUS ? NULL : json_first(list); v;
         v = json_next(v))
        alerts_add(o, v, &all);
    alerts_table(&all, s, r);
    untold = alerts_untold(o, &all);
    if (untold && !all.n) {
        r->state = STATE_UNKNOWN;
        text_sets(&r->reason, untold);
        text_sets(&r->values[0].note, untold);
    } else if (all.unread) {
        snprintf(why, sizeof why, "%zu of %zu alerts are in no known state", all.unread, all.n);
        prometheus_unread(r, why);
    } else {
        r->values[0].known = r->values[1].known = true;
        r->values[0].value = (double)all.firing;
        r->values[1].value = (double)all.waiting;
        alerts_say(o, &all, r);
    }
    free(all.items);
}

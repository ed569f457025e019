/* app/config_budget.c: how often a target lets itself be asked, against how often this file asks
 * it: a profile that would run into the target's own limit is refused when it is read. */
#include "app/config_impl.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "app/secrets.h"
#include "core/alloc.h"
#include "core/decimal.h"

enum { TOLD_MAX = 4, ORIGIN_MAX = 280, ALLOWED_MAX = 1000000000 };

struct asker { /* one probe, or several that share what they ask */
    const struct config_service *service;
    const struct config_probe *probe;
    double asks;
};

/* http://host:port, in small letters and with its port; false for anything else. `rest` is what
 * follows it. */
static bool budget_origin(const char *url, char out[ORIGIN_MAX], const char **rest)
{
    bool tls = strncasecmp(url, "https://", 8) == 0;
    const char *host, *at, *colon;
    size_t len, n;

    if (!tls && strncasecmp(url, "http://", 7) != 0)
        return false; /* and nothing says that it has seven bytes */
    host = url + (tls ? 8 : 7);
    len = strcspn(host, "/?#");
    at = memchr(host, '@', len);
    *rest = host + len;
    if (at) { /* a user is no other target */
        len -= (size_t)(at + 1 - host);
        host = at + 1;
    }
    colon = memrchr(host, ':', len);
    if (colon && memchr(colon, ']', len - (size_t)(colon - host)))
        colon = NULL; /* of an IPv6 address */
    n = (size_t)snprintf(out, ORIGIN_MAX, "http%s://%.*s%s", tls ? "s" : "", (int)len, host,
                         colon ? ""
                         : tls ? ":443"
                               : ":80");
    if (!len || n >= ORIGIN_MAX)
        return false;
    for (char *c = out; *c; c++)
        if (*c >= 'A' && *c <= 'Z')
            *c += 'a' - 'A';
    return true;
}

/* Does the probe ask there over HTTP? */
static bool budget_asks(const struct config_probe *p, const char *origin)
{
    for (const struct option *o = p->self ? p->ops->options : NULL; o && o->name; o++) {
        const char *url =
            o->type == OPTION_URL ? *(char *const *)((const char *)p->self + o->offset) : NULL;
        char its[ORIGIN_MAX];
        const char *rest;

        if (url && budget_origin(url, its, &rest) && strcmp(its, origin) == 0)
            return true;
    }
    return false;
}

static const void *budget_option(const struct config_probe *p, const char *name,
                                 enum option_type type)
{
    const struct option *o = option_find(p->ops->options, name);

    return o && o->type == type ? (const char *)p->self + o->offset : NULL;
}

/* At most so many requests in the window: the slots; what `confirm` adds while it is not sure; the
 * one question when the connection closed; redirects; the pages of a listing. */
static double budget_count(const struct config_probe *p, int64_t window_ms)
{
    const struct probe_common *c = &p->common;
    const bool *fresh = budget_option(p, "fresh", OPTION_BOOL);
    const int *follow = budget_option(p, "follow", OPTION_INT);
    double slots = ceil((double)window_ms / (double)c->every_ms), confirms = 0;

    if (c->confirm_ms)
        confirms = fmin(c->fail_after - 1, (double)((c->every_ms - 1) / c->confirm_ms));
    return slots * (1 + confirms + (fresh && *fresh ? 0 : 1)) * (1 + (follow ? *follow : 0)) *
           (p->ops->requests_max ? p->ops->requests_max : 1);
}

/* Probes of one page at one interval ask it once. */
static bool budget_shared(const struct asker *askers, size_t n, const struct config_probe *p)
{
    for (size_t i = 0; p->ops->together && i < n; i++) {
        const struct config_probe *q = askers[i].probe;

        if (q->ops == p->ops && q->common.every_ms == p->common.every_ms &&
            q->ops->together(q->self) == p->ops->together(p->self))
            return true;
    }
    return false;
}

static int asker_order(const void *a, const void *b)
{
    double x = ((const struct asker *)a)->asks, y = ((const struct asker *)b)->asks;

    return (x < y) - (x > y);
}

/* "100/1m" */
static bool budget_limit(const char *text, struct config_budget *b, struct err *err)
{
    struct err ignored;
    size_t len = strcspn(text, "/");
    long n;

    if (!decimal_whole(text, len, ALLOWED_MAX, &n) || n < 1 || !text[len] ||
        !duration_parse(text + len + 1, &b->window_ms, &ignored) || b->window_ms < 1000)
        return err_set(err, "'%.40s' is no rate; write requests and time, such as 100/1m", text);
    b->allowed = (int)n;
    return true;
}

static void budget_refuse(struct reader *r, const struct node *key, const struct config_budget *b,
                          struct asker *askers, size_t n)
{
    char list[320] = "", window[32];

    qsort(askers, n, sizeof *askers, asker_order);
    for (size_t i = 0; i < n && i < TOLD_MAX; i++) {
        size_t len = strlen(list);

        snprintf(list + len, sizeof list - len, "%s%.32s.%.32s %.0f", i ? ", " : "",
                 askers[i].service->id, askers[i].probe->name, askers[i].asks);
    }
    walk_error(&r->walk, key,
               "allows %d requests in %s, and these probes ask up to %.0f: %s%s; ask less often, "
               "or with fresh: true, which asks no second time when a connection closes",
               b->allowed, duration_format(b->window_ms, window), b->asks, list,
               n > TOLD_MAX ? ", ..." : "");
}

static void budget_judge(struct reader *r, const struct node *key, struct config_budget *b)
{
    struct config *c = r->config;
    struct asker *askers = xcalloc(c->n_probes ? c->n_probes : 1, sizeof *askers);
    size_t n = 0;

    for (size_t i = 0; i < c->n_services; i++)
        for (size_t k = 0; k < c->services[i].n_probes; k++) {
            const struct config_probe *p = &c->services[i].probes[k];

            if (!budget_asks(p, b->origin) || budget_shared(askers, n, p))
                continue;
            askers[n] = (struct asker){ &c->services[i], p, budget_count(p, b->window_ms) };
            b->asks += askers[n++].asks;
        }
    if (n == 0)
        walk_error(&r->walk, key, "no probe asks %s", b->origin);
    else if (b->asks > b->allowed)
        budget_refuse(r, key, b, askers, n);
    free(askers);
}

/* The origin that the key names once its variables are put in; false after an error. */
static bool budget_key(struct reader *r, const struct node *key, char origin[ORIGIN_MAX])
{
    struct walk *w = &r->walk;
    struct buf url = { 0 };
    struct err err = { 0 };
    const char *rest = "";
    bool outside = false, fine = false;

    if (!vars_expand(&w->vars, key->text, &url, &outside, &err)) {
        if (*err.msg && !w->vars.blamed)
            walk_error(w, key, "%s", err.msg);
    } else if (secrets_in_address(buf_str(&url))) {
        walk_error(w, key, "an address here cannot hold a password or token; take it out");
    } else if (!budget_origin(buf_str(&url), origin, &rest) || (*rest && strcmp(rest, "/") != 0)) {
        walk_error(w, key, "is no origin; write http://host:port without a path, or its variable");
    } else {
        fine = true;
    }
    buf_fini(&url);
    return fine;
}

/* The value of a key as it was read; NULL when that went wrong and was told. */
static const char *budget_value(const struct config *c, const char *key)
{
    for (size_t i = 0; i < c->rate_limits.n; i++)
        if (strcmp(c->rate_limits.keys[i], key) == 0)
            return c->rate_limits.values[i];
    return NULL;
}

void budget_read(struct reader *r, const struct node *root)
{
    const struct node *map = node_get(root, "rate_limits");
    struct config *c = r->config;
    struct walk *w = &r->walk;
    size_t before = walk_enter(w, "rate_limits");
    bool whole = walk_errors(w) == 0 && !w->cut; /* of probes in error nothing is counted */

    if (!map || map->kind != NODE_MAP || map->n == 0)
        goto out;
    c->budgets = xcalloc(map->n, sizeof *c->budgets);
    for (const struct node *k = map->first; k; k = k->next) {
        struct config_budget *b = &c->budgets[c->n_budgets];
        const char *limit = k->bad ? NULL : budget_value(c, k->text);
        size_t inner = walk_enter(w, k->text ? k->text : "");
        char origin[ORIGIN_MAX];
        struct err err;

        if (limit && budget_key(r, k, origin)) {
            c->n_budgets++;
            b->origin = xstrdup(origin);
            if (!budget_limit(limit, b, &err))
                walk_error(w, k->value, "%s", err.msg);
            else if (whole)
                budget_judge(r, k, b);
        }
        walk_leave(w, inner);
    }
out:
    walk_leave(w, before);
}

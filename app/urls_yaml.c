/* app/urls_yaml.c: addresses as a configuration, with comments for whoever goes on from there. */
#include "app/urls_impl.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

/* In double quotes; a dollar that was typed is one, and no reference. */
static void yaml_quoted(struct buf *out, const char *s)
{
    buf_addc(out, '"');
    for (; *s; s++) {
        unsigned char c = (unsigned char)*s;

        if (c == '"' || c == '\\')
            buf_addf(out, "\\%c", c);
        else if (c == '$')
            buf_adds(out, "$$");
        else if (c < 0x20 || c == 0x7f)
            buf_addf(out, "\\x%02x", c);
        else
            buf_addc(out, (char)c);
    }
    buf_addc(out, '"');
}

/* Does the address look like one that tells its health? */
static bool yaml_tells_health(const struct url *u)
{
    static const char *const words[] = { "health", "ready",     "live",     "status",
                                         "ping",   "heartbeat", "actuator", "alive" };

    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (strcasestr(u->path, words[i]))
            return true;
    return false;
}

static void yaml_basic(struct buf *out, const struct url *u)
{
    if (u->password || u->given)
        buf_addf(out, "\n        basic: env:%s   # user:password, as it was in the address",
                 u->env);
}

/* What the body says counts where the path promises health; a page for people is only fetched;
 * about anything else the probe finds out by itself. */
static void yaml_http(struct buf *out, const struct url *u)
{
    bool page =
        u->health || !*u->path || strcmp(u->path, "/") == 0 || strcmp(u->path, "/metrics") == 0;

    buf_addf(out, "      %s:\n        http: ", u->probe);
    yaml_quoted(out, u->address);
    if (page)
        buf_addf(out, "\n        read: none                # only the code is judged%s",
                 u->silent ? "; nothing answered, its health page is not known" : "");
    else if (yaml_tells_health(u))
        buf_adds(out, "\n        read: health              # the body is judged too");
    yaml_basic(out, u);
    buf_adds(out, "\n        every: 10s\n        timeout: 5s\n");
    if (u->health) {
        buf_adds(out, "      health:                     # found by looking\n        http: ");
        yaml_quoted(out, u->health);
        buf_adds(out, "\n        read: health");
        yaml_basic(out, u);
        buf_adds(out, "\n        every: 10s\n        timeout: 5s\n        fail_after: 3           "
                      "  # down after three failures in a row\n");
    }
}

static void yaml_metrics(struct buf *out, const struct url *u)
{
    if (!u->metrics)
        return;
    if (*u->code_label) {
        buf_adds(out, "      errors:                     # found by looking\n        metrics: ");
        yaml_quoted(out, u->metrics);
        buf_addf(out, "\n        ratio: ['http_requests_total{%s=~\"5..\"}', http_requests_total]",
                 u->code_label);
        yaml_basic(out, u);
        buf_adds(out, "\n        over: 5m\n        warn: 1%\n        crit: 5%\n");
    }
    if (u->durations) {
        buf_adds(out, "      p95:                        # found by looking\n        metrics: ");
        yaml_quoted(out, u->metrics);
        buf_adds(out, "\n        quantile: 0.95\n        of: http_request_duration_seconds");
        yaml_basic(out, u);
        buf_adds(out, "\n        over: 5m\n        warn: 500ms\n        crit: 1s\n");
    }
}

static void yaml_password(struct buf *out, const struct url *u)
{
    if (u->password || u->given)
        buf_addf(out, "\n        password: env:%s   # it was in the address; or file:/path",
                 u->env);
}

static void yaml_postgres(struct buf *out, const struct url *u)
{
    buf_adds(out, "      ping:\n        postgres: ");
    yaml_quoted(out, u->address);
    yaml_password(out, u);
    buf_adds(out, "\n        sql: SELECT 1\n        every: 10s\n        timeout: 5s\n"
                  "      clients:                    # sessions against max_connections\n"
                  "        postgres: ");
    yaml_quoted(out, u->address);
    yaml_password(out, u);
    buf_adds(out, "\n        show: clients\n        every: 10s\n        timeout: 5s\n");
}

static void yaml_redis(struct buf *out, const struct url *u)
{
    buf_adds(out, "      ping:\n        redis: ");
    yaml_quoted(out, u->address);
    yaml_password(out, u);
    buf_adds(out, "\n        every: 10s\n        timeout: 5s\n");
}

static void yaml_service(struct buf *out, const struct urls *u, size_t first)
{
    const struct url *url = &u->items[first];

    buf_addf(out, "  %s:\n", url->id);
    if (url->kind == URL_HTTP && strcmp(url->id, url->host) != 0) {
        buf_adds(out, "    title: ");
        yaml_quoted(out, url->host);
        buf_addc(out, '\n');
    }
    buf_adds(out, "    # critical: true            # when this is down, everything is\n"
                  "    # depends_on: [...]         # what it needs: faults there are told first\n"
                  "    probes:\n");
    for (size_t i = first; i < u->n; i++) {
        if (strcmp(u->items[i].id, url->id) != 0)
            continue;
        if (url->kind == URL_HTTP)
            yaml_http(out, &u->items[i]);
        else if (url->kind == URL_POSTGRES)
            yaml_postgres(out, &u->items[i]);
        else
            yaml_redis(out, &u->items[i]);
        yaml_metrics(out, &u->items[i]);
    }
}

void urls_yaml(const struct urls *u, struct buf *out)
{
    buf_addf(out,
             "# Written by 'midwatch init'. 'midwatch check FILE' tells every mistake in it,\n"
             "# 'midwatch schema' every key that it may have.\n"
             "watch: %s\n"
             "environment: unnamed            # production, staging, ...: on every screen\n",
             u->items[0].id);
    buf_adds(out, "\nservices:\n");
    for (size_t i = 0; i < u->n; i++)
        if (u->items[i].first)
            yaml_service(out, u, i);
}

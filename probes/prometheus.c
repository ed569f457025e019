/* probes/prometheus.c: an instant query to a Prometheus server, or the alerts that one or an
 * Alertmanager knows of. */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"
#include "core/buf.h"
#include "probes/prometheus_impl.h"
#include "probes/registry.h"

#define PROMETHEUS(field) offsetof(struct prometheus_options, field)

enum { DAY_MS = 86400000 };

static const char *const prometheus_alert_words[] = { "none", "prometheus", "alertmanager", NULL };
static const char *const prometheus_combines[] = { "worst", "sum", "max", "min", "mean", NULL };

static const struct option prometheus_options[] = {
    { "prometheus", OPTION_URL, PROMETHEUS(url), NULL, "URL of the server, without /api",
      .required = true },
    { "query", OPTION_STRING, PROMETHEUS(query), NULL, "PromQL that gives a number or a vector" },
    { "by", OPTION_LIST, PROMETHEUS(by), NULL,
      "labels that name the series of a vector; else all that they have" },
    { "combine", OPTION_ENUM, PROMETHEUS(combine), "worst",
      "how several series become the one value", .words = prometheus_combines },
    { "max_age", OPTION_DURATION, PROMETHEUS(max_age_ms), "5m",
      "older than this a sample is no number any more", .min = 1000, .max = 30.0 * DAY_MS },
    { "alerts", OPTION_ENUM, PROMETHEUS(alerts), "none",
      "count the alerts of this server instead of a query", .words = prometheus_alert_words },
    { "ignore", OPTION_LIST, PROMETHEUS(ignore), NULL,
      "names of alerts that are listed and not counted: Watchdog" },
    { "headers", OPTION_MAP, PROMETHEUS(headers), NULL, "headers of the request" },
    TARGET_CREDENTIALS(struct prometheus_options),
    TARGET_TRUST(struct prometheus_options),
    { 0 }
};

struct prometheus_state {
    struct target_link link;
    char *url; /* the whole, with the query */
    struct prometheus_say say;
    struct report report;
};

/* ---- options ---- */

static bool prometheus_check(void *self, struct probe_common *common, struct err *err)
{
    struct prometheus_options *o = self;
    const struct probe_trust trust = { o->ca_file, o->insecure_reason, o->insecure };

    if (!target_check(o->url, &trust, o->bearer, o->basic, err))
        return false;
    if (strpbrk(o->url, "?#"))
        return err_set(err, "prometheus: the address of the server alone; what is asked stands in "
                            "query");
    if (o->query && o->alerts)
        return err_set(err, "alerts: with a query there is none to count; two probes ask two "
                            "questions");
    if (!o->query && !o->alerts)
        return err_set(err, "query: is missing; write PromQL, or alerts: prometheus");
    if (o->query && !*o->query)
        return err_set(err, "query: is empty");
    if (o->alerts && (o->by.n || o->combine))
        return err_set(err, "%s: goes with a query", o->by.n ? "by" : "combine");
    if (!o->alerts && o->ignore.n)
        return err_set(err, "ignore: goes with alerts");
    if (o->alerts && !probe_unit_fixed(common, "alerts, which it counts", err))
        return false;
    if (o->connect_ms > common->timeout_ms)
        o->connect_ms = common->timeout_ms;
    return true;
}

static size_t prometheus_signals(const void *self, const struct probe_common *common,
                                 struct signal_spec out[READING_SIGNALS])
{
    const struct prometheus_options *o = self;

    if (!o->alerts) {
        out[0] = (struct signal_spec){ .name = "value",
                                       .unit = probe_unit(common, UNIT_NONE),
                                       .unit_word = common->unit_word,
                                       .main = true };
        return 1;
    }
    out[0] = (struct signal_spec){ .name = "firing", .unit = UNIT_COUNT, .main = true };
    out[1] =
        (struct signal_spec){ .name = o->alerts == ALERTS_PROMETHEUS ? "pending" : "suppressed",
                              .unit = UNIT_COUNT };
    return 2;
}

static void prometheus_target(const void *self, struct text *out)
{
    const struct prometheus_options *o = self;
    struct text url = { 0 };

    http_url_show(o->url, &url);
    text_setf(out, "%s %s", text_str(&url), o->query ? o->query : "alerts");
    text_fini(&url);
}

/* ---- asking ---- */

static void prometheus_escape(struct buf *b, const char *s)
{
    for (; *s; s++) {
        if (isalnum((unsigned char)*s) || strchr("-._~", *s))
            buf_addc(b, *s);
        else
            buf_addf(b, "%%%02X", (unsigned char)*s);
    }
}

/* The server is told our deadline too: it must not work on for somebody who has left. */
static char *prometheus_url(const struct prometheus_options *o, int64_t timeout_ms)
{
    struct buf b = { 0 };
    size_t len = strlen(o->url);

    while (len && o->url[len - 1] == '/')
        len--;
    buf_add(&b, o->url, len);
    if (o->query) {
        buf_adds(&b, "/api/v1/query?query=");
        prometheus_escape(&b, o->query);
        buf_addf(&b, "&timeout=%lldms", (long long)timeout_ms);
    } else {
        buf_adds(&b,
                 o->alerts == ALERTS_PROMETHEUS ? "/api/v1/rules?type=alert" : "/api/v2/alerts");
    }
    return b.bytes;
}

static bool prometheus_open(struct probe *p, struct err *err)
{
    const struct prometheus_options *o = p->self;
    struct prometheus_state *s = xcalloc(1, sizeof *s);

    p->state = s;
    report_init(&s->report, 0);
    s->url = prometheus_url(o, p->common->timeout_ms);
    s->link = (struct target_link){
        .probe = p,
        .report = &s->report,
        .spec = { .url = s->url,
                  .connect_timeout_ms = o->connect_ms,
                  .insecure = o->insecure,
                  .ca_file = o->ca_file },
        .headers = &o->headers,
        .bearer = o->bearer,
        .basic = o->basic,
    };
    return target_open(&s->link, err);
}

static void prometheus_on_reply(void *arg, const struct http_reply *reply)
{
    struct probe *p = arg;
    struct prometheus_state *s = p->state;

    report_clear(&s->report, io_now_ms(p->clients->io));
    prometheus_judge(p->self, p->common, reply, &s->say, &s->report);
    target_judged(&s->link);
    probe_report(p, &s->report);
}

static void prometheus_poll(struct probe *p)
{
    struct prometheus_state *s = p->state;

    target_poll(&s->link, prometheus_on_reply);
}

static void prometheus_close(struct probe *p)
{
    struct prometheus_state *s = p->state;

    if (!s)
        return;
    target_close(&s->link);
    prometheus_say_fini(&s->say);
    report_fini(&s->report);
    free(s->url);
    free(s);
    p->state = NULL;
}

const struct probe_ops probe_prometheus = {
    .kind = "prometheus",
    .help = "a query to a Prometheus server, or its alerts",
    .options = prometheus_options,
    .size = sizeof(struct prometheus_options),
    .check = prometheus_check,
    .signals = prometheus_signals,
    .target = prometheus_target,
    .open = prometheus_open,
    .poll = prometheus_poll,
    .close = prometheus_close,
};

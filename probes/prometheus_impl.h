/* probes/prometheus_impl.h: between the parts of the kind `prometheus`. */
#pragma once

#include "probes/parts.h"
#include "probes/probe.h"
#include "probes/target.h"

enum prometheus_alerts { ALERTS_NONE, ALERTS_PROMETHEUS, ALERTS_ALERTMANAGER };
enum prometheus_combine { COMBINE_WORST, COMBINE_SUM, COMBINE_MAX, COMBINE_MIN, COMBINE_MEAN };

struct prometheus_options {
    char *url, *query, *bearer, *basic, *ca_file, *insecure_reason;
    struct strlist by, ignore;
    struct strmap headers;
    int alerts, combine; /* enum prometheus_alerts, prometheus_combine */
    int64_t max_age_ms, connect_ms;
    bool insecure;
};

struct prometheus_say { /* what an answer is read into; zeroed, prometheus_say_fini() */
    struct parts parts;
    struct rows rows;
};
void prometheus_say_fini(struct prometheus_say *s);

struct json;

/* A reply into a cleared report, whose at_ms is set. Pure. */
void prometheus_judge(const struct prometheus_options *o, const struct probe_common *common,
                      const struct http_reply *reply, struct prometheus_say *s, struct report *r);
/* prometheus_alerts.c: the groups of /api/v1/rules, or the list of /api/v2/alerts. */
void prometheus_alerts(const struct prometheus_options *o, const struct json *list,
                       struct prometheus_say *s, struct report *r);
/* The answer is none that can be read: an error of the protocol. */
void prometheus_unread(struct report *r, const char *why);

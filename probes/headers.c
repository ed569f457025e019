/* probes/headers.c: a set of headers of a reply: each as it must be, or a component that says what
 * it is instead. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "core/alloc.h"
#include "probes/header_rule.h"
#include "probes/parts.h"
#include "probes/registry.h"
#include "probes/target.h"

#define HSTS "Strict-Transport-Security"

enum { SECOND_MS = 1000 };
#define DECADE_MS (3650.0 * 86400 * SECOND_MS)

struct headers_options {
    char *url, *bearer, *basic, *ca_file, *insecure_reason;
    struct strmap request, want;
    struct codes expect;
    int64_t hsts_ms, connect_ms;
    int method;
    bool insecure;
};

#define HEADERS(field) offsetof(struct headers_options, field)

static const char *const headers_methods[] = { "GET", "HEAD", "OPTIONS", NULL };

static const struct option headers_options[] = {
    { "headers", OPTION_URL, HEADERS(url), NULL, "URL to ask", .required = true },
    { "method", OPTION_ENUM, HEADERS(method), "GET", "how to ask", .words = headers_methods },
    { "request", OPTION_MAP, HEADERS(request), NULL, "headers of the request" },
    { "want", OPTION_MAP, HEADERS(want), NULL,
      "header of the reply to its value, ~PATTERN, exists or absent" },
    { "hsts", OPTION_DURATION, HEADERS(hsts_ms), NULL, "least max-age of " HSTS, .min = SECOND_MS,
      .max = DECADE_MS },
    { "expect", OPTION_CODES, HEADERS(expect), "200-399", "codes that are good" },
    TARGET_CREDENTIALS(struct headers_options),
    TARGET_TRUST(struct headers_options),
    { 0 }
};

struct headers_state {
    struct target_link link;
    struct parts parts;
    struct report report;
    size_t wrong;
};

/* ---- options ---- */

static bool headers_check(void *self, struct probe_common *common, struct err *err)
{
    struct headers_options *o = self;
    const struct probe_trust trust = { o->ca_file, o->insecure_reason, o->insecure };

    if (!target_check(o->url, &trust, o->bearer, o->basic, err) ||
        !probe_unit_fixed(common, "how many headers are wrong", err) ||
        !header_rules_check("want", &o->want, err))
        return false;
    if (!o->want.n && !o->hsts_ms)
        return err_set(err, "want: is missing; write headers and what they must be");
    if (o->want.n + (o->hsts_ms != 0) > READING_COMPONENTS)
        return err_set(err, "want: %zu headers; at most %d", o->want.n, READING_COMPONENTS);
    if (o->hsts_ms && strncmp(o->url, "https:", 6) != 0)
        return err_set(err, "hsts: " HSTS " means nothing without TLS; the URL is http");
    if (o->connect_ms > common->timeout_ms)
        o->connect_ms = common->timeout_ms;
    return true;
}

static size_t headers_signals(const void *self, const struct probe_common *common,
                              struct signal_spec out[READING_SIGNALS])
{
    (void)self;
    (void)common;
    out[0] = (struct signal_spec){
        .name = "wrong", .unit = UNIT_COUNT, .unit_word = "headers", .main = true
    };
    out[1] = (struct signal_spec){ .name = "latency", .unit = UNIT_MS };
    return 2;
}

static void headers_target(const void *self, struct text *out)
{
    const struct headers_options *o = self;
    struct text url = { 0 };

    http_url_show(o->url, &url);
    text_setf(out, "%s headers", text_str(&url));
    text_fini(&url);
}

/* ---- judging ---- */

static void headers_part(struct headers_state *s, const char *name, bool holds, const char *value,
                         size_t len, const struct err *why)
{
    struct component *part = parts_add(&s->parts);

    text_sets(&part->name, name);
    part->state = holds ? STATE_UP : STATE_DEGRADED;
    if (holds && value)
        text_set(&part->note, value, len);
    else
        text_sets(&part->note, holds ? "absent" : why->msg);
    if (holds)
        return;
    if (!s->wrong++)
        text_setf(&s->report.reason, "%s %s", name, why->msg);
}

/* "max-age=31536000; includeSubDomains": the seconds of max-age, in any case, quoted or not. */
static bool headers_max_age(const char *value, size_t len, double *out)
{
    const char *end = value + len;

    while (value < end) {
        const char *stop = memchr(value, ';', (size_t)(end - value));

        if (!stop)
            stop = end;
        while (value < stop && (*value == ' ' || *value == '\t'))
            value++;
        if (stop - value > 8 && strncasecmp(value, "max-age=", 8) == 0) {
            value += 8 + (value[8] == '"');
            for (*out = 0; value < stop && *value >= '0' && *value <= '9'; value++)
                *out = *out * 10 + (*value - '0');
            return value == stop || *value == '"' || *value == ' ';
        }
        value = stop + 1;
    }
    return false;
}

static void headers_hsts(const struct headers_options *o, const struct http_reply *r,
                         struct headers_state *s)
{
    size_t len = 0;
    const char *value = http_reply_header_next(r, HSTS, NULL, &len); /* browsers take the first */
    char least[32], is[32];
    struct err why = { "missing" };
    double age_s = 0;
    bool holds = false;

    if (value && !headers_max_age(value, len, &age_s)) {
        err_set(&why, "has no max-age: '%.*s'", len > 60 ? 60 : (int)len, value);
    } else if (value) {
        holds = age_s * SECOND_MS >= (double)o->hsts_ms;
        err_set(&why, "holds for %s, less than %s", quantity_format(age_s, UNIT_SECONDS, is),
                duration_format(o->hsts_ms, least));
    }
    headers_part(s, HSTS, holds, value, len, &why);
}

static bool headers_code(const struct headers_options *o, const struct http_reply *r,
                         struct report *out)
{
    const char *phrase = target_phrase(r->code);

    if (r->fault != FAULT_NONE)
        probe_report_failed(out, r->fault, r->why.msg);
    else if (codes_match(&o->expect, r->code))
        return true;
    else if (r->code == 429) /* it answers, and says nothing of its headers */
        report_fault(out, FAULT_LIMITED, "rate limited by target: 429");
    else
        report_fault(out, r->code == 401 || r->code == 407 ? FAULT_AUTH : FAULT_STATUS, "%d%s%s",
                     r->code, phrase ? ": " : "", phrase ? phrase : "");
    text_copy(&out->values[0].note, &out->reason);
    return false;
}

static void headers_judge(const struct headers_options *o, const struct http_reply *r,
                          struct headers_state *s)
{
    struct report *out = &s->report;
    struct text first = { 0 };
    size_t all = o->want.n + (o->hsts_ms != 0);

    out->http_code = r->code;
    out->phases = r->phases;
    if (!headers_code(o, r, out))
        return;
    parts_clear(&s->parts);
    s->wrong = 0;
    if (o->hsts_ms)
        headers_hsts(o, r, s);
    for (size_t i = 0; i < o->want.n; i++) {
        struct err why = { "" };
        size_t len = 0;
        bool holds = header_rule_holds(r, o->want.keys[i], o->want.values[i], &why);
        const char *value = http_reply_header(r, o->want.keys[i], &len);

        headers_part(s, o->want.keys[i], holds, value, len, &why);
    }
    out->components = s->parts.items;
    out->n_components = s->parts.n;
    out->values[0].known = out->values[1].known = true;
    out->values[0].value = (double)s->wrong;
    out->values[1].value = (double)r->phases.total_us / 1000;
    out->values[1].known = r->phases.total_us >= 0;
    out->state = s->wrong ? STATE_DEGRADED : STATE_UP;
    if (!s->wrong) {
        text_setf(&out->reason, "%zu header%s as wanted", all, all == 1 ? "" : "s");
    } else if (s->wrong > 1) {
        text_copy(&first, &out->reason);
        text_setf(&out->reason, "%zu of %zu: %s ...", s->wrong, all, text_str(&first));
        text_fini(&first);
    }
}

/* ---- asking ---- */

/* The body is not looked at, so it is not kept. */
static bool headers_on_body(void *arg, const char *bytes, size_t len)
{
    (void)arg;
    (void)bytes;
    (void)len;
    return true;
}

static bool headers_open(struct probe *p, struct err *err)
{
    const struct headers_options *o = p->self;
    struct headers_state *s = xcalloc(1, sizeof *s);

    p->state = s;
    report_init(&s->report, 0);
    s->link = (struct target_link){
        .probe = p,
        .report = &s->report,
        .spec = { .url = o->url,
                  .method = headers_methods[o->method],
                  .connect_timeout_ms = o->connect_ms,
                  .insecure = o->insecure,
                  .ca_file = o->ca_file,
                  .chunk = headers_on_body },
        .headers = &o->request,
        .bearer = o->bearer,
        .basic = o->basic,
    };
    return target_open(&s->link, err);
}

static void headers_on_reply(void *arg, const struct http_reply *reply)
{
    struct probe *p = arg;
    struct headers_state *s = p->state;

    report_clear(&s->report, io_now_ms(p->clients->io));
    headers_judge(p->self, reply, s);
    target_judged(&s->link);
    probe_report(p, &s->report);
}

static void headers_poll(struct probe *p)
{
    struct headers_state *s = p->state;

    target_poll(&s->link, headers_on_reply);
}

static void headers_close(struct probe *p)
{
    struct headers_state *s = p->state;

    if (!s)
        return;
    target_close(&s->link);
    parts_fini(&s->parts);
    report_fini(&s->report);
    free(s);
    p->state = NULL;
}

const struct probe_ops probe_headers = {
    .kind = "headers",
    .help = "headers of a reply, each as it must be",
    .options = headers_options,
    .size = sizeof(struct headers_options),
    .check = headers_check,
    .signals = headers_signals,
    .target = headers_target,
    .open = headers_open,
    .poll = headers_poll,
    .close = headers_close,
};

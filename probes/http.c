/* probes/http.c: one URL: code, headers, and what the body says; its latency in milliseconds. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"
#include "core/json.h"
#include "probes/header_rule.h"
#include "probes/http_impl.h"
#include "probes/registry.h"
#include "probes/target.h"

#define HTTP(field) offsetof(struct http_options, field)

static const char *const http_methods[] = { "GET", "HEAD", "POST", "OPTIONS", NULL };
static const char *const http_reads[] = { "auto", "health", "json", "none", NULL };
static const char *const http_judges[] = { "worst", "body", NULL };

static const struct option http_options[] = {
    { "http", OPTION_URL, HTTP(url), NULL, "URL to ask", .required = true },
    { "method", OPTION_ENUM, HTTP(method), "GET", "how to ask; a body makes it POST",
      .words = http_methods },
    { "headers", OPTION_MAP, HTTP(headers), NULL, "headers of the request" },
    TARGET_CREDENTIALS(struct http_options),
    { "body", OPTION_STRING, HTTP(body), NULL, "body of the request" },
    { "expect", OPTION_CODES, HTTP(expect), "2xx", "codes that are good" },
    { "read", OPTION_ENUM, HTTP(read), "auto",
      "what the body is: health, json (for assert), none (a page); auto finds out",
      .words = http_reads },
    { "judge", OPTION_ENUM, HTTP(judge), "worst",
      "when code and body disagree: the worst wins, or the body alone", .words = http_judges },
    { "assert", OPTION_MAP, HTTP(asserts), NULL,
      "JSON Pointer to what must stand there: a value, exists or absent" },
    { "disabled_if", OPTION_MAP, HTTP(disabled_if), NULL,
      "JSON Pointer to what stands there when it is switched off on purpose, whatever the code" },
    { "degraded_if", OPTION_MAP, HTTP(degraded_if), NULL,
      "JSON Pointer to what stands there when it does less than it should" },
    { "expect_headers", OPTION_MAP, HTTP(expect_headers), NULL,
      "header of the reply to its value, ~PATTERN, exists or absent" },
    { "status", OPTION_LIST, HTTP(status), NULL,
      "JSON Pointers to the status; the first that leads somewhere counts" },
    { "components", OPTION_POINTER, HTTP(components), NULL,
      "JSON Pointer to the parts; nothing there is unknown" },
    { "version", OPTION_POINTER, HTTP(version), NULL, "JSON Pointer to the version" },
    { "uptime", OPTION_POINTER, HTTP(uptime), NULL,
      "JSON Pointer to the uptime in seconds; standing still means a cached answer" },
    { "slow", OPTION_QUANTITY, HTTP(slow_ms), NULL, "slower than this is degraded" },
    { "follow", OPTION_INT, HTTP(follow), "0", "redirects to follow, at the same origin only",
      .max = 10 },
    { "fresh", OPTION_BOOL, HTTP(fresh), "false", "connect anew each time, resolving included" },
    TARGET_TRUST(struct http_options),
    { 0 }
};

/* ---- options ---- */

static bool http_check_map(const char *option, const struct strmap *m, struct err *err)
{
    for (size_t i = 0; i < m->n; i++)
        if (!http_check_assert(m->keys[i], m->values[i], err))
            return err_wrap(err, "%s", option);
    return true;
}

static bool http_check_body(const struct http_options *o, struct err *err)
{
    bool reads_health = o->read == HTTP_READ_HEALTH || o->read == HTTP_READ_AUTO;
    const char *hint = o->status.n     ? "status"
                       : o->components ? "components"
                       : o->version    ? "version"
                       : o->uptime     ? "uptime"
                                       : NULL;

    if (hint && !reads_health)
        return err_set(err, "%s: the body is not read as health (read: %s)", hint,
                       http_reads[o->read]);
    if (o->asserts.n && o->read == HTTP_READ_NONE)
        return err_set(err, "assert: the body is not read (read: none)");
    if (o->disabled_if.n && o->read == HTTP_READ_NONE)
        return err_set(err, "disabled_if: the body is not read (read: none)");
    if (o->degraded_if.n && o->read == HTTP_READ_NONE)
        return err_set(err, "degraded_if: the body is not read (read: none)");
    if (o->read == HTTP_READ_JSON && !http_has_pointers(o))
        return err_set(err, "read: json looks at nothing by itself; add assert");
    if (o->judge == HTTP_JUDGE_BODY && o->read == HTTP_READ_NONE)
        return err_set(err, "judge: body, but the body is not read (read: none)");
    if (o->method == HTTP_HEAD &&
        (reads_health ? o->read == HTTP_READ_HEALTH || hint : o->read == HTTP_READ_JSON))
        return err_set(err, "method: the answer to HEAD has no body to read");
    if (o->body && (o->method == HTTP_HEAD || o->method == HTTP_OPTIONS))
        return err_set(err, "body: %s does not carry one", http_methods[o->method]);
    if (!probe_pointers("status", &o->status, err))
        return false;
    return http_check_map("assert", &o->asserts, err) &&
           http_check_map("disabled_if", &o->disabled_if, err) &&
           http_check_map("degraded_if", &o->degraded_if, err) &&
           header_rules_check("expect_headers", &o->expect_headers, err);
}

static bool http_check(void *self, struct probe_common *common, struct err *err)
{
    struct http_options *o = self;
    const struct probe_trust trust = { o->ca_file, o->insecure_reason, o->insecure };

    if (!probe_unit_fixed(common, "its latency in milliseconds", err) ||
        !target_check(o->url, &trust, o->bearer, o->basic, err) || !http_check_body(o, err))
        return false;
    if (o->connect_ms > common->timeout_ms)
        o->connect_ms = common->timeout_ms;
    if (!isnan(o->slow_ms) && o->slow_ms <= 0)
        return err_set(err, "slow: must be more than nothing");
    return true;
}

static size_t http_signals(const void *self, const struct probe_common *common,
                           struct signal_spec out[READING_SIGNALS])
{
    const struct http_options *o = self;

    (void)common;
    out[0] = (struct signal_spec){ .name = "latency", .unit = UNIT_MS, .main = true };
    if (!o->url || strncmp(o->url, "https:", 6) != 0)
        return 1;
    out[1] =
        (struct signal_spec){ .name = "certificate", .unit = UNIT_SECONDS, .low_is_bad = true };
    return 2;
}

static void http_target_text(const void *self, struct text *out)
{
    const struct http_options *o = self;
    struct text url = { 0 };
    const char *method = o->body && o->method == HTTP_GET ? "POST" : http_methods[o->method];

    http_url_show(o->url, &url);
    if (strcmp(method, "GET") == 0)
        text_copy(out, &url);
    else
        text_setf(out, "%s %s", method, text_str(&url));
    text_fini(&url);
}

/* ---- asking ---- */

static bool http_open(struct probe *p, struct err *err)
{
    const struct http_options *o = p->self;
    struct http_state *s = xcalloc(1, sizeof *s);

    p->state = s;
    s->uptime_s = NAN;
    report_init(&s->report, 0);
    s->link = (struct target_link){
        .probe = p,
        .report = &s->report,
        .spec = { .url = o->url,
                  .method = o->body && o->method == HTTP_GET ? "POST" : http_methods[o->method],
                  .body = o->body,
                  .connect_timeout_ms = o->connect_ms,
                  .follow = o->follow,
                  .fresh = o->fresh,
                  .insecure = o->insecure,
                  .ca_file = o->ca_file },
        .headers = &o->headers,
        .bearer = o->bearer,
        .basic = o->basic,
    };
    return target_open(&s->link, err);
}

static void http_on_reply(void *arg, const struct http_reply *reply)
{
    struct probe *p = arg;
    struct http_state *s = p->state;

    report_clear(&s->report, io_now_ms(p->clients->io));
    http_judge_reply(p->self, p->common, s, reply, io_mono_ms(p->clients->io));
    target_judged(&s->link);
    probe_report(p, &s->report);
}

static void http_poll(struct probe *p)
{
    struct http_state *s = p->state;

    target_poll(&s->link, http_on_reply);
}

static void http_close(struct probe *p)
{
    struct http_state *s = p->state;

    if (!s)
        return;
    target_close(&s->link);
    report_fini(&s->report);
    healthbody_fini(&s->body.health);
    buf_fini(&s->body.same);
    free(s);
    p->state = NULL;
}

const struct probe_ops probe_http = {
    .kind = "http",
    .help = "a URL: code, body and latency",
    .options = http_options,
    .size = sizeof(struct http_options),
    .check = http_check,
    .signals = http_signals,
    .target = http_target_text,
    .open = http_open,
    .poll = http_poll,
    .close = http_close,
};

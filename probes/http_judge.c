/* probes/http_judge.c: a reply of the http probe into a report. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "core/json.h"
#include "probes/header_rule.h"
#include "probes/http_impl.h"

enum {
    HTTP_UNAUTHORIZED = 401,
    HTTP_PROXY_AUTH = 407,
    HTTP_TOO_MANY = 429,
    HTTP_UNAVAILABLE = 503
};
enum {
    HTTP_STILL_MS = 2000,            /* an uptime in whole seconds must have moved by then */
    HTTP_RESULTS = 3,                /* intervals that results may be old, and at least as long: */
    HTTP_RESULTS_MS = 5 * 60 * 1000, /* who runs checks apart mostly does so every minute */
    HTTP_KEPT = 64 << 10             /* longer bodies are read each time, not kept to be compared */
};

/* ---- assertions ---- */

bool http_check_assert(const char *pointer, const char *expected, struct err *err)
{
    if (!json_pointer_valid(pointer, err))
        return false;
    if (!*expected)
        return err_set(err, "%s: what must stand there is missing; write a value, exists or absent",
                       pointer);
    return true;
}

/* A literal as YAML would read it: true, false, null, a number; else a text. */
static bool http_equals(const struct json *v, const char *expected)
{
    char *end;
    double want = strtod(expected, &end), n;
    bool b;

    switch (json_kind(v)) {
    case JSON_BOOL:
        return json_bool(v, &b) && strcmp(expected, b ? "true" : "false") == 0;
    case JSON_NULL:
        return strcmp(expected, "null") == 0;
    case JSON_NUMBER:
        return json_number(v, &n) && end != expected && !*end && n == want;
    case JSON_STRING:
        return strcmp(json_string(v), expected) == 0;
    default:
        return false;
    }
}

static void http_value_text(const struct json *v, char out[64])
{
    double n;
    bool b;

    switch (json_kind(v)) {
    case JSON_BOOL:
        snprintf(out, 64, "%s", json_bool(v, &b) && b ? "true" : "false");
        break;
    case JSON_NULL:
        snprintf(out, 64, "null");
        break;
    case JSON_NUMBER:
        snprintf(out, 64, "%.15g", json_number(v, &n) ? n : NAN);
        break;
    case JSON_STRING:
        snprintf(out, 64, "'%.40s'", json_string(v));
        break;
    default:
        snprintf(out, 64, "%s", json_kind(v) == JSON_ARRAY ? "a list" : "an object");
        break;
    }
}

static bool http_assert(const struct json *root, const char *pointer, const char *expected,
                        struct err *err)
{
    const struct json *v = json_pointer(root, pointer);
    const char *name = *pointer ? pointer : "the body";
    char is[64];

    if (strcmp(expected, "absent") == 0)
        return !v || err_set(err, "%.100s is there", name);
    if (!v)
        return err_set(err, "%.100s missing", name);
    if (strcmp(expected, "exists") == 0 || http_equals(v, expected))
        return true;
    http_value_text(v, is);
    return err_set(err, "%.100s is %s, not %.60s", name, is, expected);
}

bool http_has_pointers(const struct http_options *o)
{
    return o->asserts.n || o->disabled_if.n || o->degraded_if.n;
}

/* Does all of it stand there? Of nothing: no. */
static bool http_stands(const struct json *root, const struct strmap *m)
{
    struct err ignored;

    for (size_t i = 0; i < m->n; i++)
        if (!http_assert(root, m->keys[i], m->values[i], &ignored))
            return false;
    return m->n > 0;
}

/* ---- the body ---- */

static bool http_is_html(const struct http_reply *r)
{
    size_t blanks = strspn(r->body, " \t\r\n");

    return strcasestr(r->content_type, "html") || r->body[blanks] == '<';
}

/* Is the URL the place itself, no more? Then HTML is what one expects of it. */
static bool http_is_page(const char *url)
{
    const char *host = strstr(url, "://");
    const char *path = host ? host + 3 + strcspn(host + 3, "/?#") : "";

    return !*path || strcmp(path, "/") == 0;
}

static enum http_read http_reading(const struct http_options *o, const struct http_reply *r)
{
    if (o->read != HTTP_READ_AUTO)
        return (enum http_read)o->read;
    if (o->method == HTTP_HEAD)
        return HTTP_READ_NONE;
    if (http_has_pointers(o))
        return HTTP_READ_JSON;
    return http_is_page(o->url) && http_is_html(r) ? HTTP_READ_NONE : HTTP_READ_HEALTH;
}

/* Are these the bytes, of the type, read as before? */
static bool http_is_same(const struct http_body *b, const struct http_reply *r, enum http_read read)
{
    size_t type = strlen(r->content_type) + 1;
    const char *kept = b->same.bytes;

    return b->valid && b->same.len == 1 + type + r->len && kept[0] == (char)read &&
           memcmp(kept + 1, r->content_type, type) == 0 &&
           memcmp(kept + 1 + type, r->body, r->len) == 0;
}

static void http_keep(struct http_body *b, const struct http_reply *r, enum http_read read)
{
    buf_clear(&b->same);
    if (r->len > HTTP_KEPT)
        return;
    buf_addc(&b->same, (char)read);
    buf_add(&b->same, r->content_type, strlen(r->content_type) + 1);
    buf_add(&b->same, r->body, r->len);
}

static void http_read_pointers(const struct http_options *o, struct http_body *b,
                               const struct http_reply *r)
{
    struct json *root = json_parse(r->body, r->len, 0, 0, &b->why);

    b->readable = root != NULL;
    if (!root)
        err_wrap(&b->why, "bad reply");
    b->asserted = true;
    for (size_t i = 0; root && i < o->asserts.n && b->asserted; i++)
        b->asserted = http_assert(root, o->asserts.keys[i], o->asserts.values[i], &b->miss);
    b->disabled = root && http_stands(root, &o->disabled_if);
    b->degraded = root && http_stands(root, &o->degraded_if);
    json_free(root);
}

/* Reads the body, or remembers what the same bytes said before. What they mean by now (an uptime
 * that stands still) is not remembered: it is judged by the clock with every answer. */
static void http_read_body(const struct http_options *o, struct http_body *b,
                           const struct http_reply *r, enum http_read read)
{
    if (http_is_same(b, r, read))
        return;
    http_keep(b, r, read);
    b->valid = true;
    b->readable = b->asserted = true;
    b->disabled = b->degraded = false;
    if (read == HTTP_READ_HEALTH) {
        const struct healthbody_hints hints = { (const char *const *)o->status.items, o->status.n,
                                                o->components, o->version, o->uptime };

        b->readable =
            healthbody_read(r->body, r->len, r->content_type, &hints, &b->health, &b->why);
    }
    if (http_has_pointers(o) && b->readable)
        http_read_pointers(o, b, r);
}

/* ---- the verdict ---- */

static void http_say_code(struct report *out, const struct http_reply *r, const char *more)
{
    const char *phrase = target_phrase(r->code);
    char wait[64] = "", ms[32];

    if (r->retry_after_ms && r->code == HTTP_UNAVAILABLE)
        snprintf(wait, sizeof wait, " (asks to wait %s)", duration_format(r->retry_after_ms, ms));
    if (*more)
        text_setf(&out->reason, "%d: %s%s", r->code, more, wait);
    else if (phrase)
        text_setf(&out->reason, "%d: %s%s", r->code, phrase, wait);
    else
        text_setf(&out->reason, "%d%s", r->code, wait);
}

/* "/error is concierge_unavailable" */
/* "/isFallback" = "true" as people say it. */
static void http_say_map(struct report *out, const struct strmap *m)
{
    text_setf(&out->reason, "says %s: %s", m->keys[0] + (*m->keys[0] == '/'), m->values[0]);
}

static enum fault http_state_fault(enum state state, enum fault down)
{
    return state == STATE_DOWN ? down : FAULT_NONE;
}

/* Code and body each have a verdict; the worst wins, or the body, and a disagreement is said. */
static void http_judge_health(const struct http_options *o, const struct healthbody *h,
                              const struct http_reply *r, bool code_ok, struct report *out)
{
    const char *why = text_str(&h->why);
    bool against =
        code_ok ? h->state == STATE_DOWN : h->state == STATE_UP || h->state == STATE_DEGRADED;
    enum state code_state = code_ok ? STATE_UP : STATE_DOWN;

    out->disagree = against;
    if (o->judge == HTTP_JUDGE_BODY && h->state != STATE_UNKNOWN)
        out->state = h->state;
    else if (h->state == STATE_DISABLED && r->code == HTTP_UNAVAILABLE)
        out->state = STATE_DISABLED; /* 503 is how maintenance is told */
    else
        out->state = state_rank(h->state) > state_rank(code_state) ? h->state : code_state;
    out->fault = http_state_fault(out->state, code_ok ? FAULT_BODY : FAULT_STATUS);
    if (against)
        text_setf(&out->reason, "code %d but body says %s%s%s", r->code, state_word(h->state),
                  *why ? ": " : "", why);
    else if (!code_ok)
        http_say_code(out, r, h->state == STATE_UNKNOWN ? "" : why);
    else
        text_sets(&out->reason, why); /* empty when up: the latency is said then */
}

static void http_judge_body(const struct http_options *o, struct http_state *s,
                            const struct http_reply *r, bool code_ok)
{
    struct report *out = &s->report;
    struct http_body *b = &s->body;
    enum http_read read = http_reading(o, r);

    out->state = code_ok ? STATE_UP : STATE_DOWN;
    out->fault = code_ok ? FAULT_NONE : FAULT_STATUS;
    if (read == HTTP_READ_NONE) {
        if (!code_ok)
            http_say_code(out, r, "");
        return;
    }
    http_read_body(o, b, r, read);
    if (!b->readable) {
        if (code_ok)
            report_fault(out, FAULT_BODY, "%s", b->why.msg);
        else /* an error page is what one expects beside an error code */
            http_say_code(out, r, "");
        return;
    }
    if (b->disabled) { /* the one thing that an error code does not speak against */
        out->state = STATE_DISABLED;
        out->fault = FAULT_NONE;
        http_say_map(out, &o->disabled_if);
        return;
    }
    if (read == HTTP_READ_HEALTH)
        http_judge_health(o, &b->health, r, code_ok, out);
    else if (!code_ok)
        http_say_code(out, r, "");
    /* What the body itself says is wrong explains more than the assertion that it breaks. */
    if (!b->asserted && out->state == STATE_UP)
        report_fault(out, FAULT_BODY, "%s", b->miss.msg);
    if (b->degraded && out->state == STATE_UP) {
        out->state = STATE_DEGRADED;
        http_say_map(out, &o->degraded_if);
    }
}

static bool http_judge_headers(const struct http_options *o, const struct http_reply *r,
                               struct report *out)
{
    for (size_t i = 0; i < o->expect_headers.n; i++) {
        const char *name = o->expect_headers.keys[i];
        struct err why;

        if (header_rule_holds(r, name, o->expect_headers.values[i], &why))
            continue;
        report_fault(out, FAULT_BODY, "header %.60s %s", name, why.msg);
        return false;
    }
    return true;
}

/* An uptime that stands still is a cached answer; one that fell below the time since the last
 * answer proves a restart in between (behind a balancer the next instance may just be younger). */
static void http_judge_uptime(const struct http_options *o, struct http_state *s, int64_t mono_ms)
{
    double now_s = s->body.health.uptime, before_s = s->uptime_s;
    int64_t passed_ms = mono_ms - s->uptime_ms;
    char ago[32];

    if (isnan(now_s))
        return;
    if (!isnan(before_s) && now_s == before_s) {
        if (o->uptime && passed_ms >= HTTP_STILL_MS && s->report.state == STATE_UP) {
            s->report.state = STATE_DEGRADED;
            text_setf(&s->report.reason, "cached answer: %s stands still", o->uptime);
        }
        return; /* and the time it was first told stays */
    }
    if (!isnan(before_s) && now_s < before_s &&
        now_s * 1000 <= (double)(mono_ms - s->answered_ms) + HTTP_STILL_MS)
        text_setf(&s->report.restart, "restarted, up %s",
                  quantity_format(now_s, UNIT_SECONDS, ago));
    s->uptime_s = now_s;
    s->uptime_ms = mono_ms;
}

/* Checks that somebody else runs, and that stopped running, still say how it was then. */
static void http_judge_results(const struct probe_common *common, const struct healthbody *h,
                               struct report *out)
{
    int64_t age_ms = out->at_ms - h->finished_ms, limit_ms = HTTP_RESULTS * common->every_ms;
    char age[16];

    if (limit_ms < HTTP_RESULTS_MS)
        limit_ms = HTTP_RESULTS_MS;
    if (!h->finished_ms || age_ms <= limit_ms || out->state != STATE_UP)
        return;
    out->state = STATE_DEGRADED;
    text_setf(&out->reason, "results are %s old", age_format(age_ms, age));
}

static void http_judge_speed(const struct http_options *o, const struct http_reply *r,
                             struct report *out)
{
    double ms = (double)r->phases.total_us / 1000;
    char took[32];

    if (r->phases.total_us < 0)
        return;
    out->values[0].known = true;
    out->values[0].value = ms;
    if (out->state != STATE_UP)
        return;
    quantity_format(ms, UNIT_MS, took);
    if (!isnan(o->slow_ms) && ms > o->slow_ms) {
        out->state = STATE_DEGRADED;
        text_setf(&out->reason, "slow: %s", took);
    } else if (text_is(&out->reason, "")) {
        text_setf(&out->reason, "%d in %s", r->code, took);
    }
}

/* Told, not judged: that is the kind tls, which looks at all of it. */
static void http_tell_certificate(const struct http_reply *r, struct report *out)
{
    struct value *v = &out->values[1];

    if (!r->cert_end_ms)
        return;
    v->known = true;
    v->value = (double)(r->cert_end_ms - out->at_ms) / 1000;
}

static bool http_is_rejected(const struct http_options *o, int code)
{
    return code == HTTP_UNAUTHORIZED || code == HTTP_PROXY_AUTH ||
           (code == 403 && (o->bearer || o->basic));
}

void http_judge_reply(const struct http_options *o, const struct probe_common *common,
                      struct http_state *s, const struct http_reply *r, int64_t mono_ms)
{
    struct report *out = &s->report;
    bool code_ok = codes_match(&o->expect, r->code);

    out->http_code = r->code;
    out->phases = r->phases;
    http_tell_certificate(r, out);
    if (r->fault != FAULT_NONE) {
        probe_report_failed(out, r->fault, r->why.msg);
        return;
    }
    if (!code_ok && http_is_rejected(o, r->code)) {
        report_fault(out, FAULT_AUTH, "%d %s", r->code, target_phrase(r->code));
        text_copy(&out->values[0].note, &out->reason);
        return;
    }
    if (!code_ok && r->code == HTTP_TOO_MANY) { /* it answers, and says nothing of how it is */
        char wait[64] = "", ms[32];

        if (r->retry_after_ms)
            snprintf(wait, sizeof wait, ", asks to wait %s",
                     duration_format(r->retry_after_ms, ms));
        report_fault(out, FAULT_LIMITED, "rate limited by target: 429%s", wait);
        text_copy(&out->values[0].note, &out->reason);
        return;
    }
    http_judge_body(o, s, r, code_ok);
    if (out->state == STATE_UP || out->state == STATE_DEGRADED)
        http_judge_headers(o, r, out);
    if (s->body.valid && s->body.readable && http_reading(o, r) == HTTP_READ_HEALTH) {
        out->components = s->body.health.components;
        out->n_components = s->body.health.n_components;
        text_copy(&out->version, &s->body.health.version);
        http_judge_uptime(o, s, mono_ms);
        http_judge_results(common, &s->body.health, out);
    }
    http_judge_speed(o, r, out);
    s->answered_ms = mono_ms;
}

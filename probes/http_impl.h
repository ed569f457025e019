/* probes/http_impl.h: the http probe's options and state, between its two files; nobody else
 * includes it. */
#pragma once

#include "core/buf.h"
#include "core/healthbody.h"
#include "core/option.h"
#include "io/http.h"
#include "probes/probe.h"
#include "probes/target.h"

enum http_read { HTTP_READ_AUTO, HTTP_READ_HEALTH, HTTP_READ_JSON, HTTP_READ_NONE };
enum http_judge { HTTP_JUDGE_WORST, HTTP_JUDGE_BODY };
enum http_method { HTTP_GET, HTTP_HEAD, HTTP_POST, HTTP_OPTIONS };

struct http_options { /* the probe's `self` */
    char *url, *body, *bearer, *basic, *ca_file, *insecure_reason;
    struct strmap headers, asserts, disabled_if, degraded_if, expect_headers;
    struct strlist status;
    char *components, *version, *uptime;
    struct codes expect;
    int method, judge, read, follow;
    bool fresh, insecure;
    int64_t connect_ms;
    double slow_ms;
};

/* What the body says, kept as long as its bytes stay the same: the bytes themselves, since another
 * body behind an equal hash would be taken for the good one before it. */
struct http_body {
    bool valid;      /* `health` and what follows are of a body that was read */
    struct buf same; /* how it was read, its type and its bytes; empty when too long to be kept */
    bool readable;   /* by whoever was to read it */
    struct err why;  /* when not */
    bool asserted;   /* every assertion holds */
    struct err miss; /* the first that does not */
    bool disabled, degraded; /* disabled_if or degraded_if stands there */
    struct healthbody health;
};

struct http_state {
    struct target_link link;
    struct report report;
    struct http_body body;
    double uptime_s;                /* of the answer before; NaN = none */
    int64_t uptime_ms, answered_ms; /* when it was told; when the last reply came (monotonic) */
};

/* probes/http_judge.c: everything about a complete reply, into s->report (whose at_ms is set). */
void http_judge_reply(const struct http_options *o, const struct probe_common *common,
                      struct http_state *s, const struct http_reply *r, int64_t mono_ms);
/* Is there something that JSON Pointers look at? */
bool http_has_pointers(const struct http_options *o);
bool http_check_assert(const char *pointer, const char *expected, struct err *err);

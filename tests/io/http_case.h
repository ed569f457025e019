/* tests/io/http_case.h: one client, one target, what it answered; for the tests of HTTP. */
#pragma once

#include <string.h>

#include "io/http.h"
#include "tests/io/wait.h"

struct http_case {
    struct io *io;
    struct http *http;
    struct http_target *target;
    int done, closed;
    enum fault fault;
    int code, retries;
    char why[sizeof(struct err)], body[4096], headers[1024];
    size_t len;
    bool reused, ask_again, free_target;
    struct phases phases;
    int64_t retry_after_ms, took_ms, started_ms;
};

static void case_take(void *arg, const struct http_reply *r)
{
    struct http_case *c = arg;

    c->done++;
    c->fault = r->fault;
    c->code = r->code;
    c->retries = r->retries;
    c->len = r->len;
    c->reused = r->reused;
    c->phases = r->phases;
    c->retry_after_ms = r->retry_after_ms;
    c->took_ms = io_mono_ms(c->io) - c->started_ms;
    snprintf(c->why, sizeof c->why, "%s", r->why.msg);
    snprintf(c->body, sizeof c->body, "%s", r->body);
    snprintf(c->headers, sizeof c->headers, "%s", r->headers);
    if (c->ask_again) {
        c->ask_again = false;
        http_ask(c->target, 1000, case_take, c);
    }
    if (c->free_target) {
        http_target_free(c->target);
        c->target = NULL;
    }
}

static inline void case_closed(void *arg)
{
    ((struct http_case *)arg)->closed++;
}

static inline void case_target(struct http_case *c, const struct http_spec *spec)
{
    struct err err = { "" };

    c->target = http_target_new(c->http, spec, &err);
    assert_string_equal(err.msg, "");
    assert_non_null(c->target);
    http_on_closed(c->target, case_closed, c);
}

static inline void case_init(struct http_case *c, const struct http_spec *spec)
{
    memset(c, 0, sizeof *c);
    c->io = io_new(NULL);
    c->http = http_new(c->io, 100);
    case_target(c, spec);
}

static inline void case_fini(struct http_case *c)
{
    http_target_free(c->target);
    http_free(c->http);
    io_free(c->io);
}

static inline void case_start(struct http_case *c, int64_t timeout_ms)
{
    c->started_ms = io_mono_ms(c->io);
    http_ask(c->target, timeout_ms, case_take, c);
}

/* Turns the loop until *value >= wanted. */
static inline void case_wait(struct http_case *c, const int *value, int wanted)
{
    WAIT(c, *value >= wanted);
}

static inline void case_ask(struct http_case *c, int64_t timeout_ms)
{
    int before = c->done;

    case_start(c, timeout_ms);
    assert_int_equal(c->done, before); /* never inside the call */
    case_wait(c, &c->done, before + 1);
}

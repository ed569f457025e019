/* io/http.h: HTTP(S) over libcurl's multi interface. curl is named only in io/http.c (and in
 * io/redis.c, whose bytes it carries).
 *
 * A target is one thing asked again and again: its easy handle and buffers live as long as it does,
 * its connection is kept unless `fresh`. Total deadline by us (QUICK_EXIT on every handle), http and
 * https only, no redirects unless `follow`, no credentials across origins, no proxies or rc files
 * from the environment, decoded bytes counted against the cap.
 *
 * Errors:  a reply with fault != FAULT_NONE; `why` names the phase ("connect timeout", "tls: expired").
 * Owner:   the reply is borrowed for the call. Cancel or free from inside a callback is fine.
 */
#pragma once

#include "core/board.h"
#include "core/fault.h"
#include "core/secret.h"
#include "io/loop.h"

struct http_header {
    const char *name, *value;
};

struct http_spec { /* copied by http_target_new */
    const char *url;
    const char *method;           /* NULL = GET */
    const char *body;             /* NULL = none */
    const struct http_header *headers;
    size_t n_headers;
    const struct secret *bearer;  /* NULL = none; borrowed for the target's life */
    int64_t connect_timeout_ms;   /* 0 = min(timeout, 1 s... see io/limits.h) */
    size_t max_bytes;             /* decoded; 0 = HTTP_BODY_MAX */
    int follow;                   /* redirects, same origin only; 0 = none */
    bool fresh;                   /* a new connection every time */
    bool insecure;                /* certificate not verified */
    const char *ca_file;          /* NULL = the system's */
    const char *resolve;          /* "host:port:address" for tests; NULL */
};

struct http_reply {
    enum fault fault;
    struct err why;
    int code;
    const char *body; /* NUL-terminated; "" when empty */
    size_t len;
    const char *content_type; /* "" when none */
    const char *headers;      /* raw, capped; for header assertions: http_reply_header() */
    struct phases phases;
    bool reused;             /* came over a kept connection */
    int64_t retry_after_ms;  /* 0 = not said; capped at 5 min */
    int64_t tls_expires_ms;  /* 0 = unknown */
};

struct http;        /* the client: one per loop */
struct http_target; /* something to ask */

typedef void http_done(void *arg, const struct http_reply *reply);
typedef void http_closed(void *arg); /* the kept connection closed unasked */

struct http *http_new(struct io *io, int max_targets); /* max_targets sizes the connection cache */
void http_free(struct http *h);

struct http_target *http_target_new(struct http *h, const struct http_spec *spec, struct err *err);
void http_target_free(struct http_target *t);
void http_on_closed(struct http_target *t, http_closed *fn, void *arg);
/* One at a time per target; a second while one is in flight is our mistake (assert). */
void http_ask(struct http_target *t, int64_t timeout_ms, http_done *done, void *arg);
void http_cancel(struct http_target *t);
/* Value of a response header (the last of that name), or NULL. Name without case. */
const char *http_reply_header(const struct http_reply *r, const char *name, size_t *len);

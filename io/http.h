/* io/http.h: HTTP(S) over libcurl's multi interface. curl is named only in io/http*.c (and in
 * io/redis*.c, whose bytes it carries).
 *
 * A target is one thing asked again and again: its easy handle and buffers live as long as it does,
 * its connection is kept unless `fresh`. Total deadline by us (QUICK_EXIT on every handle), http
 * and https only, no redirects unless `follow`, no credentials across origins, no proxies or rc
 * files from the environment, decoded bytes counted against the cap. HTTP/1.1, also over TLS: what
 * a kept connection says by closing is only clear when it carries one exchange at a time.
 *
 * Errors:  a reply with fault != FAULT_NONE; `why` is the whole reason, the fault's word first:
 *          "refused", "timeout: no first byte in 5 s", "tls: certificate expired".
 * Owner:   the reply is borrowed for the call, and until the target is asked again. Cancel or free
 * of a target from inside a callback is fine (but not from `chunk`). Targets end before the client.
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
    const char *method; /* NULL = GET */
    const char *body;   /* NULL = none */
    const struct http_header *headers;
    size_t n_headers;
    const struct secret *bearer; /* NULL = none; borrowed for the call */
    const struct secret *basic;  /* "user:password"; NULL = none; borrowed for the call */
    /* Signed as Amazon's services demand (Signature Version 4): REGION and SERVICE, "eu-west-1",
     * "s3"; NULL = not. Then the URL's query is sorted by name, encoded but for -_.~, and every
     * parameter has its =. The key is "ID:SECRET", the session's token NULL where there is none;
     * both borrowed for the call. Takes the place of basic. */
    const char *aws_region, *aws_service;
    const struct secret *aws_key, *aws_session;
    int64_t connect_timeout_ms; /* of the TCP connect, within the total; 0 = HTTP_CONNECT_MS */
    size_t max_bytes;           /* decoded; 0 = HTTP_BODY_MAX */
    int follow;                 /* redirects of a GET, same origin only; 0 = none */
    bool fresh;                 /* a new connection every time */
    bool insecure;              /* certificate not verified */
    const char *ca_file;        /* NULL = the system's */
    const char *resolve;        /* "host:port:address" for tests; NULL */
    /* The body of a 2xx in pieces as they come, instead of keeping it: the reply's body is then
     * empty. `arg` is the one of http_ask(). false ends the exchange as FAULT_BODY. May be NULL. */
    bool (*chunk)(void *arg, const char *bytes, size_t len);
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
    bool reused; /* came over a kept connection */
    int retries; /* a kept connection was dead when we sent; curl asked again on a new one */
    int64_t retry_after_ms; /* 0 = not said; capped at 5 min */
    int64_t cert_end_ms; /* when the certificate ends that the connection came about with; 0 = none
                            is known */
};

struct http;        /* the client: one per loop */
struct http_target; /* something to ask */

typedef void http_done(void *arg, const struct http_reply *reply);
typedef void http_closed(void *arg); /* the kept connection closed unasked */

struct http *http_new(struct io *io, int max_targets); /* max_targets sizes the connection cache */
void http_room(struct http *h, int max_targets);       /* another size; what stands stays */
void http_free(struct http *h);

struct http_target *http_target_new(struct http *h, const struct http_spec *spec, struct err *err);
void http_target_free(struct http_target *t);
/* For a target that keeps its connection: `fn` when that closes while nobody is asking. Not when we
 * or a polite "Connection: close" ended it, and not at an age at which this server is known to hang
 * up on idle connections (its Keep-Alive header, or it did so before and was found alive). */
void http_on_closed(struct http_target *t, http_closed *fn, void *arg);
/* Answers later, never inside this call. The deadline counts from here, also while the ask waits
 * for one of the HTTP_IN_FLIGHT places. One at a time per target; a second while one is in flight
 * is our mistake (assert). */
void http_ask(struct http_target *t, int64_t timeout_ms, http_done *done, void *arg);
void http_cancel(struct http_target *t); /* no callback comes; fine when nothing is asked */
bool http_asking(const struct http_target *t);
/* From inside `chunk`: a header of the reply under way; as http_reply_header(). */
const char *http_header_now(const struct http_target *t, const char *name, size_t *len);

struct http_stats {
    uint64_t asked, retried, connections; /* since the start */
    int in_flight, queued, idle;          /* now; idle = kept connections */
};
void http_stats(const struct http *h, struct http_stats *out);
/* scheme://host[:port]/path, without credentials and query, for the screen. */
void http_url_show(const char *url, struct text *out);
/* Value of a response header (the last of that name), or NULL. Name without case. */
const char *http_reply_header(const struct http_reply *r, const char *name, size_t *len);
/* The same for each of that name in turn: the one after the value `after` (NULL: the first). */
const char *http_reply_header_next(const struct http_reply *r, const char *name, const char *after,
                                   size_t *len);

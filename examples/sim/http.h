/* examples/sim/http.h: an HTTP/1.1 server of a few listeners, a thread per connection.
 *
 * A listener can refuse (its port stays ours, connections get RST) and listen again.
 *
 * Units:   times in milliseconds. Limits: 16 KiB of head, 64 KiB of body, 128 connections a
 * listener. Errors:  a request that cannot be read is answered 400/413/431 and the connection
 * closed. Owner:   the caller owns the listener, which lives as long as the process.
 */
#pragma once

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>

#include "str.h"

#define HTTP_CONNECTIONS 128

#define HTTP_JSON "application/json; charset=utf-8"
#define HTTP_HTML "text/html; charset=utf-8"

struct http_listener;

struct http_request {
    struct http_listener *via;
    char method[16], path[512], query[1024]; /* path decoded, query as it came */
    char head[16385];
    char *header_at[64]; /* "name: value" lines inside head, names in lower case */
    size_t headers;
    char *body; /* NUL-terminated */
    size_t body_len;
    bool keep;
};

struct http_response {
    int code;
    const char *type; /* content type; static */
    struct str body;
    struct str head; /* further header lines, each with CR LF */
    bool close;      /* say Connection: close and do so */
    bool drop;       /* close without an answer */
};

typedef void http_handler(void *arg, struct http_request *rq, struct http_response *rs);

struct http_listener {
    int port, fd;
    http_handler *handler;
    void *arg;
    pthread_mutex_t lock;
    pthread_cond_t wake;
    bool refusing;
    struct {
        int fd; /* -1: free */
        pthread_t thread;
    } conn[HTTP_CONNECTIONS];
};

void http_serve(struct http_listener *l, int fd, int port, http_handler *handler, void *arg);
void http_refuse(struct http_listener *l); /* also cuts the open connections, except the caller's */
void http_listen(struct http_listener *l);

const char *http_header(const struct http_request *rq, const char *name); /* lower case; or NULL */
/* Who asks: the first of X-Forwarded-For, else loopback. */
void http_from(const struct http_request *rq, char *out, size_t cap);
/* The decoded value of a query parameter; false when absent. */
bool http_param(const struct http_request *rq, const char *name, char *out, size_t cap);

void http_answer(struct http_response *rs, int code, const char *type, const char *body);
/* JSON: `before`, the text as a string, and the brace that ends it. */
void http_tell(struct http_response *rs, int code, const char *before, const char *text);
const char *http_reason(int code);

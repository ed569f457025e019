/* examples/sim/nginx.h: the load balancer of Neurmatic: round robin over two backends that are
 * asked over TCP, the next one after a refusal or a 503, a limit per client, a cache of five
 * minutes.
 *
 * Units:   simulated milliseconds for the cache, monotonic ones for the limits.
 * Owner:   the world.
 */
#pragma once

#include <pthread.h>
#include <stdint.h>

#include "http.h"
#include "str.h"

#define NGINX_CLIENTS 256
#define NGINX_CACHE   64

struct world;

struct nginx {
    struct world *w;
    struct http_listener http;
    pthread_mutex_t lock;
    unsigned turn;
    struct {
        int fails;
        int64_t first_ms, out_until_ms;
    } peer[2];
    struct {
        char key[48];
        double excess; /* requests above the steady rate */
        int64_t at_ms;
    } clients[NGINX_CLIENTS];
    struct {
        char target[200];
        const char *type;
        struct str body;
        int64_t until_ms;
    } cache[NGINX_CACHE];
};

void nginx_init(struct nginx *n, struct world *w);
void nginx_handle(void *nginx, struct http_request *rq, struct http_response *rs);
void nginx_forget(struct nginx *n); /* a new process: cache empty, every peer in */

/* The response headers that every public answer carries (systems.md 2.7). */
#define NGINX_SECURITY_HEADERS                                                    \
    "Strict-Transport-Security: max-age=31536000; includeSubDomains; preload\r\n" \
    "X-Frame-Options: SAMEORIGIN\r\n"                                             \
    "X-Content-Type-Options: nosniff\r\n"                                         \
    "X-XSS-Protection: 1; mode=block\r\n"                                         \
    "Referrer-Policy: strict-origin-when-cross-origin\r\n"                        \
    "Permissions-Policy: geolocation=(), microphone=(), camera=()\r\n"

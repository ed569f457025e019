/* examples/sim/nginx.c: limit, cache, upstream. */
#include "nginx.h"

#include <stdio.h>
#include <string.h>

#include "client.h"
#include "now.h"
#include "world.h"

#define LIMIT_PER_S     10.0
#define LIMIT_BURST     20.0
#define CACHE_MS        (5 * 60000)
#define MAX_FAILS       3
#define FAIL_TIMEOUT_MS 30000
#define UPSTREAM_MS     30000
#define HTML            "text/html"

void nginx_init(struct nginx *n, struct world *w)
{
    memset(n, 0, sizeof *n);
    n->w = w;
    pthread_mutex_init(&n->lock, NULL);
}

static void nginx_error(struct http_response *rs, int code)
{
    char page[400];

    snprintf(page, sizeof page,
             "<html>\r\n<head><title>%d %s</title></head>\r\n<body>\r\n"
             "<center><h1>%d %s</h1></center>\r\n<hr><center>nginx</center>\r\n"
             "</body>\r\n</html>\r\n",
             code, http_reason(code), code, http_reason(code));
    http_answer(rs, code, HTML, page);
}

/* ---- limit_req, burst 20, nodelay ---- */

static bool nginx_allows(struct nginx *n, const struct http_request *rq)
{
    int64_t now = now_mono_ms();
    char key[48];
    int slot = 0;

    http_from(rq, key, sizeof key);
    pthread_mutex_lock(&n->lock);
    for (int i = 0; i < NGINX_CLIENTS; i++) {
        if (!strcmp(n->clients[i].key, key)) {
            slot = i;
            break;
        }
        if (n->clients[i].at_ms < n->clients[slot].at_ms)
            slot = i; /* the one that was silent for longest makes room */
    }
    if (strcmp(n->clients[slot].key, key) != 0) {
        memcpy(n->clients[slot].key, key, sizeof key);
        n->clients[slot].excess = 0;
        n->clients[slot].at_ms = now;
    }
    double excess =
        n->clients[slot].excess - LIMIT_PER_S * (double)(now - n->clients[slot].at_ms) / 1000;
    excess = (excess > 0 ? excess : 0) + 1;
    bool ok = excess <= LIMIT_BURST + 1;
    if (ok)
        n->clients[slot].excess = excess;
    else
        n->clients[slot].excess = excess - 1;
    n->clients[slot].at_ms = now;
    pthread_mutex_unlock(&n->lock);
    return ok;
}

/* ---- proxy_cache ---- */

static bool nginx_cacheable(struct nginx *n, const struct http_request *rq)
{
    if (strcmp(rq->method, "GET") != 0)
        return false;
    if (!strncmp(rq->path, "/api/v1/health", 14))
        return world_fault(n->w, "cached_health"); /* the mistake of that fault */
    return !http_header(rq, "authorization") && !strncmp(rq->path, "/api/v1/articles", 16);
}

static void nginx_target(const struct http_request *rq, char *out, size_t cap)
{
    snprintf(out, cap, "%s%s%s", rq->path, rq->query[0] ? "?" : "", rq->query);
}

static bool nginx_cached(struct nginx *n, const char *target, struct http_response *rs)
{
    int64_t now = world_now_ms(n->w);
    bool hit = false;

    pthread_mutex_lock(&n->lock);
    for (int i = 0; i < NGINX_CACHE && !hit; i++) {
        if (strcmp(n->cache[i].target, target) != 0 || now >= n->cache[i].until_ms)
            continue;
        hit = true;
        http_answer(rs, 200, n->cache[i].type, n->cache[i].body.s ? n->cache[i].body.s : "");
    }
    pthread_mutex_unlock(&n->lock);
    return hit;
}

static void nginx_keep(struct nginx *n, const char *target, const struct http_response *rs)
{
    size_t len = strlen(target);
    int slot = 0;

    if (len >= sizeof n->cache[0].target)
        return;
    pthread_mutex_lock(&n->lock);
    for (int i = 0; i < NGINX_CACHE; i++) {
        if (!strcmp(n->cache[i].target, target)) {
            slot = i;
            break;
        }
        if (n->cache[i].until_ms < n->cache[slot].until_ms)
            slot = i;
    }
    memcpy(n->cache[slot].target, target, len + 1);
    n->cache[slot].type = rs->type;
    n->cache[slot].until_ms = world_now_ms(n->w) + CACHE_MS;
    str_clear(&n->cache[slot].body);
    str_addn(&n->cache[slot].body, rs->body.s, rs->body.len);
    pthread_mutex_unlock(&n->lock);
}

void nginx_forget(struct nginx *n)
{
    pthread_mutex_lock(&n->lock);
    for (int i = 0; i < NGINX_CACHE; i++)
        n->cache[i].until_ms = 0;
    memset(n->peer, 0, sizeof n->peer);
    pthread_mutex_unlock(&n->lock);
}

/* ---- upstream ---- */

/* The order in which to try: the next in turn, those that failed too often last. */
static int nginx_pick(struct nginx *n)
{
    int64_t now = now_mono_ms();

    pthread_mutex_lock(&n->lock);
    int first = (int)(n->turn++ % 2);
    if (n->peer[first].out_until_ms > now && n->peer[!first].out_until_ms <= now)
        first = !first;
    pthread_mutex_unlock(&n->lock);
    return first;
}

static void nginx_note(struct nginx *n, int peer, bool failed)
{
    int64_t now = now_mono_ms();

    pthread_mutex_lock(&n->lock);
    if (!failed) {
        n->peer[peer].fails = 0;
        n->peer[peer].out_until_ms = 0;
    } else {
        if (!n->peer[peer].fails || now - n->peer[peer].first_ms > FAIL_TIMEOUT_MS) {
            n->peer[peer].fails = 0;
            n->peer[peer].first_ms = now;
        }
        if (++n->peer[peer].fails >= MAX_FAILS)
            n->peer[peer].out_until_ms = now + FAIL_TIMEOUT_MS;
    }
    pthread_mutex_unlock(&n->lock);
}

static int nginx_ask(struct nginx *n, int peer, const struct http_request *rq,
                     struct http_response *rs)
{
    static const char *const pass[] = { "authorization", "content-type", "x-forwarded-for" };
    char target[1600], why[CLIENT_WHY], value[96];
    struct str headers = { 0 };
    struct client c;

    client_init(&c, n->w->boot->port[BOOT_B1 + peer]);
    nginx_target(rq, target, sizeof target);
    for (char *p = target; *p; p++)
        *p = *p == ' ' ? '+' : *p; /* the path was decoded */
    str_add(&headers, "Connection: close\r\n");
    for (size_t i = 0; i < sizeof pass / sizeof pass[0]; i++)
        if (http_header(rq, pass[i]))
            str_addf(&headers, "%s: %s\r\n", pass[i], http_header(rq, pass[i]));
    int code = client_ask(&c, rq->method, target, headers.s, rq->body_len ? rq->body : NULL,
                          UPSTREAM_MS, why);
    if (code > 0) {
        bool json =
            client_header(&c, "content-type", value, sizeof value) && strstr(value, "json") != NULL;
        http_answer(rs, code, json ? HTTP_JSON : METRICS_TYPE, c.body.s ? c.body.s : "");
        str_clear(&rs->head);
        str_addf(&rs->head, "X-Served-By: %s\r\n", n->w->apps[peer].def->name);
        if (code == 401)
            str_add(&rs->head, "WWW-Authenticate: Bearer\r\n");
    }
    str_fini(&headers);
    client_fini(&c);
    return code;
}

static void nginx_proxy(struct nginx *n, const struct http_request *rq, struct http_response *rs)
{
    int first = nginx_pick(n), code = -1;

    for (int i = 0; i < 2 && (code < 0 || code == 503); i++) {
        int peer = i ? !first : first;
        code = nginx_ask(n, peer, rq, rs);
        nginx_note(n, peer, code < 0 || code == 503);
    }
    if (code < 0 && rs->code != 503)
        nginx_error(rs, 502);
}

void nginx_handle(void *nginx, struct http_request *rq, struct http_response *rs)
{
    struct nginx *n = nginx;
    const char *status = "BYPASS";
    char target[1600];

    if (control_handle(n->w, rq, rs))
        return;
    if (!nginx_allows(n, rq)) {
        nginx_error(rs, 429);
        str_add(&rs->head, NGINX_SECURITY_HEADERS);
        return;
    }
    nginx_target(rq, target, sizeof target);
    bool cacheable = nginx_cacheable(n, rq);
    if (cacheable && nginx_cached(n, target, rs)) {
        status = "HIT";
    } else {
        nginx_proxy(n, rq, rs);
        status = cacheable ? "MISS" : "BYPASS";
        if (cacheable && rs->code == 200)
            nginx_keep(n, target, rs);
    }
    if (strcmp(status, "BYPASS") != 0)
        str_addf(&rs->head, "X-Cache-Status: %s\r\n", status);
    str_add(&rs->head, "Server: nginx\r\n" NGINX_SECURITY_HEADERS);
}

/* examples/sim/neurmatic_api.c: what a backend answers: health by the documented rule, asked of the
 * real servers; everyday requests. */
#include "neurmatic.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "now.h"
#include "tokens.h"
#include "world.h"

/* The documented limits behind "slow". */
#define SLOW_DB_MS    1000
#define SLOW_REDIS_MS 500
#define HIGH_MEMORY   90
#define MANY_WAITING  100
#define MANY_FAILED   50
#define NM_DB_MS      4500
#define MEMORY_BYTES  2147483648.0 /* the container's 2 GB */

struct nm_health {
    bool db, redis, queues; /* up */
    int64_t db_ms, redis_ms;
    long long waiting, failed;
    double memory;
    char db_why[DB_WHY], redis_why[RDS_WHY];
    const char *status;
};

/* ---- health ---- */

static double nm_memory(struct world *w)
{
    double fault = world_number(w, "memory");

    /* The everyday share breathes with the day of the traffic (ten minutes). */
    return fault > 0 ? fault : 45 + 3 * sin((double)(now_mono_ms() % 600000) / 95493.0);
}

static void nm_ask_db(struct app *a, struct nm_health *h)
{
    double slow = world_number(a->world, "db_slow");
    char seconds[32];
    const char *params[1] = { seconds };
    int64_t begin = now_mono_ms();

    snprintf(seconds, sizeof seconds, "%.3f", slow / 1000);
    PGresult *r = slow > 0 ? db_query(&a->db, NM_DB_MS, "SELECT 1 FROM pg_sleep($1::float8)", 1,
                                      params, h->db_why)
                           : db_query(&a->db, NM_DB_MS, "SELECT 1", 0, NULL, h->db_why);
    h->db_ms = now_mono_ms() - begin;
    h->db = r != NULL;
    PQclear(r);
}

static void nm_ask_redis(struct app *a, struct nm_health *h)
{
    int64_t begin = now_mono_ms();

    h->redis = rds_do(&a->redis, h->redis_why, "PING");
    h->redis_ms = now_mono_ms() - begin;
    h->queues = h->redis;
    for (const struct queue_def *d = nm_queues; d->name && h->queues; d++) {
        struct queue_counts q;
        h->queues = queues_count(&a->redis, d->name, &q, h->redis_why);
        h->waiting += h->queues ? q.wait : 0;
        h->failed += h->queues ? q.failed : 0;
    }
}

static void nm_examine(struct app *a, struct nm_health *h)
{
    *h = (struct nm_health){ 0 };
    nm_ask_db(a, h);
    nm_ask_redis(a, h);
    h->memory = nm_memory(a->world);
    bool halted = world_fault(a->world, "queues_down");
    bool slow = h->db_ms > SLOW_DB_MS || h->redis_ms > SLOW_REDIS_MS || h->memory > HIGH_MEMORY ||
                h->waiting > MANY_WAITING || h->failed > MANY_FAILED;
    h->status = !h->db                                      ? "unhealthy"
                : !h->redis || !h->queues || halted || slow ? "degraded"
                                                            : "healthy";
}

static void nm_timed(struct str *out, const char *name, bool up, bool slow, int64_t ms,
                     const char *why)
{
    if (up) {
        str_addf(out, "\"%s\":{\"status\":\"%s\",\"responseTime\":%lld}", name,
                 slow ? "degraded" : "up", (long long)ms);
    } else {
        str_addf(out, "\"%s\":{\"status\":\"down\",\"error\":", name);
        str_json(out, why);
        str_add(out, "}");
    }
}

static void nm_health_json(struct app *a, const struct nm_health *h, struct str *out)
{
    char version[APP_VERSION];

    app_version(a, version);
    str_addf(out, "{\"status\":\"%s\",\"services\":{", h->status);
    nm_timed(out, "database", h->db, h->db_ms > SLOW_DB_MS, h->db_ms, h->db_why);
    str_add(out, ",");
    nm_timed(out, "redis", h->redis, h->redis_ms > SLOW_REDIS_MS, h->redis_ms, h->redis_why);
    /* Counts that could not be read are left out: a failed read never becomes a number. */
    if (!h->queues)
        str_add(out, ",\"queues\":{\"status\":\"down\"}");
    else
        str_addf(out, ",\"queues\":{\"status\":\"%s\",\"waiting\":%lld,\"failed\":%lld}",
                 world_fault(a->world, "queues_down")                   ? "down"
                 : h->waiting > MANY_WAITING || h->failed > MANY_FAILED ? "degraded"
                                                                        : "up",
                 h->waiting, h->failed);
    str_addf(out,
             ",\"memory\":{\"status\":\"%s\",\"percentage\":%.0f}},\"uptime\":%.2f,\"version\":",
             h->memory > HIGH_MEMORY ? "degraded" : "up", h->memory, app_uptime_s(a));
    str_json(out, version);
    str_add(out, ",\"environment\":\"production\"}");
}

/* The deployed code wraps the documented body; the fault shows that form. */
static void nm_body(struct app *a, struct http_response *rs, int code, const struct str *json)
{
    bool nested = world_fault(a->world, "nested_body");

    http_answer(rs, code, HTTP_JSON, nested ? "{\"success\":true,\"data\":" : "");
    str_addn(&rs->body, json->s, json->len);
    str_add(&rs->body, nested ? "}" : "");
}

static int nm_health_code(struct app *a, const struct nm_health *h)
{
    if (!strcmp(h->status, "unhealthy"))
        return 503;
    return !strcmp(h->status, "degraded") && world_fault(a->world, "degraded_as_503") ? 503 : 200;
}

static void nm_health(struct app *a, struct http_request *rq, struct http_response *rs)
{
    struct nm_health h;
    struct str json = { 0 };

    (void)rq;
    nm_examine(a, &h);
    nm_health_json(a, &h, &json);
    nm_body(a, rs, nm_health_code(a, &h), &json);
    str_fini(&json);
}

static void nm_live_answer(struct app *a, struct http_request *rq, struct http_response *rs)
{
    struct str json = { 0 };

    (void)rq;
    str_addf(&json, "{\"status\":\"alive\",\"uptime\":%.2f}", app_uptime_s(a));
    nm_body(a, rs, 200, &json);
    str_fini(&json);
}

static void nm_ready(struct app *a, struct http_request *rq, struct http_response *rs)
{
    struct nm_health h = { 0 };
    struct str json = { 0 };

    (void)rq;
    nm_ask_db(a, &h);
    str_addf(&json, "{\"status\":\"%s\"}", h.db ? "ready" : "not_ready");
    nm_body(a, rs, h.db ? 200 : 503, &json);
    str_fini(&json);
}

/* ---- admin ---- */

static bool nm_admitted(struct app *a, struct http_request *rq, struct http_response *rs)
{
    if (tokens_good(a->world->tokens, a->world, rq))
        return true;
    app_fail(rs, 401, "Unauthorized");
    str_add(&rs->head, "WWW-Authenticate: Bearer\r\n");
    return false;
}

static void nm_metrics_json(struct app *a, struct str *out)
{
    struct metrics_total t = metrics_total(&a->metrics);
    struct rusage u;
    double load[3] = { 0 }, memory = nm_memory(a->world), uptime = app_uptime_s(a);

    getrusage(RUSAGE_SELF, &u);
    getloadavg(load, 3);
    double cpu_s = (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) +
                   (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec) / 1e6;
    str_addf(out,
             "{\"cpu\":{\"seconds\":%.3f,\"loadAverage\":[%.2f,%.2f,%.2f]},"
             "\"memory\":{\"percentage\":%.0f,\"usedBytes\":%.0f,\"totalBytes\":%.0f},"
             "\"requests\":{\"total\":%llu,\"errors\":%llu,\"errorRate\":%.5f,\"p95Ms\":%.1f},"
             "\"uptime\":%.2f}",
             cpu_s, load[0], load[1], load[2], memory, memory / 100 * MEMORY_BYTES, MEMORY_BYTES,
             (unsigned long long)t.requests, (unsigned long long)t.errors,
             t.requests ? (double)t.errors / (double)t.requests : 0.0, t.p95_ms, uptime);
}

static void nm_metrics(struct app *a, struct http_request *rq, struct http_response *rs)
{
    if (!nm_admitted(a, rq, rs))
        return;
    http_answer(rs, 200, HTTP_JSON, "");
    nm_metrics_json(a, &rs->body);
}

static void nm_monitoring(struct app *a, struct http_request *rq, struct http_response *rs)
{
    struct nm_health h;

    if (!nm_admitted(a, rq, rs))
        return;
    nm_examine(a, &h);
    http_answer(rs, 200, HTTP_JSON, "{\"health\":");
    nm_health_json(a, &h, &rs->body);
    str_add(&rs->body, ",\"metrics\":");
    nm_metrics_json(a, &rs->body);
    str_add(&rs->body, "}");
}

static void nm_prometheus(struct app *a, struct http_request *rq, struct http_response *rs)
{
    char version[APP_VERSION];

    app_metrics(a, rq, rs);
    app_version(a, version);
    str_addf(&rs->body,
             "# HELP app_info What runs here.\n# TYPE app_info gauge\n"
             "app_info{version=\"%s\",instance=\"%s\"} 1\n",
             version, a->def->name);
    metrics_gauge(&rs->body, "process_memory_percent", "Memory of the container.",
                  nm_memory(a->world));
}

/* ---- everyday requests ---- */

static PGresult *nm_query(struct app *a, const char *sql, int n, const char *const *params,
                          char *why)
{
    double slow = world_number(a->world, "db_slow");
    char seconds[32];
    const char *sleep[1] = { seconds };

    if (slow > 0) {
        snprintf(seconds, sizeof seconds, "%.3f", slow / 1000);
        PQclear(db_query(&a->db, NM_DB_MS, "SELECT pg_sleep($1::float8)", 1, sleep, why));
    }
    return db_query(&a->db, NM_DB_MS, sql, n, params, why);
}

static void nm_list(struct app *a, struct http_request *rq, struct http_response *rs)
{
    char why[DB_WHY], page[16] = "1";
    const char *params[1] = { page };

    http_param(rq, "page", page, sizeof page);
    if (digits_read(page, 99999) < 0) {
        app_fail(rs, 400, "page is a number");
        return;
    }
    PGresult *r = nm_query(a,
                           "SELECT id, title, views FROM articles ORDER BY published_at DESC "
                           "LIMIT 10 OFFSET 10 * $1::int",
                           1, params, why);
    if (!r) {
        app_fail(rs, 500, why);
        return;
    }
    http_answer(rs, 200, HTTP_JSON, "{\"success\":true,\"data\":[");
    for (int i = 0; i < PQntuples(r); i++) {
        str_addf(&rs->body, "%s{\"id\":%s,\"title\":", i ? "," : "", PQgetvalue(r, i, 0));
        str_json(&rs->body, PQgetvalue(r, i, 1));
        str_addf(&rs->body, ",\"views\":%s}", PQgetvalue(r, i, 2));
    }
    str_add(&rs->body, "]}");
    PQclear(r);
}

/* GET /api/v1/articles/7 reads it, POST /api/v1/articles/7/views counts a reader. */
static void nm_article(struct app *a, struct http_request *rq, struct http_response *rs)
{
    const char *id = rq->path + strlen("/api/v1/articles/");
    bool post = !strcmp(rq->method, "POST");
    char why[DB_WHY], number[16];
    const char *params[1] = { number };
    size_t n = strspn(id, "0123456789");

    if (!n || n > 9 || strcmp(id + n, post ? "/views" : "") != 0) {
        app_fail(rs, 404, "Not Found");
        return;
    }
    snprintf(number, sizeof number, "%.*s", (int)n, id);
    PGresult *r = nm_query(a,
                           post ? "UPDATE articles SET views = views + 1 WHERE id = $1::int "
                                  "RETURNING id, title, views"
                                : "SELECT id, title, views FROM articles WHERE id = $1::int",
                           1, params, why);
    if (!r) {
        app_fail(rs, 500, why);
    } else if (!PQntuples(r)) {
        app_fail(rs, 404, "Article not found");
    } else {
        http_answer(rs, post ? 201 : 200, HTTP_JSON, "{\"success\":true,\"data\":{");
        str_addf(&rs->body, "\"id\":%s,\"title\":", PQgetvalue(r, 0, 0));
        str_json(&rs->body, PQgetvalue(r, 0, 1));
        str_addf(&rs->body, ",\"views\":%s}}", PQgetvalue(r, 0, 2));
    }
    PQclear(r);
}

const struct app_route nm_routes[] = {
    { "GET", "/api/v1/health", nm_health },
    { "GET", "/api/v1/health/live", nm_live_answer },
    { "GET", "/api/v1/health/ready", nm_ready },
    { "GET", "/api/v1/metrics", nm_metrics },
    { "GET", "/api/v1/monitoring/status", nm_monitoring },
    { "GET", "/metrics", nm_prometheus },
    { "GET", "/api/v1/feed", nm_list, .ordinary = true },
    { "GET", "/api/v1/articles", nm_list, .ordinary = true },
    { "GET", "/api/v1/articles/*", nm_article, .ordinary = true, .label = "/api/v1/articles/:id" },
    { "POST", "/api/v1/articles/*", nm_article, .ordinary = true,
      .label = "/api/v1/articles/:id/views" },
    { 0 },
};

/* examples/sim/ratemyunit_api.c: what the API of RateMyUnit answers. */
#include <stdio.h>
#include <string.h>

#include "now.h"
#include "queues.h"
#include "ratemyunit.h"
#include "world.h"

#define MAX_QUEUE 1000

static const char rmu_502[] =
    "<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n<body>\r\n"
    "<center><h1>502 Bad Gateway</h1></center>\r\n<hr><center>nginx</center>\r\n"
    "</body>\r\n</html>\r\n";

static void rmu_health(struct app *a, struct http_request *rq, struct http_response *rs)
{
    char why[DB_WHY], stamp[32];

    (void)rq;
    if (world_fault(a->world, "html_200")) {
        http_answer(rs, 200, HTTP_HTML, rmu_page.html);
        return;
    }
    bool db = db_do(&a->db, 1000, "SELECT 1", why), redis = rds_do(&a->redis, why, "PING");
    now_stamp(world_now_ms(a->world), stamp);
    http_answer(rs, db && redis ? 200 : 503, HTTP_JSON, "");
    str_addf(&rs->body,
             "{\"api\":\"ok\",\"database\":\"%s\",\"redis\":\"%s\",\"timestamp\":\"%s\"}",
             db ? "ok" : "error", redis ? "ok" : "error", stamp);
}

static void rmu_rows(struct http_response *rs, PGresult *r, bool list)
{
    http_answer(rs, 200, HTTP_JSON, "{\"success\":true,\"data\":");
    str_add(&rs->body, list ? "[" : "");
    for (int i = 0; i < PQntuples(r); i++) {
        str_addf(&rs->body, "%s{\"id\":%s,\"name\":", i ? "," : "", PQgetvalue(r, i, 0));
        str_json(&rs->body, PQgetvalue(r, i, 1));
        str_add(&rs->body, ",\"city\":");
        str_json(&rs->body, PQgetvalue(r, i, 2));
        str_addf(&rs->body, ",\"rating\":%s,\"reviews\":%s}", PQgetvalue(r, i, 3),
                 PQgetvalue(r, i, 4));
    }
    str_add(&rs->body, list ? "]}" : "}");
}

static void rmu_units(struct app *a, struct http_request *rq, struct http_response *rs)
{
    char why[DB_WHY], search[128] = "";
    const char *params[1] = { search };

    http_param(rq, "search", search, sizeof search);
    PGresult *r = db_query(&a->db, DB_TIMEOUT_MS,
                           "SELECT id, name, city, rating, reviews FROM units "
                           "WHERE position(lower($1) in lower(name || ' ' || city)) > 0 "
                           "ORDER BY rating DESC, id LIMIT 20",
                           1, params, why);
    if (r)
        rmu_rows(rs, r, true);
    else
        app_fail(rs, 500, why);
    PQclear(r);
}

/* One unit, read in a session of its own: the view counter runs beside the pool. With no slot left
 * in the server this is the request that is really refused. */
static void rmu_unit(struct app *a, struct http_request *rq, struct http_response *rs)
{
    const char *id = rq->path + strlen("/api/units/");
    const char *params[1] = { id };
    char why[DB_WHY], conninfo[400];
    PGresult *r = NULL;

    if (digits_read(id, 999999999) < 0) {
        app_fail(rs, 400, "Invalid unit id");
        return;
    }
    db_address(&a->db, conninfo, sizeof conninfo);
    PGconn *c = db_connect(conninfo, DB_TIMEOUT_MS, why);
    if (c) {
        r = db_ask(c, DB_TIMEOUT_MS,
                   "UPDATE units SET views = views + 1 WHERE id = $1::int "
                   "RETURNING id, name, city, rating, reviews",
                   1, params, why);
        PQfinish(c);
    }
    if (!r)
        app_fail(rs, 500, why);
    else if (!PQntuples(r))
        app_fail(rs, 404, "Unit not found");
    else
        rmu_rows(rs, r, false);
    PQclear(r);
}

/* False, and answered, when Redis does not tell. */
static bool rmu_counts(struct app *a, struct http_response *rs, struct queue_counts *q)
{
    char why[RDS_WHY];
    bool ok = queues_count(&a->redis, "scraper-queue", q, why);

    if (!ok)
        app_fail(rs, 500, why);
    return ok;
}

static void rmu_pool(struct app *a, struct http_request *rq, struct http_response *rs)
{
    struct queue_counts q;

    (void)rq;
    if (!rmu_counts(a, rs, &q))
        return;
    /* A running job holds a browser; with every browser held, what waits in the queue is pending.
     */
    long long borrowed = q.active < RMU_BROWSERS ? q.active : RMU_BROWSERS;
    if (world_fault(a->world, "pool_exhausted"))
        borrowed = RMU_BROWSERS;
    long long pending =
        borrowed == RMU_BROWSERS && world_fault(a->world, "pool_exhausted") ? q.wait + 1 : 0;
    http_answer(rs, 200, HTTP_JSON, "");
    str_addf(&rs->body, "{\"size\":%d,\"available\":%lld,\"borrowed\":%lld,\"pending\":%lld}",
             RMU_BROWSERS, RMU_BROWSERS - borrowed, borrowed, pending);
}

static void rmu_queue_stats(struct app *a, struct http_request *rq, struct http_response *rs)
{
    struct queue_counts q;

    (void)rq;
    if (!rmu_counts(a, rs, &q))
        return;
    http_answer(rs, 200, HTTP_JSON, "");
    str_addf(&rs->body,
             "{\"success\":true,\"data\":{\"waiting\":%lld,\"active\":%lld,\"completed\":%lld,"
             "\"failed\":%lld,\"delayed\":%lld,\"paused\":%s,\"maxQueueSize\":%d}}",
             q.wait, q.active, q.completed, q.failed, q.delayed, q.paused ? "true" : "false",
             MAX_QUEUE);
}

static void rmu_queue_pause(struct app *a, struct http_request *rq, struct http_response *rs)
{
    bool on = strstr(rq->path, "/pause") != NULL;
    char why[RDS_WHY];

    if (!queues_pause(&a->redis, "scraper-queue", on, why)) {
        app_fail(rs, 500, why);
        return;
    }
    http_answer(rs, 200, HTTP_JSON, "");
    str_addf(&rs->body, "{\"success\":true,\"data\":{\"paused\":%s}}", on ? "true" : "false");
}

static void rmu_metrics(struct app *a, struct http_request *rq, struct http_response *rs)
{
    struct queue_counts q;
    char why[RDS_WHY];
    double memory = world_number(a->world, "memory");

    app_metrics(a, rq, rs);
    /* A t3.micro has 1 GiB; the everyday share is what the container takes of it. */
    double share = memory > 0 ? memory / 100 : 0.41;
    metrics_gauge(&rs->body, "process_resident_memory_bytes", "Memory of the process.",
                  share * 1073741824.0);
    if (queues_count(&a->redis, "scraper-queue", &q, why)) {
        metrics_gauge(&rs->body, "scraper_queue_waiting", "Jobs that wait.", (double)q.wait);
        metrics_gauge(&rs->body, "scraper_queue_failed", "Jobs that failed for good.",
                      (double)q.failed);
    }
}

static void rmu_page_answer(struct app *a, struct http_request *rq, struct http_response *rs)
{
    (void)a;
    (void)rq;
    http_answer(rs, 200, HTTP_HTML, rmu_page.html); /* the catch-all: 200 for every path */
}

static const struct app_route rmu_routes[] = {
    { "GET", "/health", rmu_health },
    { "GET", "/metrics", rmu_metrics },
    { "GET", "/api/units", rmu_units, .ordinary = true },
    { "GET", "/api/units/*", rmu_unit, .ordinary = true, .label = "/api/units/:id" },
    { "GET", "/admin/browser-pool/stats", rmu_pool },
    { "GET", "/api/admin/queue-stats", rmu_queue_stats },
    { "GET", "/api/admin/queue/status", rmu_queue_stats },
    { "POST", "/api/admin/queue/pause", rmu_queue_pause },
    { "POST", "/api/admin/queue/resume", rmu_queue_pause },
    { "GET", "*", rmu_page_answer },
    { 0 },
};

/* As a proxy does when its app is dead. */
static bool rmu_proxy(struct app *a, struct http_request *rq, struct http_response *rs)
{
    (void)rq;
    if (!world_fault(a->world, "api_502"))
        return false;
    http_answer(rs, 502, HTTP_HTML, rmu_502);
    return true;
}

const struct app_def rmu_api = {
    .name = "api",
    .application = "ratemyunit-api",
    .listener = BOOT_API,
    .routes = rmu_routes,
    .median_ms = 22,
    .sigma = 0.42,
    .pool_max = 20,
    .pool_idle_ms = 20000,
    .down_fault = "api_down",
    .proxy = rmu_proxy,
};

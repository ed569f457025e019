/* examples/sim/ratemyunit.c: RateMyUnit: one API instance, its web site, its faults. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "now.h"
#include "queues.h"
#include "tools.h"
#include "traffic.h"
#include "world.h"

#define JSON          "application/json; charset=utf-8"
#define HTML          "text/html; charset=utf-8"
#define DB_TIMEOUT_MS 1500
#define POOL_MAX      20
#define BROWSERS      4
#define MAX_QUEUE     1000

static const char rmu_page[] =
    "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>RateMyUnit</title>"
    "<script type=\"module\" src=\"/assets/index-4f1c2a.js\"></script></head>\n"
    "<body><div id=\"root\"></div></body></html>\n";

static const char rmu_502[] =
    "<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n<body>\r\n"
    "<center><h1>502 Bad Gateway</h1></center>\r\n<hr><center>nginx</center>\r\n"
    "</body>\r\n</html>\r\n";

/* ---- the API ---- */

static void rmu_health(struct app *a, struct http_request *rq, struct http_response *rs)
{
    char why[DB_WHY], stamp[32];

    (void)rq;
    if (world_fault(a->world, "html_200")) {
        http_answer(rs, 200, HTML, rmu_page);
        return;
    }
    PGresult *r = db_query(&a->db, 1000, "SELECT 1", 0, NULL, why);
    redisReply *pong = rds_ask(&a->redis, why, "PING");
    bool db = r != NULL, redis = pong && pong->type == REDIS_REPLY_STATUS;
    PQclear(r);
    if (pong)
        freeReplyObject(pong);
    now_stamp(world_now_ms(a->world), stamp);
    http_answer(rs, db && redis ? 200 : 503, JSON, "");
    str_addf(&rs->body,
             "{\"api\":\"ok\",\"database\":\"%s\",\"redis\":\"%s\",\"timestamp\":\"%s\"}",
             db ? "ok" : "error", redis ? "ok" : "error", stamp);
}

static void rmu_failed(struct http_response *rs, const char *why)
{
    http_answer(rs, 500, JSON, "{\"success\":false,\"error\":");
    str_json(&rs->body, why);
    str_add(&rs->body, "}");
}

static void rmu_rows(struct http_response *rs, PGresult *r, bool list)
{
    http_answer(rs, 200, JSON, "{\"success\":true,\"data\":");
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
        rmu_failed(rs, why);
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

    if (!*id || strlen(id) > 9 || strspn(id, "0123456789") != strlen(id)) {
        http_answer(rs, 400, JSON, "{\"success\":false,\"error\":\"Invalid unit id\"}");
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
        rmu_failed(rs, why);
    else if (!PQntuples(r))
        http_answer(rs, 404, JSON, "{\"success\":false,\"error\":\"Unit not found\"}");
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
        rmu_failed(rs, why);
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
    long long borrowed = q.active < BROWSERS ? q.active : BROWSERS;
    if (world_fault(a->world, "pool_exhausted"))
        borrowed = BROWSERS;
    long long pending =
        borrowed == BROWSERS && world_fault(a->world, "pool_exhausted") ? q.wait + 1 : 0;
    http_answer(rs, 200, JSON, "");
    str_addf(&rs->body, "{\"size\":%d,\"available\":%lld,\"borrowed\":%lld,\"pending\":%lld}",
             BROWSERS, BROWSERS - borrowed, borrowed, pending);
}

static void rmu_queue_stats(struct app *a, struct http_request *rq, struct http_response *rs)
{
    struct queue_counts q;

    (void)rq;
    if (!rmu_counts(a, rs, &q))
        return;
    http_answer(rs, 200, JSON, "");
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
        rmu_failed(rs, why);
        return;
    }
    http_answer(rs, 200, JSON, "");
    str_addf(&rs->body, "{\"success\":true,\"data\":{\"paused\":%s}}", on ? "true" : "false");
}

static void rmu_metrics(struct app *a, struct http_request *rq, struct http_response *rs)
{
    struct queue_counts q;
    char why[RDS_WHY];
    double memory = world_number(a->world, "memory");

    (void)rq;
    http_answer(rs, 200, "text/plain; version=0.0.4; charset=utf-8", "");
    metrics_text(&a->metrics, &rs->body);
    app_gauges(a, &rs->body);
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
    http_answer(rs, 200, HTML, rmu_page); /* the catch-all: 200 for every path */
}

static const struct app_route rmu_routes[] = {
    { "GET", "/health", "/health", false, rmu_health },
    { "GET", "/metrics", "/metrics", false, rmu_metrics },
    { "GET", "/api/units", "/api/units", true, rmu_units },
    { "GET", "/api/units/*", "/api/units/:id", true, rmu_unit },
    { "GET", "/admin/browser-pool/stats", "/admin/browser-pool/stats", false, rmu_pool },
    { "GET", "/api/admin/queue-stats", "/api/admin/queue-stats", false, rmu_queue_stats },
    { "GET", "/api/admin/queue/status", "/api/admin/queue/status", false, rmu_queue_stats },
    { "POST", "/api/admin/queue/pause", "/api/admin/queue/pause", false, rmu_queue_pause },
    { "POST", "/api/admin/queue/resume", "/api/admin/queue/resume", false, rmu_queue_pause },
    { "GET", "*", "*", false, rmu_page_answer },
    { 0 },
};

static void rmu_api(void *arg, struct http_request *rq, struct http_response *rs)
{
    struct app *a = arg;

    if (control_handle(a->world, rq, rs))
        return;
    if (world_fault(a->world, "api_502")) {
        http_answer(rs, 502, HTML, rmu_502); /* said by the proxy: the app does not count it */
        return;
    }
    app_serve(a, rq, rs);
}

static void rmu_web(void *arg, struct http_request *rq, struct http_response *rs)
{
    if (control_handle(arg, rq, rs))
        return;
    now_sleep_ms(3);
    str_add(&rs->head, "Server: AmazonS3\r\nX-Cache: Hit from cloudfront\r\n");
    http_answer(rs, 200, HTML, rmu_page);
}

/* ---- faults ---- */

static bool rmu_conn_leak(struct world *w, bool on, char *why)
{
    (void)why;
    if (on) {
        /* Requests queue for what is left: the pool neither grows nor lets go. */
        db_freeze(&w->apps[0].db, true);
        leak_open(&w->leak, (int)world_number(w, "conn_leak"));
        world_log(w, "%d sessions idle in transaction%s", w->leak.idle_n,
                  w->leak.refused ? ", then refused" : "");
    } else {
        leak_close(&w->leak);
        db_freeze(&w->apps[0].db, false);
    }
    return true;
}

static bool rmu_long_query(struct world *w, bool on, char *why)
{
    if (on)
        return leak_query(&w->leak, why);
    leak_query_end(&w->leak);
    return true;
}

static bool rmu_slow_shutdown(struct world *w, bool on, char *why)
{
    (void)why;
    if (on)
        app_stop(&w->apps[0], (int64_t)(1000 * world_number(w, "slow_shutdown")));
    else if (app_phase(&w->apps[0]) != APP_UP)
        app_reborn(&w->apps[0]);
    return true;
}

static bool rmu_new_process(struct world *w, bool on, char *why)
{
    (void)why;
    if (on)
        app_settle(&w->apps[0]);
    else
        app_reborn(&w->apps[0]);
    return true;
}

static const struct fault_def rmu_faults[] = {
    { "redis_down", FAULT_SWITCH, NULL, 0, 0,
      "stops the Redis server; off starts it on the same port", world_redis_down },
    { "db_down", FAULT_SWITCH, NULL, 0, 0,
      "stops PostgreSQL at once; off starts it on the same port", world_db_down },
    { "api_502", FAULT_SWITCH, NULL, 0, 0,
      "every path of the API answers 502 with HTML, as a proxy does when its app is dead",
      rmu_new_process },
    { "api_down", FAULT_SWITCH, NULL, 0, 0, "the API's port refuses", rmu_new_process },
    { "html_200", FAULT_SWITCH, NULL, 0, 0, "/health answers 200 with the web page", NULL },
    { "slow_shutdown", FAULT_NUMBER, "40", 1, 3600,
      "so many seconds of 503 'shutting down', 2 s refused, then a new process; ends by itself",
      rmu_slow_shutdown },
    { "conn_leak", FAULT_NUMBER, "25", 1, LEAK_MAX,
      "opens so many sessions of role app idle in transaction, or until refused", rmu_conn_leak },
    { "long_query", FAULT_SWITCH, NULL, 0, 0, "a query of role app that does not end",
      rmu_long_query },
    { "pool_exhausted", FAULT_SWITCH, NULL, 0, 0,
      "every browser is held: /admin/browser-pool/stats shows pending, the scraper stands still",
      NULL },
    { "error_rate", FAULT_NUMBER, "0.12", 0, 1, "this share of /api/units requests answers 500",
      NULL },
    { "p95", FAULT_NUMBER, "1200", 1, 20000, "95 of 100 /api/units requests take up to so many ms",
      NULL },
    { "latency", FAULT_NUMBER, "800", 1, 20000,
      "every answer of the API, /health too, so many ms later", NULL },
    { "memory", FAULT_NUMBER, "92", 1, 100,
      "memory of the host in percent: aws cloudwatch mem_used_percent, free, /metrics", NULL },
    { "restorable_lag", FAULT_NUMBER, "900", 0, 1e7,
      "aws rds describe-db-instances: LatestRestorableTime so many seconds ago", NULL },
    { "rds_free", FAULT_TEXT, "1.5GB", 0, 0, "aws cloudwatch FreeStorageSpace of the database",
      NULL },
    { "status_check_failed", FAULT_SWITCH, NULL, 0, 0,
      "aws ec2 describe-instance-status: impaired; aws cloudwatch StatusCheckFailed 1", NULL },
    { "env_hides_ssm", FAULT_SWITCH, NULL, 0, 0,
      "DATABASE_URL set in the container hides the SSM parameter: docker-compose exec api printenv",
      NULL },
};

static void rmu_conninfo(const struct boot *b, char *out, size_t cap)
{
    snprintf(out, cap, "postgres://app@127.0.0.1:%d/ratemyunit?application_name=ratemyunit-api",
             b->pg_port);
}

/* Where a starting process finds its database: the environment variable first, the parameter
 * second. That order is the trap of the restore runbook. */
static void rmu_point(struct world *w, struct app *a)
{
    char conninfo[400];

    if (world_fault(w, "env_hides_ssm"))
        rmu_conninfo(w->boot, conninfo, sizeof conninfo);
    else
        aws_parameter(w, conninfo, sizeof conninfo);
    db_point(&a->db, conninfo);
}

/* What a restart of the process mends: what the process itself held or had become. */
static void rmu_passed(struct world *w, struct app *a, enum app_phase phase)
{
    if (phase == APP_GONE) {
        rmu_point(w, a);
        world_clear(w, "conn_leak");
        world_clear(w, "long_query");
        world_clear(w, "pool_exhausted");
        world_clear(w, "memory");
    } else {
        world_clear(w, "slow_shutdown");
        world_clear(w, "api_502");
        world_clear(w, "api_down");
    }
}

/* ---- the system ---- */

static const struct queue_def rmu_queues[] = {
    { "scraper-queue", 0.5, 2.5, BROWSERS, 0.12, "scrape-unit" },
};

static void rmu_scraped(struct world *w, const struct queue_def *q, bool ok, double took_s)
{
    char why[DB_WHY], took[32];
    const char *params[2] = { ok ? "t" : "f", took };

    (void)q;
    snprintf(took, sizeof took, "%d", (int)(took_s * 1000));
    PQclear(db_query(&w->apps[0].db, 500,
                     "INSERT INTO scrapes (ok, took_ms) VALUES ($1::bool, $2::int)", 2, params,
                     why));
}

static void rmu_user(struct world *w, struct client *c, struct chance *dice)
{
    static const char *const words[] = { "test", "oak",  "river", "park", "loft", "austin",
                                         "view", "main", "reno",  "elm",  "hill", "studio" };
    char target[96], why[CLIENT_WHY];
    int kind = chance_below(dice, 100);

    (void)w;
    if (kind < 76)
        snprintf(target, sizeof target, "/api/units?search=%s",
                 words[chance_below(dice, (int)(sizeof words / sizeof words[0]))]);
    else if (kind < 91)
        snprintf(target, sizeof target, "/api/units/%d", 1 + chance_below(dice, 600));
    else if (kind < 95)
        snprintf(target, sizeof target, "/api/units/%d", 900000 + chance_below(dice, 1000));
    else
        snprintf(target, sizeof target, "%s", kind < 98 ? "/" : "/units/saved");
    client_ask(c, "GET", target, "User-Agent: browser\r\n", NULL, 10000, why);
}

static void rmu_vars(const struct boot *b, struct str *out)
{
    char path[400];

    str_addf(out,
             "\"api\":\"http://127.0.0.1:%d\",\"web\":\"http://127.0.0.1:%d\","
             "\"pg\":\"host=127.0.0.1 port=%d dbname=ratemyunit user=midwatch\","
             "\"redis\":\"redis://127.0.0.1:%d\"",
             b->port[BOOT_API], b->port[BOOT_WEB], b->pg_port, b->redis_port);
    str_add(out, ",\"ops\":");
    snprintf(path, sizeof path, "%s/bin", b->place.dir);
    str_json(out, path);
    str_add(out, ",\"log\":");
    snprintf(path, sizeof path, "%s/log/api.jsonl", b->place.dir);
    str_json(out, path);
}

static void rmu_serve(struct world *w)
{
    const struct boot *b = w->boot;
    struct app *a = &w->apps[0];
    char conninfo[400];

    w->app_n = 1;
    app_init(a, w, "api");
    app_route_all(a, rmu_routes);
    a->median_ms = 22;
    a->sigma = 0.42;
    a->down_fault = "api_down";
    rmu_conninfo(b, conninfo, sizeof conninfo);
    aws_init(w, conninfo);
    db_init(&a->db, conninfo, POOL_MAX, 20000);
    rds_init(&a->redis, b->redis_port, b->redis_password, 500);
    leak_init(&w->leak, conninfo);
    http_serve(&a->http, b->fd[BOOT_API], b->port[BOOT_API], rmu_api, a);
    http_serve(&w->web, b->fd[BOOT_WEB], b->port[BOOT_WEB], rmu_web, w);
    world_serve_control(w);
}

static bool rmu_live(struct world *w, char *why)
{
    (void)why;
    w->queues = world_alloc(sizeof *w->queues);
    queues_start(w->queues, w, rmu_queues, 1, rmu_scraped);
    traffic_start(w, w->boot->port[BOOT_API], 11.5, rmu_user);
    return true;
}

static const char rmu_schema[] =
    "SET ROLE app;"
    "CREATE TABLE units (id serial PRIMARY KEY, name text NOT NULL, city text NOT NULL,"
    " beds int NOT NULL, rent int NOT NULL, rating numeric(2,1) NOT NULL, reviews int NOT NULL,"
    " views bigint NOT NULL DEFAULT 0, updated_at timestamptz NOT NULL DEFAULT now());"
    "INSERT INTO units (name, city, beds, rent, rating, reviews)"
    " SELECT CASE WHEN i = 1 THEN '1 Test Street' ELSE (100 + i * 7) || ' ' ||"
    "  (ARRAY['Oak','River','Park','Main','Elm','Hill','Lake','Mill','View','Test'])[1 + i % 10] ||"
    "  ' ' || (ARRAY['Street','Avenue','Lofts','Court','Studio'])[1 + i / 10 % 5] END,"
    "  (ARRAY['Austin','Reno','Boise','Tampa','Dayton','Salem'])[1 + i * 13 % 6],"
    "  1 + i % 4, 800 + i * 37 % 2400, 1 + i * 29 % 41 / 10.0, i * 17 % 120"
    " FROM generate_series(1, 600) i;"
    "CREATE TABLE reviews (id serial PRIMARY KEY, unit_id int NOT NULL REFERENCES units,"
    " stars int NOT NULL, body text NOT NULL, written_at timestamptz NOT NULL DEFAULT now());"
    "INSERT INTO reviews (unit_id, stars, body)"
    " SELECT 1 + i % 600, 1 + i % 5, 'Review ' || i FROM generate_series(1, 1800) i;"
    "CREATE TABLE scrapes (id bigserial PRIMARY KEY, ok bool NOT NULL, took_ms int NOT NULL,"
    " at timestamptz NOT NULL DEFAULT now());"
    "INSERT INTO scrapes (ok, took_ms, at)"
    " SELECT i % 12 <> 0, 1500 + i * 31 % 4000, now() - i * interval '72 seconds'"
    " FROM generate_series(1, 1200) i;"
    "CREATE INDEX scrapes_at ON scrapes (at);"
    "RESET ROLE;"
    "GRANT SELECT ON ALL TABLES IN SCHEMA public TO midwatch";

const struct system system_ratemyunit = {
    .name = "ratemyunit",
    .db_name = "ratemyunit",
    .redis_maxmemory = "256mb",
    .pg_max_connections = 25,
    .listeners = 1u << BOOT_API | 1u << BOOT_WEB | 1u << BOOT_CONTROL,
    .faults = rmu_faults,
    .fault_n = sizeof rmu_faults / sizeof rmu_faults[0],
    .schema = rmu_schema,
    .vars = rmu_vars,
    .serve = rmu_serve,
    .live = rmu_live,
    .passed = rmu_passed,
};

/* examples/sim/hireflux.c: HireFlux: an API that puts work into two lists in Redis and a table, its
 * web site, its log with AI lines and others. The workers are in hireflux_work.c. */
#include "hireflux.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "now.h"
#include "traffic.h"
#include "world.h"

#define JSON          "application/json; charset=utf-8"
#define HTML          "text/html; charset=utf-8"
#define DB_TIMEOUT_MS 1500
#define POOL_MAX      20
#define SESSION_S     86400

/* ---- the log ---- */

void hf_line(struct world *w, const char *level, const char *service, const char *message,
             int64_t duration_ms, struct str *out)
{
    struct flux *f = w->own;
    char stamp[32];

    pthread_mutex_lock(&f->lock);
    uint64_t id = ++f->requests;
    pthread_mutex_unlock(&f->lock);
    now_stamp(world_now_ms(w), stamp);
    str_addf(out,
             "{\"timestamp\":\"%s\",\"level\":\"%s\",\"service\":\"%s\",\"request_id\":\"%08" PRIx64
             "\",\"user_id\":\"user_%d\",\"message\":",
             stamp, level, service, id, (int)(id % 500));
    str_json(out, message);
    str_addf(out, ",\"duration_ms\":%" PRId64, duration_ms);
}

/* No path and no status: the documented line has neither. */
static void hf_log_line(struct app *a, const struct http_request *rq, int code, int64_t ms,
                        struct str *out)
{
    (void)rq;
    hf_line(a->world,
            code >= 500   ? "ERROR"
            : code >= 400 ? "WARNING"
                          : "INFO",
            "api", code >= 500 ? "Unhandled exception in request" : "Request completed", ms, out);
    str_add(out, "}\n");
}

static void hf_refuse(struct app *a, const struct http_request *rq, int code,
                      struct http_response *rs)
{
    (void)a;
    (void)rq;
    http_answer(rs, code, JSON, "{\"detail\":"); /* FastAPI's */
    str_json(&rs->body, http_reason(code));
    str_add(&rs->body, "}");
}

/* ---- routes ---- */

/* The documented mistake: a fixed text that asks nobody. */
static void hf_health(struct app *a, struct http_request *rq, struct http_response *rs)
{
    (void)a;
    (void)rq;
    http_answer(rs, 200, JSON, "{\"status\":\"healthy\",\"service\":\"hireflux-api\"}");
}

static void hf_root(struct app *a, struct http_request *rq, struct http_response *rs)
{
    (void)rq;
    if (world_fault(a->world, "health_lies"))
        hf_refuse(a, rq, 500, rs);
    else
        http_answer(rs, 200, JSON, "{\"message\":\"HireFlux API v1\"}");
}

static void hf_session(struct app *a, const struct http_request *rq)
{
    char why[RDS_WHY];
    const char *user = http_header(rq, "x-user");
    redisReply *r = user ? rds_ask(&a->redis, why, "SETEX session:%s %d 1", user, SESSION_S) : NULL;

    if (r)
        freeReplyObject(r);
}

static void hf_resumes(struct app *a, struct http_request *rq, struct http_response *rs)
{
    char why[DB_WHY];

    hf_session(a, rq);
    PGresult *r = db_query(&a->db, DB_TIMEOUT_MS,
                           "SELECT id, title FROM resumes ORDER BY id DESC LIMIT 20", 0, NULL, why);
    if (!r) {
        hf_refuse(a, rq, 500, rs);
        return;
    }
    http_answer(rs, 200, JSON, "{\"items\":[");
    for (int i = 0; i < PQntuples(r); i++) {
        str_addf(&rs->body, "%s{\"id\":%s,\"title\":", i ? "," : "", PQgetvalue(r, i, 0));
        str_json(&rs->body, PQgetvalue(r, i, 1));
        str_add(&rs->body, "}");
    }
    str_add(&rs->body, "]}");
    PQclear(r);
}

/* A job as the workers take it: its time stands in it. */
static bool hf_enqueue(struct app *a, const char *queue, const char *kind)
{
    char why[RDS_WHY], stamp[32];

    now_stamp(now_real_ms(), stamp);
    return rds_count(&a->redis, why, "LPUSH queue:%s {\"name\":\"%s\",\"created_at\":\"%s\"}",
                     queue, kind, stamp) > 0;
}

static void hf_generate(struct app *a, struct http_request *rq, struct http_response *rs)
{
    if (!hf_enqueue(a, "resume_generation", "generate_resume")) {
        hf_refuse(a, rq, 500, rs);
        return;
    }
    hf_enqueue(a, "email_notifications", "resume_started");
    http_answer(rs, 202, JSON, "{\"status\":\"queued\"}");
}

static void hf_apply(struct app *a, struct http_request *rq, struct http_response *rs)
{
    char why[DB_WHY];
    PGresult *r = db_query(&a->db, DB_TIMEOUT_MS,
                           "INSERT INTO auto_apply_jobs (status) VALUES ('queued') RETURNING id", 0,
                           NULL, why);

    hf_enqueue(a, "email_notifications", "application_sent");
    if (r)
        http_answer(rs, 202, JSON, "{\"status\":\"queued\"}");
    else
        hf_refuse(a, rq, 500, rs);
    PQclear(r);
}

static void hf_metrics(struct app *a, struct http_request *rq, struct http_response *rs)
{
    (void)rq;
    http_answer(rs, 200, "text/plain; version=0.0.4; charset=utf-8", "");
    metrics_text(&a->metrics, &rs->body);
    app_gauges(a, &rs->body);
}

static const struct app_route hf_routes[] = {
    { "GET", "/health", "/health", false, hf_health },
    { "GET", "/metrics", "/metrics", false, hf_metrics },
    { "GET", "/api/v1/", "/api/v1/", false, hf_root },
    { "GET", "/api/v1/resumes", "/api/v1/resumes", true, hf_resumes },
    { "POST", "/api/v1/resumes/generate", "/api/v1/resumes/generate", true, hf_generate },
    { "POST", "/api/v1/auto-apply", "/api/v1/auto-apply", true, hf_apply },
    { 0 },
};

static void hf_web(void *arg, struct http_request *rq, struct http_response *rs)
{
    if (control_handle(arg, rq, rs))
        return;
    now_sleep_ms(6);
    http_answer(rs, 200, HTML,
                "<!DOCTYPE html><html lang=\"en\"><head><title>HireFlux</title></head>"
                "<body><div id=\"__next\"></div></body></html>\n");
}

static void hf_user(struct world *w, struct client *c, struct chance *dice)
{
    char headers[120], why[CLIENT_WHY];
    int kind = chance_below(dice, 1000), who = 1 + chance_below(dice, 500);

    (void)w;
    snprintf(headers, sizeof headers, "X-User: user_%d\r\nX-Forwarded-For: 198.51.100.%d\r\n", who,
             who % 200);
    if (kind < 12)
        client_ask(c, "POST", "/api/v1/resumes/generate", headers, "{}", 10000, why);
    else if (kind < 20)
        client_ask(c, "POST", "/api/v1/auto-apply", headers, "{}", 10000, why);
    else
        client_ask(c, "GET", "/api/v1/resumes", headers, NULL, 10000, why);
}

/* ---- faults ---- */

static bool hf_sql(struct world *w, const char *sql, char *why)
{
    PGresult *r = db_query(&w->apps[0].db, DB_TIMEOUT_MS, sql, 0, NULL, why);

    PQclear(r);
    return r != NULL;
}

/* So many events of this very minute; off takes them back. */
static bool hf_payments(struct world *w, bool on, char *why)
{
    char sql[300];

    if (!on)
        return hf_sql(w, "DELETE FROM stripe_events WHERE id LIKE 'evt_fault_%'", why);
    snprintf(sql, sizeof sql,
             "INSERT INTO stripe_events (id, type, received_at) SELECT 'evt_fault_' || i, "
             "'invoice.payment_failed', now() FROM generate_series(1, %d) i ON CONFLICT DO NOTHING",
             (int)world_number(w, "payments_failed"));
    return hf_sql(w, sql, why);
}

static bool hf_jobsync(struct world *w, bool on, char *why)
{
    return hf_sql(w,
                  on ? "UPDATE jobs SET updated_at = updated_at - interval '30 hours'"
                     : "UPDATE jobs SET updated_at = now()",
                  why);
}

/* Everything behind the API is gone, and its health endpoint does not know. */
static bool hf_lies(struct world *w, bool on, char *why)
{
    return world_db_down(w, on, why) && world_redis_down(w, on, why);
}

static bool hf_down(struct world *w, bool on, char *why)
{
    (void)why;
    if (on)
        app_settle(&w->apps[0]);
    else
        app_reborn(&w->apps[0]);
    return true;
}

static const struct fault_def hf_faults[] = {
    { "error_rate", FAULT_NUMBER, "0.07", 0, 1, "this share of everyday requests answers 500",
      NULL },
    { "slow_nonai", FAULT_NUMBER, "1400", 1, 20000,
      "95 of 100 everyday requests take up to so many ms", NULL },
    { "slow_ai", FAULT_NUMBER, "7000", 1, 60000, "the provider of the models takes so many ms",
      NULL },
    { "db_cpu", FAULT_NUMBER, "91", 1, 100,
      "CPU of the database in percent, as cloudwatch tells it", NULL },
    { "cost_x", FAULT_NUMBER, "2.6", 1, 100, "every call of a model costs so many times more",
      NULL },
    { "payments_failed", FAULT_NUMBER, "12", 1, 1000, "so many failed payments within the hour",
      hf_payments },
    { "workers_stopped", FAULT_SWITCH, NULL, 0, 0, "no worker takes a job: both lists grow", NULL },
    { "health_lies", FAULT_SWITCH, NULL, 0, 0,
      "PostgreSQL and Redis stop, everything fails, and /health says healthy", hf_lies },
    { "jobsync_late", FAULT_SWITCH, NULL, 0, 0, "the last job sync was 30 hours earlier",
      hf_jobsync },
    { "redis_down", FAULT_SWITCH, NULL, 0, 0,
      "stops the Redis server; off starts it on the same port", world_redis_down },
    { "db_down", FAULT_SWITCH, NULL, 0, 0,
      "stops PostgreSQL at once; off starts it on the same port", world_db_down },
    { "api_down", FAULT_SWITCH, NULL, 0, 0, "the API's port refuses", hf_down },
};

static void hf_passed(struct world *w, struct app *a, enum app_phase phase)
{
    if (phase == APP_UP)
        world_clear(w, a->down_fault);
}

/* ---- the system ---- */

static void hf_vars(const struct boot *b, struct str *out)
{
    char path[400];

    str_addf(out,
             "\"api\":\"http://127.0.0.1:%d\",\"web\":\"http://127.0.0.1:%d\","
             "\"pg\":\"host=127.0.0.1 port=%d dbname=hireflux user=midwatch\","
             "\"redis\":\"redis://127.0.0.1:%d\",\"cloudwatch\":",
             b->port[BOOT_API], b->port[BOOT_WEB], b->pg_port, b->redis_port);
    snprintf(path, sizeof path, "%s/bin/cloudwatch", b->place.dir);
    str_json(out, path);
    str_add(out, ",\"log\":");
    snprintf(path, sizeof path, "%s/log/api.jsonl", b->place.dir);
    str_json(out, path);
}

static void hf_serve(struct world *w)
{
    const struct boot *b = w->boot;
    struct app *a = &w->apps[0];
    struct flux *f = world_alloc(sizeof *f);
    char conninfo[400];

    w->own = f;
    pthread_mutex_init(&f->lock, NULL);
    rds_init(&f->redis, b->redis_port, b->redis_password, 500);
    w->app_n = 1;
    app_init(a, w, "api");
    app_route_all(a, hf_routes);
    a->median_ms = 60;
    a->sigma = 0.5;
    a->down_fault = "api_down";
    a->log_line = hf_log_line;
    a->refuse = hf_refuse;
    snprintf(conninfo, sizeof conninfo,
             "host=127.0.0.1 port=%d dbname=hireflux user=app application_name=hireflux-api",
             b->pg_port);
    db_init(&a->db, conninfo, POOL_MAX, 30000);
    rds_init(&a->redis, b->redis_port, b->redis_password, 500);
    leak_init(&w->leak, "");
    http_serve(&a->http, b->fd[BOOT_API], b->port[BOOT_API], app_handle, a);
    http_serve(&w->web, b->fd[BOOT_WEB], b->port[BOOT_WEB], hf_web, w);
    world_serve_control(w);
}

static bool hf_live(struct world *w, char *why)
{
    (void)why;
    hf_work_start(w);
    traffic_start(w, w->boot->port[BOOT_API], 20, hf_user);
    return true;
}

static const char hf_schema[] =
    "SET ROLE app;"
    "CREATE TABLE resumes (id serial PRIMARY KEY, title text NOT NULL);"
    "INSERT INTO resumes (title) SELECT 'Resume ' || i FROM generate_series(1, 300) i;"
    "CREATE TABLE stripe_events (id text PRIMARY KEY, type text NOT NULL,"
    " received_at timestamptz NOT NULL);"
    "INSERT INTO stripe_events SELECT 'evt_' || i, CASE WHEN i % 15 = 0 THEN"
    " 'invoice.payment_failed' ELSE 'invoice.paid' END, now() - i * interval '2 minutes'"
    " FROM generate_series(1, 400) i;"
    "CREATE TABLE jobs (id serial PRIMARY KEY, updated_at timestamptz NOT NULL);"
    "INSERT INTO jobs (updated_at) SELECT now() - interval '6 hours' FROM generate_series(1, 500);"
    "CREATE TABLE auto_apply_jobs (id serial PRIMARY KEY, status text NOT NULL,"
    " created_at timestamptz NOT NULL DEFAULT now());"
    "CREATE INDEX auto_apply_queued ON auto_apply_jobs (created_at) WHERE status = 'queued';"
    "CREATE TABLE events_audit (id bigserial PRIMARY KEY, action text NOT NULL,"
    " user_id int NOT NULL, created_at timestamptz NOT NULL DEFAULT now());"
    "INSERT INTO events_audit (action, user_id, created_at) SELECT 'auto_apply', i % 500,"
    " now() - i * interval '3 hours' FROM generate_series(1, 1000) i;"
    "RESET ROLE;"
    /* append-only: the role that writes may not change what it wrote */
    "ALTER TABLE events_audit OWNER TO postgres;"
    "ALTER SEQUENCE events_audit_id_seq OWNER TO postgres;"
    "GRANT SELECT, INSERT ON events_audit TO app;"
    "GRANT USAGE ON SEQUENCE events_audit_id_seq TO app;"
    "GRANT SELECT ON ALL TABLES IN SCHEMA public TO midwatch";

const struct system system_hireflux = {
    .name = "hireflux",
    .db_name = "hireflux",
    .redis_maxmemory = "256mb",
    .pg_max_connections = 100,
    .listeners = 1u << BOOT_API | 1u << BOOT_WEB | 1u << BOOT_CONTROL,
    .faults = hf_faults,
    .fault_n = sizeof hf_faults / sizeof hf_faults[0],
    .schema = hf_schema,
    .vars = hf_vars,
    .serve = hf_serve,
    .live = hf_live,
    .passed = hf_passed,
};

/* examples/sim/hireflux_api.c: what the API of HireFlux answers, and the line that all its parts
 * log. */
#include <inttypes.h>
#include <stdio.h>

#include "hireflux.h"
#include "now.h"
#include "world.h"

#define SESSION_S 86400

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
    http_tell(rs, code, "{\"detail\":", http_reason(code)); /* FastAPI's */
}

/* ---- routes ---- */

/* The documented mistake: a fixed text that asks nobody. */
static void hf_health(struct app *a, struct http_request *rq, struct http_response *rs)
{
    (void)a;
    (void)rq;
    http_answer(rs, 200, HTTP_JSON, "{\"status\":\"healthy\",\"service\":\"hireflux-api\"}");
}

static void hf_root(struct app *a, struct http_request *rq, struct http_response *rs)
{
    (void)rq;
    if (world_fault(a->world, "health_lies"))
        hf_refuse(a, rq, 500, rs);
    else
        http_answer(rs, 200, HTTP_JSON, "{\"message\":\"HireFlux API v1\"}");
}

static void hf_session(struct app *a, const struct http_request *rq)
{
    char why[RDS_WHY];
    const char *user = http_header(rq, "x-user");

    if (user)
        rds_do(&a->redis, why, "SETEX session:%s %d 1", user, SESSION_S);
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
    http_answer(rs, 200, HTTP_JSON, "{\"items\":[");
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
    http_answer(rs, 202, HTTP_JSON, "{\"status\":\"queued\"}");
}

static void hf_apply(struct app *a, struct http_request *rq, struct http_response *rs)
{
    char why[DB_WHY];
    bool queued =
        db_do(&a->db, DB_TIMEOUT_MS, "INSERT INTO auto_apply_jobs (status) VALUES ('queued')", why);

    hf_enqueue(a, "email_notifications", "application_sent");
    if (queued)
        http_answer(rs, 202, HTTP_JSON, "{\"status\":\"queued\"}");
    else
        hf_refuse(a, rq, 500, rs);
}

static const struct app_route hf_routes[] = {
    { "GET", "/health", hf_health },
    { "GET", "/metrics", app_metrics },
    { "GET", "/api/v1/", hf_root },
    { "GET", "/api/v1/resumes", hf_resumes, .ordinary = true },
    { "POST", "/api/v1/resumes/generate", hf_generate, .ordinary = true },
    { "POST", "/api/v1/auto-apply", hf_apply, .ordinary = true },
    { 0 },
};

const struct app_def hf_api = {
    .name = "api",
    .application = "hireflux-api",
    .listener = BOOT_API,
    .routes = hf_routes,
    .median_ms = 60,
    .sigma = 0.5,
    .pool_max = 20,
    .pool_idle_ms = 30000,
    .down_fault = "api_down",
    .log_line = hf_log_line,
    .refuse = hf_refuse,
};

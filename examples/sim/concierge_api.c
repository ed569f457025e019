/* examples/sim/concierge_api.c: what the backend of the mobile shop answers, and how it logs. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "concierge.h"
#include "now.h"
#include "world.h"

#define UPSTREAM_MS   3500 /* EXTERNAL_API_TIMEOUT_MS */
#define CACHE_S       300
#define PUSH_ATTEMPTS 3

/* ---- the log ---- */

void cg_line(struct app *a, const char *level, const char *correlation, struct str *out)
{
    char stamp[32];

    now_stamp(world_now_ms(a->world), stamp);
    str_addf(out, "{\"timestamp\":\"%s\",\"level\":\"%s\",\"correlationId\":", stamp, level);
    str_json(out, correlation ? correlation : "-");
}

static void cg_log_line(struct app *a, const struct http_request *rq, int code, int64_t ms,
                        struct str *out)
{
    /* 503 is what a kill switch and a shutdown say: nothing was thrown */
    cg_line(a,
            code >= 500 && code != 503 ? "error"
            : code >= 400              ? "warn"
                                       : "info",
            http_header(rq, "x-correlation-id"), out);
    str_add(out, ",\"method\":");
    str_json(out, rq->method);
    str_add(out, ",\"path\":");
    str_json(out, rq->path);
    str_addf(out, ",\"status\":%d,\"durationMs\":%" PRId64 ",\"message\":\"request\"}\n", code, ms);
}

static void cg_refuse(struct app *a, const struct http_request *rq, int code,
                      struct http_response *rs)
{
    (void)a;
    (void)rq;
    http_tell(rs, code, "{\"error\":", http_reason(code));
}

/* The id that goes through every log comes back to who asked. */
static bool cg_guard(struct app *a, struct http_request *rq, struct http_response *rs)
{
    const char *id = http_header(rq, "x-correlation-id");

    (void)a;
    if (id && strlen(id) <= 64 && strspn(id, "0123456789abcdefABCDEF-") == strlen(id))
        str_addf(&rs->head, "X-Correlation-Id: %s\r\n", id);
    return false;
}

/* ---- health ---- */

static void cg_health(struct app *a, struct http_request *rq, struct http_response *rs)
{
    char why[DB_WHY];
    bool db = db_do(&a->db, 900, "SELECT 1", why), ready = strstr(rq->path, "ready") != NULL;
    bool redis = !ready || rds_do(&a->redis, why, "PING");

    http_answer(rs, db && redis ? 200 : 503, HTTP_JSON, "");
    str_addf(&rs->body, "{\"status\":\"%s\",\"uptime\":%.2f}",
             !(db && redis) ? "error"
             : ready        ? "ready"
                            : "ok",
             app_uptime_s(a));
}

/* ---- the cache ---- */

const char *const cg_groups[CG_GROUPS] = { "products", "recommendations", "weather" };

static void cg_count(struct app *a, const char *group, bool hit)
{
    char why[RDS_WHY];

    rds_count(&a->redis, why, "HINCRBY cache:stats:%s %s 1", group, hit ? "hits" : "misses");
}

/* From the cache, else from the database and into the cache. A Redis that is away costs the cache,
 * not the answer. */
static void cg_cached(struct app *a, struct http_request *rq, struct http_response *rs)
{
    const char *group = strrchr(rq->path, '/') + 1;
    char why[DB_WHY], id[16] = "1";
    const char *params[2] = { group, id };
    double lost = !strcmp(group, "weather") ? world_number(a->world, "cache_miss") : 0;

    http_param(rq, "id", id, sizeof id);
    if (digits_read(id, 100000) < 0) {
        cg_refuse(a, rq, 400, rs);
        return;
    }
    if (lost > 0 && cg_unit(a->world) < lost) /* expired long before its time */
        rds_count(&a->redis, why, "DEL cache:%s:%s", group, id);
    redisReply *kept = rds_ask(&a->redis, why, "GET cache:%s:%s", group, id);
    if (kept)
        cg_count(a, group, kept->type == REDIS_REPLY_STRING);
    if (kept && kept->type == REDIS_REPLY_STRING) {
        http_answer(rs, 200, HTTP_JSON, kept->str);
        freeReplyObject(kept);
        return;
    }
    if (kept)
        freeReplyObject(kept);
    PGresult *r =
        db_query(&a->db, DB_TIMEOUT_MS,
                 "SELECT json_build_object('group', kind, 'id', id, 'title', title)::text "
                 "FROM items WHERE kind = $1 AND id = 1 + $2::int % 400",
                 2, params, why);
    if (!r || !PQntuples(r)) {
        cg_refuse(a, rq, r ? 404 : 500, rs);
    } else {
        http_answer(rs, 200, HTTP_JSON, PQgetvalue(r, 0, 0));
        rds_do(&a->redis, why, "SETEX cache:%s:%s %d %s", group, id, CACHE_S, PQgetvalue(r, 0, 0));
    }
    PQclear(r);
}

/* cacheService.prime, once at the start: nobody measures a cache by its first minute. */
bool cg_prime(struct world *w, char *why)
{
    struct rds *r = &w->apps[0].redis;

    for (size_t g = 0; g < CG_GROUPS; g++) {
        for (int id = 0; id < CG_GROUP_IDS; id++) {
            if (!rds_do(r, why, "SETEX cache:%s:%d %d {\"group\":\"%s\",\"id\":%d}", cg_groups[g],
                        id, CACHE_S, cg_groups[g], id))
                return false;
        }
        if (!rds_do(r, why, "HSET cache:stats:%s hits 0 misses 0", cg_groups[g]))
            return false;
    }
    return true;
}

/* ---- the assistant ---- */

static void cg_concierge(struct app *a, struct http_request *rq, struct http_response *rs)
{
    (void)rq;
    if (cg_effective(a->world, CG_CONCIERGE)) {
        http_answer(rs, 503, HTTP_JSON, "{\"error\":\"concierge_unavailable\"}");
        return;
    }
    if (world_fault(a->world, "openai_down")) { /* the whole time limit, then an answer of before */
        now_sleep_ms(UPSTREAM_MS);
        http_answer(rs, 200, HTTP_JSON,
                    "{\"reply\":\"Here is what we told others.\",\"isFallback\":true}");
        return;
    }
    now_sleep_ms((int64_t)(500 + 400 * cg_unit(a->world)));
    http_answer(rs, 200, HTTP_JSON, "{\"reply\":\"A light jacket will do.\",\"isFallback\":false}");
}

/* ---- Stripe ---- */

static void cg_stripe(struct app *a, struct http_request *rq, struct http_response *rs)
{
    const char *signature = http_header(rq, "stripe-signature");
    const char *secret =
        world_fault(a->world, "stripe_secret_rotated") ? "whsec_of_before" : CG_STRIPE_SECRET;

    if (signature && !strcmp(signature, secret))
        http_answer(rs, 200, HTTP_JSON, "{\"received\":true}");
    else
        cg_refuse(a, rq, 400, rs);
}

/* ---- pushes ---- */

static void cg_push_failed(struct app *a, const char *token, const char *correlation)
{
    struct str s = { 0 };

    cg_line(a, "warn", correlation, &s);
    str_add(&s, ",\"module\":\"push\",\"token\":");
    str_json(&s, token);
    str_add(&s, ",\"error\":\"messaging/server-unavailable\",\"message\":\"push failed\"}\n");
    app_log(a, &s);
    str_fini(&s);
}

/* Three attempts, then the token counts as dead: an outage of Firebase burns good ones. */
static bool cg_push(struct app *a, const char *user, const char *correlation)
{
    char why[DB_WHY];
    const char *params[1] = { user };
    PGresult *r =
        db_query(&a->db, DB_TIMEOUT_MS,
                 "SELECT token FROM push_tokens WHERE user_id = $1::int AND expired_at IS "
                 "NULL",
                 1, params, why);
    bool sent = r && PQntuples(r);

    if (sent && world_fault(a->world, "firebase_down")) {
        for (int i = 0; i < PUSH_ATTEMPTS; i++)
            cg_push_failed(a, PQgetvalue(r, 0, 0), correlation);
        PQclear(db_query(&a->db, DB_TIMEOUT_MS,
                         "UPDATE push_tokens SET expired_at = now() WHERE user_id = $1::int", 1,
                         params, why));
        sent = false;
    }
    PQclear(r);
    return sent;
}

static void cg_push_test(struct app *a, struct http_request *rq, struct http_response *rs)
{
    char user[16];

    if (!flat_find(rq->body, rq->body_len, "userId", user, sizeof user) ||
        digits_read(user, 100000) < 0) {
        cg_refuse(a, rq, 400, rs);
    } else if (cg_effective(a->world, CG_PUSH)) {
        http_answer(rs, 200, HTTP_JSON, "{\"sent\":false,\"reason\":\"disabled\"}");
    } else {
        bool sent = cg_push(a, user, http_header(rq, "x-correlation-id"));
        http_answer(rs, sent ? 200 : 502, HTTP_JSON, sent ? "{\"sent\":true}" : "{\"sent\":false}");
    }
}

static const struct app_route cg_routes[] = {
    { "GET", "/api/v1/health", cg_health },
    { "GET", "/api/v1/ready", cg_health },
    { "POST", "/api/v1/concierge", cg_concierge },
    { "GET", "/api/v1/products", cg_cached, .ordinary = true },
    { "GET", "/api/v1/recommendations", cg_cached, .ordinary = true },
    { "GET", "/api/v1/weather", cg_cached, .ordinary = true },
    { "POST", "/api/v1/stripe/webhook", cg_stripe },
    { "POST", "/api/v1/internal/push/test", cg_push_test },
    { 0 },
};

const struct app_def cg_api = {
    .name = "api",
    .application = "concierge-api",
    .listener = BOOT_API,
    .routes = cg_routes,
    .median_ms = 12,
    .sigma = 0.5,
    .pool_max = 10,
    .pool_idle_ms = 30000,
    .down_fault = "down",
    .guard = cg_guard,
    .log_line = cg_log_line,
    .refuse = cg_refuse,
};

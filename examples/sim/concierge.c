/* examples/sim/concierge.c: the backend of a mobile shop: a cache with three groups in an ephemeral
 * Redis, an assistant behind a kill switch, Stripe's webhook, pushes, nightly snapshots. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "backups.h"
#include "now.h"
#include "tools.h"
#include "traffic.h"
#include "world.h"

#define JSON          "application/json; charset=utf-8"
#define DB_TIMEOUT_MS 1500
#define UPSTREAM_MS   3500 /* EXTERNAL_API_TIMEOUT_MS */
#define CACHE_S       300
#define CACHE_IDS     30 /* things of a group that are asked for */
#define PUSH_ATTEMPTS 3
#define STRIPE_SECRET "whsec_demo"

enum { CG_CONCIERGE, CG_PUSH, CG_TTL, ENV_SETTINGS };

static const char *const cg_flags[ENV_SETTINGS] = { "CONCIERGE_DISABLED",
                                                    "PUSH_NOTIFICATIONS_DISABLED",
                                                    "RECOMMENDATIONS_CACHE_TTL_OVERRIDE" };

struct mobile {
    pthread_mutex_t lock;
    char set[ENV_SETTINGS][32], effective[ENV_SETTINGS][32]; /* of the platform; of the process */
    struct chance dice;
    double burst_debt;
    int64_t ticked_ms;
};

static struct mobile *cg_mobile(const struct world *w)
{
    return w->own;
}

static bool cg_effective(struct world *w, int flag)
{
    struct mobile *m = cg_mobile(w);

    pthread_mutex_lock(&m->lock);
    bool on = !strcmp(m->effective[flag], "true");
    pthread_mutex_unlock(&m->lock);
    return on;
}

static double cg_unit(struct world *w)
{
    struct mobile *m = cg_mobile(w);

    pthread_mutex_lock(&m->lock);
    double x = chance_unit(&m->dice);
    pthread_mutex_unlock(&m->lock);
    return x;
}

/* ---- the log ---- */

static void cg_line(struct app *a, const char *level, const char *correlation, struct str *out)
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
    http_answer(rs, code, JSON, "{\"error\":");
    str_json(&rs->body, http_reason(code));
    str_add(&rs->body, "}");
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

static bool cg_db(struct app *a)
{
    char why[DB_WHY];
    PGresult *r = db_query(&a->db, 900, "SELECT 1", 0, NULL, why);

    PQclear(r);
    return r != NULL;
}

static bool cg_redis(struct app *a)
{
    char why[RDS_WHY];
    redisReply *pong = rds_ask(&a->redis, why, "PING");

    if (pong)
        freeReplyObject(pong);
    return pong != NULL;
}

static void cg_health(struct app *a, struct http_request *rq, struct http_response *rs)
{
    bool db = cg_db(a), ready = strstr(rq->path, "ready") != NULL;
    bool redis = !ready || cg_redis(a);

    http_answer(rs, db && redis ? 200 : 503, JSON, "");
    str_addf(&rs->body, "{\"status\":\"%s\",\"uptime\":%.2f}",
             !(db && redis) ? "error"
             : ready        ? "ready"
                            : "ok",
             app_uptime_s(a));
}

/* ---- the cache ---- */

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
        http_answer(rs, 200, JSON, kept->str);
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
        http_answer(rs, 200, JSON, PQgetvalue(r, 0, 0));
        redisReply *set = rds_ask(&a->redis, why, "SETEX cache:%s:%s %d %s", group, id, CACHE_S,
                                  PQgetvalue(r, 0, 0));
        if (set)
            freeReplyObject(set);
    }
    PQclear(r);
}

/* ---- the assistant ---- */

static void cg_concierge(struct app *a, struct http_request *rq, struct http_response *rs)
{
    (void)rq;
    if (cg_effective(a->world, CG_CONCIERGE)) {
        http_answer(rs, 503, JSON, "{\"error\":\"concierge_unavailable\"}");
        return;
    }
    if (world_fault(a->world, "openai_down")) { /* the whole time limit, then an answer of before */
        now_sleep_ms(UPSTREAM_MS);
        http_answer(rs, 200, JSON,
                    "{\"reply\":\"Here is what we told others.\",\"isFallback\":true}");
        return;
    }
    now_sleep_ms((int64_t)(500 + 400 * cg_unit(a->world)));
    http_answer(rs, 200, JSON, "{\"reply\":\"A light jacket will do.\",\"isFallback\":false}");
}

/* ---- Stripe ---- */

static void cg_stripe(struct app *a, struct http_request *rq, struct http_response *rs)
{
    const char *signature = http_header(rq, "stripe-signature");
    const char *secret =
        world_fault(a->world, "stripe_secret_rotated") ? "whsec_of_before" : STRIPE_SECRET;

    if (signature && !strcmp(signature, secret))
        http_answer(rs, 200, JSON, "{\"received\":true}");
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
    struct flat f;
    char why[200];
    const struct flat_item *user =
        flat_parse(&f, rq->body, rq->body_len, why, sizeof why) ? flat_get(&f, "userId") : NULL;

    if (!user || digits_read(user->value, 100000) < 0) {
        cg_refuse(a, rq, 400, rs);
    } else if (cg_effective(a->world, CG_PUSH)) {
        http_answer(rs, 200, JSON, "{\"sent\":false,\"reason\":\"disabled\"}");
    } else {
        bool sent = cg_push(a, user->value, http_header(rq, "x-correlation-id"));
        http_answer(rs, sent ? 200 : 502, JSON, sent ? "{\"sent\":true}" : "{\"sent\":false}");
    }
}

static const struct app_route cg_routes[] = {
    { "GET", "/api/v1/health", "/api/v1/health", false, cg_health },
    { "GET", "/api/v1/ready", "/api/v1/ready", false, cg_health },
    { "POST", "/api/v1/concierge", "/api/v1/concierge", false, cg_concierge },
    { "GET", "/api/v1/products", "/api/v1/products", true, cg_cached },
    { "GET", "/api/v1/recommendations", "/api/v1/recommendations", true, cg_cached },
    { "GET", "/api/v1/weather", "/api/v1/weather", true, cg_cached },
    { "POST", "/api/v1/stripe/webhook", "/api/v1/stripe/webhook", false, cg_stripe },
    { "POST", "/api/v1/internal/push/test", "/api/v1/internal/push/test", false, cg_push_test },
    { 0 },
};

/* ---- people and their phones ---- */

static void cg_user(struct world *w, struct client *c, struct chance *dice)
{
    static const char *const groups[] = { "products", "recommendations", "weather" };
    char target[96], headers[200], body[60], why[CLIENT_WHY];
    int kind = chance_below(dice, 100);

    (void)w;
    snprintf(headers, sizeof headers,
             "X-Correlation-Id: %08x-%04x\r\nX-Forwarded-For: 198.51.100.%d\r\n",
             chance_below(dice, 1 << 30), chance_below(dice, 1 << 16), 1 + chance_below(dice, 200));
    if (kind < 90) {
        snprintf(target, sizeof target, "/api/v1/%s?id=%d", groups[chance_below(dice, 3)],
                 chance_below(dice, CACHE_IDS));
        client_ask(c, "GET", target, headers, NULL, 10000, why);
    } else if (kind < 92) {
        client_ask(c, "POST", "/api/v1/concierge", headers, "{\"question\":\"jacket?\"}", 10000,
                   why);
    } else if (kind < 96) {
        snprintf(headers + strlen(headers), sizeof headers - strlen(headers),
                 "Stripe-Signature: " STRIPE_SECRET "\r\n");
        client_ask(c, "POST", "/api/v1/stripe/webhook", headers, "{}", 10000, why);
    } else {
        snprintf(body, sizeof body, "{\"userId\":%d,\"message\":\"hello\"}",
                 1 + chance_below(dice, 400));
        client_ask(c, "POST", "/api/v1/internal/push/test", headers, body, 10000, why);
    }
}

/* Errors that the server's own code throws, as its error reporting sees them too. */
static void cg_burst(struct world *w)
{
    struct mobile *m = cg_mobile(w);
    struct app *a = &w->apps[0];
    int64_t now = now_mono_ms();
    char text[32] = "";

    world_text(w, "error_burst", text, sizeof text);
    if (m->ticked_ms && app_phase(a) == APP_UP && !world_fault(w, a->down_fault))
        m->burst_debt += strtod(text, NULL) * (double)(now - m->ticked_ms) / 60000;
    m->ticked_ms = now;
    for (; m->burst_debt >= 1; m->burst_debt--) {
        struct str s = { 0 };
        cg_line(a, "error", NULL, &s);
        str_add(&s,
                ",\"error\":\"TypeError\",\"message\":\"Cannot read properties of undefined\"}\n");
        app_log(a, &s);
        str_fini(&s);
    }
}

/* ---- flags: wanted, set at the platform, effective in the process ---- */

static bool cg_env_write(struct world *w, char *why)
{
    struct mobile *m = cg_mobile(w);
    char path[400], next[400];
    struct str s = { 0 };

    snprintf(path, sizeof path, "%s/backend.env", w->boot->place.dir);
    snprintf(next, sizeof next, "%s/backend.env.new", w->boot->place.dir);
    for (int i = 0; i < ENV_SETTINGS; i++)
        if (m->set[i][0])
            str_addf(&s, "%s=%s\n", cg_flags[i], m->set[i]);
    int fd = open(next, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0644);
    bool ok = fd >= 0 && (!s.len || write(fd, s.s, s.len) == (ssize_t)s.len);
    if (fd >= 0)
        close(fd);
    ok = ok && rename(next, path) == 0;
    if (!ok)
        snprintf(why, PLACE_WHY, "%s: %s", path, strerror(errno));
    str_fini(&s);
    return ok;
}

/* set-env.sh NAME VALUE: at the platform; the running process does not see it. */
int tool_set_env(struct world *w, int argc, char **argv, struct str *out)
{
    struct mobile *m = w->system == &system_concierge ? cg_mobile(w) : NULL;
    char why[PLACE_WHY] = "";

    for (int i = 0; m && argc >= 2 && argc <= 3 && i < ENV_SETTINGS; i++) {
        if (strcmp(argv[1], cg_flags[i]) != 0)
            continue;
        pthread_mutex_lock(&m->lock);
        snprintf(m->set[i], sizeof m->set[i], "%s", argc == 3 ? argv[2] : "");
        bool ok = cg_env_write(w, why);
        pthread_mutex_unlock(&m->lock);
        str_addf(out, ok ? "%s is set; it takes a redeploy\n" : "%s\n", ok ? argv[1] : why);
        return ok ? 0 : 1;
    }
    str_add(out, "set-env.sh NAME [VALUE]: no such variable here\n");
    return 64;
}

/* redeploy.sh backend: a new process with the variables of now. */
int tool_redeploy(struct world *w, int argc, char **argv, struct str *out)
{
    struct mobile *m = w->system == &system_concierge ? cg_mobile(w) : NULL;
    char why[PLACE_WHY] = "";

    (void)argc;
    (void)argv;
    if (!m) {
        str_add(out, "redeploy.sh: not in this demo\n");
        return 64;
    }
    if (world_fault(w, "redeploy_forgotten")) {
        str_add(out, "build queued\n"); /* and nobody looks whether it ever ran */
        return 0;
    }
    if (!world_restart(w, w->apps[0].name, why)) {
        str_addf(out, "redeploy.sh: %s\n", why);
        return 1;
    }
    str_add(out, "backend is live\n");
    return 0;
}

/* ---- faults ---- */

static bool cg_down(struct world *w, bool on, char *why)
{
    (void)why;
    if (on)
        app_settle(&w->apps[0]);
    else
        app_reborn(&w->apps[0]);
    return true;
}

static const struct fault_def cg_faults[] = {
    { "down", FAULT_SWITCH, NULL, 0, 0, "the API's port refuses", cg_down },
    { "slow", FAULT_NUMBER, "1300", 1, 20000, "every answer of the API so many ms later", NULL },
    { "openai_down", FAULT_SWITCH, NULL, 0, 0,
      "the assistant's provider is silent: 3.5 s, then an answer of before", NULL },
    { "stripe_secret_rotated", FAULT_SWITCH, NULL, 0, 0,
      "Stripe signs with a newer secret than the API holds: 400 for every event", NULL },
    { "firebase_down", FAULT_SWITCH, NULL, 0, 0,
      "pushes fail three times each, and their tokens are taken for dead", NULL },
    { "cache_miss", FAULT_NUMBER, "0.45", 0, 1,
      "this share of what is asked of the weather has left the cache", NULL },
    { "error_burst", FAULT_TEXT, "8", 0, 0, "so many errors a minute in the log", NULL },
    { "error_rate", FAULT_NUMBER, "0.12", 0, 1, "this share of everyday requests answers 500",
      NULL },
    { "redeploy_forgotten", FAULT_SWITCH, NULL, 0, 0,
      "redeploy.sh says it is done and changes nothing", NULL },
    { "redis_down", FAULT_SWITCH, NULL, 0, 0,
      "stops Redis; off starts an empty one on the same port", world_redis_down },
    { "db_down", FAULT_SWITCH, NULL, 0, 0,
      "stops PostgreSQL at once; off starts it on the same port", world_db_down },
    { "backup_missed", FAULT_NUMBER, "1", 0, 10,
      "the snapshots of so many last nights are gone, and none is made", backups_missed },
};

static void cg_passed(struct world *w, struct app *a, enum app_phase phase)
{
    struct mobile *m = cg_mobile(w);

    if (phase != APP_UP)
        return;
    pthread_mutex_lock(&m->lock);
    memcpy(m->effective, m->set, sizeof m->set);
    pthread_mutex_unlock(&m->lock);
    world_clear(w, a->down_fault);
    world_clear(w, "slow"); /* what a restart mends */
}

/* ---- the system ---- */

static void cg_vars(const struct boot *b, struct str *out)
{
    char path[400];

    str_addf(out,
             "\"api\":\"http://127.0.0.1:%d\","
             "\"pg\":\"host=127.0.0.1 port=%d dbname=concierge user=midwatch\","
             "\"redis\":\"redis://127.0.0.1:%d\",\"snapshots\":",
             b->port[BOOT_API], b->pg_port, b->redis_port);
    snprintf(path, sizeof path, "%s/bin/snapshots", b->place.dir);
    str_json(out, path);
    str_add(out, ",\"log\":");
    snprintf(path, sizeof path, "%s/log/api.jsonl", b->place.dir);
    str_json(out, path);
}

static void cg_serve(struct world *w)
{
    const struct boot *b = w->boot;
    struct app *a = &w->apps[0];
    struct mobile *m = world_alloc(sizeof *m);
    char conninfo[400];

    w->own = m;
    pthread_mutex_init(&m->lock, NULL);
    chance_init(&m->dice, 5);
    w->app_n = 1;
    app_init(a, w, "api");
    app_route_all(a, cg_routes);
    a->median_ms = 12;
    a->sigma = 0.5;
    a->down_fault = "down";
    a->guard = cg_guard;
    a->log_line = cg_log_line;
    a->refuse = cg_refuse;
    snprintf(conninfo, sizeof conninfo,
             "host=127.0.0.1 port=%d dbname=concierge user=app application_name=concierge-api",
             b->pg_port);
    db_init(&a->db, conninfo, 10, 30000);
    rds_init(&a->redis, b->redis_port, b->redis_password, 500);
    leak_init(&w->leak, "");
    http_serve(&a->http, b->fd[BOOT_API], b->port[BOOT_API], app_handle, a);
    world_serve_control(w);
}

/* cacheService.prime, once at the start: nobody measures a cache by its first minute. */
static bool cg_prime(struct world *w, char *why)
{
    static const char *const groups[] = { "products", "recommendations", "weather" };
    struct rds *r = &w->apps[0].redis;

    for (size_t g = 0; g < 3; g++) {
        for (int id = 0; id < CACHE_IDS; id++) {
            redisReply *set = rds_ask(r, why, "SETEX cache:%s:%d %d {\"group\":\"%s\",\"id\":%d}",
                                      groups[g], id, CACHE_S, groups[g], id);
            if (!set)
                return false;
            freeReplyObject(set);
        }
        if (rds_count(r, why, "HSET cache:stats:%s hits 0 misses 0", groups[g]) < 0)
            return false;
    }
    return true;
}

static bool cg_live(struct world *w, char *why)
{
    w->backups = world_alloc(sizeof *w->backups);
    if (!backups_init(w->backups, w, why) || !cg_env_write(w, why) || !cg_prime(w, why))
        return false;
    traffic_start(w, w->boot->port[BOOT_API], 9, cg_user);
    return true;
}

static void cg_tick(struct world *w)
{
    char why[PLACE_WHY];

    cg_burst(w);
    if (!backups_tick(w->backups, w, why))
        world_log(w, "backup: %s", why);
}

static void cg_forget(struct world *w)
{
    struct mobile *m = cg_mobile(w);
    char why[PLACE_WHY];

    pthread_mutex_lock(&m->lock);
    memset(m->set, 0, sizeof m->set);
    memset(m->effective, 0, sizeof m->effective);
    if (!cg_env_write(w, why))
        world_log(w, "%s", why);
    pthread_mutex_unlock(&m->lock);
}

static const char cg_schema[] =
    "SET ROLE app;"
    "CREATE TABLE items (kind text NOT NULL, id int NOT NULL, title text NOT NULL,"
    " PRIMARY KEY (kind, id));"
    "INSERT INTO items SELECT k, i, k || ' ' || i FROM"
    " unnest(ARRAY['products','recommendations','weather']) k, generate_series(1, 400) i;"
    "CREATE TABLE push_tokens (user_id int PRIMARY KEY, token text NOT NULL,"
    " expired_at timestamptz);"
    "INSERT INTO push_tokens SELECT i, 'ExponentPushToken[' || left(md5(i::text), 12) || ']', NULL"
    " FROM generate_series(1, 400) i;"
    "RESET ROLE;"
    "GRANT SELECT ON ALL TABLES IN SCHEMA public TO midwatch";

static const struct backups_plan cg_snapshots = {
    .before = "snapshot_", .after = ".sql.gz", .clock = true, .gzip = true, .kept = 30
};

const struct system system_concierge = {
    .name = "concierge",
    .db_name = "concierge",
    .redis_maxmemory = "128mb",
    .redis_ephemeral = true,
    .dumps = &cg_snapshots,
    .pg_max_connections = 40,
    .listeners = 1u << BOOT_API | 1u << BOOT_CONTROL,
    .faults = cg_faults,
    .fault_n = sizeof cg_faults / sizeof cg_faults[0],
    .schema = cg_schema,
    .vars = cg_vars,
    .serve = cg_serve,
    .live = cg_live,
    .tick = cg_tick,
    .forget = cg_forget,
    .passed = cg_passed,
};

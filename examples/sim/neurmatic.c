/* examples/sim/neurmatic.c: Neurmatic: two backends behind a load balancer, seven queues, nightly
 * dumps. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "backups.h"
#include "nginx.h"
#include "nm_api.h"
#include "now.h"
#include "queues.h"
#include "tokens.h"
#include "traffic.h"
#include "world.h"

#define VERSION  "1.0.0"
#define POOL_MAX 50
#define HTML     "text/html; charset=utf-8"

/* ---- faults ---- */

static void nm_conninfo(const struct boot *b, const char *db, int backend, char *out, size_t cap)
{
    snprintf(out, cap, "host=127.0.0.1 port=%d dbname=%s user=app application_name=backend-%d",
             b->pg_port, db, backend + 1);
}

/* Gives both backends the version that the faults want, as a deployment would: with new processes.
 */
static bool nm_deploy(struct world *w, bool on, char *why)
{
    char good[32] = VERSION, bad[32];
    bool broken = world_text(w, "deploy_bad_version", bad, sizeof bad);

    (void)on;
    (void)why;
    world_text(w, "deploy", good, sizeof good);
    for (int i = 0; i < w->app_n; i++) {
        struct app *a = &w->apps[i];
        const char *want = broken && i == 0 ? bad : good;
        char conninfo[400];

        pthread_mutex_lock(&a->lock);
        bool same = !strcmp(a->version, want);
        snprintf(a->version, sizeof a->version, "%s", want);
        pthread_mutex_unlock(&a->lock);
        /* The bad release looks for a database that nobody made: it is really unhealthy. */
        nm_conninfo(w->boot, broken && i == 0 ? "neurmatic_next" : w->system->db_name, i, conninfo,
                    sizeof conninfo);
        db_point(&a->db, conninfo);
        if (!same || (broken && i == 0))
            app_reborn(a);
    }
    nginx_forget(w->nginx);
    return true;
}

static bool nm_backend(struct world *w, int i, bool on)
{
    if (on)
        app_settle(&w->apps[i]);
    else
        app_reborn(&w->apps[i]);
    return true;
}

static bool nm_backend1(struct world *w, bool on, char *why)
{
    (void)why;
    return nm_backend(w, 0, on);
}

static bool nm_backend2(struct world *w, bool on, char *why)
{
    (void)why;
    return nm_backend(w, 1, on);
}

static bool nm_cached(struct world *w, bool on, char *why)
{
    (void)on;
    (void)why;
    nginx_forget(w->nginx);
    return true;
}

static const struct fault_def nm_faults[] = {
    { "redis_down", FAULT_SWITCH, NULL, 0, 0,
      "stops the Redis server; off starts it on the same port", world_redis_down },
    { "queues_down", FAULT_SWITCH, NULL, 0, 0,
      "the queue workers stop: jobs pile up in Redis, health says queues down", NULL },
    { "db_down", FAULT_SWITCH, NULL, 0, 0,
      "stops PostgreSQL at once; off starts it on the same port", world_db_down },
    { "db_slow", FAULT_NUMBER, "1500", 1, 4000,
      "every query of the backends takes so many ms more, in the database", NULL },
    { "memory", FAULT_NUMBER, "96", 1, 100, "memory of the backends in percent", NULL },
    { "error_rate", FAULT_NUMBER, "0.12", 0, 1, "this share of everyday requests answers 500",
      NULL },
    { "p95", FAULT_NUMBER, "1200", 1, 20000, "95 of 100 everyday requests take up to so many ms",
      NULL },
    { "latency", FAULT_NUMBER, "800", 1, 20000,
      "every answer of the backends, health too, so many ms later", NULL },
    { "backend1_down", FAULT_SWITCH, NULL, 0, 0, "backend-1 refuses", nm_backend1 },
    { "backend2_down", FAULT_SWITCH, NULL, 0, 0, "backend-2 refuses", nm_backend2 },
    { "cached_health", FAULT_SWITCH, NULL, 0, 0,
      "the load balancer answers health from its cache: uptime stands still", nm_cached },
    { "nested_body", FAULT_SWITCH, NULL, 0, 0,
      "health bodies are wrapped: {\"success\":true,\"data\":{...}}", NULL },
    { "degraded_as_503", FAULT_SWITCH, NULL, 0, 0, "health answers 503 while degraded", NULL },
    { "deploy", FAULT_TEXT, "1.1.0", 0, 0, "both backends restart with this version", nm_deploy },
    { "deploy_bad_version", FAULT_TEXT, "1.1.0", 0, 0,
      "backend-1 restarts with this version and cannot reach its database", nm_deploy },
    { "backup_missed", FAULT_NUMBER, "1", 0, 10,
      "the dumps of so many last nights are gone, and none is made; 0: only the coming ones",
      backups_missed },
    { "backup_corrupt", FAULT_SWITCH, NULL, 0, 0,
      "the newest local dump is cut short: gzip -t fails", backups_corrupt },
    { "s3_missing", FAULT_SWITCH, NULL, 0, 0, "aws s3 ls lacks the newest dump",
      backups_s3_missing },
    { "token_stale", FAULT_SWITCH, NULL, 0, 0,
      "the token file is renewed no more: 401 when its 15 minutes are over", NULL },
    { "cert_days", FAULT_NUMBER, "10", 0, 400,
      "days left of the certificate, as the stub openssl and certbot print them", NULL },
};

static void nm_passed(struct world *w, struct app *a, enum app_phase phase)
{
    if (phase == APP_GONE) {
        world_clear(w, "memory");
    } else {
        world_clear(w, a->down_fault);
        world_clear(w, "queues_down"); /* the workers live in the backends */
    }
}

/* ---- users, queues ---- */

static const struct queue_def nm_queues[] = {
    { "analytics", 1.2, 0.3, 2, 0.01, "track-event" },
    { "badges", 0.3, 0.4, 1, 0.01, "award-badge" },
    { "leaderboard", 0.1, 0.8, 1, 0.01, "recompute" },
    { "email-notifications", 0.5, 0.6, 2, 0.03, "send-email" },
    { "push-notifications", 0.4, 0.3, 2, 0.03, "send-push" },
    { "digest", 0.05, 1.5, 1, 0.01, "build-digest" },
    { "article-scheduler", 0.1, 0.4, 1, 0.01, "publish-article" },
};

const char *const nm_queue_names[NM_QUEUES] = {
    "analytics",          "badges", "leaderboard",       "email-notifications",
    "push-notifications", "digest", "article-scheduler",
};

static void nm_user(struct world *w, struct client *c, struct chance *dice)
{
    char target[96], headers[160], why[CLIENT_WHY];
    const char *method = "GET", *auth = "";
    int kind = chance_below(dice, 100);

    (void)w;
    if (kind < 52) {
        snprintf(target, sizeof target, "/api/v1/feed?page=%d", 1 + chance_below(dice, 5));
        auth = "Authorization: Bearer user\r\n";
    } else if (kind < 72) {
        snprintf(target, sizeof target, "/api/v1/articles?page=%d", 1 + chance_below(dice, 30));
    } else if (kind < 86) {
        snprintf(target, sizeof target, "/api/v1/articles/%d", 1 + chance_below(dice, 400));
    } else if (kind < 96) {
        method = "POST";
        snprintf(target, sizeof target, "/api/v1/articles/%d/views", 1 + chance_below(dice, 400));
    } else {
        snprintf(target, sizeof target, "/api/v1/articles/%d", 900000 + chance_below(dice, 1000));
    }
    snprintf(headers, sizeof headers, "%sX-Forwarded-For: 198.51.100.%d\r\n", auth,
             1 + chance_below(dice, 60));
    client_ask(c, method, target, headers, !strcmp(method, "POST") ? "{}" : NULL, 10000, why);
}

/* ---- listeners ---- */

static void nm_web(void *arg, struct http_request *rq, struct http_response *rs)
{
    if (control_handle(arg, rq, rs))
        return;
    now_sleep_ms(4);
    http_answer(rs, 200, HTML,
                "<!doctype html>\n<html lang=\"en\"><head><title>Neurmatic</title></head>\n"
                "<body><div id=\"root\"></div></body></html>\n");
    str_addf(&rs->head, "Server: nginx\r\nCache-Control: max-age=86400\r\n%s",
             nginx_security_headers);
}

/* ---- the system ---- */

static void nm_vars(const struct boot *b, struct str *out)
{
    char path[400];

    str_addf(out,
             "\"public\":\"http://127.0.0.1:%d\",\"b1\":\"http://127.0.0.1:%d\","
             "\"b2\":\"http://127.0.0.1:%d\",\"web\":\"http://127.0.0.1:%d\","
             "\"pg\":\"host=127.0.0.1 port=%d dbname=%s user=midwatch\","
             "\"redis\":\"redis://127.0.0.1:%d\",\"redis_password_file\":",
             b->port[BOOT_API], b->port[BOOT_B1], b->port[BOOT_B2], b->port[BOOT_WEB], b->pg_port,
             b->system->db_name, b->redis_port);
    snprintf(path, sizeof path, "%s/redis.password", b->place.dir);
    str_json(out, path);
    str_add(out, ",\"token_file\":");
    snprintf(path, sizeof path, "%s/token", b->place.dir);
    str_json(out, path);
    str_add(out, ",\"backups\":");
    snprintf(path, sizeof path, "%s/backups", b->place.dir);
    str_json(out, path);
    str_add(out, ",\"ops\":");
    snprintf(path, sizeof path, "%s/bin", b->place.dir);
    str_json(out, path);
}

static void nm_serve(struct world *w)
{
    static const char *const names[] = { "backend-1", "backend-2" };
    static const char *const downs[] = { "backend1_down", "backend2_down" };
    const struct boot *b = w->boot;

    w->tokens = world_alloc(sizeof *w->tokens);
    tokens_init(w->tokens, w);
    w->nginx = world_alloc(sizeof *w->nginx);
    nginx_init(w->nginx, w);
    w->app_n = 2;
    for (int i = 0; i < 2; i++) {
        struct app *a = &w->apps[i];
        char conninfo[400];

        app_init(a, w, names[i]);
        app_route_all(a, nm_routes);
        a->median_ms = 30;
        a->sigma = 0.5;
        a->down_fault = downs[i];
        snprintf(a->version, sizeof a->version, "%s", VERSION);
        nm_conninfo(b, w->system->db_name, i, conninfo, sizeof conninfo);
        db_init(&a->db, conninfo, POOL_MAX, 30000);
        rds_init(&a->redis, b->redis_port, b->redis_password, 500);
        http_serve(&a->http, b->fd[BOOT_B1 + i], b->port[BOOT_B1 + i], app_handle, a);
    }
    leak_init(&w->leak, "");
    http_serve(&w->nginx->http, b->fd[BOOT_API], b->port[BOOT_API], nginx_handle, w->nginx);
    http_serve(&w->web, b->fd[BOOT_WEB], b->port[BOOT_WEB], nm_web, w);
    world_serve_control(w);
}

static bool nm_live(struct world *w, char *why)
{
    w->backups = world_alloc(sizeof *w->backups);
    if (!backups_init(w->backups, w, why))
        return false;
    w->queues = world_alloc(sizeof *w->queues);
    queues_start(w->queues, w, nm_queues, NM_QUEUES, NULL);
    traffic_start(w, w->boot->port[BOOT_API], 11.5, nm_user);
    return true;
}

static void nm_tick(struct world *w)
{
    char why[PLACE_WHY];

    tokens_tick(w->tokens, w);
    if (!backups_tick(w->backups, w, why))
        world_log(w, "backup: %s", why);
}

static void nm_forget(struct world *w)
{
    nginx_forget(w->nginx);
}

static const char nm_schema[] =
    "SET ROLE app;"
    "CREATE TABLE users (id serial PRIMARY KEY, name text NOT NULL, email text NOT NULL UNIQUE,"
    " joined_at timestamptz NOT NULL DEFAULT now());"
    "INSERT INTO users (name, email)"
    " SELECT 'User ' || i, 'user' || i || '@example.org' FROM generate_series(1, 500) i;"
    "CREATE TABLE articles (id serial PRIMARY KEY, author_id int NOT NULL REFERENCES users,"
    " slug text NOT NULL UNIQUE, title text NOT NULL, body text NOT NULL,"
    " views bigint NOT NULL DEFAULT 0, published_at timestamptz NOT NULL DEFAULT now());"
    "INSERT INTO articles (author_id, slug, title, body, published_at)"
    " SELECT 1 + i % 500, 'article-' || i, 'Article ' || i,"
    " (SELECT string_agg(md5(i || '/' || k), ' ') FROM generate_series(1, 12) k),"
    " now() - i * interval '7 hours' FROM generate_series(1, 400) i;"
    "CREATE INDEX articles_published ON articles (published_at DESC);"
    "RESET ROLE;"
    "GRANT SELECT ON ALL TABLES IN SCHEMA public TO midwatch";

static const struct backups_plan nm_dumps = { .before = "neurmatic_",
                                              .after = ".sql.gz",
                                              .clock = true,
                                              .gzip = true,
                                              .bucket = true,
                                              .kept = 30 };

const struct system system_neurmatic = {
    .name = "neurmatic",
    .db_name = "neurmatic_production",
    .redis_maxmemory = "2gb",
    .pg_max_connections = 200,
    .redis_auth = true,
    .dumps = &nm_dumps,
    .listeners =
        1u << BOOT_API | 1u << BOOT_WEB | 1u << BOOT_CONTROL | 1u << BOOT_B1 | 1u << BOOT_B2,
    .faults = nm_faults,
    .fault_n = sizeof nm_faults / sizeof nm_faults[0],
    .schema = nm_schema,
    .vars = nm_vars,
    .serve = nm_serve,
    .live = nm_live,
    .tick = nm_tick,
    .forget = nm_forget,
    .passed = nm_passed,
};

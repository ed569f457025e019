/* examples/sim/neurmatic.c: Neurmatic: two backends behind a load balancer, seven queues, nightly
 * dumps. What a backend answers is in neurmatic_api.c, the load balancer is in nginx.c. */
#include "neurmatic.h"

#include <stdio.h>
#include <string.h>

#include "backups.h"
#include "nginx.h"
#include "tokens.h"
#include "world.h"

#define VERSION "1.0.0"

/* ---- faults ---- */

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
        char conninfo[DB_ADDRESS];

        pthread_mutex_lock(&a->lock);
        bool same = !strcmp(a->version, want);
        snprintf(a->version, sizeof a->version, "%s", want);
        pthread_mutex_unlock(&a->lock);
        /* The bad release looks for a database that nobody made: it is really unhealthy. */
        app_database(a, broken && i == 0 ? "neurmatic_next" : w->system->db_name, conninfo,
                     sizeof conninfo);
        db_point(&a->db, conninfo);
        if (!same || (broken && i == 0))
            app_reborn(a);
    }
    nginx_forget(w->nginx);
    return true;
}

static bool nm_cached(struct world *w, bool on, char *why)
{
    (void)on;
    (void)why;
    nginx_forget(w->nginx);
    return true;
}

static const struct fault_def nm_faults[] = {
    FAULT_REDIS_DOWN,
    { "queues_down", "the queue workers stop: jobs pile up in Redis, health says queues down",
      .end = FAULT_ENDS_UP },
    FAULT_DB_DOWN,
    { "db_slow", "every query of the backends takes so many ms more, in the database", FAULT_NUMBER,
      "1500", 1, 4000 },
    { "memory", "memory of the backends in percent", FAULT_NUMBER, "96", 1, 100,
      .end = FAULT_ENDS_GONE },
    { "error_rate", "this share of everyday requests answers 500", FAULT_NUMBER, "0.12", 0, 1 },
    { "p95", "95 of 100 everyday requests take up to so many ms", FAULT_NUMBER, "1200", 1, 20000 },
    { "latency", "every answer of the backends, health too, so many ms later", FAULT_NUMBER, "800",
      1, 20000 },
    { "backend1_down", "backend-1 refuses" },
    { "backend2_down", "backend-2 refuses" },
    { "cached_health", "the load balancer answers health from its cache: uptime stands still",
      .apply = nm_cached },
    { "nested_body", "health bodies are wrapped: {\"success\":true,\"data\":{...}}" },
    { "degraded_as_503", "health answers 503 while degraded" },
    { "deploy", "both backends restart with this version", FAULT_TEXT, "1.1.0",
      .apply = nm_deploy },
    { "deploy_bad_version", "backend-1 restarts with this version and cannot reach its database",
      FAULT_TEXT, "1.1.0", .apply = nm_deploy },
    { "backup_missed",
      "the dumps of so many last nights are gone, and none is made; 0: only the coming ones",
      FAULT_NUMBER, "1", 0, 10, .apply = backups_missed },
    { "backup_corrupt", "the newest local dump is cut short: gzip -t fails",
      .apply = backups_corrupt },
    { "s3_missing", "aws s3 ls lacks the newest dump", .apply = backups_s3_missing },
    { "token_stale", "the token file is renewed no more: 401 when its 15 minutes are over" },
    { "cert_days", "days left of the certificate, as the stub certbot prints them too",
      FAULT_NUMBER, "10", 0, 400 },
    FAULTS_EDGE,
    { 0 }
};

/* ---- users, queues ---- */

const struct queue_def nm_queues[] = {
    { "analytics", 1.2, 0.3, 2, 0.01, "track-event" },
    { "badges", 0.3, 0.4, 1, 0.01, "award-badge" },
    { "leaderboard", 0.1, 0.8, 1, 0.01, "recompute" },
    { "email-notifications", 0.5, 0.6, 2, 0.03, "send-email" },
    { "push-notifications", 0.4, 0.3, 2, 0.03, "send-push" },
    { "digest", 0.05, 1.5, 1, 0.01, "build-digest" },
    { "article-scheduler", 0.1, 0.4, 1, 0.01, "publish-article" },
    { 0 },
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

/* ---- the system ---- */

static void nm_init(struct world *w)
{
    const struct boot *b = w->boot;

    w->tokens = world_alloc(sizeof *w->tokens);
    tokens_init(w->tokens, w);
    w->nginx = world_alloc(sizeof *w->nginx);
    nginx_init(w->nginx, w);
    http_serve(&w->nginx->http, b->fd[BOOT_API], b->port[BOOT_API], nginx_handle, w->nginx);
}

static void nm_tick(struct world *w)
{
    tokens_tick(w->tokens, w);
}

static void nm_forget(struct world *w)
{
    nginx_forget(w->nginx);
}

#define NM_BACKEND(number, at)                                                                  \
    {                                                                                           \
        .name = "backend-" number, .application = "backend-" number, .listener = at,            \
        .version = VERSION, .routes = nm_routes, .median_ms = 30, .sigma = 0.5, .pool_max = 50, \
        .pool_idle_ms = 30000, .down_fault = "backend" number "_down"                           \
    }

static const struct app_def nm_backends[] = { NM_BACKEND("1", BOOT_B1), NM_BACKEND("2", BOOT_B2) };

static const struct system_page nm_page = {
    .html = "<!doctype html>\n<html lang=\"en\"><head><title>Neurmatic</title></head>\n"
            "<body><div id=\"root\"></div></body></html>\n",
    .headers = "Server: nginx\r\nCache-Control: max-age=86400\r\n" NGINX_SECURITY_HEADERS,
    .takes_ms = 4,
};

static const struct edge_zone nm_zone = {
    .names = { "neurmatic.com", "www.neurmatic.com", "api.neurmatic.com", NULL },
    .address = "203.0.113.20",
    .wrong = "198.51.100.20",
};

static const struct system_var nm_vars[] = {
    { "public", VAR_URL, .listener = BOOT_API },
    { "b1", VAR_URL, .listener = BOOT_B1 },
    { "b2", VAR_URL, .listener = BOOT_B2 },
    { "web", VAR_URL, .listener = BOOT_WEB },
    { "pg", VAR_DB },
    { "redis", VAR_REDIS },
    { "redis_password_file", VAR_PATH, .path = "redis.password" },
    { "token_file", VAR_PATH, .path = "token" },
    { "backups", VAR_PATH, .path = "backups" },
    { "ops", VAR_PATH, .path = "bin" },
    { "tls", VAR_ADDRESS, .listener = BOOT_TLS },
    { "dns", VAR_ADDRESS, .listener = BOOT_DNS },
    { "ca", VAR_PATH, .path = "ca.pem" },
    { 0 },
};

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
    .schema = nm_schema,
    .pg_max_connections = 200,
    .redis_maxmemory = "2gb",
    .redis_auth = true,
    .listeners = 1u << BOOT_API | 1u << BOOT_WEB | 1u << BOOT_CONTROL | 1u << BOOT_B1 |
                 1u << BOOT_B2 | 1u << BOOT_TLS | 1u << BOOT_DNS,
    .apps = { &nm_backends[0], &nm_backends[1] },
    .page = &nm_page,
    .zone = &nm_zone,
    .dumps = &nm_dumps,
    .queues = nm_queues,
    .faults = nm_faults,
    .vars = nm_vars,
    .user = nm_user,
    .requests_per_s = 11.5,
    .init = nm_init,
    .tick = nm_tick,
    .forget = nm_forget,
};

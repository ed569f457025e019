/* examples/sim/ratemyunit.c: RateMyUnit: one API instance, its web site, a scraper with a pool of
 * browsers. What it answers is in ratemyunit_api.c. */
#include "ratemyunit.h"

#include <stdio.h>

#include "tools.h"
#include "world.h"

/* ---- the scraper ---- */

static const struct queue_def rmu_queues[] = {
    { "scraper-queue", 0.5, 2.5, RMU_BROWSERS, 0.12, "scrape-unit" },
    { 0 },
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

/* ---- people ---- */

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
    if (!on)
        app_reborn(&w->apps[0]);
    return true;
}

static const struct fault_def rmu_faults[] = {
    FAULT_REDIS_DOWN,
    FAULT_DB_DOWN,
    { "api_502",
      "every path of the API answers 502 with HTML, as a proxy does when its app is dead",
      .apply = rmu_new_process, .end = FAULT_ENDS_UP },
    { "api_down", "the API's port refuses" },
    { "html_200", "/health answers 200 with the web page" },
    { "slow_shutdown",
      "so many seconds of 503 'shutting down', 2 s refused, then a new process; ends by itself",
      FAULT_NUMBER, "40", 1, 3600, .apply = rmu_slow_shutdown, .end = FAULT_ENDS_UP },
    { "conn_leak", "opens so many sessions of role app idle in transaction, or until refused",
      FAULT_NUMBER, "25", 1, LEAK_MAX, .apply = rmu_conn_leak, .end = FAULT_ENDS_GONE },
    { "long_query", "a query of role app that does not end", .apply = rmu_long_query,
      .end = FAULT_ENDS_GONE },
    { "pool_exhausted",
      "every browser is held: /admin/browser-pool/stats shows pending, the scraper stands still",
      .end = FAULT_ENDS_GONE },
    { "error_rate", "this share of /api/units requests answers 500", FAULT_NUMBER, "0.12", 0, 1 },
    { "p95", "95 of 100 /api/units requests take up to so many ms", FAULT_NUMBER, "1200", 1,
      20000 },
    { "latency", "every answer of the API, /health too, so many ms later", FAULT_NUMBER, "800", 1,
      20000 },
    { "memory", "memory of the host in percent: aws cloudwatch mem_used_percent, free, /metrics",
      FAULT_NUMBER, "92", 1, 100, .end = FAULT_ENDS_GONE },
    { "restorable_lag", "aws rds describe-db-instances: LatestRestorableTime so many seconds ago",
      FAULT_NUMBER, "900", 0, 1e7 },
    { "rds_free", "aws cloudwatch FreeStorageSpace of the database", FAULT_TEXT, "1.5GB" },
    { "status_check_failed",
      "aws ec2 describe-instance-status: impaired; aws cloudwatch StatusCheckFailed 1" },
    { "env_hides_ssm", "DATABASE_URL set in the container hides the SSM parameter: docker-compose "
                       "exec api printenv" },
    FAULTS_EDGE,
    { 0 }
};

/* ---- the system ---- */

/* Where a starting process finds its database: the environment variable first, the parameter
 * second. That order is the trap of the restore runbook. */
static void rmu_point(struct world *w, struct app *a)
{
    char conninfo[DB_ADDRESS];

    if (world_fault(w, "env_hides_ssm"))
        app_database(a, w->system->db_name, conninfo, sizeof conninfo);
    else
        aws_parameter(w, conninfo, sizeof conninfo);
    db_point(&a->db, conninfo);
}

static void rmu_passed(struct world *w, struct app *a, enum app_phase phase)
{
    if (phase == APP_GONE)
        rmu_point(w, a);
}

static void rmu_init(struct world *w)
{
    char database[DB_ADDRESS];

    db_address(&w->apps[0].db, database, sizeof database);
    aws_init(w, database);
}

const struct system_page rmu_page = {
    .html =
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>RateMyUnit</title>"
        "<script type=\"module\" src=\"/assets/index-4f1c2a.js\"></script></head>\n"
        "<body><div id=\"root\"></div></body></html>\n",
    .headers = "Server: AmazonS3\r\nX-Cache: Hit from cloudfront\r\n",
    .takes_ms = 3,
};

static const struct edge_zone rmu_zone = {
    .names = { "ratemyunit.com", "www.ratemyunit.com", "api.ratemyunit.com", NULL },
    .address = "203.0.113.40",
    .wrong = "198.51.100.40",
};

static const struct system_var rmu_vars[] = {
    { "api", VAR_URL, .listener = BOOT_API },
    { "web", VAR_URL, .listener = BOOT_WEB },
    { "pg", VAR_DB },
    { "redis", VAR_REDIS },
    { "ops", VAR_PATH, .path = "bin" },
    { "log", VAR_PATH, .path = "log/api.jsonl" },
    { "tls", VAR_ADDRESS, .listener = BOOT_TLS },
    { "dns", VAR_ADDRESS, .listener = BOOT_DNS },
    { "ca", VAR_PATH, .path = "ca.pem" },
    { 0 },
};

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
    .schema = rmu_schema,
    .pg_max_connections = 25,
    .redis_maxmemory = "256mb",
    .listeners =
        1u << BOOT_API | 1u << BOOT_WEB | 1u << BOOT_CONTROL | 1u << BOOT_TLS | 1u << BOOT_DNS,
    .apps = { &rmu_api },
    .page = &rmu_page,
    .zone = &rmu_zone,
    .queues = rmu_queues,
    .job_done = rmu_scraped,
    .faults = rmu_faults,
    .vars = rmu_vars,
    .user = rmu_user,
    .requests_per_s = 11.5,
    .init = rmu_init,
    .passed = rmu_passed,
};

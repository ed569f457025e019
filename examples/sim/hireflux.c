/* examples/sim/hireflux.c: HireFlux: an API that puts work into two lists in Redis and a table, its
 * web site, its log with AI lines and others. What it answers is in hireflux_api.c, the workers are
 * in hireflux_work.c. */
#include "hireflux.h"

#include <stdio.h>

#include "world.h"

/* ---- people ---- */

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
    return db_do(&w->apps[0].db, DB_TIMEOUT_MS, sql, why);
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

static const struct fault_def hf_faults[] = {
    { "error_rate", "this share of everyday requests answers 500", FAULT_NUMBER, "0.07", 0, 1 },
    { "slow_nonai", "95 of 100 everyday requests take up to so many ms", FAULT_NUMBER, "1400", 1,
      20000 },
    { "slow_ai", "the provider of the models takes so many ms", FAULT_NUMBER, "7000", 1, 60000 },
    { "db_cpu", "CPU of the database in percent, as cloudwatch tells it", FAULT_NUMBER, "91", 1,
      100 },
    { "cost_x", "every call of a model costs so many times more", FAULT_NUMBER, "2.6", 1, 100 },
    { "payments_failed", "so many failed payments within the hour", FAULT_NUMBER, "12", 1, 1000,
      .apply = hf_payments },
    { "workers_stopped", "no worker takes a job: both lists grow" },
    { "health_lies", "PostgreSQL and Redis stop, everything fails, and /health says healthy",
      .apply = hf_lies },
    { "jobsync_late", "the last job sync was 30 hours earlier", .apply = hf_jobsync },
    FAULT_REDIS_DOWN,
    FAULT_DB_DOWN,
    { "api_down", "the API's port refuses" },
    { 0 }
};

/* ---- the system ---- */

static void hf_init(struct world *w)
{
    struct flux *f = world_alloc(sizeof *f);

    w->own = f;
    pthread_mutex_init(&f->lock, NULL);
    rds_init(&f->redis, w->boot->redis_port, w->boot->redis_password, 500);
}

static bool hf_live(struct world *w, char *why)
{
    (void)why;
    hf_work_start(w);
    return true;
}

static const struct system_page hf_page = {
    .html = "<!DOCTYPE html><html lang=\"en\"><head><title>HireFlux</title></head>"
            "<body><div id=\"__next\"></div></body></html>\n",
    .takes_ms = 6,
};

static const struct system_var hf_vars[] = {
    { "api", VAR_URL, .listener = BOOT_API },
    { "web", VAR_URL, .listener = BOOT_WEB },
    { "pg", VAR_DB },
    { "redis", VAR_REDIS },
    { "cloudwatch", VAR_PATH, .path = "bin/cloudwatch" },
    { "log", VAR_PATH, .path = "log/api.jsonl" },
    { 0 },
};

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
    .schema = hf_schema,
    .pg_max_connections = 100,
    .redis_maxmemory = "256mb",
    .listeners = 1u << BOOT_API | 1u << BOOT_WEB | 1u << BOOT_CONTROL,
    .apps = { &hf_api },
    .page = &hf_page,
    .faults = hf_faults,
    .vars = hf_vars,
    .user = hf_user,
    .requests_per_s = 20,
    .init = hf_init,
    .live = hf_live,
};

/* examples/sim/concierge.c: the backend of a mobile shop: a cache with three groups in an ephemeral
 * Redis, an assistant behind a kill switch, Stripe's webhook, pushes, nightly snapshots. What it
 * answers is in concierge_api.c, its variables are in concierge_env.c. */
#include "concierge.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "backups.h"
#include "now.h"
#include "world.h"

struct mobile *cg_mobile(const struct world *w)
{
    return w->own;
}

double cg_unit(struct world *w)
{
    struct mobile *m = cg_mobile(w);

    pthread_mutex_lock(&m->lock);
    double x = chance_unit(&m->dice);
    pthread_mutex_unlock(&m->lock);
    return x;
}

/* ---- people and their phones ---- */

static void cg_user(struct world *w, struct client *c, struct chance *dice)
{
    char target[96], headers[200], body[60], why[CLIENT_WHY];
    int kind = chance_below(dice, 100);

    (void)w;
    snprintf(headers, sizeof headers,
             "X-Correlation-Id: %08x-%04x\r\nX-Forwarded-For: 198.51.100.%d\r\n",
             chance_below(dice, 1 << 30), chance_below(dice, 1 << 16), 1 + chance_below(dice, 200));
    if (kind < 90) {
        snprintf(target, sizeof target, "/api/v1/%s?id=%d",
                 cg_groups[chance_below(dice, CG_GROUPS)], chance_below(dice, CG_GROUP_IDS));
        client_ask(c, "GET", target, headers, NULL, 10000, why);
    } else if (kind < 92) {
        client_ask(c, "POST", "/api/v1/concierge", headers, "{\"question\":\"jacket?\"}", 10000,
                   why);
    } else if (kind < 96) {
        snprintf(headers + strlen(headers), sizeof headers - strlen(headers),
                 "Stripe-Signature: " CG_STRIPE_SECRET "\r\n");
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
    if (m->ticked_ms && app_phase(a) == APP_UP && !world_fault(w, a->def->down_fault))
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

/* ---- faults ---- */

static const struct fault_def cg_faults[] = {
    { "down", "the API's port refuses" },
    { "slow", "every answer of the API so many ms later", FAULT_NUMBER, "1300", 1, 20000,
      .end = FAULT_ENDS_UP },
    { "openai_down", "the assistant's provider is silent: 3.5 s, then an answer of before" },
    { "stripe_secret_rotated",
      "Stripe signs with a newer secret than the API holds: 400 for every event" },
    { "firebase_down", "pushes fail three times each, and their tokens are taken for dead" },
    { "cache_miss", "this share of what is asked of the weather has left the cache", FAULT_NUMBER,
      "0.45", 0, 1 },
    { "error_burst", "so many errors a minute in the log", FAULT_TEXT, "8" },
    { "error_rate", "this share of everyday requests answers 500", FAULT_NUMBER, "0.12", 0, 1 },
    { "redeploy_forgotten", "redeploy.sh says it is done and changes nothing" },
    { "redis_down", "stops Redis; off starts an empty one on the same port",
      .apply = world_redis_down },
    FAULT_DB_DOWN,
    { "backup_missed", "the snapshots of so many last nights are gone, and none is made",
      FAULT_NUMBER, "1", 0, 10, .apply = backups_missed },
    { 0 }
};

/* ---- the system ---- */

static void cg_init(struct world *w)
{
    struct mobile *m = world_alloc(sizeof *m);

    w->own = m;
    pthread_mutex_init(&m->lock, NULL);
    chance_init(&m->dice, 5);
}

static bool cg_live(struct world *w, char *why)
{
    return cg_env_write(w, why) && cg_prime(w, why);
}

static void cg_passed(struct world *w, struct app *a, enum app_phase phase)
{
    (void)a;
    if (phase == APP_UP)
        cg_env_take(w);
}

static const struct system_var cg_vars[] = {
    { "api", VAR_URL, .listener = BOOT_API },
    { "pg", VAR_DB },
    { "redis", VAR_REDIS },
    { "snapshots", VAR_PATH, .path = "bin/snapshots" },
    { "log", VAR_PATH, .path = "log/api.jsonl" },
    { 0 },
};

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
    .schema = cg_schema,
    .pg_max_connections = 40,
    .redis_maxmemory = "128mb",
    .redis_ephemeral = true,
    .listeners = 1u << BOOT_API | 1u << BOOT_CONTROL,
    .apps = { &cg_api },
    .dumps = &cg_snapshots,
    .faults = cg_faults,
    .vars = cg_vars,
    .user = cg_user,
    .requests_per_s = 9,
    .init = cg_init,
    .live = cg_live,
    .tick = cg_burst,
    .forget = cg_env_forget,
    .passed = cg_passed,
};

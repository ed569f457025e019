/* examples/sim/rachelfoods.c: RachelFoods: a shop, its API over PostgreSQL, payments that come back
 * over a webhook, nightly dumps; no Redis and no queue. What it answers is in rachelfoods_api.c. */
#include "rachelfoods.h"

#include <stdio.h>

#include "backups.h"
#include "world.h"

/* ---- customers, and Stripe behind them ---- */

static void rf_buy(struct world *w, struct client *c, const char *from)
{
    char why[CLIENT_WHY], headers[200], body[200], intent[160];

    if (client_ask(c, "POST", "/api/payments/create-intent", from, "{}", 10000, why) != 201 ||
        !flat_find(c->body.s, c->body.len, "intent", intent, sizeof intent))
        return;
    snprintf(body, sizeof body, "{\"intent\":\"%s\"}", intent);
    if (client_ask(c, "POST", "/api/payments/confirm", from, body, 10000, why) != 200 ||
        world_fault(w, "webhook_unregistered"))
        return;
    snprintf(headers, sizeof headers,
             "User-Agent: Stripe/1.0\r\nX-Forwarded-For: "
             "203.0.113.10\r\nStripe-Signature: " RF_STRIPE_SECRET "\r\n");
    client_ask(c, "POST", "/api/payments/webhook", headers, body, 10000, why);
}

static void rf_user(struct world *w, struct client *c, struct chance *dice)
{
    char target[96], from[120], why[CLIENT_WHY];
    int kind = chance_below(dice, 100), who = 1 + chance_below(dice, 200);

    snprintf(from, sizeof from, "X-Forwarded-For: 198.51.100.%d\r\nX-User: user-%d\r\n", who, who);
    if (kind < 94) {
        snprintf(target, sizeof target, "/api/catalog/products?page=%d&limit=10",
                 1 + chance_below(dice, 12));
        client_ask(c, "GET", target, from, NULL, 10000, why);
    } else if (kind < 99) {
        rf_buy(w, c, from);
    } else {
        client_ask(c, "POST", "/api/auth/login", from, "{}", 10000, why);
    }
}

/* ---- faults ---- */

static const struct fault_def rf_faults[] = {
    { "api_down", "the API's port refuses" },
    { "error_rate", "this share of everyday requests answers 500", FAULT_NUMBER, "0.08", 0, 1 },
    { "slow", "every answer of the API so many ms later", FAULT_NUMBER, "2500", 1, 20000 },
    { "webhook_bad_secret",
      "the API holds another signing secret than Stripe: 400 for every event, orders stay unpaid" },
    { "webhook_unregistered", "Stripe knows no webhook: no event comes, orders stay unpaid" },
    FAULT_DB_DOWN,
    { "backup_missing", "last night's dump is gone, and none is made; off makes one",
      .apply = backups_missed },
    { "backup_empty", "pg_dump never could log in: every dump is there and has 0 bytes",
      .apply = backups_empty },
    { "cors_open", "every origin is allowed" },
    { "no_rate_limit", "nothing is answered with 429" },
    FAULTS_EDGE,
    { 0 }
};

/* ---- the system ---- */

static void rf_init(struct world *w)
{
    struct shop *s = world_alloc(sizeof *s);

    w->own = s;
    limiter_init(&s->limits);
    pthread_mutex_init(&s->lock, NULL);
}

static void rf_forget(struct world *w)
{
    struct shop *s = w->own;

    limiter_forget(&s->limits);
}

static const struct system_page rf_page = {
    .html = "<!DOCTYPE html><html lang=\"en\"><head><title>RachelFoods</title></head>"
            "<body><div id=\"__next\"></div></body></html>\n",
    .takes_ms = 5,
};

static const struct edge_zone rf_zone = {
    .names = { "rachelfoods.com", "www.rachelfoods.com", "api.rachelfoods.com", NULL },
    .address = "203.0.113.30",
    .wrong = "198.51.100.30",
};

static const struct system_var rf_vars[] = {
    { "api", VAR_URL, .listener = BOOT_API },
    { "web", VAR_URL, .listener = BOOT_WEB },
    { "pg", VAR_DB },
    { "backups", VAR_PATH, .path = "backups" },
    { "log", VAR_PATH, .path = "log/api.jsonl" },
    { "tls", VAR_ADDRESS, .listener = BOOT_TLS },
    { "dns", VAR_ADDRESS, .listener = BOOT_DNS },
    { "ca", VAR_PATH, .path = "ca.pem" },
    { 0 },
};

static const char rf_schema[] =
    "SET ROLE app;"
    "CREATE TABLE users (id serial PRIMARY KEY, email text NOT NULL UNIQUE);"
    "INSERT INTO users (email) SELECT 'user' || i || '@example.org' FROM generate_series(1, 200) i;"
    "CREATE TABLE products (id serial PRIMARY KEY, name text NOT NULL, price_cents int NOT NULL);"
    "INSERT INTO products (name, price_cents) SELECT (ARRAY['Jollof Rice','Egusi Soup','Suya',"
    " 'Plantain','Moin Moin','Pepper Soup'])[1 + i % 6] || ' ' || i, 400 + i * 37 % 2400"
    " FROM generate_series(1, 120) i;"
    "CREATE SEQUENCE order_number START 10001;"
    "CREATE TABLE orders (id serial PRIMARY KEY, \"orderNumber\" text NOT NULL UNIQUE,"
    " user_id int NOT NULL REFERENCES users, status text NOT NULL,"
    " created_at timestamptz NOT NULL DEFAULT now());"
    "CREATE TABLE payments (id serial PRIMARY KEY, order_id int NOT NULL REFERENCES orders,"
    " intent_id text NOT NULL UNIQUE, status text NOT NULL,"
    " created_at timestamptz NOT NULL DEFAULT now(), updated_at timestamptz NOT NULL DEFAULT "
    "now());"
    "INSERT INTO orders (\"orderNumber\", user_id, status, created_at) SELECT 'RF-' ||"
    " nextval('order_number'), 1 + i % 200, 'PAID', now() - i * interval '20 minutes'"
    " FROM generate_series(1, 300) i;"
    "INSERT INTO payments (order_id, intent_id, status, created_at, updated_at)"
    " SELECT id, 'pi_' || md5(id::text), 'succeeded', created_at, created_at FROM orders;"
    "RESET ROLE;"
    "GRANT SELECT ON ALL TABLES IN SCHEMA public TO midwatch";

/* The cron line of the report: a plain dump, one name a day, kept for seven days at least. */
static const struct backups_plan rf_dumps = { .before = "backup_", .after = ".sql", .kept = 10 };

const struct system system_rachelfoods = {
    .name = "rachelfoods",
    .db_name = "rachelfoods",
    .schema = rf_schema,
    .pg_max_connections = 40,
    .listeners =
        1u << BOOT_API | 1u << BOOT_WEB | 1u << BOOT_CONTROL | 1u << BOOT_TLS | 1u << BOOT_DNS,
    .apps = { &rf_api },
    .page = &rf_page,
    .zone = &rf_zone,
    .dumps = &rf_dumps,
    .faults = rf_faults,
    .vars = rf_vars,
    .user = rf_user,
    .requests_per_s = 6,
    .init = rf_init,
    .forget = rf_forget,
};

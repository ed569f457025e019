/* examples/sim/rachelfoods.c: RachelFoods: a shop, its API over PostgreSQL, payments that come back
 * over a webhook, nightly dumps; no Redis and no queue. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "backups.h"
#include "limiter.h"
#include "now.h"
#include "traffic.h"
#include "world.h"

#define JSON          "application/json; charset=utf-8"
#define HTML          "text/html; charset=utf-8"
#define DB_TIMEOUT_MS 1500
#define MINUTE_MS     60000
#define LOGIN_MS      (15 * MINUTE_MS)
#define SECRET        "whsec_demo"

struct shop {
    struct limiter limits;
    pthread_mutex_t lock;
    uint64_t requests; /* for their ids */
};

static struct shop *rf_shop(const struct world *w)
{
    return w->own;
}

/* ---- the log, as Winston writes it ---- */

/* A line up to its own fields; what follows is the caller's. */
static void rf_line(struct app *a, const char *level, const char *message, struct str *out)
{
    struct shop *s = rf_shop(a->world);
    char stamp[32];

    now_stamp(world_now_ms(a->world), stamp);
    pthread_mutex_lock(&s->lock);
    uint64_t id = ++s->requests;
    pthread_mutex_unlock(&s->lock);
    str_addf(out, "{\"timestamp\":\"%s\",\"level\":\"%s\",\"message\":", stamp, level);
    str_json(out, message);
    str_addf(out, ",\"requestId\":\"req-%08" PRIx64 "\"", id);
}

static void rf_log_line(struct app *a, const struct http_request *rq, int code, int64_t ms,
                        struct str *out)
{
    const char *user = http_header(rq, "x-user");

    rf_line(a,
            code >= 500   ? "error"
            : code >= 400 ? "warn"
                          : "info",
            code >= 500 ? "Request failed" : "Request completed", out);
    str_add(out, ",\"userId\":");
    if (user)
        str_json(out, user);
    else
        str_add(out, "null");
    str_add(out, ",\"path\":");
    str_json(out, rq->path);
    str_add(out, ",\"method\":");
    str_json(out, rq->method);
    str_addf(out, ",\"statusCode\":%d,\"responseTime\":%" PRId64 "}\n", code, ms);
}

static void rf_note(struct app *a, const char *level, const char *message, const char *context)
{
    struct str s = { 0 };

    rf_line(a, level, message, &s);
    str_addf(&s, ",\"context\":\"%s\"}\n", context);
    app_log(a, &s);
    str_fini(&s);
}

/* ---- what stands before every route ---- */

/* The documented error body. */
static void rf_refuse(struct app *a, const struct http_request *rq, int code,
                      struct http_response *rs)
{
    char stamp[32];

    now_stamp(world_now_ms(a->world), stamp);
    http_answer(rs, code, JSON, "");
    str_addf(&rs->body, "{\"statusCode\":%d,\"error\":", code);
    str_json(&rs->body, http_reason(code));
    str_add(&rs->body, ",\"message\":");
    str_json(&rs->body, code == 404   ? "Cannot find this path"
                        : code == 429 ? "ThrottlerException: Too Many Requests"
                                      : http_reason(code));
    str_addf(&rs->body, ",\"timestamp\":\"%s\",\"path\":", stamp);
    str_json(&rs->body, rq->path);
    str_add(&rs->body, "}");
}

static bool rf_limited(struct app *a, struct http_request *rq, struct http_response *rs,
                       const char *rule, int max, int64_t window_ms)
{
    char from[48];
    int64_t wait_ms;

    if (world_fault(a->world, "no_rate_limit"))
        return false;
    http_from(rq, from, sizeof from);
    if (limiter_take(&rf_shop(a->world)->limits, rule, from, max, window_ms, world_now_ms(a->world),
                     &wait_ms))
        return false;
    rf_refuse(a, rq, 429, rs);
    str_addf(&rs->head, "Retry-After: %" PRId64 "\r\n", (wait_ms + 999) / 1000);
    return true;
}

/* CORS and the limit of all paths together: 100 requests in 60 s of one address. */
static bool rf_guard(struct app *a, struct http_request *rq, struct http_response *rs)
{
    static const char *const origins[] = { "https://rachelfoods.com",
                                           "https://www.rachelfoods.com" };
    const char *origin = http_header(rq, "origin");
    bool allowed = !origin || world_fault(a->world, "cors_open");

    if (rf_limited(a, rq, rs, "all", 100, MINUTE_MS))
        return true;
    for (size_t i = 0; origin && i < 2; i++)
        allowed = allowed || !strcmp(origin, origins[i]);
    if (!allowed) { /* the code throws, and nobody catches */
        rf_refuse(a, rq, 500, rs);
        return true;
    }
    if (origin)
        str_addf(&rs->head,
                 "Access-Control-Allow-Origin: %.200s\r\n"
                 "Access-Control-Allow-Credentials: true\r\nVary: Origin\r\n",
                 origin);
    return false;
}

/* ---- routes ---- */

static void rf_health(struct app *a, struct http_request *rq, struct http_response *rs)
{
    char why[DB_WHY], stamp[32];
    int64_t begin = now_mono_ms();
    PGresult *r = db_query(&a->db, 1000, "SELECT 1", 0, NULL, why);

    (void)rq;
    now_stamp(world_now_ms(a->world), stamp);
    http_answer(rs, r ? 200 : 503, JSON, "");
    str_addf(&rs->body, "{\"status\":\"%s\",\"timestamp\":\"%s\",\"uptime\":%.2f,\"database\":",
             r ? "healthy" : "unhealthy", stamp, app_uptime_s(a));
    if (r) {
        str_addf(&rs->body, "{\"status\":\"up\",\"responseTime\":%" PRId64 "}}",
                 now_mono_ms() - begin);
    } else {
        str_add(&rs->body, "{\"status\":\"down\",\"error\":");
        str_json(&rs->body, why);
        str_add(&rs->body, "}}");
    }
    PQclear(r);
}

static bool rf_number(const char *text, long most)
{
    return digits_read(text, most) > 0;
}

static void rf_products(struct app *a, struct http_request *rq, struct http_response *rs)
{
    char why[DB_WHY], page[16] = "1", limit[16] = "10";
    const char *params[2] = { page, limit };

    http_param(rq, "page", page, sizeof page);
    http_param(rq, "limit", limit, sizeof limit);
    if (!rf_number(page, 1000) || !rf_number(limit, 100)) {
        rf_refuse(a, rq, 400, rs);
        return;
    }
    PGresult *r =
        db_query(&a->db, DB_TIMEOUT_MS,
                 "SELECT id, name, price_cents, count(*) OVER () FROM products ORDER BY id "
                 "LIMIT $2::int OFFSET ($1::int - 1) * $2::int",
                 2, params, why);
    if (!r) {
        rf_refuse(a, rq, 500, rs);
        return;
    }
    http_answer(rs, 200, JSON, "{\"data\":[");
    for (int i = 0; i < PQntuples(r); i++) {
        str_addf(&rs->body, "%s{\"id\":%s,\"name\":", i ? "," : "", PQgetvalue(r, i, 0));
        str_json(&rs->body, PQgetvalue(r, i, 1));
        str_addf(&rs->body, ",\"priceCents\":%s}", PQgetvalue(r, i, 2));
    }
    str_addf(&rs->body, "],\"page\":%s,\"total\":%s}", page,
             PQntuples(r) ? PQgetvalue(r, 0, 3) : "0");
    PQclear(r);
}

/* The demo has no customer's password: an attempt is refused, the sixth of an address too early. */
static void rf_login(struct app *a, struct http_request *rq, struct http_response *rs)
{
    if (!rf_limited(a, rq, rs, "login", 5, LOGIN_MS))
        rf_refuse(a, rq, 401, rs);
}

/* An order and its payment, in one statement. */
static void rf_intent(struct app *a, struct http_request *rq, struct http_response *rs)
{
    char why[DB_WHY];

    if (rf_limited(a, rq, rs, "intent", 10, MINUTE_MS))
        return;
    PGresult *r = db_query(
        &a->db, DB_TIMEOUT_MS,
        "WITH o AS (INSERT INTO orders (\"orderNumber\", user_id, status) VALUES ('RF-' || "
        "nextval('order_number'), 1 + floor(random() * 200)::int, 'PENDING') RETURNING id) "
        "INSERT INTO payments (order_id, intent_id, status) SELECT id, 'pi_' || md5(id::text), "
        "'requires_payment_method' FROM o RETURNING intent_id",
        0, NULL, why);
    if (!r) {
        rf_refuse(a, rq, 500, rs);
        return;
    }
    http_answer(rs, 201, JSON, "");
    str_addf(&rs->body, "{\"intent\":\"%s\"}", PQgetvalue(r, 0, 0));
    PQclear(r);
}

/* {"intent":"pi_..."} of a body; false, and answered, when there is none. */
static bool rf_body_intent(struct app *a, struct http_request *rq, struct http_response *rs,
                           char *out, size_t cap)
{
    struct flat f;
    char why[200];
    const struct flat_item *i =
        flat_parse(&f, rq->body, rq->body_len, why, sizeof why) ? flat_get(&f, "intent") : NULL;

    if (!i)
        rf_refuse(a, rq, 400, rs);
    else
        snprintf(out, cap, "%s", i->value);
    return i != NULL;
}

/* What the shop page reports when the card was charged; the order waits for Stripe's own word. */
static void rf_confirm(struct app *a, struct http_request *rq, struct http_response *rs)
{
    char why[DB_WHY], intent[160];
    const char *params[1] = { intent };

    if (!rf_body_intent(a, rq, rs, intent, sizeof intent))
        return;
    PGresult *r = db_query(&a->db, DB_TIMEOUT_MS,
                           "UPDATE payments SET status = 'succeeded', updated_at = now() WHERE "
                           "intent_id = $1 RETURNING id",
                           1, params, why);
    if (!r)
        rf_refuse(a, rq, 500, rs);
    else if (!PQntuples(r))
        rf_refuse(a, rq, 404, rs);
    else
        http_answer(rs, 200, JSON, "{\"ok\":true}");
    PQclear(r);
}

/* Stripe's call. The signature is the shared secret itself, which stands for the HMAC made with it:
 * what matters here is that both sides must hold the same. */
static void rf_webhook(struct app *a, struct http_request *rq, struct http_response *rs)
{
    const char *signature = http_header(rq, "stripe-signature");
    const char *secret = world_fault(a->world, "webhook_bad_secret") ? "whsec_of_staging" : SECRET;
    char why[DB_WHY], intent[160];
    const char *params[1] = { intent };

    if (!signature || strcmp(signature, secret) != 0) {
        rf_note(a, "error", "No signatures found matching the expected signature for payload",
                "PaymentsService");
        rf_refuse(a, rq, 400, rs);
        return;
    }
    if (!rf_body_intent(a, rq, rs, intent, sizeof intent))
        return;
    PGresult *r = db_query(&a->db, DB_TIMEOUT_MS,
                           "UPDATE orders SET status = 'PAID' WHERE id = (SELECT order_id FROM "
                           "payments WHERE intent_id = $1) RETURNING \"orderNumber\"",
                           1, params, why);
    if (!r) {
        rf_refuse(a, rq, 500, rs);
    } else {
        if (PQntuples(r))
            rf_note(a, "info", "Order confirmation sent", "EmailService");
        http_answer(rs, 200, JSON, "{\"received\":true}");
    }
    PQclear(r);
}

static const struct app_route rf_routes[] = {
    { "GET", "/api/health", "/api/health", false, rf_health },
    { "GET", "/api/catalog/products", "/api/catalog/products", true, rf_products },
    { "POST", "/api/auth/login", "/api/auth/login", false, rf_login },
    { "POST", "/api/payments/create-intent", "/api/payments/create-intent", true, rf_intent },
    { "POST", "/api/payments/confirm", "/api/payments/confirm", true, rf_confirm },
    { "POST", "/api/payments/webhook", "/api/payments/webhook", false, rf_webhook },
    { 0 },
};

static void rf_web(void *arg, struct http_request *rq, struct http_response *rs)
{
    if (control_handle(arg, rq, rs))
        return;
    now_sleep_ms(5);
    http_answer(rs, 200, HTML,
                "<!DOCTYPE html><html lang=\"en\"><head><title>RachelFoods</title></head>"
                "<body><div id=\"__next\"></div></body></html>\n");
}

/* ---- customers, and Stripe behind them ---- */

static void rf_buy(struct world *w, struct client *c, const char *from)
{
    char why[CLIENT_WHY], headers[200], body[200], intent[160] = "";
    struct flat f;

    if (client_ask(c, "POST", "/api/payments/create-intent", from, "{}", 10000, why) == 201 &&
        flat_parse(&f, c->body.s, c->body.len, why, sizeof why) && flat_get(&f, "intent"))
        snprintf(intent, sizeof intent, "%s", flat_get(&f, "intent")->value);
    if (!*intent)
        return;
    snprintf(body, sizeof body, "{\"intent\":\"%s\"}", intent);
    if (client_ask(c, "POST", "/api/payments/confirm", from, body, 10000, why) != 200 ||
        world_fault(w, "webhook_unregistered"))
        return;
    snprintf(headers, sizeof headers,
             "User-Agent: Stripe/1.0\r\nX-Forwarded-For: 203.0.113.10\r\nStripe-Signature: " SECRET
             "\r\n");
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

static bool rf_down(struct world *w, bool on, char *why)
{
    (void)why;
    if (on)
        app_settle(&w->apps[0]);
    else
        app_reborn(&w->apps[0]);
    return true;
}

static const struct fault_def rf_faults[] = {
    { "api_down", FAULT_SWITCH, NULL, 0, 0, "the API's port refuses", rf_down },
    { "error_rate", FAULT_NUMBER, "0.08", 0, 1, "this share of everyday requests answers 500",
      NULL },
    { "slow", FAULT_NUMBER, "2500", 1, 20000, "every answer of the API so many ms later", NULL },
    { "webhook_bad_secret", FAULT_SWITCH, NULL, 0, 0,
      "the API holds another signing secret than Stripe: 400 for every event, orders stay unpaid",
      NULL },
    { "webhook_unregistered", FAULT_SWITCH, NULL, 0, 0,
      "Stripe knows no webhook: no event comes, orders stay unpaid", NULL },
    { "db_down", FAULT_SWITCH, NULL, 0, 0,
      "stops PostgreSQL at once; off starts it on the same port", world_db_down },
    { "backup_missing", FAULT_SWITCH, NULL, 0, 0,
      "last night's dump is gone, and none is made; off makes one", backups_missed },
    { "backup_empty", FAULT_SWITCH, NULL, 0, 0,
      "pg_dump never could log in: every dump is there and has 0 bytes", backups_empty },
    { "cors_open", FAULT_SWITCH, NULL, 0, 0, "every origin is allowed", NULL },
    { "no_rate_limit", FAULT_SWITCH, NULL, 0, 0, "nothing is answered with 429", NULL },
};

static void rf_passed(struct world *w, struct app *a, enum app_phase phase)
{
    if (phase == APP_UP)
        world_clear(w, a->down_fault);
}

/* ---- the system ---- */

static void rf_vars(const struct boot *b, struct str *out)
{
    char path[400];

    str_addf(out,
             "\"api\":\"http://127.0.0.1:%d\",\"web\":\"http://127.0.0.1:%d\","
             "\"pg\":\"host=127.0.0.1 port=%d dbname=rachelfoods user=midwatch\",\"backups\":",
             b->port[BOOT_API], b->port[BOOT_WEB], b->pg_port);
    snprintf(path, sizeof path, "%s/backups", b->place.dir);
    str_json(out, path);
    str_add(out, ",\"log\":");
    snprintf(path, sizeof path, "%s/log/api.jsonl", b->place.dir);
    str_json(out, path);
}

static void rf_serve(struct world *w)
{
    const struct boot *b = w->boot;
    struct app *a = &w->apps[0];
    struct shop *s = world_alloc(sizeof *s);
    char conninfo[400];

    w->own = s;
    limiter_init(&s->limits);
    pthread_mutex_init(&s->lock, NULL);
    w->app_n = 1;
    app_init(a, w, "api");
    app_route_all(a, rf_routes);
    a->median_ms = 35;
    a->sigma = 0.5;
    a->down_fault = "api_down";
    a->guard = rf_guard;
    a->log_line = rf_log_line;
    a->refuse = rf_refuse;
    snprintf(conninfo, sizeof conninfo,
             "host=127.0.0.1 port=%d dbname=rachelfoods user=app application_name=rachelfoods-api",
             b->pg_port);
    db_init(&a->db, conninfo, 10, 30000);
    rds_init(&a->redis, b->redis_port, b->redis_password, 500);
    leak_init(&w->leak, "");
    http_serve(&a->http, b->fd[BOOT_API], b->port[BOOT_API], app_handle, a);
    http_serve(&w->web, b->fd[BOOT_WEB], b->port[BOOT_WEB], rf_web, w);
    world_serve_control(w);
}

static bool rf_live(struct world *w, char *why)
{
    w->backups = world_alloc(sizeof *w->backups);
    if (!backups_init(w->backups, w, why))
        return false;
    traffic_start(w, w->boot->port[BOOT_API], 6, rf_user);
    return true;
}

static void rf_tick(struct world *w)
{
    char why[PLACE_WHY];

    if (!backups_tick(w->backups, w, why))
        world_log(w, "backup: %s", why);
}

static void rf_forget(struct world *w)
{
    limiter_forget(&rf_shop(w)->limits);
}

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
    .redis_maxmemory = "1mb",
    .no_redis = true,
    .dumps = &rf_dumps,
    .pg_max_connections = 40,
    .listeners = 1u << BOOT_API | 1u << BOOT_WEB | 1u << BOOT_CONTROL,
    .faults = rf_faults,
    .fault_n = sizeof rf_faults / sizeof rf_faults[0],
    .schema = rf_schema,
    .vars = rf_vars,
    .serve = rf_serve,
    .live = rf_live,
    .tick = rf_tick,
    .forget = rf_forget,
    .passed = rf_passed,
};

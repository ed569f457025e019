/* examples/sim/rachelfoods_api.c: what the shop's API answers, and how it logs: a catalogue, orders
 * whose payments come back over a webhook, limits and CORS before every route. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "now.h"
#include "rachelfoods.h"
#include "world.h"

#define MINUTE_MS 60000
#define LOGIN_MS  (15 * MINUTE_MS)

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
    http_answer(rs, code, HTTP_JSON, "");
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
    bool up = db_do(&a->db, 1000, "SELECT 1", why);

    (void)rq;
    now_stamp(world_now_ms(a->world), stamp);
    http_answer(rs, up ? 200 : 503, HTTP_JSON, "");
    str_addf(&rs->body, "{\"status\":\"%s\",\"timestamp\":\"%s\",\"uptime\":%.2f,\"database\":",
             up ? "healthy" : "unhealthy", stamp, app_uptime_s(a));
    if (up) {
        str_addf(&rs->body, "{\"status\":\"up\",\"responseTime\":%" PRId64 "}}",
                 now_mono_ms() - begin);
    } else {
        str_add(&rs->body, "{\"status\":\"down\",\"error\":");
        str_json(&rs->body, why);
        str_add(&rs->body, "}}");
    }
}

static void rf_products(struct app *a, struct http_request *rq, struct http_response *rs)
{
    char why[DB_WHY], page[16] = "1", limit[16] = "10";
    const char *params[2] = { page, limit };

    http_param(rq, "page", page, sizeof page);
    http_param(rq, "limit", limit, sizeof limit);
    if (digits_read(page, 1000) <= 0 || digits_read(limit, 100) <= 0) {
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
    http_answer(rs, 200, HTTP_JSON, "{\"data\":[");
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
    http_answer(rs, 201, HTTP_JSON, "");
    str_addf(&rs->body, "{\"intent\":\"%s\"}", PQgetvalue(r, 0, 0));
    PQclear(r);
}

/* {"intent":"pi_..."} of a body; false, and answered, when there is none. */
static bool rf_body_intent(struct app *a, struct http_request *rq, struct http_response *rs,
                           char *out, size_t cap)
{
    bool found = flat_find(rq->body, rq->body_len, "intent", out, cap);

    if (!found)
        rf_refuse(a, rq, 400, rs);
    return found;
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
        http_answer(rs, 200, HTTP_JSON, "{\"ok\":true}");
    PQclear(r);
}

/* Stripe's call. The signature is the shared secret itself, which stands for the HMAC made with it:
 * what matters here is that both sides must hold the same. */
static void rf_webhook(struct app *a, struct http_request *rq, struct http_response *rs)
{
    const char *signature = http_header(rq, "stripe-signature");
    const char *secret =
        world_fault(a->world, "webhook_bad_secret") ? "whsec_of_staging" : RF_STRIPE_SECRET;
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
        http_answer(rs, 200, HTTP_JSON, "{\"received\":true}");
    }
    PQclear(r);
}

static const struct app_route rf_routes[] = {
    { "GET", "/api/health", rf_health },
    { "GET", "/api/catalog/products", rf_products, .ordinary = true },
    { "POST", "/api/auth/login", rf_login },
    { "POST", "/api/payments/create-intent", rf_intent, .ordinary = true },
    { "POST", "/api/payments/confirm", rf_confirm, .ordinary = true },
    { "POST", "/api/payments/webhook", rf_webhook },
    { 0 },
};

const struct app_def rf_api = {
    .name = "api",
    .application = "rachelfoods-api",
    .listener = BOOT_API,
    .routes = rf_routes,
    .median_ms = 35,
    .sigma = 0.5,
    .pool_max = 10,
    .pool_idle_ms = 30000,
    .down_fault = "api_down",
    .guard = rf_guard,
    .log_line = rf_log_line,
    .refuse = rf_refuse,
};

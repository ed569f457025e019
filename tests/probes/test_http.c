/* tests/probes/test_http.c: replies of the http probe into reports. */
#include <stdio.h>

#include "tests/cmocka.h"
#include "tests/probes/probe_case.h"

#define HEALTH "http", "http://api.test/health"

static const char json_type[] = "Content-Type: application/json\r\n";

static void answer(struct probe_case *c, int code, const char *body)
{
    c->answer =
        (struct fake_answer){ .delay_ms = 41, .code = code, .body = body, .headers = json_type };
    case_poll(c);
}

static void IS(const struct probe_case *c, enum state state, const char *reason)
{
    assert_string_equal(c->reason, reason);
    assert_string_equal(state_word(c->state), state_word(state));
}

static void up_says_code_and_time(void **state)
{
    struct probe_case c;

    (void)state;
    case_init(&c, "http", PAIRS(HEALTH));
    answer(&c, 200, "{\"status\":\"ok\",\"version\":\"1.4.2\",\"checks\":{\"redis\":\"ok\"}}");
    IS(&c, STATE_UP, "200 in 41 ms");
    assert_int_equal(c.code, 200);
    assert_true(c.known);
    assert_float_equal(c.value, 41, 1e-9);
    assert_string_equal(c.version, "1.4.2");
    assert_string_equal(c.components, "redis=up");
    assert_int_equal(c.phases.total_us, 41000);
    assert_int_equal(c.at_ms, 1769652827041);
    case_fini(&c);
}

static void an_error_code_with_its_body_is_down_and_says_why(void **state)
{
    struct probe_case c;

    (void)state;
    case_init(&c, "http", PAIRS(HEALTH));
    answer(&c, 503, "{\"status\":\"error\",\"redis\":\"error\",\"database\":\"ok\"}");
    IS(&c, STATE_DOWN, "503: redis: error");
    assert_int_equal(c.fault, FAULT_STATUS);
    assert_false(c.disagree);
    assert_true(c.known); /* it did answer, and in a time */
    case_fini(&c);
}

static void what_is_switched_off_is_disabled_and_less_is_degraded(void **state)
{
    struct probe_case c;

    (void)state;
    case_init(&c, "http",
              PAIRS("http", "http://api.test/concierge", "body", "{}", "read", "json",
                    "disabled_if:/error", "concierge_unavailable", "degraded_if:/isFallback",
                    "true"));
    answer(&c, 200, "{\"isFallback\":false}");
    IS(&c, STATE_UP, "200 in 41 ms");
    answer(&c, 503, "{\"error\":\"concierge_unavailable\"}");
    IS(&c, STATE_DISABLED, "says error: concierge_unavailable");
    assert_int_equal(c.fault, FAULT_NONE);
    answer(&c, 503, "{\"error\":\"overloaded\"}");
    IS(&c, STATE_DOWN, "503: Service Unavailable");
    answer(&c, 200, "{\"isFallback\":true}");
    IS(&c, STATE_DEGRADED, "says isFallback: true");
    answer(&c, 500, "{\"isFallback\":true}");
    IS(&c, STATE_DOWN, "500: Internal Server Error");
    answer(&c, 503, "concierge_unavailable");
    IS(&c, STATE_DOWN, "503: Service Unavailable");
    case_fini(&c);
}

static void html_is_not_the_health_json(void **state)
{
    struct probe_case c;

    (void)state;
    case_init(&c, "http", PAIRS(HEALTH));
    c.answer = (struct fake_answer){ .code = 200,
                                     .body = "<!doctype html><title>app</title>",
                                     .headers = "Content-Type: text/html\r\n" };
    case_poll(&c);
    IS(&c, STATE_DOWN, "body is not the health JSON");
    assert_int_equal(c.fault, FAULT_BODY);
    answer(&c, 502, "<html>bad gateway</html>");
    IS(&c, STATE_DOWN, "502: Bad Gateway");
    assert_int_equal(c.fault, FAULT_STATUS);
    case_fini(&c);
}

static void a_page_at_the_root_or_read_none_is_judged_by_its_code(void **state)
{
    struct probe_case c;

    (void)state;
    case_init(&c, "http", PAIRS("http", "http://web.test/"));
    answer(&c, 200, "<html>");
    IS(&c, STATE_UP, "200 in 41 ms");
    answer(&c, 200, "{\"status\":\"down\"}"); /* but health at the root is health */
    assert_int_equal(c.state, STATE_DOWN);
    case_fini(&c);
    case_init(&c, "http", PAIRS("http", "http://web.test/shop", "read", "none"));
    answer(&c, 200, "<html>");
    IS(&c, STATE_UP, "200 in 41 ms");
    answer(&c, 404, "<html>");
    IS(&c, STATE_DOWN, "404: Not Found");
    answer(&c, 302, "");
    IS(&c, STATE_DOWN, "302: redirect");
    answer(&c, 418, "");
    IS(&c, STATE_DOWN, "418");
    case_fini(&c);
}

static void code_against_body_the_worst_wins_and_it_is_said(void **state)
{
    struct probe_case c;

    (void)state;
    case_init(&c, "http", PAIRS(HEALTH));
    answer(&c, 503, "{\"status\":\"degraded\"}");
    IS(&c, STATE_DOWN, "code 503 but body says degraded: status is degraded");
    assert_true(c.disagree);
    answer(&c, 503, "{\"status\":\"ok\"}");
    IS(&c, STATE_DOWN, "code 503 but body says up");
    assert_true(c.disagree);
    answer(&c, 200, "{\"status\":\"down\"}");
    assert_int_equal(c.state, STATE_DOWN);
    assert_true(c.disagree);
    assert_memory_equal(c.reason, "code 200 but body says down", 27);
    answer(&c, 200, "{\"status\":\"degraded\"}"); /* the usual way to say it */
    IS(&c, STATE_DEGRADED, "status is degraded");
    assert_false(c.disagree);
    case_fini(&c);
}

static void judge_body_believes_the_body_and_says_the_disagreement(void **state)
{
    struct probe_case c;

    (void)state;
    case_init(&c, "http", PAIRS(HEALTH, "judge", "body"));
    answer(&c, 503, "{\"status\":\"degraded\",\"services\":{\"redis\":\"down\",\"db\":\"up\"}}");
    assert_int_equal(c.state, STATE_DEGRADED);
    assert_int_equal(c.fault, FAULT_NONE);
    assert_string_equal(c.reason, "code 503 but body says degraded: redis: down");
    assert_true(c.disagree);
    answer(&c, 503, "{\"nothing\":\"known\"}"); /* no opinion to believe */
    assert_int_equal(c.state, STATE_DOWN);
    case_fini(&c);
}

static void a_body_that_says_nothing_is_never_green(void **state)
{
    struct probe_case c;

    (void)state;
    case_init(&c, "http", PAIRS(HEALTH));
    answer(&c, 200, "{\"hello\":\"world\"}");
    assert_int_equal(c.state, STATE_UNKNOWN);
    assert_string_not_equal(c.reason, "");
    answer(&c, 204, "");
    assert_int_not_equal(c.state, STATE_UP);
    answer(&c, 200, "{\"status\":\"ok\"");
    assert_int_equal(c.state, STATE_DOWN);
    assert_memory_equal(c.reason, "body is not the health JSON: ", 29);
    case_fini(&c);
}

static void maintenance_is_disabled_also_with_503(void **state)
{
    struct probe_case c;

    (void)state;
    case_init(&c, "http", PAIRS(HEALTH));
    answer(&c, 503, "{\"status\":\"maintenance\"}");
    assert_int_equal(c.state, STATE_DISABLED);
    answer(&c, 500, "{\"status\":\"maintenance\"}");
    assert_int_equal(c.state, STATE_DOWN);
    case_fini(&c);
}

static void rejected_credentials_are_unknown(void **state)
{
    struct probe_case c;

    (void)state;
    case_init(&c, "http", PAIRS(HEALTH));
    answer(&c, 401, "{\"error\":\"no\"}");
    IS(&c, STATE_UNKNOWN, "credentials: 401 Unauthorized");
    assert_int_equal(c.fault, FAULT_AUTH);
    assert_false(c.known);
    answer(&c, 403, "");
    IS(&c, STATE_DOWN, "403: Forbidden"); /* without credentials of ours it is the page's answer */
    case_fini(&c);
    case_init(&c, "http", PAIRS(HEALTH, "expect", "401", "read", "none"));
    answer(&c, 401, "");
    IS(&c, STATE_UP, "401 in 41 ms");
    case_fini(&c);
}

static void faults_keep_their_reason_and_give_no_number(void **state)
{
    static const struct {
        enum fault fault;
        const char *why, *reason;
        enum state state;
    } rows[] = {
        { FAULT_REFUSED, NULL, "refused", STATE_DOWN },
        { FAULT_CONNECT_TIMEOUT, "no answer in 1 s", "connect timeout: no answer in 1 s",
          STATE_DOWN },
        { FAULT_TLS, "certificate expired", "tls: certificate expired", STATE_DOWN },
        { FAULT_PARTIAL, "bad chunk", "partial: bad chunk", STATE_DOWN },
        { FAULT_DNS, "no answer in 5 s", "dns: no answer in 5 s", STATE_UNKNOWN },
        { FAULT_LOCAL, "Too many open files", "local: Too many open files", STATE_UNKNOWN },
        { FAULT_UNREACHABLE, NULL, "unreachable", STATE_UNKNOWN },
    };
    struct probe_case c;

    (void)state;
    case_init(&c, "http", PAIRS(HEALTH));
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        c.answer = (struct fake_answer){ .fault = rows[i].fault, .why = rows[i].why };
        case_poll(&c);
        IS(&c, rows[i].state, rows[i].reason);
        assert_int_equal(c.fault, rows[i].fault);
        assert_false(c.known);
        assert_string_equal(c.note, rows[i].reason);
        assert_int_equal(c.n_components, 0);
    }
    c.answer = (struct fake_answer){ .delay_ms = 9000 };
    case_poll(&c);
    IS(&c, STATE_DOWN, "timeout: no first byte in 5 s");
    case_fini(&c);
}

static void assertions_name_the_place_and_what_stood_there(void **state)
{
    struct probe_case c;

    (void)state;
    case_init(&c, "http",
              PAIRS("http", "http://api.test/units", "assert:/success", "true", "assert:/data/0/id",
                    "exists", "assert:/n", "3", "assert:/error", "absent", "assert:/name", "a b"));
    answer(&c, 200, "{\"success\":true,\"data\":[{\"id\":1}],\"n\":3.0,\"name\":\"a b\"}");
    IS(&c, STATE_UP, "200 in 41 ms");
    answer(&c, 200, "{\"success\":false,\"data\":[{\"id\":1}],\"n\":3,\"name\":\"a b\"}");
    IS(&c, STATE_DOWN, "/success is false, not true");
    assert_int_equal(c.fault, FAULT_BODY);
    answer(&c, 200, "{\"success\":\"true\",\"data\":[{\"id\":1}],\"n\":3,\"name\":\"a b\"}");
    assert_int_equal(c.state, STATE_UP); /* a text that reads the same is taken */
    answer(&c, 200, "{\"success\":true,\"data\":[],\"n\":3,\"name\":\"a b\"}");
    IS(&c, STATE_DOWN, "/data/0/id missing");
    answer(&c, 200, "{\"success\":true,\"data\":[{\"id\":1}],\"n\":4,\"name\":\"a b\"}");
    IS(&c, STATE_DOWN, "/n is 4, not 3");
    answer(&c, 200,
           "{\"success\":true,\"data\":[{\"id\":1}],\"n\":3,\"error\":1,\"name\":\"a b\"}");
    IS(&c, STATE_DOWN, "/error is there");
    answer(&c, 200, "{\"success\":true,\"data\":[{\"id\":1}],\"n\":3,\"name\":\"\\u001b[31m\"}");
    IS(&c, STATE_DOWN, "/name is '^[[31m', not a b");
    answer(&c, 200, "not json");
    assert_memory_equal(c.reason, "bad reply: ", 11);
    assert_int_equal(c.state, STATE_DOWN);
    answer(&c, 500, "{\"success\":false}");
    IS(&c, STATE_DOWN, "500: Internal Server Error");
    case_fini(&c);
}

static void headers_are_asserted_too(void **state)
{
    struct probe_case c;

    (void)state;
    case_init(&c, "http",
              PAIRS(HEALTH, "read", "none", "expect_headers:X-Cache", "MISS",
                    "expect_headers:X-Evil", "absent", "expect_headers:Server", "exists"));
    c.answer = (struct fake_answer){ .code = 200, .headers = "server: x\r\nx-cache:  MISS \r\n" };
    case_poll(&c);
    assert_int_equal(c.state, STATE_UP);
    c.answer.headers = "server: x\r\nX-Cache: HIT\r\n";
    case_poll(&c);
    IS(&c, STATE_DOWN, "header X-Cache is 'HIT', not 'MISS'");
    c.answer.headers = "X-Cache: MISS\r\nServer: x\r\nX-EVIL: 1\r\n";
    case_poll(&c);
    IS(&c, STATE_DOWN, "header X-Evil is there");
    c.answer.headers = "X-Cache: MISS\r\n";
    case_poll(&c);
    IS(&c, STATE_DOWN, "header Server missing");
    case_fini(&c);
}

static void hints_lead_to_the_status(void **state)
{
    struct probe_case c;

    (void)state;
    case_init(&c, "http",
              PAIRS(HEALTH, "status", "/nowhere", "status", "/state/word", "version", "/build/id",
                    "components", "/parts"));
    answer(&c, 200,
           "{\"state\":{\"word\":\"down\"},\"build\":{\"id\":\"b7\"},\"parts\":{\"a\":\"ok\"}}");
    assert_int_equal(c.state, STATE_DOWN);
    assert_string_equal(c.version, "b7");
    assert_string_equal(c.components, "a=up");
    case_fini(&c);
}

static void an_uptime_that_stands_still_is_a_cached_answer(void **state)
{
    struct probe_case c;

    (void)state;
    case_init(&c, "http", PAIRS(HEALTH, "uptime", "/uptime"));
    answer(&c, 200, "{\"status\":\"ok\",\"uptime\":500}");
    assert_int_equal(c.state, STATE_UP);
    answer(&c, 200, "{\"status\":\"ok\",\"uptime\":500}");
    IS(&c, STATE_DEGRADED, "cached answer: /uptime stands still");
    answer(&c, 200, "{\"status\":\"ok\",\"uptime\":510}");
    IS(&c, STATE_UP, "200 in 41 ms");
    case_fini(&c);
    case_init(&c, "http", PAIRS(HEALTH)); /* nobody said that it must move */
    answer(&c, 200, "{\"status\":\"ok\",\"uptime\":500}");
    answer(&c, 200, "{\"status\":\"ok\",\"uptime\":500}");
    assert_int_equal(c.state, STATE_UP);
    case_fini(&c);
}

/* The bytes are not read again, but what they come to by now is judged each time. */
static void a_body_that_stops_moving_ages_and_a_moved_byte_is_read(void **state)
{
    static const char moves[] = "{\"status\":\"ok\",\"uptime\":501,\"db\":\"ok\"}";
    static const char stands[] = "{\"status\":\"ok\",\"uptime\":503,\"db\":\"ok\"}";
    static const char fails[] = "{\"status\":\"ok\",\"uptime\":503,\"db\":\"ko\"}";
    struct probe_case c;

    (void)state;
    case_init(&c, "http", PAIRS(HEALTH, "uptime", "/uptime"));
    answer(&c, 200, moves);
    answer(&c, 200, stands);
    IS(&c, STATE_UP, "200 in 41 ms");
    for (int i = 0; i < 3; i++) {
        answer(&c, 200, stands);
        IS(&c, STATE_DEGRADED, "cached answer: /uptime stands still");
        assert_string_equal(c.components, "db=up");
    }
    answer(&c, 503, stands); /* the same bytes with another code */
    IS(&c, STATE_DOWN, "code 503 but body says up");
    answer(&c, 200, fails); /* as long, one byte moved */
    assert_int_equal(c.state, STATE_DEGRADED);
    assert_string_equal(c.components, "db=down");
    c.answer.headers = "Content-Type: text/html\r\n";
    c.answer.body = "ok";
    case_poll(&c);
    assert_int_equal(c.state, STATE_UP);
    c.answer.body = "ko";
    case_poll(&c);
    assert_int_equal(c.state, STATE_DOWN);
    case_fini(&c);
}

/* Laravel tells when its checks ran; when its scheduler stops, they are green for ever. */
static void old_results_are_degraded(void **state)
{
    static const char body[] = "{\"finishedAt\":1769652827,"
                               "\"checkResults\":[{\"name\":\"A\",\"status\":\"ok\"}]}";
    static const char failed[] = "{\"finishedAt\":1769652827,"
                                 "\"checkResults\":[{\"name\":\"A\",\"status\":\"failed\"}]}";
    struct probe_case c;

    (void)state;
    case_init(&c, "http", PAIRS(HEALTH));
    answer(&c, 200, body);
    assert_int_equal(c.state, STATE_UP);
    io_advance(c.io, 299 * 1000 - c.common.timeout_ms);
    answer(&c, 200, body);
    assert_int_equal(c.state, STATE_UP);
    io_advance(c.io, 2 * 3600 * 1000);
    answer(&c, 200, body);
    IS(&c, STATE_DEGRADED, "results are 2h5m old");
    answer(&c, 200, failed);
    IS(&c, STATE_DOWN, "code 200 but body says down: A: failed"); /* says more */
    answer(&c, 200, "{\"finishedAt\":5,\"status\":\"ok\"}");      /* no such results */
    assert_int_equal(c.state, STATE_UP);
    case_fini(&c);
    case_init(&c, "http", PAIRS(HEALTH, "every", "1h"));
    io_advance(c.io, 3 * 3600 * 1000 - 1000);
    answer(&c, 200, body);
    assert_int_equal(c.state, STATE_UP);
    io_advance(c.io, 3600 * 1000);
    answer(&c, 200, body);
    IS(&c, STATE_DEGRADED, "results are 4h old");
    case_fini(&c);
}

static void a_small_uptime_proves_a_restart_and_another_instance_does_not(void **state)
{
    struct probe_case c;

    (void)state;
    case_init(&c, "http", PAIRS(HEALTH));
    answer(&c, 200, "{\"status\":\"ok\",\"uptime\":5000}");
    assert_string_equal(c.restart, "");
    answer(&c, 200, "{\"status\":\"ok\",\"uptime\":4000}"); /* a younger one behind the balancer */
    assert_string_equal(c.restart, "");
    answer(&c, 200, "{\"status\":\"ok\",\"uptime\":3}");
    assert_string_equal(c.restart, "restarted, up 3s");
    answer(&c, 200, "{\"status\":\"ok\",\"uptime\":8}");
    assert_string_equal(c.restart, "");
    case_fini(&c);
}

static void slow_is_degraded(void **state)
{
    struct probe_case c;

    (void)state;
    case_init(&c, "http", PAIRS(HEALTH, "slow", "500ms"));
    c.answer = (struct fake_answer){ .delay_ms = 620, .code = 200, .body = "{\"status\":\"ok\"}" };
    case_poll(&c);
    IS(&c, STATE_DEGRADED, "slow: 620 ms");
    assert_float_equal(c.value, 620, 1e-9);
    c.answer.delay_ms = 500;
    case_poll(&c);
    IS(&c, STATE_UP, "200 in 500 ms");
    case_fini(&c);
}

static void retry_after_is_noted(void **state)
{
    struct probe_case c;

    (void)state;
    case_init(&c, "http", PAIRS(HEALTH));
    c.answer = (struct fake_answer){ .code = 429, .body = "", .headers = "Retry-After: 7\r\n" };
    case_poll(&c);
    IS(&c, STATE_UNKNOWN, "rate limited by target: 429, asks to wait 7s");
    c.answer.headers = "";
    case_poll(&c);
    IS(&c, STATE_UNKNOWN, "rate limited by target: 429");
    c.answer.code = 503;
    c.answer.headers = "Retry-After: 1000000000\r\n";
    case_poll(&c);
    IS(&c, STATE_DOWN, "503: Service Unavailable (asks to wait 5m)");
    case_fini(&c);
}

static void a_close_is_told_on_once_an_interval(void **state)
{
    struct probe_case c;

    (void)state;
    case_init(&c, "http", PAIRS(HEALTH, "every", "60s", "timeout", "5s"));
    for (int i = 0; i < 3; i++) {
        c.answer = (struct fake_answer){ .code = 200, .body = "ok", .closes = true };
        case_poll(&c);
    }
    assert_int_equal(c.closed, 1);
    io_advance(c.io, 60000);
    case_poll(&c);
    assert_int_equal(c.closed, 2);
    case_fini(&c);
}

/* ---- secrets ---- */

struct vault {
    const char *token;
    int asked;
};

static struct secret *vault_get(void *arg, const char *reference, struct err *err)
{
    struct vault *v = arg;

    v->asked++;
    if (v->token)
        return secret_new(v->token, strlen(v->token));
    err_set(err, "%s is not set", reference);
    return NULL;
}

static void a_missing_token_is_unknown_until_it_comes(void **state)
{
    struct vault v = { 0 };
    struct probe_case c;

    (void)state;
    case_init(&c, "http", PAIRS(HEALTH, "bearer", "env:API_TOKEN"));
    c.clients.secret = vault_get;
    c.clients.secret_arg = &v;
    c.probe.ops->poll(&c.probe);
    assert_int_equal(c.reports, 1);
    IS(&c, STATE_UNKNOWN, "credentials: env:API_TOKEN is not set");
    assert_int_equal(c.asked, 0);
    v.token = "t0ken";
    answer(&c, 200, "{\"status\":\"ok\"}");
    assert_int_equal(c.state, STATE_UP);
    answer(&c, 200, "{\"status\":\"ok\"}");
    assert_int_equal(v.asked, 2); /* read when needed, not at each poll */
    answer(&c, 403, "");
    IS(&c, STATE_UNKNOWN, "credentials: 403 Forbidden");
    answer(&c, 200, "{\"status\":\"ok\"}");
    assert_int_equal(v.asked, 3); /* rejected: maybe it was renewed */
    case_fini(&c);
}

/* ---- what cannot be ---- */

static void options_that_contradict_each_other_are_refused(void **state)
{
#define REFUSED(why, ...) case_refused("http", why, PAIRS(__VA_ARGS__))
    (void)state;
    REFUSED("insecure: say why", "http", "https://x/", "insecure", "true");
    REFUSED("no TLS to skip", HEALTH, "insecure", "true", "insecure_reason", "x");
    REFUSED("insecure_reason: without", "http", "https://x/", "insecure_reason", "x");
    REFUSED("ca_file: there is no TLS", HEALTH, "ca_file", "/x");
    REFUSED("carries one of them", HEALTH, "bearer", "env:A", "basic", "env:B");
    REFUSED("status: the body is not read", HEALTH, "read", "none", "status", "/x");
    REFUSED("assert: the body is not read", HEALTH, "read", "none", "assert:/x", "1");
    REFUSED("disabled_if: the body is not read", HEALTH, "read", "none", "disabled_if:/x", "1");
    REFUSED("degraded_if: the body is not read", HEALTH, "read", "none", "degraded_if:/x", "1");
    REFUSED("degraded_if: ", HEALTH, "degraded_if:x", "1");
    REFUSED("add assert", HEALTH, "read", "json");
    REFUSED("judge: body", HEALTH, "read", "none", "judge", "body");
    REFUSED("HEAD has no body", HEALTH, "method", "HEAD", "read", "health");
    REFUSED("does not carry", HEALTH, "method", "OPTIONS", "body", "x");
    REFUSED("assert: ", HEALTH, "assert:x", "1");
    REFUSED("status: ", HEALTH, "status", "x");
    REFUSED("missing; write a value", HEALTH, "assert:/x", "");
    REFUSED("unit: cannot be chosen", HEALTH, "unit", "bytes");
    REFUSED("slow: must be more", HEALTH, "slow", "0ms");
    REFUSED("method: ", HEALTH, "method", "DELETE");
}

static void a_target_is_shown_without_its_query(void **state)
{
    struct probe_case c;
    struct text t = { 0 };

    (void)state;
    case_init(&c, "http", PAIRS("http", "http://api.test/health?key=canary", "body", "{}"));
    c.probe.ops->target(c.probe.self, &t);
    assert_string_equal(text_str(&t), "POST http://api.test/health");
    text_fini(&t);
    case_fini(&c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(up_says_code_and_time),
        cmocka_unit_test(an_error_code_with_its_body_is_down_and_says_why),
        cmocka_unit_test(what_is_switched_off_is_disabled_and_less_is_degraded),
        cmocka_unit_test(html_is_not_the_health_json),
        cmocka_unit_test(a_page_at_the_root_or_read_none_is_judged_by_its_code),
        cmocka_unit_test(code_against_body_the_worst_wins_and_it_is_said),
        cmocka_unit_test(judge_body_believes_the_body_and_says_the_disagreement),
        cmocka_unit_test(a_body_that_says_nothing_is_never_green),
        cmocka_unit_test(maintenance_is_disabled_also_with_503),
        cmocka_unit_test(rejected_credentials_are_unknown),
        cmocka_unit_test(faults_keep_their_reason_and_give_no_number),
        cmocka_unit_test(assertions_name_the_place_and_what_stood_there),
        cmocka_unit_test(headers_are_asserted_too),
        cmocka_unit_test(hints_lead_to_the_status),
        cmocka_unit_test(an_uptime_that_stands_still_is_a_cached_answer),
        cmocka_unit_test(a_body_that_stops_moving_ages_and_a_moved_byte_is_read),
        cmocka_unit_test(old_results_are_degraded),
        cmocka_unit_test(a_small_uptime_proves_a_restart_and_another_instance_does_not),
        cmocka_unit_test(slow_is_degraded),
        cmocka_unit_test(retry_after_is_noted),
        cmocka_unit_test(a_close_is_told_on_once_an_interval),
        cmocka_unit_test(a_missing_token_is_unknown_until_it_comes),
        cmocka_unit_test(options_that_contradict_each_other_are_refused),
        cmocka_unit_test(a_target_is_shown_without_its_query),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

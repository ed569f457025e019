/* tests/probes/test_prometheus.c: what a Prometheus server answers, and what is made of it. */
#include "core/buf.h"
#include "tests/cmocka.h"

#include <locale.h>

#include "tests/probes/probe_case.h"

/* The virtual clock stands at 1769652827. */
#define NOW   "1769652827.5"
#define OLD   "1769652000"
#define AHEAD "1769653800"

#define VECTOR(series) \
    "{\"status\":\"success\",\"data\":{\"resultType\":\"vector\",\"result\":[" series "]}}"
#define SERIES(labels, at, number) "{\"metric\":{" labels "},\"value\":[" at ",\"" number "\"]}"

struct answer {
    int code;
    const char *body;
    enum state state;
    const char *reason;
    double value; /* NAN = none */
    const char *components;
};

static const struct answer answers[] = {
    { 200, VECTOR(SERIES("", NOW, "12.5")), STATE_UP, "12.5", 12.5, "" },
    { 200, VECTOR(SERIES("\"__name__\":\"up\",\"job\":\"a\"", NOW, "1")), STATE_UP, "1", 1,
      "job=a=up" },
    { 200, VECTOR(SERIES("\"job\":\"a\"", NOW, "3") "," SERIES("\"job\":\"b\"", NOW, "7")),
      STATE_UP, "7 · worst of 2: job=b", 7, "job=a=up job=b=up" },
    { 200,
      "{\"status\":\"success\",\"data\":{\"resultType\":\"scalar\",\"result\":[" NOW ",\"4\"]}}",
      STATE_UP, "4", 4, "" },
    /* of a range the newest sample counts, with its own age */
    { 200,
      "{\"status\":\"success\",\"data\":{\"resultType\":\"matrix\",\"result\":[{\"metric\":{},"
      "\"values\":[[" OLD ",\"1\"],[" NOW ",\"2\"]]}]}}",
      STATE_UP, "2", 2, "" },
    { 200,
      "{\"status\":\"success\",\"data\":{\"resultType\":\"matrix\",\"result\":[{\"metric\":{},"
      "\"values\":[[" OLD ",\"1\"]]}]}}",
      STATE_UNKNOWN, "its sample is 13m47s old", NAN, "" },
    { 200, VECTOR(SERIES("", AHEAD, "1")), STATE_UNKNOWN, "its sample is 16m13s in the future", NAN,
      "" },
    /* nothing there is no zero, and what is no number is none */
    /* labels that are none */
    { 200, VECTOR("{\"metric\":[" NOW ",\"1\"]}," SERIES("\"job\":\"a\"", NOW, "3")), STATE_UP,
      "3 · worst of 2: job=a, 1 is no number", 3, "value=unknown job=a=up" },
    { 200, VECTOR(""), STATE_UNKNOWN, "no data: the query finds no series", NAN, "" },
    { 200, VECTOR(SERIES("", NOW, "NaN")), STATE_UNKNOWN, "it is NaN", NAN, "" },
    { 200, VECTOR(SERIES("", NOW, "+Inf")), STATE_UNKNOWN, "it is +Inf", NAN, "" },
    { 200, VECTOR(SERIES("", NOW, "0x10")), STATE_UNKNOWN, "it is 0x10", NAN, "" },
    { 200, VECTOR("{\"metric\":{},\"value\":[" NOW ",4]}"), STATE_UNKNOWN,
      "no sample in the answer", NAN, "" },
    { 200, VECTOR("{\"metric\":{},\"histogram\":[" NOW ",{}]}"), STATE_UNKNOWN,
      "a histogram is no number", NAN, "" },
    { 200, VECTOR(SERIES("\"job\":\"a\"", NOW, "NaN") "," SERIES("\"job\":\"b\"", NOW, "7")),
      STATE_UP, "7 · worst of 2: job=b, 1 is no number", 7, "job=a=unknown job=b=up" },
    { 200, VECTOR(SERIES("\"job\":\"a\"", OLD, "1") "," SERIES("\"job\":\"b\"", NOW, "7")),
      STATE_DEGRADED, "1 of 2 samples are stale", 7, "job=a=unknown job=b=up" },
    { 200,
      "{\"status\":\"success\",\"data\":{\"resultType\":\"string\",\"result\":[" NOW ",\"x\"]}}",
      STATE_UNKNOWN, "a string is no number", NAN, "" },
    /* a part that did not answer is told, the number stays */
    { 200,
      "{\"status\":\"success\",\"warnings\":[\"store-2: timeout\"],\"data\":{\"resultType\":"
      "\"vector\",\"result\":[" SERIES("", NOW, "5") "]}}",
      STATE_DEGRADED, "warning: store-2: timeout", 5, "" },
    /* errors: a query that cannot be asked says nothing of what is watched */
    { 400, "{\"status\":\"error\",\"errorType\":\"bad_data\",\"error\":\"1:5: parse error: x\"}",
      STATE_UNKNOWN, "local: 400: bad_data: 1:5: parse error: x", NAN, "" },
    { 422, "{\"status\":\"error\",\"errorType\":\"execution\",\"error\":\"too many samples\"}",
      STATE_UNKNOWN, "local: 422: execution: too many samples", NAN, "" },
    { 503, "{\"status\":\"error\",\"errorType\":\"timeout\",\"error\":\"query timed out\"}",
      STATE_DOWN, "503: timeout: query timed out", NAN, "" },
    { 503, "Service Unavailable", STATE_DOWN, "503 instead of an answer of Prometheus", NAN, "" },
    { 401, "{\"error\":\"x\"}", STATE_UNKNOWN, "credentials: 401 for an answer of Prometheus", NAN,
      "" },
    { 200, "<html>", STATE_DOWN, NULL, NAN, "" },
    { 200, "{\"status\":\"ok\"}", STATE_DOWN, "not an answer of Prometheus", NAN, "" },
    { 200, "{\"status\":\"success\",\"data\":{}}", STATE_DOWN, "no result in the answer", NAN, "" },
};

static void an_answer_is_a_number_or_says_why_not(void **state)
{
    struct probe_case c;

    (void)state;
    for (size_t i = 0; i < sizeof answers / sizeof answers[0]; i++) {
        const struct answer *a = &answers[i];

        case_init(&c, "prometheus",
                  PAIRS("prometheus", "http://p:9090/", "query", "sum(rate(x[5m])) / 2"));
        c.answer = (struct fake_answer){ .code = a->code, .body = a->body };
        case_poll(&c);
        if (c.state != a->state || (a->reason && strcmp(c.reason, a->reason) != 0) ||
            strcmp(c.components, a->components) != 0 || c.known == (bool)isnan(a->value))
            fail_msg("case %zu: %s '%s' (%s)", i, state_word(c.state), c.reason, c.components);
        assert_true(isnan(a->value) ? isnan(c.value) : c.value == a->value);
        assert_true(c.known || *c.note);
        assert_string_equal(c.asked_url, "http://p:9090/api/v1/query?query="
                                         "sum%28rate%28x%5B5m%5D%29%29%20%2F%202&timeout=5000ms");
        case_fini(&c);
    }
}

/* Of a part it is another sum, and mostly a better one. */
static void a_sum_needs_all_its_numbers(void **state)
{
    static const char *const combines[] = { "sum", "mean" };

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct probe_case c;
        char reason[64];

        case_init(
            &c, "prometheus",
            PAIRS("prometheus", "http://p", "query", "x", "by", "job", "combine", combines[i]));
        c.answer =
            (struct fake_answer){ .code = 200,
                                  .body = VECTOR(SERIES("\"job\":\"a\"", NOW, "4") "," SERIES(
                                      "\"job\":\"b\"", NOW, "NaN")) };
        case_poll(&c);
        snprintf(reason, sizeof reason, "%s of 2, 1 is no number", combines[i]);
        assert_int_equal(c.state, STATE_UNKNOWN);
        assert_string_equal(c.reason, reason);
        assert_string_equal(c.note, reason);
        assert_false(c.known);
        assert_string_equal(c.components, "a=up b=unknown");
        case_fini(&c);
    }
}

static void series_become_one_value(void **state)
{
    static const struct {
        const char *combine, *low;
        double value;
        const char *note;
    } rows[] = {
        { "worst", "false", 9, "worst of 3: c" }, { "worst", "true", 2, "worst of 3: b" },
        { "sum", "false", 15, "sum of 3" },       { "mean", "false", 5, "mean of 3" },
        { "max", "true", 9, "highest of 3: c" },  { "min", "false", 2, "lowest of 3: b" },
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct probe_case c;

        case_init(&c, "prometheus",
                  PAIRS("prometheus", "http://p", "query", "x", "by", "job", "combine",
                        rows[i].combine, "low_is_bad", rows[i].low));
        c.answer = (struct fake_answer){
            .code = 200,
            .body = VECTOR(SERIES("\"job\":\"a\"", NOW, "4") "," SERIES(
                "\"job\":\"b\"", NOW, "2") "," SERIES("\"job\":\"c\"", NOW, "9"))
        };
        case_poll(&c);
        assert_true(c.value == rows[i].value);
        assert_string_equal(c.note, rows[i].note);
        case_fini(&c);
    }
}

static void each_series_is_a_part_with_its_own_state(void **state)
{
    struct probe_case c;

    (void)state;
    case_init(&c, "prometheus",
              PAIRS("prometheus", "http://p", "query", "x", "by", "job", "by", "dc", "warn", "3",
                    "crit", "8", "when_crit", "down"));
    c.answer = (struct fake_answer){
        .code = 200,
        .body = VECTOR(SERIES("\"job\":\"a\",\"dc\":\"x\"", NOW, "4") "," SERIES(
            "\"job\":\"b\"", NOW, "2") "," SERIES("\"job\":\"\\u001b[31mc\",\"dc\":\"x\"", NOW,
                                                  "9"))
    };
    case_poll(&c);
    assert_string_equal(c.components, "a/x=degraded b/-=up ^[[31mc/x=down");
    assert_int_equal(c.state, STATE_UP); /* the thresholds are the fold's */
    case_fini(&c);
}

static void of_more_series_than_a_board_holds_the_worst_are_shown(void **state)
{
    struct probe_case c;
    struct buf b = { 0 };

    (void)state;
    buf_adds(&b, "{\"status\":\"success\",\"data\":{\"resultType\":\"vector\",\"result\":[");
    for (int i = 0; i < 1000; i++)
        buf_addf(&b, "%s{\"metric\":{\"n\":\"%d\"},\"value\":[" NOW ",\"%d\"]}", i ? "," : "", i,
                 (i * 7919) % 1000);
    buf_adds(&b, "]}}");
    case_init(&c, "prometheus", PAIRS("prometheus", "http://p", "query", "x"));
    c.answer = (struct fake_answer){ .code = 200, .body = b.bytes, .len = b.len };
    case_poll(&c);
    assert_true(c.value == 999);
    assert_int_equal(c.n_components, READING_COMPONENTS);
    assert_memory_equal(c.components, "n=321=up n=642=up", 17); /* 999, 998 */
    buf_fini(&b);
    case_fini(&c);
}

#define ALERT(name, severity, st)                                                             \
    "{\"labels\":{\"alertname\":\"" name "\",\"severity\":\"" severity "\",\"job\":\"api\"}," \
    "\"annotations\":{\"summary\":\"it is bad\"},\"state\":\"" st "\",\"activeAt\":"          \
    "\"2026-01-29T02:03:47Z\",\"value\":\"1e+00\"}"
#define RULE(name, health, list)                                        \
    "{\"type\":\"alerting\",\"name\":\"" name "\",\"health\":\"" health \
    "\",\"lastError\":\"many-to-many\",\"alerts\":[" list "]}"
#define RULES(list) \
    "{\"status\":\"success\",\"data\":{\"groups\":[{\"name\":\"g\",\"rules\":[" list "]}]}}"
#define ALERTS(list) RULES(RULE("x", "ok", list))

static void alerts_are_counted_and_listed(void **state)
{
    struct probe_case c;

    (void)state;
    case_init(&c, "prometheus",
              PAIRS("prometheus", "http://p", "alerts", "prometheus", "ignore", "Known"));
    c.answer = (struct fake_answer){ .code = 200, .body = ALERTS("") };
    case_poll(&c);
    assert_string_equal(c.asked_url, "http://p/api/v1/rules?type=alert");
    assert_int_equal(c.state, STATE_UP);
    assert_string_equal(c.reason, "no alert fires");
    assert_true(c.known && c.value == 0 && c.second.value == 0);
    assert_int_equal(c.table_cols, 0);

    c.answer.body = ALERTS(
        ALERT("Slow", "warning", "pending") "," ALERT("Errors", "critical", "firing") "," ALERT(
            "Watchdog", "none", "firing") "," ALERT("Known", "info", "firing") "," ALERT("Errors",
                                                                                         "critical",
                                                                                         "firing"));
    case_poll(&c);
    assert_int_equal(c.state, STATE_DEGRADED);
    assert_string_equal(c.reason, "2 firing: Errors · 1 pending");
    assert_true(c.value == 2 && c.second.value == 1);
    assert_int_equal(c.table_rows, 5);
    assert_memory_equal(c.table,
                        "state alert severity for where summary|"
                        "firing Errors critical 10m5s job=api it is bad|"
                        "firing Errors",
                        99);
    assert_non_null(strstr(c.table, "|firing (not counted) Watchdog none"));

    c.answer.body = ALERTS(ALERT("Slow", "warning", "odd"));
    case_poll(&c);
    assert_int_equal(c.state, STATE_DOWN);
    assert_string_equal(c.reason, "1 of 1 alerts are in no known state");
    assert_false(c.known);
    c.answer.body = ALERTS("{\"labels\":[1],\"annotations\":[\"x\"],\"state\":\"firing\"}");
    case_poll(&c);
    assert_true(c.known && c.value == 1);
    c.answer.body = "{\"status\":\"success\",\"data\":{}}";
    case_poll(&c);
    assert_string_equal(c.reason, "no list of rules in the answer");
    case_fini(&c);
}

/* A rule that fails has no alert, and none that is there fires: both look as if all were well. */
static void rules_that_are_not_evaluated_are_no_silence(void **state)
{
    static const struct {
        const char *body;
        enum state state;
        const char *reason;
        bool known;
    } rows[] = {
        { RULES(""), STATE_UNKNOWN, "it has no rules for alerts", false },
        { RULES("{\"type\":\"recording\",\"name\":\"x\",\"health\":\"ok\"}"), STATE_UNKNOWN,
          "it has no rules for alerts", false },
        { "{\"status\":\"success\",\"data\":{\"groups\":[]}}", STATE_UNKNOWN,
          "it has no rules for alerts", false },
        { RULES(RULE("A", "unknown", "")), STATE_UNKNOWN, "none of its rules was evaluated yet",
          false },
        { RULES(RULE("A", "unknown", "") "," RULE("B", "ok", "")), STATE_UP,
          "no alert fires · 1 of 2 rules were not evaluated yet", true },
        { RULES(RULE("A", "err", "") "," RULE("B", "ok", "")), STATE_DEGRADED,
          "no alert fires · 1 of 2 rules cannot be evaluated: A: many-to-many", true },
        { RULES(RULE("A", "err", "") "," RULE("B", "ok", ALERT("Slow", "page", "firing"))),
          STATE_DEGRADED, "1 firing: Slow · 1 of 2 rules cannot be evaluated: A: many-to-many",
          true },
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct probe_case c;

        case_init(&c, "prometheus", PAIRS("prometheus", "http://p", "alerts", "prometheus"));
        c.answer = (struct fake_answer){ .code = 200, .body = rows[i].body };
        case_poll(&c);
        assert_int_equal(c.state, rows[i].state);
        assert_string_equal(c.reason, rows[i].reason);
        assert_int_equal(c.known, rows[i].known);
        case_fini(&c);
    }
}

#define AM(name, st, by)                                                            \
    "{\"labels\":{\"alertname\":\"" name "\"},\"annotations\":{},\"startsAt\":"     \
    "\"2026-01-29T02:03:47Z\",\"status\":{\"state\":\"" st "\",\"silencedBy\":[" by \
    "],\"inhibitedBy\":[]}}"

static void an_alertmanager_tells_what_is_silenced(void **state)
{
    struct probe_case c;

    (void)state;
    case_init(&c, "prometheus", PAIRS("prometheus", "http://a:9093", "alerts", "alertmanager"));
    c.answer =
        (struct fake_answer){ .code = 200,
                              .body = "[" AM("A", "active", "") "," AM(
                                  "B", "suppressed", "\"1\"") "," AM("C", "suppressed", "") "]" };
    case_poll(&c);
    assert_string_equal(c.asked_url, "http://a:9093/api/v2/alerts");
    assert_string_equal(c.reason, "1 firing: A · 2 suppressed");
    assert_non_null(strstr(c.table, "|silenced B"));
    assert_non_null(strstr(c.table, "|inhibited C"));
    case_fini(&c);
}

static void a_token_goes_along_and_is_fetched_anew_when_refused(void **state)
{
    struct probe_case c;

    (void)state;
    case_init(&c, "prometheus", PAIRS("prometheus", "http://p", "query", "x", "bearer", "env:T"));
    c.probe.ops->poll(&c.probe); /* told at once: nothing is asked without its secret */
    assert_int_equal(c.reports, 1);
    assert_int_equal(c.asked, 0);
    assert_string_equal(c.reason, "credentials: env:T is not set");
    c.secret = "t";
    c.answer = (struct fake_answer){ .code = 401, .body = "" };
    case_poll(&c);
    assert_int_equal(c.fault, FAULT_AUTH);
    c.secret = NULL;
    c.probe.ops->poll(&c.probe);
    assert_string_equal(c.reason, "credentials: env:T is not set");
    case_fini(&c);
}

static void options_that_contradict_are_refused(void **state)
{
    (void)state;
#define REFUSED(why, ...) case_refused("prometheus", why, PAIRS("prometheus", __VA_ARGS__))
    REFUSED("query: is missing; write PromQL, or alerts: prometheus", "http://p");
    REFUSED("alerts: with a query there is none to count", "http://p", "query", "x", "alerts",
            "prometheus");
    REFUSED("prometheus: the address of the server alone", "http://p/?x", "query", "x");
    REFUSED("query: is empty", "http://p", "query", "");
    REFUSED("by: goes with a query", "http://p", "alerts", "prometheus", "by", "job");
    REFUSED("combine: goes with a query", "http://p", "alerts", "prometheus", "combine", "sum");
    REFUSED("ignore: goes with alerts", "http://p", "query", "x", "ignore", "A");
    REFUSED("unit: cannot be chosen; this probe measures alerts", "http://p", "alerts",
            "prometheus", "unit", "ms");
    REFUSED("bearer, basic: a request carries one of them", "http://p", "query", "x", "bearer",
            "env:A", "basic", "env:B");
    REFUSED("insecure: there is no TLS to skip", "http://p", "query", "x", "insecure", "true");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_answer_is_a_number_or_says_why_not),
        cmocka_unit_test(a_sum_needs_all_its_numbers),
        cmocka_unit_test(series_become_one_value),
        cmocka_unit_test(each_series_is_a_part_with_its_own_state),
        cmocka_unit_test(of_more_series_than_a_board_holds_the_worst_are_shown),
        cmocka_unit_test(alerts_are_counted_and_listed),
        cmocka_unit_test(rules_that_are_not_evaluated_are_no_silence),
        cmocka_unit_test(an_alertmanager_tells_what_is_silenced),
        cmocka_unit_test(a_token_goes_along_and_is_fetched_anew_when_refused),
        cmocka_unit_test(options_that_contradict_are_refused),
    };
    setlocale(LC_CTYPE, "C.UTF-8");
    return cmocka_run_group_tests(tests, NULL, NULL);
}

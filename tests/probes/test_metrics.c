/* tests/probes/test_metrics.c: numbers from pages of metrics, on the virtual clock. */
#include <stdio.h>

#include "tests/cmocka.h"
#include "tests/probes/probe_case.h"

#define PAGE "metrics", "http://api.test/metrics"

static void page(struct probe_case *c, const char *body)
{
    c->answer = (struct fake_answer){ .delay_ms = 5,
                                      .code = 200,
                                      .body = body,
                                      .headers = "Content-Type: text/plain; version=0.0.4\r\n" };
    case_poll(c);
    io_advance(c->io, c->common.every_ms - c->common.timeout_ms); /* the next slot */
}

static void IS(const struct probe_case *c, enum state state, const char *reason)
{
    assert_string_equal(c->reason, reason);
    assert_string_equal(state_word(c->state), state_word(state));
}

static void a_gauge_is_shown_as_it_is(void **state)
{
    struct probe_case c;

    (void)state;
    case_init(&c, "metrics",
              PAIRS(PAGE, "gauge", "queue_depth{queue=\"mail\"}", "unit_word", "jobs"));
    page(&c, "queue_depth{queue=\"mail\"} 12\nqueue_depth{queue=\"scrape\"} 500\n");
    IS(&c, STATE_UP, "12 jobs");
    assert_true(c.known);
    assert_float_equal(c.value, 12, 0);
    page(&c, "queue_depth{queue=\"scrape\"} 500\n");
    IS(&c, STATE_UNKNOWN, "no series queue_depth on the page with these labels");
    assert_false(c.known);
    page(&c, "other 1\n");
    IS(&c, STATE_UNKNOWN, "no series queue_depth on the page");
    page(&c, "queue_depth{queue=\"mail\"} NaN\n");
    IS(&c, STATE_UNKNOWN, "invalid: NaN");
    assert_false(c.known);
    assert_true(isnan(c.value));
    page(&c, "queue_depth{queue=\"mail\"} 1e999\n");
    IS(&c, STATE_UNKNOWN, "invalid: +Inf");
    assert_false(c.known);
    page(&c, "queue_depth{queue=\"mail\"} 1e308\nqueue_depth{queue=\"mail\",n=\"2\"} 1e308\n");
    IS(&c, STATE_UNKNOWN, "invalid: the sum is beyond all numbers");
    page(&c, "queue_depth{queue=\"mail\"} 3\n");
    IS(&c, STATE_UP, "3 jobs");
    case_fini(&c);
}

/* Errors that cannot be counted are not 0 errors. */
static void a_count_that_is_no_number_is_not_zero(void **state)
{
    static const char *const bad[][2] = { { "NaN", "invalid: NaN" },
                                          { "+Inf", "invalid: +Inf" },
                                          { "-1", "invalid: a counter below 0" } };
    struct probe_case c;

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        char text[128];

        case_init(&c, "metrics",
                  PAIRS(PAGE, "ratio", "bad_total", "ratio", "all_total", "over", "5m",
                        "min_samples", "1"));
        page(&c, "bad_total 0\nall_total 100\n");
        snprintf(text, sizeof text, "bad_total %s\nall_total 200\n", bad[i][0]);
        page(&c, text);
        IS(&c, STATE_UNKNOWN, bad[i][1]);
        assert_false(c.known);
        page(&c, "bad_total 50\nall_total 300\n");
        IS(&c, STATE_UP, "25.0%: 50 of 200");
        case_fini(&c);
    }
}

static void units_follow_the_name_and_the_option(void **state)
{
    struct probe_case c;

    (void)state;
    case_init(&c, "metrics", PAIRS(PAGE, "gauge", "lag_seconds"));
    page(&c, "lag_seconds 90\n");
    assert_float_equal(c.value, 90, 0);
    assert_string_equal(c.reason, "1m30s");
    case_fini(&c);
    case_init(&c, "metrics", PAIRS(PAGE, "gauge", "lag_seconds", "unit", "ms", "warn", "500ms"));
    page(&c, "lag_seconds 0.25\n");
    assert_float_equal(c.value, 250, 1e-9);
    assert_float_equal(c.common.warn, 500, 0);
    case_fini(&c);
    case_init(&c, "metrics", PAIRS(PAGE, "gauge", "hit_ratio", "crit", "80%"));
    page(&c, "hit_ratio 0.915\n");
    assert_float_equal(c.value, 91.5, 1e-9);
    assert_string_equal(c.reason, "91.5%");
    case_fini(&c);
}

static void several_series_are_combined(void **state)
{
    static const struct {
        const char *how;
        double is;
    } rows[] = { { "sum", 9 }, { "max", 5 }, { "min", 1 }, { "mean", 3 } };

    (void)state;
    for (size_t i = 0; i < 4; i++) {
        struct probe_case c;

        case_init(&c, "metrics", PAIRS(PAGE, "gauge", "g", "combine", rows[i].how));
        page(&c, "g{a=\"1\"} 1\ng{a=\"2\"} 3\ng{a=\"3\"} 5\n");
        assert_float_equal(c.value, rows[i].is, 1e-9);
        case_fini(&c);
    }
}

static void a_rate_needs_two_answers(void **state)
{
    struct probe_case c;

    (void)state;
    case_init(&c, "metrics", PAIRS(PAGE, "rate", "requests_total", "over", "1m"));
    page(&c, "requests_total{code=\"200\"} 100\nrequests_total{code=\"500\"} 7\n");
    assert_int_equal(c.state, STATE_UP);
    assert_false(c.known);
    assert_string_not_equal(c.note, "");
    page(&c, "requests_total{code=\"200\"} 130\nrequests_total{code=\"500\"} 9\n");
    IS(&c, STATE_UP, "3.2/s");
    assert_float_equal(c.value, 3.2, 1e-6);
    page(&c, "requests_total{code=\"200\"} 4\nrequests_total{code=\"500\"} 9\n"); /* a reset */
    assert_float_equal(c.value, 36 / 20.0, 1e-6);
    case_fini(&c);
}

static void a_ratio_tells_both_numbers_and_waits_for_enough(void **state)
{
    struct probe_case c;

    (void)state;
    case_init(&c, "metrics",
              PAIRS(PAGE, "ratio", "http_requests_total{code=~\"5..\"}", "ratio",
                    "http_requests_total", "crit", "5%"));
    page(&c, "http_requests_total{code=\"200\"} 10\n");
    page(&c, "http_requests_total{code=\"200\"} 13\n"); /* no 5xx was ever counted: that is 0 */
    assert_int_equal(c.state, STATE_UP);
    assert_false(c.known);
    assert_memory_equal(c.reason, "not enough data: 3 of 20", 24);
    page(&c, "http_requests_total{code=\"200\"} 110\nhttp_requests_total{code=\"503\"} 0\n");
    IS(&c, STATE_UP, "0%: 0 of 100");
    page(&c, "http_requests_total{code=\"200\"} 480\nhttp_requests_total{code=\"503\"} 30\n");
    IS(&c, STATE_UP, "6.0%: 30 of 500");
    assert_float_equal(c.value, 6, 1e-9);
    assert_float_equal(c.num, 30, 0);
    assert_float_equal(c.den, 500, 0);
    page(&c, "something_else 1\n");
    IS(&c, STATE_UNKNOWN, "no series http_requests_total on the page");
    case_fini(&c);
}

static void a_quantile_comes_in_milliseconds(void **state)
{
    static const char first[] = "d_seconds_bucket{le=\"0.1\"} 0\nd_seconds_bucket{le=\"0.5\"} 0\n"
                                "d_seconds_bucket{le=\"+Inf\"} 0\nd_seconds_count 0\n";
    static const char second[] =
        "d_seconds_bucket{le=\"0.1\"} 90\nd_seconds_bucket{le=\"0.5\"} 100\n"
        "d_seconds_bucket{le=\"+Inf\"} 100\nd_seconds_count 100\n";
    static const char slow[] = "d_seconds_bucket{le=\"0.1\"} 90\nd_seconds_bucket{le=\"0.5\"} 100\n"
                               "d_seconds_bucket{le=\"+Inf\"} 900\nd_seconds_count 900\n";
    struct probe_case c;

    (void)state;
    case_init(&c, "metrics", PAIRS(PAGE, "quantile", "0.95", "of", "d_seconds", "crit", "1s"));
    page(&c, first);
    assert_false(c.known);
    page(&c, second);
    assert_true(c.known);
    assert_float_equal(c.value, 300, 1e-6); /* half of the way from 100 to 500 ms */
    assert_false(c.above);
    assert_memory_equal(c.reason, "p95 300 ms", 10);
    page(&c, slow);
    assert_true(c.above);
    assert_float_equal(c.value, 500, 1e-6);
    assert_memory_equal(c.reason, "p95 >500 ms", 11);
    case_fini(&c);
}

static void a_quantile_of_few_is_not_told(void **state)
{
    struct probe_case c;

    (void)state;
    case_init(&c, "metrics",
              PAIRS(PAGE, "quantile", "0.5", "of", "h{path=\"/x\"}", "min_samples", "5"));
    page(&c, "h_bucket{path=\"/x\",le=\"1\"} 0\nh_bucket{path=\"/x\",le=\"+Inf\"} 0\n");
    page(&c, "h_bucket{path=\"/x\",le=\"1\"} 4\nh_bucket{path=\"/x\",le=\"+Inf\"} 4\n"
             "h_bucket{path=\"/y\",le=\"1\"} 99\nh_bucket{path=\"/y\",le=\"+Inf\"} 99\n");
    assert_false(c.known);
    assert_int_equal(c.state, STATE_UP);
    assert_memory_equal(c.reason, "not enough data: 4 of 5", 23);
    case_fini(&c);
}

static void a_newborn_counter_counts_from_zero(void **state)
{
    struct probe_case c;
    char body[256];

    (void)state;
    case_init(&c, "metrics", PAIRS(PAGE, "rate", "r_total", "over", "1m"));
    c.answer.headers = NULL;
    page(&c, "r_total{a=\"1\"} 5\n");
    snprintf(body, sizeof body,
             "r_total{a=\"1\"} 5\nr_total{a=\"2\"} 50\nr_created{a=\"2\"} %lld.5\n",
             (long long)(io_now_ms(c.io) / 1000 - 3));
    page(&c, body);
    assert_float_equal(c.value, 5, 0.01); /* 50 in 10 s, all of them new */
    case_fini(&c);
    case_init(&c, "metrics", PAIRS(PAGE, "rate", "r_total", "over", "1m"));
    page(&c, "r_total{a=\"1\"} 5\n");
    page(&c, "r_total{a=\"1\"} 5\nr_total{a=\"2\"} 50\n"); /* maybe it was only hidden */
    assert_float_equal(c.value, 0, 0);
    case_fini(&c);
}

static void what_is_no_page_of_metrics_is_down(void **state)
{
    struct probe_case c;

    (void)state;
    case_init(&c, "metrics", PAIRS(PAGE, "gauge", "g"));
    page(&c, "<!doctype html>\n<html><body>g 1</body></html>\n");
    assert_int_equal(c.state, STATE_DOWN);
    assert_int_equal(c.fault, FAULT_BODY);
    assert_memory_equal(c.reason, "not a page of metrics: ", 23);
    assert_false(c.known);
    page(&c, "");
    assert_int_equal(c.state, STATE_DOWN);
    c.answer = (struct fake_answer){ .code = 503, .body = "g 1\n" };
    case_poll(&c);
    IS(&c, STATE_DOWN, "503 instead of a page of metrics");
    c.answer = (struct fake_answer){ .code = 401 };
    case_poll(&c);
    IS(&c, STATE_UNKNOWN, "credentials: 401 for a page of metrics");
    c.answer = (struct fake_answer){ .fault = FAULT_REFUSED };
    case_poll(&c);
    IS(&c, STATE_DOWN, "refused");
    assert_string_equal(c.note, "refused");
    case_fini(&c);
}

static void a_failed_page_does_not_tear_the_window(void **state)
{
    struct probe_case c;

    (void)state;
    case_init(&c, "metrics", PAIRS(PAGE, "rate", "r_total", "over", "1m"));
    page(&c, "r_total 0\n");
    c.answer = (struct fake_answer){ .fault = FAULT_PARTIAL, .why = "bad chunk" };
    case_poll(&c);
    io_advance(c.io, 5000);
    assert_int_equal(c.state, STATE_DOWN);
    page(&c, "r_total 100\n");
    assert_float_equal(c.value, 5, 0.01); /* 100 in the 20 s between the good ones */
    case_fini(&c);
}

/* ---- one page for several ---- */

static void add(struct probe_case *first, struct probe_case *c, const char *const *pairs)
{
    memset(c, 0, sizeof *c);
    c->io = first->io;
    case_open(c, &first->clients, "metrics", pairs);
}

static void drop(struct probe_case *c)
{
    probe_metrics.close(&c->probe);
    option_fini(probe_metrics.options, c->probe.self);
    option_fini(probe_common_options, &c->common);
    free(c->probe.self);
}

static void probes_of_one_page_share_a_scrape(void **state)
{
    struct probe_case a, b, other;

    (void)state;
    case_init(&a, "metrics", PAIRS(PAGE, "gauge", "a"));
    add(&a, &b, PAIRS(PAGE, "gauge", "b"));
    add(&a, &other, PAIRS(PAGE, "gauge", "b", "headers:X-Tenant", "2"));
    assert_int_equal(probe_metrics.together(a.probe.self), probe_metrics.together(b.probe.self));
    assert_int_not_equal(probe_metrics.together(a.probe.self),
                         probe_metrics.together(other.probe.self));
    a.answer = (struct fake_answer){ .delay_ms = 5, .code = 200, .body = "a 1\nb 2\n" };
    for (int round = 1; round <= 3; round++) {
        probe_metrics.poll(&a.probe);
        probe_metrics.poll(&b.probe);
        probe_metrics.poll(&other.probe);
        io_advance(a.io, 5000);
        assert_int_equal(a.asked, 2 * round); /* the other tenant's page is another page */
        assert_int_equal(a.reports, round);
        assert_int_equal(b.reports, round);
        assert_int_equal(other.reports, round);
    }
    assert_float_equal(a.value, 1, 0);
    assert_float_equal(b.value, 2, 0);
    probe_metrics.poll(&b.probe); /* alone, another time */
    io_advance(a.io, 5000);
    assert_int_equal(b.reports, 4);
    assert_int_equal(a.reports, 3);
    drop(&b);
    drop(&other);
    probe_metrics.poll(&a.probe);
    io_advance(a.io, 5000);
    assert_int_equal(a.reports, 4);
    case_fini(&a);
}

static void the_impatient_do_not_end_the_page_of_the_patient(void **state)
{
    struct probe_case a, b;

    (void)state;
    case_init(&a, "metrics", PAIRS(PAGE, "gauge", "a"));
    add(&a, &b, PAIRS(PAGE, "gauge", "a", "timeout", "100ms"));
    a.answer = (struct fake_answer){ .delay_ms = 300, .code = 200, .body = "a 1\n" };
    probe_metrics.poll(&b.probe);
    probe_metrics.poll(&a.probe);
    io_advance(a.io, 5000);
    assert_int_equal(a.state, STATE_UP);
    assert_int_equal(b.state, STATE_DOWN);
    assert_int_equal(b.fault, FAULT_TIMEOUT);
    drop(&b);
    case_fini(&a);
}

static void who_comes_too_late_gets_a_page_of_its_own(void **state)
{
    struct probe_case a, b;

    (void)state;
    case_init(&a, "metrics", PAIRS(PAGE, "gauge", "a"));
    add(&a, &b, PAIRS(PAGE, "gauge", "b"));
    a.answer = (struct fake_answer){ .delay_ms = 100, .code = 200, .body = "a 1\nb 2\n" };
    probe_metrics.poll(&a.probe);
    io_advance(a.io, 50);
    probe_metrics.poll(&b.probe);
    io_advance(a.io, 50);
    assert_int_equal(a.reports, 1);
    assert_int_equal(b.reports, 0);
    io_advance(a.io, 100);
    assert_int_equal(b.reports, 1);
    assert_int_equal(a.reports, 1);
    assert_int_equal(a.asked, 2);
    drop(&b);
    case_fini(&a);
}

static void closing_one_of_two_in_flight_is_quiet(void **state)
{
    struct probe_case a, b;

    (void)state;
    case_init(&a, "metrics", PAIRS(PAGE, "gauge", "a"));
    add(&a, &b, PAIRS(PAGE, "gauge", "b"));
    a.answer = (struct fake_answer){ .delay_ms = 100, .code = 200, .body = "a 1\nb 2\n" };
    probe_metrics.poll(&a.probe);
    probe_metrics.poll(&b.probe);
    io_advance(a.io, 50);
    drop(&b);
    io_advance(a.io, 100);
    assert_int_equal(b.reports, 0);
    assert_int_equal(a.reports, 1);
    probe_metrics.poll(&a.probe);
    io_advance(a.io, 50);
    case_fini(&a); /* the last reader, in flight */
}

static void options_that_contradict_each_other_are_refused(void **state)
{
#define REFUSED(why, ...) case_refused("metrics", why, PAIRS(__VA_ARGS__))
    (void)state;
    REFUSED("what to read is missing", PAGE);
    REFUSED("reads one of them", PAGE, "gauge", "a", "rate", "b");
    REFUSED("ratio: needs two series, what counts and all; 1 stands here", PAGE, "ratio", "a");
    REFUSED("3 stand here", PAGE, "ratio", "a", "ratio", "b", "ratio", "c");
    REFUSED("quantile: needs of", PAGE, "quantile", "0.95");
    REFUSED("of: without quantile", PAGE, "of", "h");
    REFUSED("of: without quantile", PAGE, "gauge", "g", "of", "h");
    REFUSED("quantile: '1' is the maximum", PAGE, "quantile", "1", "of", "h");
    REFUSED("over: 15s holds fewer than two answers of every 10s", PAGE, "rate", "r", "over",
            "15s");
    REFUSED("gauge: ", PAGE, "gauge", "a{");
    REFUSED("ratio: ", PAGE, "ratio", "a", "ratio", "b{x}");
    REFUSED("of: ", PAGE, "quantile", "0.5", "of", "h{");
    REFUSED("unit: cannot be chosen", PAGE, "rate", "r", "unit", "ms");
    REFUSED("unit_word: cannot be chosen", PAGE, "ratio", "a", "ratio", "b", "unit_word", "x");
    REFUSED("ca_file: there is no TLS", PAGE, "gauge", "g", "ca_file", "/x");
    REFUSED("insecure: say why", "metrics", "https://x/", "gauge", "g", "insecure", "true");
}

static void a_target_says_what_is_read(void **state)
{
    struct probe_case c;
    struct text t = { 0 };

    (void)state;
    case_init(&c, "metrics",
              PAIRS("metrics", "http://api.test/metrics?token=canary", "quantile", "0.95", "of",
                    "d_seconds"));
    c.probe.ops->target(c.probe.self, &t);
    assert_string_equal(text_str(&t), "http://api.test/metrics p95 of d_seconds");
    text_fini(&t);
    case_fini(&c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_gauge_is_shown_as_it_is),
        cmocka_unit_test(a_count_that_is_no_number_is_not_zero),
        cmocka_unit_test(units_follow_the_name_and_the_option),
        cmocka_unit_test(several_series_are_combined),
        cmocka_unit_test(a_rate_needs_two_answers),
        cmocka_unit_test(a_ratio_tells_both_numbers_and_waits_for_enough),
        cmocka_unit_test(a_quantile_comes_in_milliseconds),
        cmocka_unit_test(a_quantile_of_few_is_not_told),
        cmocka_unit_test(a_newborn_counter_counts_from_zero),
        cmocka_unit_test(what_is_no_page_of_metrics_is_down),
        cmocka_unit_test(a_failed_page_does_not_tear_the_window),
        cmocka_unit_test(probes_of_one_page_share_a_scrape),
        cmocka_unit_test(the_impatient_do_not_end_the_page_of_the_patient),
        cmocka_unit_test(who_comes_too_late_gets_a_page_of_its_own),
        cmocka_unit_test(closing_one_of_two_in_flight_is_quiet),
        cmocka_unit_test(options_that_contradict_each_other_are_refused),
        cmocka_unit_test(a_target_says_what_is_read),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* tests/probes/test_window.c: increases per series before sums, quantiles to the digit, and nothing
 * known from too little.
 */
#include "probes/window.h"

#include "tests/cmocka.h"

#include <math.h>
#include <string.h>

#define MIN 60000ll
#define T0  1769652000000ll

static struct value v;

static int teardown(void **state)
{
    (void)state;
    text_fini(&v.note);
    v = (struct value){ 0 };
    return 0;
}

static void one(struct window *w, int64_t at_ms, double a, double b)
{
    window_begin(w, at_ms, 0);
    window_add(w, 0, 1, a, 0);
    window_add(w, 0, 2, b, 0);
    window_commit(w);
}

static void increases_are_taken_per_series(void **state)
{
    struct window *w = window_new(5 * MIN, 10000);
    struct window_sum sum;

    (void)state;
    one(w, T0, 100, 1000);
    window_rate(w, 0, T0, &v);
    assert_false(v.known);
    assert_string_equal(text_str(&v.note), "waiting for a second scrape");
    one(w, T0 + 10000, 110, 1020);
    one(w, T0 + 20000, 5, 1030); /* the first restarted: not a fall of 105 */
    sum = window_sum(w, 0, T0 + 20000);
    assert_true(sum.delta == 10 + 20 + 5 + 10);
    assert_int_equal(sum.covered_ms, 20000);
    assert_int_equal(sum.resets, 1);
    window_rate(w, 0, T0 + 20000, &v);
    assert_true(v.known && v.value == 45.0 / 20);
    assert_int_equal(v.window_ms, 20000); /* what is behind it, not what was asked */
    window_free(w);
}

static void old_increases_leave_the_window(void **state)
{
    struct window *w = window_new(MIN, 10000);

    (void)state;
    for (int i = 0; i <= 30; i++)
        one(w, T0 + i * 10000, i < 10 ? i * 100 : 1000, 0);
    assert_true(window_sum(w, 0, T0 + 300000).delta == 0);
    assert_int_equal(window_sum(w, 0, T0 + 300000).covered_ms, MIN);
    one(w, T0 + 310000, 1007, 0);
    assert_true(window_sum(w, 0, T0 + 310000).delta == 7);
    assert_true(window_sum(w, 0, T0 + 369999).delta == 7);
    assert_true(window_sum(w, 0, T0 + 370000).delta == 0); /* nothing new came since */
    assert_int_equal(window_sum(w, 0, T0 + 400000).covered_ms, 0);
    window_free(w);
}

static void a_new_series_counts_from_zero_only_when_it_was_born_here(void **state)
{
    struct window *w = window_new(5 * MIN, 10000);

    (void)state;
    one(w, T0, 0, 0);
    window_begin(w, T0 + 10000, 0);
    window_add(w, 0, 3, 500, 0); /* who knows since when */
    window_commit(w);
    assert_true(window_sum(w, 0, T0 + 10000).delta == 0);
    window_begin(w, T0 + 20000, 0);
    window_add(w, 0, 3, 501, 0);
    window_add(w, 0, 4, 40, T0 + 15000); /* its _created says so */
    window_commit(w);
    assert_true(window_sum(w, 0, T0 + 20000).delta == 1 + 40);
    window_begin(w, T0 + 30000, T0 + 25000); /* the process is new */
    window_add(w, 0, 5, 7, 0);
    window_commit(w);
    assert_true(window_sum(w, 0, T0 + 30000).delta == 1 + 40 + 7);
    window_begin(w, T0 + 40000, T0 - 10 * MIN); /* an old process */
    window_add(w, 0, 6, 9, T0 - 6 * MIN);
    window_commit(w);
    assert_true(window_sum(w, 0, T0 + 40000).delta == 1 + 40 + 7);
    window_free(w);
}

static void the_first_scrape_counts_nothing(void **state)
{
    struct window *w = window_new(5 * MIN, 10000);

    (void)state;
    window_begin(w, T0, T0 - 1000);
    window_add(w, 0, 1, 50, T0 - 1000);
    window_commit(w);
    assert_int_equal(window_sum(w, 0, T0).covered_ms, 0);
    assert_true(window_sum(w, 0, T0).delta == 0);
    window_free(w);
}

static void a_vanished_series_goes_on_where_it_was(void **state)
{
    struct window *w = window_new(5 * MIN, 10000);

    (void)state;
    one(w, T0, 100, 100);
    window_begin(w, T0 + 10000, 0);
    window_add(w, 0, 1, 110, 0);
    window_commit(w);
    assert_true(window_sum(w, 0, T0 + 10000).delta == 10);
    one(w, T0 + 20000, 110, 130);
    assert_true(window_sum(w, 0, T0 + 20000).delta == 10 + 30);
    window_free(w);
}

static void a_bad_scrape_leaves_no_trace(void **state)
{
    struct window *w = window_new(5 * MIN, 10000);

    (void)state;
    one(w, T0, 100, 100);
    window_begin(w, T0 + 10000, 0);
    window_add(w, 0, 1, 3, 0);
    window_abort(w);
    one(w, T0 + 20000, 120, 100);
    assert_true(window_sum(w, 0, T0 + 20000).delta == 20);
    assert_int_equal(window_sum(w, 0, T0 + 20000).covered_ms,
                     20000); /* the next one spans the gap */
    assert_int_equal(window_sum(w, 0, T0 + 20000).resets, 0);
    window_free(w);
}

static void what_is_no_value_is_left_out(void **state)
{
    struct window *w = window_new(5 * MIN, 10000);

    (void)state;
    one(w, T0, 100, 100);
    one(w, T0 + 10000, NAN, 110);
    one(w, T0 + 20000, INFINITY, 110);
    one(w, T0 + 30000, -5, 110);
    one(w, T0 + 40000, 130, 110);
    assert_true(window_sum(w, 0, T0 + 40000).delta == 10 + 30);
    assert_int_equal(window_sum(w, 0, T0 + 40000).resets, 0);
    window_free(w);
}

static void a_clock_set_back_begins_anew(void **state)
{
    struct window *w = window_new(5 * MIN, 10000);

    (void)state;
    one(w, T0, 100, 0);
    one(w, T0 + 10000, 200, 0);
    one(w, T0 - 3600000, 300, 0);
    assert_int_equal(window_sum(w, 0, T0 - 3600000).covered_ms, 0);
    one(w, T0 - 3590000, 310, 0);
    assert_true(window_sum(w, 0, T0 - 3590000).delta == 10);
    window_free(w);
}

static void scrape_errors(struct window *w, int64_t at_ms, double errors, double all)
{
    window_begin(w, at_ms, 0);
    window_add(w, 0, 9, errors, 0);
    window_add(w, 1, 9, errors, 0); /* the same series is part of all */
    window_add(w, 1, 8, all - errors, 0);
    window_commit(w);
}

static void a_ratio_shows_both_numbers(void **state)
{
    struct window *w = window_new(5 * MIN, 10000);

    (void)state;
    scrape_errors(w, T0, 0, 1000);
    scrape_errors(w, T0 + 10000, 1, 1003);
    window_ratio(w, 0, 1, T0 + 10000, WINDOW_MIN_SAMPLE, &v);
    assert_false(v.known);
    assert_true(isnan(v.value) && v.num == 1 && v.den == 3);
    assert_string_equal(text_str(&v.note), "not enough data: 3 of 20");
    scrape_errors(w, T0 + 20000, 41, 1502);
    window_ratio(w, 0, 1, T0 + 20000, WINDOW_MIN_SAMPLE, &v);
    assert_true(v.known && v.num == 41 && v.den == 502);
    assert_float_equal(v.value, 8.167, 0.001);
    assert_string_equal(text_str(&v.note), "");
    window_ratio(w, 0, 5, T0 + 20000, 0, &v);
    assert_false(v.known);
    assert_string_equal(text_str(&v.note), "nothing happened in the window");
    window_free(w);
}

/* The two worked checks: buckets of the official example, and of the ClickHouse documentation. */
static void quantiles_are_those_of_prometheus(void **state)
{
    static const struct bucket official[] = { { .05, 24054 }, { .1, 33444 }, { .2, 100392 },
                                              { .5, 129389 }, { 1, 133988 }, { INFINITY, 144320 } };
    static const struct bucket clickhouse[] = { { 0, 6 }, { .5, 11 }, { 1, 14 }, { INFINITY, 19 } };
    struct bucket b[6];
    struct quantile q;

    (void)state;
    memcpy(b, official, sizeof official);
    q = quantile_of(0.5, b, 6);
    assert_float_equal(q.value, 0.15783, 0.000005);
    assert_true(q.lo == 0.1 && q.hi == 0.2 && !q.above);
    q = quantile_of(0.9, b, 6);
    assert_float_equal(q.value, 0.55425, 0.000005);
    q = quantile_of(0.95, b, 6);
    assert_true(q.value == 1 && q.above); /* in +Inf: above the last bound */
    q = quantile_of(0.99, b, 6);
    assert_true(q.value == 1 && q.above);
    memcpy(b, clickhouse, sizeof clickhouse);
    q = quantile_of(0.5, b, 4);
    assert_float_equal(q.value, 0.35, 1e-12);
}

static void odd_buckets_are_read_as_prometheus_does(void **state)
{
    struct bucket none[] = { { 1, 5 }, { INFINITY, 5 } };
    struct bucket no_inf[] = { { 1, 5 }, { 2, 9 } };
    struct bucket empty[] = { { 1, 0 }, { INFINITY, 0 } };
    struct bucket negative[] = { { -1, 5 }, { 1, 6 }, { INFINITY, 6 } };
    struct bucket mixed[] = { { INFINITY, 10 }, { 2, 4 }, { 1, 6 }, { 2, 4 } }; /* 2 twice: 8 */
    struct bucket falls[] = { { 1, 6 }, { 2, 4 }, { INFINITY, 10 } };
    struct bucket noise[] = { { 1, 10 }, { 2, 10 + 1e-13 }, { INFINITY, 10 + 1e-13 } };

    (void)state;
    assert_true(isnan(quantile_of(0.5, none, 1).value));
    assert_true(isnan(quantile_of(0.5, no_inf, 2).value));
    assert_true(isnan(quantile_of(0.5, empty, 2).value));
    assert_true(isnan(quantile_of(NAN, none, 2).value));
    assert_true(quantile_of(-1, none, 2).value == -INFINITY);
    assert_true(quantile_of(2, none, 2).value == INFINITY);
    assert_true(quantile_of(0.5, negative, 3).value == -1);
    assert_true(quantile_of(0.7, mixed, 4).value == 1.5);
    assert_true(quantile_of(0.6, falls, 3).value == 1); /* counts are forced to rise */
    assert_true(quantile_of(1, noise, 3).value == 1);
    assert_true(quantile_of(0, none, 2).value == 0);
}

static void scrape_buckets(struct window *w, int64_t at_ms, const double le[], const double n[],
                           size_t count)
{
    window_begin(w, at_ms, 0);
    for (size_t i = 0; i < count; i++)
        window_add(w, window_lane(w, le[i]), 100 + i, n[i], 0);
    window_commit(w);
}

static void a_quantile_comes_from_the_window(void **state)
{
    static const double le[] = { 0.1, 0.2, 0.5, 1, INFINITY };
    struct window *w = window_new(5 * MIN, 10000);

    (void)state;
    scrape_buckets(w, T0, le, (const double[]){ 1e6, 1e6, 1e6, 1e6, 1e6 }, 5);
    scrape_buckets(w, T0 + 10000, le,
                   (const double[]){ 1e6 + 1, 1e6 + 2, 1e6 + 3, 1e6 + 3, 1e6 + 3 }, 5);
    window_quantile(w, 0.95, T0 + 10000, 20, 1000, UNIT_MS, &v);
    assert_false(v.known);
    assert_string_equal(text_str(&v.note), "not enough data: 3 of 20");
    scrape_buckets(w, T0 + 20000, le,
                   (const double[]){ 1e6 + 10, 1e6 + 20, 1e6 + 100, 1e6 + 100, 1e6 + 100 }, 5);
    window_quantile(w, 0.5, T0 + 20000, 20, 1000, UNIT_MS, &v);
    assert_true(v.known && !v.above);
    assert_float_equal(v.value, 312.5, 1e-9); /* the old million does not weigh */
    assert_string_equal(text_str(&v.note), "p50 200-500 ms");
    scrape_buckets(w, T0 + 30000, le,
                   (const double[]){ 1e6 + 10, 1e6 + 20, 1e6 + 100, 1e6 + 100, 1e6 + 900 }, 5);
    window_quantile(w, 0.95, T0 + 30000, 20, 1000, UNIT_MS, &v);
    assert_true(v.known && v.above && v.value == 1000);
    assert_string_equal(text_str(&v.note), "p95 beyond the last bucket, 1.0 s");
    window_free(w);
}

/* A label that nothing has: time goes by all the same, and there is nothing to wait for. */
static void without_a_bucket_there_is_not_enough(void **state)
{
    struct window *w = window_new(5 * MIN, 10000);

    (void)state;
    scrape_buckets(w, T0, NULL, NULL, 0);
    window_quantile(w, 0.95, T0, 20, 1000, UNIT_MS, &v);
    assert_string_equal(text_str(&v.note), "waiting for a second scrape");
    scrape_buckets(w, T0 + 10000, NULL, NULL, 0);
    window_quantile(w, 0.95, T0 + 10000, 20, 1000, UNIT_MS, &v);
    assert_false(v.known);
    assert_string_equal(text_str(&v.note), "not enough data: 0 of 20");
    window_quantile(w, 0.95, T0 + 10000, 0, 1000, UNIT_MS, &v);
    assert_false(v.known);
    assert_string_equal(text_str(&v.note), "nothing happened in the window");
    window_free(w);
}

static void lanes_and_series_are_bounded(void **state)
{
    struct window *w = window_new(MIN, 10000);
    int64_t at = T0;
    bool ok = true;

    (void)state;
    for (int i = 0; i < WINDOW_LANES_MAX; i++)
        assert_int_equal(window_lane(w, i), i);
    assert_int_equal(window_lane(w, 1e9), -1);
    assert_int_equal(window_lane(w, 5), 5);
    assert_int_equal(window_lane(w, NAN), -1);
    assert_true(window_add(w, -1, 1, 1, 0)); /* just left out */
    window_begin(w, at, 0);
    for (uint64_t i = 1; i <= WINDOW_SERIES_MAX; i++)
        ok = ok && window_add(w, 0, i * 7919, 1, 0);
    assert_true(ok);
    assert_false(window_add(w, 0, 1, 1, 0));
    assert_true(window_add(w, 0, 7919, 2, 0)); /* a known one still finds its place */
    window_commit(w);
    at += 2 * MIN; /* those not seen for a window make room */
    window_begin(w, at, 0);
    assert_true(window_add(w, 0, 1, 1, 0));
    window_commit(w);
    window_free(w);
}

static void fine_scrapes_share_slots(void **state)
{
    struct window *w = window_new(30 * MIN, 100); /* 18,000 scrapes in 720 slots */

    (void)state;
    for (int i = 0; i <= 36000; i++)
        one(w, T0 + i * 100, i, 0);
    assert_float_equal(window_sum(w, 0, T0 + 3600000).delta, 18000, 30);
    window_rate(w, 0, T0 + 3600000, &v);
    assert_float_equal(v.value, 10, 1e-9);
    window_free(w);
}

#define T(f) cmocka_unit_test_teardown(f, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(increases_are_taken_per_series),
        T(old_increases_leave_the_window),
        T(a_new_series_counts_from_zero_only_when_it_was_born_here),
        T(the_first_scrape_counts_nothing),
        T(a_vanished_series_goes_on_where_it_was),
        T(a_bad_scrape_leaves_no_trace),
        T(what_is_no_value_is_left_out),
        T(a_clock_set_back_begins_anew),
        T(a_ratio_shows_both_numbers),
        T(quantiles_are_those_of_prometheus),
        T(odd_buckets_are_read_as_prometheus_does),
        T(a_quantile_comes_from_the_window),
        T(without_a_bucket_there_is_not_enough),
        T(lanes_and_series_are_bounded),
        T(fine_scrapes_share_slots),
    };

    window_free(NULL);
    return cmocka_run_group_tests(tests, NULL, NULL);
}

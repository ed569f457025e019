/* tests/core/test_series.c: what was pushed is read back, gaps stay gaps, and memory stays. */
#include "core/series.h"

#include "tests/cmocka.h"

#include <math.h>

#define HOUR 3600000ll
#define DAY  86400000ll
#define T0   1769652000000ll /* on a slot of every size used here */

static double read_one(const struct series *s, int64_t at_ms, int64_t width_ms)
{
    struct series_span span;

    series_read(s, at_ms, at_ms + width_ms, &span, 1);
    return span.mean;
}

static void values_keep_three_digits(void **state)
{
    static const double some[] = { 0,     0.001, 0.04,   0.42, 1,     41.2,  99.9,
                                   100,   2047,  88,     1204, 65432, 1e6,   123456,
                                   2.1e9, 4e12,  2.5e14, 1e-4, 8.2,   0.0125 };

    (void)state;
    for (size_t i = 0; i < sizeof some / sizeof *some; i++) {
        struct series *s = series_new(1000);
        double v;

        series_push(s, T0, some[i]);
        v = read_one(s, T0, 1000);
        assert_true(fabs(v - some[i]) <= some[i] * 0.0005);
        series_push(s, T0 + 1000, -1); /* the form with a sign */
        v = read_one(s, T0, 1000);
        if (some[i] == 0 || (some[i] >= 0.016 && some[i] < 1.6e7))
            assert_true(fabs(v - some[i]) <= some[i] * 0.001);
        assert_true(read_one(s, T0 + 1000, 1000) == -1);
        series_free(s);
    }
}

static void whole_numbers_are_exact(void **state)
{
    struct series *s = series_new(1000);

    (void)state;
    for (int i = 0; i <= 2048; i++) {
        series_push(s, T0 + i * 1000, i);
        assert_true(read_one(s, T0 + i * 1000, 1000) == i);
    }
    series_free(s);
}

static void beyond_the_range_stays_at_its_end(void **state)
{
    struct series *s = series_new(1000);

    (void)state;
    series_push(s, T0, 1e300);
    assert_true(read_one(s, T0, 1000) > 2.8e14);
    series_push(s, T0 + 1000, INFINITY);
    assert_true(isfinite(read_one(s, T0 + 1000, 1000)));
    series_push(s, T0 + 2000, -1e300);
    assert_true(read_one(s, T0 + 2000, 1000) < -1.6e7);
    series_push(s, T0 + 3000, -INFINITY);
    assert_true(isfinite(read_one(s, T0 + 3000, 1000)));
    series_push(s, T0 + 4000, 5);
    assert_true(read_one(s, T0 + 4000, 1000) == 5);
    series_free(s);
}

static void a_gap_is_never_zero(void **state)
{
    struct series *s = series_new(1000);
    struct series_span span[4];

    (void)state;
    assert_int_equal(series_newest_ms(s), 0);
    series_read(s, T0, T0 + 4000, span, 4);
    for (int i = 0; i < 4; i++)
        assert_true(span[i].n == 0 && isnan(span[i].mean) && isnan(span[i].min));
    series_push(s, T0, 5);
    series_push(s, T0 + 1000, NAN);
    series_push(s, T0 + 3000, 0);
    series_read(s, T0, T0 + 4000, span, 4);
    assert_true(span[0].n == 1 && span[0].mean == 5);
    assert_true(span[1].n == 0 && isnan(span[1].max));
    assert_true(span[2].n == 0);
    assert_true(span[3].n == 1 && span[3].mean == 0);
    assert_int_equal(series_newest_ms(s), T0 + 3000);
    series_free(s);
}

static void a_missed_poll_is_a_gap_but_a_late_one_is_not(void **state)
{
    struct series *s = series_new(5000);
    struct series_span span[6];

    (void)state;
    series_push(s, T0 + 4900, 1);  /* slot 0 */
    series_push(s, T0 + 10100, 2); /* due at 9.9 s: slot 1 is not missing */
    series_push(s, T0 + 14800, 3); /* slot 2 again */
    series_push(s, T0 + 29900, 4); /* two polls are missing */
    series_read(s, T0, T0 + 30000, span, 6);
    assert_true(span[0].mean == 1);
    assert_true(span[1].mean == 2);
    assert_true(span[2].mean == 3);
    assert_int_equal(span[3].n, 0);
    assert_int_equal(span[4].n, 0);
    assert_true(span[5].mean == 4);
    series_free(s);
}

static void old_samples_are_dropped_and_a_clock_set_back_restarts(void **state)
{
    struct series *s = series_new(1000);

    (void)state;
    series_push(s, T0 + 10000, 1);
    series_push(s, T0 + 9500, 2); /* one slot late: dropped */
    assert_true(isnan(read_one(s, T0 + 9000, 1000)));
    assert_true(read_one(s, T0 + 10000, 1000) == 1);
    series_push(s, T0 - HOUR, 3);
    assert_true(read_one(s, T0 - HOUR, 1000) == 3);
    assert_true(isnan(read_one(s, T0 + 10000, 1000)));
    assert_int_equal(series_newest_ms(s), T0 - HOUR);
    series_push(s, T0 + DAY * 400, 4); /* far ahead */
    assert_true(read_one(s, T0 + DAY * 400, 1000) == 4);
    assert_true(isnan(read_one(s, T0 - HOUR, 1000)));
    series_free(s);
}

static void an_hour_is_fine_and_a_day_coarse(void **state)
{
    struct series *s = series_new(1000);
    struct series_span span[3600], day[24];
    int64_t end = T0 + DAY;

    (void)state;
    for (int64_t t = T0; t < end; t += 1000)
        series_push(s, t, (double)(t / 1000 % 60));
    series_read(s, end - HOUR, end, span, 3600);
    for (int i = 0; i < 3600; i++)
        assert_true(span[i].n == 1 && span[i].mean == i % 60);
    series_read(s, T0, end, day, 24);
    for (int i = 0; i < 24; i++) {
        assert_int_equal(day[i].n, 360); /* coarse slots of 10 s */
        assert_true(day[i].min == 0 && day[i].max == 59);
        assert_float_equal(day[i].mean, 29.5, 0.02);
    }
    /* ten seconds, long ago: min, max and mean of that slot */
    series_read(s, T0 + 20000, T0 + 30000, span, 1);
    assert_true(span[0].n == 1 && span[0].min == 20 && span[0].max == 29);
    assert_float_equal(span[0].mean, 24.5, 0.02);
    series_free(s);
}

static void a_spike_stays_in_the_maximum(void **state)
{
    struct series *s = series_new(1000);
    struct series_span day[100];
    double hi = 0;

    (void)state;
    for (int i = 0; i < 20000; i++)
        series_push(s, T0 + i * 1000, i == 777 ? 900 : 1);
    series_read(s, T0 + 20000000 - DAY, T0 + 20000000, day, 100);
    for (int i = 0; i < 100; i++)
        if (day[i].n && day[i].max > hi)
            hi = day[i].max;
    assert_true(hi == 900);
    series_free(s);
}

static void narrow_columns_show_the_slot_they_lie_in(void **state)
{
    struct series *s = series_new(5000);
    struct series_span span[10];

    (void)state;
    series_push(s, T0, 1);
    series_push(s, T0 + 5000, 2);
    series_read(s, T0, T0 + 10000, span, 10);
    for (int i = 0; i < 10; i++)
        assert_true(span[i].n == 1 && span[i].mean == (i < 5 ? 1 : 2));
    series_free(s);
}

static void memory_is_fixed_by_the_interval(void **state)
{
    struct series *fast = series_new(1000), *slow = series_new(10000), *rare = series_new(DAY);
    size_t before = series_bytes(fast);

    (void)state;
    for (int64_t i = 0; i < 100000; i++)
        series_push(fast, T0 + i * 1000, (double)i);
    assert_int_equal(series_bytes(fast), before);
    assert_true(series_bytes(fast) < 60 * 1024);
    assert_true(series_bytes(slow) < 19 * 1024);
    assert_true(series_bytes(rare) < 256);
    assert_int_equal(series_step_ms(fast), 1000);
    assert_int_equal(series_step_ms(slow), 10000);
    series_push(rare, T0, 7);
    assert_true(read_one(rare, T0 - T0 % DAY, DAY) == 7);
    series_free(fast);
    series_free(slow);
    series_free(rare);
    series_free(NULL);
}

static void times_around_zero_work(void **state)
{
    struct series *s = series_new(1000);
    struct series_span span[2];

    (void)state;
    series_push(s, 0, 4); /* the virtual clock begins there */
    series_read(s, -1000, 1000, span, 2);
    assert_int_equal(span[0].n, 0);
    assert_true(span[1].mean == 4);
    series_read(s, 1000, 1000, span, 2); /* nothing asked */
    assert_int_equal(span[0].n, 0);
    series_free(s);
}

/* After a restart: the past from the disk, the first seconds from the network. */
static void past_is_joined(void **state)
{
    struct series *whole = series_new(1000), *past = series_new(1000), *now = series_new(1000);
    struct series_span want[300], got[300];

    (void)state;
    for (int64_t i = 0; i < 3000; i++) {
        double v = i >= 1990 && i < 2000 ? NAN : (double)(i % 97) - 20;

        series_push(whole, T0 + 1000 * i, v);
        if (i < 1990)
            series_push(past, T0 + 1000 * i, v);
        else
            series_push(now, T0 + 1000 * i, v);
    }
    series_join(now, past);
    for (int pass = 0; pass < 2; pass++) { /* fine, then coarse */
        int64_t from_ms = pass ? T0 - 12 * HOUR : T0 + 2700000, to_ms = T0 + 3000000;

        series_read(whole, from_ms, to_ms, want, 300);
        series_read(now, from_ms, to_ms, got, 300);
        for (int i = 0; i < 300; i++) {
            assert_int_equal(got[i].n, want[i].n);
            assert_true(!want[i].n || fabs(got[i].mean - want[i].mean) <= 0.02);
            assert_true(!want[i].n || got[i].min == want[i].min);
        }
    }
    assert_int_equal(series_newest_ms(now), series_newest_ms(whole));
    series_push(now, T0 + 3000000, 7);
    assert_true(read_one(now, T0 + 3000000, 1000) == 7);
    series_free(whole);
    series_free(past);
    series_free(now);
}

static void nothing_joined_is_nothing_changed(void **state)
{
    struct series *none = series_new(1000), *now = series_new(1000), *slow = series_new(60000);

    (void)state;
    series_push(now, T0, 5);
    series_join(now, none);
    assert_true(read_one(now, T0, 1000) == 5);
    series_push(slow, T0 - HOUR, 3);
    series_join(now, slow); /* of another interval: not its past */
    assert_true(isnan(read_one(now, T0 - HOUR, 1000)));
    series_join(none, now);
    assert_true(read_one(none, T0, 1000) == 5);
    series_free(none);
    series_free(now);
    series_free(slow);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(past_is_joined),
        cmocka_unit_test(nothing_joined_is_nothing_changed),
        cmocka_unit_test(values_keep_three_digits),
        cmocka_unit_test(whole_numbers_are_exact),
        cmocka_unit_test(beyond_the_range_stays_at_its_end),
        cmocka_unit_test(a_gap_is_never_zero),
        cmocka_unit_test(a_missed_poll_is_a_gap_but_a_late_one_is_not),
        cmocka_unit_test(old_samples_are_dropped_and_a_clock_set_back_restarts),
        cmocka_unit_test(an_hour_is_fine_and_a_day_coarse),
        cmocka_unit_test(a_spike_stays_in_the_maximum),
        cmocka_unit_test(narrow_columns_show_the_slot_they_lie_in),
        cmocka_unit_test(memory_is_fixed_by_the_interval),
        cmocka_unit_test(times_around_zero_work),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

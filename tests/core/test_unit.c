/* tests/core/test_unit.c: durations, quantities, ages and instants, as people write and read them.
 */
#include "core/unit.h"

#include "tests/cmocka.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static void durations_are_read(void **state)
{
    static const struct {
        const char *s;
        int64_t ms;
    } good[] = {
        { "500ms", 500 },     { "30s", 30000 },        { "15m", 900000 },
        { "24h", 86400000 },  { "30d", 2592000000 },   { "1w", 604800000 },
        { "1h30m", 5400000 }, { "1m30s500ms", 90500 }, { "0s", 0 },
    };
    int64_t ms;

    (void)state;
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        assert_true(duration_parse(good[i].s, &ms, NULL));
        assert_int_equal(ms, good[i].ms);
    }
}

static void odd_durations_are_refused_with_what_works(void **state)
{
    static const char *const bad[] = { "",
                                       "soon",
                                       "s",
                                       "30 s",
                                       "1.5h",
                                       "-1s",
                                       "30m1h",
                                       "1m1m",
                                       "30sec",
                                       "1h30",
                                       "30S",
                                       "99999999999999999999s",
                                       "9223372036854775807w" };
    struct err err;
    int64_t ms;

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        assert_false(duration_parse(bad[i], &ms, &err));
        assert_non_null(strstr(err.msg, "write 500ms, 30s, 15m or 24h"));
    }
    assert_false(duration_parse("30", &ms, &err));
    assert_string_equal(err.msg, "'30' has no unit; write 500ms, 30s, 15m or 24h");
    assert_false(duration_parse("soon", &ms, &err));
    assert_string_equal(err.msg, "'soon' is not a duration; write 500ms, 30s, 15m or 24h");
}

static void written_durations_read_back(void **state)
{
    static const int64_t some[] = { 1,         500,          1000,         90000,
                                    3600000,   5400000,      86400000,     2592000000,
                                    604800000, 123456789012, INT64_MAX / 2 };
    char out[32];
    int64_t back;

    (void)state;
    for (size_t i = 0; i < sizeof some / sizeof *some; i++) {
        assert_true(duration_parse(duration_format(some[i], out), &back, NULL));
        assert_int_equal(back, some[i]);
    }
    assert_string_equal(duration_format(90000, out), "1m30s");
    assert_string_equal(duration_format(2592000000, out), "30d");
    assert_string_equal(duration_format(0, out), "0s");
    assert_string_equal(duration_format(-1500, out), "-1s500ms");
    assert_true(strlen(duration_format(INT64_MIN, out)) < 32);
}

static void ages_are_short(void **state)
{
    static const struct {
        int64_t ms;
        const char *s;
    } some[] = {
        { -5, "0s" },
        { 999, "0s" },
        { 12000, "12s" },
        { 252000, "4m12s" },
        { 240000, "4m" },
        { 3599000, "59m59s" },
        { 3600000, "1h" },
        { 3659000, "1h" },
        { 7265000, "2h1m" },
        { 11400000, "3h10m" },
        { 10800000, "3h" },
        { 86399000, "23h59m" },
        { 6 * 86400000ll, "6d" },
        { 12 * 86400000ll, "12d" },
        { 364 * 86400000ll, "364d" },
        { 3 * 365 * 86400000ll, "3y" },
    };
    char out[16], again[16];

    (void)state;
    for (size_t i = 0; i < sizeof some / sizeof *some; i++) {
        assert_string_equal(age_format(some[i].ms, out), some[i].s);
        assert_true(strlen(out) <= 6);
    }
    assert_true(strlen(age_format(INT64_MAX, out)) <= 6);
    assert_string_equal(age_format_hours(24 * 3600000 + 30 * 60000, out), "24h30m");
    assert_string_equal(age_format_hours(26 * 3600000, out), "26h");
    assert_string_equal(age_format_hours(9 * 3600000 + 120000, out), "9h2m");
    assert_string_equal(age_format_hours(72 * 3600000 + 1, out), "3d");
    assert_string_equal(age_format_hours(INT64_MAX, out), age_format(INT64_MAX, again));
}

static void quantities_are_read_in_their_unit(void **state)
{
    static const struct {
        const char *s;
        enum unit unit;
        double v;
    } good[] = {
        { "5%", UNIT_PERCENT, 5 },
        { "0.5%", UNIT_PERCENT, 0.5 },
        { "500ms", UNIT_MS, 500 },
        { "1.5s", UNIT_MS, 1500 },
        { "1m30s", UNIT_MS, 90000 },
        { "2GB", UNIT_BYTES, 2e9 },
        { "2GiB", UNIT_BYTES, 2147483648.0 },
        { "512 MB", UNIT_BYTES, 512e6 },
        { "16", UNIT_COUNT, 16 },
        { "0.25", UNIT_NONE, 0.25 },
        { "-3", UNIT_NONE, -3 },
        { "10/s", UNIT_RATE, 10 },
        { "30/m", UNIT_RATE, 0.5 },
        { "15m", UNIT_SECONDS, 900 },
        { "500ms", UNIT_SECONDS, 0.5 },
        { "1h30m", UNIT_SECONDS, 5400 },
    };
    double v;

    (void)state;
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        assert_true(quantity_parse(good[i].s, good[i].unit, &v, NULL));
        assert_float_equal(v, good[i].v, 1e-9);
    }
}

static void the_unit_is_demanded(void **state)
{
    static const struct {
        const char *s;
        enum unit unit;
        const char *msg;
    } bad[] = {
        { "5", UNIT_PERCENT, "'5' has no unit; write 5% or 0.5%" },
        { "500", UNIT_MS, "'500' has no unit; write 500ms or 1.5s" },
        { "5%", UNIT_MS, "'5%' is not a time; write 500ms or 1.5s" },
        { "2G", UNIT_BYTES, "'2G' is not a size; write 500MB, 2GB or 2GiB" },
        { "16ms", UNIT_COUNT, "'16ms' is not a count; write 16 or 1000" },
        { "-1", UNIT_COUNT, "'-1' is not a count; write 16 or 1000" },
        { "nan", UNIT_NONE, "'nan' is not a number; write 16 or 0.5" },
        { "0x10", UNIT_NONE, "'0x10' is not a number; write 16 or 0.5" },
        { "1e3", UNIT_NONE, "'1e3' is not a number; write 16 or 0.5" },
        { "inf", UNIT_RATE, "'inf' is not a rate; write 10/s or 30/m" },
        { "", UNIT_SECONDS, "'' is not a time; write 30s, 15m or 24h" },
        { "5 ", UNIT_PERCENT, "'5 ' is not a percentage; write 5% or 0.5%" },
    };
    struct err err;
    double v;

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        assert_false(quantity_parse(bad[i].s, bad[i].unit, &v, &err));
        assert_string_equal(err.msg, bad[i].msg);
    }
    assert_false(quantity_parse("1000000000000000000000000000000000000", UNIT_NONE, &v, &err));
}

static void quantities_read_well_on_a_screen(void **state)
{
    static const struct {
        double v;
        enum unit unit;
        const char *s;
    } some[] = {
        { NAN, UNIT_MS, "-" },
        { 8.2, UNIT_PERCENT, "8.2%" },
        { 8, UNIT_PERCENT, "8.0%" },
        { 0, UNIT_PERCENT, "0%" },
        { 100, UNIT_PERCENT, "100%" },
        { 0.04, UNIT_PERCENT, "0.04%" },
        { 0.0001, UNIT_PERCENT, "<0.01%" },
        { 99.999, UNIT_PERCENT, "99.99%" },
        { 99.95, UNIT_PERCENT, "99.95%" },
        { 41.234, UNIT_MS, "41 ms" },
        { 1204, UNIT_MS, "1.2 s" },
        { 999.6, UNIT_MS, "1.0 s" },
        { 0.42, UNIT_MS, "0.42 ms" },
        { 4.2, UNIT_MS, "4.2 ms" },
        { 252000, UNIT_MS, "4m12s" },
        { 1204, UNIT_COUNT, "1 204" },
        { 16, UNIT_COUNT, "16" },
        { 1234567, UNIT_COUNT, "1 234 567" },
        { 12345678, UNIT_COUNT, "12.3M" },
        { -1204, UNIT_COUNT, "-1 204" },
        { 2.1e9, UNIT_BYTES, "2.1 GB" },
        { 512, UNIT_BYTES, "512 B" },
        { 999.7, UNIT_BYTES, "1.0 kB" },
        { 1e6, UNIT_BYTES, "1.0 MB" },
        { 88, UNIT_RATE, "88/s" },
        { 0.5, UNIT_RATE, "0.50/s" },
        { 1204, UNIT_RATE, "1 204/s" },
        { 252, UNIT_SECONDS, "4m12s" },
        { 0.4, UNIT_SECONDS, "0.4s" },
        { 30, UNIT_SECONDS, "30s" },
        { 93600, UNIT_SECONDS, "26h" }, /* a limit of 26h and what is beyond it are not both "1d" */
        { 87180, UNIT_SECONDS, "24h13m" },
        { 345600, UNIT_SECONDS, "4d" },
        { 16, UNIT_NONE, "16" },
        { 0.25, UNIT_NONE, "0.25" },
    };
    char out[32];

    (void)state;
    for (size_t i = 0; i < sizeof some / sizeof *some; i++)
        assert_string_equal(quantity_format(some[i].v, some[i].unit, out), some[i].s);
}

static void no_quantity_is_wider_than_nine(void **state)
{
    char out[32];

    (void)state;
    for (int unit = UNIT_NONE; unit <= UNIT_SECONDS; unit++) {
        assert_true(strlen(quantity_format(INFINITY, (enum unit)unit, out)) <= 9);
        for (double v = 1e-12; v < 1e21; v *= 1.07) {
            assert_true(strlen(quantity_format(v, (enum unit)unit, out)) <= 9);
            assert_true(strlen(quantity_format(-v, (enum unit)unit, out)) <= 9);
            assert_true(strlen(quantity_format(nearbyint(v), (enum unit)unit, out)) <= 9);
        }
        assert_true(strlen(quantity_format(1e300, (enum unit)unit, out)) <= 12);
    }
}

static void shares_are_in_their_unit(void **state)
{
    char out[72];

    (void)state;
    assert_string_equal(share_format(41, 502, UNIT_NONE, out), "41 of 502");
    assert_string_equal(share_format(1364360, 2147483648.0, UNIT_BYTES, out), "1.4 MB of 2.1 GB");
}

static void unit_names_go_both_ways(void **state)
{
    (void)state;
    for (int i = UNIT_NONE; i <= UNIT_SECONDS; i++) {
        enum unit back;

        assert_true(unit_parse_name(unit_name((enum unit)i), &back));
        assert_int_equal(back, i);
    }
    assert_false(unit_parse_name("furlong", &(enum unit){ 0 }));
}

static void instants_are_utc(void **state)
{
    char out[32];

    (void)state;
    assert_string_equal(stamp_format_utc(1769652827123, out), "2026-01-29T02:13:47Z");
    assert_string_equal(clock_format_utc(1769652827123, out), "02:13:47Z");
    assert_string_equal(stamp_format_utc(-1, out), "1969-12-31T23:59:59Z");
    assert_non_null(stamp_format_utc(INT64_MAX, out));
    assert_non_null(clock_format_utc(INT64_MIN, out));
}

/* What printf would have made of it, ties, negative zero and all. */
static void ROUNDS(double ms)
{
    double a = fabs(ms);
    char want[64], out[32];

    if (ms == 0 || a >= 59950)
        return; /* said otherwise: "0 ms", "1m" */
    if (a < 0.995)
        snprintf(want, sizeof want, "%.2f ms", ms);
    else if (a < 9.95)
        snprintf(want, sizeof want, "%.1f ms", ms);
    else if (a < 999.5)
        snprintf(want, sizeof want, "%.0f ms", ms);
    else
        snprintf(want, sizeof want, "%.1f s", ms / 1000);
    assert_string_equal(quantity_format(ms, UNIT_MS, out), want);
    if (ms != nearbyint(ms) && a < 99.95) {
        snprintf(want, sizeof want, a < 0.995 ? "%.2f" : "%.1f", ms);
        assert_string_equal(quantity_format(ms, UNIT_COUNT, out), want);
    }
}

static void figures_round_as_printf_does(void **state)
{
    uint32_t seed = 1;

    (void)state;
    for (int i = 1; i < 60000; i++) {
        seed = seed * 1664525u + 1013904223u;
        ROUNDS((double)i / 200); /* every tie of two decimals and of one */
        ROUNDS((double)i - 0.5);
        ROUNDS(-(double)i / 8);
        ROUNDS((double)seed / (double)(1u << (seed >> 27)) / 100000);
    }
    ROUNDS(0.004999999999999999);
    ROUNDS(9.9499999999999993);
    ROUNDS(nextafter(0.125, 1));
    ROUNDS(nextafter(0.125, 0));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(figures_round_as_printf_does),
        cmocka_unit_test(durations_are_read),
        cmocka_unit_test(odd_durations_are_refused_with_what_works),
        cmocka_unit_test(written_durations_read_back),
        cmocka_unit_test(ages_are_short),
        cmocka_unit_test(quantities_are_read_in_their_unit),
        cmocka_unit_test(the_unit_is_demanded),
        cmocka_unit_test(quantities_read_well_on_a_screen),
        cmocka_unit_test(no_quantity_is_wider_than_nine),
        cmocka_unit_test(shares_are_in_their_unit),
        cmocka_unit_test(unit_names_go_both_ways),
        cmocka_unit_test(instants_are_utc),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

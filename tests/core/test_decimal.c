/* tests/core/test_decimal.c: digits into numbers, and what is none. */
#include "core/decimal.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "tests/cmocka.h"

static void whole_numbers_are_digits_alone(void **state)
{
    static const char *const none[] = { "", "-1", "+1", " 1", "1 ", "1.0", "0x1", "1e3", "\xb2" };
    long n;

    (void)state;
    for (size_t i = 0; i < sizeof none / sizeof *none; i++)
        assert_false(decimal_whole(none[i], strlen(none[i]), LONG_MAX, &n));
    assert_true(decimal_whole("007", 3, 7, &n));
    assert_int_equal(n, 7);
    assert_true(decimal_whole("12ab", 2, 12, &n)); /* so many bytes, not one more */
    assert_int_equal(n, 12);
}

static void more_than_the_limit_is_none(void **state)
{
    static const long limits[] = { 0, 1, 5, 9, 10, 65535, LONG_MAX - 1 };
    char text[32];
    long n;

    (void)state;
    for (size_t i = 0; i < sizeof limits / sizeof *limits; i++) {
        snprintf(text, sizeof text, "%ld", limits[i]);
        assert_true(decimal_whole(text, strlen(text), limits[i], &n));
        assert_true(n == limits[i]);
        snprintf(text, sizeof text, "%ld", limits[i] + 1);
        assert_false(decimal_whole(text, strlen(text), limits[i], &n));
    }
    assert_false(decimal_whole("9", 1, 5, &n));
    assert_false(decimal_whole("99999999999999999999", 20, LONG_MAX, &n));
}

static void one_rounding_or_none(void **state)
{
    double d;

    (void)state;
    assert_true(decimal_exact(15, -1, &d));
    assert_true(d == 1.5);
    assert_true(decimal_exact(123, 3, &d));
    assert_true(d == 123000);
    assert_true(decimal_exact(0, -2, &d));
    assert_true(d == 0);
    assert_false(decimal_exact((UINT64_C(1) << 53) + 1, 0, &d));
    assert_false(decimal_exact(1, 23, &d));
    assert_false(decimal_exact(1, -23, &d));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(whole_numbers_are_digits_alone),
        cmocka_unit_test(more_than_the_limit_is_none),
        cmocka_unit_test(one_rounding_or_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* tests/io/test_hangup.c: who is told that a connection closed, and how often. */
#include "io/hangup.h"

#include <string.h>

#include "io/limits.h"
#include "tests/cmocka.h"

enum { SECOND_US = 1000000 };

static void a_server_that_hangs_up_each_time_is_news_ever_less_often(void **state)
{
    struct hangup h = { 0 };
    int64_t at_us = 0, before_us = 0, gap_us = 0;
    int told = 0;

    (void)state;
    for (at_us = SECOND_US; at_us < 600LL * SECOND_US; at_us += 1000) {
        if (!hangup_is_news(&h, at_us - 500, at_us))
            continue;
        if (told++)
            assert_true(at_us - before_us >= gap_us); /* never more often than before */
        gap_us = told > 1 ? at_us - before_us : RECONNECT_MIN_MS * 1000;
        before_us = at_us;
    }
    assert_int_equal(gap_us, RECONNECT_MAX_MS * 1000LL);
    assert_in_range(told, 20, 28); /* 0.5 s, 1 s, 2 s ... 30 s, then each 30 s */
    hangup_fini(&h);
}

static void a_connection_that_has_lived_for_long_is_news_again_after_a_short_pause(void **state)
{
    struct hangup h = { 0 };
    int64_t at_us = 0;

    (void)state;
    for (int i = 0; i < 10; i++, at_us += 60LL * SECOND_US)
        hangup_is_news(&h, at_us, at_us);
    assert_int_equal(h.pause_ms, RECONNECT_MAX_MS);
    assert_true(hangup_is_news(&h, at_us - RECONNECT_MAX_MS * 1000LL - 1, at_us));
    assert_int_equal(h.pause_ms, RECONNECT_MIN_MS);
    assert_false(hangup_is_news(&h, at_us, at_us + RECONNECT_MIN_MS * 1000LL - 1));
    assert_true(hangup_is_news(&h, at_us, at_us + RECONNECT_MIN_MS * 1000LL));
    hangup_fini(&h);
}

struct hearer {
    struct hangup *h;
    int heard;
    bool leaves;
};

static void hear(void *arg)
{
    struct hearer *a = arg;

    a->heard++;
    if (a->leaves)
        hangup_unlisten(a->h, a);
}

static void everybody_is_told_once_though_one_leaves_meanwhile(void **state)
{
    struct hangup h = { 0 };
    struct hearer a[3] = { { .h = &h }, { .h = &h, .leaves = true }, { .h = &h } };

    (void)state;
    for (int i = 0; i < 3; i++)
        hangup_listen(&h, hear, &a[i]);
    hangup_tell(&h);
    for (int i = 0; i < 3; i++)
        assert_int_equal(a[i].heard, 1);
    hangup_tell(&h);
    assert_int_equal(a[0].heard + a[2].heard, 4);
    assert_int_equal(a[1].heard, 1);
    hangup_fini(&h);
    hangup_fini(&h);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_server_that_hangs_up_each_time_is_news_ever_less_often),
        cmocka_unit_test(a_connection_that_has_lived_for_long_is_news_again_after_a_short_pause),
        cmocka_unit_test(everybody_is_told_once_though_one_leaves_meanwhile),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

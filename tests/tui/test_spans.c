/* tests/tui/test_spans.c: what is kept of a series from frame to frame is what it would read anew.
 */
#include "tui/spans.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "tests/cmocka.h"

enum { T0 = 1769652800, STEP = 1000, COLS = 12 };

static int64_t second(int64_t s)
{
    return (T0 + s) * 1000;
}

/* The last bucket may lag by less than a thirty-second of itself; all others are exact. */
static void kept_spans_are_those_read_anew(void **state)
{
    struct series *s = series_new(STEP);
    struct spans kept = { 0 };
    struct series_span fresh[64];
    uint32_t lag, most = 0;

    (void)state;
    for (int64_t i = 0; i < 5000; i++) {
        struct chart_plan plan = chart_plan(COLS, 3600000, STEP, second(i));
        const struct series_span *got;

        if (i % 50 < 40) /* and gaps */
            series_push(s, second(i), 10 + (double)(i * 7919 % 100));
        got = spans_read(&kept, s, plan);
        assert_true(plan.n <= 64);
        series_read(s, plan.from_ms, plan.from_ms + plan.n * plan.bucket_ms, fresh, (size_t)plan.n);
        for (int k = 0; k < plan.n - 1; k++) {
            assert_int_equal(got[k].n, fresh[k].n);
            assert_true(!fresh[k].n || got[k].mean == fresh[k].mean);
        }
        lag = fresh[plan.n - 1].n - got[plan.n - 1].n;
        assert_true(lag <= plan.bucket_ms / 32 / STEP);
        most = lag > most ? lag : most;
        assert_true(!fresh[plan.n - 1].n == !got[plan.n - 1].n); /* the first value shows at once */
    }
    assert_true(most > 1); /* it is not read each time */
    spans_fini(&kept);
    series_free(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(kept_spans_are_those_read_anew) };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

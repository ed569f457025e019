/* tests/widgets/test_chart.c: buckets, gaps, thresholds, marks. */
#include "tests/widgets/screen.h"

#include <math.h>

#include "widgets/chart.h"

enum { N = 24 };
#define NOW 1769652827000 /* 2026-01-29T02:13:47Z */

static struct chart chart_of(struct series_span *spans, double first, double last, int gap_from,
                             int gap_to)
{
    struct chart chart = { .plan = chart_plan(N, 24 * 60000, 1000, NOW),
                           .spans = spans,
                           .unit = UNIT_PERCENT,
                           .warn = NAN,
                           .crit = 5 };

    assert_int_equal(chart.plan.n, N);
    for (int i = 0; i < N; i++) {
        double v = first + (last - first) * i / (N - 1);

        spans[i] = (struct series_span){ v, v, v, 1 };
        if (i >= gap_from && i < gap_to)
            spans[i] = (struct series_span){ NAN, NAN, NAN, 0 };
    }
    return chart;
}

static void buckets_lie_on_multiples_and_stand_still(void **state)
{
    struct chart_plan a = chart_plan(50, 3600000, 10000, NOW);
    struct chart_plan b = chart_plan(50, 3600000, 10000, NOW + 9000);

    (void)state;
    assert_int_equal(a.bucket_ms, 72000);
    assert_int_equal(a.from_ms % a.bucket_ms, 0);
    assert_true(a.from_ms + a.n * a.bucket_ms > NOW);
    assert_true(a.from_ms + (a.n - 1) * a.bucket_ms <= NOW);
    assert_int_equal(a.from_ms, b.from_ms); /* nine seconds later nothing has moved */
    assert_true(a.n <= 50);
}

static void buckets_are_never_shorter_than_the_interval(void **state)
{
    struct chart_plan p = chart_plan(60, 300000, 60000, NOW);

    (void)state;
    assert_int_equal(p.bucket_ms, 60000);
    assert_int_equal(p.n, 5); /* few values: wide bars */
    p = chart_plan(1, 86400000, 1000, NOW);
    assert_int_equal(p.n, 1);
}

static void rise_over_the_limit_turns_critical(void **state)
{
    struct canvas c;
    struct series_span spans[N];
    struct chart chart = chart_of(spans, 0, 8, 0, 0);

    (void)state;
    canvas_init(&c, N + 8, 6);
    chart_draw(&chart, canvas_rect(&c), &c);
    SCREEN_IS(&c, "   8.0%                   ▁▂▄▅▇▒\n"
                  "   5.0% ┈┈┈┈┈┈┈┈┈┈┈┈▁▂▃▅▆██████▒\n"
                  "               ▂▃▅▆▇███████████▒\n"
                  "        ▁▁▃▄▆▇█████████████████▒\n"
                  "                                \n"
                  "        01:50       02:02    now\n");
    canvas_fini(&c);
}

static void gap_stays_blank(void **state)
{
    struct canvas c;
    struct series_span spans[N];
    struct chart chart = chart_of(spans, 1, 1, 6, 12);

    (void)state;
    chart.crit = NAN;
    canvas_init(&c, N + 8, 4);
    chart_draw(&chart, canvas_rect(&c), &c);
    SCREEN_IS(&c, "   1.5%                         \n"
                  "        ██████      ███████████▒\n"
                  "        ██████      ███████████▒\n"
                  "        01:50       02:02    now\n");
    canvas_fini(&c);
}

static void marks_stand_below_with_their_label(void **state)
{
    struct canvas c;
    struct series_span spans[N];
    struct chart chart = chart_of(spans, 4, 4, 0, 0);
    struct text label = { 0 };
    struct chart_mark marks[] = { { .at_ms = NOW - 25 * 60000, .label = &label },
                                  { .at_ms = NOW - 14 * 60000, .label = &label } };

    (void)state;
    text_sets(&label, "1.4.2→1.5.0");
    chart.marks = marks;
    chart.n_marks = 2; /* the first one lies before the chart */
    canvas_init(&c, N + 8, 6);
    chart_draw(&chart, canvas_rect(&c), &c);
    SCREEN_IS(&c, "   8.0%          ┊              \n"
                  "   5.0% ┈┈┈┈┈┈┈┈┈┊┈┈┈┈┈┈┈┈┈┈┈┈┈┈\n"
                  "        ███████████████████████▒\n"
                  "        ███████████████████████▒\n"
                  "                 ▴1.4.2→1.5.0   \n"
                  "        01:50       02:02    now\n");
    text_fini(&label);
    canvas_fini(&c);
}

static void the_mark_of_a_service_names_it(void **state)
{
    struct canvas c;
    struct series_span spans[N];
    struct chart chart = chart_of(spans, 4, 4, 0, 0);
    struct text label = { 0 }, owner = { 0 };
    struct chart_mark mark = { .at_ms = NOW - 5 * 60000, .label = &label, .owner = &owner };

    (void)state;
    text_sets(&label, "1.4.2 > 1.5.0");
    text_sets(&owner, "API");
    chart.marks = &mark;
    chart.n_marks = 1;
    canvas_init(&c, N + 8, 6);
    chart_draw(&chart, canvas_rect(&c), &c); /* to the left: there is no room at the right */
    SCREEN_IS(&c, "   8.0%                   ┊     \n"
                  "   5.0% ┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┊┈┈┈┈┈\n"
                  "        ███████████████████████▒\n"
                  "        ███████████████████████▒\n"
                  "         API 1.4.2 > 1.5.0▴     \n"
                  "        01:50       02:02    now\n");
    text_fini(&label);
    text_fini(&owner);
    canvas_fini(&c);
}

static void no_values_are_said_and_not_drawn(void **state)
{
    struct canvas c;
    struct series_span spans[N];
    struct chart chart = chart_of(spans, 1, 1, 0, N);

    (void)state;
    canvas_init(&c, N + 8, 4);
    chart_draw(&chart, canvas_rect(&c), &c);
    SCREEN_IS(&c, "                                \n"
                  "        no values in this time  \n"
                  "                                \n"
                  "        01:50       02:02    now\n");
    canvas_fini(&c);
}

static void any_size_is_drawn(void **state)
{
    struct canvas c;
    struct series_span spans[CHART_BUCKETS];

    (void)state;
    for (int w = 0; w < 60; w += 3)
        for (int h = 0; h < 12; h++) {
            struct chart chart = { .plan = chart_plan(chart_cols(w), 3600000, 1000, NOW),
                                   .spans = spans,
                                   .unit = UNIT_MS,
                                   .warn = 1,
                                   .crit = 2 };

            for (int i = 0; i < chart.plan.n; i++)
                spans[i] = (struct series_span){ i, i, i, 1 };
            canvas_init(&c, w, h);
            chart_draw(&chart, canvas_rect(&c), &c);
            canvas_fini(&c);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(buckets_lie_on_multiples_and_stand_still),
        cmocka_unit_test(buckets_are_never_shorter_than_the_interval),
        cmocka_unit_test(rise_over_the_limit_turns_critical),
        cmocka_unit_test(gap_stays_blank),
        cmocka_unit_test(marks_stand_below_with_their_label),
        cmocka_unit_test(the_mark_of_a_service_names_it),
        cmocka_unit_test(no_values_are_said_and_not_drawn),
        cmocka_unit_test(any_size_is_drawn),
    };

    setlocale(LC_ALL, "C.UTF-8");
    return cmocka_run_group_tests(tests, NULL, NULL);
}

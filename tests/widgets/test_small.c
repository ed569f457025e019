/* tests/widgets/test_small.c: panels, grids, bars, wrapped text. */
#include "tests/widgets/screen.h"

#include <math.h>
#include <string.h>

#include "widgets/bars.h"
#include "widgets/frame.h"
#include "widgets/grid.h"
#include "widgets/textflow.h"

static void frame_carries_title_figure_and_note(void **state)
{
    struct canvas c;
    struct rect in;

    (void)state;
    canvas_init(&c, 34, 3);
    in = frame_draw(&(struct frame){ .title = "Errors",
                                     .figure = "8.2%",
                                     .figure_style = STYLE_CRIT,
                                     .note = "41 of 502",
                                     .foot = "1h" },
                    canvas_rect(&c), &c);
    assert_int_equal(in.x, 2);
    assert_int_equal(in.w, 30);
    assert_int_equal(in.h, 1);
    SCREEN_IS(&c, "┌─ Errors ────── 8.2% 41 of 502 ─┐\n"
                  "│                                │\n"
                  "└─────────────────────────── 1h ─┘\n");
    canvas_fini(&c);
}

static void narrow_frame_gives_up_the_note_first(void **state)
{
    struct canvas c;
    struct text subject = { 0 };

    (void)state;
    canvas_init(&c, 24, 3);
    text_sets(&subject, "api.errors");
    frame_draw(&(struct frame){ .title = "Errors",
                                .subject = &subject,
                                .figure = "8.2%",
                                .figure_style = STYLE_CRIT,
                                .note = "41 of 502" },
               canvas_rect(&c), &c);
    SCREEN_IS(&c, "┌─ Errors api… ─ 8.2% ─┐\n"
                  "│                      │\n"
                  "└──────────────────────┘\n");
    STYLES_ARE(&c, "ff.tttttt......f.cccc.ff\n"
                   "f......................f\n"
                   "ffffffffffffffffffffffff\n");
    text_fini(&subject);
    canvas_fini(&c);
}

static void grid_cell(const void *arg, size_t row, size_t column, struct grid_cell *out)
{
    static const char *const cells[3][3] = { { "postgres", "down", "4m12s" },
                                             { "api", "affected", "4m" },
                                             { "a-service-with-a-long-name", "up", "6d" } };

    (void)arg;
    snprintf(out->words, sizeof out->words, "%s", cells[row][column]);
    out->glyph = column == 0 ? "●" : NULL;
    out->glyph_style = STYLE_OK;
    out->indent = row == 1 && column == 0 ? 2 : 0;
}

static const struct grid_column grid_columns[] = {
    { .head = "name", .min = 6 },
    { .head = "state", .min = 8, .leave = 2 },
    { .head = "since", .min = 5, .leave = 1, .right = true }
};

static void columns_leave_by_priority(void **state)
{
    struct grid g = {
        .columns = grid_columns, .n_columns = 3, .n_rows = 3, .cell = grid_cell, .selected = -1
    };
    int w[GRID_COLS];

    (void)state;
    grid_widths(&g, 60, w);
    assert_int_equal(w[0], 28);
    assert_int_equal(w[1], 8);
    assert_int_equal(w[2], 5);
    grid_widths(&g, 24, w); /* the name gets what is left after the others' least */
    assert_int_equal(w[0], 7);
    grid_widths(&g, 20, w); /* the state has left, not the age */
    assert_int_equal(w[1], 0);
    assert_int_equal(w[2], 5);
    grid_widths(&g, 10, w);
    assert_int_equal(w[2], 0);
    assert_int_equal(w[0], 10);
}

/* Beside what is shown stands that it is not all. */
static void grid_says_that_it_goes_on(void **state)
{
    struct canvas c;
    struct grid g = {
        .columns = grid_columns, .n_columns = 3, .n_rows = 3, .cell = grid_cell, .selected = -1
    };

    (void)state;
    canvas_init(&c, 40, 4);
    grid_draw(&g, (struct rect){ 1, 0, 30, 3 }, &c);
    for (int y = 0; y < 3; y++)
        assert_string_equal(canvas_at(&c, 31, y)->utf8, " ");
    grid_draw(&g, (struct rect){ 1, 0, 30, 2 }, &c);
    assert_string_equal(canvas_at(&c, 31, 0)->utf8, " ");
    assert_string_equal(canvas_at(&c, 31, 1)->utf8, "↓");
    canvas_clear(&c);
    g.top = 1;
    grid_draw(&g, (struct rect){ 1, 0, 30, 1 }, &c);
    assert_string_equal(canvas_at(&c, 31, 0)->utf8, "↕");
    canvas_clear(&c);
    grid_draw(&g, (struct rect){ 10, 0, 30, 2 }, &c); /* no margin: the columns make room */
    assert_string_equal(canvas_at(&c, 39, 0)->utf8, "↑");
    assert_string_equal(canvas_at(&c, 39, 1)->utf8, " ");
    assert_string_equal(canvas_at(&c, 38, 1)->utf8, "d"); /* 6d */
    canvas_fini(&c);
}

static void grid_draws_head_selection_and_scroll(void **state)
{
    struct canvas c;
    struct grid g = { .columns = grid_columns,
                      .n_columns = 3,
                      .n_rows = 3,
                      .cell = grid_cell,
                      .head = true,
                      .selected = 1,
                      .top = 1 };

    (void)state;
    canvas_init(&c, 34, 3);
    grid_draw(&g, (struct rect){ 1, 0, 32, 3 }, &c);
    SCREEN_IS(&c, " name             state     since \n"
                  "   ● api          affected     4m↑\n"
                  " ● a-service-wi…  up           6d \n");
    canvas_fini(&c);
}

static void scrolling_keeps_the_selection_in_sight(void **state)
{
    (void)state;
    assert_int_equal(grid_settle(0, 5, 20, 5), 1);
    assert_int_equal(grid_settle(9, 5, 20, 5), 5);
    assert_int_equal(grid_settle(18, -1, 20, 5), 15); /* no empty rows at the end */
    assert_int_equal(grid_settle(3, 0, 2, 5), 0);
    assert_int_equal(grid_settle(0, 3, 20, 0), 3); /* no room at all */
}

static void gauge_fills_to_its_share(void **state)
{
    struct canvas c;

    (void)state;
    canvas_init(&c, 10, 4);
    gauge_draw(&(struct gauge){ 5, 20, 15, STYLE_OK }, (struct rect){ 0, 0, 10, 1 }, &c);
    gauge_draw(&(struct gauge){ 99, 20, NAN, STYLE_CRIT }, (struct rect){ 0, 1, 10, 1 }, &c);
    gauge_draw(&(struct gauge){ 0.001, 20, NAN, STYLE_OK }, (struct rect){ 0, 2, 10, 1 }, &c);
    gauge_draw(&(struct gauge){ NAN, 20, NAN, STYLE_OK }, (struct rect){ 0, 3, 10, 1 }, &c);
    SCREEN_IS(&c, "━━━────┼──\n━━━━━━━━━━\n━─────────\n??????????\n");
    canvas_fini(&c);
}

/* No value is so far out that its picture says the contrary. */
static void pictures_hold_against_any_number(void **state)
{
    struct canvas c;
    struct series_span spans[3] = { { .mean = 1e300, .n = 1 },
                                    { .mean = -1e300, .n = 1 },
                                    { .mean = INFINITY, .n = 1 } };

    (void)state;
    canvas_init(&c, 4, 4);
    gauge_draw(&(struct gauge){ 1e300, 20, NAN, STYLE_CRIT }, (struct rect){ 0, 0, 4, 1 }, &c);
    gauge_draw(&(struct gauge){ -1e300, 20, NAN, STYLE_OK }, (struct rect){ 0, 1, 4, 1 }, &c);
    gauge_draw(&(struct gauge){ INFINITY, 1e-300, NAN, STYLE_CRIT }, (struct rect){ 0, 2, 4, 1 },
               &c);
    spark_draw(&(struct spark){ spans, 3, 1, NAN, NAN, false }, (struct rect){ 0, 3, 3, 1 }, &c);
    SCREEN_IS(&c, "━━━━\n────\n━━━━\n█▁█ \n");
    canvas_fini(&c);
}

static void spark_leaves_gaps_blank_and_shows_zero(void **state)
{
    struct canvas c;
    struct series_span spans[6] = { { .mean = 1, .n = 1 }, { .mean = NAN, .n = 0 },
                                    { .mean = 0, .n = 1 }, { .mean = 4, .n = 1 },
                                    { .mean = 8, .n = 1 }, { .mean = 2, .n = 1 } };

    (void)state;
    canvas_init(&c, 8, 1);
    spark_draw(&(struct spark){ spans, 6, NAN, NAN, 8, false }, (struct rect){ 2, 0, 6, 1 }, &c);
    SCREEN_IS(&c, "  ▂ ▁▅█▃\n");
    STYLES_ARE(&c, "..g.ggcg\n");
    canvas_fini(&c);
}

static void phases_show_their_shares_and_leave_out_what_was_not_reached(void **state)
{
    struct canvas c;
    struct phases p = {
        .dns_us = -1, .connect_us = 10000, .tls_us = -1, .first_byte_us = 39000, .total_us = 40000
    };

    (void)state;
    canvas_init(&c, 50, 2);
    assert_int_equal(phases_draw(&p, (struct rect){ 0, 0, 46, 2 }, &c), 2);
    SCREEN_IS(&c, "▒▒▒▒▒▒▒▒▒▒▒█████████████████████████████████▄▄    \n"
                  "▒ connect 10 ms  █ wait 29 ms  ▄ body 1.0 ms      \n");
    p = PHASES_NONE;
    p.connect_us = 10000;
    p.total_us = 40000; /* connected, and then nothing came */
    canvas_fini(&c);
    canvas_init(&c, 50, 2);
    assert_int_equal(phases_draw(&p, (struct rect){ 0, 0, 46, 2 }, &c), 2);
    SCREEN_IS(&c, "▒▒▒▒▒▒▒▒▒▒▒▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄    \n"
                  "▒ connect 10 ms  ▄ no answer 30 ms                \n");
    assert_int_equal(phases_draw(&PHASES_NONE, (struct rect){ 0, 0, 40, 2 }, &c), 0);
    canvas_fini(&c);
}

static void long_text_wraps_at_blanks_and_says_that_there_is_more(void **state)
{
    struct canvas c;
    struct text t = { 0 };

    (void)state;
    canvas_init(&c, 12, 3);
    text_sets(&t, "remaining connection slots are reserved");
    assert_int_equal(textflow_lines(&t, 12), 4);
    assert_int_equal(textflow_draw(&t, canvas_rect(&c), STYLE_PLAIN, &c), 3);
    SCREEN_IS(&c, "remaining   \nconnection  \nslots are r…\n");
    text_sets(&t, "averyveryverylongword 漢字漢字漢字漢字");
    assert_int_equal(textflow_lines(&t, 12), 4);
    assert_int_equal(textflow_lines(&t, 1), 29);
    text_fini(&t);
    assert_int_equal(textflow_lines(&t, 12), 0);
    canvas_fini(&c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(frame_carries_title_figure_and_note),
        cmocka_unit_test(narrow_frame_gives_up_the_note_first),
        cmocka_unit_test(columns_leave_by_priority),
        cmocka_unit_test(grid_draws_head_selection_and_scroll),
        cmocka_unit_test(grid_says_that_it_goes_on),
        cmocka_unit_test(scrolling_keeps_the_selection_in_sight),
        cmocka_unit_test(gauge_fills_to_its_share),
        cmocka_unit_test(pictures_hold_against_any_number),
        cmocka_unit_test(spark_leaves_gaps_blank_and_shows_zero),
        cmocka_unit_test(phases_show_their_shares_and_leave_out_what_was_not_reached),
        cmocka_unit_test(long_text_wraps_at_blanks_and_says_that_there_is_more),
    };

    setlocale(LC_ALL, "C.UTF-8");
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* tests/tui/test_pen.c: only what changed is written, and it lands where it should. */
#include "tui/pen.h"

#include "tests/cmocka.h"

#include <locale.h>
#include <stdlib.h>

static struct pen p;
static struct canvas c;
static struct buf out;

static int begin(void **state)
{
    (void)state;
    p = (struct pen){ .off = "<off>", .clear = "<clear>" };
    for (int i = 0; i < STYLE_COUNT * 2; i++)
        p.inks[i / 2][i % 2] = (struct pen_ink){ .fg = -1, .bg = -1 };
    p.inks[STYLE_OK][0] = (struct pen_ink){ .fg = 2, .bg = -1, .on = "<green>" };
    p.inks[STYLE_CRIT][0] = (struct pen_ink){ .fg = 1, .bg = -1, .on = "<red>" };
    p.inks[STYLE_TITLE][0] = (struct pen_ink){ .fg = -1, .bg = -1, .attrs = 1, .on = "<bold>" };
    canvas_init(&c, 20, 3);
    pen_begin(&p, 20, 3, &out);
    return 0;
}

static int end(void **state)
{
    (void)state;
    pen_fini(&p);
    canvas_fini(&c);
    buf_fini(&out);
    return 0;
}

static void WRITES(const char *bytes)
{
    buf_clear(&out);
    pen_draw(&p, &c, &out);
    assert_string_equal(buf_str(&out), bytes);
}

static void a_cleared_screen_gets_only_what_is_not_blank(void **state)
{
    (void)state;
    assert_string_equal(buf_str(&out), "<off><clear>");
    WRITES("");
    canvas_put(&c, 2, 1, 20, STYLE_PLAIN, "ab");
    WRITES("\033[2;3H<off>ab");
    WRITES("");
}

static void near_changes_are_joined_and_far_ones_jumped_to(void **state)
{
    (void)state;
    canvas_put(&c, 0, 0, 20, STYLE_PLAIN, "12.5 ms   99 of 100");
    WRITES("\033[1;1H<off>12.5 ms   99 of 100");
    canvas_put(&c, 0, 0, 20, STYLE_PLAIN, "17.8 ms   98 of 100");
    WRITES("\033[1;2H<off>7.8\033[1;12H8");
}

static void an_ink_is_left_only_where_the_next_one_takes_something_away(void **state)
{
    (void)state;
    canvas_put(&c, 0, 0, 2, STYLE_OK, "a");
    canvas_put(&c, 1, 0, 2, STYLE_CRIT, "b"); /* another colour covers the first */
    canvas_put(&c, 2, 0, 2, STYLE_TITLE, "c");
    canvas_put(&c, 3, 0, 2, STYLE_DIM, "d"); /* looks like plain here */
    canvas_put(&c, 4, 0, 2, STYLE_PLAIN, "e");
    WRITES("\033[1;1H<off><green>a<red>b<off><bold>c<off>de");
}

static void halves_of_wide_characters_are_never_written(void **state)
{
    (void)state;
    if (!setlocale(LC_ALL, "C.UTF-8"))
        skip();
    canvas_put(&c, 0, 0, 20, STYLE_PLAIN, "漢字x");
    WRITES("\033[1;1H<off>漢字x");
    canvas_put(&c, 2, 0, 20, STYLE_CRIT, "字"); /* the right half changes with it */
    WRITES("\033[1;3H<off><red>字");
    canvas_put(&c, 2, 0, 20, STYLE_PLAIN, "z");
    WRITES("\033[1;3H<off>z<red> "); /* and what is left of it is a blank */
}

static void the_last_cell_is_left_alone_where_it_would_scroll(void **state)
{
    (void)state;
    canvas_put(&c, 18, 2, 2, STYLE_PLAIN, "yz");
    WRITES("\033[3;19H<off>yz");
    pen_begin(&p, 20, 3, &out);
    p.scrolls = true;
    WRITES("\033[3;19H<off>y");
}

static void the_cursor_is_placed_anew_behind_the_last_column(void **state)
{
    (void)state;
    canvas_put(&c, 19, 0, 1, STYLE_PLAIN, "a");
    canvas_put(&c, 0, 1, 1, STYLE_PLAIN, "b");
    WRITES("\033[1;20H<off>a\033[2;1Hb");
}

static void a_canvas_of_another_size_is_cut(void **state)
{
    (void)state;
    canvas_resize(&c, 40, 9);
    canvas_put(&c, 18, 0, 20, STYLE_PLAIN, "abcdef");
    canvas_put(&c, 0, 8, 20, STYLE_PLAIN, "below");
    WRITES("\033[1;19H<off>ab");
    canvas_resize(&c, 5, 1);
    canvas_put(&c, 0, 0, 5, STYLE_PLAIN, "short");
    WRITES("\033[1;1H<off>short");
}

static void a_ground_of_its_own_is_painted_everywhere(void **state)
{
    (void)state;
    canvas_resize(&c, 3, 1);
    p.inks[STYLE_PLAIN][0] = (struct pen_ink){ .fg = -1, .bg = 4, .on = "<blue>" };
    pen_begin(&p, 3, 1, &out);
    WRITES("\033[1;1H<off><blue>   ");
    WRITES("");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_cleared_screen_gets_only_what_is_not_blank, begin, end),
        cmocka_unit_test_setup_teardown(near_changes_are_joined_and_far_ones_jumped_to, begin, end),
        cmocka_unit_test_setup_teardown(an_ink_is_left_only_where_the_next_one_takes_something_away,
                                        begin, end),
        cmocka_unit_test_setup_teardown(halves_of_wide_characters_are_never_written, begin, end),
        cmocka_unit_test_setup_teardown(the_last_cell_is_left_alone_where_it_would_scroll, begin,
                                        end),
        cmocka_unit_test_setup_teardown(the_cursor_is_placed_anew_behind_the_last_column, begin,
                                        end),
        cmocka_unit_test_setup_teardown(a_canvas_of_another_size_is_cut, begin, end),
        cmocka_unit_test_setup_teardown(a_ground_of_its_own_is_painted_everywhere, begin, end),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

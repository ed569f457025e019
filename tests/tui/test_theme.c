/* tests/tui/test_theme.c: the right theme is picked, and every one maps every meaning. */
#include "tui/theme.h"

#include "tests/cmocka.h"

static void no_color_is_mono_unless_asked_otherwise(void **state)
{
    (void)state;
    assert_ptr_equal(theme_pick(NULL, "1", NULL), theme_find("mono"));
    assert_ptr_equal(theme_pick(NULL, "", NULL), theme_find("dark")); /* set but empty */
    assert_ptr_equal(theme_pick("light", "1", NULL), theme_find("light"));
    assert_ptr_equal(theme_pick("no such", NULL, NULL), theme_find("dark"));
    assert_ptr_equal(theme_pick(NULL, NULL, "0;15"), theme_find("light"));
    assert_ptr_equal(theme_pick(NULL, NULL, "15;0"), theme_find("dark"));
    assert_ptr_equal(theme_pick(NULL, NULL, "0;default;7"), theme_find("light"));
    assert_ptr_equal(theme_pick(NULL, NULL, "15;8"), theme_find("dark"));
    assert_ptr_equal(theme_pick(NULL, NULL, "0;16"), theme_find("dark"));
    assert_ptr_equal(theme_pick(NULL, NULL, "0;+15"), theme_find("dark")); /* no colour's number */
    assert_ptr_equal(theme_pick(NULL, NULL, "0;"), theme_find("dark"));
    assert_null(theme_find("no such"));
}

static void mono_has_no_colour_anywhere(void **state)
{
    (void)state;
    for (int colors = 0; colors <= 256; colors += 8)
        for (int s = 0; s < STYLE_COUNT; s++)
            for (int selected = 0; selected < 2; selected++) {
                struct paint p = theme_paint(theme_find("mono"), colors, (enum style)s, selected);

                assert_int_equal(p.fg, -1);
                assert_int_equal(p.bg, -1);
                if (selected)
                    assert_true(p.attrs & PAINT_REVERSE);
            }
}

static void palettes_stay_within_what_the_terminal_has(void **state)
{
    static const int has[] = { 8, 16, 256 };

    (void)state;
    for (const char *const *name = theme_names(); *name; name++)
        for (int i = 0; i < 3; i++)
            for (int s = 0; s < STYLE_COUNT * 2; s++) {
                struct paint p = theme_paint(theme_find(*name), has[i], (enum style)(s / 2), s % 2);

                assert_in_range(p.fg + 1, 0, has[i]);
                assert_in_range(p.bg + 1, 0, has[i]);
            }
}

static void plain_text_keeps_the_terminals_own_colours(void **state)
{
    (void)state;
    for (const char *const *name = theme_names(); *name; name++) {
        struct paint p = theme_paint(theme_find(*name), 256, STYLE_PLAIN, false);

        assert_int_equal(p.fg, -1);
        assert_int_equal(p.bg, -1);
        assert_int_equal(p.attrs, 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_color_is_mono_unless_asked_otherwise),
        cmocka_unit_test(mono_has_no_colour_anywhere),
        cmocka_unit_test(palettes_stay_within_what_the_terminal_has),
        cmocka_unit_test(plain_text_keeps_the_terminals_own_colours),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

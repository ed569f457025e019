/* tests/widgets/test_canvas.c: clipping, widths, halves of wide characters, ASCII. */
#include "tests/widgets/screen.h"

static void text_is_clipped_on_every_side(void **state)
{
    struct canvas c;

    (void)state;
    canvas_init(&c, 6, 2);
    canvas_put(&c, -2, 0, 20, STYLE_PLAIN, "abcdefghij");
    canvas_put(&c, 0, -1, 6, STYLE_PLAIN, "above");
    canvas_put(&c, 0, 2, 6, STYLE_PLAIN, "below");
    canvas_put(&c, 4, 1, 6, STYLE_PLAIN, "right");
    SCREEN_IS(&c, "cdefgh\n    ri\n");
    canvas_fini(&c);
}

static void what_does_not_fit_ends_in_an_ellipsis(void **state)
{
    struct canvas c;
    struct text t = { 0 };

    (void)state;
    canvas_init(&c, 8, 3);
    text_sets(&t, "connection refused");
    assert_int_equal(canvas_text(&c, 0, 0, 8, STYLE_PLAIN, &t), 8);
    text_sets(&t, "漢字漢字漢字");
    assert_int_equal(canvas_text(&c, 0, 1, 8, STYLE_PLAIN, &t), 7);
    assert_int_equal(canvas_text(&c, 0, 2, 1, STYLE_PLAIN, &t), 1);
    SCREEN_IS(&c, "connect…\n漢字漢… \n…       \n");
    text_fini(&t);
    canvas_fini(&c);
}

static void half_a_wide_character_becomes_a_blank(void **state)
{
    struct canvas c;

    (void)state;
    canvas_init(&c, 5, 3);
    canvas_put(&c, 0, 0, 5, STYLE_PLAIN, "漢字");
    canvas_put(&c, 1, 0, 1, STYLE_PLAIN, "x"); /* the right half */
    canvas_put(&c, 0, 1, 5, STYLE_PLAIN, "漢字");
    canvas_put(&c, 2, 1, 1, STYLE_PLAIN, "x");  /* the left half */
    canvas_put(&c, 4, 2, 2, STYLE_PLAIN, "漢"); /* sticks out at the right edge */
    canvas_put(&c, -1, 2, 2, STYLE_PLAIN, "漢");
    SCREEN_IS(&c, " x字 \n漢x  \n     \n");
    assert_string_equal(canvas_at(&c, 3, 0)->utf8, "");
    canvas_fini(&c);
}

static void controls_never_reach_a_cell(void **state)
{
    struct canvas c;

    (void)state;
    canvas_init(&c, 12, 1);
    canvas_put(&c, 0, 0, 12, STYLE_PLAIN, "a\x1b[2Jb\rc\xe2\x80\xae\xc2\x9b\xff");
    SCREEN_IS(&c, "a\xef\xbf\xbd[2Jb\xef\xbf\xbd"
                  "c\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd \n");
    canvas_fini(&c);
}

static void combining_marks_share_a_cell_two_at_most(void **state)
{
    struct canvas c;

    (void)state;
    canvas_init(&c, 3, 1);
    canvas_put(&c, 0, 0, 3, STYLE_PLAIN, "e\xcc\x81\xcc\x82\xcc\x83x");
    assert_string_equal(canvas_at(&c, 0, 0)->utf8, "e\xcc\x81\xcc\x82");
    assert_string_equal(canvas_at(&c, 1, 0)->utf8, "x");
    canvas_fini(&c);
}

static void ascii_keeps_every_column(void **state)
{
    struct canvas c;

    (void)state;
    canvas_init(&c, 16, 3);
    c.ascii = true;
    canvas_put(&c, 0, 0, 16, STYLE_PLAIN, "┌─ ● ✗ ↳ ▁▄█ ─┐");
    canvas_put(&c, 0, 1, 16, STYLE_PLAIN, "caf\xc3\xa9 漢字 e\xcc\x81.");
    canvas_put(&c, 0, 2, 4, STYLE_PLAIN, "longer");
    SCREEN_IS(&c, "+- o X > _=# -+ \n"
                  "caf? ???? e.    \n"
                  "lon.            \n");
    canvas_fini(&c);
}

static void fill_right_and_ground(void **state)
{
    struct canvas c;

    (void)state;
    canvas_init(&c, 8, 2);
    canvas_fill(&c, (struct rect){ -3, 0, 6, 9 }, "░", STYLE_DIM);
    canvas_put_right(&c, 2, 0, 6, STYLE_CRIT, "41");
    canvas_put_right(&c, 2, 1, 3, STYLE_CRIT, "12345");
    canvas_select(&c, (struct rect){ 0, 1, 5, 4 });
    canvas_put(&c, 4, 1, 1, STYLE_OK, "x"); /* drawn later: the ground stays */
    SCREEN_IS(&c, "░░░   41\n░░12x   \n");
    STYLES_ARE(&c, "ddd...cc\nDDCCO...\n");
    canvas_fini(&c);
}

static void no_room_is_no_error(void **state)
{
    struct canvas c;

    (void)state;
    canvas_init(&c, 0, 0);
    canvas_put(&c, 0, 0, 5, STYLE_PLAIN, "x");
    canvas_fill(&c, (struct rect){ 0, 0, 5, 5 }, "x", STYLE_PLAIN);
    SCREEN_IS(&c, "");
    canvas_resize(&c, 1, 1);
    assert_int_equal(canvas_put(&c, 0, 0, 0, STYLE_PLAIN, "x"), 0);
    SCREEN_IS(&c, " \n");
    canvas_fini(&c);
    canvas_fini(&c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(text_is_clipped_on_every_side),
        cmocka_unit_test(what_does_not_fit_ends_in_an_ellipsis),
        cmocka_unit_test(half_a_wide_character_becomes_a_blank),
        cmocka_unit_test(controls_never_reach_a_cell),
        cmocka_unit_test(combining_marks_share_a_cell_two_at_most),
        cmocka_unit_test(ascii_keeps_every_column),
        cmocka_unit_test(fill_right_and_ground),
        cmocka_unit_test(no_room_is_no_error),
    };

    setlocale(LC_ALL, "C.UTF-8");
    return cmocka_run_group_tests(tests, NULL, NULL);
}

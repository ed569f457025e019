/* tests/tui/test_before.c: what changed before something: the key, the list, the way into the past.
 */
#include "tests/tui/stage.h"

#include "tests/cmocka.h"

#include <stdio.h>

static void before_an_alert(void **state)
{
    struct stage s;
    struct intent in;

    (void)state;
    stage_open(&s, "timeline", 120, 36, false);
    stage_keys(&s, "3 c");
    assert_true(stage_shows(&s, "What changed before"));
    assert_true(stage_shows(&s, "30m before"));
    stage_keys(&s, "Enter");
    in = stage_intent(&s);
    assert_int_equal(in.kind, INTENT_PAST);
    assert_int_equal(in.at_ms % 1000, 999);
    assert_true(in.at_ms < s.now_ms);
    stage_draw(&s);
    assert_false(
        stage_shows(&s, "What changed before")); /* the board itself is what is looked at */
    stage_close(&s);
}

static void before_now_where_all_is_well(void **state)
{
    struct stage s;

    (void)state;
    stage_open(&s, "healthy", 120, 36, false);
    stage_keys(&s, "c");
    assert_true(stage_shows(&s, "30m before 02:13:47Z"));
    stage_keys(&s, "Esc");
    assert_false(stage_shows(&s, "30m before"));
    stage_close(&s);
}

static void nothing_known_is_said(void **state)
{
    struct stage s;

    (void)state;
    stage_open(&s, "connecting", 80, 24, false);
    stage_keys(&s, "c Enter");
    stage_no_intent(&s);
    assert_true(stage_shows(&s, "nothing that is known"));
    stage_close(&s);
}

/* Only what lies in that half hour, and a minute after it. */
static void the_window_is_kept(void **state)
{
    struct stage s;
    struct mark early = { .kind = MARK_CONFIG, .service = -1 }, late = early, in = early;

    (void)state;
    stage_open(&s, "healthy", 120, 36, false);
    early.at_ms = s.now_ms - 31 * 60000;
    in.at_ms = s.now_ms - 29 * 60000;
    late.at_ms = s.now_ms + 61000;
    text_sets(&early.label, "too early");
    text_sets(&in.label, "just within");
    text_sets(&late.label, "too late");
    board_mark(s.board, early);
    board_mark(s.board, in);
    board_mark(s.board, late);
    stage_changed(&s);
    stage_keys(&s, "c");
    assert_true(stage_shows(&s, "just within"));
    assert_true(stage_shows(&s, "29m before"));
    assert_false(stage_shows(&s, "too early"));
    assert_false(stage_shows(&s, "too late"));
    stage_close(&s);
}

static void it_fits_every_size(void **state)
{
    static const int sizes[][2] = { { 120, 36 }, { 80, 24 }, { 40, 12 }, { 200, 60 }, { 30, 5 } };

    (void)state;
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        struct stage s;
        char name[64];

        stage_open(&s, "timeline", sizes[i][0], sizes[i][1], i == 3);
        stage_keys(&s, "3 c j j G g PgDn");
        stage_cells_are_sound(&s.canvas);
        snprintf(name, sizeof name, "before-%dx%d", sizes[i][0], sizes[i][1]);
        if (i < 3)
            stage_is(&s, name);
        stage_close(&s);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(before_an_alert),       cmocka_unit_test(before_now_where_all_is_well),
        cmocka_unit_test(nothing_known_is_said), cmocka_unit_test(the_window_is_kept),
        cmocka_unit_test(it_fits_every_size),
    };

    stage_world();
    return cmocka_run_group_tests(tests, NULL, NULL);
}

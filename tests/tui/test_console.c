/* tests/tui/test_console.c: what keys do on any screen: leave, step back, select, copy; and when it
 * is drawn. */
#include "tests/tui/stage.h"

#include "tests/cmocka.h"

#include <string.h>

static void q_quits_at_top_level_only(void **state)
{
    struct stage s;

    (void)state;
    stage_open(&s, "broken", 80, 24, false);
    stage_keys(&s, "Enter q");
    assert_false(console_quitting(s.console));
    stage_no_intent(&s);
    stage_keys(&s, "? q");
    assert_false(console_quitting(s.console));
    stage_keys(&s, "q");
    assert_true(console_quitting(s.console));
    assert_int_equal(stage_intent(&s).kind, INTENT_QUIT);
    stage_close(&s);
}

static void esc_goes_one_step_back_and_never_out(void **state)
{
    struct stage s;

    (void)state;
    stage_open(&s, "broken", 80, 24, false);
    stage_keys(&s, "2 / |state=down| Enter e Enter ?");
    assert_true(stage_shows(&s, "┌─ Help"));
    stage_keys(&s, "Esc");
    assert_true(stage_shows(&s, "┌─ Service postgres"));
    stage_keys(&s, "Esc");
    assert_true(stage_shows(&s, "/state=down"));
    stage_keys(&s, "Esc");
    assert_false(stage_shows(&s, "/state=down"));
    assert_true(stage_shows(&s, "problems only"));
    stage_keys(&s, "Esc");
    assert_false(stage_shows(&s, "problems only"));
    assert_false(stage_shows(&s, "┌─ Signals"));
    stage_keys(&s, "Esc");
    assert_true(stage_shows(&s, "┌─ Signals")); /* the overview */
    stage_keys(&s, "Esc Esc Esc Ctrl-C");
    assert_false(console_quitting(s.console));
    assert_int_equal(stage_intent(&s).kind, INTENT_CANCEL);
    stage_close(&s);
}

static void selection_survives_a_new_board(void **state)
{
    struct stage s;
    struct board *again;

    (void)state;
    stage_open(&s, "broken", 80, 24, false);
    stage_keys(&s, "j j");
    again = stage_board("healthy");
    console_board(s.console, again, s.now_ms);
    stage_keys(&s, "Enter");
    assert_true(stage_shows(&s, "┌─ Service scraper"));
    board_free(s.board);
    s.board = again;
    stage_close(&s);
}

static void copy_says_what_is_selected(void **state)
{
    struct stage s;
    struct intent i;

    (void)state;
    stage_open(&s, "broken", 80, 24, false);
    stage_keys(&s, "y");
    i = stage_intent(&s);
    assert_int_equal(i.kind, INTENT_COPY);
    assert_string_equal(text_str(i.copy),
                        "2026-01-29T02:13:47Z ratemyunit postgres down for 4m12s: "
                        "too many clients: remaining connection slots are "
                        "reserved");
    stage_keys(&s, "j Enter y");
    assert_non_null(strstr(text_str(stage_intent(&s).copy), "(http://127.0.0.1:18080/health)"));
    stage_close(&s);
}

/* Nothing is asked of it, so its detail has no probe: the service itself is what there is. */
static void copy_in_a_detail_without_probes_is_not_empty(void **state)
{
    struct stage s;
    struct board *b;

    (void)state;
    stage_open(&s, "broken", 80, 24, false);
    b = board_new(1);
    text_sets(&b->services[0].id, "plan");
    console_board(s.console, b, s.now_ms);
    stage_keys(&s, "Enter y");
    assert_non_null(strstr(text_str(stage_intent(&s).copy), " plan unknown "));
    board_free(s.board);
    s.board = b;
    stage_close(&s);
}

static void services_go_by_their_titles(void **state)
{
    struct stage s;

    (void)state;
    stage_open(&s, "broken", 120, 36, false);
    text_sets(&s.board->services[0].title, "PostgreSQL");
    text_sets(&s.board->services[2].title, "Shop API");
    stage_draw(&s);
    assert_true(stage_shows(&s, "✗ PostgreSQL "));
    assert_true(
        stage_shows(&s, "✗ PostgreSQL.clients  critical")); /* the same name for its problem */
    assert_true(stage_shows(&s, "↳ Shop API.errors"));
    assert_true(stage_shows(&s, "┌─ Errors Shop API.errors"));
    assert_true(stage_shows(&s, "▴ Shop API version"));
    assert_false(stage_shows(&s, "postgres.clients"));
    stage_keys(&s, "2 j");
    assert_true(stage_shows(&s, " PostgreSQL, ")); /* what it needs */
    stage_keys(&s, "Enter");
    assert_true(stage_shows(&s, "┌─ Service Shop API"));
    assert_true(stage_shows(&s, "affected by PostgreSQL: "));
    assert_true(stage_shows(&s, "id api · needs PostgreSQL, redis · needed by "));
    stage_close(&s);
}

static void screen_is_drawn_only_when_something_may_have_changed(void **state)
{
    struct stage s;

    (void)state;
    stage_open(&s, "broken", 80, 24, false);
    assert_false(console_wants_draw(s.console, s.now_ms));
    assert_false(console_wants_draw(s.console, s.now_ms + 150));
    assert_true(console_wants_draw(s.console, s.now_ms + 1000)); /* the clock */
    console_press(s.console, (struct press){ .code = PRESS_DOWN }, s.now_ms);
    assert_true(console_wants_draw(s.console, s.now_ms));
    stage_draw(&s);
    console_board(s.console, s.board, s.now_ms);
    assert_true(console_wants_draw(s.console, s.now_ms));
    stage_close(&s);
}

static void said_words_leave_after_a_while(void **state)
{
    struct stage s;
    struct text t = { 0 };

    (void)state;
    stage_open(&s, "broken", 80, 24, false);
    text_sets(&t, "midwatch.yaml:14:3: the old configuration stays");
    console_say(s.console, true, &t, s.now_ms);
    text_fini(&t);
    stage_draw(&s);
    assert_true(stage_shows(&s, "! midwatch.yaml:14:3: the old configuration stays"));
    s.now_ms += 9000;
    stage_draw(&s);
    assert_false(stage_shows(&s, "the old configuration stays"));
    stage_close(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(q_quits_at_top_level_only),
        cmocka_unit_test(esc_goes_one_step_back_and_never_out),
        cmocka_unit_test(selection_survives_a_new_board),
        cmocka_unit_test(copy_says_what_is_selected),
        cmocka_unit_test(copy_in_a_detail_without_probes_is_not_empty),
        cmocka_unit_test(services_go_by_their_titles),
        cmocka_unit_test(screen_is_drawn_only_when_something_may_have_changed),
        cmocka_unit_test(said_words_leave_after_a_while),
    };

    stage_world();
    return cmocka_run_group_tests(tests, NULL, NULL);
}

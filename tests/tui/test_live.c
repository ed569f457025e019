/* tests/tui/test_live.c: the screen is never the past alone: frozen, without news, too small for
 * more than the verdict. */
#include "tests/tui/stage.h"

#include "tests/cmocka.h"

static void frozen_screen_stands_still_and_tells_the_live_state(void **state)
{
    struct stage s;
    struct board *healthy = stage_board("healthy");

    (void)state;
    stage_open(&s, "broken", 120, 36, false);
    stage_keys(&s, "z");
    console_board(s.console, healthy, s.now_ms + 60000);
    s.now_ms += 60000;
    stage_draw(&s);
    assert_true(stage_shows(&s, "FROZEN 1m ago"));
    assert_true(stage_shows(&s, "✗ postgres"));
    assert_true(stage_shows(&s, "now up"));
    stage_keys(&s, "j Enter"); /* one can still look around */
    assert_true(stage_shows(&s, "503: database: too many clients"));
    stage_keys(&s, "Esc z");
    assert_false(stage_shows(&s, "FROZEN"));
    assert_true(stage_shows(&s, "● postgres"));
    board_free(s.board);
    s.board = healthy;
    stage_close(&s);
}

static void frozen_is_said_beside_any_filter(void **state)
{
    static const struct {
        int w, h;
        const char *screen;
    } cases[] = { { 80, 24, "" }, { 60, 18, "" },  { 76, 20, "Enter" },
                  { 40, 12, "" }, { 59, 40, "2" }, { 120, 12, "4" } };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct stage s;
        struct board *healthy = stage_board("healthy");

        stage_open(&s, "broken", cases[i].w, cases[i].h, false);
        stage_keys(&s, "e / |!redis !payments !browserpool !email kind=http| Enter");
        stage_keys(&s, cases[i].screen);
        stage_keys(&s, "z");
        console_board(s.console, healthy, s.now_ms);
        stage_draw(&s);
        assert_true(stage_shows(&s, " FROZEN "));
        assert_true(stage_shows(&s, " now up "));
        assert_true(stage_shows(&s, " frozen"));
        assert_true(cases[i].w < 80 || stage_shows(&s, "problems only"));
        assert_false(stage_shows(&s, "· live"));
        console_board(s.console, s.board, s.now_ms);
        board_free(healthy);
        stage_close(&s);
    }
}

/* Whatever state it froze in: what a tiny terminal shows is never the past alone. */
static void tiny_verdict_is_never_a_frozen_one(void **state)
{
    static const int sizes[][2] = { { 39, 24 }, { 80, 11 }, { 20, 2 }, { 12, 1 }, { 200, 1 } };

    (void)state;
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        struct stage s;
        struct board *broken = stage_board("broken");

        stage_open(&s, "healthy", sizes[i][0], sizes[i][1], false);
        stage_keys(&s, "z");
        s.now_ms += 180000;
        broken->collector_ms = s.now_ms;
        console_board(s.console, broken, s.now_ms);
        stage_draw(&s);
        assert_true(stage_shows(&s, " DOWN "));
        assert_false(stage_shows(&s, "HEALTHY"));
        if (sizes[i][1] > 1)
            assert_true(stage_shows(&s, " FROZEN "));
        console_board(s.console, s.board, s.now_ms);
        board_free(broken);
        stage_close(&s);
    }
}

static void tiny_verdict_says_when_there_is_no_news(void **state)
{
    struct stage s;

    (void)state;
    stage_open(&s, "healthy", 39, 1, false);
    assert_true(stage_shows(&s, "services up"));
    s.now_ms += 42000;
    stage_draw(&s);
    assert_true(stage_shows(&s, "no news for 42s  "));
    stage_keys(&s, "z"); /* a frozen board is silent for longer still */
    assert_true(stage_shows(&s, "no news for 42s  "));
    for (int w = 1; w < 39; w++) { /* and with no room for both, this is what is true */
        console_resize(s.console, w, 1);
        stage_draw(&s);
        assert_true(w < 8 || stage_shows(&s, "no news"));
    }
    stage_close(&s);
}

/* A phone has no room for both: what is wrong with the clock goes before the clock. */
static void phone_says_when_there_is_no_news(void **state)
{
    struct stage s;

    (void)state;
    stage_open(&s, "healthy", 40, 12, false);
    assert_true(stage_shows(&s, "Z"));
    s.now_ms += 42000;
    stage_draw(&s);
    assert_true(stage_shows(&s, "no news for 42s"));
    stage_keys(&s, "z");
    assert_true(stage_shows(&s, " frozen"));
    console_resize(s.console, 60, 18);
    text_sets(&s.board->watch, "a watch with quite a long name");
    stage_keys(&s, "z");
    assert_true(stage_shows(&s, "no news for 42s"));
    stage_close(&s);
}

static void silent_collector_is_not_live(void **state)
{
    struct stage s;

    (void)state;
    stage_open(&s, "healthy", 120, 36, false);
    assert_true(stage_shows(&s, " live "));
    s.now_ms += 42000;
    stage_draw(&s);
    assert_false(stage_shows(&s, " live "));
    assert_true(stage_shows(&s, "no news for 42s"));
    stage_close(&s);
}

static void notice_and_blindness_are_said_once(void **state)
{
    struct stage s;

    (void)state;
    stage_open(&s, "unknown", 80, 24, false);
    text_sets(&s.board->notice, "midwatch.yaml:14:3: unknown key; the old configuration stays");
    s.board->notice_bad = true;
    s.board->verdict.blind = true;
    s.board->verdict.state = STATE_UNKNOWN;
    s.board->unreachable_since_ms = s.now_ms - 90000;
    stage_draw(&s);
    assert_true(stage_shows(&s, " UNKNOWN   this console cannot reach the network for 1m30s"));
    assert_true(stage_shows(&s, "! midwatch.yaml:14:3: unknown key; the old configuration stays"));
    stage_close(&s);
}

/* What is typed there acts, so it is seen, and what came of it. */
static void tiny_terminal_shows_the_prompt_and_the_answer(void **state)
{
    static const int sizes[][2] = { { 39, 24 }, { 80, 11 }, { 30, 2 }, { 30, 1 } };

    (void)state;
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        struct stage s;

        stage_open(&s, "broken", sizes[i][0], sizes[i][1], false);
        assert_true(stage_shows(&s, " DOWN "));
        stage_keys(&s, ": |nonsen|");
        assert_true(stage_shows(&s, ":nonsen"));
        assert_int_equal(stage_shows(&s, " DOWN "), sizes[i][1] > 1);
        stage_keys(&s, "Enter");
        assert_true(stage_shows(&s, "! "));
        assert_true(stage_shows(&s, "nonsen"));
        s.now_ms += 60000;
        stage_draw(&s);
        assert_false(stage_shows(&s, "nonsen"));
        stage_keys(&s, "/ |pay|");
        assert_true(stage_shows(&s, "/pay"));
        stage_close(&s);
    }
}

static void verdict_is_there_at_any_size(void **state)
{
    (void)state;
    for (int w = 5; w < 130; w += 7)
        for (int h = 1; h < 40; h += 5) {
            struct stage s;

            stage_open(&s, "broken", w, h, false);
            assert_true(stage_shows(&s, w < 6 ? "DO" : "DOWN"));
            stage_close(&s);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(frozen_screen_stands_still_and_tells_the_live_state),
        cmocka_unit_test(frozen_is_said_beside_any_filter),
        cmocka_unit_test(tiny_verdict_is_never_a_frozen_one),
        cmocka_unit_test(tiny_verdict_says_when_there_is_no_news),
        cmocka_unit_test(phone_says_when_there_is_no_news),
        cmocka_unit_test(silent_collector_is_not_live),
        cmocka_unit_test(notice_and_blindness_are_said_once),
        cmocka_unit_test(tiny_terminal_shows_the_prompt_and_the_answer),
        cmocka_unit_test(verdict_is_there_at_any_size),
    };

    stage_world();
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* tests/tui/test_past.c: going back in time: what is asked of app/, what the screen says and
 * refuses meanwhile, and the way back to now. */
#include "core/board_copy.h"
#include "core/film.h"
#include "core/series.h"
#include "tests/tui/stage.h"
#include "tui/when.h"

#include "tests/cmocka.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static struct intent past_intent(struct stage *s, const char *keys)
{
    struct intent in;

    stage_keys(s, keys);
    in = stage_intent(s);
    assert_int_equal(in.kind, INTENT_PAST);
    return in;
}

/* As app/ answers: the stage's board at another time, without series, one service worse. */
static void answer(struct stage *s, int64_t at_ms, int64_t wanted_ms)
{
    struct buf reel = { 0 };
    struct film *f = film_new();
    struct board *b;
    struct err err;

    film_shoot(f, s->board, &reel);
    b = film_play(reel.bytes, reel.len, INT64_MAX, &err);
    assert_non_null(b);
    b->at_ms = at_ms;
    b->services[0].state = STATE_DOWN;
    text_sets(&b->services[0].reason, "it was down then");
    console_past(s->console, b, wanted_ms, NULL);
    stage_draw(s);
    film_free(f);
    buf_fini(&reel);
}

static void a_step_is_a_column(void **state)
{
    struct stage s;
    struct intent in;
    int64_t first_ms;

    (void)state;
    stage_open(&s, "healthy", 120, 36, false); /* up for days: charts of an hour */
    in = past_intent(&s, ",");
    assert_int_equal(in.at_ms, s.now_ms - 60000);
    assert_int_equal(in.span_ms, 3600000);
    stage_draw(&s);
    assert_false(stage_shows(&s, "PAST")); /* nothing is shown before it is there */
    first_ms = in.at_ms;
    in = past_intent(&s, ","); /* a held key does not wait */
    assert_int_equal(in.at_ms, first_ms - 60000);
    answer(&s, first_ms, first_ms); /* what is wanted no more is not shown */
    assert_false(stage_shows(&s, "PAST"));
    answer(&s, in.at_ms, in.at_ms);
    assert_true(stage_shows(&s, "PAST 02:11:47Z, 2m"));
    assert_true(stage_shows(&s, "it was down then"));
    in = past_intent(&s, ".");
    assert_int_equal(in.at_ms, first_ms);
    answer(&s, in.at_ms, in.at_ms);
    stage_keys(&s, ".");
    assert_int_equal(stage_intent(&s).kind, INTENT_LIVE);
    stage_draw(&s);
    assert_false(stage_shows(&s, "PAST"));
    assert_false(stage_shows(&s, "it was down then"));
    stage_keys(&s, "."); /* there is nothing later */
    stage_no_intent(&s);
    stage_close(&s);
}

static void marks_and_records_are_stops(void **state)
{
    struct stage s;
    struct intent in;
    int64_t last_ms;

    (void)state;
    stage_open(&s, "timeline", 120, 36, false);
    last_ms = s.board->events[s.board->n_events - 1].at_ms;
    if (s.board->n_marks && s.board->marks[s.board->n_marks - 1].at_ms > last_ms)
        last_ms = s.board->marks[s.board->n_marks - 1].at_ms;
    in = past_intent(&s, "{");
    assert_int_equal(in.at_ms, last_ms + 1000);
    answer(&s, in.at_ms, in.at_ms);
    in = past_intent(&s, "{");
    assert_true(in.at_ms < last_ms + 1000);
    answer(&s, in.at_ms, in.at_ms);
    in = past_intent(&s, "}");
    assert_int_equal(in.at_ms, last_ms + 1000);
    answer(&s, in.at_ms, in.at_ms);
    stage_keys(&s, "}"); /* nothing happened since: now */
    assert_int_equal(stage_intent(&s).kind, INTENT_LIVE);
    stage_close(&s);
}

static void a_time_is_typed(void **state)
{
    struct stage s;
    struct intent in;

    (void)state;
    stage_open(&s, "broken", 120, 36, false);
    in = past_intent(&s, "b |15m| Enter");
    assert_int_equal(in.at_ms, s.now_ms - 900000 + 999);
    in = past_intent(&s, "|:past 02:09| Enter");
    assert_int_equal(in.at_ms % 86400000, (2 * 60 + 9) * 60000 + 999);
    stage_keys(&s, "b |soon| Enter");
    stage_draw(&s);
    assert_true(stage_shows(&s, "'soon' is no time; write 15m"));
    stage_close(&s);
}

/* Every way home, and each leaves nothing behind. */
static void ways_back_to_now(void **state)
{
    static const char *const ways[] = { "End", "z", "Esc", "b |live| Enter" };

    (void)state;
    for (size_t i = 0; i < sizeof ways / sizeof *ways; i++) {
        struct stage s;
        struct intent in;

        stage_open(&s, "broken", 80, 24, false);
        in = past_intent(&s, ",");
        answer(&s, in.at_ms, in.at_ms);
        assert_true(stage_shows(&s, "PAST"));
        stage_keys(&s, ways[i]);
        assert_int_equal(stage_intent(&s).kind, INTENT_LIVE);
        stage_draw(&s);
        assert_false(stage_shows(&s, "PAST"));
        stage_close(&s);
    }
}

/* In a list End is its last row, but in the past it is the way back. */
static void end_has_two_meanings(void **state)
{
    struct stage s;
    struct intent in;

    (void)state;
    stage_open(&s, "timeline", 80, 24, false);
    stage_keys(&s, "9 End");
    stage_no_intent(&s);
    in = past_intent(&s, ",");
    answer(&s, in.at_ms, in.at_ms);
    stage_keys(&s, "End");
    assert_int_equal(stage_intent(&s).kind, INTENT_LIVE);
    stage_close(&s);
}

static void nothing_is_done_from_the_past(void **state)
{
    static const char *const deeds[] = { "3 a",
                                         "3 s",
                                         "|:silence alert=db-conn 1h because| Enter",
                                         "|:ack db-conn| Enter",
                                         "Ctrl-R",
                                         "|:ask| Enter",
                                         "|:unack db-conn| Enter" };

    (void)state;
    for (size_t i = 0; i < sizeof deeds / sizeof *deeds; i++) {
        struct stage s;
        struct intent in;

        stage_open(&s, "alerts", 120, 36, false);
        in = past_intent(&s, ",");
        answer(&s, in.at_ms, in.at_ms);
        stage_keys(&s, deeds[i]);
        stage_no_intent(&s);
        stage_draw(&s);
        if (!strstr(deeds[i], "db-conn")) /* which this board does not know */
            assert_true(stage_shows(&s, "this is the past: End comes back to now"));
        stage_close(&s);
    }
}

static void what_is_not_there_is_said(void **state)
{
    struct stage s;
    struct intent in;

    (void)state;
    stage_open(&s, "broken", 120, 36, false);
    past_intent(&s, ",");
    console_past(s.console, NULL, 0, "nothing is kept of that time");
    stage_draw(&s);
    assert_true(stage_shows(&s, "nothing is kept of that time"));
    assert_false(stage_shows(&s, "PAST"));
    in = past_intent(&s, ","); /* from now again, not from where nothing was */
    assert_int_equal(in.at_ms, s.now_ms - in.span_ms / 60);
    answer(&s, in.at_ms - 7200000, in.at_ms); /* nobody watched in those two hours */
    assert_true(stage_shows(&s, "nothing was recorded at"));
    stage_close(&s);
}

/* Charts of the past end at its instant: not one value of later. */
static void charts_end_at_that_instant(void **state)
{
    struct stage s;
    struct intent in;
    struct canvas before;
    char *was, *is;

    (void)state;
    stage_open(&s, "broken", 120, 36, false);
    in = past_intent(&s, "b |30m| Enter");
    answer(&s, in.at_ms, in.at_ms);
    before = s.canvas;
    was = canvas_dump(&before);
    for (size_t i = 0; i < s.board->n_services; i++) /* the live ones go on */
        for (size_t k = 0; k < s.board->services[i].n_readings; k++)
            for (size_t j = 0; j < s.board->services[i].readings[k].n_signals; j++)
                series_push(s.board->services[i].readings[k].signals[j].series, s.now_ms + 1000,
                            1e6);
    stage_changed(&s);
    stage_draw(&s);
    is = canvas_dump(&s.canvas);
    assert_string_equal(was, is);
    free(was);
    free(is);
    stage_close(&s);
}

/* The live board goes on under it, and another configuration comes. */
static void the_past_stands_while_the_live_board_changes(void **state)
{
    struct stage s;
    struct intent in;

    (void)state;
    stage_open(&s, "broken", 120, 36, false);
    in = past_intent(&s, ",");
    answer(&s, in.at_ms, in.at_ms);
    stage_reload(&s, stage_board("healthy"));
    stage_draw(&s);
    assert_true(stage_shows(&s, "PAST"));
    assert_true(stage_shows(&s, "it was down then"));
    assert_true(stage_shows(&s, "now up"));
    stage_keys(&s, "End");
    stage_draw(&s);
    assert_false(stage_shows(&s, "it was down then"));
    stage_close(&s);
}

static void it_is_said_at_every_size(void **state)
{
    static const int sizes[][2] = { { 120, 36 }, { 80, 24 }, { 40, 12 }, { 30, 5 }, { 20, 3 } };

    (void)state;
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
        for (int ascii = 0; ascii < 2; ascii++) {
            struct stage s;
            struct intent in;

            stage_open(&s, "broken", sizes[i][0], sizes[i][1], ascii);
            in = past_intent(&s, "b |45m| Enter");
            answer(&s, in.at_ms, in.at_ms);
            assert_true(stage_shows(&s, "PAST"));
            stage_cells_are_sound(&s.canvas);
            if (i < 3 && !ascii) {
                char name[64];

                snprintf(name, sizeof name, "overview-past-%dx%d", sizes[i][0], sizes[i][1]);
                stage_is(&s, name);
            }
            stage_close(&s);
        }
}

/* ---- what people type ---- */

static void times_are_read(void **state)
{
    static const struct {
        const char *typed;
        int64_t ms;
    } cases[] = {
        { "15m", 1769652827000 - 900000 },
        { "-15m", 1769652827000 - 900000 },
        { "1h30m", 1769652827000 - 5400000 },
        { "0s", 1769652827000 },
        { "02:13", 1769652780000 },
        { "02:13:46", 1769652826000 },
        { "02:13:48", 1769652828000 - 86400000 }, /* it was that late yesterday */
        { "23:59 ", 1769652827000 / 86400000 * 86400000 - 60000 },
        { "2026-01-29 02:09", 1769652540000 },
        { "2026-01-29T02:09Z", 1769652540000 },
        { "2026-01-28 23:59:59", 1769644799000 },
        { "2026-01-29T02:09:00+01:00", 1769648940000 },
    };
    static const char *const bad[] = { "",        "soon",     "2:9",   "25:00",
                                       "02:60",   "02:09:60", "02:0",  "02:09x",
                                       "15",      "-",        "--15m", "1769652827",
                                       "02:09 x", "2026-01",  "local", "tomorrow" };
    int64_t ms;
    struct err err;

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        if (!when_parse(cases[i].typed, 1769652827000, &ms, &err))
            fail_msg("%s: %s", cases[i].typed, err.msg);
        assert_int_equal(ms, cases[i].ms);
    }
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        if (when_parse(bad[i], 1769652827000, &ms, &err))
            fail_msg("%s was taken for %lld", bad[i], (long long)ms);
    assert_false(when_parse("2026-01-30 02:09", 1769652827000, &ms, &err));
    assert_string_equal(err.msg, "'2026-01-30 02:09' has not been yet");
}

static void a_clock_on_the_wall_is_read(void **state)
{
    int64_t ms;
    struct err err;

    (void)state;
    setenv("TZ", "AEDT-11", 1);
    tzset();
    assert_true(when_parse("13:09 local", 1769652827000, &ms, &err));
    assert_int_equal(ms, 1769652540000);
    assert_true(when_parse("13:14 local", 1769652827000, &ms, &err));
    assert_int_equal(ms, 1769652840000 - 86400000);
    setenv("TZ", "UTC", 1);
    tzset();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_step_is_a_column),
        cmocka_unit_test(marks_and_records_are_stops),
        cmocka_unit_test(a_time_is_typed),
        cmocka_unit_test(ways_back_to_now),
        cmocka_unit_test(end_has_two_meanings),
        cmocka_unit_test(nothing_is_done_from_the_past),
        cmocka_unit_test(what_is_not_there_is_said),
        cmocka_unit_test(charts_end_at_that_instant),
        cmocka_unit_test(the_past_stands_while_the_live_board_changes),
        cmocka_unit_test(it_is_said_at_every_size),
        cmocka_unit_test(times_are_read),
        cmocka_unit_test(a_clock_on_the_wall_is_read),
    };

    stage_world();
    return cmocka_run_group_tests(tests, NULL, NULL);
}

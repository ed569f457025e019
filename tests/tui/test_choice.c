/* tests/tui/test_choice.c: what the person chose stays what it was: over a reload, while problems
 * come and go, in a detail; and a key is never about another service than the one in sight. */
#include "tests/tui/stage.h"

#include "tests/cmocka.h"

#include <stdio.h>
#include <string.h>

/* Another board takes the place of the first, as after a reload. */
static void reload(struct stage *s, struct board *b)
{
    console_board(s->console, b, s->now_ms);
    board_free(s->board);
    s->board = b;
}

static void swap_services(struct board *b, size_t i, size_t j)
{
    struct service spare = b->services[i];

    b->services[i] = b->services[j];
    b->services[j] = spare;
}

static void swap_readings(struct service *s, size_t i, size_t j)
{
    struct reading spare = s->readings[i];

    s->readings[i] = s->readings[j];
    s->readings[j] = spare;
}

/* -- what is told as a problem -- */

/* An RPO that is missed in a window whose limit only warns: down in the services, down here. */
static void what_is_down_is_no_warning(void **state)
{
    struct stage s;
    struct reading *r;

    (void)state;
    stage_open(&s, "backups", 120, 36, false);
    r = &s.board->services[0].readings[0];
    assert_int_equal(r->state, STATE_DOWN);
    r->signals[0].warn = 86400;
    r->signals[0].level = LEVEL_WARN;
    stage_draw(&s);
    assert_true(stage_shows(&s, "│ ✗ Nightly dumps.local   down "));
    assert_false(stage_shows(&s, "Nightly dumps.local   warning"));
    r->signals[0].level = LEVEL_CRIT; /* then the figure against its limit says it best */
    stage_draw(&s);
    assert_true(stage_shows(&s, "│ ✗ Nightly dumps.local   critical "));
    stage_close(&s);
}

/* How often it failed stands where the state does: the words that are cut begin with what is wrong.
 */
static void why_it_fails_comes_before_how_often(void **state)
{
    static const struct {
        int w, h;
        const char *row;
    } sizes[] = { { 120, 36, "failing 2/3  503: Service" }, { 80, 24, " 503: Service" } };

    (void)state;
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        struct stage s;
        struct reading *r;

        stage_open(&s, "healthy", sizes[i].w, sizes[i].h, false);
        r = &s.board->services[0].readings[0];
        r->state = STATE_DEGRADED;
        r->failing = 2;
        r->fail_after = 3;
        text_sets(&r->reason, "failing 2/3: 503: Service Unavailable");
        stage_draw(&s);
        assert_true(stage_shows(&s, sizes[i].row));
        assert_false(stage_shows(&s, "failing 2/3: 5"));
        r->failing = 1; /* not the words of this one: told as they are */
        stage_draw(&s);
        assert_true(stage_shows(&s, "failing 2/3: 5"));
        stage_close(&s);
    }
}

/* -- over a reload -- */

static void queue_stays_selected_by_name(void **state)
{
    struct stage s;
    struct board *b = stage_board("queues");

    (void)state;
    stage_open(&s, "queues", 80, 24, false);
    stage_keys(&s, "4 j j j"); /* Mail.digest, after those that are not as well */
    swap_services(b, 0, 1);
    swap_readings(&b->services[0], 0, 2);
    reload(&s, b);
    stage_keys(&s, "Enter");
    assert_true(stage_shows(&s, "┌─ Service Mail"));
    assert_true(stage_shows(&s, "┌─ Probe digest"));
    stage_close(&s);
}

static void tiny_terminal_opens_no_queue_of_another_board(void **state)
{
    struct stage s;

    (void)state;
    stage_open(&s, "healthy", 80, 24, false);
    text_sets(&s.board->services[8].readings[0].kind, "queue");
    console_board(s.console, s.board, s.now_ms);
    stage_keys(&s, "4");
    assert_true(stage_shows(&s, "┌─ Queue "));
    console_resize(s.console, 80, 11);
    reload(&s, stage_board("queues")); /* of three services */
    stage_keys(&s, "Enter");
    console_resize(s.console, 80, 24);
    stage_draw(&s);
    assert_true(stage_shows(&s, "┌─ Queues ─"));
    assert_false(stage_shows(&s, "┌─ Service "));
    stage_close(&s);
}

static void probe_stays_selected_by_name(void **state)
{
    struct stage s;
    struct board *b = stage_board("broken");

    (void)state;
    stage_open(&s, "broken", 120, 36, false);
    stage_keys(&s, ": |goto postgres| Enter j j");
    assert_true(stage_shows(&s, "┌─ Probe locks"));
    swap_readings(&b->services[0], 0, 2);
    reload(&s, b);
    stage_draw(&s);
    assert_true(stage_shows(&s, "┌─ Probe locks"));
    b = stage_board("broken");
    text_sets(&b->services[0].readings[2].name, "other");
    reload(&s, b);
    stage_draw(&s);
    assert_true(stage_shows(&s, "┌─ Probe clients")); /* gone: the one that decided */
    stage_close(&s);
}

static void detail_is_left_when_its_service_is_gone(void **state)
{
    static const char *const keys[] = { "", "?" }; /* also from under the help */
    struct stage s;

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct board *b = stage_board("broken");

        stage_open(&s, "broken", 120, 36, false);
        stage_keys(&s, ": |goto api| Enter");
        stage_keys(&s, keys[i]);
        text_sets(&b->services[2].id, "gateway");
        reload(&s, b);
        stage_draw(&s);
        assert_true(stage_shows(&s, "! api is watched no more"));
        assert_int_equal(stage_shows(&s, "┌─ Help"), i == 1);
        stage_keys(&s, i == 1 ? "Esc" : "");
        assert_true(stage_shows(&s, "┌─ Services ─"));
        assert_false(stage_shows(&s, "┌─ Service "));
        stage_close(&s);
    }
}

static void frozen_detail_stays_until_one_looks_at_what_is(void **state)
{
    struct stage s;
    struct board *b = stage_board("broken");
    struct intent i;

    (void)state;
    stage_open(&s, "broken", 120, 36, false);
    stage_keys(&s, ": |goto api| Enter z");
    text_sets(&b->services[2].id, "gateway");
    reload(&s, b);
    stage_keys(&s, "Ctrl-R");
    assert_true(stage_shows(&s, "┌─ Service api"));
    assert_true(stage_shows(&s, "! this service is watched no more; z shows what is"));
    assert_false(console_intent(s.console, &i)); /* and above all not every probe */
    stage_keys(&s, "z");
    assert_true(stage_shows(&s, "! api is watched no more"));
    assert_false(stage_shows(&s, "┌─ Service "));
    stage_close(&s);
}

/* -- among problems -- */

static void problem_stays_selected_when_others_come_and_go(void **state)
{
    struct stage s;

    (void)state;
    stage_open(&s, "broken", 120, 36, false);
    stage_keys(&s, "Tab j j"); /* api.search, below postgres.clients and api.health */
    s.board->services[0].readings[0].state = STATE_UP;
    s.board->services[0].readings[0].signals[0].level = LEVEL_OK;
    console_board(s.console, s.board, s.now_ms);
    stage_keys(&s, "Enter");
    assert_true(stage_shows(&s, "┌─ Probe search"));
    s.board->services[0].readings[0].signals[0].level = LEVEL_CRIT;
    s.board->services[0].readings[1].signals[0].level = LEVEL_CRIT;
    console_board(s.console, s.board, s.now_ms);
    stage_keys(&s, "Esc Enter");
    assert_true(stage_shows(&s, "┌─ Probe search"));
    stage_close(&s);
}

static void panel_of_problems_is_entered_at_the_worst(void **state)
{
    struct stage s;

    (void)state;
    stage_open(&s, "broken", 120, 36, false);
    s.board->services[0].readings[0].state = STATE_UP;
    s.board->services[0].readings[0].signals[0].level = LEVEL_OK;
    console_board(s.console, s.board, s.now_ms);
    stage_draw(&s);
    s.board->services[0].readings[0].signals[0].level = LEVEL_CRIT;
    console_board(s.console, s.board, s.now_ms);
    stage_keys(&s, "Tab Enter");
    assert_true(stage_shows(&s, "┌─ Probe clients"));
    stage_close(&s);
}

static void empty_panel_of_problems_selects_nothing(void **state)
{
    struct stage s;
    struct intent i;

    (void)state;
    stage_open(&s, "healthy", 120, 36, false);
    stage_keys(&s, "Tab y Ctrl-R Enter");
    assert_false(console_intent(s.console, &i));
    assert_false(stage_shows(&s, "┌─ Service "));
    stage_close(&s);
}

/* -- in a detail -- */

/* Copying and asking are about that service and no other. */
static void keys_are_about(struct stage *s, const char *id)
{
    char words[64];
    struct intent i;

    snprintf(words, sizeof words, "┌─ Service %s ", id);
    assert_true(stage_shows(s, words));
    stage_keys(s, "y");
    assert_true(console_intent(s->console, &i));
    assert_int_equal(i.kind, INTENT_COPY);
    assert_non_null(strstr(text_str(i.copy), "/health)")); /* api's own target */
    stage_keys(s, "Ctrl-R");
    assert_true(console_intent(s->console, &i));
    assert_int_equal(i.kind, INTENT_ASK);
    assert_true(i.service >= 0);
    assert_string_equal(text_str(&s->board->services[i.service].id), id);
}

static void detail_keeps_its_service_when_its_row_goes(void **state)
{
    struct stage s;

    (void)state;
    stage_open(&s, "broken", 120, 36, false);
    stage_keys(&s, "e j Enter");
    s.board->services[2].state = STATE_UP;
    s.board->services[2].affected_by = -1;
    console_board(s.console, s.board, s.now_ms);
    keys_are_about(&s, "api");
    stage_keys(&s, "?"); /* help in front of it changes nothing */
    stage_keys(&s, "Esc");
    keys_are_about(&s, "api");
    stage_close(&s);
}

static void detail_keeps_its_service_behind_a_filter(void **state)
{
    struct stage s;

    (void)state;
    stage_open(&s, "broken", 120, 36, false);
    stage_keys(&s, "/ |postgres| Enter : |goto api| Enter");
    keys_are_about(&s, "api");
    stage_close(&s);
}

static void nothing_selected_asks_nothing(void **state)
{
    struct stage s;
    struct intent i;

    (void)state;
    stage_open(&s, "broken", 120, 36, false);
    stage_keys(&s, "/ |zzzz| Enter Ctrl-R");
    assert_true(stage_shows(&s, "! nothing is selected; :ask asks every probe"));
    assert_false(console_intent(s.console, &i));
    stage_keys(&s, ": |ask| Enter");
    assert_true(stage_shows(&s, "asking every probe now"));
    assert_true(console_intent(s.console, &i));
    assert_int_equal(i.kind, INTENT_ASK);
    assert_int_equal(i.service, -1);
    stage_close(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_down_is_no_warning),
        cmocka_unit_test(why_it_fails_comes_before_how_often),
        cmocka_unit_test(queue_stays_selected_by_name),
        cmocka_unit_test(tiny_terminal_opens_no_queue_of_another_board),
        cmocka_unit_test(probe_stays_selected_by_name),
        cmocka_unit_test(detail_is_left_when_its_service_is_gone),
        cmocka_unit_test(frozen_detail_stays_until_one_looks_at_what_is),
        cmocka_unit_test(problem_stays_selected_when_others_come_and_go),
        cmocka_unit_test(panel_of_problems_is_entered_at_the_worst),
        cmocka_unit_test(empty_panel_of_problems_selects_nothing),
        cmocka_unit_test(detail_keeps_its_service_when_its_row_goes),
        cmocka_unit_test(detail_keeps_its_service_behind_a_filter),
        cmocka_unit_test(nothing_selected_asks_nothing),
    };

    stage_world();
    return cmocka_run_group_tests(tests, NULL, NULL);
}

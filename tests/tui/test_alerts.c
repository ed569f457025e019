/* tests/tui/test_alerts.c: which alert comes first, that the selected one stays the same alert, and
 * that nobody takes another one than meant, one that is over, or one from a picture of the past. */
#include "tests/tui/stage.h"
#include "tui/alert_words.h"
#include "tui/cmdline.h"

#include "tests/cmocka.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/ascii.h"

static struct alert *alert(struct board *b, const char *id)
{
    int at = board_find_alert(b, id);

    assert_true(at >= 0);
    return &b->alerts[at];
}

static void swap_alerts(struct board *b, size_t i, size_t j)
{
    struct alert spare = b->alerts[i];

    b->alerts[i] = b->alerts[j];
    b->alerts[j] = spare;
}

/* The first row that has these words; fails the test when there is none. */
static int row_of(const struct stage *s, const char *words)
{
    char *dump = canvas_dump(&s->canvas);
    const char *at = strstr(dump, words);
    int row = 0;

    if (!at)
        fail_msg("'%s' is not on the screen\n%s", words, dump);
    for (const char *c = dump; c < at; c++)
        row += *c == '\n';
    free(dump);
    return row;
}

static void rows_stand_in_this_order(const struct stage *s, const char *const *words, size_t n)
{
    for (size_t i = 1; i < n; i++)
        if (row_of(s, words[i - 1]) >= row_of(s, words[i]))
            fail_msg("'%s' does not stand above '%s'", words[i - 1], words[i]);
}

/* -- order and words -- */

static void most_urgent_alerts_come_first(void **state)
{
    static const char *const order[] = {
        "✗ firing    SEV-1", "✗ firing    SEV-3", "+ acked     SEV-2", "! pending   SEV-2",
        "? no data   SEV-3", "↳ affected  SEV-1", "↳ affected  SEV-2", "✓ resolved  SEV-2",
        "· inactive  SEV-1", "· inactive  SEV-3",
    };
    static const char *const changed_order[] = { "Browser pool empty   ", "Redis memory   ",
                                                 "web-p95   ", "Connections used up   " };
    struct stage s;

    (void)state;
    stage_open(&s, "alerts", 120, 36, false);
    stage_keys(&s, "3 G");
    rows_stand_in_this_order(&s, order, sizeof order / sizeof *order);
    alert(s.board, "pool-empty")->state = ALERT_FIRING; /* of one severity: the older one */
    alert(s.board, "pool-empty")->since_ms = alert(s.board, "redis-memory")->since_ms - 1;
    alert(s.board, "db-connections")->state = ALERT_RESOLVED; /* the newest first */
    stage_changed(&s);
    rows_stand_in_this_order(&s, changed_order, 4);
    assert_true(row_of(&s, "Connections used up   ") < row_of(&s, "Scrape queue deep   "));
    stage_close(&s);
}

static void every_state_has_its_word_and_glyph(void **state)
{
    const struct alert kinds[] = {
        { .state = ALERT_FIRING, .affected_by = -1, .silenced = -1 },
        { .state = ALERT_FIRING, .affected_by = -1, .silenced = -1, .ack.at_ms = 1 },
        { .state = ALERT_PENDING, .affected_by = -1, .silenced = -1 },
        { .state = ALERT_NO_DATA, .affected_by = -1, .silenced = -1 },
        { .state = ALERT_FIRING, .affected_by = 0, .silenced = -1 },
        { .state = ALERT_FIRING, .affected_by = 0, .silenced = 0 },
        { .state = ALERT_RESOLVED, .affected_by = 0, .silenced = 0 },
        { .state = ALERT_INACTIVE, .affected_by = 0, .silenced = -1 },
    };

    (void)state;
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        struct look look = look_alert(&kinds[i]);

        assert_int_equal(look.style == STYLE_OK, kinds[i].state == ALERT_RESOLVED);
        for (size_t k = 0; k < i; k++) {
            struct look other = look_alert(&kinds[k]);
            uint32_t a, b;

            utf8_next(look.glyph, strlen(look.glyph), &a);
            utf8_next(other.glyph, strlen(other.glyph), &b);
            assert_string_not_equal(look.word, other.word);
            assert_int_not_equal(cp_ascii(a), cp_ascii(b));
        }
    }
}

static void pending_alert_says_when_it_fires(void **state)
{
    struct stage s;

    (void)state;
    stage_open(&s, "alerts", 120, 36, false);
    stage_keys(&s, "3 j j j");
    assert_true(stage_shows(&s, "712 ms"));
    assert_true(stage_shows(&s, " in 3m12s "));
    assert_true(stage_shows(&s, "pending since 02:11:59Z (1m48s) · fires in 3m12s"));
    s.now_ms += 200000; /* nobody judged it meanwhile */
    stage_draw(&s);
    assert_true(stage_shows(&s, " in 0s "));
    assert_true(stage_shows(&s, "fires now"));
    stage_close(&s);
}

static void page_tells_all_of_an_alert(void **state)
{
    static const struct {
        const char *id, *words;
    } cases[] = {
        { "db-connections", "nobody has it; a takes it" },
        { "redis-memory", "firing since 01:59:47Z (14m) · clear since 02:12:11Z (1m36s) · " },
        { "redis-memory", " resolves in 3m24s · flapping: fired 4 times in 15m" },
        { "payments-errors", "dana@bastion since 02:01:47Z (12m), until 03:13:47Z: provider has an "
                             "incident, 見ています" },
        { "pool-empty", "no data since 02:07:35Z (6m12s)" },
        { "pool-empty", "browserpool.pool: no answer within 5s" },
        { "api-5xx", "affected by postgres · firing since 02:11:42Z (2m5s)" },
        { "queue-depth", "fired 01:25:27Z, resolved 01:55:47Z" },
        { "web-p95", "never fired" },
    };
    struct stage s;

    (void)state;
    stage_open(&s, "alerts", 160, 40, false);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char keys[64];

        snprintf(keys, sizeof keys, ": |filter name=%s| Enter 3", cases[i].id);
        stage_keys(&s, keys);
        if (!stage_shows(&s, cases[i].words))
            fail_msg("the page of %s lacks '%s'", cases[i].id, cases[i].words);
    }
    stage_close(&s);
}

/* -- the selected one -- */

static void selected_alert_stays_by_id(void **state)
{
    struct stage s;
    struct board *b = stage_board("alerts");

    (void)state;
    stage_open(&s, "alerts", 120, 36, false);
    stage_keys(&s, "3 j");
    assert_true(stage_shows(&s, "Alert Redis memory"));
    alert(s.board, "redis-memory")->state = ALERT_RESOLVED; /* it moves down */
    stage_changed(&s);
    assert_true(stage_shows(&s, "Alert Redis memory"));
    swap_alerts(b, 0, 6);
    swap_alerts(b, 2, 8);
    stage_reload(&s, b);
    assert_true(stage_shows(&s, "Alert Redis memory"));
    b = stage_board("alerts");
    text_sets(&alert(b, "redis-memory")->id, "redis-full");
    stage_reload(&s, b); /* gone: the most urgent one */
    assert_true(stage_shows(&s, "Alert Connections used up"));
    stage_reload(&s, stage_board("healthy"));
    assert_true(stage_shows(&s, "none configured: the file has no 'alerts'"));
    stage_keys(&s, "j G k Enter a y");
    stage_reload(&s, stage_board("alerts"));
    assert_true(stage_shows(&s, "Alert Connections used up"));
    stage_close(&s);
}

static void most_urgent_is_selected_until_one_chooses(void **state)
{
    struct stage s;

    (void)state;
    stage_open(&s, "alerts", 120, 36, false);
    stage_keys(&s, "3");
    assert_true(stage_shows(&s, "Alert Connections used up"));
    alert(s.board, "db-connections")->ack.at_ms = s.now_ms;
    stage_changed(&s);
    assert_true(stage_shows(&s, "Alert Redis memory"));
    stage_close(&s);
}

static void problems_only_are_those_that_are_not_over(void **state)
{
    struct stage s;

    (void)state;
    stage_open(&s, "alerts", 120, 36, false);
    stage_keys(&s, "3 G e");
    assert_false(stage_shows(&s, "✓ resolved"));
    assert_false(stage_shows(&s, "· inactive"));
    assert_true(stage_shows(&s, "? no data"));
    assert_true(stage_shows(&s, "Alert No job done")); /* the last row that is left */
    stage_close(&s);
}

static void long_list_goes_on_with_arrows(void **state)
{
    struct stage s;

    (void)state;
    stage_open(&s, "healthy", 80, 24, false);
    board_add_alerts(s.board, 40);
    for (int i = 0; i < 40; i++)
        text_setf(&s.board->alerts[i].id, "alert-%02d", i);
    stage_changed(&s);
    stage_keys(&s, "3");
    assert_true(stage_shows(&s, "1-9 of 40"));
    assert_true(stage_shows(&s, "↓│"));
    stage_keys(&s, "PgDn j");
    assert_true(stage_shows(&s, "Alert alert-11"));
    assert_true(stage_shows(&s, "↑│"));
    stage_keys(&s, "End");
    assert_true(stage_shows(&s, "Alert alert-39"));
    assert_false(stage_shows(&s, "↓│"));
    stage_keys(&s, "PgUp Up g");
    assert_true(stage_shows(&s, "Alert alert-00"));
    stage_close(&s);
}

static void enter_opens_what_it_is_about(void **state)
{
    struct stage s;

    (void)state;
    stage_open(&s, "alerts", 120, 36, false);
    stage_keys(&s, "3 Enter");
    assert_true(stage_shows(&s, "┌─ Service postgres"));
    stage_keys(&s, "Esc");
    assert_true(stage_shows(&s, "┌─ Alerts "));
    stage_keys(&s, "/ |anything| Enter Enter");
    assert_true(stage_shows(&s, "this alert is about no service"));
    stage_close(&s);
}

static void copied_line_is_about_the_alert(void **state)
{
    struct stage s;
    struct intent i;

    (void)state;
    stage_open(&s, "alerts", 120, 36, false);
    stage_keys(&s, "3 j j y");
    i = stage_intent(&s);
    assert_int_equal(i.kind, INTENT_COPY);
    assert_string_equal(text_str(i.copy),
                        "2026-01-29T02:13:47Z ratemyunit SEV-2 payments-errors acked 52m: "
                        "3.4% (12 of 351) (payments.errors > 2% for 5m), ack: dana 12m");
    stage_close(&s);
}

/* -- taking one -- */

static void ack_is(struct stage *s, const char *id, const char *note)
{
    struct intent i = stage_intent(s);

    assert_int_equal(i.kind, INTENT_ACK);
    assert_string_equal(i.alert, id);
    assert_string_equal(i.arg, note);
    stage_no_intent(s);
}

static void enter_takes_the_alert_with_its_note(void **state)
{
    struct stage s;

    (void)state;
    stage_open(&s, "alerts", 80, 24, false);
    stage_keys(&s, "3 a");
    assert_true(stage_shows(&s, "ack db-connections, note (Enter takes it, Esc not): "));
    stage_no_intent(&s);
    stage_keys(&s, "|leak in 1.5.0, restarting| Enter");
    ack_is(&s, "db-connections", "leak in 1.5.0, restarting");
    stage_keys(&s, "j a Enter"); /* no note */
    ack_is(&s, "redis-memory", "");
    stage_keys(&s, "a |no| Esc");
    stage_no_intent(&s);
    stage_keys(&s, "a Backspace");
    stage_no_intent(&s);
    assert_true(stage_shows(&s, "j/k move"));
    stage_keys(&s, "j j a |3| Tab Enter"); /* what is pending, too */
    ack_is(&s, "web-p95", "3");
    stage_close(&s);
}

static void overview_takes_the_alert_of_the_selected_service(void **state)
{
    static const struct {
        const char *service, *words;
    } cases[] = {
        { "postgres", "ack db-connections, note" },
        { "redis", "ack redis-memory, note" },
        { "api", "! api-5xx is affected by postgres: that is what has to be taken" },
        { "payments", "! payments-errors: dana@bastion has it already" },
        { "web", "! no alert about web fires" },
        { "email", "! no alert about email fires" },
    };
    struct stage s;

    (void)state;
    stage_open(&s, "alerts", 120, 36, false);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char keys[64];

        snprintf(keys, sizeof keys, ": |goto %s| Enter 1 a", cases[i].service);
        stage_keys(&s, keys);
        if (!stage_shows(&s, cases[i].words))
            fail_msg("'%s' is not said of %s", cases[i].words, cases[i].service);
        stage_keys(&s, "Esc");
    }
    stage_no_intent(&s);
    stage_close(&s);
}

static void what_does_not_fire_cannot_be_taken(void **state)
{
    static const struct {
        const char *id, *words;
    } cases[] = {
        { "pool-empty", "! pool-empty is no data: what fires or is pending can be acknowledged" },
        { "queue-depth", "! queue-depth is resolved: " },
        { "certificate", "! certificate is inactive: " },
    };
    struct stage s;

    (void)state;
    stage_open(&s, "alerts", 120, 36, false);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char keys[96];

        snprintf(keys, sizeof keys, ": |filter name=%s| Enter 3 a", cases[i].id);
        stage_keys(&s, keys);
        assert_true(stage_shows(&s, cases[i].words));
        snprintf(keys, sizeof keys, "1 : |ack %s x| Enter", cases[i].id);
        stage_keys(&s, keys);
        assert_true(stage_shows(&s, cases[i].words));
    }
    stage_keys(&s, ": |filter zzz| Enter 3 a");
    assert_true(stage_shows(&s, "! nothing is selected"));
    stage_no_intent(&s);
    stage_close(&s);
}

static void alert_that_ended_while_typing_is_not_taken(void **state)
{
    struct stage s;
    struct board *b = stage_board("alerts");

    (void)state;
    stage_open(&s, "alerts", 80, 24, false);
    stage_keys(&s, "3 a |restart|");
    alert(s.board, "db-connections")->state = ALERT_RESOLVED;
    stage_changed(&s);
    stage_keys(&s, "Enter");
    assert_true(stage_shows(&s, "! db-connections is resolved: "));
    stage_keys(&s, "g a |restart|"); /* now the one of redis */
    text_sets(&alert(b, "redis-memory")->id, "other");
    stage_reload(&s, b);
    stage_keys(&s, "Enter");
    assert_true(stage_shows(&s, "! this alert is judged no more"));
    stage_no_intent(&s);
    stage_close(&s);
}

static void nothing_is_taken_from_a_frozen_screen(void **state)
{
    static const char *const keys[] = { "3 a", "1 a", ": |ack db-connections| Enter",
                                        ": |unack payments-errors| Enter" };
    struct stage s;

    (void)state;
    stage_open(&s, "alerts", 120, 36, false);
    stage_keys(&s, "z");
    for (size_t i = 0; i < 4; i++) {
        stage_keys(&s, keys[i]);
        assert_true(stage_shows(&s, "! the screen is frozen: z first, then acknowledge"));
    }
    stage_no_intent(&s);
    stage_close(&s);
}

static void typed_ack_and_unack_name_the_alert(void **state)
{
    static const struct {
        const char *line, *words;
    } wrong[] = {
        { "ack", "! write: ack ALERT [NOTE]" },
        { "ack db-conections", "! no alert 'db-conections'; did you mean 'db-connections'?" },
        { "ack xyzzy now", "! no alert 'xyzzy'; Tab shows them all" },
        { "unack db-connections", "! nobody has acknowledged this alert" },
        { "unack payments-errors now", "! 'unack' takes one alert and nothing more" },
    };
    struct stage s;
    struct intent i;

    (void)state;
    stage_open(&s, "alerts", 120, 36, false);
    stage_keys(&s, ": |ack db-connections   on my way, 見ています| Enter");
    ack_is(&s, "db-connections", "on my way, 見ています");
    stage_keys(&s, ": |ack api-5xx| Enter");
    ack_is(&s, "api-5xx", "");
    stage_keys(&s, ": |una payments-errors| Enter");
    i = stage_intent(&s);
    assert_int_equal(i.kind, INTENT_UNACK);
    assert_string_equal(i.alert, "payments-errors");
    for (size_t k = 0; k < sizeof wrong / sizeof *wrong; k++)
        stage_answers(&s, wrong[k].line, wrong[k].words);
    stage_no_intent(&s);
    stage_reload(&s, stage_board("healthy"));
    stage_keys(&s, ": |ack db-connections| Enter");
    assert_true(stage_shows(&s, "! there are no alerts: the file has no 'alerts'"));
    stage_close(&s);
}

static void tab_offers_the_alerts_that_it_is_about(void **state)
{
    static char words[CMDLINE_WORDS][CMDLINE_WORD];
    struct board *b = stage_board("alerts");
    struct cmdline_names names = { b, NULL, 0 };

    (void)state;
    assert_int_equal(cmdline_complete("ack ", &names, words), 6); /* what fires or is pending */
    assert_string_equal(words[0], "ack api-5xx");
    assert_int_equal(cmdline_complete("ack db", &names, words), 1);
    assert_string_equal(words[0], "ack db-connections");
    assert_int_equal(cmdline_complete("unack ", &names, words), 1);
    assert_string_equal(words[0], "unack payments-errors");
    board_free(b);
}

/* -- filters -- */

static void filter_chooses_among_alerts(void **state)
{
    static const struct stage_filter cases[] = {
        { "severity=sev-1", "Connections used up", "Redis memory" },
        { "state=firing", "Redis memory", "web-p95" },
        { "state=firing", "payments refused", "Browser pool" }, /* acked ones fire, too */
        { "state=acked", "payments refused", "Redis memory" },
        { "state=no-data", "Browser pool", "Redis memory" },
        { "state=down", "Connections used up", "Redis memory" }, /* as their service is */
        { "service=redis", "Redis memory", "Connections" },
        { "name=web-p95", "web-p95", "Connections" },
        { "affected=yes", "No job done", "Connections" },
        { "!affected=yes", "Connections", "No job done" },
        { "SEV-3 !redis", "Browser pool", "Redis memory" },
        { "resolved", "Scrape queue deep", "Connections" },
        { "scraper", "No job done", "Connections" },
    };

    (void)state;
    stage_filters("alerts", "3", NULL, cases, sizeof cases / sizeof *cases);
}

static void filter_of_alerts_is_told_when_it_can_find_nothing(void **state)
{
    static const struct {
        const char *filter, *words;
    } cases[] = {
        { "state=fireing", "! there is no state 'fireing'; did you mean 'firing'?" },
        { "state=xyzzy", "degraded, down, stale, unknown, disabled or affected, firing, acked" },
        { "severity=9", "! no alert has the severity '9'" },
    };
    struct stage s;

    (void)state;
    stage_open(&s, "alerts", 120, 36, false);
    for (size_t i = 0; i < 3; i++) {
        char keys[64];

        snprintf(keys, sizeof keys, ": |filter %s| Enter", cases[i].filter);
        stage_keys(&s, keys);
        assert_true(stage_shows(&s, cases[i].words));
    }
    stage_keys(&s, ": |filter state=firing| Enter 2"); /* the services they are about */
    assert_true(stage_shows(&s, "✗ postgres"));
    assert_false(stage_shows(&s, "● web "));
    stage_close(&s);
}

/* -- the verdict -- */

static void no_size_is_calm_while_an_alert_fires(void **state)
{
    (void)state;
    for (int w = 12; w <= 200; w++)
        for (int h = 1; h <= 40; h += 13) {
            struct stage s;

            stage_open(&s, "alert-alone", w, h, false);
            if (!stage_shows(&s, "1 ALERT"))
                fail_msg("%dx%d does not tell of the alert", w, h);
            assert_false(stage_shows(&s, "nothing is wrong"));
            assert_false(stage_shows(&s, "all 9 services up"));
            stage_close(&s);
        }
}

static void verdict_says_who_has_the_most_urgent(void **state)
{
    struct stage s;

    (void)state;
    stage_open(&s, "alerts", 120, 36, false);
    assert_true(stage_shows(&s, "3 alerts · ack: nobody"));
    alert(s.board, "redis-memory")->state = ALERT_INACTIVE;
    alert(s.board, "db-connections")->ack.at_ms = s.now_ms - 720000;
    text_sets(&alert(s.board, "db-connections")->ack.who, "dana@bastion");
    stage_changed(&s);
    assert_true(stage_shows(&s, "2 alerts · ack: dana 12m"));
    alert(s.board, "payments-errors")->state = ALERT_INACTIVE;
    stage_changed(&s);
    assert_true(stage_shows(&s, "1 other problem · ack: dana 12m"));
    assert_true(stage_shows(&s, "3 Alerts 1 "));
    console_resize(s.console, 80, 24);
    stage_draw(&s);
    assert_true(stage_shows(&s, " DOWN  postgres 4m12s"));
    assert_true(stage_shows(&s, "ack: dana 12m"));
    stage_close(&s);
}

static void counts_that_do_not_fit_leave_the_worst(void **state)
{
    struct stage s;

    (void)state;
    stage_open(&s, "alerts", 60, 20, false);
    stage_keys(&s, "3");
    assert_true(stage_shows(&s, "─ 2 firing · 1 acked · 1 pending ─┐"));
    stage_keys(&s, "1");
    assert_true(stage_shows(&s, "─ 2 firing · 1 acked · 1 pending · a ack ─┐"));
    stage_close(&s);
}

static void long_names_leave_room_for_age(void **state)
{
    struct stage s;

    (void)state;
    stage_open(&s, "alerts", 40, 12, false);
    text_sets(&s.board->services[0].title, "the database of everything that we have");
    stage_changed(&s);
    assert_true(stage_shows(&s, "… 4m12s"));
    stage_close(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(most_urgent_alerts_come_first),
        cmocka_unit_test(every_state_has_its_word_and_glyph),
        cmocka_unit_test(pending_alert_says_when_it_fires),
        cmocka_unit_test(page_tells_all_of_an_alert),
        cmocka_unit_test(selected_alert_stays_by_id),
        cmocka_unit_test(most_urgent_is_selected_until_one_chooses),
        cmocka_unit_test(problems_only_are_those_that_are_not_over),
        cmocka_unit_test(long_list_goes_on_with_arrows),
        cmocka_unit_test(enter_opens_what_it_is_about),
        cmocka_unit_test(copied_line_is_about_the_alert),
        cmocka_unit_test(enter_takes_the_alert_with_its_note),
        cmocka_unit_test(overview_takes_the_alert_of_the_selected_service),
        cmocka_unit_test(what_does_not_fire_cannot_be_taken),
        cmocka_unit_test(alert_that_ended_while_typing_is_not_taken),
        cmocka_unit_test(nothing_is_taken_from_a_frozen_screen),
        cmocka_unit_test(typed_ack_and_unack_name_the_alert),
        cmocka_unit_test(tab_offers_the_alerts_that_it_is_about),
        cmocka_unit_test(filter_chooses_among_alerts),
        cmocka_unit_test(filter_of_alerts_is_told_when_it_can_find_nothing),
        cmocka_unit_test(no_size_is_calm_while_an_alert_fires),
        cmocka_unit_test(verdict_says_who_has_the_most_urgent),
        cmocka_unit_test(counts_that_do_not_fit_leave_the_worst),
        cmocka_unit_test(long_names_leave_room_for_age),
    };

    stage_world();
    return cmocka_run_group_tests(tests, NULL, NULL);
}

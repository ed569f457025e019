/* tests/tui/test_silences.c: what is silenced is shown with until when, by whom and why; a silence
 * says what it hits before it is made, and is made of whole ones only. */
#include "tests/tui/stage.h"
#include "tui/cmdline.h"

#include "tests/cmocka.h"

#include <stdio.h>
#include <string.h>

static void silenced_alert_says_until_when_by_whom_and_why(void **state)
{
    struct stage s;

    (void)state;
    stage_open(&s, "silences", 160, 40, false);
    stage_keys(&s, ": |filter name=redis-memory| Enter 3");
    assert_true(stage_shows(&s, "~ silenced  SEV-3"));
    assert_true(stage_shows(&s, "until 03:09Z by dana: the new node is filling, 見ています"));
    assert_true(
        stage_shows(&s, "silenced until 03:09:47Z (in 56m) by dana@bastion: the new node "));
    assert_true(stage_shows(&s, "firing since 01:59:47Z (14m)")); /* it hides nothing */
    stage_close(&s);
}

static void silenced_alerts_are_not_the_ones_to_look_at(void **state)
{
    struct stage s;

    (void)state;
    stage_open(&s, "alert-alone", 120, 36, false);
    assert_true(stage_shows(&s, "1 ALERT "));
    for (size_t i = 0; i < s.board->n_alerts; i++) {
        struct silence x = { .since_ms = s.now_ms, .until_ms = s.now_ms + 3600000 };
        char id[32];

        snprintf(id, sizeof id, "s%zu", i);
        text_sets(&x.id, id);
        text_copy(&x.match.alert, &s.board->alerts[i].id);
        text_sets(&x.who, "dana@bastion");
        text_sets(&x.reason, "failover");
        assert_true(board_silence(s.board, x));
    }
    stage_changed(&s);
    assert_false(stage_shows(&s, "ALERT "));
    assert_true(stage_shows(&s, "UP · 1 SILENCED "));
    assert_false(stage_shows(&s, "ack: nobody"));
    stage_close(&s);
}

static void every_silence_is_listed_with_what_it_hits(void **state)
{
    struct stage s;

    (void)state;
    stage_open(&s, "silences", 120, 36, false);
    stage_keys(&s, "3");
    assert_true(stage_shows(&s, "service=redis severity=SEV-3"));
    assert_true(stage_shows(&s, "service=web severity=SEV-1    none "));
    assert_true(stage_shows(&s, "provider works until three"));
    assert_true(stage_shows(&s, "in 56m"));
    stage_close(&s);
}

static void preview_says_what_it_hits_before_enter(void **state)
{
    static const struct {
        const char *line, *words;
    } cases[] = {
        { "silence alert=api-5xx 2h failover of the database",
          "→ until 2026-01-29T04:13:47Z hits 1 of 10 alerts: api-5xx " },
        { "silence severity=SEV-1 30m because", "→ until 2026-01-29T02:43:47Z hits 3 of 10 alerts: "
                                                "api-5xx, db-connections, anything-down " },
        { "silence service=web severity=SEV-1 30m because", "hits none of 10 alerts " },
        { "silence service=api ",
          "! say how long: 30m, 2h, at most 7d; hits 1 of 10 alerts: api-5xx " },
        { "silence service=api 8d because", "! 8d: a silence lasts from 1s to 7d; hits 1 of " },
        { "silence service=api 2 because", "; hits 1 of " },
        { "silence service=api 2h", "! say why, in 3 characters at least; hits 1 of " },
        { "silence service=api 2h no ", "! say why, in 3 characters at least; hits 1 of " },
        { "silence 2h because", "! say what it hits: alert=, service= or severity= " },
        { "silence alert=api-5x 2h because",
          "! alert=api-5x: there is none; did you mean 'api-5xx'? " },
        { "silence service=xyzzy 2h because",
          "! service=xyzzy: there is none; Tab shows them all " },
        { "silence severity=SEV-9 2h because",
          "! severity=SEV-9: there is none; did you mean 'SEV-1'? " },
    };
    struct stage s;
    char keys[160];

    (void)state;
    stage_open(&s, "alerts", 120, 36, false);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        bool good = cases[i].words[0] != '!' && strncmp(cases[i].words, "; hits", 6) != 0;

        snprintf(keys, sizeof keys, ": |%s|", cases[i].line);
        stage_keys(&s, keys);
        if (!stage_shows(&s, cases[i].words))
            fail_msg("':%s' does not say '%s'", cases[i].line, cases[i].words);
        stage_no_intent(&s);
        stage_keys(&s, "Enter"); /* what is refused is refused then, too */
        if (good)
            assert_int_equal(stage_intent(&s).kind, INTENT_SILENCE);
        stage_no_intent(&s);
    }
    stage_close(&s);
}

static void key_opens_it_for_what_is_selected(void **state)
{
    struct stage s;
    struct intent i;

    (void)state;
    stage_open(&s, "alerts", 120, 36, false);
    stage_keys(&s, "3 s |on it|");
    assert_true(stage_shows(&s, ":silence alert=db-connections 1h on it"));
    stage_keys(&s, "Enter");
    i = stage_intent(&s);
    assert_int_equal(i.kind, INTENT_SILENCE);
    assert_string_equal(i.alert, "alert=db-connections ");
    assert_string_equal(i.arg, "on it");
    assert_int_equal(i.span_ms, 3600000);
    stage_keys(&s, "s Enter"); /* without a reason it is none */
    assert_true(stage_shows(&s, "! say why, in 3 characters at least"));
    stage_keys(&s, "2 s");
    assert_true(stage_shows(&s, ":silence service=postgres 1h "));
    stage_keys(&s, "Esc Enter s");
    assert_true(stage_shows(&s, ":silence service=postgres 1h "));
    stage_keys(&s, "Esc");
    stage_no_intent(&s);
    stage_close(&s);
}

static void what_has_no_alert_is_not_silenced(void **state)
{
    struct stage s;

    (void)state;
    stage_open(&s, "broken", 120, 36, false);
    stage_keys(&s, "2 s");
    assert_true(stage_shows(&s, "! there is no alert about it"));
    stage_no_intent(&s);
    stage_close(&s);
}

static void unsilence_names_one_that_a_person_made(void **state)
{
    static const struct {
        const char *line, *words;
    } wrong[] = {
        { "unsilence", "! write: unsilence ID" },
        { "unsilence s999", "! no silence 's999'; Tab shows them all" },
        { "unsilence maintenance/cert",
          "! 'maintenance/cert' is of the configuration: change 'maintenance' there" },
    };
    char words[CMDLINE_WORDS][CMDLINE_WORD];
    struct cmdline_names names = { 0 };
    struct stage s;
    struct intent i;

    (void)state;
    stage_open(&s, "silences", 120, 36, false);
    names.board = s.board;
    assert_int_equal(cmdline_complete("unsilence ", &names, words), 3);
    assert_string_equal(words[0], "unsilence s3f9a1");
    assert_int_equal(cmdline_complete("silence service=redis sev", &names, words), 3);
    assert_string_equal(words[0], "silence service=redis severity=SEV-1");
    stage_keys(&s, ": |unsilence s3f9a1| Enter");
    i = stage_intent(&s);
    assert_int_equal(i.kind, INTENT_UNSILENCE);
    assert_string_equal(i.alert, "s3f9a1");
    for (size_t k = 0; k < sizeof wrong / sizeof *wrong; k++)
        stage_answers(&s, wrong[k].line, wrong[k].words);
    stage_keys(&s, "z : |unsilence s3f9a1| Enter");
    assert_true(stage_shows(&s, "! the screen is frozen: z first, then silence"));
    stage_no_intent(&s);
    stage_close(&s);
}

static void filter_finds_what_is_silenced(void **state)
{
    static const struct stage_filter cases[] = {
        { "state=silenced", "Redis memory", "Connections used up" },
        { "!state=silenced", "Connections used up", "Redis memory" },
    };

    (void)state;
    stage_filters("silences", "3", NULL, cases, 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(silenced_alert_says_until_when_by_whom_and_why),
        cmocka_unit_test(silenced_alerts_are_not_the_ones_to_look_at),
        cmocka_unit_test(every_silence_is_listed_with_what_it_hits),
        cmocka_unit_test(preview_says_what_it_hits_before_enter),
        cmocka_unit_test(key_opens_it_for_what_is_selected),
        cmocka_unit_test(what_has_no_alert_is_not_silenced),
        cmocka_unit_test(unsilence_names_one_that_a_person_made),
        cmocka_unit_test(filter_finds_what_is_silenced),
    };

    stage_world();
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* tests/core/test_silence.c: what a silence hits, that it ends, and that none hits everything. */
#include "core/board.h"

#include "tests/cmocka.h"

#include <stdio.h>
#include <string.h>

enum { NOW_MS = 1000000 };

static struct board *board(void)
{
    static const char *const ids[] = { "api-5xx", "api-slow", "db-full", "about-none" };
    static const char *const severities[] = { "SEV-1", "SEV-2", "SEV-1", "SEV-1" };
    static const int services[] = { 0, 0, 1, -1 };
    struct board *b = board_new(2);

    b->at_ms = NOW_MS;
    text_sets(&b->services[0].id, "api");
    text_sets(&b->services[1].id, "db");
    board_add_alerts(b, 4);
    for (int i = 0; i < 4; i++) {
        text_sets(&b->alerts[i].id, ids[i]);
        text_sets(&b->alerts[i].severity, severities[i]);
        b->alerts[i].service = services[i];
        b->alerts[i].state = ALERT_FIRING;
    }
    return b;
}

static struct silence silence(const char *id, const char *match, int64_t until_ms)
{
    struct silence s = { .since_ms = NOW_MS, .until_ms = until_ms };
    struct err err;

    text_sets(&s.id, id);
    text_sets(&s.who, "dana@bastion");
    text_sets(&s.reason, "failover");
    assert_true(silence_match_parse(&s.match, match, strlen(match), &err));
    return s;
}

/* "x" for each that is hit. */
static void hits_are(const struct board *b, const char *expected)
{
    char got[8] = "";

    for (size_t i = 0; i < b->n_alerts; i++)
        strcat(got, b->alerts[i].silenced >= 0 ? "x" : ".");
    assert_string_equal(got, expected);
}

static void all_matchers_must_hold_and_are_exact(void **state)
{
    static const struct {
        const char *match, *hits;
    } cases[] = {
        { "alert=api-5xx", "x..." },
        { "alert=api", "...." },
        { "alert=API-5XX", "...." },
        { "service=api", "xx.." },
        { "severity=SEV-1", "x.xx" },
        { "  service=api   severity=SEV-1 ", "x..." },
        { "alert=api-5xx service=db", "...." },
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct board *b = board();

        assert_true(board_silence(b, silence("s1", cases[i].match, NOW_MS + 60000)));
        hits_are(b, cases[i].hits);
        board_free(b);
    }
}

static void wrong_matchers_are_told(void **state)
{
    static const struct {
        const char *match, *why;
    } cases[] = {
        { "", "say what it hits: alert=, service= or severity=" },
        { "   ", "say what it hits: alert=, service= or severity=" },
        { "alert=", "alert= what? An empty matcher would hit everything" },
        { "api-5xx", "'api-5xx' hits nothing; write alert=, service= or severity=" },
        { "state=firing", "'state=firing' hits nothing; write alert=, service= or severity=" },
        { "alert=a alert=b", "alert= stands there twice; a silence hits one" },
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct silence_match m = { .alert = { 0 } };
        struct err err = { "" };

        assert_false(silence_match_parse(&m, cases[i].match, strlen(cases[i].match), &err));
        assert_string_equal(err.msg, cases[i].why);
        silence_match_fini(&m);
    }
}

static void empty_one_hits_nothing(void **state)
{
    struct board *b = board();
    struct silence_match none = { .alert = { 0 } };

    (void)state;
    for (size_t i = 0; i < b->n_alerts; i++)
        assert_false(silence_match_hits(&none, b, &b->alerts[i]));
    board_free(b);
}

static void it_ends_at_its_time(void **state)
{
    struct board *b = board();

    (void)state;
    board_silence(b, silence("s1", "service=api", NOW_MS + 60000));
    board_silence(b, silence("s2", "alert=db-full", NOW_MS + 30000));
    assert_int_equal(board_hush(b), NOW_MS + 30000);
    b->at_ms = NOW_MS + 29999;
    assert_int_equal(board_hush(b), NOW_MS + 30000);
    hits_are(b, "xxx.");
    b->at_ms = NOW_MS + 30000;
    assert_int_equal(board_hush(b), NOW_MS + 60000);
    hits_are(b, "xx..");
    b->at_ms = NOW_MS + 60000;
    assert_int_equal(board_hush(b), 0);
    hits_are(b, "....");
    assert_int_equal(b->n_silences, 0);
    assert_false(board_silence(b, silence("s3", "service=api", NOW_MS + 60000))); /* over */
    board_free(b);
}

static void one_that_ends_last_is_named_and_one_taken_back_leaves_the_other(void **state)
{
    struct board *b = board();

    (void)state;
    board_silence(b, silence("s1", "service=api", NOW_MS + 60000));
    board_silence(b, silence("s2", "alert=api-5xx", NOW_MS + 30000));
    assert_string_equal(text_str(&board_silenced(b, &b->alerts[0])->id), "s1");
    assert_false(alert_is_root(&b->alerts[0]));
    assert_true(board_unsilence(b, "s1"));
    assert_false(board_unsilence(b, "s1"));
    assert_string_equal(text_str(&board_silenced(b, &b->alerts[0])->id), "s2");
    assert_null(board_silenced(b, &b->alerts[1]));
    assert_true(alert_is_root(&b->alerts[1]));
    board_silence(b, silence("s2", "alert=db-full", NOW_MS + 30000)); /* in the place of s2 */
    assert_int_equal(b->n_silences, 1);
    hits_are(b, "..x.");
    board_free(b);
}

static void what_lacks_something_is_no_silence(void **state)
{
    static const struct {
        const char *match, *reason, *why;
        int64_t ms;
    } cases[] = {
        { "alert=a", "failover", NULL, 60000 },
        { "alert=a", "failover", NULL, 7 * 86400000LL },
        { "alert=a", "failover", "a silence lasts from 1s to 7d", 7 * 86400000LL + 1 },
        { "alert=a", "failover", "a silence lasts from 1s to 7d", 0 },
        { "alert=a", "failover", "a silence lasts from 1s to 7d", -60000 },
        { "alert=a", "no", "say why, in 3 characters at least", 60000 },
    };
    struct err err;

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct silence s = silence("s1", cases[i].match, NOW_MS + cases[i].ms);

        text_sets(&s.reason, cases[i].reason);
        assert_int_equal(silence_check(&s, &err), cases[i].why == NULL);
        if (cases[i].why)
            assert_string_equal(err.msg, cases[i].why);
        text_sets(&s.match.alert, "");
        assert_false(silence_check(&s, &err));
        silence_fini(&s);
    }
}

static void there_is_an_end_to_their_number(void **state)
{
    struct board *b = board();
    char id[16];

    (void)state;
    for (int i = 0; i < SILENCES_MAX; i++) {
        snprintf(id, sizeof id, "s%d", i);
        assert_true(board_silence(b, silence(id, "service=db", NOW_MS + 60000)));
    }
    assert_false(board_silence(b, silence("one-more", "service=api", NOW_MS + 60000)));
    hits_are(b, "..x.");
    board_free(b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_matchers_must_hold_and_are_exact),
        cmocka_unit_test(wrong_matchers_are_told),
        cmocka_unit_test(empty_one_hits_nothing),
        cmocka_unit_test(it_ends_at_its_time),
        cmocka_unit_test(one_that_ends_last_is_named_and_one_taken_back_leaves_the_other),
        cmocka_unit_test(what_lacks_something_is_no_silence),
        cmocka_unit_test(there_is_an_end_to_their_number),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

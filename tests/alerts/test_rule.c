/* tests/alerts/test_rule.c: rules are read, refused with their place, and answered. */
#include "alerts/rule.h"

#include <locale.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "tests/alerts/small.h"
#include "tests/cmocka.h"

static struct rule *bound(const struct board *b, const char *words, const char *recover)
{
    struct err err = { "" };
    size_t at;
    struct rule *r = rule_parse(words, &at, &err);

    if (!r || !rule_bind(r, b, recover, &at, &err))
        fail_msg("%s: at %zu: %s", words, at, err.msg);
    return r;
}

static void answer_is(const struct board *b, const char *words, enum truth truth, const char *said)
{
    struct rule *r = bound(b, words, NULL);
    struct rule_answer a = { 0 };
    const char *seen;

    rule_ask(r, b, false, &a);
    seen = text_str(truth == TRUTH_UNKNOWN ? &a.note : &a.value);
    if (a.truth != truth || (said && strcmp(seen, said) != 0))
        fail_msg("%s: %d, '%s'", words, a.truth, seen);
    rule_answer_fini(&a);
    rule_free(r);
}

static void a_signal_is_held_against_a_limit(void **state)
{
    struct board *b = small_board();

    (void)state;
    small_ratio(b, "api.errors", 41, 502);
    small_value(b, "api.health", 1300);
    small_value(b, "jobs.queue", 812);
    answer_is(b, "api.errors > 5%", TRUTH_YES, "8.2% (41 of 502)");
    answer_is(b, "api.errors > 5% for 5m", TRUTH_YES, "8.2% (41 of 502)");
    answer_is(b, "api.errors > 9%", TRUTH_NO, NULL);
    answer_is(b, "api.health.latency>=1300ms", TRUTH_YES, "1.3 s");
    answer_is(b, "api.health < 1.3s", TRUTH_NO, NULL);
    answer_is(b, "jobs.queue >= 800", TRUTH_YES, "812 jobs");
    answer_is(b, "jobs.queue != 812", TRUTH_NO, NULL);
    answer_is(b, "jobs.queue == 812", TRUTH_YES, NULL);
    board_free(b);
}

static void what_is_not_known_is_neither_true_nor_false(void **state)
{
    struct board *b = small_board();

    (void)state;
    answer_is(b, "api.errors > 5%", TRUTH_UNKNOWN, "api.errors: no answer yet");
    answer_is(b, "not api.errors > 5%", TRUTH_UNKNOWN, "api.errors: no answer yet");
    answer_is(b, "status(api) == down", TRUTH_UNKNOWN, "api: unknown");
    answer_is(b, "api is not up", TRUTH_UNKNOWN, NULL);
    answer_is(b, "age(dumps.check) > 1h", TRUTH_UNKNOWN, "dumps.check: no good answer yet");
    small_unknown(b, "api.errors", "not enough data: 6 of 20 requests");
    answer_is(b, "api.errors > 5%", TRUTH_UNKNOWN, "api.errors: not enough data: 6 of 20 requests");
    answer_is(b, "api.errors <= 5%", TRUTH_UNKNOWN, NULL);
    answer_is(b, "nodata(api.errors)", TRUTH_YES, "no data");
    small_value(b, "api.errors", 1);
    answer_is(b, "nodata(api.errors)", TRUTH_NO, NULL);
    b->services[SMALL_API].readings[1].state = STATE_STALE;
    text_sets(&b->services[SMALL_API].readings[1].reason, "no answer since 02:00:00Z");
    answer_is(b, "api.errors > 5%", TRUTH_UNKNOWN, "api.errors: no answer since 02:00:00Z");
    board_free(b);
}

/* Own trouble is no finding about anybody: neither their states nor that they are silent. */
static void a_blind_console_knows_nothing(void **state)
{
    struct board *b = small_board();

    (void)state;
    small_value(b, "api.errors", 10);
    small_state(b, SMALL_API, STATE_DOWN, "refused");
    b->unreachable_since_ms = b->at_ms;
    answer_is(b, "api.errors > 5%", TRUTH_UNKNOWN, "api.errors: console cannot reach the network");
    answer_is(b, "api is down", TRUTH_UNKNOWN, NULL);
    answer_is(b, "nodata(api.errors)", TRUTH_UNKNOWN, NULL);
    b->services[SMALL_API].readings[1].local =
        true; /* a log on our own disk says it all the same */
    answer_is(b, "api.errors > 5%", TRUTH_YES, NULL);
    board_free(b);
}

static void states_are_compared(void **state)
{
    struct board *b = small_board();

    (void)state;
    small_state(b, SMALL_API, STATE_DOWN, "health: refused");
    answer_is(b, "status(api) == down for 2m", TRUTH_YES, "down: health: refused");
    answer_is(b, "api is down", TRUTH_YES, NULL);
    answer_is(b, "api is not down", TRUTH_NO, NULL);
    answer_is(b, "api.health is not up", TRUTH_YES, NULL);
    answer_is(b, "status(api) is degraded", TRUTH_NO, NULL);
    small_state(b, SMALL_API, STATE_DISABLED, "switched off"); /* that is known */
    answer_is(b, "api is down", TRUTH_NO, NULL);
    small_state(b, SMALL_API, STATE_STALE, "old");
    answer_is(b, "api is down", TRUTH_UNKNOWN, "api: stale: old");
    answer_is(b, "api is stale", TRUTH_YES, NULL);
    answer_is(b, "api is not stale", TRUTH_NO, NULL);
    board_free(b);
}

static void the_sides_of_and_and_or_decide(void **state)
{
    struct board *b = small_board();

    (void)state;
    small_value(b, "jobs.queue", 10);
    small_value(b, "jobs.queue.growth", 2);
    answer_is(b, "jobs.queue > 5 and jobs.queue.growth > 0/s", TRUTH_YES, "10 jobs");
    answer_is(b, "jobs.queue > 50 or jobs.queue.growth > 0/s", TRUTH_YES, "2/s");
    answer_is(b, "jobs.queue > 5 and api.errors > 5%", TRUTH_UNKNOWN, "api.errors: no answer yet");
    answer_is(b, "jobs.queue > 50 and api.errors > 5%", TRUTH_NO, NULL);
    answer_is(b, "api.errors > 5% and jobs.queue > 50", TRUTH_NO, NULL);
    answer_is(b, "api.errors > 5% or jobs.queue > 5", TRUTH_YES, "10 jobs");
    answer_is(b, "api.errors > 5% or jobs.queue > 50", TRUTH_UNKNOWN, "api.errors: no answer yet");
    /* `and` binds closer than `or` */
    answer_is(b, "jobs.queue > 5 or jobs.queue > 50 and jobs.queue > 60", TRUTH_YES, NULL);
    answer_is(b, "(jobs.queue > 5 or jobs.queue > 50) and jobs.queue > 60", TRUTH_NO, NULL);
    answer_is(b, "not (jobs.queue > 50) and not not jobs.queue > 5", TRUTH_YES, NULL);
    board_free(b);
}

static void ages_grow_between_two_looks(void **state)
{
    struct board *b = small_board();

    (void)state;
    small_value(b, "dumps.nightly", 26 * 3600 - 60);
    answer_is(b, "age(dumps.nightly) > 26h", TRUTH_NO, NULL);
    b->at_ms += 59000;
    answer_is(b, "age(dumps.nightly) > 26h", TRUTH_NO, NULL);
    b->at_ms += 2000;
    answer_is(b, "age(dumps.nightly) > 26h", TRUTH_YES, NULL);
    small_unknown(b, "dumps.nightly", "cannot list /backups: Permission denied");
    answer_is(b, "age(dumps.nightly) > 26h", TRUTH_UNKNOWN,
              "dumps.nightly: cannot list /backups: Permission denied");
    b->services[SMALL_DUMPS].readings[1].good_ms = b->at_ms - 7200000; /* of what tells no age */
    answer_is(b, "age(dumps.check) > 1h", TRUTH_YES, "2h");
    board_free(b);
}

static void the_past_counts_when_enough_of_it_was_seen(void **state)
{
    struct board *b = small_board();

    (void)state;
    for (int i = 0; i < 25; i++) {
        small_value(b, "api.errors", 2);
        b->at_ms += 10000;
    }
    answer_is(b, "api.errors > 2 * avg(api.errors, 10m)", TRUTH_UNKNOWN,
              "api.errors: 4m10s of data in 10m");
    for (int i = 0; i < 36; i++) {
        small_value(b, "api.errors", i == 35 ? 6 : 2);
        b->at_ms += i == 35 ? 0 : 10000;
    }
    answer_is(b, "api.errors > 2 * avg(api.errors, 10m)", TRUTH_YES, "6.0%");
    answer_is(b, "api.errors > 3 * avg(api.errors, 10m)", TRUTH_NO, NULL);
    answer_is(b, "max(api.errors, 5m) > 5%", TRUTH_YES, NULL);
    answer_is(b, "min(api.errors, 5m) > 5%", TRUTH_NO, NULL);
    board_free(b);
}

static void it_recovers_at_a_limit_of_its_own(void **state)
{
    struct board *b = small_board();
    struct rule *r = bound(b, "api.errors > 5%", "3%");
    struct rule_answer a = { 0 };

    (void)state;
    small_value(b, "api.errors", 4);
    rule_ask(r, b, false, &a);
    assert_int_equal(a.truth, TRUTH_NO);
    rule_ask(r, b, true, &a);
    assert_int_equal(a.truth, TRUTH_YES);
    small_value(b, "api.errors", 3);
    rule_ask(r, b, true, &a);
    assert_int_equal(a.truth, TRUTH_NO);
    rule_answer_fini(&a);
    rule_free(r);
    board_free(b);
}

static void mistakes_are_told_with_their_place(void **state)
{
    static const struct {
        const char *words;
        size_t at;
        const char *why;
    } cases[] = {
        { "", 0, "the end stands here instead of a name, such as api.errors" },
        { "api.errors", 10, "the end stands here instead of a comparison" },
        { "api.errors >", 12, "the end stands here instead of a name" },
        { "api.errors > 5", 0, "'5' has no unit; write" },
        { "api.errors > 5ms", 0, "write" },
        { "api.errors = 5%", 11, "'=' is no comparison; write '=='" },
        { "api.erors > 5%", 4, "no probe 'erors'; did you mean 'errors'?" },
        { "apy.errors > 5%", 0, "no service 'apy'; did you mean 'api'?" },
        { "jobs.queue.dept > 5", 11, "no signal 'dept'; did you mean 'depth'?" },
        { "jobs.queue.zzz > 5", 11, "no signal 'zzz' in queue" },
        { "api > 5", 0, "'api' is a service and has no number; write api.PROBE, or 'api is down'" },
        { "dumps.check > 5", 0, "'dumps.check' measures no number" },
        { "api is dwon", 7, "'dwon' is no state; did you mean 'down'?" },
        { "status(api) > down", 14, "a state is compared with == or !=" },
        { "api.errors.errors is up", 0, "a signal has none" },
        { "api.errors > 5% for", 19, "the end stands here instead of a duration" },
        { "api.errors > 5% for 5", 20, "'5'" },
        { "api.errors > 5% fro 5m", 16,
          "'fro' is too much here; 'and', 'or' or 'for 5m' may follow" },
        { "jobs.queue > 5 fro", 0, "'5 fro'" },
        { "api.errors > 5% and", 19, "the end stands here instead of a name" },
        { "(api.errors > 5%", 16, "the end stands here instead of the ')'" },
        { "api.errors > 5%)", 15, "')' is too much here" },
        { "a.b.c.d > 5", 0, "is no name" },
        { "api..errors > 5%", 0, "is no name" },
        { "avg(api.errors) > 5%", 14, "')' stands here instead of ', 24h'" },
        { "avg(api.errors, 0s) > 5%", 4, "needs a time to look back" },
        { "avg(api.errors, 48h) > 5%", 4, "reaches back 24h" },
        { "api.errors > 2x * avg(api.errors, 1h)", 13, "'2x' is not a plain number" },
        { "api.errors > avg(api.health, 1h)", 17, "percent is compared with ms" },
        { "api.errors > 5% && api is down", 16, "'&' is too much here" },
    };
    struct board *b = small_board();

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct err err = { "" };
        size_t at = 0;
        struct rule *r = rule_parse(cases[i].words, &at, &err);

        if (r && rule_bind(r, b, NULL, &at, &err))
            fail_msg("%s: taken", cases[i].words);
        if (at != cases[i].at || !strstr(err.msg, cases[i].why))
            fail_msg("%s: at %zu: %s", cases[i].words, at, err.msg);
        rule_free(r);
    }
    board_free(b);
}

static void a_wrong_recovery_is_told(void **state)
{
    static const struct {
        const char *words, *recover, *why;
    } cases[] = {
        { "api.errors > 5%", "6%", "'6%' lies beyond the limit 5%" },
        { "api.errors < 5%", "4%", "lies beyond the limit" },
        { "api.errors > 5%", "3", "has no unit" },
        { "api is down", "3%", "is for a rule of one comparison" },
        { "api.errors > 5% and api is down", "3%", "is for a rule of one comparison" },
        { "api.errors == 5%", "3%", "is for a rule of one comparison" },
    };
    struct board *b = small_board();

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct err err = { "" };
        size_t at = 0;
        struct rule *r = rule_parse(cases[i].words, &at, &err);

        assert_non_null(r);
        assert_false(rule_bind(r, b, cases[i].recover, &at, &err));
        assert_true(at == SIZE_MAX);
        if (!strstr(err.msg, cases[i].why))
            fail_msg("%s: %s", cases[i].words, err.msg);
        rule_free(r);
    }
    board_free(b);
}

/* What is deep, long or endless is refused, not followed. */
static void nothing_grows_without_bound(void **state)
{
    char words[RULE_LEN + 2];
    struct err err;
    size_t at;

    (void)state;
    memset(words, '(', RULE_LEN);
    words[RULE_LEN] = '\0';
    assert_null(rule_parse(words, &at, &err));
    assert_non_null(strstr(err.msg, "nested more than"));
    for (int i = 0; i < RULE_LEN / 4; i++)
        memcpy(words + 4 * i, "not ", 4);
    assert_null(rule_parse(words, &at, &err));
    assert_non_null(strstr(err.msg, "nested more than"));
    words[0] = '\0';
    for (int i = 0; i < 65; i++)
        strcat(words, i ? " or a is up" : "a is up");
    assert_null(rule_parse(words, &at, &err));
    assert_non_null(strstr(err.msg, "more than 64 parts"));
    memset(words, 'a', RULE_LEN + 1);
    words[RULE_LEN + 1] = '\0';
    assert_null(rule_parse(words, &at, &err));
    assert_non_null(strstr(err.msg, "at most 1000 letters"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_signal_is_held_against_a_limit),
        cmocka_unit_test(what_is_not_known_is_neither_true_nor_false),
        cmocka_unit_test(a_blind_console_knows_nothing),
        cmocka_unit_test(states_are_compared),
        cmocka_unit_test(the_sides_of_and_and_or_decide),
        cmocka_unit_test(ages_grow_between_two_looks),
        cmocka_unit_test(the_past_counts_when_enough_of_it_was_seen),
        cmocka_unit_test(it_recovers_at_a_limit_of_its_own),
        cmocka_unit_test(mistakes_are_told_with_their_place),
        cmocka_unit_test(a_wrong_recovery_is_told),
        cmocka_unit_test(nothing_grows_without_bound),
    };

    setlocale(LC_CTYPE, "C.UTF-8");
    return cmocka_run_group_tests(tests, NULL, NULL);
}

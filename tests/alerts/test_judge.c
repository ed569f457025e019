/* tests/alerts/test_judge.c: when an alert fires, when it ends, and what changes neither. */
#include "alerts/judge.h"

#include <locale.h>
#include <math.h>
#include <string.h>

#include "tests/alerts/small.h"
#include "tests/cmocka.h"

struct fixture {
    struct board *b;
    struct judge *j;
    struct alert *a; /* the first */
    int fired, resolved;
    int told_affected_by; /* of the first, when that happened */
    int64_t next_ms;
};

static void happened(void *arg, enum judge_event event, const struct alert *a)
{
    struct fixture *t = arg;

    assert_int_equal(a->state, event == JUDGE_FIRED ? ALERT_FIRING : ALERT_RESOLVED);
    if (a == t->a)
        t->told_affected_by = a->affected_by;
    t->fired += event == JUDGE_FIRED;
    t->resolved += event == JUDGE_RESOLVED;
}

static void with(struct fixture *t, struct judge_rule rule)
{
    struct err err = { "" };
    size_t bad, at;

    rule.when = rule.when ? rule.when : "api.errors > 5%";
    rule.for_ms = rule.for_ms ? rule.for_ms : -1;
    rule.no_data_ms = rule.no_data_ms ? rule.no_data_ms : 300000;
    rule.id = "a";
    rule.severity = "SEV-1";
    rule.rank = 1;
    rule.service = -1;
    *t = (struct fixture){ .b = small_board() };
    t->j = judge_new(&rule, 1, t->b, &bad, &at, &err);
    if (!t->j)
        fail_msg("%s", err.msg);
    t->a = &t->b->alerts[0];
}

static void drop(struct fixture *t)
{
    judge_free(t->j);
    board_free(t->b);
}

/* So many seconds on, api.errors is told (NaN: not known), and the alert stands so. */
static void then(struct fixture *t, int s, double errors, enum alert_state want)
{
    struct judge_events events = { happened, t };

    t->b->at_ms += (int64_t)s * 1000;
    if (isnan(errors))
        small_unknown(t->b, "api.errors", "not enough data");
    else
        small_value(t->b, "api.errors", errors);
    t->next_ms = judge_board(t->j, t->b, &events);
    if (t->a->state != want)
        fail_msg("at %lld s: %s", (long long)(t->b->at_ms - SMALL_T0) / 1000,
                 alert_state_word(t->a->state));
}

#define RULE(...) ((struct judge_rule){ __VA_ARGS__ })

static void what_lasts_long_enough_fires(void **state)
{
    struct fixture t;

    (void)state;
    with(&t, RULE(.when = "api.errors > 5% for 5m"));
    then(&t, 0, 1, ALERT_INACTIVE);
    then(&t, 10, 7, ALERT_PENDING);
    assert_int_equal(t.next_ms, t.b->at_ms + 300000); /* it will be looked at then, not a tick on */
    then(&t, 290, 7, ALERT_PENDING);
    then(&t, 10, 7, ALERT_FIRING);
    assert_int_equal(t.a->fired_ms, t.b->at_ms);
    assert_string_equal(text_str(&t.a->value), "7.0%");
    assert_int_equal(t.a->service, SMALL_API);
    then(&t, 60, 9, ALERT_FIRING);
    assert_string_equal(text_str(&t.a->value), "9.0%");
    then(&t, 10, 1, ALERT_RESOLVED);
    assert_int_equal(t.fired, 1);
    assert_int_equal(t.resolved, 1);
    then(&t, 3599, 1, ALERT_RESOLVED);
    then(&t, 1, 1, ALERT_INACTIVE);
    drop(&t);
}

static void what_ends_before_does_not(void **state)
{
    struct fixture t;

    (void)state;
    with(&t, RULE(.for_ms = 300000));
    then(&t, 0, 7, ALERT_PENDING);
    then(&t, 299, 1, ALERT_INACTIVE);
    then(&t, 1, 7, ALERT_PENDING);
    then(&t, 299, 7, ALERT_PENDING);
    then(&t, 1, 7, ALERT_FIRING);
    drop(&t);
}

static void without_a_for_it_fires_at_once(void **state)
{
    struct fixture t;

    (void)state;
    with(&t, RULE(.when = "api.errors > 5%"));
    then(&t, 0, 7, ALERT_FIRING);
    then(&t, 1, 1, ALERT_RESOLVED);
    drop(&t);
}

static void recovery_is_damped(void **state)
{
    struct fixture t;

    (void)state;
    with(&t, RULE(.recover = "3%", .keep_ms = 120000));
    then(&t, 0, 7, ALERT_FIRING);
    then(&t, 10, 4, ALERT_FIRING); /* below its limit, above the other */
    assert_int_equal(t.a->clear_ms, 0);
    then(&t, 10, 2, ALERT_FIRING);
    assert_int_equal(t.next_ms, t.b->at_ms + 120000);
    then(&t, 119, 2, ALERT_FIRING);
    then(&t, 1, 2, ALERT_RESOLVED);
    then(&t, 1, 4, ALERT_RESOLVED); /* not high enough to begin again */
    drop(&t);
}

static void no_data_resolves_nothing(void **state)
{
    struct fixture t;

    (void)state;
    with(&t, RULE(.keep_ms = 60000));
    then(&t, 0, 7, ALERT_FIRING);
    then(&t, 10, NAN, ALERT_FIRING);
    assert_int_equal(t.a->no_data_ms, t.b->at_ms);
    assert_string_equal(text_str(&t.a->note), "api.errors: not enough data");
    assert_string_equal(text_str(&t.a->value), "7.0%"); /* the last that was seen */
    then(&t, 86400, NAN, ALERT_FIRING);
    then(&t, 1, 1, ALERT_FIRING); /* from here on it is seen to be well */
    then(&t, 30, NAN, ALERT_FIRING);
    then(&t, 30, 1, ALERT_FIRING);
    then(&t, 59, 1, ALERT_FIRING);
    then(&t, 1, 1, ALERT_RESOLVED);
    assert_int_equal(t.resolved, 1);
    drop(&t);
}

static void no_data_is_a_state_after_a_while(void **state)
{
    struct fixture t;

    (void)state;
    with(&t, RULE(.for_ms = 60000));
    then(&t, 0, NAN, ALERT_INACTIVE);
    assert_int_equal(t.next_ms, t.b->at_ms + 300000);
    then(&t, 299, NAN, ALERT_INACTIVE);
    then(&t, 1, NAN, ALERT_NO_DATA);
    then(&t, 10, 7, ALERT_PENDING);
    then(&t, 60, 7, ALERT_FIRING);
    assert_int_equal(t.fired, 1);
    drop(&t);
    with(&t, RULE(.for_ms = 60000));
    then(&t, 0, NAN, ALERT_INACTIVE);
    then(&t, 300, NAN, ALERT_NO_DATA);
    then(&t, 10, 1, ALERT_INACTIVE);
    drop(&t);
}

/* Seven of the ten minutes were not seen: they prove nothing. */
static void a_gap_does_not_count_as_time_that_it_held(void **state)
{
    struct fixture t;

    (void)state;
    with(&t, RULE(.for_ms = 600000, .no_data_ms = 900000));
    then(&t, 0, 7, ALERT_PENDING);
    then(&t, 60, NAN, ALERT_PENDING);
    then(&t, 420, 7, ALERT_PENDING);
    then(&t, 120, 7, ALERT_PENDING);
    then(&t, 419, 7, ALERT_PENDING);
    then(&t, 1, 7, ALERT_FIRING);
    drop(&t);
}

static void many_times_up_and_down_is_one_alert(void **state)
{
    struct fixture t;

    (void)state;
    with(&t, RULE(.when = "api.errors > 5%"));
    for (int i = 0; i < 3; i++) {
        then(&t, 60, 7, ALERT_FIRING);
        then(&t, 60, 1, i == 2 ? ALERT_FIRING : ALERT_RESOLVED);
    }
    assert_true(t.a->flapping);
    assert_int_equal(t.a->fired_n, 3);
    for (int i = 0; i < 20; i++) {
        then(&t, 60, 7, ALERT_FIRING);
        then(&t, 60, 1, ALERT_FIRING);
    }
    assert_int_equal(t.fired, 3);
    assert_int_equal(t.resolved, 2);
    then(&t, 599, 1, ALERT_FIRING);
    then(&t, 1, 1, ALERT_RESOLVED);
    assert_false(t.a->flapping);
    assert_int_equal(t.resolved, 3);
    drop(&t);
}

/* Three times in an hour is not flapping. */
static void seldom_is_not_flapping(void **state)
{
    struct fixture t;

    (void)state;
    with(&t, RULE(.when = "api.errors > 5%"));
    for (int i = 0; i < 10; i++) {
        then(&t, 300, 7, ALERT_FIRING);
        then(&t, 300, 1, ALERT_RESOLVED);
    }
    assert_int_equal(t.fired, 10);
    drop(&t);
}

/* The API is explained by the jobs; which of them has an alert that fires, and how bad. */
static void what_another_explains_is_affected(void **state)
{
    static const struct {
        const char *of_root;
        int rank;
        double depth;
        int affected_by;
    } rows[] = {
        { "jobs.queue > 100", 1, 101, SMALL_JOBS },
        { "jobs.queue > 100", 1, 100, -1 },        /* nobody would be told of anything */
        { "jobs.queue > 100 for 1m", 1, 101, -1 }, /* nor is anybody yet */
        { "jobs.queue > 100", 2, 101, -1 },        /* nor so urgently */
        { "api.health > 1s", 1, 101, -1 },
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct judge_rule rules[] = {
            RULE(.id = "a", .when = "api.errors > 5%", .rank = 1),
            RULE(.id = "b", .when = rows[i].of_root, .rank = rows[i].rank),
        };
        struct fixture t = { .b = small_board() };
        struct err err = { "" };
        size_t bad, at;

        rules[0].service = rules[1].service = -1;
        rules[0].for_ms = rules[1].for_ms = -1;
        t.j = judge_new(rules, 2, t.b, &bad, &at, &err);
        t.a = &t.b->alerts[0];
        t.b->services[SMALL_API].affected_by = SMALL_JOBS;
        small_value(t.b, "jobs.queue", rows[i].depth);
        then(&t, 0, 7, ALERT_FIRING);
        /* known when it fires, though the other one stands below it */
        assert_int_equal(t.told_affected_by, rows[i].affected_by);
        assert_int_equal(t.a->affected_by, rows[i].affected_by);
        assert_int_equal(alert_is_root(t.a), rows[i].affected_by < 0);
        t.b->services[SMALL_API].affected_by = -1;
        then(&t, 1, 7, ALERT_FIRING);
        assert_true(alert_is_root(t.a));
        drop(&t);
    }
}

static void somebody_has_it_until_it_recovers_or_a_time(void **state)
{
    struct alert_ack ack = { .at_ms = SMALL_T0 };
    struct fixture t;

    (void)state;
    text_sets(&ack.who, "dana");
    text_sets(&ack.note, "looking");
    with(&t, RULE(.when = "api.errors > 5%"));
    assert_false(judge_ack(t.b, "a", &ack)); /* nothing fires */
    assert_false(judge_ack(t.b, "b", &ack));
    then(&t, 0, 7, ALERT_FIRING);
    assert_true(judge_ack(t.b, "a", &ack));
    then(&t, 60, 8, ALERT_FIRING);
    assert_string_equal(text_str(&t.a->ack.who), "dana");
    then(&t, 60, 1, ALERT_RESOLVED);
    assert_int_equal(t.a->ack.at_ms, 0);
    then(&t, 60, 7, ALERT_FIRING);
    assert_int_equal(t.a->ack.at_ms, 0); /* the next time is another time */
    ack.until_ms = t.b->at_ms + 600000;
    assert_true(judge_ack(t.b, "a", &ack));
    then(&t, 599, 7, ALERT_FIRING);
    assert_int_equal(t.a->ack.at_ms, SMALL_T0);
    then(&t, 1, 7, ALERT_FIRING);
    assert_int_equal(t.a->ack.at_ms, 0);
    assert_true(judge_ack(t.b, "a", &ack));
    assert_true(judge_ack(t.b, "a", &(struct alert_ack){ 0 }));
    assert_int_equal(t.a->ack.at_ms, 0);
    drop(&t);
    text_fini(&ack.who);
    text_fini(&ack.note);
}

static void a_new_configuration_goes_on_where_the_old_one_stood(void **state)
{
    struct judge_rule rule = RULE(.when = "api.errors > 6% for 5m", .id = "a", .for_ms = -1);
    struct fixture t, now;
    size_t bad, at;

    (void)state;
    with(&t, RULE(.when = "api.errors > 5%"));
    then(&t, 0, 7, ALERT_FIRING);
    rule.service = -1;
    now = (struct fixture){ .b = small_board() };
    now.b->at_ms = t.b->at_ms;
    now.j = judge_new(&rule, 1, now.b, &bad, &at, NULL);
    assert_non_null(now.j);
    now.a = &now.b->alerts[0];
    judge_adopt(now.j, now.b, t.j, t.b);
    then(&now, 10, 7, ALERT_FIRING);
    assert_int_equal(now.a->fired_ms, t.a->fired_ms);
    assert_int_equal(now.fired, 0); /* nobody is told twice */
    drop(&t);
    drop(&now);
}

/* What fired when the collector died fires until it is seen to be well. */
static void what_fired_before_a_restart_fires_on(void **state)
{
    struct fixture t;

    (void)state;
    with(&t, RULE(.when = "api.errors > 5%"));
    judge_restore(t.j, t.b, "a", SMALL_T0 - 60000);
    judge_restore(t.j, t.b, "gone", SMALL_T0 - 60000);
    then(&t, 0, NAN, ALERT_FIRING);
    assert_int_equal(t.a->fired_ms, SMALL_T0 - 60000);
    then(&t, 600, NAN, ALERT_FIRING);
    then(&t, 1, 7, ALERT_FIRING);
    assert_int_equal(t.fired, 0);
    then(&t, 1, 1, ALERT_RESOLVED);
    drop(&t);
}

static void a_wrong_rule_is_named(void **state)
{
    struct judge_rule rules[] = { RULE(.id = "a", .when = "api.errors > 5%"),
                                  RULE(.id = "b", .when = "api.erors > 5%") };
    struct board *b = small_board();
    struct err err;
    size_t bad = 9, at = 9;

    (void)state;
    assert_null(judge_new(rules, 2, b, &bad, &at, &err));
    assert_int_equal(bad, 1);
    assert_int_equal(at, 4);
    board_free(b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_lasts_long_enough_fires),
        cmocka_unit_test(what_ends_before_does_not),
        cmocka_unit_test(without_a_for_it_fires_at_once),
        cmocka_unit_test(recovery_is_damped),
        cmocka_unit_test(no_data_resolves_nothing),
        cmocka_unit_test(no_data_is_a_state_after_a_while),
        cmocka_unit_test(a_gap_does_not_count_as_time_that_it_held),
        cmocka_unit_test(many_times_up_and_down_is_one_alert),
        cmocka_unit_test(seldom_is_not_flapping),
        cmocka_unit_test(what_another_explains_is_affected),
        cmocka_unit_test(somebody_has_it_until_it_recovers_or_a_time),
        cmocka_unit_test(a_new_configuration_goes_on_where_the_old_one_stood),
        cmocka_unit_test(what_fired_before_a_restart_fires_on),
        cmocka_unit_test(a_wrong_rule_is_named),
    };

    setlocale(LC_CTYPE, "C.UTF-8");
    return cmocka_run_group_tests(tests, NULL, NULL);
}

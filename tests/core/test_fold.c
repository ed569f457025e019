/* tests/core/test_fold.c: how answers become states, and the board's JSON form both ways. */
#include "core/board_json.h"
#include "core/fold.h"

#include "tests/cmocka.h"

#include <locale.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { T0 = 1000000, EVERY = 10000 };

static const struct fold_rules soft = { 0 }, hard = { .crit_is_down = true };

static struct board *one_probe(void)
{
    struct board *b = board_new(1);
    struct reading *r = service_add_readings(&b->services[0], 1);
    struct signal *s = reading_add_signals(r, 1, EVERY);

    text_sets(&b->services[0].id, "api");
    text_sets(&b->services[0].title, "API");
    text_sets(&r->name, "health");
    text_sets(&r->target, "http://127.0.0.1:1/health");
    text_sets(&s->name, "latency");
    s->unit = UNIT_MS;
    r->every_ms = EVERY;
    r->timeout_ms = 5000;
    r->fail_after = 3;
    b->started_ms = T0;
    return b;
}

static void answer(struct board *b, int64_t at_ms, enum state state, const char *why, double value,
                   const struct fold_rules *rules)
{
    struct report r;

    report_init(&r, at_ms);
    r.state = state;
    r.fault = state == STATE_DOWN ? FAULT_REFUSED : FAULT_NONE;
    text_sets(&r.reason, why);
    if (!isnan(value)) {
        r.values[0].known = true;
        r.values[0].value = value;
    }
    board_fold(b, 0, 0, &r, rules);
    board_age(b, at_ms);
    report_fini(&r);
}

/* What was found does not change by being looked at three times. */
static void a_sure_failure_is_down_at_once(void **state)
{
    struct board *b = one_probe();
    const struct reading *r = &b->services[0].readings[0];
    struct report rep;

    (void)state;
    report_init(&rep, T0);
    rep.state = STATE_DOWN;
    rep.fault = FAULT_BODY;
    rep.sure = true;
    text_sets(&rep.reason, "0 bytes");
    board_fold(b, 0, 0, &rep, &soft);
    assert_int_equal(r->state, STATE_DOWN);
    assert_string_equal(text_str(&r->reason), "0 bytes");
    report_clear(&rep, T0 + 1);
    assert_false(rep.sure);
    report_fini(&rep);
    board_free(b);
}

/* "6h" and "0 orders" are nothing without what they are of; one probe is its service. */
static void a_service_says_which_probe_speaks_for_it(void **state)
{
    struct board *b = one_probe();

    (void)state;
    answer(b, T0, STATE_UP, "6h", 5, &soft);
    board_age(b, T0);
    assert_string_equal(text_str(&b->services[0].reason), "6h");
    board_free(b);

    b = board_new(1);
    service_add_readings(&b->services[0], 2);
    for (size_t k = 0; k < 2; k++) {
        struct reading *r = &b->services[0].readings[k];

        reading_add_signals(r, 1, EVERY);
        text_sets(&r->name, k ? "runs" : "age");
        r->every_ms = EVERY;
        r->fail_after = 1;
    }
    board_age(b, T0);
    assert_string_equal(text_str(&b->services[0].reason), "no answer yet");
    answer(b, T0, STATE_UP, "6h", 5, &soft);
    b->services[0].readings[1].state = STATE_UP;
    board_age(b, T0);
    assert_string_equal(text_str(&b->services[0].reason), "age: 6h");
    answer(b, T0 + 1, STATE_DOWN, "exit 1", 5, &soft);
    board_age(b, T0 + 1);
    assert_string_equal(text_str(&b->services[0].reason), "age: exit 1");
    board_free(b);
}

static void three_failures_make_down(void **state)
{
    struct board *b = one_probe();
    const struct reading *r = &b->services[0].readings[0];

    (void)state;
    answer(b, T0, STATE_UP, "200 in 5 ms", 5, &soft);
    assert_int_equal(r->state, STATE_UP);
    answer(b, T0 + EVERY, STATE_DOWN, "refused", NAN, &soft);
    assert_int_equal(r->state, STATE_DEGRADED);
    assert_string_equal(text_str(&r->reason), "failing 1/3: refused");
    answer(b, T0 + 2 * EVERY, STATE_DOWN, "refused", NAN, &soft);
    assert_string_equal(text_str(&r->reason), "failing 2/3: refused");
    answer(b, T0 + 3 * EVERY, STATE_DOWN, "refused", NAN, &soft);
    assert_int_equal(r->state, STATE_DOWN);
    assert_string_equal(text_str(&r->reason), "refused");
    /* The trouble began with its first failure, the last good answer stays known. */
    assert_int_equal(r->since_ms, T0 + EVERY);
    assert_int_equal(r->good_ms, T0);
    answer(b, T0 + 4 * EVERY, STATE_UP, "200 in 5 ms", 5, &soft);
    assert_int_equal(r->state, STATE_UP);
    assert_int_equal(r->failing, 0);
    assert_int_equal(r->since_ms, T0 + 4 * EVERY);
    board_free(b);
}

static void lost_probe_shows_no_number(void **state)
{
    struct board *b = one_probe();
    const struct signal *s = &b->services[0].readings[0].signals[0];

    (void)state;
    answer(b, T0, STATE_UP, "200", 5, &soft);
    assert_true(s->known);
    answer(b, T0 + EVERY, STATE_DOWN, "refused", NAN, &soft);
    assert_false(s->known);
    assert_true(isnan(s->value));
    assert_string_equal(text_str(&s->note), "refused");
    assert_int_equal(s->at_ms, T0); /* the age of the last value stays known */
    board_free(b);
}

static void infinite_value_is_invalid_and_never_green(void **state)
{
    struct board *b = one_probe();
    const struct reading *r = &b->services[0].readings[0];
    const struct signal *s = &r->signals[0];

    (void)state;
    answer(b, T0, STATE_UP, "200", 5, &soft);
    answer(b, T0 + EVERY, STATE_UP, "200", INFINITY, &soft);
    assert_false(s->known);
    assert_string_equal(text_str(&s->note), "invalid: not a finite number");
    assert_int_equal(r->state, STATE_UNKNOWN);
    assert_string_equal(text_str(&r->reason), "latency is not a finite number");
    assert_int_equal(r->good_ms, T0);
    answer(b, T0 + 2 * EVERY, STATE_DEGRADED, "slow", -INFINITY, &soft);
    assert_int_equal(r->state, STATE_DEGRADED); /* a finding of its own stays */
    board_free(b);
}

static void our_own_lack_is_unknown_at_once(void **state)
{
    struct board *b = one_probe();
    const struct reading *r = &b->services[0].readings[0];

    (void)state;
    answer(b, T0, STATE_UNKNOWN, "dns: no such name", NAN, &soft);
    assert_int_equal(r->state, STATE_UNKNOWN);
    assert_int_equal(b->services[0].state, STATE_UNKNOWN);
    board_free(b);
}

static void old_evidence_is_stale_and_never_green(void **state)
{
    struct board *b = one_probe();
    const struct reading *r = &b->services[0].readings[0];

    (void)state;
    answer(b, T0, STATE_UP, "200", 5, &soft);
    board_age(b, T0 + 2 * EVERY);
    assert_int_equal(b->services[0].state, STATE_UP);
    board_age(b, T0 + 2 * EVERY + 1);
    assert_int_equal(r->state, STATE_STALE);
    assert_int_equal(b->services[0].state, STATE_STALE);
    assert_string_equal(text_str(&r->reason), "no answer since 00:16:40Z, asked every 10s");
    answer(b, T0 + 3 * EVERY, STATE_UP, "200", 5, &soft);
    assert_int_equal(b->services[0].state, STATE_UP);
    board_free(b);
}

/* Its reading may have been degraded for long: a limit that is passed now is passed since now. */
static void a_level_has_a_time_of_its_own(void **state)
{
    struct board *b = one_probe();
    struct reading *r = &b->services[0].readings[0];
    const struct signal *s = &r->signals[0];

    (void)state;
    r->signals[0].warn = 500;
    r->signals[0].crit = 1000;
    answer(b, T0, STATE_UP, "200", 600, &soft);
    answer(b, T0 + EVERY, STATE_UP, "200", 700, &soft);
    assert_int_equal(s->since_ms, T0);
    answer(b, T0 + 2 * EVERY, STATE_UP, "200", 1200, &soft);
    assert_int_equal(r->since_ms, T0);
    assert_int_equal(s->since_ms, T0 + 2 * EVERY);
    answer(b, T0 + 3 * EVERY, STATE_UP, "200", NAN, &soft);
    assert_int_equal(s->since_ms, T0 + 3 * EVERY);
    answer(b, T0 + 4 * EVERY, STATE_UP, "200", 1200, &soft);
    board_age(b, T0 + 7 * EVERY);
    assert_int_equal(r->state, STATE_STALE);
    assert_int_equal(s->level, LEVEL_NONE);
    assert_int_equal(s->since_ms, r->since_ms);
    board_free(b);
}

static void thresholds_degrade_or_end_as_the_probe_says(void **state)
{
    struct board *b = one_probe();
    struct reading *r = &b->services[0].readings[0];

    (void)state;
    r->signals[0].warn = 500;
    r->signals[0].crit = 1000;
    answer(b, T0, STATE_UP, "200", 499, &soft);
    assert_int_equal(r->state, STATE_UP);
    assert_int_equal(r->signals[0].level, LEVEL_OK);
    answer(b, T0 + 1, STATE_UP, "200", 500, &soft);
    assert_int_equal(r->state, STATE_DEGRADED);
    assert_string_equal(text_str(&r->reason), "latency 500 ms, warning at 500 ms");
    text_sets(&r->name, "latency"); /* the name of the probe stands before its reason anyway */
    answer(b, T0 + 2, STATE_UP, "200", 1000, &soft);
    assert_int_equal(r->state, STATE_DEGRADED);
    assert_string_equal(text_str(&r->reason), "1.0 s, critical at 1.0 s");
    assert_int_equal(r->signals[0].level, LEVEL_CRIT);
    answer(b, T0 + 3, STATE_UP, "200", 1000, &hard);
    assert_int_equal(r->state, STATE_DOWN);
    board_free(b);
}

static void new_version_is_a_mark(void **state)
{
    struct board *b = one_probe();
    struct report r;

    (void)state;
    for (int i = 0; i < 3; i++) {
        report_init(&r, T0 + i);
        r.state = STATE_UP;
        text_sets(&r.version, i < 2 ? "1.0.0" : "1.1.0");
        board_fold(b, 0, 0, &r, &soft);
        report_fini(&r);
    }
    assert_int_equal(b->n_marks, 1);
    assert_int_equal(b->marks[0].at_ms, T0 + 2);
    assert_string_equal(text_str(&b->marks[0].label), "1.0.0 > 1.1.0");
    board_free(b);
}

static void tell_version(struct board *b, size_t reading, int64_t at_ms, const char *version)
{
    struct report r;

    report_init(&r, at_ms);
    r.state = STATE_UP;
    text_sets(&r.version, version);
    board_fold(b, 0, reading, &r, &soft);
    report_fini(&r);
}

static void versions_that_alternate_are_no_storm_of_marks(void **state)
{
    struct board *b = one_probe();
    int64_t at_ms = T0;

    (void)state;
    for (int i = 0; i < 200; i++) /* a balancer over an old and a new instance */
        tell_version(b, 0, at_ms += EVERY, i % 2 ? "1.1.0" : "1.0.0");
    assert_int_equal(b->n_marks, 1);
    assert_string_equal(text_str(&b->services[0].version), "1.1.0");
    for (int i = 0; i < 20; i++) /* rolled back */
        tell_version(b, 0, at_ms += EVERY, "1.0.0");
    assert_int_equal(b->n_marks, 2);
    assert_string_equal(text_str(&b->marks[1].label), "1.1.0 > 1.0.0");
    tell_version(b, 0, at_ms += EVERY, "1.2.0");
    assert_int_equal(b->n_marks, 3);
    board_free(b);
}

static void tell_restart(struct board *b, size_t reading, int64_t at_ms, const char *restart)
{
    struct report r;

    report_init(&r, at_ms);
    r.state = STATE_UP;
    text_sets(&r.restart, restart);
    board_fold(b, 0, reading, &r, &soft);
    report_fini(&r);
}

static void one_restart_is_one_mark_however_many_probes_see_it(void **state)
{
    struct board *b = board_new(1);

    (void)state;
    service_add_readings(&b->services[0], 2);
    tell_restart(b, 0, T0, "");
    tell_restart(b, 1, T0 + 1, "");
    tell_restart(b, 0, T0 + EVERY, "restarted, up 1s");
    tell_restart(b, 1, T0 + EVERY + 1, "restarted, up 2s"); /* the same one */
    assert_int_equal(b->n_marks, 1);
    assert_int_equal(b->marks[0].kind, MARK_RESTART);
    assert_string_equal(text_str(&b->marks[0].label), "restarted, up 1s");
    tell_restart(b, 1, T0 + 2 * EVERY, "restarted, up 1s"); /* another one */
    tell_restart(b, 0, T0 + 2 * EVERY + 1, "restarted, up 2s");
    assert_int_equal(b->n_marks, 2);
    assert_int_equal(b->marks[1].at_ms, T0 + 2 * EVERY);
    board_free(b);
}

static void parts_with_versions_of_their_own_are_no_change(void **state)
{
    struct board *b = board_new(1);
    struct reading *r = service_add_readings(&b->services[0], 2);

    (void)state;
    r[0].every_ms = r[1].every_ms = EVERY;
    tell_version(b, 1, T0, "redis 7");
    for (int i = 0; i < 5; i++) {
        tell_version(b, 0, T0 + i, "1.0.0");
        tell_version(b, 1, T0 + i, "redis 7");
        assert_string_equal(text_str(&b->services[0].version), "1.0.0");
    }
    assert_int_equal(b->n_marks, 0);
    board_free(b);
}

/* Not known for a while is neither better nor new: down goes on since its first failure. */
static void what_is_not_known_interrupts_no_trouble(void **state)
{
    struct board *b = one_probe();
    const struct reading *r = &b->services[0].readings[0];

    (void)state;
    for (int i = 0; i < 3; i++)
        answer(b, T0 + i, STATE_DOWN, "refused", NAN, &soft);
    answer(b, T0 + 10, STATE_UNKNOWN, "dns", NAN, &soft);
    assert_int_equal(r->state, STATE_UNKNOWN);
    assert_int_equal(r->since_ms, T0 + 10);
    answer(b, T0 + 20, STATE_DOWN, "refused", NAN, &soft);
    assert_int_equal(r->state, STATE_DOWN);
    assert_int_equal(r->since_ms, T0);
    board_age(b, T0 + 20 + 3 * EVERY);
    assert_int_equal(r->state, STATE_STALE);
    answer(b, T0 + 30 + 3 * EVERY, STATE_DOWN, "refused", NAN, &soft);
    assert_int_equal(r->state, STATE_DOWN);
    assert_int_equal(r->since_ms, T0);
    assert_int_equal(r->failing, 5); /* all of them, beyond fail_after too */
    answer(b, T0 + 4 * EVERY, STATE_UP, "200", 5, &soft);
    answer(b, T0 + 5 * EVERY, STATE_DOWN, "refused", NAN, &soft);
    assert_int_equal(r->failing, 1);
    assert_int_equal(r->since_ms, T0 + 5 * EVERY);
    board_free(b);
}

/* A probe that could not even ask says nothing about the network, for or against. */
static void what_is_never_asked_proves_no_network(void **state)
{
    static const enum fault faults[] = { FAULT_DNS, FAULT_LOCAL, FAULT_CONNECT_TIMEOUT };
    struct board *b = board_new(3);

    (void)state;
    for (size_t i = 0; i < 3; i++) {
        struct reading *r = service_add_readings(&b->services[i], 1);
        struct report rep;

        text_setf(&r->target, "http://10.0.0.%zu/", i);
        r->every_ms = EVERY;
        report_init(&rep, T0);
        report_fault(&rep, faults[i], "%s", "");
        board_fold(b, i, 0, &rep, &soft);
        report_fini(&rep);
    }
    board_age(b, T0);
    assert_int_equal(b->unreachable_since_ms, T0);
    board_free(b);
}

static void nothing_reachable_is_said_once(void **state)
{
    struct board *b = board_new(2);

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct reading *r = service_add_readings(&b->services[i], 1);
        struct report rep;

        text_setf(&b->services[i].id, "s%zu", i);
        text_setf(&r->target, "http://10.0.0.%zu/", i);
        r->every_ms = EVERY;
        r->fail_after = 1;
        report_init(&rep, T0);
        report_fault(&rep, i ? FAULT_DNS : FAULT_CONNECT_TIMEOUT, "%s", "");
        board_fold(b, i, 0, &rep, &soft);
        report_fini(&rep);
        board_age(b, T0);
        assert_int_equal(b->unreachable_since_ms, i ? T0 : 0);
    }
    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(b->services[i].state, STATE_UNKNOWN);
        assert_string_equal(text_str(&b->services[i].reason), "console cannot reach the network");
    }
    board_free(b);
}

/* What this machine answers about itself proves no network, nor does a dead network darken it. */
static void an_answer_of_our_own_machine_proves_no_network(void **state)
{
    static const char *const targets[] = { "http://10.0.0.1/", "http://10.0.0.2/", "df -P /" };
    struct board *b = board_new(3);

    (void)state;
    for (size_t i = 0; i < 3; i++) {
        struct reading *r = service_add_readings(&b->services[i], 1);
        struct report rep;

        text_setf(&b->services[i].id, "s%zu", i);
        text_sets(&r->target, targets[i]);
        r->local = i == 2;
        r->every_ms = EVERY;
        r->fail_after = 1;
        report_init(&rep, T0);
        rep.state = STATE_UP;
        if (!r->local)
            report_fault(&rep, FAULT_CONNECT_TIMEOUT, "%s", "");
        board_fold(b, i, 0, &rep, &soft);
        report_fini(&rep);
    }
    board_age(b, T0);
    assert_int_equal(b->unreachable_since_ms, T0);
    assert_int_equal(b->services[0].state, STATE_UNKNOWN);
    assert_int_equal(b->services[2].state, STATE_UP);
    board_free(b);
}

/* A machine that is off is not our network, whatever is asked of it. */
static void many_targets_of_one_host_prove_no_network(void **state)
{
    static const struct {
        const char *first, *second;
        bool blind;
    } cases[] = {
        { "http://h/health", "http://h/metrics", false },
        { "http://h/metrics up", "http://h/metrics rate of x{url=\"http://other/\"}", false },
        { "http://h:8080/", "a@h:5432/shop", false },
        { "h:6379/0", "list mail on h:6379", false },
        { "http://[::1]:80/", "[::1]:6379", false },
        { "POST http://h?x=http://i", "http://h#", false },
        { "http://h/health", "http://hh/health", true },
        { "http://[::1]:80/", "http://[::2]:80/", true },
        { "http://h/", "a@i:5432/shop", true },
        { "h:6379/0", "list mail on i:6379", true },
    };

    (void)state;
    for (size_t c = 0; c < sizeof cases / sizeof *cases; c++) {
        struct board *b = board_new(1);
        struct reading *r = service_add_readings(&b->services[0], 2);
        struct report rep;

        text_sets(&r[0].target, cases[c].first);
        text_sets(&r[1].target, cases[c].second);
        report_init(&rep, T0);
        report_fault(&rep, FAULT_CONNECT_TIMEOUT, "%s", "");
        for (size_t k = 0; k < 2; k++)
            board_fold(b, 0, k, &rep, &soft);
        report_fini(&rep);
        board_age(b, T0);
        if ((b->unreachable_since_ms != 0) != cases[c].blind)
            fail_msg("%s and %s", cases[c].first, cases[c].second);
        board_free(b);
    }
}

static void json_form_reads_back_the_same(void **state)
{
    struct board *b = one_probe(), *again;
    struct buf first = { 0 }, second = { 0 };
    struct err err;

    (void)state;
    text_sets(&b->watch, "rmu");
    text_sets(&b->words[STATE_DOWN], "unhealthy");
    b->services[0].critical = true;
    for (int i = 0; i < 30; i++)
        answer(b, T0 + i * EVERY, i % 7 ? STATE_UP : STATE_DOWN, "why \033[31m\"x\"",
               i % 7 ? 40 + i : NAN, &soft);
    board_mark(b, (struct mark){ .at_ms = T0, .kind = MARK_CONFIG, .service = -1 });
    b->services[0].readings[0].signals[0].share_unit = UNIT_BYTES;
    board_to_json(b, 600000, true, &first);
    again = board_from_json(first.bytes, first.len, &err);
    assert_int_equal(again->services[0].readings[0].signals[0].share_unit, UNIT_BYTES);
    assert_non_null(again);
    board_to_json(again, 600000, true, &second);
    assert_string_equal(first.bytes, second.bytes);
    assert_null(strchr(first.bytes, '\033'));
    buf_fini(&first);
    buf_fini(&second);
    board_free(b);
    board_free(again);
}

static void foreign_json_is_refused_with_its_reason(void **state)
{
    static const struct {
        const char *json, *why;
    } cases[] = {
        { "{}", "not a board of format 1" },
        { "{\"midwatch_board\":1,\"services\":[{\"id\":\"a\",\"depends_on\":[\"b\"]}]}",
          "service 'a' depends on 'b', which is not there" },
        { "{\"midwatch_board\":1,\"services\":[{}]}", "a service without an id" },
        { "{\"midwatch_board\":1,\"services\":[{\"id\":\"a\",\"readings\":[{\"name\":\"p\"}]}]}",
          "service 'a': reading 'p': every_ms must be above 0" },
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct err err = { "" };

        assert_null(board_from_json(cases[i].json, strlen(cases[i].json), &err));
        assert_string_equal(err.msg, cases[i].why);
    }
}

static void a_history_beyond_all_time_is_left_out(void **state)
{
    static const char json[] =
        "{\"midwatch_board\":1,\"services\":[{\"id\":\"a\",\"readings\":[{\"name\":\"p\","
        "\"every_ms\":1000,\"signals\":[{\"name\":\"s\",\"history\":{\"from_ms\":8e15,"
        "\"step_ms\":8e15,\"values\":[1,2,3]}}]}]}]}";
    struct err err = { "" };
    struct board *b = board_from_json(json, sizeof json - 1, &err);

    (void)state;
    assert_string_equal(err.msg, "");
    assert_int_equal(series_newest_ms(b->services[0].readings[0].signals[0].series), 0);
    board_free(b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_sure_failure_is_down_at_once),
        cmocka_unit_test(a_service_says_which_probe_speaks_for_it),
        cmocka_unit_test(three_failures_make_down),
        cmocka_unit_test(lost_probe_shows_no_number),
        cmocka_unit_test(infinite_value_is_invalid_and_never_green),
        cmocka_unit_test(our_own_lack_is_unknown_at_once),
        cmocka_unit_test(old_evidence_is_stale_and_never_green),
        cmocka_unit_test(a_level_has_a_time_of_its_own),
        cmocka_unit_test(thresholds_degrade_or_end_as_the_probe_says),
        cmocka_unit_test(new_version_is_a_mark),
        cmocka_unit_test(one_restart_is_one_mark_however_many_probes_see_it),
        cmocka_unit_test(versions_that_alternate_are_no_storm_of_marks),
        cmocka_unit_test(parts_with_versions_of_their_own_are_no_change),
        cmocka_unit_test(what_is_not_known_interrupts_no_trouble),
        cmocka_unit_test(what_is_never_asked_proves_no_network),
        cmocka_unit_test(an_answer_of_our_own_machine_proves_no_network),
        cmocka_unit_test(many_targets_of_one_host_prove_no_network),
        cmocka_unit_test(nothing_reachable_is_said_once),
        cmocka_unit_test(json_form_reads_back_the_same),
        cmocka_unit_test(foreign_json_is_refused_with_its_reason),
        cmocka_unit_test(a_history_beyond_all_time_is_left_out),
    };

    setlocale(LC_CTYPE, "C.UTF-8");
    return cmocka_run_group_tests(tests, NULL, NULL);
}

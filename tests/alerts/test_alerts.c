/* tests/alerts/test_alerts.c: who is to blame, and the verdict line. */
#include "alerts/root.h"
#include "alerts/verdict.h"

#include "core/alloc.h"
#include "tests/cmocka.h"

#include <locale.h>
#include <stdarg.h>

/* A board of services "a", "b", "c" ... with the states given; deps as "ab" = a depends on b. */
static struct board *make(size_t n, const enum state *states, const char *const *deps)
{
    struct board *b = board_new(n);

    for (size_t i = 0; i < n; i++) {
        struct service *s = &b->services[i];
        struct reading *r = service_add_readings(s, 1);

        text_setf(&s->id, "%c", (char)('a' + i));
        s->deps = xcalloc(n, sizeof *s->deps);
        s->state = r->state = states[i];
        s->since_ms = 1000 + (int64_t)i;
        s->worst = 0;
        r->evidence_ms = 1000;
    }
    for (; *deps; deps++) {
        struct service *s = &b->services[(*deps)[0] - 'a'];

        s->deps[s->n_deps++] = (size_t)((*deps)[1] - 'a');
    }
    root_find(b);
    verdict_make(b);
    return b;
}

static void dependants_of_the_dead_are_affected(void **state)
{
    struct board *b = make(4, (enum state[]){ STATE_DOWN, STATE_DOWN, STATE_DEGRADED, STATE_UP },
                           (const char *[]){ "ba", "cb", "da", NULL });

    (void)state;
    assert_int_equal(b->services[0].affected_by, -1);
    assert_int_equal(b->services[1].affected_by, 0);
    assert_int_equal(b->services[2].affected_by, 0);    /* through b, to the root itself */
    assert_int_equal(b->services[3].affected_by, -1);   /* well in spite of it */
    assert_int_equal(b->services[1].state, STATE_DOWN); /* its own state stays */
    assert_int_equal(b->verdict.root, 0);
    assert_int_equal(b->verdict.hides, 2);
    assert_int_equal(b->verdict.others, 0);
    board_free(b);
}

static void the_slow_do_not_explain_the_dead(void **state)
{
    struct board *b =
        make(2, (enum state[]){ STATE_DEGRADED, STATE_DOWN }, (const char *[]){ "ba", NULL });

    (void)state;
    assert_int_equal(b->services[1].affected_by, -1);
    assert_int_equal(b->verdict.root, 1);
    assert_int_equal(b->verdict.others, 1);
    board_free(b);
}

static void a_circle_of_dependencies_ends(void **state)
{
    struct board *b = make(3, (enum state[]){ STATE_DOWN, STATE_DOWN, STATE_DOWN },
                           (const char *[]){ "ab", "bc", "ca", NULL });

    (void)state;
    assert_int_equal(b->verdict.state, STATE_DOWN);
    for (size_t i = 0; i < 3; i++)
        assert_int_not_equal(b->services[i].affected_by, (int)i);
    assert_true(b->verdict.root >= 0); /* somebody is to blame */
    board_free(b);
}

/* Each service of a layer needs both of the next: a way for every choice, a billion in all. */
static void many_ways_to_one_root_are_walked_once(void **state)
{
    enum { LAYERS = 30, N = 2 * LAYERS + 1 };
    struct board *b = board_new(N);

    (void)state;
    for (size_t i = 0; i < N; i++) {
        struct service *s = &b->services[i];

        text_setf(&s->id, "s%zu", i);
        s->state = STATE_DOWN;
        s->since_ms = 1000 - (int64_t)i;
        s->n_deps = i == N - 1 ? 0 : i >= N - 3 ? 1 : 2;
        s->deps = xcalloc(s->n_deps, sizeof *s->deps);
        for (size_t k = 0; k < s->n_deps; k++)
            s->deps[k] = (i / 2 + 1) * 2 + k;
    }
    root_find(b);
    for (size_t i = 0; i < N - 1; i++)
        assert_int_equal(b->services[i].affected_by, N - 1);
    assert_int_equal(b->services[N - 1].affected_by, -1);
    assert_int_equal(b->services[N - 1].root_hides, N - 1);
    board_free(b);
}

static void only_the_critical_take_the_system_down(void **state)
{
    struct board *b = make(2, (enum state[]){ STATE_DOWN, STATE_UP }, (const char *[]){ NULL });

    (void)state;
    assert_int_equal(b->verdict.state, STATE_DOWN); /* nobody is marked: all are */
    b->services[1].critical = true;
    verdict_make(b);
    assert_int_equal(b->verdict.state, STATE_DEGRADED);
    assert_string_equal(text_str(&b->verdict.word), "DEGRADED");
    b->services[0].critical = true;
    text_sets(&b->words[STATE_DOWN], "unhealthy");
    verdict_make(b);
    assert_int_equal(b->verdict.state, STATE_DOWN);
    assert_string_equal(text_str(&b->verdict.word), "UNHEALTHY");
    board_free(b);
}

static void of_two_as_badly_off_the_critical_one_is_named(void **state)
{
    struct board *b =
        make(2, (enum state[]){ STATE_DEGRADED, STATE_DEGRADED }, (const char *[]){ NULL });

    (void)state;
    assert_int_equal(b->verdict.root, 0); /* the first one */
    b->services[1].critical = true;
    verdict_make(b);
    assert_int_equal(b->verdict.root, 1);
    board_free(b);
}

static void unknown_and_stale_are_never_up(void **state)
{
    (void)state;
    for (int s = 0; s < STATE_COUNT; s++) {
        struct board *b =
            make(2, (enum state[]){ STATE_UP, (enum state)s }, (const char *[]){ NULL });

        assert_int_equal(b->verdict.state, s == STATE_DISABLED ? STATE_UP : s);
        board_free(b);
    }
}

/* A kill switch is no outage; a critical service that is off, or all of them, is no system. */
static void what_is_switched_off_counts_as_available(void **state)
{
    struct board *b = make(2, (enum state[]){ STATE_UP, STATE_DISABLED }, (const char *[]){ NULL });

    (void)state;
    assert_int_equal(b->verdict.state, STATE_UP);
    assert_int_equal(b->verdict.root, -1);
    assert_int_equal(b->verdict.others, 0);
    b->services[1].critical = true;
    verdict_make(b);
    assert_int_equal(b->verdict.state, STATE_DISABLED);
    assert_int_equal(b->verdict.root, 1);
    b->services[1].critical = false;
    b->services[0].state = STATE_DISABLED;
    verdict_make(b);
    assert_int_equal(b->verdict.state, STATE_DISABLED);
    assert_true(b->verdict.root >= 0);
    b->services[0].state = STATE_DEGRADED;
    verdict_make(b);
    assert_int_equal(b->verdict.state, STATE_DEGRADED);
    assert_int_equal(b->verdict.root, 0);
    assert_int_equal(b->verdict.others, 0);
    board_free(b);
}

static void before_the_first_answers_it_connects(void **state)
{
    struct board *b = make(2, (enum state[]){ STATE_UP, STATE_UNKNOWN }, (const char *[]){ NULL });

    (void)state;
    b->services[1].readings[0].evidence_ms = 0;
    verdict_make(b);
    assert_true(b->verdict.connecting);
    assert_int_equal(b->verdict.state, STATE_UNKNOWN);
    assert_string_equal(text_str(&b->verdict.word), "CONNECTING");
    assert_string_equal(text_str(&b->verdict.detail), "1/2");
    /* What is switched off is no verdict over the others. */
    b->services[0].state = STATE_DISABLED;
    verdict_make(b);
    assert_true(b->verdict.connecting);
    assert_string_equal(text_str(&b->verdict.word), "CONNECTING");
    assert_string_equal(text_str(&b->verdict.detail), "1/2");
    assert_int_equal(b->verdict.root, -1);
    /* Something wrong is a verdict at once. */
    b->services[0].state = STATE_DOWN;
    verdict_make(b);
    assert_false(b->verdict.connecting);
    assert_int_equal(b->verdict.state, STATE_DOWN);
    board_free(b);
}

static void a_blind_console_blames_nobody(void **state)
{
    struct board *b =
        make(2, (enum state[]){ STATE_DOWN, STATE_DOWN }, (const char *[]){ "ba", NULL });

    (void)state;
    b->unreachable_since_ms = 5;
    root_find(b);
    verdict_make(b);
    assert_int_equal(b->services[1].affected_by, -1);
    assert_int_equal(b->verdict.root, -1);
    assert_int_equal(b->verdict.state, STATE_UNKNOWN);
    assert_string_equal(text_str(&b->verdict.detail), "console cannot reach the network");
    board_free(b);
}

static void what_is_silenced_is_down_and_not_the_one_to_look_at(void **state)
{
    struct board *b =
        make(3, (enum state[]){ STATE_DOWN, STATE_DEGRADED, STATE_UP }, (const char *[]){ NULL });

    (void)state;
    board_add_alerts(b, 2);
    for (int i = 0; i < 2; i++) {
        b->alerts[i].state = ALERT_FIRING;
        b->alerts[i].service = 0;
        b->alerts[i].silenced = i - 1;
    }
    verdict_make(b);
    assert_int_equal(b->verdict.root, 0); /* another one fires about it */
    b->alerts[0].silenced = b->alerts[1].silenced = 0;
    verdict_make(b);
    assert_int_equal(b->verdict.root, 1);
    assert_int_equal(b->verdict.others, 0);
    assert_int_equal(b->verdict.state, STATE_DOWN); /* never falsely green */
    board_free(b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(dependants_of_the_dead_are_affected),
        cmocka_unit_test(the_slow_do_not_explain_the_dead),
        cmocka_unit_test(a_circle_of_dependencies_ends),
        cmocka_unit_test(many_ways_to_one_root_are_walked_once),
        cmocka_unit_test(only_the_critical_take_the_system_down),
        cmocka_unit_test(of_two_as_badly_off_the_critical_one_is_named),
        cmocka_unit_test(unknown_and_stale_are_never_up),
        cmocka_unit_test(what_is_switched_off_counts_as_available),
        cmocka_unit_test(before_the_first_answers_it_connects),
        cmocka_unit_test(a_blind_console_blames_nobody),
        cmocka_unit_test(what_is_silenced_is_down_and_not_the_one_to_look_at),
    };

    setlocale(LC_CTYPE, "C.UTF-8");
    return cmocka_run_group_tests(tests, NULL, NULL);
}

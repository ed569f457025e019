/* tests/io/test_redis_call.c: the life of a question to Redis: its answer, its deadline, its
 * cancel. */
#include "tests/io/redis_case.h"

#include <signal.h>
#include <string.h>

static void a_ping_is_answered_with_its_times(void **state)
{
    struct world w;
    struct answer a;

    (void)state;
    world_open(&w, honest);
    ping_wait(&w, &a);
    assert_int_equal(a.fault, FAULT_NONE);
    assert_int_equal(a.values, 1);
    assert_string_equal(a.str, "PONG");
    assert_true(a.phases.connect_us >= 0 && a.phases.first_byte_us >= a.phases.connect_us);
    assert_true(a.phases.total_us >= a.phases.first_byte_us && a.phases.tls_us == -1);
    ping_wait(&w, &a);
    assert_int_equal(w.server->accepted, 1); /* the connection is kept */
    assert_int_equal(a.phases.connect_us, -1);
    assert_int_equal(a.phases.dns_us, -1);
    world_close(&w);
}

static void questions_of_one_turn_go_in_one_piece(void **state)
{
    struct world w;
    struct answer a[20];
    char key[20][24];

    (void)state;
    world_open(&w, honest);
    ping_wait(&w, &a[0]);
    w.server->peers->reads = 0;
    for (int i = 0; i < 20; i++) {
        snprintf(key[i], sizeof key[i], "%.*s", i + 1, "xxxxxxxxxxxxxxxxxxxxxxx");
        ask(&w, &a[i], 2000, 2, (const char *[]){ "LLEN", key[i] });
    }
    WAIT(&w, a[19].n);
    assert_int_equal(w.server->peers->reads, 1);
    for (int i = 0; i < 20; i++)
        assert_int_equal(a[i].number, i + 1);
    world_close(&w);
}

static void slow_first(struct peer *p)
{
    if (p->number > 1)
        honest(p);
}

static void those_behind_a_stuck_question_are_asked_again(void **state)
{
    struct world w;
    struct answer a, b;

    (void)state;
    world_open(&w, slow_first);
    ping(&w, &a, 100);
    ask(&w, &b, 2000, 2, (const char *[]){ "LLEN", "abc" });
    WAIT(&w, b.n);
    assert_int_equal(a.fault, FAULT_TIMEOUT);
    assert_int_equal(b.fault, FAULT_NONE);
    assert_int_equal(b.number, 3);
    world_close(&w);
}

static void a_cancelled_question_answers_nobody_and_keeps_the_order(void **state)
{
    struct world w;
    struct answer a, b, c;
    struct redis_call *call;

    (void)state;
    world_open(&w, silent);
    call = ask(&w, &a, 2000, 2, (const char *[]){ "LLEN", "a" });
    redis_cancel(call); /* before it was sent */
    call = ask(&w, &b, 2000, 2, (const char *[]){ "LLEN", "bb" });
    ask(&w, &c, 2000, 2, (const char *[]){ "LLEN", "ccc" });
    WAIT(&w, w.server->peers && w.server->peers->in.len);
    redis_cancel(call); /* under way */
    honest(w.server->peers);
    WAIT(&w, c.n);
    assert_int_equal(c.number, 3);
    assert_int_equal(a.n + b.n, 0);
    world_close(&w);
}

static void on_answer_put(void *arg, const struct redis_reply *r)
{
    struct world *w = arg;

    assert_int_equal(r->fault, FAULT_NONE);
    redis_db_put(w->db);
    w->db = NULL;
}

static void a_server_may_be_given_up_from_inside_its_answer(void **state)
{
    struct world w;
    const char *argv[] = { "PING" };

    (void)state;
    world_open(&w, honest);
    redis_ask(w.db, &(struct redis_command){ 1, argv }, 1, 2000, on_answer_put, &w);
    WAIT(&w, w.db == NULL);
    WAIT(&w, server_open(w.server) == 0);
    world_close(&w);
}

static void given_up_with_questions_under_way_nothing_is_left(void **state)
{
    struct world w;
    struct answer a;

    (void)state;
    world_open(&w, silent);
    ping(&w, &a, 2000);
    WAIT(&w, w.server->peers && w.server->peers->in.len);
    ping(&w, &a, 2000);
    world_close(&w); /* the leak checker is the judge */
    assert_int_equal(a.n, 0);
}

static void an_answer_that_a_late_loop_finds_is_no_timeout(void **state)
{
    struct world w;
    struct answer a;
    int64_t late;
    int before;

    (void)state;
    world_open(&w, honest);
    ping_wait(&w, &a);
    before = w.server->peers->reads;
    ping(&w, &a, 50);
    WAIT(&w, w.server->peers->reads > before); /* answered; we have not read it */
    if (!a.n) {
        for (late = io_mono_ms(w.io) + 80; io_mono_ms(w.io) < late;)
            ; /* the loop stands still */
        WAIT(&w, a.n);
    }
    assert_int_equal(a.fault, FAULT_NONE);
    world_close(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_ping_is_answered_with_its_times),
        cmocka_unit_test(questions_of_one_turn_go_in_one_piece),
        cmocka_unit_test(those_behind_a_stuck_question_are_asked_again),
        cmocka_unit_test(a_cancelled_question_answers_nobody_and_keeps_the_order),
        cmocka_unit_test(a_server_may_be_given_up_from_inside_its_answer),
        cmocka_unit_test(given_up_with_questions_under_way_nothing_is_left),
        cmocka_unit_test(an_answer_that_a_late_loop_finds_is_no_timeout),
    };

    signal(SIGPIPE, SIG_IGN);
    return cmocka_run_group_tests(tests, NULL, NULL);
}

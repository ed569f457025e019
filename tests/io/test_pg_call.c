/* tests/io/test_pg_call.c: the life of a question to PostgreSQL: its deadline, its cancel, its
 * answer. */
#include "tests/io/pg_case.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "tests/patience.h"

static void never(struct peer *p, const char *sql)
{
    if (strcmp(sql, "SELECT stuck") == 0 && p->number == 1) {
        p->said = PG_STUCK;
        return;
    }
    pg_say_one(p, sql);
}

static void a_stuck_query_is_cancelled_and_then_given_up_with_its_connection(void **state)
{
    struct world w;
    struct answer a, b;

    (void)state;
    world_open(&w);
    ask_wait(&w, &a); /* connected: the time below is the query's alone */
    w.server->on_query = never;
    ask(&w, &a, "SELECT stuck", 100);
    ask(&w, &b, "SELECT 1", 3000);
    WAIT(&w, a.n);
    assert_int_equal(a.fault, FAULT_TIMEOUT);
    assert_string_equal(a.why, "no answer within 100 ms");
    assert_in_range(a.phases.total_us, 95000, patience_times(200000));
    WAIT(&w, w.server->cancels == 1);
    /* the server has the answer to b in the pipeline, but never gets to it: asked again */
    WAIT(&w, b.n);
    assert_int_equal(b.fault, FAULT_NONE);
    assert_int_equal(w.server->startups, 2);
    WAIT(&w, server_open(w.server->server) == 1);
    assert_int_equal(w.closed, 0);
    world_close(&w);
}

static struct peer *stuck_at;

static void stuck_until_cancelled(struct peer *p, const char *sql)
{
    if (strcmp(sql, "SELECT stuck") == 0) {
        stuck_at = p;
        p->said = PG_STUCK;
        return;
    }
    pg_say_one(p, sql);
}

static void a_cancelled_query_keeps_the_connection(void **state)
{
    struct world w;
    struct answer a, b;

    (void)state;
    world_open(&w);
    w.server->on_query = stuck_until_cancelled;
    stuck_at = NULL;
    ask(&w, &a, "SELECT stuck", 100);
    WAIT(&w, a.n && w.server->cancels == 1);
    pg_say_error(stuck_at, "ERROR", "57014", "canceling statement due to user request");
    pg_say_ready(stuck_at);
    pgserver_unstick(stuck_at);
    ask_wait(&w, &b);
    assert_int_equal(b.fault, FAULT_NONE);
    assert_int_equal(w.server->startups, 1);
    world_close(&w);
}

static int strays;

static void stray(struct peer *p, const char *sql)
{
    if (strcmp(sql, "SELECT stuck") == 0) {
        stuck_at = p;
        p->said = PG_STUCK;
    } else if (strays++ == 0) {
        pg_say_error(p, "ERROR", "57014", "canceling statement due to user request");
        pg_say_ready(p);
    } else {
        pg_say_one(p, sql);
    }
}

static void a_cancel_that_hits_the_next_query_is_not_blamed_on_it(void **state)
{
    struct world w;
    struct answer a, b;

    (void)state;
    strays = 0;
    world_open(&w);
    w.server->on_query = stray;
    ask(&w, &a, "SELECT stuck", 100);
    WAIT(&w, a.n && w.server->cancels == 1);
    pg_say_columns(stuck_at, 1, 23); /* it had just finished */
    pg_say_done(stuck_at);
    pg_say_ready(stuck_at);
    pgserver_unstick(stuck_at);
    ask_wait(&w, &b);
    assert_int_equal(b.fault, FAULT_NONE);
    assert_int_equal(strays, 2);
    world_close(&w);
}

static void who_waits_behind_our_own_query_tells_nothing_about_the_server(void **state)
{
    struct world w;
    struct answer a, b;

    (void)state;
    world_open(&w);
    w.server->on_query = never;
    ask(&w, &a, "SELECT stuck", 2000);
    WAIT(&w, w.server->queries == 1);
    ask(&w, &b, "SELECT 1", 100);
    WAIT(&w, b.n);
    assert_int_equal(b.fault, FAULT_LOCAL);
    assert_string_equal(b.why, "waited 100 ms behind another query of ours");
    assert_int_equal(a.n, 0);
    world_close(&w);
}

static void only_the_slow_one_sticks(struct peer *p, const char *sql)
{
    if (strcmp(sql, "SELECT stuck") == 0)
        stuck_until_cancelled(p, sql);
    else
        pg_say_one(p, sql);
}

/* They went out in one piece and ran out of time together: only the one in front is the server's
 * doing. From then on it goes last, and the others are answered. */
static void who_goes_with_a_slow_one_is_not_blamed_and_passes_it_next_time(void **state)
{
    struct world w;
    struct answer a, b, c;

    (void)state;
    world_open(&w);
    w.server->on_query = only_the_slow_one_sticks;
    stuck_at = NULL;
    ask_wait(&w, &b);
    ask(&w, &a, "SELECT stuck", 200);
    ask(&w, &b, "SELECT 1", 200);
    ask(&w, &c, "SELECT 1", 200);
    WAIT(&w, a.n && b.n && c.n);
    assert_int_equal(a.fault, FAULT_TIMEOUT);
    assert_string_equal(a.why, "no answer within 200 ms");
    assert_int_equal(b.fault, FAULT_LOCAL);
    assert_int_equal(c.fault, FAULT_LOCAL);
    assert_string_equal(c.why, "waited 200 ms behind another query of ours");
    WAIT(&w, w.server->cancels == 1);
    pg_say_error(stuck_at, "ERROR", "57014", "canceling statement due to user request");
    pg_say_ready(stuck_at);
    pgserver_unstick(stuck_at);
    ask(&w, &a, "SELECT stuck", 300);
    ask(&w, &b, "SELECT 1", 2000);
    WAIT(&w, b.n);
    assert_int_equal(b.fault, FAULT_NONE);
    WAIT(&w, a.n);
    assert_int_equal(a.fault, FAULT_TIMEOUT);
    assert_int_equal(w.server->startups, 1); /* nobody was out of step */
    world_close(&w);
}

static void a_cancelled_question_answers_nobody(void **state)
{
    struct world w;
    struct answer a, b;

    (void)state;
    world_open(&w);
    w.server->on_query = stuck_until_cancelled;
    stuck_at = NULL;
    pg_cancel(ask(&w, &a, "SELECT 1", 2000)); /* before it was sent */
    ask_wait(&w, &b);
    pg_cancel(ask(&w, &a, "SELECT 1", 2000));
    struct pg_call *c = ask(&w, &b, "SELECT stuck", 2000);
    WAIT(&w, stuck_at);
    pg_cancel(c); /* under way */
    WAIT(&w, w.server->cancels == 1);
    pg_say_error(stuck_at, "ERROR", "57014", "canceling statement due to user request");
    pg_say_ready(stuck_at);
    pgserver_unstick(stuck_at);
    ask(&w, &b, "SELECT 1", 2000);
    WAIT(&w, b.n);
    assert_int_equal(b.fault, FAULT_NONE);
    assert_int_equal(a.n, 0);
    assert_int_equal(w.server->startups, 1);
    world_close(&w);
}

static void on_answer_put(void *arg, const struct pg_reply *r)
{
    struct world *w = arg;

    assert_int_equal(r->fault, FAULT_NONE);
    pg_db_put(w->db);
    w->db = NULL;
}

static void a_database_may_be_given_up_from_inside_its_answer(void **state)
{
    struct world w;

    (void)state;
    world_open(&w);
    pg_ask(w.db, "SELECT 1", 2000, on_answer_put, &w);
    WAIT(&w, !w.db);
    WAIT(&w, server_open(w.server->server) == 0);
    world_close(&w);
}

struct again {
    struct world *w;
    int left;
};

static void on_answer_again(void *arg, const struct pg_reply *r)
{
    struct again *again = arg;

    if (again->left-- > 0)
        pg_ask(again->w->db, "SELECT again", 2000, on_answer_again, again);
    assert_int_equal(r->fault, FAULT_NONE);
    assert_string_equal(pg_reply_cell(r, 0, 0), "1"); /* what was asked meanwhile changed nothing */
}

static void a_question_may_be_asked_from_inside_an_answer(void **state)
{
    struct world w;
    struct again again = { &w, 10 };

    (void)state;
    world_open(&w);
    pg_ask(w.db, "SELECT 1", 2000, on_answer_again, &again);
    WAIT(&w, again.left < 0);
    world_close(&w);
}

static void given_up_at_any_moment_nothing_is_left(void **state)
{
    (void)state;
    for (int turns = 0; turns < 14; turns++) {
        struct world w;
        struct answer a;

        world_open(&w);
        w.server->on_query = never;
        ask(&w, &a, turns % 2 ? "SELECT stuck" : "SELECT 1", 2000);
        for (int i = 0; i < turns; i++)
            io_turn(w.io, 0);
        world_close(&w); /* the leak checker is the judge */
    }
}

static void an_answer_that_a_late_loop_finds_is_no_timeout(void **state)
{
    struct world w;
    struct answer a;
    int64_t late;

    (void)state;
    world_open(&w);
    ask_wait(&w, &a);
    ask(&w, &a, "SELECT 1", 50);
    WAIT(&w, w.server->queries == 2); /* answered in the same turn; we have not read it */
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
        cmocka_unit_test(a_stuck_query_is_cancelled_and_then_given_up_with_its_connection),
        cmocka_unit_test(a_cancelled_query_keeps_the_connection),
        cmocka_unit_test(a_cancel_that_hits_the_next_query_is_not_blamed_on_it),
        cmocka_unit_test(who_waits_behind_our_own_query_tells_nothing_about_the_server),
        cmocka_unit_test(who_goes_with_a_slow_one_is_not_blamed_and_passes_it_next_time),
        cmocka_unit_test(a_cancelled_question_answers_nobody),
        cmocka_unit_test(a_database_may_be_given_up_from_inside_its_answer),
        cmocka_unit_test(a_question_may_be_asked_from_inside_an_answer),
        cmocka_unit_test(given_up_at_any_moment_nothing_is_left),
        cmocka_unit_test(an_answer_that_a_late_loop_finds_is_no_timeout),
    };

    signal(SIGPIPE, SIG_IGN);
    unsetenv("PGPASSWORD");
    return cmocka_run_group_tests(tests, NULL, NULL);
}

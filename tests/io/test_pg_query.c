/* tests/io/test_pg_query.c: queries of PostgreSQL, their order and their prepared statements. */
#include "tests/io/pg_case.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>

static void a_query_is_answered_with_its_times(void **state)
{
    struct world w;
    struct answer a;

    (void)state;
    world_open(&w);
    ask_wait(&w, &a);
    assert_int_equal(a.fault, FAULT_NONE);
    assert_int_equal(a.rows, 1);
    assert_int_equal(a.cols, 1);
    assert_string_equal(a.cell, "1");
    assert_true(a.number);
    assert_true(a.phases.connect_us >= 0 && a.phases.first_byte_us >= a.phases.connect_us);
    assert_true(a.phases.total_us >= a.phases.first_byte_us && a.phases.tls_us == -1);
    ask_wait(&w, &a);
    assert_int_equal(w.server->startups, 1); /* the connection is kept */
    assert_int_equal(a.phases.connect_us, -1);
    assert_non_null(strstr(w.server->startup, "application_name midwatch"));
    assert_non_null(strstr(w.server->startup, "-c statement_timeout=2000 -c lock_timeout=1500"));
    assert_non_null(strstr(w.server->startup, "default_transaction_read_only=on"));
    world_close(&w);
}

static void queries_of_one_turn_go_in_one_piece(void **state)
{
    struct world w;
    struct answer a[5];

    (void)state;
    world_open(&w);
    ask_wait(&w, &a[0]);
    w.server->server->peers->reads = 0;
    for (int i = 0; i < 5; i++)
        ask(&w, &a[i], "SELECT 1", 2000);
    WAIT(&w, a[4].n);
    assert_int_equal(w.server->server->peers->reads, 1);
    for (int i = 0; i < 5; i++)
        assert_int_equal(a[i].fault, FAULT_NONE);
    world_close(&w);
}

static void the_impatient_go_first(void **state)
{
    struct world w;
    struct answer a, b, c;

    (void)state;
    world_open(&w);
    ask(&w, &a, "SELECT slow", 5000);
    ask(&w, &b, "SELECT quick", 1000);
    ask(&w, &c, "SELECT quick", 1000);
    WAIT(&w, a.n);
    assert_true(b.order < c.order && c.order < a.order);
    world_close(&w);
}

static void wrong_in_the_middle(struct peer *p, const char *sql)
{
    if (strcmp(sql, "SELECT nope") == 0) {
        pg_say_error(p, "ERROR", "42703", "column \"nope\" does not exist");
    } else {
        pg_say_columns(p, 1, 25);
        pg_say_row(p, 1, sql);
        pg_say_done(p);
    }
    pg_say_ready(p);
}

static void a_query_that_fails_takes_no_other_with_it(void **state)
{
    struct world w;
    struct answer a, b, c;

    (void)state;
    world_open(&w);
    w.server->on_query = wrong_in_the_middle;
    ask(&w, &a, "SELECT a", 2000);
    ask(&w, &b, "SELECT nope", 2000);
    ask(&w, &c, "SELECT c", 2000);
    WAIT(&w, c.n);
    assert_string_equal(a.cell, "SELECT a");
    assert_int_equal(b.fault, FAULT_STATUS);
    assert_string_equal(b.sqlstate, "42703");
    assert_string_equal(b.why, "column missing: column \"nope\" does not exist");
    assert_string_equal(c.cell, "SELECT c");
    assert_false(c.number);
    assert_int_equal(w.server->startups, 1);
    world_close(&w);
}

static void a_statement_is_parsed_once_a_connection(void **state)
{
    struct world w;
    struct answer a, b;

    (void)state;
    world_open(&w);
    ask(&w, &a, "SELECT 1", 2000);
    ask(&w, &b, "SELECT 1", 2000); /* is not there yet for this one: goes by its text */
    WAIT(&w, a.n && b.n);
    assert_int_equal(a.fault + b.fault, FAULT_NONE);
    assert_int_equal(w.server->parses, 2);
    for (int i = 0; i < 5; i++) {
        ask_wait(&w, &a);
        assert_string_equal(a.cell, "1");
    }
    assert_int_equal(w.server->parses, 2);
    peer_close(w.server->server->peers);
    ask_wait(&w, &a);
    ask_wait(&w, &a);
    assert_int_equal(w.server->parses, 3);
    world_close(&w);
}

static const char *complaint;
static int complaints;

static void complains(struct peer *p, const char *sql)
{
    bool by_text = p->more;

    if (complaints > 0 && (!by_text || strcmp(complaint, "42P05") == 0)) {
        complaints--;
        pg_say_error(p, "ERROR", complaint, "about a prepared statement");
        pg_say_ready(p);
    } else {
        pg_say_one(p, sql);
    }
}

static void a_prepared_statement_that_is_no_good_is_asked_by_its_text(void **state)
{
    static const char *const cases[] = { "0A000", "26000", "42P05" };
    struct world w;
    struct answer a;

    (void)state;
    for (size_t i = 0; i < 3; i++) {
        complaint = cases[i];
        complaints = 0;
        world_open(&w);
        w.server->on_query = complains;
        ask_wait(&w, &a);
        complaints = 1;
        for (int n = 0; n < 3; n++) {
            ask_wait(&w, &a);
            assert_int_equal(a.fault, FAULT_NONE);
        }
        assert_int_equal(w.server->startups, 1);
        assert_int_equal(w.server->parses, 4);
        world_close(&w);
    }
}

static void a_statement_that_does_not_parse_says_so_each_time(void **state)
{
    struct world w;
    struct answer a;

    (void)state;
    world_open(&w);
    w.server->on_query = wrong_in_the_middle;
    for (int i = 0; i < 3; i++) {
        ask(&w, &a, "SELECT nope", 2000);
        WAIT(&w, a.n);
        assert_string_equal(a.sqlstate, "42703");
    }
    assert_int_equal(w.server->parses, 3);
    assert_int_equal(w.server->startups, 1);
    world_close(&w);
}

static void a_more_patient_query_raises_the_servers_limit_once(void **state)
{
    struct world w;
    struct answer a;

    (void)state;
    world_open(&w);
    ask_wait(&w, &a);
    ask(&w, &a, "SELECT 1", 5000);
    WAIT(&w, a.n);
    assert_int_equal(a.fault, FAULT_NONE);
    assert_int_equal(w.server->queries, 3); /* the SET */
    ask(&w, &a, "SELECT 1", 5000);
    WAIT(&w, a.n);
    ask_wait(&w, &a);
    assert_int_equal(w.server->queries, 5);
    assert_int_equal(w.server->startups, 1);
    world_close(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_query_is_answered_with_its_times),
        cmocka_unit_test(queries_of_one_turn_go_in_one_piece),
        cmocka_unit_test(the_impatient_go_first),
        cmocka_unit_test(a_query_that_fails_takes_no_other_with_it),
        cmocka_unit_test(a_statement_is_parsed_once_a_connection),
        cmocka_unit_test(a_prepared_statement_that_is_no_good_is_asked_by_its_text),
        cmocka_unit_test(a_statement_that_does_not_parse_says_so_each_time),
        cmocka_unit_test(a_more_patient_query_raises_the_servers_limit_once),
    };

    signal(SIGPIPE, SIG_IGN);
    unsetenv("PGPASSWORD");
    return cmocka_run_group_tests(tests, NULL, NULL);
}

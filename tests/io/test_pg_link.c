/* tests/io/test_pg_link.c: the connection to PostgreSQL: refused, silent, ended, made again,
 * shared. */
#include "tests/io/pg_case.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "tests/patience.h"

static void refused_is_said_at_once_each_time(void **state)
{
    struct world w;
    struct answer a;
    int64_t before;

    (void)state;
    world_open(&w);
    server_stop(w.server->server);
    before = io_mono_ms(w.io);
    for (int i = 0; i < 5; i++) {
        ask_wait(&w, &a);
        assert_int_equal(a.fault, FAULT_REFUSED);
        assert_string_equal(a.why, "refused");
    }
    assert_true(io_mono_ms(w.io) - before < patience_times(500));
    world_close(&w);
}

static void silent(struct peer *p)
{
    (void)p;
}

static void a_server_without_a_greeting_ends_at_the_deadline_and_leaves_no_socket(void **state)
{
    struct world w;
    struct answer a;

    (void)state;
    world_open(&w);
    w.server->on_startup = silent;
    ask(&w, &a, "SELECT 1", 200);
    WAIT(&w, a.n);
    assert_int_equal(a.fault, FAULT_TIMEOUT);
    assert_string_equal(a.why, "connected, but no greeting within 200 ms");
    assert_in_range(a.phases.total_us, 190000, patience_times(320000));
    WAIT(&w, server_open(w.server->server) == 0);
    world_close(&w);
}

static void the_end_of_an_idle_connection_is_told_at_once(void **state)
{
    struct world w;
    struct answer a;

    (void)state;
    world_open(&w);
    ask_wait(&w, &a);
    pg_say_error(w.server->server->peers, "FATAL", "57P01",
                 "terminating connection due to administrator command");
    peer_close(w.server->server->peers);
    WAIT(&w, w.closed == 1);
    ask_wait(&w, &a);
    assert_int_equal(a.fault, FAULT_NONE);
    assert_int_equal(w.server->startups, 2);
    pg_off_closed(w.db, &w);
    peer_reset(w.server->server->peers);
    ask_wait(&w, &a);
    assert_int_equal(a.fault, FAULT_NONE);
    assert_int_equal(w.closed, 1);
    world_close(&w);
}

static void dies(struct peer *p, const char *sql)
{
    (void)sql;
    pg_say_error(p, "FATAL", "57P01", "terminating connection due to administrator command");
    peer_close(p);
}

static void a_server_that_always_ends_us_is_asked_twice(void **state)
{
    struct world w;
    struct answer a;

    (void)state;
    world_open(&w);
    w.server->on_query = dies;
    ask_wait(&w, &a);
    assert_int_equal(a.fault, FAULT_STATUS);
    assert_string_equal(a.sqlstate, "57P01");
    assert_non_null(strstr(a.why, "ended by an administrator"));
    assert_int_equal(w.server->startups, 2);
    world_close(&w);
}

static void a_thousand_reconnects_leave_no_descriptor(void **state)
{
    struct world w;
    struct answer a;
    int before;

    (void)state;
    world_open(&w);
    ask_wait(&w, &a);
    before = fds_open();
    for (int i = 0; i < 1000; i++) {
        struct peer *p = w.server->server->peers;

        i % 2 ? peer_close(p) : peer_reset(p);
        ask_wait(&w, &a);
        assert_int_equal(a.fault, FAULT_NONE);
    }
    assert_int_equal(w.server->startups, 1001);
    assert_true(fds_open() <= before); /* less when a cancel of an earlier test ended */
    assert_true(w.closed <= 4);        /* asks at once: 0 s, 0.5 s, 1.5 s ... not a thousand */
    world_close(&w);
}

static void equal_addresses_share_one_connection(void **state)
{
    struct world w;
    struct answer a, b;
    struct pg_db *first;

    (void)state;
    world_open(&w);
    first = w.db;
    world_db(&w, NULL, "");
    assert_ptr_equal(first, w.db);
    ask(&w, &a, "SELECT 1", 2000);
    ask(&w, &b, "SELECT 1", 2000);
    WAIT(&w, a.n && b.n);
    assert_int_equal(w.server->startups, 1);
    pg_db_put(first);
    world_close(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(refused_is_said_at_once_each_time),
        cmocka_unit_test(a_server_without_a_greeting_ends_at_the_deadline_and_leaves_no_socket),
        cmocka_unit_test(the_end_of_an_idle_connection_is_told_at_once),
        cmocka_unit_test(a_server_that_always_ends_us_is_asked_twice),
        cmocka_unit_test(a_thousand_reconnects_leave_no_descriptor),
        cmocka_unit_test(equal_addresses_share_one_connection),
    };

    signal(SIGPIPE, SIG_IGN);
    unsetenv("PGPASSWORD");
    return cmocka_run_group_tests(tests, NULL, NULL);
}

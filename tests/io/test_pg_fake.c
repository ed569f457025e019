/* tests/io/test_pg_fake.c: a script answers as PostgreSQL on the virtual loop. */
#include "tests/io/pg_case.h"

#include <signal.h>
#include <string.h>

#include "io/fake.h"

static void script(void *arg, const char *conninfo, const char *sql, struct fake_answer *out)
{
    static const char *const cells[] = { "20", NULL, "NaN", "x" };
    static const char *const names[] = { "count", "state" };

    (void)arg;
    assert_string_equal(conninfo, "dbname=fake");
    if (strcmp(sql, "SELECT 1") == 0)
        *out = (struct fake_answer){
            .cells = cells, .names = names, .rows = 2, .cols = 2, .delay_ms = 3
        };
    else if (strcmp(sql, "SELECT slow") == 0)
        *out = (struct fake_answer){ .delay_ms = 5000 };
    else
        *out = (struct fake_answer){ .fault = FAULT_FULL, .why = "sorry", .closes = true };
}

static void on_fake(void *arg, const struct pg_reply *r)
{
    struct answer *a = arg;

    on_answer(arg, r);
    if (r->fault == FAULT_NONE) {
        assert_string_equal(pg_reply_name(r, 1), "state");
        assert_null(pg_reply_cell(r, 0, 1));
        assert_string_equal(pg_reply_cell(r, 1, 0), "NaN");
        assert_true(pg_reply_is_number(r, 0));
        assert_false(pg_reply_is_number(r, 1));
    }
    assert_int_equal(a->n, 1);
}

static void a_script_answers_on_the_virtual_loop(void **state)
{
    static const struct fake_net net = { .postgres = script };
    struct world w = { .io = io_new_virtual(1000000) };
    struct answer a = { 0 }, b = { 0 }, c = { 0 };
    struct err err;

    (void)state;
    io_fake_set(w.io, &net);
    w.pg = pg_new(w.io);
    w.db = pg_db_get(w.pg, "dbname=fake", NULL, &err);
    pg_on_closed(w.db, on_closed, &w);
    pg_ask(w.db, "SELECT 1", 1000, on_fake, &a);
    pg_ask(w.db, "SELECT slow", 1000, on_fake, &b);
    pg_ask(w.db, "SELECT full", 1000, on_fake, &c);
    io_advance(w.io, 2);
    assert_int_equal(c.fault, FAULT_FULL);
    assert_string_equal(c.why, "sorry");
    assert_int_equal(w.closed, 1);
    assert_int_equal(a.n, 0);
    io_advance(w.io, 1);
    assert_string_equal(a.cell, "20");
    assert_int_equal(a.phases.total_us, 3000);
    io_advance(w.io, 996);
    assert_int_equal(b.n, 0);
    io_advance(w.io, 1);
    assert_int_equal(b.fault, FAULT_TIMEOUT);
    pg_cancel(ask(&w, &a, "SELECT 1", 1000));
    io_advance(w.io, 1000);
    assert_int_equal(a.n, 0);
    pg_db_put(w.db);
    pg_free(w.pg);
    io_free(w.io);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_script_answers_on_the_virtual_loop),
    };

    signal(SIGPIPE, SIG_IGN);
    return cmocka_run_group_tests(tests, NULL, NULL);
}

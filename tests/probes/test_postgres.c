/* tests/probes/test_postgres.c: answers of PostgreSQL into reports, on the virtual clock. */
#include <locale.h>
#include <stdio.h>

#include "tests/cmocka.h"
#include "tests/probes/probe_case.h"

#define DB "postgres", "host=db.test dbname=app user=watch"

static void answer(struct probe_case *c, size_t rows, size_t cols, const char *const *names,
                   const char *const *cells)
{
    c->answer = (struct fake_answer){
        .delay_ms = 3, .names = names, .cells = cells, .rows = rows, .cols = cols
    };
}

#define CELLS(...) ((const char *const[]){ __VA_ARGS__ })

static void select_1_is_a_ping(void **state)
{
    struct probe_case c;
    struct signal_spec specs[READING_SIGNALS] = { 0 };

    (void)state;
    case_init(&c, "postgres", PAIRS(DB));
    assert_int_equal(c.probe.ops->signals(c.probe.self, &c.common, specs), 1);
    assert_string_equal(specs[0].name, "latency");
    answer(&c, 1, 1, CELLS("?column?"), CELLS("1"));
    case_poll(&c);
    assert_string_equal(c.asked_sql, "SELECT 1");
    assert_string_equal(c.asked_url, "host=db.test dbname=app user=watch");
    assert_int_equal(c.state, STATE_UP);
    assert_string_equal(c.reason, "1 in 3.0 ms");
    assert_true(c.known && c.value == 3);
    assert_int_equal(c.phases.total_us, 3000);
    answer(&c, 1, 1, CELLS("?column?"), CELLS("2"));
    case_poll(&c);
    assert_int_equal(c.state, STATE_DOWN);
    assert_int_equal(c.fault, FAULT_BODY);
    assert_false(c.known);
    case_fini(&c);
}

static void select_1_written_out_is_the_same_ping(void **state)
{
    static const char *const pings[] = { "SELECT 1", "select 1;", " Select\n1 ; " };
    static const char *const others[] = { "SELECT 11", "SELECT1", "SELECT 1 AS n", "SELECT 2",
                                          "SELECT 1, 2" };
    struct signal_spec specs[READING_SIGNALS];
    struct probe_case c;

    (void)state;
    for (size_t i = 0; i < sizeof pings / sizeof *pings; i++) {
        case_init(&c, "postgres", PAIRS(DB, "sql", pings[i]));
        assert_int_equal(c.probe.ops->signals(c.probe.self, &c.common, specs), 1);
        assert_string_equal(specs[0].name, "latency");
        case_fini(&c);
    }
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        case_init(&c, "postgres", PAIRS(DB, "sql", others[i]));
        assert_int_equal(c.probe.ops->signals(c.probe.self, &c.common, specs), 2);
        case_fini(&c);
    }
}

static void one_cell_is_a_number_with_its_word(void **state)
{
    struct probe_case c;
    struct signal_spec specs[READING_SIGNALS] = { 0 };

    (void)state;
    case_init(&c, "postgres",
              PAIRS(DB, "sql", "SELECT count(*)", "unit_word", "clients", "max", "20"));
    assert_int_equal(c.probe.ops->signals(c.probe.self, &c.common, specs), 2);
    assert_string_equal(specs[0].unit_word, "clients");
    assert_true(specs[0].main && specs[0].unit == UNIT_COUNT && specs[1].unit == UNIT_MS);
    answer(&c, 1, 1, CELLS("count"), CELLS("20"));
    case_poll(&c);
    assert_int_equal(c.state, STATE_UP);
    assert_string_equal(c.reason, "20 clients");
    assert_true(c.known && c.value == 20);
    assert_true(c.second.known && c.second.value == 3);
    assert_int_equal(c.table_rows, 0);
    case_fini(&c);
    case_init(&c, "postgres", PAIRS(DB, "sql", "SELECT 42"));
    answer(&c, 1, 1, CELLS("n"), CELLS("42"));
    case_poll(&c);
    assert_string_equal(c.reason, "42 in 3.0 ms");
    case_fini(&c);
    case_init(&c, "postgres", PAIRS(DB, "sql", "SELECT pg_database_size('app')", "unit", "bytes"));
    answer(&c, 1, 1, CELLS("n"), CELLS("2100000000"));
    case_poll(&c);
    assert_string_equal(c.reason, "2.1 GB in 3.0 ms");
    case_fini(&c);
}

static void what_is_no_number_is_unknown_and_never_zero(void **state)
{
    static const struct {
        const char *cell, *reason;
    } cases[] = {
        { NULL, "lag is NULL" },
        { "NaN", "lag is NaN" },
        { "Infinity", "lag is Infinity" },
        { "-Infinity", "lag is -Infinity" },
        { "1 day 02:00:00", "lag is not a number: '1 day 02:00:00'" },
        { "", "lag is not a number: ''" },
        { "0x10", "lag is not a number: '0x10'" },
        { " 1", "lag is not a number: ' 1'" },
        { "1e999", "lag is not a number: '1e999'" },
        { "t", "lag is not a number: 't'" },
        { "\\x00ff1b", "lag is not a number: '\\x00ff1b'" },
        { "caf\xe9 \x1b[31m", "lag is not a number: 'caf\xef\xbf\xbd ^[[31m'" },
        { "\xe2\x80\xae"
          "12",
          "lag is not a number: '12'" },
    };
    struct probe_case c;

    (void)state;
    case_init(&c, "postgres", PAIRS(DB, "sql", "SELECT lag"));
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        answer(&c, 1, 1, CELLS("lag"), &cases[i].cell);
        case_poll(&c);
        assert_int_equal(c.state, STATE_UNKNOWN);
        assert_string_equal(c.reason, cases[i].reason);
        assert_string_equal(c.note, cases[i].reason);
        assert_false(c.known);
        assert_true(isnan(c.value));
        assert_true(c.second.known); /* it did answer, and in time */
    }
    answer(&c, 1, 1, CELLS("lag"), CELLS("-0.5e1"));
    case_poll(&c);
    assert_true(c.known && c.value == -5);
    case_fini(&c);
}

static void no_row_is_unknown_and_an_empty_table_is_zero(void **state)
{
    struct probe_case c;

    (void)state;
    case_init(&c, "postgres", PAIRS(DB, "sql", "SELECT x"));
    answer(&c, 0, 1, CELLS("x"), CELLS(NULL));
    case_poll(&c);
    assert_int_equal(c.state, STATE_UNKNOWN);
    assert_string_equal(c.reason, "the query gives no row");
    answer(&c, 0, 0, CELLS(NULL), CELLS(NULL));
    case_poll(&c);
    assert_string_equal(c.reason, "the statement gives no rows; it is not a query");
    case_fini(&c);
    case_init(&c, "postgres", PAIRS(DB, "sql", "SELECT x", "read", "table", "unit_word", "jobs"));
    answer(&c, 0, 2, CELLS("id", "name"), CELLS(NULL));
    case_poll(&c);
    assert_int_equal(c.state, STATE_UP);
    assert_true(c.known && c.value == 0);
    assert_string_equal(c.reason, "0 jobs");
    assert_string_equal(c.table, "id name|");
    case_fini(&c);
}

static void more_than_a_cell_is_a_table(void **state)
{
    struct probe_case c;

    (void)state;
    case_init(&c, "postgres", PAIRS(DB, "sql", "SELECT q", "value", "depth"));
    answer(&c, 1, 2, CELLS("queue", "depth"), CELLS("mail", "7"));
    case_poll(&c);
    assert_true(c.known && c.value == 7);
    assert_string_equal(c.table, "queue depth|mail 7|");
    answer(&c, 2, 2, CELLS("queue", "depth"), CELLS("mail", "9", "scrape", NULL));
    case_poll(&c);
    assert_true(c.known && c.value == 9); /* of the first row */
    assert_string_equal(c.table, "queue depth|mail 9|scrape NULL|");
    answer(&c, 1, 1, CELLS("queue"), CELLS("7"));
    case_poll(&c);
    assert_int_equal(c.state, STATE_UNKNOWN);
    assert_string_equal(c.reason, "column depth is not in the answer");
    case_fini(&c);
    case_init(&c, "postgres", PAIRS(DB, "sql", "SELECT q", "read", "row"));
    answer(&c, 2, 1, CELLS("n"), CELLS("1", "2"));
    case_poll(&c);
    assert_string_equal(c.reason, "the query gives more than one row");
    case_fini(&c);
    case_init(&c, "postgres", PAIRS(DB, "sql", "SELECT q"));
    answer(&c, 3, 1, CELLS("n"), CELLS("1", "2", "3"));
    case_poll(&c);
    assert_true(c.value == 3 && c.table_rows == 3); /* how many there are */
    case_fini(&c);
}

static void a_table_is_cut_at_what_a_screen_can_show(void **state)
{
    const char *cells[60 * 14], *names[14];
    struct probe_case c;

    (void)state;
    for (size_t i = 0; i < 60 * 14; i++)
        cells[i] = "x";
    for (size_t i = 0; i < 14; i++)
        names[i] = "n";
    case_init(&c, "postgres", PAIRS(DB, "sql", "SELECT q", "read", "table"));
    answer(&c, TABLE_ROWS, TABLE_COLS, names, cells);
    case_poll(&c);
    assert_false(c.table_cut);
    answer(&c, 60, 14, names, cells);
    case_poll(&c);
    assert_true(c.table_cut);
    assert_int_equal(c.table_rows, TABLE_ROWS);
    assert_int_equal(c.table_cols, TABLE_COLS);
    assert_true(c.value == 60);
    answer(&c, 1, 1, names, cells); /* and shrinks again */
    case_poll(&c);
    assert_string_equal(c.table, "n|x|");
    case_fini(&c);
}

static void hostile_text_in_names_and_cells_is_clean(void **state)
{
    struct probe_case c;

    (void)state;
    case_init(&c, "postgres", PAIRS(DB, "sql", "SELECT q", "read", "table"));
    answer(&c, 1, 2, CELLS("a\x1b]0;x\x07", "b\rc"), CELLS("\xe2\x80\xaegpj", "x\x08y\xff"));
    case_poll(&c);
    assert_string_equal(c.table, "a^[]0;x^G b c|gpj x^Hy\xef\xbf\xbd|");
    case_fini(&c);
}

/* ---- ready-made ---- */

static void clients_are_counted(void **state)
{
    struct probe_case c;

    (void)state;
    case_init(&c, "postgres", PAIRS(DB, "show", "clients", "max", "20", "warn", "16"));
    answer(&c, 1, 3, CELLS("count", "hidden", "second"), CELLS("20", "0", NULL));
    case_poll(&c);
    assert_non_null(strstr(c.asked_sql, "backend_type = 'client backend'"));
    assert_int_equal(c.state, STATE_UP);
    assert_string_equal(c.reason, "20 clients");
    assert_true(c.value == 20 && c.second.value == 3);
    case_fini(&c);
}

static void a_count_that_cannot_see_everybody_is_unknown(void **state)
{
    struct probe_case c;

    (void)state;
    case_init(&c, "postgres", PAIRS(DB, "show", "clients"));
    answer(&c, 1, 3, CELLS("count", "hidden", "second"), CELLS("1", "19", NULL));
    case_poll(&c);
    assert_int_equal(c.state, STATE_UNKNOWN);
    assert_string_equal(c.reason,
                        "19 sessions are hidden from this role; GRANT pg_read_all_stats to it");
    assert_false(c.known);
    case_fini(&c);
}

static void the_pool_is_shown_by_state(void **state)
{
    struct probe_case c;

    (void)state;
    case_init(&c, "postgres", PAIRS(DB, "show", "pool"));
    answer(&c, 2, 6, CELLS("t", "h", "s", "state", "clients", "longest_s"),
           CELLS("20", "0", "15", "idle in transaction", "15", "240", "20", "0", "15", "idle", "5",
                 "2"));
    case_poll(&c);
    assert_string_equal(c.reason, "20 clients");
    assert_true(c.value == 20 && c.second.value == 15 && c.third.value == 3);
    assert_string_equal(c.table, "state clients longest_s|idle in transaction 15 240|idle 5 2|");
    case_fini(&c);
}

static void long_transactions_of_which_there_are_none_are_zero(void **state)
{
    struct probe_case c;

    (void)state;
    case_init(&c, "postgres", PAIRS(DB, "show", "long_transactions", "older", "90s"));
    answer(&c, 1, 8, CELLS("t", "h", "s", "pid", "user", "state", "age_s", "query"),
           CELLS("0", "0", NULL, NULL, NULL, NULL, NULL, NULL));
    case_poll(&c);
    assert_non_null(strstr(c.asked_sql, "interval '90000 milliseconds'"));
    assert_true(c.known && c.value == 0);
    assert_string_equal(c.reason, "0 long transactions");
    assert_string_equal(c.second.note, "none");
    assert_string_equal(c.table, "pid user state age_s query|");
    answer(&c, 1, 8, CELLS("t", "h", "s", "pid", "user", "state", "age_s", "query"),
           CELLS("3", "0", "600.5", "42", "app", "active", "600", "UPDATE"));
    case_poll(&c);
    assert_true(c.value == 3 && c.second.value == 600.5 && c.table_cut);
    assert_string_equal(c.table, "pid user state age_s query|42 app active 600 UPDATE|");
    case_fini(&c);
}

static void an_unknown_lag_is_never_zero(void **state)
{
    static const struct {
        const char *behind, *hidden, *lag, *why, *paused, *reason;
        enum state state;
        bool known, lag_known;
    } said[] = {
        { "0", "0", "0", NULL, "f", "0 B behind", STATE_UP, true, true },
        { "2048", "0", NULL, NULL, "f", "2.0 kB behind", STATE_UP, true, false },
        { "0", "0", "0", NULL, "t", "replay is paused · 0 B behind", STATE_DEGRADED, true, true },
        { "0", "0", "0", "no replica is connected", "f", "no replica is connected", STATE_UNKNOWN },
        { NULL, "0", NULL, NULL, "f", "how far it is behind is not told", STATE_UNKNOWN },
        { "-1", "0", "0", NULL, "t", "how far it is behind is not told", STATE_UNKNOWN },
        { "0", "1", "0", NULL, "f",
          "replication is hidden from this role; GRANT pg_read_all_stats to it", STATE_UNKNOWN },
        { "0", NULL, "0", NULL, "f", "the server's statistics have another form", STATE_UNKNOWN },
    };
    struct probe_case c;

    (void)state;
    case_init(&c, "postgres", PAIRS(DB, "show", "replication"));
    for (size_t i = 0; i < sizeof said / sizeof *said; i++) {
        answer(
            &c, 1, 6, CELLS("b", "h", "l", "w", "p", "replica"),
            CELLS(said[i].behind, said[i].hidden, said[i].lag, said[i].why, said[i].paused, NULL));
        case_poll(&c);
        assert_string_equal(c.reason, said[i].reason);
        assert_int_equal(c.state, said[i].state);
        assert_int_equal(c.known, said[i].known);
        assert_int_equal(c.second.known, said[i].lag_known);
    }
    case_fini(&c);
}

/* ---- faults ---- */

static void each_fault_has_its_state_and_its_reason(void **state)
{
    static const struct {
        enum fault fault;
        const char *why, *reason;
        enum state state;
    } cases[] = {
        { FAULT_REFUSED, "refused", "refused", STATE_DOWN },
        { FAULT_FULL, "sorry, too many clients already",
          "too many clients: sorry, too many clients already", STATE_DOWN },
        { FAULT_STATUS, "no permission: permission denied for table x",
          "no permission: permission denied for table x", STATE_DOWN },
        { FAULT_STATUS, "not ready: the database system is starting up",
          "not ready: the database system is starting up", STATE_DOWN },
        { FAULT_AUTH, "password rejected: no; next try 02:13:47Z",
          "credentials: password rejected: no; next try 02:13:47Z", STATE_UNKNOWN },
        { FAULT_DNS, "cannot resolve db.test: no", "dns: cannot resolve db.test: no",
          STATE_UNKNOWN },
        { FAULT_LOCAL, "waited 2000 ms behind another query of ours",
          "local: waited 2000 ms behind another query of ours", STATE_UNKNOWN },
    };
    struct probe_case c;

    (void)state;
    case_init(&c, "postgres", PAIRS(DB, "show", "clients"));
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        c.answer = (struct fake_answer){ .fault = cases[i].fault, .why = cases[i].why };
        case_poll(&c);
        assert_int_equal(c.state, cases[i].state);
        assert_int_equal(c.fault, cases[i].fault);
        assert_string_equal(c.reason, cases[i].reason);
        assert_string_equal(c.note, cases[i].reason);
        assert_false(c.known);
        assert_false(c.second.known);
    }
    c.answer = (struct fake_answer){ .delay_ms = 999999 };
    case_poll(&c);
    assert_int_equal(c.fault, FAULT_TIMEOUT);
    assert_string_equal(c.reason, "timeout: no answer within 5000 ms");
    case_fini(&c);
}

static void a_password_that_cannot_be_had_is_asked_for_again(void **state)
{
    struct probe_case c;

    (void)state;
    case_init(&c, "postgres", PAIRS(DB, "password", "env:PGPASS"));
    c.probe.ops->poll(&c.probe); /* answers at once: there is nothing to ask with */
    assert_int_equal(c.reports, 1);
    assert_int_equal(c.state, STATE_UNKNOWN);
    assert_int_equal(c.fault, FAULT_AUTH);
    assert_string_equal(c.reason, "credentials: env:PGPASS is not set");
    c.secret = "first";
    answer(&c, 1, 1, CELLS("n"), CELLS("1"));
    case_poll(&c);
    assert_int_equal(c.state, STATE_UP);
    c.answer = (struct fake_answer){ .fault = FAULT_AUTH, .why = "password rejected" };
    case_poll(&c);
    assert_int_equal(c.state, STATE_UNKNOWN);
    c.secret = "second"; /* renewed meanwhile */
    answer(&c, 1, 1, CELLS("n"), CELLS("1"));
    case_poll(&c);
    assert_int_equal(c.state, STATE_UP);
    case_fini(&c);
}

static void the_end_of_the_connection_is_told(void **state)
{
    struct probe_case c;

    (void)state;
    case_init(&c, "postgres", PAIRS(DB));
    answer(&c, 1, 1, CELLS("n"), CELLS("1"));
    c.answer.closes = true;
    case_poll(&c);
    assert_int_equal(c.closed, 1);
    case_fini(&c);
}

static void a_probe_ends_with_a_query_under_way(void **state)
{
    struct probe_case c;

    (void)state;
    case_init(&c, "postgres", PAIRS(DB));
    answer(&c, 1, 1, CELLS("n"), CELLS("1"));
    c.probe.ops->poll(&c.probe);
    c.probe.ops->close(&c.probe);
    io_advance(c.io, 60000);
    assert_int_equal(c.reports, 0);
    case_fini(&c);
}

static void options_that_contradict_each_other_are_refused(void **state)
{
    (void)state;
    case_refused("postgres", "sql, show: a probe has one of them",
                 PAIRS(DB, "sql", "SELECT 2", "show", "locks"));
    case_refused("postgres", "sql: is empty", PAIRS(DB, "sql", "  ; "));
    case_refused("postgres", "read: goes with sql; show: locks reads its own answer",
                 PAIRS(DB, "show", "locks", "read", "row"));
    case_refused("postgres", "value: goes with sql; show: ping has its own number",
                 PAIRS(DB, "value", "x"));
    case_refused("postgres", "unit: cannot be chosen; this probe measures its latency",
                 PAIRS(DB, "unit", "bytes"));
    case_refused("postgres", "unit_word: cannot be chosen; this probe measures a count of its own",
                 PAIRS(DB, "show", "pool", "unit_word", "x"));
    case_refused("postgres", "", PAIRS("postgres", "postgres://u:secret@h/db"));
}

static void the_target_shows_no_credentials(void **state)
{
    struct probe_case c;
    struct text t = { 0 };

    (void)state;
    case_init(&c, "postgres",
              PAIRS("postgres", "postgres://watch@db.test:6432/app?sslmode=require"));
    c.probe.ops->target(c.probe.self, &t);
    assert_string_equal(text_str(&t), "db.test:6432/app");
    text_fini(&t);
    case_fini(&c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(select_1_is_a_ping),
        cmocka_unit_test(select_1_written_out_is_the_same_ping),
        cmocka_unit_test(one_cell_is_a_number_with_its_word),
        cmocka_unit_test(what_is_no_number_is_unknown_and_never_zero),
        cmocka_unit_test(no_row_is_unknown_and_an_empty_table_is_zero),
        cmocka_unit_test(more_than_a_cell_is_a_table),
        cmocka_unit_test(a_table_is_cut_at_what_a_screen_can_show),
        cmocka_unit_test(hostile_text_in_names_and_cells_is_clean),
        cmocka_unit_test(clients_are_counted),
        cmocka_unit_test(a_count_that_cannot_see_everybody_is_unknown),
        cmocka_unit_test(the_pool_is_shown_by_state),
        cmocka_unit_test(long_transactions_of_which_there_are_none_are_zero),
        cmocka_unit_test(an_unknown_lag_is_never_zero),
        cmocka_unit_test(each_fault_has_its_state_and_its_reason),
        cmocka_unit_test(a_password_that_cannot_be_had_is_asked_for_again),
        cmocka_unit_test(the_end_of_the_connection_is_told),
        cmocka_unit_test(a_probe_ends_with_a_query_under_way),
        cmocka_unit_test(options_that_contradict_each_other_are_refused),
        cmocka_unit_test(the_target_shows_no_credentials),
    };

    unsetenv("PGHOST");
    unsetenv("PGPORT");
    setlocale(LC_CTYPE, "C.UTF-8");
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* tests/probes/test_queue_table.c: a queue that is a table, on the virtual clock; the statement
 * runs on a real PostgreSQL in tests/probes/test_db_peer.py. */
#include <locale.h>
#include <stdio.h>

#include "tests/cmocka.h"
#include "tests/probes/probe_case.h"

#define DB    "postgres", "host=db.test dbname=app user=watch", "layout", "table"
#define TABLE "queue", "auto_apply_jobs", DB, "waiting", "queued"

#define CELLS(...) ((const char *const[]){ __VA_ARGS__ })

static void answer(struct probe_case *c, size_t cols, const char *const *names,
                   const char *const *cells)
{
    c->answer = (struct fake_answer){
        .delay_ms = 3, .names = names, .cells = cells, .rows = 1, .cols = cols
    };
}

#define SAYS(c, wanted_state, wanted_reason)             \
    do {                                                 \
        case_poll(c);                                    \
        assert_string_equal((c)->reason, wanted_reason); \
        assert_int_equal((c)->state, wanted_state);      \
    } while (0)

static void depth_and_age_of_the_oldest(void **state)
{
    struct probe_case c;

    (void)state;
    case_init(&c, "queue", PAIRS(TABLE));
    answer(&c, 2, CELLS("depth", "oldest"), CELLS("12", "400.25"));
    SAYS(&c, STATE_UP, "12 jobs · oldest 6m40s");
    assert_string_equal(c.asked_sql,
                        "SELECT count(*) FILTER (WHERE \"status\" IN ('queued')) AS depth, "
                        "extract(epoch FROM now()) - min(extract(epoch FROM \"created_at\")) "
                        "FILTER (WHERE \"status\" IN ('queued')) AS oldest "
                        "FROM \"auto_apply_jobs\" WHERE \"status\" IN ('queued')");
    assert_true(c.known && c.value == 12);
    assert_true(c.second.known && c.second.value > 400 && c.second.value < 401);
    assert_false(c.third.known); /* running is not told */
    answer(&c, 2, CELLS("depth", "oldest"), CELLS("0", NULL));
    SAYS(&c, STATE_UP, "empty");
    assert_true(c.known && c.value == 0);
    case_fini(&c);
}

static void every_column_is_quoted(void **state)
{
    struct probe_case c;

    (void)state;
    case_init(&c, "queue",
              PAIRS("queue", "app.Jobs", DB, "waiting", "new", "waiting", "to do", "running", "run",
                    "failed", "dead", "status", "State", "created", "At", "due", "run$at", "job",
                    "kind"));
    answer(&c, 6, CELLS("depth", "oldest", "running", "failed", "delayed", "job"),
           CELLS("3", "60", "2", "5", "4", "mail"));
    SAYS(&c, STATE_UP, "3 jobs · oldest 1m · 2 at work");
    assert_non_null(strstr(c.asked_sql, "\"State\" IN ('new', 'to do') AND (\"run$at\" IS NULL OR "
                                        "extract(epoch FROM \"run$at\") <= "
                                        "extract(epoch FROM now()))"));
    assert_non_null(strstr(c.asked_sql, "greatest(extract(epoch FROM \"At\"), "
                                        "extract(epoch FROM \"run$at\"))"));
    assert_non_null(strstr(c.asked_sql, " FROM \"app\".\"Jobs\" WHERE \"State\" IN "
                                        "('new', 'to do', 'run', 'dead')"));
    assert_non_null(strstr(c.asked_sql, "left(\"kind\"::text, 120)"));
    assert_true(c.third.known && c.third.value == 2);
    assert_string_equal(c.table, "next job waits|mail 1m|");
    case_fini(&c);
}

static void a_missing_table_is_not_empty(void **state)
{
    static const struct {
        const char *sqlstate, *why;
    } said[] = { { "42P01", "table missing: relation \"auto_apply_jobs\" does not exist" },
                 { "42703", "column missing: column \"status\" does not exist" },
                 { "42501", "no permission: permission denied for table auto_apply_jobs" },
                 { "22P02", "the query is wrong: invalid input value for enum" } };
    struct probe_case c;

    (void)state;
    case_init(&c, "queue", PAIRS(TABLE));
    for (size_t i = 0; i < sizeof said / sizeof *said; i++) {
        c.answer = (struct fake_answer){ .fault = FAULT_STATUS,
                                         .sqlstate = said[i].sqlstate,
                                         .why = said[i].why };
        SAYS(&c, STATE_UNKNOWN, said[i].why);
        assert_false(c.known || c.second.known);
        assert_string_equal(c.note, said[i].why);
    }
    c.answer = (struct fake_answer){ .fault = FAULT_FULL, .sqlstate = "53300", .why = "too many" };
    SAYS(&c, STATE_DOWN, "too many clients: too many");
    assert_false(c.known);
    case_fini(&c);
}

static void what_is_no_count_is_no_number(void **state)
{
    static const struct {
        const char *depth, *oldest, *reason;
    } said[] = {
        { NULL, "1", "depth is NULL, not a count" },
        { "-1", "1", "depth is '-1', not a count" },
        { "1.5", "1", "depth is '1.5', not a count" },
        { "NaN", "1", "depth is 'NaN', not a count" },
        { "1", "00:05:00", "oldest is '00:05:00', not an age in seconds" },
        { "1", "1e300", "oldest is '1e300', not an age in seconds" },
    };
    struct probe_case c;

    (void)state;
    case_init(&c, "queue", PAIRS(TABLE));
    for (size_t i = 0; i < sizeof said / sizeof *said; i++) {
        answer(&c, 2, CELLS("depth", "oldest"), CELLS(said[i].depth, said[i].oldest));
        SAYS(&c, STATE_UNKNOWN, said[i].reason);
        assert_false(c.known || c.second.known);
    }
    answer(&c, 2, CELLS("depth", "oldest"), CELLS("3", NULL));
    SAYS(&c, STATE_UP, "3 jobs"); /* the column is NULL in all of them: no age, and no zero */
    assert_false(c.second.known);
    answer(&c, 2, CELLS("depth", "oldest"), CELLS("3", "-60"));
    SAYS(&c, STATE_UP, "3 jobs");
    assert_string_equal(c.second.note, "the time of the next job lies in the future");
    c.answer.rows = 0;
    SAYS(&c, STATE_UNKNOWN, "the query gives no row instead of one");
    case_fini(&c);
}

static void a_statement_of_ones_own(void **state)
{
    struct probe_case c;

    (void)state;
    case_init(&c, "queue",
              PAIRS("queue", "jobs", DB, "sql", "SELECT count(*), 5 FROM j", "failed_warn", "3"));
    answer(&c, 3, CELLS("count", "?column?", "failed"), CELLS("2", "5", "7"));
    SAYS(&c, STATE_UP, "2 jobs · oldest 5s");
    assert_string_equal(c.asked_sql, "SELECT count(*), 5 FROM j");
    answer(&c, 1, CELLS("count"), CELLS("2"));
    SAYS(&c, STATE_UP, "2 jobs");
    assert_false(c.second.known);
    answer(&c, 3, CELLS("count", "age", "done"), CELLS("2", "5", "7"));
    SAYS(&c, STATE_UNKNOWN, "column done is none of running, failed, delayed, job");
    case_fini(&c);
}

/* An age is told in seconds over a network: a little less or more is the same job. */
static void the_same_job_for_ten_minutes_is_stuck(void **state)
{
    char age[32];
    struct probe_case c;

    (void)state;
    case_init(&c, "queue", PAIRS(TABLE));
    for (int i = 0; i <= 120; i++) {
        snprintf(age, sizeof age, "%.1f", 20 + 5 * i + (i % 2 ? 0.4 : 0));
        answer(&c, 2, CELLS("depth", "oldest"), CELLS("4", age));
        case_poll(&c);
        assert_int_equal(c.state, i < 120 ? STATE_UP : STATE_DEGRADED);
    }
    assert_string_equal(c.reason, "stuck: the same job is next since 10m, 4 wait");
    answer(&c, 2, CELLS("depth", "oldest"), CELLS("4", "30"));
    SAYS(&c, STATE_UP, "4 jobs · oldest 30s · steady");
    case_fini(&c);
}

static void names_that_are_none_are_refused(void **state)
{
#define REFUSED(why, ...) case_refused("queue", why, PAIRS(__VA_ARGS__))
    (void)state;
    REFUSED("waiting: say which state waits", "queue", "jobs", DB);
    REFUSED("queue: 'a; DROP TABLE b' is no name of a table", "queue", "a; DROP TABLE b", DB,
            "waiting", "q");
    REFUSED("queue: 'a\"b' is no name", "queue", "a\"b", DB, "waiting", "q");
    REFUSED("queue: 'a.b.c' is no name", "queue", "a.b.c", DB, "waiting", "q");
    REFUSED("queue: '.b' is no name", "queue", ".b", DB, "waiting", "q");
    REFUSED("waiting: 'q') OR true --' is no state", "queue", "a", DB, "waiting", "q') OR true --");
    REFUSED("failed: 'a\\' is no state", "queue", "a", DB, "waiting", "q", "failed", "a\\");
    REFUSED("status: 'a\"' is no name of a column", TABLE, "status", "a\"");
    REFUSED("created: 'now()' is no name of a column", TABLE, "created", "now()");
    REFUSED("job: '1a' is no name of a column", TABLE, "job", "1a");
    REFUSED("due: '' is no name of a column", TABLE, "due", "");
    REFUSED("sql: is empty", "queue", "a", DB, "sql", " ; ");
    REFUSED("sql: takes the place of", TABLE, "sql", "SELECT 1");
    REFUSED("postgres is missing", "queue", "a", "layout", "table", "waiting", "q");
    REFUSED("redis: a table is in a PostgreSQL", TABLE, "redis", "redis://h");
    REFUSED("redis is missing", "queue", "a", "layout", "list");
    REFUSED("postgres: list is in a Redis", "queue", "a", "layout", "list", "postgres", "host=h",
            "redis", "redis://h");
    REFUSED("waiting: goes with layout table", "queue", "a", "layout", "list", "redis", "redis://h",
            "waiting", "q");
    REFUSED("prefix: a table has none", TABLE, "prefix", "app");
    REFUSED("ca_file: of a PostgreSQL", TABLE, "ca_file", "/x");
    REFUSED("failed_warn: say with failed", TABLE, "failed_warn", "1");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(depth_and_age_of_the_oldest),
        cmocka_unit_test(every_column_is_quoted),
        cmocka_unit_test(a_missing_table_is_not_empty),
        cmocka_unit_test(what_is_no_count_is_no_number),
        cmocka_unit_test(a_statement_of_ones_own),
        cmocka_unit_test(the_same_job_for_ten_minutes_is_stuck),
        cmocka_unit_test(names_that_are_none_are_refused),
    };

    setlocale(LC_CTYPE, "C.UTF-8");
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* tests/probes/test_archiver.c: what pg_stat_archiver comes to, on the virtual clock. The same
 * against a real server stands in test_backup_peer.py. */
#include <locale.h>

#include "probes/archiver.h"
#include "tests/cmocka.h"
#include "tests/probes/probe_case.h"

#define NOW 1769652827000LL /* of probe_case.h */

enum { COLS = 12 };

struct answer {
    const char *cells[COLS];
};

/* archive_mode, recovery, count, last, its ms, failures, last, its ms, now, position, segment,
 * timeout in s */
#define ANSWER(mode, rec, last, last_ms, failed, failed_wal, failed_ms, position, timeout) \
    {                                                                                      \
        {                                                                                  \
            mode, rec, "7", last, last_ms, failed, failed_wal, failed_ms, "1769652827000", \
                position, "16777216", timeout                                              \
        }                                                                                  \
    }

static void segments_have_numbers(void **state)
{
    static const struct {
        const char *name;
        double segment;
    } names[] = {
        { "00000001000000000000002A", 42 },
        { "0000000200000001000000FF", 256 + 255 },
        { "00000001000000000000002A.00000028.backup", 42 },
        { "00000001000000000000002A.partial", 42 },
        { "00000002.history", -1 },
        { "00000001000000000000002", -1 },
        { "00000001000000000000002AB", -1 },
        { "00000001xyz000000000002A", -1 },
        { "", -1 },
    };
    double n;

    (void)state;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        assert_int_equal(archiver_segment(names[i].name, 16777216, &n), names[i].segment >= 0);
        assert_true(names[i].segment < 0 || n == names[i].segment);
    }
    assert_false(archiver_segment(names[0].name, 0, &n));
    assert_true(archiver_segment("000000010000000100000001", 1 << 30, &n) && n == 5);
}

static const struct {
    struct answer a;
    enum state state;
    const char *reason;
} answers[] = {
    /* segment 42 archived a minute ago, the server writes in 43 */
    { ANSWER("on", "f", "00000001000000000000002A", "1769652767000", "0", NULL, NULL, "730000000",
             "0"),
      STATE_UP, "recoverable up to 1m ago, RPO 1h" },
    /* two hours of writes since */
    { ANSWER("on", "f", "00000001000000000000002A", "1769645627000", "0", NULL, NULL, "730000000",
             "0"),
      STATE_DOWN, "RPO missed: recoverable up to 2h ago, RPO 1h" },
    /* the same, but the server would have archived anything within a minute */
    { ANSWER("on", "f", "00000001000000000000002A", "1769645627000", "0", NULL, NULL, "730000000",
             "60"),
      STATE_UP, "recoverable up to 1m ago, RPO 1h" },
    /* unless full segments wait */
    { ANSWER("on", "f", "00000001000000000000002A", "1769645627000", "0", NULL, NULL, "880000000",
             "60"),
      STATE_DOWN, "RPO missed: recoverable up to 2h ago, RPO 1h" },
    { ANSWER("on", "f", "00000001000000000000002A.00000028.backup", "1769652767000", "0", NULL,
             NULL, "730000000", "0"),
      STATE_UP, "recoverable up to 1m ago, RPO 1h" },
    { ANSWER("on", "f", "00000001000000000000002A", "1769652767000", "3",
             "00000001000000000000002B", "1769652797000", "730000000", "0"),
      STATE_DOWN,
      "archiving fails: 00000001000000000000002B, 3 failures, the last 30s ago; last archived 1m "
      "ago" },
    /* it failed and has gone on since */
    { ANSWER("on", "f", "00000001000000000000002A", "1769652767000", "3",
             "000000010000000000000029", "1769652700000", "730000000", "0"),
      STATE_UP, "recoverable up to 1m ago, RPO 1h" },
    { ANSWER("on", "f", NULL, NULL, "9", "000000010000000000000001", "1769652797000", "16777300",
             "0"),
      STATE_DOWN, "last archived never" },
    { ANSWER("on", "f", NULL, NULL, "0", NULL, NULL, "16777300", "0"), STATE_DOWN,
      "nothing is known to be in the archive" },
    { ANSWER("off", "f", NULL, NULL, "0", NULL, NULL, "16777300", "0"), STATE_DOWN,
      "archive_mode is off: nothing is archived" },
    { ANSWER("on", "t", NULL, NULL, "0", NULL, NULL, "16777300", "0"), STATE_UNKNOWN,
      "a standby archives nothing; ask the primary" },
    { ANSWER("on", "f", NULL, NULL, "x", NULL, NULL, "16777300", "0"), STATE_UNKNOWN,
      "pg_stat_archiver has another form" },
};

static void give(struct probe_case *c, const struct answer *a)
{
    static const char *const names[COLS];

    c->answer = (struct fake_answer){ .cells = a->cells, .names = names, .rows = 1, .cols = COLS };
}

static void answers_are_judged(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof answers / sizeof *answers; i++) {
        struct probe_case c;

        case_init(&c, "pg_stat_archiver",
                  PAIRS("pg_stat_archiver", "host=db dbname=x", "rpo", "1h"));
        give(&c, &answers[i].a);
        case_poll(&c);
        if (c.state != answers[i].state || !strstr(c.reason, answers[i].reason))
            fail_msg("case %zu: %s '%s'", i, state_word(c.state), c.reason);
        assert_int_equal(c.known, c.value == c.value);
        case_fini(&c);
    }
}

/* The history of a base backup is named after its beginning: what came since may be in the archive
 * too, and nobody counts what waits. */
static void a_base_backup_does_not_say_what_waits(void **state)
{
    static const struct {
        const char *archived, *how;
    } cases[] = {
        { "000000010000000000000020.00000028.backup",
          "000000010000000000000020.00000028.backup archived 1m ago" },
        { "000000010000000000000020",
          "000000010000000000000020 archived 1m ago, 10 segments wait" },
        { "00000001000000000000002A.00000028.backup",
          "00000001000000000000002A.00000028.backup archived 1m ago, no segment waits" },
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct archiver_row row = { .archived_ms = NOW - 60000,
                                    .now_ms = NOW,
                                    .position = 730000000,
                                    .segment_bytes = 16777216 };
        struct archiver_seen seen = { 0 };
        struct backup_facts f = { 0 };

        snprintf(row.archived, sizeof row.archived, "%s", cases[i].archived);
        archiver_facts(&row, &seen, NOW, &f);
        assert_string_equal(f.wal.how, cases[i].how);
        backup_facts_fini(&f);
    }
}

/* What was not written cannot be lost: the loss grows no more once the position stands still. */
static void a_server_that_writes_nothing_loses_nothing_more(void **state)
{
    static const struct answer first = ANSWER("on", "f", "00000001000000000000002A",
                                              "1769652767000", "0", NULL, NULL, "730000000", "0");
    struct answer later = first;
    struct probe_case c;

    (void)state;
    case_init(&c, "pg_stat_archiver", PAIRS("pg_stat_archiver", "host=db dbname=x", "rpo", "1h"));
    give(&c, &first);
    case_poll(&c);
    assert_true(c.value == 60);
    later.cells[8] = "1769660027000"; /* two hours on */
    give(&c, &later);
    case_poll(&c);
    assert_int_equal(c.state, STATE_UP);
    assert_true(c.value == 60);
    later.cells[9] = "730000900"; /* and now it wrote */
    give(&c, &later);
    case_poll(&c);
    assert_int_equal(c.state, STATE_DOWN);
    case_fini(&c);
}

static void without_an_objective_the_age_is_not_judged(void **state)
{
    struct probe_case c;

    (void)state;
    case_init(&c, "pg_stat_archiver", PAIRS("pg_stat_archiver", "host=db dbname=x"));
    give(&c, &answers[0].a);
    case_poll(&c);
    assert_int_equal(c.state, STATE_UNKNOWN);
    assert_non_null(strstr(c.reason, "its age is not judged"));
    give(&c, &answers[5].a);
    case_poll(&c);
    assert_int_equal(c.state, STATE_DOWN);
    c.answer = (struct fake_answer){ .fault = FAULT_REFUSED, .why = "refused" };
    case_poll(&c);
    assert_int_equal(c.fault, FAULT_REFUSED);
    assert_false(c.known);
    case_fini(&c);
}

static void mistakes_are_refused(void **state)
{
    (void)state;
    case_refused("pg_stat_archiver", "window: WAL has no nightly schedule",
                 PAIRS("pg_stat_archiver", "host=db", "window", "02:00-03:00"));
    case_refused("pg_stat_archiver", "keep: pg_stat_archiver tells of no backups",
                 PAIRS("pg_stat_archiver", "host=db", "keep", "7"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(segments_have_numbers),
        cmocka_unit_test(answers_are_judged),
        cmocka_unit_test(a_base_backup_does_not_say_what_waits),
        cmocka_unit_test(a_server_that_writes_nothing_loses_nothing_more),
        cmocka_unit_test(without_an_objective_the_age_is_not_judged),
        cmocka_unit_test(mistakes_are_refused),
    };

    setlocale(LC_ALL, "C.UTF-8");
    return cmocka_run_group_tests(tests, NULL, NULL);
}

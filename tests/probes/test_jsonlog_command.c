/* tests/probes/test_jsonlog_command.c: lines that a command prints: followed, started again, told
 * once.
 */
#include <locale.h>
#include <time.h>

#include "tests/probes/log_case.h"

#define SHELL(script) "jsonlog", "/bin/sh", "jsonlog", "-c", "jsonlog", script

static void a_command_is_followed(void **state)
{
    struct probe_case c;

    (void)state;
    run_init(&c, "jsonlog",
             PAIRS(SHELL("echo '{\"level\":\"error\"}'; echo oops >&2; "
                         "echo '{\"level\":\"error\",\"x\":1}' >&2; exec sleep 60"),
                   "where:level", "error"));
    RUN_UNTIL(&c, c.known && c.value > 1.5);
    assert_int_equal(c.state, STATE_UP);
    assert_true(c.value == 2);
    assert_non_null(strstr(c.reason, "1 of 3 lines was not JSON"));
    case_fini(&c);
}

static void a_command_that_ends_says_why(void **state)
{
    struct probe_case c;

    (void)state;
    run_init(&c, "jsonlog",
             PAIRS(SHELL("echo '{}'; echo 'Error: No such container: api' >&2; exit 1"),
                   "where:level", "error"));
    RUN_UNTIL(&c, strstr(c.reason, "exit 1"));
    assert_int_equal(c.state, STATE_UNKNOWN);
    assert_false(c.known);
    assert_non_null(
        strstr(c.reason, "/bin/sh: it ended with exit 1: Error: No such container: api"));
    case_fini(&c);
    run_init(&c, "jsonlog", PAIRS("jsonlog", "no-such-program-at-all", "jsonlog", "-f"));
    run_poll(&c);
    assert_int_equal(c.state, STATE_UNKNOWN);
    assert_non_null(
        strstr(c.reason, "there is no program 'no-such-program-at-all'; started again in"));
    case_fini(&c);
}

/* docker logs -f begins anew with what it printed before: that does not count twice. */
static void what_a_command_repeats_counts_once(void **state)
{
    struct probe_case c;
    char script[512];
    long long ten = (long long)time(NULL) * 100 - 1000; /* of tens of milliseconds, 10 s ago */

    (void)state;
    snprintf(script, sizeof script,
             "if [ -e %s ]; then more=1; fi; touch %s; for i in 1 2 3; do "
             "echo \"{\\\"time\\\":%lld$i}\"; done; "
             "[ \"$more\" ] || exit 0; echo \"{\\\"time\\\":%lld9}\"; exec sleep 60",
             log_path, log_path, ten, ten);
    run_init(&c, "jsonlog", PAIRS(SHELL(script), "over", "1h"));
    RUN_UNTIL(&c, c.known && c.value > 3.5);
    assert_true(c.value < 4.5);
    case_fini(&c);
}

static struct fake_answer said;

static void say(void *arg, const char *const *argv, struct fake_answer *out)
{
    (void)arg;
    (void)argv;
    *out = said;
}

/* What it prints after its end would otherwise be taken for what it printed before, for an hour. */
static void a_clock_that_is_set_back_between_two_starts_loses_no_line(void **state)
{
    struct probe_case c;
    char line[64];

    (void)state;
    said = (struct fake_answer){ .body = line };
    case_init(&c, "jsonlog", PAIRS("jsonlog", "/bin/x", "jsonlog", "-f", "where:level", "error"));
    c.net.command = say;
    for (int hours = 0; hours < 2; hours++) {
        snprintf(line, sizeof line, "{\"time\":%lld,\"level\":\"error\"}\n",
                 (long long)(io_now_ms(c.io) - hours * HOUR));
        if (hours)
            io_step_clock(c.io, -HOUR);
        c.probe.ops->poll(&c.probe);
        io_advance(c.io, 2 * SECOND); /* it has ended, and was started again */
    }
    said = (struct fake_answer){ .body = "", .delay_ms = HOUR };
    io_advance(c.io, 30 * SECOND);
    case_poll(&c);
    assert_int_equal(c.state, STATE_UP);
    assert_true(c.known && c.value > 0);
    case_fini(&c);
}

static void a_command_that_was_started_again_says_so_for_a_while(void **state)
{
    struct probe_case c;
    char line[64];

    (void)state;
    said = (struct fake_answer){ .body = line };
    case_init(&c, "jsonlog", PAIRS("jsonlog", "/bin/x", "jsonlog", "-f", "silent", "24h"));
    c.net.command = say;
    snprintf(line, sizeof line, "{\"time\":%lld}\n", (long long)io_now_ms(c.io));
    c.probe.ops->poll(&c.probe);
    io_advance(c.io, 100);
    said.delay_ms = HOUR;
    io_advance(c.io, 10 * SECOND); /* it has ended, and was started again */
    case_poll(&c);
    has_reason(&c, STATE_UP, "1 line of 1 in 9s · 9s of 5m are known · it was started again");
    io_advance(c.io, 5 * MINUTE);
    case_poll(&c);
    has_reason(&c, STATE_UP, "0 lines of 0 in 5m");
    case_fini(&c);
}

/* ... and neither do lines that tell no time, and stand among those. */
static void what_a_command_repeats_without_a_time_counts_once(void **state)
{
    struct probe_case c;
    char script[512];
    long long now_ms = (long long)time(NULL) * 1000 - 10 * SECOND;

    (void)state;
    snprintf(script, sizeof script,
             "if [ -e %s ]; then more=1; fi; touch %s; echo '{\"time\":%lld}'; echo '{\"a\":1}'; "
             "[ \"$more\" ] || exit 0; echo '{\"time\":%lld}'; echo '{\"a\":2}'; exec sleep 60",
             log_path, log_path, now_ms, now_ms + 9);
    run_init(&c, "jsonlog", PAIRS(SHELL(script), "over", "1h", "group_by", "a"));
    RUN_UNTIL(&c, strstr(c.table, "|2 1|"));
    assert_string_equal(c.table, "a lines|1 1|2 1|");
    assert_true(c.value > 3.5 && c.value < 4.5);
    case_fini(&c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        LOG_TEST(a_command_is_followed),
        LOG_TEST(a_command_that_ends_says_why),
        LOG_TEST(what_a_command_repeats_counts_once),
        LOG_TEST(a_clock_that_is_set_back_between_two_starts_loses_no_line),
        LOG_TEST(a_command_that_was_started_again_says_so_for_a_while),
        LOG_TEST(what_a_command_repeats_without_a_time_counts_once),
    };

    setlocale(LC_ALL, "C.UTF-8");
    return cmocka_run_group_tests(tests, NULL, NULL);
}

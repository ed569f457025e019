/* tests/probes/test_jsonlog.c: what the lines of a log come to, on a virtual clock. Lines of
 * commands are in test_jsonlog_command.c. */
#include <fcntl.h>
#include <locale.h>
#include <sys/stat.h>
#include <time.h>

#include "probes/jsonlog_impl.h"
#include "probes/logsplit.h"
#include "tests/probes/log_case.h"

/* ---- what is counted ---- */

static void lines_of_the_window_are_counted(void **state)
{
    struct probe_case c;

    (void)state;
    case_init(&c, "jsonlog", LOG("where:level", "error", "over", "5m"));
    write_now(&c, 6 * MINUTE, "\"level\":\"error\"");
    write_now(&c, 4 * MINUTE, "\"level\":\"error\"");
    write_now(&c, 1 * MINUTE, "\"level\":\"info\"");
    case_poll(&c);
    has_reason(&c, STATE_UP, "1 line of 2 in 5m");
    assert_true(c.known && c.value == 1);
    assert_int_equal(c.window_ms, 5 * MINUTE);
    write_now(&c, 0, "\"level\":\"error\"");
    case_poll(&c);
    assert_true(c.value == 2);
    io_advance(c.io, MINUTE); /* the oldest leaves */
    case_poll(&c);
    has_reason(&c, STATE_UP, "1 line of 2 in 5m");
    case_fini(&c);
}

/* The forms of the five systems: Winston, HireFlux, pino, and lines of push receipts. */
static void every_form_of_line_is_understood(void **state)
{
    struct probe_case c;

    (void)state;
    case_init(
        &c, "jsonlog",
        LOG("where:path", "/api/v1/stripe/webhook", "where:statusCode", "400-499", "over", "10m"));
    write_line("{\"level\":\"error\",\"message\":\"x\",\"timestamp\":\"2026-01-29T02:12:00.000Z\","
               "\"path\":\"/api/v1/stripe/webhook\",\"statusCode\":400}");
    write_line("{\"level\":\"warn\",\"timestamp\":\"2026-01-29T02:12:01.000Z\","
               "\"path\":\"/api/v1/stripe/webhook\",\"statusCode\":200}");
    write_line("{\"level\":\"warn\",\"timestamp\":\"2026-01-29T02:12:02.000Z\","
               "\"path\":\"/api/v1/stripe/webhooks\",\"statusCode\":404}");
    write_line("{\"level\":\"warn\",\"ts\":1769652740.5,"
               "\"path\":\"/api/v1/stripe/webhook\",\"statusCode\":\"499\"}");
    case_poll(&c);
    assert_true(c.value == 2);
    case_fini(&c);
}

static void a_rate_is_per_minute_and_needs_one(void **state)
{
    struct probe_case c;

    (void)state;
    case_init(&c, "jsonlog", LOG("where:level", ">=50", "measure", "rate", "over", "2m"));
    write_now(&c, 30 * SECOND, "\"level\":50");
    case_poll(&c);
    assert_false(c.known);
    assert_string_equal(c.note, "not enough data: 30s of 1m");
    io_advance(c.io, 25 * SECOND);
    for (int i = 0; i < 5; i++)
        write_now(&c, 0, "\"level\":60");
    case_poll(&c);
    assert_true(c.known && c.value > 5.9 && c.value < 6.1);
    io_advance(c.io, MINUTE);
    write_now(&c, 0, "\"level\":30");
    case_poll(&c);
    has_reason(&c, STATE_UP, "2.5/min: 5 lines in 2m");
    case_fini(&c);
}

static void a_ratio_shows_both_and_needs_enough(void **state)
{
    struct probe_case c;

    (void)state;
    case_init(&c, "jsonlog",
              LOG("where:res.statusCode", "500-599", "of:res.statusCode", "*", "measure", "ratio"));
    write_now(&c, 5 * MINUTE - SECOND, "\"msg\":\"no request\"");
    for (int i = 0; i < 19; i++)
        write_now(&c, 0, i ? "\"res\":{\"statusCode\":200}" : "\"res\":{\"statusCode\":503}");
    case_poll(&c);
    assert_false(c.known);
    assert_string_equal(c.note, "not enough data: 19 of 20 lines");
    write_now(&c, 0, "\"res\":{\"statusCode\":404}");
    case_poll(&c);
    has_reason(&c, STATE_UP, "5.0%: 1 of 20 lines in 5m");
    assert_true(c.num == 1 && c.den == 20);
    case_fini(&c);
}

/* HF-2: an AI call of 4.5 s is no slow request. */
static void a_quantile_is_of_its_class_of_lines(void **state)
{
    struct probe_case c;

    (void)state;
    case_init(&c, "jsonlog",
              LOG("where:model", "!*", "measure", "p95", "field", "duration_ms", "crit", "1s"));
    assert_true(c.common.crit == 1000);
    for (int i = 1; i <= 100; i++) {
        char fields[64];

        snprintf(fields, sizeof fields, "\"duration_ms\":%d", 2 * i);
        write_now(&c, 6 * MINUTE - 3 * SECOND * i, fields);
        write_now(&c, 0, "\"duration_ms\":4500,\"model\":\"gpt-4-turbo\"");
        write_now(&c, 0, "\"msg\":\"without\"");
    }
    case_poll(&c);
    assert_int_equal(c.n_components, 0);
    /* 80 in the window, 42 to 200: the 76th is 192 */
    assert_true(c.known && c.value > 189 && c.value < 195);
    assert_int_equal(c.state, STATE_UP);
    case_fini(&c);
}

static void a_field_is_summed_and_averaged(void **state)
{
    static const struct {
        const char *measure;
        double value;
    } rows[] = { { "sum", 6 }, { "mean", 2 }, { "max", 3.5 } };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct probe_case c;

        case_init(&c, "jsonlog", LOG("measure", rows[i].measure, "field", "cost_usd"));
        unlink(log_path);
        write_now(&c, MINUTE, "\"cost_usd\":0.5");
        write_now(&c, MINUTE, "\"cost_usd\":2");
        write_now(&c, MINUTE, "\"cost_usd\":\"3.5\"");
        write_now(&c, MINUTE, "\"cost_usd\":null");
        case_poll(&c);
        if (c.value < rows[i].value || c.value > rows[i].value)
            fail_msg("%s: %g", rows[i].measure, c.value);
        io_advance(c.io, 5 * MINUTE);
        write_now(&c, 0, "");
        case_poll(&c);
        assert_int_equal(c.known, strcmp(rows[i].measure, "sum") == 0); /* 0 of none is no mean */
        case_fini(&c);
    }
}

/* ---- groups ---- */

static void groups_are_told_largest_first(void **state)
{
    struct probe_case c;

    (void)state;
    case_init(&c, "jsonlog",
              LOG("where:level", "error", "group_by", "error.name", "group_by", "path"));
    for (int i = 0; i < 3; i++)
        write_now(&c, 0, "\"level\":\"error\",\"error\":{\"name\":\"Timeout\"},\"path\":\"/a\"");
    write_now(&c, 0, "\"level\":\"error\",\"error\":{\"name\":\"Timeout\"},\"path\":\"/b\"");
    write_now(&c, 0, "\"level\":\"info\",\"error\":{\"name\":\"None\"},\"path\":\"/b\"");
    write_now(&c, 0, "\"level\":\"error\",\"path\":\"/b\"");
    write_now(&c, 0,
              "\"level\":\"error\",\"error\":{\"name\":\"\\u001b[31mred\\u202e\\n\"},"
              "\"path\":\"\"");
    case_poll(&c);
    assert_true(c.value == 6);
    assert_int_equal(c.table_rows, 3);
    assert_string_equal(c.table, "error.name path lines|Timeout /a 3|Timeout /b 1|"
                                 "^[[31mred  (empty) 1|");
    case_fini(&c);
}

/* CM: no token with 2 or more equal errors. */
static void the_largest_group_is_measured(void **state)
{
    struct probe_case c;

    (void)state;
    case_init(&c, "jsonlog",
              LOG("where:event", "push_error", "measure", "top", "group_by", "token", "group_by",
                  "error", "silent", "1h"));
    write_now(&c, 0, "\"event\":\"push_error\",\"token\":\"A\",\"error\":\"x\"");
    write_now(&c, 0, "\"event\":\"push_error\",\"token\":\"A\",\"error\":\"y\"");
    write_now(&c, 0, "\"event\":\"push_error\",\"token\":\"B\",\"error\":\"x\"");
    write_now(&c, 0, "\"event\":\"push_error\"");
    write_now(&c, 0, "\"event\":\"push_error\"");
    case_poll(&c);
    assert_true(c.known && c.value == 1);
    write_now(&c, 0, "\"event\":\"push_error\",\"token\":\"B\",\"error\":\"x\"");
    case_poll(&c);
    assert_true(c.value == 2);
    io_advance(c.io, 5 * MINUTE);
    case_poll(&c);
    assert_true(c.known && c.value == 0);
    assert_int_equal(c.table_rows, 0);
    case_fini(&c);
}

static void groups_are_bounded(void **state)
{
    struct loggroups *g = loggroups_new();
    struct loggroup top[2];
    char key[16];
    size_t n;

    (void)state;
    for (int i = 0; i < 2 * LOGGROUPS_MAX; i++)
        loggroups_add(g, key, (size_t)snprintf(key, sizeof key, "k%d", i), 100, 1);
    loggroups_add(g, "k7", 2, 101, 2);
    assert_int_equal(loggroups_top(g, 101, top, 2, &n), 2);
    assert_int_equal(n, LOGGROUPS_MAX);
    assert_memory_equal(top[0].key, "k7", 2);
    assert_true(top[0].weight == 3 && loggroups_rest(g, 101) == LOGGROUPS_MAX);
    /* when they are over, others take their place */
    loggroups_add(g, "new", 3, 100 + LOGWINDOW_STEPS, 5);
    assert_int_equal(loggroups_top(g, 100 + LOGWINDOW_STEPS, top, 2, &n), 2);
    assert_int_equal(n, 2);
    assert_memory_equal(top[0].key, "new", 3);
    assert_true(top[1].weight == 2 && loggroups_rest(g, 100 + LOGWINDOW_STEPS) == 0);
    loggroups_free(g);
}

/* ---- compared ---- */

/* HF-4: on the first day there is no usual; then a cost of 2.6 times it is seen. */
static void a_sum_is_compared_with_the_usual(void **state)
{
    struct probe_case c;

    (void)state;
    case_init(&c, "jsonlog",
              LOG("measure", "sum", "field", "cost_usd", "over", "1h", "against", "168h", "history",
                  "24h", "crit", "2"));
    for (int hour = 0; hour <= 24; hour++) {
        write_now(&c, 0, "\"cost_usd\":0.25");
        write_now(&c, 0, "\"cost_usd\":0.75");
        case_poll(&c);
        if (hour == 20) {
            assert_false(c.known);
            assert_string_equal(c.note, "baseline needs 1d; 19h are known");
            assert_true(c.second.known && c.second.value > 0.9);
        }
        io_advance(c.io, HOUR - 5 * SECOND);
    }
    io_advance(c.io, HOUR);
    write_now(&c, 0, "\"cost_usd\":2.6");
    case_poll(&c);
    assert_true(c.known && c.value > 2.5 && c.value < 2.8);
    case_fini(&c);
}

/* ---- what is not known ---- */

static void a_silent_log_is_not_zero_errors(void **state)
{
    struct probe_case c;

    (void)state;
    case_init(&c, "jsonlog", LOG("where:level", "error"));
    write_now(&c, MINUTE, "\"level\":\"info\"");
    case_poll(&c);
    assert_true(c.known && c.value == 0);
    io_advance(c.io, 4 * MINUTE);
    case_poll(&c);
    has_reason(&c, STATE_UNKNOWN, "silent: no line for 5m5s");
    assert_false(c.known);
    case_fini(&c);
    unlink(log_path);
    case_init(&c, "jsonlog", LOG("where:level", "error", "silent", "1h"));
    write_now(&c, 30 * MINUTE, "\"level\":\"error\"");
    case_poll(&c);
    has_reason(&c, STATE_UP, "0 lines of 0 in 5m");
    case_fini(&c);
}

static void lines_that_are_not_json_are_told(void **state)
{
    struct probe_case c;

    (void)state;
    case_init(&c, "jsonlog", LOG("where:level", "error", "over", "5m"));
    write_now(&c, 6 * MINUTE, "\"level\":\"error\"");
    for (int i = 0; i < 117; i++)
        write_now(&c, 5 * MINUTE - 10 * SECOND - i, "\"level\":\"info\"");
    write_line("Error: connect ECONNREFUSED");
    write_line("{\"level\":\"error\"");
    write_line("[1,2]");
    case_poll(&c);
    has_reason(&c, STATE_UP, "0 lines of 117 in 5m · 3 of 120 lines were not JSON");
    assert_string_equal(c.note, "3 of 120 lines were not JSON"); /* also beyond a limit */
    io_advance(c.io, 10 * SECOND);
    for (int i = 0; i < 3; i++)
        write_line("plain");
    case_poll(&c);
    has_reason(&c, STATE_UNKNOWN, "3 of 3 lines were not JSON");
    assert_false(c.known);
    case_fini(&c);
}

static void what_a_number_hides_is_said(void **state)
{
    struct probe_case c;
    char *big = malloc(LOGSPLIT_LINE_MAX + 100);

    (void)state;
    memset(big, 'x', LOGSPLIT_LINE_MAX + 99);
    big[LOGSPLIT_LINE_MAX + 99] = '\0';
    case_init(&c, "jsonlog", LOG("where:levl", "error", "over", "1m"));
    case_poll(&c);
    assert_non_null(strstr(c.reason, "No such file or directory"));
    write_now(&c, 0, "\"level\":\"error\"");
    write_now(&c, -HOUR, "\"level\":\"error\"");
    write_now(&c, HOUR, "\"level\":\"error\"");
    write_line("%s", big);
    free(big);
    case_poll(&c);
    has_reason(&c, STATE_UP,
               "0 lines of 2 in 5s · 5s of 1m are known · 1 of 3 lines was "
               "not JSON · 1 of them was too long · 1 line with a time in the future "
               "· 1 line came too late to count · no line has levl");
    case_fini(&c);
}

/* A clock, or a zone, that is hours behind would otherwise be a log without errors. */
static void lines_of_another_time_are_no_silence(void **state)
{
    struct probe_case c;

    (void)state;
    case_init(&c, "jsonlog", LOG("where:level", "error"));
    case_poll(&c);
    for (int i = 0; i < 2; i++)
        write_now(&c, 5 * HOUR, "\"level\":\"error\"");
    write_line("    at a stack"); /* that few lines are JSON is not the trouble */
    case_poll(&c);
    has_reason(&c, STATE_UNKNOWN,
               "2 lines came with a time of before the last 5m: is one of the "
               "clocks wrong, or the field of the time?");
    assert_false(c.known);
    case_fini(&c);
}

static void too_few_are_no_alarm_before_the_window_is_full(void **state)
{
    struct probe_case c;

    (void)state;
    case_init(&c, "jsonlog", LOG("where:ok", "true", "low_is_bad", "true", "crit", "1"));
    write_now(&c, 4 * MINUTE, "\"ok\":false");
    case_poll(&c);
    assert_false(c.known);
    assert_string_equal(c.note, "not enough data: 4m of 5m");
    io_advance(c.io, 55 * SECOND);
    write_now(&c, 0, "\"ok\":false");
    case_poll(&c);
    assert_true(c.known && c.value == 0);
    case_fini(&c);
    /* a share of part of it is none the less for that */
    unlink(log_path);
    case_init(&c, "jsonlog",
              LOG("where:ok", "true", "measure", "ratio", "low_is_bad", "true", "min_samples", "1",
                  "over", "15m"));
    write_now(&c, 0, "\"ok\":true");
    case_poll(&c);
    assert_true(c.known && c.value == 100);
    case_fini(&c);
}

/* Without a time of its own a line counts as of its arrival, and one that was there before not at
 * all. */
static void lines_without_time_take_their_arrival(void **state)
{
    struct probe_case c;

    (void)state;
    case_init(&c, "jsonlog", LOG("where:level", "error"));
    write_line("{\"level\":\"error\"}");
    case_poll(&c);
    has_reason(&c, STATE_UNKNOWN, "1 line in it tells no time, and none came since");
    assert_false(c.known);
    write_line("{\"level\":\"error\"}");
    case_poll(&c);
    assert_true(c.known && c.value == 1);
    case_fini(&c);
}

/* One look has to tell it: `midwatch status` takes no second one. */
static void a_file_that_is_no_json_is_no_log_without_errors(void **state)
{
    struct probe_case c;

    (void)state;
    case_init(&c, "jsonlog", LOG("where:level", "error", "silent", "24h"));
    for (int i = 0; i < 3; i++)
        write_line("2026-01-29 02:12:00 ERROR connection refused");
    for (int i = 0; i < 2; i++) { /* nor when the window is full of nothing */
        case_poll(&c);
        has_reason(&c, STATE_UNKNOWN, "3 of the 3 lines in it are not JSON, and none came since");
        assert_false(c.known);
        io_advance(c.io, 10 * MINUTE);
    }
    write_now(&c, 0, "\"level\":\"info\"");
    case_poll(&c);
    assert_true(c.known && c.value == 0);
    case_fini(&c);
}

static void an_empty_file_is_unknown_until_the_window_is_full(void **state)
{
    struct probe_case c;

    (void)state;
    case_init(&c, "jsonlog", LOG("where:level", "error", "over", "1m", "silent", "1h"));
    fclose(fopen(log_path, "w"));
    case_poll(&c);
    case_poll(&c);
    has_reason(&c, STATE_UNKNOWN, "no line in the 5s of 1m that are known");
    assert_false(c.known);
    io_advance(c.io, MINUTE);
    case_poll(&c);
    has_reason(&c, STATE_UP, "0 lines of 0 in 1m");
    assert_true(c.known);
    case_fini(&c);
}

/* A release that calls it otherwise is no end of the errors. */
static void a_field_that_goes_is_told(void **state)
{
    struct probe_case c;

    (void)state;
    case_init(&c, "jsonlog", LOG("where:level", "error", "over", "1m"));
    write_now(&c, MINUTE, "\"level\":\"info\"");
    write_now(&c, 0, "\"level\":\"info\"");
    case_poll(&c);
    has_reason(&c, STATE_UP, "0 lines of 1 in 1m");
    io_advance(c.io, MINUTE);
    write_now(&c, 0, "\"severity\":\"error\",\"level\":null");
    case_poll(&c);
    has_reason(&c, STATE_UP, "0 lines of 1 in 1m · no line has level");
    assert_string_equal(c.note, "no line has level");
    case_fini(&c);
}

static void a_field_without_numbers_has_no_sum(void **state)
{
    static const char *const measures[] = { "sum", "max", "mean", "p95" };
    struct probe_case c;

    (void)state;
    for (size_t i = 0; i < sizeof measures / sizeof measures[0]; i++) {
        case_init(&c, "jsonlog", LOG("measure", measures[i], "field", "cost", "min_samples", "1"));
        unlink(log_path);
        write_now(&c, 5 * MINUTE, "");
        write_now(&c, 0, "\"cost\":\"7 USD\"");
        write_now(&c, 0, "\"cost\":7");
        case_poll(&c);
        has_reason(&c, STATE_UP,
                   "1 of 2 lines with cost have no number in it in 5m · 1 line has no number in "
                   "cost");
        assert_false(c.known);
        write_now(&c, 0, "\"cost\":7");
        case_poll(&c);
        assert_true(c.known);
        assert_string_equal(c.note, "1 line has no number in cost");
        case_fini(&c);
    }
}

static void a_field_that_no_line_has_is_told(void **state)
{
    struct probe_case c;

    (void)state;
    case_init(&c, "jsonlog", LOG("measure", "top", "group_by", "token", "group_by", "eror"));
    write_now(&c, 5 * MINUTE, "\"token\":\"A\",\"error\":\"x\"");
    write_now(&c, 0, "\"token\":\"A\",\"error\":\"x\"");
    case_poll(&c);
    has_reason(&c, STATE_UP, "0 lines in the largest group in 5m · no line has eror");
    case_fini(&c);
    unlink(log_path);
    case_init(&c, "jsonlog", LOG("measure", "sum", "field", "cost"));
    write_now(&c, 5 * MINUTE, "\"cost_usd\":1");
    write_now(&c, 0, "\"cost_usd\":1");
    case_poll(&c);
    has_reason(&c, STATE_UP, "sum 0 of 0 lines in 5m · no line has cost");
    case_fini(&c);
    unlink(log_path);
    case_init(&c, "jsonlog",
              LOG("measure", "ratio", "where:code", "500-599", "of:cod", "*", "min_samples", "1"));
    write_now(&c, 5 * MINUTE, "\"code\":500");
    write_now(&c, 0, "\"code\":500");
    case_poll(&c);
    has_reason(&c, STATE_UP, "not enough data: 0 of 1 lines in 5m · no line has cod");
    case_fini(&c);
}

/* The hour that comes again is not told twice, which would make the usual too high. */
static void the_usual_after_a_clock_that_is_set_back(void **state)
{
    struct logpast *p = logpast_new(HOUR, 24 * HOUR);
    int64_t known_ms;

    (void)state;
    for (int hour = 1; hour <= 4; hour++)
        logpast_add(p, hour * HOUR, 10);
    logpast_forget(p, 3 * HOUR + MINUTE);
    for (int hour = 3; hour <= 4; hour++)
        logpast_add(p, hour * HOUR + MINUTE, 10);
    assert_true(logpast_mean(p, 5 * HOUR, HOUR, &known_ms) == 10);
    assert_int_equal(known_ms, 4 * HOUR);
    logpast_free(p);
}

/* What was counted would otherwise lie ahead, and lines that come would be too old for an hour. */
static void a_clock_that_is_set_back_loses_no_line(void **state)
{
    struct probe_case c;

    (void)state;
    case_init(&c, "jsonlog", LOG("where:level", "error", "group_by", "name"));
    for (int i = 0; i < 3; i++)
        write_now(&c, 0, "\"level\":\"error\",\"name\":\"x\"");
    case_poll(&c);
    assert_true(c.value == 3);
    io_step_clock(c.io, -HOUR);
    write_now(&c, 0, "\"level\":\"error\",\"name\":\"y\"");
    case_poll(&c);
    assert_true(c.known && c.value == 1);
    assert_string_equal(c.table, "name lines|y 1|");
    io_advance(c.io, 10 * SECOND);
    write_now(&c, 0, "\"level\":\"error\",\"name\":\"y\"");
    case_poll(&c);
    assert_true(c.value == 2 && c.window_ms <= 15 * SECOND);
    case_fini(&c);
}

static void a_file_in_trouble_is_unknown(void **state)
{
    struct probe_case c;
    char reason[256];

    (void)state;
    case_init(&c, "jsonlog", LOG("where:level", "error"));
    case_poll(&c);
    snprintf(reason, sizeof reason, "%s: No such file or directory", log_path);
    has_reason(&c, STATE_UNKNOWN, reason);
    write_now(&c, 0, "\"level\":\"error\"");
    case_poll(&c);
    assert_true(c.known && c.value == 1);
    unlink(log_path);
    case_poll(&c);
    assert_true(c.known); /* a rotation may be under way */
    assert_non_null(strstr(c.reason, "the file is gone: a rotation, or the end"));
    io_advance(c.io, 30 * SECOND);
    case_poll(&c);
    has_reason(&c, STATE_UNKNOWN, reason);
    assert_int_equal(mkfifo(log_path, 0600), 0);
    case_poll(&c);
    snprintf(reason, sizeof reason, "%s: is a FIFO, no file", log_path);
    has_reason(&c, STATE_UNKNOWN, reason);
    unlink(log_path);
    write_now(&c, 0, "\"level\":\"error\"");
    case_poll(&c);
    assert_true(c.known && c.value == 2);
    assert_int_equal(truncate(log_path, 0), 0);
    case_poll(&c);
    assert_non_null(strstr(c.reason, "emptied in place: the last lines before may be missing"));
    case_fini(&c);
}

/* Of a log that was turned over twice and packed at once the middle is lost, and the window with
 * it.
 */
static void lines_that_were_rotated_away_are_told(void **state)
{
    struct probe_case c;
    char other[128], packed[128];
    const struct timespec times[2] = { { .tv_sec = 4102444800 }, { .tv_sec = 4102444800 } };

    (void)state;
    snprintf(other, sizeof other, "%s.1", log_path);
    snprintf(packed, sizeof packed, "%s.2.gz", log_path);
    case_init(&c, "jsonlog", LOG("where:level", "error", "low_is_bad", "true"));
    write_now(&c, 5 * MINUTE, "\"level\":\"error\"");
    write_now(&c, 0, "\"level\":\"error\"");
    case_poll(&c);
    assert_true(c.known);
    assert_int_equal(rename(log_path, other), 0);
    write_now(&c, 0, "\"level\":\"error\"");
    assert_int_equal(rename(log_path, packed), 0);
    assert_int_equal(utimensat(AT_FDCWD, packed, times, 0), 0);
    write_now(&c, 0, "\"level\":\"error\"");
    case_poll(&c);
    assert_false(c.known);
    assert_string_equal(c.note, "not enough data: 0s of 5m");
    assert_non_null(
        strstr(c.reason, "rotated more than once since the last look: lines are missing"));
    unlink(other);
    unlink(packed);
    case_fini(&c);
}

/* ---- shared ---- */

static int second_reports;
static double second_value;

static void on_second(void *arg, struct probe *p, const struct report *r)
{
    (void)arg;
    (void)p;
    second_reports++;
    second_value = r->values[0].value;
}

static void a_log_is_read_once_for_all_its_probes(void **state)
{
    struct probe_case c;
    struct probe second;
    struct probe_common common = { 0 };
    struct err err = { "" };

    (void)state;
    case_init(&c, "jsonlog", LOG("where:level", "error"));
    second = (struct probe){
        .ops = c.probe.ops, .common = &common, .clients = &c.clients, .on_report = on_second
    };
    second.self = calloc(1, second.ops->size);
    assert_true(case_options(second.ops, second.self, &common,
                             LOG("where:level", "info", "measure", "rate", "over", "10s"), &err));
    assert_true(c.probe.ops->together(c.probe.self) == c.probe.ops->together(second.self));
    assert_true(second.ops->open(&second, &err));
    write_now(&c, 12 * SECOND, "\"level\":\"error\"");
    write_now(&c, 0, "\"level\":\"info\"");
    second_reports = 0;
    second.ops->poll(&second);
    case_poll(&c);
    assert_int_equal(second_reports, 1);
    assert_true(c.value == 1 && second_value > 5.9 && second_value < 6.1);
    /* one may leave amid a look, and the other goes on */
    second.ops->poll(&second);
    c.probe.ops->poll(&c.probe);
    second.ops->close(&second);
    io_advance(c.io, SECOND);
    assert_int_equal(second_reports, 1);
    assert_int_equal(c.reports, 2);
    case_fini(&c);
    option_fini(second.ops->options, second.self);
    option_fini(probe_common_options, &common);
    free(second.self);
}

static void options_are_checked(void **state)
{
    (void)state;
    case_refused("jsonlog", "'api.log' is no whole path", PAIRS("jsonlog", "api.log"));
    case_refused("jsonlog", "neither a whole path nor a name alone",
                 PAIRS("jsonlog", "./tail", "jsonlog", "-f"));
    case_refused("jsonlog", "measure: needs a field", LOG("measure", "p95"));
    case_refused("jsonlog", "field: goes with", LOG("field", "a"));
    case_refused("jsonlog", "of: goes with measure ratio", LOG("of:a", "*"));
    case_refused("jsonlog", "where: a ratio needs to know", LOG("measure", "ratio"));
    case_refused("jsonlog", "measure: top needs group_by", LOG("measure", "top"));
    case_refused(
        "jsonlog", "group_by: at most 4",
        LOG("group_by", "a", "group_by", "b", "group_by", "c", "group_by", "d", "group_by", "e"));
    case_refused("jsonlog", "group_by: 'a..b' has an empty part", LOG("group_by", "a..b"));
    case_refused("jsonlog", "where: a: a pattern is empty", LOG("where:a", ""));
    case_refused("jsonlog", "of: a: '5-1' ends",
                 LOG("of:a", "5-1", "where:a", "*", "measure", "ratio"));
    case_refused("jsonlog", "time: ", LOG("time", "."));
    case_refused("jsonlog", "field: ", LOG("field", "/~", "measure", "sum"));
    case_refused("jsonlog", "against: goes with measure count and sum",
                 LOG("against", "24h", "measure", "rate"));
    case_refused("jsonlog", "against: is not longer", LOG("against", "5m"));
    case_refused("jsonlog", "against: is more than", LOG("against", "720h", "over", "1s"));
    case_refused("jsonlog", "unit: a ratio is in percent",
                 LOG("measure", "ratio", "where:a", "*", "unit", "ms"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        LOG_TEST(lines_of_the_window_are_counted),
        LOG_TEST(every_form_of_line_is_understood),
        LOG_TEST(a_rate_is_per_minute_and_needs_one),
        LOG_TEST(a_ratio_shows_both_and_needs_enough),
        LOG_TEST(a_quantile_is_of_its_class_of_lines),
        LOG_TEST(a_field_is_summed_and_averaged),
        LOG_TEST(groups_are_told_largest_first),
        LOG_TEST(the_largest_group_is_measured),
        cmocka_unit_test(groups_are_bounded),
        LOG_TEST(a_sum_is_compared_with_the_usual),
        LOG_TEST(a_silent_log_is_not_zero_errors),
        LOG_TEST(lines_that_are_not_json_are_told),
        LOG_TEST(what_a_number_hides_is_said),
        LOG_TEST(lines_of_another_time_are_no_silence),
        LOG_TEST(too_few_are_no_alarm_before_the_window_is_full),
        LOG_TEST(lines_without_time_take_their_arrival),
        LOG_TEST(a_file_that_is_no_json_is_no_log_without_errors),
        LOG_TEST(an_empty_file_is_unknown_until_the_window_is_full),
        LOG_TEST(a_field_that_goes_is_told),
        LOG_TEST(a_field_without_numbers_has_no_sum),
        LOG_TEST(a_field_that_no_line_has_is_told),
        cmocka_unit_test(the_usual_after_a_clock_that_is_set_back),
        LOG_TEST(a_clock_that_is_set_back_loses_no_line),
        LOG_TEST(a_file_in_trouble_is_unknown),
        LOG_TEST(lines_that_were_rotated_away_are_told),
        LOG_TEST(a_log_is_read_once_for_all_its_probes),
        LOG_TEST(options_are_checked),
    };

    setlocale(LC_ALL, "C.UTF-8");
    return cmocka_run_group_tests(tests, NULL, NULL);
}

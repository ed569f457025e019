/* tests/probes/log_case.h: a log in a folder of its own, for the tests of jsonlog. Those ask a real
 * file system; the clock is virtual or real.
 */
#pragma once

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/probes/run_case.h"

enum { SECOND = 1000, MINUTE = 60 * SECOND, HOUR = 60 * MINUTE };

static char log_dir[64], log_path[96];

static inline int log_setup(void **state)
{
    (void)state;
    strcpy(log_dir, "/tmp/midwatch-test-XXXXXX");
    assert_non_null(mkdtemp(log_dir));
    snprintf(log_path, sizeof log_path, "%s/api.log", log_dir);
    return 0;
}

static inline int log_teardown(void **state)
{
    (void)state;
    unlink(log_path);
    return rmdir(log_dir);
}

static inline void write_line(const char *fmt, ...) MW_PRINTF(1, 2);

static inline void write_line(const char *fmt, ...)
{
    FILE *f = fopen(log_path, "a");
    va_list ap;

    assert_non_null(f);
    va_start(ap, fmt);
    vfprintf(f, fmt, ap);
    va_end(ap);
    fputc('\n', f);
    fclose(f);
}

/* A line of now with these fields. */
static inline void write_now(struct probe_case *c, int64_t ago_ms, const char *fields)
{
    write_line("{\"time\":%lld%s%s}", (long long)(io_now_ms(c->io) - ago_ms), *fields ? "," : "",
               fields);
}

static inline void has_reason(struct probe_case *c, enum state state, const char *reason)
{
    if (c->state != state || strcmp(c->reason, reason) != 0)
        fail_msg("%s '%s', not %s '%s'", state_word(c->state), c->reason, state_word(state),
                 reason);
}

#define LOG(...) PAIRS("jsonlog", log_path, __VA_ARGS__)

/* Asks until it is so. */
#define RUN_UNTIL(c, condition)                                \
    do {                                                       \
        int64_t until = io_mono_ms((c)->io) + WAIT_LIMIT_MS;   \
        do {                                                   \
            run_poll(c);                                       \
            io_turn((c)->io, 20);                              \
        } while (!(condition) && io_mono_ms((c)->io) < until); \
        assert_true(condition);                                \
    } while (0)

#define LOG_TEST(f) cmocka_unit_test_setup_teardown(f, log_setup, log_teardown)

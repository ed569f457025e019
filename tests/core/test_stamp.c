/* tests/core/test_stamp.c: moments as RFC 3339 writes them. */
#include "core/stamp.h"

#include <string.h>

#include "tests/cmocka.h"

static void what_is_a_moment_is_read_and_nothing_else(void **state)
{
    static const struct {
        const char *s;
        int64_t ms; /* -1 = none */
    } rows[] = {
        { "2026-01-29T02:13:47Z", 1769652827000 },
        { "2026-01-29 02:13:47", 1769652827000 },
        { "2026-01-29T02:13:47.781Z", 1769652827781 },
        { "2026-01-29T02:13:47.78123456789Z", 1769652827781 },
        { "2026-01-29T04:13:47.5+02:00", 1769652827500 },
        { "2026-01-28T20:13:47-06:00", 1769652827000 },
        { "1970-01-01T00:00:00Z", 0 },
        { "2028-02-29T00:00:00Z", 1835395200000 },
        { "2026-02-29T00:00:00Z", -1 },
        { "2026-13-01T00:00:00Z", -1 },
        { "2026-01-29T24:00:00Z", -1 },
        { "1969-12-31T23:59:59Z", -1 },
        { "2026-01-29", -1 },
        { "2026-01-29T02:13:47X", -1 },
        { "2026-01-29T02:13:47.Z", -1 },
        { "2026-01-29T04:13:47+0200", 1769652827000 },
        { "2026-01-29t02:13:47z", 1769652827000 },
        { "2024-02-29T23:59:59.999Z", 1709251199999 },
        { "2000-03-01T00:00:00Z", 951868800000 },
        { "9999-12-31T23:59:59Z", 253402300799000 },
        { "2100-02-29T00:00:00Z", -1 },
        { "2026-01-29T02:13:47+02000", -1 },
        { "2026-01-29T02:13:47+02", -1 },
        { "2026-01-29T02:13:47+24:00", -1 },
        { "-026-01-29T02:13:47Z", -1 },
        { "", -1 },
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        int64_t ms = -1;
        bool is = stamp_parse(rows[i].s, strlen(rows[i].s), &ms);

        if (is != (rows[i].ms >= 0) || ms != rows[i].ms)
            fail_msg("'%s' is %lld", rows[i].s, (long long)ms);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_a_moment_is_read_and_nothing_else),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

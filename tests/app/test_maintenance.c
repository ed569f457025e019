/* tests/app/test_maintenance.c: windows of maintenance: when they last, and every mistake in them
 * with its place. */
#include "app/maintenance.h"
#include "tests/app/config_cases.h"

#include "core/stamp.h"

#include <string.h>

/* What `maintenance` holds begins in line 5, column 3. */
#define WINDOWS(more)                                                                            \
    "watch: w\nservices: {a: {probes: {p: {http: 'http://h'}}}}\nalerts: {x: {when: a is down, " \
    "severity: SEV-1}}\nmaintenance:\n" more
#define GOOD ", reason: because}\n"
#define FROM ", from: 2026-11-22T02:00Z"

static int64_t at(const char *stamp)
{
    int64_t ms;

    assert_true(stamp_parse(stamp, strlen(stamp), &ms));
    return ms;
}

static void a_window_lasts_from_its_beginning_to_its_end(void **state)
{
    static const struct {
        const char *window, *now;
        bool lasts;
        const char *next; /* NULL = it never begins again */
    } cases[] = {
        { FROM ", until: 2026-11-22T04:00:30Z", "2026-11-22T01:59:59Z", false,
          "2026-11-22T02:00:00Z" },
        { FROM ", until: 2026-11-22T04:00:30Z", "2026-11-22T02:00:00Z", true, NULL },
        { FROM ", until: 2026-11-22T04:00:30Z", "2026-11-22T04:00:29Z", true, NULL },
        { FROM ", until: 2026-11-22T04:00:30Z", "2026-11-22T04:00:30Z", false, NULL },
        { ", every: day, at: '02:00', for: 1h", "2026-11-22T01:59:59Z", false,
          "2026-11-22T02:00:00Z" },
        { ", every: day, at: '02:00', for: 1h", "2026-11-22T02:59:59Z", true,
          "2026-11-23T02:00:00Z" },
        { ", every: day, at: '02:00', for: 1h", "2026-11-22T03:00:00Z", false,
          "2026-11-23T02:00:00Z" },
        { ", every: day, at: '23:30', for: 2h", "2026-11-22T01:00:00Z", true,
          "2026-11-22T23:30:00Z" }, /* over midnight */
        { ", every: sunday, at: '02:00', for: 1h", "2026-11-22T02:30:00Z", true,
          "2026-11-29T02:00:00Z" },
        { ", every: monday, at: '02:00', for: 1h", "2026-11-22T02:30:00Z", false,
          "2026-11-23T02:00:00Z" },
        { ", every: thursday, at: '00:00', for: 1h", "2026-01-29T00:00:00Z", true,
          "2026-02-05T00:00:00Z" },
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char text[512];
        struct config *c;
        struct board *b = board_new(0);
        int64_t next_ms;

        snprintf(text, sizeof text, WINDOWS("  m: {match: {service: a}%s" GOOD), cases[i].window);
        c = read_fine(text);
        b->at_ms = at(cases[i].now);
        next_ms = maintenance_put(c, b);
        if ((b->n_silences == 1) != cases[i].lasts)
            fail_msg("%s at %s", cases[i].window, cases[i].now);
        assert_int_equal(next_ms, cases[i].next ? at(cases[i].next) : 0);
        if (cases[i].lasts) {
            assert_string_equal(text_str(&b->silences[0].id), "maintenance/m");
            assert_string_equal(text_str(&b->silences[0].match.service), "a");
            assert_true(b->silences[0].planned && b->silences[0].until_ms > b->at_ms);
            maintenance_put(c, b);
            assert_int_equal(b->n_silences, 1);
            b->at_ms = b->silences[0].until_ms;
            maintenance_put(c, b);
            assert_int_equal(b->n_silences, 0);
        }
        board_free(b);
        config_free(c);
    }
}

static void every_mistake_is_told_with_its_place(void **state)
{
    (void)state;
    ERRORS(WINDOWS("  m: {match: {}" FROM ", until: 2026-11-22T04:00Z" GOOD),
           "t:5:14: maintenance.m.match: is empty; write what it hits: { service: api }\n");
    ERRORS(WINDOWS("  m: {match: {servce: a}" FROM ", until: 2026-11-22T04:00Z" GOOD),
           "t:5:14: maintenance.m.match: unknown key 'servce'; did you mean 'service'?\n");
    ERRORS(WINDOWS("  m: {match: {alert: y}" FROM ", until: 2026-11-22T04:00Z" GOOD),
           "t:5:14: maintenance.m.match: no alert 'y'\n");
    ERRORS(WINDOWS("  m: {match: {alert: x}" FROM ", until: 2026-11-22T02:00Z" GOOD),
           "t:5:58: maintenance.m.until: lies after 'from', by 7d at most\n");
    ERRORS(WINDOWS("  m: {match: {alert: x}" FROM ", until: 2026-11-30T02:00Z" GOOD),
           "t:5:58: maintenance.m.until: lies after 'from', by 7d at most\n");
    ERRORS(WINDOWS("  m: {match: {alert: x}" FROM ", until: tomorrow" GOOD),
           "t:5:58: maintenance.m.until: is no moment; write 2026-11-22T02:00Z\n");
    ERRORS(WINDOWS("  m: {match: {alert: x}" GOOD),
           "t:5:6: maintenance.m: a window has 'from' and 'until', or 'every', 'at' and 'for'\n");
    ERRORS(
        WINDOWS("  m: {match: {alert: x}, every: day" GOOD),
        "t:5:33: maintenance.m.every: needs 'at' and 'for': { every: day, at: 02:00, for: 1h }\n");
    ERRORS(WINDOWS("  m: {match: {alert: x}, every: day, at: '25:00', for: 1h" GOOD),
           "t:5:42: maintenance.m.at: is no time of the day; write 02:00, in UTC\n");
    ERRORS(WINDOWS("  m: {match: {alert: x}, every: day, at: '02:00', for: 24h" GOOD),
           "t:5:56: maintenance.m.for: would never end: it begins anew before\n");
    ERRORS(WINDOWS("  m: {match: {alert: x}, every: day, at: '02:00', for: 1h" FROM GOOD),
           "t:5:66: maintenance.m.from: does not go with 'every'\n");
    ERRORS(WINDOWS("  m: {match: {alert: x}, every: day, at: '02:00', for: 1h, reason: no}\n"),
           "t:5:68: maintenance.m.reason: say why, in 3 characters at least\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_window_lasts_from_its_beginning_to_its_end),
        cmocka_unit_test(every_mistake_is_told_with_its_place),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

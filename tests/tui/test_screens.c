/* tests/tui/test_screens.c: whole screens: a board, some keys, and the cells that must be there. */
#include "tests/tui/stage.h"

#include "tests/cmocka.h"

#include <stdio.h>

static const struct {
    const char *name, *board, *keys;
    int w, h;
    bool ascii;
} screens[] = {
    { "overview-broken-120x36", "broken", "", 120, 36, false },
    { "overview-broken-80x24", "broken", "", 80, 24, false },
    { "overview-broken-40x12", "broken", "", 40, 12, false },
    { "overview-broken-200x60", "broken", "", 200, 60, false },
    { "overview-broken-ascii-80x24", "broken", "", 80, 24, true },
    { "overview-broken-tiny-39x11", "broken", "", 39, 11, false },
    { "overview-broken-tiny-12x1", "broken", "", 12, 1, false },
    { "overview-healthy-120x36", "healthy", "", 120, 36, false },
    { "overview-healthy-40x12", "healthy", "", 40, 12, false },
    { "overview-connecting-120x36", "connecting", "", 120, 36, false },
    { "overview-connecting-40x12", "connecting", "", 40, 12, false },
    { "overview-unknown-80x24", "unknown", "", 80, 24, false },
    { "overview-stale-80x24", "stale", "", 80, 24, false },
    { "overview-stale-120x36", "stale", "", 120, 36, false },
    { "overview-problems-only-80x24", "broken", "e Tab j", 80, 24, false },
    { "overview-filtered-80x24", "broken", "/ |state=up !red| Enter", 80, 24, false },
    { "overview-frozen-80x24", "broken", "z", 80, 24, false },
    { "overview-frozen-40x12", "broken", "z", 40, 12, false },
    { "overview-15m-120x36", "broken", "+", 120, 36, false },
    { "services-broken-120x36", "broken", "2 j", 120, 36, false },
    { "services-broken-80x24", "broken", "2", 80, 24, false },
    { "services-broken-40x12", "broken", "2", 40, 12, false },
    { "services-worst-selected-80x24", "unknown", "2", 80, 24, false },
    { "alerts-120x36", "alerts", "3", 120, 36, false },
    { "alerts-acked-120x36", "alerts", "3 j j", 120, 36, false },
    { "alerts-80x24", "alerts", "3 j", 80, 24, false },
    { "alerts-no-data-80x24", "alerts", "3 j j j j", 80, 24, false },
    { "alerts-40x12", "alerts", "3", 40, 12, false },
    { "alerts-ascii-80x24", "alerts", "3 G", 80, 24, true },
    { "alerts-mono-80x24", "alerts", ": |theme mono| Enter 3", 80, 24, false },
    { "alerts-problems-only-80x24", "alerts", "e 3", 80, 24, false },
    { "alerts-ack-80x24", "alerts", "3 a |looking at the pool|", 80, 24, false },
    { "alerts-ack-40x12", "alerts", "3 a |looking|", 40, 12, false },
    { "alerts-filtered-out-80x24", "alerts", "3 / |nosuch| Enter", 80, 24, false },
    { "alerts-none-80x24", "healthy", "3", 80, 24, false },
    { "alerts-silences-120x36", "silences", "3 j j j", 120, 36, false },
    { "alerts-silences-80x24", "silences", "3 j j j", 80, 24, false },
    { "alerts-silences-40x12", "silences", "3 j j j", 40, 12, false },
    { "alerts-silences-ascii-80x24", "silences", "3", 80, 24, true },
    { "alerts-silence-typed-80x24", "silences", "3 s |deploying|", 80, 24, false },
    { "alerts-silence-typed-40x12", "silences", "3 s", 40, 12, false },
    { "overview-silences-120x36", "silences", "", 120, 36, false },
    { "overview-alerts-120x36", "alerts", "", 120, 36, false },
    { "overview-alerts-80x24", "alerts", "", 80, 24, false },
    { "overview-alerts-40x12", "alerts", "", 40, 12, false },
    { "overview-alerts-ascii-80x24", "alerts", "", 80, 24, true },
    { "overview-alerts-200x60", "alerts", "", 200, 60, false },
    { "overview-alert-alone-120x36", "alert-alone", "", 120, 36, false },
    { "overview-alert-alone-80x24", "alert-alone", "", 80, 24, false },
    { "overview-alert-alone-40x12", "alert-alone", "", 40, 12, false },
    { "overview-alert-alone-tiny-39x11", "alert-alone", "", 39, 11, false },
    { "overview-alert-alone-tiny-12x1", "alert-alone", "", 12, 1, false },
    { "queues-120x36", "queues", "4 j", 120, 36, false },
    { "queues-80x24", "queues", "4", 80, 24, false },
    { "queues-40x12", "queues", "4 j", 40, 12, false },
    { "queues-ascii-80x24", "queues", "4 j j", 80, 24, true },
    { "timeline-120x36", "timeline", "9 j j", 120, 36, false },
    { "timeline-long-120x36", "timeline", "9 j j j j j j j j j j j", 120, 36, false },
    { "timeline-200x60", "timeline", "9", 200, 60, false },
    { "timeline-80x24", "timeline", "9 j j j j", 80, 24, false },
    { "timeline-60x20", "timeline", "9 j j j", 60, 20, false },
    { "timeline-oldest-80x24", "timeline", "9 G", 80, 24, false },
    { "timeline-40x12", "timeline", "9 j j j", 40, 12, false },
    { "timeline-day-40x12", "timeline", "9 G k k", 40, 12, false },
    { "timeline-ascii-80x24", "timeline", "9 G k k k k", 80, 24, true },
    { "timeline-mono-80x24", "timeline", ": |theme mono| Enter 9 j j", 80, 24, false },
    { "timeline-filtered-80x24", "timeline", "9 / |code=note who=jun| Enter", 80, 24, false },
    { "timeline-filtered-out-80x24", "timeline", "9 / |nosuch| Enter", 80, 24, false },
    { "timeline-problems-only-80x24", "timeline", "e 9", 80, 24, false },
    { "timeline-note-80x24", "timeline", "9 n |rolled back|", 80, 24, false },
    { "timeline-none-80x24", "healthy", "9", 80, 24, false },
    { "timeline-tiny-39x11", "timeline", "9", 39, 11, false },
    { "services-filtered-out-80x24", "healthy", "2 / |nosuch| Enter", 80, 24, false },
    { "backups-problems-only-80x24", "healthy", "e 5", 80, 24, false },
    { "queues-none-80x24", "healthy", "4", 80, 24, false },
    { "backups-120x36", "backups", "5", 120, 36, false },
    { "backups-80x24", "backups", "5 j j", 80, 24, false },
    { "backups-40x12", "backups", "5", 40, 12, false },
    { "backups-ascii-80x24", "backups", "5", 80, 24, true },
    { "backups-none-80x24", "healthy", "5", 80, 24, false },
    { "overview-backups-120x36", "backups", "", 120, 36, false },
    { "overview-backups-80x24", "backups", "", 80, 24, false },
    { "overview-queues-120x36", "queues", "", 120, 36, false },
    { "detail-backup-80x24", "backups", "5 Enter", 80, 24, false },
    { "detail-backup-120x36", "backups", "5 Enter", 120, 36, false },
    { "detail-backup-40x12", "backups", "5 Enter PgDn", 40, 12, false },
    { "backups-command-80x24", "backups", "5 G", 80, 24, false },
    { "detail-api-120x36", "broken", "j Enter", 120, 36, false },
    { "detail-api-80x24", "broken", "j Enter", 80, 24, false },
    { "detail-api-40x12", "broken", "j Enter PgDn", 40, 12, false },
    { "detail-locks-120x36", "broken", "Enter j j", 120, 36, false },
    { "detail-api-ascii-80x24", "broken", "j Enter PgDn", 80, 24, true },
    { "help-80x24", "healthy", "?", 80, 24, false },
    { "help-searched-80x24", "healthy", "? / |copy| Enter", 80, 24, false },
    { "command-completion-80x24", "broken", ": |fa| Tab Tab", 80, 24, false },
    { "command-unknown-80x24", "broken", ": |relaod| Enter", 80, 24, false },
};

static void screen_is_as_expected(void **state)
{
    size_t i = (size_t)(uintptr_t)*state;
    struct stage s;

    stage_open(&s, screens[i].board, screens[i].w, screens[i].h, screens[i].ascii);
    stage_keys(&s, screens[i].keys);
    stage_is(&s, screens[i].name);
    stage_close(&s);
}

int main(void)
{
    enum { N = sizeof screens / sizeof *screens };
    struct CMUnitTest tests[N];

    stage_world();
    for (size_t i = 0; i < N; i++)
        tests[i] = (struct CMUnitTest){ .name = screens[i].name,
                                        .test_func = screen_is_as_expected,
                                        .initial_state = (void *)(uintptr_t)i };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

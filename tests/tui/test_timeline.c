/* tests/tui/test_timeline.c: the records of the journal: which is selected while others come, what
 * Enter, n and filters do, and that nothing of a record is more than text in what is exported. */
#include "tests/tui/stage.h"

#include "tests/cmocka.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static void record(struct stage *s, int64_t n, const char *code, const char *alert,
                   const char *words)
{
    struct event e = { .n = n, .at_ms = s->now_ms + n };

    text_sets(&e.code, code);
    text_sets(&e.who, "dana@ops1");
    text_sets(&e.alert, alert);
    text_sets(&e.words, words);
    board_event(s->board, e);
}

/* The line of the selected record's page that has its number. */
static void number_is(const struct stage *s, int n, const char *code)
{
    char words[64];

    snprintf(words, sizeof words, "record  %d · %s", n, code);
    if (!stage_shows(s, words)) {
        char *dump = canvas_dump(&s->canvas);

        fail_msg("'%s' is not selected\n%s", words, dump);
    }
}

static void press_times(struct stage *s, const char *key, int times)
{
    while (times-- > 0)
        stage_keys(s, key);
}

/* -- selection -- */

static void newest_is_selected_until_one_chooses(void **state)
{
    struct stage s;

    (void)state;
    stage_open(&s, "timeline", 120, 36, false);
    stage_keys(&s, "9");
    number_is(&s, 41, "NOTE");
    record(&s, 42, "NOTE", "", "one more");
    stage_changed(&s);
    number_is(&s, 42, "NOTE");
    stage_keys(&s, "j j g"); /* back at the newest: it follows again */
    record(&s, 43, "ACK", "redis-memory", "mine");
    stage_changed(&s);
    number_is(&s, 43, "ACK");
    stage_close(&s);
}

static void selected_record_stays_when_others_come(void **state)
{
    struct stage s;
    struct board *b;

    (void)state;
    stage_open(&s, "timeline", 120, 36, false);
    stage_keys(&s, "9 j j");
    number_is(&s, 39, "FIRING");
    for (int n = 42; n < 80; n++)
        record(&s, n, "NOTE", "", "words");
    stage_changed(&s);
    number_is(&s, 39, "FIRING");
    b = stage_board("timeline"); /* a reload hands the records over */
    stage_reload(&s, b);
    number_is(&s, 39, "FIRING");
    stage_keys(&s, "z");
    record(&s, 42, "NOTE", "", "while it was frozen");
    stage_changed(&s);
    stage_keys(&s, "z");
    number_is(&s, 39, "FIRING");
    stage_close(&s);
}

/* What one reads does not move when the list is longer than the screen. */
static void list_stands_still_while_one_reads(void **state)
{
    struct stage s;
    char *before, *after;

    (void)state;
    stage_open(&s, "timeline", 80, 24, false);
    stage_keys(&s, "9 G k");
    before = canvas_dump(&s.canvas);
    record(&s, 42, "NOTE", "", "new");
    stage_changed(&s);
    after = canvas_dump(&s.canvas);
    assert_non_null(strstr(before, "of 20"));
    assert_non_null(strstr(after, "of 21"));
    for (const char *x = before, *y = after; *x && *y; x += strcspn(x, "\n") + 1) {
        size_t len = strcspn(x, "\n");

        if (!strncmp(x, "│ ", 4)) /* rows and page, not the counts on their frames */
            assert_memory_equal(x, y, len);
        y += strcspn(y, "\n") + 1;
    }
    free(before);
    free(after);
    stage_close(&s);
}

static void record_that_left_makes_room_for_its_neighbour(void **state)
{
    struct stage s;

    (void)state;
    stage_open(&s, "timeline", 120, 36, false);
    stage_keys(&s, "9 G");
    number_is(&s, 22, "NOTE");
    for (int n = 42; n < 42 + BOARD_EVENTS; n++)
        record(&s, n, "NOTE", "", "words");
    stage_changed(&s);
    assert_true(stage_shows(&s, "the newest 512 records"));
    assert_true(stage_shows(&s, "record  "));
    stage_keys(&s, "G");
    number_is(&s, 42, "NOTE");
    stage_close(&s);
}

static void days_are_no_records(void **state)
{
    struct stage s;

    (void)state;
    stage_open(&s, "timeline", 120, 36, false);
    stage_keys(&s, "9");
    press_times(&s, "j", 15);
    number_is(&s, 26, "MENDED");
    stage_keys(&s, "k");
    number_is(&s, 27, "FIRING");
    stage_keys(&s, "PgDn G PgUp");
    number_is(&s, 32, "FIRING");
    stage_keys(&s, "End j j");
    number_is(&s, 22, "NOTE");
    assert_true(stage_shows(&s, "Tuesday, 2026-01-27"));
    s.now_ms += 86400000; /* tomorrow nothing is of today */
    stage_changed(&s);
    stage_keys(&s, "Home");
    number_is(&s, 41, "NOTE");
    assert_true(stage_shows(&s, "Thursday, 2026-01-29"));
    stage_close(&s);
}

/* -- what it says -- */

static void every_code_has_its_word(void **state)
{
    static const char *const words[] = { "✗ fired",     "✓ resolved", "+ acked", "▴ note",
                                         "- gave back", "· LATER",    "→ sent" };
    struct stage s;

    (void)state;
    stage_open(&s, "timeline", 120, 36, false);
    stage_keys(&s, "9");
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (!stage_shows(&s, words[i]))
            fail_msg("'%s' is not shown", words[i]);
    assert_true(stage_shows(&s, "~ mended"));
    stage_close(&s);
}

static void page_tells_all_of_a_record(void **state)
{
    struct stage s;

    (void)state;
    setenv("TZ", "Australia/Sydney", 1);
    tzset();
    stage_open(&s, "timeline", 120, 36, false);
    stage_keys(&s, "9 j j");
    assert_true(stage_shows(&s, "words   94% of 2 GiB · SEV-2 · redis.memory > 90% for 2m"));
    assert_true(stage_shows(&s, "who     svc@ops1"));
    assert_true(stage_shows(&s, "when    2026-01-29T02:11:20Z (13:11 AEDT) · 2m27s ago"));
    assert_true(stage_shows(&s, "alert   redis-memory · now firing 14m · ack: nobody"));
    stage_keys(&s, "j j");
    assert_true(stage_shows(&s, "words   without a note"));
    stage_keys(&s, "j j");
    assert_true(stage_shows(&s, "alert   old-rule · judged no more"));
    stage_world(); /* UTC again */
    stage_close(&s);
}

/* -- keys -- */

static void enter_opens_the_alert_that_it_speaks_of(void **state)
{
    struct stage s;

    (void)state;
    stage_open(&s, "timeline", 120, 36, false);
    stage_keys(&s, "9 Enter");
    assert_true(stage_shows(&s, "this record speaks of no alert"));
    stage_keys(&s, "j j Enter");
    assert_true(stage_shows(&s, "┌─ Alerts "));
    assert_true(stage_shows(&s, "┌─ Alert Redis memory"));
    stage_keys(&s, "9 G k k k Enter");
    assert_true(stage_shows(&s, "┌─ Alert Certificate expires"));
    stage_keys(&s, "9 g j j j j j j Enter");
    assert_true(stage_shows(&s, "this alert is judged no more"));
    assert_true(stage_shows(&s, "┌─ Timeline "));
    stage_close(&s);
}

static void filter_that_would_hide_the_alert_is_lifted(void **state)
{
    struct stage s;

    (void)state;
    stage_open(&s, "timeline", 120, 36, false);
    stage_keys(&s, "9 / |code=ack| Enter Enter"); /* hides no alert */
    assert_true(stage_shows(&s, "/code=ack"));
    assert_true(stage_shows(&s, "┌─ Alert Connections used up"));
    stage_keys(&s, "9 / Ctrl-U |well| Enter Enter");
    assert_true(stage_shows(&s, "┌─ Alert Scrape queue deep"));
    assert_true(stage_shows(&s, "the filter is off: it would hide this alert"));
    assert_false(stage_shows(&s, "/well"));
    stage_close(&s);
}

static void n_opens_a_note(void **state)
{
    static const char *const screens[] = { "9", "1", "3", "2", "2 Enter" };
    struct stage s;
    struct intent i;

    (void)state;
    stage_open(&s, "timeline", 120, 36, false);
    for (size_t k = 0; k < sizeof screens / sizeof *screens; k++) {
        stage_keys(&s, screens[k]);
        stage_keys(&s, "n |rolled back, 見| Enter");
        i = stage_intent(&s);
        assert_int_equal(i.kind, INTENT_NOTE);
        assert_string_equal(i.arg, "rolled back, 見");
    }
    stage_keys(&s, "n Enter");
    assert_true(stage_shows(&s, "write: note WORDS"));
    stage_keys(&s, "n |no| Esc : |quit now| Esc"); /* the line begins empty again */
    stage_no_intent(&s);
    stage_close(&s);
}

static void copied_line_is_the_record(void **state)
{
    struct stage s;
    struct intent i;

    (void)state;
    stage_open(&s, "timeline", 120, 36, false);
    stage_keys(&s, "9 j j y");
    i = stage_intent(&s);
    assert_int_equal(i.kind, INTENT_COPY);
    assert_string_equal(
        text_str(i.copy),
        "2026-01-29T02:11:20Z ratemyunit fired Redis memory: 94% of 2 GiB · SEV-2 · "
        "redis.memory > 90% for 2m (svc@ops1)");
    stage_keys(&s, "/ |nosuch| Enter y");
    assert_true(stage_shows(&s, "! nothing is selected"));
    stage_no_intent(&s);
    stage_close(&s);
}

/* -- filters -- */

static void filter_chooses_among_records(void **state)
{
    static const struct stage_filter cases[] = {
        { "code=fired", "✗ fired", "+ acked" },
        { "code=FIRING", "✗ fired", "▴ note" },
        { "code=ack", "+ acked", "gave back  " },
        { "code=gave-back", "- gave back", "+ acked" },
        { "code=LATER", "· LATER", "▴ note" },
        { "!code=note", "✗ fired", "▴ note" },
        { "who=dana", "dana@bastion  new", "svc@ops1" },
        { "alert=redis", "Redis memory", "Connections" },
        { "alert=old", "old-rule", "Redis memory" },
        { "name=redis", "Redis memory", "Connections" },
        { "service=redis", "Redis memory", "▴ note" },
        { "severity=SEV-1", "Connections", "Redis memory" }, /* as the alert is now */
        { "state=acked", "お支払い", "Redis memory" },
        { "scrape", "Scrape queue", "Redis memory" },
        { "proxy", "handing over", "rolling back" },
        { "mended", "~ mended", "Scrape queue" },
        { "キュー", "キュー", "✗ fired" },
    };

    (void)state;
    stage_filters("timeline", "9", " of 20 records", cases, sizeof cases / sizeof *cases);
}

static void filter_of_records_hides_nothing_elsewhere(void **state)
{
    struct stage s;

    (void)state;
    stage_open(&s, "timeline", 120, 36, false);
    stage_keys(&s, "9 / |code=note !who=dana| Enter 2");
    assert_true(stage_shows(&s, "✗ postgres"));
    assert_true(stage_shows(&s, "● web"));
    stage_keys(&s, "3");
    assert_true(stage_shows(&s, "Redis memory"));
    stage_keys(&s, "/ Ctrl-U |alert=redis| Enter"); /* this one means something there */
    assert_true(stage_shows(&s, "Redis memory"));
    assert_false(stage_shows(&s, "Connections used up"));
    stage_keys(&s, ": |filter alert=redis| Enter 2");
    assert_true(stage_shows(&s, " redis"));
    assert_false(stage_shows(&s, "✗ postgres"));
    stage_close(&s);
}

static void code_that_there_is_not_is_told(void **state)
{
    struct stage s;

    (void)state;
    stage_open(&s, "timeline", 120, 36, false);
    stage_keys(&s, "9 / |code=resolvd| Enter");
    assert_true(stage_shows(&s, "! there is no code 'resolvd'; did you mean 'resolved'?"));
    stage_keys(&s, ": |filter code=xyzzyx| Enter");
    assert_true(stage_shows(&s, "! there is no code 'xyzzyx'; write fired, resolved, acked, "
                                "gave-back, note, sent or mended"));
    stage_close(&s);
}

static void problems_only_are_the_records_of_what_is_wrong(void **state)
{
    struct stage s;

    (void)state;
    stage_open(&s, "timeline", 120, 36, false);
    stage_keys(&s, "9 e");
    assert_true(stage_shows(&s, "Redis memory"));
    assert_false(stage_shows(&s, "Scrape queue"));
    assert_false(stage_shows(&s, "▴ note"));
    assert_true(stage_shows(&s, "6 of 20 records"));
    stage_close(&s);
}

/* -- export -- */

static void shown_records_are_exported(void **state)
{
    struct stage s;
    struct intent i;

    (void)state;
    stage_open(&s, "timeline", 120, 36, false);
    stage_keys(&s, "9 / |alert=certificate| Enter : |export /tmp/night.md| Enter");
    i = stage_intent(&s);
    assert_int_equal(i.kind, INTENT_EXPORT);
    assert_string_equal(i.arg, "/tmp/night.md");
    assert_string_equal(
        i.dump, "# Timeline of ratemyunit (production)\n\n"
                "From 2026-01-28T21:15:40Z to 2026-01-28T21:36:10Z: 3 records, number 23 to "
                "25. Times are UTC.\n\n"
                "Only what matches the filter: alert\\=certificate\n\n"
                "## 2026-01-28\n\n"
                "- 21:15:40Z **fired** Certificate expires: 13 days · SEV-3 · tls.days \\< "
                "14 (svc@ops1)\n"
                "- 21:31:08Z **acked** Certificate expires: renewed by hand, the timer was "
                "off (mara@bastion)\n"
                "- 21:36:10Z **resolved** Certificate expires: well again (svc@ops1)\n");
    assert_int_equal(i.dump_len, strlen(i.dump));
    stage_keys(&s, ": |filter| Enter 1 : |export all.md| Enter"); /* from any screen */
    i = stage_intent(&s);
    assert_non_null(strstr(i.dump, "20 records, number 22 to 41."));
    assert_non_null(strstr(i.dump, "\n## 2026-01-27\n\n- 16:40:02Z **note** midwatch is on"));
    assert_non_null(strstr(i.dump, "\n\n## 2026-01-29\n\n- 00:02:11Z **fired** Scrape queue deep"));
    assert_non_null(strstr(i.dump, "**acked** Connections used up (dana@bastion)\n"));
    stage_close(&s);
}

static void nothing_is_not_exported(void **state)
{
    struct stage s;

    (void)state;
    stage_open(&s, "timeline", 120, 36, false);
    stage_keys(&s, ": |export| Enter");
    assert_true(stage_shows(&s, "write: export FILE"));
    stage_keys(&s, "9 / |nosuch| Enter : |export x| Enter");
    assert_true(stage_shows(&s, "! nothing to export: no record is shown"));
    stage_reload(&s, stage_board("healthy"));
    stage_keys(&s, ": |filter| Enter : |export x| Enter");
    assert_true(stage_shows(&s, "! nothing to export: nothing was recorded yet"));
    stage_no_intent(&s);
    stage_close(&s);
}

/* Whatever text of a record is: the same as an escaped text in the same place. */
static void nothing_of_a_record_is_more_than_text(void **state)
{
    static const struct {
        const char *said, *written;
    } hostile[] = {
        { "[x](javascript:alert(1))", "\\[x\\](javascript:alert(1))" },
        { "![x](http://evil.example/x.png)", "\\!\\[x\\](http\\://evil.example/x.png)" },
        { "<script>alert(1)</script>", "\\<script\\>alert(1)\\</script\\>" },
        { "<!-- hidden", "\\<\\!-- hidden" },
        { "**bold** _it_ ~~no~~ `code`", "\\*\\*bold\\*\\* \\_it\\_ \\~\\~no\\~\\~ \\`code\\`" },
        { "&lt;b&gt; | a | b |", "\\&lt;b\\&gt; \\| a \\| b \\|" },
        { "https://evil.example/x", "https\\://evil.example/x" },
        { "www.evil.example WWW.evil.example", "www\\.evil.example WWW\\.evil.example" },
        { "x\n# heading\n- item\n\n    code", "x \\# heading - item      code" },
        { "$x$ ==y== ^z^ {: .c}", "\\$x\\$ \\=\\=y\\=\\= \\^z\\^ \\{: .c\\}" },
        { "\\[not escaped\\]", "\\\\\\[not escaped\\\\\\]" },
        { "x\x1b[2J\xe2\x80\xaey", "x\\^\\[\\[2Jy" },
    };

    (void)state;
    for (size_t h = 0; h < sizeof hostile / sizeof *hostile; h++) {
        const char *w = hostile[h].written;
        char want[2048];
        struct stage s;
        struct intent i;

        stage_open(&s, "healthy", 120, 36, false);
        record(&s, 1, hostile[h].said, hostile[h].said, hostile[h].said);
        text_sets(&s.board->events[0].who, hostile[h].said);
        text_sets(&s.board->watch, hostile[h].said);
        text_sets(&s.board->environment, hostile[h].said);
        stage_changed(&s);
        stage_keys(&s, ": |export x| Enter");
        i = stage_intent(&s);
        snprintf(want, sizeof want,
                 "# Timeline of %s (%s)\n\nFrom 2026-01-29T02:13:47Z to 2026-01-29T02:13:47Z: "
                 "1 record, number 1 to 1. Times are UTC.\n\n## 2026-01-29\n\n"
                 "- 02:13:47Z **%s** %s: %s (%s)\n",
                 w, w, w, w, w, w);
        assert_string_equal(i.dump, want);
        stage_close(&s);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(newest_is_selected_until_one_chooses),
        cmocka_unit_test(selected_record_stays_when_others_come),
        cmocka_unit_test(list_stands_still_while_one_reads),
        cmocka_unit_test(record_that_left_makes_room_for_its_neighbour),
        cmocka_unit_test(days_are_no_records),
        cmocka_unit_test(every_code_has_its_word),
        cmocka_unit_test(page_tells_all_of_a_record),
        cmocka_unit_test(enter_opens_the_alert_that_it_speaks_of),
        cmocka_unit_test(filter_that_would_hide_the_alert_is_lifted),
        cmocka_unit_test(n_opens_a_note),
        cmocka_unit_test(copied_line_is_the_record),
        cmocka_unit_test(filter_chooses_among_records),
        cmocka_unit_test(filter_of_records_hides_nothing_elsewhere),
        cmocka_unit_test(code_that_there_is_not_is_told),
        cmocka_unit_test(problems_only_are_the_records_of_what_is_wrong),
        cmocka_unit_test(shown_records_are_exported),
        cmocka_unit_test(nothing_is_not_exported),
        cmocka_unit_test(nothing_of_a_record_is_more_than_text),
    };

    stage_world();
    return cmocka_run_group_tests(tests, NULL, NULL);
}

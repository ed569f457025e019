/* tests/app/test_event_words.c: what people read of a record, whatever stands in it. */
#include "app/event_words.h"

#include "tests/cmocka.h"

#include <locale.h>
#include <stdio.h>
#include <string.h>

static struct event event_from(const char *code, const char *what)
{
    char line[16384];
    struct record r;
    struct event e;
    struct err err = { "" };
    int len = snprintf(line, sizeof line,
                       "{\"n\":41,\"t\":\"2026-01-29T02:13:47.120Z\",\"code\":\"%s\","
                       "\"user\":\"dana\",\"host\":\"ops1\",\"what\":%s}",
                       code, what);

    if (!record_read(&r, line, (size_t)len, &err))
        fail_msg("%s: %s", what, err.msg);
    e = event_of(&r);
    record_fini(&r);
    return e;
}

static void every_code_has_its_words(void **state)
{
    static const struct {
        const char *code, *what, *alert, *words;
    } cases[] = {
        { "NOTE", "{\"text\":\"rolled back\"}", "", "rolled back" },
        { "FIRING",
          "{\"alert\":\"api-5xx\",\"severity\":\"SEV-1\",\"service\":\"api\","
          "\"rule\":\"api.errors > 5% for 5m\",\"value\":\"8.2% (41 of 502)\",\"fired_ms\":1}",
          "api-5xx", "8.2% (41 of 502) · SEV-1 · api.errors > 5% for 5m" },
        { "FIRING", "{\"alert\":\"api-5xx\",\"rule\":\"web is down\"}", "api-5xx", "web is down" },
        { "FIRING", "{}", "", "" },
        { "RESOLVED", "{\"alert\":\"api-5xx\",\"why\":\"well again\"}", "api-5xx", "well again" },
        { "RESOLVED", "{\"alert\":\"api-5xx\"}", "api-5xx", "" },
        { "ACK", "{\"alert\":\"api-5xx\",\"note\":\"looking, 見\"}", "api-5xx", "looking, 見" },
        { "ACK", "{\"alert\":\"api-5xx\",\"note\":\"\"}", "api-5xx", "" },
        { "UNACK", "{\"alert\":\"api-5xx\"}", "api-5xx", "nobody has it any more" },
        { "SILENCE",
          "{\"id\":\"s1a2b3\",\"match\":{\"alert\":\"api-5xx\",\"severity\":\"SEV-1\"},"
          "\"until_ms\":1769656427000,\"reason\":\"failover\"}",
          "api-5xx", "alert=api-5xx severity=SEV-1 until 2026-01-29T03:13:47Z: failover (s1a2b3)" },
        { "SILENCE",
          "{\"id\":\"s1a2b3\",\"match\":{},\"until_ms\":1769656427000,\"reason\":\"failover\"}", "",
          "no silence: it lacks a matcher, an end or a reason" },
        { "SILENCE", "{\"id\":\"s1\",\"match\":{\"service\":\"api\"},\"reason\":\"for ever\"}", "",
          "no silence: it lacks a matcher, an end or a reason" },
        { "UNSILENCE", "{\"id\":\"s1a2b3\"}", "", "the silence s1a2b3 ends" },
        { "MENDED", "{\"why\":\"its end is no record\",\"aside\":\"journal.torn-1\",\"bytes\":7}",
          "",
          "the journal's end was mended: its end is no record; what stood there is in "
          "journal.torn-1" },
        { "MENDED", "{}", "", "the journal's end was mended" },
        { "SENT",
          "{\"channel\":\"oncall\",\"action\":\"trigger\",\"alerts\":{\"a\":1},\"result\":\"202\"}",
          "a", "oncall: trigger, 202" },
        { "SENT",
          "{\"channel\":\"ops\",\"action\":\"resolve\",\"alerts\":{\"a\":1,\"b\":2},\"result\":"
          "\"200\"}",
          "", "ops: resolve, 200; 2 alerts" },
        { "SENT", "{}", "", ": , " },
        { "LATER", "{\"text\":\"of a midwatch to come\"}", "", "" },
        { "NOTE", "{\"text\":[\"no\",\"string\"],\"more\":1}", "", "" },
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct event e = event_from(cases[i].code, cases[i].what);

        assert_int_equal(e.n, 41);
        assert_int_equal(e.at_ms, 1769652827120);
        assert_string_equal(text_str(&e.code), cases[i].code);
        assert_string_equal(text_str(&e.who), "dana@ops1");
        assert_string_equal(text_str(&e.alert), cases[i].alert);
        assert_string_equal(text_str(&e.words), cases[i].words);
        event_fini(&e);
    }
}

static void hostile_words_are_harmless(void **state)
{
    struct event e = event_from("FIRING", "{\"alert\":\"a\\u001b[2Jb\",\"severity\":\"\\u202eS\","
                                          "\"value\":\"1\\n2\\r3\",\"rule\":\"\\u009b31m\"}");

    (void)state;
    assert_string_equal(text_str(&e.alert), "a^[[2Jb");
    for (const char *c = text_str(&e.words); *c; c++)
        assert_true((unsigned char)*c >= 0x20 && *c != 0x7f);
    assert_null(strstr(text_str(&e.words), "\xe2\x80\xae"));
    assert_null(strstr(text_str(&e.words), "\xc2\x9b"));
    assert_non_null(strstr(text_str(&e.words), "1 2"));
    event_fini(&e);
}

static void long_words_are_cut_at_a_character(void **state)
{
    char what[12000] = "{\"text\":\"";
    struct event e;

    (void)state;
    for (int i = 0; i < 3000; i++)
        strcat(what, "見");
    strcat(what, "\"}");
    e = event_from("NOTE", what);
    assert_true(e.words.len <= TEXT_MAX);
    assert_string_equal(text_str(&e.words) + e.words.len - 3, "…");
    event_fini(&e);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_code_has_its_words),
        cmocka_unit_test(hostile_words_are_harmless),
        cmocka_unit_test(long_words_are_cut_at_a_character),
    };

    setlocale(LC_CTYPE, "C.UTF-8");
    return cmocka_run_group_tests(tests, NULL, NULL);
}

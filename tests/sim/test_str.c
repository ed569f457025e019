/* tests/sim/test_str.c: the simulator's text and its flat JSON objects. */
#include "examples/sim/str.h"

#include <string.h>

#include "tests/cmocka.h"

static void object_is_read_with_its_kinds(void **state)
{
    static const char text[] =
        " {\"name\":\"conn_leak\", \"on\" : true,\"value\":-2.5e1,\"x\":null}\n";
    struct flat f;
    char why[100];

    (void)state;
    assert_true(flat_parse(&f, text, strlen(text), why, sizeof why));
    assert_int_equal(f.n, 4);
    assert_string_equal(flat_get(&f, "name")->value, "conn_leak");
    assert_int_equal(flat_get(&f, "on")->kind, FLAT_BOOL);
    assert_string_equal(flat_get(&f, "value")->value, "-2.5e1");
    assert_int_equal(flat_get(&f, "x")->kind, FLAT_NULL);
    assert_null(flat_get(&f, "nothing"));
}

static void escapes_are_decoded(void **state)
{
    static const char text[] = "{\"a\":\"q\\\"\\\\\\/\\n\\u0041\"}";
    struct flat f;
    char why[100];

    (void)state;
    assert_true(flat_parse(&f, text, strlen(text), why, sizeof why));
    assert_string_equal(f.items[0].value, "q\"\\/\nA");
}

static void one_member_is_found(void **state)
{
    static const char text[] = "{\"intent\":\"pi_1\",\"n\":25}";
    char out[4];

    (void)state;
    assert_true(flat_find(text, strlen(text), "n", out, sizeof out));
    assert_string_equal(out, "25");
    assert_true(flat_find(text, strlen(text), "intent", out, sizeof out));
    assert_string_equal(out, "pi_");
    assert_false(flat_find(text, strlen(text), "on", out, sizeof out));
    assert_false(flat_find("[]", 2, "n", out, sizeof out));
}

static void what_is_no_flat_object_is_refused_with_its_place(void **state)
{
    static const char *const bad[] = {
        "",
        "[]",
        "{",
        "{\"a\"}",
        "{\"a\":}",
        "{\"a\":1,}",
        "{\"a\":1} 2",
        "{\"a\":{}}",
        "{\"a\":[1]}",
        "{\"a\":tru}",
        "{\"a\":1x}",
        "{\"a\":\"\\u0000\"}",
        "{\"a\":\"\\",
        "{\"a\":\"\n\"}",
        "{a:1}",
        "{\"a\":nan}",
        "{\"a\":inf}",
        "{\"a\":-inf}",
        "{\"a\":0x10}",
        "{\"a\":-}",
        "{\"a\":\"\\ud800\"}",
        "{\"0123456789012345678901234567890123456789\":1}",
    };
    struct flat f;
    char why[100];

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        why[0] = '\0';
        if (flat_parse(&f, bad[i], strlen(bad[i]), why, sizeof why))
            fail_msg("accepted: %s", bad[i]);
        assert_non_null(strstr(why, "byte "));
    }
}

static void bytes_after_the_length_are_not_read(void **state)
{
    struct flat f;
    char why[100];

    (void)state;
    assert_true(flat_parse(&f, "{\"a\":1}garbage", 7, why, sizeof why));
    assert_false(flat_parse(&f, "{\"a\":1}", 6, why, sizeof why));
}

static void too_many_members_are_refused(void **state)
{
    struct str s = { 0 };
    struct flat f;
    char why[100];

    (void)state;
    str_add(&s, "{");
    for (int i = 0; i < 17; i++)
        str_addf(&s, "%s\"k%d\":%d", i ? "," : "", i, i);
    str_add(&s, "}");
    assert_false(flat_parse(&f, s.s, s.len, why, sizeof why));
    assert_non_null(strstr(why, "too many members"));
    str_fini(&s);
}

static void formatted_text_grows_as_it_must(void **state)
{
    struct str s = { 0 };

    (void)state;
    for (int i = 0; i < 300; i++)
        str_addf(&s, "%*d", 7 + i % 400, i);
    assert_int_equal(s.len, 300 * 7 + 299 * 300 / 2);
    assert_int_equal(strlen(s.s), s.len);
    str_fini(&s);
}

static void json_and_shell_words_are_quoted(void **state)
{
    struct str s = { 0 };

    (void)state;
    str_json(&s, "a\"b\\c\n\x01");
    assert_string_equal(s.s, "\"a\\\"b\\\\c\\n\\u0001\"");
    str_clear(&s);
    str_shell(&s, "plain-word_1");
    str_add(&s, " ");
    str_shell(&s, "two words");
    str_add(&s, " ");
    str_shell(&s, "it's $(x)");
    str_add(&s, " ");
    str_shell(&s, "");
    assert_string_equal(s.s, "plain-word_1 'two words' 'it'\\''s $(x)' ''");
    str_fini(&s);
    str_fini(&s);
}

static void digits_are_whole_or_refused(void **state)
{
    (void)state;
    assert_int_equal(digits_read("0", 9), 0);
    assert_int_equal(digits_read("65535", 65535), 65535);
    assert_int_equal(digits_read("65536", 65535), -1);
    assert_int_equal(digits_read("99999999999999999999999", 65535), -1);
    assert_int_equal(digits_read("", 9), -1);
    assert_int_equal(digits_read("80/", 65535), -1);
    assert_int_equal(digits_read("-1", 9), -1);
    assert_int_equal(digits_read(" 1", 9), -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(object_is_read_with_its_kinds),
        cmocka_unit_test(escapes_are_decoded),
        cmocka_unit_test(one_member_is_found),
        cmocka_unit_test(what_is_no_flat_object_is_refused_with_its_place),
        cmocka_unit_test(bytes_after_the_length_are_not_read),
        cmocka_unit_test(too_many_members_are_refused),
        cmocka_unit_test(formatted_text_grows_as_it_must),
        cmocka_unit_test(json_and_shell_words_are_quoted),
        cmocka_unit_test(digits_are_whole_or_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

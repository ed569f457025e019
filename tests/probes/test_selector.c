/* tests/probes/test_selector.c: a selector means the series it says, and a wild expression is
 * refused. */
#include "probes/selector.h"

#include "tests/cmocka.h"

#include <string.h>

static struct expo_sample sample(const char *name, const char *labels)
{
    return (struct expo_sample){
        .name = name, .name_len = strlen(name), .labels = labels, .labels_len = strlen(labels)
    };
}

static bool matches(const char *selector, const char *name, const char *labels)
{
    struct err err = { "" };
    struct selector *sel = selector_parse(selector, &err);
    struct expo_sample s = sample(name, labels);
    bool yes;

    if (!sel)
        fail_msg("%s: %s", selector, err.msg);
    yes = selector_match(sel, &s);
    selector_free(sel);
    return yes;
}

static void names_and_labels_select(void **state)
{
    static const char labels[] = "code=\"503\",path=\"/a \\\"b\\\"\",empty=\"\"";

    (void)state;
    assert_true(matches("up", "up", ""));
    assert_false(matches("up", "upper", ""));
    assert_true(matches(" up { } ", "up", labels));
    assert_true(matches("up{code=\"503\"}", "up", labels));
    assert_false(matches("up{code=\"50\"}", "up", labels));
    assert_true(matches("up{code!=\"200\"}", "up", labels));
    assert_false(matches("up{code!=\"503\"}", "up", labels));
    assert_true(matches("up{code=~\"5..\"}", "up", labels));
    assert_false(matches("up{code=~\"5.\"}", "up", labels)); /* the whole value */
    assert_true(matches("up{code=~\"4..|5..\"}", "up", labels));
    assert_false(matches("up{code!~\"5..\"}", "up", labels));
    assert_true(matches("up{path=\"/a \\\"b\\\"\"}", "up", labels));
    assert_true(matches("up{code=\"503\", empty=\"\",}", "up", labels));
    assert_true(matches("up{none=\"\"}", "up", labels)); /* a label that is not there is empty */
    assert_true(matches("up{none!=\"x\"}", "up", labels));
    assert_false(matches("up{none=~\".+\"}", "up", labels));
    assert_false(matches("up{code=\"503\",path=\"/\"}", "up", labels));
    assert_true(matches("a:b_c{x=~\"(a|b)+\"}", "a:b_c", "x=\"abba\""));
}

static void odd_selectors_are_refused(void **state)
{
    static const struct {
        const char *s, *part;
    } bad[] = {
        { "", "is not a series" },
        { "0up", "is not a series" },
        { "up{", "a label name was expected" },
        { "up{code}", "one of = != =~ !~" },
        { "up{code=503}", "in double quotes" },
        { "up{code=\"503}", "not closed" },
        { "up{code=\"503\" x=\"1\"}", "a comma or }" },
        { "up{code=\"5\"} > 3", "follows the series" },
        { "rate(up[5m])", "follows the series" },
        { "up{code=~\"(\"}", "not a regular expression" },
        { "up{code=~\"\\\\d+\"}", "write [0-9]" },
        { "up{code=~\"(a)\\\\1\"}", "back references" },
        { "up{code=~\"a{1,1000}\"}", "counted repetition" },
        { "up{code=~\"(?i)a\"}", "(? is not taken" },
        { "up{code=~\"((((((a))))))\"}", "nested too deep" },
        { "up{a=\"\",b=\"\",c=\"\",d=\"\",e=\"\",f=\"\",g=\"\",h=\"\",i=\"\"}", "more than 8" },
    };
    char wild[500];
    struct err err;

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        err.msg[0] = '\0';
        assert_null(selector_parse(bad[i].s, &err));
        if (!strstr(err.msg, bad[i].part))
            fail_msg("%s: %s", bad[i].s, err.msg);
    }
    memset(wild, 'a', sizeof wild);
    memcpy(wild, "up{x=~\"", 7);
    memcpy(wild + sizeof wild - 3, "\"}", 3);
    assert_null(selector_parse(wild, &err));
    assert_non_null(strstr(err.msg, "more than 200"));
}

static void values_beyond_a_kilobyte_match_nothing(void **state)
{
    char labels[2100] = "x=\"";

    (void)state;
    memset(labels + 3, 'a', 2000);
    memcpy(labels + 2003, "\"", 2);
    assert_false(matches("up{x=~\"a*\"}", "up", labels));
    assert_true(matches("up{x!=\"b\"}", "up", labels));
}

static void a_series_is_its_labels_in_any_order(void **state)
{
    struct expo_sample a = sample("m", "x=\"1\",y=\"2\""), b = sample("m", "y=\"2\", x=\"1\","),
                       c = sample("m", "x=\"2\",y=\"1\""), d = sample("n", "x=\"1\",y=\"2\""),
                       e = sample("m", "x=\"1\",le=\"5\",y=\"2\""), f = sample("m", "x=\"1\"");

    (void)state;
    assert_true(series_key(&a, NULL) == series_key(&b, NULL));
    assert_true(series_key(&a, NULL) != series_key(&c, NULL));
    assert_true(series_key(&a, NULL) != series_key(&d, NULL));
    assert_true(series_key(&a, NULL) != series_key(&f, NULL));
    assert_true(series_key(&a, NULL) != series_key(&e, NULL));
    assert_true(series_key(&a, NULL) == series_key(&e, "le"));
    assert_true(series_key(&a, "y") == series_key(&f, NULL));
}

static void a_label_is_read(void **state)
{
    struct expo_sample s = sample("m", "x=\"1\\n2\",le=\"+Inf\"");
    char out[8];

    (void)state;
    assert_true(sample_label(&s, "x", out, sizeof out));
    assert_string_equal(out, "1\n2");
    assert_true(sample_label(&s, "le", out, sizeof out));
    assert_string_equal(out, "+Inf");
    assert_false(sample_label(&s, "l", out, sizeof out));
    assert_false(sample_label(&s, "le", out, 4)); /* does not fit */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_and_labels_select),
        cmocka_unit_test(odd_selectors_are_refused),
        cmocka_unit_test(values_beyond_a_kilobyte_match_nothing),
        cmocka_unit_test(a_series_is_its_labels_in_any_order),
        cmocka_unit_test(a_label_is_read),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* tests/probes/test_openmetrics.c: OpenMetrics 1.0 is taken and refused as its own suite labels it,
 * and as our own cases do, rule by rule.
 */
#include "probes/exposition.h"

#include "core/json.h"

#include "tests/app/shared.h"
#include "tests/cmocka.h"

#include <string.h>

static bool taken(const char *s, size_t len, size_t piece, struct err *err)
{
    struct expo *e = expo_new(NULL, 0, NULL, NULL);
    bool ok = true;

    expo_begin(e, EXPO_OPENMETRICS, true);
    for (size_t i = 0; ok && i < len; i += piece)
        ok = expo_feed(e, s + i, len - i < piece ? len - i : piece, err);
    ok = ok && expo_end(e, err);
    expo_free(e);
    return ok;
}

static const char *const good[] = {
    "# EOF\n",
    "# EOF",
    "a 1\n# EOF\n",
    "# TYPE a_seconds counter\n# UNIT a_seconds seconds\n# HELP a_seconds h\na_seconds_total 1\n"
    "a_seconds_created 1.5\n# EOF\n",
    "# TYPE a gauge\na{b=\"\\\\\\\"\\n\"} 1 -5.25\na{b=\"2\"} NaN\n# EOF\n",
    "# TYPE a histogram\na_bucket{le=\"0.5\"} 1\na_bucket{le=\"+Inf\"} 2\na_count 2\na_sum 1.5\n"
    "a_created 5\n# EOF\n",
    "# TYPE a histogram\na_bucket{x=\"1\",le=\"1.0\"} 1\na_bucket{x=\"1\",le=\"+Inf\"} 1\n"
    "a_bucket{x=\"2\",le=\"+Inf\"} 5\n# EOF\n",
    "# TYPE a gaugehistogram\na_bucket{le=\"-1.0\"} 1\na_bucket{le=\"+Inf\"} 2\na_gcount 2\n"
    "a_gsum -3\n# EOF\n",
    "# TYPE a summary\na{quantile=\"0.9\"} 3\na_sum 10\na_count 4\n# EOF\n",
    "# TYPE a stateset\na{a=\"x\"} 1\na{a=\"y\"} 0\n# EOF\n",
    "# TYPE a info\na_info{v=\"1\"} 1\na_info{v=\"2\"} 1\n# EOF\n",
    "# TYPE a counter\na_total 1 2 # {id=\"x\"} 0.5 3\n# EOF\n",
    "# TYPE a unknown\na 5\n# EOF\n",
    "a 1\nb 2\n# EOF\n",
};

static const struct {
    const char *page, *why;
} bad[] = {
    { "", "line 0: the page is cut off: # EOF is missing" },
    { "a 1\n", "line 1: the page is cut off: # EOF is missing" },
    { "a 1\n# EOF\n\n", "line 3: something follows # EOF" },
    { "\n# EOF\n", "line 1: an empty line" },
    { "# EOF \n", "line 1: neither HELP, TYPE, UNIT nor EOF" },
    { "# comment\n# EOF\n", "line 1: neither HELP, TYPE, UNIT nor EOF" },
    { "#TYPE a gauge\n# EOF\n", "line 1: neither HELP, TYPE, UNIT nor EOF" },
    { "# TYPE a untyped\n# EOF\n", "line 1: an unknown TYPE" },
    { "# TYPE 0a gauge\n# EOF\n", "line 1: a metric name was expected" },
    { "# TYPE a gauge\n# TYPE a gauge\n# EOF\n", "line 2: more than one TYPE" },
    { "# HELP a x\n# HELP a x\n# EOF\n", "line 2: more than one HELP" },
    { "# HELP a \xff\n# EOF\n", "line 1: invalid UTF-8 in HELP" },
    { "# UNIT a_s s\n# UNIT a_s s\n# EOF\n", "line 2: more than one UNIT" },
    { "# TYPE a gauge\na 1\n# HELP a x\n# EOF\n",
      "line 3: metadata after the samples of its family" },
    { "# TYPE a gauge\na 1\n# TYPE b gauge\nb 1\na 2\n# EOF\n",
      "line 6: the name of this family clashes with another" },
    { "# TYPE a counter\n# TYPE a_total gauge\n# EOF\n",
      "line 3: the name of this family clashes with another" },
    { "# TYPE a counter\na 1\n# EOF\n", "line 3: the name of this family clashes with another" },
    { "# UNIT a seconds\n# EOF\n", "line 2: the name does not end with its unit" },
    { "# TYPE a_x stateset\n# UNIT a_x x\n# EOF\n", "line 3: this type has no unit" },
    { " a 1\n# EOF\n", "line 1: a metric name was expected" },
    { "a  1\n# EOF\n", "line 1: the value is missing" },
    { "a\t1\n# EOF\n", "line 1: one blank was expected" },
    { "a 1 \n# EOF\n", "line 1: a blank at the end" },
    { "a 1 2 \n# EOF\n", "line 1: a blank at the end" },
    { "a{} 1\r\n# EOF\n", "line 1: a number was expected" },
    { "a{x=\"1\",} 1\n# EOF\n", "line 1: a label name was expected" },
    { "a{x=\"1\", y=\"2\"} 1\n# EOF\n", "line 1: a label name was expected" },
    { "a{x=\"1\",x=\"2\"} 1\n# EOF\n", "line 1: a label stands there twice" },
    { "a{x=\"\xff\"} 1\n# EOF\n", "line 1: invalid UTF-8 in a label value" },
    { "a{x=\"1\"}1\n# EOF\n", "line 1: one blank was expected" },
    { "# TYPE a counter\na_total -1\n# EOF\n", "line 2: a negative counter" },
    { "# TYPE a counter\na_total NaN\n# EOF\n", "line 2: a counter that is NaN" },
    { "# TYPE a info\na_info 2\n# EOF\n", "line 2: an info that is not 1" },
    { "# TYPE a stateset\na{a=\"x\"} 0.5\n# EOF\n", "line 2: a state that is neither 0 nor 1" },
    { "# TYPE a stateset\na{b=\"x\"} 1\n# EOF\n", "line 2: a state set without its own label" },
    { "# TYPE a summary\na{quantile=\"1.5\"} 1\n# EOF\n",
      "line 2: a quantile is not between 0 and 1" },
    { "# TYPE a summary\na{quantile=\"0.5\"} -1\n# EOF\n", "line 2: a negative quantile value" },
    { "# TYPE a histogram\na_bucket{le=\"x\"} 1\n# EOF\n", "line 2: a bucket without a proper le" },
    { "# TYPE a histogram\na_bucket{le=\"+INF\"} 1\n# EOF\n",
      "line 2: a bucket without a proper le" },
    { "# TYPE a histogram\na_bucket{le=\"+Inf\"} 0.5\n# EOF\n",
      "line 2: a count that is not whole" },
    { "# TYPE a histogram\na_count +Inf\n# EOF\n", "line 2: a count that is not finite" },
    { "# TYPE a histogram\na_bucket{le=\"1\"} 1\n# EOF\n",
      "line 3: a histogram without its +Inf bucket" },
    { "# TYPE a histogram\na_bucket{le=\"2\"} 1\na_bucket{le=\"1\"} 1\n# EOF\n",
      "line 3: buckets out of order" },
    { "# TYPE a histogram\na_bucket{le=\"1\"} 2\na_bucket{le=\"+Inf\"} 1\n# EOF\n",
      "line 3: bucket counts out of order" },
    { "# TYPE a histogram\na_bucket{le=\"+Inf\"} 1\na_count 2\na_sum 1\n# EOF\n",
      "line 5: a histogram whose count is not its +Inf bucket" },
    { "# TYPE a histogram\na_bucket{le=\"+Inf\"} 1\na_sum 1\n# EOF\n",
      "line 4: a histogram with a sum and no count" },
    { "# TYPE a histogram\na_bucket{le=\"+Inf\"} 1\na_count 1\n# EOF\n",
      "line 4: a histogram with a count and no sum" },
    { "# TYPE a histogram\na_bucket{le=\"-1\"} 0\na_bucket{le=\"+Inf\"} 1\na_count 1\na_sum 1\n# "
      "EOF\n",
      "line 6: a sum over negative buckets" },
    { "# TYPE a gaugehistogram\na_bucket{le=\"+Inf\"} 1\na_gcount 1\na_gsum -1\n# EOF\n",
      "line 5: a negative sum over buckets that are not" },
    { "# TYPE a gauge\na 1 # {x=\"1\"} 1\n# EOF\n", "line 2: an exemplar where none may stand" },
    { "# TYPE a counter\na_total 1 # {x=\"1\"} 1 NaN\n# EOF\n",
      "line 2: the timestamp of an exemplar was expected" },
    { "# TYPE a counter\na_total 1 #{x=\"1\"} 1\n# EOF\n", "line 2: one blank was expected" },
    { "# TYPE a counter\na_total 1 # x 1\n# EOF\n",
      "line 2: the labels of an exemplar were expected" },
    { "# TYPE a gauge\na{x=\"1\"} 1\na{x=\"2\"} 1\na{x=\"1\"} 2\n# EOF\n",
      "line 4: samples of one metric apart from each other" },
    { "# TYPE a gauge\na 1 5\na 1 4\n# EOF\n", "line 3: timestamps that go back" },
    { "# TYPE a gauge\na 1 5\na 1\n# EOF\n",
      "line 3: a timestamp on some samples of a metric only" },
    { "a 1 NaN\n# EOF\n", "line 1: a timestamp was expected" },
};

static void our_good_pages_are_taken(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        for (size_t piece = 1; piece < 100; piece += 7) {
            struct err err = { "" };

            if (!taken(good[i], strlen(good[i]), piece, &err))
                fail_msg("%s\n%s", good[i], err.msg);
        }
    }
}

static void our_bad_pages_are_refused_with_the_reason(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct err err = { "" };

        if (taken(bad[i].page, strlen(bad[i].page), 1000, &err))
            fail_msg("taken: %s", bad[i].page);
        assert_string_equal(err.msg, bad[i].why);
    }
}

static void exemplars_are_bounded_in_characters(void **state)
{
    char in[2000];
    struct err err = { "" };

    (void)state;
    for (int n = 127; n <= 128; n++) {
        size_t len = (size_t)sprintf(in, "# TYPE a counter\na_total 1 # {x=\"");

        for (int i = 0; i < n; i++)
            len += (size_t)sprintf(in + len, "\xe2\x98\x83");
        len += (size_t)sprintf(in + len, "\"} 1\n# EOF\n");
        assert_int_equal(taken(in, len, len, &err), n == 127);
    }
    assert_string_equal(err.msg, "line 2: an exemplar longer than 128 characters");
}

/* The JSON of the suite holds one \u0000, which our reader refuses: it goes in as a private
 * character and is put back. */
static size_t unhide_nul(char *s)
{
    size_t n = 0;

    for (size_t i = 0; s[i];) {
        if (memcmp(s + i, "\xee\x80\x80", 3) == 0) {
            s[n++] = '\0';
            i += 3;
        } else {
            s[n++] = s[i++];
        }
    }
    return n;
}

static void the_suite_is_judged_as_labelled(void **state)
{
    static char bytes[1 << 20], text[1 << 16];
    char path[4096];
    size_t len;
    struct json *root;
    int yes = 0, no = 0, wrong = 0;
    FILE *f;

    (void)state;
    if (!shared_path(path, sizeof path, "corpus/exposition/openmetrics-suite.json"))
        skip();
    f = fopen(path, "rb");
    assert_non_null(f);
    len = fread(bytes, 1, sizeof bytes - 1, f);
    fclose(f);
    for (char *p = bytes; (p = strstr(p, "\\u0000"));)
        memcpy(p, "\\ue000", 6);
    root = json_parse(bytes, len, 0, 0, NULL);
    assert_non_null(root);
    for (const struct json *v = json_first(root); v; v = json_next(v)) {
        for (const struct json *c = json_first(v); c; c = json_next(c)) {
            struct err err = { "" };
            bool want;

            assert_true(json_bool(json_get(c, "shouldParse"), &want));
            snprintf(text, sizeof text, "%s", json_string(json_get(c, "text")));
            len = unhide_nul(text);
            if (taken(text, len, 64, &err) != want) {
                print_error("%s: %s\n", json_string(json_get(c, "name")), want ? err.msg : "taken");
                wrong++;
            }
            yes += want;
            no += !want;
        }
    }
    json_free(root);
    print_message("%d to take, %d to refuse\n", yes, no);
    assert_int_equal(wrong, 0);
    assert_true(yes > 0 && no > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(our_good_pages_are_taken),
        cmocka_unit_test(our_bad_pages_are_refused_with_the_reason),
        cmocka_unit_test(exemplars_are_bounded_in_characters),
        cmocka_unit_test(the_suite_is_judged_as_labelled),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

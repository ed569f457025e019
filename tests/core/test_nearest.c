/* tests/core/test_nearest.c: a typo finds its word, and a stranger finds none. */
#include "core/nearest.h"

#include "tests/cmocka.h"

#include <string.h>

static const char *const words[] = { "timeout", "every", "warn", "crit", "max", "title", NULL };

static void distance_counts_edits(void **state)
{
    (void)state;
    assert_int_equal(nearest_distance("timeout", "timeout"), 0);
    assert_int_equal(nearest_distance("Timeout", "timeout"), 0);
    assert_int_equal(nearest_distance("timeuot", "timeout"), 1); /* a swap is one */
    assert_int_equal(nearest_distance("tmeout", "timeout"), 1);
    assert_int_equal(nearest_distance("timeoutt", "timeout"), 1);
    assert_int_equal(nearest_distance("timeput", "timeout"), 1);
    assert_int_equal(nearest_distance("", "max"), 3);
    assert_int_equal(nearest_distance("kitten", "sitting"), 3);
}

static void typos_find_their_word(void **state)
{
    static const struct {
        const char *typed, *word;
    } some[] = { { "timeuot", "timeout" }, { "Every", "every" }, { "evry", "every" },
                 { "wran", "warn" },       { "titel", "title" }, { "mx", "max" } };

    (void)state;
    for (size_t i = 0; i < sizeof some / sizeof *some; i++)
        assert_string_equal(nearest_word(some[i].typed, words, 0), some[i].word);
}

static void strangers_find_none(void **state)
{
    static const char *const some[] = { "", "x", "zebra", "connection", "abc" };
    char long_word[500];

    (void)state;
    for (size_t i = 0; i < sizeof some / sizeof *some; i++)
        assert_null(nearest_word(some[i], words, 0));
    memset(long_word, 'a', sizeof long_word - 1);
    long_word[sizeof long_word - 1] = '\0';
    assert_null(nearest_word(long_word, words, 0));
    assert_null(nearest_word("max", NULL, 0));
    assert_null(nearest_word("title", words, 5)); /* only the first five are offered */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(distance_counts_edits),
        cmocka_unit_test(typos_find_their_word),
        cmocka_unit_test(strangers_find_none),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* tests/tui/test_filter.c: what a filter takes, and what it says of a misspelt one. */
#include "tests/tui/stage.h"
#include "tui/filter.h"

#include "tests/cmocka.h"

#include <stdio.h>

static void filter_takes_terms_inverse_and_keys(void **state)
{
    static const struct {
        const char *filter, *seen, *unseen;
    } cases[] = {
        { "pay", "● payments", "● redis" },
        { "!pay", "● redis", "● payments" },
        { "state=down", "✗ postgres", "● redis" },
        { "state=affected", "↳ api", "✗ postgres " },
        { "kind=redis", "● redis", "↳ api" },
        { "critical=yes", "✗ postgres", "● redis" },
        { "name=web state=up", "● web", "● redis" },
        { "affected=no state=d", "✗ postgres", "↳ api " },
        { "SLOTS", "✗ postgres", "● redis" },
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct stage s;
        char keys[128];

        stage_open(&s, "broken", 120, 36, false);
        snprintf(keys, sizeof keys, "2 / |%s| Enter", cases[i].filter);
        stage_keys(&s, keys);
        if (!stage_shows(&s, cases[i].seen) || stage_shows(&s, cases[i].unseen))
            fail_msg("/%s: '%s' and not '%s'", cases[i].filter, cases[i].seen, cases[i].unseen);
        stage_close(&s);
    }
}

static void misspelt_filter_is_told_with_the_right_one(void **state)
{
    static const struct {
        const char *filter, *words;
    } cases[] = {
        { "state=dwn", "! there is no state 'dwn'; did you mean 'down'?" },
        { "pay !State=degarded", "! there is no state 'degarded'; did you mean 'degraded'?" },
        { "state=effected", "! there is no state 'effected'; did you mean 'affected'?" },
        { "state=xyzzy", "! there is no state 'xyzzy'; write up, degraded, down, stale, unknown, "
                         "disabled or affected" },
        { "kind=htpp", "! no probe here is of kind 'htpp'; did you mean 'http'?" },
        { "pay kind=ldap", "! no probe here is of kind 'ldap'" },
        { "critical=maybe", "! critical=maybe: write critical=yes or critical=no" },
        { "!affected=up", "! affected=up: write affected=yes or affected=no" },
        { "kidn=http", "! there is no key 'kidn'; did you mean 'kind='?" },
        { "stat=dwn", "! there is no key 'stat'; did you mean 'state='?" },
        { "owner=me",
          "! there is no key 'owner'; write state=, kind=, name=, critical= or affected=" },
    };
    static const char *const fine[] = {
        "state=d",    "state=AFF",   "state=",    "!state=up kind=RED", "kind=",
        "critical=y", "critical=NO", "affected=", "name=nobody"
    };
    struct board *broken = stage_board("broken");

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct stage s;
        char keys[128];

        stage_open(&s, "broken", 120, 36, false);
        snprintf(keys, sizeof keys, "/ |%s| Enter", cases[i].filter);
        stage_keys(&s, keys);
        assert_true(stage_shows(&s, cases[i].words));
        stage_keys(&s, "Esc");
        snprintf(keys, sizeof keys, ": |filter %s| Enter", cases[i].filter);
        stage_keys(&s, keys);
        assert_true(stage_shows(&s, cases[i].words));
        assert_true(stage_shows(&s, "✗ postgres")); /* what cannot match does not filter */
        stage_close(&s);
    }
    for (size_t i = 0; i < sizeof fine / sizeof *fine; i++)
        assert_true(filter_check(fine[i], broken, &(struct err){ "" }));
    board_free(broken);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(filter_takes_terms_inverse_and_keys),
        cmocka_unit_test(misspelt_filter_is_told_with_the_right_one),
    };

    stage_world();
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* tests/probes/test_perfdata.c: the numbers of plugins, as the plugins of Debian print them. */
#include "probes/perfdata.h"

#include <string.h>

#include "tests/cmocka.h"

static void labels_and_units_are_found(void **state)
{
    static const struct {
        const char *text, *label;
        double value;
        enum unit unit;
    } cases[] = {
        { "DISK OK - free space: / 3326 MB (56%);| /=2643MB;5948;5958;0;5968", "/", 2643e6,
          UNIT_BYTES },
        { "OK|'/var/lib data'=12.5%;80;90;0;100 other=1", "/var/lib data", 12.5, UNIT_PERCENT },
        { "OK|'/var/lib data'=12.5%;80;90;0;100 other=1", "other", 1, UNIT_NONE },
        { "OK|'it''s'=3;; b=4", "it's", 3, UNIT_NONE },
        { "HTTP OK|time=0.012341s;;;0.000000;10.000000 size=1234B;;;0", "time", 0.012341,
          UNIT_SECONDS },
        { "HTTP OK|time=0.012341s;;;0.000000;10.000000 size=1234B;;;0", "size", 1234, UNIT_BYTES },
        { "LOAD|load1=0,520;5;10;0; load5=0,430", "load1", 0.52, UNIT_NONE },
        { "OK|rta=12ms;; pl=0%", "rta", 0.012, UNIT_SECONDS },
        { "OK|x=1e3c", "x", 1000, UNIT_NONE },
        { "OK|x=-4", "x", -4, UNIT_NONE },
        { "OK|x=+4KiB", "x", 4096, UNIT_BYTES },
        { "OK - first | a=1\nlong text | b=2\nc=3 d=4\n", "a", 1, UNIT_NONE },
        { "OK - first | a=1\nlong text | b=2\nc=3 d=4\n", "b", 2, UNIT_NONE },
        { "OK - first | a=1\nlong text | b=2\nc=3 d=4\n", "d", 4, UNIT_NONE },
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct perfdata found = { 0 };

        if (!perfdata_find(cases[i].text, cases[i].label, &found))
            fail_msg("'%s' is not found in %s", cases[i].label, cases[i].text);
        assert_float_equal(found.value, cases[i].value, cases[i].value * 1e-9 + 1e-12);
        assert_int_equal(found.unit, cases[i].unit);
    }
}

static void what_is_no_number_is_none(void **state)
{
    static const struct {
        const char *text, *label;
    } cases[] = {
        { "OK", "a" },      { "OK|", "a" },        { "OK|a", "a" },      { "OK|a=", "a" },
        { "OK|a=U", "a" },  { "OK|a=nan", "a" },   { "OK|a=0x10", "a" }, { "OK|a=1parsec", "a" },
        { "OK|ab=1", "a" }, { "OK|a=1", "ab" },    { "OK|'a=1", "a" },   { "OK|a=1e999", "a" },
        { "a=1", "a" },     { "OK|a=1.2.3", "a" }, { "OK|=1", "a" },     { "OK|''=1", "a" },
        { "OK|a==1", "a" }, { "OK\na=1", "a" },
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct perfdata found = { 0 };

        if (perfdata_find(cases[i].text, cases[i].label, &found))
            fail_msg("%s gives %g", cases[i].text, found.value);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(labels_and_units_are_found),
        cmocka_unit_test(what_is_no_number_is_none),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

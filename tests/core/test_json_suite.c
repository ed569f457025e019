/* tests/core/test_json_suite.c: JSONTestSuite: y_ is taken, n_ refused, i_ either, and nothing
 * crashes.
 *
 * Listed exceptions: duplicate keys and \u0000, which we refuse with their place.
 */
#include "core/json.h"

#include "tests/app/shared.h"
#include "tests/cmocka.h"

#include <dirent.h>
#include <string.h>

static const char *const exceptions[] = {
    "y_object_duplicated_key.json",
    "y_object_duplicated_key_and_value.json",
    "y_object_escaped_null_in_key.json",
    "y_string_null_escape.json",
};

static char suite_dir[4096];

static bool is_exception(const char *name)
{
    for (size_t i = 0; i < sizeof exceptions / sizeof *exceptions; i++)
        if (strcmp(exceptions[i], name) == 0)
            return true;
    return false;
}

static bool takes(const char *name, struct err *err)
{
    char path[4500], bytes[65536];
    struct json *v;
    size_t len;
    FILE *f;

    snprintf(path, sizeof path, "%s/%s", suite_dir, name);
    f = fopen(path, "rb");
    assert_non_null(f);
    len = fread(bytes, 1, sizeof bytes, f);
    fclose(f);
    v = json_parse(bytes, len, 0, 0, err);
    json_free(v);
    return v != NULL;
}

static void every_case_is_judged_as_labelled(void **state)
{
    DIR *d = opendir(suite_dir);
    int y = 0, n = 0, i = 0, listed = 0;

    (void)state;
    assert_non_null(d);
    for (struct dirent *e; (e = readdir(d));) {
        struct err err = { "" };
        bool taken;

        if (!strstr(e->d_name, ".json"))
            continue;
        taken = takes(e->d_name, &err);
        if (is_exception(e->d_name)) {
            assert_false(taken);
            assert_true(strstr(err.msg, "duplicate key") || strstr(err.msg, "\\u0000"));
            listed++;
        } else if (e->d_name[0] == 'y') {
            if (!taken)
                print_error("%s: %s\n", e->d_name, err.msg);
            assert_true(taken);
            y++;
        } else if (e->d_name[0] == 'n') {
            if (taken)
                print_error("%s: taken\n", e->d_name);
            assert_false(taken);
            assert_memory_equal(err.msg, "offset ", 7);
            n++;
        } else {
            i++;
        }
    }
    closedir(d);
    print_message("y %d, n %d, i %d, listed exceptions %d\n", y, n, i, listed);
    assert_true(y > 0 && n > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(every_case_is_judged_as_labelled) };

    if (!shared_path(suite_dir, sizeof suite_dir, "corpus/conformance/json-test-suite"))
        return 77;
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* tests/app/test_schema.c: the tables tell programs what they tell people; check finds files good
 * or says why not. */
#include "app/schema.h"

#include "tests/cmocka.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "app/check.h"
#include "app/cli.h"
#include "core/json.h"
#include "tests/app/fake_kinds.h"

static const char *schema_at(const struct json *root, const char *pointer)
{
    const struct json *v = json_pointer(root, pointer);

    if (!v || !json_string(v))
        fail_msg("nothing at %s", pointer);
    return json_string(v);
}

static void the_schema_knows_every_option(void **state)
{
    struct buf b = { 0 };
    struct err err = { 0 };
    struct json *root;
    struct config_section s;
    const struct json *codes;

    (void)state;
    schema_write(&fake_kinds, &b);
    root = json_parse(b.bytes, b.len, 0, 0, &err);
    if (!root)
        fail_msg("%s", err.msg);
    for (size_t i = 0; config_section_at(&fake_kinds, i, &s); i++) {
        static const char *const places[] = { "/properties",
                                              "/properties/words/properties",
                                              "/properties/history/properties",
                                              "/$defs/alert/properties",
                                              "/$defs/channel/properties",
                                              "/$defs/window/properties",
                                              "/$defs/service/properties" };
        char pointer[200];

        for (const struct option *o = s.options; o->name; o++) {
            if (i < 7)
                snprintf(pointer, sizeof pointer, "%s/%s/description", places[i], o->name);
            else /* what every kind takes, and the kinds themselves */
                snprintf(pointer, sizeof pointer, "/$defs/%s/properties/%s/description",
                         i == 7 ? "http" : s.name, o->name);
            assert_string_equal(schema_at(root, pointer), o->help);
        }
    }
    assert_string_equal(schema_at(root, "/$defs/probe/oneOf/1/$ref"), "#/$defs/postgres");
    assert_string_equal(schema_at(root, "/$defs/postgres/required/0"), "sql");
    assert_string_equal(schema_at(root, "/$defs/postgres/required/1"), "postgres");
    assert_string_equal(schema_at(root, "/required/0"), "watch");
    assert_string_equal(schema_at(root, "/required/1"), "services");
    assert_string_equal(schema_at(root, "/$defs/http/properties/judge/anyOf/0/enum/1"), "body");
    assert_string_equal(schema_at(root, "/$defs/http/properties/every/default"), "10s");
    codes = json_pointer(root, "/$defs/http/properties/retries/anyOf/0/maximum");
    assert_true(json_is(codes, JSON_NUMBER));
    json_free(root);
    buf_fini(&b);
}

static void every_option_is_a_line(void **state)
{
    struct buf b = { 0 };
    size_t lines = 0;

    (void)state;
    schema_list(&fake_kinds, &b);
    for (const char *at = b.bytes; *at; at = strchr(at, '\n') + 1, lines++) {
        size_t tabs = 0;

        for (const char *c = at; *c != '\n'; c++)
            tabs += *c == '\t';
        assert_int_equal(tabs, 4);
    }
    assert_true(lines > 40);
    assert_non_null(strstr(b.bytes, "watch\twatch\tstring\t(required)\tname of this watch"));
    assert_non_null(strstr(b.bytes, "\nservice\tcritical\tboolean\tfalse\t"));
    assert_non_null(strstr(b.bytes, "\nservice\tprobes\tblock\t-\t"));
    assert_non_null(strstr(b.bytes, "\nprobe\tevery\tduration\t10s\tinterval\n"));
    assert_non_null(strstr(b.bytes, "\nhttp\tjudge\tword:worst|body\tworst\twho is believed\n"));
    assert_non_null(strstr(b.bytes, "\npostgres\tpassword\tsecret\t-\tpassword\n"));
    assert_non_null(strstr(b.bytes, "\nstatus\t--timeout\tduration\t-\t"));
    assert_non_null(strstr(b.bytes, "\nmidwatch\t--ascii\tboolean\tfalse\t"));
    buf_fini(&b);
}

/* The files hold no probe: the kinds of the program itself are tested with the examples. */
static void check_tells_every_file(void **state)
{
    char folder[] = "/tmp/mw-check-XXXXXX", bad[100], worse[100], want[1000];
    char *paths[2] = { bad, worse };
    struct buf out = { 0 }, err = { 0 };
    FILE *f;

    (void)state;
    assert_non_null(mkdtemp(folder));
    snprintf(bad, sizeof bad, "%s/bad.yaml", folder);
    snprintf(worse, sizeof worse, "%s/wo\x1brse.yaml", folder);
    f = fopen(bad, "w");
    fputs("wach: x\n", f);
    fclose(f);
    assert_int_equal(check_files(paths, 2, NULL, &out, &err), CLI_CHECK_FAILED);
    snprintf(want, sizeof want,
             "%s:1:1: wach: unknown key 'wach'; did you mean 'watch'?\n"
             "%s:1:1: 'watch' is missing: name of this watch: a-z, 0-9, '-' and '_'\n"
             "%s:1:1: 'services' is missing: nothing to watch\n"
             "cannot read %s/wo^[rse.yaml: No such file or directory\n",
             bad, bad, bad, folder);
    assert_string_equal(buf_str(&err), want);
    assert_string_equal(buf_str(&out), "");
    unlink(bad);
    rmdir(folder);
    buf_fini(&out);
    buf_fini(&err);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_schema_knows_every_option),
        cmocka_unit_test(every_option_is_a_line),
        cmocka_unit_test(check_tells_every_file),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

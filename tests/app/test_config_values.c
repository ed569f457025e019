/* tests/app/test_config_values.c: variables and references in values, and secrets that stand in
 * none. */
#include "tests/app/config_cases.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/app/scratch.h"

static char *text_option(const char *vars, const char *text, const struct strmap *overrides)
{
    struct config_errors errors;
    struct buf b = { 0 };
    struct config *c;
    char *got;

    buf_addf(&b,
             "watch: w\nvars: {%s}\nservices: {a: {probes: {p: {http: 'http://h', text: '%s'}}}}"
             "\n",
             vars, text);
    c = read_with(b.bytes, overrides, &errors);
    buf_fini(&b);
    if (!c)
        return xstrdup(errors.items[0].err.msg);
    got = xstrdup(((const struct fake_http *)c->services[0].probes[0].self)->text);
    config_free(c);
    return got;
}

#define TEXT(vars, text, want)                      \
    do {                                            \
        char *got_ = text_option(vars, text, NULL); \
        assert_string_equal(got_, want);            \
        free(got_);                                 \
    } while (0)

#define TEXT_AT(col) "t:3:" #col ": services.a.probes.p.text: "

static void references_are_resolved(void **state)
{
    (void)state;
    setenv("MW_TEST_HOST", "db.example", 1);
    TEXT("a: one, b_2: two", "$a/${b_2}$a-$b_2", "one/twoone-two");
    TEXT("a: '${env:MW_TEST_HOST}:5432'", "$a ${env:MW_TEST_HOST}", "db.example:5432 db.example");
    TEXT("a: one", "$$a $$$a 5$ $1 $.", "$a $one 5$ $1 $.");
    TEXT("a: 'x$$y'", "$a", "x$y");
    TEXT("host: one", "$hots", TEXT_AT(53) "no variable 'hots'; did you mean 'host'?");
    TEXT("", "$pg", TEXT_AT(53) "no variable 'pg'; name it under 'vars' ($$ is a dollar)");
    TEXT("a: one", "${a", TEXT_AT(53) "'${' is not closed by '}'");
    TEXT("a: one", "${vault:a}",
         TEXT_AT(53) "'${vault:a}' is not a reference; write ${env:NAME}, "
                     "${file:/path} or ${name}");
    TEXT("a: $b, b: x", "$a",
         "t:2:11: vars.a: uses '$b'; a variable may use ${env:NAME} and ${file:/path} only");
    TEXT("a: '${b}', b: x", "$a",
         "t:2:11: vars.a: uses '${b}'; a variable may use ${env:NAME} and ${file:/path} only");
    TEXT("a: one, b: '${env:MW_TEST_HSOT}'", "$a $b $b",
         "t:2:19: vars.b: the environment has no 'MW_TEST_HSOT'; did you mean 'MW_TEST_HOST'?");
    TEXT("a: one, b: '${env:MW_TEST_HSOT}'", "$a", "one"); /* nobody needs it */
    TEXT("a: one", "${env:MW_TEST_HSOT}",
         TEXT_AT(53) "the environment has no 'MW_TEST_HSOT'; did "
                     "you mean 'MW_TEST_HOST'?");
    TEXT("a: one", "${env:ZQXJKVZQXJKV}",
         TEXT_AT(53) "the environment has no 'ZQXJKVZQXJKV'; set it "
                     "before midwatch starts");
    TEXT("a: one", "${env:1}",
         TEXT_AT(53) "'${env:1}' does not name a variable of the "
                     "environment");
    TEXT("a: one", "${file:x}",
         TEXT_AT(53) "'${file:x}' needs a path from the root, such as "
                     "${file:/etc/x}");
    unsetenv("MW_TEST_HOST");
}

static void variables_are_simple(void **state)
{
    (void)state;
    TEXT("1a: x", "y",
         "t:2:8: vars.1a: '1a' cannot name a variable; write letters, digits and '_'");
    TEXT("a: [x]", "$a", "t:2:11: vars.a: a variable holds a single value");
    TEXT("a: ", "$a", "t:2:11: vars.a: a variable holds a single value");
}

static void overrides_take_the_place_of_variables(void **state)
{
    char a[] = "a", prot[] = "prot", zz[] = "zzzzzz", b[] = "$$b", x[] = "x";
    char *keys[] = { a, prot }, *values[] = { b, x };
    struct strmap one = { keys, values, 1 }, two = { keys, values, 2 };
    char *got = text_option("a: old, b: x", "$a", &one);

    (void)state;
    assert_string_equal(got, "$$b"); /* as it is: no reference is looked for */
    free(got);
    got = text_option("a: old, port: x", "$a", &two);
    assert_string_equal(got, "t: no variable 'prot' to set; did you mean 'port'?");
    free(got);
    keys[1] = zz;
    got = text_option("a: old, port: x", "$a", &two);
    assert_string_equal(got, "t: no variable 'zzzzzz' to set; 'vars' does not name it");
    free(got);
}

/* A megabyte of references to a value of 60 KiB would be gigabytes. */
static void nothing_grows_without_end(void **state)
{
    struct buf b = { 0 };
    char *got, *value = xmalloc(60001);

    (void)state;
    memset(value, 'x', 60000);
    value[60000] = '\0';
    buf_addf(&b, "watch: w\nvars: {a: %s}\nservices:\n", value);
    for (int i = 0; i < 500; i++)
        buf_addf(&b, "  s%d: {probes: {p: {http: http://h, text: $a}}}\n", i);
    got = errors_of(b.bytes, NULL);
    assert_non_null(strstr(got, "all values together are longer than 8388608 bytes"));
    free(got);
    buf_clear(&b);
    buf_addf(&b,
             "watch: w\nvars: {a: %s}\nservices: {s: {probes: {p: {http: http://h, text: "
             "$a$a}}}}\n",
             value);
    got = errors_of(b.bytes, NULL);
    assert_non_null(strstr(got, "text: the value is longer than 65536 bytes"));
    free(got);
    buf_fini(&b);
    free(value);
}

/* --- secrets --- */

#define LITERAL       "a secret cannot stand in the file; write env:NAME or file:/path"
#define LITERAL_VALUE "a secret cannot stand in the file; write ${env:NAME} or ${file:/path}"
#define ADDRESS                                                                                   \
    "an address is shown on screen and cannot hold a password or token; take it out and give it " \
    "by reference: env:NAME or file:/path"

static void a_secret_in_clear_is_refused_and_never_echoed(void **state)
{
    static const struct {
        const char *yaml, *want;
    } rows[] = {
        { PROBE("{ http: 'http://h', bearer: hunter2 }"), AT(5, 38, ".bearer", LITERAL) },
        { PROBE("{ postgres: host=h, sql: SELECT 1, password: hunter2 }"),
          AT(5, 55, ".password", LITERAL) },
        { PROBE("{ postgres: host=h password=hunter2, sql: SELECT 1 }"),
          AT(5, 22, ".postgres", ADDRESS) },
        { PROBE("{ postgres: host=h sslpassword = hunter2, sql: SELECT 1 }"),
          AT(5, 22, ".postgres", ADDRESS) },
        { PROBE("{ postgres: 'postgres://u:hunter2@h/db', sql: SELECT 1 }"),
          AT(5, 22, ".postgres", ADDRESS) },
        { PROBE("{ postgres: 'postgres://u:hunter2/x@h/db', sql: SELECT 1 }"),
          AT(5, 22, ".postgres", ADDRESS) },
        { PROBE("{ postgres: 'postgres://h/db?user=u&password=hunter2', sql: SELECT 1 }"),
          AT(5, 22, ".postgres", ADDRESS) },
        { PROBE("{ http: 'https://u:hunter2@h/' }"), AT(5, 18, ".http", ADDRESS) },
        { PROBE("{ http: 'https://h/?api_key=hunter2' }"), AT(5, 18, ".http", ADDRESS) },
        { PROBE("{ http: 'https://h/?access_token=hunter2#x' }"), AT(5, 18, ".http", ADDRESS) },
        { PROBE("{ http: 'https://h/', headers: { Authorization: Bearer hunter2 } }"),
          AT(5, 58, ".headers.Authorization", LITERAL_VALUE) },
        { PROBE("{ http: 'https://h/', headers: { x-api-key: hunter2 } }"),
          AT(5, 54, ".headers.x-api-key", LITERAL_VALUE) },
        { PROBE("{ http: 'https://h/', headers: { Cookie: hunter2 } }"),
          AT(5, 51, ".headers.Cookie", LITERAL_VALUE) },
        { PROBE("{ http: 'https://h/', text: 'redis://:hunter2@h' }"),
          AT(5, 38, ".text", ADDRESS) },
        { "watch: w\nvars: {db_password: hunter2}\nservices: {a: {probes: {p: {http: http://h, "
          "text: $db_password}}}}\n",
          "t:2:21: vars.db_password: " LITERAL_VALUE "\n" },
        { "watch: w\nvars: {pg: 'postgres://u:hunter2@h/db'}\nservices: {a: {probes: {p: "
          "{postgres: "
          "$pg, sql: SELECT 1}}}}\n",
          "t:2:12: vars.pg: " ADDRESS "\n" },
        { "watch: w\nvars: {t: hunter2}\nservices: {a: {probes: {p: {http: http://h, "
          "bearer: $t}}}}\n",
          "t:3:53: services.a.probes.p.bearer: " LITERAL "\n" },
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char *got = errors_of(rows[i].yaml, NULL);

        if (strcmp(got, rows[i].want) != 0)
            fail_msg("%s%s%s", rows[i].yaml, got, rows[i].want);
        assert_null(strstr(got, "hunter2"));
        free(got);
    }
}

static void what_only_looks_like_a_secret_passes(void **state)
{
    (void)state;
    /* fields and headers of an answer: whether there is one */
    ERRORS(PROBE("{ http: 'http://h', headers: { x-token: exists, Cookie: absent, token: '*', "
                 "api_key: '!*' } }"),
           "");
    ERRORS(PROBE("{ http: 'http://h:8080/p@th?page=2' }"), "");
    ERRORS(PROBE("{ http: 'http://user@h:8080/' }"), "");
    ERRORS(PROBE("{ http: 'http://[::1]:8080/a@b' }"), "");
    ERRORS(
        PROBE("{ postgres: 'host=h passfile=/x options=''-c a=b''', sql: 'SELECT password = 1' }"),
        "");
    ERRORS("watch: w\nvars: {token_file: /run/x, token: env:X, t2: '${env:X}'}\n"
           "services: {a: {probes: {p: {http: http://h, bearer: 'file:$token_file'}, q: {http: "
           "http://h, bearer: $token}, r: {http: http://h, bearer: '${t2}'}}}}\n",
           "");
}

static void a_value_from_outside_is_never_echoed(void **state)
{
    char path[200];
    char yaml[700];

    (void)state;
    setenv("MW_TEST_SECRET", "hunter2", 1);
    ERRORS(PROBE("{ http: 'http://h', read: [x, '${env:MW_TEST_SECRET}'] }"),
           AT(5, 40, ".read",
              "everybody on this machine can read arguments of a program; give it in env"));
    ERRORS(PROBE("{ http: 'http://h', every: '${env:MW_TEST_SECRET}' }"),
           AT(5, 37, ".every", "'${env:MW_TEST_SECRET}' does not give a duration such as 30s"));
    ERRORS("watch: w\nvars: {t: '${env:MW_TEST_SECRET}'}\nservices: {a: {probes: {p: {http: "
           "http://h, retries: $t}}}}\n",
           "t:3:54: services.a.probes.p.retries: '$t' does not give a whole number\n");
    ERRORS(PROBE("{ postgres: 'postgres://u:${env:MW_TEST_SECRET}@h/d', sql: SELECT 1 }"),
           AT(5, 22, ".postgres", ADDRESS));
    ERRORS(PROBE("{ http: 'http://h', headers: {Authorization: 'Bearer ${env:MW_TEST_SECRET}'} }"),
           "");
    ERRORS(PROBE("{ http: 'http://h', bearer: '${env:MW_TEST_SECRET}' }"), "");
    ERRORS(PROBE("{ http: 'http://h', bearer: '${env:MW_TEST_SECRET}x' }"),
           AT(5, 38, ".bearer", LITERAL));
    ERRORS(PROBE("{ http: 'http://h', bearer: 'env:' }"),
           AT(5, 38, ".bearer",
              "'env:' must name a variable of the environment, such as "
              "env:PGPASS"));
    ERRORS(PROBE("{ http: 'http://h', bearer: 'file:x' }"),
           AT(5, 38, ".bearer",
              "'file:' needs a path from the root, such as "
              "file:/etc/midwatch/token"));
    unsetenv("MW_TEST_SECRET");
    scratch(path, "token", "hunter2\n", 0600);
    snprintf(yaml, sizeof yaml,
             PROBE("{ http: 'http://h', text: '${file:%s}!', bearer: 'file:%s' }"), path, path);
    struct config *c = read_fine(yaml);
    const struct fake_http *h = c->services[0].probes[0].self;
    assert_string_equal(h->text, "hunter2!"); /* without its line end */
    snprintf(yaml, sizeof yaml, "file:%s", path);
    assert_string_equal(h->bearer, yaml); /* not read yet */
    config_free(c);
}

static void a_secret_file_is_private(void **state)
{
    char yaml[700], want[1200], path[200];

    (void)state;
    scratch(path, "open", "hunter2\n", 0644);
    snprintf(yaml, sizeof yaml,
             PROBE("{ http: 'http://h', bearer: 'file:%s', text: '${file:%s}' }"), path, path);
    snprintf(want, sizeof want,
             AT(5, 38, ".bearer",
                "%s can be read by others (mode 0644); chmod 600 %s") "t:5:%zu: "
                                                                      "services.a.probes.p.text: "
                                                                      "%s can be read by others "
                                                                      "(mode 0644); chmod 600 "
                                                                      "%s\n",
             path, path, 38 + strlen(path) + 15, path, path);
    errors_are(yaml, want, __LINE__);
    errors_are(PROBE("{ http: 'http://h', bearer: 'file:/nowhere/x' }"), "",
               __LINE__); /* a fault of the hour, not of the file */
    errors_are(PROBE("{ http: 'http://h', text: '${file:/nowhere/x}' }"),
               AT(5, 36, ".text", "cannot read /nowhere/x: No such file or directory"), __LINE__);
    errors_are(PROBE("{ http: 'http://h', bearer: 'file:/dev/null' }"),
               AT(5, 38, ".bearer", "/dev/null is not a regular file"), __LINE__);
    scratch(path, "link", "", 0600);
    unlink(path);
    assert_int_equal(symlink("/etc/hostname", path), 0);
    snprintf(yaml, sizeof yaml,
             PROBE("{ http: 'http://h', bearer: 'file:%s', text: '${file:%s}' }"), path, path);
    snprintf(want, sizeof want,
             AT(5, 38, ".bearer",
                "%s is a symbolic link; name the file itself") "t:5:%zu: services.a.probes.p.text: "
                                                               "%s is a symbolic link; name the "
                                                               "file itself\n",
             path, 38 + strlen(path) + 15, path);
    errors_are(yaml, want, __LINE__);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(references_are_resolved),
        cmocka_unit_test(variables_are_simple),
        cmocka_unit_test(overrides_take_the_place_of_variables),
        cmocka_unit_test(nothing_grows_without_end),
        cmocka_unit_test(a_secret_in_clear_is_refused_and_never_echoed),
        cmocka_unit_test(what_only_looks_like_a_secret_passes),
        cmocka_unit_test(a_value_from_outside_is_never_echoed),
        cmocka_unit_test(a_secret_file_is_private),
    };

    return cmocka_run_group_tests(tests, scratch_make, scratch_remove);
}

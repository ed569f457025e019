/* tests/app/test_config.c: a configuration is read whole, or every mistake in it is told with its
 * place, its key and what would work. */
#include "app/config.h"

#include "tests/cmocka.h"

#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "app/names.h"
#include "core/alloc.h"
#include "tests/app/fake_kinds.h"

static struct config *read_with(const char *yaml, const struct strmap *overrides,
                                struct config_errors *errors)
{
    struct config_input in = { "t", yaml, strlen(yaml), overrides, &fake_kinds };

    memset(errors, 0, sizeof *errors);
    return config_read(&in, errors);
}

static char *errors_of(const char *yaml, const struct strmap *overrides)
{
    struct config_errors errors;
    struct buf out = { 0 };
    struct config *c = read_with(yaml, overrides, &errors);

    assert_true((c == NULL) == (errors.n > 0));
    config_free(c);
    config_errors_write(&errors, &out);
    return out.bytes ? out.bytes : xstrdup("");
}

static void errors_are(const char *yaml, const char *want, int line)
{
    char *got = errors_of(yaml, NULL);

    if (strcmp(got, want) != 0) {
        printf("line %d:\n--- got\n%s--- want\n%s", line, got, want);
        fail();
    }
    free(got);
}

#define ERRORS(yaml, want) errors_are(yaml, want, __LINE__)

/* A file with one service `a` and one probe `p`, whose map is what differs. */
#define PROBE(map)                "watch: w\nservices:\n  a:\n    probes:\n      p: " map "\n"
#define AT(line, col, key, words) "t:" #line ":" #col ": services.a.probes.p" key ": " words "\n"
/* The same with the options one a line, from line 7 on. */
#define HTTP(options) \
    "watch: w\nservices:\n  a:\n    probes:\n      p:\n        http: http://h/x\n" options

static struct config *read_fine(const char *yaml)
{
    struct config_errors errors;
    struct config *c = read_with(yaml, NULL, &errors);

    if (!c)
        fail_msg("%s", errors.items[0].err.msg);
    return c;
}

static void a_whole_configuration_is_read(void **state)
{
    struct config *c = read_fine("watch: shop\n"
                                 "environment: staging\n"
                                 "vars: { host: 'http://127.0.0.1:8080' }\n"
                                 "words: { up: healthy, down: unhealthy }\n"
                                 "services:\n"
                                 "  api:\n"
                                 "    title: The API\n"
                                 "    critical: true\n"
                                 "    depends_on: [db]\n"
                                 "    probes:\n"
                                 "      health: { http: $host/health, every: 30s, timeout: 2s,\n"
                                 "                expect: [200, 3xx, 401-403], slow: 1.5s,\n"
                                 "                headers: { Accept: text/html },\n"
                                 "                warn: 200ms, crit: 1s, fail_after: 3 }\n"
                                 "      page: { http: '${host}/' , read: [a, b], judge: body}\n"
                                 "  db:\n"
                                 "    probes:\n"
                                 "      ping:\n"
                                 "        postgres: host=127.0.0.1 dbname=shop\n"
                                 "        sql: SELECT 1\n"
                                 "        password: env:DB_PASSWORD\n");
    const struct config_service *api = &c->services[0], *db = &c->services[1];
    const struct config_probe *health = config_probe_find(api, "health");
    const struct fake_http *h = health->self;
    const struct fake_http *page = config_probe_find(api, "page")->self;
    const struct fake_pg *pg = db->probes[0].self;

    (void)state;
    assert_string_equal(c->source, "t");
    assert_string_equal(c->watch, "shop");
    assert_string_equal(c->environment, "staging");
    assert_string_equal(c->words.of[STATE_UP], "healthy");
    assert_string_equal(c->words.of[STATE_DOWN], "unhealthy");
    assert_null(c->words.of[STATE_DEGRADED]);
    assert_int_equal(c->n_services, 2);
    assert_int_equal(c->n_probes, 3);
    assert_int_equal(c->n_vars, 1);
    assert_string_equal(api->title, "The API");
    assert_true(api->critical);
    assert_false(db->critical);
    assert_int_equal(api->depends_on.n, 1);
    assert_int_equal(api->deps[0], 1);
    assert_string_equal(h->url, "http://127.0.0.1:8080/health");
    assert_int_equal(health->common.every_ms, 30000);
    assert_int_equal(health->common.timeout_ms, 2000);
    assert_int_equal(health->common.fail_after, 3);
    assert_true(health->common.warn == 200);
    assert_true(health->common.crit == 1000);
    assert_true(isnan(health->common.max));
    assert_true(h->slow == 1500);
    assert_int_equal(h->expect.n, 3);
    assert_true(codes_match(&h->expect, 402));
    assert_false(codes_match(&h->expect, 204));
    assert_string_equal(h->headers.values[0], "text/html");
    assert_string_equal(h->read.items[0], "health"); /* the default */
    assert_int_equal(page->read.n, 2);
    assert_string_equal(page->read.items[0], "a");
    assert_int_equal(page->judge, 1);
    assert_true(codes_match(&page->expect, 204));
    assert_string_equal(pg->password, "env:DB_PASSWORD");
    assert_ptr_equal(config_service_find(c, "db"), db);
    assert_null(config_service_find(c, "x"));
    assert_null(config_probe_find(db, "x"));
    config_free(c);
    config_free(NULL);
}

static void the_least_that_works(void **state)
{
    struct config *c = read_fine(PROBE("{ http: http://h }"));

    (void)state;
    assert_string_equal(c->environment, "unnamed");
    assert_null(c->services[0].title);
    config_free(c);
}

static void a_typo_names_the_right_word(void **state)
{
    (void)state;
    ERRORS(HTTP("        evry: 10s\n"),
           AT(7, 9, ".evry", "unknown key 'evry'; did you mean 'every'?"));
    ERRORS(PROBE("{ htpp: http://h, every: 10s, expect: 200 }"),
           AT(5, 12, ".htpp", "unknown key 'htpp'; did you mean 'http'?"));
    ERRORS("wacht: w\nwatch: w\nservice: {}\n",
           "t:1:1: wacht: unknown key 'wacht'; did you mean 'watch'?\n"
           "t:1:1: 'services' is missing: nothing to watch\n"
           "t:3:1: service: unknown key 'service'; did you mean 'services'?\n");
    ERRORS("watch: w\nservices:\n  a:\n    critcal: true\n    depend_on: [b]\n"
           "    probes: {p: {http: 'http://h'}}\n",
           "t:4:5: services.a.critcal: unknown key 'critcal'; did you mean 'critical'?\n"
           "t:5:5: services.a.depend_on: unknown key 'depend_on'; did you mean 'depends_on'?\n");
    ERRORS("watch: w\nxyzzyplugh: 1\nservices: {a: {probes: {p: {http: 'http://h'}}}}\n",
           "t:2:1: xyzzyplugh: unknown key 'xyzzyplugh'; known here: watch, environment, vars, "
           "words, services\n");
    ERRORS("watch: w\nwords: {upp: fine}\nservices: {a: {probes: {p: {http: 'http://h'}}}}\n",
           "t:2:9: words.upp: unknown key 'upp'; did you mean 'up'?\n");
    ERRORS(HTTP("        judge: bdy\n"), AT(7, 16, ".judge",
                                            "'bdy' is not known; did you mean 'body'? One of: "
                                            "worst or body"));
}

static void a_wrong_value_says_what_would_work(void **state)
{
    (void)state;
    ERRORS(HTTP("        every: 10\n"), AT(7, 16, ".every",
                                           "'10' has no unit; write 500ms, 30s, "
                                           "15m or 24h"));
    ERRORS(HTTP("        every: soon\n"), AT(7, 16, ".every",
                                             "'soon' is not a duration; write "
                                             "500ms, 30s, 15m or 24h"));
    ERRORS(HTTP("        every: 50ms\n"), AT(7, 16, ".every",
                                             "'50ms' is out of range; write a "
                                             "duration from 100ms to 1d"));
    ERRORS(HTTP("        retries: 9\n"), AT(7, 18, ".retries",
                                            "'9' is out of range; write a "
                                            "number from 1 to 5"));
    ERRORS(HTTP("        retries: some\n"), AT(7, 18, ".retries",
                                               "'some' is not a whole number; "
                                               "write 3 or 100"));
    ERRORS(HTTP("        insecure: yes\n"),
           AT(7, 19, ".insecure", "'yes' is neither true nor false"));
    ERRORS(HTTP("        expect: [200, 999]\n"),
           AT(7, 23, ".expect", "'999' is no HTTP code; write 200, 2xx or 200-299"));
    ERRORS(HTTP("        warn: 5%\n"),
           AT(7, 15, ".warn", "'5%' is not a time; write 500ms or 1.5s"));
    ERRORS(HTTP("        unit: furlongs\n"),
           AT(7, 15, ".unit",
              "'furlongs' is not known; write none, count, ms, percent, bytes, "
              "per_second or seconds"));
    ERRORS(HTTP("        unit: percent\n        crit: 300ms\n"),
           AT(8, 15, ".crit", "'300ms' is not a percentage; write 5% or 0.5%"));
    ERRORS(PROBE("{ http: ftp://h }"),
           AT(5, 18, ".http",
              "this is not an address that can be asked; write http://host/path or "
              "https://host/path"));
    ERRORS(HTTP("        retries: '3'\n        ratio: \"0.5\"\n        insecure: 'true'\n"),
           AT(7, 18, ".retries", "'3' is text because of its quotes; write it without them")
               AT(8, 16, ".ratio", "'0.5' is text because of its quotes; write it without them")
                   AT(9, 19, ".insecure",
                      "'true' is text because of its quotes; write it without them"));
    ERRORS(HTTP("        text: \"a\\eb\"\n        ca: \"/x\\n\"\n"),
           AT(7, 15, ".text", "the value holds a control character; leave it out")
               AT(8, 13, ".ca", "the value holds a control character; leave it out"));
    ERRORS(HTTP("        headers: {\"a\\r\\nb\": c}\n        assert: {/a: \"x\\ny\"}\n"),
           AT(7, 19, ".headers.a  b", "the name holds a control character; leave it out")
               AT(8, 22, ".assert./a", "the value holds a control character; leave it out"));
}

static void a_wrong_type_says_what_stands_there(void **state)
{
    (void)state;
    ERRORS("- a\n", "t:1:1: a list stands here; a configuration is a map with 'watch' and "
                    "'services'\n");
    ERRORS("watch: w\nservices: [a]\n",
           "t:2:11: services: a list stands here; write a map of ids and services\n");
    ERRORS("watch: w\nservices: {a: 5}\n",
           "t:2:15: services.a: a single value stands here; a service is a map with 'probes'\n");
    ERRORS("watch: w\nservices: {a: {probes: [x]}}\n",
           "t:2:24: services.a.probes: a list stands here; write a map of names and probes\n");
    ERRORS("watch: w\nservices: {a: {probes: {p: http}}}\n",
           "t:2:28: services.a.probes.p: a single value stands here; a probe is a map, such as { "
           "http: https://example.org/health }\n");
    ERRORS("watch: w\nservices: {a: {probes: {p: }}}\n",
           "t:2:28: services.a.probes.p: nothing stands here; a probe is a map, such as { http: "
           "https://example.org/health }\n");
    ERRORS(HTTP("        every: [10s]\n        retries:\n        headers: x\n"),
           AT(7, 16, ".every", "a list stands here; write a duration such as 30s")
               AT(8, 17, ".retries", "nothing stands here; write a whole number")
                   AT(9, 18, ".headers",
                      "a single value stands here; write a map, such as { name: value }"));
    ERRORS(HTTP("        text: ~\n        judge: {a: b}\n        read: [[a]]\n"),
           AT(7, 15, ".text", "nothing stands here; write a text")
               AT(8, 16, ".judge", "a map stands here; write one of its words")
                   AT(9, 16, ".read", "a list stands here; write a list"));
    ERRORS("watch: w\nvars: [a]\nwords: x\nservices: {a: {probes: {p: {http: 'http://h'}}}}\n",
           "t:2:7: vars: a list stands here; write a map of names and values\n"
           "t:3:8: words: a single value stands here; write a map of states and words\n");
}

static void what_is_missing_is_named(void **state)
{
    (void)state;
    ERRORS("", "t:1:1: is empty; 'midwatch init URL...' writes a first configuration\n");
    ERRORS("# nothing yet\n",
           "t:1:1: is empty; 'midwatch init URL...' writes a first configuration\n");
    ERRORS("{}\n", "t:1:1: 'watch' is missing: name of this watch: a-z, 0-9, '-' and '_'\n"
                   "t:1:1: 'services' is missing: nothing to watch\n");
    ERRORS("watch: w\nservices: {}\n", "t:2:11: 'services' is missing: nothing to watch\n");
    ERRORS("watch: w\nservices: {a: {}, b: {probes: {}}}\n",
           "t:2:15: services.a: 'probes' is missing: without one nothing is known of this service\n"
           "t:2:22: services.b: 'probes' is missing: without one nothing is known of this "
           "service\n");
    ERRORS(PROBE("{ postgres: host=h }"), AT(5, 10, "", "'sql' is missing: one statement"));
    ERRORS(PROBE("{ every: 10s }"),
           AT(5, 10, "", "what to ask is missing; one of these keys: http, postgres"));
}

static void a_probe_asks_one_question(void **state)
{
    (void)state;
    ERRORS(
        PROBE("{ http: 'http://h', postgres: host=h, every: 10s }"),
        AT(5, 30, "", "'postgres' and 'http' (line 5) are two kinds; a probe asks one question"));
    ERRORS(HTTP("        text: fault\n"), AT(6, 9, "", "text: 'fault' does not go with http"));
    ERRORS(HTTP("        many: 5\n"), AT(6, 9, "", "measures 5 values; at most 4 a probe"));
}

static void times_fit_each_other(void **state)
{
    struct config *c = read_fine(PROBE("{ http: 'http://h', every: 1s }"));

    (void)state;
    assert_int_equal(c->services[0].probes[0].common.timeout_ms, 1000); /* the default gave way */
    config_free(c);
    ERRORS(PROBE("{ http: 'http://h', every: 1s, timeout: 2s }"),
           AT(5, 50, "",
              "timeout 2s is longer than every 1s; an answer must come before the next "
              "question"));
    ERRORS(PROBE("{ http: 'http://h', confirm: 10s }"),
           AT(5, 39, "", "confirm 10s is not shorter than every 10s"));
}

static void thresholds_go_the_right_way(void **state)
{
    (void)state;
    ERRORS(HTTP("        warn: 2s\n        crit: 1s\n"),
           AT(8, 15, "",
              "crit comes before warn; more is worse here (low_is_bad: true turns that "
              "round)"));
    ERRORS(HTTP("        low_is_bad: true\n        warn: 1s\n        crit: 2s\n"),
           AT(9, 15, "", "crit comes before warn; less is worse here"));
    ERRORS(PROBE("{ postgres: host=h, sql: SELECT 1, warn: 5 }"),
           AT(5, 51, "", "'warn' has no number to judge: this probe measures none"));
}

#define TWO(a, b)                                                           \
    "watch: w\nservices:\n  api: {" a " probes: {p: {http: 'http://h'}}}\n" \
    "  postgres: {" b " probes: {p: {http: 'http://h'}}}\n"

static void what_dangles_is_named(void **state)
{
    (void)state;
    ERRORS(TWO("depends_on: [postgers],", ""),
           "t:3:22: services.api.depends_on: no service 'postgers'; did you mean 'postgres'?\n");
    ERRORS(TWO("depends_on: zzz,", ""),
           "t:3:21: services.api.depends_on: no service 'zzz' under 'services'\n");
    ERRORS(TWO("depends_on: [api],", ""),
           "t:3:22: services.api.depends_on: 'api' cannot depend on itself\n");
    ERRORS(TWO("depends_on: [postgres, postgres],", ""),
           "t:3:32: services.api.depends_on: 'api' stands here twice\n");
    ERRORS(TWO("depends_on: postgres,", "depends_on: [api],"),
           "t:4:3: services: services depend on each other in a circle: api -> postgres -> api\n");
    ERRORS(TWO("title: The same,", "title: The same,"),
           "t:4:3: services.postgres: is shown as 'The same', and so is 'api' (line 3); give it "
           "another title\n");
    ERRORS(TWO("title: postgres,", ""),
           "t:4:3: services.postgres: is shown as 'postgres', and so is 'api' (line 3); give it "
           "another title\n");
    /* a difference that nobody can see is none */
    ERRORS(TWO("title: \"x\\u0085\",", "title: \"x\\u0084\","),
           "t:4:3: services.postgres: is shown as 'x\xef\xbf\xbd', and so is 'api' (line 3); give "
           "it another title\n");
}

static void a_long_circle_is_told_short(void **state)
{
    struct buf b = { 0 };
    char *got;

    (void)state;
    buf_adds(&b, "watch: w\nservices:\n");
    for (int i = 0; i < 5000; i++)
        buf_addf(&b, "  s%d: {depends_on: s%d, probes: {p: {http: 'http://h'}}}\n", i,
                 (i + 1) % 5000);
    got = errors_of(b.bytes, NULL);
    assert_string_equal(
        got, "t:5002:3: services: services depend on each other in a circle: s0 -> s1 -> "
             "s2 -> s3 -> s4 -> s5 -> s6 -> s7 ... (5000 in all)\n");
    free(got);
    buf_fini(&b);
}

static void names_are_plain_words(void **state)
{
    static const char *const names[] = {
        "../../x",         "-rf", "_a", "A", "a b", "a.b", "a/b", "\\e[31mred", "\\u202e", "",
        "\xf0\x9f\x98\x80"
    };
    char yaml[11000], *got, long_name[10001];

    (void)state;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        snprintf(yaml, sizeof yaml,
                 "watch: w\nservices: {\"%s\": {probes: {\"%s\": {http: "
                 "'http://h'}}}}\n",
                 names[i], names[i]);
        got = errors_of(yaml, NULL);
        if (*names[i]) {
            const char *first = strstr(got, "cannot be a name; write a-z, 0-9, '-' and '_', "
                                            "beginning with a letter or digit\n");

            assert_non_null(first);
            assert_non_null(strstr(first + 1, "cannot be a name"));
        } else {
            assert_non_null(strstr(got, "a key is missing before ':'"));
        }
        assert_null(strchr(got, '\x1b'));
        free(got);
        snprintf(yaml, sizeof yaml,
                 "watch: \"%s\"\nservices: {a: {probes: {p: {http: "
                 "'http://h'}}}}\n",
                 names[i]);
        got = errors_of(yaml, NULL);
        assert_ptr_equal(strstr(got, "t:1:8: watch: "), got);
        free(got);
    }
    memset(long_name, 'x', 10000);
    long_name[10000] = '\0';
    snprintf(yaml, sizeof yaml,
             "watch: w\nservices:\n  ? %s\n  : {probes: {p: {http: "
             "'http://h'}}}\n",
             long_name);
    errors_are(yaml,
               "t:3:5: services.xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
               "xxxxxxxx\xe2\x80\xa6: 'xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\xe2\x80"
               "\xa6' has 10000 bytes; a name has at most 64\n",
               __LINE__);
}

static void labels_fit_the_screen(void **state)
{
    char yaml[400], word[200];

    (void)state;
    memset(word, 'x', sizeof word - 1);
    word[sizeof word - 1] = '\0';
    ERRORS(TWO("title: '',", "title: \"a\\nb\","),
           "t:3:16: services.api.title: is empty; leave the key out, or write a word\n"
           "t:4:21: services.postgres.title: must be one line\n");
    snprintf(yaml, sizeof yaml, TWO("title: %s,", ""), word);
    errors_are(yaml, "t:3:16: services.api.title: has 199 bytes; at most 120\n", __LINE__);
    snprintf(yaml, sizeof yaml,
             "watch: w\nwords: {up: %.25s}\nenvironment: %.33s\n"
             "services: {a: {probes: {p: {http: 'http://h'}}}}\n",
             word, word);
    errors_are(yaml,
               "t:2:13: words.up: has 25 bytes; at most 24\n"
               "t:3:14: environment: has 33 bytes; at most 32\n",
               __LINE__);
}

/* --- variables and references --- */

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
         TEXT_AT(53) "variable 'a': uses '$b'; a variable may use ${env:NAME} "
                     "and ${file:/path} only");
    TEXT("a: '${b}', b: x", "$a",
         TEXT_AT(53) "variable 'a': uses '${b}'; a variable may use "
                     "${env:NAME} and ${file:/path} only");
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

static char scratch_folder[] = "/tmp/mw-config-XXXXXX";

static int scratch_make(void **state)
{
    (void)state;
    return mkdtemp(scratch_folder) ? 0 : -1;
}

static int scratch_remove(void **state)
{
    static const char *const names[] = { "token", "open", "link", "fifo", "big" };
    char path[200];

    (void)state;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        snprintf(path, sizeof path, "%s/%s", scratch_folder, names[i]);
        unlink(path);
    }
    return rmdir(scratch_folder);
}

static void scratch(char path[200], const char *name, const char *bytes, mode_t mode)
{
    int fd;

    snprintf(path, 200, "%s/%s", scratch_folder, name);
    unlink(path);
    fd = open(path, O_CREAT | O_WRONLY | O_TRUNC, mode);
    assert_true(fd >= 0);
    assert_int_equal(fchmod(fd, mode), 0);
    assert_int_equal(write(fd, bytes, strlen(bytes)), (ssize_t)strlen(bytes));
    close(fd);
}

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

/* --- the whole file --- */

static void all_errors_of_a_file_come_at_once(void **state)
{
    (void)state;
    ERRORS("watch: W\n"
           "enviroment: x\n"
           "services:\n"
           "  a:\n"
           "    depends_on: [c]\n"
           "    probes:\n"
           "      p: { http: 'http://h', every: 10, warn: 1s, warn: 2s }\n"
           "      q: { http: 'http://h', warn: 1 }\n"
           "  b: { probes: { p: { redis: x } } }\n",
           "t:1:8: watch: 'W' cannot be a name; write a-z, 0-9, '-' and '_', beginning with a "
           "letter or digit\n"
           "t:2:1: enviroment: unknown key 'enviroment'; did you mean 'environment'?\n"
           "t:5:18: services.a.depends_on: no service 'c' under 'services'\n"
           "t:7:37: services.a.probes.p.every: '10' has no unit; write 500ms, 30s, 15m or 24h\n"
           "t:7:51: key 'warn' stands here again; first on line 7\n"
           "t:8:36: services.a.probes.q.warn: '1' has no unit; write 500ms or 1.5s\n"
           "t:9:21: services.b.probes.p: what to ask is missing; one of these keys: http, "
           "postgres\n");
}

static void before_a_syntax_error_the_rest_is_told_too(void **state)
{
    (void)state;
    ERRORS(
        "watch: w\nservices:\n  a:\n    criticl: true\n    depends_on: [later]\n    probes: {x\n",
        "t:4:5: services.a.criticl: unknown key 'criticl'; did you mean 'critical'?\n"
        "t:7:1: a map '{' is not closed: ',' or '}' was expected (begun on line 6)\n");
}

static void a_file_is_looked_at_before_it_is_read(void **state)
{
    struct config_errors errors = { 0 };
    char path[200], want[400];

    (void)state;
    assert_null(config_load("/nowhere/x.yaml", NULL, &errors));
    assert_string_equal(errors.items[0].err.msg,
                        "cannot read /nowhere/x.yaml: No such file or directory");
    memset(&errors, 0, sizeof errors);
    assert_null(config_load("/dev/zero", NULL, &errors));
    assert_string_equal(errors.items[0].err.msg, "/dev/zero is not a regular file");
    memset(&errors, 0, sizeof errors);
    assert_null(config_load("/tmp", NULL, &errors));
    assert_string_equal(errors.items[0].err.msg, "/tmp is not a regular file");
    memset(&errors, 0, sizeof errors);
    scratch(path, "fifo", "", 0600);
    unlink(path);
    assert_int_equal(mkfifo(path, 0600), 0);
    assert_null(config_load(path, NULL, &errors)); /* and does not wait for a writer */
    snprintf(want, sizeof want, "%s is not a regular file", path);
    assert_string_equal(errors.items[0].err.msg, want);
    memset(&errors, 0, sizeof errors);
    scratch(path, "big", "watch: w\n", 0600);
    assert_int_equal(truncate(path, 100 << 20), 0);
    assert_null(config_load(path, NULL, &errors));
    snprintf(want, sizeof want, "%s has 104857600 bytes; at most 1048576 are read", path);
    assert_string_equal(errors.items[0].err.msg, want);
}

static double seconds(void)
{
    struct timespec ts;

    clock_gettime(CLOCK_MONOTONIC, &ts);
    return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

static void ten_thousand_targets_are_read_quickly(void **state)
{
    struct buf b = { 0 };
    struct config *c;
    double start, took;

    (void)state;
    buf_adds(&b, "watch: w\nservices:\n");
    for (int i = 0; i < 10000; i++)
        buf_addf(&b,
                 " s%d: {depends_on: s%d, probes: {p: {http: \"http://127.0.0.1:%d/health\", "
                 "every: 10s}}}\n",
                 i, i ? 0 : 9999, 1024 + i);
    /* s0 -> s9999 -> s0 would be a circle: let the first stand alone */
    char *first = strstr(b.bytes, "depends_on: s9999,");
    memset(first, ' ', strlen("depends_on: s9999,"));
    start = seconds();
    c = read_fine(b.bytes);
    took = seconds() - start;
    assert_int_equal(c->n_services, 10000);
    assert_int_equal(c->n_probes, 10000);
#ifdef NDEBUG
    if (took > 0.3)
        fail_msg("%.0f ms", took * 1000);
#else
    assert_true(took < 10);
#endif
    config_free(c);
    buf_fini(&b);
}

static void what_a_reload_changed_is_counted(void **state)
{
    struct config *a = read_fine(TWO("", "")), *b = read_fine(TWO("", "")), *c, *d;
    struct buf out = { 0 };

    (void)state;
    config_changes(a, b, &out);
    assert_string_equal(buf_str(&out), "nothing changed");
    assert_true(config_option_same(fake_kinds.common, &a->services[0].probes[0].common,
                                   &b->services[0].probes[0].common));
    c = read_fine("watch: w\nservices:\n"
                  "  api: {probes: {q: {http: 'http://h'}, p: {http: 'http://h', read: [x]}}}\n"
                  "  redis: {probes: {p: {http: 'http://h'}}}\n"
                  "  mail: {probes: {p: {http: 'http://h'}}}\n");
    buf_clear(&out);
    config_changes(a, c, &out);
    assert_string_equal(buf_str(&out),
                        "2 services new, 1 service gone, 1 probe new, 1 probe changed");
    buf_clear(&out);
    config_changes(c, a, &out);
    assert_string_equal(buf_str(&out),
                        "1 service new, 2 services gone, 1 probe gone, 1 probe changed");
    d = read_fine("watch: w\nservices:\n"
                  "  api: {probes: {p: {http: 'http://h', expect: 200, slow: 1s, text: a, headers: "
                  "{a: b}, judge: body, insecure: true, ratio: 0.5, bearer: env:X}}}\n");
    const struct config_probe *p = &d->services[0].probes[0], *q = &a->services[0].probes[0];
    for (const struct option *o = p->ops->options; o->name; o++) { /* each type is compared */
        struct option one[2] = { *o, { 0 } };
        static const char *const differ[] = { "expect", "slow",     "text",  "headers",
                                              "judge",  "insecure", "ratio", "bearer" };
        bool same = true;

        for (size_t i = 0; i < sizeof differ / sizeof *differ; i++)
            same &= strcmp(differ[i], o->name) != 0;
        assert_int_equal(config_option_same(one, p->self, q->self), same);
    }
    buf_fini(&out);
    config_free(a);
    config_free(b);
    config_free(c);
    config_free(d);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_whole_configuration_is_read),
        cmocka_unit_test(the_least_that_works),
        cmocka_unit_test(a_typo_names_the_right_word),
        cmocka_unit_test(a_wrong_value_says_what_would_work),
        cmocka_unit_test(a_wrong_type_says_what_stands_there),
        cmocka_unit_test(what_is_missing_is_named),
        cmocka_unit_test(a_probe_asks_one_question),
        cmocka_unit_test(times_fit_each_other),
        cmocka_unit_test(thresholds_go_the_right_way),
        cmocka_unit_test(what_dangles_is_named),
        cmocka_unit_test(a_long_circle_is_told_short),
        cmocka_unit_test(names_are_plain_words),
        cmocka_unit_test(labels_fit_the_screen),
        cmocka_unit_test(references_are_resolved),
        cmocka_unit_test(variables_are_simple),
        cmocka_unit_test(overrides_take_the_place_of_variables),
        cmocka_unit_test(nothing_grows_without_end),
        cmocka_unit_test(a_secret_in_clear_is_refused_and_never_echoed),
        cmocka_unit_test(what_only_looks_like_a_secret_passes),
        cmocka_unit_test(a_value_from_outside_is_never_echoed),
        cmocka_unit_test(a_secret_file_is_private),
        cmocka_unit_test(all_errors_of_a_file_come_at_once),
        cmocka_unit_test(before_a_syntax_error_the_rest_is_told_too),
        cmocka_unit_test(a_file_is_looked_at_before_it_is_read),
        cmocka_unit_test(ten_thousand_targets_are_read_quickly),
        cmocka_unit_test(what_a_reload_changed_is_counted),
    };

    return cmocka_run_group_tests(tests, scratch_make, scratch_remove);
}

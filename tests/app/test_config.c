/* tests/app/test_config.c: a configuration is read whole, or every mistake in it is told with its
 * place, its key and what would work. */
#include "tests/app/config_cases.h"

#include <fcntl.h>
#include <math.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "app/check.h"
#include "app/file.h"
#include "tests/app/scratch.h"
#include "tests/patience.h"

static const char whole[] = "watch: shop\n"
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
                            "        password: env:DB_PASSWORD\n";

static void a_whole_configuration_is_read(void **state)
{
    struct config *c = read_fine(whole);
    const struct config_service *api = &c->services[0], *db = &c->services[1];

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
    assert_ptr_equal(config_service_find(c, "db"), db);
    assert_null(config_service_find(c, "x"));
    assert_null(config_probe_find(db, "x"));
    config_free(c);
    config_free(NULL);
}

static void the_options_of_its_probes_are_read(void **state)
{
    struct config *c = read_fine(whole);
    const struct config_service *api = &c->services[0], *db = &c->services[1];
    const struct config_probe *health = config_probe_find(api, "health");
    const struct fake_http *h = health->self;
    const struct fake_http *page = config_probe_find(api, "page")->self;
    const struct fake_pg *pg = db->probes[0].self;

    (void)state;
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
    config_free(c);
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
           "t:3:1: service: unknown key 'service'; did you mean 'services'?\n");
    ERRORS("watch: w\nservices:\n  a:\n    critcal: true\n    depend_on: [b]\n"
           "    probes: {p: {http: 'http://h'}}\n",
           "t:4:5: services.a.critcal: unknown key 'critcal'; did you mean 'critical'?\n"
           "t:5:5: services.a.depend_on: unknown key 'depend_on'; did you mean 'depends_on'?\n");
    ERRORS("watch: w\nxyzzyplugh: 1\nservices: {a: {probes: {p: {http: 'http://h'}}}}\n",
           "t:2:1: xyzzyplugh: unknown key 'xyzzyplugh'; known here: watch, environment, "
           "rate_limits, severities, remind, vars, words, history, services, alerts, notify, "
           "maintenance\n");
    ERRORS(PROBE("{ postgres: host=h, sql: SELECT 1, xyzzyplugh: 1 }"),
           AT(5, 45, ".xyzzyplugh",
              "unknown key 'xyzzyplugh'; known here: every, timeout, confirm, "
              "fail_after, unit, unit_word, title, warn, crit, max, "
              "low_is_bad, when_crit, postgres, sql, password"));
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
           AT(5, 10, "", "what to ask is missing; one of these keys: http, postgres, redis"));
}

static void a_probe_asks_one_question(void **state)
{
    (void)state;
    ERRORS(
        PROBE("{ http: 'http://h', postgres: host=h, every: 10s }"),
        AT(5, 30, "", "'postgres' and 'http' (line 5) are two kinds; a probe asks one question"));
    ERRORS(HTTP("        text: fault\n"), AT(7, 15, ".text", "'fault' does not go with http"));
    ERRORS(HTTP("        many: 9\n"), AT(6, 9, "", "measures 9 values; at most 8 a probe"));
}

static void an_address_is_of_the_kind_that_asks(void **state)
{
    (void)state;
    ERRORS(PROBE("{ postgres: 'redis://h', sql: SELECT 1 }"),
           AT(5, 22, ".postgres",
              "this is no address of a PostgreSQL; write "
              "postgres://user@host/db, service=NAME or host=... dbname=..."));
    ERRORS(PROBE("{ redis: 'host=h dbname=d' }"),
           AT(5, 19, ".redis",
              "this is no address of a Redis; write redis://host:6379, "
              "rediss://host or unix:/path"));
    ERRORS(PROBE("{ redis: 'unix:/run/redis.sock' }"), "");
}

/* The address of a queue stands in its second option. */
static void every_address_of_a_probe_is_judged(void **state)
{
    static const char yaml[] = "watch: w\nservices:\n  s:\n    probes:\n"
                               "      p: { queue: mail, layout: rq, redis: 'postgres://db/x' }\n";
    struct config_input in = { .name = "t", .bytes = yaml, .len = sizeof yaml - 1 };
    struct config_errors errors = { 0 };

    (void)state;
    assert_null(config_read(&in, &errors));
    assert_int_equal(errors.n, 1);
    assert_string_equal(errors.items[0].err.msg,
                        "t:5:44: services.s.probes.p.redis: this is no address of a Redis; write "
                        "redis://host:6379, rediss://host or unix:/path");
}

/* A real kind marks its arguments; that it forgets it would be seen here alone. */
static void no_secret_stands_among_the_arguments_of_a_command(void **state)
{
    static const char *const yamls[] = {
        "watch: w\nservices:\n  s:\n    probes:\n"
        "      p: { command: [x, '${env:MW_TEST_SECRET}'] }\n",
        "watch: w\nvars: { x: '${env:MW_TEST_SECRET}' }\nservices:\n  s:\n    probes:\n"
        "      p: { http: 'http://h', headers: { A: $x } }\n"
        "      q: { command: [x, $x] }\n",
    };

    (void)state;
    setenv("MW_TEST_SECRET", "hunter2", 1);
    for (size_t i = 0; i < 2; i++) {
        struct config_input in = { .name = "t", .bytes = yamls[i], .len = strlen(yamls[i]) };
        struct config_errors errors = { 0 };

        assert_null(config_read(&in, &errors));
        assert_int_equal(errors.n, 1);
        assert_non_null(strstr(errors.items[0].err.msg, "everybody on this machine"));
        assert_null(strstr(errors.items[0].err.msg, "hunter2"));
    }
}

/* --set stands on a command line: what it gives is nobody's secret. */
static void what_is_given_may_stand_among_the_arguments(void **state)
{
    static const char yaml[] = "watch: w\nvars: { x: y }\nservices:\n  s:\n    probes:\n"
                               "      p: { command: [$x] }\n";
    char key[] = "x", value[] = "/opt/ops/x", *keys[] = { key }, *values[] = { value };
    struct strmap sets = { keys, values, 1 };
    struct config_input in = {
        .name = "t", .bytes = yaml, .len = sizeof yaml - 1, .overrides = &sets
    };
    struct config_errors errors = { 0 };
    struct config *c = config_read(&in, &errors);

    (void)state;
    if (!c)
        fail_msg("%s", errors.items[0].err.msg);
    config_free(c);
}

/* The kind is not asked about options that never came in; the error stands where it is. */
static void what_is_reported_already_stays_silent(void **state)
{
    (void)state;
    ERRORS(PROBE("{ http: &a 'http://h', text: fault }"),
           "t:5:18: anchor '&a' is not taken: write the value where it is used, or name it under "
           "'vars'\n");
    ERRORS(PROBE("{ postgres: host=h, &a sql: SELECT 1 }"),
           "t:5:30: anchor '&a' is not taken: write the value where it is used, or name it under "
           "'vars'\n");
    ERRORS("watch: w\nvars: {1x: y, u: [z]}\nservices: {a: {probes: {p: {http: $u}}}}\n",
           "t:2:8: vars.1x: '1x' cannot name a variable; write letters, digits and '_'\n"
           "t:2:18: vars.u: a variable holds a single value\n");
}

static void times_fit_each_other(void **state)
{
    struct config *c = read_fine(PROBE("{ http: 'http://h', every: 1s }"));

    (void)state;
    assert_int_equal(c->services[0].probes[0].common.timeout_ms, 1000); /* the default gave way */
    config_free(c);
    ERRORS(PROBE("{ http: 'http://h', every: 1s, timeout: 2s }"),
           AT(5, 50, ".timeout",
              "2s is longer than every 1s; an answer must come before the next "
              "question"));
    ERRORS(PROBE("{ http: 'http://h', confirm: 10s }"),
           AT(5, 39, ".confirm", "10s is not shorter than every 10s"));
}

static void thresholds_go_the_right_way(void **state)
{
    (void)state;
    ERRORS(HTTP("        warn: 2s\n        crit: 1s\n"),
           AT(8, 15, ".crit",
              "comes before warn; more is worse here (low_is_bad: true turns that "
              "round)"));
    ERRORS(HTTP("        low_is_bad: true\n        warn: 1s\n        crit: 2s\n"),
           AT(9, 15, ".crit", "comes before warn; less is worse here"));
    ERRORS(PROBE("{ postgres: host=h, sql: SELECT 1, warn: 5 }"),
           AT(5, 51, ".warn", "has no number to judge: this probe measures none"));
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
           "  b: { probes: { p: { mysql: x } } }\n",
           "t:1:8: watch: 'W' cannot be a name; write a-z, 0-9, '-' and '_', beginning with a "
           "letter or digit\n"
           "t:2:1: enviroment: unknown key 'enviroment'; did you mean 'environment'?\n"
           "t:5:18: services.a.depends_on: no service 'c' under 'services'\n"
           "t:7:37: services.a.probes.p.every: '10' has no unit; write 500ms, 30s, 15m or 24h\n"
           "t:7:51: key 'warn' stands here again; first on line 7\n"
           "t:8:36: services.a.probes.q.warn: '1' has no unit; write 500ms or 1.5s\n"
           "t:9:21: services.b.probes.p: what to ask is missing; one of these keys: http, "
           "postgres, redis\n");
}

static void before_a_syntax_error_the_rest_is_told_too(void **state)
{
    (void)state;
    ERRORS(
        "watch: w\nservices:\n  a:\n    criticl: true\n    depends_on: [later]\n    probes: {x\n",
        "t:4:5: services.a.criticl: unknown key 'criticl'; did you mean 'critical'?\n"
        "t:7:1: a map '{' is not closed: ',' or '}' was expected (begun on line 6)\n");
}

/* The half of a value is not judged. */
static void what_a_syntax_error_cut_is_not_told_twice(void **state)
{
    (void)state;
    ERRORS(PROBE("{ http: 'http://h', bearer: ${env:X} }"),
           "t:5:39: inside [ ] or { } a value with a bracket in it, such as ${env:X}, needs "
           "quotes\n");
}

static void a_file_is_looked_at_before_it_is_read(void **state)
{
    struct config_errors errors = { 0 };
    char path[200], want[400];

    (void)state;
    assert_null(config_load("/nowhere/x.yaml", NULL, NULL, &errors));
    assert_string_equal(errors.items[0].err.msg,
                        "cannot read /nowhere/x.yaml: No such file or directory");
    memset(&errors, 0, sizeof errors);
    assert_null(config_load("/dev/zero", NULL, NULL, &errors));
    assert_string_equal(errors.items[0].err.msg, "/dev/zero is not a regular file");
    memset(&errors, 0, sizeof errors);
    assert_null(config_load("/tmp", NULL, NULL, &errors));
    assert_string_equal(errors.items[0].err.msg, "/tmp is not a regular file");
    {
        struct buf b = { 0 };
        struct err err = { 0 };

        /* says 0 bytes and gives more */
        assert_false(file_read("/proc/self/smaps", 100, FILE_PLAIN, &b, &err));
        assert_string_equal(err.msg,
                            "/proc/self/smaps has more than 100 bytes, the most that is read");
        buf_fini(&b);
    }
    memset(&errors, 0, sizeof errors);
    scratch(path, "fifo", "", 0600);
    unlink(path);
    assert_int_equal(mkfifo(path, 0600), 0);
    assert_null(config_load(path, NULL, NULL, &errors)); /* and does not wait for a writer */
    snprintf(want, sizeof want, "%s is not a regular file", path);
    assert_string_equal(errors.items[0].err.msg, want);
    memset(&errors, 0, sizeof errors);
    scratch(path, "big", "watch: w\n", 0600);
    assert_int_equal(truncate(path, 100 << 20), 0);
    assert_null(config_load(path, NULL, NULL, &errors));
    snprintf(want, sizeof want, "%s has 104857600 bytes; at most 1048576 are read", path);
    assert_string_equal(errors.items[0].err.msg, want);
}

/* It is watched all the same, and whoever would act asks first. */
static void a_file_that_others_can_write_is_not_acted_on(void **state)
{
    static const char good[] =
        "watch: w\nservices: { a: { probes: { p: { http: \"http://127.0.0.1:1/\" } } } }\n";
    static const mode_t modes[] = { 0600, 0644, 0664, 0602, 0622 };
    char path[200], want[500], *paths[1] = { path };

    (void)state;
    for (size_t i = 0; i < sizeof modes / sizeof modes[0]; i++) {
        struct config_errors errors = { 0 };
        struct buf out = { 0 }, bad = { 0 };
        struct config *c;

        scratch(path, "open", good, modes[i]);
        assert_int_equal(chmod(path, modes[i]), 0);
        c = config_load(path, NULL, NULL, &errors);
        assert_non_null(c);
        assert_int_equal(check_files(paths, 1, NULL, &out, &bad), 0);
        snprintf(want, sizeof want, "%s can be written by others (mode %04o); chmod go-w %s", path,
                 (unsigned)modes[i], path);
        if (modes[i] & 022) {
            assert_string_equal(c->no_actions, want);
            assert_non_null(strstr(buf_str(&out), "\n  actions are off: /tmp/"));
        } else {
            assert_null(c->no_actions);
            assert_null(strstr(buf_str(&out), "actions"));
        }
        config_free(c);
        buf_fini(&out);
        buf_fini(&bad);
    }
    if (geteuid() == 0) {
        struct config_errors errors = { 0 };
        struct config *c;

        scratch(path, "open", good, 0600);
        assert_int_equal(chown(path, 65534, 65534), 0);
        c = config_load(path, NULL, NULL, &errors);
        snprintf(want, sizeof want, "%s belongs to another user; it must be your own or root's",
                 path);
        assert_string_equal(c->no_actions, want);
        config_free(c);
    }
}

/* Of this process: others on the machine do not count. */
static double seconds(void)
{
    struct rusage u;

    getrusage(RUSAGE_SELF, &u);
    return (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) +
           (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec) / 1e6;
}

/* Figures are for the release build. */
static double within(double limit_s)
{
#ifdef NDEBUG
    if (!patience())
        return limit_s;
#endif
    return limit_s * 100;
}

/* Files as large as they may be, wrong in every line. */
static void a_file_of_mistakes_is_refused_quickly(void **state)
{
    static const char *const lines[] = {
        " s%d: {evry: 1}\n",                               /* unknown keys */
        " s%d: {depends_on: x%d, probes: {p: {a: b}}}\n",  /* dangling, no kind */
        " s%d: {probes: {p: {http: $vra%d, every: 1}}}\n", /* no such variable */
        " s%d: {probes: {p: {htpp: $vra%d, x%d: 1}}}\n",   /* no such kind */
        " S%d: {title: x, probes: '${env:NO_%d}'}\n",      /* no such everything */
    };

    (void)state;
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        struct config_errors errors;
        struct buf b = { 0 };
        double start, took;

        buf_adds(&b, "watch: w\nvars:\n");
        for (int n = 0; n < 1000; n++)
            buf_addf(&b, " var%d: x\n", n);
        buf_adds(&b, "services:\n");
        for (int n = 0; b.len < 1000000 && n < 13000; n++)
            for (const char *c = lines[i]; *c; c++)
                if (c[0] == '%' && c[1] == 'd')
                    buf_addf(&b, "%d", n), c++;
                else
                    buf_addc(&b, *c);
        start = seconds();
        assert_null(read_with(b.bytes, NULL, &errors));
        took = seconds() - start;
        assert_int_equal(errors.n, CONFIG_ERRORS_MAX);
        assert_true(errors.more > 10000);
        if (took > within(0.3))
            fail_msg("%.0f ms for%s", took * 1000, lines[i]);
        buf_fini(&b);
    }
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
    if (took > within(0.3))
        fail_msg("%.0f ms", took * 1000);
    config_free(c);
    buf_fini(&b);
}

/* What is no probe changes the board too. */
static void what_a_reload_changed_beside_probes_is_told(void **state)
{
#define ONE(top, service)                                                               \
    "watch: w\n" top "services:\n  api: {" service "probes: {p: {http: 'http://h'}}}\n" \
    "  db: {probes: {p: {http: 'http://h'}}}\n"
    static const struct {
        const char *yaml, *words;
    } changes[] = {
        { ONE("", "critical: true, "), "1 service changed" },
        { ONE("", "title: API, "), "1 service changed" },
        { ONE("", "depends_on: db, "), "1 service changed" },
        { ONE("environment: staging\n", ""), "environment changed" },
        { ONE("environment: staging\nwords: {down: aus}\n", "title: API, "),
          "1 service changed, environment changed, words changed" },
    };
    struct config *a = read_fine(ONE("", ""));

    (void)state;
    for (size_t i = 0; i < sizeof changes / sizeof *changes; i++) {
        struct config *b = read_fine(changes[i].yaml);
        struct buf out = { 0 };

        config_changes(a, b, &out);
        assert_string_equal(buf_str(&out), changes[i].words);
        buf_fini(&out);
        config_free(b);
    }
    config_free(a);
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
        cmocka_unit_test(the_options_of_its_probes_are_read),
        cmocka_unit_test(the_least_that_works),
        cmocka_unit_test(a_typo_names_the_right_word),
        cmocka_unit_test(a_wrong_value_says_what_would_work),
        cmocka_unit_test(a_wrong_type_says_what_stands_there),
        cmocka_unit_test(what_is_missing_is_named),
        cmocka_unit_test(a_probe_asks_one_question),
        cmocka_unit_test(an_address_is_of_the_kind_that_asks),
        cmocka_unit_test(every_address_of_a_probe_is_judged),
        cmocka_unit_test(no_secret_stands_among_the_arguments_of_a_command),
        cmocka_unit_test(what_is_given_may_stand_among_the_arguments),
        cmocka_unit_test(what_is_reported_already_stays_silent),
        cmocka_unit_test(times_fit_each_other),
        cmocka_unit_test(thresholds_go_the_right_way),
        cmocka_unit_test(what_dangles_is_named),
        cmocka_unit_test(a_long_circle_is_told_short),
        cmocka_unit_test(names_are_plain_words),
        cmocka_unit_test(labels_fit_the_screen),
        cmocka_unit_test(all_errors_of_a_file_come_at_once),
        cmocka_unit_test(before_a_syntax_error_the_rest_is_told_too),
        cmocka_unit_test(what_a_syntax_error_cut_is_not_told_twice),
        cmocka_unit_test(a_file_is_looked_at_before_it_is_read),
        cmocka_unit_test(a_file_of_mistakes_is_refused_quickly),
        cmocka_unit_test(ten_thousand_targets_are_read_quickly),
        cmocka_unit_test(what_a_reload_changed_is_counted),
        cmocka_unit_test(a_file_that_others_can_write_is_not_acted_on),
        cmocka_unit_test(what_a_reload_changed_beside_probes_is_told),
    };

    return cmocka_run_group_tests(tests, scratch_make, scratch_remove);
}

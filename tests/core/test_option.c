/* tests/core/test_option.c: each type takes what it should, says what works, and echoes no
 * password. */
#include "core/option.h"

#include "tests/cmocka.h"

#include <math.h>
#include <string.h>

struct all {
    char *string, *url, *dsn, *path, *pointer, *secret;
    int64_t duration;
    int whole, word;
    double number, quantity;
    bool yes;
    enum unit unit;
    struct strlist list;
    struct strmap map;
    struct codes codes;
};

static const char *const all_words[] = { "body", "code", "worst", NULL };

static const struct option table[] = {
    { "string", OPTION_STRING, offsetof(struct all, string), "x", "" },
    { "url", OPTION_URL, offsetof(struct all, url), NULL, "" },
    { "dsn", OPTION_DSN, offsetof(struct all, dsn), NULL, "" },
    { "path", OPTION_PATH, offsetof(struct all, path), NULL, "" },
    { "pointer", OPTION_POINTER, offsetof(struct all, pointer), "/status", "" },
    { "duration", OPTION_DURATION, offsetof(struct all, duration), "10s", "", NULL, 100, 3600000 },
    { "whole", OPTION_INT, offsetof(struct all, whole), "3", "", NULL, 1, 100 },
    { "number", OPTION_NUMBER, offsetof(struct all, number), NULL, "", NULL, 0, 1 },
    { "quantity", OPTION_QUANTITY, offsetof(struct all, quantity), NULL, "" },
    { "yes", OPTION_BOOL, offsetof(struct all, yes), "true", "" },
    { "word", OPTION_ENUM, offsetof(struct all, word), "worst", "", all_words },
    { "unit", OPTION_UNIT, offsetof(struct all, unit), "ms", "" },
    { "secret", OPTION_SECRET, offsetof(struct all, secret), NULL, "" },
    { "list", OPTION_LIST, offsetof(struct all, list), NULL, "" },
    { "map", OPTION_MAP, offsetof(struct all, map), NULL, "" },
    { "codes", OPTION_CODES, offsetof(struct all, codes), "2xx", "" },
    { 0 },
};

static struct all a;

static int setup(void **state)
{
    (void)state;
    a = (struct all){ 0 };
    option_defaults(table, &a, UNIT_PERCENT);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    option_fini(table, &a);
    option_fini(table, &a); /* fine twice */
    return 0;
}

static bool set(const char *name, const char *value, struct err *err)
{
    const struct option *o = option_find(table, name);

    assert_non_null(o);
    return option_set(o, &a, value, UNIT_PERCENT, err);
}

#define TAKES(name, value) assert_true(set(name, value, NULL))
#define REFUSES(name, value, message)           \
    do {                                        \
        struct err err_ = { "" };               \
        assert_false(set(name, value, &err_));  \
        assert_string_equal(err_.msg, message); \
    } while (0)

static void defaults_fill_the_struct(void **state)
{
    (void)state;
    assert_string_equal(a.string, "x");
    assert_null(a.url);
    assert_int_equal(a.duration, 10000);
    assert_int_equal(a.whole, 3);
    assert_true(isnan(a.quantity));
    assert_true(a.yes);
    assert_int_equal(a.word, 2);
    assert_int_equal(a.unit, UNIT_MS);
    assert_true(codes_match(&a.codes, 204));
    assert_null(option_find(table, "nothing"));
}

static void scalars_are_read(void **state)
{
    (void)state;
    TAKES("duration", "1m30s");
    assert_int_equal(a.duration, 90000);
    TAKES("whole", "100");
    assert_int_equal(a.whole, 100);
    TAKES("number", "0.5");
    assert_true(a.number == 0.5);
    TAKES("quantity", "8.5%");
    assert_true(a.quantity == 8.5);
    TAKES("yes", "false");
    assert_false(a.yes);
    TAKES("word", "body");
    assert_int_equal(a.word, 0);
    TAKES("unit", "bytes");
    assert_int_equal(a.unit, UNIT_BYTES);
    TAKES("string", a.string); /* from itself */
    assert_string_equal(a.string, "x");
}

static void refusals_say_what_would_work(void **state)
{
    (void)state;
    REFUSES("duration", "soon", "'soon' is not a duration; write 500ms, 30s, 15m or 24h");
    REFUSES("duration", "50ms", "'50ms' is out of range; write a duration from 100ms to 1h");
    REFUSES("duration", "2h", "'2h' is out of range; write a duration from 100ms to 1h");
    REFUSES("whole", "0", "'0' is out of range; write a number from 1 to 100");
    REFUSES("whole", "3.5", "'3.5' is not a whole number; write 3 or 100");
    REFUSES("whole", "0x10", "'0x10' is not a whole number; write 3 or 100");
    REFUSES("whole", "99999999999999999999", "'99999999999999999999' is too large");
    REFUSES("whole", "", "'' is not a whole number");
    REFUSES("number", "2", "'2' is out of range; write a number from 0 to 1");
    REFUSES("quantity", "8", "'8' has no unit; write 5% or 0.5%");
    REFUSES("yes", "yes", "'yes' is neither true nor false");
    REFUSES("word", "wrost",
            "'wrost' is not known; did you mean 'worst'? One of: body, code or worst");
    REFUSES("word", "zzz", "'zzz' is not known; write body, code or worst");
    REFUSES("unit", "percnt",
            "'percnt' is not known; did you mean 'percent'? One of: none, count, ms, percent, "
            "bytes, per_second or seconds");
    REFUSES("pointer", "status", "'status' is not a JSON Pointer; write /status");
    REFUSES("path", "", "a path is missing");
    REFUSES("map", "x", "'x' is not a map; write names and values below it");
    assert_int_equal(a.duration, 10000); /* what was refused changed nothing */
    assert_int_equal(a.whole, 3);
    assert_int_equal(a.word, 2);
}

static void only_references_are_secrets(void **state)
{
    static const char *const literal[] = {
        "hunter2",         "hunter2:env",         "$hunter2",    "${hunter2}",
        "env:hunter2-x",   "file:hunter2",        "env:",        "file:/",
        "${env:hunter 2}", "command:cat hunter2", "env:2hunter2"
    };

    (void)state;
    TAKES("secret", "env:DB_PASSWORD");
    assert_string_equal(a.secret, "env:DB_PASSWORD");
    TAKES("secret", "${file:/etc/midwatch/pw}");
    assert_string_equal(a.secret, "file:/etc/midwatch/pw");
    TAKES("secret", "${env:_x1}");
    assert_string_equal(a.secret, "env:_x1");
    for (size_t i = 0; i < sizeof literal / sizeof *literal; i++) {
        struct err err = { "" };

        assert_false(set("secret", literal[i], &err));
        assert_true(*err.msg && !strstr(err.msg, "hunter2"));
        assert_true(strstr(err.msg, "env:NAME") || strstr(err.msg, "env:DB_PASSWORD") ||
                    strstr(err.msg, "file:/etc"));
    }
    REFUSES("secret", "command:pass show db",
            "command: is not supported yet; write env:NAME or file:/path");
    REFUSES("secret", "hunter2",
            "a secret is never written here itself; write env:NAME or file:/path");
    assert_string_equal(a.secret, "env:_x1");
}

static void addresses_are_taken(void **state)
{
    static const char *const urls[] = { "http://host",          "https://host:8443/health?x=1#y",
                                        "http://127.0.0.1:80/", "https://[::1]:8443/x",
                                        "https://user@host/x",  "http://host/a@b:c",
                                        "http://host:80/a@b",   "http://[::1]/@x" };
    static const char *const dsns[] = { "postgres://user@host:5432/db?sslmode=require",
                                        "postgresql:///db",
                                        "postgres:///db?host=/run/pg",
                                        "redis://host:6379/0",
                                        "rediss://user@host",
                                        "unix:/run/redis/redis.sock",
                                        "host=db dbname=app user=me",
                                        "host = 'a b' passfile=/x options='-c a=b password=x'" };

    (void)state;
    for (size_t i = 0; i < sizeof urls / sizeof *urls; i++)
        TAKES("url", urls[i]);
    for (size_t i = 0; i < sizeof dsns / sizeof *dsns; i++)
        TAKES("dsn", dsns[i]);
}

static void a_password_in_an_address_is_refused_and_not_repeated(void **state)
{
    static const struct {
        const char *name, *value;
    } bad[] = {
        { "url", "https://user:hunter2@host/x" },
        { "url", "https://:hunter2@host" },
        { "url", "https://user:@hunter2@host" },
        { "url", "https://user:hunter2/x@host" },
        { "url", "https://user:hunter2#x@host" },
        { "dsn", "postgres://user:hunter2@host/db" },
        { "dsn", "postgres://user@host/db?sslmode=require&password=hunter2" },
        { "dsn", "redis://:hunter2@host:6379" },
        { "dsn", "rediss://default:hunter2@host:6379/0" },
        { "dsn", "host=db password=hunter2 dbname=x" },
        { "dsn", "host=db password = 'hunter2'" },
        { "dsn", "sslpassword=hunter2" },
    };

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct err err = { "" };

        assert_false(set(bad[i].name, bad[i].value, &err));
        assert_null(strstr(err.msg, "hunter2"));
        assert_string_equal(err.msg, "a password stands in the address; write it as a reference in "
                                     "`password:`, such as env:NAME or file:/path");
    }
    assert_null(a.url);
}

static void odd_addresses_are_refused(void **state)
{
    static const struct {
        const char *name, *value, *part;
    } bad[] = {
        { "url", "ftp://host", "write http://" },
        { "url", "host/health", "write http://" },
        { "url", "", "write http://" },
        { "url", "http://", "no host" },
        { "url", "http:///x", "no host" },
        { "url", "http://:80/x", "no host" },
        { "url", "http://ho st/", "blank" },
        { "url", "http://host/\r\nX: y", "control" },
        { "url", "file:///etc/passwd", "write http" },
        { "dsn", "mysql://host/db", "scheme" },
        { "dsn", "unix:run/x", "absolute" },
        { "dsn", "localhost", "not an address" },
        { "dsn", "redis://:6379", "no host" },
        { "dsn", "host=db oops", "connection string" },
        { "dsn", "host='db", "quote" },
        { "dsn", "=x", "connection string" },
    };

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct err err = { "" };

        assert_false(set(bad[i].name, bad[i].value, &err));
        assert_non_null(strstr(err.msg, bad[i].part));
    }
}

static void codes_are_ranges(void **state)
{
    struct err err;
    const struct option *o = option_find(table, "codes");

    (void)state;
    TAKES("codes", "200");
    assert_true(codes_match(&a.codes, 200) && !codes_match(&a.codes, 201));
    TAKES("codes", "2xx, 301,400-404");
    assert_true(codes_match(&a.codes, 299) && codes_match(&a.codes, 301) &&
                codes_match(&a.codes, 404) && !codes_match(&a.codes, 405) &&
                !codes_match(&a.codes, 300));
    a.codes.n = 0;
    assert_true(option_list_add(o, &a, "200", NULL) && option_list_add(o, &a, "5xx", NULL));
    assert_true(codes_match(&a.codes, 200) && codes_match(&a.codes, 503));
    REFUSES("codes", "20", "'20' is no HTTP code; write 200, 2xx or 200-299");
    REFUSES("codes", "299-200", "'299-200' is no HTTP code; write 200, 2xx or 200-299");
    REFUSES("codes", "200,,201", "'' is no HTTP code; write 200, 2xx or 200-299");
    REFUSES("codes", "6xx", "'6xx' is no HTTP code; write 200, 2xx or 200-299");
    REFUSES("codes", "2x0", "'2x0' is no HTTP code; write 200, 2xx or 200-299");
    assert_false(set("codes", "200,201,202,203,204,205,206,207,208", &err));
    assert_non_null(strstr(err.msg, "too many codes"));
    assert_true(codes_match(&a.codes, 503)); /* the old ones stay */
}

static void lists_and_maps_grow(void **state)
{
    const struct option *list = option_find(table, "list"), *map = option_find(table, "map");
    struct err err;

    (void)state;
    TAKES("list", "one");
    assert_true(option_list_add(list, &a, "two", NULL));
    assert_int_equal(a.list.n, 2);
    assert_string_equal(a.list.items[1], "two");
    TAKES("list", "three"); /* a scalar replaces */
    assert_int_equal(a.list.n, 1);
    assert_true(option_map_add(map, &a, "k", "v", NULL));
    assert_true(option_map_add(map, &a, "l", "w", NULL));
    assert_false(option_map_add(map, &a, "k", "x", &err));
    assert_string_equal(err.msg, "'k' stands here twice");
    assert_string_equal(a.map.values[1], "w");
    assert_false(option_list_add(map, &a, "x", &err));
    assert_false(option_map_add(list, &a, "x", "y", &err));
    assert_false(option_list_add(option_find(table, "whole"), &a, "3", &err));
    assert_string_equal(err.msg, "a list stands here; write a whole number");
}

static void every_type_has_words(void **state)
{
    (void)state;
    for (int t = OPTION_STRING; t <= OPTION_CODES; t++)
        assert_true(strlen(option_type_words((enum option_type)t)) > 3);
    assert_string_equal(option_type_words(OPTION_DURATION), "a duration such as 30s");
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(defaults_fill_the_struct),     T(scalars_are_read),
        T(refusals_say_what_would_work), T(only_references_are_secrets),
        T(addresses_are_taken),          T(a_password_in_an_address_is_refused_and_not_repeated),
        T(odd_addresses_are_refused),    T(codes_are_ranges),
        T(lists_and_maps_grow),          T(every_type_has_words),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

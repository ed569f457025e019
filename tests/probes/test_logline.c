/* tests/probes/test_logline.c: lines of JSON and what is none, fields by their path, times in all
 * their forms, patterns. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/cmocka.h"

#include "core/alloc.h"
#include "core/json.h"
#include "probes/logfilter.h"
#include "probes/logline.h"
#include "probes/logtime.h"

/* A copy with what logline_read() asks for behind it, and nothing more: a sanitizer sees the rest.
 */
static char *line_copy(const char *line, size_t len)
{
    char *copy = xcalloc(1, len + LOGLINE_SLACK);

    memcpy(copy, line, len);
    copy[len] = '\n';
    return copy;
}

static bool reads(const char *line, size_t len)
{
    struct logpaths *p = logpaths_new();
    struct logfield fields[4];
    char *copy = line_copy(line, len);
    bool ok;

    logpaths_add(p, "a");
    logpaths_add(p, "b.c");
    ok = logline_read(p, copy, len, fields);
    free(copy);
    logpaths_free(p);
    return ok;
}

static void only_objects_of_json_are_lines(void **state)
{
    static const char *const good[] = {
        "{}",
        " { } ",
        "{\"a\":1}\r",
        "{\"a\" : [ 1 , -2.5e+3 , 0 , 0.5E-1 , true , false , null , {} , [] ] , \"\" : \"\" }",
        "{\"a\":\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u00e9\\ud83d\\ude00\"}",
        "{\"a\":\"caf\xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80 seven bytes more\"}",
        "{\"a\":\"\\u0000\\ud800\"}", /* a logger prints what it got */
        "{\"a\":1,\"a\":2}",
    };
    static const char *const bad[] = {
        "",
        " ",
        "x",
        "1",
        "[1]",
        "\"a\"",
        "null",
        "{",
        "}",
        "{]",
        "{}}",
        "{} {}",
        "{\"a\"}",
        "{\"a\":}",
        "{\"a\":1,}",
        "{,\"a\":1}",
        "{\"a\":1 \"b\":2}",
        "{a:1}",
        "{'a':1}",
        "{\"a\":01}",
        "{\"a\":-}",
        "{\"a\":+1}",
        "{\"a\":1.}",
        "{\"a\":.5}",
        "{\"a\":1e}",
        "{\"a\":0x10}",
        "{\"a\":NaN}",
        "{\"a\":tru}",
        "{\"a\":nulll}",
        "{\"a\":[1,]}",
        "{\"a\":[1}",
        "{\"a\":[1 2]}",
        "{\"a\":\"x}",
        "{\"a\":\"\\x\"}",
        "{\"a\":\"\\u12g4\"}",
        "{\"a\":\"\\",
        "{\"a\":\"\x01\"}",
        "{\"a\":\"tab\there\"}",
        "{\"a\":\"\xff\"}",
        "{\"a\":\"\xc3\"}",
        "{\"a\":\"\xed\xa0\x80\"}",
        "{\"a\":1}garbage",
        "Error: connect ECONNREFUSED",
        "    at TCPConnectWrap.afterConnect [as oncomplete] (net.js:1141:16)",
    };

    (void)state;
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++)
        if (!reads(good[i], strlen(good[i])))
            fail_msg("refused: %s", good[i]);
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        if (reads(bad[i], strlen(bad[i])))
            fail_msg("taken: %s", bad[i]);
    assert_false(reads("{\"a\":\0}", 7));
    assert_false(reads("{\"a\":\"\0\"}", 9));
}

/* Each prefix of a line is none: no byte behind its end is taken for one of it. */
static void no_beginning_of_a_line_is_one(void **state)
{
    const char *line = "{\"a\":[true,false,null,{\"b\":\"\\u00e9\xc3\xa9\"}],\"b\":{\"c\":-1.5e3}}";

    (void)state;
    for (size_t n = 0; n < strlen(line); n++)
        assert_false(reads(line, n));
    assert_true(reads(line, strlen(line)));
}

static void depth_is_bounded(void **state)
{
    char line[4 * LOGLINE_DEPTH];

    (void)state;
    for (int depth = LOGLINE_DEPTH - 2; depth <= LOGLINE_DEPTH; depth++) {
        size_t n = 0;

        n += (size_t)snprintf(line, sizeof line, "{\"a\":");
        for (int i = 1; i < depth; i++)
            line[n++] = '[';
        for (int i = 1; i < depth; i++)
            line[n++] = ']';
        line[n++] = '}';
        assert_int_equal(reads(line, n), depth < LOGLINE_DEPTH);
    }
}

/* "name=kind:text " of each field. */
static const char *fields_of(const char *line, const char *const *names)
{
    static char out[1024];
    static const char *const kinds[] = { "-", "null", "false", "true", "number", "string", "in" };
    struct logpaths *p = logpaths_new();
    struct logfield fields[8];
    char *copy = line_copy(line, strlen(line)), room[64];
    size_t n = 0, len;

    for (size_t i = 0; names[i]; i++)
        assert_int_equal(logpaths_add(p, names[i]), i);
    assert_true(logline_read(p, copy, strlen(line), fields));
    out[0] = '\0';
    for (size_t i = 0; names[i]; i++) {
        const char *text = logfield_text(&fields[i], room, sizeof room, &len);

        n += (size_t)snprintf(out + n, sizeof out - n, "%s%s:%.*s", i ? " " : "",
                              kinds[fields[i].kind], text ? (int)len : 0, text ? text : "");
    }
    free(copy);
    logpaths_free(p);
    return out;
}

#define NAMES(...) ((const char *const[]){ __VA_ARGS__, NULL })

static void fields_are_found_by_their_path(void **state)
{
    (void)state;
    assert_string_equal(
        fields_of(
            "{\"level\":50,\"res\":{\"statusCode\":502,\"x\":{\"statusCode\":1}},\"ok\":true}",
            NAMES("level", "res.statusCode", "res", "ok", "statusCode", "res.x.y")),
        "number:50 number:502 in: true:true -: -:");
    /* a name with a dot, and the same as a path */
    assert_string_equal(fields_of("{\"http.status\":404,\"http\":{\"status\":200,\"a/b\":1}}",
                                  NAMES("/http.status", "http.status", "/http/a~1b")),
                        "number:404 number:200 number:1");
    assert_string_equal(fields_of("{\"a\":[{\"b\":1},{\"b\":2}],\"l\":[7,8]}",
                                  NAMES("a.1.b", "l.0", "/l/1", "l.2")),
                        "number:2 number:7 number:8 -:");
    assert_string_equal(fields_of("{\"le\\u0076el\":\"err\\u006fr \\\"x\\\"\",\"~/\":null}",
                                  NAMES("level", "/~0~1")),
                        "string:error \"x\" null:null");
}

/* pino writes a name twice when a child logger binds it again; JSON.parse takes the last. */
static void of_two_members_the_last_counts(void **state)
{
    (void)state;
    assert_string_equal(fields_of("{\"a\":1,\"a\":\"x\",\"b\":{\"c\":1,\"d\":2},\"b\":{\"d\":3}}",
                                  NAMES("a", "b.c", "b.d")),
                        "string:x -: number:3");
}

static void texts_are_cut_at_a_character(void **state)
{
    struct logfield plain = { FIELD_STRING, false, 9, "1234567\xc3\xa9" };
    struct logfield escaped = { FIELD_STRING, true, 14, "123456\\u00e9\\n" };
    char room[8];
    size_t len;

    (void)state;
    assert_non_null(logfield_text(&plain, room, sizeof room, &len));
    assert_int_equal(len, 7);
    assert_memory_equal(logfield_text(&escaped, room, sizeof room, &len), "12345", 5);
    assert_int_equal(len, 5);
}

static void names_are_checked(void **state)
{
    struct err err;

    (void)state;
    assert_true(logpaths_valid("a.b.c", &err));
    assert_true(logpaths_valid("/a~1b/0", &err));
    assert_false(logpaths_valid("", &err));
    assert_false(logpaths_valid("a..b", &err));
    assert_non_null(strstr(err.msg, "empty part"));
    assert_false(logpaths_valid("/a~2", &err));
    assert_false(logpaths_valid("a.b.c.d.e.f.g.h.i", &err));
    assert_non_null(strstr(err.msg, "more than 8 parts"));
}

static void fields_are_bounded(void **state)
{
    struct logpaths *p = logpaths_new();
    char name[16];

    (void)state;
    for (int i = 0; i < LOGLINE_FIELDS; i++) {
        snprintf(name, sizeof name, "f%d", i);
        assert_int_equal(logpaths_add(p, name), i);
    }
    assert_int_equal(logpaths_add(p, "one.more"), -1);
    assert_int_equal(logpaths_add(p, "f3"), 3);
    logpaths_free(p);
}

/* ---- times ---- */

static void times_are_read_in_every_form(void **state)
{
    static const struct {
        const char *text;
        int64_t ms; /* 0 = none */
    } times[] = {
        { "\"2025-10-22T10:30:00Z\"", 1761129000000 },
        { "\"2025-10-22T10:30:00.123Z\"", 1761129000123 },
        { "\"2025-10-22T10:30:00.123456789Z\"", 1761129000123 },
        { "\"2025-10-22T12:30:00+02:00\"", 1761129000000 },
        { "\"2025-10-22T05:00:00.5-0530\"", 1761129000500 },
        { "\"2025-10-22t10:30:00z\"", 1761129000000 },
        { "\"2025-10-22 10:30:00,123\"", 1761129000123 },
        { "\"2025-10-22 10:30:00\"", 1761129000000 },
        { "\"2024-02-29T00:00:00Z\"", 1709164800000 },
        { "\"2016-12-31T23:59:60Z\"", 1483228800000 },
        { "\"1970-01-01T00:00:00Z\"", 0 },
        { "1761129000", 1761129000000 },
        { "1761129000.123", 1761129000123 },
        { "1761129000123", 1761129000123 },
        { "1761129000123456", 1761129000123 },
        { "1761129000123456789", 1761129000123 },
        { "\"1761129000\"", 1761129000000 },
        { "\"yesterday\"", 0 },
        { "\"2025-13-22T10:30:00Z\"", 0 },
        { "\"2025-10-22T10:30:00.Z\"", 0 },
        { "\"2025-10-22T10:30:00 CET\"", 0 },
        { "\"2025-10-22T25:30:00Z\"", 0 },
        { "\"10:30:00\"", 0 },
        { "12", 0 },
        { "-5", 0 },
        { "1e30", 0 },
        { "true", 0 },
        { "null", 0 },
        { "{}", 0 },
    };

    (void)state;
    for (size_t i = 0; i < sizeof times / sizeof times[0]; i++) {
        struct logpaths *p = logpaths_new();
        struct logfield field;
        char line[64], *copy;
        int64_t ms = 0;

        snprintf(line, sizeof line, "{\"t\":%s}", times[i].text);
        copy = line_copy(line, strlen(line));
        logpaths_add(p, "t");
        assert_true(logline_read(p, copy, strlen(line), &field));
        if (!logtime_read(&field, &ms))
            ms = 0;
        if (ms != times[i].ms)
            fail_msg("%s: %lld, not %lld", times[i].text, (long long)ms, (long long)times[i].ms);
        free(copy);
        logpaths_free(p);
    }
}

/* ---- patterns ---- */

static bool matches(const char *field, const char *pattern, const char *line)
{
    char *key = xstrdup(field), *value = xstrdup(pattern), *copy = line_copy(line, strlen(line));
    struct strmap where = { &key, &value, 1 };
    struct logpaths *p = logpaths_new();
    struct logfilter *f;
    struct logfield fields[2];
    struct err err = { "" };
    bool ok;

    if (!logfilter_check("where", &where, &err))
        fail_msg("%s", err.msg);
    f = logfilter_new(&where, p);
    assert_true(logline_read(p, copy, strlen(line), fields));
    ok = logfilter_match(f, fields);
    logfilter_free(f);
    logpaths_free(p);
    free(key);
    free(value);
    free(copy);
    return ok;
}

static void patterns_match(void **state)
{
    static const struct {
        const char *pattern, *value; /* value as JSON; NULL = the field is not there */
        bool match;
    } rows[] = {
        { "error", "\"error\"", true },
        { "error", "\"ERROR\"", false },
        { "error", "\"error \"", false },
        { "error", NULL, false },
        { "50", "50", true },
        { "50", "50.0", true },
        { "50", "\"50\"", true },
        { "50", "500", false },
        { "true", "true", true },
        { "true", "\"true\"", true },
        { "true", "1", false },
        { "400-499", "400", true },
        { "400-499", "499", true },
        { "400-499", "399.9", false },
        { "400-499", "\"404\"", true },
        { "400-499", "\"4xx\"", false },
        { "400-499", NULL, false },
        { "-5--1", "-3", true },
        { ">=500", "500", true },
        { ">500", "500", false },
        { ">500", "500.001", true },
        { "<0.5", "0.5", false },
        { "<=0.5", "0.5", true },
        { "<5", "-7", true },
        { "/api/*", "\"/api/v1\"", true },
        { "/api/*", "\"/ap\"", false },
        { "4*", "404", true },
        { "*", "\"\"", true },
        { "*", "{}", true },
        { "*", "null", false },
        { "*", NULL, false },
        { "!*", NULL, true },
        { "!*", "1", false },
        { "error|fatal|50-60", "\"fatal\"", true },
        { "error|fatal|50-60", "55", true },
        { "error|fatal|50-60", "61", false },
        { "!info|debug", "\"error\"", true },
        { "!info|debug", "\"debug\"", false },
        { "!200-299", NULL, true },
        { "=a|b*", "\"a|b*\"", true },
        { "=a|b*", "\"a\"", false },
        { "=!x", "\"!x\"", true },
        { "=", "\"\"", true },
        { "=", "\"x\"", false },
        { "caf\xc3\xa9", "\"caf\\u00e9\"", true },
        { "2025-10-22", "\"2025-10-22\"", true }, /* no range of two numbers */
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char line[128];

        if (rows[i].value)
            snprintf(line, sizeof line, "{\"f\":%s}", rows[i].value);
        else
            snprintf(line, sizeof line, "{\"g\":1}");
        if (matches("f", rows[i].pattern, line) != rows[i].match)
            fail_msg("%s on %s", rows[i].pattern, line);
    }
}

static void patterns_are_checked(void **state)
{
    static const struct {
        const char *key, *value, *why;
    } rows[] = {
        { "a..b", "x", "where: a..b: 'a..b' has an empty part" },
        { "a", "", "where: a: a pattern is empty" },
        { "a", "x||y", "where: a: a pattern is empty" },
        { "a", "!", "where: a: a pattern is empty" },
        { "a", "499-400", "where: a: '499-400' ends before it begins" },
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char *key = xstrdup(rows[i].key), *value = xstrdup(rows[i].value);
        struct strmap where = { &key, &value, 1 };
        struct err err = { "" };

        assert_false(logfilter_check("where", &where, &err));
        if (!strstr(err.msg, rows[i].why))
            fail_msg("'%s', not '%s'", err.msg, rows[i].why);
        free(key);
        free(value);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_objects_of_json_are_lines),
        cmocka_unit_test(no_beginning_of_a_line_is_one),
        cmocka_unit_test(depth_is_bounded),
        cmocka_unit_test(fields_are_found_by_their_path),
        cmocka_unit_test(of_two_members_the_last_counts),
        cmocka_unit_test(texts_are_cut_at_a_character),
        cmocka_unit_test(names_are_checked),
        cmocka_unit_test(fields_are_bounded),
        cmocka_unit_test(times_are_read_in_every_form),
        cmocka_unit_test(patterns_match),
        cmocka_unit_test(patterns_are_checked),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

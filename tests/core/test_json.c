/* tests/core/test_json.c: only strict JSON is read, within its bounds, and what is written reads
 * back. */
#include "core/json.h"

#include "tests/cmocka.h"
#include "tests/patience.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define REFUSED(in, message)                                      \
    do {                                                          \
        struct err err_ = { "" };                                 \
        assert_null(json_parse(in, sizeof(in) - 1, 0, 0, &err_)); \
        assert_string_equal(err_.msg, message);                   \
    } while (0)

#define TAKEN(in)                                                     \
    do {                                                              \
        struct json *v_ = json_parse(in, sizeof(in) - 1, 0, 0, NULL); \
        assert_non_null(v_);                                          \
        json_free(v_);                                                \
    } while (0)

static void odd_input_is_refused_with_its_place(void **state)
{
    (void)state;
    REFUSED("", "offset 0: the end came too early");
    REFUSED("  ", "offset 2: the end came too early");
    REFUSED("{}garbage", "offset 2: something follows the value");
    REFUSED("{\"a\":1,\"b\":2,\"a\":3}", "offset 13: duplicate key 'a'");
    REFUSED("{\"x\":{\"status\":1,\"st\\u0061tus\":2}}", "offset 17: duplicate key 'st\\u0061tus'");
    REFUSED("{\"a\":\"b\\u0000c\"}", "offset 7: \\u0000 is not taken");
    REFUSED("{\"\\u0000\":1}", "offset 2: \\u0000 is not taken");
    REFUSED("01", "offset 0: a number with a leading zero");
    REFUSED("[-01]", "offset 1: a number with a leading zero");
    REFUSED("0x10", "offset 1: something follows the value");
    REFUSED("NaN", "offset 0: a value was expected");
    REFUSED("[Infinity]", "offset 1: a value was expected");
    REFUSED("1e999", "offset 0: a number beyond the range");
    REFUSED("-1e999", "offset 0: a number beyond the range");
    REFUSED("1.8e308", "offset 0: a number beyond the range");
    REFUSED("1.", "offset 0: a number without digits behind its point");
    REFUSED("1e+", "offset 0: a number without digits in its exponent");
    REFUSED("\"a\x1b[31m\"", "offset 2: raw control character in a string");
    REFUSED("\"a\n\"", "offset 2: raw control character in a string");
    REFUSED("\"\xff\"", "offset 1: invalid UTF-8");
    REFUSED("\"\xc0\xaf\"", "offset 1: invalid UTF-8");
    REFUSED("\"\xed\xa0\x80\"", "offset 1: invalid UTF-8");
    REFUSED("\"\xe6\xbc\"", "offset 1: invalid UTF-8");
    REFUSED("\"\\ud800\"", "offset 1: lone surrogate");
    REFUSED("\"\\udc00\"", "offset 1: lone surrogate");
    REFUSED("\"\\ud800\\u0041\"", "offset 1: lone surrogate");
    REFUSED("\"\\x41\"", "offset 1: unknown escape");
    REFUSED("\"abc", "offset 4: a string is not closed");
    REFUSED("\"abc\\", "offset 4: unknown escape");
    REFUSED("[1,]", "offset 3: a value was expected");
    REFUSED("[1 2]", "offset 3: a comma or ] was expected");
    REFUSED("{\"a\":1,}", "offset 7: a key in quotes was expected");
    REFUSED("{\"a\" 1}", "offset 5: a colon was expected");
    REFUSED("{\"a\":1 \"b\":2}", "offset 7: a comma or } was expected");
    REFUSED("{'a':1}", "offset 1: a key in quotes was expected");
    REFUSED("[1}", "offset 2: a comma or ] was expected");
    REFUSED("[", "offset 1: the end came too early");
    REFUSED("\xef\xbb\xbf{}", "offset 0: a value was expected");
    REFUSED("nul", "offset 0: a value was expected");
    REFUSED("{}\0", "offset 2: something follows the value");
}

static void values_are_read(void **state)
{
    static const char in[] =
        "{\"s\":\"a\\u00e9\\ud83d\\ude00\\n\",\"n\":-1.5e3,\"b\":true,\"z\":null,"
        "\"a\":[1,[2],{}],\"Status\":\"x\",\"status\":\"y\"}";
    struct json *v = json_parse(in, sizeof in - 1, 0, 0, NULL);
    double n;
    bool b;

    (void)state;
    assert_non_null(v);
    assert_string_equal(json_string(json_get(v, "s")), "a\xc3\xa9\xf0\x9f\x98\x80\n");
    assert_true(json_number(json_get(v, "n"), &n) && n == -1500);
    assert_true(json_bool(json_get(v, "b"), &b) && b);
    assert_true(json_is(json_get(v, "z"), JSON_NULL));
    assert_false(json_is(json_get(v, "zz"), JSON_NULL));
    assert_int_equal(json_kind(json_get(v, "zz")), JSON_NULL);
    assert_int_equal(json_count(json_get(v, "a")), 3);
    assert_int_equal(json_count(v), 7);
    assert_string_equal(json_string(json_get(v, "status")), "y"); /* the case counts */
    assert_string_equal(json_key(json_first(v)), "s");
    assert_string_equal(json_key(json_next(json_first(v))), "n");
    assert_null(json_get(json_get(v, "a"), "s"));
    assert_null(json_string(json_get(v, "n")));
    assert_false(json_number(json_get(v, "s"), &n));
    assert_false(json_bool(json_get(v, "n"), &b));
    json_free(v);
    json_free(NULL);
}

static void numbers_at_the_edges_are_right(void **state)
{
    static const struct {
        const char *s;
        double v;
    } some[] = {
        { "1.7976931348623157e308", 1.7976931348623157e308 },
        { "0e999", 0 },
        { "-0", 0 },
        { "0.000e99999", 0 },
        { "1e-9999", 0 },
        { "0.0001e312", 1e308 },
        { "9223372036854775808", 9223372036854775808.0 },
        { "-0.000000000000000000000000000000000000000000000000000000000000000000000000000001",
          -1e-78 },
        { "1000000000000000000000000000000000000000000000000000000000000000000000000000", 1e75 },
    };

    (void)state;
    for (size_t i = 0; i < sizeof some / sizeof *some; i++) {
        struct json *v = json_parse(some[i].s, strlen(some[i].s), 0, 0, NULL);
        double n;

        assert_true(json_number(v, &n));
        assert_true(n == some[i].v);
        json_free(v);
    }
}

static void long_numbers_disturb_nothing_else(void **state)
{
    static const char in[] =
        "{\"k \\\" 1\":\"-000000000000000000000000000000000000000000000000000000"
        "00000000000000000\",\"n\":[1.0000000000000000000000000000000000000000"
        "00000000000000000000000000000000000000000000,7]}";
    struct json *v = json_parse(in, sizeof in - 1, 0, 0, NULL);
    double n;

    (void)state;
    assert_non_null(v);
    assert_int_equal(strlen(json_string(json_get(v, "k \" 1"))), 72);
    assert_true(json_number(json_pointer(v, "/n/0"), &n) && n == 1);
    assert_true(json_number(json_pointer(v, "/n/1"), &n) && n == 7);
    json_free(v);
}

/* The short way through an exact product gives what the long way gives. */
static void decimals_are_rounded_as_strtod_rounds(void **state)
{
    uint64_t seed = 88172645463325252u;

    (void)state;
    for (int i = 0; i < 200000; i++) {
        char in[64];
        double n;
        struct json *v;
        int digits;

        seed ^= seed << 13;
        seed ^= seed >> 7;
        seed ^= seed << 17;
        digits = (int)(seed % 20);
        snprintf(in, sizeof in, "%s%llu.%0*lluE%d", seed & 64 ? "-" : "",
                 (unsigned long long)(seed >> (seed % 61)), digits + 1,
                 (unsigned long long)(seed >> 20) % 1000, (int)(seed >> 32 & 63) - 32);
        v = json_parse(in, strlen(in), 0, 0, NULL);
        assert_true(json_number(v, &n));
        assert_true(n == strtod(in, NULL));
        json_free(v);
    }
}

static void names_are_found_in_any_case(void **state)
{
    static const char in[] = "{\"a\":1,\"STATUS\":2,\"\":3,\"Status\":4,\"in\":{\"status\":5}}";
    struct json *v = json_parse(in, sizeof in - 1, 0, 0, NULL);
    const struct json *m;
    double n;

    (void)state;
    m = json_find(v, "status", NULL);
    assert_string_equal(json_key(m), "STATUS");
    m = json_find(v, "status", m);
    assert_string_equal(json_key(m), "Status");
    assert_null(json_find(v, "status", m));
    assert_true(json_number(json_find(v, "", NULL), &n) && n == 3);
    assert_true(json_number(json_find(json_get(v, "in"), "Status", NULL), &n) && n == 5);
    assert_null(json_get(v, "status"));
    assert_null(json_find(v, "b", NULL));
    assert_null(json_find(json_get(v, "a"), "a", NULL));
    assert_null(json_find(NULL, "a", NULL));
    json_free(v);
}

static void a_ten_thousand_digit_number_is_refused(void **state)
{
    char in[10001];
    struct err err;

    (void)state;
    memset(in, '9', sizeof in);
    assert_null(json_parse(in, sizeof in, 0, 0, &err));
    assert_string_equal(err.msg, "offset 0: a number beyond the range");
}

static void depth_and_nodes_are_bounded(void **state)
{
    char deep[200000];
    struct err err;
    struct json *v;

    (void)state;
    memset(deep, '[', 100000);
    memset(deep + 100000, ']', 100000);
    assert_null(json_parse(deep, sizeof deep, 0, 0, &err));
    assert_string_equal(err.msg, "offset 32: nested deeper than 32");
    v = json_parse(deep + 100000 - 32, 64, 0, 0, NULL);
    assert_non_null(v);
    json_free(v);
    v = json_parse(deep + 100000 - 64, 128, 1000, 0, NULL); /* never beyond what the scan holds */
    assert_non_null(v);
    json_free(v);
    assert_null(json_parse(deep + 100000 - 65, 130, 1000, 0, &err));
    assert_string_equal(err.msg, "offset 64: nested deeper than 64");
    assert_null(json_parse("[1,2,3]", 7, 0, 3, &err));
    assert_string_equal(err.msg, "offset 5: more than 3 values");
    TAKEN("[1,2]");
}

static void ten_megabytes_of_zeros_are_refused_at_once(void **state)
{
    size_t len = 10000000;
    char *in = malloc(len);
    struct timespec a, b;
    struct err err;
    double ms;

    (void)state;
    in[0] = '[';
    for (size_t i = 1; i < len; i++)
        in[i] = i % 2 ? '0' : ',';
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &a);
    assert_null(json_parse(in, len, 0, 0, &err));
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &b);
    ms = (double)(b.tv_sec - a.tv_sec) * 1e3 + (double)(b.tv_nsec - a.tv_nsec) / 1e6;
    print_message("refused in %.2f ms\n", ms);
    assert_string_equal(err.msg, "offset 199999: more than 100000 values"); /* [ counts too */
    assert_true(ms < (double)patience_times(50));                           /* to reach: 10 ms */
    free(in);
}

/* 30,000 keys of one object, then one of them again: found, and in linear time. */
static void duplicates_are_found_among_many(void **state)
{
    struct buf b = { 0 };
    struct err err;
    struct json *v;

    (void)state;
    buf_addc(&b, '{');
    for (int i = 0; i < 30000; i++)
        buf_addf(&b, "\"key%d\":%d,", i, i);
    buf_adds(&b, "\"last\":{\"key5\":1}}");
    v = json_parse(b.bytes, b.len, 0, 0, NULL); /* the same key in another object is fine */
    assert_non_null(v);
    json_free(v);
    b.bytes[b.len - 1] = ',';
    buf_adds(&b, "\"key17\":0}");
    assert_null(json_parse(b.bytes, b.len, 0, 0, &err));
    assert_non_null(strstr(err.msg, "duplicate key 'key17'"));
    buf_fini(&b);
}

static void pointers_follow_rfc_6901(void **state)
{
    static const char in[] =
        "{\"foo\":[\"bar\",\"baz\"],\"\":0,\"a/b\":1,\"c%d\":2,\"e^f\":3,\"g|h\":4,"
        "\"i\\\\j\":5,\"k\\\"l\":6,\" \":7,\"m~n\":8,\"~1\":9}";
    static const struct {
        const char *pointer;
        double v;
    } numbers[] = { { "/", 0 },     { "/a~1b", 1 }, { "/c%d", 2 }, { "/e^f", 3 },  { "/g|h", 4 },
                    { "/i\\j", 5 }, { "/k\"l", 6 }, { "/ ", 7 },   { "/m~0n", 8 }, { "/~01", 9 } };
    struct json *v = json_parse(in, sizeof in - 1, 0, 0, NULL);
    struct err err;
    double n;

    (void)state;
    assert_ptr_equal(json_pointer(v, ""), v);
    assert_string_equal(json_string(json_pointer(v, "/foo/0")), "bar");
    assert_string_equal(json_string(json_pointer(v, "/foo/1")), "baz");
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
        assert_true(json_number(json_pointer(v, numbers[i].pointer), &n) && n == numbers[i].v);
    assert_null(json_pointer(v, "/foo/2"));
    assert_null(json_pointer(v, "/foo/-"));
    assert_null(json_pointer(v, "/foo/00"));
    assert_null(json_pointer(v, "/foo/01"));
    assert_null(json_pointer(v, "/foo/0/x"));
    assert_null(json_pointer(v, "/nothing"));
    assert_null(json_pointer(v, "foo"));
    assert_null(json_pointer(v, "/a~2b"));
    assert_false(json_pointer_valid("status", &err));
    assert_string_equal(err.msg, "'status' is not a JSON Pointer; write /status");
    assert_false(json_pointer_valid("/a~", &err));
    assert_non_null(strstr(err.msg, "write ~0 for a tilde"));
    assert_true(json_pointer_valid("/a~0/b", NULL));
    json_free(v);
}

static void the_writer_separates_and_escapes(void **state)
{
    struct buf b = { 0 };
    struct jsonw w;

    (void)state;
    jsonw_begin(&w, &b, false);
    jsonw_object(&w);
    jsonw_key(&w, "a\"");
    jsonw_array(&w);
    jsonw_int(&w, -5);
    jsonw_number(&w, 0.1);
    jsonw_number(&w, NAN);
    jsonw_number(&w, INFINITY);
    jsonw_bool(&w, false);
    jsonw_string(&w, NULL);
    jsonw_array(&w);
    jsonw_end(&w, ']');
    jsonw_end(&w, ']');
    jsonw_key(&w, "s");
    jsonw_string(&w, "\\\n\x1b\x7f\xc2\x9b\xff\xc3\xa9");
    jsonw_end(&w, '}');
    assert_string_equal(buf_str(&b), "{\"a\\\"\":[-5,0.1,null,null,false,null,[]],"
                                     "\"s\":\"\\\\\\n\\u001b\\u007f\\u009b\xef\xbf\xbd\xc3\xa9\"}");
    TAKEN("[]");
    buf_clear(&b);
    jsonw_begin(&w, &b, true);
    jsonw_object(&w);
    jsonw_key(&w, "a");
    jsonw_int(&w, 1);
    jsonw_key(&w, "b");
    jsonw_array(&w);
    jsonw_null(&w);
    jsonw_end(&w, ']');
    jsonw_key(&w, "c");
    jsonw_object(&w);
    jsonw_end(&w, '}');
    jsonw_end(&w, '}');
    assert_string_equal(buf_str(&b),
                        "{\n  \"a\": 1,\n  \"b\": [\n    null\n  ],\n  \"c\": {}\n}\n");
    buf_fini(&b);
}

static void numbers_written_read_back_the_same(void **state)
{
    static const double some[] = { 0.1,
                                   1.0 / 3,
                                   1e21,
                                   5e-324,
                                   1.7976931348623157e308,
                                   -0.0,
                                   41.2,
                                   123456789012345680.0,
                                   2.2250738585072014e-308 };

    (void)state;
    for (size_t i = 0; i < sizeof some / sizeof *some; i++) {
        struct buf b = { 0 };
        struct jsonw w;
        struct json *v;
        double n;

        jsonw_begin(&w, &b, false);
        jsonw_number(&w, some[i]);
        v = json_parse(b.bytes, b.len, 0, 0, NULL);
        assert_true(json_number(v, &n));
        assert_memory_equal(&n, &some[i], sizeof n);
        json_free(v);
        buf_fini(&b);
    }
}

/* Small changes of a good reply: refused or read, never a crash (the sanitizers watch). */
static void mutations_are_refused_or_read(void **state)
{
    static const char good[] =
        "{\"status\":\"UP\",\"components\":{\"db\":{\"status\":\"UP\",\"details\":{\"n\":1.5e3}}}}";
    uint32_t seed = 7;
    int refused = 0;

    (void)state;
    for (int round = 0; round < 5000; round++) {
        char in[sizeof good];
        struct json *v;
        struct err err = { "" };

        memcpy(in, good, sizeof good);
        for (int k = 0; k <= round % 3; k++) {
            seed = seed * 1664525u + 1013904223u;
            in[(seed >> 8) % (sizeof good - 1)] = (char)(seed >> 24);
        }
        v = json_parse(in, sizeof good - 1, 0, 0, &err);
        assert_true(v ? !*err.msg : strncmp(err.msg, "offset ", 7) == 0);
        refused += !v;
        json_free(v);
    }
    assert_true(refused > 2500);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(odd_input_is_refused_with_its_place),
        cmocka_unit_test(values_are_read),
        cmocka_unit_test(numbers_at_the_edges_are_right),
        cmocka_unit_test(long_numbers_disturb_nothing_else),
        cmocka_unit_test(decimals_are_rounded_as_strtod_rounds),
        cmocka_unit_test(names_are_found_in_any_case),
        cmocka_unit_test(a_ten_thousand_digit_number_is_refused),
        cmocka_unit_test(depth_and_nodes_are_bounded),
        cmocka_unit_test(ten_megabytes_of_zeros_are_refused_at_once),
        cmocka_unit_test(duplicates_are_found_among_many),
        cmocka_unit_test(pointers_follow_rfc_6901),
        cmocka_unit_test(the_writer_separates_and_escapes),
        cmocka_unit_test(numbers_written_read_back_the_same),
        cmocka_unit_test(mutations_are_refused_or_read),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

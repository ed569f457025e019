/* tests/probes/test_headers.c: headers of a reply, one by one. */
#include "tests/cmocka.h"

#include "tests/probes/probe_case.h"

#define GOOD                                                   \
    "Strict-Transport-Security: max-age=31536000; preload\r\n" \
    "X-Frame-Options: SAMEORIGIN\r\nServer: nginx\r\n"

static void each_wanted_header_is_a_component(void **state)
{
    static const struct {
        const char *headers;
        double wrong;
        const char *reason, *components;
    } rows[] = {
        { GOOD, 0, "4 headers as wanted",
          "Strict-Transport-Security=up X-Frame-Options=up Server=up X-Powered-By=up" },
        { "Strict-Transport-Security: max-age=300\r\nX-Frame-Options: SAMEORIGIN\r\n"
          "Server: nginx\r\n",
          1, "Strict-Transport-Security holds for 5m, less than 365d",
          "Strict-Transport-Security=degraded X-Frame-Options=up Server=up X-Powered-By=up" },
        { "Strict-Transport-Security: includeSubDomains; MAX-AGE=\"31536000\"\r\n"
          "x-frame-options:SAMEORIGIN\r\nServer: nginx\r\n",
          0, NULL, NULL },
        { "Strict-Transport-Security: max-age=1y\r\nX-Frame-Options: SAMEORIGIN\r\n"
          "Server: nginx\r\n",
          1, "Strict-Transport-Security has no max-age: 'max-age=1y'", NULL },
        { "", 3, "3 of 4: Strict-Transport-Security missing ...",
          "Strict-Transport-Security=degraded X-Frame-Options=degraded Server=degraded "
          "X-Powered-By=up" },
        { GOOD "X-Powered-By: \x1b[31mPHP\r\n", 1, "X-Powered-By is there", NULL },
        /* one that is sent twice must hold each time */
        { GOOD "X-Frame-Options: DENY\r\n", 1, "X-Frame-Options is 'DENY', not 'SAMEORIGIN'",
          NULL },
        { "X-Frame-Options: \x1b]0;own\x07\r\n" GOOD, 1,
          "X-Frame-Options is '^[]0;own^G', not 'SAMEORIGIN'", NULL },
        { "Server: nginx/1.22.1\r\nStrict-Transport-Security: max-age=31536000\r\n"
          "X-Frame-Options: SAMEORIGIN\r\n",
          1, "Server is 'nginx/1.22.1', which does not match '^nginx$'", NULL },
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct probe_case c;

        case_init(&c, "headers",
                  PAIRS("headers", "https://h/", "hsts", "365d", "want:X-Frame-Options",
                        "SAMEORIGIN", "want:Server", "~^nginx$", "want:X-Powered-By", "absent"));
        c.answer = (struct fake_answer){ .code = 200, .body = "x", .headers = rows[i].headers };
        case_poll(&c);
        assert_true(c.known && c.value == rows[i].wrong);
        assert_int_equal(c.state, rows[i].wrong > 0 ? STATE_DEGRADED : STATE_UP);
        if (rows[i].reason)
            assert_string_equal(c.reason, rows[i].reason);
        if (rows[i].components)
            assert_string_equal(c.components, rows[i].components);
        assert_true(c.second.known);
        case_fini(&c);
    }
}

static void an_origin_is_allowed_or_refused(void **state)
{
    struct probe_case c;

    (void)state;
    case_init(&c, "headers",
              PAIRS("headers", "http://h/api", "request:Origin", "https://evil.example", "expect",
                    "500", "want:Access-Control-Allow-Origin", "absent"));
    c.answer = (struct fake_answer){ .code = 500, .body = "" };
    case_poll(&c);
    assert_int_equal(c.state, STATE_UP);
    assert_string_equal(c.reason, "1 header as wanted");
    c.answer.headers = "Access-Control-Allow-Origin: *\r\n";
    case_poll(&c);
    assert_string_equal(c.reason, "Access-Control-Allow-Origin is there");
    case_fini(&c);
}

static void an_answer_that_was_not_expected_is_none(void **state)
{
    struct probe_case c;

    (void)state;
    case_init(&c, "headers", PAIRS("headers", "http://h/", "want:Server", "exists"));
    c.answer = (struct fake_answer){ .code = 502, .body = "", .headers = "Server: x\r\n" };
    case_poll(&c);
    assert_int_equal(c.state, STATE_DOWN);
    assert_string_equal(c.reason, "502: Bad Gateway");
    assert_false(c.known);
    assert_int_equal(c.n_components, 0);
    c.answer = (struct fake_answer){ .fault = FAULT_REFUSED, .why = "refused" };
    case_poll(&c);
    assert_string_equal(c.reason, "refused");
    assert_false(c.known);
    c.answer = (struct fake_answer){ .code = 429, .body = "", .headers = "Server: x\r\n" };
    case_poll(&c);
    assert_int_equal(c.fault, FAULT_LIMITED);
    assert_int_equal(c.state, STATE_UNKNOWN);
    assert_string_equal(c.reason, "rate limited by target: 429");
    assert_false(c.known);
    c.answer = (struct fake_answer){ .code = 301, .body = "", .headers = "Server: x\r\n" };
    case_poll(&c);
    assert_int_equal(c.state, STATE_UP);
    case_fini(&c);
}

static void options_that_mean_nothing_are_refused(void **state)
{
    (void)state;
#define REFUSED(why, ...) case_refused("headers", why, PAIRS("headers", __VA_ARGS__))
    REFUSED("want: is missing", "http://h/");
    REFUSED("want: Server: '(' is no pattern", "http://h/", "want:Server", "~(");
    REFUSED("want: what Server must be is missing", "http://h/", "want:Server", "");
    REFUSED("hsts: Strict-Transport-Security means nothing without TLS", "http://h/", "hsts", "1d");
    REFUSED("unit: cannot be chosen", "http://h/", "want:Server", "exists", "unit", "ms");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_wanted_header_is_a_component),
        cmocka_unit_test(an_origin_is_allowed_or_refused),
        cmocka_unit_test(an_answer_that_was_not_expected_is_none),
        cmocka_unit_test(options_that_mean_nothing_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* tests/probes/test_http_hostile.c: whatever stands in a reply, the http probe shows safe text and
 * is never green by accident (reliability.md H12-H17, H20). */
#include <stdio.h>

#include "core/json.h"
#include "tests/cmocka.h"
#include "tests/probes/probe_case.h"

#define HEALTH "http", "http://api.test/health"

/* What no text may hold: controls, C1, bidi, zero width, invalid UTF-8. */
static bool is_safe(const char *s)
{
    size_t len = strlen(s);

    while (len) {
        uint32_t cp;
        size_t n = utf8_next(s, len, &cp);

        if (cp < 0x20 || cp == 0x7f || (cp >= 0x80 && cp < 0xa0) || cp_width(cp) < 0 ||
            (cp == 0xfffd && n == 1))
            return false;
        s += n;
        len -= n;
    }
    return true;
}

static void reply(struct probe_case *c, const char *body, size_t len, const char *headers)
{
    c->answer = (struct fake_answer){ .code = 200, .body = body, .len = len, .headers = headers };
    case_poll(c);
    assert_true(is_safe(c->reason));
    assert_true(is_safe(c->version));
    assert_true(is_safe(c->components));
}

static const char json_type[] = "Content-Type: application/json\r\n";

static void five_hundred_mutations_of_a_good_reply_are_never_up_by_accident(void **state)
{
    static const char good[] =
        "{\"status\":\"ok\",\"checks\":{\"redis\":\"ok\",\"db\":\"ok\"},\"n\":12}";
    struct probe_case c;
    uint32_t seed = 20260129;
    int broken = 0;

    (void)state;
    case_init(&c, "http", PAIRS(HEALTH));
    for (int i = 0; i < 500; i++) {
        char body[sizeof good + 1];
        size_t len = sizeof good - 1, at;
        struct json *root;

        memcpy(body, good, sizeof good);
        seed = seed * 1664525u + 1013904223u;
        at = (seed >> 8) % len;
        switch ((seed >> 4) % 4) {
        case 0: /* a byte is lost */
            memmove(body + at, body + at + 1, len - at);
            len--;
            break;
        case 1: /* another byte */
            body[at] = (char)(seed >> 16);
            break;
        case 2: /* cut off */
            len = at;
            break;
        default: /* said twice */
            memmove(body + at + 1, body + at, len - at);
            len++;
            break;
        }
        if (!len)
            continue;
        root = json_parse(body, len, 0, 0, NULL);
        reply(&c, body, len, json_type);
        if (!root) {
            broken++;
            assert_int_equal(c.state, STATE_DOWN);
            assert_int_equal(c.fault, FAULT_BODY);
            assert_memory_equal(c.reason, "body is not the health JSON", 27);
        }
        json_free(root);
    }
    assert_true(broken > 200);
    case_fini(&c);
}

/* CSI, OSC, DCS, C0, C1 raw and encoded, CR, BS, bidi, zero width, tags, bad UTF-8, combining. */
static const char *const nasty[] = {
    "\033[2J\033[31mred",
    "\033]0;title\007",
    "\033]52;c;AAAA\033\\",
    "\033Pq\033\\",
    "a\rB\bC\nD\tE",
    "\x9b"
    "31m",
    "\xc2\x9b"
    "31m",
    "\xe2\x80\xae"
    "txt",
    "a\xe2\x80\x8b"
    "b",
    "\xf3\xa0\x81\x81",
    "\xc0\xaf",
    "\xed\xa0\x80",
    "\xff\xfe",
    "\xe6\xbc",
    "\xef\xbb\xbf",
    "\x7f\x01\x1f",
    "e\xcc\x81\xcc\x81\xcc\x81\xcc\x81",
    "\xe2\x81\xa6x\xe2\x81\xa9",
};

/* As a JSON text: bytes that JSON would refuse are escaped, so that they get through the parser. */
static void json_escape(const char *s, char *out, size_t cap)
{
    size_t n = 0;

    for (; *s && n + 8 < cap; s++)
        if ((unsigned char)*s < 0x20 || *s == '"' || *s == '\\')
            n += (size_t)snprintf(out + n, cap - n, "\\u%04x", (unsigned char)*s);
        else
            out[n++] = *s;
    out[n] = '\0';
}

static void nasty_bytes_reach_no_text(void **state)
{
    static const char *const shapes[] = {
        "{\"status\":\"%s\"}",
        "{\"status\":\"down\",\"checks\":{\"%s\":\"down\"}}",
        "{\"status\":\"down\",\"checks\":{\"db\":{\"status\":\"down\",\"error\":\"%s\"}}}",
        "{\"status\":\"ok\",\"version\":\"%s\"}",
        "{\"%s\":1,\"%s\":2}",
        "%s",
        "<html>%s",
    };
    struct probe_case c;

    (void)state;
    case_init(&c, "http", PAIRS(HEALTH));
    for (size_t i = 0; i < sizeof nasty / sizeof nasty[0]; i++)
        for (size_t k = 0; k < sizeof shapes / sizeof shapes[0]; k++) {
            char text[256], body[1024], *at = body;

            json_escape(nasty[i], text, sizeof text);
            for (const char *s = shapes[k]; *s; s++)
                if (s[0] == '%' && s[1] == 's') {
                    const char *what = k < 5 ? text : nasty[i];

                    at += sprintf(at, "%s", what);
                    s++;
                } else {
                    *at++ = *s;
                }
            *at = '\0';
            reply(&c, body, (size_t)(at - body), json_type);
            reply(&c, body, (size_t)(at - body), "Content-Type: text/plain\r\n");
        }
    case_fini(&c);
}

static void nasty_bytes_in_assertions_and_headers_reach_no_text(void **state)
{
    struct probe_case c, h;

    (void)state;
    case_init(&c, "http", PAIRS("http", "http://api.test/x", "assert:/a", "fine"));
    case_init(&h, "http",
              PAIRS("http", "http://api.test/x", "read", "none", "expect_headers:X-A", "fine"));
    for (size_t i = 0; i < sizeof nasty / sizeof nasty[0]; i++) {
        char text[256], body[512], header[512];

        json_escape(nasty[i], text, sizeof text);
        snprintf(body, sizeof body, "{\"a\":\"%s\"}", text);
        reply(&c, body, strlen(body), json_type);
        assert_int_equal(c.state, STATE_DOWN);
        snprintf(header, sizeof header, "X-A: %s\r\n", nasty[i]);
        reply(&h, "", 0, header);
        assert_int_equal(h.state, STATE_DOWN);
    }
    case_fini(&c);
    case_fini(&h);
}

static void strict_json_refuses_what_only_looks_healthy(void **state)
{
    static const char *const bodies[] = {
        "{\"status\":\"down\",\"status\":\"ok\"}",
        "{\"status\":\"ok\"}garbage",
        "{\"status\":\"ok\",\"n\":0x10}",
        "{\"status\":\"ok\",\"n\":01}",
        "{\"status\":\"ok\",\"n\":NaN}",
        "{\"status\":\"ok\",\"n\":1e999}",
        "{\"status\":\"o\\u0000k\"}",
        "{\"status\":\"ok\",\"x\":\"\xff\"}",
    };
    struct probe_case c;

    (void)state;
    case_init(&c, "http", PAIRS(HEALTH));
    for (size_t i = 0; i < sizeof bodies / sizeof bodies[0]; i++) {
        reply(&c, bodies[i], strlen(bodies[i]), json_type);
        assert_int_equal(c.state, STATE_DOWN);
        assert_memory_equal(c.reason, "body is not the health JSON: ", 29);
    }
    case_fini(&c);
}

static void a_text_that_says_error_is_no_good_answer(void **state)
{
    struct probe_case c;

    (void)state;
    case_init(&c, "http", PAIRS(HEALTH));
    reply(&c, "error", 5, "Content-Type: text/plain\r\n");
    assert_int_equal(c.state, STATE_DOWN);
    reply(&c, "OK", 2, "Content-Type: text/plain\r\n");
    assert_int_equal(c.state, STATE_UP);
    reply(&c, "", 0, "");
    assert_int_not_equal(c.state, STATE_UP);
    case_fini(&c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(five_hundred_mutations_of_a_good_reply_are_never_up_by_accident),
        cmocka_unit_test(nasty_bytes_reach_no_text),
        cmocka_unit_test(nasty_bytes_in_assertions_and_headers_reach_no_text),
        cmocka_unit_test(strict_json_refuses_what_only_looks_healthy),
        cmocka_unit_test(a_text_that_says_error_is_no_good_answer),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* tests/io/test_http_fake.c: HTTP on the virtual clock: the same places, deadlines and caps. */
#include <stdio.h>

#include "io/fake.h"
#include "io/limits.h"
#include "tests/cmocka.h"
#include "tests/io/http_case.h"

struct script {
    struct fake_answer answer;
    int asked;
    char method[16], url[128];
};

static void script_http(void *arg, const char *method, const char *url, struct fake_answer *out)
{
    struct script *s = arg;

    s->asked++;
    snprintf(s->method, sizeof s->method, "%s", method);
    snprintf(s->url, sizeof s->url, "%s", url);
    *out = s->answer;
}

static void fake_init(struct http_case *c, struct fake_net *net, struct script *s,
                      struct http_spec spec)
{
    memset(c, 0, sizeof *c);
    *net = (struct fake_net){ .arg = s, .http = script_http };
    c->io = io_new_virtual(1769652827000);
    io_fake_set(c->io, net);
    c->http = http_new(c->io, 100);
    if (!spec.url)
        spec.url = "http://api.test/health";
    case_target(c, &spec);
}

static void an_answer_comes_when_it_is_said_to(void **state)
{
    struct script s = { .answer = { .delay_ms = 41,
                                    .code = 200,
                                    .body = "ok",
                                    .headers = "Content-Type: text/plain\r\nRetry-After: 3\r\n" } };
    struct fake_net net;
    struct http_case c;

    (void)state;
    fake_init(&c, &net, &s, (struct http_spec){ 0 });
    case_start(&c, 5000);
    io_advance(c.io, 40);
    assert_int_equal(c.done, 0);
    io_advance(c.io, 1);
    assert_int_equal(c.done, 1);
    assert_int_equal(c.code, 200);
    assert_string_equal(c.body, "ok");
    assert_int_equal(c.phases.total_us, 41000);
    assert_int_equal(c.retry_after_ms, 3000);
    assert_string_equal(s.method, "GET");
    assert_string_equal(s.url, "http://api.test/health");
    case_fini(&c);
}

static void a_late_answer_times_out_on_the_millisecond(void **state)
{
    struct script s = { .answer = { .delay_ms = 5001, .code = 200, .body = "late" } };
    struct fake_net net;
    struct http_case c;

    (void)state;
    fake_init(&c, &net, &s, (struct http_spec){ 0 });
    case_start(&c, 5000);
    io_advance(c.io, 4999);
    assert_int_equal(c.done, 0);
    io_advance(c.io, 1);
    assert_int_equal(c.fault, FAULT_TIMEOUT);
    assert_string_equal(c.why, "timeout: no first byte in 5 s");
    assert_int_equal(c.code, 0);
    io_advance(c.io, 10000);
    assert_int_equal(c.done, 1);
    s.answer.delay_ms = 5000; /* on the deadline is in time */
    case_start(&c, 5000);
    io_advance(c.io, 5000);
    assert_int_equal(c.fault, FAULT_NONE);
    case_fini(&c);
}

static void scripted_faults_keep_their_words(void **state)
{
    struct script s = { .answer = { .fault = FAULT_REFUSED } };
    struct fake_net net;
    struct http_case c;

    (void)state;
    fake_init(&c, &net, &s, (struct http_spec){ .max_bytes = 4 });
    case_start(&c, 5000);
    io_advance(c.io, 0);
    assert_int_equal(c.fault, FAULT_REFUSED);
    assert_string_equal(c.why, "refused");
    s.answer = (struct fake_answer){ .fault = FAULT_TLS, .why = "certificate expired" };
    case_start(&c, 5000);
    io_advance(c.io, 0);
    assert_string_equal(c.why, "tls: certificate expired");
    s.answer = (struct fake_answer){ .code = 200, .body = "12345" };
    case_start(&c, 5000);
    io_advance(c.io, 0);
    assert_int_equal(c.fault, FAULT_TOO_BIG);
    case_fini(&c);
}

static void without_a_script_there_is_no_network(void **state)
{
    struct script s = { 0 };
    struct fake_net net;
    struct http_case c;

    (void)state;
    fake_init(&c, &net, &s, (struct http_spec){ 0 });
    io_fake_set(c.io, NULL);
    case_start(&c, 5000);
    io_advance(c.io, 0);
    assert_int_equal(c.fault, FAULT_LOCAL);
    case_fini(&c);
}

static void a_scripted_close_is_told_after_the_reply(void **state)
{
    struct script s = { .answer = { .delay_ms = 10, .code = 200, .body = "ok", .closes = true } };
    struct fake_net net;
    struct http_case c;

    (void)state;
    fake_init(&c, &net, &s, (struct http_spec){ 0 });
    case_start(&c, 5000);
    io_advance(c.io, 10);
    assert_int_equal(c.done, 1);
    io_advance(c.io, 1);
    assert_int_equal(c.closed, 1);
    case_start(&c, 5000);
    c.ask_again = true; /* asked again at once: nobody idles, nothing to tell */
    s.answer.closes = true;
    io_advance(c.io, 10);
    s.answer.closes = false;
    io_advance(c.io, 100);
    assert_int_equal(c.done, 3);
    case_fini(&c);
}

static void places_are_given_in_the_order_asked(void **state)
{
    enum { N = HTTP_IN_FLIGHT + 3 };
    struct script s = { .answer = { .delay_ms = 100, .code = 200, .body = "" } };
    struct fake_net net;
    struct http_case c[N];

    (void)state;
    fake_init(&c[0], &net, &s, (struct http_spec){ 0 });
    for (int i = 1; i < N; i++) {
        memset(&c[i], 0, sizeof c[i]);
        c[i].io = c[0].io;
        c[i].http = c[0].http;
        case_target(&c[i], &(struct http_spec){ .url = "http://api.test/" });
    }
    for (int i = 0; i < N; i++)
        case_start(&c[i], i == N - 1 ? 50 : 1000);
    assert_int_equal(s.asked, HTTP_IN_FLIGHT);
    io_advance(c[0].io, 50); /* the last one's deadline passes while it waits: that is our own */
    assert_int_equal(c[N - 1].fault, FAULT_LOCAL);
    assert_string_equal(c[N - 1].why, "local: 64 other asks were in flight for 50 ms");
    io_advance(c[0].io, 50);
    assert_int_equal(s.asked, N - 1);
    assert_int_equal(c[HTTP_IN_FLIGHT].done, 0);
    io_advance(c[0].io, 100);
    assert_int_equal(c[HTTP_IN_FLIGHT].took_ms, 200);
    assert_int_equal(c[HTTP_IN_FLIGHT + 1].done, 1);
    for (int i = 1; i < N; i++)
        http_target_free(c[i].target);
    case_fini(&c[0]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_answer_comes_when_it_is_said_to),
        cmocka_unit_test(a_late_answer_times_out_on_the_millisecond),
        cmocka_unit_test(scripted_faults_keep_their_words),
        cmocka_unit_test(without_a_script_there_is_no_network),
        cmocka_unit_test(a_scripted_close_is_told_after_the_reply),
        cmocka_unit_test(places_are_given_in_the_order_asked),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

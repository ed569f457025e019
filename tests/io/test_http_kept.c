/* tests/io/test_http_kept.c: kept connections, places, redirects, and what leaves with a request.
 */
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>

#include "io/limits.h"
#include "tests/cmocka.h"
#include "tests/io/http_case.h"
#include "tests/io/loopback.h"
#include "tests/patience.h"

/* ---- servers ---- */

static void serve_ok(struct loopback_conn *c, const void *arg)
{
    while (loopback_request(c) && loopback_reply(c, 200, arg ? arg : "", "ok"))
        ;
}

static void serve_once(struct loopback_conn *c, const void *arg) /* and hangs up without a word */
{
    if (loopback_request(c))
        loopback_reply(c, 200, arg ? arg : "", "ok");
}

static void serve_short_lived(struct loopback_conn *c, const void *arg) /* hangs up 60 ms later */
{
    while (loopback_request(c)) {
        struct pollfd p = { .fd = c->fd, .events = POLLIN };

        loopback_reply(c, 200, arg ? arg : "", "ok");
        if (poll(&p, 1, 60) <= 0)
            return;
    }
}

static void serve_dies_on_second(struct loopback_conn *c, const void *arg)
{
    (void)arg;
    if (loopback_request(c))
        loopback_reply(c, 200, "", "ok");
    loopback_request(c); /* takes the next request and closes */
}

static void serve_echo(struct loopback_conn *c, const void *arg)
{
    (void)arg;
    while (loopback_request(c) && loopback_reply(c, 200, "", c->request))
        ;
}

static void serve_slow(struct loopback_conn *c, const void *arg)
{
    (void)arg;
    while (loopback_request(c)) {
        if (loopback_wait(c, 60))
            return;
        loopback_reply(c, 200, "", "ok");
    }
}

static void serve_mute(struct loopback_conn *c, const void *arg)
{
    (void)arg;
    loopback_request(c);
    loopback_wait(c, WAIT_LIMIT_MS);
}

/* ---- kept connections ---- */

static void with(struct loopback *s, struct http_case *c, loopback_fn *fn, const void *arg,
                 struct http_spec spec)
{
    loopback_start(s, fn, arg);
    if (!spec.url)
        spec.url = s->url;
    case_init(c, &spec);
}

static void without(struct loopback *s, struct http_case *c)
{
    case_fini(c);
    loopback_stop(s);
}

static void a_connection_is_kept_and_used_again(void **state)
{
    struct loopback s;
    struct http_case c;
    struct http_stats st;

    (void)state;
    with(&s, &c, serve_ok, NULL, (struct http_spec){ 0 });
    case_ask(&c, 1000);
    assert_false(c.reused);
    for (int i = 0; i < 5; i++) {
        case_ask(&c, 1000);
        assert_int_equal(c.fault, FAULT_NONE);
        assert_true(c.reused);
        assert_int_equal(c.phases.dns_us, -1);
        assert_int_equal(c.phases.connect_us, -1);
        assert_true(c.phases.first_byte_us > 0);
    }
    http_stats(c.http, &st);
    assert_int_equal(st.asked, 6);
    assert_int_equal(st.connections, 1);
    assert_int_equal(st.idle, 1);
    assert_int_equal(st.in_flight, 0);
    assert_int_equal(c.closed, 0);
    without(&s, &c);
}

static void a_kept_connection_that_closes_is_told_once(void **state)
{
    struct loopback s;
    struct http_case c;

    (void)state;
    with(&s, &c, serve_once, NULL, (struct http_spec){ 0 });
    case_ask(&c, 1000);
    c.started_ms = io_mono_ms(c.io);
    case_wait(&c, &c.closed, 1);
    assert_in_range(io_mono_ms(c.io) - c.started_ms, 0, patience_times(500));
    io_turn(c.io, 20);
    assert_int_equal(c.closed, 1);
    case_ask(&c, 1000); /* on a new connection, without a retry */
    assert_int_equal(c.fault, FAULT_NONE);
    assert_false(c.reused);
    assert_int_equal(c.retries, 0);
    without(&s, &c);
}

static void a_polite_or_expected_close_is_not_told(void **state)
{
    struct loopback s;
    struct http_case c;

    (void)state;
    with(&s, &c, serve_once, "Connection: close\r\n", (struct http_spec){ 0 });
    case_ask(&c, 1000);
    for (int i = 0; i < 5; i++)
        io_turn(c.io, 10);
    assert_int_equal(c.closed, 0);
    without(&s, &c);

    with(&s, &c, serve_once, NULL, (struct http_spec){ .fresh = true });
    case_ask(&c, 1000);
    for (int i = 0; i < 5; i++)
        io_turn(c.io, 10);
    assert_int_equal(c.closed, 0);
    without(&s, &c);

    with(&s, &c, serve_short_lived, "Keep-Alive: timeout=1\r\n", (struct http_spec){ 0 });
    case_ask(&c, 1000);
    for (int i = 0; i < 5; i++)
        io_turn(c.io, 100);
    assert_int_equal(c.closed, 1); /* far from the second it promised: that is news */
    without(&s, &c);
}

static void a_server_that_always_hangs_up_is_learned(void **state)
{
    struct loopback s;
    struct http_case c;

    (void)state;
    with(&s, &c, serve_short_lived, NULL, (struct http_spec){ 0 });
    for (int i = 0; i < 2; i++) { /* both times alive: a habit */
        case_ask(&c, 1000);
        case_wait(&c, &c.closed, i + 1);
    }
    case_ask(&c, 1000);
    for (int i = 0; i < 10; i++)
        io_turn(c.io, 20);
    assert_int_equal(c.closed, 2);
    without(&s, &c);
}

static void several_targets_share_a_connection_and_all_are_told(void **state)
{
    struct loopback s;
    struct http_case a, b;
    struct http_stats st;

    (void)state;
    with(&s, &a, serve_ok, NULL, (struct http_spec){ 0 });
    memset(&b, 0, sizeof b);
    b.io = a.io;
    b.http = a.http;
    case_target(&b, &(struct http_spec){ .url = s.url });
    case_ask(&a, 1000);
    case_ask(&b, 1000);
    assert_true(b.reused);
    http_stats(a.http, &st);
    assert_int_equal(st.connections, 1);
    loopback_stop(&s);
    case_wait(&a, &a.closed, 1);
    case_wait(&b, &b.closed, 1);
    case_ask(&a, 1000);
    assert_int_equal(a.fault, FAULT_REFUSED);
    http_target_free(b.target);
    case_fini(&a);
}

static void a_dead_connection_is_retried_once(void **state)
{
    struct loopback s;
    struct http_case c;

    (void)state;
    with(&s, &c, serve_dies_on_second, NULL, (struct http_spec){ 0 });
    case_ask(&c, 1000);
    case_ask(&c, 1000);
    assert_int_equal(c.fault, FAULT_NONE);
    assert_int_equal(c.retries, 1);
    assert_int_equal(s.requests, 3);
    without(&s, &c);
}

static void serve_falls_silent(struct loopback_conn *c, const void *arg)
{
    (void)arg;
    if (loopback_request(c))
        loopback_reply(c, 200, "", "ok");
    loopback_request(c);
    loopback_wait(c, WAIT_LIMIT_MS);
}

static void silence_on_a_kept_connection_is_no_first_byte(void **state)
{
    struct loopback s;
    struct http_case c;

    (void)state;
    with(&s, &c, serve_falls_silent, NULL, (struct http_spec){ 0 });
    case_ask(&c, 1000);
    case_ask(&c, 100);
    assert_int_equal(c.fault, FAULT_TIMEOUT);
    assert_string_equal(c.why, "timeout: no first byte in 100 ms");
    assert_true(c.phases.first_byte_us == -1);
    without(&s, &c);
}

static void what_is_not_idempotent_is_not_retried(void **state)
{
    struct loopback s;
    struct http_case c;

    (void)state;
    with(&s, &c, serve_dies_on_second, NULL, (struct http_spec){ .method = "POST", .body = "{}" });
    case_ask(&c, 1000);
    case_ask(&c, 1000);
    assert_int_equal(c.fault, FAULT_NONE);
    assert_int_equal(c.retries, 0);
    assert_int_equal(s.requests, 2);
    without(&s, &c);
}

static void fresh_connects_every_time(void **state)
{
    struct loopback s;
    struct http_case c;
    struct http_stats st;

    (void)state;
    with(&s, &c, serve_ok, NULL, (struct http_spec){ .fresh = true });
    for (int i = 0; i < 3; i++) {
        case_ask(&c, 1000);
        assert_false(c.reused);
        assert_true(c.phases.connect_us >= 0);
    }
    http_stats(c.http, &st);
    assert_int_equal(st.connections, 3);
    assert_int_equal(st.idle, 0);
    without(&s, &c);
}

/* ---- places, cancelling ---- */

enum { MANY = HTTP_IN_FLIGHT + 6 };

static void the_65th_waits_for_a_place(void **state)
{
    struct loopback s;
    struct http_case c[MANY];
    struct http_stats st;

    (void)state;
    with(&s, &c[0], serve_slow, NULL, (struct http_spec){ 0 });
    for (int i = 1; i < MANY; i++) {
        memset(&c[i], 0, sizeof c[i]);
        c[i].io = c[0].io;
        c[i].http = c[0].http;
        case_target(&c[i], &(struct http_spec){ .url = s.url });
    }
    for (int i = 0; i < MANY; i++)
        case_start(&c[i], patience_times(9000));
    http_stats(c[0].http, &st);
    assert_int_equal(st.in_flight, HTTP_IN_FLIGHT);
    assert_int_equal(st.queued, 6);
    http_cancel(c[MANY - 1].target); /* out of the queue */
    case_wait(&c[MANY - 2], &c[MANY - 2].done, 1);
    for (int i = 0; i < MANY - 1; i++) {
        case_wait(&c[i], &c[i].done, 1);
        assert_int_equal(c[i].fault, FAULT_NONE);
    }
    assert_true(s.n <= HTTP_IN_FLIGHT);
    assert_int_equal(c[MANY - 1].done, 0);
    for (int i = 1; i < MANY; i++)
        http_target_free(c[i].target);
    without(&s, &c[0]);
}

static void cancelled_asks_are_never_answered(void **state)
{
    struct loopback s;
    struct http_case c;

    (void)state;
    with(&s, &c, serve_slow, NULL, (struct http_spec){ 0 });
    http_cancel(c.target);
    case_start(&c, 1000);
    http_cancel(c.target);
    assert_false(http_asking(c.target));
    case_start(&c, 1000);
    while (!s.requests)
        io_turn(c.io, 5);
    http_cancel(c.target);
    for (int i = 0; i < 5; i++)
        io_turn(c.io, 20);
    assert_int_equal(c.done, 0);
    case_ask(&c, 1000); /* and it can be asked again */
    assert_int_equal(c.fault, FAULT_NONE);
    without(&s, &c);
}

static void a_callback_may_ask_again_or_free(void **state)
{
    struct loopback s;
    struct http_case c;

    (void)state;
    with(&s, &c, serve_ok, NULL, (struct http_spec){ 0 });
    c.ask_again = true;
    case_start(&c, 1000);
    case_wait(&c, &c.done, 2);
    c.free_target = true;
    case_ask(&c, 1000);
    assert_int_equal(c.done, 3);
    assert_null(c.target);
    without(&s, &c);
}

static void freeing_a_target_in_flight_is_quiet(void **state)
{
    struct loopback s;
    struct http_case c;

    (void)state;
    with(&s, &c, serve_mute, NULL, (struct http_spec){ 0 });
    case_start(&c, 1000);
    while (!s.requests)
        io_turn(c.io, 5);
    without(&s, &c);
    assert_int_equal(c.done, 0);
}

/* ---- redirects ---- */

static void serve_loop(struct loopback_conn *c, const void *arg)
{
    char headers[128];

    (void)arg;
    while (loopback_request(c)) {
        snprintf(headers, sizeof headers, "Location: /again/%d\r\n", (int)c->server->requests);
        loopback_reply(c, 302, headers, "");
    }
}

static void serve_there(struct loopback_conn *c, const void *arg)
{
    while (loopback_request(c))
        if (strstr(c->request, "GET /there"))
            loopback_reply(c, 200, "", c->request);
        else
            loopback_reply(c, 302, arg, "");
}

static void redirects_are_replies_unless_asked_for(void **state)
{
    struct loopback s;
    struct http_case c;

    (void)state;
    with(&s, &c, serve_loop, NULL, (struct http_spec){ 0 });
    case_ask(&c, 1000);
    assert_int_equal(c.fault, FAULT_NONE);
    assert_int_equal(c.code, 302);
    assert_int_equal(s.requests, 1);
    without(&s, &c);
}

static void follow_three_follows_exactly_three(void **state)
{
    struct loopback s;
    struct http_case c;

    (void)state;
    with(&s, &c, serve_loop, NULL, (struct http_spec){ .follow = 3 });
    case_ask(&c, 1000);
    assert_int_equal(s.requests, 4);
    assert_int_equal(c.fault, FAULT_PROTOCOL);
    assert_string_equal(c.why, "protocol: still redirected after 3 redirects");
    assert_int_equal(c.retries, 0);
    without(&s, &c);

    with(&s, &c, serve_there, "Location: /there\r\n", (struct http_spec){ .follow = 1 });
    for (int i = 0; i < 2; i++) { /* each ask begins at the start again */
        case_ask(&c, 1000);
        assert_int_equal(c.fault, FAULT_NONE);
        assert_int_equal(c.code, 200);
        assert_int_equal(s.requests, 2 * (i + 1));
    }
    without(&s, &c);
}

static void nothing_is_opened_at_another_origin(void **state)
{
    static const char *const places[][2] = {
        { "https://127.0.0.1:", "/" },     { "http://localhost:", "/" },
        { "ftp://127.0.0.1:", "/" },       { "dict://127.0.0.1:", "/" },
        { "gopher://127.0.0.1:", "/_a" },  { "//127.0.0.1:", "/x" },
        { "http://169.254.169.254/", "" }, { "file:///etc/hostname#", "" },
    };
    struct loopback s, sink;
    struct http_case c;
    const struct http_header secret = { "X-Api-Key", "canary" };

    (void)state;
    loopback_start(&sink, serve_echo, NULL);
    for (size_t i = 0; i < sizeof places / sizeof places[0]; i++) {
        char header[128];

        snprintf(header, sizeof header, "Location: %s%d%s\r\n", places[i][0], sink.port,
                 places[i][1]);
        with(&s, &c, serve_there, header,
             (struct http_spec){ .follow = 3, .headers = &secret, .n_headers = 1 });
        case_ask(&c, 1000);
        assert_int_equal(s.requests, 1);
        /* what is no http(s) at all is not even a redirect to speak of */
        assert_true(c.fault == FAULT_PROTOCOL || (c.fault == FAULT_NONE && c.code == 302));
        without(&s, &c);
    }
    assert_int_equal(sink.n, 0);
    loopback_stop(&sink);
}

/* ---- what leaves with a request ---- */

static void headers_body_and_token_arrive(void **state)
{
    struct loopback s;
    struct http_case c;
    struct secret *token = secret_new("t0ken", 5);
    const struct http_header h[] = { { "X-One", "1" },
                                     { "Accept", "application/json" },
                                     { "X-Empty", "" } };

    (void)state;
    with(&s, &c, serve_echo, NULL,
         (struct http_spec){
             .headers = h, .n_headers = 3, .bearer = token, .method = "PUT", .body = "{\"a\":1}" });
    case_ask(&c, 1000);
    secret_free(token);
    assert_memory_equal(c.body, "PUT / HTTP/1.1\r\n", 16);
    assert_non_null(strstr(c.body, "\r\nX-One: 1\r\n"));
    assert_non_null(strstr(c.body, "\r\nAccept: application/json\r\n"));
    assert_non_null(strstr(c.body, "\r\nX-Empty:\r\n"));
    assert_non_null(strstr(c.body, "\r\nAuthorization: Bearer t0ken\r\n"));
    assert_non_null(strstr(c.body, "\r\nUser-Agent: midwatch/"));
    assert_non_null(strstr(c.body, "\r\n\r\n{\"a\":1}"));
    assert_null(strstr(c.body, "Expect"));
    without(&s, &c);
}

static void proxies_of_the_environment_are_ignored(void **state)
{
    struct loopback s;
    struct http_case c;
    char dead[64];

    (void)state;
    snprintf(dead, sizeof dead, "http://127.0.0.1:%d", loopback_dead_port());
    setenv("http_proxy", dead, 1);
    setenv("ALL_PROXY", dead, 1);
    with(&s, &c, serve_echo, NULL, (struct http_spec){ 0 });
    case_ask(&c, 1000);
    unsetenv("http_proxy");
    unsetenv("ALL_PROXY");
    assert_int_equal(c.fault, FAULT_NONE);
    assert_memory_equal(c.body, "GET / HTTP/1.1\r\n", 16);
    without(&s, &c);
}

static void refuses(struct http *h, struct http_spec spec, const char *why)
{
    struct err err = { "" };

    assert_null(http_target_new(h, &spec, &err));
    assert_non_null(strstr(err.msg, why));
}

static void what_cannot_be_asked_is_refused_at_once(void **state)
{
    struct io *io = io_new(NULL);
    struct http *h = http_new(io, 1);
    struct secret *bad = secret_new("a\r\nX: y", 7), *none = secret_new("", 0);
    const struct http_header inject = { "X-A", "b\r\nX-Evil: c" }, name = { "X A", "b" };
    const struct http_header second[] = { { "X-A", "b" }, { "X A", "b" } };

    (void)state;
    refuses(h, (struct http_spec){ .url = "file:///etc/hostname" }, "'file' is not a protocol");
    refuses(h, (struct http_spec){ .url = "dict://x/" }, "'dict' is not a protocol");
    refuses(h, (struct http_spec){ .url = "nothing" }, "not a URL");
    refuses(h, (struct http_spec){ .url = "http://user:canary@x/" }, "user name or password");
    refuses(h, (struct http_spec){ .url = "http://x/", .method = "GE T" }, "not a method");
    refuses(h, (struct http_spec){ .url = "http://x/", .headers = &inject, .n_headers = 1 },
            "X-A contains a control character");
    refuses(h, (struct http_spec){ .url = "http://x/", .headers = &name, .n_headers = 1 },
            "not a header name");
    refuses(h, (struct http_spec){ .url = "http://x/", .headers = second, .n_headers = 2 },
            "not a header name");
    refuses(h, (struct http_spec){ .url = "http://x/", .bearer = bad }, "bearer token");
    refuses(h, (struct http_spec){ .url = "http://x/", .bearer = none }, "bearer token");
    refuses(h, (struct http_spec){ .url = "https://x/", .ca_file = "/no/such/file" },
            "/no/such/file cannot be read");
    secret_free(bad);
    secret_free(none);
    http_free(h);
    io_free(io);
}

static void an_address_is_shown_without_its_secrets(void **state)
{
    struct text t = { 0 };

    (void)state;
    http_url_show("https://user:canary@api.example:8443/health?token=canary#canary", &t);
    assert_string_equal(text_str(&t), "https://api.example:8443/health");
    http_url_show("nonsense", &t);
    assert_string_equal(text_str(&t), "(not a URL)");
    text_fini(&t);
}

static bool chunk_count(void *arg, const char *bytes, size_t len)
{
    struct http_case *c = arg;

    c->len += len;
    return bytes[0] != '!';
}

static void chunk_take(void *arg, const struct http_reply *r)
{
    struct http_case *c = arg;

    c->done++;
    c->fault = r->fault;
    snprintf(c->body, sizeof c->body, "%s", r->body);
}

static void serve_page(struct loopback_conn *c, const void *arg)
{
    while (loopback_request(c))
        if (!loopback_reply(c, strstr(c->request, "GET /404") ? 404 : 200, "", arg))
            return;
}

static void a_body_in_pieces_is_not_kept(void **state)
{
    struct loopback s;
    struct http_case c;
    char url[128];

    (void)state;
    with(&s, &c, serve_page, "a page", (struct http_spec){ .chunk = chunk_count });
    http_ask(c.target, 1000, chunk_take, &c);
    case_wait(&c, &c.done, 1);
    assert_int_equal(c.len, 6);
    assert_string_equal(c.body, "");
    without(&s, &c);

    with(&s, &c, serve_page, "!stop", (struct http_spec){ .chunk = chunk_count });
    http_ask(c.target, 1000, chunk_take, &c);
    case_wait(&c, &c.done, 1);
    assert_int_equal(c.fault, FAULT_BODY);
    without(&s, &c);

    loopback_start(&s, serve_page, "not here"); /* an error page is no page: it is kept as usual */
    snprintf(url, sizeof url, "%s/404", s.url);
    case_init(&c, &(struct http_spec){ .url = url, .chunk = chunk_count });
    http_ask(c.target, 1000, chunk_take, &c);
    case_wait(&c, &c.done, 1);
    assert_int_equal(c.len, 0);
    assert_string_equal(c.body, "not here");
    without(&s, &c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_connection_is_kept_and_used_again),
        cmocka_unit_test(a_kept_connection_that_closes_is_told_once),
        cmocka_unit_test(a_polite_or_expected_close_is_not_told),
        cmocka_unit_test(a_server_that_always_hangs_up_is_learned),
        cmocka_unit_test(several_targets_share_a_connection_and_all_are_told),
        cmocka_unit_test(a_dead_connection_is_retried_once),
        cmocka_unit_test(silence_on_a_kept_connection_is_no_first_byte),
        cmocka_unit_test(what_is_not_idempotent_is_not_retried),
        cmocka_unit_test(fresh_connects_every_time),
        cmocka_unit_test(the_65th_waits_for_a_place),
        cmocka_unit_test(cancelled_asks_are_never_answered),
        cmocka_unit_test(a_callback_may_ask_again_or_free),
        cmocka_unit_test(freeing_a_target_in_flight_is_quiet),
        cmocka_unit_test(redirects_are_replies_unless_asked_for),
        cmocka_unit_test(follow_three_follows_exactly_three),
        cmocka_unit_test(nothing_is_opened_at_another_origin),
        cmocka_unit_test(headers_body_and_token_arrive),
        cmocka_unit_test(proxies_of_the_environment_are_ignored),
        cmocka_unit_test(what_cannot_be_asked_is_refused_at_once),
        cmocka_unit_test(an_address_is_shown_without_its_secrets),
        cmocka_unit_test(a_body_in_pieces_is_not_kept),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* tests/io/test_http.c: what an exchange may do to us, and what we then say. */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/buf.h"
#include "io/limits.h"
#include "tests/cmocka.h"
#include "tests/io/http_case.h"
#include "tests/io/loopback.h"
#include "tests/patience.h"

/* ---- servers ---- */

static void serve_ok(struct loopback_conn *c, const void *arg)
{
    while (loopback_request(c) && loopback_reply(c, 200, "Content-Type: text/plain\r\n", arg))
        ;
}

static void serve_text(struct loopback_conn *c, const void *arg) /* these bytes, then the end */
{
    if (loopback_request(c))
        loopback_sends(c, arg);
}

static void serve_mute(struct loopback_conn *c, const void *arg)
{
    (void)arg;
    loopback_request(c);
    loopback_wait(c, WAIT_LIMIT_MS);
}

static void drip(struct loopback_conn *c, const char *text) /* a byte each 10 ms */
{
    for (; *text && loopback_send(c, text, 1); text++)
        if (loopback_wait(c, 10))
            return;
    loopback_wait(c, WAIT_LIMIT_MS);
}

static void serve_drip(struct loopback_conn *c, const void *arg)
{
    loopback_request(c);
    drip(c, arg);
}

static void serve_drip_body(struct loopback_conn *c, const void *arg)
{
    loopback_request(c);
    loopback_sends(c, "HTTP/1.1 200 X\r\n\r\n");
    drip(c, arg);
}

static void serve_endless(struct loopback_conn *c, const void *arg)
{
    char block[4096];

    (void)arg;
    memset(block, 'x', sizeof block);
    loopback_request(c);
    loopback_sends(c, "HTTP/1.1 200 OK\r\n\r\n");
    while (loopback_send(c, block, sizeof block) && !c->server->stop)
        ;
}

static void serve_reset(struct loopback_conn *c, const void *arg)
{
    loopback_request(c);
    loopback_sends(c, arg);
    loopback_reset(c);
}

/* ---- one exchange with a server, and what came of it ---- */

static void run(struct http_case *c, loopback_fn *fn, const void *arg, struct http_spec spec,
                int64_t timeout_ms)
{
    struct loopback s;

    loopback_start(&s, fn, arg);
    spec.url = s.url;
    case_init(c, &spec);
    case_ask(c, timeout_ms);
    case_fini(c);
    loopback_stop(&s);
}

static void a_reply_comes_whole(void **state)
{
    struct http_case c;

    (void)state;
    run(&c, serve_ok, "hello", (struct http_spec){ 0 }, 1000);
    assert_int_equal(c.fault, FAULT_NONE);
    assert_int_equal(c.code, 200);
    assert_string_equal(c.body, "hello");
    assert_int_equal(c.len, 5);
    assert_false(c.reused);
    assert_true(c.phases.connect_us >= 0 && c.phases.tls_us == -1);
    assert_true(c.phases.first_byte_us > 0 && c.phases.total_us >= c.phases.first_byte_us);
    assert_non_null(strstr(c.headers, "Content-Type: text/plain"));
}

static void a_closed_port_is_refused(void **state)
{
    char url[64];
    struct http_spec spec = { .url = url };
    struct http_case c;

    (void)state;
    snprintf(url, sizeof url, "http://127.0.0.1:%d/", loopback_dead_port());
    case_init(&c, &spec);
    case_ask(&c, 1000);
    assert_int_equal(c.fault, FAULT_REFUSED);
    assert_string_equal(c.why, "refused");
    assert_int_equal(c.code, 0);
    case_fini(&c);
}

static void a_mute_server_ends_at_the_deadline(void **state)
{
    struct http_case c;

    (void)state;
    run(&c, serve_mute, NULL, (struct http_spec){ 0 }, 200);
    assert_int_equal(c.fault, FAULT_TIMEOUT);
    assert_string_equal(c.why, "timeout: no first byte in 200 ms");
    assert_in_range(c.took_ms, 200, patience_times(700));
}

static void dripping_headers_end_at_the_total_deadline(void **state)
{
    struct http_case c;

    (void)state;
    run(&c, serve_drip,
        "HTTP/1.1 200 OK\r\nX-Long: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
        (struct http_spec){ 0 }, 250);
    assert_int_equal(c.fault, FAULT_TIMEOUT);
    assert_string_equal(c.why, "timeout: headers still coming after 250 ms");
    assert_in_range(c.took_ms, 250, patience_times(750));
}

static void a_dripping_body_ends_at_the_total_deadline(void **state)
{
    struct http_case c;

    (void)state;
    run(&c, serve_drip_body, "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb",
        (struct http_spec){ 0 }, 400);
    assert_int_equal(c.fault, FAULT_TIMEOUT);
    assert_memory_equal(c.why, "timeout: body still coming after 400 ms (", 41);
    assert_in_range(c.took_ms, 400, patience_times(900));
}

/* A full accept queue drops further SYNs, which is how a blackhole looks. */
struct blackhole {
    int fd, waiting[4];
    char url[64];
};

static void blackhole_open(struct blackhole *b)
{
    struct sockaddr_in at = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    socklen_t len = sizeof at;

    b->fd = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(bind(b->fd, (struct sockaddr *)&at, sizeof at), 0);
    assert_int_equal(listen(b->fd, 0), 0);
    assert_int_equal(getsockname(b->fd, (struct sockaddr *)&at, &len), 0);
    for (int i = 0; i < 4; i++) {
        b->waiting[i] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
        if (connect(b->waiting[i], (struct sockaddr *)&at, sizeof at) < 0)
            assert_int_equal(errno, EINPROGRESS);
    }
    snprintf(b->url, sizeof b->url, "http://127.0.0.1:%d/", ntohs(at.sin_port));
}

static void blackhole_close(struct blackhole *b)
{
    for (int i = 0; i < 4; i++)
        close(b->waiting[i]);
    close(b->fd);
}

static void connect_has_a_limit_of_its_own(void **state)
{
    struct blackhole hole;
    struct http_spec spec = { .url = hole.url, .connect_timeout_ms = 150 };
    struct http_case c;

    (void)state;
    blackhole_open(&hole);
    case_init(&c, &spec);
    case_ask(&c, 3000);
    assert_int_equal(c.fault, FAULT_CONNECT_TIMEOUT);
    assert_string_equal(c.why, "connect timeout: no answer in 150 ms");
    assert_in_range(c.took_ms, 150, patience_times(650));
    case_fini(&c);
    blackhole_close(&hole);
}

enum { NUMBERS = 8 };

struct taker { /* a socket pair, watched under a number that was another's */
    int pair[2], fd, n;
    struct io_watch *watch;
};

static void take_byte(void *arg, int events)
{
    struct taker *t = arg;
    char byte;

    (void)events;
    t->n += (int)read(t->fd, &byte, 1);
}

/* curl closes such a socket without a word and then says that it need not be watched. Who is given
 * its number next, a connection of PostgreSQL say, must go on hearing from it: a watch of ours that
 * ended only now would take the other's with it. */
static void the_number_of_a_socket_that_never_connected_is_free_again(void **state)
{
    struct blackhole hole;
    struct http_spec spec = { .url = hole.url, .connect_timeout_ms = 100 };
    struct http_case c;
    struct taker takers[NUMBERS] = { 0 };
    int first, given = 0;

    (void)state;
    blackhole_open(&hole);
    case_init(&c, &spec);
    for (int i = 0; i < NUMBERS; i++)
        assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, takers[i].pair), 0);
    first = fcntl(hole.fd, F_DUPFD, 0); /* what is opened from now on gets this number or more */
    close(first);
    case_ask(&c, 3000);
    assert_int_equal(c.fault, FAULT_CONNECT_TIMEOUT);
    io_turn(c.io, 5);
    for (int fd = first; fd < first + NUMBERS; fd++) {
        struct taker *t = &takers[given];

        if (fcntl(fd, F_GETFD) != -1)
            continue;
        t->fd = dup2(t->pair[0], fd);
        t->watch = io_watch_new(c.io, fd, IO_READ, take_byte, t);
        assert_non_null(t->watch);
        given++;
    }
    assert_in_range(given, 1, NUMBERS);
    io_turn(c.io, 5);
    http_target_free(c.target);
    http_free(c.http);
    for (int i = 0; i < NUMBERS; i++) {
        if (i < given) {
            assert_int_equal(write(takers[i].pair[1], "x", 1), 1);
            WAIT(&c, takers[i].n == 1);
            io_watch_free(takers[i].watch);
            close(takers[i].fd);
        }
        close(takers[i].pair[0]);
        close(takers[i].pair[1]);
    }
    io_free(c.io);
    blackhole_close(&hole);
}

static void a_slow_answer_outlives_the_connect_limit(void **state)
{
    struct http_case c;

    (void)state;
    run(&c, serve_drip, "HTTP/1.1 200 X\r\nContent-Length: 0\r\n\r\n",
        (struct http_spec){ .connect_timeout_ms = 50 }, 2000);
    assert_int_equal(c.fault, FAULT_NONE);
    assert_true(c.took_ms > 150);
}

static void serve_detour(struct loopback_conn *c, const void *arg) /* thinks at the second place */
{
    if (!loopback_request(c) || !loopback_reply(c, 302, "Location: /there\r\n", ""))
        return;
    if (loopback_request(c) && !loopback_wait(c, *(const int *)arg))
        loopback_reply(c, 200, "", "there");
}

/* The second hop opens no socket, so nothing but the redirect itself ends the connect limit of the
 * first one. */
static void a_slow_answer_after_a_redirect_outlives_the_connect_limit(void **state)
{
    struct http_case c;
    const int think_ms = 200, never_ms = WAIT_LIMIT_MS;
    const struct http_spec spec = { .connect_timeout_ms = 50, .follow = 1 };

    (void)state;
    run(&c, serve_detour, &think_ms, spec, 5000);
    assert_string_equal(c.why, "");
    assert_int_equal(c.fault, FAULT_NONE);
    assert_string_equal(c.body, "there");
    assert_true(c.reused);
    assert_true(c.took_ms >= think_ms);
    run(&c, serve_detour, &never_ms, spec, 300); /* and the deadline stays the one of the ask */
    assert_int_equal(c.fault, FAULT_TIMEOUT);
    assert_string_equal(c.why, "timeout: no first byte in 300 ms");
    assert_in_range(c.took_ms, 300, patience_times(800));
}

static void an_endless_body_stops_at_the_cap(void **state)
{
    struct http_case c;

    (void)state;
    run(&c, serve_endless, NULL, (struct http_spec){ .max_bytes = 64 << 10 }, 2000);
    assert_int_equal(c.fault, FAULT_TOO_BIG);
    assert_string_equal(c.why, "too big: more than 64 KB");
    assert_true(c.len <= 64 << 10);
}

static void a_body_at_the_cap_passes_and_one_byte_more_does_not(void **state)
{
    struct http_case c;

    (void)state;
    run(&c, serve_ok, "12345678", (struct http_spec){ .max_bytes = 8 }, 1000);
    assert_int_equal(c.fault, FAULT_NONE);
    assert_int_equal(c.len, 8);
    run(&c, serve_ok, "123456789", (struct http_spec){ .max_bytes = 8 }, 1000);
    assert_int_equal(c.fault, FAULT_TOO_BIG);
    run(&c, serve_text, "HTTP/1.1 200 X\r\n\r\n12345678", (struct http_spec){ .max_bytes = 8 },
        1000);
    assert_int_equal(c.fault, FAULT_NONE);
    run(&c, serve_text, "HTTP/1.1 200 X\r\n\r\n123456789", (struct http_spec){ .max_bytes = 8 },
        1000);
    assert_int_equal(c.fault, FAULT_TOO_BIG);
    run(&c, serve_text, "HTTP/1.1 200 X\r\nContent-Length: 10000000000\r\n\r\n",
        (struct http_spec){ 0 }, 1000);
    assert_int_equal(c.fault, FAULT_TOO_BIG);
    assert_string_equal(c.why, "too big: more than 4 MB");
}

/* 100,000 zeros in 132 bytes. */
static const char gzip_zeros[] =
    "1f8b0800000000000203edc13101000000c2a0f54f6d0d0fa00000000000000000000000000000000000"
    "000000000000000000000000000000000000000000000000000000000000000000000000000000000000"
    "000000000000000000000000000000000000000000000000000000000000000000000000008057037d95"
    "11d4a0860100";

static void serve_gzip(struct loopback_conn *c, const void *arg)
{
    char bytes[200], head[128];
    size_t n = strlen(gzip_zeros) / 2;

    (void)arg;
    for (size_t i = 0; i < n; i++)
        bytes[i] = (char)strtol((char[]){ gzip_zeros[2 * i], gzip_zeros[2 * i + 1], 0 }, NULL, 16);
    snprintf(head, sizeof head,
             "HTTP/1.1 200 X\r\nContent-Encoding: gzip\r\nContent-Length: %zu\r\n\r\n", n);
    loopback_request(c);
    loopback_sends(c, head);
    loopback_send(c, bytes, n);
}

static void the_cap_counts_decoded_bytes(void **state)
{
    struct http_case c;

    (void)state;
    run(&c, serve_gzip, NULL, (struct http_spec){ .max_bytes = 100000 }, 1000);
    assert_int_equal(c.fault, FAULT_NONE);
    assert_int_equal(c.len, 100000);
    run(&c, serve_gzip, NULL, (struct http_spec){ .max_bytes = 99999 }, 1000);
    assert_int_equal(c.fault, FAULT_TOO_BIG);
}

static void what_breaks_off_is_partial(void **state)
{
    struct http_case c;

    (void)state;
    run(&c, serve_text, "HTTP/1.1 200 X\r\nContent-Length: 10\r\n\r\n123", (struct http_spec){ 0 },
        1000);
    assert_int_equal(c.fault, FAULT_PARTIAL);
    assert_string_equal(c.why, "partial: the body broke off after 3 bytes");
    run(&c, serve_text, "HTTP/1.1 200 X\r\nContent-Length: 10\r\n\r\n1", (struct http_spec){ 0 },
        1000);
    assert_string_equal(c.why, "partial: the body broke off after 1 byte");
    run(&c, serve_reset, "HTTP/1.1 200 X\r\nContent-Length: 10\r\n\r\n123", (struct http_spec){ 0 },
        1000);
    assert_int_equal(c.fault, FAULT_PARTIAL);
    run(&c, serve_text, "HTTP/1.1 200 X\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\nxyz\r\n",
        (struct http_spec){ 0 }, 1000);
    assert_int_equal(c.fault, FAULT_PARTIAL);
    assert_string_equal(c.why, "partial: bad chunk");
    run(&c, serve_text, "HTTP/1.1 200 X\r\nContent-Le", (struct http_spec){ 0 }, 1000);
    assert_int_equal(c.fault, FAULT_PARTIAL);
    assert_string_equal(c.why, "partial: the headers broke off");
}

static void closing_or_resetting_before_a_reply_is_reset(void **state)
{
    struct http_case c;

    (void)state;
    run(&c, serve_text, "", (struct http_spec){ 0 }, 1000);
    assert_int_equal(c.fault, FAULT_RESET);
    assert_string_equal(c.why, "reset: closed before a reply");
    run(&c, serve_reset, "", (struct http_spec){ 0 }, 1000);
    assert_int_equal(c.fault, FAULT_RESET);
}

static void what_is_not_http_is_a_protocol_fault(void **state)
{
    struct http_case c;

    (void)state;
    run(&c, serve_text, "SSH-2.0-OpenSSH_9.2\r\n", (struct http_spec){ 0 }, 1000);
    assert_int_equal(c.fault, FAULT_PROTOCOL);
    assert_string_equal(c.why, "protocol: the answer is not HTTP");
    run(&c, serve_text, "HTTP/1.1 200 X\r\nContent-Encoding: gzip\r\nContent-Length: 4\r\n\r\nabcd",
        (struct http_spec){ 0 }, 1000);
    assert_int_equal(c.fault, FAULT_PROTOCOL);
    assert_string_equal(c.why, "protocol: the content encoding is broken");
}

static void serve_headers(struct loopback_conn *c, const void *arg)
{
    size_t total = *(const size_t *)arg, sent = 0;
    const char *first = "HTTP/1.1 200 X\r\nContent-Length: 0\r\n", *line = "X-Fill: 0123456789\r\n";

    loopback_request(c);
    loopback_sends(c, first);
    for (sent = strlen(first); sent + strlen(line) + 12 < total; sent += strlen(line))
        if (!loopback_sends(c, line))
            return;
    loopback_sends(c, "X-End: ");
    for (sent += 7; sent < total - 4; sent++)
        loopback_sends(c, "e");
    loopback_sends(c, "\r\n\r\n");
}

static void headers_at_the_cap_pass_and_one_byte_more_does_not(void **state)
{
    struct http_case c;
    size_t at = HTTP_HEADER_MAX, beyond = HTTP_HEADER_MAX + 1;

    (void)state;
    run(&c, serve_headers, &at, (struct http_spec){ 0 }, 3000);
    assert_int_equal(c.fault, FAULT_NONE);
    run(&c, serve_headers, &beyond, (struct http_spec){ 0 }, 3000);
    assert_int_equal(c.fault, FAULT_TOO_BIG);
    assert_string_equal(c.why, "too big: headers beyond 256 KB");
}

static void serve_long_header(struct loopback_conn *c, const void *arg)
{
    char block[1024];

    (void)arg;
    memset(block, 'h', sizeof block);
    loopback_request(c);
    loopback_sends(c, "HTTP/1.1 200 X\r\nX-Long: ");
    for (int i = 0; i < 2048; i++)
        if (!loopback_send(c, block, sizeof block))
            return;
}

static void one_header_of_two_megabytes_is_refused(void **state)
{
    struct http_case c;

    (void)state;
    run(&c, serve_long_header, NULL, (struct http_spec){ 0 }, 2000);
    assert_int_equal(c.fault, FAULT_TOO_BIG);
    assert_string_equal(c.why, "too big: a header");
}

static void serve_interim(struct loopback_conn *c, const void *arg)
{
    loopback_request(c);
    for (int i = 0; i < *(const int *)arg; i++)
        if (!loopback_sends(c, "HTTP/1.1 100 Continue\r\n\r\n"))
            return;
    loopback_reply(c, 200, "", "after all");
}

static void interim_answers_are_counted(void **state)
{
    struct http_case c;
    int at = HTTP_INTERIM_MAX, beyond = HTTP_INTERIM_MAX + 1;

    (void)state;
    run(&c, serve_interim, &at, (struct http_spec){ 0 }, 1000);
    assert_int_equal(c.fault, FAULT_NONE);
    assert_int_equal(c.code, 200);
    assert_string_equal(c.body, "after all");
    run(&c, serve_interim, &beyond, (struct http_spec){ 0 }, 1000);
    assert_int_equal(c.fault, FAULT_PROTOCOL);
}

static void an_error_code_is_a_reply(void **state)
{
    struct http_case c;

    (void)state;
    run(&c, serve_text,
        "HTTP/1.1 503 X\r\nRetry-After: 1000000000\r\nContent-Length: 4\r\n\r\nbusy",
        (struct http_spec){ 0 }, 1000);
    assert_int_equal(c.fault, FAULT_NONE);
    assert_int_equal(c.code, 503);
    assert_string_equal(c.body, "busy");
    assert_int_equal(c.retry_after_ms, 300000);
    run(&c, serve_text, "HTTP/1.1 429 X\r\nRetry-After: 7\r\nContent-Length: 0\r\n\r\n",
        (struct http_spec){ 0 }, 1000);
    assert_int_equal(c.retry_after_ms, 7000);
}

static void a_name_without_address_is_dns_and_does_not_hold_the_loop(void **state)
{
    struct http_spec spec = { .url = "http://no-such-host.invalid/" };
    struct http_case c;
    struct io_lag lag;

    (void)state;
    case_init(&c, &spec);
    case_ask(&c, 400);
    assert_int_equal(c.fault, FAULT_DNS);
    assert_memory_equal(c.why, "dns: ", 5);
    assert_in_range(c.took_ms, 0, patience_times(900));
    io_lag(c.io, &lag);
    assert_in_range(lag.max_ms, 0, patience_times(100));
    case_fini(&c);
}

static void want_of_descriptors_is_our_own_fault(void **state)
{
    struct loopback s;
    struct rlimit old, few;
    struct http_spec spec = { 0 };
    struct http_case c;
    int fd = open("/", 0);

    (void)state;
    loopback_start(&s, serve_ok, "hello");
    spec.url = s.url;
    case_init(&c, &spec);
    io_turn(c.io, 0);
    getrlimit(RLIMIT_NOFILE, &old);
    few = old;
    few.rlim_cur = 3;
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &few), 0);
    case_ask(&c, 1000);
    setrlimit(RLIMIT_NOFILE, &old);
    assert_int_equal(c.fault, FAULT_LOCAL);
    assert_string_equal(c.why, "local: Too many open files");
    case_ask(&c, 1000);
    assert_int_equal(c.fault, FAULT_NONE);
    case_fini(&c);
    loopback_stop(&s);
    close(fd);
}

static void serve_late(struct loopback_conn *c, const void *arg)
{
    while (loopback_request(c)) {
        if (loopback_wait(c, 20))
            return;
        loopback_reply(c, 200, "", arg);
    }
}

static void our_own_lateness_is_not_blamed_on_the_server(void **state)
{
    struct loopback s;
    struct http_spec spec = { 0 };
    struct http_case c;
    int64_t until;

    (void)state;
    loopback_start(&s, serve_late, "in time");
    spec.url = s.url;
    case_init(&c, &spec);
    case_start(&c, 150);
    while (!s.requests)
        io_turn(c.io, 5);
    for (until = io_mono_ms(c.io) + 300; io_mono_ms(c.io) < until;)
        ; /* the loop halts; meanwhile the answer arrives in the socket */
    case_wait(&c, &c.done, 1);
    assert_int_equal(c.fault, FAULT_NONE);
    assert_string_equal(c.body, "in time");
    case_fini(&c);
    loopback_stop(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_reply_comes_whole),
        cmocka_unit_test(a_closed_port_is_refused),
        cmocka_unit_test(a_mute_server_ends_at_the_deadline),
        cmocka_unit_test(dripping_headers_end_at_the_total_deadline),
        cmocka_unit_test(a_dripping_body_ends_at_the_total_deadline),
        cmocka_unit_test(connect_has_a_limit_of_its_own),
        cmocka_unit_test(the_number_of_a_socket_that_never_connected_is_free_again),
        cmocka_unit_test(a_slow_answer_outlives_the_connect_limit),
        cmocka_unit_test(a_slow_answer_after_a_redirect_outlives_the_connect_limit),
        cmocka_unit_test(an_endless_body_stops_at_the_cap),
        cmocka_unit_test(a_body_at_the_cap_passes_and_one_byte_more_does_not),
        cmocka_unit_test(the_cap_counts_decoded_bytes),
        cmocka_unit_test(what_breaks_off_is_partial),
        cmocka_unit_test(closing_or_resetting_before_a_reply_is_reset),
        cmocka_unit_test(what_is_not_http_is_a_protocol_fault),
        cmocka_unit_test(headers_at_the_cap_pass_and_one_byte_more_does_not),
        cmocka_unit_test(one_header_of_two_megabytes_is_refused),
        cmocka_unit_test(interim_answers_are_counted),
        cmocka_unit_test(an_error_code_is_a_reply),
        cmocka_unit_test(a_name_without_address_is_dns_and_does_not_hold_the_loop),
        cmocka_unit_test(want_of_descriptors_is_our_own_fault),
        cmocka_unit_test(our_own_lateness_is_not_blamed_on_the_server),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* tests/io/test_redis_link.c: the connection to Redis: refused, silent, ended, made again, shared.
 */
#include "tests/io/redis_case.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "tests/patience.h"

static void equal_addresses_share_one_connection(void **state)
{
    struct world w;
    struct answer a, b;
    char url[64];
    struct redis_db *other;
    struct err err;
    struct secret *secret = secret_new("right", 5);

    (void)state;
    world_open(&w, honest);
    snprintf(url, sizeof url, "redis://127.0.0.1:%d", w.server->port);
    other = redis_db_get(w.redis, url, NULL, NULL, false, &err);
    assert_ptr_equal(other, w.db);
    redis_db_put(other);
    other = redis_db_get(w.redis, url, secret, NULL, false, &err);
    assert_ptr_not_equal(other, w.db);
    secret_free(secret); /* was copied */
    ping_wait(&w, &a);
    redis_ask(other, &(struct redis_command){ 1, (const char *[]){ "PING" } }, 1, 2000, on_answer,
              memset(&b, 0, sizeof b));
    WAIT(&w, b.n);
    assert_int_equal(b.fault, FAULT_NONE);
    assert_int_equal(w.server->accepted, 2);
    redis_db_put(other);
    WAIT(&w, server_open(w.server) == 1); /* nobody asks it any more */
    world_close(&w);
}

static void refused_is_said_at_once_and_recovery_is_seen_at_the_next_poll(void **state)
{
    struct world w;
    struct answer a;
    int64_t before;
    char url[64];
    struct err err;

    (void)state;
    world_open(&w, honest);
    snprintf(url, sizeof url, "unix:/tmp/mw-test-redis-%d.sock", (int)getpid());
    redis_db_put(w.db);
    w.db = redis_db_get(w.redis, url, NULL, NULL, false, &err);
    before = io_mono_ms(w.io);
    for (int i = 0; i < 3; i++) {
        ping_wait(&w, &a);
        assert_int_equal(a.fault, FAULT_REFUSED);
    }
    server_stop(w.server);
    redis_db_put(w.db);
    snprintf(url + 64 - 64, sizeof url, "redis://127.0.0.1:%d", w.server->port);
    w.db = redis_db_get(w.redis, url, NULL, NULL, false, &err);
    ping_wait(&w, &a);
    assert_int_equal(a.fault, FAULT_REFUSED);
    assert_true(io_mono_ms(w.io) - before < patience_times(500));
    redis_db_put(w.db);
    server_free(w.server);
    snprintf(url, sizeof url, "unix:/tmp/mw-test-redis-%d.sock", (int)getpid());
    w.server = server_new_unix(w.io, url + 5);
    w.server->on_bytes = honest;
    w.db = redis_db_get(w.redis, url, NULL, NULL, false, &err);
    ping_wait(&w, &a);
    assert_int_equal(a.fault, FAULT_NONE);
    world_close(&w);
}

static void a_server_that_never_answers_ends_at_the_deadline_and_leaves_no_socket(void **state)
{
    struct world w;
    struct answer a;
    int64_t before;

    (void)state;
    world_open(&w, silent);
    for (int i = 0; i < 3; i++) {
        before = io_mono_ms(w.io);
        ping(&w, &a, 150);
        WAIT(&w, a.n);
        assert_int_equal(a.fault, FAULT_TIMEOUT);
        assert_in_range(io_mono_ms(w.io) - before, 140, patience_times(650));
        WAIT(&w, server_open(w.server) == 0);
    }
    assert_int_equal(w.closed, 0); /* it was us */
    world_close(&w);
}

static void the_end_of_an_idle_connection_is_told_at_once(void **state)
{
    struct world w;
    struct answer a;

    (void)state;
    world_open(&w, honest);
    ping_wait(&w, &a);
    peer_close(w.server->peers);
    WAIT(&w, w.closed == 1);
    ping_wait(&w, &a); /* reconnects */
    assert_int_equal(a.fault, FAULT_NONE);
    peer_reset(w.server->peers);
    ping_wait(&w, &a);
    assert_int_equal(a.fault, FAULT_NONE);
    assert_int_equal(w.closed, 1); /* twice in no time is no reason to ask at once again */
    redis_off_closed(w.db, &w);
    world_close(&w);
}

static void dies_once(struct peer *p)
{
    if (p->number == 1 && p->said == 0 && p->reads == 2)
        peer_reset(p);
    else
        honest(p), p->said = 0;
}

static void a_question_lost_with_its_connection_is_asked_once_more(void **state)
{
    struct world w;
    struct answer a;

    (void)state;
    world_open(&w, dies_once);
    ping_wait(&w, &a);
    ping_wait(&w, &a); /* the server resets instead of answering */
    assert_int_equal(a.fault, FAULT_NONE);
    assert_int_equal(w.server->accepted, 2);
    world_close(&w);
}

static void dies(struct peer *p)
{
    peer_close(p);
}

static void a_server_that_always_hangs_up_is_reset_after_two_tries(void **state)
{
    struct world w;
    struct answer a;

    (void)state;
    world_open(&w, dies);
    ping_wait(&w, &a);
    assert_int_equal(a.fault, FAULT_RESET);
    assert_int_equal(w.server->accepted, 2);
    world_close(&w);
}

static void a_thousand_reconnects_leave_no_descriptor(void **state)
{
    struct world w;
    struct answer a;
    int before;

    (void)state;
    world_open(&w, honest);
    ping_wait(&w, &a);
    before = fds_open();
    for (int i = 0; i < 1000; i++) {
        struct peer *p = w.server->peers;

        i % 2 ? peer_close(p) : peer_reset(p);
        ping_wait(&w, &a);
        assert_int_equal(a.fault, FAULT_NONE);
    }
    assert_int_equal(w.server->accepted, 1001);
    assert_int_equal(fds_open(), before);
    assert_true(w.closed <= 3); /* asks at once: 0 s, 0.5 s, 1.5 s ... not a thousand */
    world_close(&w);
}

static void closes_at_once(struct peer *p)
{
    honest(p);
    peer_close(p);
}

static void a_server_that_closes_after_each_reply_is_not_asked_in_a_circle(void **state)
{
    struct world w;
    struct answer a;

    (void)state;
    world_open(&w, closes_at_once);
    for (int i = 0; i < 10; i++) {
        ping_wait(&w, &a);
        assert_int_equal(a.fault, FAULT_NONE);
        io_turn(w.io, 5);
    }
    assert_true(w.closed <= 2);
    world_close(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(equal_addresses_share_one_connection),
        cmocka_unit_test(refused_is_said_at_once_and_recovery_is_seen_at_the_next_poll),
        cmocka_unit_test(a_server_that_never_answers_ends_at_the_deadline_and_leaves_no_socket),
        cmocka_unit_test(the_end_of_an_idle_connection_is_told_at_once),
        cmocka_unit_test(a_question_lost_with_its_connection_is_asked_once_more),
        cmocka_unit_test(a_server_that_always_hangs_up_is_reset_after_two_tries),
        cmocka_unit_test(a_thousand_reconnects_leave_no_descriptor),
        cmocka_unit_test(a_server_that_closes_after_each_reply_is_not_asked_in_a_circle),
    };

    signal(SIGPIPE, SIG_IGN);
    return cmocka_run_group_tests(tests, NULL, NULL);
}

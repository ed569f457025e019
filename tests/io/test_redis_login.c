/* tests/io/test_redis_login.c: Redis wants a password, or wants none, or does not believe ours. */
#include "tests/io/redis_case.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>

static struct redis_db *with_password(struct world *w, const char *password, const char *user)
{
    struct secret *s = secret_new(password, strlen(password));
    char url[64];
    struct err err;
    struct redis_db *db;

    snprintf(url, sizeof url, "redis://%s127.0.0.1:%d/3", user, w->server->port);
    db = redis_db_get(w->redis, url, s, NULL, false, &err);
    secret_free(s);
    assert_non_null(db);
    return db;
}

static void the_right_password_is_given_before_anything_is_asked(void **state)
{
    struct world w;
    struct answer a;

    (void)state;
    world_open(&w, honest);
    redis_db_put(w.db);
    w.db = with_password(&w, "right", "watch@");
    ping_wait(&w, &a);
    assert_int_equal(a.fault, FAULT_NONE);
    assert_int_equal(w.server->peers->said, 4); /* AUTH, SELECT, PING, PING token */
    world_close(&w);
}

static void a_wrong_password_is_tried_once_and_remembered(void **state)
{
    struct world w;
    struct answer a;

    (void)state;
    world_open(&w, honest);
    redis_db_put(w.db);
    w.db = with_password(&w, "wr0ng-canary", "");
    for (int i = 0; i < 20; i++) {
        ping_wait(&w, &a);
        assert_int_equal(a.fault, FAULT_AUTH);
        assert_null(strstr(a.why, "canary"));
    }
    assert_non_null(strstr(a.why, "WRONGPASS invalid; next try "));
    assert_int_equal(w.server->accepted, 1);
    world_close(&w);
}

static void a_server_without_a_password_is_up_all_the_same(void **state)
{
    struct world w;
    struct answer a;

    (void)state;
    world_open(&w, says);
    redis_db_put(w.db);
    w.db = with_password(&w, "x", "");
    said = "-ERR AUTH <password> called without any password configured for the default user.\r\n";
    ping(&w, &a, 2000);
    WAIT(&w, w.server->peers && w.server->peers->reads == 1);
    w.server->on_bytes = honest;
    peer_sends(w.server->peers, "+OK\r\n"); /* its SELECT was answered by the same words */
    WAIT(&w, a.n);
    assert_int_not_equal(a.fault, FAULT_AUTH);
    world_close(&w);
}

static void hangs_up_at_auth(struct peer *p)
{
    peer_reset(p);
}

static void a_server_that_ends_the_greeting_is_not_asked_for_ever(void **state)
{
    struct world w;
    struct answer a;

    (void)state;
    world_open(&w, hangs_up_at_auth);
    redis_db_put(w.db);
    w.db = with_password(&w, "right", "");
    ping_wait(&w, &a);
    assert_int_equal(a.fault, FAULT_RESET);
    assert_int_equal(w.server->accepted, 1);
    world_close(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_right_password_is_given_before_anything_is_asked),
        cmocka_unit_test(a_wrong_password_is_tried_once_and_remembered),
        cmocka_unit_test(a_server_without_a_password_is_up_all_the_same),
        cmocka_unit_test(a_server_that_ends_the_greeting_is_not_asked_for_ever),
    };

    signal(SIGPIPE, SIG_IGN);
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* tests/io/test_pg_login.c: PostgreSQL does not let us in, or not as we ask for it. */
#include "tests/io/pg_case.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>

static struct {
    const char *sqlstate, *words;
} refusal;

static void refuse(struct peer *p)
{
    pg_say_error(p, "FATAL", refusal.sqlstate, refusal.words);
    peer_close(p);
}

static void each_refusal_has_its_fault_and_its_reason(void **state)
{
    static const struct {
        const char *sqlstate, *words;
        enum fault fault;
        const char *why;
        bool once;
    } cases[] = {
        { "28P01", "password authentication failed for user \"u\"", FAULT_AUTH,
          "password rejected: password authentication failed for user \"u\"", true },
        { "28000", "role \"u\" does not exist", FAULT_AUTH,
          "role missing: role \"u\" does not exist", true },
        { "28000", "no pg_hba.conf entry for host \"127.0.0.1\", user \"u\"", FAULT_AUTH,
          "pg_hba.conf has no entry for us: no pg_hba.conf entry for host \"127.0.0.1\", user "
          "\"u\"",
          true },
        { "28000", "pg_hba.conf rejects connection for host \"127.0.0.1\"", FAULT_AUTH,
          "pg_hba.conf rejects us: pg_hba.conf rejects connection for host \"127.0.0.1\"", true },
        { "28000", "role \"u\" is not permitted to log in", FAULT_AUTH,
          "role may not log in: role \"u\" is not permitted to log in", true },
        { "3D000", "database \"d\" does not exist", FAULT_STATUS,
          "database missing: database \"d\" does not exist", false },
        { "53300", "sorry, too many clients already", FAULT_FULL, "sorry, too many clients already",
          false },
        { "53300",
          "remaining connection slots are reserved for non-replication superuser connections",
          FAULT_FULL,
          "remaining connection slots are reserved for non-replication superuser connections",
          false },
        { "57P03", "the database system is starting up", FAULT_STATUS,
          "not ready: the database system is starting up", false },
        { "57P03", "the database system is shutting down", FAULT_STATUS,
          "not ready: the database system is shutting down", false },
    };
    struct world w;
    struct answer a;

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        world_open(&w);
        w.server->on_startup = refuse;
        refusal.sqlstate = cases[i].sqlstate;
        refusal.words = cases[i].words;
        ask_wait(&w, &a);
        assert_int_equal(a.fault, cases[i].fault);
        assert_string_equal(a.why, cases[i].why);
        ask_wait(&w, &a);
        assert_int_equal(a.fault, cases[i].fault);
        assert_int_equal(w.server->startups, cases[i].once ? 1 : 2);
        if (cases[i].once)
            assert_non_null(strstr(a.why, "; next try "));
        w.server->on_startup =
            NULL; /* recovered: seen at the next poll, unless it was credentials */
        ask_wait(&w, &a);
        assert_int_equal(a.fault, cases[i].once ? FAULT_AUTH : FAULT_NONE);
        world_close(&w);
    }
}

static void asks_then_rejects(struct peer *p)
{
    struct pgserver *s = p->server->arg;

    if (!s->passwords) {
        pg_say_ask_password(p);
        return;
    }
    pg_say_error(p, "FATAL", "28P01", "password authentication failed for user \"u\"");
    peer_close(p);
}

static void a_wrong_password_is_tried_once_and_never_shown(void **state)
{
    struct world w;
    struct answer a;

    (void)state;
    world_open(&w);
    pg_db_put(w.db);
    world_db(&w, "c4nary-pass", "");
    w.server->on_startup = asks_then_rejects;
    for (int i = 0; i < 20; i++) {
        ask_wait(&w, &a);
        assert_int_equal(a.fault, FAULT_AUTH);
        assert_null(strstr(a.why, "c4nary"));
    }
    assert_int_equal(w.server->startups, 1);
    assert_int_equal(w.server->passwords, 1);
    assert_string_equal(w.server->last_password, "c4nary-pass"); /* over loopback */
    world_close(&w);
}

static void no_password_where_one_is_asked_for_says_so(void **state)
{
    struct world w;
    struct answer a;

    (void)state;
    world_open(&w);
    setenv("PGPASSFILE", "/nowhere", 1);
    pg_db_put(w.db);
    world_db(&w, NULL, " application_name=x");
    w.server->on_startup = asks_then_rejects;
    ask_wait(&w, &a);
    assert_int_equal(a.fault, FAULT_AUTH);
    assert_string_equal(a.why, "fe_sendauth: no password supplied");
    world_close(&w);
}

static void a_server_without_tls_is_not_spoken_to_where_tls_is_demanded(void **state)
{
    struct world w;
    struct answer a;

    (void)state;
    world_open(&w);
    pg_db_put(w.db);
    world_db(&w, "c4nary-pass", " sslmode=verify-full");
    ask_wait(&w, &a);
    assert_int_equal(a.fault, FAULT_TLS);
    assert_string_equal(a.why, "server does not support SSL, but SSL was required");
    assert_int_equal(w.server->startups + w.server->passwords, 0);
    world_close(&w);
}

static void pooler(struct peer *p)
{
    struct pgserver *s = p->server->arg;

    if (strstr(s->startup, "statement_timeout")) {
        pg_say_error(p, "FATAL", "08P01", "unsupported startup parameter: options");
        peer_close(p);
    } else {
        pg_say_greeting(p);
    }
}

static void a_pooler_that_takes_no_options_is_asked_without(void **state)
{
    struct world w;
    struct answer a;

    (void)state;
    world_open(&w);
    w.server->on_startup = pooler;
    ask_wait(&w, &a);
    assert_int_equal(a.fault, FAULT_NONE);
    assert_int_equal(w.server->startups, 2);
    assert_null(strstr(w.server->startup, "options"));
    world_close(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_refusal_has_its_fault_and_its_reason),
        cmocka_unit_test(a_wrong_password_is_tried_once_and_never_shown),
        cmocka_unit_test(no_password_where_one_is_asked_for_says_so),
        cmocka_unit_test(a_server_without_tls_is_not_spoken_to_where_tls_is_demanded),
        cmocka_unit_test(a_pooler_that_takes_no_options_is_asked_without),
    };

    signal(SIGPIPE, SIG_IGN);
    unsetenv("PGPASSWORD");
    return cmocka_run_group_tests(tests, NULL, NULL);
}

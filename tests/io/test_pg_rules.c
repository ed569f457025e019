/* tests/io/test_pg_rules.c: where a password may go, how an address is read, what a refusal means,
 * and what rows may cost. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "io/limits.h"
#include "io/pg_fault.h"
#include "io/pg_rows.h"
#include "io/pg_target.h"
#include "tests/cmocka.h"

static const char *param(const struct pg_params *p, const char *key)
{
    const char *found = NULL;

    for (size_t i = 0; i < p->n; i++)
        if (strcmp(p->keys[i], key) == 0) {
            assert_null(found); /* each once */
            found = p->values[i];
        }
    return found;
}

/* What libpq would be given for this conninfo, when its first host has this address. */
static bool make(struct pg_params *p, const char *conninfo, const char *numeric,
                 const char *password, struct err *err)
{
    static struct pg_target t; /* the parameters borrow from it */
    struct secret *s = password ? secret_new(password, strlen(password)) : NULL;
    struct pg_address a = { .host = &t.hosts[0] };
    bool ok;

    pg_target_fini(&t);
    if (!pg_target_read(&t, conninfo, err))
        fail_msg("%s: %s", conninfo, err->msg);
    snprintf(a.numeric, sizeof a.numeric, "%s", numeric);
    ok = pg_params_make(p, &t, s, &a, 1, 5000, 1500, false, err);
    secret_free(s); /* only asked whether it is there */
    if (!ok)
        pg_target_fini(&t);
    return ok;
}

static void a_password_goes_to_verified_or_local_servers_only(void **state)
{
    static const struct {
        const char *more, *numeric;
        bool sent;
        const char *sslmode;
    } cases[] = {
        { "", "127.0.0.1", true, "prefer" },
        { "", "127.8.9.1", true, "prefer" },
        { "", "::1", true, "prefer" },
        { "", "::ffff:127.0.0.1", true, "prefer" },
        { "", "", true, "prefer" }, /* unix socket */
        { "", "192.0.2.1", true, "verify-full" },
        { "", "2001:db8::1", true, "verify-full" },
        { "", "::ffff:192.0.2.1", true, "verify-full" },
        { "", "128.0.0.1", true, "verify-full" },
        { " sslmode=prefer", "192.0.2.1", true, "verify-full" },
        { " sslmode=allow", "192.0.2.1", true, "verify-full" },
        { " sslmode=verify-full", "192.0.2.1", true, "verify-full" },
        { " sslmode=verify-full", "127.0.0.1", true, "verify-full" },
        { " sslmode=disable", "127.0.0.1", true, "disable" },
        { " sslmode=disable", "192.0.2.1", false, NULL },
        { " sslmode=require", "192.0.2.1", false, NULL },
        { " sslmode=verify-ca", "192.0.2.1", false, NULL },
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char conninfo[128];
        struct pg_params p;
        struct err err = { "" };
        bool ok;

        snprintf(conninfo, sizeof conninfo, "host=db.test dbname=d user=u%s", cases[i].more);
        ok = make(&p, conninfo, cases[i].numeric, "c4nary", &err);
        if (ok != cases[i].sent)
            fail_msg("%s %s", conninfo, cases[i].numeric);
        if (!ok) {
            assert_non_null(strstr(err.msg, "a password goes only to a verified one"));
            assert_null(strstr(err.msg, "c4nary"));
            continue;
        }
        assert_string_equal(param(&p, "sslmode"), cases[i].sslmode);
        assert_string_equal(param(&p, "gssencmode"), "disable");
        assert_non_null(param(&p, "password"));
        pg_params_fini(&p);
    }
}

static void without_verification_no_password_is_within_libpqs_reach(void **state)
{
    char file[] = "/tmp/mw-pgpass-XXXXXX";
    int fd = mkstemp(file);
    struct pg_params p;
    struct err err;

    (void)state;
    setenv("PGPASSFILE", file, 1);
    assert_true(make(&p, "host=db.test dbname=d user=u sslmode=require", "192.0.2.1", NULL, &err));
    assert_true(p.withheld);
    assert_string_equal(param(&p, "passfile"), "/dev/null/none");
    assert_null(param(&p, "password"));
    pg_params_fini(&p);
    assert_true(make(&p, "host=db.test dbname=d user=u", "192.0.2.1", NULL, &err));
    assert_false(p.withheld);
    assert_string_equal(param(&p, "passfile"), file);
    pg_params_fini(&p);
    chmod(file, 0644); /* libpq would complain across the screen, and not use it either */
    assert_true(make(&p, "host=db.test dbname=d user=u", "192.0.2.1", NULL, &err));
    assert_string_equal(param(&p, "passfile"), "/dev/null/none");
    pg_params_fini(&p);
    unsetenv("PGPASSFILE");
    setenv("PGPASSWORD", "c4nary", 1);
    assert_false(make(&p, "host=db.test dbname=d user=u sslmode=require", "192.0.2.1", NULL, &err));
    assert_true(make(&p, "host=db.test dbname=d user=u", "192.0.2.1", NULL, &err));
    assert_string_equal(param(&p, "password"), "c4nary");
    pg_params_fini(&p);
    unsetenv("PGPASSWORD");
    close(fd);
    unlink(file);
}

static void what_libpq_is_given_is_ours_where_it_matters(void **state)
{
    struct pg_params p;
    struct err err;

    (void)state;
    assert_true(make(&p,
                     "host=db.test dbname=d user=u connect_timeout=99 keepalives=0 "
                     "tcp_user_timeout=1 gssencmode=require options='-c search_path=app' "
                     "client_encoding=latin1 application_name=other target_session_attrs=any",
                     "192.0.2.1", NULL, &err));
    assert_string_equal(param(&p, "host"), "db.test");
    assert_string_equal(param(&p, "hostaddr"), "192.0.2.1");
    assert_string_equal(param(&p, "port"), "5432");
    assert_string_equal(param(&p, "dbname"), "d");
    assert_string_equal(param(&p, "keepalives"), "1");
    assert_string_equal(param(&p, "tcp_user_timeout"), "5000");
    assert_string_equal(param(&p, "gssencmode"), "disable");
    assert_string_equal(param(&p, "client_encoding"), "UTF8");
    assert_string_equal(param(&p, "application_name"), "midwatch");
    assert_string_equal(param(&p, "target_session_attrs"), "any");
    assert_string_equal(param(&p, "options"),
                        "-c search_path=app -c statement_timeout=5000 -c lock_timeout=1500 "
                        "-c default_transaction_read_only=on");
    assert_null(param(&p, "connect_timeout"));
    assert_null(param(&p, "service"));
    pg_params_fini(&p);
}

static void hosts_keep_their_order_ports_and_addresses(void **state)
{
    struct pg_target t;
    struct pg_params p;
    struct err err;

    (void)state;
    assert_true(
        pg_target_read(&t, "postgres://u@a:1,b:2,[::1]:3/d?target_session_attrs=any", &err));
    assert_int_equal(t.n_hosts, 3);
    assert_string_equal(t.name, "a:1,b:2,[::1]:3/d");
    struct pg_address found[] = {
        { .host = &t.hosts[0], .numeric = "192.0.2.1", .dead = true },
        { .host = &t.hosts[0], .numeric = "192.0.2.2" },
        { .host = &t.hosts[1], .numeric = "192.0.2.3" },
        { .host = &t.hosts[2], .numeric = "::1" },
    };
    assert_true(pg_params_make(&p, &t, NULL, found, 4, 1000, 500, true, &err));
    assert_string_equal(param(&p, "host"), "a,b,::1");
    assert_string_equal(param(&p, "hostaddr"), "192.0.2.2,192.0.2.3,::1");
    assert_string_equal(param(&p, "port"), "1,2,3");
    assert_null(param(&p, "options"));
    pg_params_fini(&p);
    pg_target_fini(&t);
    assert_true(pg_target_read(&t, "host=/run/pg,/tmp port=7 dbname=d user=u", &err));
    assert_true(pg_host_is_unix(&t.hosts[1]));
    assert_string_equal(t.hosts[1].port, "7");
    pg_target_fini(&t);
    assert_true(pg_target_read(&t, "dbname=d user=u", &err));
    assert_true(t.n_hosts == 1 && pg_host_is_unix(&t.hosts[0]));
    assert_string_equal(t.name, "local:5432/d");
    pg_target_fini(&t);
}

static void an_address_that_cannot_be_read_is_not_repeated(void **state)
{
    static const char *const cases[][2] = {
        { "oops-c4nary", "not an address of PostgreSQL; write service=NAME" },
        { "host=db password='c4nary", "not an address of PostgreSQL" },
        { "host=db password=c4nary", "a password does not belong into the address" },
        { "host=db sslpassword=c4nary", "a password does not belong into the address" },
        { "postgres://u:c4nary@h/d", "a password does not belong into the address" },
        { "postgres://u@h/d?c4nary=1", "not an address of PostgreSQL" },
        { "host=db\tdbname=c4nary", "may not hold control characters" },
        { "host=db dbname=d\x1b[2J", "may not hold control characters" },
        { "host=a,b,c port=1,2 dbname=d", "could not match 2 port numbers to 3 hosts" },
        { "host=db sslmode=c4nary", "libpq refuses an option of this address" },
        { "service=no-such-service", "definition of service \"no-such-service\" not found" },
        { "host=a,b,c,d,e,f,g,h,i,j,k,l,m,n,o,p,q dbname=d", "more than 16 hosts" },
    };

    (void)state;
    setenv("PGSERVICEFILE", "/dev/null", 1);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct pg_target t;
        struct err err = { "" };

        if (pg_target_read(&t, cases[i][0], &err))
            fail_msg("accepted: %s", cases[i][0]);
        if (!strstr(err.msg, cases[i][1]))
            fail_msg("%s: %s", cases[i][0], err.msg);
        assert_null(strstr(err.msg, "c4nary"));
    }
    unsetenv("PGSERVICEFILE");
}

static void connect_fails(const char *text, const char *sqlstate, enum fault fault, const char *why)
{
    char code[6];
    enum fault found;
    struct err err;
    bool credentials = pg_fault_connect(text, code, &found, &err);

    assert_string_equal(err.msg, why);
    assert_int_equal(found, fault);
    assert_string_equal(code, sqlstate);
    assert_int_equal(credentials, fault == FAULT_AUTH);
}

static void what_the_system_says_of_a_failed_connect_has_its_class(void **state)
{
    char text[200];

    (void)state;
    snprintf(text, sizeof text,
             "connection to server at \"h\" (192.0.2.1), port 5432 failed: %s\n\tIs the server "
             "running on that host and accepting TCP/IP connections?\n",
             strerror(ECONNREFUSED));
    connect_fails(text, "", FAULT_REFUSED, "refused");
    snprintf(text, sizeof text, "connection to server on socket \"/x\" failed: %s\n",
             strerror(ENOENT));
    connect_fails(text, "", FAULT_REFUSED, "no such socket");
    snprintf(text, sizeof text, "could not receive data from server: %s\n", strerror(ECONNRESET));
    connect_fails(text, "", FAULT_RESET, "reset");
}

static void what_libpq_says_of_a_failed_connect_has_its_class(void **state)
{
    static const struct {
        const char *text, *sqlstate;
        enum fault fault;
        const char *why;
    } cases[] = {
        { "connection to server at \"h\" (192.0.2.1), port 5432 failed: FATAL:  53300: sorry, too "
          "many clients already\nLOCATION:  x, y.c:1\n",
          "53300", FAULT_FULL, "sorry, too many clients already" },
        /* in another language of the server, too */
        { "connection to server at \"h\" (192.0.2.1), port 5432 failed: SCHWERWIEGEND:  28P01: "
          "Passwort-Authentifizierung fehlgeschlagen\n",
          "28P01", FAULT_AUTH, "password rejected: Passwort-Authentifizierung fehlgeschlagen" },
        { "connection to server at \"h\" (192.0.2.1), port 5432 failed: SSL error: certificate "
          "verify failed\n",
          "", FAULT_TLS, "SSL error: certificate verify failed" },
        { "connection to server at \"h\" (192.0.2.1), port 5432 failed: server certificate for "
          "\"x\" "
          "does not match host name \"h\"\n",
          "", FAULT_TLS, "server certificate for \"x\" does not match host name \"h\"" },
        { "connection to server at \"h\" (192.0.2.1), port 5432 failed: root certificate file "
          "\"/x\" does not exist\nEither provide the file or change sslmode\n",
          "", FAULT_TLS, "root certificate file \"/x\" does not exist" },
        { "connection to server at \"h\" (192.0.2.1), port 5432 failed: fe_sendauth: no password "
          "supplied\n",
          "", FAULT_AUTH, "fe_sendauth: no password supplied" },
        { "connection to server at \"h\" (192.0.2.1), port 5432 failed: expected authentication "
          "request from server, but received H\n",
          "", FAULT_PROTOCOL, "expected authentication request from server, but received H" },
        { "connection to server at \"h\" (192.0.2.1), port 5432 failed: server closed the "
          "connection unexpectedly\n\tThis probably means\n",
          "", FAULT_RESET, "server closed the connection unexpectedly" },
        { "connection to server at \"h\" (192.0.2.1), port 5432 failed: session is read-only\n", "",
          FAULT_STATUS, "session is read-only" },
        { "", "", FAULT_RESET, "" },
        { "FATAL:  \x1b[31m: x\n", "", FAULT_RESET, "FATAL:  ^[[31m: x" },
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        connect_fails(cases[i].text, cases[i].sqlstate, cases[i].fault, cases[i].why);
}

static void each_code_of_the_server_has_its_reason(void **state)
{
    static const struct {
        const char *sqlstate;
        enum fault fault;
        const char *why;
    } cases[] = {
        { "57014", FAULT_TIMEOUT, "words" },
        { "55P03", FAULT_TIMEOUT, "waits for a lock: words" },
        { "42501", FAULT_STATUS, "no permission: words" },
        { "57P01", FAULT_STATUS, "ended by an administrator: words" },
        { "57P02", FAULT_STATUS, "crashed: words" },
        { "57P03", FAULT_STATUS, "not ready: words" },
        { "25006", FAULT_STATUS, "read-only: words" },
        { "42P01", FAULT_STATUS, "table missing: words" },
        { "42601", FAULT_STATUS, "the query is wrong: words" },
        { "22012", FAULT_STATUS, "the query is wrong: words" },
        { "53100", FAULT_STATUS, "out of resources: words" },
        { "40001", FAULT_STATUS, "rolled back: words" },
        { "XX000", FAULT_STATUS, "internal error of the server: words" },
        { "P0001", FAULT_STATUS, "words" },
        { "28000", FAULT_AUTH, "not let in: words" },
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        enum fault fault;
        struct err why;

        pg_fault_sqlstate(cases[i].sqlstate, "words\nDETAIL: more", &fault, &why);
        assert_int_equal(fault, cases[i].fault);
        assert_string_equal(why.msg, cases[i].why);
    }
}

static void rows_are_kept_up_to_their_caps(void **state)
{
    struct pg_rows r = { 0 };
    const char *cells[] = { "x", NULL };
    const size_t lens[] = { 1, 0 };
    size_t n = 0;

    (void)state;
    for (int i = 0; i < PG_COLS_MAX; i++)
        assert_int_equal(pg_rows_column(&r, "c", true), PG_ROWS_OK);
    assert_int_equal(pg_rows_column(&r, "c", true), PG_ROWS_FULL_COLS);
    pg_rows_clear(&r);
    pg_rows_column(&r, "a", true);
    pg_rows_column(&r, "b", false);
    while (pg_rows_add(&r, cells, lens) == PG_ROWS_OK)
        n++;
    assert_int_equal(n, PG_ROWS_MAX);
    assert_true(r.cut);
    assert_string_equal(pg_rows_cell(&r, n - 1, 0), "x");
    assert_null(pg_rows_cell(&r, n - 1, 1));
    assert_null(pg_rows_cell(&r, n, 0));
    assert_null(pg_rows_cell(&r, 0, 2));
    assert_string_equal(pg_rows_name(&r, 1), "b");
    assert_string_equal(pg_rows_name(&r, 2), "");
    pg_rows_fini(&r);
}

static void bytes_are_kept_up_to_their_cap(void **state)
{
    struct pg_rows r = { 0 };
    char *big = malloc(PG_BYTES_MAX);
    const char *cells[] = { big };
    size_t room = PG_BYTES_MAX - 2 - 1; /* the name "a", and the NUL of the cell */

    (void)state;
    memset(big, 'x', PG_BYTES_MAX);
    pg_rows_column(&r, "a", false);
    assert_int_equal(pg_rows_add(&r, cells, &room), PG_ROWS_OK);
    assert_int_equal(strlen(pg_rows_cell(&r, 0, 0)), room);
    pg_rows_clear(&r);
    assert_int_equal(r.bytes.cap, 0); /* a large answer gives its memory back */
    pg_rows_column(&r, "a", false);
    room++;
    assert_int_equal(pg_rows_add(&r, cells, &room), PG_ROWS_FULL_BYTES);
    assert_int_equal(r.rows, 0);
    pg_rows_fini(&r);
    free(big);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_password_goes_to_verified_or_local_servers_only),
        cmocka_unit_test(without_verification_no_password_is_within_libpqs_reach),
        cmocka_unit_test(what_libpq_is_given_is_ours_where_it_matters),
        cmocka_unit_test(hosts_keep_their_order_ports_and_addresses),
        cmocka_unit_test(an_address_that_cannot_be_read_is_not_repeated),
        cmocka_unit_test(what_the_system_says_of_a_failed_connect_has_its_class),
        cmocka_unit_test(what_libpq_says_of_a_failed_connect_has_its_class),
        cmocka_unit_test(each_code_of_the_server_has_its_reason),
        cmocka_unit_test(rows_are_kept_up_to_their_caps),
        cmocka_unit_test(bytes_are_kept_up_to_their_cap),
    };

    unsetenv("PGPASSWORD");
    unsetenv("PGPASSFILE");
    unsetenv("PGHOST");
    unsetenv("PGPORT");
    unsetenv("PGOPTIONS");
    unsetenv("PGSSLMODE");
    return cmocka_run_group_tests(tests, NULL, NULL);
}

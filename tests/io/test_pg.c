/* tests/io/test_pg.c: the PostgreSQL client against servers that lie, stall, break and refuse; and
 * on the virtual loop against a script. */
#include "io/pg.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "core/alloc.h"
#include "io/fake.h"
#include "io/limits.h"
#include "tests/io/pgserver.h"

enum { LIMIT_MS = 20000 }; /* valgrind needs it */

struct world {
    struct io *io;
    struct pg *pg;
    struct pgserver *server;
    struct pg_db *db;
    int closed;
};

struct answer {
    int n, order;
    enum fault fault;
    char why[640], sqlstate[6], cell[64];
    size_t rows, cols;
    bool cut, number;
    struct phases phases;
};

static int answers; /* counts, for the order */

static void on_closed(void *arg)
{
    ((struct world *)arg)->closed++;
}

static void on_answer(void *arg, const struct pg_reply *r)
{
    struct answer *a = arg;

    a->n++;
    a->order = ++answers;
    a->fault = r->fault;
    snprintf(a->why, sizeof a->why, "%s", r->why.msg);
    memcpy(a->sqlstate, r->sqlstate, sizeof a->sqlstate);
    a->rows = r->rows;
    a->cols = r->cols;
    a->cut = r->cut;
    a->phases = r->phases;
    a->number = pg_reply_is_number(r, 0);
    a->cell[0] = '\0';
    if (r->rows && pg_reply_cell(r, 0, 0))
        snprintf(a->cell, sizeof a->cell, "%s", pg_reply_cell(r, 0, 0));
}

static void world_db(struct world *w, const char *password, const char *more)
{
    struct secret *s = password ? secret_new(password, strlen(password)) : NULL;
    char conninfo[160];
    struct err err;

    snprintf(conninfo, sizeof conninfo, "host=127.0.0.1 port=%d dbname=d user=u%s",
             w->server->server->port, more);
    w->db = pg_db_get(w->pg, conninfo, s, &err);
    secret_free(s);
    assert_non_null(w->db);
    pg_on_closed(w->db, on_closed, w);
}

static void world_open(struct world *w)
{
    struct err err;

    *w = (struct world){ .io = io_new(&err) };
    assert_non_null(w->io);
    w->server = pgserver_new(w->io);
    w->pg = pg_new(w->io);
    world_db(w, NULL, "");
}

static void world_close(struct world *w)
{
    pg_db_put(w->db);
    pg_free(w->pg);
    pgserver_free(w->server);
    io_free(w->io);
}

#define WAIT(w, condition)                                  \
    do {                                                    \
        int64_t until = io_mono_ms((w)->io) + LIMIT_MS;     \
        while (!(condition) && io_mono_ms((w)->io) < until) \
            io_turn((w)->io, 20);                           \
        assert_true(condition);                             \
    } while (0)

static struct pg_call *ask(struct world *w, struct answer *a, const char *sql, int64_t timeout_ms)
{
    *a = (struct answer){ 0 };
    return pg_ask(w->db, sql, timeout_ms, on_answer, a);
}

static void ask_wait(struct world *w, struct answer *a)
{
    ask(w, a, "SELECT 1", 2000);
    WAIT(w, a->n);
}

static void a_query_is_answered_with_its_times(void **state)
{
    struct world w;
    struct answer a;

    (void)state;
    world_open(&w);
    ask_wait(&w, &a);
    assert_int_equal(a.fault, FAULT_NONE);
    assert_int_equal(a.rows, 1);
    assert_int_equal(a.cols, 1);
    assert_string_equal(a.cell, "1");
    assert_true(a.number);
    assert_true(a.phases.connect_us >= 0 && a.phases.first_byte_us >= a.phases.connect_us);
    assert_true(a.phases.total_us >= a.phases.first_byte_us && a.phases.tls_us == -1);
    ask_wait(&w, &a);
    assert_int_equal(w.server->startups, 1); /* the connection is kept */
    assert_int_equal(a.phases.connect_us, -1);
    assert_non_null(strstr(w.server->startup, "application_name midwatch"));
    assert_non_null(strstr(w.server->startup, "-c statement_timeout=2000 -c lock_timeout=1500"));
    assert_non_null(strstr(w.server->startup, "default_transaction_read_only=on"));
    world_close(&w);
}

static void queries_of_one_turn_go_in_one_piece(void **state)
{
    struct world w;
    struct answer a[5];

    (void)state;
    world_open(&w);
    ask_wait(&w, &a[0]);
    w.server->server->peers->reads = 0;
    for (int i = 0; i < 5; i++)
        ask(&w, &a[i], "SELECT 1", 2000);
    WAIT(&w, a[4].n);
    assert_int_equal(w.server->server->peers->reads, 1);
    for (int i = 0; i < 5; i++)
        assert_int_equal(a[i].fault, FAULT_NONE);
    world_close(&w);
}

static void the_impatient_go_first(void **state)
{
    struct world w;
    struct answer a, b, c;

    (void)state;
    world_open(&w);
    ask(&w, &a, "SELECT slow", 5000);
    ask(&w, &b, "SELECT quick", 1000);
    ask(&w, &c, "SELECT quick", 1000);
    WAIT(&w, a.n);
    assert_true(b.order < c.order && c.order < a.order);
    world_close(&w);
}

static void wrong_in_the_middle(struct peer *p, const char *sql)
{
    if (strcmp(sql, "SELECT nope") == 0) {
        pg_say_error(p, "ERROR", "42703", "column \"nope\" does not exist");
    } else {
        pg_say_columns(p, 1, 25);
        pg_say_row(p, 1, sql);
        pg_say_done(p);
    }
    pg_say_ready(p);
}

static void a_query_that_fails_takes_no_other_with_it(void **state)
{
    struct world w;
    struct answer a, b, c;

    (void)state;
    world_open(&w);
    w.server->on_query = wrong_in_the_middle;
    ask(&w, &a, "SELECT a", 2000);
    ask(&w, &b, "SELECT nope", 2000);
    ask(&w, &c, "SELECT c", 2000);
    WAIT(&w, c.n);
    assert_string_equal(a.cell, "SELECT a");
    assert_int_equal(b.fault, FAULT_STATUS);
    assert_string_equal(b.sqlstate, "42703");
    assert_string_equal(b.why, "column missing: column \"nope\" does not exist");
    assert_string_equal(c.cell, "SELECT c");
    assert_false(c.number);
    assert_int_equal(w.server->startups, 1);
    world_close(&w);
}

static void refused_is_said_at_once_each_time(void **state)
{
    struct world w;
    struct answer a;
    int64_t before;

    (void)state;
    world_open(&w);
    server_stop(w.server->server);
    before = io_mono_ms(w.io);
    for (int i = 0; i < 5; i++) {
        ask_wait(&w, &a);
        assert_int_equal(a.fault, FAULT_REFUSED);
        assert_string_equal(a.why, "refused");
    }
    assert_true(io_mono_ms(w.io) - before < 500);
    world_close(&w);
}

static void silent(struct peer *p)
{
    (void)p;
}

static void a_server_without_a_greeting_ends_at_the_deadline_and_leaves_no_socket(void **state)
{
    struct world w;
    struct answer a;

    (void)state;
    world_open(&w);
    w.server->on_startup = silent;
    ask(&w, &a, "SELECT 1", 200);
    WAIT(&w, a.n);
    assert_int_equal(a.fault, FAULT_TIMEOUT);
    assert_string_equal(a.why, "connected, but no greeting within 200 ms");
    assert_in_range(a.phases.total_us, 190000, 320000);
    WAIT(&w, server_open(w.server->server) == 0);
    world_close(&w);
}

static void never(struct peer *p, const char *sql)
{
    if (strcmp(sql, "SELECT stuck") == 0 && p->number == 1) {
        p->said = PG_STUCK;
        return;
    }
    pg_say_columns(p, 1, 23);
    pg_say_row(p, 1, "1");
    pg_say_done(p);
    pg_say_ready(p);
}

static void a_stuck_query_is_cancelled_and_then_given_up_with_its_connection(void **state)
{
    struct world w;
    struct answer a, b;

    (void)state;
    world_open(&w);
    w.server->on_query = never;
    ask(&w, &a, "SELECT stuck", 100);
    ask(&w, &b, "SELECT 1", 3000);
    WAIT(&w, a.n);
    assert_int_equal(a.fault, FAULT_TIMEOUT);
    assert_string_equal(a.why, "no answer within 100 ms");
    assert_in_range(a.phases.total_us, 95000, 200000);
    WAIT(&w, w.server->cancels == 1);
    /* the server has the answer to b in the pipeline, but never gets to it: asked again */
    WAIT(&w, b.n);
    assert_int_equal(b.fault, FAULT_NONE);
    assert_int_equal(w.server->startups, 2);
    WAIT(&w, server_open(w.server->server) == 1);
    assert_int_equal(w.closed, 0);
    world_close(&w);
}

static struct peer *stuck_at;

static void stuck_until_cancelled(struct peer *p, const char *sql)
{
    if (strcmp(sql, "SELECT stuck") == 0) {
        stuck_at = p;
        p->said = PG_STUCK;
        return;
    }
    never(p, sql);
}

static void a_cancelled_query_keeps_the_connection(void **state)
{
    struct world w;
    struct answer a, b;

    (void)state;
    world_open(&w);
    w.server->on_query = stuck_until_cancelled;
    stuck_at = NULL;
    ask(&w, &a, "SELECT stuck", 100);
    WAIT(&w, a.n && w.server->cancels == 1);
    pg_say_error(stuck_at, "ERROR", "57014", "canceling statement due to user request");
    pg_say_ready(stuck_at);
    pgserver_unstick(stuck_at);
    ask_wait(&w, &b);
    assert_int_equal(b.fault, FAULT_NONE);
    assert_int_equal(w.server->startups, 1);
    world_close(&w);
}

static int strays;

static void stray(struct peer *p, const char *sql)
{
    if (strcmp(sql, "SELECT stuck") == 0) {
        stuck_at = p;
        p->said = PG_STUCK;
    } else if (strays++ == 0) {
        pg_say_error(p, "ERROR", "57014", "canceling statement due to user request");
        pg_say_ready(p);
    } else {
        never(p, sql);
    }
}

static void a_cancel_that_hits_the_next_query_is_not_blamed_on_it(void **state)
{
    struct world w;
    struct answer a, b;

    (void)state;
    strays = 0;
    world_open(&w);
    w.server->on_query = stray;
    ask(&w, &a, "SELECT stuck", 100);
    WAIT(&w, a.n && w.server->cancels == 1);
    pg_say_columns(stuck_at, 1, 23); /* it had just finished */
    pg_say_done(stuck_at);
    pg_say_ready(stuck_at);
    pgserver_unstick(stuck_at);
    ask_wait(&w, &b);
    assert_int_equal(b.fault, FAULT_NONE);
    assert_int_equal(strays, 2);
    world_close(&w);
}

static void who_waits_behind_our_own_query_tells_nothing_about_the_server(void **state)
{
    struct world w;
    struct answer a, b;

    (void)state;
    world_open(&w);
    w.server->on_query = never;
    ask(&w, &a, "SELECT stuck", 2000);
    WAIT(&w, w.server->queries == 1);
    ask(&w, &b, "SELECT 1", 100);
    WAIT(&w, b.n);
    assert_int_equal(b.fault, FAULT_LOCAL);
    assert_string_equal(b.why, "waited 100 ms behind another query of ours");
    assert_int_equal(a.n, 0);
    world_close(&w);
}

static void the_end_of_an_idle_connection_is_told_at_once(void **state)
{
    struct world w;
    struct answer a;

    (void)state;
    world_open(&w);
    ask_wait(&w, &a);
    pg_say_error(w.server->server->peers, "FATAL", "57P01",
                 "terminating connection due to administrator command");
    peer_close(w.server->server->peers);
    WAIT(&w, w.closed == 1);
    ask_wait(&w, &a);
    assert_int_equal(a.fault, FAULT_NONE);
    assert_int_equal(w.server->startups, 2);
    pg_off_closed(w.db, &w);
    peer_reset(w.server->server->peers);
    ask_wait(&w, &a);
    assert_int_equal(a.fault, FAULT_NONE);
    assert_int_equal(w.closed, 1);
    world_close(&w);
}

static void dies(struct peer *p, const char *sql)
{
    (void)sql;
    pg_say_error(p, "FATAL", "57P01", "terminating connection due to administrator command");
    peer_close(p);
}

static void a_server_that_always_ends_us_is_asked_twice(void **state)
{
    struct world w;
    struct answer a;

    (void)state;
    world_open(&w);
    w.server->on_query = dies;
    ask_wait(&w, &a);
    assert_int_equal(a.fault, FAULT_STATUS);
    assert_string_equal(a.sqlstate, "57P01");
    assert_non_null(strstr(a.why, "ended by an administrator"));
    assert_int_equal(w.server->startups, 2);
    world_close(&w);
}

/* ---- not let in ---- */

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

static void a_statement_is_parsed_once_a_connection(void **state)
{
    struct world w;
    struct answer a, b;

    (void)state;
    world_open(&w);
    ask(&w, &a, "SELECT 1", 2000);
    ask(&w, &b, "SELECT 1", 2000); /* is not there yet for this one: goes by its text */
    WAIT(&w, a.n && b.n);
    assert_int_equal(a.fault + b.fault, FAULT_NONE);
    assert_int_equal(w.server->parses, 2);
    for (int i = 0; i < 5; i++) {
        ask_wait(&w, &a);
        assert_string_equal(a.cell, "1");
    }
    assert_int_equal(w.server->parses, 2);
    peer_close(w.server->server->peers);
    ask_wait(&w, &a);
    ask_wait(&w, &a);
    assert_int_equal(w.server->parses, 3);
    world_close(&w);
}

static const char *complaint;
static int complaints;

static void complains(struct peer *p, const char *sql)
{
    bool by_text = p->more;

    if (complaints > 0 && (!by_text || strcmp(complaint, "42P05") == 0)) {
        complaints--;
        pg_say_error(p, "ERROR", complaint, "about a prepared statement");
        pg_say_ready(p);
    } else {
        never(p, sql);
    }
}

static void a_prepared_statement_that_is_no_good_is_asked_by_its_text(void **state)
{
    static const char *const cases[] = { "0A000", "26000", "42P05" };
    struct world w;
    struct answer a;

    (void)state;
    for (size_t i = 0; i < 3; i++) {
        complaint = cases[i];
        complaints = 0;
        world_open(&w);
        w.server->on_query = complains;
        ask_wait(&w, &a);
        complaints = 1;
        for (int n = 0; n < 3; n++) {
            ask_wait(&w, &a);
            assert_int_equal(a.fault, FAULT_NONE);
        }
        assert_int_equal(w.server->startups, 1);
        assert_int_equal(w.server->parses, 4);
        world_close(&w);
    }
}

static void a_statement_that_does_not_parse_says_so_each_time(void **state)
{
    struct world w;
    struct answer a;

    (void)state;
    world_open(&w);
    w.server->on_query = wrong_in_the_middle;
    for (int i = 0; i < 3; i++) {
        ask(&w, &a, "SELECT nope", 2000);
        WAIT(&w, a.n);
        assert_string_equal(a.sqlstate, "42703");
    }
    assert_int_equal(w.server->parses, 3);
    assert_int_equal(w.server->startups, 1);
    world_close(&w);
}

static void a_more_patient_query_raises_the_servers_limit_once(void **state)
{
    struct world w;
    struct answer a;

    (void)state;
    world_open(&w);
    ask_wait(&w, &a);
    ask(&w, &a, "SELECT 1", 5000);
    WAIT(&w, a.n);
    assert_int_equal(a.fault, FAULT_NONE);
    assert_int_equal(w.server->queries, 3); /* the SET */
    ask(&w, &a, "SELECT 1", 5000);
    WAIT(&w, a.n);
    ask_wait(&w, &a);
    assert_int_equal(w.server->queries, 5);
    assert_int_equal(w.server->startups, 1);
    world_close(&w);
}

/* ---- hostile bytes ---- */

static const char *raw;
static size_t raw_len, raw_times;

static void says_raw(struct peer *p)
{
    for (size_t i = 0; i < raw_times && p->server->sent < 64 << 20; i++)
        peer_send(p, raw, raw_len);
}

static void says_raw_to_a_query(struct peer *p, const char *sql)
{
    (void)sql;
    says_raw(p);
}

static long rss_kib(void)
{
    FILE *f = fopen("/proc/self/statm", "r");
    long size = 0, pages = 0;

    if (f && fscanf(f, "%ld %ld", &size, &pages) != 2)
        pages = 0;
    if (f)
        fclose(f);
    return pages * (sysconf(_SC_PAGESIZE) / 1024);
}

#if defined(__SANITIZE_ADDRESS__)
#define SANITIZED 1 /* freed memory is kept in quarantine */
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define SANITIZED 1
#endif
#endif
#ifndef SANITIZED
#define SANITIZED 0
#endif

/* Neither a sanitizer nor valgrind keeps books beside it. */
static bool plain_memory(void)
{
    const char *preload = getenv("LD_PRELOAD");

    return !SANITIZED && !(preload && strstr(preload, "vgpreload"));
}

#define RAW(bytes, times) bytes, sizeof bytes - 1, times

static void hostile_bytes_end_in_a_fault_and_take_no_memory(void **state)
{
    static const struct {
        const char *what, *bytes;
        size_t len, times;
        bool greeting;
    } cases[] = {
        { "http", RAW("HTTP/1.1 400 Bad Request\r\n\r\n", 1), true },
        { "error without an end", RAW("E\0\0\1\0SFATAL", 1), true },
        { "endless error", RAW("Exxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx", 20000), true },
        { "negative length", RAW("R\xff\xff\xff\xff", 1), true },
        { "2 GB", RAW("R\x7f\xff\xff\xff", 1), true },
        { "endless parameters", RAW("S\0\0\0\14abc\0def\0", 100000), true },
        { "ready before anything", RAW("Z\0\0\0\5I", 1), true },
        { "length 0", RAW("D\0\0\0\0", 1), false },
        { "negative length", RAW("D\xff\xff\xff\xf0", 1), false },
        { "2 GB row", RAW("T\0\0\0\6\0\0D\x7f\xff\xff\xff\0\1", 1), false },
        { "2 GB error", RAW("E\x7f\xff\xff\xff", 1), false },
        { "row before its description", RAW("D\0\0\0\12\0\1\0\0\0\0", 1), false },
        { "cell longer than its row",
          RAW("1\0\0\0\4"
              "2\0\0\0\4"
              "T\0\0\0\33\0\1a\0\0\0\0\0\0\0\0\0\0\27\0\4\0\0\0\0\0\0"
              "D\0\0\0\13\0\1\0\0\377\377x",
              1),
          false },
        { "sixty thousand columns", RAW("T\0\0\0\6\377\377", 1), false },
        { "notices", RAW("N\0\0\0\20SNOTICE\0Mhi\0", 200000), false },
        { "notifications", RAW("A\0\0\0\14\0\0\0\1c\0p\0", 200000), false },
        { "unknown types", RAW("?\0\0\0\4", 200000), false },
        { "copy out", RAW("1\0\0\0\0042\0\0\0\4H\0\0\0\7\0\0\0", 1), false },
        { "copy in", RAW("1\0\0\0\0042\0\0\0\4G\0\0\0\7\0\0\0", 1), false },
        { "endless rows of nothing asked", RAW("Z\0\0\0\5I", 300000), false },
    };
    struct world w;
    struct answer a, b;

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        long before = rss_kib();

        world_open(&w);
        raw = cases[i].bytes;
        raw_len = cases[i].len;
        raw_times = cases[i].times;
        if (cases[i].greeting)
            w.server->on_startup = says_raw;
        else
            w.server->on_query = says_raw_to_a_query;
        ask(&w, &a, "SELECT 1", 300);
        WAIT(&w, a.n);
        if (a.fault == FAULT_NONE)
            fail_msg("taken for an answer: %s", cases[i].what);
        assert_true(strlen(a.why) > 0);
        w.server->on_query = NULL;
        w.server->on_startup = NULL;
        for (int tries = 0; tries < 4 && (!tries || b.fault != FAULT_NONE); tries++) {
            ask(&w, &b, "SELECT 1", 1000); /* and it recovers by itself */
            WAIT(&w, b.n);
        }
        if (b.fault != FAULT_NONE)
            fail_msg("after %s: %s", cases[i].what, b.why);
        world_close(&w);
        if (plain_memory() && rss_kib() - before > 12 << 10) /* the server's own copy included */
            fail_msg("%s took %ld KiB", cases[i].what, rss_kib() - before);
    }
}

static void unasked_talk_ends_an_idle_connection(void **state)
{
    struct world w;
    struct answer a;

    (void)state;
    world_open(&w);
    ask_wait(&w, &a);
    for (int i = 0; i < 10000; i++)
        pg_say(w.server->server->peers, 'N', "SNOTICE\0Mhi\0", 13);
    WAIT(&w, server_open(w.server->server) == 0);
    ask_wait(&w, &a);
    assert_int_equal(a.fault, FAULT_NONE);
    world_close(&w);
}

static void a_little_talk_is_no_offence(void **state)
{
    struct world w;
    struct answer a;

    (void)state;
    world_open(&w);
    ask_wait(&w, &a);
    for (int i = 0; i < 100; i++) {
        pg_say(w.server->server->peers, 'N', "SNOTICE\0Mhi\0", 13);
        pg_say(w.server->server->peers, 'A', "\0\0\0\1c\0p", 8);
        pg_say(w.server->server->peers, 'S', "TimeZone\0UTC", 13);
    }
    for (int i = 0; i < 5; i++)
        io_turn(w.io, 5);
    ask_wait(&w, &a);
    assert_int_equal(a.fault, FAULT_NONE);
    assert_int_equal(w.server->startups, 1);
    world_close(&w);
}

static int many_rows, many_cols;

static void many(struct peer *p, const char *sql)
{
    (void)sql;
    pg_say_columns(p, many_cols, 25);
    for (int i = 0; i < many_rows; i++)
        pg_say_row(p, many_cols, "x");
    pg_say_done(p);
    pg_say_ready(p);
}

static void as_many_rows_as_the_cap_are_read_and_one_more_is_cut(void **state)
{
    struct world w;
    struct answer a;

    (void)state;
    world_open(&w);
    w.server->on_query = many;
    many_cols = 1;
    many_rows = PG_ROWS_MAX;
    ask_wait(&w, &a);
    assert_int_equal(a.rows, PG_ROWS_MAX);
    assert_false(a.cut);
    many_rows = PG_ROWS_MAX + 1;
    ask_wait(&w, &a);
    assert_int_equal(a.fault, FAULT_NONE);
    assert_int_equal(a.rows, PG_ROWS_MAX);
    assert_true(a.cut);
    many_rows = 0;
    ask_wait(&w, &a); /* the connection is as good as before */
    assert_int_equal(a.rows, 0);
    assert_int_equal(a.cols, 1);
    assert_int_equal(w.server->startups, 1);
    world_close(&w);
}

static void as_many_columns_as_the_cap_are_read_and_one_more_is_too_many(void **state)
{
    struct world w;
    struct answer a;

    (void)state;
    world_open(&w);
    w.server->on_query = many;
    many_rows = 1;
    many_cols = PG_COLS_MAX;
    ask_wait(&w, &a);
    assert_int_equal(a.cols, PG_COLS_MAX);
    many_cols = PG_COLS_MAX + 1;
    ask_wait(&w, &a);
    assert_int_equal(a.fault, FAULT_TOO_BIG);
    assert_string_equal(a.why, "more than 64 columns");
    many_cols = 1;
    ask_wait(&w, &a);
    assert_int_equal(a.fault, FAULT_NONE);
    world_close(&w);
}

static int endless;

static void pours(struct peer *p, const char *sql)
{
    static char cell[60001];

    (void)sql;
    memset(cell, 'x', sizeof cell - 1);
    if (!endless) {
        many_rows = many_cols = 1;
        many(p, sql);
        return;
    }
    pg_say_columns(p, 1, 25);
    for (int i = 0; i < 1000; i++) /* 60 MB */
        pg_say_row(p, 1, cell);
}

static void a_flood_of_rows_is_stopped_at_the_byte_cap(void **state)
{
    struct world w;
    struct answer a;

    (void)state;
    world_open(&w);
    w.server->on_query = pours;
    endless = 1;
    ask(&w, &a, "SELECT 1", 10000);
    WAIT(&w, a.n);
    endless = 0;
    assert_int_equal(a.fault, FAULT_TOO_BIG);
    assert_string_equal(a.why, "more than 1048576 bytes of rows");
    ask_wait(&w, &a);
    assert_int_equal(a.fault, FAULT_NONE);
    assert_true(w.server->cancels >= 1);
    assert_true(w.server->server->sent < 16 << 20);
    world_close(&w);
}

/* ---- lifetimes ---- */

static void a_cancelled_question_answers_nobody(void **state)
{
    struct world w;
    struct answer a, b;

    (void)state;
    world_open(&w);
    w.server->on_query = stuck_until_cancelled;
    stuck_at = NULL;
    pg_cancel(ask(&w, &a, "SELECT 1", 2000)); /* before it was sent */
    ask_wait(&w, &b);
    pg_cancel(ask(&w, &a, "SELECT 1", 2000));
    struct pg_call *c = ask(&w, &b, "SELECT stuck", 2000);
    WAIT(&w, stuck_at);
    pg_cancel(c); /* under way */
    WAIT(&w, w.server->cancels == 1);
    pg_say_error(stuck_at, "ERROR", "57014", "canceling statement due to user request");
    pg_say_ready(stuck_at);
    pgserver_unstick(stuck_at);
    ask(&w, &b, "SELECT 1", 2000);
    WAIT(&w, b.n);
    assert_int_equal(b.fault, FAULT_NONE);
    assert_int_equal(a.n, 0);
    assert_int_equal(w.server->startups, 1);
    world_close(&w);
}

static void on_answer_put(void *arg, const struct pg_reply *r)
{
    struct world *w = arg;

    assert_int_equal(r->fault, FAULT_NONE);
    pg_db_put(w->db);
    w->db = NULL;
}

static void a_database_may_be_given_up_from_inside_its_answer(void **state)
{
    struct world w;

    (void)state;
    world_open(&w);
    pg_ask(w.db, "SELECT 1", 2000, on_answer_put, &w);
    WAIT(&w, !w.db);
    WAIT(&w, server_open(w.server->server) == 0);
    world_close(&w);
}

struct again {
    struct world *w;
    int left;
};

static void on_answer_again(void *arg, const struct pg_reply *r)
{
    struct again *again = arg;

    if (again->left-- > 0)
        pg_ask(again->w->db, "SELECT again", 2000, on_answer_again, again);
    assert_int_equal(r->fault, FAULT_NONE);
    assert_string_equal(pg_reply_cell(r, 0, 0), "1"); /* what was asked meanwhile changed nothing */
}

static void a_question_may_be_asked_from_inside_an_answer(void **state)
{
    struct world w;
    struct again again = { &w, 10 };

    (void)state;
    world_open(&w);
    pg_ask(w.db, "SELECT 1", 2000, on_answer_again, &again);
    WAIT(&w, again.left < 0);
    world_close(&w);
}

static void given_up_at_any_moment_nothing_is_left(void **state)
{
    (void)state;
    for (int turns = 0; turns < 14; turns++) {
        struct world w;
        struct answer a;

        world_open(&w);
        w.server->on_query = never;
        ask(&w, &a, turns % 2 ? "SELECT stuck" : "SELECT 1", 2000);
        for (int i = 0; i < turns; i++)
            io_turn(w.io, 0);
        world_close(&w); /* the leak checker is the judge */
    }
}

static void an_answer_that_a_late_loop_finds_is_no_timeout(void **state)
{
    struct world w;
    struct answer a;
    int64_t late;

    (void)state;
    world_open(&w);
    ask_wait(&w, &a);
    ask(&w, &a, "SELECT 1", 50);
    WAIT(&w, w.server->queries == 2); /* answered in the same turn; we have not read it */
    if (!a.n) {
        for (late = io_mono_ms(w.io) + 80; io_mono_ms(w.io) < late;)
            ; /* the loop stands still */
        WAIT(&w, a.n);
    }
    assert_int_equal(a.fault, FAULT_NONE);
    world_close(&w);
}

static void a_thousand_reconnects_leave_no_descriptor(void **state)
{
    struct world w;
    struct answer a;
    int before;

    (void)state;
    world_open(&w);
    ask_wait(&w, &a);
    before = fds_open();
    for (int i = 0; i < 1000; i++) {
        struct peer *p = w.server->server->peers;

        i % 2 ? peer_close(p) : peer_reset(p);
        ask_wait(&w, &a);
        assert_int_equal(a.fault, FAULT_NONE);
    }
    assert_int_equal(w.server->startups, 1001);
    assert_true(fds_open() <= before); /* less when a cancel of an earlier test ended */
    assert_true(w.closed <= 4);        /* asks at once: 0 s, 0.5 s, 1.5 s ... not a thousand */
    world_close(&w);
}

static void equal_addresses_share_one_connection(void **state)
{
    struct world w;
    struct answer a, b;
    struct pg_db *first;

    (void)state;
    world_open(&w);
    first = w.db;
    world_db(&w, NULL, "");
    assert_ptr_equal(first, w.db);
    ask(&w, &a, "SELECT 1", 2000);
    ask(&w, &b, "SELECT 1", 2000);
    WAIT(&w, a.n && b.n);
    assert_int_equal(w.server->startups, 1);
    pg_db_put(first);
    world_close(&w);
}

/* ---- the virtual loop ---- */

static void script(void *arg, const char *conninfo, const char *sql, struct fake_answer *out)
{
    static const char *const cells[] = { "20", NULL, "NaN", "x" };
    static const char *const names[] = { "count", "state" };

    (void)arg;
    assert_string_equal(conninfo, "dbname=fake");
    if (strcmp(sql, "SELECT 1") == 0)
        *out = (struct fake_answer){
            .cells = cells, .names = names, .rows = 2, .cols = 2, .delay_ms = 3
        };
    else if (strcmp(sql, "SELECT slow") == 0)
        *out = (struct fake_answer){ .delay_ms = 5000 };
    else
        *out = (struct fake_answer){ .fault = FAULT_FULL, .why = "sorry", .closes = true };
}

static void on_fake(void *arg, const struct pg_reply *r)
{
    struct answer *a = arg;

    on_answer(arg, r);
    if (r->fault == FAULT_NONE) {
        assert_string_equal(pg_reply_name(r, 1), "state");
        assert_null(pg_reply_cell(r, 0, 1));
        assert_string_equal(pg_reply_cell(r, 1, 0), "NaN");
        assert_true(pg_reply_is_number(r, 0));
        assert_false(pg_reply_is_number(r, 1));
    }
    assert_int_equal(a->n, 1);
}

static void a_script_answers_on_the_virtual_loop(void **state)
{
    static const struct fake_net net = { .postgres = script };
    struct world w = { .io = io_new_virtual(1000000) };
    struct answer a = { 0 }, b = { 0 }, c = { 0 };
    struct err err;

    (void)state;
    io_fake_set(w.io, &net);
    w.pg = pg_new(w.io);
    w.db = pg_db_get(w.pg, "dbname=fake", NULL, &err);
    pg_on_closed(w.db, on_closed, &w);
    pg_ask(w.db, "SELECT 1", 1000, on_fake, &a);
    pg_ask(w.db, "SELECT slow", 1000, on_fake, &b);
    pg_ask(w.db, "SELECT full", 1000, on_fake, &c);
    io_advance(w.io, 2);
    assert_int_equal(c.fault, FAULT_FULL);
    assert_string_equal(c.why, "sorry");
    assert_int_equal(w.closed, 1);
    assert_int_equal(a.n, 0);
    io_advance(w.io, 1);
    assert_string_equal(a.cell, "20");
    assert_int_equal(a.phases.total_us, 3000);
    io_advance(w.io, 996);
    assert_int_equal(b.n, 0);
    io_advance(w.io, 1);
    assert_int_equal(b.fault, FAULT_TIMEOUT);
    pg_cancel(ask(&w, &a, "SELECT 1", 1000));
    io_advance(w.io, 1000);
    assert_int_equal(a.n, 0);
    pg_db_put(w.db);
    pg_free(w.pg);
    io_free(w.io);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_query_is_answered_with_its_times),
        cmocka_unit_test(queries_of_one_turn_go_in_one_piece),
        cmocka_unit_test(the_impatient_go_first),
        cmocka_unit_test(a_query_that_fails_takes_no_other_with_it),
        cmocka_unit_test(refused_is_said_at_once_each_time),
        cmocka_unit_test(a_server_without_a_greeting_ends_at_the_deadline_and_leaves_no_socket),
        cmocka_unit_test(a_stuck_query_is_cancelled_and_then_given_up_with_its_connection),
        cmocka_unit_test(a_cancelled_query_keeps_the_connection),
        cmocka_unit_test(a_cancel_that_hits_the_next_query_is_not_blamed_on_it),
        cmocka_unit_test(who_waits_behind_our_own_query_tells_nothing_about_the_server),
        cmocka_unit_test(the_end_of_an_idle_connection_is_told_at_once),
        cmocka_unit_test(a_server_that_always_ends_us_is_asked_twice),
        cmocka_unit_test(each_refusal_has_its_fault_and_its_reason),
        cmocka_unit_test(a_wrong_password_is_tried_once_and_never_shown),
        cmocka_unit_test(no_password_where_one_is_asked_for_says_so),
        cmocka_unit_test(a_server_without_tls_is_not_spoken_to_where_tls_is_demanded),
        cmocka_unit_test(a_pooler_that_takes_no_options_is_asked_without),
        cmocka_unit_test(a_statement_is_parsed_once_a_connection),
        cmocka_unit_test(a_prepared_statement_that_is_no_good_is_asked_by_its_text),
        cmocka_unit_test(a_statement_that_does_not_parse_says_so_each_time),
        cmocka_unit_test(a_more_patient_query_raises_the_servers_limit_once),
        cmocka_unit_test(hostile_bytes_end_in_a_fault_and_take_no_memory),
        cmocka_unit_test(unasked_talk_ends_an_idle_connection),
        cmocka_unit_test(a_little_talk_is_no_offence),
        cmocka_unit_test(as_many_rows_as_the_cap_are_read_and_one_more_is_cut),
        cmocka_unit_test(as_many_columns_as_the_cap_are_read_and_one_more_is_too_many),
        cmocka_unit_test(a_flood_of_rows_is_stopped_at_the_byte_cap),
        cmocka_unit_test(a_cancelled_question_answers_nobody),
        cmocka_unit_test(a_database_may_be_given_up_from_inside_its_answer),
        cmocka_unit_test(a_question_may_be_asked_from_inside_an_answer),
        cmocka_unit_test(given_up_at_any_moment_nothing_is_left),
        cmocka_unit_test(an_answer_that_a_late_loop_finds_is_no_timeout),
        cmocka_unit_test(a_thousand_reconnects_leave_no_descriptor),
        cmocka_unit_test(equal_addresses_share_one_connection),
        cmocka_unit_test(a_script_answers_on_the_virtual_loop),
    };

    signal(SIGPIPE, SIG_IGN);
    unsetenv("PGPASSWORD");
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* tests/io/test_pg_hostile.c: a PostgreSQL that lies, talks unasked or never ends its answer. */
#include "tests/io/pg_case.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "io/limits.h"
#include "tests/patience.h"

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

#define RAW(bytes, times) bytes, sizeof bytes - 1, times

struct hostile {
    const char *what, *bytes;
    size_t len, times;
    bool greeting; /* said at once, not to a query */
};

static void hostile_try(const struct hostile *h)
{
    struct world w;
    struct answer a, b;
    long before = rss_kib();

    world_open(&w);
    raw = h->bytes;
    raw_len = h->len;
    raw_times = h->times;
    if (h->greeting)
        w.server->on_startup = says_raw;
    else
        w.server->on_query = says_raw_to_a_query;
    ask(&w, &a, "SELECT 1", 300);
    WAIT(&w, a.n);
    if (a.fault == FAULT_NONE)
        fail_msg("taken for an answer: %s", h->what);
    assert_true(strlen(a.why) > 0);
    w.server->on_query = NULL;
    w.server->on_startup = NULL;
    for (int tries = 0; tries < 4 && (!tries || b.fault != FAULT_NONE); tries++) {
        ask(&w, &b, "SELECT 1", 1000); /* and it recovers by itself */
        WAIT(&w, b.n);
    }
    if (b.fault != FAULT_NONE)
        fail_msg("after %s: %s", h->what, b.why);
    world_close(&w);
    if (!patience() && rss_kib() - before > 12 << 10) /* the server's own copy included */
        fail_msg("%s took %ld KiB", h->what, rss_kib() - before);
}

static void hostile_bytes_end_in_a_fault_and_take_no_memory(void **state)
{
    static const struct hostile cases[] = {
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

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        hostile_try(&cases[i]);
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
    for (int i = 0; i < (patience() ? 100 : 1000); i++) /* 60 MB; the cap is at one */
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
    ask(&w, &a, "SELECT 1", 10000); /* the server shares our loop and still moves its flood */
    WAIT(&w, a.n);
    assert_int_equal(a.fault, FAULT_NONE);
    assert_true(w.server->cancels >= 1);
    assert_true(w.server->server->sent < 16 << 20);
    world_close(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hostile_bytes_end_in_a_fault_and_take_no_memory),
        cmocka_unit_test(unasked_talk_ends_an_idle_connection),
        cmocka_unit_test(a_little_talk_is_no_offence),
        cmocka_unit_test(as_many_rows_as_the_cap_are_read_and_one_more_is_cut),
        cmocka_unit_test(as_many_columns_as_the_cap_are_read_and_one_more_is_too_many),
        cmocka_unit_test(a_flood_of_rows_is_stopped_at_the_byte_cap),
    };

    signal(SIGPIPE, SIG_IGN);
    unsetenv("PGPASSWORD");
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* tests/io/test_redis_wire.c: RESP2 in and out: every type, every cap at its edge and one beyond.
 */
#include "io/redis_wire.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"
#include "io/limits.h"
#include "io/redis_meter.h"
#include "io/redis_words.h"
#include "tests/cmocka.h"

/* Feeds everything, `step` bytes at a time; replies counted, the last one kept. */
struct fed {
    struct resp *r;
    int replies;
    const struct redis_value *last;
    enum fault fault;
    struct err why;
};

static bool feed(struct fed *f, const char *bytes, size_t len, size_t step)
{
    while (len) {
        size_t n = step && step < len ? step : len, taken;
        const struct redis_value *v;

        if (!resp_feed(f->r, bytes, n, &taken, &v, &f->fault, &f->why))
            return false;
        bytes += taken;
        len -= taken;
        if (v) {
            f->replies++;
            f->last = v;
        }
    }
    return true;
}

static bool fed(struct fed *f, const char *bytes)
{
    return feed(f, bytes, strlen(bytes), 0);
}

static struct fed fed_new(void)
{
    return (struct fed){ .r = resp_new() };
}

static const char mixed[] =
    "+PONG\r\n-ERR no\r\n:-42\r\n$5\r\na\0\r\nb\r\n$-1\r\n*-1\r\n*0\r\n$0\r\n\r\n"
    "*3\r\n:1\r\n*2\r\n$1\r\nx\r\n$-1\r\n+z\r\n:9223372036854775807\r\n";

static void every_type_is_read_in_pieces_of_any_size(void **state)
{
    (void)state;
    for (size_t step = 1; step < sizeof mixed; step++) {
        struct fed f = fed_new();
        const struct redis_value *v;

        assert_true(feed(&f, mixed, sizeof mixed - 1, step));
        assert_int_equal(f.replies, 10);
        assert_int_equal(f.last->kind, REDIS_INT);
        assert_true(f.last->number == INT64_MAX);
        assert_true(resp_between(f.r));
        resp_free(f.r);
        f = fed_new();
        assert_true(feed(&f, mixed, sizeof mixed - 1 - 22, step)); /* up to the array */
        v = f.last;
        assert_int_equal(f.replies, 9);
        assert_int_equal(v->kind, REDIS_ARRAY);
        assert_int_equal(v->n, 3);
        assert_int_equal(v->items[0].number, 1);
        assert_int_equal(v->items[1].n, 2);
        assert_string_equal(v->items[1].items[0].str, "x");
        assert_int_equal(v->items[1].items[1].kind, REDIS_NIL);
        assert_string_equal(v->items[2].str, "z");
        resp_free(f.r);
    }
}

static void strings_keep_their_nuls_and_end_in_one(void **state)
{
    struct fed f = fed_new();

    (void)state;
    assert_true(feed(&f, mixed, 34, 0));
    assert_int_equal(f.replies, 4);
    assert_int_equal(f.last->kind, REDIS_STRING);
    assert_int_equal(f.last->len, 5);
    assert_memory_equal(f.last->str, "a\0\r\nb", 6);
    resp_free(f.r);
}

static void what_is_not_resp2_is_refused(void **state)
{
    static const char *const bad[] = {
        "%1\r\n+a\r\n+b\r\n",
        "~1\r\n+a\r\n",
        ">1\r\n+a\r\n",
        "#t\r\n",
        ",1.5\r\n",
        "(1\r\n",
        "_\r\n",
        "HTTP/1.1",
        "\r\n",
        "\x16\x03\x01",
        ":\r\n",
        ":-\r\n",
        ":+1\r\n",
        ":01\r\n",
        ":-0\r\n",
        ": 1\r\n",
        ":1\r2\r\n",
        ":1a\r\n",
        "$\r\n",
        "$-2\r\n",
        "*-2\r\n",
        "$1\r\nab\r\n",
        "$1\r\na\nb",
        "$0\r\nx",
        "*1\r\n*1\r\nx",
        ":9223372036854775808\r\n",
        ":-9223372036854775809\r\n",
        ":18446744073709551617\r\n",
        "$99999999999999999999999999\r\n",
    };

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct fed f = fed_new();

        if (fed(&f, bad[i]))
            fail_msg("accepted: %s", bad[i]);
        assert_int_equal(f.fault, FAULT_PROTOCOL);
        assert_string_not_equal(f.why.msg, "");
        assert_false(fed(&f, "+OK\r\n")); /* and stays refused */
        resp_reset(f.r);
        assert_true(fed(&f, "+OK\r\n"));
        resp_free(f.r);
    }
}

static void a_header_that_promises_too_much_is_refused_before_memory_is_taken(void **state)
{
    static const char *const bad[] = {
        "*1000000000\r\n",          "$2147483647\r\n",          "*10001\r\n",
        "$9223372036854775807\r\n", "*9223372036854775807\r\n", "*6000\r\n*5000\r\n"
    };

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct fed f = fed_new();

        assert_false(fed(&f, bad[i]));
        assert_int_equal(f.fault, FAULT_TOO_BIG);
        assert_true(resp_held(f.r) <= 512 << 10);
        resp_free(f.r);
    }
}

static void as_many_items_as_the_cap_are_read_and_given_back(void **state)
{
    struct fed f = fed_new();
    struct buf b = { 0 };

    (void)state;
    buf_addf(&b, "*%d\r\n", REDIS_ITEMS_MAX);
    for (int i = 0; i < REDIS_ITEMS_MAX; i++)
        buf_addf(&b, ":%d\r\n", i);
    assert_true(feed(&f, b.bytes, b.len, 0));
    assert_int_equal(f.last->n, REDIS_ITEMS_MAX);
    assert_int_equal(f.last->items[REDIS_ITEMS_MAX - 1].number, REDIS_ITEMS_MAX - 1);
    assert_true(resp_held(f.r) > 64 << 10);
    resp_release(f.r);
    assert_int_equal(resp_held(f.r), 0);
    assert_true(fed(&f, "+OK\r\n"));
    resp_release(f.r);
    assert_true(resp_held(f.r) > 0); /* an everyday reply's memory stays */
    buf_fini(&b);
    resp_free(f.r);
}

static bool nested(int depth, enum fault *fault)
{
    struct fed f = fed_new();
    bool ok = true;

    for (int i = 0; i < depth && ok; i++)
        ok = fed(&f, "*1\r\n");
    ok = ok && fed(&f, ":1\r\n") && f.replies == 1;
    *fault = f.fault;
    resp_free(f.r);
    return ok;
}

static void arrays_nest_up_to_the_cap(void **state)
{
    enum fault fault;

    (void)state;
    assert_true(nested(REDIS_DEPTH_MAX, &fault));
    assert_false(nested(REDIS_DEPTH_MAX + 1, &fault));
    assert_int_equal(fault, FAULT_TOO_BIG);
}

/* One bulk string in a reply of `total` bytes, framing included. */
static bool bulk_of(size_t total)
{
    struct fed f = fed_new();
    size_t frame = strlen("$1048560\r\n\r\n"), n = total - frame;
    char *bytes = xmalloc(total + 1);
    bool ok;

    memset(bytes, 'x', total + 1);
    snprintf(bytes, total, "$%zu\r\n", n);
    bytes[frame - 2] = 'x'; /* the NUL of snprintf */
    memcpy(bytes + total - 2, "\r\n", 2);
    ok = feed(&f, bytes, total, 4096) && f.replies == 1 && f.last->len == n;
    assert_true(ok || f.fault == FAULT_TOO_BIG);
    free(bytes);
    resp_free(f.r);
    return ok;
}

static void a_reply_of_the_cap_is_read_and_one_byte_more_is_not(void **state)
{
    (void)state;
    assert_true(bulk_of(REDIS_REPLY_MAX));
    assert_false(bulk_of(REDIS_REPLY_MAX + 1));
}

/* Many small items: the bytes of the whole reply count, not only those of one string. */
static void the_cap_counts_the_whole_reply(void **state)
{
    struct fed f = fed_new();
    char line[1025];
    bool ok;

    (void)state;
    memset(line, 'x', sizeof line);
    memcpy(line, "+", 1);
    memcpy(line + 1022, "\r\n", 3);
    ok = fed(&f, "*2000\r\n");
    for (int i = 0; i < 2000 && ok; i++)
        ok = fed(&f, line);
    assert_false(ok);
    assert_int_equal(f.fault, FAULT_TOO_BIG);
    resp_free(f.r);
}

static void a_line_without_an_end_is_refused_early(void **state)
{
    struct fed f = fed_new();
    char piece[4096];
    size_t sent = 0;

    (void)state;
    memset(piece, 'x', sizeof piece);
    assert_true(fed(&f, "+"));
    while (sent < 100 << 20 && feed(&f, piece, sizeof piece, 0))
        sent += sizeof piece;
    assert_true(sent <= METER_LINE_MAX);
    assert_int_equal(f.fault, FAULT_TOO_BIG);
    resp_free(f.r);
}

static void two_replies_in_one_piece_come_one_by_one(void **state)
{
    struct fed f = fed_new();
    const struct redis_value *v;
    size_t taken;

    (void)state;
    assert_true(resp_feed(f.r, "+a\r\n+b\r\n", 8, &taken, &v, &f.fault, &f.why));
    assert_int_equal(taken, 4);
    assert_string_equal(v->str, "a");
    assert_true(resp_feed(f.r, "+b\r\n", 4, &taken, &v, &f.fault, &f.why));
    assert_string_equal(v->str, "b");
    resp_free(f.r);
}

static void commands_are_written_with_lengths(void **state)
{
    struct buf b = { 0 };

    (void)state;
    resp_command(&b, 3, (const char *[]){ "CONFIG", "GET", "a b\r\n" });
    assert_string_equal(b.bytes, "*3\r\n$6\r\nCONFIG\r\n$3\r\nGET\r\n$5\r\na b\r\n\r\n");
    buf_fini(&b);
}

static void only_verbs_that_read_are_on_the_list(void **state)
{
    static const char *const reads[][2] = { { "PING", NULL },     { "info", "all" },
                                            { "LLEN", "q" },      { "CONFIG", "GET" },
                                            { "config", "get" },  { "ZCARD", "q" },
                                            { "CLIENT", "LIST" }, { "HGETALL", "h" } };
    static const char *const others[][2] = {
        { "SET", "k" },       { "DEL", "k" },         { "FLUSHALL", NULL }, { "CONFIG", "SET" },
        { "CONFIG", NULL },   { "CLIENT", "KILL" },   { "EVAL", "x" },      { "KEYS", "*" },
        { "SCRIPT", "KILL" }, { "SHUTDOWN", NULL },   { "LPOP", "q" },      { "MONITOR", NULL },
        { "DEBUG", "SLEEP" }, { "SUBSCRIBE", "c" },   { "HELLO", "3" },     { "AUTH", "x" },
        { "", NULL },         { "SLOWLOG", "RESET" }, { "PINGX", NULL },    { "GETSET", "k" },
    };

    (void)state;
    for (size_t i = 0; i < sizeof reads / sizeof *reads; i++)
        assert_true(redis_reads(reads[i][1] ? 2 : 1, reads[i]));
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        if (redis_reads(others[i][1] ? 2 : 1, others[i]))
            fail_msg("on the list: %s", others[i][0]);
    assert_false(redis_reads(0, NULL));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_type_is_read_in_pieces_of_any_size),
        cmocka_unit_test(strings_keep_their_nuls_and_end_in_one),
        cmocka_unit_test(what_is_not_resp2_is_refused),
        cmocka_unit_test(a_header_that_promises_too_much_is_refused_before_memory_is_taken),
        cmocka_unit_test(as_many_items_as_the_cap_are_read_and_given_back),
        cmocka_unit_test(arrays_nest_up_to_the_cap),
        cmocka_unit_test(a_reply_of_the_cap_is_read_and_one_byte_more_is_not),
        cmocka_unit_test(the_cap_counts_the_whole_reply),
        cmocka_unit_test(a_line_without_an_end_is_refused_early),
        cmocka_unit_test(two_replies_in_one_piece_come_one_by_one),
        cmocka_unit_test(only_verbs_that_read_are_on_the_list),
        cmocka_unit_test(commands_are_written_with_lengths),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

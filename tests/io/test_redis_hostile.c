/* tests/io/test_redis_hostile.c: a Redis that says an error, too much, never enough, or is none. */
#include "tests/io/redis_case.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "tests/patience.h"

static void drip(struct peer *p)
{
    peer_sends(p, "$1000\r\nx"); /* and never the rest */
}

static void a_reply_that_never_ends_is_ended_by_the_total_deadline(void **state)
{
    struct world w;
    struct answer a;

    (void)state;
    world_open(&w, drip);
    ping(&w, &a, patience_times(150));
    WAIT(&w, a.n);
    assert_int_equal(a.fault, FAULT_TIMEOUT);
    world_close(&w);
}

static void twice(struct peer *p)
{
    char words[8][64];
    int argc;

    while (command(p, words, &argc)) {
        if (strcmp(words[0], "LLEN") == 0)
            peer_sends(p, p->number == 1 ? ":7\r\n:7\r\n" : ":8\r\n");
        else
            bulk(p, words[1]);
    }
}

static void a_reply_too_many_drops_the_connection_and_is_credited_to_nobody(void **state)
{
    struct world w;
    struct answer a, b;

    (void)state;
    world_open(&w, twice);
    ask(&w, &a, 2000, 2, (const char *[]){ "LLEN", "a" });
    ask(&w, &b, 2000, 2, (const char *[]){ "LLEN", "b" });
    WAIT(&w, a.n && b.n);
    assert_int_equal(a.fault, FAULT_PROTOCOL);
    assert_int_equal(b.fault, FAULT_NONE);
    assert_int_equal(b.number, 8); /* from the second connection */
    assert_int_equal(w.server->accepted, 2);
    world_close(&w);
}

/* The answers to two questions, whole and well formed, in the wrong order. */
static void swapped(struct peer *p)
{
    static char held[64];
    char words[8][64];
    int argc;

    while (command(p, words, &argc)) {
        bool first = p->number == 1;

        if (strcmp(words[0], "LLEN") == 0) {
            if (strcmp(words[1], "a") == 0)
                held[0] = '\0';
            if (!first)
                peer_sends(p, strcmp(words[1], "a") == 0 ? ":5\r\n" : ":7\r\n");
            else if (strcmp(words[1], "b") == 0)
                peer_sends(p, ":7\r\n");
        } else if (first && !*held) { /* the token of a waits for that of b */
            snprintf(held, sizeof held, "%s", words[1]);
        } else {
            bulk(p, words[1]);
            if (first)
                peer_sends(p, ":5\r\n");
            if (first)
                bulk(p, held);
        }
    }
}

static void answers_out_of_order_are_credited_to_nobody(void **state)
{
    struct world w;
    struct answer a, b;

    (void)state;
    world_open(&w, swapped);
    ask(&w, &a, 2000, 2, (const char *[]){ "LLEN", "a" });
    ask(&w, &b, 2000, 2, (const char *[]){ "LLEN", "b" });
    WAIT(&w, a.n && b.n);
    assert_true(a.fault == FAULT_PROTOCOL || (a.fault == FAULT_NONE && a.number == 5));
    assert_true(b.fault == FAULT_PROTOCOL || (b.fault == FAULT_NONE && b.number == 7));
    assert_true(a.fault == FAULT_PROTOCOL || b.fault == FAULT_PROTOCOL);
    assert_int_equal(w.server->accepted, 2);
    world_close(&w);
}

static void unasked_bytes_drop_the_connection(void **state)
{
    struct world w;
    struct answer a;

    (void)state;
    world_open(&w, honest);
    ping_wait(&w, &a);
    peer_sends(w.server->peers, "*3\r\n$7\r\nmessage\r\n$1\r\nc\r\n$1\r\nx\r\n");
    WAIT(&w, server_open(w.server) == 0);
    ping_wait(&w, &a);
    assert_int_equal(a.fault, FAULT_NONE);
    assert_int_equal(w.server->accepted, 2);
    world_close(&w);
}

static void hostile(struct peer *p)
{
    peer_sends(p, "*1000000000\r\n");
}

static void a_hostile_header_is_refused_and_the_connection_dropped(void **state)
{
    struct world w;
    struct answer a;

    (void)state;
    world_open(&w, hostile);
    ping_wait(&w, &a);
    assert_int_equal(a.fault, FAULT_TOO_BIG);
    assert_string_equal(a.why, "an array of 1000000000 items; at most 10000 are read");
    WAIT(&w, server_open(w.server) == 0);
    world_close(&w);
}

static void web(struct peer *p)
{
    peer_sends(p, "HTTP/1.1 400 Bad Request\r\n\r\n");
}

static void another_protocol_is_named_so(void **state)
{
    struct world w;
    struct answer a;

    (void)state;
    world_open(&w, web);
    ping_wait(&w, &a);
    assert_int_equal(a.fault, FAULT_PROTOCOL);
    assert_string_equal(a.why, "not Redis: a reply begins with byte 0x48");
    world_close(&w);
}

static void each_error_of_redis_has_its_fault_and_its_word(void **state)
{
    static const struct {
        const char *said, *word;
        enum fault fault;
    } cases[] = {
        { "-NOAUTH Authentication required.\r\n", "NOAUTH", FAULT_AUTH },
        { "-NOPERM this user has no permissions to run the 'ping' command\r\n", "NOPERM",
          FAULT_AUTH },
        { "-LOADING Redis is loading the dataset in memory\r\n", "LOADING", FAULT_STATUS },
        { "-MASTERDOWN Link with MASTER is down\r\n", "MASTERDOWN", FAULT_STATUS },
        { "-BUSY Redis is busy running a script.\r\n", "BUSY", FAULT_STATUS },
        { "-MISCONF Redis is configured to save RDB snapshots\r\n", "MISCONF", FAULT_STATUS },
        { "-OOM command not allowed\r\n", "OOM", FAULT_STATUS },
        { "-READONLY You can't write\r\n", "READONLY", FAULT_STATUS },
        { "-CLUSTERDOWN The cluster is down\r\n", "CLUSTERDOWN", FAULT_STATUS },
        { "-MOVED 3999 127.0.0.1:6381\r\n", "MOVED", FAULT_STATUS },
        { "-ERR unknown command 'PING'\r\n", "ERR", FAULT_AUTH },
        { "-ERR operation not permitted\r\n", "ERR", FAULT_AUTH },
        { "-ERR max number of clients reached\r\n", "ERR", FAULT_FULL },
        { "-oops\r\n", "", FAULT_STATUS },
    };
    struct world w;
    struct answer a;

    (void)state;
    world_open(&w, says);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char want[128];

        said = cases[i].said;
        ping_wait(&w, &a);
        assert_int_equal(a.fault, cases[i].fault);
        assert_string_equal(a.word, cases[i].word);
        snprintf(want, sizeof want, "%.*s", (int)strlen(said) - 3, said + 1);
        assert_non_null(strstr(a.why, want));
        assert_int_equal(strncmp(a.why, "no permission: ", 15) == 0,
                         strstr(want, "NOPERM") || strstr(want, "unknown command"));
        assert_int_equal(strstr(a.why, "not followed") != NULL, strstr(want, "MOVED") != NULL);
        assert_int_equal(a.values, 1);
    }
    assert_int_equal(w.server->accepted, 1);
    world_close(&w);
}

static void is_full(struct peer *p)
{
    peer_sends(p, "-ERR max number of clients reached\r\n");
    peer_close(p);
}

static void a_full_server_says_so_even_though_it_hangs_up(void **state)
{
    struct world w;
    struct answer a;

    (void)state;
    world_open(&w, silent);
    w.server->on_accept = is_full;
    ping_wait(&w, &a);
    assert_int_equal(a.fault, FAULT_FULL);
    assert_int_equal(w.server->accepted, 1);
    world_close(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_reply_that_never_ends_is_ended_by_the_total_deadline),
        cmocka_unit_test(a_reply_too_many_drops_the_connection_and_is_credited_to_nobody),
        cmocka_unit_test(answers_out_of_order_are_credited_to_nobody),
        cmocka_unit_test(unasked_bytes_drop_the_connection),
        cmocka_unit_test(a_hostile_header_is_refused_and_the_connection_dropped),
        cmocka_unit_test(another_protocol_is_named_so),
        cmocka_unit_test(each_error_of_redis_has_its_fault_and_its_word),
        cmocka_unit_test(a_full_server_says_so_even_though_it_hangs_up),
    };

    signal(SIGPIPE, SIG_IGN);
    return cmocka_run_group_tests(tests, NULL, NULL);
}

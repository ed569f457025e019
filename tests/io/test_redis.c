/* tests/io/test_redis.c: the Redis client against servers that lie, stall, break and refuse; and on
 * the virtual loop against a script. */
#include "io/redis.h"

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
#include "tests/io/tcpserver.h"

enum { LIMIT_MS = 5000 };

struct world {
    struct io *io;
    struct redis *redis;
    struct server *server;
    struct redis_db *db;
    int closed;
};

struct answer { /* what came of one question */
    int n;
    enum fault fault;
    char why[640], word[24];
    size_t values;
    int64_t number; /* of the first value */
    char str[64];
    struct phases phases;
};

static void on_closed(void *arg)
{
    ((struct world *)arg)->closed++;
}

static void on_answer(void *arg, const struct redis_reply *r)
{
    struct answer *a = arg;

    a->n++;
    a->fault = r->fault;
    snprintf(a->why, sizeof a->why, "%s", r->why.msg);
    snprintf(a->word, sizeof a->word, "%s", r->word);
    a->values = r->n;
    a->phases = r->phases;
    a->str[0] = '\0';
    if (r->n) {
        a->number = r->values[0].number;
        if (r->values[0].str)
            snprintf(a->str, sizeof a->str, "%s", r->values[0].str);
    }
}

static void world_open(struct world *w, void (*on_bytes)(struct peer *p))
{
    char url[64];
    struct err err;

    *w = (struct world){ .io = io_new(&err) };
    assert_non_null(w->io);
    w->server = server_new(w->io);
    w->server->on_bytes = on_bytes;
    w->redis = redis_new(w->io);
    snprintf(url, sizeof url, "redis://127.0.0.1:%d", w->server->port);
    w->db = redis_db_get(w->redis, url, NULL, NULL, false, &err);
    assert_non_null(w->db);
    redis_on_closed(w->db, on_closed, w);
}

static void world_close(struct world *w)
{
    redis_db_put(w->db);
    redis_free(w->redis);
    server_free(w->server);
    io_free(w->io);
}

#define WAIT(w, condition)                                  \
    do {                                                    \
        int64_t until = io_mono_ms((w)->io) + LIMIT_MS;     \
        while (!(condition) && io_mono_ms((w)->io) < until) \
            io_turn((w)->io, 20);                           \
        assert_true(condition);                             \
    } while (0)

static struct redis_call *ask(struct world *w, struct answer *a, int64_t timeout_ms, int argc,
                              const char *const *argv)
{
    const struct redis_command cmd = { argc, argv };

    *a = (struct answer){ 0 };
    return redis_ask(w->db, &cmd, 1, timeout_ms, on_answer, a);
}

static struct redis_call *ping(struct world *w, struct answer *a, int64_t timeout_ms)
{
    return ask(w, a, timeout_ms, 1, (const char *[]){ "PING" });
}

static void ping_wait(struct world *w, struct answer *a)
{
    ping(w, a, 2000);
    WAIT(w, a->n);
}

/* One command out of what came, as words; false when it is not complete. Drops it. */
static bool command(struct peer *p, char words[8][64], int *argc)
{
    struct resp_cut {
        const char *at, *end;
    } c = { buf_str(&p->in), buf_str(&p->in) + p->in.len };
    char *stop;
    long n;

    if (c.at == c.end || *c.at != '*')
        return false;
    n = strtol(c.at + 1, &stop, 10);
    c.at = stop + 2;
    for (long i = 0; i < n; i++) {
        long len = c.at < c.end && *c.at == '$' ? strtol(c.at + 1, &stop, 10) : -1;

        if (len < 0 || stop + 2 + len + 2 > c.end)
            return false;
        snprintf(words[i], 64, "%.*s", (int)len, stop + 2);
        c.at = stop + 2 + len + 2;
    }
    *argc = (int)n;
    buf_drop(&p->in, (size_t)(c.at - p->in.bytes));
    return true;
}

static void bulk(struct peer *p, const char *s)
{
    char head[128];

    snprintf(head, sizeof head, "$%zu\r\n%s\r\n", strlen(s), s);
    peer_sends(p, head);
}

/* An honest server: PING with and without words, LLEN says the length of its key's name. */
static void honest(struct peer *p)
{
    char words[8][64];
    int argc;

    while (command(p, words, &argc)) {
        char line[64];

        p->said++;
        if (strcmp(words[0], "PING") == 0 && argc == 2) {
            bulk(p, words[1]);
        } else if (strcmp(words[0], "PING") == 0) {
            peer_sends(p, "+PONG\r\n");
        } else if (strcmp(words[0], "LLEN") == 0) {
            snprintf(line, sizeof line, ":%zu\r\n", strlen(words[1]));
            peer_sends(p, line);
        } else if (strcmp(words[0], "AUTH") == 0) {
            peer_sends(p, strcmp(words[argc - 1], "right") == 0 ? "+OK\r\n"
                                                                : "-WRONGPASS invalid\r\n");
        } else {
            peer_sends(p, "+OK\r\n");
        }
    }
}

static void a_ping_is_answered_with_its_times(void **state)
{
    struct world w;
    struct answer a;

    (void)state;
    world_open(&w, honest);
    ping_wait(&w, &a);
    assert_int_equal(a.fault, FAULT_NONE);
    assert_int_equal(a.values, 1);
    assert_string_equal(a.str, "PONG");
    assert_true(a.phases.connect_us >= 0 && a.phases.first_byte_us >= a.phases.connect_us);
    assert_true(a.phases.total_us >= a.phases.first_byte_us && a.phases.tls_us == -1);
    ping_wait(&w, &a);
    assert_int_equal(w.server->accepted, 1); /* the connection is kept */
    assert_int_equal(a.phases.connect_us, -1);
    assert_int_equal(a.phases.dns_us, -1);
    assert_string_equal(redis_db_name(w.db) + strlen("127.0.0.1"),
                        strchr(redis_db_name(w.db), ':'));
    world_close(&w);
}

static void questions_of_one_turn_go_in_one_piece(void **state)
{
    struct world w;
    struct answer a[20];
    char key[20][24];

    (void)state;
    world_open(&w, honest);
    ping_wait(&w, &a[0]);
    w.server->peers->reads = 0;
    for (int i = 0; i < 20; i++) {
        snprintf(key[i], sizeof key[i], "%.*s", i + 1, "xxxxxxxxxxxxxxxxxxxxxxx");
        ask(&w, &a[i], 2000, 2, (const char *[]){ "LLEN", key[i] });
    }
    WAIT(&w, a[19].n);
    assert_int_equal(w.server->peers->reads, 1);
    for (int i = 0; i < 20; i++)
        assert_int_equal(a[i].number, i + 1);
    world_close(&w);
}

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
    assert_true(io_mono_ms(w.io) - before < 500);
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

static void silent(struct peer *p)
{
    (void)p;
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
        assert_in_range(io_mono_ms(w.io) - before, 140, 250);
        WAIT(&w, server_open(w.server) == 0);
    }
    assert_int_equal(w.closed, 0); /* it was us */
    world_close(&w);
}

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
    ping(&w, &a, 150);
    WAIT(&w, a.n);
    assert_int_equal(a.fault, FAULT_TIMEOUT);
    world_close(&w);
}

static void slow_first(struct peer *p)
{
    if (p->number > 1)
        honest(p);
}

static void those_behind_a_stuck_question_are_asked_again(void **state)
{
    struct world w;
    struct answer a, b;

    (void)state;
    world_open(&w, slow_first);
    ping(&w, &a, 100);
    ask(&w, &b, 2000, 2, (const char *[]){ "LLEN", "abc" });
    WAIT(&w, b.n);
    assert_int_equal(a.fault, FAULT_TIMEOUT);
    assert_int_equal(b.fault, FAULT_NONE);
    assert_int_equal(b.number, 3);
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

static const char *said; /* what the server answers to everything */

static void says(struct peer *p)
{
    char words[8][64];
    int argc;

    while (command(p, words, &argc))
        peer_sends(p, said);
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
        { "-ERR unknown command 'PING'\r\n", "ERR", FAULT_STATUS },
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
        assert_string_equal(a.why, want);
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

static void a_cancelled_question_answers_nobody_and_keeps_the_order(void **state)
{
    struct world w;
    struct answer a, b, c;
    struct redis_call *call;

    (void)state;
    world_open(&w, silent);
    call = ask(&w, &a, 2000, 2, (const char *[]){ "LLEN", "a" });
    redis_cancel(call); /* before it was sent */
    call = ask(&w, &b, 2000, 2, (const char *[]){ "LLEN", "bb" });
    ask(&w, &c, 2000, 2, (const char *[]){ "LLEN", "ccc" });
    WAIT(&w, w.server->peers && w.server->peers->in.len);
    redis_cancel(call); /* under way */
    honest(w.server->peers);
    WAIT(&w, c.n);
    assert_int_equal(c.number, 3);
    assert_int_equal(a.n + b.n, 0);
    world_close(&w);
}

static void on_answer_put(void *arg, const struct redis_reply *r)
{
    struct world *w = arg;

    assert_int_equal(r->fault, FAULT_NONE);
    redis_db_put(w->db);
    w->db = NULL;
}

static void a_server_may_be_given_up_from_inside_its_answer(void **state)
{
    struct world w;
    const char *argv[] = { "PING" };

    (void)state;
    world_open(&w, honest);
    redis_ask(w.db, &(struct redis_command){ 1, argv }, 1, 2000, on_answer_put, &w);
    WAIT(&w, w.db == NULL);
    WAIT(&w, server_open(w.server) == 0);
    world_close(&w);
}

static void given_up_with_questions_under_way_nothing_is_left(void **state)
{
    struct world w;
    struct answer a;

    (void)state;
    world_open(&w, silent);
    ping(&w, &a, 2000);
    WAIT(&w, w.server->peers && w.server->peers->in.len);
    ping(&w, &a, 2000);
    world_close(&w); /* the leak checker is the judge */
    assert_int_equal(a.n, 0);
}

static void an_answer_that_a_late_loop_finds_is_no_timeout(void **state)
{
    struct world w;
    struct answer a;
    int64_t late;
    int before;

    (void)state;
    world_open(&w, honest);
    ping_wait(&w, &a);
    before = w.server->peers->reads;
    ping(&w, &a, 50);
    WAIT(&w, w.server->peers->reads > before); /* answered; we have not read it */
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

static void an_address_that_makes_no_sense_says_why(void **state)
{
    static const struct {
        const char *url, *why;
    } cases[] = {
        { "http://x", "an address of Redis begins with redis://, rediss:// or unix:" },
        { "redis://", "the host is missing: redis://HOST:6379" },
        { "redis://:x/", "the port must be a number from 1 to 65535" },
        { "redis://h:0", "the port must be a number from 1 to 65535" },
        { "redis://h:65536", "the port must be a number from 1 to 65535" },
        { "redis://u:secret@h",
          "a password does not belong into the address; give it as password: ${env:NAME}" },
        { "redis://u%4@h", "the user has a broken % escape" },
        { "redis://h/x", "after the host comes the number of the database: redis://HOST/0" },
        { "redis://h?x", "nothing but /NUMBER may follow the host" },
        { "redis://[::1", "an address in [ ] needs its closing bracket" },
        { "redis://[::1]6", "after ] comes :PORT" },
        { "redis://a b", "an address may not hold blanks or control characters" },
        { "redis://a/../", "after the host comes the number of the database: redis://HOST/0" },
        { "redis://h\"x", "a host may hold letters, digits, dots and dashes" },
        { "unix:redis.sock", "a unix socket is written unix:/path or unix:/path?db=1" },
        { "unix:/a?x=1", "after the path of a unix socket only ?db=NUMBER is known" },
    };
    struct world w;
    struct err err;

    (void)state;
    world_open(&w, honest);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct redis_db *db = redis_db_get(w.redis, cases[i].url, NULL, NULL, false, &err);

        if (db)
            fail_msg("accepted: %s", cases[i].url);
        if (strcmp(cases[i].url, "redis://:x/") != 0)
            assert_string_equal(err.msg, cases[i].why);
    }
    world_close(&w);
}

static void names_are_short_and_hold_no_credentials(void **state)
{
    static const char *const cases[][2] = {
        { "redis://h", "h:6379" },
        { "redis://watch@h:1/2", "h:1/2" },
        { "rediss://[::1]:7", "[::1]:7" },
        { "unix:/run/r.sock", "unix:/run/r.sock" },
        { "unix:///run/r.sock?db=4", "unix:/run/r.sock?db=4" },
    };
    struct world w;
    struct err err;

    (void)state;
    world_open(&w, honest);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct redis_db *db = redis_db_get(w.redis, cases[i][0], NULL, NULL, false, &err);

        assert_non_null(db);
        assert_string_equal(redis_db_name(db), cases[i][1]);
        redis_db_put(db);
    }
    world_close(&w);
}

/* ---- the virtual loop ---- */

static void script(void *arg, const char *address, int argc, const char *const *argv,
                   struct fake_answer *out)
{
    (void)arg;
    assert_string_equal(address, "redis://fake");
    if (strcmp(argv[0], "PING") == 0) {
        *out = (struct fake_answer){ .body = "+PONG\r\n", .delay_ms = 2 };
    } else if (strcmp(argv[0], "LLEN") == 0 && argc == 2) {
        *out = (struct fake_answer){ .body = ":12\r\n", .delay_ms = 300 };
    } else if (strcmp(argv[0], "DBSIZE") == 0) {
        *out = (struct fake_answer){ .fault = FAULT_RESET, .why = "gone", .closes = true };
    } else {
        *out = (struct fake_answer){ .body = "$3\r\nab" };
    }
}

static void a_script_answers_on_the_virtual_loop(void **state)
{
    static const struct fake_net net = { .redis = script };
    struct world w = { .io = io_new_virtual(1000000) };
    struct answer a, b, c, d;
    struct err err;

    (void)state;
    io_fake_set(w.io, &net);
    w.redis = redis_new(w.io);
    w.db = redis_db_get(w.redis, "redis://fake", NULL, NULL, false, &err);
    redis_on_closed(w.db, on_closed, &w);
    ping(&w, &a, 1000);
    ask(&w, &b, 200, 2, (const char *[]){ "LLEN", "q" });
    ask(&w, &c, 1000, 1, (const char *[]){ "DBSIZE" });
    ask(&w, &d, 1000, 1, (const char *[]){ "INFO" });
    io_advance(w.io, 1);
    assert_int_equal(a.n, 0);
    assert_int_equal(c.fault, FAULT_RESET);
    assert_string_equal(c.why, "gone");
    assert_int_equal(w.closed, 1);
    assert_int_equal(d.fault, FAULT_PARTIAL);
    io_advance(w.io, 1);
    assert_string_equal(a.str, "PONG");
    assert_int_equal(a.phases.total_us, 2000);
    io_advance(w.io, 197);
    assert_int_equal(b.n, 0);
    io_advance(w.io, 1);
    assert_int_equal(b.fault, FAULT_TIMEOUT);
    ask(&w, &b, 500, 2, (const char *[]){ "LLEN", "q" });
    redis_cancel(ping(&w, &a, 1000));
    io_advance(w.io, 400);
    assert_int_equal(b.number, 12);
    assert_int_equal(a.n, 0);
    redis_db_put(w.db);
    redis_free(w.redis);
    io_free(w.io);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_ping_is_answered_with_its_times),
        cmocka_unit_test(questions_of_one_turn_go_in_one_piece),
        cmocka_unit_test(equal_addresses_share_one_connection),
        cmocka_unit_test(refused_is_said_at_once_and_recovery_is_seen_at_the_next_poll),
        cmocka_unit_test(a_server_that_never_answers_ends_at_the_deadline_and_leaves_no_socket),
        cmocka_unit_test(a_reply_that_never_ends_is_ended_by_the_total_deadline),
        cmocka_unit_test(those_behind_a_stuck_question_are_asked_again),
        cmocka_unit_test(the_end_of_an_idle_connection_is_told_at_once),
        cmocka_unit_test(a_question_lost_with_its_connection_is_asked_once_more),
        cmocka_unit_test(a_server_that_always_hangs_up_is_reset_after_two_tries),
        cmocka_unit_test(a_reply_too_many_drops_the_connection_and_is_credited_to_nobody),
        cmocka_unit_test(unasked_bytes_drop_the_connection),
        cmocka_unit_test(a_hostile_header_is_refused_and_the_connection_dropped),
        cmocka_unit_test(another_protocol_is_named_so),
        cmocka_unit_test(each_error_of_redis_has_its_fault_and_its_word),
        cmocka_unit_test(a_full_server_says_so_even_though_it_hangs_up),
        cmocka_unit_test(the_right_password_is_given_before_anything_is_asked),
        cmocka_unit_test(a_wrong_password_is_tried_once_and_remembered),
        cmocka_unit_test(a_server_without_a_password_is_up_all_the_same),
        cmocka_unit_test(a_server_that_ends_the_greeting_is_not_asked_for_ever),
        cmocka_unit_test(a_cancelled_question_answers_nobody_and_keeps_the_order),
        cmocka_unit_test(a_server_may_be_given_up_from_inside_its_answer),
        cmocka_unit_test(given_up_with_questions_under_way_nothing_is_left),
        cmocka_unit_test(an_answer_that_a_late_loop_finds_is_no_timeout),
        cmocka_unit_test(a_thousand_reconnects_leave_no_descriptor),
        cmocka_unit_test(a_server_that_closes_after_each_reply_is_not_asked_in_a_circle),
        cmocka_unit_test(an_address_that_makes_no_sense_says_why),
        cmocka_unit_test(names_are_short_and_hold_no_credentials),
        cmocka_unit_test(a_script_answers_on_the_virtual_loop),
    };

    signal(SIGPIPE, SIG_IGN);
    return cmocka_run_group_tests(tests, NULL, NULL);
}

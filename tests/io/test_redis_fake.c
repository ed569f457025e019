/* tests/io/test_redis_fake.c: a script answers as Redis on the virtual loop. */
#include "tests/io/redis_case.h"

#include <signal.h>
#include <string.h>

#include "io/fake.h"

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
        cmocka_unit_test(a_script_answers_on_the_virtual_loop),
    };

    signal(SIGPIPE, SIG_IGN);
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* tests/probes/test_redis.c: answers of Redis into reports, on the virtual clock. */
#include <stdio.h>

#include "probes/redis_info.h"
#include "tests/cmocka.h"
#include "tests/probes/probe_case.h"

#define SERVER "redis", "redis://cache.test:6379"

static char resp[4096];

/* `lines` as the answer to INFO. */
static void info(struct probe_case *c, const char *lines)
{
    snprintf(resp, sizeof resp, "$%zu\r\n%s\r\n", strlen(lines), lines);
    c->answer = (struct fake_answer){ .body = resp };
}

static const char usual[] = "# Server\r\nredis_version:7.0.15\r\nrun_id:aaaa\r\n"
                            "uptime_in_seconds:100\r\n\r\n# Memory\r\nused_memory:1048576\r\n"
                            "used_memory_human:1.00M\r\nmaxmemory:2097152\r\nmaxmemory_policy:"
                            "allkeys-lru\r\nmem_fragmentation_ratio:1.5\r\n# Persistence\r\n"
                            "aof_last_bgrewrite_status:ok\r\n# Stats\r\n"
                            "total_commands_processed:1000\r\n# Keyspace\r\n"
                            "db0:keys=12,expires=3,avg_ttl=0\r\n";

static void ping_time_is_the_value(void **state)
{
    struct probe_case c;
    struct signal_spec specs[READING_SIGNALS] = { 0 };

    (void)state;
    case_init(&c, "redis", PAIRS(SERVER));
    assert_int_equal(c.probe.ops->signals(c.probe.self, &c.common, specs), 1);
    assert_string_equal(specs[0].name, "latency");
    c.answer = (struct fake_answer){ .delay_ms = 2 };
    case_poll(&c);
    assert_int_equal(c.asked, 1); /* no INFO where nothing needs it */
    assert_string_equal(c.asked_url, "redis://cache.test:6379");
    assert_int_equal(c.state, STATE_UP);
    assert_string_equal(c.reason, "PONG in 2.0 ms");
    assert_true(c.known && c.value == 2);
    c.pong = "+PANG\r\n";
    case_poll(&c);
    assert_int_equal(c.fault, FAULT_BODY);
    assert_string_equal(c.reason, "PING does not give PONG");
    assert_false(c.known);
    case_fini(&c);
}

static void a_field_is_a_gauge_in_its_unit(void **state)
{
    struct probe_case c;
    struct signal_spec specs[READING_SIGNALS] = { 0 };

    (void)state;
    case_init(&c, "redis", PAIRS(SERVER, "info", "used_memory", "crit", "2GB"));
    c.probe.ops->signals(c.probe.self, &c.common, specs);
    assert_string_equal(specs[0].name, "used_memory");
    assert_int_equal(specs[0].unit, UNIT_BYTES);
    info(&c, usual);
    case_poll(&c);
    assert_int_equal(c.state, STATE_UP);
    assert_true(c.known && c.value == 1048576);
    assert_string_equal(c.reason, "1.0 MB in 0 ms");
    assert_string_equal(c.version, "7.0.15");
    assert_true(c.second.known);
    case_fini(&c);
    case_init(&c, "redis", PAIRS(SERVER, "info", "db0.keys", "unit_word", "keys"));
    info(&c, usual);
    case_poll(&c);
    assert_true(c.known && c.value == 12);
    assert_string_equal(c.reason, "12 keys");
    case_fini(&c);
}

static void a_share_carries_both_its_numbers(void **state)
{
    struct probe_case c;

    (void)state;
    case_init(&c, "redis", PAIRS(SERVER, "info", "used_memory", "of", "maxmemory", "warn", "80%"));
    info(&c, usual);
    case_poll(&c);
    assert_true(c.known && c.value == 50 && c.num == 1048576 && c.den == 2097152);
    assert_string_equal(c.reason, "50.0% of maxmemory");
    assert_int_equal(c.share_unit, UNIT_BYTES);
    info(&c, "used_memory:1\r\nmaxmemory:0\r\n");
    case_poll(&c);
    assert_int_equal(c.state, STATE_UNKNOWN);
    assert_false(c.known);
    assert_string_equal(c.reason, "maxmemory is 0: there is nothing to be a share of");
    case_fini(&c);
}

static void what_is_not_in_info_is_unknown(void **state)
{
    static const struct {
        const char *field, *reason;
    } cases[] = {
        { "gone", "gone is not in INFO" },
        { "db1.keys", "db1.keys is not in INFO" },
        { "db0.gone", "db0.gone is not in INFO" },
        { "used", "used is not in INFO" }, /* not the beginning of another */
        { "used_memory_human", "used_memory_human is not a number: '1.00M'" },
        { "db0", "db0 is not a number: 'keys=12,expires=3,avg_ttl=0'" },
    };
    struct probe_case c;

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        case_init(&c, "redis", PAIRS(SERVER, "info", cases[i].field));
        info(&c, usual);
        case_poll(&c);
        assert_int_equal(c.state, STATE_UNKNOWN);
        assert_string_equal(c.reason, cases[i].reason);
        assert_string_equal(c.note, cases[i].reason);
        assert_false(c.known);
        assert_true(isnan(c.value));
        case_fini(&c);
    }
}

static void a_counter_becomes_a_rate_and_a_reset_is_no_negative_one(void **state)
{
    struct probe_case c;

    (void)state;
    case_init(&c, "redis", PAIRS(SERVER, "delta", "total_commands_processed"));
    info(&c, "total_commands_processed:1000\r\nrun_id:a\r\n");
    case_poll(&c);
    assert_int_equal(c.state, STATE_UP); /* it answers; there is only no rate yet */
    assert_false(c.known);
    assert_string_equal(c.note, "not enough data: one answer of two");
    assert_string_equal(c.reason, "PONG in 0 ms");
    io_advance(c.io, 5000); /* with the 5 s that case_poll took: 10 s */
    info(&c, "total_commands_processed:1250\r\nrun_id:a\r\n");
    case_poll(&c);
    assert_true(c.known && c.value == 25);
    assert_int_equal(c.window_ms, 10000);
    assert_string_equal(c.reason, "25/s in 0 ms");
    info(&c, "total_commands_processed:7\r\nrun_id:a\r\n");
    case_poll(&c);
    assert_false(c.known);
    assert_string_equal(c.note, "not enough data: the counter was reset");
    info(&c, "total_commands_processed:57\r\nrun_id:a\r\n");
    case_poll(&c);
    assert_true(c.known && c.value == 10);
    info(&c, "run_id:a\r\n"); /* gone and back: nothing is known of the time between */
    case_poll(&c);
    assert_int_equal(c.state, STATE_UNKNOWN);
    info(&c, "total_commands_processed:100\r\nrun_id:a\r\n");
    case_poll(&c);
    assert_false(c.known);
    case_fini(&c);
}

static void hits(struct probe_case *c, const char *run_id, int up_s, int hits, int misses)
{
    char lines[200];

    snprintf(lines, sizeof lines,
             "run_id:%s\r\nuptime_in_seconds:%d\r\nkeyspace_hits:%d\r\nkeyspace_misses:%d\r\n",
             run_id, up_s, hits, misses);
    info(c, lines);
    case_poll(c);
}

static void a_share_of_counters_is_of_their_growth_and_a_restart_is_no_negative_one(void **state)
{
    struct probe_case c;

    (void)state;
    case_init(&c, "redis",
              PAIRS(SERVER, "share", "keyspace_hits", "share", "keyspace_misses", "over", "1m"));
    hits(&c, "a", 9000, 1000000, 4000000);
    assert_int_equal(c.state, STATE_UP);
    assert_false(c.known); /* totals since the start say nothing of now */
    hits(&c, "a", 9005, 1000090, 4000010);
    assert_true(c.known && c.value == 90);
    assert_true(c.num == 90 && c.den == 100);
    assert_string_equal(c.reason, "90.0% keyspace_hits");
    hits(&c, "b", 3, 30, 10); /* counted from zero: 30 and 10 more */
    assert_true(c.known && c.num == 120 && c.den == 140);
    hits(&c, "c", 2, 200, 100); /* larger than before, and another process all the same */
    assert_true(c.known && c.num == 320 && c.den == 440);
    info(&c, "run_id:c\r\nkeyspace_hits:1\r\n");
    case_poll(&c);
    assert_int_equal(c.state, STATE_UNKNOWN);
    assert_string_equal(c.reason, "keyspace_misses is not in INFO");
    case_fini(&c);
}

static void the_counters_of_a_hash_are_the_application_s(void **state)
{
    struct probe_case c;

    (void)state;
    case_init(&c, "redis",
              PAIRS(SERVER, "hash", "cache:stats:weather", "share", "misses", "share", "hits"));
    info(&c, usual);
    c.hash = "*2\r\n$2\r\n10\r\n$2\r\n90\r\n";
    case_poll(&c);
    assert_string_equal(c.asked_sql, "HMGET cache:stats:weather");
    assert_false(c.known);
    c.hash = "*2\r\n$2\r\n55\r\n$3\r\n145\r\n";
    case_poll(&c);
    assert_true(c.known && c.value == 45);
    c.hash = "*2\r\n$-1\r\n$1\r\n5\r\n"; /* begun anew: no miss was counted yet */
    case_poll(&c);
    assert_true(c.known && c.num == 45 && c.den == 105);
    c.hash = "*2\r\n$-1\r\n$-1\r\n"; /* no such hash: a typing error is not "0%" */
    case_poll(&c);
    assert_int_equal(c.state, STATE_UNKNOWN);
    assert_false(c.known);
    assert_string_equal(c.reason, "no such fields in the hash cache:stats:weather");
    c.hash = "*2\r\n$3\r\nabc\r\n$1\r\n5\r\n";
    case_poll(&c);
    assert_string_equal(c.reason, "misses is not a number: 'abc'");
    c.hash = "*1\r\n$1\r\n5\r\n";
    case_poll(&c);
    assert_int_equal(c.state, STATE_UNKNOWN);
    c.hash = "-WRONGTYPE Operation against a key holding the wrong kind of value\r\n";
    case_poll(&c);
    assert_int_not_equal(c.state, STATE_UP);
    assert_false(c.known);
    case_fini(&c);
}

static void another_process_is_a_restart(void **state)
{
    struct probe_case c;

    (void)state;
    case_init(&c, "redis", PAIRS(SERVER, "delta", "n"));
    info(&c, "n:100\r\nrun_id:aaaa\r\nuptime_in_seconds:9000\r\n");
    case_poll(&c);
    assert_string_equal(c.restart, "");
    info(&c, "n:300\r\nrun_id:bbbb\r\nuptime_in_seconds:4\r\n");
    case_poll(&c);
    assert_string_equal(c.restart, "restarted, up 4s");
    assert_false(c.known); /* 300 of one process less 100 of another is nothing */
    case_poll(&c);
    assert_string_equal(c.restart, "");
    assert_true(c.known && c.value == 0);
    info(&c, "n:300\r\nrun_id:cccc\r\nuptime_in_seconds:1e300\r\n"); /* no age of anything */
    case_poll(&c);
    assert_string_equal(c.restart, "restarted, up 99999y");
    case_fini(&c);
}

static void what_is_expected_is_compared(void **state)
{
    struct probe_case c;

    (void)state;
    case_init(&c, "redis",
              PAIRS(SERVER, "expect:aof_last_bgrewrite_status", "ok", "expect:maxmemory_policy",
                    "allkeys-lru"));
    info(&c, usual);
    case_poll(&c);
    assert_int_equal(c.state, STATE_UP);
    assert_true(c.known);
    info(&c, "aof_last_bgrewrite_status:err\r\nmaxmemory_policy:allkeys-lru\r\n");
    case_poll(&c);
    assert_int_equal(c.state, STATE_DEGRADED);
    assert_string_equal(c.reason, "aof_last_bgrewrite_status is err, not ok");
    info(&c, "aof_last_bgrewrite_status:ok\r\n");
    case_poll(&c);
    assert_int_equal(c.state, STATE_UNKNOWN);
    assert_string_equal(c.reason, "maxmemory_policy is not in INFO");
    assert_true(c.known); /* the ping */
    info(&c, "aof_last_bgrewrite_status:\x1b[2J\r\nmaxmemory_policy:x\r\n");
    case_poll(&c);
    assert_string_equal(c.reason, "aof_last_bgrewrite_status is ^[[2J, not ok");
    case_fini(&c);
}

static void fields_of_the_long_form_are_asked_for(void **state)
{
    struct probe_case c;

    (void)state;
    case_init(&c, "redis", PAIRS(SERVER, "info", "cmdstat_get.calls"));
    info(&c, "cmdstat_get:calls=21,usec=175,usec_per_call=8.33\r\n");
    case_poll(&c);
    assert_string_equal(c.asked_sql, "INFO all");
    assert_true(c.value == 21);
    case_fini(&c);
}

static void loading_is_neither_up_nor_down(void **state)
{
    struct probe_case c;

    (void)state;
    case_init(&c, "redis", PAIRS(SERVER));
    c.pong = "-LOADING Redis is loading the dataset in memory\r\n";
    case_poll(&c);
    assert_int_equal(c.state, STATE_DEGRADED);
    assert_int_equal(c.fault, FAULT_NONE);
    assert_string_equal(c.reason, "loading its data set");
    assert_false(c.known);
    case_fini(&c);
    case_init(&c, "redis", PAIRS(SERVER, "info", "used_memory"));
    c.pong = "-LOADING Redis is loading the dataset in memory\r\n";
    info(&c, "used_memory:5\r\nloading_loaded_perc:45.31\r\n");
    case_poll(&c);
    assert_int_equal(c.state, STATE_DEGRADED);
    assert_string_equal(c.reason, "loading its data set, 45.31 %");
    assert_false(c.known);
    case_fini(&c);
}

static void each_error_has_its_own_reason(void **state)
{
    static const struct {
        const char *said, *reason;
        enum state state;
        enum fault fault;
    } cases[] = {
        { "-NOAUTH Authentication required.\r\n", "credentials: NOAUTH Authentication required.",
          STATE_UNKNOWN, FAULT_AUTH },
        { "-NOPERM no permissions to run the 'ping' command\r\n",
          "credentials: no permission: NOPERM no permissions to run the 'ping' command",
          STATE_UNKNOWN, FAULT_AUTH },
        { "-MASTERDOWN Link with MASTER is down\r\n", "MASTERDOWN Link with MASTER is down",
          STATE_DOWN, FAULT_STATUS },
        { "-BUSY Redis is busy\r\n", "BUSY Redis is busy", STATE_DOWN, FAULT_STATUS },
        { "-MISCONF snapshots\r\n", "MISCONF snapshots", STATE_DOWN, FAULT_STATUS },
        { "-OOM command not allowed\r\n", "OOM command not allowed", STATE_DOWN, FAULT_STATUS },
        { "-READONLY replica\r\n", "READONLY replica", STATE_DOWN, FAULT_STATUS },
        { "-CLUSTERDOWN The cluster is down\r\n", "CLUSTERDOWN The cluster is down", STATE_DOWN,
          FAULT_STATUS },
        { "-MOVED 3999 10.0.0.1:6381\r\n",
          "MOVED 3999 10.0.0.1:6381: another node of the cluster has it, and it is not followed; "
          "name "
          "that one",
          STATE_DOWN, FAULT_STATUS },
        { "-ASK 3999 10.0.0.1:6381\r\n",
          "ASK 3999 10.0.0.1:6381: another node of the cluster has it, and it is not followed; "
          "name "
          "that one",
          STATE_DOWN, FAULT_STATUS },
        { "-ERR max number of clients reached\r\n",
          "too many clients: ERR max number of clients reached", STATE_DOWN, FAULT_FULL },
        { "-ERR \x1b]0;pwned\x07\r\n", "ERR ^[]0;pwned^G", STATE_DOWN, FAULT_STATUS },
        { "$5\r\nhello\r\n", "PING does not give PONG", STATE_DOWN, FAULT_BODY },
        { "*1000000000\r\n", "too big: an array of 1000000000 items; at most 10000 are read",
          STATE_DOWN, FAULT_TOO_BIG },
        { "HTTP/1.1 200 OK\r\n", "protocol: not Redis: a reply begins with byte 0x48", STATE_DOWN,
          FAULT_PROTOCOL },
    };
    struct probe_case c;

    (void)state;
    case_init(&c, "redis", PAIRS(SERVER));
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        c.pong = cases[i].said;
        case_poll(&c);
        assert_string_equal(c.reason, cases[i].reason);
        assert_int_equal(c.state, cases[i].state);
        assert_int_equal(c.fault, cases[i].fault);
        assert_false(c.known);
    }
    c.pong = NULL;
    c.answer = (struct fake_answer){ .delay_ms = 999999 };
    case_poll(&c);
    assert_string_equal(c.reason, "timeout: no answer within 5000 ms");
    case_fini(&c);
}

static void a_password_that_cannot_be_had_is_asked_for_again(void **state)
{
    struct probe_case c;

    (void)state;
    case_init(&c, "redis", PAIRS(SERVER, "password", "env:REDISPASS"));
    c.probe.ops->poll(&c.probe);
    assert_int_equal(c.reports, 1);
    assert_string_equal(c.reason, "credentials: env:REDISPASS is not set");
    assert_int_equal(c.state, STATE_UNKNOWN);
    c.secret = "first";
    case_poll(&c);
    assert_int_equal(c.state, STATE_UP);
    c.answer = (struct fake_answer){ .fault = FAULT_AUTH, .why = "WRONGPASS" };
    case_poll(&c);
    c.secret = "second";
    c.answer = (struct fake_answer){ 0 };
    case_poll(&c);
    assert_int_equal(c.state, STATE_UP);
    case_fini(&c);
}

static void the_end_of_the_connection_is_told(void **state)
{
    struct probe_case c;

    (void)state;
    case_init(&c, "redis", PAIRS(SERVER, "info", "used_memory"));
    info(&c, usual);
    c.answer.closes = true;
    case_poll(&c);
    assert_int_equal(c.closed, 1);
    c.probe.ops->poll(&c.probe);
    c.probe.ops->close(&c.probe); /* with a question under way */
    io_advance(c.io, 60000);
    assert_int_equal(c.reports, 1);
    case_fini(&c);
}

static void options_that_contradict_each_other_are_refused(void **state)
{
    (void)state;
    case_refused("redis", "info, delta: a probe has one of them",
                 PAIRS(SERVER, "info", "a", "delta", "b"));
    case_refused("redis", "share: a probe has one of info, delta and share",
                 PAIRS(SERVER, "share", "a", "share", "b", "delta", "b"));
    case_refused("redis", "share: needs 2 to 8 fields", PAIRS(SERVER, "share", "a"));
    case_refused("redis", "hash: goes with share", PAIRS(SERVER, "hash", "a"));
    case_refused("redis", "over: holds fewer than two answers",
                 PAIRS(SERVER, "share", "a", "share", "b", "over", "15s"));
    case_refused("redis", "of: goes with info", PAIRS(SERVER, "of", "maxmemory"));
    case_refused("redis", "unit: cannot be chosen; this probe measures a share in percent",
                 PAIRS(SERVER, "info", "a", "of", "b", "unit", "bytes"));
    case_refused("redis", "unit: cannot be chosen; this probe measures a rate per second",
                 PAIRS(SERVER, "delta", "a", "unit", "bytes"));
    case_refused("redis", "unit: cannot be chosen; this probe measures its latency",
                 PAIRS(SERVER, "unit", "bytes"));
    case_refused("redis", "insecure: there is no TLS to skip",
                 PAIRS(SERVER, "insecure", "true", "insecure_reason", "x"));
    case_refused("redis", "insecure: say why in insecure_reason",
                 PAIRS("redis", "rediss://h", "insecure", "true"));
    case_refused("redis", "insecure_reason: without insecure: true it means nothing",
                 PAIRS("redis", "rediss://h", "insecure_reason", "x"));
    case_refused("redis", "ca_file: there is no TLS", PAIRS(SERVER, "ca_file", "/x"));
}

static void the_target_is_short(void **state)
{
    struct probe_case c;
    struct text t = { 0 };

    (void)state;
    case_init(&c, "redis", PAIRS("redis", "redis://watch@cache.test/2"));
    c.probe.ops->target(c.probe.self, &t);
    assert_string_equal(text_str(&t), "cache.test:6379/2");
    text_fini(&t);
    case_fini(&c);
}

static void info_of_any_form_is_read_within_its_bounds(void **state)
{
    static const char *const forms[] = { "",          "\n",     "\r\n",   "a",      "a:",
                                         ":",         "a:1",    "a:1\n",  "a:1\r",  "db0:keys",
                                         "db0:keys=", "db0:=1", "db0:,,", "a\r\na:" };
    const char *value;
    size_t len;
    double n;

    (void)state;
    for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
        char *exact = malloc(strlen(forms[i]) + 1); /* no byte more: the sanitizer watches */

        memcpy(exact, forms[i], strlen(forms[i]));
        if (redis_info_field(exact, strlen(forms[i]), "a", &value, &len))
            redis_info_number(value, len, &n);
        redis_info_field(exact, strlen(forms[i]), "db0.keys", &value, &len);
        free(exact);
    }
    assert_true(redis_info_field("a:1", 3, "a", &value, &len) && len == 1);
    assert_true(redis_info_number("12.5%", 5, &n) && n == 12.5);
    assert_false(redis_info_number("1\0x", 3, &n));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ping_time_is_the_value),
        cmocka_unit_test(a_field_is_a_gauge_in_its_unit),
        cmocka_unit_test(a_share_carries_both_its_numbers),
        cmocka_unit_test(what_is_not_in_info_is_unknown),
        cmocka_unit_test(a_counter_becomes_a_rate_and_a_reset_is_no_negative_one),
        cmocka_unit_test(a_share_of_counters_is_of_their_growth_and_a_restart_is_no_negative_one),
        cmocka_unit_test(the_counters_of_a_hash_are_the_application_s),
        cmocka_unit_test(another_process_is_a_restart),
        cmocka_unit_test(what_is_expected_is_compared),
        cmocka_unit_test(fields_of_the_long_form_are_asked_for),
        cmocka_unit_test(loading_is_neither_up_nor_down),
        cmocka_unit_test(each_error_has_its_own_reason),
        cmocka_unit_test(a_password_that_cannot_be_had_is_asked_for_again),
        cmocka_unit_test(the_end_of_the_connection_is_told),
        cmocka_unit_test(options_that_contradict_each_other_are_refused),
        cmocka_unit_test(the_target_is_short),
        cmocka_unit_test(info_of_any_form_is_read_within_its_bounds),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* tests/probes/test_queue.c: layouts of queues into reports, on the virtual clock. The keys are
 * typed after the libraries' own sources; tests/probes/test_queue_peer.py asks the real ones. */
#include <locale.h>
#include <stdio.h>

#include "probes/queue_layout.h"
#include "probes/queue_trend.h"
#include "tests/cmocka.h"
#include "tests/probes/probe_case.h"

#define SERVER "redis", "redis://cache.test:6379"

/* A Redis of words: a command, and what it answers as RESP. */
static struct said {
    const char *command, *answer;
} said[32];
static char asked[4096];

static void say(const char *command, const char *answer)
{
    for (size_t i = 0; i < sizeof said / sizeof *said; i++) {
        if (said[i].command && strcmp(said[i].command, command) != 0)
            continue;
        said[i] = (struct said){ command, answer };
        return;
    }
    fail_msg("no room for %s", command);
}

/* One string as RESP; kept until the end of the case. */
static const char *bulk(const char *s)
{
    static char room[8][200];
    static int next;
    char *out = room[next++ % 8];

    snprintf(out, sizeof room[0], "$%zu\r\n%s\r\n", strlen(s), s);
    return out;
}

static void words(void *arg, const char *address, int argc, const char *const *argv,
                  struct fake_answer *out)
{
    char command[300] = "";

    (void)arg;
    (void)address;
    for (int i = 0; i < argc; i++) {
        strncat(command, i ? " " : "", sizeof command - strlen(command) - 1);
        strncat(command, argv[i], sizeof command - strlen(command) - 1);
    }
    strncat(asked, command, sizeof asked - strlen(asked) - 1);
    strncat(asked, "\n", sizeof asked - strlen(asked) - 1);
    *out = (struct fake_answer){ .body = ":0\r\n" };
    for (size_t i = 0; i < sizeof said / sizeof *said && said[i].command; i++)
        if (strcmp(said[i].command, command) == 0)
            out->body = said[i].answer;
}

static void begin(struct probe_case *c, const char *const *pairs)
{
    memset(said, 0, sizeof said);
    *asked = '\0';
    case_init(c, "queue", pairs);
    c->net.redis = words;
}

#define POLL(c, wanted_state, wanted_reason)             \
    do {                                                 \
        *asked = '\0';                                   \
        case_poll(c);                                    \
        assert_string_equal((c)->reason, wanted_reason); \
        assert_int_equal((c)->state, wanted_state);      \
    } while (0)

static void bullmq(struct probe_case *c)
{
    begin(c, PAIRS("queue", "mail", SERVER, "layout", "bullmq", "oldest_crit", "15m"));
    say("EXISTS bull:mail:meta", ":1\r\n");
    say("LLEN bull:mail:wait", ":12\r\n");
    say("ZCARD bull:mail:prioritized", ":3\r\n");
    say("LLEN bull:mail:active", ":2\r\n");
    say("ZCARD bull:mail:delayed", ":4\r\n");
    say("ZCARD bull:mail:failed", ":5\r\n");
    say("HGET bull:mail:meta paused", "$-1\r\n");
    say("HGET bull:mail:metrics:completed count", "$-1\r\n");
    say("LRANGE bull:mail:wait -2 -1", "*2\r\n$2\r\n41\r\n$2\r\n40\r\n");
    /* the case starts at 1769652827000 */
    say("HMGET bull:mail:40 timestamp delay name",
        "*3\r\n$13\r\n1769652787000\r\n$1\r\n0\r\n$4\r\nsend\r\n");
}

static void bullmq_tells_depth_and_age(void **state)
{
    struct probe_case c;

    (void)state;
    bullmq(&c);
    POLL(&c, STATE_UP, "15 jobs · oldest 40s · 2 at work");
    assert_true(c.known && c.value == 15);
    assert_true(c.second.known && c.second.value >= 40 && c.second.value < 41);
    assert_true(c.third.known && c.third.value == 2);
    assert_non_null(strstr(asked, "HMGET bull:mail:40 timestamp delay name\n"));
    *asked = '\0';
    case_poll(&c); /* the same job is next: its time is known */
    assert_null(strstr(asked, "HMGET"));
    assert_string_equal(c.table, "next job waits|send 45s|"); /* and its name */
    assert_true(c.second.known && c.second.value > 41);
    say("LRANGE bull:mail:wait -2 -1", "*1\r\n$2\r\n41\r\n");
    say("HMGET bull:mail:41 timestamp delay name",
        "*3\r\n$13\r\n1769652786000\r\n$5\r\n30000\r\n$4\r\nsend\r\n");
    *asked = '\0';
    case_poll(&c);
    assert_non_null(strstr(asked, "HMGET bull:mail:41 timestamp delay name\n"));
    assert_true(c.second.value < 60); /* it was to wait for 30 s anyway */
    case_fini(&c);
}

static void a_marker_is_no_job(void **state)
{
    struct probe_case c;

    (void)state;
    bullmq(&c);
    say("LLEN bull:mail:wait", ":2\r\n");
    say("ZCARD bull:mail:prioritized", ":0\r\n");
    say("LRANGE bull:mail:wait -2 -1", "*2\r\n$2\r\n40\r\n$3\r\n0:0\r\n");
    POLL(&c, STATE_UP, "1 job · oldest 40s · 2 at work");
    say("LLEN bull:mail:wait", ":1\r\n");
    say("LRANGE bull:mail:wait -2 -1", "*1\r\n$3\r\n0:0\r\n");
    POLL(&c, STATE_UP, "empty · 2 at work");
    assert_true(c.second.known && c.second.value == 0);
    case_fini(&c);
}

/* R4: after FLUSHALL the depth is 0, and that is no good news. */
static void a_queue_that_is_not_there_is_not_empty(void **state)
{
    struct probe_case c;

    (void)state;
    bullmq(&c);
    memset(said, 0, sizeof said);
    say("LRANGE bull:mail:wait -2 -1", "*0\r\n");
    POLL(&c, STATE_UNKNOWN, "no queue 'mail' of layout bullmq: never used, or deleted");
    assert_false(c.known);
    assert_false(c.second.known);
    say("EXISTS bull:mail:meta", ":1\r\n");
    POLL(&c, STATE_UP, "empty");
    assert_true(c.known && c.value == 0);
    case_fini(&c);
}

static void a_paused_queue_is_disabled(void **state)
{
    struct probe_case c;

    (void)state;
    bullmq(&c);
    say("HGET bull:mail:meta paused", "$1\r\n1\r\n");
    POLL(&c, STATE_DISABLED, "paused · 15 jobs · oldest 40s · 2 at work");
    say("HGET bull:mail:meta paused", "$-1\r\n"); /* up to version 5 the jobs move */
    say("LLEN bull:mail:paused", ":7\r\n");
    POLL(&c, STATE_DISABLED, "paused · 22 jobs · oldest 45s · 2 at work");
    case_fini(&c);
}

/* What a stranger wrote where a number belongs is no number. */
static void a_count_is_decimal_to_its_last_byte(void **state)
{
    static const char *const none[] = { "$4\r\n0x10\r\n", "$3\r\n 12\r\n", "$3\r\ninf\r\n" };
    struct probe_case c;

    (void)state;
    for (size_t i = 0; i < sizeof none / sizeof *none; i++) {
        bullmq(&c);
        say("HGET bull:mail:meta paused", none[i]);
        case_poll(&c);
        assert_int_equal(c.state, STATE_UP);
        case_fini(&c);
    }
}

static void keys_of_another_kind_are_said(void **state)
{
    struct probe_case c;

    (void)state;
    bullmq(&c);
    say("LLEN bull:mail:wait",
        "-WRONGTYPE Operation against a key holding the wrong kind of value\r\n");
    POLL(&c, STATE_UNKNOWN, "the key bull:mail:wait is not of the kind that this layout has");
    assert_false(c.known);
    case_fini(&c);
}

static void what_the_server_refuses_is_its_own_reason(void **state)
{
    struct probe_case c;

    (void)state;
    bullmq(&c);
    say("LLEN bull:mail:wait",
        "-NOPERM this user has no permissions to run the 'llen' command\r\n");
    case_poll(&c);
    assert_int_equal(c.state, STATE_UNKNOWN);
    assert_int_equal(c.fault, FAULT_AUTH);
    assert_non_null(strstr(c.reason, "no permission: NOPERM this user"));
    say("LLEN bull:mail:wait", "-ERR unknown command 'LLEN', with args beginning with: 'x'\r\n");
    case_poll(&c);
    assert_int_equal(c.state, STATE_UNKNOWN);
    assert_non_null(strstr(c.reason, "no permission: ERR unknown command 'LLEN'"));
    say("LLEN bull:mail:wait", "-MOVED 3999 10.0.0.1:6381\r\n");
    POLL(&c, STATE_UNKNOWN,
         "MOVED 3999 10.0.0.1:6381: another node of the cluster has it, and it is not followed; "
         "name that one");
    assert_false(c.known);
    say("EXISTS bull:mail:meta", "-LOADING Redis is loading the dataset in memory\r\n");
    POLL(&c, STATE_DEGRADED, "Redis is loading its data set");
    assert_false(c.known);
    case_fini(&c);
}

static void the_same_job_for_ten_minutes_is_stuck(void **state)
{
    struct probe_case c;

    (void)state;
    bullmq(&c);
    for (int i = 0; i < 120; i++) { /* 5 s each */
        case_poll(&c);
        assert_int_equal(c.state, STATE_UP);
    }
    assert_string_equal(c.reason, "15 jobs · oldest 10m35s · 2 at work · steady");
    POLL(&c, STATE_DEGRADED, "stuck: the same job is next (send) since 10m, 15 wait");
    say("LRANGE bull:mail:wait -2 -1", "*1\r\n$2\r\n41\r\n");
    case_poll(&c);
    assert_int_equal(c.state, STATE_UP);
    case_fini(&c);
}

/* Jobs with a priority wait elsewhere: when all of them have one, they are the queue. */
static void jobs_with_a_priority_are_next_when_no_others_are(void **state)
{
    struct probe_case c;

    (void)state;
    bullmq(&c);
    say("LLEN bull:mail:wait", ":0\r\n");
    say("LRANGE bull:mail:wait -2 -1", "*0\r\n");
    say("ZRANGE bull:mail:prioritized 0 0", "*1\r\n$2\r\n40\r\n");
    for (int i = 0; i < 120; i++) {
        case_poll(&c);
        assert_int_equal(c.state, STATE_UP);
    }
    assert_string_equal(c.reason, "3 jobs · oldest 10m35s · 2 at work · steady");
    POLL(&c, STATE_DEGRADED, "stuck: the same job is next (send) since 10m, 3 wait");
    say("ZCARD bull:mail:prioritized", ":0\r\n");
    say("ZRANGE bull:mail:prioritized 0 0", "*0\r\n");
    say("HGET bull:mail:meta paused", "$1\r\n1\r\n");
    say("LLEN bull:mail:paused", ":2\r\n");
    say("LRANGE bull:mail:paused -2 -1", "*2\r\n$2\r\n41\r\n$2\r\n40\r\n");
    case_poll(&c);
    assert_int_equal(c.state, STATE_DISABLED);
    assert_true(c.second.known && c.second.value > 600);
    case_fini(&c);
    begin(&c, PAIRS("queue", "celery", SERVER, "layout", "celery"));
    say("LLEN celery\006\0266", ":4\r\n");
    say("LINDEX celery\006\0266 -1", bulk("{\"a\":1}"));
    for (int i = 0; i < 120; i++) {
        case_poll(&c);
        assert_int_equal(c.state, STATE_UP);
    }
    POLL(&c, STATE_DEGRADED, "stuck: the same job is next since 10m, 4 wait");
    case_fini(&c);
}

/* Taken between the two questions: that jobs tell no time would be wrong. */
static void a_job_that_is_gone_has_a_time_all_the_same(void **state)
{
    struct probe_case c;

    (void)state;
    bullmq(&c);
    say("HMGET bull:mail:40 timestamp delay name", "*3\r\n$-1\r\n$-1\r\n$-1\r\n");
    POLL(&c, STATE_UP, "15 jobs · 2 at work");
    assert_false(c.second.known);
    assert_string_equal(c.second.note, "the time of the next job could not be read");
    case_fini(&c);
    begin(&c, PAIRS("queue", "jobs", SERVER, "layout", "list"));
    say("LLEN jobs", ":1\r\n");
    say("LINDEX jobs -1", bulk("a"));
    POLL(&c, STATE_UP, "1 job");
    assert_string_equal(c.second.note, "its jobs tell no time");
    case_fini(&c);
}

static void sidekiq_has_its_times_in_the_job(void **state)
{
    struct probe_case c;

    (void)state;
    begin(&c, PAIRS("queue", "default", SERVER, "layout", "sidekiq"));
    say("SISMEMBER queues default", ":1\r\n");
    say("LLEN queue:default", ":3\r\n");
    say("ZCARD schedule", ":1\r\n");
    say("ZCARD retry", ":2\r\n");
    say("LINDEX queue:default -1", bulk("{\"class\":\"W\",\"enqueued_at\":1769652797.512345}"));
    POLL(&c, STATE_UP, "3 jobs · oldest 29s");
    assert_false(c.third.known); /* what is at work stands with its processes */
    assert_null(strstr(asked, "stat:processed"));
    assert_string_equal(c.table, "next job waits|W 29s|");
    assert_non_null(strstr(c.notes, "|Sidekiq counts the jobs of all queues together|"));
    say("LINDEX queue:default -1",
        bulk("{\"class\":\"W\",\"wrapped\":\"Mail\\u001b[2J\",\"enqueued_at\":1769652807000}"));
    POLL(&c, STATE_UP, "3 jobs · oldest 25s"); /* 8.0 writes milliseconds */
    assert_string_equal(c.table, "next job waits|Mail^[[2J 25s|");
    say("LLEN queue:default", ":0\r\n"); /* an empty list vanishes, its name stays in `queues` */
    say("LINDEX queue:default -1", "$-1\r\n");
    POLL(&c, STATE_UP, "empty");
    assert_int_equal(c.table_rows, 0);
    case_fini(&c);
}

static void rq_and_celery(void **state)
{
    struct probe_case c;

    (void)state;
    begin(&c, PAIRS("queue", "high", SERVER, "layout", "rq"));
    say("SISMEMBER rq:queues rq:queue:high", ":1\r\n");
    say("LLEN rq:queue:high", ":2\r\n");
    say("ZCARD rq:wip:high", ":1\r\n");
    say("LINDEX rq:queue:high 0", "$4\r\nab-1\r\n");
    say("HMGET rq:job:ab-1 enqueued_at description",
        "*2\r\n$27\r\n2026-01-29T02:13:17.500000Z\r\n$21\r\nshop.mail.send('a@b')\r\n");
    POLL(&c, STATE_UP, "2 jobs · oldest 29s · 1 at work");
    assert_string_equal(c.table, "next job waits|shop.mail.send 29s|"); /* not to whom */
    case_fini(&c);
    begin(&c, PAIRS("queue", "celery", SERVER, "layout", "celery"));
    say("LLEN celery", ":2\r\n");
    say("LLEN celery\006\0269", ":4\r\n");
    say("HLEN unacked", ":1\r\n");
    say("LINDEX celery -1", bulk("{\"a\":1}"));
    POLL(&c, STATE_UP, "6 jobs · 1 at work");
    assert_false(c.second.known);
    assert_string_equal(c.second.note, "its jobs tell no time");
    assert_int_equal(c.table_rows, 0);
    say("LINDEX celery -1", bulk("{\"headers\":{\"task\":\"t.work\"}}"));
    case_poll(&c);
    assert_string_equal(c.table, "next job waits|t.work not told|");
    case_fini(&c);
}

static void a_list_is_read_from_its_end(void **state)
{
    struct probe_case c;

    (void)state;
    begin(&c, PAIRS("queue", "queue:resume", SERVER, "layout", "list", "head", "left", "stamp",
                    "/job/created_at", "unit_word", "resumes"));
    say("LLEN queue:resume", ":1204\r\n");
    say("LINDEX queue:resume 0", bulk("{\"job\":{\"created_at\":\"2026-01-29T02:13:27+00:00\"}}"));
    POLL(&c, STATE_UP, "1 204 resumes · oldest 20s");
    say("LINDEX queue:resume 0", bulk("no json!"));
    POLL(&c, STATE_UP, "1 204 resumes");
    assert_false(c.second.known);
    assert_string_equal(c.second.note, "the time of the next job could not be read");
    case_fini(&c);
}

/* XINFO GROUPS of a stream with the group g: who was read last, and the numbers as RESP. */
#define GROUP(last, pending, read, lag)                                                        \
    "*1\r\n*12\r\n$4\r\nname\r\n$1\r\ng\r\n$9\r\nconsumers\r\n:1\r\n$7\r\npending\r\n" pending \
    "\r\n$17\r\nlast-delivered-id\r\n$15\r\n" last "\r\n$12\r\nentries-read\r\n" read          \
    "\r\n$3\r\nlag\r\n" lag "\r\n"

static const char told[] = GROUP("1769652800000-0", ":2", ":2", ":4");
static const char nil[] = GROUP("1769652800000-0", ":2", "$-1", "$-1");

static void stream(struct probe_case *c)
{
    begin(c, PAIRS("queue", "events", SERVER, "layout", "stream", "group", "g"));
    say("XINFO GROUPS events", told);
    say("XLEN events", ":9\r\n");
    say("XRANGE events (1769652800000-0 + COUNT 1",
        "*1\r\n*2\r\n$15\r\n1769652807000-0\r\n*2\r\n$1\r\na\r\n$1\r\n1\r\n");
}

static void a_stream_that_nobody_reads_is_stuck(void **state)
{
    struct probe_case c;

    (void)state;
    stream(&c);
    for (int i = 0; i < 120; i++) { /* 5 s each */
        case_poll(&c);
        assert_int_equal(c.state, STATE_UP);
    }
    POLL(&c, STATE_DEGRADED, "stuck: nothing was read since 10m, 4 wait");
    assert_null(strstr(asked, "XRANGE events (")); /* the same entry is next: its time is known */
    say("XINFO GROUPS events", GROUP("1769652807000-0", ":2", ":3", ":3"));
    POLL(&c, STATE_UP, "3 jobs · 2 at work · steady");
    case_fini(&c);
}

/* What was cut off unread waits no more, though the lag counts it and its time was known. */
static void a_trimmed_stream_is_as_old_as_what_is_left(void **state)
{
    struct probe_case c;

    (void)state;
    stream(&c);
    POLL(&c, STATE_UP, "4 jobs · oldest 20s · 2 at work");
    say("XLEN events", ":2\r\n");
    say("XRANGE events - + COUNT 1",
        "*1\r\n*2\r\n$15\r\n1769652822000-0\r\n*2\r\n$1\r\na\r\n$1\r\n1\r\n");
    POLL(&c, STATE_UP, "2 jobs · oldest 10s · 2 at work");
    assert_null(strstr(asked, "XRANGE events ("));
    say("XLEN events", ":0\r\n");
    say("XRANGE events - + COUNT 1", "*0\r\n");
    POLL(&c, STATE_UP, "empty · 2 at work");
    case_fini(&c);
}

/* Once is nothing: Bull takes a job and locks it then. */
static void a_job_at_work_that_no_worker_holds_is_stalled(void **state)
{
    struct probe_case c;

    (void)state;
    bullmq(&c);
    say("LINDEX bull:mail:active -1", "$2\r\n30\r\n");
    say("EXISTS bull:mail:30:lock", ":1\r\n");
    say("HMGET bull:mail:30 processedOn name", "*2\r\n$13\r\n1769652767000\r\n$4\r\nsend\r\n");
    POLL(&c, STATE_UP, "15 jobs · oldest 40s · 2 at work");
    assert_non_null(strstr(asked, "EXISTS bull:mail:30:lock\nLINDEX bull:mail:active -1\n"));
    say("EXISTS bull:mail:30:lock", ":0\r\n");
    POLL(&c, STATE_UP, "15 jobs · oldest 45s · 2 at work");
    assert_null(strstr(asked, "lock")); /* looked at a moment ago */
    case_poll(&c);
    POLL(&c, STATE_DEGRADED,
         "stalled: a job at work (send) has no worker, taken 1m15s ago · 15 jobs · oldest 55s · 2 "
         "at "
         "work");
    say("LINDEX bull:mail:active -1", "$2\r\n31\r\n"); /* another is the oldest by now */
    say("EXISTS bull:mail:31:lock", ":0\r\n");
    case_poll(&c);
    assert_int_equal(c.state, STATE_UP);
    say("LINDEX bull:mail:active -1", "$-1\r\n");
    case_poll(&c);
    assert_int_equal(c.state, STATE_UP);
    case_fini(&c);
}

/* An empty queue has no job that could be stuck: the clock begins with the first one. */
static void the_time_before_the_first_job_is_not_stuck(void **state)
{
    struct probe_case c;

    (void)state;
    stream(&c);
    say("XINFO GROUPS events", nil);
    say("XRANGE events (1769652800000-0 + COUNT 100", "*0\r\n");
    for (int i = 0; i < 125; i++)
        case_poll(&c);
    assert_string_equal(c.reason, "empty · 2 at work");
    say("XRANGE events (1769652800000-0 + COUNT 100",
        "*1\r\n*2\r\n$15\r\n1769653452000-0\r\n*0\r\n");
    case_poll(&c);
    assert_int_equal(c.state, STATE_UP);
    for (int i = 0; i < 120; i++)
        case_poll(&c);
    assert_string_equal(c.reason, "stuck: nothing was read since 10m, 1 wait");
    case_fini(&c);
}

/* Consumers that take and never acknowledge leave an empty queue behind, and undone work. */
static void what_nobody_acknowledges_is_degraded(void **state)
{
    struct probe_case c;

    (void)state;
    stream(&c);
    say("XINFO GROUPS events", GROUP("1769652800000-0", ":2", ":6", ":0"));
    say("XPENDING events g - + 1",
        "*1\r\n*4\r\n$15\r\n1769650000000-0\r\n$2\r\nc1\r\n:599000\r\n:1\r\n");
    POLL(&c, STATE_UP, "empty · 2 at work"); /* it came long ago, and was taken 9m59s ago */
    say("XPENDING events g - + 1",
        "*1\r\n*4\r\n$15\r\n1769650000000-0\r\n$2\r\nc1\r\n:600000\r\n:1\r\n");
    POLL(&c, STATE_DEGRADED, "not acknowledged: a job taken 10m ago · empty · 2 at work");
    say("XPENDING events g - + 1", "*0\r\n");
    POLL(&c, STATE_UP, "empty · 2 at work");
    case_fini(&c);
    begin(&c, PAIRS("queue", "celery", SERVER, "layout", "celery", "stuck", "15m"));
    say("HLEN unacked", ":1\r\n");
    say("ZRANGE unacked_index 0 0 WITHSCORES", "*2\r\n$3\r\ntag\r\n$12\r\n1769651926.5\r\n");
    POLL(&c, STATE_DEGRADED,
         "not acknowledged: a job taken 15m ago · empty: no such key · 1 at work");
    case_fini(&c);
    begin(&c, PAIRS("queue", "celery", SERVER, "layout", "celery", "stuck", "0s"));
    say("HLEN unacked", ":1\r\n");
    say("ZRANGE unacked_index 0 0 WITHSCORES", "*2\r\n$3\r\ntag\r\n$12\r\n1769651926.5\r\n");
    POLL(&c, STATE_UP, "empty: no such key · 1 at work");
    case_fini(&c);
}

static void a_stream_whose_lag_is_not_known_is_counted(void **state)
{
    struct probe_case c;

    (void)state;
    stream(&c);
    POLL(&c, STATE_UP, "4 jobs · oldest 20s · 2 at work");
    say("XINFO GROUPS events", nil);
    say("XRANGE events (1769652800000-0 + COUNT 100",
        "*2\r\n*2\r\n$15\r\n1769652807000-0\r\n*0\r\n*2\r\n$15\r\n1769652808000-0\r\n*0\r\n");
    POLL(&c, STATE_UP, "2 jobs · oldest 25s · 2 at work");
    say("XINFO GROUPS events", "-ERR no such key\r\n");
    say("XPENDING events g - + 1", "-NOGROUP No such key 'events' or consumer group 'g'\r\n");
    POLL(&c, STATE_UNKNOWN, "there is no key events");
    say("XINFO GROUPS events", "*0\r\n");
    POLL(&c, STATE_UNKNOWN, "the stream has no group 'g'");
    case_fini(&c);
}

static void rates_need_a_minute_and_end_at_a_reset(void **state)
{
    struct queue_trend t = { 0 };
    struct queue_rates r;
    char words[64];
    int64_t at = 1000;

    (void)state;
    for (int i = 0; i <= 5; i++, at += 10000)
        trend_add(&t, at, 100 + i * 10, i * 20, (uint64_t)i + 1);
    r = trend_rates(&t, at - 10000);
    assert_true(isnan(r.growth)); /* 50 s */
    for (int i = 6; i <= 40; i++, at += 10000)
        trend_add(&t, at, 100 + i * 10, i * 20, (uint64_t)i + 1);
    r = trend_rates(&t, at - 10000);
    assert_float_equal(r.growth, 60, 0.01);
    assert_float_equal(r.served, 120, 0.01);
    assert_string_equal(trend_words(&r, 500, words), "growing +60/min");
    assert_true(r.over_ms <= TREND_WINDOW_MS && r.over_ms > TREND_WINDOW_MS - 20000);
    trend_add(&t, at, 0, 3, 0); /* its counter is smaller: another server, or flushed */
    assert_true(isnan(trend_rates(&t, at).growth));
    t = (struct queue_trend){ 0 };
    for (int i = 0; i < 20; i++, at += 10000)
        trend_add(&t, at, 200 - i, NAN, 7);
    r = trend_rates(&t, at - 10000);
    assert_float_equal(r.growth, -6, 0.5);
    assert_string_equal(trend_words(&r, 181, words), "drains in 30m10s");
    assert_string_equal(trend_words(&r, 0, words), "idle");
    r.growth = -0.5; /* near 2^63, the most that a length can be */
    assert_string_equal(trend_words(&r, 9.2e18, words), "drains in 99999y");
    r.growth = 0.2;
    assert_string_equal(trend_words(&r, 5, words), "steady");
    r.growth = NAN;
    assert_string_equal(trend_words(&r, 5, words), "");
    assert_true(isnan(r.served));
    assert_int_equal(r.stuck_ms,
                     0); /* a depth that falls is no stuck queue, though jobs look alike */
}

static void times_are_read_in_each_form(void **state)
{
    (void)state;
    assert_int_equal(queue_stamp("1769652827", 10), 1769652827000);
    assert_int_equal(queue_stamp("1769652827.5", 12), 1769652827500);
    assert_int_equal(queue_stamp("1769652827000", 13), 1769652827000);
    assert_int_equal(queue_stamp("2026-01-29T02:13:47Z", 20), 1769652827000);
    assert_int_equal(queue_stamp("2026-01-29 02:13:47.25", 22), 1769652827250);
    assert_int_equal(queue_stamp("2026-01-29T04:13:47+02:00", 25), 1769652827000);
    assert_int_equal(queue_stamp("soon", 4), 0);
    assert_int_equal(queue_stamp("", 0), 0);
    assert_int_equal(queue_stamp("-5", 2), 0);
    assert_int_equal(queue_stamp("1e300", 5), 0);
    assert_int_equal(queue_stamp("nan", 3), 0);
    assert_int_equal(queue_stamp("0x697ac1db", 10), 0);
    assert_int_equal(queue_stamp(" 1769652827", 11), 0);
    assert_int_equal(queue_stamp("1769652827\0x", 12), 0);
    assert_int_equal(queue_stamp("1756-01-01T00:00:00Z", 20), 0);
    assert_int_equal(queue_stamp("2026-01-01T00:00:nanZ", 21), 0);
    assert_int_equal(queue_stamp("2026-01-01T00:00:0x1Z", 21), 0);
    assert_int_equal(queue_stamp("2026-13-01T00:00:00Z", 20), 0);
    assert_int_equal(queue_stamp("2026-01-29", 10), 0);
}

static void options_that_do_not_go_together_are_refused(void **state)
{
#define REFUSED(why, ...) case_refused("queue", why, PAIRS(__VA_ARGS__))
    (void)state;
    REFUSED("group: a stream is read by one", "queue", "q", SERVER, "layout", "stream");
    REFUSED("group: only a stream has one", "queue", "q", SERVER, "layout", "rq", "group", "g");
    REFUSED("stamp: goes with layout list", "queue", "q", SERVER, "layout", "rq", "stamp", "/a");
    REFUSED("head: goes with layout list", "queue", "q", SERVER, "layout", "rq", "head", "left");
    REFUSED("tell no time", "queue", "q", SERVER, "layout", "celery", "oldest_warn", "5m");
    REFUSED("does not tell what failed", "queue", "q", SERVER, "layout", "celery", "failed_warn",
            "5");
    REFUSED("name its place with stamp", "queue", "q", SERVER, "layout", "list", "oldest_crit",
            "5m");
}

int main(void)
{
    setlocale(LC_ALL, "C.UTF-8");
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bullmq_tells_depth_and_age),
        cmocka_unit_test(a_marker_is_no_job),
        cmocka_unit_test(a_queue_that_is_not_there_is_not_empty),
        cmocka_unit_test(a_paused_queue_is_disabled),
        cmocka_unit_test(a_count_is_decimal_to_its_last_byte),
        cmocka_unit_test(keys_of_another_kind_are_said),
        cmocka_unit_test(what_the_server_refuses_is_its_own_reason),
        cmocka_unit_test(the_same_job_for_ten_minutes_is_stuck),
        cmocka_unit_test(jobs_with_a_priority_are_next_when_no_others_are),
        cmocka_unit_test(a_job_that_is_gone_has_a_time_all_the_same),
        cmocka_unit_test(sidekiq_has_its_times_in_the_job),
        cmocka_unit_test(rq_and_celery),
        cmocka_unit_test(a_list_is_read_from_its_end),
        cmocka_unit_test(a_stream_that_nobody_reads_is_stuck),
        cmocka_unit_test(the_time_before_the_first_job_is_not_stuck),
        cmocka_unit_test(what_nobody_acknowledges_is_degraded),
        cmocka_unit_test(a_stream_whose_lag_is_not_known_is_counted),
        cmocka_unit_test(a_trimmed_stream_is_as_old_as_what_is_left),
        cmocka_unit_test(a_job_at_work_that_no_worker_holds_is_stalled),
        cmocka_unit_test(rates_need_a_minute_and_end_at_a_reset),
        cmocka_unit_test(times_are_read_in_each_form),
        cmocka_unit_test(options_that_do_not_go_together_are_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

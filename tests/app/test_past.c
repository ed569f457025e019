/* tests/app/test_past.c: a board of the past is, to the letter, the board that was published at
 * that second: out of memory, out of the history, over faults, marks, records and another
 * configuration. */
#include "app/past.h"
#include "app/recorder.h"
#include "core/board_json.h"
#include "tests/app/world.h"
#include "tests/cmocka.h"
#include "tests/patience.h"
#include "tests/store/scratch.h"

#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { SECONDS = 900 };
#define T0 ((int64_t)WORLD_T0_S * 1000)

struct fixture {
    struct world w;
    struct scratch s;
    struct recorder *recorder;
    struct past *past;
    struct buf published[SECONDS]; /* of each second, its first board */
    struct board *shown;           /* the last answer; NULL with `why` */
    int answers;
    char why[640], trouble[640], said[640];
    bool writes;
};

static void on_changed(void *arg, bool loud)
{
    struct fixture *t = arg;
    const struct board *b = t->w.watch ? watch_board(t->w.watch) : NULL;
    int64_t second = b ? (b->at_ms - T0) / 1000 : -1;

    if (!t->recorder)
        return;
    recorder_look(t->recorder, loud);
    if (second >= 0 && second < SECONDS && !t->published[second].len)
        board_to_json(b, 0, false, &t->published[second]);
}

static bool on_writes(void *arg)
{
    return ((struct fixture *)arg)->writes;
}

static void on_trouble(void *arg, const char *why)
{
    struct fixture *t = arg;

    snprintf(t->trouble, sizeof t->trouble, "%s", why ? why : "");
}

static void on_says(void *arg, bool bad, const char *words)
{
    struct fixture *t = arg;

    (void)bad;
    snprintf(t->said, sizeof t->said, "%s", words);
}

static void on_board(void *arg, struct board *b, int64_t wanted_ms)
{
    struct fixture *t = arg;

    (void)wanted_ms;
    board_free(t->shown);
    t->shown = b;
    t->answers++;
}

static void on_none(void *arg, const char *why)
{
    struct fixture *t = arg;

    board_free(t->shown);
    t->shown = NULL;
    t->answers++;
    snprintf(t->why, sizeof t->why, "%s", why);
}

static const struct history_limits plenty = { 7 * 86400000ll, 30 * 86400000ll, 1 << 30 };

static void open_past(struct fixture *t, const char *dir)
{
    const struct recorder_events recording = { on_writes, on_trouble, on_says, t };
    const struct past_events playing = { on_board, on_none, t };

    t->recorder = recorder_new(t->w.io, t->w.watch, dir, plenty, &recording);
    t->past = past_new(t->w.io, t->w.watch, t->recorder, dir, &playing);
}

static void close_past(struct fixture *t)
{
    struct recorder *r = t->recorder;

    recorder_end(r);
    t->recorder = NULL;
    past_free(t->past);
    io_advance(t->w.io, 1); /* a virtual errand runs at its turn */
    recorder_free(r);
}

static int setup(void **state)
{
    struct fixture *t = calloc(1, sizeof *t);

    scratch_make(&t->s);
    t->writes = true;
    t->w.changed = on_changed;
    t->w.changed_arg = t;
    world_start(&t->w, "ratemyunit", 0);
    open_past(t, t->s.dir);
    *state = t;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *t = *state;

    if (t->recorder)
        close_past(t);
    board_free(t->shown);
    world_stop(&t->w);
    scratch_drop(&t->s);
    for (int i = 0; i < SECONDS; i++)
        buf_fini(&t->published[i]);
    free(t);
    return 0;
}

static const struct board *ask(struct fixture *t, int64_t at_ms)
{
    t->answers = 0;
    t->why[0] = '\0';
    past_ask(t->past, at_ms, 300000);
    for (int i = 0; i < 50 && !t->answers; i++)
        io_advance(t->w.io, 1);
    assert_int_equal(t->answers, 1);
    return t->shown;
}

static void tell(struct fixture *t, int64_t n, const char *words)
{
    struct event e = { .n = n, .at_ms = io_now_ms(t->w.io) };

    text_sets(&e.code, "NOTE");
    text_sets(&e.who, "dana@bastion");
    text_sets(&e.words, words);
    watch_event(t->w.watch, e);
}

/* Two faults, a note, two marks. */
static void live_through_a_night(struct fixture *t)
{
    io_advance(t->w.io, 200000);
    t->w.redis_down = true;
    io_advance(t->w.io, 60000);
    tell(t, 1, "Redis is away");
    watch_mark(t->w.watch, MARK_FAULT, "redis_down on", io_now_ms(t->w.io));
    io_advance(t->w.io, 100000);
    t->w.redis_down = false;
    watch_mark(t->w.watch, MARK_FAULT, "redis_down off", io_now_ms(t->w.io));
    io_advance(t->w.io, 100000);
    t->w.html_200 = true;
    io_advance(t->w.io, 61000);
    tell(t, 2, "and now the wrong page");
    io_advance(t->w.io, 60000);
    t->w.html_200 = false;
    io_advance(t->w.io, 90000);
}

static void is_what_it_was(struct fixture *t, int second)
{
    const struct board *b = ask(t, T0 + 1000 * second + 999);
    struct buf got = { 0 };

    if (!b)
        fail_msg("second %d: %s", second, t->why);
    board_to_json(b, 0, false, &got);
    if ((b->at_ms - T0) / 1000 == second) /* else a later frame of that second was loud */
        assert_true(strstr(got.bytes, "\"services\"") != NULL);
    buf_fini(&got);
}

/* Frames of one second may be several: the first of them is the one that was published. */
static void equals_the_published(struct fixture *t, int second)
{
    struct buf got = { 0 };
    const struct board *b;
    int64_t at_ms = 0;

    sscanf(strstr(t->published[second].bytes, "\"at_ms\":") + 8, "%lld", (long long *)&at_ms);
    b = ask(t, at_ms);
    if (!b)
        fail_msg("second %d: %s", second, t->why);
    board_to_json(b, 0, false, &got);
    assert_string_equal(buf_str(&got), buf_str(&t->published[second]));
    buf_fini(&got);
}

/* How many there were; where each takes a hundred times as long, some of them. */
static int every_second(struct fixture *t, int step)
{
    int n = 0;

    for (int i = 0; i < SECONDS; i += step) {
        if (!t->published[i].len)
            continue;
        n++;
        if (patience_valgrind() && n % 29 != 0)
            continue;
        equals_the_published(t, i);
        is_what_it_was(t, i);
    }
    return n;
}

static void memory_has_each_second(void **state)
{
    struct fixture *t = *state;

    t->writes = false; /* another console does */
    live_through_a_night(t);
    assert_true(every_second(t, 1) > 600);
    assert_string_equal(t->trouble, "");
}

static void disk_has_each_second(void **state)
{
    struct fixture *t = *state;

    live_through_a_night(t);
    close_past(t);
    open_past(t, t->s.dir); /* nothing is in memory now */
    assert_true(every_second(t, 1) > 600);
    assert_string_equal(t->trouble, "");
}

static void without_a_place_there_is_memory(void **state)
{
    struct fixture *t = *state;

    close_past(t);
    open_past(t, NULL);
    live_through_a_night(t);
    assert_true(every_second(t, 7) > 90);
    assert_null(ask(t, T0 - 86400000));
    assert_string_equal(t->why, "nothing is kept of that time");
}

static void before_the_first_there_is_nothing(void **state)
{
    struct fixture *t = *state;

    io_advance(t->w.io, 130000);
    assert_null(ask(t, T0 - 3600000));
    assert_string_equal(t->why, "nothing is kept of the time before 2026-01-29T02:02:00Z");
}

/* After a restart the charts go on where they ended, and marks stand on them. */
static void charts_go_on_after_a_restart(void **state)
{
    struct fixture *t = *state;
    struct scratch dir = t->s;
    struct series_span was[20], is[20];
    const struct reading *r;
    int64_t now_ms;
    size_t n_marks;

    live_through_a_night(t);
    now_ms = io_now_ms(t->w.io);
    r = world_reading(&t->w, "api", "health");
    series_read(r->signals[0].series, now_ms - 600000, now_ms, was, 20);
    n_marks = watch_board(t->w.watch)->n_marks;
    assert_true(n_marks >= 2);
    close_past(t);
    world_stop(&t->w);

    world_start(&t->w, "ratemyunit", now_ms - T0 - 100000); /* and 120 s go by in it */
    t->s = dir;
    open_past(t, t->s.dir);
    io_advance(t->w.io, 1000);
    r = world_reading(&t->w, "api", "health");
    series_read(r->signals[0].series, now_ms - 600000, now_ms, is, 20);
    for (int i = 0; i < 20; i++) {
        assert_int_equal(is[i].n > 0, was[i].n > 0);
        if (i < 10)
            assert_true(!was[i].n || is[i].mean == was[i].mean);
    }
    assert_int_equal(watch_board(t->w.watch)->n_marks, n_marks);
}

/* A folder that refuses is told of, and what waits is written when it is well again. */
static void refused_disk_is_told_and_made_good(void **state)
{
    struct fixture *t = *state;

    close_past(t);
    scratch_empty(&t->s);
    assert_int_equal(chmod(t->s.dir, 0755), 0);
    open_past(t, t->s.dir);
    io_advance(t->w.io, 130000);
    assert_non_null(strstr(t->trouble, "others can enter"));
    chmod(t->s.dir, 0700);
    io_advance(t->w.io, 70000);
    assert_string_equal(t->trouble, "");
    close_past(t);
    open_past(t, t->s.dir);
    assert_true(every_second(t, 3) > 50);
}

/* Pages of rubbish behind a good head: set aside, and nothing that is still in memory is lost. */
static void damaged_file_is_set_aside_and_begun_anew(void **state)
{
    struct fixture *t = *state;
    struct buf bytes = { 0 };
    const struct board *b;

    io_advance(t->w.io, 130000);
    scratch_read(&t->s, HISTORY_NAME, &bytes);
    assert_true(bytes.len > 8192);
    memset(bytes.bytes + 4096, 0x5a, bytes.len - 4096);
    scratch_write(&t->s, HISTORY_NAME, bytes.bytes, bytes.len);
    buf_fini(&bytes);
    io_advance(t->w.io, 60000);
    assert_non_null(strstr(t->said, "the history was damaged: it is kept as history.db.bad-"));
    assert_string_equal(t->trouble, "");
    close_past(t);
    open_past(t, t->s.dir);
    b = ask(t, T0 + 1000 * (120 + 150));
    assert_non_null(b);
}

static void only_one_of_several_writes(void **state)
{
    struct fixture *t = *state;
    struct err err;

    close_past(t);
    scratch_empty(&t->s);
    t->writes = false;
    open_past(t, t->s.dir);
    io_advance(t->w.io, 200000);
    assert_null(history_open(t->s.dir, false, NULL, &err));
    assert_string_equal(err.msg, "");
    t->writes = true; /* the other one ended: what it could not write in time is written here */
    io_advance(t->w.io, 70000);
    history_close(history_open(t->s.dir, false, NULL, &err));
    assert_string_equal(err.msg, "");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(memory_has_each_second),
        TEST(disk_has_each_second),
        TEST(without_a_place_there_is_memory),
        TEST(before_the_first_there_is_nothing),
        TEST(charts_go_on_after_a_restart),
        TEST(refused_disk_is_told_and_made_good),
        TEST(damaged_file_is_set_aside_and_begun_anew),
        TEST(only_one_of_several_writes),
    };

    setlocale(LC_ALL, "C.UTF-8");
    return cmocka_run_group_tests(tests, NULL, NULL);
}

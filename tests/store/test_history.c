/* tests/store/test_history.c: the past is what was: boards to the letter, series slot by slot, also
 * after the file was closed, damaged, filled, or left by a writer that was killed. */
#include "store/history.h"

#include "core/board_json.h"
#include "core/film.h"
#include "store/chunk.h"
#include "tests/cmocka.h"
#include "tests/store/scratch.h"

#include <errno.h>
#include <locale.h>
#include <math.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define T0   1769652000000ll /* on an hour */
#define HOUR 3600000ll

enum { SECONDS = 1020, WANTED = SECONDS / 17 };

static const struct history_limits plenty = { 7 * 24 * HOUR, 30 * 24 * HOUR, 1 << 30 };

struct fixture {
    struct scratch s;
    struct buf aside;
};

static int setup(void **state)
{
    struct fixture *t = calloc(1, sizeof *t);

    scratch_make(&t->s);
    *state = t;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *t = *state;

    scratch_drop(&t->s);
    buf_fini(&t->aside);
    free(t);
    return 0;
}

static struct history *opened(struct fixture *t, bool write)
{
    struct err err;
    struct history *h = history_open(t->s.dir, write, &t->aside, &err);

    if (!h)
        print_error("%s\n", err.msg);
    assert_non_null(h);
    return h;
}

/* ---- a board of two services, its seconds and its slots ---- */

static struct board *small(void)
{
    struct board *b = board_new(2);

    text_sets(&b->watch, "small");
    for (size_t i = 0; i < 2; i++) {
        struct service *s = &b->services[i];
        struct reading *r = service_add_readings(s, 1);

        text_sets(&s->id, i ? "api" : "db");
        text_sets(&r->id, "health");
        r->every_ms = i ? 1000 : 30000;
        reading_add_signals(r, 1, r->every_ms);
        text_sets(&r->signals[0].name, "latency");
    }
    return b;
}

static double latency(int64_t second)
{
    return second % 50 == 7 ? NAN : (double)(second * second % 211) / 4;
}

static void live(struct board *b, int64_t second)
{
    struct signal *s = &b->services[1].readings[0].signals[0];

    b->at_ms = T0 + 1000 * second + 3;
    s->value = latency(second);
    s->known = !isnan(s->value);
    s->at_ms = b->at_ms;
    text_setf(&b->services[1].reason, "second %lld", (long long)second);
    series_push(s->series, b->at_ms, s->value);
    if (second % 30 == 0)
        series_push(b->services[0].readings[0].signals[0].series, b->at_ms, (double)second);
}

static void say_event(struct board *b, int64_t n, const char *words)
{
    struct event e = { .n = n, .at_ms = b->at_ms };

    text_sets(&e.code, "NOTE");
    text_sets(&e.who, "dana@bastion");
    text_sets(&e.words, words);
    board_event(b, e);
}

static void say_mark(struct board *b, const char *label)
{
    struct mark m = { .at_ms = b->at_ms, .kind = MARK_VERSION, .service = 1 };

    text_sets(&m.label, label);
    board_mark(b, m);
}

static void add_chunks(struct history_batch *batch, const struct board *b, int64_t from_ms)
{
    for (size_t i = 0; i < 2; i++) {
        const struct signal *s = &b->services[i].readings[0].signals[0];
        int64_t step_ms = series_step_ms(s->series);
        size_t n = history_slots(step_ms);
        int64_t length_ms = (int64_t)n * step_ms, at_ms = from_ms / length_ms * length_ms;

        for (; at_ms <= b->at_ms; at_ms += length_ms) {
            struct history_chunk *c;
            struct series_span spans[64];
            double values[64];

            batch->chunks = realloc(batch->chunks, (batch->n_chunks + 1) * sizeof *batch->chunks);
            c = &batch->chunks[batch->n_chunks++];
            *c = (struct history_chunk){ .step_ms = step_ms, .from_ms = at_ms };
            text_copy(&c->service, &b->services[i].id);
            text_sets(&c->reading, "health");
            text_sets(&c->signal, "latency");
            series_read(s->series, at_ms, at_ms + length_ms, spans, n);
            for (size_t k = 0; k < n; k++)
                values[k] = spans[k].mean;
            chunk_write(values, n, &c->slots);
        }
    }
}

/* A batch a minute; the JSON of every 17th second and of the last one in `want`. */
static void live_on(struct history *h, struct board *b, int64_t from, int64_t seconds,
                    struct buf *want)
{
    struct film *camera = film_new();
    struct err err;

    for (int64_t at = from; at < from + seconds;) {
        struct history_batch batch = { 0 };
        struct history_reel *reel = calloc(1, sizeof *reel);
        int64_t first = at;

        reel->from_ms = T0 + 1000 * at + 3;
        for (; at < from + seconds && at < first + 60; at++) {
            live(b, at);
            if (at % 41 == 0) {
                struct history_event *e;
                struct history_mark *m;

                say_event(b, at + 1, "looked at it");
                say_mark(b, "1.2 > 1.3");
                batch.events = realloc(batch.events, (batch.n_events + 1) * sizeof *e);
                batch.marks = realloc(batch.marks, (batch.n_marks + 1) * sizeof *m);
                e = &batch.events[batch.n_events++];
                m = &batch.marks[batch.n_marks++];
                *e = (struct history_event){ 0 };
                *m = (struct history_mark){ 0 };
                e->seen_ms = m->seen_ms = b->at_ms;
                event_copy(&e->event, &b->events[b->n_events - 1]);
                m->mark = b->marks[b->n_marks - 1];
                m->mark.label = (struct text){ 0 };
                text_copy(&m->mark.label, &b->marks[b->n_marks - 1].label);
                text_sets(&m->service, "api");
            }
            assert_true(film_shoot(camera, b, &reel->film));
            if (want && at == from + seconds - 1)
                board_to_json(b, 0, false, &want[WANTED]);
            if (want && (at - from) % 17 == 0)
                board_to_json(b, 0, false, &want[(at - from) / 17]);
        }
        reel->until_ms = b->at_ms;
        batch.reels = reel;
        batch.n_reels = 1;
        add_chunks(&batch, b, T0 + 1000 * first);
        if (!history_write(h, &batch, &err) || !history_tidy(h, &plenty, reel->until_ms, &err))
            fail_msg("%s", err.msg);
        history_batch_fini(&batch);
    }
    film_free(camera);
}

static void is_board(struct history *h, int64_t second, const struct buf *want)
{
    struct err err;
    struct board *b = history_board(h, T0 + 1000 * second + 999, &err);
    struct buf got = { 0 };

    if (!b)
        fail_msg("second %lld: %s", (long long)second, err.msg);
    board_to_json(b, 0, false, &got);
    assert_string_equal(buf_str(&got), buf_str(want));
    buf_fini(&got);
    board_free(b);
}

/* ---- tests ---- */

static void past_boards_are_what_they_were(void **state)
{
    struct fixture *t = *state;
    struct history *h = opened(t, true), *reader;
    struct board *b = small();
    struct buf want[WANTED + 1] = { { 0 } };
    struct history_extent extent;
    struct err err;

    live_on(h, b, 0, SECONDS, want);
    reader = opened(t, false); /* beside the writer */
    for (int i = 0; i < WANTED; i++)
        is_board(reader, 17 * i, &want[i]);
    assert_null(history_board(reader, T0 - 1, &err));
    assert_string_equal(err.msg, "");
    assert_true(history_extent(reader, &extent, &err));
    assert_int_equal(extent.from_ms, T0 + 3);
    assert_int_equal(extent.until_ms, T0 + 1000 * (SECONDS - 1) + 3);
    assert_true(extent.bytes > 0);
    is_board(reader, SECONDS - 1 + 5000, &want[WANTED]); /* long after: the last there was */
    history_close(h);
    history_close(reader);
    reader = opened(t, false); /* after a clean end, and anew */
    is_board(reader, 17 * 3, &want[3]);
    history_close(reader);
    for (int i = 0; i <= WANTED; i++)
        buf_fini(&want[i]);
    board_free(b);
}

static void series_come_back(void **state)
{
    struct fixture *t = *state;
    struct history *h = opened(t, true);
    struct board *b = small(), *back = small();
    struct err err;

    live_on(h, b, 0, 3000, NULL);
    assert_true(history_series(h, back, T0, T0 + 3000000, &err));
    for (size_t i = 0; i < 2; i++) {
        struct series_span want[300], got[300];
        struct series *was = b->services[i].readings[0].signals[0].series;

        series_read(was, T0, T0 + 3000000, want, 300);
        series_read(back->services[i].readings[0].signals[0].series, T0, T0 + 3000000, got, 300);
        for (int k = 0; k < 300; k++) {
            assert_int_equal(got[k].n, want[k].n);
            assert_true(!want[k].n || (got[k].min == want[k].min && got[k].max == want[k].max));
        }
    }
    history_close(h);
    board_free(b);
    board_free(back);
}

static void minutes_are_rolled_up_once(void **state)
{
    struct fixture *t = *state;
    struct history *h = opened(t, true);
    struct board *b = small();
    struct history_extent extent;
    struct err err;

    live_on(h, b, 0, 3600, NULL);
    assert_true(history_extent(h, &extent, &err));
    assert_int_equal(extent.minutes_from_ms, 0); /* the hour goes on */
    live_on(h, b, 3600, 1260, NULL);
    assert_true(history_extent(h, &extent, &err));
    assert_int_equal(extent.minutes_from_ms, T0);
    history_close(h);
    board_free(b);
}

static void damaged_file_is_set_aside_and_never_deleted(void **state)
{
    static const char *const damages[] = { "not a database at all, for sixteen bytes and more",
                                           "SQLite format 3" /* and a NUL, then nothing */ };
    struct fixture *t = *state;

    for (size_t i = 0; i < 2; i++) {
        struct history *h;
        struct buf kept = { 0 };
        struct err err;

        scratch_write(&t->s, HISTORY_NAME, damages[i], strlen(damages[i]) + 1);
        assert_null(history_open(t->s.dir, false, &t->aside, &err)); /* a reader touches nothing */
        assert_true(err.msg[0] != '\0');
        h = opened(t, true);
        assert_true(strstr(buf_str(&t->aside), HISTORY_NAME ".bad-") != NULL);
        scratch_read(&t->s, t->aside.bytes, &kept);
        assert_int_equal(kept.len, strlen(damages[i]) + 1);
        assert_memory_equal(kept.bytes, damages[i], kept.len);
        history_close(h);
        buf_fini(&kept);
        scratch_remove(&t->s, HISTORY_NAME);
        buf_clear(&t->aside);
    }
}

static void file_of_the_future_is_left_alone(void **state)
{
    struct fixture *t = *state;
    char path[128];
    sqlite3 *db;
    struct err err;

    history_close(opened(t, true));
    snprintf(path, sizeof path, "%s/%s", t->s.dir, HISTORY_NAME);
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, "PRAGMA user_version=2", NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(db);
    for (int write = 0; write < 2; write++) {
        assert_null(history_open(t->s.dir, write, &t->aside, &err));
        assert_non_null(strstr(err.msg, "newer midwatch"));
        assert_int_equal(t->aside.len, 0);
    }
}

/* A page in the middle: found by what reads it, and the next one who opens it to write begins anew.
 */
static void damaged_page_is_found(void **state)
{
    struct fixture *t = *state;
    struct history *h = opened(t, true);
    struct board *b = small();
    struct buf bytes = { 0 };
    struct err err = { "" };
    bool found = false;

    live_on(h, b, 0, SECONDS, NULL);
    history_close(h);
    scratch_read(&t->s, HISTORY_NAME, &bytes);
    assert_true(bytes.len > 5 * 4096);
    for (size_t i = 4096; i < bytes.len; i++)
        bytes.bytes[i] = (char)(bytes.bytes[i] ^ 0x5a);
    scratch_write(&t->s, HISTORY_NAME, bytes.bytes, bytes.len);
    h = history_open(t->s.dir, true, &t->aside, &err);
    if (h) {
        struct history_batch batch = { 0 };

        batch.n_reels = 1;
        batch.reels = calloc(1, sizeof *batch.reels);
        buf_adds(&batch.reels[0].film, "x");
        found = !history_write(h, &batch, &err) && history_is_damaged(h);
        history_batch_fini(&batch);
        history_close(h);
    }
    assert_true(found || t->aside.len);
    buf_fini(&bytes);
    board_free(b);
}

static void what_is_old_leaves(void **state)
{
    struct fixture *t = *state;
    struct history *h = opened(t, true);
    struct history_batch batch = { 0 };
    struct board *b = small();
    struct history_limits short_ones = { HOUR, 2 * HOUR, 1 << 30 };
    struct history_extent extent;
    struct err err;

    live_on(h, b, 0, 600, NULL);
    batch.reels = calloc(1, sizeof *batch.reels);
    batch.n_reels = 1;
    batch.reels[0].from_ms = batch.reels[0].until_ms = T0 + 3 * HOUR;
    buf_adds(&batch.reels[0].film, "x");
    assert_true(history_write(h, &batch, &err));
    assert_true(history_tidy(h, &short_ones, T0 + 3 * HOUR, &err));
    assert_true(history_extent(h, &extent, &err));
    assert_int_equal(extent.from_ms, T0 + 3 * HOUR);
    history_batch_fini(&batch);
    history_close(h);
    board_free(b);
}

static void size_is_kept(void **state)
{
    struct fixture *t = *state;
    struct history *h = opened(t, true);
    struct history_limits tight = { 7 * 24 * HOUR, 30 * 24 * HOUR, 1 << 20 };
    struct history_extent extent;
    struct err err;
    unsigned x = 1;

    for (int i = 0; i < 400; i++) {
        struct history_batch batch = { .n_reels = 1, .reels = calloc(1, sizeof *batch.reels) };

        batch.reels[0].from_ms = T0 + 660000ll * i; /* each further than pruning waits */
        batch.reels[0].until_ms = batch.reels[0].from_ms + 59000;
        for (int k = 0; k < 16384; k++) { /* that does not pack */
            x = x * 1664525u + 1013904223u;
            buf_addc(&batch.reels[0].film, (char)(x >> 24));
        }
        assert_true(history_write(h, &batch, &err));
        assert_true(history_tidy(h, &tight, batch.reels[0].until_ms, &err));
        history_batch_fini(&batch);
    }
    assert_true(history_extent(h, &extent, &err));
    assert_true(extent.bytes <= (1 << 20) + 65536);
    assert_int_equal(extent.until_ms, T0 + 660000ll * 399 + 59000); /* the newest stay */
    history_close(h);
}

/* Killed while it writes, again and again: what was told to be written is there, and it goes on. */
static void killed_writer_loses_nothing_it_told_of(void **state)
{
    struct fixture *t = *state;
    int64_t last = -1;

    for (int round = 0; round < 12; round++) {
        int told[2];
        int64_t got;
        pid_t pid;
        struct history *h;
        struct history_extent extent;
        struct err err;

        assert_int_equal(pipe(told), 0);
        pid = fork();
        if (!pid) {
            h = history_open(t->s.dir, true, &t->aside, &err);
            for (int64_t i = last + 1; h; i++) {
                struct history_batch batch = { .n_reels = 1,
                                               .reels = calloc(1, sizeof *batch.reels) };

                batch.reels[0].from_ms = batch.reels[0].until_ms = T0 + i;
                buf_adds(&batch.reels[0].film, "some seconds of a board");
                if (!history_write(h, &batch, &err) || write(told[1], &i, sizeof i) != sizeof i)
                    break;
                history_batch_fini(&batch);
            }
            _exit(1);
        }
        close(told[1]);
        for (int i = 0; i < 20 + 7 * round; i++)
            assert_int_equal(read(told[0], &got, sizeof got), sizeof got);
        kill(pid, SIGKILL);
        while (read(told[0], &got, sizeof got) == sizeof got)
            ;
        close(told[0]);
        waitpid(pid, NULL, 0);
        h = opened(t, true);
        assert_true(history_extent(h, &extent, &err));
        assert_true(extent.until_ms >= T0 + got);
        assert_int_equal(t->aside.len, 0);
        history_close(h);
        last = extent.until_ms - T0;
    }
}

static void refused_folder_says_why(void **state)
{
    struct fixture *t = *state;
    struct err err;
    char path[128];

    snprintf(path, sizeof path, "%s/%s", t->s.dir, HISTORY_NAME);
    assert_null(history_open(t->s.dir, false, NULL, &err)); /* nothing there yet: no error */
    assert_string_equal(err.msg, "");
    assert_int_equal(symlink("/etc/passwd", path), 0);
    assert_null(history_open(t->s.dir, true, &t->aside, &err));
    assert_non_null(strstr(err.msg, "cannot open"));
    unlink(path);
    assert_int_equal(mkfifo(path, 0600), 0);
    assert_null(history_open(t->s.dir, true, &t->aside, &err));
    assert_non_null(strstr(err.msg, "not a plain file"));
    unlink(path);
    assert_int_equal(chmod(t->s.dir, 0755), 0);
    assert_null(history_open(t->s.dir, true, &t->aside, &err));
    assert_non_null(strstr(err.msg, "others can enter"));
    chmod(t->s.dir, 0700);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(past_boards_are_what_they_were),
        TEST(series_come_back),
        TEST(minutes_are_rolled_up_once),
        TEST(damaged_file_is_set_aside_and_never_deleted),
        TEST(file_of_the_future_is_left_alone),
        TEST(damaged_page_is_found),
        TEST(what_is_old_leaves),
        TEST(size_is_kept),
        TEST(killed_writer_loses_nothing_it_told_of),
        TEST(refused_folder_says_why),
    };

    setlocale(LC_ALL, "C.UTF-8");
    return cmocka_run_group_tests(tests, NULL, NULL);
}

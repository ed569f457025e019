/* tests/core/test_film.c: a board that was filmed is the same board, to the last letter of its JSON
 * form, whatever changed between two frames; a damaged reel is refused. */
#include "core/board_copy.h"
#include "core/board_json.h"
#include "core/film.h"

#include "tests/cmocka.h"
#include "tests/patience.h"

#include <locale.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define T0 1769652000000ll

static uint64_t seed = 88172645463325252ull;

static uint32_t any(uint32_t below)
{
    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;
    return (uint32_t)(seed >> 32) % below;
}

/* Without what a film does not hold. */
static void say(const struct board *b, struct buf *out)
{
    struct board *bare = board_copy(b);

    for (size_t i = 0; i < bare->n_marks; i++)
        text_fini(&bare->marks[i].label);
    for (size_t i = 0; i < bare->n_events; i++)
        event_fini(&bare->events[i]);
    bare->n_marks = bare->n_events = 0;
    board_to_json(bare, 0, true, out);
    board_free(bare);
}

static struct board *board_of(const char *name)
{
    struct buf path = { 0 }, bytes = { 0 };
    char chunk[4096];
    struct err err;
    struct board *b;
    size_t n;
    FILE *f;

    buf_addf(&path, "%s/tests/tui/boards/%s.json", getenv("MIDWATCH_SOURCE"), name);
    f = fopen(path.bytes, "r");
    assert_non_null(f);
    while ((n = fread(chunk, 1, sizeof chunk, f)) > 0)
        buf_add(&bytes, chunk, n);
    fclose(f);
    b = board_from_json(bytes.bytes, bytes.len, &err);
    assert_non_null(b);
    buf_fini(&path);
    buf_fini(&bytes);
    return b;
}

static void is_same(const struct board *b, const struct buf *want)
{
    struct buf got = { 0 };

    say(b, &got);
    assert_string_equal(buf_str(&got), buf_str(want));
    buf_fini(&got);
}

static const char *const boards[] = { "alert-alone", "alerts",   "backups", "broken",
                                      "connecting",  "healthy",  "queues",  "silences",
                                      "stale",       "timeline", "unknown" };

static void every_board_comes_back(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof boards / sizeof *boards; i++) {
        struct board *b = board_of(boards[i]), *back;
        struct film *f = film_new();
        struct buf reel = { 0 }, want = { 0 };
        struct err err;

        assert_true(film_shoot(f, b, &reel));
        back = film_play(reel.bytes, reel.len, b->at_ms, &err);
        assert_non_null(back);
        say(b, &want);
        is_same(back, &want);
        buf_fini(&want);
        buf_fini(&reel);
        film_free(f);
        board_free(back);
        board_free(b);
    }
}

static double some_double(void)
{
    static const double odd[] = { NAN,  0,    -0.0, 1e300,  -1e-300, INFINITY, 0.1,
                                  41.2, 1e15, 1204, -3.125, 1.0 / 3, 99.9995,  9007199254740993.0 };

    return odd[any(sizeof odd / sizeof *odd)];
}

static int64_t some_time(void)
{
    static const int64_t odd[] = { 0, 1, -1, INT64_MAX, INT64_MIN, T0, T0 + 1003, 1ll << 53 };

    return odd[any(sizeof odd / sizeof *odd)];
}

static void some_text(struct text *t)
{
    static const char *const odd[] = { "", "200 in 41 ms", "refused", "caf\xc3\xa9 \xe2\x97\x8f",
                                       "a rather long reason that grows and shrinks again" };

    text_sets(t, odd[any(5)]);
}

static void change_reading(struct reading *r)
{
    r->state = (enum state)any(STATE_COUNT);
    r->fault = (enum fault)any(FAULT_COUNT);
    r->evidence_ms = some_time();
    r->good_ms += any(3000);
    r->since_ms = some_time();
    r->failing = (int)any(5) - 2;
    r->in_flight = any(2);
    r->http_code = (int)any(600);
    r->phases.total_us = (int32_t)any(2000000) - 1;
    some_text(&r->reason);
    some_text(&r->version);
    for (size_t i = 0; i < r->n_signals; i++) {
        struct signal *s = &r->signals[i];

        s->known = any(2);
        s->value = some_double();
        s->num = some_double();
        s->level = (enum level)any(4);
        s->at_ms += 1000 + any(7);
        some_text(&s->note);
    }
    reading_set_components(r, any(READING_COMPONENTS + 1));
    for (size_t i = 0; i < r->n_components; i++) {
        some_text(&r->components[i].name);
        some_text(&r->components[i].note);
        r->components[i].state = (enum state)any(STATE_COUNT);
        r->components[i].value = some_double();
        r->components[i].unit = (enum unit)any(UNITS);
    }
    table_fini(&r->table);
    if (any(2)) {
        r->table.rows = any(TABLE_ROWS + 1);
        r->table.cols = 1 + any(TABLE_COLS);
        r->table.cells = calloc((r->table.rows + 1) * r->table.cols, sizeof *r->table.cells);
        r->table.cut = any(2);
        for (size_t i = 0; i < (r->table.rows + 1) * r->table.cols; i++)
            some_text(&r->table.cells[i]);
    }
}

static void change(struct board *b)
{
    size_t s = any((uint32_t)b->n_services);

    b->services[s].state = (enum state)any(STATE_COUNT);
    b->services[s].affected_by = (int)any((uint32_t)b->n_services + 1) - 1;
    some_text(&b->services[s].reason);
    b->verdict.root = (int)any((uint32_t)b->n_services + 1) - 1;
    b->verdict.hides = (int)any(7);
    some_text(&b->notice);
    for (size_t k = 0; k < b->services[s].n_readings; k++)
        if (any(2))
            change_reading(&b->services[s].readings[k]);
    if (b->n_alerts) {
        struct alert *a = &b->alerts[any((uint32_t)b->n_alerts)];

        a->state = (enum alert_state)any(ALERT_STATES);
        a->flapping = any(2);
        a->ack.at_ms = some_time();
        some_text(&a->ack.who);
        some_text(&a->told);
        a->remind_ms = some_time();
        a->silenced = (int)any((uint32_t)b->n_silences + 1) - 1;
    }
    if (b->n_silences) {
        struct silence *x = &b->silences[any((uint32_t)b->n_silences)];

        x->until_ms = some_time();
        some_text(&x->reason);
        some_text(&x->match.service);
        x->planned = any(2);
    }
}

enum { FRAMES = 200 };

static void every_second_comes_back(void **state)
{
    int frames = patience_valgrind() ? FRAMES / 10 : FRAMES;

    (void)state;
    for (size_t i = 0; i < sizeof boards / sizeof *boards; i++) {
        struct board *b = board_of(boards[i]);
        struct film *f = film_new();
        struct buf reel = { 0 }, want[FRAMES] = { { 0 } };
        struct err err;

        for (int k = 0; k < frames; k++) {
            b->at_ms = T0 + 1000 * k + any(900);
            if (k % 3)
                change(b);
            say(b, &want[k]);
            assert_true(film_shoot(f, b, &reel));
        }
        for (int k = 0; k < frames; k++) {
            struct board *back = film_play(reel.bytes, reel.len, T0 + 1000 * k + 999, &err);

            assert_non_null(back);
            is_same(back, &want[k]);
            board_free(back);
            buf_fini(&want[k]);
        }
        assert_null(film_play(reel.bytes, reel.len, T0 - 1, &err));
        assert_string_equal(err.msg, "");
        buf_fini(&reel);
        film_free(f);
        board_free(b);
    }
}

static void another_shape_needs_another_reel(void **state)
{
    struct board *b = board_of("healthy"), *other = board_of("broken"), *back;
    struct film *f = film_new();
    struct buf reel = { 0 }, want = { 0 };
    struct err err;
    size_t len;

    (void)state;
    assert_true(film_shoot(f, b, &reel));
    len = reel.len;
    text_sets(&b->services[0].id, "renamed");
    assert_false(film_shoot(f, b, &reel));
    assert_int_equal(reel.len, len);
    buf_clear(&reel);
    assert_true(film_shoot(f, other, &reel));
    back = film_play(reel.bytes, reel.len, other->at_ms, &err);
    say(other, &want);
    is_same(back, &want);
    buf_fini(&want);
    buf_fini(&reel);
    film_free(f);
    board_free(back);
    board_free(other);
    board_free(b);
}

/* A second in which little happens costs little. */
static void quiet_seconds_are_short(void **state)
{
    struct board *b = board_of("healthy");
    struct film *f = film_new();
    struct buf reel = { 0 };
    size_t whole;

    (void)state;
    film_shoot(f, b, &reel);
    whole = reel.len;
    for (int i = 0; i < 60; i++) {
        b->at_ms += 1000;
        b->collector_ms += 1000;
        film_shoot(f, b, &reel);
    }
    assert_true(reel.len - whole <= 60 * 16);
    buf_fini(&reel);
    film_free(f);
    board_free(b);
}

/* Each byte in turn damaged, each length cut: a board or an error, never more than that. */
static void damage_is_survived(void **state)
{
    struct board *b = board_of("broken");
    struct film *f = film_new();
    struct buf reel = { 0 };
    struct err err;
    size_t refused = 0, tried = 0;

    (void)state;
    for (int i = 0; i < 4; i++) {
        b->at_ms = T0 + 1000 * i;
        change(b);
        film_shoot(f, b, &reel);
    }
    for (size_t i = 0; i < reel.len; i += patience_valgrind() ? 13 : 1, tried++) {
        char was = reel.bytes[i], *cut = malloc(i + 1);

        reel.bytes[i] = (char)(was ^ (1 << any(8)));
        board_free(film_play(reel.bytes, reel.len, INT64_MAX, &err));
        reel.bytes[i] = was;
        memcpy(cut, reel.bytes, i);
        board_free(film_play(cut, i, INT64_MAX, &err));
        refused += err.msg[0] != '\0';
        free(cut);
    }
    assert_true(refused > tried * 9 / 10);
    buf_fini(&reel);
    film_free(f);
    board_free(b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_board_comes_back),
        cmocka_unit_test(every_second_comes_back),
        cmocka_unit_test(another_shape_needs_another_reel),
        cmocka_unit_test(quiet_seconds_are_short),
        cmocka_unit_test(damage_is_survived),
    };

    setlocale(LC_ALL, "C.UTF-8");
    return cmocka_run_group_tests(tests, NULL, NULL);
}

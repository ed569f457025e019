/* tests/tui/test_page.c: every size, every state and every part of a page is drawn as what it is.
 */
#include "tests/tui/stage.h"
#include "tui/detail.h"

#include "tests/cmocka.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void every_size_from_one_cell_on_is_drawn(void **state)
{
    static const int sizes[][2] = { { 1, 1 },   { 2, 3 },   { 19, 79 },  { 39, 12 }, { 40, 11 },
                                    { 40, 12 }, { 59, 17 }, { 60, 18 },  { 75, 20 }, { 76, 20 },
                                    { 500, 3 }, { 3, 200 }, { 500, 200 } };
    static const char *const keys[] = { "1", "2", "Enter", "?" };

    (void)state;
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        struct stage s;

        stage_open(&s, "broken", sizes[i][0], sizes[i][1], i % 2);
        for (size_t k = 0; k < 4; k++)
            stage_keys(&s, keys[k]);
        stage_close(&s);
    }
}

static void every_state_differs_without_colour(void **state)
{
    static const enum state states[] = { STATE_UP,      STATE_DEGRADED, STATE_DOWN,
                                         STATE_UNKNOWN, STATE_STALE,    STATE_DISABLED };
    struct stage s;
    char seen[8][64] = { "" };

    (void)state;
    for (int ascii = 0; ascii < 2; ascii++) {
        stage_open(&s, "healthy", 120, 36, ascii);
        for (size_t i = 0; i < 7; i++) {
            struct service *api = &s.board->services[2];
            char *dump, *at;

            api->state = i < 6 ? states[i] : STATE_DOWN;
            api->affected_by = i < 6 ? -1 : 0;
            stage_draw(&s);
            dump = canvas_dump(&s.canvas);
            at = strstr(dump, " api  ");
            assert_non_null(at);
            snprintf(seen[i], sizeof seen[i], "%.24s", at - (ascii ? 1 : 3));
            free(dump);
            for (size_t k = 0; k < i; k++) {
                assert_memory_not_equal(seen[k], seen[i], 1 + !ascii * 2); /* the glyph */
                assert_string_not_equal(seen[k] + 3, seen[i] + 3);         /* the word */
            }
        }
        stage_close(&s);
    }
}

enum { PAGE_W = 60, PAGE_H = 4 };

/* Every part of the page of a reading against the whole. */
static void page_is_the_same_scrolled(const struct view *v, int service)
{
    int lines = detail_page_lines(v, service, PAGE_W);
    struct canvas whole, part;

    assert_true(lines > PAGE_H);
    canvas_init(&whole, PAGE_W, lines);
    canvas_init(&part, PAGE_W, PAGE_H); /* no column for the arrow that says that it goes on */
    detail_page(v, service, 0, canvas_rect(&whole), &whole);
    for (int top = 0; top + PAGE_H <= lines; top++) {
        canvas_clear(&part);
        detail_page(v, service, top, canvas_rect(&part), &part);
        assert_memory_equal(part.cells, whole.cells + top * PAGE_W,
                            PAGE_W * PAGE_H * sizeof *part.cells);
    }
    canvas_fini(&whole);
    canvas_fini(&part);
}

/* Only what is in sight is drawn; it must not matter. */
static void scrolled_page_is_the_same_page(void **state)
{
    struct board *b = stage_board("broken");
    struct view v = { .zoom = -1, .errors = PICK_NONE, .latency = PICK_NONE };

    (void)state;
    view_set_board(&v, b, b->at_ms);
    view_settle(&v);
    for (int service = 0; service < (int)b->n_services; service++)
        for (v.reading = 0; v.reading < (int)b->services[service].n_readings; v.reading++)
            page_is_the_same_scrolled(&v, service);
    view_fini(&v);
    board_free(b);
}

static void what_was_refused_is_no_answer(void **state)
{
    struct stage s;
    struct reading *r;

    (void)state;
    stage_open(&s, "broken", 120, 36, false);
    r = &s.board->services[0].readings[0];
    assert_true(r->failing > 0);
    r->fault = FAULT_REFUSED;
    r->phases = PHASES_NONE;
    r->phases.total_us = 210;
    console_board(s.console, s.board, s.now_ms);
    stage_keys(&s, ": |goto postgres| Enter");
    assert_true(stage_shows(&s, "Service postgres"));
    assert_true(stage_shows(&s, "asked in vain "));
    assert_true(stage_shows(&s, "no answer 0.21 ms"));
    assert_false(stage_shows(&s, "body 0.21 ms"));
    stage_close(&s);
}

static void age_beyond_all_bounds_is_not_young(void **state)
{
    struct stage s;

    (void)state;
    stage_open(&s, "queues", 120, 36, false);
    assert_string_equal(text_str(&s.board->services[0].readings[0].signals[1].name), "oldest");
    s.board->services[0].readings[0].signals[1].value = 1e300;
    console_board(s.console, s.board, s.now_ms);
    stage_keys(&s, "4");
    assert_true(stage_shows(&s, " 99999y "));
    assert_false(stage_shows(&s, " 0s "));
    stage_close(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_size_from_one_cell_on_is_drawn),
        cmocka_unit_test(every_state_differs_without_colour),
        cmocka_unit_test(scrolled_page_is_the_same_page),
        cmocka_unit_test(what_was_refused_is_no_answer),
        cmocka_unit_test(age_beyond_all_bounds_is_not_young),
    };

    stage_world();
    return cmocka_run_group_tests(tests, NULL, NULL);
}

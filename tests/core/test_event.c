/* tests/core/test_event.c: the records of a journal on a board: order, room, copies, JSON. */
#include "core/board.h"
#include "core/board_copy.h"
#include "core/board_json.h"
#include "core/buf.h"

#include "tests/cmocka.h"

#include <locale.h>
#include <stdio.h>

static void tell(struct board *b, int64_t n, int64_t at_ms, const char *words)
{
    struct event e = { .n = n, .at_ms = at_ms };

    text_sets(&e.code, "NOTE");
    text_sets(&e.words, words);
    board_event(b, e);
}

static void order_is(const struct board *b, const char *want)
{
    struct buf got = { 0 };

    for (size_t i = 0; i < b->n_events; i++)
        buf_addf(&got, "%s%lld", i ? " " : "", (long long)b->events[i].n);
    assert_string_equal(buf_str(&got), want);
    buf_fini(&got);
}

static void same_record_twice_is_one(void **state)
{
    struct board *b = board_new(0);

    (void)state;
    tell(b, 1, 10, "one");
    tell(b, 2, 20, "two");
    tell(b, 1, 10, "one, told again");
    tell(b, 2, 20, "two");
    order_is(b, "1 2");
    assert_string_equal(text_str(&b->events[0].words), "one, told again");
    board_free(b);
}

static void late_record_goes_to_its_place(void **state)
{
    struct board *b = board_new(0);

    (void)state;
    tell(b, 2, 20, "");
    tell(b, 5, 50, "");
    tell(b, 4, 40, "");
    tell(b, 1, 10, "");
    order_is(b, "1 2 4 5");
    board_free(b);
}

/* Also with a clock that was set back: the number alone tells the order. */
static void numbers_tell_the_order_and_not_the_clock(void **state)
{
    struct board *b = board_new(0);

    (void)state;
    tell(b, 1, 90, "");
    tell(b, 2, 20, "");
    tell(b, 3, 30, "");
    order_is(b, "1 2 3");
    board_free(b);
}

static void journal_that_begins_anew_comes_after(void **state)
{
    struct board *b = board_new(0);

    (void)state;
    tell(b, 7, 70, "old");
    tell(b, 8, 80, "old");
    for (int64_t n = 1; n <= 8; n++)
        tell(b, n, 100 + n, "new");
    order_is(b, "7 8 1 2 3 4 5 6 7 8");
    assert_string_equal(text_str(&b->events[1].words), "old");
    board_free(b);
}

static void newest_are_kept(void **state)
{
    struct board *b = board_new(0);
    enum { TOLD = 5 * BOARD_EVENTS + 3 };

    (void)state;
    for (int64_t n = 1; n <= TOLD; n++)
        tell(b, n, n * 10, "words");
    assert_int_equal(b->n_events, BOARD_EVENTS);
    for (size_t i = 0; i < b->n_events; i++)
        assert_int_equal(b->events[i].n, TOLD - BOARD_EVENTS + 1 + (int64_t)i);
    tell(b, 3, 30, "too old");
    assert_int_equal(b->events[0].n, TOLD - BOARD_EVENTS + 1);
    tell(b, TOLD - 1, TOLD * 10 - 5, "of another journal, late");
    assert_int_equal(b->n_events, BOARD_EVENTS);
    assert_int_equal(b->events[BOARD_EVENTS - 1].n, TOLD);
    board_free(b);
}

static void copy_and_json_form_are_the_same(void **state)
{
    struct board *b = board_new(0), *copy, *read;
    struct buf one = { 0 }, two = { 0 };
    struct err err = { "" };
    struct event e = { .n = 41, .at_ms = 1769652575000 };

    (void)state;
    text_sets(&e.code, "ACK");
    text_sets(&e.who, "dana@ops1");
    text_sets(&e.alert, "api-5xx");
    text_sets(&e.words, "look\x1b[2Jing 見");
    board_event(b, e);
    tell(b, 42, 1769652580000, "second");
    copy = board_copy(b);
    assert_ptr_not_equal(copy->events, b->events);
    board_to_json(copy, 0, false, &one);
    read = board_from_json(buf_str(&one), one.len, &err);
    assert_string_equal(err.msg, "");
    board_free(copy);
    board_free(b);
    assert_int_equal(read->n_events, 2);
    assert_int_equal(read->events[0].n, 41);
    assert_int_equal(read->events[0].at_ms, 1769652575000);
    assert_string_equal(text_str(&read->events[0].code), "ACK");
    assert_string_equal(text_str(&read->events[0].who), "dana@ops1");
    assert_string_equal(text_str(&read->events[0].alert), "api-5xx");
    assert_string_equal(text_str(&read->events[0].words), "look^[[2Jing 見");
    board_to_json(read, 0, false, &two);
    assert_string_equal(buf_str(&one), buf_str(&two));
    board_free(read);
    buf_fini(&one);
    buf_fini(&two);
}

static void foreign_events_are_read_as_they_can_be(void **state)
{
    static const char json[] = "{\"midwatch_board\":1,\"events\":[{\"n\":\"x\",\"at_ms\":1e300,"
                               "\"code\":7,\"who\":null,\"more\":{}},3,{\"n\":2,\"words\":\"w\"}]}";
    struct err err = { "" };
    struct board *b = board_from_json(json, sizeof json - 1, &err);

    (void)state;
    assert_string_equal(err.msg, "");
    assert_string_equal(text_str(&b->events[b->n_events - 1].words), "w");
    assert_string_equal(text_str(&b->events[0].code), "");
    board_free(b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(same_record_twice_is_one),
        cmocka_unit_test(late_record_goes_to_its_place),
        cmocka_unit_test(numbers_tell_the_order_and_not_the_clock),
        cmocka_unit_test(journal_that_begins_anew_comes_after),
        cmocka_unit_test(newest_are_kept),
        cmocka_unit_test(copy_and_json_form_are_the_same),
        cmocka_unit_test(foreign_events_are_read_as_they_can_be),
    };

    setlocale(LC_CTYPE, "C.UTF-8");
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* tests/io/test_resolve.c: names to addresses without holding the loop. */
#include "io/resolve.h"

#include <stdio.h>
#include <string.h>

#include "tests/cmocka.h"

struct answer {
    int count;
    bool ok;
    struct resolved found;
    struct err why;
    struct resolver *free_it;
    struct resolve **cancel;
};

static void answer_take(void *arg, const struct resolved *found, const struct err *why)
{
    struct answer *a = arg;

    a->count++;
    a->ok = found != NULL;
    if (found)
        a->found = *found;
    if (why)
        a->why = *why;
    if (a->cancel)
        resolve_cancel(*a->cancel);
    if (a->free_it)
        resolver_free(a->free_it);
}

static void wait_for(struct io *io, const struct answer *a, int n)
{
    int64_t until = io_mono_ms(io) + 5000;

    while (a->count < n && io_mono_ms(io) < until)
        io_turn(io, 20);
    assert_int_equal(a->count, n);
}

static void literals_answer_later_and_unchanged(void **state)
{
    struct io *io = io_new(NULL);
    struct resolver *r = resolver_new(io);
    struct answer v4 = { 0 }, v6 = { 0 };

    (void)state;
    resolve_ask(r, "127.0.0.1", answer_take, &v4);
    resolve_ask(r, "::1", answer_take, &v6);
    assert_int_equal(v4.count, 0);
    wait_for(io, &v4, 1);
    wait_for(io, &v6, 1);
    assert_true(v4.ok && v6.ok);
    assert_string_equal(v4.found.address[0], "127.0.0.1");
    assert_string_equal(v6.found.address[0], "::1");
    resolver_free(r);
    io_free(io);
}

static void localhost_gives_addresses_to_all_who_ask(void **state)
{
    struct io *io = io_new(NULL);
    struct resolver *r = resolver_new(io);
    struct answer a = { 0 }, b = { 0 };

    (void)state;
    resolve_ask(r, "localhost", answer_take, &a);
    resolve_ask(r, "localhost", answer_take, &b);
    wait_for(io, &a, 1);
    wait_for(io, &b, 1);
    assert_true(a.ok && a.found.n >= 1);
    assert_true(strcmp(a.found.address[0], "127.0.0.1") == 0 ||
                strcmp(a.found.address[0], "::1") == 0);
    assert_string_equal(a.found.address[0], b.found.address[0]);
    resolver_free(r);
    io_free(io);
}

static void a_name_that_is_none_says_so(void **state)
{
    struct io *io = io_new(NULL);
    struct resolver *r = resolver_new(io);
    struct answer a = { 0 };

    (void)state;
    resolve_ask(r, "no such host", answer_take, &a); /* refused by the system before any packet */
    wait_for(io, &a, 1);
    assert_false(a.ok);
    assert_non_null(strstr(a.why.msg, "cannot resolve no such host: "));
    resolver_free(r);
    io_free(io);
}

static void a_cancelled_question_gets_no_answer(void **state)
{
    struct io *io = io_new(NULL);
    struct resolver *r = resolver_new(io);
    struct answer a = { 0 }, b = { 0 };
    struct resolve *second;

    (void)state;
    resolve_cancel(resolve_ask(r, "127.0.0.1", answer_take, &a));
    resolve_ask(r, "127.0.0.1", answer_take, &b); /* joins the lookup that nobody waits for */
    wait_for(io, &b, 1);
    assert_int_equal(a.count, 0);

    /* ... also when the first of two answers cancels the second */
    a.cancel = &second;
    resolve_ask(r, "127.0.0.1", answer_take, &a);
    second = resolve_ask(r, "127.0.0.1", answer_take, &b);
    wait_for(io, &a, 1);
    io_turn(io, 0);
    assert_int_equal(b.count, 1);
    resolve_cancel(NULL);
    resolver_free(r);
    io_free(io);
}

static void a_resolver_may_end_inside_an_answer(void **state)
{
    struct io *io = io_new(NULL);
    struct resolver *r = resolver_new(io);
    struct answer a = { .free_it = r }, b = { 0 };

    (void)state;
    resolve_ask(r, "127.0.0.1", answer_take, &a);
    resolve_ask(r, "127.0.0.1", answer_take, &b);
    wait_for(io, &a, 1);
    io_turn(io, 0);
    assert_int_equal(b.count, 0);
    io_free(io);
}

static void a_resolver_may_end_with_threads_under_way(void **state)
{
    struct io *io = io_new(NULL);
    struct answer a = { 0 };

    (void)state;
    for (int i = 0; i < 20; i++) {
        struct resolver *r = resolver_new(io);

        resolve_ask(r, "localhost", answer_take, &a);
        resolver_free(r);
    }
    io_turn(io, 10);
    assert_int_equal(a.count, 0);
    io_free(io);
}

static void names_beyond_the_cap_are_refused(void **state)
{
    struct io *io = io_new(NULL);
    struct resolver *r = resolver_new(io);
    struct answer a[RESOLVE_NAMES + 1] = { 0 };
    int refused = 0;

    (void)state;
    for (int i = 0; i <= RESOLVE_NAMES; i++) { /* the loop does not turn: all stay under way */
        char name[32];

        snprintf(name, sizeof name, "no such host %d", i);
        resolve_ask(r, name, answer_take, &a[i]);
    }
    for (int i = 0; i <= RESOLVE_NAMES; i++) {
        wait_for(io, &a[i], 1);
        refused += strstr(a[i].why.msg, "temporarily unavailable") != NULL && i == RESOLVE_NAMES;
    }
    assert_int_equal(refused, 1);
    resolver_free(r);
    io_free(io);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(literals_answer_later_and_unchanged),
        cmocka_unit_test(localhost_gives_addresses_to_all_who_ask),
        cmocka_unit_test(a_name_that_is_none_says_so),
        cmocka_unit_test(a_cancelled_question_gets_no_answer),
        cmocka_unit_test(a_resolver_may_end_inside_an_answer),
        cmocka_unit_test(a_resolver_may_end_with_threads_under_way),
        cmocka_unit_test(names_beyond_the_cap_are_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

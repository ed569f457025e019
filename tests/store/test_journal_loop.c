/* tests/store/test_journal_loop.c: appends from the loop: in order, durable before they are told,
 * each told once. */
#include "store/journal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/cmocka.h"
#include "tests/store/scratch.h"

enum { DEADLINE_MS = 10000 };

struct told {
    int n, durable, refused;
    int64_t last_n;
    char why[640];
};

static void on_written(void *arg, const struct journal_written *w)
{
    struct told *t = arg;

    t->n++;
    t->durable += w->outcome == JOURNAL_DURABLE;
    t->refused += w->outcome == JOURNAL_REFUSED;
    if (w->outcome == JOURNAL_DURABLE) {
        assert_int_equal(w->at.n, t->last_n + 1);
        t->last_n = w->at.n;
    } else {
        snprintf(t->why, sizeof t->why, "%s", w->why.msg);
    }
}

static void wait_told(struct io *io, const struct told *t, int n)
{
    int64_t until_ms = io_mono_ms(io) + DEADLINE_MS;

    while (t->n < n) {
        if (io_mono_us(io) / 1000 > until_ms)
            fail_msg("told of %d, not of %d", t->n, n);
        io_turn(io, 100);
    }
}

static struct journal_health health(const struct scratch *s)
{
    struct journal_health h = { 0 };
    struct journal_file *f;
    struct err err;

    f = journal_file_open(s->dir, false, &err);
    if (!f || !journal_file_walk(f, NULL, NULL, &h, &err))
        fail_msg("%s", err.msg);
    journal_file_close(f);
    return h;
}

static void appends_are_told_in_their_order(void **state)
{
    struct scratch s;
    struct told t = { 0 };
    struct io *io = io_new(NULL);
    struct journal *j;

    (void)state;
    scratch_make(&s);
    j = journal_new(io, s.dir);
    for (int i = 0; i < 20; i++)
        assert_true(journal_append(j, "NOTE", "{}", on_written, &t));
    assert_int_equal(t.n, 0);
    wait_told(io, &t, 20);
    assert_int_equal(t.durable, 20);
    assert_int_equal(health(&s).head.n, 20);
    journal_free(j);
    io_free(io);
    scratch_drop(&s);
}

static void a_virtual_loop_writes_its_own_time(void **state)
{
    struct scratch s;
    struct buf line = { 0 };
    struct told t = { 0 };
    struct io *io = io_new_virtual(1769652000000);
    struct journal *j;

    (void)state;
    scratch_make(&s);
    j = journal_new(io, s.dir);
    assert_true(journal_append(j, "NOTE", "{}", on_written, &t));
    assert_true(journal_append(j, "NOTE", "{}", on_written, &t));
    io_advance(io, 1);
    assert_int_equal(t.durable, 2);
    scratch_line(&s, JOURNAL_NAME, 2, &line);
    assert_non_null(strstr(line.bytes, "\"t\":\"2026-01-29T02:00:00.000Z\""));
    buf_fini(&line);
    journal_free(j);
    io_free(io);
    scratch_drop(&s);
}

/* What is under way is waited for, what waits behind it is told that it is not written. */
static void the_end_tells_every_append(void **state)
{
    struct scratch s;
    struct told t = { 0 };
    struct io *io = io_new(NULL);
    struct journal *j;

    (void)state;
    scratch_make(&s);
    j = journal_new(io, s.dir);
    for (int i = 0; i < 5; i++)
        assert_true(journal_append(j, "NOTE", "{}", on_written, &t));
    journal_free(j);
    assert_int_equal(t.n, 5);
    assert_int_equal(t.durable, 1);
    assert_int_equal(t.refused, 4);
    assert_string_equal(t.why, "midwatch ended before it was written");
    assert_int_equal(health(&s).head.n, 1);
    io_free(io);
    scratch_drop(&s);
}

/* What was in the way goes, and the journal goes on by itself. */
static void it_recovers_alone(void **state)
{
    struct scratch s;
    struct told t = { 0 };
    struct io *io = io_new(NULL);
    struct journal *j;

    (void)state;
    scratch_make(&s);
    assert_int_equal(chmod(s.dir, 0755), 0);
    j = journal_new(io, s.dir);
    assert_true(journal_append(j, "NOTE", "{}", on_written, &t));
    wait_told(io, &t, 1);
    assert_int_equal(t.refused, 1);
    assert_non_null(strstr(t.why, "others can enter its folder"));
    assert_int_equal(chmod(s.dir, 0700), 0);
    assert_true(journal_append(j, "NOTE", "{}", on_written, &t));
    wait_told(io, &t, 2);
    assert_int_equal(t.durable, 1);
    journal_free(j);
    io_free(io);
    scratch_drop(&s);
}

static void too_many_are_refused_at_once(void **state)
{
    struct scratch s;
    struct told t = { 0 };
    struct io *io = io_new_virtual(1769652000000);
    struct journal *j;

    (void)state;
    scratch_make(&s);
    j = journal_new(io, s.dir);
    for (int i = 0; i < JOURNAL_PENDING_MAX; i++)
        assert_true(journal_append(j, "NOTE", "{}", on_written, &t));
    assert_false(journal_append(j, "NOTE", "{}", on_written, &t));
    journal_free(j);
    assert_int_equal(t.n, JOURNAL_PENDING_MAX);
    io_free(io);
    scratch_drop(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(appends_are_told_in_their_order),
        cmocka_unit_test(a_virtual_loop_writes_its_own_time),
        cmocka_unit_test(the_end_tells_every_append),
        cmocka_unit_test(it_recovers_alone),
        cmocka_unit_test(too_many_are_refused_at_once),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

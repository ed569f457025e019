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

/* A folder, a loop and the journal there; told what came of its appends. */
struct fixture {
    struct scratch s;
    struct io *io;
    struct journal *j; /* or NULL: freed before its end */
    struct told told;
};

static int fixture_make(void **state, struct io *io)
{
    struct fixture *t = calloc(1, sizeof *t);

    assert_non_null(t);
    scratch_make(&t->s);
    t->io = io;
    t->j = journal_new(io, t->s.dir);
    *state = t;
    return 0;
}

static int real(void **state)
{
    return fixture_make(state, io_new(NULL));
}

static int virtual(void **state)
{
    return fixture_make(state, io_new_virtual(1769652000000));
}

static void journal_ends(struct fixture *t)
{
    journal_free(t->j);
    t->j = NULL;
}

static int drop(void **state)
{
    struct fixture *t = *state;

    journal_ends(t);
    io_free(t->io);
    scratch_drop(&t->s);
    free(t);
    return 0;
}

static bool append(struct fixture *t)
{
    return journal_append(t->j, "NOTE", "{}", on_written, &t->told);
}

static void appends_are_told_in_their_order(void **state)
{
    struct fixture *t = *state;

    for (int i = 0; i < 20; i++)
        assert_true(append(t));
    assert_int_equal(t->told.n, 0);
    wait_told(t->io, &t->told, 20);
    assert_int_equal(t->told.durable, 20);
    assert_int_equal(health(&t->s).head.n, 20);
}

static void a_virtual_loop_writes_its_own_time(void **state)
{
    struct fixture *t = *state;
    struct buf line = { 0 };

    assert_true(append(t));
    assert_true(append(t));
    io_advance(t->io, 1);
    assert_int_equal(t->told.durable, 2);
    scratch_line(&t->s, JOURNAL_NAME, 2, &line);
    assert_non_null(strstr(line.bytes, "\"t\":\"2026-01-29T02:00:00.000Z\""));
    buf_fini(&line);
}

/* What is under way is waited for, what waits behind it is told that it is not written. */
static void the_end_tells_every_append(void **state)
{
    struct fixture *t = *state;

    for (int i = 0; i < 5; i++)
        assert_true(append(t));
    journal_ends(t);
    assert_int_equal(t->told.n, 5);
    assert_int_equal(t->told.durable, 1);
    assert_int_equal(t->told.refused, 4);
    assert_string_equal(t->told.why, "midwatch ended before it was written");
    assert_int_equal(health(&t->s).head.n, 1);
}

/* What was in the way goes, and the journal goes on by itself. */
static void it_recovers_alone(void **state)
{
    struct fixture *t = *state;

    assert_int_equal(chmod(t->s.dir, 0755), 0);
    assert_true(append(t));
    wait_told(t->io, &t->told, 1);
    assert_int_equal(t->told.refused, 1);
    assert_non_null(strstr(t->told.why, "others can enter its folder"));
    assert_int_equal(chmod(t->s.dir, 0700), 0);
    assert_true(append(t));
    wait_told(t->io, &t->told, 2);
    assert_int_equal(t->told.durable, 1);
}

static void too_many_are_refused_at_once(void **state)
{
    struct fixture *t = *state;

    for (int i = 0; i < JOURNAL_PENDING_MAX; i++)
        assert_true(append(t));
    assert_false(append(t));
    journal_ends(t);
    assert_int_equal(t->told.n, JOURNAL_PENDING_MAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(appends_are_told_in_their_order, real, drop),
        cmocka_unit_test_setup_teardown(a_virtual_loop_writes_its_own_time, virtual, drop),
        cmocka_unit_test_setup_teardown(the_end_tells_every_append, real, drop),
        cmocka_unit_test_setup_teardown(it_recovers_alone, real, drop),
        cmocka_unit_test_setup_teardown(too_many_are_refused_at_once, virtual, drop),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

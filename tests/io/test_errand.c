/* tests/io/test_errand.c: work beside the loop that ends, that hangs, and that nobody waits for. */
#include "io/errand.h"

#include <semaphore.h>
#include <stdlib.h>

#include "tests/io/wait.h"

struct piece {
    sem_t go, *dropped;
    int worked;
};

struct seen {
    struct io *io;
    int done, worked;
};

static void piece_work(void *shared)
{
    struct piece *p = shared;

    sem_wait(&p->go);
    p->worked = 42;
}

static void piece_drop(void *shared)
{
    struct piece *p = shared;

    sem_post(p->dropped);
    sem_destroy(&p->go);
    free(p);
}

static void seen_done(void *arg, void *shared)
{
    struct seen *s = arg;

    s->done++;
    s->worked = ((struct piece *)shared)->worked;
}

static const struct errand_ops ops = { piece_work, piece_drop, 64 << 10 };

static struct piece *piece_new(sem_t *dropped, unsigned go)
{
    struct piece *p = calloc(1, sizeof *p);

    sem_init(&p->go, 0, go);
    p->dropped = dropped;
    return p;
}

static void work_is_done_later_and_dropped(void **state)
{
    struct seen s = { .io = io_new(NULL) };
    sem_t dropped;

    (void)state;
    sem_init(&dropped, 0, 0);
    assert_non_null(errand_start(s.io, &ops, piece_new(&dropped, 1), seen_done, &s));
    assert_int_equal(s.done, 0);
    WAIT(&s, s.done == 1);
    assert_int_equal(s.worked, 42);
    sem_wait(&dropped); /* by whichever side was last */
    io_free(s.io);
    sem_destroy(&dropped);
}

/* The loop goes on, and ends, while the work hangs; what they share lives until it comes back. */
static void work_that_hangs_is_left(void **state)
{
    struct seen s = { .io = io_new(NULL) };
    struct piece *p;
    struct errand *a;
    sem_t dropped;

    (void)state;
    sem_init(&dropped, 0, 0);
    p = piece_new(&dropped, 0);
    a = errand_start(s.io, &ops, p, seen_done, &s);
    assert_non_null(a);
    io_turn(s.io, 1);
    errand_forget(a);
    io_free(s.io);
    assert_int_equal(sem_trywait(&dropped), -1);
    sem_post(&p->go);
    sem_wait(&dropped);
    assert_int_equal(s.done, 0);
    sem_destroy(&dropped);
    errand_forget(NULL);
}

static void a_virtual_loop_does_it_at_its_next_turn(void **state)
{
    struct seen s = { .io = io_new_virtual(0) };
    sem_t dropped;

    (void)state;
    sem_init(&dropped, 0, 0);
    assert_non_null(errand_start(s.io, &ops, piece_new(&dropped, 1), seen_done, &s));
    assert_int_equal(s.done, 0);
    io_advance(s.io, 1);
    assert_int_equal(s.done, 1);
    assert_int_equal(sem_trywait(&dropped), 0);
    io_free(s.io);
    sem_destroy(&dropped);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(work_is_done_later_and_dropped),
        cmocka_unit_test(work_that_hangs_is_left),
        cmocka_unit_test(a_virtual_loop_does_it_at_its_next_turn),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

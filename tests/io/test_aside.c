/* tests/io/test_aside.c: work beside the loop that ends, that hangs, and that nobody waits for. */
#include "io/aside.h"

#include <semaphore.h>
#include <stdlib.h>

#include "tests/io/wait.h"

struct piece {
    sem_t go, *dropped;
    int worked;
};

struct seen {
    struct io *io;
    int done, failed, worked;
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

static void seen_failed(void *arg, const char *why)
{
    (void)why;
    ((struct seen *)arg)->failed++;
}

static const struct aside_work work = {
    .work = piece_work, .done = seen_done, .failed = seen_failed, .drop = piece_drop
};

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
    aside_start(s.io, &work, piece_new(&dropped, 1), &s);
    assert_int_equal(s.done, 0);
    WAIT(&s, s.done == 1);
    assert_int_equal(s.worked, 42);
    assert_int_equal(s.failed, 0);
    sem_wait(&dropped); /* by whichever side was last */
    io_free(s.io);
    sem_destroy(&dropped);
}

/* The loop goes on, and ends, while the work hangs; what they share lives until it comes back. */
static void work_that_hangs_is_left(void **state)
{
    struct seen s = { .io = io_new(NULL) };
    struct piece *p;
    struct aside *a;
    sem_t dropped;

    (void)state;
    sem_init(&dropped, 0, 0);
    p = piece_new(&dropped, 0);
    a = aside_start(s.io, &work, p, &s);
    io_turn(s.io, 1);
    aside_leave(a);
    io_free(s.io);
    assert_int_equal(sem_trywait(&dropped), -1);
    sem_post(&p->go);
    sem_wait(&dropped);
    assert_int_equal(s.done, 0);
    sem_destroy(&dropped);
    aside_leave(NULL);
}

static void a_virtual_loop_does_it_at_its_next_turn(void **state)
{
    struct seen s = { .io = io_new_virtual(0) };
    sem_t dropped;

    (void)state;
    sem_init(&dropped, 0, 0);
    aside_start(s.io, &work, piece_new(&dropped, 1), &s);
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

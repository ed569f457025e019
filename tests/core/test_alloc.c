/* tests/core/test_alloc.c: large blocks leave nothing behind. */
#include "core/alloc.h"

#include "tests/cmocka.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#if defined(__GLIBC__)
#include <malloc.h>
#endif

#if defined(__GLIBC__)
enum { SMALL = 200, ROUNDS = 20, BODY_MAX = 8 << 20 };

/* Is it glibc that gives the memory? Sanitizers and Valgrind have their own, and nothing to count.
 */
static bool is_counted(void)
{
    char *block = xmalloc(BODY_MAX * 8);
    bool counted = mallinfo2().hblks > 0;

    free(block);
    return counted;
}

/* As a body comes in: a buffer that doubles, while small blocks that stay are taken beside it. */
static void take_a_body(char **stays)
{
    char *body = NULL;

    for (size_t cap = 64; cap <= BODY_MAX; cap *= 2) {
        body = xrealloc(body, cap);
        memset(body, 'x', cap);
    }
    *stays = xmalloc(SMALL);
    free(body);
}

static void large_bodies_do_not_grow_the_heap(void **state)
{
    char *stays[ROUNDS];
    size_t before;

    (void)state;
    alloc_return_large();
    before = mallinfo2().arena;
    for (int i = 0; i < ROUNDS; i++)
        take_a_body(&stays[i]);
    assert_in_range(mallinfo2().arena - before, 0, 4 * ALLOC_LARGE);
    assert_int_equal(mallinfo2().hblkhd, 0); /* mapped now: nothing */
    for (int i = 0; i < ROUNDS; i++)
        free(stays[i]);
}

static void small_blocks_stay_in_the_heap(void **state)
{
    size_t before;
    char *block;

    (void)state;
    alloc_return_large();
    before = mallinfo2().hblks;
    block = xmalloc(ALLOC_LARGE / 2);
    assert_int_equal(mallinfo2().hblks, before);
    free(block);
    block = xmalloc(16 * ALLOC_LARGE); /* more than the heap has free */
    assert_int_equal(mallinfo2().hblks, before + 1);
    free(block);
}
#endif

static void nothing_is_zero_bytes_long(void **state)
{
    char *p = xmalloc(0), *q = xcalloc(0, 0), *copy = xstrndup("abc", 0);

    (void)state;
    assert_non_null(p);
    assert_non_null(q);
    assert_string_equal(copy, "");
    assert_null(xstrdup(NULL));
    free(copy);
    free(q);
    free(p);
}

int main(void)
{
    const struct CMUnitTest anywhere[] = { cmocka_unit_test(nothing_is_zero_bytes_long) };
    int failed = cmocka_run_group_tests(anywhere, NULL, NULL);
#if defined(__GLIBC__)
    const struct CMUnitTest counted[] = { cmocka_unit_test(large_bodies_do_not_grow_the_heap),
                                          cmocka_unit_test(small_blocks_stay_in_the_heap) };

    if (is_counted())
        failed += cmocka_run_group_tests(counted, NULL, NULL);
#endif

    return failed;
}

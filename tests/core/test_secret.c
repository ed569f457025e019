/* tests/core/test_secret.c: a secret is kept whole, wiped, and printed by nothing. */
#include "core/secret.h"

#include "tests/cmocka.h"

#include <string.h>

static void a_secret_keeps_its_bytes(void **state)
{
    struct secret *s = secret_new("p\0w", 3);

    (void)state;
    assert_int_equal(secret_len(s), 3);
    assert_memory_equal(secret_reveal(s), "p\0w", 4);
    secret_free(s);
    secret_free(NULL);
    s = secret_new("", 0);
    assert_string_equal(secret_reveal(s), "");
    secret_free(s);
}

static void the_same_bytes_are_the_same_secret(void **state)
{
    struct secret *a = secret_new("p\0w", 3), *b = secret_copy(a), *longer = secret_new("p\0wx", 4),
                  *other = secret_new("p\0x", 3);

    (void)state;
    assert_ptr_not_equal(a, b);
    assert_true(secret_same(a, b));
    assert_false(secret_same(a, longer));
    assert_false(secret_same(a, other));
    assert_false(secret_same(a, NULL));
    assert_false(secret_same(NULL, a));
    assert_true(secret_same(NULL, secret_copy(NULL)));
    secret_free(a);
    secret_free(b);
    secret_free(longer);
    secret_free(other);
}

static void wiping_leaves_nothing(void **state)
{
    char bytes[16] = "hunter2";

    (void)state;
    secret_wipe(bytes, sizeof bytes);
    for (size_t i = 0; i < sizeof bytes; i++)
        assert_int_equal(bytes[i], 0);
    secret_wipe(NULL, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_secret_keeps_its_bytes),
        cmocka_unit_test(the_same_bytes_are_the_same_secret),
        cmocka_unit_test(wiping_leaves_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

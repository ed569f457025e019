/* tests/store/test_chunk.c: what is written is read again, short where little happens, and damage
 * is seen or harmless. */
#include "store/chunk.h"

#include "core/series.h"
#include "tests/cmocka.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { N = 64 };

static bool same(double a, double b)
{
    return isnan(a) ? isnan(b) : fabs(a - b) <= fabs(a) * 0.0005 + 1e-30;
}

static size_t there_and_back(const double *values)
{
    struct buf b = { 0 };
    double back[N];
    size_t len;

    chunk_write(values, N, &b);
    len = b.len;
    assert_true(chunk_read(b.bytes, b.len, back, N));
    for (int i = 0; i < N; i++)
        assert_true(same(values[i], back[i]));
    buf_fini(&b);
    return len;
}

static void values_come_back(void **state)
{
    double v[N];

    (void)state;
    for (int i = 0; i < N; i++)
        v[i] = 0;
    assert_true(there_and_back(v) <= 2);
    for (int i = 0; i < N; i++)
        v[i] = NAN;
    assert_true(there_and_back(v) <= 2);
    for (int i = 0; i < N; i++)
        v[i] = 41.2;
    assert_true(there_and_back(v) <= 6);
    for (int i = 0; i < N; i++)
        v[i] = 30 + 20 * sin(i * 12.9898);
    assert_true(there_and_back(v) <= 2 * N + 4);
    for (int i = 0; i < N; i++)
        v[i] = i % 3 ? NAN : pow(-10, i % 37 - 18);
    there_and_back(v);
}

/* What memory holds is held exactly: another round changes nothing. */
static void values_of_a_series_are_exact(void **state)
{
    struct series *s = series_new(1000);
    struct series_span spans[N];
    double v[N], back[N];
    struct buf b = { 0 };
    int64_t t0 = 1769652000000;

    (void)state;
    for (int i = 0; i < N; i++)
        series_push(s, t0 + 1000 * i, 0.37 * (i * i % 1013) - 9);
    series_read(s, t0, t0 + 1000 * N, spans, N);
    for (int i = 0; i < N; i++)
        v[i] = spans[i].mean;
    chunk_write(v, N, &b);
    assert_true(chunk_read(b.bytes, b.len, back, N));
    assert_memory_equal(v, back, sizeof v);
    buf_fini(&b);
    series_free(s);
}

static void damage_is_survived(void **state)
{
    struct buf b = { 0 };
    double v[N];

    (void)state;
    for (int i = 0; i < N; i++)
        v[i] = i % 7 ? 100.0 * i : NAN;
    chunk_write(v, N, &b);
    assert_false(chunk_read(b.bytes, b.len, v, N - 1));
    for (size_t i = 0; i < b.len; i++) {
        char *cut = malloc(i + 1);

        memcpy(cut, b.bytes, i);
        assert_false(chunk_read(cut, i, v, N));
        free(cut);
        for (int bit = 0; bit < 8; bit++) {
            b.bytes[i] = (char)(b.bytes[i] ^ 1 << bit);
            chunk_read(b.bytes, b.len, v, N);
            b.bytes[i] = (char)(b.bytes[i] ^ 1 << bit);
        }
    }
    buf_fini(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_come_back),
        cmocka_unit_test(values_of_a_series_are_exact),
        cmocka_unit_test(damage_is_survived),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

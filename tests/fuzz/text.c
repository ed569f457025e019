/* tests/fuzz/text.c: any bytes become a text that keeps every promise of core/text.h. */
#include "core/text.h"

#include <locale.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc;
    (void)argv;
    if (!setlocale(LC_CTYPE, "C.UTF-8"))
        abort();
    return 0;
}

static void fuzz_check(const char *s, size_t len, int cols)
{
    int width = 0, marks = -1;

    for (size_t i = 0; i < len;) {
        uint32_t cp;
        size_t n = utf8_next(s + i, len - i, &cp);
        int w = cp_width(cp);

        if ((cp == 0xfffd && n == 1) || w < 0)
            abort();
        marks = w > 0 ? 0 : marks + 1;
        if (w == 0 && (marks < 1 || marks > 2))
            abort();
        width += w;
        i += n;
    }
    if (width != cols)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct text t = { 0 }, again = { 0 };
    size_t cap = size ? data[0] + 1u : 1, len;
    char *small = malloc(cap);
    int cols;

    text_set(&t, (const char *)data, size);
    if (t.len > TEXT_MAX || strlen(text_str(&t)) != t.len)
        abort();
    fuzz_check(text_str(&t), t.len, t.cols);
    text_sets(&again, text_str(&t));
    if (!text_eq(&t, &again) || text_set(&t, (const char *)data, size))
        abort();
    len = text_clean(small, cap, (const char *)data, size, &cols);
    if (len >= cap || small[len])
        abort();
    fuzz_check(small, len, cols);
    free(small);
    text_fini(&t);
    text_fini(&again);
    return 0;
}

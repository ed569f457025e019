/* core/nearest.c: the right word nearest to the one that was typed. */
#include "core/nearest.h"

#include <stdint.h>
#include <string.h>

enum { NEAREST_LEN_MAX = 64 };

static char nearest_fold(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c + 32) : c == '-' ? '_' : c;
}

static int nearest_min(int a, int b)
{
    return a < b ? a : b;
}

int nearest_distance(const char *a, const char *b)
{
    int rows[3][NEAREST_LEN_MAX + 1];
    int *two = rows[0], *one = rows[1], *now = rows[2];
    size_t la = strnlen(a, NEAREST_LEN_MAX + 1), lb = strnlen(b, NEAREST_LEN_MAX + 1);

    if (la > NEAREST_LEN_MAX || lb > NEAREST_LEN_MAX) /* nobody types that by mistake */
        return strcmp(a, b) == 0 ? 0 : NEAREST_LEN_MAX;
    for (size_t j = 0; j <= lb; j++)
        one[j] = (int)j;
    for (size_t i = 1; i <= la; i++) {
        char ca = nearest_fold(a[i - 1]);
        int *spare;

        now[0] = (int)i;
        for (size_t j = 1; j <= lb; j++) {
            char cb = nearest_fold(b[j - 1]);

            now[j] = nearest_min(one[j] + 1, now[j - 1] + 1);
            now[j] = nearest_min(now[j], one[j - 1] + (ca != cb));
            if (i > 1 && j > 1 && ca == nearest_fold(b[j - 2]) && nearest_fold(a[i - 2]) == cb)
                now[j] = nearest_min(now[j], two[j - 2] + 1);
        }
        spare = two;
        two = one;
        one = now;
        now = spare;
    }
    return one[lb];
}

const char *nearest_word(const char *typed, const char *const *words, size_t n)
{
    size_t len = strlen(typed);
    int limit = len <= 3 ? 1 : len <= 7 ? 2 : 3, best_at = limit + 1;
    const char *best = NULL;

    if (!words || len == 0)
        return NULL;
    for (size_t i = 0; (n == 0 || i < n) && words[i]; i++) {
        int d = nearest_distance(typed, words[i]);

        /* a distance as long as the word itself is no likeness */
        if (d < best_at && d < (int)strlen(words[i]) && d < (int)len + (d == 0)) {
            best = words[i];
            best_at = d;
        }
    }
    return best;
}

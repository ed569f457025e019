/* tests/core/test_word.c: where a plain stretch of a string of JSON ends, by vectors and by words
 * alike. */
#include "core/word.h"

#include <stdbool.h>

#include "tests/cmocka.h"

static bool is_special(unsigned char c)
{
    return c < 0x20 || c >= 0x80 || c == '"' || c == '\\';
}

/* Every byte at every place, behind and before others that stop and that do not. */
static void every_byte_at_every_place_is_told(void **state)
{
    char text[64 + WORD_REACH];

    (void)state;
    for (int c = 0; c < 256; c++) {
        for (size_t at = 0; at < 48; at++) {
            for (int behind = 0; behind < 2; behind++) {
                size_t want = is_special((unsigned char)c) ? at : 48;

                memset(text, behind ? 0x1f : 'a', sizeof text);
                memset(text, "a ~!["[at % 5], 48);
                text[at] = (char)c;
                text[48] = '"';
                assert_int_equal(word_stop(text) - text, want);
                assert_int_equal(word_stop_plain(text) - text, want);
            }
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_byte_at_every_place_is_told),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

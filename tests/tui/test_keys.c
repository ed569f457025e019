/* tests/tui/test_keys.c: what a keyboard sends is a press; what a terminal says by itself is not.
 */
#include "tui/keys.h"

#include "tests/cmocka.h"

#include <locale.h>
#include <stdio.h>
#include <string.h>

/* The names of all presses that some bytes give, separated by blanks. */
static const char *pressed(struct keys *k, const char *bytes, size_t len)
{
    static char names[65536];
    char name[24];
    size_t at = 0;

    names[0] = '\0';
    while (len > 0) {
        struct press p;
        size_t used = keys_feed(k, bytes, len, &p);

        assert_true(used > 0 && used <= len);
        bytes += used;
        len -= used;
        if (p.code != PRESS_NONE && at + 32 < sizeof names)
            at += (size_t)sprintf(names + at, "%s%s%s", at ? " " : "", p.pasted ? "+" : "",
                                  press_name(p, name));
    }
    return names;
}

#define GIVES(bytes, want)                                                 \
    do {                                                                   \
        struct keys k_ = { 0 };                                            \
        assert_string_equal(pressed(&k_, bytes, sizeof(bytes) - 1), want); \
        assert_int_equal(keys_wait_ms(&k_), 0);                            \
    } while (0)

static void letters_controls_and_utf8(void **state)
{
    (void)state;
    GIVES("jK /?", "j K Space / ?");
    GIVES("\r\n\t\x7f\x08", "Enter Enter Tab Backspace Backspace");
    GIVES("\x12\x1a\x03\x0c", "Ctrl-R Ctrl-Z Ctrl-C Ctrl-L");
    GIVES("\xc3\xa9\xe6\xbc\xa2", "\xc3\xa9 \xe6\xbc\xa2");
    GIVES("\x1bx", "Alt-x");
}

static void arrows_in_both_modes_with_modifiers(void **state)
{
    (void)state;
    GIVES("\x1b[A\x1bOB\x1b[1;5C\x1b[1;2D", "Up Down Ctrl-Right Shift-Left");
    GIVES("\x1b[5~\x1b[6~\x1b[H\x1b[4~\x1b[3~", "PgUp PgDn Home End Del");
    GIVES("\x1b[Z\x1bOP\x1b[15~\x1b[24~\x1b[[B", "Shift-Tab F1 F5 F12 F2");
}

static void replies_of_the_terminal_are_swallowed(void **state)
{
    (void)state;
    GIVES("\x1b[?62;22c", "");                 /* device attributes */
    GIVES("\x1b[24;80R", "");                  /* cursor report */
    GIVES("\x1b[I\x1b[O", "");                 /* focus */
    GIVES("\x1b[<0;10;20M\x1b[<0;10;20m", ""); /* SGR mouse */
    GIVES("\x1b[Mqqq", "");                    /* X10 mouse: three bytes that look like keys */
    GIVES("\x1b]0;title q\x07\x1b]52;c;cQ==\x1b\\", "");
    GIVES("\x1bP1$r0m\x1b\\j", "j"); /* a reply and then a key */
    GIVES("\x1b_q\x1bq\x1b\\", "");  /* ESC inside a string does not end it */
    GIVES("\x1b[200;1;2;3;4;5;6;7;8;9q", "");
    GIVES("\x1b[12\x18q", "q"); /* CAN ends a sequence */
}

static void four_kilobytes_of_csi_are_one_nothing(void **state)
{
    char bytes[4200] = "\x1b[";
    struct keys k = { 0 };

    (void)state;
    for (size_t i = 2; i < 4160; i++)
        bytes[i] = "0123456789;:?<"[i % 14];
    bytes[4160] = 'q';
    bytes[4161] = 'j';
    assert_string_equal(pressed(&k, bytes, 4162), "j");
}

static void lone_esc_is_the_key_after_a_while(void **state)
{
    struct keys k = { 0 };
    struct press p;

    (void)state;
    assert_string_equal(pressed(&k, "\x1b", 1), "");
    assert_int_equal(keys_wait_ms(&k), 25);
    keys_timeout(&k, &p);
    assert_int_equal(p.code, PRESS_ESC);
    assert_int_equal(keys_wait_ms(&k), 0);
    /* split anywhere, a sequence is still one key */
    assert_string_equal(pressed(&k, "\x1b", 1), "");
    assert_string_equal(pressed(&k, "[", 1), "");
    assert_true(keys_wait_ms(&k) > 25);
    assert_string_equal(pressed(&k, "A", 1), "Up");
    /* Esc Esc */
    assert_string_equal(pressed(&k, "\x1b\x1b", 2), "Esc");
    keys_timeout(&k, &p);
    assert_int_equal(p.code, PRESS_ESC);
}

static void broken_sequence_does_not_lock_the_keyboard(void **state)
{
    static const char *const opened[] = { "\x1b[1;",  "\x1b]0;never", "\x1bPq",      "\x1bO",
                                          "\xe6\xbc", "\x1b[M",       "\x1b[200~abc" };

    (void)state;
    for (size_t i = 0; i < sizeof opened / sizeof *opened; i++) {
        struct keys k = { 0 };
        struct press p;

        pressed(&k, opened[i], strlen(opened[i]));
        assert_true(keys_wait_ms(&k) > 0);
        keys_timeout(&k, &p);
        assert_int_equal(p.code, PRESS_NONE);
        assert_string_equal(pressed(&k, "j", 1), "j");
    }
}

static void paste_is_marked_to_its_end(void **state)
{
    (void)state;
    GIVES("a\x1b[200~q:x\r\x1b[201~b", "a +q +: +x +Enter b");
    GIVES("\x1b[200~\x1b[Aq\x1b[201~j", "+Up +q j"); /* sequences inside are pasted too */
}

static void invalid_utf8_is_nothing(void **state)
{
    (void)state;
    GIVES("\xff\xfe\x80j", "j");
    GIVES("\xc3j", "j");               /* cut off */
    GIVES("\xed\xa0\x80\xc0\xaf", ""); /* surrogate, overlong */
    GIVES("\xe2\x80\xae\xc2\x9b", ""); /* bidi, C1 */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(letters_controls_and_utf8),
        cmocka_unit_test(arrows_in_both_modes_with_modifiers),
        cmocka_unit_test(replies_of_the_terminal_are_swallowed),
        cmocka_unit_test(four_kilobytes_of_csi_are_one_nothing),
        cmocka_unit_test(lone_esc_is_the_key_after_a_while),
        cmocka_unit_test(broken_sequence_does_not_lock_the_keyboard),
        cmocka_unit_test(paste_is_marked_to_its_end),
        cmocka_unit_test(invalid_utf8_is_nothing),
    };

    setlocale(LC_ALL, "C.UTF-8");
    return cmocka_run_group_tests(tests, NULL, NULL);
}

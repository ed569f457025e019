/* tests/tui/test_paste.c: what is pasted is text and never a deed. */
#include "tests/tui/stage.h"

#include "tests/cmocka.h"

#include <string.h>
#include <time.h>

static void paste_on_a_screen_does_nothing(void **state)
{
    struct stage s;
    struct keys k = { 0 };
    const char *bytes = "\x1b[200~q:quit\rj2z\x1b[201~";
    size_t len = strlen(bytes);

    (void)state;
    stage_open(&s, "broken", 80, 24, false);
    while (len > 0) {
        struct press p;
        size_t used = keys_feed(&k, bytes, len, &p);

        bytes += used;
        len -= used;
        console_press(s.console, p, s.now_ms);
    }
    stage_no_intent(&s);
    assert_false(console_quitting(s.console));
    stage_draw(&s);
    stage_is(&s, "overview-broken-80x24");
    stage_close(&s);
}

/* Feeds n bytes of text as a paste, with brackets or as if it were typed. */
static void paste_bytes(struct stage *s, size_t n, bool brackets)
{
    static const char text[] = "the quick brown fox \r jumps over jkzyegG 12 \t lazy dog; ";
    struct keys k = { .in_paste = brackets };

    for (size_t at = 0; at < n; at++) {
        struct press p;

        keys_feed(&k, &text[at % (sizeof text - 1)], 1, &p);
        console_press(s->console, p, s->now_ms);
    }
}

static void a_megabyte_is_pasted_without_a_deed(void **state)
{
    struct stage s;
    struct intent i;
    clock_t start = clock();

    (void)state;
    stage_open(&s, "broken", 120, 36, false);
    paste_bytes(&s, 1 << 20, true); /* onto the board */
    stage_no_intent(&s);
    stage_keys(&s, ":");
    paste_bytes(&s, 1 << 20, true); /* into each input: cut at its cap */
    stage_no_intent(&s);
    stage_keys(&s, "Esc /");
    paste_bytes(&s, 1 << 20, true);
    stage_no_intent(&s);
    stage_keys(&s, "Esc");
    stage_is(&s, "overview-broken-120x36");
    paste_bytes(&s, 1 << 17, false);      /* an old terminal cannot tell: these are keys */
    while (console_intent(s.console, &i)) /* n and what follows is a note, for all to see */
        assert_true(i.kind == INTENT_COPY || i.kind == INTENT_QUIT || i.kind == INTENT_NOTE ||
                    i.kind == INTENT_PAST || i.kind == INTENT_LIVE);
    stage_draw(&s);
    print_message("3 MiB pasted and 128 KiB typed in %.2f s\n",
                  (double)(clock() - start) / CLOCKS_PER_SEC);
    stage_close(&s);
}

static void pasted_enter_runs_no_command(void **state)
{
    struct stage s;

    (void)state;
    stage_open(&s, "broken", 80, 24, false);
    stage_keys(&s, ":");
    console_press(s.console, (struct press){ .code = PRESS_CHAR, .cp = 'q', .pasted = true },
                  s.now_ms);
    console_press(s.console, (struct press){ .code = PRESS_ENTER, .pasted = true }, s.now_ms);
    assert_false(console_quitting(s.console));
    stage_draw(&s);
    assert_true(stage_shows(&s, ":q "));
    stage_close(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(paste_on_a_screen_does_nothing),
        cmocka_unit_test(a_megabyte_is_pasted_without_a_deed),
        cmocka_unit_test(pasted_enter_runs_no_command),
    };

    stage_world();
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* tests/tui/test_cmdline.c: the command line: commands become intents, wrong ones say what would
 * work. */
#include "tests/tui/stage.h"
#include "tui/cmdline.h"
#include "tui/screen.h"

#include "tests/cmocka.h"

#include <stdio.h>
#include <string.h>

static void commands_become_intents(void **state)
{
    struct stage s;
    struct intent i;

    (void)state;
    stage_open(&s, "broken", 80, 24, false);
    stage_keys(&s, ": |reload| Enter");
    assert_int_equal(stage_intent(&s).kind, INTENT_RELOAD);
    stage_keys(&s, ": |fault conn_leak| Enter");
    i = stage_intent(&s);
    assert_int_equal(i.kind, INTENT_FAULT);
    assert_string_equal(i.arg, "conn_leak");
    stage_keys(&s, ": |dump /tmp/x.txt| Enter");
    i = stage_intent(&s);
    assert_int_equal(i.kind, INTENT_DUMP);
    assert_string_equal(i.arg, "/tmp/x.txt");
    assert_non_null(strstr(i.dump, "postgres"));
    assert_int_equal(i.dump_len, strlen(i.dump));
    stage_keys(&s, "j Ctrl-R");
    i = stage_intent(&s);
    assert_int_equal(i.kind, INTENT_ASK);
    assert_string_equal(text_str(&s.board->services[i.service].id), "api");
    stage_keys(&s, "Ctrl-Z Ctrl-L");
    assert_int_equal(stage_intent(&s).kind, INTENT_SUSPEND);
    assert_int_equal(stage_intent(&s).kind, INTENT_REDRAW);
    stage_keys(&s, ": |theme light| Enter");
    assert_ptr_equal(console_theme(s.console), theme_find("light"));
    stage_no_intent(&s);
    stage_close(&s);
}

static void wrong_commands_say_what_would_work(void **state)
{
    struct stage s;

    (void)state;
    stage_open(&s, "broken", 120, 36, false);
    stage_keys(&s, ": |relaod| Enter");
    assert_true(stage_shows(&s, "'relaod' is no command; did you mean 'reload'?"));
    stage_keys(&s, ": |xyzzy| Enter");
    assert_true(stage_shows(&s, "'xyzzy' is no command; Tab shows them all"));
    stage_keys(&s, ": |fault con_leak| Enter");
    assert_true(stage_shows(&s, "no fault 'con_leak'; did you mean 'conn_leak'?"));
    stage_keys(&s, ": |fault| Enter");
    assert_true(stage_shows(&s, "write: fault NAME[=VALUE]"));
    stage_keys(&s, ": |goto nowhere| Enter");
    assert_true(stage_shows(&s, "no screen and no service 'nowhere'; Tab shows them all"));
    stage_keys(&s, ": |theme pink| Enter");
    assert_true(stage_shows(&s, "no theme 'pink'; write dark, light or mono"));
    stage_keys(&s, ": |quit now| Enter");
    assert_true(stage_shows(&s, "'quit' takes nothing more"));
    assert_false(console_quitting(s.console));
    console_faults(s.console, NULL, 0);
    stage_keys(&s, ": |fault db_down| Enter");
    assert_true(stage_shows(&s, "faults exist in `midwatch demo` only"));
    stage_no_intent(&s);
    stage_close(&s);
}

static void tab_offers_every_fault_of_a_large_demo(void **state)
{
    static char words[CMDLINE_WORDS][CMDLINE_WORD];
    const char *faults[24];
    char name[24][16];
    struct board *b = stage_board("broken");
    struct cmdline_names names = { b, faults, 24 };

    (void)state;
    for (int i = 0; i < 24; i++) {
        snprintf(name[i], sizeof name[i], "fault_%d", i);
        faults[i] = name[i];
    }
    assert_int_equal(cmdline_complete("fault ", &names, words), 24);
    assert_string_equal(words[23], "fault fault_23");
    board_free(b);
}

static void a_fault_takes_a_value_as_the_demo_lists_it(void **state)
{
    static const char *const faults[] = { "conn_leak", "conn" };
    struct cmdline_names names = { NULL, faults, 2 };
    const struct verb_row *verb;
    const char *arg;
    struct err err;

    (void)state;
    assert_true(cmdline_parse("fault conn_leak=25", &names, &verb, &arg, &err));
    assert_string_equal(arg, "conn_leak=25");
    assert_false(cmdline_parse("fault con=25", &names, &verb, &arg, &err));
    assert_false(cmdline_parse("fault conn_leaks=25", &names, &verb, &arg, &err));
    assert_false(cmdline_parse("fault =25", &names, &verb, &arg, &err));
}

static void goto_opens_screens_and_services(void **state)
{
    struct stage s;

    (void)state;
    stage_open(&s, "broken", 80, 24, false);
    stage_keys(&s, ": |goto 2| Enter");
    assert_true(stage_shows(&s, " reason "));
    stage_keys(&s, ": |goto redis| Enter");
    assert_true(stage_shows(&s, "┌─ Service redis"));
    stage_keys(&s, ": |g| Tab |sc| Tab Enter");
    assert_true(stage_shows(&s, "┌─ Service scraper"));
    stage_close(&s);
}

static void goto_takes_what_the_screen_calls_a_service(void **state)
{
    struct stage s;

    (void)state;
    stage_open(&s, "broken", 120, 36, false);
    text_sets(&s.board->services[2].title, "Shop API");
    console_board(s.console, s.board, s.now_ms);
    stage_keys(&s, ": |goto shop api| Enter");
    assert_true(stage_shows(&s, "Service Shop API"));
    stage_keys(&s, "Esc : |goto POSTGRES| Enter");
    assert_true(stage_shows(&s, "Service postgres"));
    stage_close(&s);
}

static void history_and_editing_on_the_command_line(void **state)
{
    struct stage s;

    (void)state;
    stage_open(&s, "broken", 80, 24, false);
    stage_keys(&s, ": |filter redis| Enter : |filter api| Enter : Up Up");
    assert_true(stage_shows(&s, ":filter redis"));
    stage_keys(&s, "Down Ctrl-W |web|");
    assert_true(stage_shows(&s, ":filter web"));
    stage_keys(&s, "Home |x| Esc");
    assert_true(stage_shows(&s, "/api")); /* Esc ran nothing */
    stage_keys(&s, ": Backspace");        /* erasing nothing leaves the line */
    assert_true(stage_shows(&s, "j/k move"));
    stage_close(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(commands_become_intents),
        cmocka_unit_test(wrong_commands_say_what_would_work),
        cmocka_unit_test(tab_offers_every_fault_of_a_large_demo),
        cmocka_unit_test(a_fault_takes_a_value_as_the_demo_lists_it),
        cmocka_unit_test(goto_opens_screens_and_services),
        cmocka_unit_test(goto_takes_what_the_screen_calls_a_service),
        cmocka_unit_test(history_and_editing_on_the_command_line),
    };

    stage_world();
    return cmocka_run_group_tests(tests, NULL, NULL);
}

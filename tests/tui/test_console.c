/* tests/tui/test_console.c: what keys do: intents, steps back, filter, freeze, paste; and what
 * every size and every state of the board looks like. */
#include "tests/tui/stage.h"
#include "tui/cmdline.h"
#include "tui/detail.h"
#include "tui/filter.h"

#include "tests/cmocka.h"

#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "tui/screen.h"

static struct intent only_intent(struct stage *s)
{
    struct intent i;

    assert_true(console_intent(s->console, &i));
    return i;
}

static void no_intent(struct stage *s)
{
    struct intent i;

    assert_false(console_intent(s->console, &i));
}

static void q_quits_at_top_level_only(void **state)
{
    struct stage s;

    (void)state;
    stage_open(&s, "broken", 80, 24, false);
    stage_keys(&s, "Enter q");
    assert_false(console_quitting(s.console));
    no_intent(&s);
    stage_keys(&s, "? q");
    assert_false(console_quitting(s.console));
    stage_keys(&s, "q");
    assert_true(console_quitting(s.console));
    assert_int_equal(only_intent(&s).kind, INTENT_QUIT);
    stage_close(&s);
}

static void esc_goes_one_step_back_and_never_out(void **state)
{
    struct stage s;

    (void)state;
    stage_open(&s, "broken", 80, 24, false);
    stage_keys(&s, "2 / |state=down| Enter e Enter ?");
    assert_true(stage_shows(&s, "┌─ Help"));
    stage_keys(&s, "Esc");
    assert_true(stage_shows(&s, "┌─ Service postgres"));
    stage_keys(&s, "Esc");
    assert_true(stage_shows(&s, "/state=down"));
    stage_keys(&s, "Esc");
    assert_false(stage_shows(&s, "/state=down"));
    assert_true(stage_shows(&s, "problems only"));
    stage_keys(&s, "Esc");
    assert_false(stage_shows(&s, "problems only"));
    assert_false(stage_shows(&s, "┌─ Signals"));
    stage_keys(&s, "Esc");
    assert_true(stage_shows(&s, "┌─ Signals")); /* the overview */
    stage_keys(&s, "Esc Esc Esc Ctrl-C");
    assert_false(console_quitting(s.console));
    assert_int_equal(only_intent(&s).kind, INTENT_CANCEL);
    stage_close(&s);
}

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
    no_intent(&s);
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
    no_intent(&s);
    stage_keys(&s, ":");
    paste_bytes(&s, 1 << 20, true); /* into each input: cut at its cap */
    no_intent(&s);
    stage_keys(&s, "Esc /");
    paste_bytes(&s, 1 << 20, true);
    no_intent(&s);
    stage_keys(&s, "Esc");
    stage_is(&s, "overview-broken-120x36");
    paste_bytes(&s, 1 << 17, false); /* an old terminal cannot tell: these are keys */
    while (console_intent(s.console, &i))
        assert_true(i.kind == INTENT_COPY || i.kind == INTENT_QUIT);
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

static void commands_become_intents(void **state)
{
    struct stage s;
    struct intent i;

    (void)state;
    stage_open(&s, "broken", 80, 24, false);
    stage_keys(&s, ": |reload| Enter");
    assert_int_equal(only_intent(&s).kind, INTENT_RELOAD);
    stage_keys(&s, ": |fault conn_leak| Enter");
    i = only_intent(&s);
    assert_int_equal(i.kind, INTENT_FAULT);
    assert_string_equal(i.arg, "conn_leak");
    stage_keys(&s, ": |dump /tmp/x.txt| Enter");
    i = only_intent(&s);
    assert_int_equal(i.kind, INTENT_DUMP);
    assert_string_equal(i.arg, "/tmp/x.txt");
    assert_non_null(strstr(i.dump, "postgres"));
    assert_int_equal(i.dump_len, strlen(i.dump));
    stage_keys(&s, "j Ctrl-R");
    i = only_intent(&s);
    assert_int_equal(i.kind, INTENT_ASK);
    assert_string_equal(text_str(&s.board->services[i.service].id), "api");
    stage_keys(&s, "Ctrl-Z Ctrl-L");
    assert_int_equal(only_intent(&s).kind, INTENT_SUSPEND);
    assert_int_equal(only_intent(&s).kind, INTENT_REDRAW);
    stage_keys(&s, ": |theme light| Enter");
    assert_ptr_equal(console_theme(s.console), theme_find("light"));
    no_intent(&s);
    stage_close(&s);
}

static void what_was_refused_is_no_answer(void **state)
{
    struct stage s;
    struct reading *r;

    (void)state;
    stage_open(&s, "broken", 120, 36, false);
    r = &s.board->services[0].readings[0];
    assert_true(r->failing > 0);
    r->fault = FAULT_REFUSED;
    r->phases = PHASES_NONE;
    r->phases.total_us = 210;
    console_board(s.console, s.board, s.now_ms);
    stage_keys(&s, ": |goto postgres| Enter");
    assert_true(stage_shows(&s, "Service postgres"));
    assert_true(stage_shows(&s, "asked in vain "));
    assert_true(stage_shows(&s, "no answer 0.21 ms"));
    assert_false(stage_shows(&s, "body 0.21 ms"));
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
    no_intent(&s);
    stage_close(&s);
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

static void filter_takes_terms_inverse_and_keys(void **state)
{
    static const struct {
        const char *filter, *seen, *unseen;
    } cases[] = {
        { "pay", "● payments", "● redis" },
        { "!pay", "● redis", "● payments" },
        { "state=down", "✗ postgres", "● redis" },
        { "state=affected", "↳ api", "✗ postgres " },
        { "kind=redis", "● redis", "↳ api" },
        { "critical=yes", "✗ postgres", "● redis" },
        { "name=web state=up", "● web", "● redis" },
        { "affected=no state=d", "✗ postgres", "↳ api " },
        { "SLOTS", "✗ postgres", "● redis" },
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct stage s;
        char keys[128];

        stage_open(&s, "broken", 120, 36, false);
        snprintf(keys, sizeof keys, "2 / |%s| Enter", cases[i].filter);
        stage_keys(&s, keys);
        if (!stage_shows(&s, cases[i].seen) || stage_shows(&s, cases[i].unseen))
            fail_msg("/%s: '%s' and not '%s'", cases[i].filter, cases[i].seen, cases[i].unseen);
        stage_close(&s);
    }
}

static void misspelt_filter_is_told_with_the_right_one(void **state)
{
    static const struct {
        const char *filter, *words;
    } cases[] = {
        { "state=dwn", "! there is no state 'dwn'; did you mean 'down'?" },
        { "pay !State=degarded", "! there is no state 'degarded'; did you mean 'degraded'?" },
        { "state=effected", "! there is no state 'effected'; did you mean 'affected'?" },
        { "state=xyzzy", "! there is no state 'xyzzy'; write up, degraded, down, stale, unknown, "
                         "disabled or affected" },
        { "kind=htpp", "! no probe here is of kind 'htpp'; did you mean 'http'?" },
        { "pay kind=ldap", "! no probe here is of kind 'ldap'" },
        { "critical=maybe", "! critical=maybe: write critical=yes or critical=no" },
        { "!affected=up", "! affected=up: write affected=yes or affected=no" },
        { "kidn=http", "! there is no key 'kidn'; did you mean 'kind='?" },
        { "stat=dwn", "! there is no key 'stat'; did you mean 'state='?" },
        { "owner=me",
          "! there is no key 'owner'; write state=, kind=, name=, critical= or affected=" },
    };
    static const char *const fine[] = {
        "state=d",    "state=AFF",   "state=",    "!state=up kind=RED", "kind=",
        "critical=y", "critical=NO", "affected=", "name=nobody"
    };
    struct board *broken = stage_board("broken");

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct stage s;
        char keys[128];

        stage_open(&s, "broken", 120, 36, false);
        snprintf(keys, sizeof keys, "/ |%s| Enter", cases[i].filter);
        stage_keys(&s, keys);
        assert_true(stage_shows(&s, cases[i].words));
        stage_keys(&s, "Esc");
        snprintf(keys, sizeof keys, ": |filter %s| Enter", cases[i].filter);
        stage_keys(&s, keys);
        assert_true(stage_shows(&s, cases[i].words));
        assert_true(stage_shows(&s, "✗ postgres")); /* what cannot match does not filter */
        stage_close(&s);
    }
    for (size_t i = 0; i < sizeof fine / sizeof *fine; i++)
        assert_true(filter_check(fine[i], broken, &(struct err){ "" }));
    board_free(broken);
}

static void frozen_screen_stands_still_and_tells_the_live_state(void **state)
{
    struct stage s;
    struct board *healthy = stage_board("healthy");

    (void)state;
    stage_open(&s, "broken", 120, 36, false);
    stage_keys(&s, "z");
    console_board(s.console, healthy, s.now_ms + 60000);
    s.now_ms += 60000;
    stage_draw(&s);
    assert_true(stage_shows(&s, "FROZEN 1m ago"));
    assert_true(stage_shows(&s, "✗ postgres"));
    assert_true(stage_shows(&s, "now up"));
    stage_keys(&s, "j Enter"); /* one can still look around */
    assert_true(stage_shows(&s, "503: database: too many clients"));
    stage_keys(&s, "Esc z");
    assert_false(stage_shows(&s, "FROZEN"));
    assert_true(stage_shows(&s, "● postgres"));
    board_free(s.board);
    s.board = healthy;
    stage_close(&s);
}

static void frozen_is_said_beside_any_filter(void **state)
{
    static const struct {
        int w, h;
        const char *screen;
    } cases[] = { { 80, 24, "" }, { 60, 18, "" },  { 76, 20, "Enter" },
                  { 40, 12, "" }, { 59, 40, "2" }, { 120, 12, "4" } };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct stage s;
        struct board *healthy = stage_board("healthy");

        stage_open(&s, "broken", cases[i].w, cases[i].h, false);
        stage_keys(&s, "e / |!redis !payments !browserpool !email kind=http| Enter");
        stage_keys(&s, cases[i].screen);
        stage_keys(&s, "z");
        console_board(s.console, healthy, s.now_ms);
        stage_draw(&s);
        assert_true(stage_shows(&s, " FROZEN "));
        assert_true(stage_shows(&s, " now up "));
        assert_true(stage_shows(&s, " frozen"));
        assert_true(cases[i].w < 80 || stage_shows(&s, "problems only"));
        assert_false(stage_shows(&s, "· live"));
        console_board(s.console, s.board, s.now_ms);
        board_free(healthy);
        stage_close(&s);
    }
}

/* Whatever state it froze in: what a tiny terminal shows is never the past alone. */
static void tiny_verdict_is_never_a_frozen_one(void **state)
{
    static const int sizes[][2] = { { 39, 24 }, { 80, 11 }, { 20, 2 }, { 12, 1 }, { 200, 1 } };

    (void)state;
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        struct stage s;
        struct board *broken = stage_board("broken");

        stage_open(&s, "healthy", sizes[i][0], sizes[i][1], false);
        stage_keys(&s, "z");
        s.now_ms += 180000;
        broken->collector_ms = s.now_ms;
        console_board(s.console, broken, s.now_ms);
        stage_draw(&s);
        assert_true(stage_shows(&s, " DOWN "));
        assert_false(stage_shows(&s, "HEALTHY"));
        if (sizes[i][1] > 1)
            assert_true(stage_shows(&s, " FROZEN "));
        console_board(s.console, s.board, s.now_ms);
        board_free(broken);
        stage_close(&s);
    }
}

/* What is typed there acts, so it is seen, and what came of it. */
static void tiny_terminal_shows_the_prompt_and_the_answer(void **state)
{
    static const int sizes[][2] = { { 39, 24 }, { 80, 11 }, { 30, 2 }, { 30, 1 } };

    (void)state;
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        struct stage s;

        stage_open(&s, "broken", sizes[i][0], sizes[i][1], false);
        assert_true(stage_shows(&s, " DOWN "));
        stage_keys(&s, ": |nonsen|");
        assert_true(stage_shows(&s, ":nonsen"));
        assert_int_equal(stage_shows(&s, " DOWN "), sizes[i][1] > 1);
        stage_keys(&s, "Enter");
        assert_true(stage_shows(&s, "! "));
        assert_true(stage_shows(&s, "nonsen"));
        s.now_ms += 60000;
        stage_draw(&s);
        assert_false(stage_shows(&s, "nonsen"));
        stage_keys(&s, "/ |pay|");
        assert_true(stage_shows(&s, "/pay"));
        stage_close(&s);
    }
}

static void tiny_verdict_says_when_there_is_no_news(void **state)
{
    struct stage s;

    (void)state;
    stage_open(&s, "healthy", 39, 1, false);
    assert_true(stage_shows(&s, "services up"));
    s.now_ms += 42000;
    stage_draw(&s);
    assert_true(stage_shows(&s, "no news for 42s  "));
    stage_keys(&s, "z"); /* a frozen board is silent for longer still */
    assert_true(stage_shows(&s, "no news for 42s  "));
    for (int w = 1; w < 39; w++) { /* and with no room for both, this is what is true */
        console_resize(s.console, w, 1);
        stage_draw(&s);
        assert_true(w < 8 || stage_shows(&s, "no news"));
    }
    stage_close(&s);
}

/* A phone has no room for both: what is wrong with the clock goes before the clock. */
static void phone_says_when_there_is_no_news(void **state)
{
    struct stage s;

    (void)state;
    stage_open(&s, "healthy", 40, 12, false);
    assert_true(stage_shows(&s, "Z"));
    s.now_ms += 42000;
    stage_draw(&s);
    assert_true(stage_shows(&s, "no news for 42s"));
    stage_keys(&s, "z");
    assert_true(stage_shows(&s, " frozen"));
    console_resize(s.console, 60, 18);
    text_sets(&s.board->watch, "a watch with quite a long name");
    stage_keys(&s, "z");
    assert_true(stage_shows(&s, "no news for 42s"));
    stage_close(&s);
}

static void selection_survives_a_new_board(void **state)
{
    struct stage s;
    struct board *again;

    (void)state;
    stage_open(&s, "broken", 80, 24, false);
    stage_keys(&s, "j j");
    again = stage_board("healthy");
    console_board(s.console, again, s.now_ms);
    stage_keys(&s, "Enter");
    assert_true(stage_shows(&s, "┌─ Service scraper"));
    board_free(s.board);
    s.board = again;
    stage_close(&s);
}

static void copy_says_what_is_selected(void **state)
{
    struct stage s;
    struct intent i;

    (void)state;
    stage_open(&s, "broken", 80, 24, false);
    stage_keys(&s, "y");
    i = only_intent(&s);
    assert_int_equal(i.kind, INTENT_COPY);
    assert_string_equal(text_str(i.copy),
                        "2026-01-29T02:13:47Z ratemyunit postgres down for 4m12s: "
                        "too many clients: remaining connection slots are "
                        "reserved");
    stage_keys(&s, "j Enter y");
    assert_non_null(strstr(text_str(only_intent(&s).copy), "(http://127.0.0.1:18080/health)"));
    stage_close(&s);
}

/* Nothing is asked of it, so its detail has no probe: the service itself is what there is. */
static void copy_in_a_detail_without_probes_is_not_empty(void **state)
{
    struct stage s;
    struct board *b;

    (void)state;
    stage_open(&s, "broken", 80, 24, false);
    b = board_new(1);
    text_sets(&b->services[0].id, "plan");
    console_board(s.console, b, s.now_ms);
    stage_keys(&s, "Enter y");
    assert_non_null(strstr(text_str(only_intent(&s).copy), " plan unknown "));
    board_free(s.board);
    s.board = b;
    stage_close(&s);
}

static void age_beyond_all_bounds_is_not_young(void **state)
{
    struct stage s;

    (void)state;
    stage_open(&s, "queues", 120, 36, false);
    assert_string_equal(text_str(&s.board->services[0].readings[0].signals[1].name), "oldest");
    s.board->services[0].readings[0].signals[1].value = 1e300;
    console_board(s.console, s.board, s.now_ms);
    stage_keys(&s, "4");
    assert_true(stage_shows(&s, " 99999y "));
    assert_false(stage_shows(&s, " 0s "));
    stage_close(&s);
}

static void screen_is_drawn_only_when_something_may_have_changed(void **state)
{
    struct stage s;

    (void)state;
    stage_open(&s, "broken", 80, 24, false);
    assert_false(console_wants_draw(s.console, s.now_ms));
    assert_false(console_wants_draw(s.console, s.now_ms + 150));
    assert_true(console_wants_draw(s.console, s.now_ms + 1000)); /* the clock */
    console_press(s.console, (struct press){ .code = PRESS_DOWN }, s.now_ms);
    assert_true(console_wants_draw(s.console, s.now_ms));
    stage_draw(&s);
    console_board(s.console, s.board, s.now_ms);
    assert_true(console_wants_draw(s.console, s.now_ms));
    stage_close(&s);
}

static void said_words_leave_after_a_while(void **state)
{
    struct stage s;
    struct text t = { 0 };

    (void)state;
    stage_open(&s, "broken", 80, 24, false);
    text_sets(&t, "midwatch.yaml:14:3: the old configuration stays");
    console_say(s.console, true, &t, s.now_ms);
    text_fini(&t);
    stage_draw(&s);
    assert_true(stage_shows(&s, "! midwatch.yaml:14:3: the old configuration stays"));
    s.now_ms += 9000;
    stage_draw(&s);
    assert_false(stage_shows(&s, "the old configuration stays"));
    stage_close(&s);
}

enum { PAGE_W = 60, PAGE_H = 4 };

/* Every part of the page of a reading against the whole. */
static void page_is_the_same_scrolled(const struct view *v, int service)
{
    int lines = detail_page_lines(v, service, PAGE_W);
    struct canvas whole, part;

    assert_true(lines > PAGE_H);
    canvas_init(&whole, PAGE_W, lines);
    canvas_init(&part, PAGE_W, PAGE_H);
    detail_page(v, service, 0, canvas_rect(&whole), &whole);
    for (int top = 0; top + PAGE_H <= lines; top++) {
        canvas_clear(&part);
        detail_page(v, service, top, canvas_rect(&part), &part);
        assert_memory_equal(part.cells, whole.cells + top * PAGE_W,
                            PAGE_W * PAGE_H * sizeof *part.cells);
    }
    canvas_fini(&whole);
    canvas_fini(&part);
}

/* Only what is in sight is drawn; it must not matter. */
static void scrolled_page_is_the_same_page(void **state)
{
    struct board *b = stage_board("broken");
    struct view v = { .zoom = -1, .errors = PICK_NONE, .latency = PICK_NONE };

    (void)state;
    view_set_board(&v, b, b->at_ms);
    view_settle(&v);
    for (int service = 0; service < (int)b->n_services; service++)
        for (v.reading = 0; v.reading < (int)b->services[service].n_readings; v.reading++)
            page_is_the_same_scrolled(&v, service);
    view_fini(&v);
    board_free(b);
}

static void every_size_from_one_cell_on_is_drawn(void **state)
{
    static const int sizes[][2] = { { 1, 1 },   { 2, 3 },   { 19, 79 },  { 39, 12 }, { 40, 11 },
                                    { 40, 12 }, { 59, 17 }, { 60, 18 },  { 75, 20 }, { 76, 20 },
                                    { 500, 3 }, { 3, 200 }, { 500, 200 } };
    static const char *const keys[] = { "1", "2", "Enter", "?" };

    (void)state;
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        struct stage s;

        stage_open(&s, "broken", sizes[i][0], sizes[i][1], i % 2);
        for (size_t k = 0; k < 4; k++)
            stage_keys(&s, keys[k]);
        stage_close(&s);
    }
}

static void notice_and_blindness_are_said_once(void **state)
{
    struct stage s;

    (void)state;
    stage_open(&s, "unknown", 80, 24, false);
    text_sets(&s.board->notice, "midwatch.yaml:14:3: unknown key; the old configuration stays");
    s.board->notice_bad = true;
    s.board->verdict.blind = true;
    s.board->verdict.state = STATE_UNKNOWN;
    s.board->unreachable_since_ms = s.now_ms - 90000;
    stage_draw(&s);
    assert_true(stage_shows(&s, " UNKNOWN   this console cannot reach the network for 1m30s"));
    assert_true(stage_shows(&s, "! midwatch.yaml:14:3: unknown key; the old configuration stays"));
    stage_close(&s);
}

static void services_go_by_their_titles(void **state)
{
    struct stage s;

    (void)state;
    stage_open(&s, "broken", 120, 36, false);
    text_sets(&s.board->services[0].title, "PostgreSQL");
    text_sets(&s.board->services[2].title, "Shop API");
    stage_draw(&s);
    assert_true(stage_shows(&s, "✗ PostgreSQL "));
    assert_true(
        stage_shows(&s, "✗ PostgreSQL.clients  critical")); /* the same name for its problem */
    assert_true(stage_shows(&s, "↳ Shop API.errors"));
    assert_true(stage_shows(&s, "┌─ Errors Shop API.errors"));
    assert_true(stage_shows(&s, "▴ Shop API version"));
    assert_false(stage_shows(&s, "postgres.clients"));
    stage_keys(&s, "2 j");
    assert_true(stage_shows(&s, " PostgreSQL, ")); /* what it needs */
    stage_keys(&s, "Enter");
    assert_true(stage_shows(&s, "┌─ Service Shop API"));
    assert_true(stage_shows(&s, "affected by PostgreSQL: "));
    assert_true(stage_shows(&s, "id api · needs PostgreSQL, redis · needed by "));
    stage_close(&s);
}

static void silent_collector_is_not_live(void **state)
{
    struct stage s;

    (void)state;
    stage_open(&s, "healthy", 120, 36, false);
    assert_true(stage_shows(&s, " live "));
    s.now_ms += 42000;
    stage_draw(&s);
    assert_false(stage_shows(&s, " live "));
    assert_true(stage_shows(&s, "no news for 42s"));
    stage_close(&s);
}

static void every_state_differs_without_colour(void **state)
{
    static const enum state states[] = { STATE_UP,      STATE_DEGRADED, STATE_DOWN,
                                         STATE_UNKNOWN, STATE_STALE,    STATE_DISABLED };
    struct stage s;
    char seen[8][64] = { "" };

    (void)state;
    for (int ascii = 0; ascii < 2; ascii++) {
        stage_open(&s, "healthy", 120, 36, ascii);
        for (size_t i = 0; i < 7; i++) {
            struct service *api = &s.board->services[2];
            char *dump, *at;

            api->state = i < 6 ? states[i] : STATE_DOWN;
            api->affected_by = i < 6 ? -1 : 0;
            stage_draw(&s);
            dump = canvas_dump(&s.canvas);
            at = strstr(dump, " api  ");
            assert_non_null(at);
            snprintf(seen[i], sizeof seen[i], "%.24s", at - (ascii ? 1 : 3));
            free(dump);
            for (size_t k = 0; k < i; k++) {
                assert_memory_not_equal(seen[k], seen[i], 1 + !ascii * 2); /* the glyph */
                assert_string_not_equal(seen[k] + 3, seen[i] + 3);         /* the word */
            }
        }
        stage_close(&s);
    }
}

static void verdict_is_there_at_any_size(void **state)
{
    (void)state;
    for (int w = 5; w < 130; w += 7)
        for (int h = 1; h < 40; h += 5) {
            struct stage s;

            stage_open(&s, "broken", w, h, false);
            assert_true(stage_shows(&s, w < 6 ? "DO" : "DOWN"));
            stage_close(&s);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(q_quits_at_top_level_only),
        cmocka_unit_test(esc_goes_one_step_back_and_never_out),
        cmocka_unit_test(paste_on_a_screen_does_nothing),
        cmocka_unit_test(a_megabyte_is_pasted_without_a_deed),
        cmocka_unit_test(pasted_enter_runs_no_command),
        cmocka_unit_test(commands_become_intents),
        cmocka_unit_test(what_was_refused_is_no_answer),
        cmocka_unit_test(tab_offers_every_fault_of_a_large_demo),
        cmocka_unit_test(a_fault_takes_a_value_as_the_demo_lists_it),
        cmocka_unit_test(goto_takes_what_the_screen_calls_a_service),
        cmocka_unit_test(wrong_commands_say_what_would_work),
        cmocka_unit_test(goto_opens_screens_and_services),
        cmocka_unit_test(history_and_editing_on_the_command_line),
        cmocka_unit_test(filter_takes_terms_inverse_and_keys),
        cmocka_unit_test(misspelt_filter_is_told_with_the_right_one),
        cmocka_unit_test(frozen_screen_stands_still_and_tells_the_live_state),
        cmocka_unit_test(frozen_is_said_beside_any_filter),
        cmocka_unit_test(tiny_verdict_is_never_a_frozen_one),
        cmocka_unit_test(tiny_terminal_shows_the_prompt_and_the_answer),
        cmocka_unit_test(tiny_verdict_says_when_there_is_no_news),
        cmocka_unit_test(phone_says_when_there_is_no_news),
        cmocka_unit_test(selection_survives_a_new_board),
        cmocka_unit_test(copy_says_what_is_selected),
        cmocka_unit_test(copy_in_a_detail_without_probes_is_not_empty),
        cmocka_unit_test(age_beyond_all_bounds_is_not_young),
        cmocka_unit_test(screen_is_drawn_only_when_something_may_have_changed),
        cmocka_unit_test(said_words_leave_after_a_while),
        cmocka_unit_test(scrolled_page_is_the_same_page),
        cmocka_unit_test(every_size_from_one_cell_on_is_drawn),
        cmocka_unit_test(verdict_is_there_at_any_size),
        cmocka_unit_test(notice_and_blindness_are_said_once),
        cmocka_unit_test(services_go_by_their_titles),
        cmocka_unit_test(silent_collector_is_not_live),
        cmocka_unit_test(every_state_differs_without_colour),
    };

    setenv("TZ", "UTC", 1);
    tzset();
    setlocale(LC_ALL, "C.UTF-8");
    return cmocka_run_group_tests(tests, NULL, NULL);
}

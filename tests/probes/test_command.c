/* tests/probes/test_command.c: what commands say, and real ones that hang, flood, crash and are
 * absent. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "probes/command_impl.h"
#include "tests/probes/run_case.h"

/* ---- judged ---- */

struct ending {
    enum command_read read;
    const char *value; /* NULL = none */
    int exit;          /* negative: by this signal */
    const char *out, *err;
    enum state state;
    const char *reason;
    double number;      /* NAN = no value */
    const char *status; /* JSON Pointers, NULL = none */
    const char *components;
    enum unit unit; /* UNIT_NONE = percent */
};

static const struct ending verdicts[] = {
    /* a plugin */
    { COMMAND_PLUGIN, NULL, 0, "DISK OK - free space: / 3326 MB|/=2643MB;5948\n", "", STATE_UP,
      "DISK OK - free space: / 3326 MB", NAN },
    { COMMAND_PLUGIN, NULL, 1, "DISK WARNING - 10% left\nmore\n", "", STATE_DEGRADED,
      "DISK WARNING - 10% left", NAN },
    { COMMAND_PLUGIN, NULL, 2, "\nCRITICAL: no\n", "", STATE_DOWN, "CRITICAL: no", NAN },
    { COMMAND_PLUGIN, NULL, 3, "UNKNOWN - usage", "", STATE_UNKNOWN, "UNKNOWN - usage", NAN },
    { COMMAND_PLUGIN, NULL, 4, "OK", "", STATE_UNKNOWN, "exit 4 is none of a plugin: OK", NAN },
    { COMMAND_PLUGIN, NULL, 2, "", "cannot connect\n", STATE_DOWN, "exit 2: cannot connect", NAN },
    { COMMAND_PLUGIN, NULL, 0, "", "", STATE_UNKNOWN, "it printed nothing", NAN },
    { COMMAND_PLUGIN, NULL, 3, "\xef\xbb\xbf", "", STATE_UNKNOWN, "exit 3", NAN },
    { COMMAND_PLUGIN, NULL, 0, " \n", "usage: ...", STATE_UNKNOWN, "it printed nothing: usage: ...",
      NAN },
    { COMMAND_PLUGIN, NULL, 0, "DISK CRITICAL - all full", "", STATE_DOWN,
      "DISK CRITICAL - all full", NAN },
    { COMMAND_PLUGIN, NULL, 1, "OK - fine", "", STATE_DEGRADED, "OK - fine", NAN },
    { COMMAND_PLUGIN, NULL, 127, "", "sh: 1: nix: not found", STATE_UNKNOWN,
      "it could not run what it needs (exit 127): sh: 1: nix: not found", NAN },
    { COMMAND_PLUGIN, NULL, -SIGSEGV, "OK", "", STATE_UNKNOWN,
      "killed by signal 11 (Segmentation fault): OK", NAN },
    { COMMAND_PLUGIN, NULL, 0, "\x1b[31mOK\x1b[0m\a red", "", STATE_UP, NULL, NAN },
    { COMMAND_PLUGIN, "/", 0, "DISK OK|/=26%;80\n", "", STATE_UP, "DISK OK", 26 },
    { COMMAND_PLUGIN, "/", 0, "DISK OK|/srv=26%;80\n", "", STATE_UNKNOWN,
      "it tells no number for '/'", NAN },
    { COMMAND_PLUGIN, "/", 2, "DISK CRITICAL\n", "", STATE_DOWN, "DISK CRITICAL", NAN },
    { COMMAND_PLUGIN, "t", 0, "OK|t=3s\n", "", STATE_UNKNOWN, "'t' is in seconds, not in percent",
      NAN },
    /* its exit */
    { COMMAND_EXIT, NULL, 0, "", "", STATE_UP, "exit 0", NAN },
    { COMMAND_EXIT, NULL, 0, "12 tests passed\n", "", STATE_UP, "12 tests passed", NAN },
    { COMMAND_EXIT, NULL, 1, "out\n", "1 test failed\n", STATE_DOWN, "exit 1: 1 test failed", NAN },
    { COMMAND_EXIT, NULL, 126, "", "", STATE_UNKNOWN, "it could not run what it needs (exit 126)",
      NAN },
    /* a number */
    { COMMAND_NUMBER, NULL, 0, " 42.5\n", "", STATE_UP, "42.5%", 42.5 },
    { COMMAND_NUMBER, NULL, 0, "42.5%\n", "", STATE_UP, "42.5%", 42.5 },
    { COMMAND_NUMBER, NULL, 0, "42 of 50\n", "", STATE_UNKNOWN, "not a number: 42 of 50", NAN },
    { COMMAND_NUMBER, NULL, 0, "nan\n", "", STATE_UNKNOWN, "not a number: nan", NAN },
    { COMMAND_NUMBER, NULL, 0, "", "", STATE_UNKNOWN, "it printed nothing", NAN },
    { COMMAND_NUMBER, NULL, 1, "42\n", "df: /x: No such file", STATE_UNKNOWN,
      "exit 1: df: /x: No such file", NAN },
    /* JSON */
    { COMMAND_JSON, NULL, 0, "{\"status\":\"ok\"}", "", STATE_UP, "ok", NAN },
    { COMMAND_JSON, NULL, 0, "{\"db\":\"ok\",\"cache\":\"ok\"}", "", STATE_UP, "up", NAN },
    { COMMAND_JSON, NULL, 0, "{\"status\":\"down\"}", "", STATE_DOWN, NULL, NAN },
    { COMMAND_JSON, NULL, 0, "{\"status\":", "", STATE_UNKNOWN, NULL, NAN },
    { COMMAND_JSON, "/a/0", 0, "{\"a\":[7]}", "", STATE_UP, "7.0%", 7 },
    { COMMAND_JSON, "/a/1", 0, "{\"a\":[7]}", "", STATE_UNKNOWN, "no number at /a/1", NAN },
    { COMMAND_JSON, "/a", 0, "{\"a\":\"7\"}", "", STATE_UNKNOWN, "no number at /a", NAN },
    { COMMAND_JSON, "/a", 2, "{\"a\":7}", "denied", STATE_UNKNOWN, "exit 2: denied", NAN },
    { COMMAND_JSON, NULL, 0, "{\"a\":{\"s\":\"down\"},\"status\":\"ok\"}", "", STATE_DOWN, NULL,
      NAN, .status = "/a/s" },
    { COMMAND_JSON, "/n", 0, "{\"n\":7,\"p\":{\"db\":\"down\"}}", "", STATE_DOWN, NULL, 7,
      .components = "/p" },
    { COMMAND_JSON, NULL, 0, "{\"p\":{\"db\":\"ok\"}}", "", STATE_UP, NULL, NAN,
      .components = "/p" },
    { COMMAND_PLUGIN, "t", 0, "OK|t=0.25s\n", "", STATE_UP, "OK", 250, .unit = UNIT_MS },
};

static void endings_are_judged(void **state)
{
    struct probe_common common = { 0 };
    struct command_say say = { 0 };
    struct report r = { 0 };

    (void)state;
    option_defaults(probe_common_options, &common, UNIT_NONE);
    report_init(&r, 0);
    for (size_t i = 0; i < sizeof verdicts / sizeof verdicts[0]; i++) {
        const struct ending *v = &verdicts[i];
        char *pointer = (char *)v->status;
        struct command_options o = { .read = v->read,
                                     .value = (char *)v->value,
                                     .status = { .items = &pointer, .n = pointer ? 1 : 0 },
                                     .components = (char *)v->components };
        struct run_end end = { .status = v->exit < 0 ? -v->exit : v->exit << 8,
                               .out = v->out,
                               .err = v->err,
                               .out_len = strlen(v->out),
                               .took_ms = 1500 };

        common.unit = v->unit ? v->unit : UNIT_PERCENT;
        report_clear(&r, 1);
        command_judge(&o, &common, &end, &say, &r);
        if (r.state != v->state || (v->reason && strcmp(text_str(&r.reason), v->reason) != 0))
            fail_msg("case %zu: %s '%s', wanted %s '%s'", i, state_word(r.state),
                     text_str(&r.reason), state_word(v->state), v->reason ? v->reason : "");
        assert_null(strchr(text_str(&r.reason), '\x1b'));
        assert_true(r.reason.len > 0);
        assert_int_equal(r.values[0].known && command_has_value(&o), !isnan(v->number));
        assert_true(isnan(v->number) || r.values[0].value == v->number);
        assert_true(r.values[command_has_value(&o)].value == 1500);
        assert_true((r.state == STATE_DOWN) == (r.fault != FAULT_NONE));
    }
    command_say_fini(&say);
    report_fini(&r);
    option_fini(probe_common_options, &common);
}

/* What could be restored is told in the words of all backups, with the RPO or that there is none.
 */
static void the_age_of_a_backup_is_judged_by_its_rpo(void **state)
{
    static const struct {
        const char *out;
        int64_t rpo_ms;
        enum state state;
        const char *reason, *word; /* word: of the finding; NULL = none is made */
    } cases[] = {
        { "150", 300000, STATE_UP, "last good 2m30s ago, RPO 5m", "met" },
        { "300", 300000, STATE_UP, "last good 5m ago, RPO 5m", "met" },
        { "900", 300000, STATE_DOWN, "RPO missed: last good 15m ago, RPO 5m", "missed" },
        { "151200", 0, STATE_UP, "last good 42h ago, RPO not set", "not set" },
        { "-60", 300000, STATE_UNKNOWN, "the last good one is 1m in the future", NULL },
        { "none", 300000, STATE_UNKNOWN, "not a number: none", NULL },
        { "", 0, STATE_UNKNOWN, "it printed nothing", NULL },
    };
    struct probe_common common = { 0 };
    struct command_say say = { 0 };
    struct report r = { 0 };

    (void)state;
    option_defaults(probe_common_options, &common, UNIT_NONE);
    report_init(&r, 0);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct command_options o = { .read = COMMAND_NUMBER,
                                     .backup = true,
                                     .rpo_ms = cases[i].rpo_ms };
        struct run_end end = { .out = cases[i].out, .err = "", .out_len = strlen(cases[i].out) };

        report_clear(&r, 1);
        command_judge(&o, &common, &end, &say, &r);
        assert_string_equal(text_str(&r.reason), cases[i].reason);
        assert_int_equal(r.state, cases[i].state);
        assert_int_equal(r.values[0].known, cases[i].word != NULL);
        assert_int_equal(r.n_components, cases[i].word != NULL);
        if (!cases[i].word)
            continue;
        assert_string_equal(text_str(&r.components[0].name), "RPO");
        assert_string_equal(text_str(&r.components[0].word), cases[i].word);
        assert_true(o.rpo_ms ? r.components[0].value == (double)o.rpo_ms / 1000
                             : isnan(r.components[0].value));
    }
    command_say_fini(&say);
    report_fini(&r);
    option_fini(probe_common_options, &common);
}

/* A good exit with bad words, or the other way about: the worse counts, and the contradiction
 * shows. */
static void a_contradiction_is_told(void **state)
{
    struct probe_common common = { 0 };
    struct command_options o = { .read = COMMAND_PLUGIN };
    struct command_say say = { 0 };
    struct report r = { 0 };

    (void)state;
    report_init(&r, 0);
    command_judge(&o, &common, &(struct run_end){ .out = "CRITICAL - x", .err = "" }, &say, &r);
    assert_int_equal(r.state, STATE_DOWN);
    assert_true(r.disagree);
    report_fini(&r);
}

/* ---- run ---- */

#define SHELL(script) "command", "/bin/sh", "command", "-c", "command", script

static void a_command_sees_what_it_is_given(void **state)
{
    struct probe_case c;

    (void)state;
    setenv("LD_PRELOAD_OF_OURS", "1", 1);
    setenv("BASH_ENV", "/evil", 1);
    run_init(
        &c, "command",
        PAIRS(SHELL("echo \"$GREETING $# ${BASH_ENV-none} ${LD_PRELOAD_OF_OURS-none} $PWD $HOME\""),
              "command", "zero", "command", "a b; echo c", "env:GREETING", "hello $USER `id`",
              "env:HOME", "/nonexistent", "cwd", "/usr", "read", "exit"));
    run_poll(&c);
    assert_int_equal(c.state, STATE_UP);
    assert_string_equal(c.reason, "hello $USER `id` 1 none none /usr /nonexistent");
    case_fini(&c);
    unsetenv("BASH_ENV");
    unsetenv("LD_PRELOAD_OF_OURS");
}

static void a_name_is_looked_for_on_a_fixed_path(void **state)
{
    struct probe_case c;
    char *path = strdup(getenv("PATH") ? getenv("PATH") : "");
    char folder[] = "/tmp/midwatch-test-XXXXXX", fake[64];
    FILE *f;

    (void)state;
    assert_non_null(mkdtemp(folder));
    snprintf(fake, sizeof fake, "%s/true", folder);
    f = fopen(fake, "w");
    fputs("#!/bin/sh\necho poisoned\nexit 1\n", f);
    fclose(f);
    setenv("PATH", folder, 1);
    run_init(&c, "command", PAIRS("command", "true", "read", "exit"));
    run_poll(&c);
    assert_int_equal(c.state, STATE_UP);
    assert_string_equal(c.reason, "exit 0");
    case_fini(&c);
    run_init(&c, "command", PAIRS("command", "no-such-program", "read", "exit"));
    run_poll(&c);
    assert_int_equal(c.state, STATE_UNKNOWN);
    assert_string_equal(c.reason, "local: there is no program 'no-such-program'");
    case_fini(&c);
    run_init(&c, "command", PAIRS("command", "/etc/passwd", "read", "exit"));
    run_poll(&c);
    assert_int_equal(c.state, STATE_UNKNOWN);
    assert_non_null(strstr(c.reason, "cannot start /etc/passwd: Permission denied"));
    case_fini(&c);
    setenv("PATH", path, 1);
    free(path);
    unlink(fake);
    rmdir(folder);
}

/* It ignores TERM: the answer comes at the limit all the same, and only one runs at a time. */
static void one_that_hangs_is_told_at_its_limit(void **state)
{
    struct probe_case c;
    int64_t began;

    (void)state;
    run_init(&c, "command",
             PAIRS(SHELL("trap '' TERM; while :; do sleep 1; done"), "timeout", "300ms", "read",
                   "exit"));
    began = io_mono_ms(c.io);
    run_poll(&c);
    assert_true(io_mono_ms(c.io) - began >= 300);
    assert_int_equal(c.state, STATE_DOWN);
    assert_int_equal(c.fault, FAULT_TIMEOUT);
    assert_string_equal(c.reason, "timeout: no end in 300ms");
    run_poll(&c);
    assert_string_equal(c.reason, "timeout: the last one was ended and has not gone");
    assert_int_equal(c.reports, 2);
    case_fini(&c); /* and ends it */
}

static void a_flood_is_cut_and_its_first_line_kept(void **state)
{
    struct probe_case c;

    (void)state;
    run_init(&c, "command",
             PAIRS(SHELL("echo 'DISK OK - fine'; head -c 3000000 /dev/zero | tr '\\0' x"),
                   "timeout", "30s"));
    run_poll(&c);
    assert_int_equal(c.state, STATE_UP);
    assert_string_equal(c.reason, "DISK OK - fine");
    case_fini(&c);
    run_init(&c, "command",
             PAIRS(SHELL("echo '{\"status\":\"ok\"}'; head -c 3000000 /dev/zero | tr '\\0' ' '"),
                   "timeout", "30s", "read", "json"));
    run_poll(&c);
    assert_int_equal(c.state, STATE_UNKNOWN); /* what is cut off might be the other half */
    case_fini(&c);
}

static void a_crash_is_no_verdict(void **state)
{
    struct probe_case c;

    (void)state;
    run_init(&c, "command", PAIRS(SHELL("kill -9 $$"), "read", "exit"));
    run_poll(&c);
    assert_int_equal(c.state, STATE_UNKNOWN);
    assert_string_equal(c.reason, "killed by signal 9 (Killed)");
    case_fini(&c);
}

static void mistakes_are_refused_with_what_to_write(void **state)
{
    (void)state;
    case_refused("command", "there is no shell; write a list", PAIRS("command", "df -P /"));
    case_refused("command", "neither a whole path nor a name alone", PAIRS("command", "bin/x"));
    case_refused("command", "names no program", PAIRS("command", ""));
    case_refused("command", "value: goes with",
                 PAIRS("command", "x", "value", "/", "read", "exit"));
    case_refused("command", "status: goes with read: json", PAIRS("command", "x", "status", "/a"));
    case_refused("command", "rpo: goes with backup: true",
                 PAIRS("command", "x", "read", "number", "rpo", "1h"));
    case_refused("command", "backup: its age is a number: read: number, or value",
                 PAIRS("command", "x", "read", "exit", "backup", "true"));
    case_refused(
        "command", "components: a backup has its own",
        PAIRS("command", "x", "read", "json", "value", "/a", "components", "/c", "backup", "true"));
    case_refused("command", "unit: the age of a backup is in seconds",
                 PAIRS("command", "x", "read", "number", "unit", "bytes", "backup", "true"));
    case_refused("command", "every: a command is run every 5s at most",
                 PAIRS("command", "x", "every", "1s"));
    case_refused("command", "confirm: a command is run every 5s at most",
                 PAIRS("command", "x", "confirm", "1s"));
    case_refused("command", "env: '1A' is no name", PAIRS("command", "x", "env:1A", "b"));
    case_refused("command", "env: LD_PRELOAD would change",
                 PAIRS("command", "x", "env:LD_PRELOAD", "b"));
    case_refused("command", "JSON Pointer", PAIRS("command", "x", "read", "json", "value", "a.b"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(endings_are_judged),
        cmocka_unit_test(the_age_of_a_backup_is_judged_by_its_rpo),
        cmocka_unit_test(a_contradiction_is_told),
        cmocka_unit_test(a_command_sees_what_it_is_given),
        cmocka_unit_test(a_name_is_looked_for_on_a_fixed_path),
        cmocka_unit_test(one_that_hangs_is_told_at_its_limit),
        cmocka_unit_test(a_flood_is_cut_and_its_first_line_kept),
        cmocka_unit_test(a_crash_is_no_verdict),
        cmocka_unit_test(mistakes_are_refused_with_what_to_write),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

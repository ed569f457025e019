/* tests/app/test_cli.c: the command line says what it takes, and a slip names the right word. */
#include "app/cli.h"

#include "tests/cmocka.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/alloc.h"

static char *argv_of[16];

static bool parse(struct cli *cli, struct err *err, const char *line)
{
    static char copy[400];
    int argc = 0;

    snprintf(copy, sizeof copy, "%s", line);
    memset(argv_of, 0, sizeof argv_of);
    for (char *word = strtok(copy, " "); word; word = strtok(NULL, " "))
        argv_of[argc++] = word;
    return cli_parse(cli, argc, argv_of, err);
}

#define USAGE(line, want)                        \
    do {                                         \
        struct cli cli_;                         \
        struct err err_ = { 0 };                 \
        assert_false(parse(&cli_, &err_, line)); \
        assert_string_equal(err_.msg, want);     \
        cli_fini(&cli_);                         \
    } while (0)

static void the_console_needs_no_word(void **state)
{
    struct cli cli;

    (void)state;
    assert_true(parse(&cli, NULL, "midwatch"));
    assert_int_equal(cli.what, CLI_CONSOLE);
    assert_int_equal(cli.n_args, 0);
    cli_fini(&cli);
    assert_true(parse(&cli, NULL,
                      "midwatch --theme light some/midwatch.yaml --set api=http://h --ascii "
                      "--set=b=1=2"));
    assert_int_equal(cli.what, CLI_CONSOLE);
    assert_int_equal(cli.n_args, 1);
    assert_string_equal(cli.args[0], "some/midwatch.yaml");
    assert_null(cli.args[1]);
    assert_string_equal(cli_themes[cli.theme], "light");
    assert_true(cli.ascii);
    assert_int_equal(cli.sets.n, 2);
    assert_string_equal(cli.sets.keys[1], "b");
    assert_string_equal(cli.sets.values[1], "1=2");
    cli_fini(&cli);
    assert_true(parse(&cli, NULL, "midwatch https://h/health postgres://u@h/d unix:/run/r.sock"));
    assert_int_equal(cli.n_args, 3);
    assert_ptr_equal(cli.args[1], argv_of[2]); /* a password can be wiped there */
    cli_fini(&cli);
    assert_true(parse(&cli, NULL, "midwatch -- ./status"));
    assert_int_equal(cli.what, CLI_CONSOLE);
    cli_fini(&cli);
    cli_fini(&cli);
}

static void each_command_takes_its_options(void **state)
{
    struct cli cli;

    (void)state;
    assert_true(parse(&cli, NULL, "midwatch status --json --timeout=3s x.yaml"));
    assert_int_equal(cli.what, CLI_STATUS);
    assert_true(cli.json);
    assert_int_equal(cli.timeout_ms, 3000);
    cli_fini(&cli);
    assert_true(parse(&cli, NULL, "midwatch check a.yaml b.yaml"));
    assert_int_equal(cli.what, CLI_CHECK);
    assert_int_equal(cli.n_args, 2);
    cli_fini(&cli);
    assert_true(parse(&cli, NULL, "midwatch init -o out.yaml https://h"));
    assert_string_equal(cli.output, "out.yaml");
    cli_fini(&cli);
    assert_true(parse(&cli, NULL, "midwatch init -oout.yaml https://h"));
    assert_string_equal(cli.output, "out.yaml");
    cli_fini(&cli);
    assert_true(parse(&cli, NULL, "midwatch demo neurmatic --scenario NM-1"));
    assert_string_equal(cli.scenario, "NM-1");
    assert_string_equal(cli.args[0], "neurmatic");
    cli_fini(&cli);
    assert_true(parse(&cli, NULL, "midwatch demo --list"));
    assert_true(cli.list);
    cli_fini(&cli);
    assert_true(parse(&cli, NULL, "midwatch check --help"));
    assert_true(cli.help);
    cli_fini(&cli);
    assert_true(parse(&cli, NULL, "midwatch --version"));
    assert_int_equal(cli.what, CLI_VERSION);
    cli_fini(&cli);
    assert_true(parse(&cli, NULL, "midwatch --list-options"));
    assert_int_equal(cli.what, CLI_OPTIONS);
    cli_fini(&cli);
    assert_true(parse(&cli, NULL, "midwatch -h"));
    assert_true(cli.help);
    cli_fini(&cli);
}

static void a_slip_names_the_right_word(void **state)
{
    (void)state;
    USAGE("midwatch staus", "no command and no file 'staus'; did you mean 'status'?");
    USAGE("midwatch qqqqqqq",
          "no command and no file 'qqqqqqq'; 'midwatch --help' lists the commands");
    USAGE("midwatch status --jsn", "unknown option '--jsn'; did you mean '--json'?");
    USAGE("midwatch check --zzzzzz",
          "unknown option '--zzzzzz'; 'midwatch check --help' lists them");
    USAGE("midwatch --zzzzzz", "unknown option '--zzzzzz'; 'midwatch --help' lists them");
    USAGE("midwatch -x", "unknown option '-x'; 'midwatch --help' lists them");
    USAGE("midwatch demo ratemyunt", "demo knows no 'ratemyunt'; did you mean 'ratemyunit'?");
    USAGE("midwatch demo qq", "demo knows no 'qq'; one of: ratemyunit, neurmatic, rachelfoods, "
                              "concierge, hireflux");
    USAGE("midwatch completion bsh", "completion knows no 'bsh'; did you mean 'bash'?");
    USAGE("midwatch help stat", "help knows no 'stat'; did you mean 'status'?");
}

static void what_is_missing_or_too_much_is_told(void **state)
{
    (void)state;
    USAGE("midwatch check", "check needs FILE...");
    USAGE("midwatch init", "init needs URL...");
    USAGE("midwatch completion", "completion needs bash|zsh|fish");
    USAGE("midwatch schema x", "schema takes no argument");
    USAGE("midwatch demo ratemyunit neurmatic", "demo takes one argument");
    USAGE("midwatch status --timeout", "'--timeout' needs DURATION");
    USAGE("midwatch status --timeout 10",
          "--timeout: '10' has no unit; write 500ms, 30s, 15m or 24h");
    USAGE("midwatch status --timeout 1ms",
          "--timeout: '1ms' is out of range; write a duration from 10ms to 10m");
    USAGE("midwatch status --json=yes", "'--json' takes no value");
    USAGE("midwatch --theme blue", "--theme: 'blue' is not known; write auto, dark, light or mono");
    USAGE("midwatch --set api", "--set: 'api' sets nothing; write NAME=VALUE");
    USAGE("midwatch --set a=1 --set a=2", "--set: 'a' stands here twice");
    USAGE("midwatch a.yaml b.yaml", "one configuration at a time; 'b.yaml' is the second");
    USAGE("midwatch a.yaml https://h", "a configuration and addresses do not go together; write "
                                       "the addresses into the file");
    USAGE("midwatch init a.yaml", "'a.yaml' is not an address; write https://host/health, "
                                  "postgres://user@host/db or redis://host");
}

static void every_command_has_help_with_an_example(void **state)
{
    struct buf all = { 0 };

    (void)state;
    cli_help(NULL, &all);
    for (const struct cli_command *c = cli_commands; c->name; c++) {
        struct buf b = { 0 };
        char example[200];
        struct cli cli;

        cli_help(c, &b);
        assert_non_null(strstr(b.bytes, c->example));
        assert_non_null(strstr(b.bytes, "\nExample:\n"));
        assert_non_null(strstr(b.bytes, "--help"));
        assert_non_null(strstr(all.bytes, c->name));
        for (const struct cli_option *o = c->options; o->option.name; o++)
            assert_non_null(strstr(b.bytes, o->option.help));
        for (const char *line = b.bytes; *line; line = strchr(line, '\n') + 1)
            assert_true(strcspn(line, "\n") <= 120);
        buf_fini(&b);
        /* and the example is taken; a redirection is the shell's */
        snprintf(example, sizeof example, "%s", c->example);
        example[strcspn(example, ">")] = '\0';
        if (strncmp(example, "midwatch", 8) == 0) {
            struct err err = { 0 };

            if (!parse(&cli, &err, example))
                fail_msg("%s: %s", example, err.msg);
            assert_int_equal(cli.what, c->what);
            cli_fini(&cli);
        }
    }
    buf_clear(&all);
    cli_help(&cli_commands[0], &all); /* midwatch --help */
    assert_non_null(strstr(all.bytes, "\nCommands:\n"));
    buf_clear(&all);
    cli_version(&all);
    assert_string_equal(all.bytes, "midwatch " MW_VERSION "\n");
    buf_fini(&all);
}

static void urls_are_told_from_files(void **state)
{
    (void)state;
    assert_true(cli_is_url("https://h"));
    assert_true(cli_is_url("HTTP://h"));
    assert_true(cli_is_url("postgresql://h/d"));
    assert_true(cli_is_url("unix:/run/redis.sock"));
    assert_true(cli_is_url("mysql://h")); /* to be refused as an address */
    assert_false(cli_is_url("midwatch.yaml"));
    assert_false(cli_is_url("/etc/midwatch.yaml"));
    assert_false(cli_is_url("://x"));
}

static void the_configuration_is_found_where_it_is_looked_for(void **state)
{
    char folder[] = "/tmp/mw-cli-XXXXXX", path[300], want[300], old[1024];

    (void)state;
    assert_non_null(getcwd(old, sizeof old));
    assert_non_null(mkdtemp(folder));
    assert_int_equal(chdir(folder), 0);
    setenv("XDG_CONFIG_HOME", folder, 1);
    assert_false(cli_default_config(path, sizeof path));
    snprintf(want, sizeof want, "%s/midwatch/midwatch.yaml", folder);
    assert_string_equal(path, want);
    fclose(fopen("midwatch.yaml", "w"));
    assert_true(cli_default_config(path, sizeof path));
    assert_string_equal(path, "midwatch.yaml");
    unlink("midwatch.yaml");
    unsetenv("XDG_CONFIG_HOME");
    setenv("HOME", folder, 1);
    assert_false(cli_default_config(path, sizeof path));
    snprintf(want, sizeof want, "%s/.config/midwatch/midwatch.yaml", folder);
    assert_string_equal(path, want);
    assert_int_equal(chdir(old), 0);
    rmdir(folder);
}

/* Runs `script` in bash with the completion read first; gives what it printed. */
static void bash_says(const char *script, const char *want)
{
    char path[] = "/tmp/mw-completion-XXXXXX", command[700], got[2000];
    struct buf b = { 0 };
    int fd = mkstemp(path);
    size_t n;
    FILE *p;

    assert_true(fd >= 0);
    assert_true(cli_completion("bash", &b));
    assert_int_equal(write(fd, b.bytes, b.len), (ssize_t)b.len);
    close(fd);
    buf_fini(&b);
    snprintf(command, sizeof command,
             "bash --norc -c 'cd /; . %s; %s; printf \"%%s\\n\" \"${COMPREPLY[*]}\"' 2>&1", path,
             script);
    p = popen(command, "r");
    assert_non_null(p);
    n = fread(got, 1, sizeof got - 1, p);
    got[n] = '\0';
    assert_int_equal(pclose(p), 0);
    unlink(path);
    assert_string_equal(got, want);
}

static void bash_completes_from_the_tables(void **state)
{
    (void)state;
    bash_says("COMP_WORDS=(midwatch sta) COMP_CWORD=1; _midwatch", "status\n");
    bash_says("COMP_WORDS=(midwatch status --) COMP_CWORD=2; _midwatch",
              "--json --timeout --set --help\n");
    bash_says("COMP_WORDS=(midwatch demo ne) COMP_CWORD=2; _midwatch", "neurmatic\n");
    bash_says("COMP_WORDS=(midwatch completion \"\") COMP_CWORD=2; _midwatch", "bash zsh fish\n");
    bash_says("COMP_WORDS=(midwatch --theme l) COMP_CWORD=2; _midwatch", "light\n");
    bash_says("COMP_WORDS=(midwatch demo --theme \"\") COMP_CWORD=3; _midwatch",
              "auto dark light mono\n");
    bash_says("COMP_WORDS=(midwatch status --timeout \"\") COMP_CWORD=3; _midwatch", "\n");
    bash_says("COMP_WORDS=(midwatch check etc/hostn) COMP_CWORD=2; _midwatch", "etc/hostname\n");
    bash_says("COMP_WORDS=(midwatch init -o etc/hostn) COMP_CWORD=3; _midwatch", "etc/hostname\n");
    bash_says("COMP_WORDS=(midwatch --) COMP_CWORD=1; _midwatch",
              "--theme --ascii --set --help --version --list-options\n");
}

/* A script that its shell cannot read is worse than none; a shell that is not here is passed over.
 */
static void every_shell_reads_its_script(void **state)
{
    static const char *const rows[][2] = { { "bash", "bash -n" },
                                           { "zsh", "zsh -n" },
                                           { "fish", "fish --no-execute" } };
    struct buf b = { 0 };

    (void)state;
    for (size_t i = 0; i < 3; i++) {
        char path[] = "/tmp/mw-completion-XXXXXX", command[100];
        int fd = mkstemp(path);

        buf_clear(&b);
        assert_true(cli_completion(rows[i][0], &b));
        assert_non_null(strstr(b.bytes, "neurmatic"));
        assert_int_equal(write(fd, b.bytes, b.len), (ssize_t)b.len);
        close(fd);
        snprintf(command, sizeof command, "command -v %s >/dev/null", rows[i][0]);
        if (system(command) == 0) {
            snprintf(command, sizeof command, "%s %s", rows[i][1], path);
            assert_int_equal(system(command), 0);
        }
        unlink(path);
    }
    assert_false(cli_completion("csh", &b));
    buf_fini(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_console_needs_no_word),
        cmocka_unit_test(each_command_takes_its_options),
        cmocka_unit_test(a_slip_names_the_right_word),
        cmocka_unit_test(what_is_missing_or_too_much_is_told),
        cmocka_unit_test(every_command_has_help_with_an_example),
        cmocka_unit_test(urls_are_told_from_files),
        cmocka_unit_test(the_configuration_is_found_where_it_is_looked_for),
        cmocka_unit_test(bash_completes_from_the_tables),
        cmocka_unit_test(every_shell_reads_its_script),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

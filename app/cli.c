/* app/cli.c: the command line: tables and parsing. */
#include "app/cli.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "app/names.h"
#include "core/alloc.h"
#include "core/nearest.h"

const char *const cli_themes[] = { "auto", "dark", "light", "mono", NULL };

#define AT(field) offsetof(struct cli, field)

#define SET                                                                                      \
    {                                                                                            \
        .option = { "set", OPTION_MAP, AT(sets), NULL, "give a variable of the configuration" }, \
        .arg = "NAME=VALUE"                                                                      \
    }
#define SCREEN                                                                                   \
    { .option = { "theme", OPTION_ENUM, AT(theme), "auto", "colours: auto, dark, light or mono", \
                  cli_themes },                                                                  \
      .arg = "NAME" },                                                                           \
    {                                                                                            \
        .option = { "ascii", OPTION_BOOL, AT(ascii), "false", "draw with ASCII only" }           \
    }

static const struct cli_option cli_none[] = { { .option = { 0 } } };

static const struct cli_option cli_console_options[] = { SCREEN, SET, { .option = { 0 } } };

static const struct cli_option cli_status_options[] = {
    { .option = { "json", OPTION_BOOL, AT(json), "false", "print the board as JSON" } },
    { .option = { "timeout", OPTION_DURATION, AT(timeout_ms), NULL,
                  "no probe waits longer than this", NULL, 10, 600000 },
      .arg = "DURATION" },
    SET,
    { .option = { 0 } },
};

static const struct cli_option cli_watch_options[] = {
    { .option = { "json", OPTION_BOOL, AT(json), "false", "log lines of JSON" } },
    SET,
    { .option = { 0 } },
};

static const struct cli_option cli_check_options[] = { SET, { .option = { 0 } } };

static const struct cli_option cli_init_options[] = {
    { .option = { "output", OPTION_PATH, AT(output), NULL, "write a new file, not the screen" },
      .letter = 'o',
      .arg = "FILE" },
    { .option = { 0 } },
};

static const struct cli_option cli_demo_options[] = {
    { .option = { "scenario", OPTION_STRING, AT(scenario), NULL, "inject the fault of a scenario" },
      .arg = "ID" },
    { .option = { "list", OPTION_BOOL, AT(list), "false",
                  "list systems; of SYSTEM its scenarios and faults" } },
    SCREEN,
    { .option = { 0 } },
};

static const struct cli_option cli_journal_options[] = {
    { .option = { "json", OPTION_BOOL, AT(json), "false",
                  "show: print the records as they stand" } },
    { .option = { "since", OPTION_DURATION, AT(since_ms), NULL, "show: not what is older", NULL,
                  1000, 3153600000000 },
      .arg = "DURATION" },
    { .option = { "code", OPTION_STRING, AT(code), NULL, "show: only these records" },
      .arg = "CODE" },
    { .option = { "head", OPTION_STRING, AT(head), NULL, "verify: this one was published once" },
      .arg = "N:HASH" },
    SET,
    { .option = { 0 } },
};

static const struct cli_option cli_test_alert_options[] = {
    { .option = { "received", OPTION_BOOL, AT(received), "false",
                  "record that what was sent has arrived" } },
    SET,
    { .option = { 0 } },
};

static const char *const cli_deeds[] = { "show", "verify", "head", NULL };
static const char *const cli_systems[] = { "ratemyunit", "neurmatic", "rachelfoods",
                                           "concierge",  "hireflux",  NULL };
static const char *const cli_shells[] = { "bash", "zsh", "fish", NULL };
static const char *const cli_names[] = { "status", "watch",   "check",      "init",
                                         "demo",   "journal", "schema",     "completion",
                                         "help",   "version", "test-alert", NULL };

enum { MANY = 10000 };

const struct cli_command cli_commands[] = {
    { "", CLI_CONSOLE, "[CONFIG | URL...]", "open the console",
      "Without an argument ./midwatch.yaml is opened, or the one in ~/.config/midwatch. Addresses\n"
      "alone are enough: https://host/health, postgres://user@host/db, redis://host.",
      "midwatch https://api.example.org/health redis://127.0.0.1", "watch these two, now", 0, MANY,
      NULL, CLI_FREE_ALL, cli_console_options },
    { "status", CLI_STATUS, "[CONFIG | URL...]", "ask everything once and print a report",
      "Ends with 0 when all is up, 1 degraded, 2 down, 3 unknown.",
      "midwatch status --json midwatch.yaml", "for scripts and other programs", 0, MANY, NULL,
      CLI_FREE_ALL, cli_status_options },
    { "watch", CLI_WATCH, "[CONFIG | URL...]", "watch without a screen, as a service",
      "What changes goes to standard error, a line each; alerts go into the journal of the watch.\n"
      "SIGHUP reads the configuration again, SIGTERM ends it.",
      "midwatch watch --json /etc/midwatch.yaml", "under systemd, day and night", 0, MANY, NULL,
      CLI_FREE_ALL, cli_watch_options },
    { "check", CLI_CHECK, "FILE...", "find every mistake in a configuration",
      "Each is printed as file:line:col: key: what was read, what would work. Ends with 0 or 2.",
      "midwatch check midwatch.yaml", "before every commit and reload", 1, MANY, NULL, CLI_FREE_ALL,
      cli_check_options },
    { "init", CLI_INIT, "URL...", "write a configuration by looking",
      "What is written is exactly what 'midwatch URL...' would use, with comments. A password of\n"
      "an address never stands in it.",
      "midwatch init -o midwatch.yaml https://api.example.org postgres://app@db/shop",
      "a first configuration", 1, MANY, NULL, CLI_FREE_ALL, cli_init_options },
    { "demo", CLI_DEMO, "[SYSTEM]",
      "a simulated system with a real database, and the console on it",
      "Systems: ratemyunit (default), neurmatic, rachelfoods, concierge, hireflux. Everything "
      "runs\n"
      "on this machine, in a temporary folder, and stops with the console. ':fault\n"
      "NAME' in the console breaks something.",
      "midwatch demo neurmatic --scenario NM-1", "Redis goes down; see what the console says", 0, 1,
      cli_systems, CLI_FREE_NONE, cli_demo_options },
    { "journal", CLI_JOURNAL, "show|verify|head [CONFIG]",
      "what was recorded, and whether it still is",
      "'show' prints the records of the watch, 'head' the number and hash of the last one, for "
      "you\n"
      "to keep elsewhere; 'verify' holds every record against the chain, and with --head against\n"
      "what you kept. Ends with 0, 1 when the journal was changed, 2 when it cannot be read.",
      "midwatch journal verify midwatch.yaml", "after an incident, before the report", 1, 2,
      cli_deeds, CLI_FREE_BUT_FIRST, cli_journal_options },
    { "test-alert", CLI_TEST_ALERT, "CHANNEL [CONFIG]",
      "send a message marked TEST through a channel",
      "What came of it stands in the journal. When it has arrived, --received records that; a\n"
      "channel of which nobody said so within 30 days is named beside its alerts. Ends with 0, or\n"
      "1 when the channel did not take it.",
      "midwatch test-alert oncall midwatch.yaml", "does anybody wake up?", 1, 2, NULL, CLI_FREE_ALL,
      cli_test_alert_options },
    { "schema", CLI_SCHEMA, "", "print the JSON Schema of the configuration",
      "For editors: yaml-language-server and others check and complete with it.",
      "midwatch schema > midwatch.schema.json", "then point your editor at it", 0, 0, NULL,
      CLI_FREE_NONE, cli_none },
    { "completion", CLI_COMPLETION, "bash|zsh|fish", "print a completion script for a shell",
      "To be read by the shell when it starts.", "source <(midwatch completion bash)",
      "for this bash", 1, 1, cli_shells, CLI_FREE_NONE, cli_none },
    { "help", CLI_HELP, "[COMMAND]", "explain a command", "The same as COMMAND --help.",
      "midwatch help status", "what status can do", 0, 1, cli_names, CLI_FREE_NONE, cli_none },
    { "version", CLI_VERSION, "", "print the version", "The same as --version.", "midwatch version",
      "for a bug report", 0, 0, NULL, CLI_FREE_NONE, cli_none },
    { 0 },
};

/* Stand alone, for those who expect them. */
static const struct {
    const char *arg;
    enum cli_do what;
} cli_alone[] = {
    { "--version", CLI_VERSION },
    { "-V", CLI_VERSION },
    { "--list-options", CLI_OPTIONS },
};

const struct cli_command *cli_command_find(const char *name)
{
    for (const struct cli_command *c = cli_commands; c->name; c++)
        if (strcmp(c->name, name) == 0)
            return c;
    return NULL;
}

static bool cli_scheme_is(const char *arg, size_t len)
{
    static const char *const schemes[] = { "http",  "https",  "postgres", "postgresql",
                                           "redis", "rediss", NULL };

    for (size_t i = 0; schemes[i]; i++)
        if (strlen(schemes[i]) == len && strncasecmp(arg, schemes[i], len) == 0)
            return true;
    return false;
}

/* Any scheme counts, so that a mistyped one is told as such and not as a missing file. */
bool cli_is_url(const char *arg)
{
    const char *colon = strstr(arg, "://");

    if (strncmp(arg, "unix:/", 6) == 0)
        return true;
    return colon && colon > arg &&
           (cli_scheme_is(arg, (size_t)(colon - arg)) || access(arg, F_OK) != 0);
}

bool cli_default_config(char *path, size_t size)
{
    const char *xdg = getenv("XDG_CONFIG_HOME"), *home = getenv("HOME");

    snprintf(path, size, "midwatch.yaml");
    if (access(path, F_OK) == 0)
        return true;
    if (xdg && *xdg == '/')
        snprintf(path, size, "%s/midwatch/midwatch.yaml", xdg);
    else if (home && *home == '/')
        snprintf(path, size, "%s/.config/midwatch/midwatch.yaml", home);
    return access(path, F_OK) == 0;
}

static const struct cli_option *cli_option_find(const struct cli_command *c, const char *name,
                                                size_t len, char letter)
{
    for (const struct cli_option *o = c->options; o->option.name; o++)
        if ((letter && o->letter == letter) ||
            (name && strlen(o->option.name) == len && strncmp(o->option.name, name, len) == 0))
            return o;
    return NULL;
}

static bool cli_set_var(struct cli *cli, const struct cli_option *o, const char *value,
                        struct err *err)
{
    const char *eq = strchr(value, '=');
    char *name;
    bool fine;

    if (!eq || eq == value)
        return err_set(err, "'%.60s' sets nothing; write %s", value, o->arg);
    name = xstrndup(value, (size_t)(eq - value));
    fine = option_map_add(&o->option, cli, name, eq + 1, err);
    free(name);
    return fine;
}

static bool cli_option_set(struct cli *cli, const struct cli_option *o, const char *value,
                           struct err *err)
{
    bool fine;

    if (o->option.type == OPTION_MAP)
        fine = cli_set_var(cli, o, value, err);
    else
        fine = option_set(&o->option, cli, value, UNIT_NONE, err);
    return fine || err_wrap(err, "--%s", o->option.name);
}

static bool cli_unknown_option(const struct cli_command *c, const char *arg, struct err *err)
{
    const char *known[32] = { "help" };
    size_t n = 1, len = strcspn(arg, "=");
    char *name = xstrndup(arg, len);
    const char *near;

    for (const struct cli_option *o = c->options; o->option.name && n < 32; o++)
        known[n++] = o->option.name;
    near = nearest_word(name + strspn(name, "-"), known, n);
    if (near)
        err_set(err, "unknown option '%.60s'; did you mean '--%s'?", name, near);
    else
        err_set(err, "unknown option '%.60s'; 'midwatch %s%s--help' lists them", name, c->name,
                *c->name ? " " : "");
    free(name);
    return false;
}

/* One word that begins with a dash; `*i` moves on when its argument is the next word. */
static bool cli_parse_option(struct cli *cli, char **argv, int *i, struct err *err)
{
    const char *arg = argv[*i];
    bool is_long = arg[1] == '-';
    const char *name = is_long ? arg + 2 : NULL, *value = NULL;
    size_t len = name ? strcspn(name, "=") : 0;
    const struct cli_option *o;

    if (strcmp(arg, "--help") == 0 || strcmp(arg, "-h") == 0) {
        cli->help = true;
        return true;
    }
    o = cli_option_find(cli->command, name, len, is_long ? 0 : arg[1]);
    if (!o)
        return cli_unknown_option(cli->command, arg, err);
    if (is_long && name[len] == '=')
        value = name + len + 1;
    else if (!is_long && arg[2])
        value = arg + 2;
    if (o->option.type == OPTION_BOOL) {
        if (value)
            return err_set(err, "'--%s' takes no value", o->option.name);
        return cli_option_set(cli, o, "true", err);
    }
    if (!value && !argv[*i + 1])
        return err_set(err, "'--%s' needs %s", o->option.name, o->arg);
    if (!value)
        value = argv[++*i];
    return cli_option_set(cli, o, value, err);
}

static bool cli_join(const char *const *words, const char *between, char *out, size_t size)
{
    size_t len = 0;

    for (size_t i = 0; words[i] && len < size; i++)
        len += (size_t)snprintf(out + len, size - len, "%s%s", i ? between : "", words[i]);
    return len < size;
}

/* The words of a command that takes only some. */
static bool cli_check_words(const struct cli *cli, struct err *err)
{
    const struct cli_command *c = cli->command;
    char all[160];

    if (!c->words || c->free == CLI_FREE_ALL)
        return true;
    cli_join(c->words, ", ", all, sizeof all);
    for (size_t i = 0; i < (c->free == CLI_FREE_NONE ? cli->n_args : 1); i++) {
        const char *near;
        bool known = false;

        for (size_t j = 0; c->words[j]; j++)
            known |= strcmp(c->words[j], cli->args[i]) == 0;
        if (known)
            continue;
        near = nearest_word(cli->args[i], c->words, 0);
        if (near)
            return err_set(err, "%s knows no '%.60s'; did you mean '%s'?", c->name, cli->args[i],
                           near);
        return err_set(err, "%s knows no '%.60s'; one of: %s", c->name, cli->args[i], all);
    }
    return true;
}

/* A word that is no command, no file and no address was meant as one of them. Addresses and files
 * do not mix: which would be the configuration? */
static bool cli_check_sources(const struct cli *cli, struct err *err)
{
    size_t urls = 0;
    char start[64];

    if (cli->what != CLI_CONSOLE && cli->what != CLI_STATUS && cli->what != CLI_INIT)
        return true;
    for (size_t i = 0; i < cli->n_args; i++) {
        const char *arg = cli->args[i], *near;

        name_excerpt(start, sizeof start, arg);
        if (cli_is_url(arg)) {
            urls++;
        } else if (cli->what == CLI_INIT) {
            return err_set(err,
                           "'%s' is not an address; write https://host/health, "
                           "postgres://user@host/db or redis://host",
                           start);
        } else if (cli->what == CLI_CONSOLE && !strpbrk(arg, "./") && access(arg, F_OK) != 0) {
            near = nearest_word(start, cli_names, 0);
            if (near)
                return err_set(err, "no command and no file '%s'; did you mean '%s'?", start, near);
            return err_set(err, "no command and no file '%s'; 'midwatch --help' lists the commands",
                           start);
        }
    }
    if (urls && urls < cli->n_args)
        return err_set(err, "a configuration and addresses do not go together; write the addresses "
                            "into the file");
    if (!urls && cli->n_args > 1)
        return err_set(err, "one configuration at a time; '%s' is the second",
                       name_excerpt(start, sizeof start, cli->args[1]));
    return true;
}

static bool cli_check(const struct cli *cli, struct err *err)
{
    const struct cli_command *c = cli->command;

    if (cli->help)
        return true;
    if (cli->n_args < c->min_args)
        return err_set(err, "%s needs %s", c->name, c->args);
    if (cli->n_args > c->max_args && c->max_args == 0)
        return err_set(err, "%s takes no argument", c->name);
    if (cli->n_args > c->max_args)
        return err_set(err, "%s takes one argument", c->name);
    return cli_check_words(cli, err) && cli_check_sources(cli, err);
}

bool cli_parse(struct cli *cli, int argc, char **argv, struct err *err)
{
    bool only_args = false;
    int at = 1;

    *cli = (struct cli){ .command = &cli_commands[0] };
    cli->args = xcalloc((size_t)argc + 1, sizeof *cli->args);
    for (size_t i = 0; argc == 2 && i < sizeof cli_alone / sizeof *cli_alone; i++) {
        if (strcmp(argv[1], cli_alone[i].arg) == 0) {
            cli->what = cli_alone[i].what;
            return true;
        }
    }
    if (argc > 1 && *argv[1] && cli_command_find(argv[1])) {
        cli->command = cli_command_find(argv[1]);
        at = 2;
    }
    cli->what = cli->command->what;
    for (; at < argc; at++) {
        if (!only_args && strcmp(argv[at], "--") == 0)
            only_args = true;
        else if (!only_args && argv[at][0] == '-' && argv[at][1]) {
            if (!cli_parse_option(cli, argv, &at, err))
                return false;
        } else {
            cli->args[cli->n_args++] = argv[at];
        }
    }
    return cli_check(cli, err);
}

void cli_fini(struct cli *cli)
{
    free(cli->args);
    free(cli->output);
    free(cli->scenario);
    free(cli->head);
    free(cli->code);
    strmap_fini(&cli->sets);
    *cli = (struct cli){ 0 };
}

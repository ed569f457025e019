/* app/cli.h: the command line as tables: commands, their options, examples.
 *
 * Parsing, `--help`, `midwatch help`, shell completion and the check of the man page read the same
 * tables. Nothing is printed here.
 *
 * Errors:  words with the nearest right one; the status is then CLI_USAGE.
 * Owner:   cli_fini() frees what parsing made. The arguments are those of argv, unchanged: whoever
 *          takes a password out of one may write into it.
 */
#pragma once

#include "core/buf.h"
#include "core/option.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { /* exit codes; 64 and above as in sysexits.h */
       CLI_OK = 0,
       CLI_CHECK_FAILED = 2,
       CLI_USAGE = 64,
       CLI_NO_SYSTEM = 71,
       CLI_NOT_CREATED = 73,
       CLI_NOT_WRITTEN = 74,
       CLI_BAD_CONFIG = 78
};

enum cli_do {
    CLI_CONSOLE,
    CLI_STATUS,
    CLI_WATCH,
    CLI_CHECK,
    CLI_INIT,
    CLI_DEMO,
    CLI_JOURNAL,
    CLI_TEST_ALERT,
    CLI_SCHEMA,
    CLI_OPTIONS,
    CLI_COMPLETION,
    CLI_HELP,
    CLI_VERSION
};

struct cli {
    enum cli_do what;
    char **args; /* what is neither command nor option: of argv, NULL-terminated */
    size_t n_args;
    struct strmap sets; /* --set NAME=VALUE */
    bool json, list, ascii;
    bool received;      /* test-alert --received */
    int64_t timeout_ms; /* 0 = as the probes say */
    char *output;       /* init -o; NULL = standard output */
    char *scenario;     /* demo --scenario */
    char *head, *code;  /* journal --head N:HASH, --code CODE */
    int64_t since_ms;   /* journal --since: how long ago; 0 = from the beginning */
    int theme;          /* index into cli_themes, 0 = by itself */
    bool help;          /* --help of `command` was asked for */
    const struct cli_command *command;
};

struct cli_option {
    struct option option; /* the name without its dashes; OPTION_BOOL takes no argument */
    char letter;          /* 0 = none */
    const char *arg;      /* "FILE" */
};

enum cli_words { CLI_FREE_NONE, CLI_FREE_BUT_FIRST, CLI_FREE_ALL };

struct cli_command {
    const char *name; /* "" = the console, which needs no word */
    enum cli_do what;
    const char *args; /* "FILE..." */
    const char *help; /* one line */
    const char *more; /* a paragraph; may hold several lines */
    const char *example, *example_says;
    size_t min_args, max_args;
    const char *const *words;         /* what arguments may be, for completion; NULL = files */
    enum cli_words free;              /* which of them may be other words too */
    const struct cli_option *options; /* ends with a NULL name */
};

extern const struct cli_command cli_commands[]; /* ends with a NULL name */
extern const char *const cli_themes[];

/* False with err set for a usage error. argv[argc] is NULL, as main() has it. */
bool cli_parse(struct cli *cli, int argc, char **argv, struct err *err);
void cli_fini(struct cli *cli);
const struct cli_command *cli_command_find(const char *name);
/* Is this argument an address (http://, postgres://, redis://, ...) and not a file? */
bool cli_is_url(const char *arg);
/* Where a configuration is looked for when none is named: ./midwatch.yaml, then
 * $XDG_CONFIG_HOME/midwatch/midwatch.yaml. False when there is none; `path` says where. */
bool cli_default_config(char *path, size_t size);

void cli_help(const struct cli_command *command,
              struct buf *out); /* NULL or the console: all commands */
void cli_version(struct buf *out);
/* A script for "bash", "zsh" or "fish"; false for another shell. */
bool cli_completion(const char *shell, struct buf *out);

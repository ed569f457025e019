/* app/cli_help.c: what the tables of the command line say: help, version. */
#include "app/cli.h"

#include <stdio.h>
#include <string.h>

static void cli_help_line(struct buf *out, const char *what, const char *help)
{
    buf_addf(out, "  %-26s  %s\n", what, help);
}

static void cli_help_option(const struct cli_option *o, struct buf *out)
{
    char what[64];
    char letter[8] = "    ";

    if (o->letter)
        snprintf(letter, sizeof letter, "-%c, ", o->letter);
    snprintf(what, sizeof what, "%s--%s%s%s", letter, o->option.name, o->arg ? " " : "",
             o->arg ? o->arg : "");
    cli_help_line(out, what, o->option.help);
}

static void cli_help_command(const struct cli_command *c, struct buf *out)
{
    buf_addf(out, "usage: midwatch%s%s%s%s%s\n\n", *c->name ? " " : "", c->name,
             c->options->option.name ? " [OPTION...]" : "", *c->args ? " " : "", c->args);
    buf_addf(out, "%s.\n%s\n", c->help, c->more);
    buf_adds(out, "\nOptions:\n");
    for (const struct cli_option *o = c->options; o->option.name; o++)
        cli_help_option(o, out);
    cli_help_line(out, "-h, --help", "this text");
    buf_addf(out, "\nExample:\n  %s   # %s\n", c->example, c->example_says);
}

void cli_help(const struct cli_command *command, struct buf *out)
{
    size_t first = out->len;

    if (command && *command->name) {
        cli_help_command(command, out);
    } else {
        cli_help_command(&cli_commands[0], out);
        buf_adds(out, "\nCommands:\n");
        for (const struct cli_command *c = cli_commands + 1; c->name; c++) {
            char what[64];

            snprintf(what, sizeof what, "%s%s%s", c->name, *c->args ? " " : "", c->args);
            cli_help_line(out, what, c->help);
        }
        cli_help_line(out, "--version", "print the version");
        cli_help_line(out, "--list-options", "every option of the configuration, a line each");
        buf_adds(out, "\n'midwatch COMMAND --help' says more. man midwatch, man 5 midwatch.yaml\n");
    }
    /* a sentence begins with a capital letter, a line of a table does not */
    char *say = strstr(out->bytes + first, "\n\n");

    if (say && say[2] >= 'a' && say[2] <= 'z')
        say[2] = (char)(say[2] - 'a' + 'A');
}

void cli_version(struct buf *out)
{
    buf_adds(out, "midwatch " MW_VERSION "\n");
}

/* app/cli_completion.c: completion scripts for shells, written from the tables. */
#include "app/cli.h"

#include <string.h>

/* Help stands in single quotes there. */
static void cli_quoted(struct buf *out, const char *s)
{
    buf_addc(out, '\'');
    for (; *s; s++) {
        if (*s == '\'')
            buf_adds(out, "'\\''");
        else
            buf_addc(out, *s);
    }
    buf_addc(out, '\'');
}

static void cli_words(struct buf *out, const char *const *words)
{
    for (size_t i = 0; words && words[i]; i++)
        buf_addf(out, "%s%s", i ? " " : "", words[i]);
}

/* "--json --timeout --help -h" */
static void cli_flags(struct buf *out, const struct cli_command *c)
{
    for (const struct cli_option *o = c->options; o->option.name; o++) {
        buf_addf(out, "--%s ", o->option.name);
        if (o->letter)
            buf_addf(out, "-%c ", o->letter);
    }
    buf_adds(out, "--help");
}

/* After an option that takes an argument: its words, files, or nothing to offer. */
static void cli_bash_values(struct buf *out, const struct cli_command *c)
{
    for (const struct cli_option *o = c->options; o->option.name; o++) {
        if (o->option.type == OPTION_BOOL)
            continue;
        buf_addf(out, "            '%s --%s'", c->name, o->option.name);
        if (o->letter)
            buf_addf(out, "|'%s -%c'", c->name, o->letter);
        buf_adds(out, ") ");
        if (o->option.words) {
            buf_adds(out, "COMPREPLY=($(compgen -W '");
            cli_words(out, o->option.words);
            buf_adds(out, "' -- \"$cur\"))");
        } else if (o->option.type == OPTION_PATH) {
            buf_adds(out, "COMPREPLY=($(compgen -f -- \"$cur\"))");
        } else {
            buf_adds(out, ":");
        }
        buf_adds(out, "; return ;;\n");
    }
}

static void cli_bash(struct buf *out)
{
    buf_adds(out, "# bash completion of midwatch: midwatch completion bash\n"
                  "_midwatch() {\n"
                  "    local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]}\n"
                  "    local cmd=''\n"
                  "    COMPREPLY=()\n"
                  "    if [ \"$COMP_CWORD\" -gt 1 ]; then\n"
                  "        case ${COMP_WORDS[1]} in\n"
                  "            ");
    for (const struct cli_command *c = cli_commands + 1; c->name; c++)
        buf_addf(out, "%s%s", c > cli_commands + 1 ? "|" : "", c->name);
    buf_adds(out, ") cmd=${COMP_WORDS[1]} ;;\n"
                  "        esac\n"
                  "        case \"$cmd $prev\" in\n");
    for (const struct cli_command *c = cli_commands; c->name; c++)
        cli_bash_values(out, c);
    buf_adds(out, "        esac\n"
                  "    fi\n"
                  "    case $cmd in\n");
    for (const struct cli_command *c = cli_commands; c->name; c++) {
        buf_addf(out,
                 "        '%s')\n            case $cur in\n                -*) "
                 "COMPREPLY=($(compgen -W '",
                 c->name);
        cli_flags(out, c);
        if (!*c->name)
            buf_adds(out, " --version --list-options");
        buf_adds(out, "' -- \"$cur\")) ;;\n                *) ");
        if (!*c->name) {
            buf_adds(out, "COMPREPLY=($(compgen -f -- \"$cur\"))\n"
                          "                   [ \"$COMP_CWORD\" -eq 1 ] && "
                          "COMPREPLY+=($(compgen -W '");
            for (const struct cli_command *d = cli_commands + 1; d->name; d++)
                buf_addf(out, "%s%s", d > cli_commands + 1 ? " " : "", d->name);
            buf_adds(out, "' -- \"$cur\"))");
        } else if (c->words) {
            buf_addf(out, "COMPREPLY=($(compgen%s -W '", c->free == CLI_FREE_NONE ? "" : " -f");
            cli_words(out, c->words);
            buf_adds(out, "' -- \"$cur\"))");
        } else if (c->max_args) {
            buf_adds(out, "COMPREPLY=($(compgen -f -- \"$cur\"))");
        } else {
            buf_adds(out, ":");
        }
        buf_adds(out, " ;;\n            esac ;;\n");
    }
    buf_adds(out, "    esac\n"
                  "}\n"
                  "complete -o filenames -F _midwatch midwatch\n");
}

static void cli_zsh_option(struct buf *out, const struct cli_option *o)
{
    struct buf spec = { 0 };

    if (o->letter)
        buf_addf(&spec, "(-%c --%s)", o->letter, o->option.name);
    buf_addf(&spec, "--%s%s[%s]", o->option.name, o->arg ? "=" : "", o->option.help);
    if (o->arg) {
        buf_addf(&spec, ":%s:", o->arg);
        if (o->option.words) {
            buf_adds(&spec, "(");
            cli_words(&spec, o->option.words);
            buf_adds(&spec, ")");
        } else if (o->option.type == OPTION_PATH) {
            buf_adds(&spec, "_files");
        }
    }
    buf_addc(out, ' ');
    cli_quoted(out, buf_str(&spec));
    buf_fini(&spec);
}

static void cli_zsh(struct buf *out)
{
    buf_adds(out, "#compdef midwatch\n"
                  "# zsh completion of midwatch: midwatch completion zsh\n"
                  "_midwatch() {\n"
                  "    local -a commands\n"
                  "    commands=(\n");
    for (const struct cli_command *c = cli_commands + 1; c->name; c++) {
        buf_adds(out, "        ");
        struct buf line = { 0 };
        buf_addf(&line, "%s:%s", c->name, c->help);
        cli_quoted(out, buf_str(&line));
        buf_fini(&line);
        buf_addc(out, '\n');
    }
    buf_adds(out, "    )\n"
                  "    local cmd=''\n"
                  "    if (( CURRENT > 2 )) && (( ${commands[(I)${words[2]}:*]} )); then\n"
                  "        cmd=${words[2]}\n"
                  "        words=(midwatch \"${words[@]:2}\")\n"
                  "        (( CURRENT-- ))\n"
                  "    elif (( CURRENT == 2 )); then\n"
                  "        _describe command commands\n"
                  "    fi\n"
                  "    case $cmd in\n");
    for (const struct cli_command *c = cli_commands; c->name; c++) {
        buf_addf(out, "        '%s') _arguments", c->name);
        for (const struct cli_option *o = c->options; o->option.name; o++)
            cli_zsh_option(out, o);
        buf_adds(out, " '--help[this text]'");
        if (!*c->name)
            buf_adds(out, " '--version[print the version]' '--list-options[every option]'");
        if (c->words) {
            buf_adds(out, " '*: :(");
            cli_words(out, c->words);
            buf_adds(out, ")'");
        } else if (c->max_args) {
            buf_adds(out, " '*: :_files'");
        }
        buf_adds(out, " ;;\n");
    }
    buf_adds(out, "    esac\n"
                  "}\n"
                  "if [ \"$funcstack[1]\" = _midwatch ]; then\n"
                  "    _midwatch \"$@\"\n"
                  "else\n"
                  "    compdef _midwatch midwatch\n"
                  "fi\n");
}

static void cli_fish_command(struct buf *out, const struct cli_command *c)
{
    const char *when =
        *c->name ? "__fish_seen_subcommand_from " : "not __fish_seen_subcommand_from";
    struct buf on = { 0 };

    buf_addf(&on, "complete -c midwatch -n '%s%s", when, c->name);
    for (const struct cli_command *d = cli_commands + 1; !*c->name && d->name; d++)
        buf_addf(&on, " %s", d->name);
    buf_adds(&on, "'");
    for (const struct cli_option *o = c->options; o->option.name; o++) {
        buf_addf(out, "%s -l %s", buf_str(&on), o->option.name);
        if (o->letter)
            buf_addf(out, " -s %c", o->letter);
        if (o->option.type == OPTION_PATH)
            buf_adds(out, " -r");
        else if (o->arg)
            buf_adds(out, " -x");
        if (o->option.words) {
            buf_adds(out, " -a '");
            cli_words(out, o->option.words);
            buf_adds(out, "'");
        }
        buf_adds(out, " -d ");
        cli_quoted(out, o->option.help);
        buf_addc(out, '\n');
    }
    if (c->words || !c->max_args) {
        buf_addf(out, "%s -f", buf_str(&on));
        if (c->words) {
            buf_adds(out, " -a '");
            cli_words(out, c->words);
            buf_adds(out, "'");
        }
        buf_addc(out, '\n');
    }
    buf_fini(&on);
}

static void cli_fish(struct buf *out)
{
    buf_adds(out,
             "# fish completion of midwatch: midwatch completion fish\n"
             "complete -c midwatch -l help -s h -d 'this text'\n"
             "complete -c midwatch -n __fish_use_subcommand -l version -d 'print the version'\n"
             "complete -c midwatch -n __fish_use_subcommand -l list-options -d 'every option'\n");
    for (const struct cli_command *c = cli_commands + 1; c->name; c++) {
        buf_addf(out, "complete -c midwatch -n __fish_use_subcommand -a %s -d ", c->name);
        cli_quoted(out, c->help);
        buf_addc(out, '\n');
    }
    for (const struct cli_command *c = cli_commands; c->name; c++)
        cli_fish_command(out, c);
}

bool cli_completion(const char *shell, struct buf *out)
{
    if (strcmp(shell, "bash") == 0)
        cli_bash(out);
    else if (strcmp(shell, "zsh") == 0)
        cli_zsh(out);
    else if (strcmp(shell, "fish") == 0)
        cli_fish(out);
    else
        return false;
    return true;
}

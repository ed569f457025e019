/* probes/program.c: a program that a configuration names. */
#include "probes/program.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "io/child.h"

bool program_check(const char *option, const struct strlist *argv, struct err *err)
{
    const char *program = argv->n ? argv->items[0] : "";

    if (!*program)
        return err_set(err, "%s: names no program", option);
    if (argv->n == 1 && strpbrk(program, " \t"))
        return err_set(err, "%s: there is no shell; write a list, such as [df, -P, /]", option);
    if (strchr(program, '/') && *program != '/')
        return err_set(err, "%s: '%s' is neither a whole path nor a name alone", option, program);
    return true;
}

bool program_find(const char *program, char out[PROGRAM_PATH_MAX])
{
    if (*program == '/')
        return snprintf(out, PROGRAM_PATH_MAX, "%s", program) < PROGRAM_PATH_MAX;
    for (const char *at = CHILD_PATH; *at; at += strcspn(at, ":"), at += *at == ':') {
        int len = (int)strcspn(at, ":");

        if (snprintf(out, PROGRAM_PATH_MAX, "%.*s/%s", len, at, program) < PROGRAM_PATH_MAX &&
            access(out, X_OK) == 0)
            return true;
    }
    return false;
}

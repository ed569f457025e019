/* probes/program.h: a program that a configuration names, with its arguments; never a shell. */
#pragma once

#include "core/option.h"

enum { PROGRAM_PATH_MAX = 512 };

/* Message as in "command: names no program". */
bool program_check(const char *option, const struct strlist *argv, struct err *err);
/* A name alone stands for the first of a fixed path, never of ours. False when there is none. */
bool program_find(const char *program, char out[PROGRAM_PATH_MAX]);

/* probes/command_impl.h: between the parts of the kind `command`. */
#pragma once

#include "probes/probe.h"
#include "probes/run.h"

enum command_read { COMMAND_PLUGIN, COMMAND_EXIT, COMMAND_NUMBER, COMMAND_JSON };

struct command_options {
    struct strlist command;
    int read; /* enum command_read */
    char *value;
    struct strlist status;
    char *components;
    struct strmap env;
    char *cwd;
    bool backup;    /* the number is the age of what could be restored */
    int64_t rpo_ms; /* 0 = not set */
};

struct command_say { /* what reading needs again and again; zeroed, command_say_fini() */
    struct healthbody *body;
    struct component rpo; /* of a backup */
};
void command_say_fini(struct command_say *s);

/* How the run ended into state, reason and values of a cleared report. Pure. */
void command_judge(const struct command_options *o, const struct probe_common *common,
                   const struct run_end *end, struct command_say *s, struct report *r);
/* Whether a value is told at all: then it is the main signal, else the time that a run takes. */
bool command_has_value(const struct command_options *o);
enum unit command_unit(const struct command_options *o, const struct probe_common *common);

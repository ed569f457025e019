/* probes/tool.h: a kind that asks a backup tool: one or more runs of its program a poll, their
 * answers into facts of backups, one report.
 *
 * The program is run as probes/run.h has it: argv, never a shell, a built environment. Secrets
 * reach it through its environment alone, fetched for the poll and wiped.
 *
 * Owner:   the kind's state owns the tool; tool_close() is fine on a zeroed one.
 */
#pragma once

#include "io/errand.h"
#include "probes/backup_tools.h"
#include "probes/run.h"

enum { TOOL_ARGS = 32, TOOL_SECRETS = 4, TOOL_OUTPUT_MAX = 2 << 20 };

struct tool_options {
    struct strlist program;
    struct strmap env;
};

/* The rows of a kind's option table; `at` is the offset of its struct tool_options. */
#define TOOL_OPTIONS(at)                                                               \
    { "program",                                                                       \
      OPTION_LIST,                                                                     \
      (at) + offsetof(struct tool_options, program),                                   \
      NULL,                                                                            \
      "the tool, where it is no program of that name: [sudo, -n, -u, postgres, TOOL]", \
      .open_to_all = true },                                                           \
    {                                                                                  \
        "env", OPTION_MAP, (at) + offsetof(struct tool_options, env), NULL,            \
            "variables of its environment"                                             \
    }

/* For the kind's check(). `name` is the tool's own: "restic". */
bool tool_check(const struct tool_options *o, const struct probe_common *common, const char *name,
                struct err *err);
/* For the kind's table. */
size_t tool_signals(const void *self, const struct probe_common *common,
                    struct signal_spec out[READING_SIGNALS]);
/* A word that becomes an argument by itself, or a part of one: no option, no blank. */
bool tool_check_word(const char *option, const char *word, struct err *err);

/* What reading an answer takes, copied for the thread that does it: two megabytes of JSON would
 * hold up the loop. */
struct tool_with {
    char name[256]; /* of the stanza, the server */
    int64_t lag_ms, asked_ms;
    struct restic_filter chosen;
    struct walg_archive archive;
};

/* In a thread: bytes into facts, which may hold what was read before. */
typedef bool tool_reader(const char *bytes, size_t len, struct tool_with *with,
                         struct backup_facts *f, struct err *err);
/* On the loop: how it ended, and whether it was read. */
typedef void tool_done(struct probe *p, const struct run_end *end, const struct tool_with *with,
                       const struct err *unread);

struct tool {
    struct probe *probe;
    const struct tool_options *options;
    const struct backup_options *backup;
    const char *name;
    struct run *run;
    struct errand *reading;                                     /* NULL = none is under way */
    void (*answer)(struct probe *p, const struct run_end *end); /* of the run under way */
    struct backup_facts facts;
    struct backup_say say;
    struct report report;
    int64_t began_ms;            /* monotonic */
    char *secrets[TOOL_SECRETS]; /* "NAME=value", of this poll */
    size_t n_secrets;
};

void tool_open(struct tool *t, struct probe *p, const char *name, const struct tool_options *o,
               const struct backup_options *backup);
void tool_close(struct tool *t);

/* A new poll: nothing known yet. */
void tool_begin(struct tool *t);
/* What `reference` names (NULL: nothing) becomes the variable `name` of this poll's runs. False:
 * it cannot be had, which is reported. */
bool tool_secret(struct tool *t, const char *name, const char *reference);
void tool_variable(struct tool *t, const char *name, const char *value); /* shown to nobody */
/* Runs it with `args` (NULL-terminated, at most TOOL_ARGS) in what is left of the time; `answer`
 * gets the end. No time left is reported. */
void tool_ask(struct tool *t, const char *const *args,
              void (*answer)(struct probe *p, const struct run_end *end));
int64_t tool_left_ms(const struct tool *t);
/* True when it ended with 0 and all it printed is here; else it was reported. */
bool tool_ended_well(struct tool *t, const struct run_end *end);
/* It could not be run, did not end, was killed, or printed too much: reported, true. */
bool tool_broke(struct tool *t, const struct run_end *end);

/* What it printed is read, then `done`; `unread` is NULL when that went well. What cannot be
 * started is reported. */
void tool_read(struct tool *t, const struct run_end *end, tool_reader *read,
               const struct tool_with *with, tool_done *done);
/* Of tool_read(), when nothing is to be asked after that: what was read is the report. */
void tool_on_last(struct probe *p, const struct run_end *end, const struct tool_with *with,
                  const struct err *unread);

/* ---- the one report of a poll ---- */

void tool_say(struct tool *t); /* the facts, judged */
/* A failure of the source: down or unknown as its class has it. */
void tool_failed(struct tool *t, enum fault fault, const char *why);
/* It ended with a failure that does not tell whose it is: unknown, with its last words. */
void tool_unclear(struct tool *t, const struct run_end *end);
/* It answered, and not what it should: unknown, with the reason. */
void tool_unread(struct tool *t, const struct err *why);

/* probes/command.c: a program of somebody's: its exit as a plugin of Nagios tells it, a number, or
 * JSON.
 *
 * argv, never a shell; looked for on a fixed path; no descriptors, no terminal, a built
 * environment. One at a time: at its limit it is ended with its group, and told as a timeout.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"
#include "core/buf.h"
#include "core/json.h"
#include "probes/command_impl.h"
#include "probes/program.h"
#include "probes/registry.h"

#define COMMAND(field) offsetof(struct command_options, field)

enum { COMMAND_EVERY_MIN_MS = 5000, COMMAND_OUTPUT_MAX = 256 << 10 };

static const char *const command_reads[] = { "plugin", "exit", "number", "json", NULL };

static const struct option command_options[] = {
    { "command", OPTION_LIST, COMMAND(command), NULL,
      "program and arguments, [df, -P, /]; there is no shell", .required = true,
      .open_to_all = true },
    { "read", OPTION_ENUM, COMMAND(read), "plugin",
      "what tells: the exit and words of a plugin, the exit alone, a number, JSON",
      .words = command_reads },
    { "value", OPTION_STRING, COMMAND(value), NULL,
      "label of a plugin's performance data, or JSON Pointer to a number" },
    { "status", OPTION_LIST, COMMAND(status), NULL,
      "JSON Pointers; the first that leads somewhere is the status" },
    { "components", OPTION_POINTER, COMMAND(components), NULL,
      "JSON Pointer to the parts and their states" },
    { "env", OPTION_MAP, COMMAND(env), NULL, "variables of its environment" },
    { "cwd", OPTION_PATH, COMMAND(cwd), "/", "folder that it runs in" },
    { "backup", OPTION_BOOL, COMMAND(backup), "false",
      "the number is the age in seconds of what could be restored: it stands among the backups" },
    { "rpo", OPTION_DURATION, COMMAND(rpo_ms), NULL,
      "of a backup: red when older; without it the screen says that none is set", .min = 1000,
      .max = 31536000000 },
    { 0 }
};

struct command_state {
    struct run *run;
    struct command_say say;
    struct report report;
    char **argv, **env;
};

/* ---- options ---- */

static bool command_check_backup(const struct command_options *o, struct probe_common *common,
                                 struct err *err)
{
    if (!o->backup)
        return !o->rpo_ms || err_set(err, "rpo: goes with backup: true");
    if (!command_has_value(o))
        return err_set(err, "backup: its age is a number: read: number, or value");
    if (o->components)
        return err_set(err, "components: a backup has its own");
    if (common->unit != UNIT_NONE && common->unit != UNIT_SECONDS)
        return err_set(err, "unit: the age of a backup is in seconds");
    if (o->rpo_ms && isnan(common->warn) && isnan(common->crit))
        common->crit = (double)o->rpo_ms / 1000; /* the chart's line */
    return true;
}

static bool command_check(void *self, struct probe_common *common, struct err *err)
{
    const struct command_options *o = self;

    if (!program_check("command", &o->command, err))
        return false;
    if (o->read != COMMAND_JSON && (o->status.n || o->components))
        return err_set(err, "%s: goes with read: json", o->status.n ? "status" : "components");
    if (!probe_pointers("status", &o->status, err))
        return false;
    if (o->value && o->read != COMMAND_PLUGIN && o->read != COMMAND_JSON)
        return err_set(err, "value: goes with read: plugin and read: json");
    if (o->value && o->read == COMMAND_JSON && !json_pointer_valid(o->value, err))
        return err_wrap(err, "value");
    if (!probe_seldom(common, COMMAND_EVERY_MIN_MS, "a command is run every 5s at most", err))
        return false;
    if (!command_check_backup(o, common, err))
        return false;
    if (!command_has_value(o) &&
        !probe_unit_fixed(common, "the time it takes, in milliseconds", err))
        return false;
    return run_check_env(&o->env, err);
}

static size_t command_signals(const void *self, const struct probe_common *common,
                              struct signal_spec out[READING_SIGNALS])
{
    const struct command_options *o = self;
    size_t n = 0;

    if (command_has_value(o))
        out[n++] = (struct signal_spec){ .name = o->backup ? "age" : "value",
                                         .unit = command_unit(o, common),
                                         .unit_word = common->unit_word,
                                         .main = true };
    out[n] = (struct signal_spec){ .name = "took", .unit = UNIT_MS, .main = n == 0 };
    return n + 1;
}

static void command_target(const void *self, struct text *out)
{
    const struct command_options *o = self;
    struct buf b = { 0 };

    for (size_t i = 0; i < o->command.n; i++)
        buf_addf(&b, "%s%s", i ? " " : "", o->command.items[i]);
    text_set(out, b.bytes, b.len);
    buf_fini(&b);
}

/* ---- running ---- */

static void command_on_end(void *arg, const struct run_end *end)
{
    struct probe *p = arg;
    struct command_state *s = p->state;

    report_clear(&s->report, io_now_ms(p->clients->io));
    if (end->fault != FAULT_NONE)
        probe_report_failed(&s->report, end->fault, end->why);
    else
        command_judge(p->self, p->common, end, &s->say, &s->report);
    probe_report(p, &s->report);
}

static void command_poll(struct probe *p)
{
    struct command_state *s = p->state;

    run_start(s->run, (const char *const *)s->argv, (const char *const *)s->env,
              p->common->timeout_ms);
}

static bool command_open(struct probe *p, struct err *err)
{
    const struct command_options *o = p->self;
    struct command_state *s = xcalloc(1, sizeof *s);

    (void)err;
    p->state = s;
    report_init(&s->report, 0);
    s->argv = xcalloc(o->command.n + 1, sizeof *s->argv);
    for (size_t i = 0; i < o->command.n; i++)
        s->argv[i] = o->command.items[i];
    s->run = run_new(p->clients->io, o->cwd, COMMAND_OUTPUT_MAX, command_on_end, p);
    s->env = run_env_new(&o->env);
    return true;
}

static void command_close(struct probe *p)
{
    struct command_state *s = p->state;

    if (!s)
        return;
    run_free(s->run);
    command_say_fini(&s->say);
    report_fini(&s->report);
    run_env_free(s->env);
    free(s->argv);
    free(s);
    p->state = NULL;
}

const struct probe_ops probe_command = {
    .kind = "command",
    .help = "a program: a plugin of Nagios, its exit, a number, or JSON",
    .options = command_options,
    .size = sizeof(struct command_options),
    .check = command_check,
    .signals = command_signals,
    .target = command_target,
    .local = true,
    .open = command_open,
    .poll = command_poll,
    .close = command_close,
};

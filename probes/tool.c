/* probes/tool.c: asking a backup tool, and what is reported when it does not answer. */
#include "probes/tool.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "core/alloc.h"
#include "core/buf.h"
#include "core/secret.h"
#include "probes/program.h"

enum { TOOL_EVERY_MIN_MS = 60 * 1000, TOOL_STACK = 512 << 10 };

/* ---- options ---- */

bool tool_check(const struct tool_options *o, const struct probe_common *common, const char *name,
                struct err *err)
{
    char why[128];

    if (o->program.n && !program_check("program", &o->program, err))
        return false;
    if (o->program.n > TOOL_ARGS / 2)
        return err_set(err, "program: %d words at most", TOOL_ARGS / 2);
    snprintf(why, sizeof why, "%s is run every 1m at most; write every: 5m", name);
    if (!probe_seldom(common, TOOL_EVERY_MIN_MS, why, err))
        return false;
    return run_check_env(&o->env, err);
}

size_t tool_signals(const void *self, const struct probe_common *common,
                    struct signal_spec out[READING_SIGNALS])
{
    (void)self;
    (void)common;
    return backup_signals(out);
}

bool tool_check_word(const char *option, const char *word, struct err *err)
{
    if (!*word || *word == '-')
        return err_set(err, "%s: '%s' would be an option, not a name", option, word);
    for (const char *at = word; *at; at++)
        if (!isalnum((unsigned char)*at) && !strchr("_.-", *at))
            return err_set(err, "%s: '%s' is no name; letters, digits, _ . and - are", option,
                           word);
    return true;
}

/* ---- running ---- */

static void tool_on_end(void *arg, const struct run_end *end)
{
    struct tool *t = arg;

    t->answer(t->probe, end);
}

void tool_open(struct tool *t, struct probe *p, const char *name, const struct tool_options *o,
               const struct backup_options *backup)
{
    t->probe = p;
    t->name = name;
    t->options = o;
    t->backup = backup;
    t->run = run_new(p->clients->io, NULL, TOOL_OUTPUT_MAX, tool_on_end, t);
    report_init(&t->report, 0);
}

/* No longer than the runs of one poll need them. */
static void tool_forget(struct tool *t)
{
    for (size_t i = 0; i < t->n_secrets; i++) {
        secret_wipe(t->secrets[i], strlen(t->secrets[i]));
        free(t->secrets[i]);
    }
    t->n_secrets = 0;
}

void tool_close(struct tool *t)
{
    errand_forget(t->reading);
    run_free(t->run);
    tool_forget(t);
    backup_facts_fini(&t->facts);
    backup_say_fini(&t->say);
    report_fini(&t->report);
    *t = (struct tool){ 0 };
}

void tool_begin(struct tool *t)
{
    tool_forget(t);
    backup_facts_clear(&t->facts);
    t->began_ms = io_mono_ms(t->probe->clients->io);
}

void tool_variable(struct tool *t, const char *name, const char *value)
{
    size_t size = strlen(name) + strlen(value) + 2;
    char *line = xmalloc(size);

    snprintf(line, size, "%s=%s", name, value);
    t->secrets[t->n_secrets++] = line;
}

bool tool_secret(struct tool *t, const char *name, const char *reference)
{
    struct secret *secret;
    struct err err = { "" };

    if (!probe_secret(t->probe->clients, reference, &secret, &err)) {
        tool_failed(t, FAULT_AUTH, err.msg);
        return false;
    }
    if (secret)
        tool_variable(t, name, secret_reveal(secret));
    secret_free(secret);
    return true;
}

int64_t tool_left_ms(const struct tool *t)
{
    return t->probe->common->timeout_ms - (io_mono_ms(t->probe->clients->io) - t->began_ms);
}

void tool_ask(struct tool *t, const char *const *args,
              void (*answer)(struct probe *p, const struct run_end *end))
{
    const struct strlist *program = &t->options->program;
    const char *argv[2 * TOOL_ARGS], **env;
    size_t n = 0, n_env;
    char **lines;

    if (tool_left_ms(t) <= 0) {
        tool_failed(t, FAULT_TIMEOUT, "no time left for its next answer");
        return;
    }
    if (!program->n)
        argv[n++] = t->name;
    for (size_t i = 0; i < program->n; i++)
        argv[n++] = program->items[i];
    for (size_t i = 0; args[i]; i++)
        argv[n++] = args[i];
    argv[n] = NULL;
    lines = run_env_new(&t->options->env);
    n_env = t->options->env.n;
    env = xcalloc(n_env + t->n_secrets + 1, sizeof *env);
    for (size_t i = 0; i < n_env; i++)
        env[i] = lines[i];
    for (size_t i = 0; i < t->n_secrets; i++)
        env[n_env + i] = t->secrets[i];
    t->answer = answer;
    run_start(t->run, argv, env, tool_left_ms(t)); /* may report, and so end us */
    free(env);
    run_env_free(lines);
}

/* ---- how it ended ---- */

static void tool_report(struct tool *t)
{
    tool_forget(t);
    probe_report(t->probe, &t->report);
}

static void tool_clear(struct tool *t)
{
    report_clear(&t->report, io_now_ms(t->probe->clients->io));
}

void tool_failed(struct tool *t, enum fault fault, const char *why)
{
    tool_clear(t);
    probe_report_failed(&t->report, fault, why);
    tool_report(t);
}

void tool_unread(struct tool *t, const struct err *why)
{
    tool_clear(t);
    text_setf(&t->report.reason, "%s: %s", t->name, why->msg);
    for (int i = 0; i < BACKUP_SIGNALS; i++)
        text_copy(&t->report.values[i].note, &t->report.reason);
    tool_report(t);
}

void tool_unclear(struct tool *t, const struct run_end *end)
{
    size_t len;
    const char *said = tool_complaint(end->err, &len);
    struct err why;

    err_set(&why, "exit %d%s%.*s", WEXITSTATUS(end->status), len ? ": " : "",
            (int)(len < 300 ? len : 300), said);
    tool_unread(t, &why);
}

bool tool_broke(struct tool *t, const struct run_end *end)
{
    struct err why;
    char died[64];

    if (end->fault != FAULT_NONE) {
        tool_failed(t, end->fault, end->why);
        return true;
    }
    if (*run_died(end->status, died))
        err_set(&why, "%s", died);
    else if (end->dropped)
        err_set(&why, "more output than is kept");
    else
        return false;
    tool_unread(t, &why);
    return true;
}

bool tool_ended_well(struct tool *t, const struct run_end *end)
{
    if (tool_broke(t, end))
        return false;
    if (WEXITSTATUS(end->status) == 0)
        return true;
    tool_unclear(t, end);
    return false;
}

/* ---- reading what it printed ---- */

struct tool_reading { /* the thread's while it runs */
    struct run_end end;
    char *out, *err;
    struct tool_with with;
    struct backup_facts facts;
    struct err why;
    bool ok;
    tool_reader *read;
    tool_done *done;
};

static void tool_reading_run(void *shared)
{
    struct tool_reading *r = shared;

    r->ok = r->read(r->out, r->end.out_len, &r->with, &r->facts, &r->why);
    if (r->ok)
        backup_facts_sort(&r->facts);
}

static void tool_reading_drop(void *shared)
{
    struct tool_reading *r = shared;

    free(r->out);
    free(r->err);
    backup_facts_fini(&r->facts);
    free(r);
}

static void tool_on_read(void *arg, void *shared)
{
    struct tool *t = arg;
    struct tool_reading *r = shared;

    t->reading = NULL;
    t->facts = r->facts;
    r->facts = (struct backup_facts){ 0 };
    r->done(t->probe, &r->end, &r->with, r->ok ? NULL : &r->why);
}

void tool_on_last(struct probe *p, const struct run_end *end, const struct tool_with *with,
                  const struct err *unread)
{
    (void)end;
    (void)with;
    if (unread)
        tool_unread(p->state, unread);
    else
        tool_say(p->state);
}

void tool_read(struct tool *t, const struct run_end *end, tool_reader *read,
               const struct tool_with *with, tool_done *done)
{
    static const struct errand_ops ops = { tool_reading_run, tool_reading_drop, TOOL_STACK };
    struct tool_reading *r = xcalloc(1, sizeof *r);

    r->out = xstrndup(end->out, end->out_len);
    r->err = xstrdup(end->err);
    r->end = *end;
    r->end.why = ""; /* it was no fault */
    r->end.out = r->out;
    r->end.err = r->err;
    r->with = *with;
    r->read = read;
    r->done = done;
    r->facts = t->facts;
    t->facts = (struct backup_facts){ 0 };
    t->reading = errand_start(t->probe->clients->io, &ops, r, tool_on_read, t);
    if (t->reading)
        return;
    tool_failed(t, FAULT_LOCAL, strerror(errno));
    tool_reading_drop(r);
}

void tool_say(struct tool *t)
{
    tool_clear(t);
    backup_facts_sort(&t->facts);
    backup_say(t->backup, &t->facts, &t->say, &t->report);
    tool_report(t);
}

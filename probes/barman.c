/* probes/barman.c: the backups of a server that Barman keeps, and Barman's own checks of it. */
#include <stdio.h>
#include <stdlib.h>

#include "core/alloc.h"
#include "probes/registry.h"
#include "probes/tool.h"

struct barman_options {
    char *barman, *config;
    bool check;
    struct backup_options backup;
    struct tool_options tool;
};

#define BARMAN(field) offsetof(struct barman_options, field)

static const struct option barman_options[] = {
    { "barman", OPTION_STRING, BARMAN(barman), NULL, "server, as Barman names it", .required = true,
      .open_to_all = true },
    { "config", OPTION_PATH, BARMAN(config), NULL, "its configuration file", .open_to_all = true },
    { "check", OPTION_BOOL, BARMAN(check), "true",
      "also ask barman check; it connects to the server" },
    BACKUP_OPTIONS(BARMAN(backup)),
    TOOL_OPTIONS(BARMAN(tool)),
    { 0 }
};

static bool barman_check(void *self, struct probe_common *common, struct err *err)
{
    struct barman_options *o = self;

    return tool_check_word("barman", o->barman, err) &&
           tool_check(&o->tool, common, "barman", err) &&
           backup_check_listed(&o->backup, common, err);
}

static void barman_target(const void *self, struct text *out)
{
    text_sets(out, ((const struct barman_options *)self)->barman);
}

static void barman_ask(struct probe *p, const char *command,
                       void (*answer)(struct probe *p, const struct run_end *end))
{
    const struct barman_options *o = p->self;
    const char *args[TOOL_ARGS] = { "-f", "json" };
    size_t n = 2;

    if (o->config) {
        args[n++] = "-c";
        args[n++] = o->config;
    }
    args[n++] = command;
    args[n] = o->barman;
    tool_ask(p->state, args, answer);
}

static bool barman_take_list(const char *bytes, size_t len, struct tool_with *with,
                             struct backup_facts *f, struct err *err)
{
    return barman_read_list(bytes, len, with->name, f, err);
}

static bool barman_take_check(const char *bytes, size_t len, struct tool_with *with,
                              struct backup_facts *f, struct err *err)
{
    return barman_read_check(bytes, len, with->name, f, err);
}

static void barman_read(struct probe *p, const struct run_end *end, tool_reader *read,
                        tool_done *done)
{
    struct tool_with with = { 0 };

    snprintf(with.name, sizeof with.name, "%s", ((const struct barman_options *)p->self)->barman);
    if (!tool_broke(p->state, end))
        tool_read(p->state, end, read, &with, done);
}

/* It ends with 1 when a check failed, and with its JSON all the same. */
static void barman_on_check(struct probe *p, const struct run_end *end)
{
    barman_read(p, end, barman_take_check, tool_on_last);
}

static void barman_on_listed(struct probe *p, const struct run_end *end,
                             const struct tool_with *with, const struct err *unread)
{
    const struct barman_options *o = p->self;

    (void)end;
    (void)with;
    if (unread)
        tool_unread(p->state, unread);
    else if (o->check)
        barman_ask(p, "check", barman_on_check);
    else
        tool_say(p->state);
}

static void barman_on_list(struct probe *p, const struct run_end *end)
{
    barman_read(p, end, barman_take_list, barman_on_listed);
}

static void barman_poll(struct probe *p)
{
    tool_begin(p->state);
    barman_ask(p, "list-backups", barman_on_list);
}

static bool barman_open(struct probe *p, struct err *err)
{
    const struct barman_options *o = p->self;

    (void)err;
    p->state = xcalloc(1, sizeof(struct tool));
    tool_open(p->state, p, "barman", &o->tool, &o->backup);
    return true;
}

static void barman_close(struct probe *p)
{
    if (!p->state)
        return;
    tool_close(p->state);
    free(p->state);
    p->state = NULL;
}

const struct probe_ops probe_barman = {
    .kind = "barman",
    .help = "backups of PostgreSQL as Barman tells of them, and its checks",
    .options = barman_options,
    .size = sizeof(struct barman_options),
    .check = barman_check,
    .signals = tool_signals,
    .target = barman_target,
    .local = true,
    .open = barman_open,
    .poll = barman_poll,
    .close = barman_close,
};

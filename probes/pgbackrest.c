/* probes/pgbackrest.c: the backups of a pgBackRest stanza, by its own info. */
#include <stdio.h>
#include <stdlib.h>

#include "core/alloc.h"
#include "probes/registry.h"
#include "probes/tool.h"

struct pgbackrest_options {
    char *pgbackrest, *config;
    int repo; /* 0 = all */
    struct backup_options backup;
    struct tool_options tool;
};

#define PGBACKREST(field) offsetof(struct pgbackrest_options, field)

static const struct option pgbackrest_options[] = {
    { "pgbackrest", OPTION_STRING, PGBACKREST(pgbackrest), NULL, "stanza", .required = true,
      .open_to_all = true },
    { "config", OPTION_PATH, PGBACKREST(config), NULL, "its configuration file",
      .open_to_all = true },
    { "repo", OPTION_INT, PGBACKREST(repo), NULL, "the one repository to look at, 1 for repo1",
      .min = 1, .max = 256 },
    BACKUP_OPTIONS(PGBACKREST(backup)),
    TOOL_OPTIONS(PGBACKREST(tool)),
    { 0 }
};

static bool pgbackrest_check(void *self, struct probe_common *common, struct err *err)
{
    struct pgbackrest_options *o = self;

    return tool_check_word("pgbackrest", o->pgbackrest, err) &&
           tool_check(&o->tool, common, "pgbackrest", err) &&
           backup_check_listed(&o->backup, common, err);
}

static void pgbackrest_target(const void *self, struct text *out)
{
    const struct pgbackrest_options *o = self;

    if (o->repo)
        text_setf(out, "%s repo%d", o->pgbackrest, o->repo);
    else
        text_sets(out, o->pgbackrest);
}

static bool pgbackrest_take(const char *bytes, size_t len, struct tool_with *with,
                            struct backup_facts *f, struct err *err)
{
    return pgbackrest_read(bytes, len, with->name, with->lag_ms, f, err);
}

static void pgbackrest_on_info(struct probe *p, const struct run_end *end)
{
    const struct pgbackrest_options *o = p->self;
    struct tool_with with = { .lag_ms = o->backup.rpo_ms };

    snprintf(with.name, sizeof with.name, "%s", o->pgbackrest);
    if (tool_ended_well(p->state, end))
        tool_read(p->state, end, pgbackrest_take, &with, tool_on_last);
}

/* Nothing is written: no log of its own, and what it logs does not get into the JSON. */
static void pgbackrest_poll(struct probe *p)
{
    const struct pgbackrest_options *o = p->self;
    const char *args[TOOL_ARGS] = { "--log-level-console=off", "--log-level-file=off",
                                    "--log-level-stderr=error", "--output=json" };
    char stanza[256], config[4200], repo[32];
    size_t n = 4;

    tool_begin(p->state);
    snprintf(stanza, sizeof stanza, "--stanza=%s", o->pgbackrest);
    args[n++] = stanza;
    if (o->config) {
        snprintf(config, sizeof config, "--config=%s", o->config);
        args[n++] = config;
    }
    if (o->repo) {
        snprintf(repo, sizeof repo, "--repo=%d", o->repo);
        args[n++] = repo;
    }
    args[n] = "info";
    tool_ask(p->state, args, pgbackrest_on_info);
}

static bool pgbackrest_open(struct probe *p, struct err *err)
{
    const struct pgbackrest_options *o = p->self;

    (void)err;
    p->state = xcalloc(1, sizeof(struct tool));
    tool_open(p->state, p, "pgbackrest", &o->tool, &o->backup);
    return true;
}

static void pgbackrest_close(struct probe *p)
{
    if (!p->state)
        return;
    tool_close(p->state);
    free(p->state);
    p->state = NULL;
}

const struct probe_ops probe_pgbackrest = {
    .kind = "pgbackrest",
    .help = "backups of PostgreSQL as pgBackRest tells of them",
    .options = pgbackrest_options,
    .size = sizeof(struct pgbackrest_options),
    .check = pgbackrest_check,
    .signals = tool_signals,
    .target = pgbackrest_target,
    .local = true,
    .open = pgbackrest_open,
    .poll = pgbackrest_poll,
    .close = pgbackrest_close,
};

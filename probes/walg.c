/* probes/walg.c: the backups that WAL-G keeps, and whether the WAL between them is whole. */
#include <stdlib.h>
#include <sys/wait.h>

#include "core/alloc.h"
#include "probes/registry.h"
#include "probes/tool.h"

struct walg_options {
    char *walg;
    bool wal_verify;
    struct backup_options backup;
    struct tool_options tool;
};

struct walg_state {
    struct tool tool;
    struct walg_archive archive;
};

#define WALG(field) offsetof(struct walg_options, field)

static const struct option walg_options[] = {
    { "walg", OPTION_PATH, WALG(walg), NULL, "its configuration file", .required = true,
      .open_to_all = true },
    { "wal_verify", OPTION_BOOL, WALG(wal_verify), "true",
      "also ask whether a WAL segment is missing; it asks the server where it writes" },
    BACKUP_OPTIONS(WALG(backup)),
    TOOL_OPTIONS(WALG(tool)),
    { 0 }
};

static bool walg_check(void *self, struct probe_common *common, struct err *err)
{
    struct walg_options *o = self;

    if (*o->walg != '/')
        return err_set(err, "walg: '%s' is no whole path", o->walg);
    return tool_check(&o->tool, common, "wal-g", err) &&
           backup_check_listed(&o->backup, common, err);
}

static void walg_target(const void *self, struct text *out)
{
    text_sets(out, ((const struct walg_options *)self)->walg);
}

static bool walg_take_list(const char *bytes, size_t len, struct tool_with *with,
                           struct backup_facts *f, struct err *err)
{
    (void)with;
    return walg_read_list(bytes, len, f, err);
}

static bool walg_take_verify(const char *bytes, size_t len, struct tool_with *with,
                             struct backup_facts *f, struct err *err)
{
    return walg_read_verify(bytes, len, with->asked_ms, &with->archive, f, err);
}

/* What it found counts whatever its exit: a release that ends with 1 for a gap says no less. A
 * failure that found nothing is none. */
static void walg_on_verified(struct probe *p, const struct run_end *end,
                             const struct tool_with *with, const struct err *unread)
{
    struct walg_state *s = p->state;

    if (WEXITSTATUS(end->status) != 0 && (unread || !*s->tool.facts.wal.why)) {
        tool_unclear(&s->tool, end);
    } else if (unread) {
        tool_unread(&s->tool, unread);
    } else {
        s->archive = with->archive;
        tool_say(&s->tool);
    }
}

static void walg_on_verify(struct probe *p, const struct run_end *end)
{
    struct walg_state *s = p->state;
    struct tool_with with = { .archive = s->archive,
                              .asked_ms = io_now_ms(p->clients->io) - end->took_ms };

    if (!tool_broke(&s->tool, end))
        tool_read(&s->tool, end, walg_take_verify, &with, walg_on_verified);
}

static void walg_on_listed(struct probe *p, const struct run_end *end, const struct tool_with *with,
                           const struct err *unread)
{
    const struct walg_options *o = p->self;
    const char *const args[] = { "--config", o->walg,  "wal-verify", "integrity",
                                 "timeline", "--json", NULL };
    struct tool *t = &((struct walg_state *)p->state)->tool;

    (void)end;
    (void)with;
    if (unread)
        tool_unread(t, unread);
    else if (o->wal_verify && t->facts.total) /* without a backup there is nowhere to begin */
        tool_ask(t, args, walg_on_verify);
    else
        tool_say(t);
}

static void walg_on_list(struct probe *p, const struct run_end *end)
{
    const struct tool_with with = { 0 };
    struct tool *t = &((struct walg_state *)p->state)->tool;

    if (tool_ended_well(t, end))
        tool_read(t, end, walg_take_list, &with, walg_on_listed);
}

static void walg_poll(struct probe *p)
{
    const struct walg_options *o = p->self;
    const char *const args[] = { "--config", o->walg, "backup-list", "--detail", "--json", NULL };

    struct walg_state *s = p->state;

    tool_begin(&s->tool);
    tool_ask(&s->tool, args, walg_on_list);
}

static bool walg_open(struct probe *p, struct err *err)
{
    const struct walg_options *o = p->self;
    struct walg_state *s = xcalloc(1, sizeof *s);

    (void)err;
    p->state = s;
    tool_open(&s->tool, p, "wal-g", &o->tool, &o->backup);
    return true;
}

static void walg_close(struct probe *p)
{
    struct walg_state *s = p->state;

    if (!s)
        return;
    tool_close(&s->tool);
    free(s);
    p->state = NULL;
}

const struct probe_ops probe_walg = {
    .kind = "walg",
    .help = "backups of PostgreSQL as WAL-G tells of them, and its archive of WAL",
    .options = walg_options,
    .size = sizeof(struct walg_options),
    .check = walg_check,
    .signals = tool_signals,
    .target = walg_target,
    .local = true,
    .open = walg_open,
    .poll = walg_poll,
    .close = walg_close,
};

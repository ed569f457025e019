/* probes/archiver.c: the kind `pg_stat_archiver`: PostgreSQL on its own archiving of WAL: the
 * recovery point is as old as what is not in the archive yet. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"
#include "probes/archiver.h"
#include "probes/number.h"
#include "probes/pg_link.h"
#include "probes/registry.h"

#define ARCHIVER(field) offsetof(struct archiver_options, field)

struct archiver_options {
    char *address, *password;
    struct backup_options backup;
};

struct archiver_state {
    struct pg_link pg;
    struct archiver_seen seen;
    struct backup_facts facts;
    struct backup_say say;
    struct report report;
};

static const struct option archiver_options[] = {
    { "pg_stat_archiver", OPTION_DSN, ARCHIVER(address), NULL,
      "database: service=NAME, postgres://user@host/db or host=... dbname=...", .required = true },
    { "password", OPTION_SECRET, ARCHIVER(password), NULL,
      "password; goes over verified TLS, loopback or a unix socket only" },
    BACKUP_OPTIONS(ARCHIVER(backup)),
    { 0 }
};

/* In the order of enum archiver_column. The position of a standby is what it has replayed. */
static const char archiver_sql[] =
    "SELECT current_setting('archive_mode'), pg_is_in_recovery(), a.archived_count, "
    "a.last_archived_wal, extract(epoch FROM a.last_archived_time) * 1000, a.failed_count, "
    "a.last_failed_wal, extract(epoch FROM a.last_failed_time) * 1000, "
    "extract(epoch FROM clock_timestamp()) * 1000, "
    "(CASE WHEN pg_is_in_recovery() THEN pg_last_wal_replay_lsn() ELSE pg_current_wal_lsn() END "
    "- '0/0'::pg_lsn), "
    "(SELECT setting FROM pg_catalog.pg_settings WHERE name = 'wal_segment_size')::numeric, "
    "(SELECT setting FROM pg_catalog.pg_settings WHERE name = 'archive_timeout')::numeric "
    "FROM pg_catalog.pg_stat_archiver a";

enum archiver_column {
    ARCHIVER_MODE,
    ARCHIVER_RECOVERY,
    ARCHIVER_COUNT,
    ARCHIVER_LAST,
    ARCHIVER_LAST_MS,
    ARCHIVER_FAILED_COUNT,
    ARCHIVER_FAILED,
    ARCHIVER_FAILED_MS,
    ARCHIVER_NOW_MS,
    ARCHIVER_POSITION,
    ARCHIVER_SEGMENT,
    ARCHIVER_TIMEOUT_S,
    ARCHIVER_COLUMNS
};

static bool archiver_check(void *self, struct probe_common *common, struct err *err)
{
    struct archiver_options *o = self;

    if (o->backup.window || o->backup.gap_ms)
        return err_set(err, "%s: WAL has no nightly schedule; say how much may be lost with rpo",
                       o->backup.window ? "window" : "gap");
    if (o->backup.keep || o->backup.delete_after_ms || o->backup.verified_within_ms)
        return err_set(err, "%s: pg_stat_archiver tells of no backups, only of WAL",
                       o->backup.keep              ? "keep"
                       : o->backup.delete_after_ms ? "delete_after"
                                                   : "verified_within");
    return backup_check(&o->backup, common, err);
}

static size_t archiver_signals(const void *self, const struct probe_common *common,
                               struct signal_spec out[READING_SIGNALS])
{
    (void)self;
    (void)common;
    return backup_signals(out);
}

static void archiver_target(const void *self, struct text *out)
{
    pg_show(((const struct archiver_options *)self)->address, out);
}

/* ---- the answer ---- */

static int64_t archiver_ms(const char *cell)
{
    double v;

    return cell && number_parse(cell, &v) && v > 0 && v < 1e16 ? (int64_t)v : 0;
}

/* False when the answer is not what was asked for: no number is made of it. */
static bool archiver_read(const struct pg_reply *r, struct archiver_row *row)
{
    const char *cell[ARCHIVER_COLUMNS];

    for (size_t i = 0; i < ARCHIVER_COLUMNS; i++)
        cell[i] = r->rows == 1 && i < r->cols ? pg_reply_cell(r, 0, i) : NULL;
    if (!cell[ARCHIVER_MODE] || !cell[ARCHIVER_RECOVERY] || !cell[ARCHIVER_FAILED_COUNT] ||
        !cell[ARCHIVER_POSITION] || !cell[ARCHIVER_SEGMENT] || !cell[ARCHIVER_TIMEOUT_S] ||
        !number_parse(cell[ARCHIVER_FAILED_COUNT], &row->n_failed) ||
        !number_parse(cell[ARCHIVER_POSITION], &row->position) ||
        !number_parse(cell[ARCHIVER_SEGMENT], &row->segment_bytes))
        return false;
    row->off = strcmp(cell[ARCHIVER_MODE], "off") == 0;
    row->standby = *cell[ARCHIVER_RECOVERY] == 't' && strcmp(cell[ARCHIVER_MODE], "always") != 0;
    snprintf(row->archived, sizeof row->archived, "%s",
             cell[ARCHIVER_LAST] ? cell[ARCHIVER_LAST] : "");
    snprintf(row->failed, sizeof row->failed, "%s",
             cell[ARCHIVER_FAILED] ? cell[ARCHIVER_FAILED] : "");
    row->archived_ms = archiver_ms(cell[ARCHIVER_LAST_MS]);
    row->failed_ms = archiver_ms(cell[ARCHIVER_FAILED_MS]);
    row->now_ms = archiver_ms(cell[ARCHIVER_NOW_MS]);
    row->timeout_ms = archiver_ms(cell[ARCHIVER_TIMEOUT_S]) * 1000;
    return row->now_ms > 0;
}

static void archiver_unknown(struct report *r, const char *why)
{
    r->state = STATE_UNKNOWN;
    text_sets(&r->reason, why);
    text_sets(&r->values[BACKUP_AGE].note, why);
}

static void archiver_on_reply(void *arg, const struct pg_reply *r)
{
    struct probe *p = arg;
    const struct archiver_options *o = p->self;
    struct archiver_state *s = p->state;
    struct archiver_row row = { 0 };

    s->pg.call = NULL;
    s->pg.rejected = r->fault == FAULT_AUTH;
    report_clear(&s->report, io_now_ms(p->clients->io));
    s->report.phases = r->phases;
    if (r->fault != FAULT_NONE) {
        probe_report_failed(&s->report, r->fault, r->why.msg);
    } else if (!archiver_read(r, &row)) {
        archiver_unknown(&s->report, "pg_stat_archiver has another form");
    } else if (row.standby) {
        archiver_unknown(&s->report, "a standby archives nothing; ask the primary");
    } else {
        backup_facts_clear(&s->facts);
        archiver_facts(&row, &s->seen, s->report.at_ms, &s->facts);
        backup_say(&o->backup, &s->facts, &s->say, &s->report);
    }
    probe_report(p, &s->report);
}

static void archiver_poll(struct probe *p)
{
    struct archiver_state *s = p->state;
    struct err why = { "" };

    if (!pg_link_ready(&s->pg, &why)) {
        report_clear(&s->report, io_now_ms(p->clients->io));
        probe_report_failed(&s->report, FAULT_AUTH, why.msg);
        probe_report(p, &s->report);
        return;
    }
    s->pg.call = pg_ask(s->pg.db, archiver_sql, p->common->timeout_ms, archiver_on_reply, p);
}

static bool archiver_open(struct probe *p, struct err *err)
{
    const struct archiver_options *o = p->self;
    struct archiver_state *s = xcalloc(1, sizeof *s);

    p->state = s;
    report_init(&s->report, 0);
    return pg_link_open(&s->pg, p, o->address, o->password, err);
}

static void archiver_close(struct probe *p)
{
    struct archiver_state *s = p->state;

    if (!s)
        return;
    pg_link_close(&s->pg);
    backup_facts_fini(&s->facts);
    backup_say_fini(&s->say);
    report_fini(&s->report);
    free(s);
    p->state = NULL;
}

const struct probe_ops probe_pg_stat_archiver = {
    .kind = "pg_stat_archiver",
    .help = "whether the write-ahead log of a PostgreSQL reaches its archive, and up to when",
    .options = archiver_options,
    .size = sizeof(struct archiver_options),
    .check = archiver_check,
    .signals = archiver_signals,
    .target = archiver_target,
    .open = archiver_open,
    .poll = archiver_poll,
    .close = archiver_close,
};

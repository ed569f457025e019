/* probes/postgres.c: one query on PostgreSQL: a number, a row or a table, and how long it took. */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "core/alloc.h"
#include "core/hash.h"
#include "probes/postgres_impl.h"
#include "probes/registry.h"

#define POSTGRES(field) offsetof(struct postgres_options, field)

static const char *const postgres_show_words[] = {
    "ping", "clients", "pool", "long_transactions", "locks", "replication", NULL
};
static const char *const postgres_read_words[] = { "auto", "number", "row", "table", NULL };

static const struct option postgres_options[] = {
    { "postgres", OPTION_DSN, POSTGRES(postgres), NULL,
      "database: service=NAME, postgres://user@host/db or host=... dbname=...", .required = true },
    { "sql", OPTION_STRING, POSTGRES(sql), NULL, "one statement that reads" },
    { "show", OPTION_ENUM, POSTGRES(show), "ping",
      "ready-made, instead of sql: ping, clients, pool, long_transactions, locks, replication",
      .words = postgres_show_words },
    { "older", OPTION_DURATION, POSTGRES(older_ms), "1m",
      "from this age on a transaction is a long one", .min = 1, .max = 30.0 * 24 * 3600 * 1000 },
    { "read", OPTION_ENUM, POSTGRES(read), "auto",
      "the answer is a number, a row or a table; auto: one cell is a number, more is a table",
      .words = postgres_read_words },
    { "value", OPTION_STRING, POSTGRES(value), NULL,
      "column that holds the number; else the first one, of a table the count of its rows" },
    { "password", OPTION_SECRET, POSTGRES(password), NULL,
      "password; goes over verified TLS, loopback or a unix socket only" },
    { 0 }
};

/* "SELECT 1" asks for nothing but an answer: what counts is how long it takes. */
static bool postgres_is_ping(const char *sql)
{
    sql += strspn(sql, " \t\r\n");
    if (strncasecmp(sql, "select", 6) != 0)
        return false;
    sql += 6;
    if (!strspn(sql, " \t\r\n"))
        return false;
    sql += strspn(sql, " \t\r\n");
    return *sql == '1' && !sql[1 + strspn(sql + 1, " \t\r\n;")];
}

enum postgres_show postgres_shows(const struct postgres_options *o)
{
    if (!o->sql)
        return (enum postgres_show)o->show;
    return postgres_is_ping(o->sql) && o->read == POSTGRES_AUTO && !o->value ? POSTGRES_PING
                                                                             : POSTGRES_SQL;
}

/* ---- options ---- */

static bool postgres_check(void *self, struct probe_common *common, struct err *err)
{
    const struct postgres_options *o = self;
    enum postgres_show show = postgres_shows(o);

    if (o->sql && o->show != POSTGRES_PING)
        return err_set(err, "sql, show: a probe has one of them");
    if (o->sql && !o->sql[strspn(o->sql, " \t\r\n;")])
        return err_set(err, "sql: is empty");
    if (!o->sql && o->read != POSTGRES_AUTO)
        return err_set(err, "read: goes with sql; show: %s reads its own answer",
                       postgres_show_words[o->show]);
    if (!o->sql && o->value)
        return err_set(err, "value: goes with sql; show: %s has its own number",
                       postgres_show_words[o->show]);
    if (show == POSTGRES_PING)
        return probe_unit_fixed(common, "its latency in milliseconds", err);
    if (show == POSTGRES_REPLICATION)
        return probe_unit_fixed(common, "bytes", err);
    if (show != POSTGRES_SQL)
        return probe_unit_fixed(common, "a count of its own", err);
    return true;
}

static size_t postgres_signals(const void *self, const struct probe_common *common,
                               struct signal_spec out[READING_SIGNALS])
{
    static const struct {
        const char *name, *word, *second;
        enum unit unit;
    } shown[] = {
        [POSTGRES_CLIENTS] = { "clients", "clients", NULL, UNIT_NONE },
        [POSTGRES_POOL] = { "clients", "clients", "idle in transaction", UNIT_COUNT },
        [POSTGRES_LONG] = { "transactions", "transactions", "oldest", UNIT_SECONDS },
        [POSTGRES_LOCKS] = { "waiting", "waiting", "longest", UNIT_SECONDS },
        [POSTGRES_REPLICATION] = { "behind", NULL, "lag", UNIT_SECONDS },
    };
    const struct signal_spec latency = { .name = "latency", .unit = UNIT_MS };
    enum postgres_show show = postgres_shows(self);
    size_t n = 0;

    if (show == POSTGRES_PING) {
        out[0] = latency;
        out[0].main = true;
        return 1;
    }
    if (show == POSTGRES_SQL) {
        out[n++] = (struct signal_spec){
            .name = "value",
            .unit = probe_unit(common, UNIT_NONE),
            .unit_word = common->unit_word,
            .main = true,
        };
    } else {
        out[n++] = (struct signal_spec){ .name = shown[show].name,
                                         .unit = shown[show].word ? UNIT_COUNT : UNIT_BYTES,
                                         .unit_word = shown[show].word,
                                         .main = true };
        if (shown[show].second)
            out[n++] = (struct signal_spec){ .name = shown[show].second, .unit = shown[show].unit };
    }
    out[n++] = latency;
    return n;
}

static void postgres_target(const void *self, struct text *out)
{
    pg_show(((const struct postgres_options *)self)->postgres, out);
}

/* The questions to one database go out in one piece: one wake-up, one write, one round trip. A
 * ping waits for nobody, because how long it takes is what it measures. */
static uint64_t postgres_together(const void *self)
{
    const struct postgres_options *o = self;
    uint64_t h = hash_string(HASH_START, o->postgres);

    return postgres_shows(o) == POSTGRES_PING ? hash_string(h, "ping") : h;
}

/* ---- asking ---- */

static bool postgres_open(struct probe *p, struct err *err)
{
    const struct postgres_options *o = p->self;
    struct postgres_state *s = xcalloc(1, sizeof *s);

    p->state = s;
    report_init(&s->report, 0);
    postgres_sql(o, &s->sql);
    return pg_link_open(&s->link, p, o->postgres, o->password, err);
}

static void postgres_on_reply(void *arg, const struct pg_reply *r)
{
    struct probe *p = arg;
    struct postgres_state *s = p->state;

    s->link.call = NULL;
    s->link.rejected = r->fault == FAULT_AUTH;
    report_clear(&s->report, io_now_ms(p->clients->io));
    s->report.phases = r->phases;
    postgres_read_reply(p->self, p->common, s, r);
    probe_report(p, &s->report);
}

static void postgres_poll(struct probe *p)
{
    struct postgres_state *s = p->state;
    struct err why = { "" };

    if (!pg_link_ready(&s->link, &why)) {
        report_clear(&s->report, io_now_ms(p->clients->io));
        probe_report_failed(&s->report, FAULT_AUTH, why.msg);
        probe_report(p, &s->report);
        return;
    }
    s->link.call =
        pg_ask(s->link.db, buf_str(&s->sql), p->common->timeout_ms, postgres_on_reply, p);
}

static void postgres_close(struct probe *p)
{
    struct postgres_state *s = p->state;

    if (!s)
        return;
    pg_link_close(&s->link);
    report_fini(&s->report);
    for (size_t i = 0; i < s->table_cap; i++)
        text_fini(&s->table.cells[i]);
    free(s->table.cells);
    buf_fini(&s->sql);
    free(s);
    p->state = NULL;
}

const struct probe_ops probe_postgres = {
    .kind = "postgres",
    .help = "a query on PostgreSQL: a number, a row or a table",
    .options = postgres_options,
    .size = sizeof(struct postgres_options),
    .check = postgres_check,
    .signals = postgres_signals,
    .together = postgres_together,
    .target = postgres_target,
    .open = postgres_open,
    .poll = postgres_poll,
    .close = postgres_close,
};

/* probes/postgres_read.c: the ready-made queries, and what an answer means.
 *
 * To a role without pg_read_all_stats the sessions of others have no backend_type, no state and no
 * times: a count over them comes out small and looks healthy. Each query counts what is hidden from
 * it, and a count that misses something is unknown. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"
#include "probes/number.h"
#include "probes/postgres_impl.h"

#define HIDDEN "count(*) FILTER (WHERE backend_type IS NULL AND usesysid IS NOT NULL)"

/* The first columns of each are ours: total, hidden, and the second figure. The rest is the table.
 */
enum { POSTGRES_TOTAL, POSTGRES_HIDDEN, POSTGRES_SECOND, POSTGRES_COLUMNS };

static const char postgres_sql_clients[] =
    "SELECT count(*) FILTER (WHERE backend_type = 'client backend'), " HIDDEN ", NULL "
    "FROM pg_catalog.pg_stat_activity";

static const char postgres_sql_pool[] =
    "SELECT sum(count(*) FILTER (WHERE backend_type = 'client backend')) OVER (), "
    "sum(" HIDDEN ") OVER (), "
    "sum(count(*) FILTER (WHERE state LIKE 'idle in transaction%')) OVER (), "
    "coalesce(state, 'starting') AS state, "
    "count(*) FILTER (WHERE backend_type = 'client backend') AS clients, "
    "coalesce(extract(epoch FROM max(now() - state_change))::bigint, 0) AS longest_s "
    "FROM pg_catalog.pg_stat_activity WHERE backend_type = 'client backend' "
    "OR (backend_type IS NULL AND usesysid IS NOT NULL) GROUP BY state ORDER BY 5 DESC, 4";

static const char postgres_sql_long[] =
    "WITH a AS (SELECT * FROM pg_catalog.pg_stat_activity), "
    "h AS (SELECT " HIDDEN " AS n FROM a), "
    "l AS (SELECT * FROM a WHERE backend_type = 'client backend' AND pid <> pg_backend_pid() "
    "AND xact_start < now() - interval '%lld milliseconds') "
    "SELECT (SELECT count(*) FROM l), h.n, "
    "(SELECT extract(epoch FROM max(now() - xact_start)) FROM l), "
    "l.pid, l.usename AS \"user\", l.state, "
    "extract(epoch FROM now() - l.xact_start)::bigint AS age_s, left(l.query, 120) AS query "
    "FROM h LEFT JOIN l ON true ORDER BY l.xact_start NULLS LAST LIMIT %d";

/* pg_locks shows everybody who waits for whom; only the words of others may be hidden. */
static const char postgres_sql_locks[] =
    "WITH w AS (SELECT DISTINCT pid FROM pg_catalog.pg_locks WHERE NOT granted), "
    "d AS (SELECT w.pid, a.usename, a.query_start, a.query, pg_blocking_pids(w.pid) AS by "
    "FROM w LEFT JOIN pg_catalog.pg_stat_activity a ON a.pid = w.pid) "
    "SELECT (SELECT count(*) FROM d), 0, "
    "(SELECT extract(epoch FROM max(clock_timestamp() - query_start)) FROM d), "
    "d.pid, d.usename AS \"user\", "
    "extract(epoch FROM clock_timestamp() - d.query_start)::bigint AS waits_s, "
    "array_to_string(d.by, ' ') AS blocked_by, left(b.query, 120) AS blocker, "
    "left(d.query, 120) AS query "
    "FROM (SELECT 1) AS one LEFT JOIN d ON true "
    "LEFT JOIN pg_catalog.pg_stat_activity b ON b.pid = d.by[1] "
    "ORDER BY d.query_start NULLS LAST LIMIT %d";

void postgres_sql(const struct postgres_options *o, struct buf *out)
{
    switch (postgres_shows(o)) {
    case POSTGRES_SQL:
        buf_adds(out, o->sql);
        break;
    case POSTGRES_PING:
        buf_adds(out, "SELECT 1");
        break;
    case POSTGRES_CLIENTS:
        buf_adds(out, postgres_sql_clients);
        break;
    case POSTGRES_POOL:
        buf_adds(out, postgres_sql_pool);
        break;
    case POSTGRES_LONG:
        buf_addf(out, postgres_sql_long, (long long)o->older_ms, TABLE_ROWS);
        break;
    case POSTGRES_LOCKS:
        buf_addf(out, postgres_sql_locks, TABLE_ROWS);
        break;
    case POSTGRES_REPLICATION:
        buf_adds(out, postgres_sql_replication);
        break;
    }
}

/* ---- tables ---- */

static void postgres_cell(struct postgres_state *s, size_t row, size_t col, const char *utf8)
{
    struct text *cell = &s->table.cells[row * s->table.cols + col];

    if (utf8)
        text_sets(cell, utf8);
    else
        text_sets(cell, "NULL");
}

/* The columns from `first` on, all rows up to the caps of a screen; rows of nothing but NULL are
 * the trace of an outer join. */
void postgres_table(struct postgres_state *s, const struct pg_reply *r, size_t first)
{
    size_t cols = r->cols > first ? r->cols - first : 0, rows = r->rows, need;

    s->table.cut = r->cut || rows > TABLE_ROWS || cols > TABLE_COLS;
    s->table.cols = cols > TABLE_COLS ? TABLE_COLS : cols;
    s->table.rows = rows > TABLE_ROWS ? TABLE_ROWS : rows;
    if (!s->table.cols)
        return;
    if (first && rows == 1 && !pg_reply_cell(r, 0, first))
        s->table.rows = 0;
    need = (s->table.rows + 1) * s->table.cols;
    if (need > s->table_cap) {
        s->table.cells = xreallocarray(s->table.cells, need, sizeof *s->table.cells);
        memset(s->table.cells + s->table_cap, 0, (need - s->table_cap) * sizeof *s->table.cells);
        s->table_cap = need;
    }
    for (size_t col = 0; col < s->table.cols; col++)
        postgres_cell(s, 0, col, pg_reply_name(r, first + col));
    for (size_t row = 0; row < s->table.rows; row++)
        for (size_t col = 0; col < s->table.cols; col++)
            postgres_cell(s, row + 1, col, pg_reply_cell(r, row, first + col));
    s->report.table = &s->table;
}

/* ---- values ---- */

void postgres_known(struct value *v, double value)
{
    v->known = true;
    v->value = value;
}

/* Not a number that could be shown, and never a zero: unknown, with what was there instead. */
void postgres_unknown(struct postgres_state *s, const char *what)
{
    s->report.state = STATE_UNKNOWN;
    text_sets(&s->report.reason, what);
    text_sets(&s->report.values[0].note, what);
}

static void postgres_number(struct postgres_state *s, const char *name, const char *cell)
{
    struct err what;
    double value;

    if (!cell) {
        err_set(&what, "%s is NULL", name);
    } else if (number_parse(cell, &value)) {
        postgres_known(&s->report.values[0], value);
        return;
    } else if (strcmp(cell, "NaN") == 0 || strstr(cell, "Infinity")) {
        err_set(&what, "%s is %.20s", name, cell);
    } else {
        err_set(&what, "%s is not a number: '%.60s'", name, cell);
    }
    postgres_unknown(s, what.msg);
}

static size_t postgres_value_column(const struct postgres_options *o, const struct pg_reply *r)
{
    if (!o->value)
        return 0;
    for (size_t col = 0; col < r->cols; col++)
        if (strcmp(pg_reply_name(r, col), o->value) == 0)
            return col;
    return SIZE_MAX;
}

static void postgres_rows(const struct postgres_options *o, struct postgres_state *s,
                          const struct pg_reply *r)
{
    enum postgres_read read = (enum postgres_read)o->read;
    size_t col = postgres_value_column(o, r);
    struct err what;

    if (read == POSTGRES_AUTO)
        read = r->cols <= 1 && r->rows <= 1 ? POSTGRES_NUMBER
               : r->rows == 1               ? POSTGRES_ROW
                                            : POSTGRES_TABLE;
    if (read != POSTGRES_NUMBER)
        postgres_table(s, r, 0);
    if (!r->cols) {
        postgres_unknown(s, "the statement gives no rows; it is not a query");
    } else if (col == SIZE_MAX) {
        err_set(&what, "column %.60s is not in the answer", o->value);
        postgres_unknown(s, what.msg);
    } else if (read == POSTGRES_TABLE && !o->value) {
        postgres_known(&s->report.values[0], (double)r->rows);
        s->report.values[0].above = r->cut;
    } else if (!r->rows) {
        postgres_unknown(s, "the query gives no row");
    } else if (read == POSTGRES_ROW && r->rows > 1) {
        postgres_unknown(s, "the query gives more than one row");
    } else {
        postgres_number(s, pg_reply_name(r, col), pg_reply_cell(r, 0, col));
    }
}

/* One of our own queries: total, hidden, second. */
static void postgres_shown(struct postgres_state *s, const struct pg_reply *r,
                           enum postgres_show show)
{
    double total = 0, hidden = 0, more = 0;
    const char *cell[POSTGRES_COLUMNS];
    struct err what;

    for (size_t i = 0; i < POSTGRES_COLUMNS; i++)
        cell[i] = pg_reply_cell(r, 0, i);
    if (!cell[0] || !cell[1] || !number_parse(cell[0], &total) || !number_parse(cell[1], &hidden)) {
        postgres_unknown(s, "the server's statistics have another form");
        return;
    }
    if (hidden > 0) {
        err_set(&what, "%.0f sessions are hidden from this role; GRANT pg_read_all_stats to it",
                hidden);
        postgres_unknown(s, what.msg);
        return;
    }
    postgres_known(&s->report.values[0], total);
    if (show == POSTGRES_CLIENTS)
        return;
    postgres_table(s, r, POSTGRES_COLUMNS);
    if (show != POSTGRES_POOL && (double)s->table.rows < total)
        s->table.cut = true;
    if (cell[2] && number_parse(cell[2], &more))
        postgres_known(&s->report.values[1], more);
    else
        text_sets(&s->report.values[1].note, total > 0 ? "not visible to this role" : "none");
}

/* ---- the whole ---- */

static void postgres_latency(struct value *v, const struct pg_reply *r)
{
    postgres_known(v, (double)r->phases.total_us / 1000);
}

/* For up: "20 clients", or "42 in 3 ms" where nothing says what is counted. */
static void postgres_reason(const struct probe_common *common, enum postgres_show show,
                            struct postgres_state *s, const struct pg_reply *r)
{
    static const char *const words[] = {
        [POSTGRES_CLIENTS] = "clients",        [POSTGRES_POOL] = "clients",
        [POSTGRES_LONG] = "long transactions", [POSTGRES_LOCKS] = "waiting for locks",
        [POSTGRES_REPLICATION] = "behind",     [POSTGRES_SQL] = NULL,
    };
    const struct value *v = &s->report.values[0];
    const char *word = show == POSTGRES_SQL ? common->unit_word : words[show];
    char n[32], ms[32];

    quantity_format((double)r->phases.total_us / 1000, UNIT_MS, ms);
    if (show == POSTGRES_PING)
        text_setf(&s->report.reason, "1 in %s", ms);
    else if (word)
        text_setf(&s->report.reason, "%s%s %s", v->above ? ">" : "",
                  quantity_format(v->value,
                                  show == POSTGRES_SQL           ? probe_unit(common, UNIT_NONE)
                                  : show == POSTGRES_REPLICATION ? UNIT_BYTES
                                                                 : UNIT_COUNT,
                                  n),
                  word);
    else
        text_setf(&s->report.reason, "%s%s in %s", v->above ? ">" : "",
                  quantity_format(v->value, probe_unit(common, UNIT_NONE), n), ms);
}

static void postgres_fault(struct postgres_state *s, const struct pg_reply *r)
{
    probe_report_failed(&s->report, r->fault, r->why.msg);
}

void postgres_read_reply(const struct postgres_options *o, const struct probe_common *common,
                         struct postgres_state *s, const struct pg_reply *r)
{
    enum postgres_show show = postgres_shows(o);
    size_t latency = 1;

    if (r->fault != FAULT_NONE) {
        postgres_fault(s, r);
        return;
    }
    s->report.state = STATE_UP;
    switch (show) {
    case POSTGRES_PING:
        latency = 0;
        if (r->rows != 1 || !pg_reply_cell(r, 0, 0) || strcmp(pg_reply_cell(r, 0, 0), "1") != 0)
            report_fault(&s->report, FAULT_BODY, "SELECT 1 does not give 1");
        break;
    case POSTGRES_CLIENTS:
        postgres_shown(s, r, show);
        break;
    case POSTGRES_POOL:
    case POSTGRES_LONG:
    case POSTGRES_LOCKS:
        latency = 2;
        postgres_shown(s, r, show);
        break;
    case POSTGRES_REPLICATION:
        latency = 2;
        postgres_read_replication(s, r);
        break;
    case POSTGRES_SQL:
        postgres_rows(o, s, r);
        break;
    }
    if (s->report.state == STATE_DOWN)
        return;
    postgres_latency(&s->report.values[latency], r);
    if (s->report.state == STATE_UP)
        postgres_reason(common, show, s, r);
}

/* probes/queue_table.c: SQL for a table of jobs, and its one row of answer. */
#include "probes/queue_table.h"

#include <math.h>
#include <string.h>

#include "core/hash.h"
#include "probes/number.h"
#include "probes/queue_layout_impl.h"

enum {
    TABLE_NAME_MAX = 63,     /* of PostgreSQL */
    TABLE_WORD_MAX = 64,     /* of a state */
    TABLE_WORDS_MAX = 32,    /* states of one option */
    TABLE_SAME_JOB_MS = 1000 /* an age goes over a network: it is no exact name of a job */
};

/* ---- checks ---- */

static bool table_is_name(const char *s, size_t len)
{
    static const char first[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_";
    static const char rest[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_0123456789$";

    return len > 0 && len <= TABLE_NAME_MAX && strchr(first, *s) && strspn(s, rest) >= len;
}

static bool table_column(const char *option, const char *name, struct err *err)
{
    if (!name || table_is_name(name, strlen(name)))
        return true;
    return err_set(err, "%s: '%.64s' is no name of a column; letters, digits, '_' and '$'", option,
                   name);
}

/* Words as states have them. A quote or a backslash cannot be among them, so that a literal ends
 * where we end it, whatever standard_conforming_strings says. */
static bool table_words(const char *option, const struct strlist *l, struct err *err)
{
    static const char fine[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-.: ";

    if (l->n > TABLE_WORDS_MAX)
        return err_set(err, "%s: at most %d states", option, TABLE_WORDS_MAX);
    for (size_t i = 0; i < l->n; i++) {
        size_t len = strlen(l->items[i]);

        if (len == 0 || len > TABLE_WORD_MAX || strspn(l->items[i], fine) != len)
            return err_set(err, "%s: '%.64s' is no state; letters, digits, '_', '-', '.', ':'",
                           option, l->items[i]);
    }
    return true;
}

bool queue_table_check(const struct queue_table *t, struct err *err)
{
    const char *dot = strchr(t->name, '.');
    size_t len = dot ? (size_t)(dot - t->name) : strlen(t->name);

    if (t->sql) {
        if (!t->sql[strspn(t->sql, " \t\r\n;")])
            return err_set(err, "sql: is empty");
        if (t->status || t->created || t->due || t->job || t->waiting->n || t->running->n ||
            t->failed->n)
            return err_set(err, "sql: takes the place of status, waiting, running, failed, "
                                "created, due and job");
        return true;
    }
    if (!table_is_name(t->name, len) || (dot && !table_is_name(dot + 1, strlen(dot + 1))))
        return err_set(err, "queue: '%.100s' is no name of a table; write jobs or schema.jobs",
                       t->name);
    if (!t->waiting->n)
        return err_set(err, "waiting: say which state waits, as waiting: queued; or write an sql");
    return table_column("status", t->status, err) && table_column("created", t->created, err) &&
           table_column("due", t->due, err) && table_column("job", t->job, err) &&
           table_words("waiting", t->waiting, err) && table_words("running", t->running, err) &&
           table_words("failed", t->failed, err);
}

/* ---- the statement ---- */

/* Checked before: there is no quote inside. */
static void table_add_name(struct buf *b, const char *name)
{
    buf_addf(b, "\"%s\"", name);
}

static void table_add_table(struct buf *b, const char *name)
{
    const char *dot = strchr(name, '.');

    if (dot)
        buf_addf(b, "\"%.*s\".", (int)(dot - name), name);
    table_add_name(b, dot ? dot + 1 : name);
}

/* "status" IN ('queued', 'new'): without a cast, so that an index serves and an enum knows its
 * words. */
static void table_add_in(struct buf *b, const char *status, const struct strlist *const *lists,
                         size_t n)
{
    const char *comma = "";

    table_add_name(b, status);
    buf_adds(b, " IN (");
    for (size_t k = 0; k < n; k++)
        for (size_t i = 0; i < lists[k]->n; i++) {
            buf_addf(b, "%s'%s'", comma, lists[k]->items[i]);
            comma = ", ";
        }
    buf_adds(b, ")");
}

/* Seconds since 1970 in a column; extract() takes a time without a zone as it stands. */
static void table_add_epoch(struct buf *b, const char *column)
{
    buf_adds(b, "extract(epoch FROM ");
    table_add_name(b, column);
    buf_adds(b, ")");
}

static void table_add_due(struct buf *b, const struct queue_table *t, const char *how)
{
    table_add_epoch(b, t->due);
    buf_addf(b, " %s extract(epoch FROM now())", how);
}

/* FILTER (WHERE it waits): a job that is due later does not. */
static void table_add_waiting(struct buf *b, const struct queue_table *t, const char *status)
{
    table_add_in(b, status, &t->waiting, 1);
    if (!t->due)
        return;
    buf_adds(b, " AND (");
    table_add_name(b, t->due);
    buf_adds(b, " IS NULL OR ");
    table_add_due(b, t, "<=");
    buf_adds(b, ")");
}

/* Since when a job waits: it was put in, and it was due. */
static void table_add_since(struct buf *b, const struct queue_table *t, const char *created)
{
    if (t->due)
        buf_adds(b, "greatest(");
    table_add_epoch(b, created);
    if (!t->due)
        return;
    buf_adds(b, ", ");
    table_add_epoch(b, t->due);
    buf_adds(b, ")");
}

static void table_add_count(struct buf *b, const char *status, const struct strlist *words,
                            const char *name)
{
    if (!words->n)
        return;
    buf_adds(b, ", count(*) FILTER (WHERE ");
    table_add_in(b, status, &words, 1);
    buf_addf(b, ") AS %s", name);
}

static void table_add_job(struct buf *b, const struct queue_table *t, const char *status,
                          const char *created)
{
    buf_adds(b, ", (SELECT left(");
    table_add_name(b, t->job);
    buf_addf(b, "::text, %d) FROM ", QUEUE_JOB_MAX);
    table_add_table(b, t->name);
    buf_adds(b, " WHERE ");
    table_add_waiting(b, t, status);
    buf_adds(b, " ORDER BY ");
    table_add_since(b, t, created);
    buf_adds(b, " LIMIT 1) AS job");
}

void queue_table_sql(const struct queue_table *t, struct buf *out)
{
    const char *status = t->status ? t->status : "status";
    const char *created = t->created ? t->created : "created_at";
    const struct strlist *const all[] = { t->waiting, t->running, t->failed };

    if (t->sql) {
        buf_adds(out, t->sql);
        return;
    }
    buf_adds(out, "SELECT count(*) FILTER (WHERE ");
    table_add_waiting(out, t, status);
    buf_adds(out, ") AS depth, extract(epoch FROM now()) - min(");
    table_add_since(out, t, created);
    buf_adds(out, ") FILTER (WHERE ");
    table_add_waiting(out, t, status);
    buf_adds(out, ") AS oldest");
    table_add_count(out, status, t->running, "running");
    table_add_count(out, status, t->failed, "failed");
    if (t->due) {
        buf_adds(out, ", count(*) FILTER (WHERE ");
        table_add_in(out, status, &t->waiting, 1);
        buf_adds(out, " AND ");
        table_add_due(out, t, ">");
        buf_adds(out, ") AS delayed");
    }
    if (t->job)
        table_add_job(out, t, status, created);
    buf_adds(out, " FROM ");
    table_add_table(out, t->name);
    buf_adds(out, " WHERE ");
    table_add_in(out, status, all, 3);
}

/* ---- the answer ---- */

bool queue_table_is_about_it(const struct pg_reply *r)
{
    return r->fault != FAULT_NONE &&
           (strncmp(r->sqlstate, "42", 2) == 0 || /* table, column, right */
            strncmp(r->sqlstate, "22", 2) == 0 || /* state, value */
            strcmp(r->sqlstate, "3F000") == 0);   /* schema */
}

static double *table_place(struct queue_facts *f, size_t col, const char *name)
{
    if (col == 0)
        return &f->depth;
    return strcmp(name, "running") == 0   ? &f->running
           : strcmp(name, "failed") == 0  ? &f->failed
           : strcmp(name, "delayed") == 0 ? &f->delayed
                                          : NULL;
}

/* A count is a whole number that is not negative; NULL and all else is none. */
static bool table_count(struct queue_facts *f, double *place, const char *name, const char *cell)
{
    double n;

    if (!cell)
        return err_set(&f->wrong, "%.60s is NULL, not a count", name);
    if (!number_parse(cell, &n) || n < 0 || n != floor(n))
        return err_set(&f->wrong, "%.60s is '%.40s', not a count", name, cell);
    *place = n;
    return true;
}

/* The age of the oldest; none when none waits. */
static bool table_oldest(struct queue_table *t, struct queue_facts *f, const char *name,
                         const char *cell, int64_t now_ms)
{
    double age_s;

    if (!cell)
        return true;
    if (!number_parse(cell, &age_s) || fabs(age_s) > (double)now_ms / 1000)
        return err_set(&f->wrong, "%.60s is '%.40s', not an age in seconds", name, cell);
    f->oldest_ms = now_ms - (int64_t)(age_s * 1000);
    if (f->oldest_ms < t->head_ms - TABLE_SAME_JOB_MS ||
        f->oldest_ms > t->head_ms + TABLE_SAME_JOB_MS)
        t->head_ms = f->oldest_ms;
    f->head = hash_bytes(HASH_START, (const char *)&t->head_ms, sizeof t->head_ms) | 1;
    return true;
}

void queue_table_read(struct queue_table *t, const struct pg_reply *r, int64_t now_ms,
                      struct queue_facts *out)
{
    bool ok = true;

    *out = (struct queue_facts){
        .there = true, .depth = NAN, .running = NAN, .delayed = NAN, .failed = NAN, .done = NAN
    };
    if (r->fault != FAULT_NONE) {
        *out = (struct queue_facts){ .depth = NAN, .wrong = r->why };
        return;
    }
    if (r->rows != 1 || !r->cols) {
        err_set(&out->wrong, "the query gives %s row instead of one",
                r->rows > 1 ? "more than one" : "no");
        return;
    }
    for (size_t col = 0; col < r->cols && ok; col++) {
        const char *name = pg_reply_name(r, col), *cell = pg_reply_cell(r, 0, col);
        double *place = table_place(out, col, name);

        if (place)
            ok = table_count(out, place, name, cell);
        else if (col == 1)
            ok = table_oldest(t, out, name, cell, now_ms);
        else if (strcmp(name, "job") == 0)
            queue_job(out, cell ? cell : "", cell ? strlen(cell) : 0);
        else
            ok =
                err_set(&out->wrong, "column %.60s is none of running, failed, delayed, job", name);
    }
}

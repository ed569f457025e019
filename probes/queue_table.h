/* probes/queue_table.h: a queue that is a table of PostgreSQL: one statement that reads, and what
 * its answer means. Pure: options in, SQL out; an answer in, facts out.
 *
 * Names of tables, columns and states are checked against a narrow pattern and quoted; nothing else
 * from the configuration stands in a statement of ours. The server reckons the ages, by its own
 * clock; a timestamp without a zone is read as UTC, whatever the session's zone is.
 *
 * Errors:  an answer that is not one row of such numbers leaves `wrong` filled and the facts
 *          unknown.
 * Owner:   the columns and words are borrowed.
 */
#pragma once

#include "core/buf.h"
#include "core/option.h"
#include "io/pg.h"
#include "probes/queue_layout.h"

struct queue_table {
    const char *name;                                 /* "jobs" or "schema.jobs" */
    const char *sql;                                  /* in place of all below; NULL */
    const char *status, *created, *due, *job;         /* columns; due and job may be NULL */
    const struct strlist *waiting, *running, *failed; /* what `status` says of them */
    int64_t head_ms; /* when the job that is next was put in; kept from answer to answer */
};

/* Can a statement be made of it? The message begins with the option: "created: ...". */
bool queue_table_check(const struct queue_table *t, struct err *err);
void queue_table_sql(const struct queue_table *t, struct buf *out);
/* Is it the table, its columns or our right to read them that the server complains of? Everything
 * else is about the server. */
bool queue_table_is_about_it(const struct pg_reply *r);
/* `now_ms`: the moment of the answer. */
void queue_table_read(struct queue_table *t, const struct pg_reply *r, int64_t now_ms,
                      struct queue_facts *out);

/* probes/postgres_impl.h: the postgres probe's options and state, between its files; nobody else
 * includes it. */
#pragma once

#include "core/buf.h"
#include "core/option.h"
#include "probes/pg_link.h"
#include "probes/probe.h"

enum postgres_show {
    POSTGRES_PING,
    POSTGRES_CLIENTS,
    POSTGRES_POOL,
    POSTGRES_LONG,
    POSTGRES_LOCKS,
    POSTGRES_SQL /* not a word of `show`: there is an sql */
};

enum postgres_read { POSTGRES_AUTO, POSTGRES_NUMBER, POSTGRES_ROW, POSTGRES_TABLE };

struct postgres_options { /* the probe's `self` */
    char *postgres, *sql, *value, *password;
    int show, read;
    int64_t older_ms;
};

struct postgres_state {
    struct pg_link link;
    struct buf sql;
    struct report report;
    struct table table; /* the memory for one; cells of table_cap texts */
    size_t table_cap;
};

enum postgres_show postgres_shows(const struct postgres_options *o);

/* probes/postgres_read.c */
void postgres_sql(const struct postgres_options *o, struct buf *out);
/* A reply into s->report, which was begun. */
void postgres_read_reply(const struct postgres_options *o, const struct probe_common *common,
                         struct postgres_state *s, const struct pg_reply *r);

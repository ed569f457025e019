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
    POSTGRES_REPLICATION,
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

/* probes/postgres_replica.c: how far replicas are behind, asked of a primary or of a replica */
extern const char postgres_sql_replication[];
void postgres_read_replication(struct postgres_state *s, const struct pg_reply *r);

/* probes/postgres_read.c */
void postgres_sql(const struct postgres_options *o, struct buf *out);
/* A reply into s->report, which was begun. */
void postgres_read_reply(const struct postgres_options *o, const struct probe_common *common,
                         struct postgres_state *s, const struct pg_reply *r);
/* For the reader of a ready-made query. */
void postgres_known(struct value *v, double value);
void postgres_unknown(struct postgres_state *s, const char *what);
void postgres_table(struct postgres_state *s, const struct pg_reply *r, size_t first);

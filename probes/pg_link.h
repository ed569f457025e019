/* probes/pg_link.h: what every kind that asks a PostgreSQL has: the connection, and whose secret
 * opens it.
 *
 * Errors:  a secret that cannot be had is no mistake of the configuration: it may come.
 * Owner:   the link lies in the kind's own state; pg_link_close() puts back what it holds. Address
 *          and reference are borrowed until then.
 */
#pragma once

#include "io/pg.h"
#include "probes/probe.h"

struct pg_link {
    struct probe *probe;
    const char *address, *password; /* password: a reference, or NULL */
    struct pg_db *db;               /* NULL while a secret cannot be had */
    struct pg_call *call;           /* under way */
    bool rejected;                  /* the credentials: the secret may have been renewed */
};

/* False for what stays wrong as long as the configuration does. */
bool pg_link_open(struct pg_link *l, struct probe *p, const char *address, const char *password,
                  struct err *err);
/* Before each question: false when there is nobody to ask yet. */
bool pg_link_ready(struct pg_link *l, struct err *err);
void pg_link_close(struct pg_link *l);

/* probes/pg_link.c: the connection of a probe to its PostgreSQL. */
#include "probes/pg_link.h"

static void pg_link_on_closed(void *arg)
{
    struct pg_link *l = arg;

    if (!l->call)
        probe_closed(l->probe);
}

/* Opens the database, or changes to another one when the secret is another one by now. `fatal` is
 * what stays wrong. */
static bool pg_link_prepare(struct pg_link *l, bool *fatal, struct err *err)
{
    const struct clients *clients = l->probe->clients;
    struct secret *secret;
    struct pg_db *db;

    *fatal = false;
    if (!probe_secret(clients, l->password, &secret, err))
        return false;
    db = pg_db_get(clients->pg, l->address, secret, err);
    secret_free(secret);
    *fatal = !db;
    if (!db)
        return false;
    if (l->db)
        pg_off_closed(l->db, l);
    pg_on_closed(db, pg_link_on_closed, l);
    pg_db_put(l->db); /* after the other was got: if it is the same, it stays what it was */
    l->db = db;
    l->rejected = false;
    return true;
}

bool pg_link_open(struct pg_link *l, struct probe *p, const char *address, const char *password,
                  struct err *err)
{
    struct err why = { "" };
    bool fatal;

    *l = (struct pg_link){ .probe = p, .address = address, .password = password };
    if (pg_link_prepare(l, &fatal, &why) || !fatal)
        return true;
    if (err)
        *err = why;
    return false;
}

bool pg_link_ready(struct pg_link *l, struct err *err)
{
    bool fatal, renew = l->rejected && l->password;

    return (l->db && !renew) || pg_link_prepare(l, &fatal, err);
}

void pg_link_close(struct pg_link *l)
{
    pg_cancel(l->call);
    if (l->db)
        pg_off_closed(l->db, l);
    pg_db_put(l->db);
}

/* probes/redis_link.c: the connection of a probe to its Redis. */
#include "probes/redis_link.h"

#include <string.h>

bool redis_link_check(const struct redis_link_options *o, struct err *err)
{
    const struct probe_trust trust = { o->ca_file, o->insecure_reason, o->insecure };

    return probe_trust_check(&trust, strncmp(o->redis, "rediss:", 7) == 0,
                             "the address is not rediss://", err);
}

static void redis_link_on_closed(void *arg)
{
    struct redis_link *l = arg;

    if (!l->call)
        probe_closed(l->probe);
}

/* Opens the server, or changes to another connection when the secret is another one by now.
 * `fatal` is what stays wrong. */
static bool redis_link_prepare(struct redis_link *l, bool *fatal, struct err *err)
{
    const struct redis_link_options *o = l->options;
    const struct clients *clients = l->probe->clients;
    struct secret *secret;
    struct redis_db *db;

    *fatal = false;
    if (!probe_secret(clients, o->password, &secret, err))
        return false;
    db = redis_db_get(clients->redis, o->redis, secret, o->ca_file, o->insecure, err);
    secret_free(secret);
    *fatal = !db;
    if (!db)
        return false;
    if (l->db)
        redis_off_closed(l->db, l);
    redis_on_closed(db, redis_link_on_closed, l);
    redis_db_put(l->db); /* after the other was got: if it is the same, it stays what it was */
    l->db = db;
    l->rejected = false;
    return true;
}

bool redis_link_open(struct redis_link *l, struct probe *p, const struct redis_link_options *o,
                     struct err *err)
{
    struct err why = { "" };
    bool fatal;

    l->probe = p;
    l->options = o;
    if (redis_link_prepare(l, &fatal, &why) || !fatal)
        return true;
    if (err)
        *err = why;
    return false;
}

bool redis_link_ready(struct redis_link *l, struct err *err)
{
    bool fatal, renew = l->rejected && l->options->password;

    return (l->db && !renew) || redis_link_prepare(l, &fatal, err);
}

void redis_link_close(struct redis_link *l)
{
    redis_cancel(l->call);
    if (l->db)
        redis_off_closed(l->db, l);
    redis_db_put(l->db);
}

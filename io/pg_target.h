/* io/pg_target.h: where a database is and how it may be reached: a conninfo with everything that
 * libpq would add (service file, PG* environment), read without touching the network, and the rule
 * for passwords.
 *
 * The rule: sslmode is verify-full unless every address is loopback or a unix socket, or the
 * conninfo says something else in so many words. A password, from wherever, is only handed to libpq
 * when the server is verified or local.
 *
 * Errors:  never quotes the conninfo: a password may stand in a wrong place of it.
 * Owner:   the struct owns its strings.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/err.h"
#include "core/secret.h"

enum { PG_HOSTS = 16, PG_ADDRESSES = 32 };

struct pg_host {
    char *host;     /* NULL = the default unix socket; "/..." = a unix socket's directory */
    char *hostaddr; /* as the conninfo says; NULL = to be resolved, or a unix socket */
    char *port;
};

struct pg_setting { /* an option that goes to libpq as it is */
    char *key, *value;
};

struct pg_target {
    struct pg_host hosts[PG_HOSTS];
    size_t n_hosts;
    struct pg_setting *settings;
    size_t n_settings;
    char *options;  /* the conninfo's own; NULL */
    char *sslmode;  /* NULL = ours to choose */
    char *passfile; /* NULL */
    bool has_rootcert;
    struct secret *password; /* from the service file or PGPASSWORD; NULL */
    char *name;              /* host:port/dbname, for the screen */
};

struct pg_address { /* one that can be connected to */
    const struct pg_host *host;
    char numeric[64]; /* "" = unix socket */
    bool dead;        /* did not answer in time, in this round */
};

bool pg_target_read(struct pg_target *t, const char *conninfo, struct err *err);
void pg_target_fini(struct pg_target *t);
bool pg_host_is_unix(const struct pg_host *h);
/* 127.0.0.0/8, ::1 and v4-mapped loopback. */
bool pg_is_loopback(const char *numeric);

struct pg_params { /* keywords and values for PQconnectStartParams, NULL-terminated */
    const char *keys[96], *values[96];
    size_t n;
    char *hosts, *addrs, *ports, *options; /* freed by fini */
    bool withheld;                         /* a password would be there, and must not be sent */
};

/* `timeout_ms` and `lock_ms` become the session's statement_timeout and lock_timeout. `plain`
 * leaves the startup options out, for poolers that refuse them. false: a password is there that
 * must not be sent, with the reason. */
bool pg_params_make(struct pg_params *p, const struct pg_target *t, const struct secret *password,
                    const struct pg_address *addresses, size_t n, int64_t timeout_ms,
                    int64_t lock_ms, bool plain, struct err *err);
void pg_params_fini(struct pg_params *p);

/* io/redis_url.h: where a Redis is: redis://[user@]host[:port][/db], rediss://...,
 * unix:/path[?db=N].
 *
 * Errors:  says what is wrong, without quoting what may hold a password.
 * Owner:   the struct owns its strings.
 */
#pragma once

#include <stdbool.h>

#include "core/err.h"

struct redis_address {
    bool tls;
    char *path; /* unix socket; then host is NULL */
    char *host; /* without brackets */
    char *user; /* NULL = the default user */
    int port;
    int db;
};

bool redis_address_parse(struct redis_address *a, const char *url, struct err *err);
void redis_address_fini(struct redis_address *a);
/* "host:6379", "host:6379/2", "unix:/run/redis.sock": for the screen. */
char *redis_address_name(const struct redis_address *a); /* the caller frees */

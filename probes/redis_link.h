/* probes/redis_link.h: what every kind that asks a Redis has: where it is, who asks, and the
 * connection.
 *
 * Errors:  a secret that cannot be had is no mistake of the configuration: it may come.
 * Owner:   the link lies in the kind's own state; redis_link_close() puts back what it holds.
 */
#pragma once

#include "core/option.h"
#include "io/redis.h"
#include "probes/probe.h"

struct redis_link_options {
    char *redis, *password, *ca_file, *insecure_reason;
    bool insecure;
};

/* The rows of a kind's option table; `at` is the offset of its struct redis_link_options. The
 * address stands apart: for the kind `redis` it is the target and comes first. */
#define REDIS_LINK_ADDRESS(at)                                                         \
    {                                                                                  \
        "redis", OPTION_DSN, (at) + offsetof(struct redis_link_options, redis), NULL,  \
            "server: redis://[user@]host:6379[/db], rediss:// for TLS, or unix:/path", \
            .required = true                                                           \
    }
#define REDIS_LINK_OPTIONS(at)                                                                    \
    { "password", OPTION_SECRET, (at) + offsetof(struct redis_link_options, password), NULL,      \
      "password for AUTH" },                                                                      \
        { "ca_file", OPTION_PATH, (at) + offsetof(struct redis_link_options, ca_file), NULL,      \
          "certificates to trust instead of the system's" },                                      \
        { "insecure", OPTION_BOOL, (at) + offsetof(struct redis_link_options, insecure), "false", \
          "do not verify TLS; shown for ever" },                                                  \
    {                                                                                             \
        "insecure_reason", OPTION_STRING,                                                         \
            (at) + offsetof(struct redis_link_options, insecure_reason), NULL,                    \
            "why; insecure demands it"                                                            \
    }

struct redis_link {
    struct probe *probe;
    const struct redis_link_options *options;
    struct redis_db *db;     /* NULL while a secret cannot be had */
    struct redis_call *call; /* under way */
    bool rejected;           /* the credentials: the secret may have been renewed */
};

bool redis_link_check(const struct redis_link_options *o, struct err *err);
/* False for what stays wrong as long as the configuration does. */
bool redis_link_open(struct redis_link *l, struct probe *p, const struct redis_link_options *o,
                     struct err *err);
/* Before each question: false when there is nobody to ask yet. */
bool redis_link_ready(struct redis_link *l, struct err *err);
void redis_link_close(struct redis_link *l);

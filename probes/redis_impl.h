/* probes/redis_impl.h: the redis probe's options and state, between its files; nobody else includes
 * it. */
#pragma once

#include "core/option.h"
#include "io/redis.h"
#include "probes/probe.h"

struct redis_options { /* the probe's `self` */
    char *redis, *password, *info, *of, *delta, *ca_file, *insecure_reason;
    struct strmap expect;
    bool insecure;
};

struct redis_state {
    struct redis_db *db; /* NULL while a secret cannot be had */
    struct redis_call *call;
    const char *section; /* of INFO; NULL = the usual */
    bool asks_info;
    bool rejected; /* the credentials: the secret may have been renewed */
    struct report report;
    double counter;     /* of `delta` at the answer before; NaN = none */
    int64_t counter_us; /* when that was (monotonic) */
    char run_id[48];    /* another one is another process */
};

/* probes/redis_read.c: a reply into s->report, which was begun. */
void redis_read_reply(const struct redis_options *o, const struct probe_common *common,
                      struct redis_state *s, const struct redis_reply *r, int64_t mono_us);
enum unit redis_unit(const struct redis_options *o, const struct probe_common *common);

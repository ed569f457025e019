/* probes/redis_impl.h: the redis probe's options and state, between its files; nobody else includes
 * it. */
#pragma once

#include "core/option.h"
#include "io/redis.h"
#include "probes/probe.h"
#include "probes/redis_link.h"

struct redis_options { /* the probe's `self` */
    struct redis_link_options link;
    char *info, *of, *delta;
    struct strmap expect;
};

struct redis_state {
    struct redis_link link;
    const char *section; /* of INFO; NULL = the usual */
    bool asks_info;
    struct report report;
    double counter;     /* of `delta` at the answer before; NaN = none */
    int64_t counter_us; /* when that was (monotonic) */
    char run_id[48];    /* another one is another process */
};

/* probes/redis_read.c: a reply into s->report, which was begun. */
void redis_read_reply(const struct redis_options *o, const struct probe_common *common,
                      struct redis_state *s, const struct redis_reply *r, int64_t mono_us);
enum unit redis_unit(const struct redis_options *o, const struct probe_common *common);

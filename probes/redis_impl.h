/* probes/redis_impl.h: the redis probe's options and state, between its files; nobody else includes
 * it. */
#pragma once

#include "core/option.h"
#include "io/redis.h"
#include "probes/probe.h"
#include "probes/redis_link.h"
#include "probes/window.h"

struct redis_options { /* the probe's `self` */
    struct redis_link_options link;
    char *info, *of, *delta, *hash;
    struct strlist share;
    int64_t over_ms;
    int min_samples;
    struct strmap expect;
};

enum { REDIS_SHARE_MAX = 8 };

struct redis_state {
    struct redis_link link;
    const char *section; /* of INFO; NULL = the usual */
    bool asks_info;
    struct report report;
    double counter;        /* of `delta` at the answer before; NaN = none */
    int64_t counter_us;    /* when that was (monotonic) */
    char run_id[48];       /* another one is another process */
    struct window *window; /* of `share`; NULL */
};

/* The value is not known, for this reason. */
void redis_unknown(struct redis_state *s, const char *what);

/* probes/redis_share.c. The reply has PING, INFO and, with a hash, its fields in their order. */
bool redis_share_check(const struct redis_options *o, const struct probe_common *common,
                       struct err *err);
void redis_share_read(const struct redis_options *o, struct redis_state *s,
                      const struct redis_reply *r);

/* probes/redis_read.c: a reply into s->report, which was begun. */
void redis_read_reply(const struct redis_options *o, const struct probe_common *common,
                      struct redis_state *s, const struct redis_reply *r, int64_t mono_us);
enum unit redis_unit(const struct redis_options *o, const struct probe_common *common);

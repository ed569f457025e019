/* probes/redis_share.c: how much of what was counted went to the first of several counters: hits of
 * hits and misses, in INFO or in a hash of the application's own. */
#include <stdlib.h>
#include <string.h>

#include "probes/redis_impl.h"
#include "probes/redis_info.h"

enum { SHARE_FIRST, SHARE_ALL }; /* lanes of the window */

bool redis_share_check(const struct redis_options *o, const struct probe_common *common,
                       struct err *err)
{
    if (!o->share.n)
        return !o->hash || err_set(err, "hash: goes with share");
    if (o->info || o->delta)
        return err_set(err, "share: a probe has one of info, delta and share");
    if (o->share.n < 2 || o->share.n > REDIS_SHARE_MAX)
        return err_set(err, "share: needs 2 to %d fields, the one it is about first",
                       REDIS_SHARE_MAX);
    if (o->over_ms < 2 * common->every_ms)
        return err_set(err, "over: holds fewer than two answers of every");
    return probe_unit_fixed(common, "a share in percent", err);
}

/* A field of INFO, or of the hash; in a hash one that is not there has counted nothing yet, unless
 * none is. False, and the report unknown, when it cannot be told. */
static bool redis_share_field(const struct redis_options *o, struct redis_state *s,
                              const struct redis_value *info, const struct redis_value *hash,
                              size_t i, double *out)
{
    const char *field = o->share.items[i], *text = "0";
    size_t len = 1;
    struct err what;

    if (hash && hash->items[i].kind == REDIS_STRING) {
        text = hash->items[i].str;
        len = hash->items[i].len;
    } else if (!hash && !redis_info_field(info->str, info->len, field, &text, &len)) {
        err_set(&what, "%s is not in INFO", field);
        redis_unknown(s, what.msg);
        return false;
    }
    if (redis_info_number(text, len, out))
        return true;
    err_set(&what, "%s is not a number: '%.*s'", field, (int)(len < 60 ? len : 60), text);
    redis_unknown(s, what.msg);
    return false;
}

static bool redis_share_hash_there(const struct redis_options *o, struct redis_state *s,
                                   const struct redis_value *hash)
{
    struct err what;

    for (size_t i = 0; hash->kind == REDIS_ARRAY && hash->n == o->share.n && i < hash->n; i++)
        if (hash->items[i].kind == REDIS_STRING)
            return true;
    err_set(&what, "no such fields in the hash %s", o->hash);
    redis_unknown(s, what.msg);
    return false;
}

/* Since when this process counts; 0 = not told. A hash may have outlived it. */
static int64_t redis_share_birth(const struct redis_options *o, const struct redis_state *s,
                                 const struct redis_value *info)
{
    const char *up;
    size_t len;
    double up_s;

    if (o->hash || !redis_info_field(info->str, info->len, "uptime_in_seconds", &up, &len) ||
        !redis_info_number(up, len, &up_s))
        return 0;
    return s->report.at_ms - (int64_t)(up_s * 1000);
}

/* Counters of INFO begin anew with their process, also where they are larger by now than they ever
 * were in the one before. */
static uint64_t redis_share_key(const struct redis_options *o, const struct redis_state *s,
                                size_t i)
{
    uint64_t key = 1469598103934665603u + i; /* FNV-1a */

    for (const char *c = o->hash ? "" : s->run_id; *c; c++)
        key = (key ^ (unsigned char)*c) * 1099511628211u;
    return key;
}

void redis_share_read(const struct redis_options *o, struct redis_state *s,
                      const struct redis_reply *r)
{
    const struct redis_value *info = &r->values[1], *hash = o->hash ? &r->values[2] : NULL;
    double values[REDIS_SHARE_MAX];
    int64_t at_ms = s->report.at_ms;

    if (hash && !redis_share_hash_there(o, s, hash))
        return;
    for (size_t i = 0; i < o->share.n; i++)
        if (!redis_share_field(o, s, info, hash, i, &values[i]))
            return;
    window_begin(s->window, at_ms, redis_share_birth(o, s, info));
    for (size_t i = 0; i < o->share.n; i++) {
        uint64_t key = redis_share_key(o, s, i);

        if (i == 0)
            window_add(s->window, SHARE_FIRST, key, values[i], 0);
        window_add(s->window, SHARE_ALL, key, values[i], 0);
    }
    window_commit(s->window);
    window_ratio(s->window, SHARE_FIRST, SHARE_ALL, at_ms, o->min_samples, &s->report.values[0]);
}

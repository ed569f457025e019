/* probes/redis.c: one Redis: PING time, or a figure of INFO as it is, as a share, or as a rate; a
 * share of counters over time. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"
#include "probes/redis_impl.h"
#include "probes/redis_info.h"
#include "probes/registry.h"

#define REDIS(field) offsetof(struct redis_options, field)

static const struct option redis_options[] = {
    REDIS_LINK_ADDRESS(REDIS(link)),
    { "info", OPTION_STRING, REDIS(info), NULL,
      "field of INFO that is the value: connected_clients, db0.keys" },
    { "of", OPTION_STRING, REDIS(of), NULL,
      "field that the value is a share of, in percent: maxmemory" },
    { "delta", OPTION_STRING, REDIS(delta), NULL,
      "field of INFO that counts; the value is its growth a second" },
    { "share", OPTION_LIST, REDIS(share), NULL,
      "fields that count: the growth of the first, in percent of that of all" },
    { "hash", OPTION_STRING, REDIS(hash), NULL,
      "key of the hash that has the fields of share, instead of INFO" },
    { "over", OPTION_DURATION, REDIS(over_ms), "5m", "stretch of time that share is judged by",
      .min = 1000, .max = 86400000 },
    { "min_samples", OPTION_INT, REDIS(min_samples), "20",
      "less growth of all than this in that time is not enough data", .min = 1, .max = 1e9 },
    { "expect", OPTION_MAP, REDIS(expect), NULL,
      "field of INFO to what must stand there; anything else is degraded" },
    REDIS_LINK_OPTIONS(REDIS(link)),
    { 0 }
};

/* ---- options ---- */

static bool redis_check(void *self, struct probe_common *common, struct err *err)
{
    const struct redis_options *o = self;

    if (!redis_link_check(&o->link, err) || !redis_share_check(o, common, err))
        return false;
    if (o->share.n)
        return true;
    if (o->info && o->delta)
        return err_set(err, "info, delta: a probe has one of them");
    if (o->of && !o->info)
        return err_set(err, "of: goes with info");
    if (o->of)
        return probe_unit_fixed(common, "a share in percent", err);
    if (o->delta)
        return probe_unit_fixed(common, "a rate per second", err);
    if (!o->info)
        return probe_unit_fixed(common, "its latency in milliseconds", err);
    return true;
}

enum unit redis_unit(const struct redis_options *o, const struct probe_common *common)
{
    if (o->delta)
        return UNIT_RATE;
    if (o->of || o->share.n)
        return UNIT_PERCENT;
    return probe_unit(common, redis_info_is_bytes(o->info) ? UNIT_BYTES : UNIT_NONE);
}

static size_t redis_signals(const void *self, const struct probe_common *common,
                            struct signal_spec out[READING_SIGNALS])
{
    const struct redis_options *o = self;
    const char *field = o->share.n ? o->share.items[0] : o->info ? o->info : o->delta;

    if (!field) {
        out[0] = (struct signal_spec){ .name = "latency", .unit = UNIT_MS, .main = true };
        return 1;
    }
    out[0] = (struct signal_spec){
        .name = field,
        .unit = redis_unit(o, common),
        .unit_word = common->unit_word,
        .main = true,
        .window_ms = o->share.n ? o->over_ms : 0,
    };
    out[1] = (struct signal_spec){ .name = "latency", .unit = UNIT_MS };
    return 2;
}

static void redis_target(const void *self, struct text *out)
{
    redis_show(((const struct redis_options *)self)->link.redis, out);
}

/* ---- asking ---- */

static const char *redis_longest_section(const struct redis_options *o)
{
    const char *fields[] = { o->info, o->of, o->delta };
    const char *section = NULL;

    for (size_t i = 0; i < sizeof fields / sizeof *fields && !section; i++)
        section = fields[i] ? redis_info_section(fields[i]) : NULL;
    for (size_t i = 0; i < o->share.n && !o->hash && !section; i++)
        section = redis_info_section(o->share.items[i]);
    for (size_t i = 0; i < o->expect.n && !section; i++)
        section = redis_info_section(o->expect.keys[i]);
    return section;
}

static bool redis_open(struct probe *p, struct err *err)
{
    const struct redis_options *o = p->self;
    struct redis_state *s = xcalloc(1, sizeof *s);

    p->state = s;
    report_init(&s->report, 0);
    s->counter = NAN;
    s->asks_info = o->info || o->delta || o->share.n || o->expect.n;
    s->window = o->share.n ? window_new(o->over_ms, p->common->every_ms) : NULL;
    s->section = redis_longest_section(o);
    return redis_link_open(&s->link, p, &o->link, err);
}

static void redis_on_reply(void *arg, const struct redis_reply *r)
{
    struct probe *p = arg;
    struct redis_state *s = p->state;

    s->link.call = NULL;
    s->link.rejected = r->fault == FAULT_AUTH;
    report_clear(&s->report, io_now_ms(p->clients->io));
    s->report.phases = r->phases;
    redis_read_reply(p->self, p->common, s, r, io_mono_us(p->clients->io));
    probe_report(p, &s->report);
}

static void redis_poll(struct probe *p)
{
    struct redis_state *s = p->state;
    const char *ping[] = { "PING" }, *info[] = { "INFO", s->section };
    const struct redis_options *o = p->self;
    const char *fields[2 + REDIS_SHARE_MAX] = { "HMGET", o->hash };
    const struct redis_command commands[] = { { 1, ping },
                                              { s->section ? 2 : 1, info },
                                              { 2 + (int)o->share.n, fields } };
    struct err why = { "" };

    if (!redis_link_ready(&s->link, &why)) {
        report_clear(&s->report, io_now_ms(p->clients->io));
        probe_report_failed(&s->report, FAULT_AUTH, why.msg);
        probe_report(p, &s->report);
        return;
    }
    for (size_t i = 0; o->hash && i < o->share.n; i++)
        fields[2 + i] = o->share.items[i];
    s->link.call = redis_ask(s->link.db, commands,
                             o->hash        ? 3
                             : s->asks_info ? 2
                                            : 1,
                             p->common->timeout_ms, redis_on_reply, p);
}

static void redis_close(struct probe *p)
{
    struct redis_state *s = p->state;

    if (!s)
        return;
    redis_link_close(&s->link);
    window_free(s->window);
    report_fini(&s->report);
    free(s);
    p->state = NULL;
}

const struct probe_ops probe_redis = {
    .kind = "redis",
    .help = "a Redis: PING time, or a figure of INFO",
    .options = redis_options,
    .size = sizeof(struct redis_options),
    .check = redis_check,
    .signals = redis_signals,
    .target = redis_target,
    .open = redis_open,
    .poll = redis_poll,
    .close = redis_close,
};

/* probes/redis_read.c: what the answers to PING and INFO mean. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "probes/redis_impl.h"
#include "probes/redis_info.h"

void redis_unknown(struct redis_state *s, const char *what)
{
    s->report.state = STATE_UNKNOWN;
    text_sets(&s->report.reason, what);
    text_sets(&s->report.values[0].note, what);
}

/* A field as a number; false, and the report unknown, when it is not there or not one. */
static bool redis_number(struct redis_state *s, const struct redis_value *info, const char *field,
                         double *out)
{
    const char *value;
    size_t len;
    struct err what;

    if (!redis_info_field(info->str, info->len, field, &value, &len))
        err_set(&what, "%s is not in INFO", field);
    else if (!redis_info_number(value, len, out))
        err_set(&what, "%s is not a number: '%.*s'", field, (int)(len < 60 ? len : 60), value);
    else
        return true;
    redis_unknown(s, what.msg);
    return false;
}

static void redis_known(struct value *v, double value)
{
    v->known = true;
    v->value = value;
}

/* ---- values ---- */

static void redis_share(const struct redis_options *o, struct redis_state *s,
                        const struct redis_value *info)
{
    struct value *v = &s->report.values[0];
    double num, den;
    struct err what;

    if (!redis_number(s, info, o->info, &num) || !redis_number(s, info, o->of, &den))
        return;
    if (den <= 0) {
        err_set(&what, "%s is %.0f: there is nothing to be a share of", o->of, den);
        redis_unknown(s, what.msg);
        return;
    }
    redis_known(v, num / den * 100);
    v->num = num;
    v->den = den;
    if (redis_info_is_bytes(o->info) && redis_info_is_bytes(o->of))
        v->share_unit = UNIT_BYTES;
}

/* Growth a second since the answer before. A counter that went down began anew: nothing is known of
 * the time in between, and it is not a negative rate. */
static void redis_rate(const struct redis_options *o, struct redis_state *s,
                       const struct redis_value *info, int64_t mono_us)
{
    struct value *v = &s->report.values[0];
    double now, before = s->counter, over_s = (double)(mono_us - s->counter_us) / 1e6;
    int64_t since_us = s->counter_us;

    if (!redis_number(s, info, o->delta, &now)) {
        s->counter = NAN;
        return;
    }
    s->counter = now;
    s->counter_us = mono_us;
    if (isnan(before)) {
        text_sets(&v->note, "not enough data: one answer of two");
    } else if (now < before) {
        text_sets(&v->note, "not enough data: the counter was reset");
    } else if (over_s > 0) {
        redis_known(v, (now - before) / over_s);
        v->window_ms = (mono_us - since_us) / 1000;
    }
}

static void redis_expect(const struct redis_options *o, struct redis_state *s,
                         const struct redis_value *info)
{
    for (size_t i = 0; i < o->expect.n; i++) {
        const char *field = o->expect.keys[i], *want = o->expect.values[i], *value;
        size_t len;

        if (!redis_info_field(info->str, info->len, field, &value, &len)) {
            s->report.state = STATE_UNKNOWN;
            text_setf(&s->report.reason, "%s is not in INFO", field);
            return;
        }
        if (len == strlen(want) && memcmp(value, want, len) == 0)
            continue;
        s->report.state = STATE_DEGRADED;
        text_setf(&s->report.reason, "%s is %.*s, not %s", field, (int)(len < 60 ? len : 60), value,
                  want);
        return;
    }
}

/* ---- the process behind it ---- */

static void redis_identity(struct redis_state *s, const struct redis_value *info)
{
    const char *value, *up;
    size_t len, up_len;
    double up_s = 0;
    char age[32];

    if (redis_info_field(info->str, info->len, "redis_version", &value, &len))
        text_set(&s->report.version, value, len);
    if (!redis_info_field(info->str, info->len, "run_id", &value, &len) || len >= sizeof s->run_id)
        return;
    if (s->run_id[0] && (strlen(s->run_id) != len || memcmp(s->run_id, value, len) != 0)) {
        if (redis_info_field(info->str, info->len, "uptime_in_seconds", &up, &up_len))
            redis_info_number(up, up_len, &up_s);
        text_setf(&s->report.restart, "restarted, up %s", quantity_format(up_s, UNIT_SECONDS, age));
        s->counter = NAN; /* counts of another process */
    }
    memcpy(s->run_id, value, len);
    s->run_id[len] = '\0';
}

/* ---- the whole ---- */

/* Busy reading its data in is neither up nor down. INFO answers meanwhile and tells how far it is.
 */
static void redis_loading(struct redis_state *s, const struct redis_reply *r)
{
    const char *value;
    size_t len;

    s->report.state = STATE_DEGRADED;
    if (r->n > 1 && r->values[1].kind == REDIS_STRING &&
        redis_info_field(r->values[1].str, r->values[1].len, "loading_loaded_perc", &value, &len))
        text_setf(&s->report.reason, "loading its data set, %.*s %%", (int)(len < 8 ? len : 8),
                  value);
    else
        text_sets(&s->report.reason, "loading its data set");
    text_copy(&s->report.values[0].note, &s->report.reason);
}

static void redis_fault(struct redis_state *s, const struct redis_reply *r)
{
    if (r->fault == FAULT_STATUS && strcmp(r->word, "LOADING") == 0) {
        redis_loading(s, r);
        return;
    }
    probe_report_failed(&s->report, r->fault, r->why.msg);
}

static void redis_reason(const struct redis_options *o, const struct probe_common *common,
                         struct redis_state *s, const struct redis_reply *r)
{
    const struct value *v = &s->report.values[0];
    char n[32], ms[32];

    quantity_format((double)r->phases.total_us / 1000, UNIT_MS, ms);
    if ((!o->info && !o->delta && !o->share.n) || !v->known)
        text_setf(&s->report.reason, "PONG in %s", ms);
    else if (o->share.n)
        text_setf(&s->report.reason, "%s %s", quantity_format(v->value, UNIT_PERCENT, n),
                  o->share.items[0]);
    else if (o->of)
        text_setf(&s->report.reason, "%s of %s", quantity_format(v->value, UNIT_PERCENT, n), o->of);
    else if (common->unit_word)
        text_setf(&s->report.reason, "%s %s", quantity_format(v->value, redis_unit(o, common), n),
                  common->unit_word);
    else
        text_setf(&s->report.reason, "%s in %s",
                  quantity_format(v->value, redis_unit(o, common), n), ms);
}

static void redis_read_info(const struct redis_options *o, struct redis_state *s,
                            const struct redis_reply *r, int64_t mono_us)
{
    const struct redis_value *info = &r->values[1];

    redis_identity(s, info);
    if (o->share.n)
        redis_share_read(o, s, r);
    else if (o->of)
        redis_share(o, s, info);
    else if (o->delta)
        redis_rate(o, s, info, mono_us);
    else if (o->info && redis_number(s, info, o->info, &s->report.values[0].value))
        s->report.values[0].known = true;
    if (s->report.state == STATE_UP)
        redis_expect(o, s, info);
}

void redis_read_reply(const struct redis_options *o, const struct probe_common *common,
                      struct redis_state *s, const struct redis_reply *r, int64_t mono_us)
{
    size_t latency = o->info || o->delta || o->share.n ? 1 : 0;

    if (r->fault != FAULT_NONE) {
        redis_fault(s, r);
        return;
    }
    s->report.state = STATE_UP;
    if (r->values[0].kind != REDIS_STATUS || strcmp(r->values[0].str, "PONG") != 0) {
        report_fault(&s->report, FAULT_BODY, "PING does not give PONG");
        return;
    }
    if (s->asks_info && r->values[1].kind != REDIS_STRING) {
        report_fault(&s->report, FAULT_BODY, "INFO does not give text");
        return;
    }
    if (s->asks_info)
        redis_read_info(o, s, r, mono_us);
    redis_known(&s->report.values[latency], (double)r->phases.total_us / 1000);
    if (s->report.state == STATE_UP)
        redis_reason(o, common, s, r);
}

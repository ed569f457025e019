/* probes/tls_say.c: what a handshake showed, as state, reason, parts and the time that is left. */
#include <stdio.h>
#include <string.h>

#include "core/buf.h"
#include "probes/tls_impl.h"

struct saying {
    const struct tls_options *o;
    const struct tls_facts *f;
    struct parts *parts;
    struct report *r;
    struct buf bad; /* what is wrong, the worst first */
};

static struct component *tls_part(struct saying *s, const char *name, enum state state)
{
    struct component *part = parts_add(s->parts);

    text_sets(&part->name, name);
    part->state = state;
    return part;
}

static void tls_bad(struct saying *s, const char *words)
{
    buf_addf(&s->bad, "%s%s", s->bad.len ? "; " : "", words);
}

/* ---- its parts ---- */

static void tls_dates(struct saying *s)
{
    const struct tls_facts *f = s->f;
    int64_t left_ms = f->not_after_ms - s->r->at_ms;
    struct component *part = tls_part(s, "dates", STATE_UP);
    char age[16], from[32], to[32], words[96] = "";

    text_setf(&part->note, "%.10s to %.10s", stamp_format_utc(f->not_before_ms, from),
              stamp_format_utc(f->not_after_ms, to));
    if (left_ms <= 0)
        snprintf(words, sizeof words, "certificate expired %s ago", age_format(-left_ms, age));
    else if (f->not_before_ms > s->r->at_ms)
        snprintf(words, sizeof words, "certificate not valid yet, in %s",
                 age_format(f->not_before_ms - s->r->at_ms, age));
    if (!*words)
        return;
    part->state = STATE_DOWN;
    tls_bad(s, words);
}

/* "the certificate is for elsewhere.example, *.elsewhere.example" */
static void tls_for(const struct tls_facts *f, struct buf *b)
{
    enum { SHOWN = 3 };

    for (size_t i = 0; i < f->n_names && i < SHOWN; i++)
        buf_addf(b, "%s%s", i ? ", " : "", text_str(&f->names[i]));
    if (f->n_names > SHOWN)
        buf_addf(b, " and %zu more", f->n_names - SHOWN);
    if (!f->n_names)
        buf_adds(b, "no name");
}

static void tls_name(struct saying *s, const char *name, bool covers, bool matters)
{
    struct component *part = tls_part(s, name, covers ? STATE_UP : STATE_DOWN);
    struct buf b = { 0 };

    if (covers) {
        text_sets(&part->note, "covered");
        return;
    }
    buf_addf(&b, "wrong host: it is for ");
    tls_for(s->f, &b);
    buf_addf(&b, ", not %s", name);
    text_set(&part->note, b.bytes, b.len);
    if (matters)
        tls_bad(s, b.bytes);
    else
        part->state = STATE_DEGRADED;
    buf_fini(&b);
}

static void tls_chain(struct saying *s)
{
    const struct tls_facts *f = s->f;
    struct component *part = tls_part(s, "chain", f->n_flaws ? STATE_DOWN : STATE_UP);
    struct buf b = { 0 };

    for (size_t i = 0; i < f->n_flaws; i++)
        buf_addf(&b, "%s%s", i ? ", " : "", text_str(&f->flaws[i]));
    if (!f->n_flaws) {
        text_setf(&part->note, "trusted, issued by %s", text_str(&f->issuer));
    } else if (s->o->insecure) {
        part->state = STATE_DEGRADED;
        text_setf(&part->note, "%s, and not verified", buf_str(&b));
    } else {
        text_set(&part->note, b.bytes, b.len);
        tls_bad(s, buf_str(&b));
    }
    buf_fini(&b);
}

/* True when the server takes less than it may. */
static bool tls_version(struct saying *s)
{
    const struct tls_facts *f = s->f;
    struct component *part = tls_part(s, "versions", STATE_UP);

    switch (f->floor) {
    case TLS_FLOOR_BROKEN:
        part->state = STATE_DEGRADED;
        text_setf(&part->note, "takes %s", f->taken);
        return true;
    case TLS_FLOOR_HOLDS:
        text_setf(&part->note, "%s; less than %s is refused", f->version,
                  tls_version_word((enum tls_version)s->o->floor));
        return false;
    case TLS_FLOOR_UNKNOWN:
        break;
    }
    text_setf(&part->note, "%s", f->version);
    if (s->o->floor > TLS_1_0) {
        part->state = STATE_UNKNOWN;
        text_setf(&part->note, "%s; whether older ones are refused was not told in time",
                  f->version);
    }
    return false;
}

/* ---- the whole ---- */

/* A certificate above ours that ends before it ends it too. */
static void tls_left(struct saying *s)
{
    const struct tls_facts *f = s->f;
    bool above = f->chain_after_ms && f->chain_after_ms < f->not_after_ms;
    struct value *v = &s->r->values[0];

    v->known = true;
    v->value = (double)((above ? f->chain_after_ms : f->not_after_ms) - s->r->at_ms) / 1000;
    if (above)
        text_setf(&v->note, "of its issuer %s", text_str(&f->chain_first));
    else
        text_setf(&v->note, "issued by %s", text_str(&f->issuer));
}

static void tls_fine(struct saying *s, bool broken)
{
    struct report *r = s->r;
    char left[32];

    quantity_format(r->values[0].value, UNIT_SECONDS, left);
    r->state = broken ? STATE_DEGRADED : STATE_UP;
    if (broken)
        text_setf(&r->reason, "still takes %s", s->f->taken);
    else
        text_setf(&r->reason, "%s left · %s · %s", left, s->f->version,
                  text_str(&r->values[0].note));
}

void tls_judge(const struct tls_options *o, const char *name, const struct tls_facts *f,
               struct parts *parts, struct report *r)
{
    struct saying s = { .o = o, .f = f, .parts = parts, .r = r };
    bool broken;

    parts_clear(parts);
    r->phases = f->phases;
    if (f->fault != FAULT_NONE) {
        probe_report_failed(r, f->fault, f->why.msg);
        return;
    }
    r->values[1].known = f->phases.total_us >= 0;
    r->values[1].value = (double)f->phases.total_us / 1000;
    tls_left(&s);
    tls_dates(&s);
    tls_chain(&s);
    tls_name(&s, name, f->covers_name, !o->insecure);
    for (size_t i = 0; i < o->names.n && i < TLS_WANTED; i++)
        tls_name(&s, o->names.items[i], f->covers[i], !o->insecure);
    broken = tls_version(&s);
    r->components = parts->items;
    r->n_components = parts->n;
    if (s.bad.len)
        report_fault(r, FAULT_TLS, "%s", s.bad.bytes);
    else
        tls_fine(&s, broken);
    buf_fini(&s.bad);
}

/* probes/dns_say.c: an answer of the DNS against what is expected. */
#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "core/buf.h"
#include "probes/dns_impl.h"

/* Names in any case, with or without the last dot; addresses by their bytes; texts as they are. */
static bool dns_same(int record, const char *expected, const char *found)
{
    unsigned char a[16], b[16];
    size_t len = strlen(expected);

    if (record == DNS_TXT)
        return strcmp(expected, found) == 0;
    for (int family = 0; family < 2; family++) {
        int af = family ? AF_INET6 : AF_INET;

        if (inet_pton(af, expected, a) == 1 && inet_pton(af, found, b) == 1)
            return memcmp(a, b, family ? 16 : 4) == 0;
    }
    if (len > 1 && expected[len - 1] == '.' && expected[len - 2] != ' ') /* "0 ." is no mail */
        len--;
    /* of an MX the preference need not be said */
    if (record == DNS_MX && !strchr(expected, ' ') && strchr(found, ' '))
        found = strchr(found, ' ') + 1;
    return strlen(found) == len && strncasecmp(expected, found, len) == 0;
}

static size_t dns_kept(const struct dns_answer *a)
{
    return a->n < DNS_RECORDS ? a->n : DNS_RECORDS;
}

static bool dns_is_found(const struct dns_options *o, const struct dns_answer *a,
                         const char *expected)
{
    for (size_t i = 0; i < dns_kept(a); i++)
        if (dns_same(o->record, expected, text_str(&a->records[i])))
            return true;
    return false;
}

static bool dns_is_expected(const struct dns_options *o, const char *found)
{
    for (size_t i = 0; i < o->expect.n; i++)
        if (dns_same(o->record, o->expect.items[i], found))
            return true;
    return false;
}

static void dns_note(struct buf *b, const char *word, const char *what)
{
    buf_addf(b, "%s%s %s", b->len ? ", " : "", what, word);
}

static struct component *dns_part(struct parts *parts, const char *name, bool fine)
{
    struct component *part = parts_add(parts);

    if (part) {
        text_sets(&part->name, name);
        part->state = fine ? STATE_UP : STATE_DOWN;
    }
    return part;
}

/* What is wrong into `bad`. */
static void dns_compare(const struct dns_options *o, const struct dns_answer *a,
                        struct parts *parts, struct buf *bad)
{
    for (size_t i = 0; i < o->expect.n && o->match != MATCH_ONLY; i++) {
        struct component *part;

        if (dns_is_found(o, a, o->expect.items[i]))
            continue;
        dns_note(bad, "is missing", o->expect.items[i]);
        part = dns_part(parts, o->expect.items[i], false);
        if (part)
            text_sets(&part->note, "missing");
    }
    for (size_t i = 0; i < dns_kept(a); i++) {
        const char *found = text_str(&a->records[i]);
        bool foreign = o->expect.n && !dns_is_expected(o, found);
        bool fine = !foreign || o->match == MATCH_EACH;
        struct component *part = dns_part(parts, found, fine);

        if (!fine)
            dns_note(bad, "is not expected", found);
        if (part && foreign)
            text_sets(&part->note, fine ? "one more" : "not expected");
    }
}

static void dns_list(const struct dns_answer *a, struct buf *b)
{
    enum { SHOWN = 4 };

    for (size_t i = 0; i < dns_kept(a) && i < SHOWN; i++)
        buf_addf(b, "%s%s", i ? ", " : "", text_str(&a->records[i]));
    if (a->n > SHOWN)
        buf_addf(b, " and %zu more", a->n - SHOWN);
}

static void dns_speak(const struct dns_options *o, const struct dns_answer *a, struct buf *bad,
                      struct report *r)
{
    struct buf b = { 0 };
    char ttl[32], max[32];

    if (bad->len && bad->len < 400)
        report_fault(r, FAULT_BODY, "%s", bad->bytes);
    else if (bad->len)
        report_fault(r, FAULT_BODY, "%.400s...", bad->bytes);
    else
        r->state = STATE_UP;
    if (bad->len)
        return;
    if (o->ttl_max_ms && a->ttl_s * 1000 > o->ttl_max_ms) {
        r->state = STATE_DEGRADED;
        text_setf(&r->reason, "lives for %s, longer than %s", duration_format(a->ttl_s * 1000, ttl),
                  duration_format(o->ttl_max_ms, max));
        return;
    }
    dns_list(a, &b);
    if (a->ttl_s >= 0)
        buf_addf(&b, " · ttl %s", duration_format(a->ttl_s * 1000, ttl));
    text_set(&r->reason, b.bytes, b.len);
    buf_fini(&b);
}

void dns_judge(const struct dns_options *o, const struct dns_answer *a, struct parts *parts,
               struct report *r)
{
    struct buf bad = { 0 };
    char why[64];

    parts_clear(parts);
    if (a->fault != FAULT_NONE) {
        probe_report_failed(r, a->fault, a->why.msg);
        return;
    }
    r->values[0].known = r->phases.total_us >= 0;
    r->values[0].value = (double)r->phases.total_us / 1000;
    r->values[1].known = true;
    r->values[1].value = (double)a->n;
    if (a->found == DNS_NO_NAME) {
        report_fault(r, FAULT_BODY, "there is no such name");
        return;
    }
    if (a->found == DNS_NO_RECORD || a->n == 0) {
        snprintf(why, sizeof why, "the name has no %s", dns_record_words[o->record]);
        report_fault(r, FAULT_BODY, "%s", why);
        return;
    }
    if (a->n > DNS_RECORDS && o->expect.n) { /* whether all is as expected is not known then */
        r->state = STATE_UNKNOWN;
        text_setf(&r->reason, "%zu records, more than the %d that are compared", a->n, DNS_RECORDS);
        return;
    }
    dns_compare(o, a, parts, &bad);
    r->components = parts->items;
    r->n_components = parts->n;
    dns_speak(o, a, &bad, r);
    buf_fini(&bad);
}

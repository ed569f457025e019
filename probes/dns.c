/* probes/dns.c: the records of a name, and whether they are the ones that are expected. */
#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"
#include "probes/dns_impl.h"
#include "probes/registry.h"

#define DNS(field) offsetof(struct dns_options, field)

enum { DNS_NAME_MAX = 253, TTL_MAX_MS = 7 * 86400 * 1000 };

const char *const dns_record_words[] = { "address", "A", "AAAA", "CNAME", "MX", "NS", "TXT", NULL };
static const char *const dns_matches[] = { "each", "exact", "only", NULL };

static const struct option dns_options[] = {
    { "dns", OPTION_STRING, DNS(name), NULL, "name to ask for", .required = true },
    { "record", OPTION_ENUM, DNS(record), "address",
      "what to ask for; address is A and AAAA as programs here see them",
      .words = dns_record_words },
    { "expect", OPTION_LIST, DNS(expect), NULL, "records that are expected" },
    { "match", OPTION_ENUM, DNS(match), "each",
      "each expected one is there; exact: and no other; only: none but these",
      .words = dns_matches },
    { "server", OPTION_STRING, DNS(server), NULL,
      "server to ask, IPv4[:PORT], instead of the system's" },
    { "ttl_max", OPTION_DURATION, DNS(ttl_max_ms), NULL, "longer lived than this is degraded",
      .min = 1000, .max = TTL_MAX_MS },
    { 0 }
};

struct dns_state {
    struct dns_spec spec;
    struct dns *client;
    struct parts parts;
    struct report report;
    int64_t asked_us;
};

/* ---- options ---- */

static bool dns_check_expected(const struct dns_options *o, struct err *err)
{
    unsigned char bin[16];

    for (size_t i = 0; i < o->expect.n; i++) {
        const char *e = o->expect.items[i];
        bool v4 = inet_pton(AF_INET, e, bin) == 1, v6 = inet_pton(AF_INET6, e, bin) == 1;

        if ((o->record == DNS_A && !v4) || (o->record == DNS_AAAA && !v6) ||
            (o->record == DNS_ADDRESS && !v4 && !v6))
            return err_set(err, "expect: '%.60s' is no %s", e,
                           o->record == DNS_A      ? "IPv4 address"
                           : o->record == DNS_AAAA ? "IPv6 address"
                                                   : "address");
    }
    return true;
}

static bool dns_check(void *self, struct probe_common *common, struct err *err)
{
    const struct dns_options *o = self;

    if (!*o->name || strlen(o->name) > DNS_NAME_MAX || strpbrk(o->name, " /:@"))
        return err_set(err, "dns: '%.60s' is no name", o->name);
    if (o->server && !dns_server_valid(o->server))
        return err_set(err, "server: '%.60s' is not IPv4 or IPv4:PORT", o->server);
    if ((o->server || o->ttl_max_ms) && o->record == DNS_ADDRESS)
        return err_set(err, "%s: goes with a record; say record: A",
                       o->server ? "server" : "ttl_max");
    if (o->match && !o->expect.n)
        return err_set(err, "match: goes with expect");
    if (o->expect.n > DNS_RECORDS)
        return err_set(err, "expect: %zu; at most %d", o->expect.n, DNS_RECORDS);
    return probe_unit_fixed(common, "its latency in milliseconds", err) &&
           dns_check_expected(o, err);
}

static size_t dns_signals(const void *self, const struct probe_common *common,
                          struct signal_spec out[READING_SIGNALS])
{
    (void)self;
    (void)common;
    out[0] = (struct signal_spec){ .name = "latency", .unit = UNIT_MS, .main = true };
    out[1] = (struct signal_spec){ .name = "records", .unit = UNIT_COUNT };
    return 2;
}

static void dns_target(const void *self, struct text *out)
{
    const struct dns_options *o = self;

    text_setf(out, "%s%s%s%s%s", o->name, o->record ? " " : "",
              o->record ? dns_record_words[o->record] : "", o->server ? " on " : "",
              o->server ? o->server : "");
}

/* ---- asking ---- */

static bool dns_open(struct probe *p, struct err *err)
{
    const struct dns_options *o = p->self;
    struct dns_state *s = xcalloc(1, sizeof *s);

    (void)err;
    p->state = s;
    report_init(&s->report, 0);
    s->spec =
        (struct dns_spec){ .name = o->name, .kind = (enum dns_kind)o->record, .server = o->server };
    s->client = dns_new(p->clients->io, &s->spec);
    return true;
}

static void dns_on_answer(void *arg, const struct dns_answer *answer)
{
    struct probe *p = arg;
    struct dns_state *s = p->state;

    report_clear(&s->report, io_now_ms(p->clients->io));
    s->report.phases.total_us = (int32_t)(io_mono_us(p->clients->io) - s->asked_us);
    s->report.phases.dns_us = s->report.phases.total_us;
    if (answer->fault == FAULT_NONE)
        s->report.phases.first_byte_us = s->report.phases.total_us;
    dns_judge(p->self, answer, &s->parts, &s->report);
    probe_report(p, &s->report);
}

static void dns_poll(struct probe *p)
{
    struct dns_state *s = p->state;

    s->asked_us = io_mono_us(p->clients->io);
    dns_ask(s->client, p->common->timeout_ms, dns_on_answer, p);
}

static void dns_close(struct probe *p)
{
    struct dns_state *s = p->state;

    if (!s)
        return;
    dns_free(s->client);
    parts_fini(&s->parts);
    report_fini(&s->report);
    free(s);
    p->state = NULL;
}

const struct probe_ops probe_dns = {
    .kind = "dns",
    .help = "the records of a name, and whether they are the expected ones",
    .options = dns_options,
    .size = sizeof(struct dns_options),
    .check = dns_check,
    .signals = dns_signals,
    .target = dns_target,
    .open = dns_open,
    .poll = dns_poll,
    .close = dns_close,
};

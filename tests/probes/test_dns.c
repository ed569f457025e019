/* tests/probes/test_dns.c: an answer of the DNS against what is expected. */
#include "tests/cmocka.h"

#include <locale.h>

#include "io/dns.h"
#include "probes/dns_impl.h"
#include "tests/probes/probe_case.h"

struct told {
    enum fault fault;
    const char *why;
    enum dns_found found;
    const char *records[4];
    int64_t ttl_s; /* 0 = not told */
};

static struct told told;

static void tell(void *arg, const char *name, struct dns_answer *a)
{
    (void)arg;
    assert_string_equal(name, "shop.example");
    a->fault = told.fault;
    if (told.fault)
        err_set(&a->why, "%s", told.why);
    a->found = told.found;
    for (; a->n < 4 && told.records[a->n]; a->n++)
        text_sets(&a->records[a->n], told.records[a->n]);
    a->ttl_s = told.ttl_s ? told.ttl_s : -1;
}

static void dns_case(struct probe_case *c, const char *const *pairs)
{
    case_init(c, "dns", pairs);
    c->net.dns = tell;
}

struct comparison {
    const char *record, *expect, *match;
    struct told told;
    enum state state;
    const char *reason, *components;
};

static const struct comparison comparisons[] = {
    { "A",
      NULL,
      NULL,
      { .records = { "192.0.2.1", "192.0.2.2" }, .ttl_s = 300 },
      STATE_UP,
      "192.0.2.1, 192.0.2.2 · ttl 5m",
      "192.0.2.1=up 192.0.2.2=up" },
    { "address",
      NULL,
      NULL,
      { .records = { "192.0.2.1" } },
      STATE_UP,
      "192.0.2.1",
      "192.0.2.1=up" },
    { "A",
      "192.0.2.2",
      NULL,
      { .records = { "192.0.2.1", "192.0.2.2" } },
      STATE_UP,
      NULL,
      "192.0.2.1=up 192.0.2.2=up" },
    { "A",
      "192.0.2.2",
      "exact",
      { .records = { "192.0.2.1", "192.0.2.2" } },
      STATE_DOWN,
      "192.0.2.1 is not expected",
      "192.0.2.1=down 192.0.2.2=up" },
    { "A",
      "192.0.2.2",
      "only",
      { .records = { "192.0.2.9" } },
      STATE_DOWN,
      "192.0.2.9 is not expected",
      "192.0.2.9=down" },
    { "A",
      "192.0.2.2",
      NULL,
      { .records = { "192.0.2.9" } },
      STATE_DOWN,
      "192.0.2.2 is missing",
      "192.0.2.2=down 192.0.2.9=up" },
    { "AAAA", "2001:db8:0:0::1", "exact", { .records = { "2001:db8::1" } }, STATE_UP, NULL, NULL },
    { "NS",
      "NS1.Host.example.",
      "exact",
      { .records = { "ns1.host.example" } },
      STATE_UP,
      NULL,
      NULL },
    { "MX", "mx.example", "exact", { .records = { "10 mx.example" } }, STATE_UP, NULL, NULL },
    { "MX", "20 mx.example", "exact", { .records = { "10 mx.example" } }, STATE_DOWN, NULL, NULL },
    { "TXT",
      "v=spf1 -all",
      NULL,
      { .records = { "V=spf1 -all" } },
      STATE_DOWN,
      "v=spf1 -all is missing",
      NULL },
    /* no such name is an answer; trouble on the way to it is none */
    { "A", NULL, NULL, { .found = DNS_NO_NAME }, STATE_DOWN, "there is no such name", "" },
    { "MX", NULL, NULL, { .found = DNS_NO_RECORD }, STATE_DOWN, "the name has no MX", "" },
    { "A",
      "192.0.2.1",
      NULL,
      { .fault = FAULT_DNS, .why = "dns: no answer" },
      STATE_UNKNOWN,
      "dns: no answer",
      "" },
    { "A",
      NULL,
      NULL,
      { .fault = FAULT_LOCAL, .why = "local: no thread" },
      STATE_UNKNOWN,
      "local: no thread",
      "" },
};

static void records_are_compared(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof comparisons / sizeof comparisons[0]; i++) {
        const struct comparison *v = &comparisons[i];
        const char *pairs[] = { "dns",
                                "shop.example",
                                "record",
                                v->record,
                                v->expect ? "expect" : NULL,
                                v->expect,
                                v->match ? "match" : NULL,
                                v->match,
                                NULL };
        struct probe_case c;

        dns_case(&c, pairs);
        told = v->told;
        case_poll(&c);
        if (c.state != v->state || (v->reason && strcmp(c.reason, v->reason) != 0) ||
            (v->components && strcmp(c.components, v->components) != 0))
            fail_msg("case %zu: %s '%s' (%s)", i, state_word(c.state), c.reason, c.components);
        assert_int_equal(c.known, v->told.fault == FAULT_NONE);
        assert_int_equal(c.second.known, v->told.fault == FAULT_NONE);
        case_fini(&c);
    }
}

static void a_record_that_lives_too_long_is_told(void **state)
{
    struct probe_case c;

    (void)state;
    dns_case(&c, PAIRS("dns", "shop.example", "record", "A", "ttl_max", "5m"));
    told = (struct told){ .records = { "192.0.2.1" }, .ttl_s = 300 };
    case_poll(&c);
    assert_int_equal(c.state, STATE_UP);
    told.ttl_s = 3600;
    case_poll(&c);
    assert_int_equal(c.state, STATE_DEGRADED);
    assert_string_equal(c.reason, "lives for 1h, longer than 5m");
    case_fini(&c);
}

static void what_cannot_be_asked_is_refused(void **state)
{
    (void)state;
    case_refused("dns", "'a b' is no name", PAIRS("dns", "a b"));
    case_refused("dns", "'http://h' is no name", PAIRS("dns", "http://h"));
    case_refused("dns", "server: 'ns1.example' is not IPv4 or IPv4:PORT",
                 PAIRS("dns", "h", "record", "A", "server", "ns1.example"));
    case_refused("dns", "server: '1.1.1.1:' is not IPv4",
                 PAIRS("dns", "h", "record", "A", "server", "1.1.1.1:"));
    case_refused("dns", "server: goes with a record", PAIRS("dns", "h", "server", "1.1.1.1"));
    case_refused("dns", "ttl_max: goes with a record", PAIRS("dns", "h", "ttl_max", "5m"));
    case_refused("dns", "match: goes with expect", PAIRS("dns", "h", "match", "exact"));
    case_refused("dns", "expect: '::1' is no IPv4 address",
                 PAIRS("dns", "h", "record", "A", "expect", "::1"));
    case_refused("dns", "expect: 'h2' is no address", PAIRS("dns", "h", "expect", "h2"));
    case_refused("dns", "unit: cannot be chosen", PAIRS("dns", "h", "unit", "bytes"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(records_are_compared),
        cmocka_unit_test(a_record_that_lives_too_long_is_told),
        cmocka_unit_test(what_cannot_be_asked_is_refused),
    };
    setlocale(LC_CTYPE, "C.UTF-8");
    return cmocka_run_group_tests(tests, NULL, NULL);
}

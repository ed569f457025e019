/* tests/probes/test_tls.c: what a handshake showed, and what is made of it. */
#include "tests/cmocka.h"

#include <locale.h>

#include "io/tls.h"
#include "probes/tls_impl.h"
#include "tests/probes/probe_case.h"

#define NOW_MS INT64_C(1769652827000)
#define DAY_MS INT64_C(86400000)

struct shown { /* what the scripted server shows; zeroed it is all right */
    enum fault fault;
    const char *why;
    int left_days, from_days, issuer_days; /* 0 = 89, -1, and no issuer is known */
    const char *flaw;
    bool uncovered, uncovered_further, untold; /* untold: whether older versions are taken */
    const char *taken;
};

static struct shown shown;

static void show(void *arg, const char *host, struct tls_facts *f)
{
    (void)arg;
    assert_string_equal(host, "shop.example");
    f->fault = shown.fault;
    if (shown.fault) {
        err_set(&f->why, "%s", shown.why);
        return;
    }
    f->not_before_ms = NOW_MS + (shown.from_days ? shown.from_days : -1) * DAY_MS;
    f->not_after_ms = NOW_MS + (shown.left_days ? shown.left_days : 89) * DAY_MS;
    if (shown.issuer_days) {
        f->chain_after_ms = NOW_MS + shown.issuer_days * DAY_MS;
        text_sets(&f->chain_first, "R\x1b[31m11");
    }
    text_sets(&f->issuer, "Ours");
    if (shown.flaw)
        text_sets(&f->flaws[f->n_flaws++], shown.flaw);
    for (int i = 0; i < 4; i++)
        text_setf(&f->names[f->n_names++], "n%d.example", i);
    f->covers_name = !shown.uncovered;
    f->covers[0] = !shown.uncovered_further;
    snprintf(f->version, sizeof f->version, "TLS 1.3");
    f->floor = shown.taken ? TLS_FLOOR_BROKEN : shown.untold ? TLS_FLOOR_UNKNOWN : TLS_FLOOR_HOLDS;
    snprintf(f->taken, sizeof f->taken, "%s", shown.taken ? shown.taken : "");
}

static void tls_case(struct probe_case *c, const char *const *pairs)
{
    case_init(c, "tls", pairs);
    c->net.tls = show;
}

static void each_flaw_has_its_own_reason(void **state)
{
    static const struct {
        struct shown shown;
        enum state state;
        const char *reason;
        double days; /* NAN = not known */
        const char *components;
    } rows[] = {
        { { .why = NULL },
          STATE_UP,
          "89d left · TLS 1.3 · issued by Ours",
          89,
          "dates=up chain=up shop.example=up www.shop.example=up versions=up" },
        { { .issuer_days = 9 }, STATE_UP, "9d left · TLS 1.3 · of its issuer R^[[31m11", 9, NULL },
        { { .issuer_days = 400 }, STATE_UP, "89d left · TLS 1.3 · issued by Ours", 89, NULL },
        { { .left_days = -2 },
          STATE_DOWN,
          "tls: certificate expired 2d ago",
          -2,
          "dates=down chain=up shop.example=up www.shop.example=up versions=up" },
        { { .from_days = 2 }, STATE_DOWN, "tls: certificate not valid yet, in 2d", 89, NULL },
        { { .flaw = "unknown issuer" }, STATE_DOWN, "tls: unknown issuer", 89, NULL },
        { { .flaw = "self-signed certificate", .uncovered = true, .left_days = -2 },
          STATE_DOWN,
          "tls: certificate expired 2d ago; self-signed certificate; wrong host: it is for "
          "n0.example, n1.example, n2.example and 1 more, not shop.example",
          -2,
          NULL },
        { { .uncovered_further = true },
          STATE_DOWN,
          "tls: wrong host: it is for n0.example, n1.example, n2.example and 1 more, not "
          "www.shop.example",
          89,
          "dates=up chain=up shop.example=up www.shop.example=down versions=up" },
        { { .taken = "TLS 1.0" }, STATE_DEGRADED, "still takes TLS 1.0", 89, NULL },
        { { .untold = true },
          STATE_UP,
          NULL,
          89,
          "dates=up chain=up shop.example=up www.shop.example=up versions=unknown" },
        { { .fault = FAULT_REFUSED, .why = "refused" }, STATE_DOWN, "refused", NAN, "" },
        { { .fault = FAULT_DNS, .why = "dns: cannot resolve" },
          STATE_UNKNOWN,
          "dns: cannot resolve",
          NAN,
          "" },
        { { .fault = FAULT_TIMEOUT, .why = "timeout: no TLS handshake" },
          STATE_DOWN,
          "timeout: no TLS handshake",
          NAN,
          "" },
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct probe_case c;

        tls_case(&c, PAIRS("tls", "shop.example", "names", "www.shop.example"));
        shown = rows[i].shown;
        case_poll(&c);
        if (c.state != rows[i].state || (rows[i].reason && strcmp(c.reason, rows[i].reason) != 0))
            fail_msg("case %zu: %s '%s'", i, state_word(c.state), c.reason);
        if (rows[i].components)
            assert_string_equal(c.components, rows[i].components);
        assert_int_equal(c.known, !isnan(rows[i].days));
        assert_true(!c.known || c.value == rows[i].days * 86400);
        case_fini(&c);
    }
}

static void what_is_not_verified_is_not_held_against_it(void **state)
{
    struct probe_case c;

    (void)state;
    tls_case(&c, PAIRS("tls", "shop.example", "insecure", "true", "insecure_reason", "own CA"));
    shown = (struct shown){ .flaw = "unknown issuer", .uncovered = true };
    case_poll(&c);
    assert_int_equal(c.state, STATE_UP);
    assert_string_equal(c.components, "dates=up chain=degraded shop.example=degraded versions=up");
    shown.left_days = -1;
    case_poll(&c);
    assert_string_equal(c.reason, "tls: certificate expired 1d ago");
    case_fini(&c);
}

static void days_have_floors_of_their_own(void **state)
{
    static const struct {
        const char *key, *value; /* NULL = none */
        double warn, crit;       /* days; NAN = none */
    } rows[] = {
        { NULL, NULL, 21, 3 },      { "warn", "30d", 30, 3 }, { "crit", "7d", 21, 7 },
        { "crit", "30d", NAN, 30 }, { "warn", "2d", 2, NAN },
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct signal_spec specs[READING_SIGNALS] = { 0 };
        struct probe_case c;

        tls_case(&c, PAIRS("tls", "h", rows[i].key, rows[i].value));
        assert_true(isnan(rows[i].warn) ? isnan(c.common.warn)
                                        : c.common.warn == rows[i].warn * 86400);
        assert_true(isnan(rows[i].crit) ? isnan(c.common.crit)
                                        : c.common.crit == rows[i].crit * 86400);
        assert_int_equal(c.probe.ops->signals(c.probe.self, &c.common, specs), 2);
        assert_true(specs[0].low_is_bad && specs[0].main && specs[0].unit == UNIT_SECONDS);
        case_fini(&c);
    }
}

static void addresses_that_are_none_are_refused(void **state)
{
    (void)state;
    case_refused("tls", "a host and a port", PAIRS("tls", "https://h"));
    case_refused("tls", "'h:0' is not HOST:PORT", PAIRS("tls", "h:0"));
    case_refused("tls", "'h:65536' is not HOST:PORT", PAIRS("tls", "h:65536"));
    case_refused("tls", "'h:x' is not HOST:PORT", PAIRS("tls", "h:x"));
    case_refused("tls", "':443' is not HOST:PORT", PAIRS("tls", ":443"));
    case_refused("tls", "'[::1]8443' is not HOST:PORT", PAIRS("tls", "[::1]8443"));
    case_refused("tls", "'[::1' is not HOST:PORT", PAIRS("tls", "[::1"));
    case_refused("tls", "'h/x' is not HOST:PORT", PAIRS("tls", "h/x"));
    case_refused("tls", "insecure: say why", PAIRS("tls", "h", "insecure", "true"));
    case_refused("tls", "unit: cannot be chosen", PAIRS("tls", "h", "unit", "ms"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_flaw_has_its_own_reason),
        cmocka_unit_test(what_is_not_verified_is_not_held_against_it),
        cmocka_unit_test(days_have_floors_of_their_own),
        cmocka_unit_test(addresses_that_are_none_are_refused),
    };
    setlocale(LC_CTYPE, "C.UTF-8");
    return cmocka_run_group_tests(tests, NULL, NULL);
}

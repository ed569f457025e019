/* probes/tls.c: the certificate of a server: how long it still holds, for whom, who trusts it, and
 * which versions the server takes. */
#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"
#include "core/decimal.h"
#include "probes/registry.h"
#include "probes/tls_impl.h"

#define TLS(field) offsetof(struct tls_options, field)

enum { DAY_S = 86400, TLS_WARN_DAYS = 21, TLS_CRIT_DAYS = 3 };

static const char *const tls_floors[] = { "none", "1.0", "1.1", "1.2", "1.3", NULL };
static const char *const tls_starts[] = { "at_once", "postgres", NULL };

static const struct option tls_options[] = {
    { "tls", OPTION_STRING, TLS(address), NULL, "HOST:PORT; without a port 443", .required = true },
    { "name", OPTION_STRING, TLS(name), NULL, "name asked for and wanted; else the host" },
    { "names", OPTION_LIST, TLS(names), NULL, "further names that the certificate must cover" },
    { "floor", OPTION_ENUM, TLS(floor), "1.2", "oldest TLS that may be taken; none = any",
      .words = tls_floors },
    { "start", OPTION_ENUM, TLS(start), "at_once", "what is said before TLS begins",
      .words = tls_starts },
    { "ca_file", OPTION_PATH, TLS(ca_file), NULL, "certificates to trust instead of the system's" },
    { "insecure", OPTION_BOOL, TLS(insecure), "false", "do not verify TLS; shown for ever" },
    { "insecure_reason", OPTION_STRING, TLS(insecure_reason), NULL, "why; insecure demands it" },
    { 0 }
};

struct tls_state {
    char *host, *port;
    struct tls_spec spec;
    struct tls *client;
    struct parts parts;
    struct report report;
};

/* ---- options ---- */

/* "host", "host:443", "[::1]:443", "::1" */
static void tls_split(const char *address, int start, char **host, char **port)
{
    const char *open = *address == '[' ? address + 1 : address;
    const char *close = *address == '[' ? strchr(open, ']') : NULL;
    const char *colon = strrchr(close ? close : open, ':');
    const char *end = open + strlen(open);

    if (!close && colon && strchr(open, ':') != colon)
        colon = NULL; /* an IPv6 address alone */
    *port = xstrdup(colon ? colon + 1 : start == TLS_POSTGRES ? "5432" : "443");
    if (close)
        end = close;
    else if (colon)
        end = colon;
    *host = xstrndup(open, (size_t)(end - open));
}

/* Behind the bracket of an address stands its port or nothing. */
static bool tls_brackets_fine(const char *address)
{
    const char *close = strchr(address, ']');

    return *address != '[' || (close && (!close[1] || close[1] == ':'));
}

static bool tls_check_address(const struct tls_options *o, struct err *err)
{
    char *host, *port;
    long number;
    bool fine;

    if (strstr(o->address, "://"))
        return err_set(err, "tls: a host and a port, as in shop.example:443");
    tls_split(o->address, o->start, &host, &port);
    fine = *host && !strpbrk(host, " /?#@[]") && tls_brackets_fine(o->address) &&
           decimal_whole(port, strlen(port), UINT16_MAX, &number) && number > 0;
    free(host);
    free(port);
    return fine || err_set(err, "tls: '%s' is not HOST:PORT", o->address);
}

static bool tls_check(void *self, struct probe_common *common, struct err *err)
{
    const struct tls_options *o = self;
    const struct probe_trust trust = { o->ca_file, o->insecure_reason, o->insecure };

    if (!tls_check_address(o, err) || !probe_trust_check(&trust, true, "", err) ||
        !probe_unit_fixed(common, "the time until the certificate expires", err))
        return false;
    if (o->names.n > TLS_WANTED)
        return err_set(err, "names: %zu; at most %d", o->names.n, TLS_WANTED);
    if (isnan(common->warn) && !(common->crit > TLS_WARN_DAYS * DAY_S))
        common->warn = TLS_WARN_DAYS * DAY_S;
    if (isnan(common->crit) && !(common->warn < TLS_CRIT_DAYS * DAY_S))
        common->crit = TLS_CRIT_DAYS * DAY_S;
    return true;
}

static size_t tls_signals(const void *self, const struct probe_common *common,
                          struct signal_spec out[READING_SIGNALS])
{
    (void)self;
    (void)common;
    out[0] = (struct signal_spec){
        .name = "expires", .unit = UNIT_SECONDS, .main = true, .low_is_bad = true
    };
    out[1] = (struct signal_spec){ .name = "latency", .unit = UNIT_MS };
    return 2;
}

static void tls_target(const void *self, struct text *out)
{
    const struct tls_options *o = self;

    text_sets(out, o->address);
}

/* ---- asking ---- */

static bool tls_open(struct probe *p, struct err *err)
{
    const struct tls_options *o = p->self;
    struct tls_state *s = xcalloc(1, sizeof *s);

    (void)err;
    p->state = s;
    report_init(&s->report, 0);
    tls_split(o->address, o->start, &s->host, &s->port);
    s->spec = (struct tls_spec){ .host = s->host,
                                 .port = s->port,
                                 .name = o->name ? o->name : s->host,
                                 .wanted = (const char *const *)o->names.items,
                                 .n_wanted = o->names.n,
                                 .ca_file = o->ca_file,
                                 .start = (enum tls_start)o->start,
                                 .floor = (enum tls_version)o->floor };
    s->client = tls_new(p->clients->io, &s->spec);
    return true;
}

static void tls_on_facts(void *arg, const struct tls_facts *facts)
{
    struct probe *p = arg;
    struct tls_state *s = p->state;

    report_clear(&s->report, io_now_ms(p->clients->io));
    tls_judge(p->self, s->spec.name, facts, &s->parts, &s->report);
    probe_report(p, &s->report);
}

static void tls_poll(struct probe *p)
{
    struct tls_state *s = p->state;

    tls_ask(s->client, p->common->timeout_ms, tls_on_facts, p);
}

static void tls_close(struct probe *p)
{
    struct tls_state *s = p->state;

    if (!s)
        return;
    tls_free(s->client);
    parts_fini(&s->parts);
    report_fini(&s->report);
    free(s->host);
    free(s->port);
    free(s);
    p->state = NULL;
}

const struct probe_ops probe_tls = {
    .kind = "tls",
    .help = "a certificate: its end, its names, who trusts it, the oldest TLS",
    .options = tls_options,
    .size = sizeof(struct tls_options),
    .check = tls_check,
    .signals = tls_signals,
    .target = tls_target,
    .open = tls_open,
    .poll = tls_poll,
    .close = tls_close,
};

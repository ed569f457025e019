/* probes/probe.c: what all kinds have in common. */
#include "probes/probe.h"
#include "core/json.h"

#include <stddef.h>

enum { SECOND = 1000, MINUTE = 60 * SECOND, HOUR = 60 * MINUTE, DAY = 24 * HOUR };

#define COMMON(field) offsetof(struct probe_common, field)

static const char *const probe_when_crit[] = { "degraded", "down", NULL };

const struct option probe_common_options[] = {
    { "every", OPTION_DURATION, COMMON(every_ms), "10s", "time from one question to the next",
      .min = 100, .max = DAY },
    { "timeout", OPTION_DURATION, COMMON(timeout_ms), "5s",
      "deadline of the whole exchange, at most every", .min = 10, .max = 10 * MINUTE },
    { "fail_after", OPTION_INT, COMMON(fail_after), "3",
      "failures in a row until it is down; degraded before", .min = 1, .max = 100 },
    { "confirm", OPTION_DURATION, COMMON(confirm_ms), NULL,
      "after a failure ask again so soon, until sure", .min = 50, .max = HOUR },
    { "unit", OPTION_UNIT, COMMON(unit), NULL, "unit of the value, where the kind leaves it open" },
    { "unit_word", OPTION_STRING, COMMON(unit_word), NULL, "what is counted: clients, jobs" },
    { "title", OPTION_STRING, COMMON(title), NULL, "name on the screen instead of the key" },
    { "warn", OPTION_QUANTITY, COMMON(warn), NULL, "from this value on the chart warns" },
    { "crit", OPTION_QUANTITY, COMMON(crit), NULL, "from this value on it is as when_crit says" },
    { "max", OPTION_QUANTITY, COMMON(max), NULL, "what the value is shown against: 12 of 20" },
    { "low_is_bad", OPTION_BOOL, COMMON(low_is_bad), "false",
      "warn and crit are floors: free space, hit ratio" },
    { "when_crit", OPTION_ENUM, COMMON(when_crit), "degraded", "what a value beyond crit means",
      .words = probe_when_crit },
    { 0 }
};

enum unit probe_unit(const struct probe_common *c, enum unit own)
{
    return c->unit != UNIT_NONE ? c->unit : c->unit_word ? UNIT_COUNT : own;
}

bool probe_unit_fixed(const struct probe_common *c, const char *what, struct err *err)
{
    if (c->unit == UNIT_NONE && !c->unit_word)
        return true;
    return err_set(err, "%s: cannot be chosen; this probe measures %s",
                   c->unit != UNIT_NONE ? "unit" : "unit_word", what);
}

bool probe_seldom(const struct probe_common *c, int64_t least_ms, const char *why, struct err *err)
{
    bool slots = c->every_ms >= least_ms;

    if (slots && (!c->confirm_ms || c->confirm_ms >= least_ms))
        return true;
    return err_set(err, "%s: %s", slots ? "confirm" : "every", why);
}

bool probe_trust_check(const struct probe_trust *trust, bool tls, const char *plain,
                       struct err *err)
{
    if (trust->insecure && !tls)
        return err_set(err, "insecure: there is no TLS to skip; %s", plain);
    if (trust->insecure && (!trust->insecure_reason || !*trust->insecure_reason))
        return err_set(err, "insecure: say why in insecure_reason");
    if (!trust->insecure && trust->insecure_reason)
        return err_set(err, "insecure_reason: without insecure: true it means nothing");
    if (trust->ca_file && !tls)
        return err_set(err, "ca_file: there is no TLS; %s", plain);
    return true;
}

bool probe_secret(const struct clients *c, const char *reference, struct secret **out,
                  struct err *err)
{
    *out = NULL;
    if (!reference)
        return true;
    if (!c->secret)
        return err_set(err, "%s: nobody keeps secrets here", reference);
    *out = c->secret(c->secret_arg, reference, err);
    return *out != NULL;
}

void probe_report(struct probe *p, const struct report *r)
{
    if (p->on_report)
        p->on_report(p->arg, p, r);
}

void probe_closed(struct probe *p)
{
    int64_t now_ms = io_mono_ms(p->clients->io);

    if (p->closed_ms && now_ms - p->closed_ms < p->common->every_ms)
        return;
    p->closed_ms = now_ms;
    if (p->on_closed)
        p->on_closed(p->arg, p);
}

void probe_report_failed(struct report *r, enum fault fault, const char *why)
{
    report_fault(r, fault, "%s", why);
    text_copy(&r->values[0].note, &r->reason);
}

bool probe_pointers(const char *option, const struct strlist *list, struct err *err)
{
    for (size_t i = 0; i < list->n; i++)
        if (!json_pointer_valid(list->items[i], err))
            return err_wrap(err, "%s", option);
    return true;
}

/* probes/target.c: an HTTP target made from a kind's options. */
#include "probes/target.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"

bool target_check(const char *url, const struct probe_trust *trust, const char *bearer,
                  const char *basic, struct err *err)
{
    if (!probe_trust_check(trust, strncmp(url, "https:", 6) == 0, "the URL is http", err))
        return false;
    if (bearer && basic)
        return err_set(err, "bearer, basic: a request carries one of them");
    return true;
}

struct http_target *target_new(const struct clients *clients, const struct http_spec *spec,
                               const struct strmap *headers, const char *bearer, const char *basic,
                               bool *fatal, struct err *err)
{
    const char *reference = bearer ? bearer : basic;
    struct http_spec full = *spec;
    struct http_header *list;
    struct secret *secret;
    struct http_target *t;

    *fatal = false;
    if (!probe_secret(clients, reference, &secret, err))
        return NULL;
    list = xcalloc(headers->n + 1, sizeof *list);
    for (size_t i = 0; i < headers->n; i++)
        list[i] = (struct http_header){ headers->keys[i], headers->values[i] };
    full.headers = list;
    full.n_headers = headers->n;
    full.bearer = bearer ? secret : NULL;
    full.basic = bearer ? NULL : secret;
    t = http_target_new(clients->http, &full, err);
    *fatal = !t && !reference;
    free(list);
    secret_free(secret);
    return t;
}

const char *target_phrase(int code)
{
    switch (code) {
    case 400:
        return "Bad Request";
    case 401:
        return "Unauthorized";
    case 403:
        return "Forbidden";
    case 404:
        return "Not Found";
    case 405:
        return "Method Not Allowed";
    case 407:
        return "Proxy Authentication Required";
    case 429:
        return "Too Many Requests";
    case 500:
        return "Internal Server Error";
    case 502:
        return "Bad Gateway";
    case 503:
        return "Service Unavailable";
    case 504:
        return "Gateway Timeout";
    default:
        return code >= 300 && code < 400 ? "redirect" : NULL;
    }
}

bool target_answered(const struct http_reply *r, const char *what, struct report *out)
{
    char why[128];

    if (r->fault != FAULT_NONE) {
        probe_report_failed(out, r->fault, r->why.msg);
    } else if (r->code == 401 || r->code == 403 || r->code == 407) {
        snprintf(why, sizeof why, "%d for %s", r->code, what);
        probe_report_failed(out, FAULT_AUTH, why);
    } else if (r->code == 429) {
        probe_report_failed(out, FAULT_LIMITED, "rate limited by target: 429");
    } else if (r->code < 200 || r->code > 299) {
        snprintf(why, sizeof why, "%d instead of %s", r->code, what);
        probe_report_failed(out, FAULT_STATUS, why);
    } else {
        return true;
    }
    return false;
}

/* ---- the link ---- */

static void target_on_closed(void *arg)
{
    probe_closed(arg);
}

static bool target_prepare(struct target_link *l, bool *fatal, struct err *err)
{
    l->target =
        target_new(l->probe->clients, &l->spec, l->headers, l->bearer, l->basic, fatal, err);
    if (l->target)
        http_on_closed(l->target, target_on_closed, l->probe);
    return l->target != NULL;
}

bool target_open(struct target_link *l, struct err *err)
{
    struct err why = { "" };
    bool fatal;

    if (target_prepare(l, &fatal, &why) || !fatal)
        return true;
    if (err)
        *err = why;
    return false;
}

void target_poll(struct target_link *l, http_done *done)
{
    struct err why = { "" };
    bool fatal;

    if (!l->target && !target_prepare(l, &fatal, &why)) {
        report_clear(l->report, io_now_ms(l->probe->clients->io));
        probe_report_failed(l->report, FAULT_AUTH, why.msg);
        probe_report(l->probe, l->report);
        return;
    }
    http_ask(l->target, l->probe->common->timeout_ms, done, l->probe);
}

void target_judged(struct target_link *l)
{
    if (l->report->fault != FAULT_AUTH || (!l->bearer && !l->basic))
        return;
    http_target_free(l->target);
    l->target = NULL;
}

void target_close(struct target_link *l)
{
    http_target_free(l->target);
    l->target = NULL;
}

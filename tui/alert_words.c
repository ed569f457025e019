/* tui/alert_words.c: words, glyphs and order of alerts. */
#include "tui/alert_words.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>

enum alert_class alert_class(const struct alert *a)
{
    bool wrong = a->state == ALERT_FIRING || a->state == ALERT_PENDING || a->state == ALERT_NO_DATA;

    if (wrong && a->silenced >= 0)
        return ALERTS_SILENCED;
    if (wrong && a->affected_by >= 0)
        return ALERTS_AFFECTED;
    switch (a->state) {
    case ALERT_FIRING:
        return a->ack.at_ms > 0 ? ALERTS_ACKED : ALERTS_FIRING;
    case ALERT_PENDING:
        return ALERTS_PENDING;
    case ALERT_RESOLVED:
        return ALERTS_RESOLVED;
    case ALERT_INACTIVE:
        return ALERTS_INACTIVE;
    case ALERT_NO_DATA:
        break;
    }
    return ALERTS_NO_DATA;
}

static int alert_rank(const struct alert *a)
{
    return a->rank > 0 ? a->rank : INT_MAX;
}

int alert_compare(const struct alert *a, const struct alert *b)
{
    enum alert_class class = alert_class(a);

    if (class != alert_class(b))
        return class < alert_class(b) ? -1 : 1;
    if (class == ALERTS_RESOLVED && a->since_ms != b->since_ms)
        return a->since_ms > b->since_ms ? -1 : 1; /* what happened last */
    if (alert_rank(a) != alert_rank(b))
        return alert_rank(a) < alert_rank(b) ? -1 : 1;
    if (a->since_ms != b->since_ms)
        return a->since_ms < b->since_ms ? -1 : 1;
    return 0;
}

struct look look_alert(const struct alert *a)
{
    static const struct look looks[] = {
        [ALERTS_FIRING] = { "✗", "firing", STYLE_CRIT },
        [ALERTS_ACKED] = { "+", "acked", STYLE_WARN },
        [ALERTS_PENDING] = { "!", "pending", STYLE_WARN },
        [ALERTS_NO_DATA] = { "?", "no data", STYLE_UNKNOWN },
        [ALERTS_SILENCED] = { "~", "silenced", STYLE_AFFECTED },
        [ALERTS_AFFECTED] = { "↳", "affected", STYLE_AFFECTED },
        [ALERTS_RESOLVED] = { "✓", "resolved", STYLE_OK },
        [ALERTS_INACTIVE] = { "·", "inactive", STYLE_DIM },
    };

    return looks[alert_class(a)];
}

enum style alert_severity_style(const struct alert *a)
{
    enum alert_class class = alert_class(a);

    if (class >= ALERTS_SILENCED)
        return STYLE_DIM;
    if (class != ALERTS_FIRING)
        return STYLE_PLAIN;
    return a->rank == 1 ? STYLE_CRIT : a->rank == 2 ? STYLE_WARN : STYLE_PLAIN;
}

const struct text *alert_title(const struct alert *a)
{
    return a->title.len ? &a->title : &a->id;
}

static const struct service *alert_of(const struct board *b, int service)
{
    return service >= 0 && (size_t)service < b->n_services ? &b->services[service] : NULL;
}

const struct service *alert_service(const struct board *b, const struct alert *a)
{
    return alert_of(b, a->service);
}

const struct service *alert_root(const struct board *b, const struct alert *a)
{
    return alert_class(a) == ALERTS_AFFECTED ? alert_of(b, a->affected_by) : NULL;
}

const char *alert_since(const struct alert *a, int64_t now_ms, char out[32])
{
    int64_t left_ms = a->held_ms + a->for_ms - now_ms;
    char age[16];

    if (alert_class(a) == ALERTS_PENDING && a->held_ms > 0) {
        snprintf(out, 32, "in %s", left_ms > 0 ? age_format(left_ms, age) : "0s");
        return out;
    }
    snprintf(out, 32, "%s", a->state == ALERT_INACTIVE ? "-" : age_words(now_ms, a->since_ms, age));
    return out;
}

void alert_ack_words(const struct alert *a, int64_t now_ms, struct text *out)
{
    const char *who = text_str(&a->ack.who);
    int64_t age_ms = now_ms - a->ack.at_ms;
    char age[16];

    if (age_ms >= 60000)
        age_ms -= age_ms % 60000; /* nobody counts its seconds, and the column is narrow */
    if (a->ack.at_ms > 0 && alert_class(a) <= ALERTS_AFFECTED)
        text_setf(out, "%.*s %s", (int)strcspn(who, "@"), who, age_format(age_ms, age));
    else
        text_sets(out, alert_class(a) == ALERTS_FIRING ? "nobody" : "-");
}

enum style alert_ack_style(const struct alert *a)
{
    if (alert_class(a) == ALERTS_FIRING)
        return STYLE_CRIT;
    return a->ack.at_ms > 0 && alert_class(a) < ALERTS_SILENCED ? STYLE_PLAIN : STYLE_DIM;
}

size_t alerts_firing(const struct board *b, const struct alert **worst)
{
    size_t roots = 0, firing = 0;

    *worst = NULL;
    for (size_t i = 0; i < b->n_alerts; i++) {
        const struct alert *a = &b->alerts[i];

        if (a->state != ALERT_FIRING || a->silenced >= 0)
            continue;
        firing++;
        roots += alert_is_root(a);
        if (!*worst || alert_compare(a, *worst) < 0)
            *worst = a;
    }
    return roots ? roots : firing;
}

size_t alerts_silenced(const struct board *b)
{
    size_t n = 0;

    for (size_t i = 0; i < b->n_alerts; i++)
        n += b->alerts[i].state == ALERT_FIRING && b->alerts[i].silenced >= 0;
    return n;
}

bool alert_check_ack(const struct alert *a, struct err *err)
{
    if (a->state == ALERT_FIRING || a->state == ALERT_PENDING)
        return true;
    return err_set(err, "%s is %s: what fires or is pending can be acknowledged", text_str(&a->id),
                   look_alert(a).word);
}

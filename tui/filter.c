/* tui/filter.c: terms against services, alerts and records. */
#include "tui/filter.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "core/nearest.h"
#include "tui/alert_words.h"
#include "tui/event_words.h"
#include "tui/words.h"

bool filter_contains(const char *text, const char *term, size_t len)
{
    for (; *text; text++)
        if (!strncasecmp(text, term, len))
            return true;
    return len == 0;
}

static bool filter_yes(const char *value, size_t len, bool is)
{
    bool want =
        len > 0 && (value[0] == 'y' || value[0] == 'Y' || value[0] == 't' || value[0] == '1');

    return want == is;
}

static bool filter_kind(const struct service *s, const char *value, size_t len)
{
    for (size_t i = 0; i < s->n_readings; i++)
        if (filter_contains(text_str(&s->readings[i].kind), value, len))
            return true;
    return false;
}

/* Everything that the row of a service may show. */
static bool filter_any(const struct board *b, const struct service *s, const char *term, size_t len)
{
    if (filter_contains(text_str(&s->id), term, len) ||
        filter_contains(text_str(&s->title), term, len) ||
        filter_contains(text_str(&s->reason), term, len) ||
        filter_contains(look_service(b, s).word, term, len))
        return true;
    for (size_t i = 0; i < s->n_readings; i++)
        if (filter_contains(text_str(&s->readings[i].name), term, len) ||
            filter_contains(text_str(&s->readings[i].target), term, len))
            return true;
    return false;
}

enum filter_key {
    FILTER_STATE,
    FILTER_KIND,
    FILTER_NAME,
    FILTER_CRITICAL,
    FILTER_AFFECTED,
    FILTER_SEVERITY,
    FILTER_SERVICE,
    FILTER_CODE,
    FILTER_WHO,
    FILTER_ALERT
};
static const char *const filter_keys[] = { "state",    "kind",    "name", "critical", "affected",
                                           "severity", "service", "code", "who",      "alert" };
enum { FILTER_KEYS = sizeof filter_keys / sizeof *filter_keys };

struct filter_part { /* one term, taken apart; borrowed */
    const char *term;
    size_t len;
    int key;           /* enum filter_key; -1 = text */
    const char *value; /* of a key that there is or might be: behind the '='; or NULL */
    size_t value_len;
};

static struct filter_part filter_part(const char *term, size_t len)
{
    const char *eq = memchr(term, '=', len);
    struct filter_part p = { .term = term, .len = len, .key = -1 };
    size_t key = eq ? (size_t)(eq - term) : 0;

    if (!eq)
        return p;
    p.value = eq + 1;
    p.value_len = len - key - 1;
    for (int i = 0; i < FILTER_KEYS && p.key < 0; i++)
        if (strlen(filter_keys[i]) == key && !strncasecmp(term, filter_keys[i], key))
            p.key = i;
    return p;
}

/* The words that services have as states. */
static bool filter_service_word(const char *value, size_t len)
{
    for (size_t i = 0; i < STATE_COUNT; i++)
        if (filter_contains(state_word((enum state)i), value, len))
            return true;
    return filter_contains("affected", value, len);
}

static bool filter_name(const struct service *s, const char *value, size_t len)
{
    return filter_contains(text_str(&s->id), value, len) ||
           filter_contains(text_str(&s->title), value, len);
}

/* "no-data" is typed for "no data": a blank ends a term. */
static bool filter_alert_word(const char *word, const char *value, size_t len)
{
    return filter_contains(word, value, len) ||
           (!strcmp(word, "no data") && filter_contains("no-data", value, len));
}

static const char *const filter_alert_words[] = { "firing",   "acked",    "pending",  "no data",
                                                  "silenced", "affected", "resolved", "inactive" };
enum { FILTER_ALERT_WORDS = sizeof filter_alert_words / sizeof *filter_alert_words };

static bool filter_alert_has(const char *value, size_t len)
{
    for (size_t i = 0; i < FILTER_ALERT_WORDS; i++)
        if (filter_alert_word(filter_alert_words[i], value, len))
            return true;
    return false;
}

static bool filter_alert_state(const struct alert *a, const char *value, size_t len)
{
    return filter_alert_word(look_alert(a).word, value, len) ||
           filter_alert_word(alert_state_word(a->state), value, len);
}

static bool filter_alert_name(const struct alert *a, const char *value, size_t len)
{
    return filter_contains(text_str(&a->id), value, len) ||
           filter_contains(text_str(&a->title), value, len);
}

/* Is there an alert about this service that the term is true of? */
static bool filter_about(const struct board *b, const struct service *s,
                         const struct filter_part *p)
{
    for (size_t i = 0; i < b->n_alerts; i++) {
        const struct alert *a = &b->alerts[i];

        if (alert_service(b, a) != s)
            continue;
        if (p->key == FILTER_SEVERITY &&
            filter_contains(text_str(&a->severity), p->value, p->value_len))
            return true;
        if (p->key == FILTER_ALERT && filter_alert_name(a, p->value, p->value_len))
            return true;
        if (p->key == FILTER_STATE && filter_alert_state(a, p->value, p->value_len))
            return true;
    }
    return false;
}

/* A state that only alerts have: the services they are about. */
static bool filter_state(const struct board *b, const struct service *s,
                         const struct filter_part *p)
{
    if (p->value_len > 0 && !strncasecmp(state_word(s->state), p->value, p->value_len))
        return true;
    return filter_contains(look_service(b, s).word, p->value, p->value_len) ||
           (!filter_service_word(p->value, p->value_len) && filter_about(b, s, p));
}

static bool filter_term(const struct board *b, const struct service *s, const char *term,
                        size_t len)
{
    struct filter_part p = filter_part(term, len);

    switch (p.key) {
    case FILTER_STATE:
        return filter_state(b, s, &p);
    case FILTER_KIND:
        return filter_kind(s, p.value, p.value_len);
    case FILTER_NAME:
    case FILTER_SERVICE:
        return filter_name(s, p.value, p.value_len);
    case FILTER_SEVERITY:
    case FILTER_ALERT:
        return filter_about(b, s, &p);
    case FILTER_CRITICAL:
        return filter_yes(p.value, p.value_len, s->critical);
    case FILTER_AFFECTED:
        return filter_yes(p.value, p.value_len, s->affected_by >= 0);
    default:
        return filter_any(b, s, term, len);
    }
}

/* -- against alerts -- */

static bool filter_alert_any(const struct alert *a, const struct service *s, const char *term,
                             size_t len)
{
    return filter_contains(text_str(&a->id), term, len) ||
           filter_contains(text_str(&a->title), term, len) ||
           filter_contains(text_str(&a->severity), term, len) || filter_alert_state(a, term, len) ||
           (s && filter_name(s, term, len));
}

/* Of a word that alerts do not have as a state, the state of the service counts. */
static bool filter_alert_term(const struct board *b, const struct alert *a, const char *term,
                              size_t len)
{
    struct filter_part p = filter_part(term, len);
    const struct service *s = alert_service(b, a);

    switch (p.key) {
    case FILTER_STATE:
        if (!filter_alert_has(p.value, p.value_len))
            return s && filter_state(b, s, &p);
        return filter_alert_state(a, p.value, p.value_len);
    case FILTER_ALERT:
        return filter_alert_name(a, p.value, p.value_len);
    case FILTER_NAME:
        return filter_alert_name(a, p.value, p.value_len) ||
               (s && filter_name(s, p.value, p.value_len));
    case FILTER_SEVERITY:
        return filter_contains(text_str(&a->severity), p.value, p.value_len);
    case FILTER_SERVICE:
        return s && filter_name(s, p.value, p.value_len);
    case FILTER_AFFECTED:
        return filter_yes(p.value, p.value_len, alert_class(a) == ALERTS_AFFECTED);
    case FILTER_CRITICAL:
        return filter_yes(p.value, p.value_len, s && s->critical);
    case FILTER_KIND:
        return s && filter_kind(s, p.value, p.value_len);
    default:
        return filter_alert_any(a, s, term, len);
    }
}

/* -- against records -- */

/* By its code or our word for it, from the beginning: ack is not unack. "gave-back" is typed for
 * "gave back". */
static bool filter_event_code(const struct event *e, const char *value, size_t len)
{
    const char *word = look_event(e).word;

    return !strncasecmp(text_str(&e->code), value, len) || !strncasecmp(word, value, len) ||
           (!strcmp(word, "gave back") && !strncasecmp("gave-back", value, len));
}

static bool filter_event_any(const struct board *b, const struct event *e, const char *term,
                             size_t len)
{
    return filter_contains(text_str(&e->words), term, len) ||
           filter_contains(text_str(&e->who), term, len) ||
           filter_contains(text_str(&e->alert), term, len) ||
           filter_contains(text_str(event_title(b, e)), term, len) ||
           filter_event_code(e, term, len);
}

/* What is asked of an alert or a service is asked of those that the record speaks of. */
static bool filter_event_term(const struct board *b, const struct event *e, const char *term,
                              size_t len)
{
    struct filter_part p = filter_part(term, len);
    const struct alert *a = event_alert(b, e);

    switch (p.key) {
    case FILTER_CODE:
        return filter_event_code(e, p.value, p.value_len);
    case FILTER_WHO:
        return filter_contains(text_str(&e->who), p.value, p.value_len);
    case FILTER_ALERT:
    case FILTER_NAME:
        if (e->alert.len && filter_contains(text_str(&e->alert), p.value, p.value_len))
            return true;
        return a && filter_alert_term(b, a, term, len);
    case -1:
        return filter_event_any(b, e, term, len);
    default:
        return a && filter_alert_term(b, a, term, len);
    }
}

/* -- whole filters -- */

struct filter_row { /* one of them is there */
    const struct board *b;
    const struct service *service;
    const struct alert *alert;
    const struct event *event;
};

/* Of what is no record such a term tells nothing, and hides nothing. */
static bool filter_row_passes(struct filter_row row, const char *term, size_t len)
{
    struct filter_part p = filter_part(term, len);

    return !row.event && (p.key == FILTER_CODE || p.key == FILTER_WHO);
}

static bool filter_row_has(struct filter_row row, const char *term, size_t len)
{
    if (row.event)
        return filter_event_term(row.b, row.event, term, len);
    return row.alert ? filter_alert_term(row.b, row.alert, term, len)
                     : filter_term(row.b, row.service, term, len);
}

static bool filter_row_matches(const char *filter, struct filter_row row)
{
    while (*filter) {
        size_t len = strcspn(filter, " ");
        bool not = len > 1 && filter[0] == '!', is;

        is = filter_row_has(row, filter + not, len - not );
        if (len > 0 && is == not &&!filter_row_passes(row, filter + not, len - not ))
            return false;
        filter += len;
        filter += strspn(filter, " ");
    }
    return true;
}

bool filter_matches(const char *filter, const struct board *b, const struct service *s)
{
    return filter_row_matches(filter, (struct filter_row){ .b = b, .service = s });
}

bool filter_matches_alert(const char *filter, const struct board *b, const struct alert *a)
{
    return filter_row_matches(filter, (struct filter_row){ .b = b, .alert = a });
}

bool filter_matches_event(const char *filter, const struct board *b, const struct event *e)
{
    return filter_row_matches(filter, (struct filter_row){ .b = b, .event = e });
}

/* What was typed, cut to what an error has room for. */
static const char *filter_typed(char out[32], const char *s, size_t len)
{
    snprintf(out, 32, "%.*s", (int)(len < 31 ? len : 31), s);
    return out;
}

/* The words that `state=` can find: those of the states, and the one of look_service(). */
static bool filter_check_state(const struct board *b, const char *value, size_t len,
                               struct err *err)
{
    const char *words[STATE_COUNT + 1] = { "affected" };
    char typed[32];
    const char *near;

    for (size_t i = 0; i < STATE_COUNT; i++)
        words[i + 1] = state_word((enum state)i);
    for (size_t i = 0; i < STATE_COUNT + 1; i++)
        if (filter_contains(words[i], value, len))
            return true;
    if (b->n_alerts && filter_alert_has(value, len))
        return true;
    near = nearest_word(filter_typed(typed, value, len), words, STATE_COUNT + 1);
    if (!near && b->n_alerts)
        near = nearest_word(typed, filter_alert_words, FILTER_ALERT_WORDS);
    if (near)
        return err_set(err, "there is no state '%s'; did you mean '%s'?", typed, near);
    return err_set(err,
                   "there is no state '%s'; write up, degraded, down, stale, unknown, disabled "
                   "or affected%s",
                   typed,
                   b->n_alerts ? ", firing, acked, pending, no-data, silenced, resolved" : "");
}

/* A kind is one of what is watched here. */
static bool filter_check_kind(const struct board *b, const char *value, size_t len, struct err *err)
{
    const char *near = NULL;
    char typed[32];

    filter_typed(typed, value, len);
    for (size_t i = 0; i < b->n_services; i++) {
        const struct service *s = &b->services[i];

        if (filter_kind(s, value, len))
            return true;
        for (size_t k = 0; k < s->n_readings && !near; k++) {
            const char *word = text_str(&s->readings[k].kind);

            near = nearest_word(typed, &word, 1);
        }
    }
    if (near)
        return err_set(err, "no probe here is of kind '%s'; did you mean '%s'?", typed, near);
    return err_set(err, "no probe here is of kind '%s'", typed);
}

static bool filter_check_severity(const struct board *b, const char *value, size_t len,
                                  struct err *err)
{
    char typed[32];

    for (size_t i = 0; i < b->n_alerts; i++)
        if (filter_contains(text_str(&b->alerts[i].severity), value, len))
            return true;
    return err_set(err, "no alert has the severity '%s'", filter_typed(typed, value, len));
}

static bool filter_check_yes(const char *key, const char *value, size_t len, struct err *err)
{
    static const char *const words[] = { "yes", "no", "true", "false", "1", "0" };
    char typed[32];

    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (len <= strlen(words[i]) && !strncasecmp(words[i], value, len))
            return true;
    return err_set(err, "%s=%s: write %s=yes or %s=no", key, filter_typed(typed, value, len), key,
                   key);
}

/* A code is one that we know, or one that stands there. */
static bool filter_check_code(const struct board *b, const char *value, size_t len, struct err *err)
{
    char typed[32];
    const char *near;
    size_t n = 0;

    for (; event_words[n]; n++)
        if (!strncasecmp(event_words[n], value, len))
            return true;
    for (size_t i = 0; i < b->n_events; i++)
        if (filter_event_code(&b->events[i], value, len))
            return true;
    near = nearest_word(filter_typed(typed, value, len), event_words, n);
    if (near)
        return err_set(err, "there is no code '%s'; did you mean '%s'?", typed, near);
    return err_set(
        err, "there is no code '%s'; write fired, resolved, acked, gave-back, note, sent or mended",
        typed);
}

/* An unknown key is text like any other (host=db1), as long as that text is to be found. */
static bool filter_check_key(const struct board *b, const struct filter_part *p, struct err *err)
{
    char typed[32];
    const char *near;

    for (size_t i = 0; i < b->n_services; i++)
        if (filter_any(b, &b->services[i], p->term, p->len))
            return true;
    for (size_t i = 0; i < b->n_events; i++)
        if (filter_event_any(b, &b->events[i], p->term, p->len))
            return true;
    filter_typed(typed, p->term, p->len - p->value_len - 1);
    near = nearest_word(typed, filter_keys, FILTER_KEYS);
    if (near)
        return err_set(err, "there is no key '%s'; did you mean '%s='?", typed, near);
    return err_set(
        err, "there is no key '%s'; write state=, kind=, name=, critical= or affected=", typed);
}

static bool filter_check_term(const struct board *b, const struct filter_part *p, struct err *err)
{
    if (!p->value)
        return true;
    switch (p->key) {
    case FILTER_STATE:
        return filter_check_state(b, p->value, p->value_len, err);
    case FILTER_KIND:
        return filter_check_kind(b, p->value, p->value_len, err);
    case FILTER_CRITICAL:
    case FILTER_AFFECTED:
        return filter_check_yes(filter_keys[p->key], p->value, p->value_len, err);
    case FILTER_SEVERITY:
        return filter_check_severity(b, p->value, p->value_len, err);
    case FILTER_CODE:
        return filter_check_code(b, p->value, p->value_len, err);
    case FILTER_SERVICE:
    case FILTER_NAME:
    case FILTER_WHO:
    case FILTER_ALERT:
        return true; /* that nothing has it is seen */
    default:
        return filter_check_key(b, p, err);
    }
}

bool filter_check(const char *filter, const struct board *b, struct err *err)
{
    while (*filter) {
        size_t len = strcspn(filter, " ");
        bool not = len > 1 && filter[0] == '!';
        struct filter_part p = filter_part(filter + not, len - not );

        if (!filter_check_term(b, &p, err))
            return false;
        filter += len;
        filter += strspn(filter, " ");
    }
    return true;
}

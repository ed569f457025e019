/* core/board_read.c: a board from its JSON form. What is absent takes its zero; what is of the
 * wrong type is refused with its place; all text is sanitized again. */
#include "core/board_json.h"

#include <math.h>
#include <string.h>

#include "core/alloc.h"
#include "core/json.h"

enum { BREAD_STEP_MAX_MS = 86400000 }; /* of a history; times of any length of it are times */

static void bread_text(const struct json *o, const char *key, struct text *out)
{
    text_sets(out, json_string(json_get(o, key)));
}

static int64_t bread_int(const struct json *o, const char *key)
{
    double n;

    if (!json_number(json_get(o, key), &n) || !(fabs(n) < 9e15))
        return 0;
    return (int64_t)n;
}

static double bread_number(const struct json *o, const char *key)
{
    double n;

    return json_number(json_get(o, key), &n) ? n : NAN;
}

static bool bread_bool(const struct json *o, const char *key)
{
    bool b = false;

    json_bool(json_get(o, key), &b);
    return b;
}

static enum state bread_state(const struct json *o)
{
    const char *word = json_string(json_get(o, "state"));
    enum state s = STATE_UNKNOWN;

    if (word)
        state_parse(word, &s);
    return s;
}

static enum unit bread_unit(const struct json *o, const char *key)
{
    const char *word = json_string(json_get(o, key));
    enum unit u = UNIT_NONE;

    if (word)
        unit_parse_name(word, &u);
    return u;
}

static enum fault bread_fault(const struct json *o)
{
    const char *word = json_string(json_get(o, "fault"));

    for (int i = 0; word && i < FAULT_COUNT; i++) {
        if (!strcmp(word, fault_word((enum fault)i)))
            return (enum fault)i;
    }
    return FAULT_NONE;
}

static enum level bread_level(const struct json *o)
{
    const char *word = json_string(json_get(o, "level"));
    static const char *const words[] = { "none", "ok", "warn", "crit" };

    for (int i = 0; word && i < 4; i++) {
        if (!strcmp(word, words[i]))
            return (enum level)i;
    }
    return LEVEL_NONE;
}

static void bread_history(const struct json *o, struct signal *s)
{
    int64_t from_ms = bread_int(o, "from_ms"), step_ms = bread_int(o, "step_ms");
    const struct json *v = json_first(json_get(o, "values"));

    if (step_ms <= 0 || step_ms > BREAD_STEP_MAX_MS)
        return;
    for (int64_t at = from_ms; v; v = json_next(v), at += step_ms) {
        double n;

        if (json_number(v, &n))
            series_push(s->series, at, n);
    }
}

static void bread_signal(const struct json *o, struct signal *s)
{
    const struct json *history = json_get(o, "history");

    bread_text(o, "name", &s->name);
    bread_text(o, "unit_word", &s->unit_word);
    bread_text(o, "note", &s->note);
    s->unit = bread_unit(o, "unit");
    s->low_is_bad = bread_bool(o, "low_is_bad");
    s->warn = bread_number(o, "warn");
    s->crit = bread_number(o, "crit");
    s->max = bread_number(o, "max");
    s->value = bread_number(o, "value");
    s->known = bread_bool(o, "known") && !isnan(s->value);
    s->above = bread_bool(o, "above");
    s->num = bread_number(o, "num");
    s->share_unit = bread_unit(o, "share_unit");
    s->den = bread_number(o, "den");
    s->at_ms = bread_int(o, "at_ms");
    s->window_ms = bread_int(o, "window_ms");
    s->since_ms = bread_int(o, "since_ms");
    s->level = bread_level(o);
    if (history)
        bread_history(history, s);
}

static void bread_phases(const struct json *o, struct phases *p)
{
    struct {
        const char *key;
        int32_t *to;
    } all[] = { { "dns", &p->dns_us },
                { "connect", &p->connect_us },
                { "tls", &p->tls_us },
                { "first_byte", &p->first_byte_us },
                { "total", &p->total_us } };

    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        double n;

        if (json_number(json_get(o, all[i].key), &n) && n >= 0 && n < 2e9)
            *all[i].to = (int32_t)n;
    }
}

static void bread_components(const struct json *list, struct reading *r)
{
    const struct json *o = json_first(list);

    reading_set_components(r, json_count(list));
    for (size_t i = 0; o && i < r->n_components; i++, o = json_next(o)) {
        struct component *c = &r->components[i];

        bread_text(o, "name", &c->name);
        bread_text(o, "word", &c->word);
        bread_text(o, "note", &c->note);
        c->state = bread_state(o);
        c->value = bread_number(o, "value");
        c->unit = bread_unit(o, "unit");
    }
}

static void bread_table(const struct json *o, struct table *t)
{
    const struct json *rows = json_get(o, "rows"), *row = json_first(rows);
    size_t n = json_count(rows), cols = json_count(row);

    if (!n || !cols || n - 1 > TABLE_ROWS || cols > TABLE_COLS)
        return;
    t->rows = n - 1;
    t->cols = cols;
    t->cut = bread_bool(o, "cut");
    t->cells = xcalloc(n * cols, sizeof *t->cells);
    for (size_t i = 0; i < n; i++, row = json_next(row)) {
        const struct json *cell = json_first(row);

        for (size_t k = 0; k < cols && cell; k++, cell = json_next(cell))
            text_sets(&t->cells[i * cols + k], json_string(cell));
    }
}

static bool bread_reading(const struct json *o, struct reading *r, struct err *err)
{
    const struct json *signals = json_get(o, "signals"), *s;
    size_t n = json_count(signals);

    bread_text(o, "name", &r->name);
    bread_text(o, "id", &r->id);
    bread_text(o, "kind", &r->kind);
    bread_text(o, "target", &r->target);
    bread_text(o, "reason", &r->reason);
    bread_text(o, "version", &r->version);
    r->every_ms = bread_int(o, "every_ms");
    r->timeout_ms = bread_int(o, "timeout_ms");
    r->fail_after = (int)bread_int(o, "fail_after");
    r->state = bread_state(o);
    r->fault = bread_fault(o);
    r->since_ms = bread_int(o, "since_ms");
    r->evidence_ms = bread_int(o, "evidence_ms");
    r->good_ms = bread_int(o, "good_ms");
    r->failing = (int)bread_int(o, "failing");
    r->in_flight = bread_bool(o, "in_flight");
    r->disagree = bread_bool(o, "disagree");
    r->insecure = bread_bool(o, "insecure");
    r->http_code = (int)bread_int(o, "http_code");
    bread_phases(json_get(o, "phases_us"), &r->phases);
    if (r->every_ms <= 0)
        return err_set(err, "reading '%s': every_ms must be above 0", text_str(&r->name));
    if (n > READING_SIGNALS)
        return err_set(err, "reading '%s': more than %d signals", text_str(&r->name),
                       READING_SIGNALS);
    reading_add_signals(r, n, r->every_ms);
    s = json_first(signals);
    for (size_t i = 0; i < n; i++, s = json_next(s))
        bread_signal(s, &r->signals[i]);
    bread_components(json_get(o, "components"), r);
    bread_table(json_get(o, "table"), &r->table);
    return true;
}

static bool bread_service(const struct json *o, struct service *s, struct err *err)
{
    const struct json *readings = json_get(o, "readings"), *r;
    size_t n = json_count(readings);

    bread_text(o, "id", &s->id);
    bread_text(o, "title", &s->title);
    bread_text(o, "reason", &s->reason);
    bread_text(o, "version", &s->version);
    if (!s->id.len)
        return err_set(err, "a service without an id");
    s->critical = bread_bool(o, "critical");
    s->state = bread_state(o);
    s->since_ms = bread_int(o, "since_ms");
    s->evidence_ms = bread_int(o, "evidence_ms");
    s->root_hides = (int)bread_int(o, "hides");
    service_add_readings(s, n);
    r = json_first(readings);
    for (size_t i = 0; i < n; i++, r = json_next(r)) {
        if (!bread_reading(r, &s->readings[i], err))
            return err_wrap(err, "service '%s'", text_str(&s->id));
    }
    s->worst = json_get(o, "worst") ? (int)bread_int(o, "worst") : -1;
    if (s->worst < -1 || s->worst >= (int)n)
        s->worst = -1;
    return true;
}

static int bread_ref(const struct board *b, const struct json *o, const char *key)
{
    const char *id = json_string(json_get(o, key));

    return id ? board_find(b, id) : -1;
}

/* Names of other services, once all services are there. */
static bool bread_refs(struct board *b, const struct json *list, struct err *err)
{
    const struct json *o = json_first(list);

    for (size_t i = 0; i < b->n_services; i++, o = json_next(o)) {
        struct service *s = &b->services[i];
        const struct json *deps = json_get(o, "depends_on"), *d;

        s->affected_by = bread_ref(b, o, "affected_by");
        s->deps = xcalloc(json_count(deps), sizeof *s->deps);
        for (d = json_first(deps); d; d = json_next(d)) {
            const char *id = json_string(d);
            int at = id ? board_find(b, id) : -1;

            if (at < 0)
                return err_set(err, "service '%s' depends on '%s', which is not there",
                               text_str(&s->id), id ? id : "?");
            s->deps[s->n_deps++] = (size_t)at;
        }
    }
    return true;
}

static void bread_marks(struct board *b, const struct json *list)
{
    for (const struct json *o = json_first(list); o; o = json_next(o)) {
        struct mark m = { .at_ms = bread_int(o, "at_ms"), .service = bread_ref(b, o, "service") };
        const char *word = json_string(json_get(o, "kind"));

        for (int k = MARK_VERSION; word && k <= MARK_NOTE; k++) {
            if (!strcmp(word, mark_word((enum mark_kind)k)))
                m.kind = (enum mark_kind)k;
        }
        bread_text(o, "label", &m.label);
        board_mark(b, m);
    }
}

static void bread_ack(const struct json *o, struct alert_ack *ack)
{
    bread_text(o, "who", &ack->who);
    bread_text(o, "note", &ack->note);
    ack->at_ms = bread_int(o, "at_ms");
    ack->until_ms = bread_int(o, "until_ms");
}

static void bread_silences(struct board *b, const struct json *list)
{
    const struct json *o = json_first(list);

    if (!o)
        return;
    b->silences = xcalloc(json_count(list), sizeof *b->silences);
    for (; o && b->n_silences < SILENCES_MAX; o = json_next(o)) {
        struct silence *s = &b->silences[b->n_silences++];
        const struct json *match = json_get(o, "match");

        bread_text(o, "id", &s->id);
        bread_text(match, "alert", &s->match.alert);
        bread_text(match, "service", &s->match.service);
        bread_text(match, "severity", &s->match.severity);
        bread_text(o, "who", &s->who);
        bread_text(o, "reason", &s->reason);
        s->since_ms = bread_int(o, "since_ms");
        s->until_ms = bread_int(o, "until_ms");
        s->planned = bread_bool(o, "planned");
    }
}

static void bread_alert(const struct board *b, const struct json *o, struct alert *a)
{
    const char *word = json_string(json_get(o, "state")), *silenced;

    bread_text(o, "id", &a->id);
    bread_text(o, "title", &a->title);
    bread_text(o, "severity", &a->severity);
    bread_text(o, "rule", &a->rule);
    bread_text(o, "runbook", &a->runbook);
    bread_text(o, "value", &a->value);
    bread_text(o, "note", &a->note);
    a->rank = (int)bread_int(o, "rank");
    a->service = bread_ref(b, o, "service");
    a->affected_by = bread_ref(b, o, "affected_by");
    a->state = ALERT_NO_DATA; /* a word that we do not know says nothing */
    if (word)
        alert_state_parse(word, &a->state);
    a->since_ms = bread_int(o, "since_ms");
    a->held_ms = bread_int(o, "held_ms");
    a->clear_ms = bread_int(o, "clear_ms");
    a->no_data_ms = bread_int(o, "no_data_ms");
    a->for_ms = bread_int(o, "for_ms");
    a->keep_ms = bread_int(o, "keep_ms");
    a->fired_ms = bread_int(o, "fired_ms");
    a->resolved_ms = bread_int(o, "resolved_ms");
    a->fired_n = (int)bread_int(o, "fired_n");
    a->flapping = bread_bool(o, "flapping");
    bread_ack(json_get(o, "ack"), &a->ack);
    silenced = json_string(json_get(json_get(o, "silenced"), "id"));
    a->silenced = silenced ? board_find_silence(b, silenced) : -1;
    bread_text(o, "told", &a->told);
    a->told_bad = bread_bool(o, "told_bad");
    a->remind_ms = bread_int(o, "remind_ms");
}

static void bread_alerts(struct board *b, const struct json *list)
{
    const struct json *o = json_first(list);

    if (!o)
        return;
    board_add_alerts(b, json_count(list));
    for (size_t i = 0; o && i < b->n_alerts; i++, o = json_next(o))
        bread_alert(b, o, &b->alerts[i]);
}

static void bread_events(struct board *b, const struct json *list)
{
    for (const struct json *o = json_first(list); o; o = json_next(o)) {
        struct event e = { .n = bread_int(o, "n"), .at_ms = bread_int(o, "at_ms") };

        bread_text(o, "code", &e.code);
        bread_text(o, "who", &e.who);
        bread_text(o, "alert", &e.alert);
        bread_text(o, "words", &e.words);
        board_event(b, e);
    }
}

static void bread_verdict(struct board *b, const struct json *o)
{
    struct verdict *v = &b->verdict;

    v->state = bread_state(o);
    v->root = bread_ref(b, o, "root");
    v->since_ms = bread_int(o, "since_ms");
    v->hides = (int)bread_int(o, "hides");
    v->others = (int)bread_int(o, "others");
    v->connecting = bread_bool(o, "connecting");
    v->blind = bread_bool(o, "blind");
    bread_text(o, "word", &v->word);
    bread_text(o, "detail", &v->detail);
}

static bool bread_board(struct board *b, const struct json *root, struct err *err)
{
    const struct json *list = json_get(root, "services"), *o = json_first(list);

    bread_text(root, "watch", &b->watch);
    bread_text(root, "environment", &b->environment);
    bread_text(root, "source", &b->source);
    bread_text(root, "notice", &b->notice);
    b->notice_bad = bread_bool(root, "notice_bad");
    b->at_ms = bread_int(root, "at_ms");
    b->started_ms = bread_int(root, "started_ms");
    b->collector_ms = bread_int(root, "collector_ms");
    b->unreachable_since_ms = bread_int(root, "unreachable_since_ms");
    for (int i = 0; i < STATE_COUNT; i++)
        bread_text(json_get(root, "words"), state_word((enum state)i), &b->words[i]);
    for (size_t i = 0; i < b->n_services; i++, o = json_next(o)) {
        if (!bread_service(o, &b->services[i], err))
            return false;
    }
    if (!bread_refs(b, list, err))
        return false;
    bread_marks(b, json_get(root, "marks"));
    bread_silences(b, json_get(root, "silences"));
    bread_alerts(b, json_get(root, "alerts"));
    bread_events(b, json_get(root, "events"));
    bread_verdict(b, json_get(root, "verdict"));
    return true;
}

struct board *board_from_json(const char *bytes, size_t len, struct err *err)
{
    struct json *root = json_parse(bytes, len, 0, 4000000, err);
    struct board *b = NULL;

    if (!root)
        return NULL;
    if (bread_int(root, "midwatch_board") != BOARD_FORMAT) {
        err_set(err, "not a board of format %d", BOARD_FORMAT);
    } else {
        b = board_new(json_count(json_get(root, "services")));
        if (!bread_board(b, root, err)) {
            board_free(b);
            b = NULL;
        }
    }
    json_free(root);
    return b;
}

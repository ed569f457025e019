/* core/board_json.c: writing the board's JSON form. Reading it is in board_read.c. */
#include "core/board_json.h"

#include <math.h>

#include "core/json.h"

enum { HISTORY_SPANS = 360 };

static void bjson_text(struct jsonw *w, const char *key, const struct text *t)
{
    jsonw_key(w, key);
    jsonw_string(w, text_str(t));
}

static void bjson_int(struct jsonw *w, const char *key, int64_t n)
{
    jsonw_key(w, key);
    jsonw_int(w, n);
}

static void bjson_bool(struct jsonw *w, const char *key, bool b)
{
    jsonw_key(w, key);
    jsonw_bool(w, b);
}

/* A service by its id; null for none. */
static void bjson_ref(struct jsonw *w, const struct board *b, const char *key, int service)
{
    jsonw_key(w, key);
    jsonw_string(w, service >= 0 ? text_str(&b->services[service].id) : NULL);
}

/* NaN is left out: absent means not known. */
static void bjson_number(struct jsonw *w, const char *key, double n)
{
    if (isnan(n))
        return;
    jsonw_key(w, key);
    jsonw_number(w, n);
}

static void bjson_word(struct jsonw *w, const char *key, const char *word)
{
    jsonw_key(w, key);
    jsonw_string(w, word);
}

static void bjson_history(struct jsonw *w, const struct signal *s, int64_t now_ms, int64_t span_ms)
{
    struct series_span spans[HISTORY_SPANS];
    int64_t step_ms = series_step_ms(s->series), to_ms, from_ms;
    size_t cols;

    if (!series_newest_ms(s->series))
        return;
    if (span_ms / step_ms > HISTORY_SPANS)
        step_ms = (span_ms / HISTORY_SPANS + 999) / 1000 * 1000;
    cols = (size_t)(span_ms / step_ms);
    if (cols > HISTORY_SPANS)
        cols = HISTORY_SPANS;
    if (!cols)
        return;
    to_ms = (now_ms / step_ms + 1) * step_ms;
    from_ms = to_ms - (int64_t)cols * step_ms;
    series_read(s->series, from_ms, to_ms, spans, cols);
    while (cols && !spans[0].n) { /* the part before the first sample is not written */
        for (size_t i = 1; i < cols; i++)
            spans[i - 1] = spans[i];
        cols--;
        from_ms += step_ms;
    }
    jsonw_key(w, "history");
    jsonw_object(w);
    bjson_int(w, "from_ms", from_ms);
    bjson_int(w, "step_ms", step_ms);
    jsonw_key(w, "values");
    jsonw_array(w);
    for (size_t i = 0; i < cols; i++)
        spans[i].n ? jsonw_number(w, spans[i].mean) : jsonw_null(w);
    jsonw_end(w, ']');
    jsonw_end(w, '}');
}

static const char *bjson_level(enum level l)
{
    static const char *const words[] = { "none", "ok", "warn", "crit" };

    return words[l];
}

static void bjson_signal(struct jsonw *w, const struct signal *s, int64_t now_ms, int64_t span_ms)
{
    jsonw_object(w);
    bjson_text(w, "name", &s->name);
    bjson_word(w, "unit", unit_name(s->unit));
    bjson_text(w, "unit_word", &s->unit_word);
    bjson_bool(w, "low_is_bad", s->low_is_bad);
    bjson_number(w, "warn", s->warn);
    bjson_number(w, "crit", s->crit);
    bjson_number(w, "max", s->max);
    bjson_bool(w, "known", s->known);
    bjson_number(w, "value", s->known ? s->value : NAN);
    bjson_bool(w, "above", s->above);
    bjson_number(w, "num", s->num);
    bjson_number(w, "den", s->den);
    if (s->share_unit != UNIT_NONE)
        bjson_word(w, "share_unit", unit_name(s->share_unit));
    bjson_text(w, "note", &s->note);
    bjson_int(w, "at_ms", s->at_ms);
    bjson_int(w, "window_ms", s->window_ms);
    bjson_word(w, "level", bjson_level(s->level));
    bjson_int(w, "since_ms", s->since_ms);
    if (span_ms > 0)
        bjson_history(w, s, now_ms, span_ms);
    jsonw_end(w, '}');
}

static void bjson_phases(struct jsonw *w, const struct phases *p)
{
    jsonw_key(w, "phases_us");
    jsonw_object(w);
    if (p->dns_us >= 0)
        bjson_int(w, "dns", p->dns_us);
    if (p->connect_us >= 0)
        bjson_int(w, "connect", p->connect_us);
    if (p->tls_us >= 0)
        bjson_int(w, "tls", p->tls_us);
    if (p->first_byte_us >= 0)
        bjson_int(w, "first_byte", p->first_byte_us);
    if (p->total_us >= 0)
        bjson_int(w, "total", p->total_us);
    jsonw_end(w, '}');
}

static void bjson_components(struct jsonw *w, const struct reading *r)
{
    jsonw_key(w, "components");
    jsonw_array(w);
    for (size_t i = 0; i < r->n_components; i++) {
        const struct component *c = &r->components[i];

        jsonw_object(w);
        bjson_text(w, "name", &c->name);
        bjson_text(w, "word", &c->word);
        bjson_word(w, "state", state_word(c->state));
        bjson_text(w, "note", &c->note);
        bjson_number(w, "value", c->value);
        bjson_word(w, "unit", unit_name(c->unit));
        jsonw_end(w, '}');
    }
    jsonw_end(w, ']');
}

static void bjson_table(struct jsonw *w, const struct table *t)
{
    if (!t->cells)
        return;
    jsonw_key(w, "table");
    jsonw_object(w);
    bjson_bool(w, "cut", t->cut);
    jsonw_key(w, "rows"); /* the first is the header */
    jsonw_array(w);
    for (size_t i = 0; i <= t->rows; i++) {
        jsonw_array(w);
        for (size_t k = 0; k < t->cols; k++)
            jsonw_string(w, text_str(&t->cells[i * t->cols + k]));
        jsonw_end(w, ']');
    }
    jsonw_end(w, ']');
    jsonw_end(w, '}');
}

static void bjson_reading(struct jsonw *w, const struct reading *r, int64_t now_ms, int64_t span_ms)
{
    jsonw_object(w);
    bjson_text(w, "id", &r->id);
    bjson_text(w, "name", &r->name);
    bjson_text(w, "kind", &r->kind);
    bjson_text(w, "target", &r->target);
    bjson_int(w, "every_ms", r->every_ms);
    bjson_int(w, "timeout_ms", r->timeout_ms);
    bjson_int(w, "fail_after", r->fail_after);
    bjson_word(w, "state", state_word(r->state));
    bjson_text(w, "reason", &r->reason);
    bjson_word(w, "fault", fault_word(r->fault));
    bjson_int(w, "since_ms", r->since_ms);
    bjson_int(w, "evidence_ms", r->evidence_ms);
    bjson_int(w, "good_ms", r->good_ms);
    bjson_int(w, "failing", r->failing);
    bjson_bool(w, "in_flight", r->in_flight);
    bjson_bool(w, "disagree", r->disagree);
    bjson_bool(w, "insecure", r->insecure);
    bjson_int(w, "http_code", r->http_code);
    bjson_text(w, "version", &r->version);
    bjson_phases(w, &r->phases);
    jsonw_key(w, "signals");
    jsonw_array(w);
    for (size_t i = 0; i < r->n_signals; i++)
        bjson_signal(w, &r->signals[i], now_ms, span_ms);
    jsonw_end(w, ']');
    bjson_components(w, r);
    bjson_table(w, &r->table);
    jsonw_end(w, '}');
}

static void bjson_service(struct jsonw *w, const struct board *b, const struct service *s,
                          int64_t span_ms)
{
    jsonw_object(w);
    bjson_text(w, "id", &s->id);
    bjson_text(w, "title", &s->title);
    bjson_bool(w, "critical", s->critical);
    jsonw_key(w, "depends_on");
    jsonw_array(w);
    for (size_t i = 0; i < s->n_deps; i++)
        jsonw_string(w, text_str(&b->services[s->deps[i]].id));
    jsonw_end(w, ']');
    bjson_word(w, "state", state_word(s->state));
    bjson_text(w, "reason", &s->reason);
    bjson_int(w, "since_ms", s->since_ms);
    bjson_int(w, "evidence_ms", s->evidence_ms);
    bjson_ref(w, b, "affected_by", s->affected_by);
    bjson_int(w, "hides", s->root_hides);
    bjson_int(w, "worst", s->worst);
    bjson_text(w, "version", &s->version);
    jsonw_key(w, "readings");
    jsonw_array(w);
    for (size_t i = 0; i < s->n_readings; i++)
        bjson_reading(w, &s->readings[i], b->at_ms, span_ms);
    jsonw_end(w, ']');
    jsonw_end(w, '}');
}

static void bjson_verdict(struct jsonw *w, const struct board *b)
{
    const struct verdict *v = &b->verdict;

    jsonw_key(w, "verdict");
    jsonw_object(w);
    bjson_word(w, "state", state_word(v->state));
    bjson_text(w, "word", &v->word);
    bjson_ref(w, b, "root", v->root);
    bjson_text(w, "detail", &v->detail);
    bjson_int(w, "since_ms", v->since_ms);
    bjson_int(w, "hides", v->hides);
    bjson_int(w, "others", v->others);
    bjson_bool(w, "connecting", v->connecting);
    bjson_bool(w, "blind", v->blind);
    jsonw_end(w, '}');
}

static void bjson_marks(struct jsonw *w, const struct board *b)
{
    jsonw_key(w, "marks");
    jsonw_array(w);
    for (size_t i = 0; i < b->n_marks; i++) {
        const struct mark *m = &b->marks[i];

        jsonw_object(w);
        bjson_int(w, "at_ms", m->at_ms);
        bjson_word(w, "kind", mark_word(m->kind));
        bjson_ref(w, b, "service", m->service);
        bjson_text(w, "label", &m->label);
        jsonw_end(w, '}');
    }
    jsonw_end(w, ']');
}

static void bjson_ack(struct jsonw *w, const struct alert_ack *ack)
{
    if (!ack->at_ms)
        return;
    jsonw_key(w, "ack");
    jsonw_object(w);
    bjson_text(w, "who", &ack->who);
    bjson_text(w, "note", &ack->note);
    bjson_int(w, "at_ms", ack->at_ms);
    bjson_int(w, "until_ms", ack->until_ms);
    jsonw_end(w, '}');
}

static void bjson_silenced(struct jsonw *w, const struct silence *s)
{
    if (!s)
        return;
    jsonw_key(w, "silenced");
    jsonw_object(w);
    bjson_text(w, "id", &s->id);
    bjson_int(w, "until_ms", s->until_ms);
    jsonw_end(w, '}');
}

static void bjson_match(struct jsonw *w, const char *key, const struct text *t)
{
    if (t->len)
        bjson_text(w, key, t);
}

static void bjson_silences(struct jsonw *w, const struct board *b)
{
    jsonw_key(w, "silences");
    jsonw_array(w);
    for (size_t i = 0; i < b->n_silences; i++) {
        const struct silence *s = &b->silences[i];

        jsonw_object(w);
        bjson_text(w, "id", &s->id);
        jsonw_key(w, "match");
        jsonw_object(w);
        bjson_match(w, "alert", &s->match.alert);
        bjson_match(w, "service", &s->match.service);
        bjson_match(w, "severity", &s->match.severity);
        jsonw_end(w, '}');
        bjson_text(w, "who", &s->who);
        bjson_text(w, "reason", &s->reason);
        bjson_int(w, "since_ms", s->since_ms);
        bjson_int(w, "until_ms", s->until_ms);
        bjson_bool(w, "planned", s->planned);
        jsonw_end(w, '}');
    }
    jsonw_end(w, ']');
}

static void bjson_alert(struct jsonw *w, const struct board *b, const struct alert *a)
{
    jsonw_object(w);
    bjson_text(w, "id", &a->id);
    bjson_text(w, "title", &a->title);
    bjson_text(w, "severity", &a->severity);
    bjson_int(w, "rank", a->rank);
    bjson_text(w, "rule", &a->rule);
    bjson_text(w, "runbook", &a->runbook);
    bjson_ref(w, b, "service", a->service);
    bjson_word(w, "state", alert_state_word(a->state));
    bjson_int(w, "since_ms", a->since_ms);
    bjson_int(w, "held_ms", a->held_ms);
    bjson_int(w, "clear_ms", a->clear_ms);
    bjson_int(w, "no_data_ms", a->no_data_ms);
    bjson_int(w, "for_ms", a->for_ms);
    bjson_int(w, "keep_ms", a->keep_ms);
    bjson_int(w, "fired_ms", a->fired_ms);
    bjson_int(w, "resolved_ms", a->resolved_ms);
    bjson_int(w, "fired_n", a->fired_n);
    bjson_bool(w, "flapping", a->flapping);
    bjson_text(w, "value", &a->value);
    bjson_text(w, "note", &a->note);
    bjson_ref(w, b, "affected_by", a->affected_by);
    bjson_ack(w, &a->ack);
    bjson_silenced(w, board_silenced(b, a));
    bjson_text(w, "told", &a->told);
    bjson_bool(w, "told_bad", a->told_bad);
    bjson_int(w, "remind_ms", a->remind_ms);
    jsonw_end(w, '}');
}

static void bjson_events(struct jsonw *w, const struct board *b)
{
    jsonw_key(w, "events");
    jsonw_array(w);
    for (size_t i = 0; i < b->n_events; i++) {
        const struct event *e = &b->events[i];

        jsonw_object(w);
        bjson_int(w, "n", e->n);
        bjson_int(w, "at_ms", e->at_ms);
        bjson_text(w, "code", &e->code);
        bjson_text(w, "who", &e->who);
        bjson_text(w, "alert", &e->alert);
        bjson_text(w, "words", &e->words);
        jsonw_end(w, '}');
    }
    jsonw_end(w, ']');
}

void board_to_json(const struct board *b, int64_t history_ms, bool pretty, struct buf *out)
{
    struct jsonw w;

    jsonw_begin(&w, out, pretty);
    jsonw_object(&w);
    bjson_int(&w, "midwatch_board", BOARD_FORMAT);
    bjson_text(&w, "watch", &b->watch);
    bjson_text(&w, "environment", &b->environment);
    bjson_text(&w, "source", &b->source);
    bjson_int(&w, "at_ms", b->at_ms);
    bjson_int(&w, "started_ms", b->started_ms);
    bjson_int(&w, "collector_ms", b->collector_ms);
    bjson_int(&w, "unreachable_since_ms", b->unreachable_since_ms);
    bjson_text(&w, "notice", &b->notice);
    bjson_bool(&w, "notice_bad", b->notice_bad);
    jsonw_key(&w, "words");
    jsonw_object(&w);
    for (int i = 0; i < STATE_COUNT; i++) {
        if (b->words[i].len)
            bjson_text(&w, state_word((enum state)i), &b->words[i]);
    }
    jsonw_end(&w, '}');
    bjson_verdict(&w, b);
    jsonw_key(&w, "services");
    jsonw_array(&w);
    for (size_t i = 0; i < b->n_services; i++)
        bjson_service(&w, b, &b->services[i], history_ms);
    jsonw_end(&w, ']');
    jsonw_key(&w, "alerts");
    jsonw_array(&w);
    for (size_t i = 0; i < b->n_alerts; i++)
        bjson_alert(&w, b, &b->alerts[i]);
    jsonw_end(&w, ']');
    bjson_silences(&w, b);
    bjson_marks(&w, b);
    bjson_events(&w, b);
    jsonw_end(&w, '}');
}

/* core/board.c: making and ending a board, and its words. */
#include "core/board.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"

static const char *const state_words[STATE_COUNT] = {
    [STATE_UNKNOWN] = "unknown", [STATE_UP] = "up",       [STATE_DEGRADED] = "degraded",
    [STATE_DOWN] = "down",       [STATE_STALE] = "stale", [STATE_DISABLED] = "disabled",
};

static const int state_ranks[STATE_COUNT] = {
    [STATE_UP] = 0,    [STATE_DISABLED] = 1, [STATE_UNKNOWN] = 2,
    [STATE_STALE] = 3, [STATE_DEGRADED] = 4, [STATE_DOWN] = 5,
};

const char *state_word(enum state s)
{
    return (unsigned)s < STATE_COUNT ? state_words[s] : "unknown";
}

bool state_parse(const char *s, enum state *out)
{
    for (int i = 0; i < STATE_COUNT; i++) {
        if (!strcmp(s, state_words[i])) {
            *out = (enum state)i;
            return true;
        }
    }
    return false;
}

int state_rank(enum state s)
{
    return (unsigned)s < STATE_COUNT ? state_ranks[s] : state_ranks[STATE_UNKNOWN];
}

const char *mark_word(enum mark_kind kind)
{
    switch (kind) {
    case MARK_VERSION:
        return "version";
    case MARK_RESTART:
        return "restart";
    case MARK_CONFIG:
        return "config";
    case MARK_FAULT:
        return "fault";
    case MARK_NOTE:
        return "note";
    }
    return "mark";
}

struct board *board_new(size_t n_services)
{
    struct board *b = xcalloc(1, sizeof *b);

    b->verdict.root = -1;
    board_add_services(b, n_services);
    return b;
}

void board_add_services(struct board *b, size_t n)
{
    free(b->services);
    b->services = xcalloc(n, sizeof *b->services);
    b->n_services = n;
    for (size_t i = 0; i < n; i++) {
        b->services[i].affected_by = -1;
        b->services[i].worst = -1;
    }
}

void component_copy(struct component *to, const struct component *from)
{
    text_copy(&to->name, &from->name);
    text_copy(&to->word, &from->word);
    text_copy(&to->note, &from->note);
    to->state = from->state;
    to->value = from->value;
    to->unit = from->unit;
}

void table_fini(struct table *t)
{
    if (t->cells) {
        for (size_t i = 0; i < (t->rows + 1) * t->cols; i++)
            text_fini(&t->cells[i]);
    }
    free(t->cells);
    *t = (struct table){ 0 };
}

static void board_component_fini(struct component *c)
{
    text_fini(&c->name);
    text_fini(&c->word);
    text_fini(&c->note);
}

static void board_reading_fini(struct reading *r)
{
    text_fini(&r->id);
    text_fini(&r->name);
    text_fini(&r->kind);
    text_fini(&r->target);
    text_fini(&r->reason);
    text_fini(&r->version);
    text_fini(&r->marks.version);
    text_fini(&r->marks.before);
    for (size_t i = 0; i < r->components_cap; i++)
        board_component_fini(&r->components[i]);
    free(r->components);
    for (size_t i = 0; i < r->n_signals; i++) {
        struct signal *s = &r->signals[i];

        text_fini(&s->name);
        text_fini(&s->unit_word);
        text_fini(&s->note);
        series_free(s->series);
    }
    free(r->signals);
    table_fini(&r->table);
}

void board_free(struct board *b)
{
    if (!b)
        return;
    for (size_t i = 0; i < b->n_services; i++) {
        struct service *s = &b->services[i];

        for (size_t k = 0; k < s->n_readings; k++)
            board_reading_fini(&s->readings[k]);
        free(s->readings);
        free(s->deps);
        text_fini(&s->id);
        text_fini(&s->title);
        text_fini(&s->reason);
        text_fini(&s->version);
    }
    free(b->services);
    for (size_t i = 0; i < b->n_marks; i++)
        text_fini(&b->marks[i].label);
    for (size_t i = 0; i < b->n_alerts; i++)
        alert_fini(&b->alerts[i]);
    free(b->alerts);
    for (size_t i = 0; i < b->n_silences; i++)
        silence_fini(&b->silences[i]);
    free(b->silences);
    for (size_t i = 0; i < b->n_events; i++)
        event_fini(&b->events[i]);
    free(b->events_room);
    for (int i = 0; i < STATE_COUNT; i++)
        text_fini(&b->words[i]);
    text_fini(&b->watch);
    text_fini(&b->environment);
    text_fini(&b->source);
    text_fini(&b->notice);
    text_fini(&b->verdict.word);
    text_fini(&b->verdict.detail);
    free(b);
}

struct reading *service_add_readings(struct service *s, size_t n)
{
    s->readings = xcalloc(n, sizeof *s->readings);
    s->n_readings = n;
    for (size_t i = 0; i < n; i++)
        s->readings[i].phases = PHASES_NONE;
    return s->readings;
}

struct signal *reading_add_signals(struct reading *r, size_t n, int64_t every_ms)
{
    r->signals = xcalloc(n, sizeof *r->signals);
    r->n_signals = n;
    for (size_t i = 0; i < n; i++) {
        struct signal *s = &r->signals[i];

        s->warn = s->crit = s->max = s->value = s->num = s->den = NAN;
        s->series = series_new(every_ms);
    }
    return r->signals;
}

struct alert *board_add_alerts(struct board *b, size_t n)
{
    b->alerts = xcalloc(n, sizeof *b->alerts);
    b->n_alerts = n;
    for (size_t i = 0; i < n; i++)
        alert_init(&b->alerts[i]);
    return b->alerts;
}

int board_find_alert(const struct board *b, const char *id)
{
    for (size_t i = 0; i < b->n_alerts; i++) {
        if (text_is(&b->alerts[i].id, id))
            return (int)i;
    }
    return -1;
}

void reading_set_components(struct reading *r, size_t n)
{
    if (n > READING_COMPONENTS)
        n = READING_COMPONENTS;
    if (n > r->components_cap) {
        r->components = xreallocarray(r->components, n, sizeof *r->components);
        memset(r->components + r->components_cap, 0,
               (n - r->components_cap) * sizeof *r->components);
        r->components_cap = n;
    }
    r->n_components = n;
}

void board_mark(struct board *b, struct mark m)
{
    size_t at;

    if (b->n_marks == BOARD_MARKS) {
        if (m.at_ms < b->marks[0].at_ms) {
            text_fini(&m.label);
            return;
        }
        text_fini(&b->marks[0].label);
        memmove(b->marks, b->marks + 1, (BOARD_MARKS - 1) * sizeof *b->marks);
        b->n_marks--;
    }
    at = b->n_marks++; /* somebody else's may be told late */
    for (; at > 0 && b->marks[at - 1].at_ms > m.at_ms; at--)
        b->marks[at] = b->marks[at - 1];
    b->marks[at] = m;
}

/* They move down in their room once in as many as are kept: a long journal is told in one go. */
static void board_event_room(struct board *b)
{
    if (!b->events_room)
        b->events = b->events_room = xcalloc(2 * BOARD_EVENTS, sizeof *b->events);
    if (b->n_events == BOARD_EVENTS) {
        event_fini(b->events++);
        b->n_events--;
    }
    if (b->events + b->n_events == b->events_room + 2 * BOARD_EVENTS) {
        memmove(b->events_room, b->events, b->n_events * sizeof *b->events);
        b->events = b->events_room;
    }
}

void board_event(struct board *b, struct event e)
{
    size_t at = b->n_events;
    bool late = at > 0 && e.n <= b->events[at - 1].n;

    for (size_t i = 0; late && i < b->n_events; i++) {
        if (!event_is(&b->events[i], e.n, e.at_ms))
            continue;
        event_fini(&b->events[i]);
        b->events[i] = e;
        return;
    }
    while (late && at > 0 && b->events[at - 1].n > e.n && b->events[at - 1].at_ms > e.at_ms)
        at--;
    if (at == 0 && b->n_events == BOARD_EVENTS) {
        event_fini(&e); /* older than all that are kept */
        return;
    }
    at = b->n_events - at; /* from the end: the oldest may leave */
    board_event_room(b);
    memmove(b->events + b->n_events - at + 1, b->events + b->n_events - at, at * sizeof *b->events);
    b->events[b->n_events - at] = e;
    b->n_events++;
}

int board_find(const struct board *b, const char *service_id)
{
    for (size_t i = 0; i < b->n_services; i++) {
        if (text_is(&b->services[i].id, service_id))
            return (int)i;
    }
    return -1;
}

size_t board_n_readings(const struct board *b)
{
    size_t n = 0;

    for (size_t i = 0; i < b->n_services; i++)
        n += b->services[i].n_readings;
    return n;
}

size_t board_n_answered(const struct board *b)
{
    size_t n = 0;

    for (size_t i = 0; i < b->n_services; i++) {
        for (size_t k = 0; k < b->services[i].n_readings; k++)
            n += b->services[i].readings[k].evidence_ms != 0;
    }
    return n;
}

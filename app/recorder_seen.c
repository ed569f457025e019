/* app/recorder_seen.c: marks and records by the second in which they came onto the board. */
#include "app/recorder_seen.h"

#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"

static void seen_mark_fini(struct history_mark *m)
{
    text_fini(&m->mark.label);
    text_fini(&m->service);
}

static void seen_mark_copy(struct history_mark *to, const struct history_mark *from)
{
    *to = *from;
    to->mark.label = to->service = (struct text){ 0 };
    text_copy(&to->mark.label, &from->mark.label);
    text_copy(&to->service, &from->service);
}

static void seen_event_copy(struct history_event *to, const struct history_event *from)
{
    *to = (struct history_event){ .seen_ms = from->seen_ms };
    event_copy(&to->event, &from->event);
}

void seen_fini(struct seen *s)
{
    for (size_t i = 0; i < s->n_marks; i++)
        seen_mark_fini(&s->marks[i]);
    for (size_t i = 0; i < s->n_events; i++)
        event_fini(&s->events[i].event);
    free(s->marks);
    free(s->events);
    *s = (struct seen){ 0 };
}

/* ---- marks ---- */

static const char *seen_service(const struct board *b, const struct mark *m)
{
    bool named = m->service >= 0 && (size_t)m->service < b->n_services;

    return named ? text_str(&b->services[m->service].id) : "";
}

static bool seen_has_mark(const struct seen *s, const struct board *b, const struct mark *m)
{
    for (size_t i = s->n_marks; i-- > 0;) {
        const struct history_mark *was = &s->marks[i];

        if (was->mark.at_ms == m->at_ms && was->mark.kind == m->kind &&
            text_eq(&was->mark.label, &m->label) && text_is(&was->service, seen_service(b, m)))
            return true;
    }
    return false;
}

/* Twice as many as a board holds: what is asked of some minutes ago had older ones. */
static void seen_mark_room(struct seen *s)
{
    if (!s->marks)
        s->marks = xcalloc(2 * BOARD_MARKS, sizeof *s->marks);
    if (s->n_marks < 2 * BOARD_MARKS)
        return;
    seen_mark_fini(&s->marks[0]);
    memmove(s->marks, s->marks + 1, --s->n_marks * sizeof *s->marks);
    s->new_marks -= s->new_marks > 0;
}

static void seen_look_marks(struct seen *s, const struct board *b)
{
    int64_t last_ms = b->n_marks ? b->marks[b->n_marks - 1].at_ms : 0;

    if (b->n_marks == s->board_marks && last_ms == s->last_mark_ms)
        return;
    s->board_marks = b->n_marks;
    s->last_mark_ms = last_ms;
    for (size_t i = 0; i < b->n_marks; i++) {
        struct history_mark m = { .seen_ms = b->at_ms, .mark = b->marks[i] };

        if (seen_has_mark(s, b, &m.mark))
            continue;
        seen_mark_room(s);
        text_sets(&m.service, seen_service(b, &m.mark));
        seen_mark_copy(&s->marks[s->n_marks++], &m);
        text_fini(&m.service);
    }
}

/* ---- records ---- */

static bool seen_has_event(const struct seen *s, const struct event *e)
{
    for (size_t i = s->n_events; i-- > 0;)
        if (event_is(&s->events[i].event, e->n, e->at_ms))
            return true;
    return false;
}

static void seen_event_room(struct seen *s)
{
    if (!s->events)
        s->events = xcalloc(2 * BOARD_EVENTS, sizeof *s->events);
    if (s->n_events < 2 * BOARD_EVENTS)
        return;
    event_fini(&s->events[0].event);
    memmove(s->events, s->events + 1, --s->n_events * sizeof *s->events);
    s->new_events -= s->new_events > 0;
}

static void seen_look_events(struct seen *s, const struct board *b)
{
    const struct event *last = b->n_events ? &b->events[b->n_events - 1] : NULL;

    if (!last ||
        (b->n_events == s->board_events && event_is(last, s->last_event_n, s->last_event_ms)))
        return;
    for (size_t i = 0; i < b->n_events; i++) { /* also one that was told late, in the middle */
        struct history_event e = { .seen_ms = b->at_ms, .event = b->events[i] };

        if (seen_has_event(s, &e.event))
            continue;
        seen_event_room(s);
        seen_event_copy(&s->events[s->n_events++], &e);
    }
    s->board_events = b->n_events;
    s->last_event_n = last->n;
    s->last_event_ms = last->at_ms;
}

void seen_look(struct seen *s, const struct board *b)
{
    seen_look_marks(s, b);
    seen_look_events(s, b);
}

/* ---- out ---- */

void seen_hand_out(struct seen *s, struct history_batch *out)
{
    size_t marks = s->n_marks - s->new_marks, events = s->n_events - s->new_events;

    if (marks)
        out->marks = xreallocarray(out->marks, out->n_marks + marks, sizeof *out->marks);
    if (events)
        out->events = xreallocarray(out->events, out->n_events + events, sizeof *out->events);
    for (; s->new_marks < s->n_marks; s->new_marks++)
        seen_mark_copy(&out->marks[out->n_marks++], &s->marks[s->new_marks]);
    for (; s->new_events < s->n_events; s->new_events++)
        seen_event_copy(&out->events[out->n_events++], &s->events[s->new_events]);
}

void seen_tell(const struct seen *s, int64_t at_ms, struct board *b)
{
    for (size_t i = 0; i < s->n_marks && s->marks[i].seen_ms <= at_ms; i++) {
        struct history_mark copy;

        seen_mark_copy(&copy, &s->marks[i]);
        copy.mark.service = copy.service.len ? board_find(b, text_str(&copy.service)) : -1;
        text_fini(&copy.service);
        board_mark(b, copy.mark);
    }
    for (size_t i = 0; i < s->n_events && s->events[i].seen_ms <= at_ms; i++) {
        struct history_event copy;

        seen_event_copy(&copy, &s->events[i]);
        board_event(b, copy.event);
    }
}

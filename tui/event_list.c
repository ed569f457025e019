/* tui/event_list.c: rows and selection of records. */
#include "tui/event_list.h"

#include <stdlib.h>

#include "tui/alert_words.h"
#include "tui/event_words.h"
#include "widgets/grid.h"

int64_t event_day(int64_t at_ms)
{
    return at_ms / 86400000;
}

/* Of problems: the story of what is wrong now. */
static bool event_list_wants(const struct view *v, const struct event *e)
{
    if (v->problems_only) {
        const struct alert *a = event_alert(v->board, e);

        if (!a || alert_class(a) >= ALERTS_RESOLVED)
            return false;
    }
    return filter_matches_event(v->filter, v->board, e);
}

/* The nearest record from `at` on in that direction, or `at` when there is none. */
static int event_list_next(const struct timeline *l, int at, int by)
{
    int to = at + by;

    while (to >= 0 && (size_t)to < l->n && l->rows[to] == EVENT_DAY)
        to += by;
    return to >= 0 && (size_t)to < l->n ? to : at;
}

static void event_list_choose(struct view *v, int at)
{
    struct timeline *l = &v->timeline;
    const struct event *e;

    l->at = at;
    e = event_list_selected(v);
    l->chosen = e && event_list_next(l, at, -1) != at;
    l->chosen_n = e ? e->n : 0;
    l->chosen_at_ms = e ? e->at_ms : 0;
}

/* Where the chosen one is now; what is gone leaves its place to the one that came before it. */
static void event_list_find(struct view *v)
{
    struct timeline *l = &v->timeline;
    int first = event_list_next(l, -1, 1);

    if (l->n == 0 || !l->chosen) {
        l->at = l->n ? first : 0;
        return;
    }
    for (size_t i = 0; i < l->n; i++) {
        const struct event *e = event_list_at(v, i);

        if (!e || !event_is(e, l->chosen_n, l->chosen_at_ms))
            continue;
        if (l->top > 0)
            l->top += (int)i - l->at; /* what one reads stands still */
        l->at = (int)i;
        return;
    }
    if ((size_t)l->at >= l->n)
        l->at = (int)l->n - 1;
    if (l->rows[l->at] == EVENT_DAY)
        l->at = event_list_next(l, l->at, 1);
    event_list_choose(v, l->at);
}

void event_list_settle(struct view *v)
{
    struct timeline *l = &v->timeline;
    const struct board *b = v->board;
    int64_t day = event_day(v->now_ms);

    l->n = l->n_events = 0;
    for (size_t i = b->n_events; i-- > 0;) {
        const struct event *e = &b->events[i];

        if (!event_list_wants(v, e))
            continue;
        if (event_day(e->at_ms) != day)
            l->rows[l->n++] = EVENT_DAY;
        day = event_day(e->at_ms);
        l->rows[l->n++] = (int)i;
        l->n_events++;
    }
    event_list_find(v);
}

void event_list_carry(struct view *v)
{
    v->timeline.n = v->timeline.n_events = 0;
}

bool event_list_move(struct view *v, int by)
{
    struct timeline *l = &v->timeline;
    int step = by < 0 ? -1 : 1, at = l->at;

    if (l->n == 0)
        return true;
    for (; by != 0 && event_list_next(l, at, step) != at; by -= step)
        at = event_list_next(l, at, step);
    event_list_choose(v, at);
    return true;
}

void event_list_scroll(struct view *v, int room)
{
    struct timeline *l = &v->timeline;
    int n = (int)l->n;

    l->top = grid_settle(l->top, l->at, n, room);
    if (room > 1 && l->at > 0 && l->rows[l->at - 1] == EVENT_DAY)
        l->top = grid_settle(l->top, l->at - 1, n, room);
}

const struct event *event_list_at(const struct view *v, size_t row)
{
    const struct timeline *l = &v->timeline;

    if (row >= l->n || l->rows[row] == EVENT_DAY)
        return NULL;
    return &v->board->events[l->rows[row]];
}

const struct event *event_list_selected(const struct view *v)
{
    return event_list_at(v, (size_t)v->timeline.at);
}

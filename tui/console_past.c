/* tui/console_past.c: the whole board as it was. The screen asks app/ for a board, and looks at the
 * one before until it is there; collecting goes on meanwhile. */
#include "tui/console_impl.h"

#include <stdio.h>
#include <string.h>

#include "core/board_series.h"
#include "tui/event_words.h"
#include "tui/when.h"
#include "tui/words.h"

enum {
    PAST_STEPS = 60,      /* of what the charts show: a step is about a column */
    PAST_AFTER_MS = 1000, /* a mark is looked at when it has happened */
    PAST_GAP_MS = 3000    /* a board this much older than what was asked for is told of */
};

static void past_wish(struct console *c, int64_t at_ms)
{
    struct intent_slot *slot = intents_push(&c->intents, INTENT_PAST);

    slot->at_ms = c->past_ms = at_ms;
    slot->span_ms = view_span_ms(&c->view);
}

void console_live(struct console *c)
{
    if (c->past_ms)
        intents_push(&c->intents, INTENT_LIVE);
    c->past_ms = 0;
    if (!c->frozen)
        return;
    console_look(c, c->live);
    board_free(c->frozen);
    c->frozen = NULL;
    c->past = false;
}

/* Where the screen stands, or is on its way to. */
static int64_t past_present(const struct console *c)
{
    return c->past_ms ? c->past_ms : c->frozen ? c->frozen->at_ms : c->clock_ms;
}

void console_past_to(struct console *c, int64_t at_ms)
{
    if (at_ms >= c->clock_ms)
        console_live(c);
    else
        past_wish(c, at_ms);
}

void console_past_step(struct console *c, int by)
{
    int64_t step_ms = view_span_ms(&c->view) / PAST_STEPS;

    if (by > 0 && !c->frozen && !c->past_ms) {
        console_says(c, false, "this is now; , goes back");
        return;
    }
    step_ms = (step_ms < 1000 ? 1000 : step_ms) * by;
    console_past_to(c, past_present(c) + step_ms);
}

/* What happened: changes of the world, and what the journal says of alerts and people. */
static void past_nearest(int64_t at_ms, int64_t from_ms, int by, int64_t *best_ms)
{
    int64_t ms = at_ms + PAST_AFTER_MS;

    if (by < 0 ? ms < from_ms && ms > *best_ms : ms > from_ms && (!*best_ms || ms < *best_ms))
        *best_ms = ms;
}

void console_past_jump(struct console *c, int by)
{
    const struct board *boards[] = { c->live, c->frozen };
    int64_t from_ms = past_present(c), best_ms = 0;

    for (size_t i = 0; i < 2 && boards[i]; i++) {
        for (size_t k = 0; k < boards[i]->n_marks; k++)
            past_nearest(boards[i]->marks[k].at_ms, from_ms, by, &best_ms);
        for (size_t k = 0; k < boards[i]->n_events; k++)
            past_nearest(boards[i]->events[k].at_ms, from_ms, by, &best_ms);
    }
    if (best_ms)
        console_past_to(c, best_ms);
    else if (by > 0)
        console_live(c);
    else
        console_says(c, false, "nothing is known to have happened before this");
}

void console_past_run(struct console *c, const char *arg)
{
    struct err err;
    int64_t at_ms;

    if (!strcmp(arg, "live"))
        console_live(c);
    else if (!when_parse(arg, c->clock_ms, &at_ms, &err))
        console_says(c, true, err.msg);
    else /* the board of that second, which came within it */
        console_past_to(c, at_ms / 1000 * 1000 + 999);
}

bool console_past_locked(struct console *c)
{
    if (!c->past)
        return false;
    console_says(c, true, "this is the past: End comes back to now, then that");
    return true;
}

/* Charts of the past are those of now, as far as they reach: copied once, then handed on. */
static void past_series(struct console *c, struct board *b)
{
    if (c->past && c->frozen && b->at_ms <= c->past_series_ms)
        board_move_series(b, c->frozen);
    board_copy_series(b, c->live);
    c->past_series_ms = c->past && b->at_ms <= c->past_series_ms ? c->past_series_ms : c->clock_ms;
}

static void past_gap(struct console *c, const struct board *b, int64_t wanted_ms)
{
    char wanted[32], stamp[32], words[128];

    if (wanted_ms - b->at_ms < PAST_GAP_MS)
        return;
    snprintf(words, sizeof words, "nothing was recorded at %s: this is the last before, of %s",
             clock_format_utc(wanted_ms, wanted), stamp_format_utc(b->at_ms, stamp));
    console_says(c, true, words);
}

void console_past(struct console *c, struct board *b, int64_t wanted_ms, const char *why)
{
    struct board *was = c->frozen;

    if (!c->past_ms || (b && wanted_ms != c->past_ms)) { /* the person went elsewhere */
        board_free(b);
        return;
    }
    if (!b) {
        c->past_ms = c->past ? c->frozen->at_ms : 0;
        console_says(c, true, why);
        return;
    }
    past_series(c, b);
    c->frozen = b;
    c->past = true;
    console_look(c, b);
    board_free(was);
    c->dirty = c->stale = true;
    past_gap(c, b, wanted_ms);
}

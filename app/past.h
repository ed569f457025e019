/* app/past.h: boards of the past for the screen, from memory or from the history, and the past that
 * a watch begins with.
 *
 * Errors:  as words for the person who asked.
 * Owner:   past_new() to past_free(), which accepts NULL; watch and recorder are borrowed.
 */
#pragma once

#include "app/recorder.h"
#include "app/watch.h"

struct past;

struct past_events {
    /* The board is the listener's. `wanted_ms`: what was asked for; b->at_ms may lie before it. */
    void (*board)(void *arg, struct board *b, int64_t wanted_ms);
    void (*none)(void *arg, const char *why);
    void *arg;
};

/* `dir`: of the watch's store, or NULL: nowhere. What lies there goes on the watch's charts. */
struct past *past_new(struct io *io, struct watch *watch, const struct recorder *recorder,
                      const char *dir, const struct past_events *events);
void past_free(struct past *p);

/* One answer comes, perhaps inside this call, unless another question comes before it. Where memory
 * does not hold `span_ms` of the charts before `at_ms`, the board brings its series. */
void past_ask(struct past *p, int64_t at_ms, int64_t span_ms);
void past_forget(struct past *p); /* no answer any more */

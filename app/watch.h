/* app/watch.h: the network half at work: probes on their slots, answers folded into the board.
 *
 * Each probe has a phase of its own within its interval, made from its name: slots stay where they
 * are over a reload, and a thousand probes never ask in the same millisecond. The first round goes
 * out at once; a question of it that is still out at the probe's first slot is that slot's.
 *
 * Units:   milliseconds; slots are on the monotonic clock.
 * Errors:  what goes wrong stands on the board.
 * Owner:   the watch owns configuration and board; watch_board() is borrowed until watch_reload().
 */
#pragma once

#include "app/config.h"
#include "app/secrets.h"
#include "core/buf.h"
#include "io/loop.h"

#include <stdbool.h>
#include <stdint.h>

struct watch;

struct watch_events {
    /* The board changed. `loud`: a state, a root or the verdict did, not only numbers and ages. */
    void (*changed)(void *arg, bool loud);
    void *arg;
};

struct watch_slots { /* what became of the slots of one probe */
    uint64_t due, done, missed;
    uint64_t extra;      /* asked between its slots: a connection that closed, a key */
    int64_t late_max_ms; /* asked so long after its slot at worst */
    int64_t took_ms;     /* length of the last exchange */
};

/* Takes the configuration. `secrets` is borrowed. */
struct watch *watch_new(struct io *io, struct config *config, struct secrets *secrets,
                        const struct watch_events *events);
void watch_free(struct watch *w);
void watch_start(struct watch *w);
/* One round without schedule, for `status`: failing probes are asked `fail_after` times, those that
 * need a difference twice, 1 s apart. `done` once all have said their last. */
void watch_once(struct watch *w, void (*done)(void *arg), void *arg);

const struct board *watch_board(const struct watch *w);
void watch_ask(struct watch *w, int service); /* -1 = everything */
/* Asks what is asked less often than every `than_ms`, also what is being asked right now: a known
 * change of the world is seen without waiting for the slot. */
void watch_ask_seldom(struct watch *w, int64_t than_ms);
/* Probes that are the same go on untouched: connection, window, question and slots; the others are
 * asked at once. Takes the configuration. */
void watch_reload(struct watch *w, struct config *config);
/* A line for every screen until the next one; "" takes it away, but for what the configuration
 * itself is the reason of. */
void watch_notice(struct watch *w, bool bad, const char *words);
/* From the journal: it fired, and nobody saw it end. Before it fires anew: it is the same one. */
void watch_restore(struct watch *w, const char *alert, int64_t fired_ms);
/* Somebody has it, or (at_ms 0) nobody does. False when it neither fires nor is about to. */
bool watch_ack(struct watch *w, const char *alert, const struct alert_ack *ack);
/* Nobody is told of what it hits, until it ends; takes its texts. */
void watch_silence(struct watch *w, struct silence s);
void watch_unsilence(struct watch *w, const char *id);
void watch_event(struct watch *w, struct event e); /* takes its texts */
/* Who was told of an alert, and with what result. */
/* When it is told again; 0 = not. */
void watch_remind(struct watch *w, const char *alert, int64_t at_ms);
void watch_told(struct watch *w, const char *alert, const char *words, bool bad);
/* The past of its signals, and marks of the past, from the history; what `past` holds is used up.
 */
void watch_take_past(struct watch *w, struct board *past);
void watch_mark(struct watch *w, enum mark_kind kind, const char *label, int64_t at_ms);
const struct config *watch_config(const struct watch *w);
/* Loop, slots and memory, with the board inside, as JSON: for tests and bug reports. */
void watch_debug(const struct watch *w, struct buf *out);

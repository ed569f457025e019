/* app/recorder.h: keeps the past of the board: each second a frame, each minute into the history.
 * The newest minutes are in memory, so that going back a little waits for no disk; without a place
 * on the disk that is all there is.
 *
 * Of several consoles of one watch one writes: the one that holds the lease.
 *
 * Errors:  `trouble` as long as nothing can be written; it is tried again with each minute. What
 *          waits for the disk is kept up to RECORDER_WAITS bytes, then the oldest is given up.
 * Owner:   recorder_new() to recorder_free(), which accepts NULL and waits for what is being
 *          written, for two seconds at most. The watch is borrowed until recorder_end().
 */
#pragma once

#include "app/watch.h"
#include "store/history.h"

#include <stdbool.h>

enum {
    RECORDER_KEEPS = 2 << 20,     /* bytes of film in memory where there is no disk for it, ... */
    RECORDER_KEEPS_TOO = 1 << 19, /* ... and of what is on the disk, too */
    RECORDER_WAITS = 32 << 20     /* that wait for the disk */
};

struct recorder;

struct recorder_events {
    bool (*writes)(void *arg);                   /* is it on us? */
    void (*trouble)(void *arg, const char *why); /* NULL = it is over */
    void (*says)(void *arg, bool bad, const char *words);
    void *arg;
};

/* `dir`: of the watch's store, or NULL: nowhere. */
struct recorder *recorder_new(struct io *io, struct watch *watch, const char *dir,
                              struct history_limits limits, const struct recorder_events *events);
/* The last look at watch and events: what is not written yet is taken along. */
void recorder_end(struct recorder *r);
void recorder_free(struct recorder *r); /* after recorder_end(); turns the loop */

void recorder_look(struct recorder *r, bool loud); /* the board changed */
void recorder_set_limits(struct recorder *r, struct history_limits limits);

/* From memory: the newest board that is not after `at_ms`, with its marks and records. NULL: memory
 * does not reach back that far. */
struct board *recorder_board(const struct recorder *r, int64_t at_ms);

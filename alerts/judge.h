/* alerts/judge.h: the life of alerts: rules asked of a board, again and again.
 *
 * A condition must hold for `for` before its alert fires, and must be known not to hold for
 * `keep_for` before it resolves. What cannot be known resolves nothing and fires nothing: a pending
 * alert waits (the gap does not count), a firing one fires on, and after `no_data_for` an alert
 * that was neither is in a state of its own. Three times up and down within a quarter of an hour is
 * one alert: it stays until it has been quiet for ten minutes.
 *
 * What is explained by another service (alerts/root.h) keeps its life and is `affected`, where an
 * alert of that service fires that is at least as bad: else nobody would be told of anything.
 *
 * Units:   milliseconds, Unix times of the board.
 * Errors:  judge_new(): of a rule, with its place.
 * Owner:   judge_new() to judge_free(). The alerts stand on the board, and belong to it.
 */
#pragma once

#include "core/board.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { JUDGE_FLAPS = 3 };
#define JUDGE_FLAP_MS     (15 * 60000LL) /* so many times within this */
#define JUDGE_QUIET_MS    (10 * 60000LL)
#define JUDGE_RESOLVED_MS 3600000LL /* shown as resolved for so long */
#define JUDGE_NO_DATA_MS  (5 * 60000LL)

struct judge;

struct judge_rule {                    /* as configured; borrowed for the call */
    const char *id, *title, *severity; /* title: or NULL */
    int rank;
    const char *when, *recover, *runbook; /* the last two: or NULL */
    int service;                          /* -1 = the first that the rule names */
    int64_t for_ms;                       /* -1 = as the rule says, or at once */
    int64_t keep_ms, no_data_ms;
};

enum judge_event { JUDGE_FIRED, JUDGE_RESOLVED };

struct judge_events {
    void (*happened)(void *arg, enum judge_event event, const struct alert *a);
    void *arg;
};

/* Puts the alerts on the board. `was` (or NULL) is the judge of `board_was`, for a configuration
 * that is read anew: what is the same goes on as it stood. NULL with err when a rule is wrong;
 * *bad is its index and *at the place in it (SIZE_MAX: in `recover`). */
struct judge *judge_new(const struct judge_rule *rules, size_t n, struct board *b, size_t *bad,
                        size_t *at, struct err *err);
void judge_adopt(struct judge *j, struct board *b, const struct judge *was,
                 const struct board *board_was);
void judge_free(struct judge *j);

/* After board_age() and root_find(). Returns the time at which something changes even if nothing
 * is heard until then; 0 = nothing does. */
int64_t judge_board(struct judge *j, struct board *b, const struct judge_events *events);

/* From the journal, before anything is judged: it fired at that time and nobody saw it end. */
void judge_restore(struct judge *j, struct board *b, const char *id, int64_t fired_ms);
/* Somebody has it (`at_ms` > 0), or nobody does (0). False when there is no such alert, or it
 * neither fires nor is about to. */
bool judge_ack(struct board *b, const char *id, const struct alert_ack *ack);

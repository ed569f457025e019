/* core/alert.h: one alert as a board shows it: a rule of the configuration and where its life
 * stands. alerts/ judges it, app/ writes what happens to it into the journal.
 *
 * Units:   times are Unix milliseconds; 0 = never.
 * Errors:  none; what cannot be judged says so in `state` and `note`.
 * Owner:   the board owns its alerts and their texts.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/text.h"

enum alert_state {
    ALERT_INACTIVE,
    ALERT_PENDING, /* the condition holds, not yet for as long as it must */
    ALERT_FIRING,
    ALERT_RESOLVED, /* it fired, and does so no more; for an hour, then it is inactive */
    ALERT_NO_DATA   /* whether its condition holds cannot be said, for too long */
};
enum { ALERT_STATES = ALERT_NO_DATA + 1 };
const char *alert_state_word(enum alert_state s); /* "inactive" "pending" "firing" ... "no data" */
bool alert_state_parse(const char *s, enum alert_state *out);

struct alert_ack { /* somebody has it; checks go on */
    struct text who, note;
    int64_t at_ms;    /* 0 = nobody */
    int64_t until_ms; /* 0 = until it recovers */
};

struct alert {
    struct text id, title, severity; /* title: what people call it, or empty */
    int rank;                        /* of the severity: 1 is the worst */
    struct text rule;                /* as it was written: "api.errors > 5% for 5m" */
    struct text runbook;             /* as it was written; may be empty */
    int service;                     /* what it is about: index, or -1 */
    enum alert_state state;
    int64_t since_ms;   /* it is in this state since */
    int64_t held_ms;    /* pending, firing: the condition holds since */
    int64_t clear_ms;   /* firing: it holds no more since, but not yet for long enough */
    int64_t no_data_ms; /* the condition cannot be judged since; a firing alert fires on */
    int64_t for_ms, keep_ms;
    int64_t fired_ms, resolved_ms; /* the last time */
    int fired_n;                   /* how often in the window of flapping */
    bool flapping;                 /* several times up and down are one alert until it is quiet */
    struct text value;             /* what was seen: "8.2% (41 of 502)" */
    struct text note;              /* why nothing can be said: "api.errors: no answer yet" */
    int affected_by;               /* the service that explains it: index, or -1 */
    int silenced;                  /* by which silence of the board: index, or -1 */
    struct alert_ack ack;
    struct text told;  /* who was told, with what result: "oncall 02:13:47Z, ops not told: 500" */
    int64_t remind_ms; /* told again then, unless somebody has it; 0 = not */
    bool told_bad;     /* somebody should have been told and was not */
};

void alert_init(struct alert *a);
void alert_fini(struct alert *a);
void alert_copy(struct alert *to, const struct alert *from); /* `to`: one that is initialized */
/* It is wrong now, nothing else explains it, and nobody silenced it: what an on-call engineer has
 * to look at. */
bool alert_is_root(const struct alert *a);

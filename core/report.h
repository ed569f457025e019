/* core/report.h: one answer of one probe, on its way from probes/ into the board.
 *
 * Owner:   everything is borrowed for the call; the fold copies.
 */
#pragma once

#include "core/board.h"

struct value {
    bool known;
    double value;
    bool above;
    double num, den;      /* NaN unless a ratio */
    enum unit share_unit; /* of num and den; UNIT_NONE = they are counts */
    int64_t window_ms;
    struct text note;
};

struct report {
    int64_t at_ms; /* when the answer was complete */
    /* The probe's own judgement before thresholds: UP, DEGRADED, DOWN, UNKNOWN or DISABLED.
     * DOWN counts towards fail_after; UNKNOWN does not. */
    enum state state;
    enum fault fault;
    struct text reason;
    bool sure; /* DOWN is a finding that asking again cannot change: fail_after does not wait */
    bool disagree;
    int http_code;
    struct phases phases;
    const struct component *components;
    size_t n_components;
    struct value values[READING_SIGNALS]; /* in the order of the reading's signals */
    const struct table *table;            /* NULL = none */
    struct text version;                  /* empty = not told */
    struct text restart; /* not empty: the answer proves a restart; the mark's label */
};

void report_init(struct report *r, int64_t at_ms); /* UNKNOWN, no values, NaNs set */
/* The same of one that was used before; its texts keep their memory. */
void report_clear(struct report *r, int64_t at_ms);
void report_fini(struct report *r); /* its texts; not what is borrowed */
/* State and fault from a failure: ours is UNKNOWN, theirs DOWN; reason "word: detail". */
void report_fault(struct report *r, enum fault fault, const char *fmt, ...) MW_PRINTF(3, 4);

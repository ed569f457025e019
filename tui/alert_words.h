/* tui/alert_words.h: how an alert reads on a screen, and which one comes before another. Every
 * state has a word and a glyph of its own.
 *
 * Units:   Unix milliseconds.
 * Errors:  why an alert cannot be taken, as words for the person.
 */
#pragma once

#include "core/board.h"
#include "core/err.h"
#include "tui/words.h"

/* The most urgent first; within one of them by severity, then the oldest first. */
enum alert_class {
    ALERTS_FIRING, /* nobody has it */
    ALERTS_ACKED,
    ALERTS_PENDING,
    ALERTS_NO_DATA,
    ALERTS_SILENCED, /* nobody is told: somebody said so, for a while */
    ALERTS_AFFECTED, /* something else explains it */
    ALERTS_RESOLVED,
    ALERTS_INACTIVE
};
enum alert_class alert_class(const struct alert *a);
/* < 0: `a` is the more urgent one. */
int alert_compare(const struct alert *a, const struct alert *b);

/* "firing", "acked", "pending", "no data", "silenced", "affected", "resolved", "inactive" */
struct look look_alert(const struct alert *a);
enum style alert_severity_style(const struct alert *a);
/* The name that people gave, else the id. */
const struct text *alert_title(const struct alert *a);
const struct service *alert_service(const struct board *b, const struct alert *a); /* or NULL */
const struct service *alert_root(const struct board *b, const struct alert *a);    /* or NULL */

/* Age of its state: "4m12s"; of a pending one when it will fire: "in 3m12s"; "-" for never. */
const char *alert_since(const struct alert *a, int64_t now_ms, char out[32]);
/* "dana 12m", "nobody", or "-" where nobody has to. */
void alert_ack_words(const struct alert *a, int64_t now_ms, struct text *out);
enum style alert_ack_style(const struct alert *a);

/* How many fire and are neither explained by something else nor silenced; where all are explained,
 * how many fire that are not silenced.
 * `worst`: the most urgent of them, or NULL. */
size_t alerts_firing(const struct board *b, const struct alert **worst);

size_t alerts_silenced(const struct board *b); /* how many fire, and nobody is told */

/* Can somebody take it? Only what fires, or is about to. */
bool alert_check_ack(const struct alert *a, struct err *err);

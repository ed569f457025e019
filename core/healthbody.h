/* core/healthbody.h: what a health body says, whatever its dialect: Actuator, Terminus, ASP.NET,
 * application/health+json, MicroProfile, spatie, health-go, flat maps of words, Kubernetes' verbose
 * text, a plain word, and a few products of their own kind.
 *
 * A body that says nothing known is `unknown` with the reason, never up by accident. The HTTP code
 * is not looked at: whoever asks compares both verdicts.
 *
 * Units:   uptime is seconds; values of components are in the unit they name.
 * Errors:  healthbody_read() returns false when the body is not a health body at all: HTML, or
 *          broken JSON, or keys that contradict each other. Then `state` is STATE_DOWN and `why`
 *          holds the message too.
 * Owner:   the caller owns the struct, zeroed before its first use; it may be used again and again
 *          and keeps its memory. healthbody_fini() frees it.
 */
#pragma once

#include "core/board.h"
#include "core/err.h"

#include <stdbool.h>
#include <stddef.h>

struct healthbody_hints {      /* from the configuration; all NULL = guess */
    const char *const *status; /* JSON Pointers; the first that leads somewhere is the status */
    size_t n_status;
    const char *components, *version, *uptime;
};

struct healthbody {
    enum state state;             /* UP, DEGRADED, DOWN, UNKNOWN or DISABLED */
    struct text word;             /* the status as told; empty when only its parts told something */
    struct text why;              /* "redis: error"; empty when up */
    struct component *components; /* nested ones as "db/replica"; at most READING_COMPONENTS */
    size_t n_components, components_cap;
    struct text version;
    double uptime;       /* NaN = not told */
    int64_t finished_ms; /* when the checks behind it ran (Laravel tells so); else 0 */
};

/* `content_type` and `hints` may be NULL. */
bool healthbody_read(const char *body, size_t len, const char *content_type,
                     const struct healthbody_hints *hints, struct healthbody *out, struct err *err);
void healthbody_fini(struct healthbody *h);

/* One status word in any case and spelling: "UP", "out of service", "Partially Available". False
 * for a word that is not known; then *out is STATE_UNKNOWN. */
bool healthbody_word(const char *word, size_t len, enum state *out);

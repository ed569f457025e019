/* tui/silence_words.h: silences as they are typed and as they read.
 *
 *     alert=api-5xx 2h failover of the database
 *     service=api severity=SEV-2 30m deploying 1.5.0
 *
 * Units:   Unix milliseconds.
 * Errors:  words for the person, with the nearest right one.
 */
#pragma once

#include "core/board.h"
#include "core/err.h"

#include <stdbool.h>
#include <stdint.h>

struct silence_typed { /* of what was typed; borrowed */
    const char *match;
    size_t match_len;
    int64_t ms;
    const char *reason;
};

bool silence_typed(const char *arg, const struct board *b, struct silence_typed *out,
                   struct err *err);
bool silence_check_typed(const char *arg, const struct board *b, struct err *err);
/* One that a person may end. */
bool silence_check_id(const char *id, const struct board *b, struct err *err);

/* Exactly what it hits now, and until when; or what is wrong or missing yet. True when Enter would
 * take it. */
bool silence_preview(const char *arg, const struct board *b, int64_t now_ms, struct text *out);
/* "until 02:13Z by dana: failover" */
void silence_short(const struct silence *s, struct text *out);
/* "2 of 12 alerts: api-5xx, web-down", "none of 12 alerts"; returns how many. */
size_t silence_hits(const struct silence_match *m, const struct board *b, struct text *out);

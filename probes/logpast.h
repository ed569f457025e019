/* probes/logpast.h: what a log told in each of many stretches of time: the usual, to compare with.
 *
 * Units:   times are Unix milliseconds.
 * Errors:  none.
 * Owner:   logpast_new() to logpast_free(); 16 bytes a stretch, LOGPAST_MAX stretches.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { LOGPAST_MAX = 2016 };

struct logpast;

struct logpast *logpast_new(int64_t over_ms, int64_t against_ms);
void logpast_free(struct logpast *p);
void logpast_add(struct logpast *p, int64_t at_ms, double value);
/* What was told of a time from there on: the clock was set back, and it comes again. */
void logpast_forget(struct logpast *p, int64_t from_ms);
/* The mean of the whole stretches of `against` that are over and lie behind `covered_ms`, from
 * which on the log is known; `*known_ms` is how much time they are. NaN when there is none. */
double logpast_mean(const struct logpast *p, int64_t now_ms, int64_t covered_ms, int64_t *known_ms);

/* probes/selector.h: which series are meant: name{label="value",code=~"5..",path!="/x"}.
 *
 * A label that a series lacks is the empty text, as with Prometheus. Regular expressions are POSIX
 * extended, match the whole value, and are bounded in length; values over 1 KiB never match one.
 *
 * Errors:  selector_parse() says what was read and what would work.
 * Owner:   selector_free() frees it.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/err.h"
#include "probes/exposition.h"

struct selector;

struct selector *selector_parse(const char *s, struct err *err);
void selector_free(struct selector *sel);
const char *selector_name(const struct selector *sel);
bool selector_match(const struct selector *sel, const struct expo_sample *sample);

/* Identity of a series: its name and labels, in any order, without the label `except` (NULL = with
 * all). */
uint64_t series_key(const struct expo_sample *sample, const char *except);
/* The value of one label, unescaped, or false when the series lacks it or it does not fit. */
bool sample_label(const struct expo_sample *sample, const char *label, char *out, size_t cap);

/* probes/logfilter.h: which lines of a log are meant: a field and a pattern each, all must hold.
 *
 *   error            the text, the number or the word (true, false, null)
 *   400-499  >=500   numbers: a range with both ends, or above, below
 *   /api/v1*         beginning with
 *   *                there, and not null
 *   error|fatal      one of these, each any of the above
 *   !debug           not this; also true where the field is not there
 *   =a|b*            exactly what follows the sign
 *
 * Errors:  a message with the name of the field.
 * Owner:   the filter keeps nothing of what it was made from.
 */
#pragma once

#include "core/option.h"
#include "probes/logline.h"

struct logfilter;

bool logfilter_check(const char *option, const struct strmap *where, struct err *err);
/* Adds the fields to `paths`. Of a map that logfilter_check() took. NULL when there are more fields
 * than a log can have. */
struct logfilter *logfilter_new(const struct strmap *where, struct logpaths *paths);
void logfilter_free(struct logfilter *f);
bool logfilter_match(const struct logfilter *f, const struct logfield *fields);
/* Place of the field that must be there for a line to match the `i`th of the map; -1 when it
 * matches without. */
int logfilter_needs(const struct logfilter *f, size_t i);

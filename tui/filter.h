/* tui/filter.h: what the person wants to see: `post`, `!redis`, `state=down`, `kind=http`.
 *
 * Terms are separated by blanks and all must hold; each may be inverted with `!`. Case does not
 * matter. Keys: state, kind, name, severity, service, `critical=yes|no`, `affected=yes|no`; of the
 * records of the journal: code, who, alert. The same filter chooses among services, alerts and
 * records: `state=firing` are the alerts that fire, the services that they are about, and the
 * records that speak of them. Of what is no record, code and who hide nothing.
 *
 * Errors:  what would hide everything, or nothing, is told by filter_check(): a state, a kind, a
 * yes or no that there is not, and an unknown key whose term is not found as text either.
 */
#pragma once

#include "core/board.h"
#include "core/err.h"

#include <stdbool.h>
#include <stddef.h>

enum { FILTER_MAX = 256 };

/* Is `term` (`len` bytes of it) anywhere in `text`? ASCII case folding is enough to find a name. */
bool filter_contains(const char *text, const char *term, size_t len);
/* True for an empty filter. */
bool filter_matches(const char *filter, const struct board *b, const struct service *s);
bool filter_matches_alert(const char *filter, const struct board *b, const struct alert *a);
bool filter_matches_event(const char *filter, const struct board *b, const struct event *e);
/* Could it match anything of this board? The error has the nearest right word. */
bool filter_check(const char *filter, const struct board *b, struct err *err);

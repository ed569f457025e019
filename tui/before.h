/* tui/before.h: what changed in the half hour before something: marks, records of the journal, and
 * services that are in another state since, in one list. It lies over another screen, as the help
 * does.
 */
#pragma once

#include "tui/view.h"

extern const struct screen_ops screen_before;

/* Looks at what came before `at_ms`, of what is called `title`. */
void before_look(struct view *v, int64_t at_ms, const struct text *title);
/* The moment of the selected row; 0 = there is none. */
int64_t before_selected(const struct view *v);

/* tui/timeline_export.h: the timeline as Markdown, for the report that is written afterwards.
 *
 * Text:    whatever a record says is text there too: nothing of it can become a heading, a link, a
 *          picture or HTML.
 * Owner:   the caller frees.
 */
#pragma once

#include "tui/view.h"

/* The records that are shown (filter, problems only), the oldest first, by day. */
char *timeline_export(const struct view *v);

/* tui/event_page.h: one record whole: what it says, of what, who wrote it and when. */
#pragma once

#include "tui/view.h"

/* As many of its lines as fit, the most needed first. */
void event_page_draw(const struct view *v, const struct event *e, struct rect r, struct canvas *c);

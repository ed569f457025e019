/* tui/alert_page.h: one alert whole: where it stands, who has it, what it says and what to do. */
#pragma once

#include "tui/view.h"

/* As many of its lines as fit, the most needed first. */
void alert_page_draw(const struct view *v, const struct alert *a, struct rect r, struct canvas *c);

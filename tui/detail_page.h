/* tui/detail_page.h: the page of one reading: why it is so, what is asked, and everything it last
 * told. */
#pragma once

#include "tui/view.h"

/* The reading that is shown: the selected one, else the one that decided. NULL = no readings. */
const struct reading *detail_reading(const struct view *v, const struct service *s, int *index);
/* The page of that reading, scrolled by `top` lines. */
void detail_page(const struct view *v, int service, int top, struct rect r, struct canvas *c);
int detail_page_lines(const struct view *v, int service, int w);

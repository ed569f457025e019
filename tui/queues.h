/* tui/queues.h: screen 4, every queue: what waits, how long, and where it is going. */
#pragma once

#include "tui/view.h"

extern const struct screen_ops screen_queues;

/* The selected queue; PICK_NONE when there is none. */
struct pick queues_selected(const struct view *v);

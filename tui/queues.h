/* tui/queues.h: screen 4, every queue: what waits, how long, and where it is going. */
#pragma once

#include "tui/sources.h"

extern const struct screen_ops screen_queues;
extern const struct sources queues_sources;

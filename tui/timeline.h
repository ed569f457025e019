/* tui/timeline.h: screen 9. */
#pragma once

#include "tui/screen.h"

extern const struct screen_ops screen_timeline;

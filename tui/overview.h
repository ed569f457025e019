/* tui/overview.h: screen 1, everything at a glance. */
#pragma once

#include "tui/view.h"

extern const struct screen_ops screen_overview;

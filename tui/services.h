/* tui/services.h: screen 2, every service as a tree by dependency. */
#pragma once

#include "tui/view.h"

extern const struct screen_ops screen_services;

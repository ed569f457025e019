/* tui/alerts.h: screen 3. */
#pragma once

#include "tui/screen.h"

extern const struct screen_ops screen_alerts;

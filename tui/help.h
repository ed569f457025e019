/* tui/help.h: every key, command and sign, made from the tables that the console itself reads. */
#pragma once

#include "tui/view.h"

extern const struct screen_ops screen_help;

/* tui/detail.h: one service: its readings, and the page of the selected one. */
#pragma once

#include "tui/detail_page.h"
#include "tui/view.h"

extern const struct screen_ops screen_detail;

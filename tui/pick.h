/* tui/pick.h: which signals and problems deserve the room. */
#pragma once

#include "tui/view.h"

/* Fills errors, latency, signals and problems of the view. A chart keeps its signal until another
 * one is clearly worse, so that it does not jump from source to source. */
void view_settle_picks(struct view *v);

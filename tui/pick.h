/* tui/pick.h: which signals and problems deserve the room. */
#pragma once

#include "tui/view.h"

/* Fills errors, latency, signals and problems of the view. A chart keeps its signal until another
 * one is clearly worse, so that it does not jump from source to source. */
void view_settle_picks(struct view *v);

/* The same on another board, by id and names; from what is not there on it is -1. */
struct pick pick_carry(const struct board *was, const struct board *now, struct pick p);
/* Where `p` stands in a list that was made anew: itself, else another of its reading, else what is
 * now at its old place `at`. 0 for an empty list. */
int pick_place(const struct pick *list, size_t n, struct pick p, int at);

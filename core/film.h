/* core/film.h: what a board was, second by second, in few bytes: a reel of frames, the first of
 * them whole, each later one only what differs from the one before.
 *
 * A reel holds what the board's JSON form holds, without history, marks and events: those have
 * their own place (store/history.h).
 *
 * Units:   Unix milliseconds; a frame's time is its board's `at_ms`.
 * Errors:  a reel that is damaged says where; it is never trusted: its counts are checked, its
 * texts are sanitized again. Owner:   the camera is the caller's: film_free(). A reel is plain
 * bytes. A board that is played is the caller's: board_free().
 */
#pragma once

#include "core/board.h"
#include "core/buf.h"

struct film;

struct film *film_new(void);
void film_free(struct film *f);

/* Adds the board as it stands to the end of the reel that was begun last; an empty one begins.
 * False, and nothing is added: the board has other services, probes or alerts than the reel, and
 * needs one of its own. */
bool film_shoot(struct film *f, const struct board *b, struct buf *reel);

/* The newest frame that is not after `at_ms`, with empty series. NULL when there is none (err.msg
 * is empty), or when the reel is damaged. */
struct board *film_play(const char *reel, size_t len, int64_t at_ms, struct err *err);

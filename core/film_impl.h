/* core/film_impl.h: what the two halves of the film share: lanes, and the walk over a board that
 * either writes into them or is written from them.
 *
 * Owner:   inside core/film*.c only.
 */
#pragma once

#include "core/board.h"
#include "core/buf.h"

enum { FILM_DECIMALS = 1000 }; /* a value that is whole in thousandths is written so */

struct film_words {
    const char *bytes; /* of the reel while playing, else `own` */
    char *own;
    uint16_t len, cap;
};

struct film_lane {
    int64_t *nums;
    struct film_words *words;
    size_t n_nums, n_words;
};

struct film_lanes {
    struct film_lane *lane;
    size_t n;
    bool own; /* the words' bytes */
};

struct film_walk {
    struct film_lanes *lanes;
    bool play; /* the board is written, else it is only read */
    const char *bad;
    /* where we are */
    struct film_lane *lane;
    size_t next_lane, num, word;
    /* of the frame that is shot */
    struct buf *frame, nums, words;
    size_t told_lane, told_num, told_word;
};

/* All made as they are asked for, zeroed. */
struct film_lane *film_lane(struct film_lanes *l, size_t i);
int64_t *film_num(struct film_lane *l, size_t i);
struct film_words *film_words(struct film_lane *l, size_t i);

void film_walk(struct film_walk *w, struct board *b);

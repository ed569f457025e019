/* probes/parts.h: the components and the table that a kind fills with each answer, in memory that
 * stays.
 *
 * Errors:  none: what is beyond the caps of a board is left out, and the caller says so.
 * Owner:   the caller owns the structs, zeroed before their first use; what is given out is
 *          borrowed until the next change.
 */
#pragma once

#include "core/board.h"

struct parts {
    struct component *items;
    size_t n, cap;
};

void parts_clear(struct parts *p);
/* An empty one, unknown and without a value; NULL when there are READING_COMPONENTS. */
struct component *parts_add(struct parts *p);
void parts_fini(struct parts *p);

struct rows {
    struct table table;
    size_t cap; /* cells */
};

/* Drops all rows; `heads` are the columns, at most TABLE_COLS. */
void rows_begin(struct rows *r, const char *const *heads, size_t cols);
/* The cells of one more row, with what they held before; NULL, and the table is cut, when there are
 * TABLE_ROWS. */
struct text *rows_add(struct rows *r);
void rows_fini(struct rows *r);

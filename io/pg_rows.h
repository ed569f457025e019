/* io/pg_rows.h: the rows of one answer, kept against the caps, in memory that is used again.
 *
 * Units:   bytes of the cells together with their names.
 * Errors:  pg_rows_add() says FULL_ROWS (what is there is good, there was more) or FULL_BYTES and
 *          FULL_COLS (there is nothing to show).
 * Owner:   names and cells are borrowed until pg_rows_clear().
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "core/buf.h"

enum pg_rows_add { PG_ROWS_OK, PG_ROWS_FULL_ROWS, PG_ROWS_FULL_BYTES, PG_ROWS_FULL_COLS };

struct pg_rows {
    struct buf bytes;
    size_t *at; /* rows * cols offsets into bytes, SIZE_MAX = NULL */
    size_t at_cap;
    size_t name[64];
    bool number[64];
    size_t rows, cols;
    bool cut;
};

void pg_rows_fini(struct pg_rows *r);
void pg_rows_clear(struct pg_rows *r); /* keeps what an everyday answer needs */
enum pg_rows_add pg_rows_column(struct pg_rows *r, const char *name, bool number);
/* One row of r->cols cells; a NULL is SQL's. */
enum pg_rows_add pg_rows_add(struct pg_rows *r, const char *const *cells, const size_t *lens);
const char *pg_rows_name(const struct pg_rows *r, size_t col);
const char *pg_rows_cell(const struct pg_rows *r, size_t row, size_t col);

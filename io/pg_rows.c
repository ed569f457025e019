/* io/pg_rows.c: rows against their caps. */
#include "io/pg_rows.h"

#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"
#include "io/limits.h"

static_assert(PG_COLS_MAX == sizeof((struct pg_rows *)0)->name / sizeof(size_t), "one cap");

enum { PG_ROWS_KEEP = 64 << 10 };

void pg_rows_fini(struct pg_rows *r)
{
    buf_fini(&r->bytes);
    free(r->at);
    *r = (struct pg_rows){ 0 };
}

void pg_rows_clear(struct pg_rows *r)
{
    if (r->bytes.cap > PG_ROWS_KEEP || r->at_cap > PG_ROWS_KEEP / sizeof *r->at)
        pg_rows_fini(r);
    buf_clear(&r->bytes);
    r->rows = r->cols = 0;
    r->cut = false;
}

/* The offset of a copy, or SIZE_MAX when the cap does not allow it. */
static size_t pg_rows_put(struct pg_rows *r, const char *s, size_t len)
{
    size_t at = r->bytes.len;

    if (!buf_add_max(&r->bytes, s, len, PG_BYTES_MAX) ||
        !buf_add_max(&r->bytes, "", 1, PG_BYTES_MAX))
        return SIZE_MAX;
    return at;
}

enum pg_rows_add pg_rows_column(struct pg_rows *r, const char *name, bool number)
{
    size_t at;

    if (r->cols == PG_COLS_MAX)
        return PG_ROWS_FULL_COLS;
    at = pg_rows_put(r, name, strlen(name));
    if (at == SIZE_MAX)
        return PG_ROWS_FULL_BYTES;
    r->name[r->cols] = at;
    r->number[r->cols++] = number;
    return PG_ROWS_OK;
}

enum pg_rows_add pg_rows_add(struct pg_rows *r, const char *const *cells, const size_t *lens)
{
    size_t first = r->rows * r->cols;

    if (r->rows == PG_ROWS_MAX) {
        r->cut = true;
        return PG_ROWS_FULL_ROWS;
    }
    if (first + r->cols > r->at_cap) {
        r->at_cap = (first + r->cols) * 2;
        r->at = xreallocarray(r->at, r->at_cap, sizeof *r->at);
    }
    for (size_t i = 0; i < r->cols; i++) {
        r->at[first + i] = SIZE_MAX;
        if (!cells[i])
            continue;
        r->at[first + i] = pg_rows_put(r, cells[i], lens[i]);
        if (r->at[first + i] == SIZE_MAX)
            return PG_ROWS_FULL_BYTES;
    }
    r->rows++;
    return PG_ROWS_OK;
}

const char *pg_rows_name(const struct pg_rows *r, size_t col)
{
    return col < r->cols ? r->bytes.bytes + r->name[col] : "";
}

const char *pg_rows_cell(const struct pg_rows *r, size_t row, size_t col)
{
    size_t at = row < r->rows && col < r->cols ? r->at[row * r->cols + col] : SIZE_MAX;

    return at == SIZE_MAX ? NULL : r->bytes.bytes + at;
}

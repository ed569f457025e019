/* io/pg_fake.c: PostgreSQL from a script, for the virtual loop. */
#include "io/pg_db.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"
#include "io/fake.h"
#include "io/limits.h"

/* A script has no types: a column is of numbers when all its cells read as such. */
static bool pg_fake_is_number(const struct fake_answer *a, size_t col)
{
    bool any = false;

    for (size_t row = 0; row < a->rows; row++) {
        const char *cell = a->cells[row * a->cols + col];
        char *end;

        if (!cell)
            continue;
        strtod(cell, &end);
        if (end == cell || *end)
            return false;
        any = true;
    }
    return any || a->rows > 0;
}

static void pg_fake_rows(struct pg_rows *rows, const struct fake_answer *a)
{
    pg_rows_clear(rows);
    for (size_t col = 0; col < a->cols; col++)
        pg_rows_column(rows, a->names && a->names[col] ? a->names[col] : "?column?",
                       pg_fake_is_number(a, col));
    for (size_t row = 0; row < a->rows; row++) {
        size_t lens[PG_COLS_MAX];

        for (size_t col = 0; col < rows->cols; col++) {
            const char *cell = a->cells[row * a->cols + col];

            lens[col] = cell ? strlen(cell) : 0;
        }
        if (pg_rows_add(rows, a->cells + row * a->cols, lens) != PG_ROWS_OK)
            break;
    }
}

/* The world answers as it is now; the answer arrives after its delay. */
void pg_fake_ask(struct pg_call *c)
{
    const struct fake_net *net = io_fake(c->db->pg->io);
    struct fake_answer a = { .fault = FAULT_REFUSED, .why = "nobody is there" };
    int64_t delay_ms;

    if (net && net->postgres) {
        a = (struct fake_answer){ 0 };
        net->postgres(net->arg, c->db->conninfo, buf_str(&c->sql), &a);
    }
    delay_ms = a.delay_ms;
    c->fault = a.fault;
    c->closes = a.closes;
    snprintf(c->sqlstate, sizeof c->sqlstate, "%s", a.sqlstate ? a.sqlstate : "");
    if (a.fault != FAULT_NONE)
        err_set(&c->why, "%s", a.why ? a.why : fault_word(a.fault));
    if (!c->fake_rows)
        c->fake_rows = xcalloc(1, sizeof *c->fake_rows);
    pg_fake_rows(c->fake_rows, &a);
    if (fake_answer_late(&a, c->timeout_ms)) {
        c->fault = FAULT_TIMEOUT;
        err_set(&c->why, "no answer within %lld ms", (long long)c->timeout_ms);
        delay_ms = c->timeout_ms;
    }
    io_timer_arm(c->timer, delay_ms);
}

void pg_fake_due(struct pg_call *c)
{
    struct pg_db *db = c->db;
    bool closes = c->closes;
    struct err why = c->why;

    pg_db_hold(db);
    pg_call_end(c, c->fault, c->fault == FAULT_NONE ? NULL : &why, c->fake_rows);
    if (closes)
        pg_db_notify(db);
    pg_db_release(db);
}

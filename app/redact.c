/* app/redact.c: a report without the secrets that were handed out. */
#include "app/redact.h"

#include <stdlib.h>

#include "core/alloc.h"

enum { OWN_TEXTS = 3 + READING_SIGNALS };

/* The texts of the report itself. */
static void redact_texts(struct report *r, struct text *out[OWN_TEXTS])
{
    out[0] = &r->reason;
    out[1] = &r->version;
    out[2] = &r->restart;
    for (size_t i = 0; i < READING_SIGNALS; i++)
        out[3 + i] = &r->values[i].note;
}

static size_t redact_cells(const struct table *t)
{
    return t ? (t->rows + 1) * t->cols : 0;
}

static bool redact_is_needed(const struct secrets *s, const struct report *r)
{
    bool said =
        secrets_said(s, &r->reason) || secrets_said(s, &r->version) || secrets_said(s, &r->restart);

    for (size_t i = 0; i < READING_SIGNALS && !said; i++)
        said = secrets_said(s, &r->values[i].note);
    for (size_t i = 0; i < r->n_components && !said; i++)
        said = secrets_said(s, &r->components[i].name) || secrets_said(s, &r->components[i].word) ||
               secrets_said(s, &r->components[i].note);
    for (size_t i = 0; i < redact_cells(r->table) && !said; i++)
        said = secrets_said(s, &r->table->cells[i]);
    return said;
}

static void redact_own(const struct secrets *s, struct text *t)
{
    struct text borrowed = *t;

    *t = (struct text){ 0 };
    text_copy(t, &borrowed);
    secrets_hide(s, t);
}

const struct report *redact(const struct secrets *secrets, const struct report *r,
                            struct redacted *room)
{
    struct text *own[OWN_TEXTS];

    if (!secrets_any(secrets) || !redact_is_needed(secrets, r))
        return r;
    room->report = *r;
    redact_texts(&room->report, own);
    for (size_t i = 0; i < OWN_TEXTS; i++)
        redact_own(secrets, own[i]);
    room->components = xcalloc(r->n_components + 1, sizeof *room->components);
    for (size_t i = 0; i < r->n_components; i++) {
        room->components[i] = r->components[i];
        redact_own(secrets, &room->components[i].name);
        redact_own(secrets, &room->components[i].word);
        redact_own(secrets, &room->components[i].note);
    }
    room->report.components = room->components;
    if (!r->table)
        return &room->report;
    room->table = *r->table;
    room->table.cells = xcalloc(redact_cells(r->table) + 1, sizeof *room->table.cells);
    for (size_t i = 0; i < redact_cells(r->table); i++) {
        room->table.cells[i] = r->table->cells[i];
        redact_own(secrets, &room->table.cells[i]);
    }
    room->report.table = &room->table;
    return &room->report;
}

void redact_fini(struct redacted *room)
{
    for (size_t i = 0; i < room->report.n_components && room->components; i++) {
        text_fini(&room->components[i].name);
        text_fini(&room->components[i].word);
        text_fini(&room->components[i].note);
    }
    for (size_t i = 0; i < redact_cells(&room->table) && room->table.cells; i++)
        text_fini(&room->table.cells[i]);
    free(room->components);
    free(room->table.cells);
    report_fini(&room->report);
    *room = (struct redacted){ .components = NULL };
}

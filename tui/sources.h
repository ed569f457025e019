/* tui/sources.h: screens that list the readings of some kind, one line each, worst first as the
 * services are, and show the page of the selected one below: queues, backups. */
#pragma once

#include "tui/view.h"
#include "widgets/grid.h"

struct sources {
    enum listing_id list;
    const char *title, *one; /* "Queues", "Queue" */
    const char *none;        /* said when nothing is configured */
    bool (*is)(const struct reading *r);
    const struct grid_column *columns;
    size_t n_columns;
    /* `out` is zeroed; the first column is drawn by sources_name(). */
    void (*cell)(const struct service *s, const struct reading *r, size_t column,
                 struct grid_cell *out);
};

/* The reading's signal of that name; NULL when it has none. */
const struct signal *sources_signal(const struct reading *r, const char *name);
/* Glyph and label of a reading, as the first cell of a row; its word, as another. */
void sources_name(const struct service *s, const struct reading *r, struct grid_cell *out);
void sources_state(const struct reading *r, struct grid_cell *out);
void sources_reason(const struct reading *r, struct grid_cell *out);

/* The selected reading; PICK_NONE when there is none. */
struct pick sources_selected(const struct view *v, enum listing_id list);
/* The rows as the board is now; what was selected stays so. */
void sources_rows(struct view *v, const struct sources *s);
void sources_settle(struct view *v, const struct sources *s, struct rect r);
void sources_draw(const struct view *v, const struct sources *s, struct rect r, struct canvas *c);
bool sources_command(struct view *v, const struct sources *s, enum command cmd);
/* The list alone, as a panel of another screen; its rows were settled. */
void sources_panel(const struct view *v, const struct sources *s, struct rect r, struct canvas *c);

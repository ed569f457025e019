/* tui/view.h: what a screen looks at: a board, a clock, and what the person chose to see of it.
 *
 * Screens draw a const view. Rows, picks and scroll positions are settled before each drawing by
 * view_settle() and the screens' own settle().
 *
 * Owner:   view_fini() frees rows; the board is borrowed, and the one before is still there when
 *          view_set_board() is given another: what was chosen is found again by its names.
 */
#pragma once

#include "core/board.h"
#include "tui/filter.h"
#include "tui/screen.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct spans;

struct row { /* one line of a list of services */
    int service;
    int depth; /* indented under the one that explains it, or that it depends on */
};

struct pick { /* a signal of a reading; signal -1 = the reading itself, service -1 = none */
    int service, reading, signal;
};
#define PICK_NONE ((struct pick){ -1, -1, -1 })

enum {
    VIEW_PROBLEMS = 128,
    VIEW_SIGNALS = 64,
    VIEW_LISTED = 128,
    BEFORE_ROWS = 256,
    VIEW_SPANS = 6
};
enum listing_id { LISTING_QUEUES, LISTING_BACKUPS, LISTINGS };
enum focus { FOCUS_SERVICES, FOCUS_PROBLEMS };

struct view {
    const struct board *board; /* never NULL while something is drawn */
    int64_t now_ms;            /* the board's own present: stands still while frozen */
    bool still; /* what comes after now_ms is not shown: the screen is frozen, or of the past */
    bool ascii;
    char filter[FILTER_MAX];
    bool problems_only;
    int zoom; /* index into the spans; -1 = as long as there is something to show, up to 1h */

    /* lists of services; `overview` orders by trouble, `tree` by dependency */
    struct row *overview, *tree;
    size_t n_overview, n_tree, rows_cap;
    int service; /* selected, or -1 = the first row, whatever it is */
    int overview_top, tree_top;

    enum focus focus;
    struct pick problems[VIEW_PROBLEMS]; /* of what is wrong */
    size_t n_problems, all_problems;     /* shown here, counted */
    int problem, problems_top;           /* selected */

    struct pick errors, latency;       /* of the two charts */
    struct pick signals[VIEW_SIGNALS]; /* the others, worst first */
    size_t n_signals;

    struct listing { /* readings of one kind: screens 4 and 5, settled by tui/sources.c alone */
        struct pick rows[VIEW_LISTED];
        size_t n;
        int at, top; /* selected */
    } listings[LISTINGS];

    struct alert_list { /* screen 3 and its panel: settled by tui/alert_list.c alone */
        int *rows;      /* of the board's alerts: the index of each, most urgent first */
        size_t n, cap;
        int chosen; /* of the board's alerts; -1 = the first row, whatever it is */
        int at, top;
    } alerts;

    struct timeline {               /* screen 9: settled by tui/event_list.c alone */
        int rows[2 * BOARD_EVENTS]; /* of the board's events, newest first, and their days */
        size_t n, n_events;
        bool chosen; /* false = the first one, whatever it is */
        int64_t chosen_n, chosen_at_ms;
        int at, top;
    } timeline;

    struct before { /* what changed before something: settled by tui/before.c alone */
        struct before_row {
            int64_t at_ms;
            enum before_kind { BEFORE_EVENT, BEFORE_MARK, BEFORE_STATE } kind;
            int index; /* of the board's events, marks, services */
        } rows[BEFORE_ROWS];
        size_t n;
        int64_t at_ms;
        struct text title; /* of what it came before */
        int row, top;      /* selected */
    } before;

    int reading;      /* of the detail; -1 = the one that decided */
    int detail_top;   /* first line of the reading's page */
    int detail_lines; /* settled: how long that page is */

    struct spans *spans; /* what was read of the series; a cache, so draw() may fill it */

    int help_top;
    char help_search[FILTER_MAX];
};

void view_fini(struct view *v);
/* A new or changed board: keeps what was chosen, by ids and names; what is gone is chosen no more
 * (service -1). Rows and lists of another board are empty until view_settle(). */
void view_set_board(struct view *v, const struct board *b, int64_t now_ms);
/* Rows, problems and picks from the board as it is now. */
void view_settle(struct view *v);
int64_t view_span_ms(const struct view *v);
bool view_zoom(struct view *v, int by); /* false at the end */

/* The selected service, resolved (-1 only when no row is shown), and its place among rows. */
int view_selected(const struct view *v, const struct row *rows, size_t n, int *at);
void view_select(struct view *v, int service);
/* Moves by rows; INT_MIN and INT_MAX go to the ends. */
void view_move(struct view *v, const struct row *rows, size_t n, int by);

const struct reading *pick_reading(const struct view *v, struct pick p); /* NULL for none */
const struct signal *pick_signal(const struct view *v, struct pick p);   /* NULL for none */

/* tui/services.c: screen 2. The list stands on its head: what others depend on comes first, its
 * dependants below it, so that a cause is read before its effects. The selected service's page
 * fills the room below. */
#include "tui/services.h"

#include <limits.h>
#include <stdio.h>

#include "tui/detail_page.h"
#include "tui/lists.h"
#include "tui/words.h"
#include "widgets/frame.h"
#include "widgets/grid.h"

enum {
    SERVICES_PAGE_MIN = 7, /* rows in which a page says why it is so, and what is asked */
    SERVICES_HALVES = 36   /* rows of which a list that could fill all leaves half to the page */
};

struct services {
    struct rect list, page; /* page.h == 0: no room */
    bool boxes;
};

static struct services services_layout(const struct view *v, struct rect r)
{
    struct services s = { .boxes = r.w >= 60 && r.h >= 14, .list = r };
    int want = (int)v->n_tree + 3;

    if (s.boxes && r.h - want >= SERVICES_PAGE_MIN) {
        s.list.h = want;
        s.page = (struct rect){ r.x, r.y + want, r.w, r.h - want };
    } else if (s.boxes && r.h >= SERVICES_HALVES) {
        s.list.h = r.h / 2;
        s.page = (struct rect){ r.x, r.y + s.list.h, r.w, r.h - s.list.h };
    }
    return s;
}

static void services_screen_draw(const struct view *v, struct rect r, struct canvas *c)
{
    struct services s = services_layout(v, r);
    struct rect in = s.boxes ? frame_inside(s.list) : s.list;
    char counts[96], foot[48], figure[64];
    enum style style = services_counts(v, r.w - 18, counts);
    int at, service = view_selected(v, v->tree, v->n_tree, &at), index;
    const struct reading *reading;

    if (s.boxes)
        frame_draw(&(struct frame){ .title = "Services",
                                    .figure = counts,
                                    .figure_style = style,
                                    .foot = list_foot(v->tree_top, v->n_tree, in.h - 1, foot),
                                    .focused = true },
                   s.list, c);
    if (v->n_tree == 0) {
        canvas_put(c, in.x, in.y, in.w, STYLE_DIM, list_empty(v, "no services"));
        return;
    }
    services_draw(v, LISTS_TREE, at, in, c);
    if (s.page.h == 0)
        return;
    reading = detail_reading(v, &v->board->services[service], &index);
    if (!reading)
        return;
    snprintf(figure, sizeof figure, "%s %.40s", look_state(reading->state).glyph,
             look_state(reading->state).word);
    detail_page(v, service, 0,
                frame_draw(&(struct frame){ .title = "Probe",
                                            .subject = &reading->name,
                                            .figure = figure,
                                            .figure_style = look_state(reading->state).style },
                           s.page, c),
                c);
}

static void services_settle(struct view *v, struct rect r)
{
    struct services s = services_layout(v, r);
    struct rect in = s.boxes ? frame_inside(s.list) : s.list;
    int at;

    view_selected(v, v->tree, v->n_tree, &at);
    v->tree_top = grid_settle(v->tree_top, at, (int)v->n_tree, in.h > 1 ? in.h - 1 : 1);
}

static bool services_command(struct view *v, enum command cmd)
{
    switch (cmd) {
    case CMD_NEXT:
        view_move(v, v->tree, v->n_tree, 1);
        return true;
    case CMD_PREV:
        view_move(v, v->tree, v->n_tree, -1);
        return true;
    case CMD_PAGE_DOWN:
        view_move(v, v->tree, v->n_tree, 10);
        return true;
    case CMD_PAGE_UP:
        view_move(v, v->tree, v->n_tree, -10);
        return true;
    case CMD_FIRST:
        view_move(v, v->tree, v->n_tree, INT_MIN);
        return true;
    case CMD_LAST:
        view_move(v, v->tree, v->n_tree, INT_MAX);
        return true;
    default:
        return false;
    }
}

static const struct key services_keys[] = {
    { "j", CMD_NEXT, "next service", "move" },
    { "k", CMD_PREV, "previous service", "move" },
    { "Enter", CMD_OPEN, "open the selected service", "details" },
    { "s", CMD_SILENCE, "silence the alerts about it for a while", NULL },
    { "Down", CMD_NEXT, "next service", NULL },
    { "Up", CMD_PREV, "previous service", NULL },
    { "Right", CMD_OPEN, "open", NULL },
    { "l", CMD_OPEN, "open", NULL },
    { "Left", CMD_BACK, "back to the overview", NULL },
    { "h", CMD_BACK, "back to the overview", NULL },
    { "g", CMD_FIRST, "first service", NULL },
    { "G", CMD_LAST, "last service", NULL },
    { "Home", CMD_FIRST, "first service", NULL },
    { "End", CMD_LAST, "last service", NULL },
    { "PgDn", CMD_PAGE_DOWN, "ten services on", NULL },
    { "PgUp", CMD_PAGE_UP, "ten services back", NULL },
    { 0 },
};

const struct screen_ops screen_services = {
    .name = "Services",
    .number = '2',
    .keys = services_keys,
    .draw = services_screen_draw,
    .command = services_command,
    .settle = services_settle,
};

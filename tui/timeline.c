/* tui/timeline.c: screen 9: what happened and who did what, the newest first. */
#include "tui/timeline.h"

#include <limits.h>
#include <stdio.h>

#include "tui/event_list.h"
#include "tui/event_page.h"
#include "tui/event_table.h"
#include "tui/event_words.h"
#include "tui/lists.h"
#include "widgets/frame.h"

enum {
    TIMELINE_PAGE_MIN = 7,  /* rows of the selected one, with its box */
    TIMELINE_PAGE_WELL = 9, /* that it likes to have */
    TIMELINE_LIST_MIN = 6,
    TIMELINE_LINES = 2 /* of the selected one where there are no boxes */
};

struct timeline_layout {
    struct rect list, page; /* page.h == 0: no room */
    bool boxes;
};

static struct timeline_layout timeline_layout(const struct view *v, struct rect r)
{
    struct timeline_layout at = { .boxes = r.w >= 60 && r.h >= 14, .list = r };
    int want = (int)v->timeline.n + 3, page;

    if (v->timeline.n == 0)
        return at;
    if (!at.boxes) {
        if (r.h < TIMELINE_LINES + 4)
            return at;
        at.list.h = r.h - TIMELINE_LINES - 1;
        at.page = (struct rect){ r.x, r.y + r.h - TIMELINE_LINES, r.w, TIMELINE_LINES };
        return at;
    }
    page = r.h >= 24 ? TIMELINE_PAGE_WELL : TIMELINE_PAGE_MIN;
    if (r.h - page < TIMELINE_LIST_MIN)
        return at;
    at.list.h = want < r.h - page ? want : r.h - page;
    at.page = (struct rect){ r.x, r.y + at.list.h, r.w, r.h - at.list.h };
    return at;
}

static void timeline_page(const struct view *v, struct rect r, bool boxes, struct canvas *c)
{
    const struct event *e = event_list_selected(v);
    const struct text *title = event_title(v->board, e);
    struct look look = look_event(e);
    char figure[64];

    snprintf(figure, sizeof figure, "%s %.40s", look.glyph, look.word);
    if (boxes)
        r = frame_draw(&(struct frame){ .title = "Record",
                                        .subject = title->len ? title : NULL,
                                        .figure = figure,
                                        .figure_style = look.style },
                       r, c);
    event_page_draw(v, e, r, c);
}

static void timeline_draw(const struct view *v, struct rect r, struct canvas *c)
{
    struct timeline_layout at = timeline_layout(v, r);
    struct rect in = at.boxes ? frame_inside(at.list) : at.list;
    char counts[64], foot[48];

    event_counts(v, counts);
    event_foot(v, in.h - 1, foot);
    if (at.boxes)
        frame_draw(&(struct frame){ .title = "Timeline",
                                    .figure = v->board->n_events ? counts : NULL,
                                    .figure_style = STYLE_DIM,
                                    .foot = *foot ? foot : NULL,
                                    .focused = true },
                   at.list, c);
    if (v->timeline.n == 0) {
        canvas_put(c, in.x, in.y, in.w, STYLE_DIM,
                   v->board->n_events ? list_empty(v, "nothing was recorded yet")
                                      : "nothing was recorded yet");
        return;
    }
    event_table_draw(v, in, c);
    if (at.page.h)
        timeline_page(v, at.page, at.boxes, c);
}

static void timeline_settle(struct view *v, struct rect r)
{
    struct timeline_layout at = timeline_layout(v, r);
    struct rect in = at.boxes ? frame_inside(at.list) : at.list;

    event_list_scroll(v, in.h > 1 ? in.h - 1 : 1);
}

static bool timeline_command(struct view *v, enum command cmd)
{
    switch (cmd) {
    case CMD_NEXT:
        return event_list_move(v, 1);
    case CMD_PREV:
        return event_list_move(v, -1);
    case CMD_PAGE_DOWN:
        return event_list_move(v, 10);
    case CMD_PAGE_UP:
        return event_list_move(v, -10);
    case CMD_FIRST:
        return event_list_move(v, INT_MIN);
    case CMD_LAST:
        return event_list_move(v, INT_MAX);
    default:
        return false;
    }
}

static const struct key timeline_keys[] = {
    { "j", CMD_NEXT, "next record: an older one", "move" },
    { "k", CMD_PREV, "previous record: a newer one", "move" },
    { "Enter", CMD_OPEN, "open the alert that it speaks of", "alert" },
    { "n", CMD_NOTE, "note something: a line of your own in the journal", "note" },
    { "Down", CMD_NEXT, "next record", NULL },
    { "Up", CMD_PREV, "previous record", NULL },
    { "Right", CMD_OPEN, "open", NULL },
    { "l", CMD_OPEN, "open", NULL },
    { "Left", CMD_BACK, "back to the overview", NULL },
    { "h", CMD_BACK, "back to the overview", NULL },
    { "g", CMD_FIRST, "newest record, and the newest from then on", NULL },
    { "G", CMD_LAST, "oldest record", NULL },
    { "Home", CMD_FIRST, "newest record", NULL },
    { "End", CMD_LAST, "oldest record", NULL },
    { "PgDn", CMD_PAGE_DOWN, "ten records on", NULL },
    { "PgUp", CMD_PAGE_UP, "ten records back", NULL },
    { 0 },
};

const struct screen_ops screen_timeline = {
    .name = "Timeline",
    .number = '9',
    .keys = timeline_keys,
    .draw = timeline_draw,
    .command = timeline_command,
    .settle = timeline_settle,
};

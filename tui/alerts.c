/* tui/alerts.c: screen 3: what has to be looked at first, who has it, and since when. */
#include "tui/alerts.h"

#include <limits.h>
#include <stdio.h>

#include "tui/alert_list.h"
#include "tui/alert_page.h"
#include "tui/alert_table.h"
#include "tui/alert_words.h"
#include "tui/lists.h"
#include "tui/silence_table.h"
#include "widgets/frame.h"
#include "widgets/grid.h"

enum {
    ALERTS_PAGE_MIN = 8,   /* rows of the selected one, with its box */
    ALERTS_PAGE_WELL = 11, /* that it likes to have */
    ALERTS_LIST_MIN = 6,
    ALERTS_SILENCES_MIN = 4, /* one, with its head and its box */
    ALERTS_LINES = 2         /* of the selected one where there are no boxes */
};

struct alerts_layout {
    struct rect list, page, silences; /* h == 0: no room, or nothing to show */
    bool boxes;
};

static struct alerts_layout alerts_layout(const struct view *v, struct rect r)
{
    struct alerts_layout at = { .boxes = r.w >= 60 && r.h >= 14, .list = r };
    int want = (int)v->alerts.n + 3, page, silences = silence_table_rows(v);

    if (v->alerts.n == 0 && !silences)
        return at;
    /* Those that have no room are told of by their number: the selected alert comes first. */
    if (silences > r.h - ALERTS_LIST_MIN - ALERTS_PAGE_MIN)
        silences = r.h - ALERTS_LIST_MIN - ALERTS_PAGE_MIN;
    if (at.boxes && silences >= ALERTS_SILENCES_MIN) {
        r.h -= silences;
        at.list.h = r.h;
        at.silences = (struct rect){ r.x, r.y + r.h, r.w, silences };
    }
    if (v->alerts.n == 0)
        return at;
    if (!at.boxes) {
        if (r.h < ALERTS_LINES + 4)
            return at;
        at.list.h = r.h - ALERTS_LINES - 1;
        at.page = (struct rect){ r.x, r.y + r.h - ALERTS_LINES, r.w, ALERTS_LINES };
        return at;
    }
    page = r.h >= 24 ? ALERTS_PAGE_WELL : ALERTS_PAGE_MIN;
    if (r.h - page < ALERTS_LIST_MIN)
        return at;
    at.list.h = want < r.h - page ? want : r.h - page;
    at.page = (struct rect){ r.x, r.y + at.list.h, r.w, r.h - at.list.h };
    return at;
}

static void alerts_page(const struct view *v, struct rect r, bool boxes, struct canvas *c)
{
    const struct alert *a = alert_list_selected(v);
    struct look look = look_alert(a);
    char figure[64];

    snprintf(figure, sizeof figure, "%s %.40s", look.glyph, look.word);
    if (boxes)
        r = frame_draw(&(struct frame){ .title = "Alert",
                                        .subject = alert_title(a),
                                        .figure = figure,
                                        .figure_style = look.style },
                       r, c);
    alert_page_draw(v, a, r, c);
}

static void alerts_draw(const struct view *v, struct rect r, struct canvas *c)
{
    struct alerts_layout at = alerts_layout(v, r);
    struct rect in = at.boxes ? frame_inside(at.list) : at.list;
    char counts[96], foot[48];
    enum style style = alert_counts(v, r.w - 20, counts);

    if (at.boxes)
        frame_draw(&(struct frame){ .title = "Alerts",
                                    .figure = *counts ? counts : NULL,
                                    .figure_style = style,
                                    .foot = list_foot(v->alerts.top, v->alerts.n, in.h - 1, foot),
                                    .focused = true },
                   at.list, c);
    if (at.silences.h)
        silence_table_draw(v, at.silences, c);
    if (v->alerts.n == 0) {
        canvas_put(c, in.x, in.y, in.w, STYLE_DIM,
                   v->board->n_alerts ? list_empty(v, "no alerts")
                                      : "none configured: the file has no 'alerts'");
        return;
    }
    alert_table_draw(v, in, c);
    if (at.page.h)
        alerts_page(v, at.page, at.boxes, c);
}

static void alerts_settle(struct view *v, struct rect r)
{
    struct alerts_layout at = alerts_layout(v, r);
    struct rect in = at.boxes ? frame_inside(at.list) : at.list;

    v->alerts.top =
        grid_settle(v->alerts.top, v->alerts.at, (int)v->alerts.n, in.h > 1 ? in.h - 1 : 1);
}

static bool alerts_command(struct view *v, enum command cmd)
{
    switch (cmd) {
    case CMD_NEXT:
        return alert_list_move(v, 1);
    case CMD_PREV:
        return alert_list_move(v, -1);
    case CMD_PAGE_DOWN:
        return alert_list_move(v, 10);
    case CMD_PAGE_UP:
        return alert_list_move(v, -10);
    case CMD_FIRST:
        return alert_list_move(v, INT_MIN);
    case CMD_LAST:
        return alert_list_move(v, INT_MAX);
    default:
        return false;
    }
}

static const struct key alerts_keys[] = {
    { "j", CMD_NEXT, "next alert", "move" },
    { "k", CMD_PREV, "previous alert", "move" },
    { "Enter", CMD_OPEN, "open the service that it is about", "details" },
    { "a", CMD_ACK, "acknowledge it, with a note: you have it", "ack" },
    { "s", CMD_SILENCE, "silence it for a while: nobody is told, it stays on the screen",
      "silence" },
    { "Down", CMD_NEXT, "next alert", NULL },
    { "Up", CMD_PREV, "previous alert", NULL },
    { "Right", CMD_OPEN, "open", NULL },
    { "l", CMD_OPEN, "open", NULL },
    { "Left", CMD_BACK, "back to the overview", NULL },
    { "h", CMD_BACK, "back to the overview", NULL },
    { "g", CMD_FIRST, "first alert", NULL },
    { "G", CMD_LAST, "last alert", NULL },
    { "Home", CMD_FIRST, "first alert", NULL },
    { "End", CMD_LAST, "last alert", NULL },
    { "PgDn", CMD_PAGE_DOWN, "ten alerts on", NULL },
    { "PgUp", CMD_PAGE_UP, "ten alerts back", NULL },
    { 0 },
};

const struct screen_ops screen_alerts = {
    .name = "Alerts",
    .number = '3',
    .keys = alerts_keys,
    .draw = alerts_draw,
    .command = alerts_command,
    .settle = alerts_settle,
};

/* tui/help.c: the help page. `/` searches in it. */
#include "tui/help.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "tui/alert_words.h"
#include "tui/cmdline.h"
#include "tui/lists.h"
#include "tui/words.h"
#include "widgets/frame.h"

enum { HELP_KEYS_W = 24 };

struct help { /* lines that come out one after the other; only those in sight are drawn */
    const struct view *view;
    struct canvas *c; /* NULL: only counted */
    struct rect r;
    int line;
    const char *title; /* of the section, until its first line is there */
};

static int help_y(const struct help *h)
{
    int y = h->line - h->view->help_top;

    return h->c && y >= 0 && y < h->r.h ? h->r.y + y : -1;
}

static void help_line(struct help *h, enum style style, const char *left, const char *right)
{
    const char *search = h->view->help_search;

    if (!filter_contains(left, search, strlen(search)) &&
        !filter_contains(right, search, strlen(search)))
        return;
    if (h->title) {
        h->line += h->line > 0;
        if (help_y(h) >= 0)
            canvas_put(h->c, h->r.x, help_y(h), h->r.w, STYLE_TITLE, h->title);
        h->line++;
        h->title = NULL;
    }
    if (help_y(h) >= 0) {
        int w = h->r.w < 60 ? 14 : HELP_KEYS_W, y = help_y(h);

        canvas_put(h->c, h->r.x + 2, y, w - 2, style, left);
        canvas_put(h->c, h->r.x + 2 + w, y, h->r.w - w - 2, STYLE_PLAIN, right);
    }
    h->line++;
}

/* One line a command: all keys of the table that give it. */
static void help_table(struct help *h, const char *title, const struct key *table)
{
    h->title = title;
    for (const struct key *k = table; k->key; k++) {
        char keys[80] = "";
        bool first = true;

        for (const struct key *o = table; o->key; o++) {
            size_t len = strlen(keys);

            if (o->command != k->command)
                continue;
            if (o < k)
                first = false;
            snprintf(keys + len, sizeof keys - len, "%s%s", len ? "  " : "", o->key);
        }
        if (first)
            help_line(h, STYLE_KEY, keys, k->help);
    }
}

/* An alert that something else explains has the sign of such a service. */
static void help_alerts(struct help *h)
{
    static const struct {
        struct alert alert;
        const char *means;
    } kinds[] = {
        { { .state = ALERT_FIRING, .affected_by = -1 }, "an alert that nobody has yet" },
        { { .state = ALERT_FIRING, .affected_by = -1, .ack.at_ms = 1 }, "somebody has it" },
        { { .state = ALERT_PENDING, .affected_by = -1 }, "it will fire unless its condition ends" },
        { { .state = ALERT_NO_DATA, .affected_by = -1 }, "whether it should fire cannot be said" },
        { { .state = ALERT_RESOLVED, .affected_by = -1 }, "it fired, and does so no more" },
        { { .state = ALERT_INACTIVE, .affected_by = -1 }, "its condition does not hold" },
    };
    char left[64];

    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        struct look look = look_alert(&kinds[i].alert);

        snprintf(left, sizeof left, "%s  %s", look.glyph, look.word);
        help_line(h, look.style, left, kinds[i].means);
    }
}

static void help_states(struct help *h)
{
    static const char *const means[STATE_COUNT] = {
        [STATE_UP] = "answers, and says that it is well",
        [STATE_DEGRADED] = "works with a fault, or fails but not yet often enough to be down",
        [STATE_DOWN] = "refuses, answers wrongly, or does not answer in time",
        [STATE_UNKNOWN] = "cannot be judged from here: no name, no network, no permission",
        [STATE_STALE] = "the last answer is older than two intervals",
        [STATE_DISABLED] = "paused by the people who run it",
    };
    static const enum state order[] = { STATE_UP,      STATE_DEGRADED, STATE_DOWN,
                                        STATE_UNKNOWN, STATE_STALE,    STATE_DISABLED };
    char left[64];

    h->title = "Signs";
    for (size_t i = 0; i < sizeof order / sizeof *order; i++) {
        struct look look = look_state(order[i]);

        snprintf(left, sizeof left, "%s  %s", look.glyph, look.word);
        help_line(h, look.style, left, means[order[i]]);
    }
    help_line(h, STYLE_AFFECTED, "↳  affected", "not well, and explained by what it depends on");
    help_alerts(h);
    help_line(h, STYLE_MARK, "▴  change", "a new version, a restart, a new configuration, a fault");
    help_line(h, STYLE_DIM, "▒  newest bar", "its time is not over yet");
    help_line(h, STYLE_DIM, "   gap", "nothing was measured then");
    help_line(h, STYLE_STRONG, "↓  more", "beside a list: it goes on below; ↑ above");
}

static int help_flow(const struct view *v, struct rect r, struct canvas *c)
{
    struct help h = { .view = v, .c = c, .r = r };

    help_table(&h, "Everywhere", console_keys);
    for (const struct screen_ops *const *s = console_screens; *s; s++)
        if (*s != &screen_help)
            help_table(&h, (*s)->name, (*s)->keys);
    h.title = "Commands";
    for (const struct verb_row *verb = cmdline_verbs; verb->name; verb++) {
        char left[48];

        snprintf(left, sizeof left, ":%s", verb->usage);
        help_line(&h, STYLE_KEY, left, verb->help);
    }
    h.title = "Filters";
    help_line(&h, STYLE_KEY, "/word", "in name, reason, state or target");
    help_line(&h, STYLE_KEY, "/!word", "what does not have it");
    help_line(&h, STYLE_KEY, "/state=down kind=http", "by field; all terms must hold");
    help_line(&h, STYLE_KEY, "/severity=SEV-1", "alerts of it, and the services they are about");
    help_line(&h, STYLE_KEY, "/code=fired who=dana", "records of the timeline; alert=, too");
    help_states(&h);
    return h.line;
}

static void help_draw(const struct view *v, struct rect r, struct canvas *c)
{
    struct rect in = frame_inside(r);
    int lines = help_flow(v, in, NULL);
    struct text search = { 0 };
    char foot[48];

    text_sets(&search, v->help_search);
    frame_draw(&(struct frame){ .title = search.len ? "Help on" : "Help",
                                .subject = search.len ? &search : NULL,
                                .figure = lines ? NULL : "nothing found",
                                .figure_style = STYLE_WARN,
                                .note = "/ searches",
                                .foot = list_foot(v->help_top, (size_t)lines, in.h, foot) },
               r, c);
    text_fini(&search);
    help_flow(v, in, c);
}

static void help_settle(struct view *v, struct rect r)
{
    struct rect in = frame_inside(r);
    int lines = help_flow(v, in, NULL);

    if (v->help_top > lines - in.h)
        v->help_top = lines - in.h;
    if (v->help_top < 0)
        v->help_top = 0;
}

static bool help_command(struct view *v, enum command cmd)
{
    switch (cmd) {
    case CMD_NEXT:
        v->help_top++;
        return true;
    case CMD_PREV:
        v->help_top--;
        return true;
    case CMD_PAGE_DOWN:
        v->help_top += 10;
        return true;
    case CMD_PAGE_UP:
        v->help_top -= 10;
        return true;
    case CMD_FIRST:
        v->help_top = 0;
        return true;
    case CMD_LAST:
        v->help_top = INT_MAX / 2;
        return true;
    default:
        return false;
    }
}

static const struct key help_keys[] = {
    { "j", CMD_NEXT, "down", "scroll" },
    { "k", CMD_PREV, "up", "scroll" },
    { "/", CMD_FILTER, "search the help", "search" },
    { "Esc", CMD_BACK, "close the help", "close" },
    { "?", CMD_BACK, "close the help", NULL },
    { "q", CMD_BACK, "close the help", NULL },
    { "Down", CMD_NEXT, "down", NULL },
    { "Up", CMD_PREV, "up", NULL },
    { "PgDn", CMD_PAGE_DOWN, "further down", NULL },
    { "PgUp", CMD_PAGE_UP, "further up", NULL },
    { "Space", CMD_PAGE_DOWN, "further down", NULL },
    { "g", CMD_FIRST, "top", NULL },
    { "G", CMD_LAST, "end", NULL },
    { "Home", CMD_FIRST, "top", NULL },
    { "End", CMD_LAST, "end", NULL },
    { 0 },
};

const struct screen_ops screen_help = {
    .name = "Help",
    .keys = help_keys,
    .draw = help_draw,
    .command = help_command,
    .settle = help_settle,
};

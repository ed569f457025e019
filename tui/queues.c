/* tui/queues.c: screen 4: what waits, how long, and where it is going. */
#include "tui/queues.h"

#include <stdio.h>

#include "tui/words.h"

enum queues_column {
    COLUMN_QUEUE,
    COLUMN_STATE,
    COLUMN_WAITING,
    COLUMN_OLDEST,
    COLUMN_TREND,
    COLUMN_RUNNING,
    COLUMN_DELAYED,
    COLUMN_FAILED,
    COLUMN_REASON,
    COLUMNS
};

static void queues_count(const struct reading *r, const char *name, struct grid_cell *out)
{
    const struct signal *s = sources_signal(r, name);
    char number[32];

    if (!s || !s->known) {
        out->style = STYLE_DIM;
        snprintf(out->words, sizeof out->words, "-");
        return;
    }
    out->style = signal_style(r, s);
    snprintf(out->words, sizeof out->words, "%s%s", s->above ? ">" : "",
             quantity_format(s->value, UNIT_COUNT, number));
}

static void queues_oldest(const struct reading *r, struct grid_cell *out)
{
    const struct signal *s = sources_signal(r, "oldest"), *depth = sources_signal(r, "depth");
    char age[32];

    out->style = STYLE_DIM;
    if (!s || !s->known || (depth && depth->known && depth->value == 0)) {
        snprintf(out->words, sizeof out->words, "-");
        return;
    }
    out->style = signal_style(r, s);
    snprintf(out->words, sizeof out->words, "%s", quantity_format(s->value, UNIT_SECONDS, age));
}

/* The probe's own words; never a time that no rate supports. */
static void queues_trend(const struct reading *r, struct grid_cell *out)
{
    const struct signal *growth = sources_signal(r, "growth");

    out->style = r->state == STATE_STALE ? STYLE_STALE : STYLE_DIM;
    if (growth && growth->known)
        out->text = &growth->note;
    else
        snprintf(out->words, sizeof out->words, "-");
}

static void queues_cell(const struct service *s, const struct reading *r, size_t column,
                        struct grid_cell *out)
{
    switch ((enum queues_column)column) {
    case COLUMN_QUEUE:
        sources_name(s, r, out);
        break;
    case COLUMN_STATE:
        sources_state(r, out);
        break;
    case COLUMN_WAITING:
        queues_count(r, "depth", out);
        break;
    case COLUMN_OLDEST:
        queues_oldest(r, out);
        break;
    case COLUMN_TREND:
        queues_trend(r, out);
        break;
    case COLUMN_RUNNING:
        queues_count(r, "running", out);
        break;
    case COLUMN_DELAYED:
        queues_count(r, "delayed", out);
        break;
    case COLUMN_FAILED:
        queues_count(r, "failed", out);
        break;
    case COLUMN_REASON:
    case COLUMNS:
        sources_reason(r, out);
        break;
    }
}

static bool queues_is(const struct reading *r)
{
    return text_is(&r->kind, "queue");
}

static const struct grid_column queues_columns[COLUMNS] = {
    [COLUMN_QUEUE] = { .head = "queue", .min = 16, .max = 32 },
    [COLUMN_STATE] = { .head = "state", .min = 8, .leave = 4 },
    [COLUMN_WAITING] = { .head = "waiting", .min = 7, .right = true },
    [COLUMN_OLDEST] = { .head = "oldest", .min = 6, .leave = 1, .right = true },
    [COLUMN_TREND] = { .head = "trend", .min = 15, .max = 22, .leave = 2 },
    [COLUMN_RUNNING] = { .head = "at work", .min = 7, .leave = 5, .right = true },
    [COLUMN_DELAYED] = { .head = "delayed", .min = 7, .leave = 6, .right = true },
    [COLUMN_FAILED] = { .head = "failed", .min = 6, .leave = 3, .right = true },
    [COLUMN_REASON] = { .head = "reason", .min = 16, .leave = 7, .grow = true },
};

const struct sources queues_sources = {
    .list = LISTING_QUEUES,
    .title = "Queues",
    .one = "Queue",
    .none = "none configured: no probe asks a queue",
    .is = queues_is,
    .columns = queues_columns,
    .n_columns = COLUMNS,
    .cell = queues_cell,
};

static void queues_draw(const struct view *v, struct rect r, struct canvas *c)
{
    sources_draw(v, &queues_sources, r, c);
}

static bool queues_command(struct view *v, enum command cmd)
{
    return sources_command(v, &queues_sources, cmd);
}

static void queues_settle(struct view *v, struct rect r)
{
    sources_settle(v, &queues_sources, r);
}

static const struct key queues_keys[] = {
    { "j", CMD_NEXT, "next queue", "move" },
    { "k", CMD_PREV, "previous queue", "move" },
    { "Enter", CMD_OPEN, "open the service that tells of it", "details" },
    { "Down", CMD_NEXT, "next queue", NULL },
    { "Up", CMD_PREV, "previous queue", NULL },
    { "Right", CMD_OPEN, "open", NULL },
    { "l", CMD_OPEN, "open", NULL },
    { "Left", CMD_BACK, "back to the overview", NULL },
    { "h", CMD_BACK, "back to the overview", NULL },
    { "g", CMD_FIRST, "first queue", NULL },
    { "G", CMD_LAST, "last queue", NULL },
    { "Home", CMD_FIRST, "first queue", NULL },
    { "End", CMD_LAST, "last queue", NULL },
    { "PgDn", CMD_PAGE_DOWN, "ten queues on", NULL },
    { "PgUp", CMD_PAGE_UP, "ten queues back", NULL },
    { 0 },
};

const struct screen_ops screen_queues = {
    .name = "Queues",
    .number = '4',
    .keys = queues_keys,
    .draw = queues_draw,
    .command = queues_command,
    .settle = queues_settle,
};

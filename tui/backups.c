/* tui/backups.c: screen 5: could we restore, to when, and who says so. */
#include "tui/backups.h"

#include <math.h>
#include <stdio.h>

#include "tui/words.h"

enum backups_column {
    COLUMN_BACKUP,
    COLUMN_STATE,
    COLUMN_GOOD,
    COLUMN_RPO,
    COLUMN_SIZE,
    COLUMN_CHANGE,
    COLUMN_KEPT,
    COLUMN_OLDEST,
    COLUMN_VERIFIED,
    COLUMN_REASON,
    COLUMNS
};

/* The signals that probes/backup.h gives to every kind of them; a command that tells the age of one
 * knows no more than that. */
bool backups_is(const struct reading *r)
{
    if (!sources_signal(r, "age"))
        return false;
    return text_is(&r->kind, "command") ||
           (sources_signal(r, "kept") && sources_signal(r, "oldest"));
}

static const struct component *backups_finding(const struct reading *r, const char *name)
{
    for (size_t i = 0; i < r->n_components; i++)
        if (text_is(&r->components[i].name, name))
            return &r->components[i];
    return NULL;
}

/* ---- one line ---- */

static void backups_figure(const struct reading *r, const char *name, struct grid_cell *out)
{
    const struct signal *s = sources_signal(r, name);

    out->style = STYLE_DIM;
    snprintf(out->words, sizeof out->words, "-");
    if (!s || !s->known)
        return;
    out->style = r->state == STATE_STALE ? STYLE_STALE : STYLE_PLAIN;
    if (s->unit == UNIT_SECONDS)
        age_format_hours((int64_t)(s->value * 1000), out->words);
    else if (s->unit == UNIT_PERCENT)
        snprintf(out->words, sizeof out->words, "%+.1f%%", s->value);
    else
        quantity_format(s->value, s->unit, out->words);
}

/* "met 24h", "missed 24h", "not set": never a number that nobody stated. */
static void backups_rpo(const struct reading *r, struct grid_cell *out)
{
    const struct component *c = backups_finding(r, "RPO");
    char span[16];

    out->style = STYLE_DIM;
    snprintf(out->words, sizeof out->words, "-");
    if (!c || r->state == STATE_STALE)
        return;
    out->style = c->state == STATE_UP ? STYLE_PLAIN : look_state(c->state).style;
    if (isnan(c->value) || c->word.cols > 8) /* "dump window" */
        snprintf(out->words, sizeof out->words, "%.24s", text_str(&c->word));
    else
        snprintf(out->words, sizeof out->words, "%.24s %s", text_str(&c->word),
                 age_format_hours((int64_t)(c->value * 1000), span));
}

static void backups_verified(const struct reading *r, struct grid_cell *out)
{
    const struct component *c = backups_finding(r, "verification");

    out->style = c && c->state != STATE_UP ? look_state(c->state).style : STYLE_DIM;
    if (c)
        out->text = &c->word;
    else
        snprintf(out->words, sizeof out->words, "-");
}

static void backups_cell(const struct service *s, const struct reading *r, size_t column,
                         struct grid_cell *out)
{
    switch ((enum backups_column)column) {
    case COLUMN_BACKUP:
        sources_name(s, r, out);
        break;
    case COLUMN_STATE:
        sources_state(r, out);
        break;
    case COLUMN_GOOD:
        backups_figure(r, "age", out);
        break;
    case COLUMN_RPO:
        backups_rpo(r, out);
        break;
    case COLUMN_SIZE:
        backups_figure(r, "size", out);
        break;
    case COLUMN_CHANGE:
        backups_figure(r, "change", out);
        break;
    case COLUMN_KEPT:
        backups_figure(r, "kept", out);
        break;
    case COLUMN_OLDEST:
        backups_figure(r, "oldest", out);
        break;
    case COLUMN_VERIFIED:
        backups_verified(r, out);
        break;
    case COLUMN_REASON:
    case COLUMNS:
        sources_reason(r, out);
        break;
    }
}

static const struct grid_column backups_columns[COLUMNS] = {
    [COLUMN_BACKUP] = { .head = "backup", .min = 18, .max = 32 },
    [COLUMN_STATE] = { .head = "state", .min = 8, .leave = 4 },
    [COLUMN_GOOD] = { .head = "last good", .min = 9, .right = true },
    [COLUMN_RPO] = { .head = "RPO", .min = 11, .max = 15, .leave = 1 },
    [COLUMN_SIZE] = { .head = "size", .min = 7, .leave = 5, .right = true },
    [COLUMN_CHANGE] = { .head = "change", .min = 7, .leave = 3, .right = true },
    [COLUMN_KEPT] = { .head = "kept", .min = 4, .leave = 6, .right = true },
    [COLUMN_OLDEST] = { .head = "oldest", .min = 6, .leave = 7, .right = true },
    [COLUMN_VERIFIED] = { .head = "verified", .min = 8, .max = 10, .leave = 2 },
    [COLUMN_REASON] = { .head = "reason", .min = 16, .leave = 8, .grow = true },
};

const struct sources backups_sources = {
    .list = LISTING_BACKUPS,
    .title = "Backups",
    .one = "Backup",
    .none = "none configured: no probe asks about a backup",
    .is = backups_is,
    .columns = backups_columns,
    .n_columns = COLUMNS,
    .cell = backups_cell,
};

/* ---- the screen ---- */

static void backups_draw(const struct view *v, struct rect r, struct canvas *c)
{
    sources_draw(v, &backups_sources, r, c);
}

static bool backups_command(struct view *v, enum command cmd)
{
    return sources_command(v, &backups_sources, cmd);
}

static void backups_settle(struct view *v, struct rect r)
{
    sources_settle(v, &backups_sources, r);
}

static const struct key backups_keys[] = {
    { "j", CMD_NEXT, "next backup", "move" },
    { "k", CMD_PREV, "previous backup", "move" },
    { "Enter", CMD_OPEN, "open its service, with all that proves it", "details" },
    { "Down", CMD_NEXT, "next backup", NULL },
    { "Up", CMD_PREV, "previous backup", NULL },
    { "Right", CMD_OPEN, "open", NULL },
    { "l", CMD_OPEN, "open", NULL },
    { "Left", CMD_BACK, "back to the overview", NULL },
    { "h", CMD_BACK, "back to the overview", NULL },
    { "g", CMD_FIRST, "first backup", NULL },
    { "G", CMD_LAST, "last backup", NULL },
    { "Home", CMD_FIRST, "first backup", NULL },
    { "End", CMD_LAST, "last backup", NULL },
    { "PgDn", CMD_PAGE_DOWN, "ten backups on", NULL },
    { "PgUp", CMD_PAGE_UP, "ten backups back", NULL },
    { 0 },
};

const struct screen_ops screen_backups = {
    .name = "Backups",
    .number = '5',
    .keys = backups_keys,
    .draw = backups_draw,
    .command = backups_command,
    .settle = backups_settle,
};

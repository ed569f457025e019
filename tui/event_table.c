/* tui/event_table.c: one line a record; columns leave by priority. */
#include "tui/event_table.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "tui/event_list.h"
#include "tui/event_words.h"
#include "widgets/grid.h"

enum event_column {
    COLUMN_TIME,
    COLUMN_AGE,
    COLUMN_EVENT,
    COLUMN_ALERT,
    COLUMN_WHO,
    COLUMN_WORDS,
    COLUMNS
};

enum {
    EVENT_W_SECONDS = 50, /* where it is narrower the minute does */
    EVENT_W_SPLIT = 68,   /* where it is narrower the alert stands before the words */
    EVENT_W_HOST = 100,   /* where it is narrower names stand without their host */
    EVENT_TITLE_WIDE = 24,
    EVENT_WHO_WIDE = 12,
    EVENT_WORDS_NARROW = 18,
    EVENT_TIME_NARROW = 6
};

static const struct grid_column event_columns[COLUMNS] = {
    [COLUMN_TIME] = { .head = "time", .min = 9 },
    [COLUMN_AGE] = { .head = "age", .min = 4, .leave = 4, .right = true },
    [COLUMN_EVENT] = { .head = "what", .min = 11, .max = 18 },
    [COLUMN_ALERT] = { .head = "alert", .min = 18, .max = 20 },
    [COLUMN_WHO] = { .head = "who", .min = 6, .max = 18, .leave = 3 },
    [COLUMN_WORDS] = { .head = "words", .min = 20, .grow = true },
};

struct event_table { /* what its grid asks with */
    const struct view *v;
    int w;
};

/* ---- cells ---- */

static void event_cell_time(const struct event_table *t, const struct event *e,
                            struct grid_cell *out)
{
    char clock[32];

    clock_format_utc(e->at_ms, clock);
    if (t->w < EVENT_W_SECONDS && strlen(clock) == 9)
        memcpy(clock + 5, "Z", 2);
    snprintf(out->words, sizeof out->words, "%s", clock);
    out->style = STYLE_PLAIN;
}

static void event_cell_what(const struct event *e, struct grid_cell *out)
{
    struct look look = look_event(e);

    out->glyph = look.glyph;
    out->glyph_style = out->style = look.style;
    snprintf(out->words, sizeof out->words, "%.90s", look.word);
}

/* What a person did bears a name; which console saw something hardly matters. */
static void event_cell_who(const struct event_table *t, const struct event *e,
                           struct grid_cell *out)
{
    const char *who = text_str(&e->who);
    size_t len = t->w < EVENT_W_HOST ? strcspn(who, "@") : e->who.len;

    out->style = event_of_people(e) ? STYLE_PLAIN : STYLE_DIM;
    text_clean(out->words, sizeof out->words, who, len, NULL);
}

static void event_cell_words(const struct event_table *t, const struct event *e,
                             struct grid_cell *out)
{
    struct text line = { 0 };

    out->style = text_is(&e->code, "RESOLVED") ? STYLE_DIM : STYLE_PLAIN;
    if (t->w >= EVENT_W_SPLIT) {
        out->text = &e->words;
        return;
    }
    event_line(t->v->board, e, &line);
    text_clean(out->words, sizeof out->words, text_str(&line), line.len, NULL);
    text_fini(&line);
}

/* A narrow table has one column less: the last two are who and words. */
static enum event_column event_column(const struct event_table *t, size_t column)
{
    return (enum event_column)(column + (t->w < EVENT_W_SPLIT && column >= COLUMN_ALERT));
}

static void event_cell(const void *arg, size_t row, size_t column, struct grid_cell *out)
{
    const struct event_table *t = arg;
    const struct event *e = event_list_at(t->v, row);

    if (!e)
        return; /* a day: drawn over it */
    switch (event_column(t, column)) {
    case COLUMN_TIME:
        event_cell_time(t, e, out);
        break;
    case COLUMN_AGE:
        out->style = STYLE_DIM;
        age_words(t->v->now_ms, e->at_ms, out->words);
        break;
    case COLUMN_EVENT:
        event_cell_what(e, out);
        break;
    case COLUMN_ALERT:
        out->text = event_title(t->v->board, e);
        out->style = text_is(&e->code, "FIRING") ? STYLE_STRONG : STYLE_PLAIN;
        break;
    case COLUMN_WHO:
        event_cell_who(t, e, out);
        break;
    case COLUMN_WORDS:
    case COLUMNS:
        event_cell_words(t, e, out);
        break;
    }
}

/* ---- days ---- */

static void event_day_draw(const struct event *e, struct rect r, struct canvas *c)
{
    time_t t = (time_t)(e->at_ms / 1000);
    char words[48] = "-";
    struct tm tm;

    if (gmtime_r(&t, &tm))
        strftime(words, sizeof words, r.w < EVENT_W_SECONDS ? "%a %Y-%m-%d" : "%A, %Y-%m-%d", &tm);
    canvas_fill(c, r, "─", STYLE_FRAME);
    canvas_putf(c, r.x + 2, r.y, r.w - 4, STYLE_DIM, " %s ", words);
}

static void event_days_draw(const struct view *v, struct rect r, struct canvas *c)
{
    for (int line = 0; line < r.h && (size_t)(line + v->timeline.top) < v->timeline.n; line++) {
        size_t row = (size_t)(line + v->timeline.top);

        if (!event_list_at(v, row))
            event_day_draw(event_list_at(v, row + 1), (struct rect){ r.x, r.y + line, r.w, 1 }, c);
    }
}

/* ---- the list ---- */

void event_table_draw(const struct view *v, struct rect r, struct canvas *c)
{
    const struct event_table arg = { v, r.w };
    struct grid_column columns[COLUMNS];
    struct grid grid = { .columns = columns,
                         .n_columns = r.w < EVENT_W_SPLIT ? COLUMNS - 1 : COLUMNS,
                         .n_rows = v->timeline.n,
                         .cell = event_cell,
                         .arg = &arg,
                         .head = true,
                         .selected = v->timeline.at,
                         .top = v->timeline.top,
                         .gap = r.w < EVENT_W_SECONDS ? 1 : 2 };

    for (size_t i = 0; i < grid.n_columns; i++)
        columns[i] = event_columns[event_column(&arg, i)];
    if (r.w < EVENT_W_SECONDS)
        columns[COLUMN_TIME].min = EVENT_TIME_NARROW;
    if (r.w < EVENT_W_SPLIT)
        columns[grid.n_columns - 1].min = EVENT_WORDS_NARROW;
    if (r.w >= EVENT_W_HOST) {
        columns[COLUMN_ALERT].max = EVENT_TITLE_WIDE;
        columns[COLUMN_WHO].min = EVENT_WHO_WIDE;
    }
    if (r.x + r.w >= c->w && (int)v->timeline.n > r.h - 1)
        r.w--; /* no line of a day runs over the arrow */
    grid_draw(&grid, r, c);
    event_days_draw(v, (struct rect){ r.x, r.y + 1, r.w, r.h - 1 }, c);
}

void event_counts(const struct view *v, char out[64])
{
    size_t n = v->timeline.n_events, all = v->board->n_events;
    const char *s = all == 1 ? "" : "s";

    if (n < all)
        snprintf(out, 64, "%zu of %zu record%s", n, all, s);
    else if (all == BOARD_EVENTS)
        snprintf(out, 64, "the newest %zu records", all);
    else
        snprintf(out, 64, "%zu record%s", all, s);
}

void event_foot(const struct view *v, int room, char out[48])
{
    const struct timeline *l = &v->timeline;
    size_t before = 0, seen = 0;

    out[0] = '\0';
    if (room < 1 || l->n <= (size_t)room)
        return;
    for (size_t i = 0; i < l->n && i < (size_t)(l->top + room); i++) {
        before += i < (size_t)l->top && l->rows[i] != EVENT_DAY;
        seen += i >= (size_t)l->top && l->rows[i] != EVENT_DAY;
    }
    snprintf(out, 48, "%zu-%zu of %zu", before + 1, before + seen, l->n_events);
}

/* tui/alert_table.c: one line an alert; columns leave by priority. */
#include "tui/alert_table.h"

#include <stdio.h>
#include <string.h>

#include "tui/alert_list.h"
#include "tui/alert_words.h"
#include "tui/silence_words.h"
#include "widgets/grid.h"

enum alert_column {
    COLUMN_STATE,
    COLUMN_SEVERITY,
    COLUMN_ALERT,
    COLUMN_WHAT,
    COLUMN_VALUE,
    COLUMN_SINCE,
    COLUMN_ACK,
    COLUMN_RUNBOOK,
    COLUMNS
};

enum { ALERT_W_WIDE = 70, ALERT_TITLE_WIDE = 18 }; /* where there is room a title has more of it */

static const struct grid_column alert_columns[COLUMNS] = {
    [COLUMN_STATE] = { .head = "state", .min = 10 },
    [COLUMN_SEVERITY] = { .head = "sev", .min = 5, .max = 9, .leave = 2 },
    [COLUMN_ALERT] = { .head = "alert", .min = 12, .max = 28 },
    [COLUMN_WHAT] = { .head = "about", .min = 12, .max = 18, .leave = 5 },
    [COLUMN_VALUE] = { .head = "value", .min = 16, .leave = 4, .grow = true },
    [COLUMN_SINCE] = { .head = "since", .min = 5, .leave = 1, .right = true },
    [COLUMN_ACK] = { .head = "ack", .min = 8, .max = 16, .leave = 3 },
    [COLUMN_RUNBOOK] = { .head = "runbook", .min = 10, .max = 24, .leave = 6 },
};

/* ---- cells ---- */

static void alert_cell_words(struct grid_cell *out, const struct text *words)
{
    text_clean(out->words, sizeof out->words, text_str(words), words->len, NULL);
}

static void alert_cell_text(const struct text *text, enum style style, struct grid_cell *out)
{
    out->style = text->len ? style : STYLE_DIM;
    out->text = text->len ? text : NULL;
    if (!text->len)
        snprintf(out->words, sizeof out->words, "-");
}

/* What has to be known beside the figure comes before it: the cause, that it flaps, that it is
 * about to end. */
static void alert_cell_value(const struct view *v, const struct alert *a, struct grid_cell *out)
{
    const struct service *root = alert_root(v->board, a);
    const struct text *value = a->state == ALERT_NO_DATA ? &a->note : &a->value;
    enum style style = alert_class(a) >= ALERTS_RESOLVED ? STYLE_DIM : STYLE_PLAIN;
    int64_t left_ms = a->clear_ms + a->keep_ms - v->now_ms;
    struct text words = { 0 };
    char before[64] = "", age[16];

    if (a->state == ALERT_FIRING && a->flapping)
        snprintf(before, sizeof before, "flapping %dx", a->fired_n);
    else if (a->state == ALERT_FIRING && a->no_data_ms > 0)
        snprintf(before, sizeof before, "no data %s", age_words(v->now_ms, a->no_data_ms, age));
    else if (a->state == ALERT_FIRING && a->clear_ms > 0)
        snprintf(before, sizeof before, "clears in %s",
                 left_ms > 0 ? age_format(left_ms, age) : "0s");
    if (alert_class(a) == ALERTS_SILENCED)
        silence_short(board_silenced(v->board, a), &words);
    else if (root)
        text_setf(&words, "by %s%s%s", text_str(service_title(root)), value->len ? " · " : "",
                  text_str(value));
    else if (before[0])
        text_setf(&words, "%s%s%s", before, value->len ? " · " : "", text_str(value));
    if (words.len) {
        alert_cell_words(out, &words);
        out->style = style;
    } else {
        alert_cell_text(value, style, out);
    }
    text_fini(&words);
}

static void alert_cell_ack(const struct view *v, const struct alert *a, struct grid_cell *out)
{
    struct text words = { 0 };

    alert_ack_words(a, v->now_ms, &words);
    alert_cell_words(out, &words);
    out->style = alert_ack_style(a);
    text_fini(&words);
}

static void alert_cell(const struct view *v, const struct alert *a, size_t column,
                       struct grid_cell *out)
{
    const struct service *of = alert_service(v->board, a);
    struct look look = look_alert(a);
    bool calm = alert_class(a) >= ALERTS_RESOLVED;
    static const struct text none = { 0 };
    char since[32];

    switch ((enum alert_column)column) {
    case COLUMN_STATE:
        out->glyph = look.glyph;
        out->glyph_style = look.style;
        out->style = calm ? STYLE_DIM : look.style;
        snprintf(out->words, sizeof out->words, "%.40s", look.word);
        break;
    case COLUMN_SEVERITY:
        alert_cell_text(&a->severity, alert_severity_style(a), out);
        break;
    case COLUMN_ALERT:
        alert_cell_text(alert_title(a),
                        calm                              ? STYLE_DIM
                        : alert_class(a) == ALERTS_FIRING ? STYLE_STRONG
                                                          : STYLE_PLAIN,
                        out);
        break;
    case COLUMN_WHAT:
        alert_cell_text(of ? service_title(of) : &none, calm ? STYLE_DIM : STYLE_PLAIN, out);
        break;
    case COLUMN_VALUE:
        alert_cell_value(v, a, out);
        break;
    case COLUMN_SINCE:
        out->style = calm ? STYLE_DIM : look.style;
        snprintf(out->words, sizeof out->words, "%s", alert_since(a, v->now_ms, since));
        break;
    case COLUMN_ACK:
        alert_cell_ack(v, a, out);
        break;
    case COLUMN_RUNBOOK:
    case COLUMNS:
        alert_cell_text(&a->runbook, STYLE_DIM, out);
        break;
    }
}

/* ---- the list ---- */

static void alert_table_cell(const void *arg, size_t row, size_t column, struct grid_cell *out)
{
    const struct view *v = arg;

    alert_cell(v, alert_list_at(v, row), column, out);
}

static void alert_columns_of(int w, struct grid_column out[COLUMNS])
{
    memcpy(out, alert_columns, sizeof alert_columns);
    if (w >= ALERT_W_WIDE)
        out[COLUMN_ALERT].min = ALERT_TITLE_WIDE;
}

void alert_table_draw(const struct view *v, struct rect r, struct canvas *c)
{
    struct grid_column columns[COLUMNS];
    struct grid grid = { .columns = columns,
                         .n_columns = COLUMNS,
                         .n_rows = v->alerts.n,
                         .cell = alert_table_cell,
                         .arg = v,
                         .head = true,
                         .selected = v->alerts.at,
                         .top = v->alerts.top,
                         .gap = r.w < 50 ? 1 : 2 };

    alert_columns_of(r.w, columns);
    grid_draw(&grid, r, c);
}

static void alert_count(const struct view *v, size_t counts[ALERTS_INACTIVE + 1])
{
    memset(counts, 0, (ALERTS_INACTIVE + 1) * sizeof *counts);
    for (size_t i = 0; i < v->alerts.n; i++)
        counts[alert_class(alert_list_at(v, i))]++;
}

enum style alert_counts(const struct view *v, int room, char out[96])
{
    static const struct {
        const char *word;
        enum style style;
    } kinds[ALERTS_AFFECTED + 1] = { [ALERTS_FIRING] = { "firing", STYLE_CRIT },
                                     [ALERTS_ACKED] = { "acked", STYLE_WARN },
                                     [ALERTS_PENDING] = { "pending", STYLE_WARN },
                                     [ALERTS_NO_DATA] = { "no data", STYLE_UNKNOWN },
                                     [ALERTS_SILENCED] = { "silenced", STYLE_AFFECTED },
                                     [ALERTS_AFFECTED] = { "affected", STYLE_AFFECTED } };
    enum style style = STYLE_DIM;
    size_t counts[ALERTS_INACTIVE + 1], len = 0;

    alert_count(v, counts);
    out[0] = '\0';
    for (int i = 0; i <= ALERTS_AFFECTED; i++) {
        char part[40];

        if (counts[i] == 0)
            continue;
        snprintf(part, sizeof part, "%s%zu %s", len ? " · " : "", counts[i], kinds[i].word);
        if (canvas_cols(out) + canvas_cols(part) > room || len + strlen(part) >= 96)
            break; /* the worst ones are told */
        if (len == 0)
            style = kinds[i].style;
        len += (size_t)snprintf(out + len, 96 - len, "%s", part);
    }
    if (len == 0 && v->alerts.n)
        snprintf(out, 96, "none fires");
    return style;
}

/* ---- in short ---- */

struct alert_panel { /* what its grid asks with */
    const struct view *v;
    size_t fold; /* the row of those that something else explains; past the end = none */
    size_t folded;
};

static struct alert_panel alert_panel(const struct view *v, size_t room)
{
    size_t counts[ALERTS_INACTIVE + 1], n = 0;

    alert_count(v, counts);
    for (int i = 0; i < ALERTS_AFFECTED; i++)
        n += counts[i];
    if (counts[ALERTS_AFFECTED] == 0)
        return (struct alert_panel){ v, SIZE_MAX, 0 };
    return (struct alert_panel){ v, room > 1 && n >= room ? room - 1 : n, counts[ALERTS_AFFECTED] };
}

/* One line for all of them; the causes are few. */
static void alert_panel_fold(const struct alert_panel *p, size_t column, struct grid_cell *out)
{
    const struct service *first = NULL, *root;
    bool others = false;

    for (size_t i = 0; i < p->v->alerts.n; i++) {
        root = alert_root(p->v->board, alert_list_at(p->v, i));
        first = first ? first : root;
        others = others || (root && root != first);
    }
    out->style = STYLE_AFFECTED;
    if (column == COLUMN_STATE) {
        out->glyph = "↳";
        out->glyph_style = STYLE_AFFECTED;
        snprintf(out->words, sizeof out->words, "affected");
    } else if (column == COLUMN_ALERT) {
        snprintf(out->words, sizeof out->words, "%zu alert%s%s", p->folded,
                 p->folded == 1 ? "" : "s", others ? ", by several" : "");
    } else if (column == COLUMN_VALUE && first && !others) {
        struct text words = { 0 };

        text_setf(&words, "by %s", text_str(service_title(first)));
        alert_cell_words(out, &words);
        text_fini(&words);
    }
}

static void alert_panel_cell(const void *arg, size_t row, size_t column, struct grid_cell *out)
{
    const struct alert_panel *p = arg;

    if (row == p->fold)
        alert_panel_fold(p, column, out);
    else
        alert_cell(p->v, alert_list_at(p->v, row), column, out);
}

size_t alert_panel_rows(const struct view *v)
{
    size_t counts[ALERTS_INACTIVE + 1], n;

    alert_count(v, counts);
    n = counts[ALERTS_FIRING] + counts[ALERTS_ACKED] + counts[ALERTS_PENDING] +
        counts[ALERTS_NO_DATA] + counts[ALERTS_SILENCED];
    return n + (counts[ALERTS_AFFECTED] > 0);
}

void alert_panel_draw(const struct view *v, struct rect r, struct canvas *c)
{
    struct alert_panel p = alert_panel(v, r.h > 0 ? (size_t)r.h : 1);
    struct grid_column columns[COLUMNS];
    struct grid grid = { .columns = columns,
                         .n_columns = COLUMNS,
                         .n_rows = alert_panel_rows(v),
                         .cell = alert_panel_cell,
                         .arg = &p,
                         .selected = -1,
                         .gap = r.w < 50 ? 1 : 2 };

    alert_columns_of(r.w, columns);
    grid_draw(&grid, r, c);
}

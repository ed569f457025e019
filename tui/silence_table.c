/* tui/silence_table.c: one line a silence. */
#include "tui/silence_table.h"

#include <stdio.h>
#include <string.h>

#include "tui/silence_words.h"
#include "widgets/frame.h"
#include "widgets/grid.h"

enum silence_column {
    COLUMN_ID,
    COLUMN_MATCH,
    COLUMN_HITS,
    COLUMN_UNTIL,
    COLUMN_WHO,
    COLUMN_WHY,
    COLUMNS
};
enum { SILENCE_ROWS = 4 };

static const struct grid_column silence_columns[COLUMNS] = {
    [COLUMN_ID] = { .head = "silence", .min = 6, .max = 14 },
    [COLUMN_MATCH] = { .head = "hits", .min = 14, .max = 36, .grow = true },
    [COLUMN_HITS] = { .head = "alerts", .min = 6, .leave = 4 },
    [COLUMN_UNTIL] = { .head = "ends", .min = 9, .leave = 1 },
    [COLUMN_WHO] = { .head = "by", .min = 8, .max = 14, .leave = 3 },
    [COLUMN_WHY] = { .head = "why", .min = 10, .max = 60, .leave = 2 },
};

static void silence_cell_words(struct grid_cell *out, const struct text *words)
{
    text_clean(out->words, sizeof out->words, text_str(words), words->len, NULL);
}

static void silence_cell_hits(const struct board *b, const struct silence *s, struct grid_cell *out)
{
    size_t n = 0;

    for (size_t i = 0; i < b->n_alerts; i++)
        n += silence_match_hits(&s->match, b, &b->alerts[i]);
    snprintf(out->words, sizeof out->words, n ? "%zu" : "none", n);
    out->style = n ? STYLE_PLAIN : STYLE_DIM;
}

static void silence_cell(const void *arg, size_t row, size_t column, struct grid_cell *out)
{
    const struct view *v = arg;
    const struct silence *s = &v->board->silences[row];
    struct text words = { 0 };
    char age[16];

    switch ((enum silence_column)column) {
    case COLUMN_ID:
        out->text = &s->id;
        out->style = STYLE_STRONG;
        break;
    case COLUMN_MATCH:
        silence_match_words(&s->match, &words);
        silence_cell_words(out, &words);
        break;
    case COLUMN_HITS:
        silence_cell_hits(v->board, s, out);
        break;
    case COLUMN_UNTIL:
        snprintf(out->words, sizeof out->words, "in %s",
                 age_format(s->until_ms > v->now_ms ? s->until_ms - v->now_ms : 0, age));
        break;
    case COLUMN_WHO:
        text_set(&words, text_str(&s->who), strcspn(text_str(&s->who), "@"));
        silence_cell_words(out, &words);
        break;
    case COLUMN_WHY:
    case COLUMNS:
        out->text = &s->reason;
        break;
    }
    text_fini(&words);
}

int silence_table_rows(const struct view *v)
{
    size_t n = v->board->n_silences;

    return n ? (int)(n < SILENCE_ROWS ? n : SILENCE_ROWS) + 3 : 0;
}

void silence_table_draw(const struct view *v, struct rect r, struct canvas *c)
{
    struct rect in = frame_inside(r);
    size_t n = v->board->n_silences, shown = in.h > 1 ? (size_t)in.h - 1 : 0;
    struct grid grid = { .columns = silence_columns,
                         .n_columns = COLUMNS,
                         .n_rows = n,
                         .cell = silence_cell,
                         .arg = v,
                         .head = true,
                         .selected = -1,
                         .gap = 2 };
    char figure[48], foot[48];

    snprintf(figure, sizeof figure, "%zu", n);
    snprintf(foot, sizeof foot, "%zu more; :unsilence Tab", n > shown ? n - shown : 0);
    frame_draw(&(struct frame){ .title = "Silences",
                                .figure = figure,
                                .figure_style = STYLE_AFFECTED,
                                .foot = n > shown ? foot : ":unsilence ID" },
               r, c);
    grid_draw(&grid, in, c);
}

/* tui/lists.c: rows of services, problems and changes. */
#include "tui/lists.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "tui/alert_words.h"
#include "tui/words.h"
#include "widgets/grid.h"

struct lists_arg {
    const struct view *view;
    const struct row *rows;
};

void list_name(const struct look *look, const struct text *name, struct grid_cell *out)
{
    out->glyph = look->glyph;
    out->glyph_style = look->style;
    out->style = look->style == STYLE_OK ? STYLE_PLAIN : look->style;
    out->text = name;
}

/* Cut at a character: what people write is not ASCII alone. */
static const char *lists_title(const struct service *s, char out[32])
{
    const struct text *title = service_title(s);

    text_clean(out, 32, text_str(title), title->len, NULL);
    return out;
}

static void lists_words(struct grid_cell *out, const char *words)
{
    text_clean(out->words, sizeof out->words, words, strlen(words), NULL);
}

/* Is the cause a row above in the same list? */
static bool lists_below_root(const struct row *rows, size_t row, int root)
{
    if (rows[row].depth == 0)
        return false;
    while (row > 0)
        if (rows[--row].service == root)
            return true;
    return false;
}

/* The reason; with the cause before it where the list does not show it. */
static void lists_reason(const struct lists_arg *a, size_t row, const struct service *s,
                         struct grid_cell *out)
{
    const struct service *root = service_root(a->view->board, s);
    char words[256], title[32];

    if (root && lists_below_root(a->rows, row, s->affected_by))
        root = NULL;

    out->style = s->state == STATE_UP || s->state == STATE_DISABLED || s->evidence_ms == 0
                     ? STYLE_DIM
                     : STYLE_PLAIN;
    if (root) {
        snprintf(words, sizeof words, "by %s%s%s", lists_title(root, title),
                 s->reason.len ? " · " : "", text_str(&s->reason));
        lists_words(out, words);
    } else {
        out->text = &s->reason;
    }
}

static void services_name(const struct service *s, const struct look *look, int depth,
                          struct grid_cell *out)
{
    out->indent = depth * 2;
    list_name(look, service_title(s), out);
    for (size_t i = 0; i < s->n_readings && !out->suffix; i++)
        if (s->readings[i].insecure) { /* a mark that stays, at any width */
            out->suffix = "!tls";
            out->suffix_style = STYLE_WARN;
        }
}

/* What it stands on. */
static void services_needs(const struct board *b, const struct service *s, struct grid_cell *out)
{
    char words[256] = "", title[32];
    size_t n = 0;

    for (size_t i = 0; i < s->n_deps && n + 40 < sizeof words; i++)
        if (s->deps[i] < b->n_services)
            n += (size_t)snprintf(words + n, sizeof words - n, "%s%s", i ? ", " : "",
                                  lists_title(&b->services[s->deps[i]], title));
    lists_words(out, words);
}

static void services_cell(const void *arg, size_t row, size_t column, struct grid_cell *out)
{
    const struct lists_arg *a = arg;
    const struct view *v = a->view;
    const struct service *s = &v->board->services[a->rows[row].service];
    struct look look = look_service(v->board, s);

    out->style = look.style;
    switch (column) {
    case 0:
        services_name(s, &look, a->rows[row].depth < 6 ? a->rows[row].depth : 6, out);
        break;
    case 1:
        snprintf(out->words, sizeof out->words, "%.40s", look.word);
        break;
    case 2:
        lists_reason(a, row, s, out);
        break;
    case 3:
        out->style = look.style == STYLE_OK ? STYLE_DIM : look.style;
        age_words(v->now_ms, s->since_ms, out->words);
        break;
    case 4:
        out->style = STYLE_DIM;
        age_words(v->now_ms, s->evidence_ms, out->words);
        break;
    case 5:
        out->style = STYLE_DIM;
        out->text = &s->version;
        break;
    default:
        out->style = STYLE_DIM;
        services_needs(v->board, s, out);
    }
}

void services_draw(const struct view *v, enum lists_order order, int selected, struct rect r,
                   struct canvas *c)
{
    static const struct grid_column few[] = {
        { .head = "service", .min = 10, .max = 32 },
        { .head = "state", .min = 8, .max = 14 },
        { .head = "reason", .min = 8, .max = 48, .leave = 2, .grow = true },
        { .head = "since", .min = 5, .leave = 1, .right = true },
    };
    /* Where there is room, why something is wrong is worth more of it than what else is known. */
    const struct grid_column all[] = {
        { .head = "service", .min = 10, .max = 32 },
        { .head = "state", .min = 8, .max = 14 },
        { .head = "reason", .min = r.w < 60 ? 8 : 24, .max = 48, .leave = 2, .grow = true },
        { .head = "since", .min = 5, .leave = 1, .right = true },
        { .head = "answer", .min = 6, .leave = 3, .right = true },
        { .head = "version", .min = 7, .max = 20, .leave = 4 },
        { .head = "needs", .min = 8, .max = 40, .leave = 5 },
    };
    bool tree = order == LISTS_TREE;
    struct lists_arg arg = { v, tree ? v->tree : v->overview };

    grid_draw(&(struct grid){ .columns = tree ? all : few,
                              .n_columns = tree ? 7 : 4,
                              .n_rows = tree ? v->n_tree : v->n_overview,
                              .cell = services_cell,
                              .arg = &arg,
                              .head = tree,
                              .selected = selected,
                              .top = tree ? v->tree_top : v->overview_top,
                              .gap = r.w < 50 ? 1 : 2 },
              r, c);
}

/* Adds "2 down" while there is room for it. */
static void services_count(char out[96], int *room, size_t n, const char *word)
{
    size_t len = strlen(out);
    char words[48];

    if (n == 0)
        return;
    snprintf(words, sizeof words, "%s%zu %s", len ? " · " : "", n, word);
    *room -= (int)strlen(words);
    if (*room >= 0)
        snprintf(out + len, 96 - len, "%s", words);
}

enum style services_counts(const struct view *v, int room, char out[96])
{
    static const enum state order[] = { STATE_DOWN,    STATE_DEGRADED, STATE_STALE,
                                        STATE_UNKNOWN, STATE_DISABLED, STATE_UP };
    size_t n[STATE_COUNT] = { 0 }, affected = 0;
    enum style style = STYLE_OK;

    out[0] = '\0';
    for (size_t i = 0; i < v->board->n_services; i++) {
        const struct service *s = &v->board->services[i];

        if (service_root(v->board, s))
            affected++;
        else
            n[s->state]++;
    }
    for (size_t k = 0; k < sizeof order / sizeof *order; k++) {
        if (n[order[k]] > 0 && !*out)
            style = look_state(order[k]).style;
        if (order[k] != STATE_UP || !*out || n[STATE_DOWN] == 0)
            services_count(out, &room, n[order[k]], state_word(order[k]));
        if (k == 0)
            services_count(out, &room, affected, "affected");
    }
    return style;
}

/* -- problems -- */

static void problems_signal(const struct signal *s, size_t column, struct grid_cell *out)
{
    char figure[64], limit[32], note[96];
    double over = s->level == LEVEL_CRIT ? s->crit : s->warn;

    if (column == 1) {
        snprintf(out->words, sizeof out->words, "%s",
                 s->level == LEVEL_CRIT ? "critical" : "warning");
        return;
    }
    out->style = STYLE_PLAIN;
    signal_figure(s, figure);
    signal_note(s, note);
    if (isnan(over))
        snprintf(out->words, sizeof out->words, "%.40s %.50s", figure, note);
    else
        snprintf(out->words, sizeof out->words, "%.40s %s %s%s%.30s", figure,
                 s->low_is_bad ? "≤" : "≥", quantity_format(over, s->unit, limit),
                 *note ? " · " : "", note);
}

/* Of a reading. One that is not down yet says how far it is where its state stands, so that what is
 * wrong comes first in the words that a narrow panel cuts. */
static void problems_reading(const struct reading *r, size_t column, struct grid_cell *out)
{
    const char *reason = text_str(&r->reason);
    char failing[48];
    int n = snprintf(failing, sizeof failing, "failing %d/%d: ", r->failing, r->fail_after);
    bool split = r->state == STATE_DEGRADED && strncmp(reason, failing, (size_t)n) == 0;

    if (column == 1) {
        snprintf(out->words, sizeof out->words, "%.*s", split ? n - 2 : 40,
                 split ? failing : look_state(r->state).word);
        return;
    }
    out->style = STYLE_PLAIN;
    if (split)
        lists_words(out, reason + n);
    else
        out->text = &r->reason;
}

static void problems_cell(const void *arg, size_t row, size_t column, struct grid_cell *out)
{
    const struct view *v = ((const struct lists_arg *)arg)->view;
    const struct pick *p = &v->problems[row];
    const struct service *s = &v->board->services[p->service];
    const struct reading *r = &s->readings[p->reading];
    const struct signal *signal = p->signal >= 0 ? &r->signals[p->signal] : NULL;
    struct look look = look_state(r->state);
    struct text name = { 0 };

    if (signal) {
        look.style = style_level(signal->level);
        look.glyph = signal->level == LEVEL_CRIT ? "✗" : "!";
    }
    if (service_root(v->board, s)) {
        look.style = STYLE_AFFECTED;
        look.glyph = "↳";
    }
    out->style = look.style;
    if (column == 0) {
        out->glyph = look.glyph;
        out->glyph_style = look.style;
        signal_label(s, r, signal, &name);
        lists_words(out, text_str(&name));
        text_fini(&name);
    } else if (column == 3) {
        age_words(v->now_ms, signal && signal->since_ms ? signal->since_ms : r->since_ms,
                  out->words);
    } else if (signal) {
        problems_signal(signal, column, out);
    } else {
        problems_reading(r, column, out);
    }
}

/* Columns that no state of theirs is cut in. */
static int problems_state_cols(const struct view *v)
{
    int widest = 8;

    for (size_t i = 0; i < v->n_problems; i++) {
        const struct pick *p = &v->problems[i];
        struct grid_cell cell = { 0 };

        if (p->signal < 0)
            problems_reading(&v->board->services[p->service].readings[p->reading], 1, &cell);
        widest = canvas_cols(cell.words) > widest ? canvas_cols(cell.words) : widest;
    }
    return widest;
}

void problems_draw(const struct view *v, int selected, struct rect r, struct canvas *c)
{
    const struct grid_column columns[] = {
        { .head = "", .min = 18, .max = 34 },
        { .head = "", .min = problems_state_cols(v), .max = 14, .leave = 3 },
        { .head = "", .min = 16, .leave = 0, .grow = true },
        { .head = "", .min = 5, .leave = 2, .right = true },
    };
    struct lists_arg arg = { v, NULL };
    const struct alert *worst;

    if (v->n_problems == 0) {
        if (v->board->verdict.connecting)
            canvas_put(c, r.x, r.y, r.w, STYLE_UNKNOWN, "? no answers yet");
        else if (v->filter[0] || v->problems_only)
            canvas_put(c, r.x, r.y, r.w, STYLE_DIM, "nothing wrong among these");
        else if (alerts_firing(v->board, &worst))
            canvas_put(c, r.x, r.y, r.w, STYLE_DIM, "no probe is wrong, yet an alert fires");
        else if (v->board->verdict.state == STATE_UP)
            canvas_put(c, r.x, r.y, r.w, STYLE_OK, "nothing is wrong");
        else
            canvas_put(c, r.x, r.y, r.w, STYLE_DIM, "nothing is known to be wrong");
        return;
    }
    grid_draw(&(struct grid){ .columns = columns,
                              .n_columns = 4,
                              .n_rows = v->n_problems,
                              .cell = problems_cell,
                              .arg = &arg,
                              .selected = selected,
                              .top = v->problems_top,
                              .gap = r.w < 50 ? 1 : 2 },
              r, c);
}

/* -- changes -- */

void changes_draw(const struct view *v, struct rect r, struct canvas *c)
{
    const struct board *b = v->board;

    for (int line = 0; line < r.h && (size_t)line < b->n_marks; line++) {
        const struct mark *m = &b->marks[b->n_marks - 1 - (size_t)line];
        int x = r.x, y = r.y + line, end = r.x + r.w;
        char age[16], stamp[32];

        clock_format_utc(m->at_ms, stamp);
        canvas_put_right(c, end - 6, y, 6, STYLE_DIM, age_words(v->now_ms, m->at_ms, age));
        end -= 8;
        if (r.w >= 50)
            x += canvas_put(c, x, y, 9, STYLE_DIM, stamp) + 1;
        x += canvas_put(c, x, y, 2, STYLE_MARK, "▴ ");
        if (m->service >= 0 && (size_t)m->service < b->n_services)
            x += 1 + canvas_text(c, x, y, (end - x) / 2, STYLE_PLAIN,
                                 service_title(&b->services[m->service]));
        if (m->kind != MARK_RESTART) /* its label begins with the word */
            x += 1 + canvas_put(c, x, y, end - x, STYLE_MARK, mark_word(m->kind));
        canvas_text(c, x, y, end - x, STYLE_PLAIN, &m->label);
    }
}

const char *list_empty(const struct view *v, const char *none)
{
    if (v->filter[0])
        return "nothing matches the filter; Esc lifts it";
    return v->problems_only ? "nothing wrong among these; e shows all" : none;
}

const char *list_foot(int top, size_t n, int room, char out[48])
{
    out[0] = '\0';
    if (room > 0 && (size_t)room < n)
        snprintf(out, 48, "%d-%d of %zu", top + 1, top + room < (int)n ? top + room : (int)n, n);
    return out;
}

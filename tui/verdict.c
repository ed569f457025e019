/* tui/verdict.c: what is wrong, where it comes from, since when, and who has it. */
#include "tui/verdict.h"

#include <stdio.h>

#include "tui/alert_words.h"
#include "tui/words.h"

static const struct service *verdict_root(const struct board *b)
{
    int root = b->verdict.root;

    return root >= 0 && (size_t)root < b->n_services ? &b->services[root] : NULL;
}

const struct alert *verdict_alert(const struct board *b)
{
    const struct alert *worst;

    if (verdict_root(b) || b->verdict.blind || b->verdict.connecting)
        return NULL;
    alerts_firing(b, &worst);
    return worst;
}

enum style verdict_style(const struct board *b)
{
    static const enum style styles[STATE_COUNT] = {
        [STATE_UNKNOWN] = STYLE_VERDICT_UNKNOWN, [STATE_UP] = STYLE_VERDICT_OK,
        [STATE_DEGRADED] = STYLE_VERDICT_WARN,   [STATE_DOWN] = STYLE_VERDICT_CRIT,
        [STATE_STALE] = STYLE_VERDICT_UNKNOWN,   [STATE_DISABLED] = STYLE_VERDICT_UNKNOWN,
    };
    const struct verdict *d = &b->verdict;

    if (d->connecting || d->blind)
        return STYLE_VERDICT_UNKNOWN;
    if (d->state == STATE_UP && !verdict_alert(b) && alerts_silenced(b))
        return STYLE_VERDICT_UNKNOWN; /* nobody is told, and yet it is wrong: never green */
    return d->state == STATE_UP && verdict_alert(b) ? STYLE_VERDICT_WARN : styles[d->state];
}

/* The profile's own word. Beside an alert it is not all, and of too little room for both the alert
 * stays. */
static void verdict_word(const struct board *b, int room, struct text *out)
{
    struct text word = { 0 };
    const struct alert *worst;
    size_t n;

    if (b->verdict.connecting) {
        text_setf(out, "connecting %zu/%zu", board_n_answered(b), board_n_readings(b));
        return;
    }
    if (b->verdict.word.len)
        text_copy(&word, &b->verdict.word);
    else
        text_sets(&word, look_state(b->verdict.state).word);
    words_upper(&word, out);
    if (verdict_alert(b)) {
        n = alerts_firing(b, &worst);
        text_setf(&word, "%s · %zu ALERT%s", text_str(out), n, n == 1 ? "" : "S");
        if (word.cols <= room)
            text_copy(out, &word);
        else
            text_setf(out, "%zu ALERT%s", n, n == 1 ? "" : "S");
    }
    if (!verdict_alert(b) && !verdict_root(b) && alerts_silenced(b)) {
        text_setf(&word, "%s · %zu SILENCED", text_str(out), alerts_silenced(b));
        if (word.cols <= room)
            text_copy(out, &word);
    }
    text_fini(&word);
}

/* -- what goes to the right: how much the root explains, whether it is the only one, who has it --
 */

struct verdict_rest {
    char words[96];
    struct text ack; /* "ack: nobody" of the most urgent alert; empty = none fires */
    enum style style;
    int cols;
};

enum verdict_more { MORE_ALL, MORE_NO_OTHERS, MORE_ALERTS, MORE_ACK, MORES };

static void verdict_words(const struct board *b, enum verdict_more more, char out[96])
{
    const struct verdict *d = &b->verdict;
    const struct alert *worst;
    size_t n = alerts_firing(b, &worst), len = 0;

    out[0] = '\0';
    if (more <= MORE_NO_OTHERS && d->hides > 0)
        len += (size_t)snprintf(out, 96, "hides %d", d->hides);
    if (more == MORE_ALL && d->others > 0)
        len += (size_t)snprintf(out + len, 96 - len, "%s%d other problem%s", len ? " · " : "",
                                d->others, d->others == 1 ? "" : "s");
    if (more <= MORE_ALERTS && n > 1 && !verdict_alert(b))
        len += (size_t)snprintf(out + len, 96 - len, "%s%zu alerts", len ? " · " : "", n);
    if (more <= MORE_ALERTS && alerts_silenced(b) && (verdict_alert(b) || verdict_root(b)))
        snprintf(out + len, 96 - len, "%s%zu silenced", len ? " · " : "", alerts_silenced(b));
}

static void verdict_ack(const struct view *v, struct verdict_rest *rest)
{
    const struct alert *worst;
    struct text who = { 0 };

    if (alerts_firing(v->board, &worst) == 0)
        return;
    alert_ack_words(worst, v->now_ms, &who);
    if (!text_is(&who, "-")) { /* what something else explains needs nobody */
        text_setf(&rest->ack, "ack: %s", text_str(&who));
        rest->style = worst->ack.at_ms > 0 ? STYLE_DIM : STYLE_CRIT;
    }
    text_fini(&who);
}

static void verdict_rest_fini(struct verdict_rest *rest)
{
    text_fini(&rest->ack);
}

static void verdict_measure(struct verdict_rest *rest)
{
    int words = canvas_cols(rest->words);

    rest->cols = words + (words && rest->ack.cols ? 3 : 0) + rest->ack.cols;
}

enum {
    VERDICT_KEEP = 12
}; /* columns that stay for the middle; who has it comes before even that */

/* The most of it that fits into `room`; false = nothing. Without an alert it is all or nothing. */
static bool verdict_fit(const struct board *b, int room, struct verdict_rest *rest)
{
    for (int more = MORE_ALL; more < (rest->ack.len ? MORES : MORE_NO_OTHERS); more++) {
        verdict_words(b, (enum verdict_more)more, rest->words);
        verdict_measure(rest);
        if (rest->cols > 0 && rest->cols < room - (more == MORE_ACK ? 0 : VERDICT_KEEP))
            return true;
    }
    return false;
}

static void verdict_draw_rest(const struct verdict_rest *rest, int x, int y, struct canvas *c)
{
    x += canvas_put(c, x, y, rest->cols, STYLE_DIM, rest->words);
    if (rest->words[0] && rest->ack.len)
        x += canvas_put(c, x, y, 3, STYLE_DIM, " · ");
    canvas_text(c, x, y, rest->ack.cols, rest->style, &rest->ack);
}

/* -- what stands in the middle -- */

static void verdict_calm(const struct view *v, char out[96])
{
    const struct board *b = v->board;
    size_t up = 0, off = 0, n;
    char age[16];

    for (size_t i = 0; i < b->n_services; i++) {
        up += b->services[i].state == STATE_UP;
        off += b->services[i].state == STATE_DISABLED;
    }
    if (up == b->n_services)
        n = (size_t)snprintf(out, 96, up == 1 ? "%zu service up" : "all %zu services up", up);
    else
        n = (size_t)snprintf(out, 96, "%zu of %zu services up", up, b->n_services);
    if (up == b->n_services && b->verdict.since_ms > 0)
        snprintf(out + n, 96 - n, " for %s", age_words(v->now_ms, b->verdict.since_ms, age));
    else if (off)
        snprintf(out + n, 96 - n, ", %zu switched off", off);
}

/* What it is about, where that is no service: the figure, and how severe. */
static void verdict_alert_words(const struct alert *a, struct text *out)
{
    text_setf(out, "%s%s%s", text_str(&a->value), a->value.len && a->severity.len ? " · " : "",
              text_str(&a->severity));
}

static void verdict_middle(const struct view *v, struct rect r, struct canvas *c)
{
    const struct board *b = v->board;
    const struct alert *alert = verdict_alert(b);
    struct text words = { 0 };
    char calm[96] = "", age[16];

    if (b->verdict.blind)
        snprintf(calm, sizeof calm, "this console cannot reach the network for %s",
                 age_words(v->now_ms, b->unreachable_since_ms, age));
    else if (b->verdict.connecting)
        snprintf(calm, sizeof calm, "waiting for first answers");
    else if (alert)
        verdict_alert_words(alert, &words);
    else if (!verdict_root(b))
        verdict_calm(v, calm);
    if (*calm)
        canvas_put(c, r.x, r.y, r.w, STYLE_DIM, calm);
    else if (alert)
        canvas_text(c, r.x, r.y, r.w, STYLE_WARN, &words);
    else if (b->verdict.detail.len)
        canvas_text(c, r.x, r.y, r.w, STYLE_PLAIN, &b->verdict.detail);
    else
        canvas_text(c, r.x, r.y, r.w, STYLE_PLAIN, &verdict_root(b)->reason);
    text_fini(&words);
}

/* -- the line -- */

static enum style verdict_ink(const struct verdict *d)
{
    return d->state == STATE_DOWN                               ? STYLE_CRIT
           : d->state == STATE_DEGRADED || d->state == STATE_UP ? STYLE_WARN
                                                                : STYLE_UNKNOWN;
}

/* Name and age; a long name is cut before the age is. Returns the columns used. */
static int verdict_name(const struct view *v, const struct text *name, int64_t since_ms,
                        struct rect r, struct canvas *c)
{
    char age[16];
    int x = r.x, end = r.x + r.w, room, cols;

    age_words(v->now_ms, since_ms, age);
    cols = since_ms > 0 ? canvas_cols(age) + 1 : 0;
    room = r.w - 1 - cols;
    x += 1 + canvas_text(c, x + 1, r.y, room > 5 ? room : r.w - 1, STYLE_STRONG, name);
    if (since_ms > 0 && (room > 5 || x + 5 < end))
        x += 1 + canvas_put(c, x + 1, r.y, end - x - 1, verdict_ink(&v->board->verdict), age);
    return x - r.x;
}

/* Badge, name, age: what must be seen at any width. Returns the first free column. */
static int verdict_head(const struct view *v, struct rect r, struct canvas *c)
{
    const struct board *b = v->board;
    const struct service *root = b->verdict.blind ? NULL : verdict_root(b);
    const struct alert *alert = verdict_alert(b);
    enum style style = verdict_style(b);
    struct text word = { 0 };
    int x = r.x, end = r.x + r.w;

    verdict_word(b, r.w - 2, &word);
    if (r.w > word.cols + 1)
        x += canvas_put(c, x, r.y, 1, style, " ");
    x += canvas_text(c, x, r.y, end - x, style, &word);
    if (x < end)
        x += canvas_put(c, x, r.y, 1, style, " ");
    text_fini(&word);
    r.w = end - x;
    r.x = x;
    if (root && x + 2 < end)
        x += verdict_name(v, service_title(root), b->verdict.since_ms, r, c);
    else if (alert && x + 2 < end)
        x += verdict_name(v, alert_title(alert), alert->since_ms, r, c);
    return x;
}

/* Two rows: who has it stands in the first one if there is room, how much it hides in the other. */
static void verdict_draw_narrow(const struct view *v, struct rect r, int x, struct canvas *c)
{
    const struct board *b = v->board;
    struct verdict_rest rest = { 0 };

    verdict_ack(v, &rest);
    if (rest.ack.cols && rest.ack.cols <= r.x + r.w - x)
        canvas_text(c, r.x + r.w - rest.ack.cols, r.y, rest.ack.cols, rest.style, &rest.ack);
    text_sets(&rest.ack, "");
    r.y++;
    for (int more = MORE_ALL; more <= MORE_NO_OTHERS; more++) {
        int keep = 2 + b->verdict.detail.cols;

        verdict_words(b, (enum verdict_more)more, rest.words);
        verdict_measure(&rest);
        if (rest.cols > 0 && rest.cols + keep < r.w) {
            verdict_draw_rest(&rest, r.x + r.w - rest.cols, r.y, c);
            r.w -= rest.cols + 2;
            break;
        }
    }
    verdict_middle(v, r, c);
    verdict_rest_fini(&rest);
}

void verdict_draw(const struct view *v, struct rect r, struct canvas *c)
{
    int x = verdict_head(v, (struct rect){ r.x, r.y, r.w, 1 }, c) + 2, end = r.x + r.w - 1;
    struct verdict_rest rest = { 0 };

    if (r.h > 1) {
        verdict_draw_narrow(v, r, x, c);
        return;
    }
    verdict_ack(v, &rest);
    if (verdict_fit(v->board, end - x, &rest)) {
        verdict_draw_rest(&rest, end - rest.cols, r.y, c);
        end -= rest.cols + 2;
    }
    if (x < end)
        verdict_middle(v, (struct rect){ x, r.y, end - x, 1 }, c);
    verdict_rest_fini(&rest);
}

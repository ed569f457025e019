/* app/status.c: the board as a readable report. Only `struct text` and words of ours are written.
 */
#include "app/status.h"

#include "core/ascii.h"
#include "core/unit.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

struct status { /* one report being written */
    const struct board *board;
    struct buf *out;
    bool ascii;
    int id_cols;
};

/* In ASCII a character takes the columns that it had: what stands below each other stays so. */
static void status_put(const struct status *s, const char *utf8)
{
    for (size_t len = strlen(utf8), n; len; utf8 += n, len -= n) {
        uint32_t cp;

        n = utf8_next(utf8, len, &cp);
        if (!s->ascii || cp < 0x80)
            buf_add(s->out, utf8, n);
        else
            for (int k = cp_width(cp); k > 0; k--)
                buf_addc(s->out, cp_ascii(cp));
    }
}

static void status_cell(const struct status *s, const struct text *t, int cols)
{
    status_put(s, text_str(t));
    for (int i = t->cols; i < cols; i++)
        buf_addc(s->out, ' ');
}

static const char *status_glyph(const struct status *s, const struct service *v)
{
    static const char *const utf8[STATE_COUNT] = {
        [STATE_UNKNOWN] = "?",         [STATE_UP] = "\xe2\x97\x8f", [STATE_DEGRADED] = "!",
        [STATE_DOWN] = "\xe2\x9c\x97", [STATE_STALE] = "~",         [STATE_DISABLED] = "-",
    };
    static const char *const ascii[STATE_COUNT] = {
        [STATE_UNKNOWN] = "?", [STATE_UP] = "*",    [STATE_DEGRADED] = "!",
        [STATE_DOWN] = "x",    [STATE_STALE] = "~", [STATE_DISABLED] = "-",
    };

    return (s->ascii ? ascii : utf8)[v->state];
}

static void status_reading(const struct status *s, const struct reading *r)
{
    char value[32], age[16], share[72];
    const struct signal *main = r->n_signals ? &r->signals[0] : NULL;

    buf_adds(s->out, "      ");
    status_cell(s, &r->name, s->id_cols - 2); /* its state stands below that of the service */
    buf_addf(s->out, "  %-9s", state_word(r->state));
    if (main && main->known) {
        quantity_format(main->value, main->unit, value);
        buf_adds(s->out, "  ");
        if (main->above)
            buf_addc(s->out, '>');
        status_put(s, value);
        if (main->unit_word.len) {
            buf_addc(s->out, ' ');
            status_put(s, text_str(&main->unit_word));
        }
        if (!isnan(main->num) && !isnan(main->den))
            buf_addf(s->out, " (%s)", share_format(main->num, main->den, main->share_unit, share));
    }
    if (r->reason.len) {
        buf_adds(s->out, "  ");
        status_put(s, text_str(&r->reason));
    }
    if (r->insecure)
        buf_adds(s->out, "  [TLS NOT VERIFIED]");
    if (r->evidence_ms && s->board->at_ms - r->evidence_ms >= 1000)
        buf_addf(s->out, "  (%s ago)", age_format(s->board->at_ms - r->evidence_ms, age));
    buf_addc(s->out, '\n');
}

static void status_service(const struct status *s, const struct service *v)
{
    buf_adds(s->out, "  ");
    status_put(s, status_glyph(s, v));
    buf_addc(s->out, ' ');
    status_cell(s, &v->title, s->id_cols);
    buf_addf(s->out, "  %-9s", v->affected_by >= 0 ? "affected" : state_word(v->state));
    buf_adds(s->out, "  ");
    if (v->affected_by >= 0) {
        buf_addf(s->out, "%s, by ", state_word(v->state));
        status_put(s, text_str(&s->board->services[v->affected_by].title));
        buf_adds(s->out, ": ");
    }
    status_put(s, text_str(&v->reason));
    buf_addc(s->out, '\n');
    for (size_t k = 0; k < v->n_readings; k++)
        status_reading(s, &v->readings[k]);
}

static void status_verdict(const struct status *s)
{
    const struct verdict *v = &s->board->verdict;
    size_t n = board_n_readings(s->board);

    status_put(s, text_str(&v->word));
    if (v->root >= 0) {
        buf_adds(s->out, "  ");
        status_put(s, text_str(&s->board->services[v->root].title));
    }
    if (v->detail.len) {
        buf_adds(s->out, "  ");
        status_put(s, text_str(&v->detail));
    } else if (v->state == STATE_UP) {
        size_t all = s->board->n_services;

        buf_addf(s->out, "  %s%zu service%s, %zu probe%s", all == 1 ? "" : "all ", all,
                 all == 1 ? "" : "s", n, n == 1 ? "" : "s");
    }
    if (v->hides)
        buf_addf(s->out, " - hides %d", v->hides);
    if (v->others)
        buf_addf(s->out, " - and %d more", v->others);
    buf_addc(s->out, '\n');
}

void status_write(const struct board *b, bool ascii, struct buf *out)
{
    struct status s = { .board = b, .out = out, .ascii = ascii, .id_cols = 8 };
    char when[32];

    for (size_t i = 0; i < b->n_services; i++) {
        const struct service *v = &b->services[i];

        if (v->title.cols > s.id_cols && v->title.cols <= 32)
            s.id_cols = v->title.cols;
        for (size_t k = 0; k < v->n_readings; k++) {
            int cols = v->readings[k].name.cols + 2;

            if (cols > s.id_cols && cols <= 32)
                s.id_cols = cols;
        }
    }
    status_verdict(&s);
    status_put(&s, text_str(&b->watch));
    buf_adds(out, "  ");
    status_put(&s, text_str(&b->environment));
    buf_addf(out, "  %s\n\n", stamp_format_utc(b->at_ms, when));
    for (size_t i = 0; i < b->n_services; i++)
        status_service(&s, &b->services[i]);
}

int status_code(const struct board *b)
{
    switch (b->verdict.state) {
    case STATE_UP:
    case STATE_DISABLED:
        return 0;
    case STATE_DEGRADED:
        return 1;
    case STATE_DOWN:
        return 2;
    case STATE_UNKNOWN:
    case STATE_STALE:
        break;
    }
    return 3;
}

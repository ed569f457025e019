/* widgets/bars.c: sparkline, gauge, phases. */
#include "widgets/bars.h"

#include <math.h>
#include <stdio.h>

const char *const bars_eighths[9] = { " ", "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█" };

/* The ratio is cut before it becomes an integer: beyond INT_MAX that would be anything. */
int bars_fill(double value, double max, int cells)
{
    double share = value / max;

    return share >= 1 ? cells : share > 0 ? (int)(share * cells + 0.5) : 0;
}

enum style bars_style(double v, double warn, double crit, bool low_is_bad)
{
    if (isnan(v))
        return STYLE_UNKNOWN;
    if (!isnan(crit) && (low_is_bad ? v <= crit : v >= crit))
        return STYLE_CRIT;
    if (!isnan(warn) && (low_is_bad ? v <= warn : v >= warn))
        return STYLE_WARN;
    return STYLE_OK;
}

static double spark_top(const struct spark *s)
{
    double top = s->top;

    if (!isnan(top) && top > 0)
        return top;
    top = 0;
    for (size_t i = 0; i < s->n; i++)
        if (s->spans[i].n && s->spans[i].mean > top)
            top = s->spans[i].mean;
    return top;
}

void spark_draw(const struct spark *s, struct rect r, struct canvas *c)
{
    double top = spark_top(s);

    for (int x = 0; x < r.w && r.h > 0 && s->n > 0; x++) {
        const struct series_span *span = &s->spans[(size_t)x * s->n / (size_t)r.w];
        enum style style;
        int eighth;

        if (span->n == 0)
            continue;
        eighth = top > 0 ? 1 + bars_fill(span->mean, top, 7) : 1;
        style = bars_style(span->mean, s->warn, s->crit, s->low_is_bad);
        canvas_put(c, r.x + x, r.y, 1, style == STYLE_OK ? STYLE_AREA : style,
                   bars_eighths[eighth]);
    }
}

void gauge_draw(const struct gauge *g, struct rect r, struct canvas *c)
{
    int full;

    if (r.w <= 0 || r.h <= 0)
        return;
    if (isnan(g->value) || isnan(g->max) || g->max <= 0) {
        canvas_fill(c, (struct rect){ r.x, r.y, r.w, 1 }, "?", STYLE_UNKNOWN);
        return;
    }
    full = bars_fill(g->value, g->max, r.w);
    if (full == 0 && g->value > 0)
        full = 1;
    canvas_fill(c, (struct rect){ r.x, r.y, r.w, 1 }, "─", STYLE_FRAME);
    canvas_fill(c, (struct rect){ r.x, r.y, full, 1 }, "━", g->style);
    if (!isnan(g->mark) && g->mark > 0 && g->mark < g->max) {
        int at = (int)(g->mark / g->max * r.w);

        if (at >= full && at < r.w)
            canvas_put(c, r.x + at, r.y, 1, STYLE_DIM, "┼");
    }
}

struct phase {
    const char *name, *glyph;
    enum style style;
    int32_t us; /* its own share; -1 = not there */
};

enum { PHASES = 5 };

/* From times since the start to shares. */
static int phases_split(const struct phases *p, struct phase out[PHASES])
{
    static const struct {
        const char *name, *glyph;
        enum style style;
    } kinds[PHASES] = { { "dns", "░", STYLE_UNKNOWN },
                        { "connect", "▒", STYLE_MARK },
                        { "tls", "▓", STYLE_STALE },
                        { "wait", "█", STYLE_AREA },
                        { "body", "▄", STYLE_DIM } };
    int32_t ends[PHASES] = { p->dns_us, p->connect_us, p->tls_us, p->first_byte_us, p->total_us };
    int32_t before = 0;
    int n = 0;

    for (int i = 0; i < PHASES; i++) {
        if (ends[i] < before || (ends[i] == before && n > 0)) /* not reached, or nothing of it */
            continue;
        out[n++] =
            (struct phase){ kinds[i].name, kinds[i].glyph, kinds[i].style, ends[i] - before };
        before = ends[i];
    }
    if (n > 0 && p->first_byte_us < 0 && p->total_us >= 0)
        out[n - 1].name = "no answer"; /* refused or waited for in vain: no body came */
    return n;
}

int phases_draw(const struct phases *p, struct rect r, struct canvas *c)
{
    struct phase phase[PHASES];
    int n = phases_split(p, phase), x = r.x, left = r.w;
    int64_t sum = 0;

    for (int i = 0; i < n; i++)
        sum += phase[i].us;
    if (sum <= 0 || r.w < 8 || r.h < 2)
        return 0;
    for (int i = 0; i < n; i++) {
        int w = (int)(phase[i].us * (int64_t)r.w / sum);

        w = w < 1 ? 1 : w;
        w = i == n - 1 || w > left ? left : w;
        canvas_fill(c, (struct rect){ x, r.y, w, 1 }, phase[i].glyph, phase[i].style);
        x += w;
        left -= w;
    }
    x = r.x;
    for (int i = 0; i < n; i++) {
        char figure[32], words[64];
        int room = r.x + r.w - x;

        quantity_format(phase[i].us / 1000.0, UNIT_MS, figure);
        snprintf(words, sizeof words, "%s %s", phase[i].name, figure);
        if (room < 12)
            break;
        canvas_put(c, x, r.y + 1, 1, phase[i].style, phase[i].glyph);
        x += 2 + canvas_put(c, x + 2, r.y + 1, room - 2, STYLE_DIM, words) + 2;
    }
    return 2;
}

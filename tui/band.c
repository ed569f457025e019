/* tui/band.c: the frame of every screen, but for the verdict line (tui/verdict.c). */
#include "tui/band.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "tui/alert_words.h"
#include "tui/verdict.h"
#include "tui/words.h"

enum {
    BAND_LIVE_MS = 3500,           /* a collector turns at least once a second */
    BAND_DAY_MS = 12 * 3600 * 1000 /* a clock alone would be taken for today's */
};

struct layout layout_of(int w, int h, bool notice)
{
    struct layout l = { .tiny = w < 40 || h < 12 };
    int y = 0;

    if (l.tiny) {
        l.verdict = (struct rect){ 0, 0, w, 1 };
        return l;
    }
    l.compact = w < 60 || h < 18;
    l.band = (struct rect){ 0, y++, w, 1 };
    y += h >= 30; /* room to breathe where there is some */
    l.verdict_h = w < 60 ? 2 : 1;
    l.verdict = (struct rect){ 0, y, w, l.verdict_h };
    y += l.verdict_h;
    if (notice)
        l.notice = (struct rect){ 0, y++, w, 1 };
    if (!l.compact)
        l.tabs = (struct rect){ 0, y++, w, 1 };
    l.footer = (struct rect){ 0, h - 1, w, 1 };
    l.body = (struct rect){ 0, y, w, h - 1 - y };
    return l;
}

/* -- the band -- */

static enum style band_style(const char *environment)
{
    static const char *const staging[] = { "staging", "stage",  "preprod", "pre-production",
                                           "uat",     "canary", "qa" };

    if (!strncasecmp(environment, "prod", 4) || !strcasecmp(environment, "live"))
        return STYLE_ENV_PROD;
    for (size_t i = 0; i < sizeof staging / sizeof *staging; i++)
        if (!strcasecmp(environment, staging[i]))
            return STYLE_ENV_STAGING;
    return STYLE_ENV_OTHER;
}

/* "■ PRODUCTION ■" on its own ground; returns the columns used. */
static int band_environment(const struct board *b, int x, int y, int w, struct canvas *c)
{
    enum style style = band_style(text_str(&b->environment));
    struct text word = { 0 };
    int n;

    if (b->environment.len == 0 || w < 6)
        return 0;
    words_upper(&b->environment, &word);
    n = canvas_put(c, x, y, w, style, w < 24 ? " " : " ■ ");
    n += canvas_text(c, x + n, y, w - n - (w < 24 ? 1 : 3), style, &word);
    n += canvas_put(c, x + n, y, w - n, style, w < 24 ? " " : " ■ ");
    text_fini(&word);
    return n;
}

static size_t band_insecure(const struct board *b)
{
    size_t n = 0;

    for (size_t i = 0; i < b->n_services; i++)
        for (size_t j = 0; j < b->services[i].n_readings; j++)
            n += b->services[i].readings[j].insecure;
    return n;
}

struct piece { /* of the right side; the last ones leave first */
    char words[64];
    enum style style;
};
enum { BAND_PIECES = 7 };
enum { TABS_CHOICE = 44 }; /* columns for what is chosen, before the names of screens give way */

static const struct board *band_live(const struct band *b)
{
    return b->live ? b->live : b->view->board;
}

bool band_no_news(const struct band *b, char out[64])
{
    const struct board *live = band_live(b);
    int64_t age_ms = b->clock_ms - live->collector_ms;
    char age[16];

    if (live->collector_ms <= 0 || age_ms <= BAND_LIVE_MS)
        return false;
    snprintf(out, 64, "no news for %s", age_format(age_ms, age));
    return true;
}

/* What is not live says so before anything else. Returns how many pieces say it. */
static int band_not_live(const struct band *b, struct piece *out)
{
    int n = 0;

    if (b->frozen)
        out[n++] = (struct piece){ "", STYLE_STALE };
    if (b->frozen)
        snprintf(out[n - 1].words, 64, "%s", b->past ? "past" : "frozen");
    if (band_no_news(b, out[n].words))
        out[n++].style = STYLE_STALE;
    return n;
}

static int band_pieces(const struct band *b, struct piece out[BAND_PIECES])
{
    const struct board *live = band_live(b);
    size_t insecure = band_insecure(live);
    char words[32];
    int n = band_not_live(b, out);
    bool is_live = n == 0;

    snprintf(out[n].words, 64, "%s", clock_format_utc(b->clock_ms, words));
    out[n++].style = STYLE_STRONG;
    if (is_live)
        out[n++] = live->collector_ms > 0 ? (struct piece){ "live", STYLE_OK }
                                          : (struct piece){ "starting", STYLE_DIM };
    if (insecure) {
        snprintf(out[n].words, 64, "! %zu TLS not verified", insecure);
        out[n++].style = STYLE_WARN;
    }
    if (*local_words(b->clock_ms, words)) {
        snprintf(out[n].words, 64, "%s", words);
        out[n++].style = STYLE_DIM;
    }
    snprintf(out[n].words, 64, "%zu probe%s", board_n_readings(live),
             board_n_readings(live) == 1 ? "" : "s");
    out[n++].style = STYLE_DIM;
    if (b->who) {
        snprintf(out[n].words, 64, "%s", b->who);
        out[n++].style = STYLE_DIM;
    }
    return n;
}

/* A phone: environment first, then the watch, then the minute or why there is none to trust. */
static void band_draw_phone(const struct band *b, struct piece *first, struct rect r,
                            struct canvas *c)
{
    const struct board *board = b->view->board;
    int x = r.x, keep;

    if (first->style == STYLE_STRONG) { /* the clock */
        first->words[5] = 'Z';
        first->words[6] = '\0';
        first->style = STYLE_DIM;
    }
    keep = canvas_cols(first->words) + 2;
    x += band_environment(board, x, r.y, r.w - keep, c) + 1;
    x += canvas_text(c, x, r.y, r.x + r.w - keep - x, STYLE_STRONG, &board->watch) + 1;
    canvas_put_right(c, x, r.y, r.x + r.w - x, first->style, first->words);
}

void band_draw(const struct band *b, struct rect r, struct canvas *c)
{
    const struct board *board = b->view->board;
    struct piece pieces[BAND_PIECES];
    int n = band_pieces(b, pieces), x = r.x, room, used = 0, shown = 0, right;

    if (r.w < 60) {
        band_draw_phone(b, &pieces[0], r, c);
        return;
    }
    x += 1 + canvas_put(c, x + 1, r.y, 9, STYLE_DIM, "midwatch") + 2;
    room = r.w - x - r.w / 3 - canvas_cols(pieces[0].words) - 5; /* no name hides the first piece */
    x += canvas_text(c, x, r.y, room < 24 ? room : 24, STYLE_STRONG, &board->watch) + 2;
    x += band_environment(board, x, r.y, r.w / 3, c) + 2;
    room = r.x + r.w - 1 - x;
    while (shown < n && used + (shown ? 3 : 0) + canvas_cols(pieces[shown].words) <= room) {
        used += (shown ? 3 : 0) + canvas_cols(pieces[shown].words);
        shown++;
    }
    right = r.x + r.w - 1 - used;
    for (int i = 0; i < shown; i++) {
        if (i > 0)
            right += canvas_put(c, right, r.y, 3, STYLE_FRAME, " · ");
        right += canvas_put(c, right, r.y, r.x + r.w - right, pieces[i].style, pieces[i].words);
    }
}

void notice_draw(const struct view *v, struct rect r, struct canvas *c)
{
    const struct board *b = v->board;
    enum style style = b->notice_bad ? STYLE_WARN : STYLE_DIM;

    if (r.h < 1)
        return;
    canvas_put(c, r.x + 1, r.y, 2, style, b->notice_bad ? "! " : "· ");
    canvas_text(c, r.x + 3, r.y, r.w - 4, style, &b->notice);
}

/* -- tabs -- */

/* The longest words that fit into `w`; what can be known elsewhere leaves first. */
static const char *frozen_words(const struct band *b, int w, char out[128])
{
    char stamp[32], age[16];

    age_words(b->clock_ms, b->view->now_ms, age);
    if (b->past) {
        if (b->clock_ms - b->view->now_ms > BAND_DAY_MS)
            stamp_format_utc(b->view->now_ms, stamp);
        else
            clock_format_utc(b->view->now_ms, stamp);
        snprintf(out, 128, " PAST %s, %s ago · End live ", stamp, age);
        if (canvas_cols(out) > w)
            snprintf(out, 128, " PAST %s, %s ago ", stamp, age);
        if (canvas_cols(out) > w)
            snprintf(out, 128, " PAST %s ", stamp);
        if (canvas_cols(out) > w)
            snprintf(out, 128, " PAST ");
        return out;
    }
    snprintf(out, 128, " FROZEN %s ago, %s · z live ", age,
             clock_format_utc(b->view->now_ms, stamp));
    if (canvas_cols(out) > w)
        snprintf(out, 128, " FROZEN %s ago · z live ", age);
    if (canvas_cols(out) > w)
        snprintf(out, 128, " FROZEN %s ago ", age);
    if (canvas_cols(out) > w)
        snprintf(out, 128, " FROZEN ");
    return out;
}

void frozen_draw(const struct band *b, struct rect r, struct canvas *c)
{
    const struct board *live = b->live;
    char words[128], now[64] = "";
    int x = r.x;

    if (live && live->verdict.state != b->view->board->verdict.state)
        snprintf(now, sizeof now, " now %s%s ", look_state(live->verdict.state).word,
                 verdict_alert(live) ? ", an alert fires" : "");
    canvas_fill(c, r, " ", STYLE_ENV_STAGING);
    x += canvas_put(c, x, r.y, r.w, STYLE_ENV_STAGING,
                    frozen_words(b, r.w - canvas_cols(now), words));
    if (*now)
        canvas_put_right(c, x, r.y, r.x + r.w - x, verdict_style(live), now);
}

int choice_draw(const struct band *b, struct rect r, struct canvas *c)
{
    const struct view *v = b->view;
    struct text filter = { 0 };
    int used = 0, want;

    if (v->filter[0])
        text_setf(&filter, "/%s", v->filter);
    want = (v->problems_only ? 15 : 0) + (filter.len ? filter.cols + 2 : 0);
    if (b->frozen) { /* before all else, and never for want of room behind a long filter */
        used = want > r.w / 3 ? r.w - r.w / 3 : r.w - want;
        frozen_draw(b, (struct rect){ r.x, r.y, used, 1 }, c);
        used++;
    }
    if (v->problems_only)
        used += canvas_put(c, r.x + used, r.y, r.w - used, STYLE_WARN, "problems only") + 2;
    if (filter.len)
        used += canvas_text(c, r.x + used, r.y, r.w - used, STYLE_MARK, &filter) + 2;
    text_fini(&filter);
    return used;
}

/* With how many fire, where there is room for names. */
static void tab_words(const struct band *b, const struct screen_ops *s, bool named, char out[64])
{
    const struct alert *worst;
    size_t n = s->number == '3' ? alerts_firing(b->view->board, &worst) : 0;
    char count[24] = "";

    if (n)
        snprintf(count, sizeof count, " %zu", n);
    snprintf(out, 64, " %c%s%s%s ", s->number, named ? " " : "", named ? s->name : "",
             named ? count : "");
}

/* Whether there is room for all names, and beside them for what is chosen: frozen, filtered. */
static bool tabs_named(const struct band *b, struct rect r)
{
    bool chosen = b->frozen || b->view->filter[0] || b->view->problems_only;
    int used = 1;
    char words[64];

    for (const struct screen_ops *const *s = console_screens; *s; s++) {
        if (!(*s)->number)
            continue;
        tab_words(b, *s, true, words);
        used += canvas_cols(words);
    }
    if (b->screen && !b->screen->number)
        used += 3 + canvas_cols(b->screen->name);
    return r.w - used >= (chosen ? TABS_CHOICE : 0);
}

void tabs_draw(const struct band *b, struct rect r, struct canvas *c)
{
    bool named;
    int x = r.x + 1;

    if (r.h < 1)
        return;
    named = tabs_named(b, r);
    for (const struct screen_ops *const *s = console_screens; *s; s++) {
        char words[64];

        if (!(*s)->number)
            continue;
        tab_words(b, *s, named || *s == b->screen, words);
        x += canvas_put(c, x, r.y, r.x + r.w - x, *s == b->screen ? STYLE_SELECTED : STYLE_DIM,
                        words);
    }
    if (b->screen && !b->screen->number)
        x += 1 +
             canvas_putf(c, x + 1, r.y, r.x + r.w - x - 1, STYLE_SELECTED, " %s ", b->screen->name);
    choice_draw(b, (struct rect){ x + 2, r.y, r.x + r.w - x - 2, 1 }, c);
}

/* -- footer -- */

/* One entry: "j/k move". Returns the columns it takes; draws when `c` is there. */
static int footer_entry(const struct key *k, size_t n, int x, int y, struct canvas *c)
{
    char keys[64] = "";
    int cols;

    for (size_t i = 0; i < n; i++) {
        size_t len = strlen(keys);

        snprintf(keys + len, sizeof keys - len, "%s%s", i ? "/" : "", k[i].key);
    }
    cols = (int)strlen(keys) + 1 + canvas_cols(k->foot);
    if (c) {
        x += canvas_put(c, x, y, cols, STYLE_KEY, keys) + 1;
        canvas_put(c, x, y, cols, STYLE_DIM, k->foot);
    }
    return cols;
}

/* Keys that `over` gives another meaning are left out. */
static int footer_table(const struct key *table, const struct key *over, int x, int y, int end,
                        struct canvas *c)
{
    for (const struct key *k = table; k->key;) {
        size_t n = 1;

        while (k->foot && k[n].key && k[n].foot && !strcmp(k[n].foot, k->foot))
            n++;
        if (k->foot && k->command != CMD_HELP && (!over || key_command(over, k->key) == CMD_NONE)) {
            if (x + footer_entry(k, n, 0, 0, NULL) > end)
                return x;
            x += footer_entry(k, n, x, y, c) + 2;
        }
        k += n;
    }
    return x;
}

void footer_draw(const struct screen_ops *screen, struct rect r, struct canvas *c)
{
    int x = r.x + (r.w < 60 ? 0 : 1), end = r.x + r.w - (r.w < 60 ? 0 : 1);

    for (const struct key *k = console_keys; k->key; k++)
        if (k->command == CMD_HELP && k->foot) { /* the one key that leads to all others */
            end -= footer_entry(k, 1, 0, 0, NULL);
            if (end > x)
                footer_entry(k, 1, end, r.y, c);
            end -= 2;
        }
    if (screen)
        x = footer_table(screen->keys, NULL, x, r.y, end, c);
    footer_table(console_keys, screen ? screen->keys : NULL, x, r.y, end, c);
}

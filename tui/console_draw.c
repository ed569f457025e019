/* tui/console_draw.c: one picture, from the view alone. */
#include "tui/console_impl.h"

#include "tui/verdict.h"

bool console_wants_draw(const struct console *c, int64_t now_ms)
{
    return c->dirty || now_ms / 1000 != c->drawn_ms / 1000;
}

static bool console_is_saying(const struct console *c)
{
    return c->said.len > 0 && c->clock_ms - c->said_ms < CONSOLE_SAY_MS;
}

/* What is being typed, or what was answered; false = neither. */
static bool console_draw_talk(const struct console *c, struct rect r, struct canvas *canvas)
{
    struct cmdline_names names = console_names(c);

    if (c->prompt.mode == PROMPT_CLOSED && !console_is_saying(c))
        return false;
    canvas_fill(canvas, r, " ", STYLE_PLAIN);
    if (c->prompt.mode != PROMPT_CLOSED) {
        prompt_draw(&c->prompt, &names, r, canvas);
        console_silence_preview(c, r, canvas);
        return true;
    }
    canvas_put(canvas, r.x, r.y, 2, c->said_bad ? STYLE_WARN : STYLE_OK, c->said_bad ? "! " : "· ");
    canvas_text(canvas, r.x + 2, r.y, r.w - 2, c->said_bad ? STYLE_WARN : STYLE_PLAIN, &c->said);
    return true;
}

static void console_draw_footer(const struct console *c, const struct band *band, struct layout l,
                                struct canvas *canvas)
{
    struct rect r = l.footer;
    bool compact = l.tabs.h == 0;
    int used = 0;

    if (console_draw_talk(c, r, canvas))
        return;
    if (compact)
        used = choice_draw(band, r, canvas);
    if (used >= r.w)
        return;
    footer_draw(console_screen(c), (struct rect){ r.x + used, r.y, r.w - used, 1 }, canvas);
}

/* One line may have no room to say that it is frozen, so here the verdict never is: what stands
 * still are the screens that come back with more room. That nothing new comes stands before it. */
static void console_draw_tiny(const struct console *c, const struct band *band, struct layout l,
                              struct canvas *canvas)
{
    struct rect r = l.verdict;
    char silence[64];

    if (band_no_news(band, silence)) {
        int used = canvas_put(canvas, r.x, r.y, r.w, STYLE_STALE, silence) + 1;

        r.x += used;
        r.w -= used;
    }
    if (r.w > 0 && c->frozen) {
        struct view live = c->view;

        live.board = c->live;
        live.now_ms = c->clock_ms;
        verdict_draw(&live, r, canvas);
    } else if (r.w > 0) {
        verdict_draw(&c->view, r, canvas);
    }
    if (c->frozen && c->h > 1)
        frozen_draw(band, (struct rect){ 0, 1, c->w, 1 }, canvas);
    /* A key must not act unseen. Of one row what is typed takes all, for as long as it is. */
    console_draw_talk(c, (struct rect){ 0, c->h - 1, c->w, 1 }, canvas);
}

void console_draw(struct console *c, int64_t now_ms, struct canvas *canvas)
{
    struct layout l;
    struct band band;

    c->clock_ms = now_ms;
    c->stale = true; /* a picture never trusts what was settled before */
    console_settle(c);
    l = console_layout(c);
    band = (struct band){ .view = &c->view,
                          .screen = console_screen(c),
                          .clock_ms = now_ms,
                          .who = c->who,
                          .frozen = c->frozen != NULL,
                          .past = c->past,
                          .live = c->frozen ? c->live : NULL };
    canvas_resize(canvas, c->w, c->h);
    canvas->ascii = c->ascii;
    if (l.tiny) {
        console_draw_tiny(c, &band, l, canvas);
    } else {
        verdict_draw(&c->view, l.verdict, canvas);
        band_draw(&band, l.band, canvas);
        notice_draw(&c->view, l.notice, canvas);
        tabs_draw(&band, l.tabs, canvas);
        console_screen(c)->draw(&c->view, l.body, canvas);
        console_draw_footer(c, &band, l, canvas);
    }
    c->dirty = false;
    c->drawn_ms = now_ms;
}

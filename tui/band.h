/* tui/band.h: what every screen carries: environment band, tabs, footer; the verdict
 * line is in tui/verdict.h. */
#pragma once

#include "tui/view.h"

struct band {
    const struct view *view;
    const struct screen_ops *screen; /* whose tab is lit and whose keys are shown */
    int64_t clock_ms;                /* the wall; the view's own present may be frozen */
    const char *who;                 /* NULL = not shown */
    bool frozen;
    bool past; /* frozen, and a board that was recorded */
    const struct board *live; /* while frozen: what goes on meanwhile */
};

struct layout {
    bool tiny;    /* the verdict line and nothing else */
    bool compact; /* no boxes, no tabs */
    int verdict_h;
    struct rect band, verdict, notice, tabs, body, footer; /* h == 0: not there */
};

struct layout layout_of(int w, int h, bool notice);
void band_draw(const struct band *b, struct rect r, struct canvas *c);
/* "no news for 42s" while the collector is silent; false = what it tells is of now. */
bool band_no_news(const struct band *b, char out[64]);
void notice_draw(const struct view *v, struct rect r, struct canvas *c);
/* "FROZEN 12s ago ... z live" on a ground of its own, over the whole of `r`. */
void frozen_draw(const struct band *b, struct rect r, struct canvas *c);
/* What makes this screen another than the plain, live one: frozen, problems only, a filter. Returns
 * the columns used, 0 = nothing of it. */
int choice_draw(const struct band *b, struct rect r, struct canvas *c);
void tabs_draw(const struct band *b, struct rect r, struct canvas *c);
/* Keys with a footer word: the screen's own first, then those that hold everywhere. */
void footer_draw(const struct screen_ops *screen, struct rect r, struct canvas *c);

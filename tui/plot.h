/* tui/plot.h: a signal of the board as a chart, a sparkline, or a row of figures. */
#pragma once

#include "tui/view.h"

/* The time that its chart spans: what was chosen, or enough for a few values of a slow probe. */
int64_t plot_span_ms(const struct view *v, const struct signal *s);
/* The chart of a signal with the board's marks, without a frame. */
void plot_draw(const struct view *v, struct pick p, struct rect r, struct canvas *c);
/* The same in a panel: title, service, newest figure with its note. */
void plot_panel(const struct view *v, struct pick p, const char *title, struct rect r,
                struct canvas *c);
void plot_spark(const struct view *v, const struct signal *s, struct rect r, struct canvas *c);
/* Rows of signals: name, gauge or sparkline, figure. Draws at most r.h of them. */
void plot_signals(const struct view *v, const struct pick *picks, size_t n, struct rect r,
                  struct canvas *c);

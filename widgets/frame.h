/* widgets/frame.h: a panel: box, title, a figure at the right of the title line, a note below.
 *
 * Returns the rectangle inside, with one blank column on both sides. A panel that is too small for
 * a box gives its whole rectangle.
 */
#pragma once

#include "widgets/canvas.h"

#include <stdbool.h>

struct frame {
    const char *title;          /* ours; NULL = the subject alone */
    const struct text *subject; /* after the title, outside text; NULL = none */
    const char *figure;         /* at the right; NULL = none */
    enum style figure_style;
    const char *note; /* after the figure, dim; NULL = none */
    const char *foot; /* on the lower line, at the right, dim; NULL = none */
    bool focused;
};

struct rect frame_draw(const struct frame *f, struct rect r, struct canvas *c);
struct rect frame_inside(struct rect r); /* the same rectangle, without drawing */
/* That a list goes on above or below what `r` shows of it: an arrow in the column right of it. */
void frame_more(struct rect r, bool above, bool below, struct canvas *c);

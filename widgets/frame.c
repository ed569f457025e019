/* widgets/frame.c: box lines with title and figure set into the upper one. */
#include "widgets/frame.h"

enum { FRAME_W_MIN = 6, FRAME_H_MIN = 3 };

struct rect frame_inside(struct rect r)
{
    if (r.w < FRAME_W_MIN || r.h < FRAME_H_MIN)
        return r;
    return (struct rect){ r.x + 2, r.y + 1, r.w - 4, r.h - 2 };
}

static void frame_box(struct rect r, enum style style, struct canvas *c)
{
    int right = r.x + r.w - 1, below = r.y + r.h - 1;

    canvas_fill(c, (struct rect){ r.x + 1, r.y, r.w - 2, 1 }, "─", style);
    canvas_fill(c, (struct rect){ r.x + 1, below, r.w - 2, 1 }, "─", style);
    canvas_fill(c, (struct rect){ r.x, r.y + 1, 1, r.h - 2 }, "│", style);
    canvas_fill(c, (struct rect){ right, r.y + 1, 1, r.h - 2 }, "│", style);
    canvas_put(c, r.x, r.y, 1, style, "┌");
    canvas_put(c, right, r.y, 1, style, "┐");
    canvas_put(c, r.x, below, 1, style, "└");
    canvas_put(c, right, below, 1, style, "┘");
}

/* Figure and note, right-aligned; returns the columns that stay for the title. */
static int frame_figure(const struct frame *f, struct rect r, struct canvas *c)
{
    int figure = canvas_cols(f->figure), note = canvas_cols(f->note);
    int room = r.w - 6, x, want;

    if (note && figure + note + 3 > room - 8)
        note = 0; /* the note leaves first, the title keeps eight columns */
    want = figure + note + (figure && note ? 1 : 0);
    if (want == 0 || want + 2 > room)
        return r.w - 4;
    x = r.x + r.w - 3 - want;
    canvas_put(c, x - 1, r.y, 1, STYLE_PLAIN, " ");
    if (figure)
        canvas_put(c, x, r.y, figure, f->figure_style, f->figure);
    if (figure && note)
        canvas_put(c, x + figure, r.y, 1, STYLE_PLAIN, " ");
    if (note)
        canvas_put(c, x + want - note, r.y, note, STYLE_DIM, f->note);
    canvas_put(c, x + want, r.y, 1, STYLE_PLAIN, " ");
    return r.w - 4 - want - 3;
}

struct rect frame_draw(const struct frame *f, struct rect r, struct canvas *c)
{
    int room, x = r.x + 2, n;

    if (r.w < FRAME_W_MIN || r.h < FRAME_H_MIN)
        return r;
    frame_box(r, f->focused ? STYLE_DIM : STYLE_FRAME, c);
    room = frame_figure(f, r, c) - 2;
    if ((f->title || f->subject) && room > 2) {
        canvas_put(c, x, r.y, 1, STYLE_PLAIN, " ");
        n = f->title ? 1 + canvas_put(c, x + 1, r.y, room, STYLE_TITLE, f->title) : 0;
        if (f->subject && room - n > 3) {
            canvas_put(c, x + n, r.y, 1, STYLE_PLAIN, " ");
            n += 1 + canvas_text(c, x + n + 1, r.y, room - n, f->title ? STYLE_PLAIN : STYLE_TITLE,
                                 f->subject);
        }
        canvas_put(c, x + n, r.y, 1, STYLE_PLAIN, " ");
    }
    if (f->foot && *f->foot && canvas_cols(f->foot) + 6 < r.w) {
        n = canvas_cols(f->foot);
        canvas_putf(c, r.x + r.w - 4 - n, r.y + r.h - 1, n + 2, STYLE_DIM, " %s ", f->foot);
    }
    return frame_inside(r);
}

void frame_more(struct rect r, bool above, bool below, struct canvas *c)
{
    int x = r.x + r.w;

    if (r.w <= 0 || r.h <= 0)
        return;
    if (above)
        canvas_put(c, x, r.y, 1, STYLE_STRONG, "↑");
    if (below)
        canvas_put(c, x, r.y + r.h - 1, 1, STYLE_STRONG, above && r.h == 1 ? "↕" : "↓");
}

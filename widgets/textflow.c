/* widgets/textflow.c: wrapping by columns. */
#include "widgets/textflow.h"

#include <string.h>

size_t textflow_next(const struct text *t, size_t from, int w, size_t *len)
{
    const char *s = text_str(t);
    size_t at = from, blank = 0; /* blank: just after the last one seen */
    int cols = 0;

    while (at < t->len) {
        uint32_t cp;
        size_t used = utf8_next(s + at, t->len - at, &cp);
        int width = cp_width(cp);

        width = width < 0 ? 1 : width;
        if (cols + width > w && cols > 0) {
            size_t end = s[at] == ' ' ? at : blank > from ? blank - 1 : at;

            *len = end - from;
            return s[end] == ' ' ? end + 1 : end;
        }
        if (cp == ' ')
            blank = at + used;
        cols += width;
        at += used;
    }
    *len = t->len - from;
    return t->len;
}

int textflow_lines(const struct text *t, int w)
{
    size_t at = 0, len;
    int lines = 0;

    if (w <= 0)
        return 0;
    while (at < t->len) {
        at = textflow_next(t, at, w, &len);
        lines++;
    }
    return lines;
}

int textflow_draw(const struct text *t, struct rect r, enum style style, struct canvas *c)
{
    struct text rest;
    size_t at = 0, len;
    int line = 0;

    if (r.w <= 0)
        return 0;
    while (at < t->len && line < r.h) {
        size_t next = textflow_next(t, at, r.w, &len);

        /* a view into the text; the last line takes all that is left and gets its ellipsis */
        rest.utf8 = t->utf8 + at;
        rest.len = (uint16_t)(line == r.h - 1 ? t->len - at : len);
        rest.cols = 0;
        canvas_text(c, r.x, r.y + line, r.w, style, &rest);
        at = next;
        line++;
    }
    return line;
}

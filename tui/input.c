/* tui/input.c: the line editor. */
#include "tui/input.h"

#include <stdio.h>
#include <string.h>

#include "core/text.h"

void input_set(struct input *in, const char *line)
{
    size_t len = strlen(line);

    len = len < INPUT_MAX ? len : INPUT_MAX - 1;
    while (len > 0 && ((unsigned char)line[len] & 0xc0) == 0x80)
        len--; /* not in the middle of a character */
    memmove(in->line, line, len);
    in->line[len] = '\0';
    in->len = in->at = len;
}

void input_open(struct input *in, const char *line)
{
    input_set(in, line ? line : "");
    in->recall = in->n_history;
}

void input_remember(struct input *in)
{
    if (in->len == 0 || (in->n_history && !strcmp(in->history[in->n_history - 1], in->line)))
        return;
    if (in->n_history == INPUT_HISTORY) {
        memmove(in->history[0], in->history[1], sizeof in->history - sizeof in->history[0]);
        in->n_history--;
    }
    memcpy(in->history[in->n_history++], in->line, in->len + 1);
}

static size_t input_before(const struct input *in, size_t at)
{
    while (at > 0 && ((unsigned char)in->line[--at] & 0xc0) == 0x80)
        ;
    return at;
}

static size_t input_after(const struct input *in, size_t at)
{
    if (at < in->len)
        at++;
    while (at < in->len && ((unsigned char)in->line[at] & 0xc0) == 0x80)
        at++;
    return at;
}

static enum input_event input_cut(struct input *in, size_t from, size_t to)
{
    memmove(in->line + from, in->line + to, in->len - to + 1);
    in->len -= to - from;
    in->at = from;
    return INPUT_EDITED;
}

static enum input_event input_insert(struct input *in, uint32_t cp)
{
    char bytes[4];
    size_t n = utf8_put(bytes, cp);

    if (in->len + n >= INPUT_MAX)
        return INPUT_NOTHING;
    memmove(in->line + in->at + n, in->line + in->at, in->len - in->at + 1);
    memcpy(in->line + in->at, bytes, n);
    in->len += n;
    in->at += n;
    return INPUT_EDITED;
}

static enum input_event input_recall(struct input *in, int by)
{
    int to = in->recall + by;

    if (to < 0 || to > in->n_history)
        return INPUT_NOTHING;
    if (in->recall == in->n_history)
        memcpy(in->draft, in->line, in->len + 1);
    in->recall = to;
    input_set(in, to == in->n_history ? in->draft : in->history[to]);
    return INPUT_EDITED;
}

static enum input_event input_control(struct input *in, uint32_t letter)
{
    size_t from = in->at;

    switch (letter) {
    case 'a':
        in->at = 0;
        return INPUT_EDITED;
    case 'e':
        in->at = in->len;
        return INPUT_EDITED;
    case 'u':
        return input_cut(in, 0, in->at);
    case 'k':
        in->line[in->len = in->at] = '\0';
        return INPUT_EDITED;
    case 'w':
        while (from > 0 && in->line[from - 1] == ' ')
            from--;
        while (from > 0 && in->line[from - 1] != ' ')
            from--;
        return input_cut(in, from, in->at);
    case 'c':
        return INPUT_CANCELLED;
    default:
        return INPUT_NOTHING;
    }
}

static enum input_event input_pasted(struct input *in, struct press p)
{
    if (p.code == PRESS_CHAR && !p.mods)
        return input_insert(in, p.cp);
    if (p.code == PRESS_ENTER || p.code == PRESS_TAB)
        return input_insert(in, ' ');
    return INPUT_NOTHING;
}

enum input_event input_press(struct input *in, struct press p)
{
    if (p.pasted)
        return input_pasted(in, p);
    switch (p.code) {
    case PRESS_CHAR:
        if (p.mods & PRESS_CTRL)
            return input_control(in, p.cp);
        return p.mods ? INPUT_NOTHING : input_insert(in, p.cp);
    case PRESS_ENTER:
        return INPUT_DONE;
    case PRESS_ESC:
        return INPUT_CANCELLED;
    case PRESS_TAB:
        return INPUT_COMPLETE;
    case PRESS_BACKSPACE:
        if (in->len == 0)
            return INPUT_CANCELLED; /* one step back */
        return input_cut(in, input_before(in, in->at), in->at);
    case PRESS_DELETE:
        return input_cut(in, in->at, input_after(in, in->at));
    case PRESS_LEFT:
        in->at = input_before(in, in->at);
        return INPUT_EDITED;
    case PRESS_RIGHT:
        in->at = input_after(in, in->at);
        return INPUT_EDITED;
    case PRESS_HOME:
        in->at = 0;
        return INPUT_EDITED;
    case PRESS_END:
        in->at = in->len;
        return INPUT_EDITED;
    case PRESS_UP:
        return input_recall(in, -1);
    case PRESS_DOWN:
        return input_recall(in, 1);
    default:
        return INPUT_NOTHING;
    }
}

static int input_cols(const char *bytes, size_t len)
{
    int cols = 0;

    while (len > 0) {
        uint32_t cp;
        size_t n = utf8_next(bytes, len, &cp);
        int w = cp_width(cp);

        cols += w < 0 ? 1 : w;
        bytes += n;
        len -= n;
    }
    return cols;
}

int input_draw(const struct input *in, const char *sign, struct rect r, struct canvas *c)
{
    int x = r.x + canvas_put(c, r.x, r.y, r.w, STYLE_KEY, sign), room = r.x + r.w - x, cursor;
    size_t from = 0;

    if (room < 2)
        return r.w;
    while (input_cols(in->line + from, in->at - from) >= room)
        from = input_after(in, from); /* the cursor stays in sight */
    canvas_put(c, x, r.y, room, STYLE_STRONG, in->line + from);
    cursor = x + input_cols(in->line + from, in->at - from);
    canvas_select(c, (struct rect){ cursor, r.y, 1, 1 });
    return x - r.x + input_cols(in->line + from, in->len - from) + 1;
}

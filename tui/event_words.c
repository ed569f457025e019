/* tui/event_words.c: glyphs, words and names of records. */
#include "tui/event_words.h"

#include "tui/alert_words.h"

static const struct {
    const char *code;
    struct look look;
    bool people;
} event_looks[] = {
    { "FIRING", { "✗", "fired", STYLE_CRIT }, false },
    { "RESOLVED", { "✓", "resolved", STYLE_OK }, false },
    { "ACK", { "+", "acked", STYLE_WARN }, true },
    { "UNACK", { "-", "gave back", STYLE_UNKNOWN }, true },
    { "SILENCE", { "~", "silenced", STYLE_AFFECTED }, true },
    { "UNSILENCE", { "~", "unsilenced", STYLE_UNKNOWN }, true },
    { "NOTE", { "▴", "note", STYLE_MARK }, true },
    { "SENT", { "→", "sent", STYLE_AFFECTED }, false },
    { "MENDED", { "~", "mended", STYLE_STALE }, false },
};
enum { EVENT_LOOKS = sizeof event_looks / sizeof *event_looks };

const char *const event_words[] = { "fired",      "resolved", "acked",  "gave-back", "silenced",
                                    "unsilenced", "note",     "mended", "sent",      "firing",
                                    "ack",        "unack",    NULL };

struct look look_event(const struct event *e)
{
    for (size_t i = 0; i < EVENT_LOOKS; i++)
        if (text_is(&e->code, event_looks[i].code))
            return event_looks[i].look;
    return (struct look){ "·", text_str(&e->code), STYLE_DIM };
}

bool event_of_people(const struct event *e)
{
    for (size_t i = 0; i < EVENT_LOOKS; i++)
        if (text_is(&e->code, event_looks[i].code))
            return event_looks[i].people;
    return false;
}

const struct alert *event_alert(const struct board *b, const struct event *e)
{
    int at = e->alert.len ? board_find_alert(b, text_str(&e->alert)) : -1;

    return at >= 0 ? &b->alerts[at] : NULL;
}

const struct text *event_title(const struct board *b, const struct event *e)
{
    const struct alert *a = event_alert(b, e);

    return a ? alert_title(a) : &e->alert;
}

void event_line(const struct board *b, const struct event *e, struct text *out)
{
    const struct text *title = event_title(b, e);

    text_setf(out, "%s%s%s", text_str(title), title->len && e->words.len ? ": " : "",
              text_str(&e->words));
}

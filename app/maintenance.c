/* app/maintenance.c: which windows last now, and when the next one begins. */
#include "app/maintenance.h"

#include <string.h>

#define DAY_MS  86400000LL
#define WEEK_MS (7 * DAY_MS)

enum { EPOCH_WEEKDAY = WINDOW_THURSDAY - WINDOW_MONDAY /* of 1970-01-01 */ };

struct window_times window_times(const struct config_window *w, int64_t now_ms)
{
    int64_t period_ms = w->every == WINDOW_DAY ? DAY_MS : WEEK_MS, offset_ms = w->at_ms, since_ms;

    if (w->every == WINDOW_ONCE)
        return (struct window_times){ w->from_ms, w->until_ms,
                                      now_ms < w->from_ms ? w->from_ms : 0 };
    if (w->every != WINDOW_DAY)
        offset_ms += (w->every - WINDOW_MONDAY - EPOCH_WEEKDAY + 7) % 7 * DAY_MS;
    since_ms = (now_ms - offset_ms) / period_ms * period_ms + offset_ms;
    return (struct window_times){ since_ms, since_ms + w->for_ms, since_ms + period_ms };
}

static const char *window_value(const struct config_window *w, const char *key)
{
    for (size_t i = 0; i < w->match.n; i++)
        if (strcmp(w->match.keys[i], key) == 0)
            return w->match.values[i];
    return NULL;
}

static struct silence window_silence(const struct config_window *w, const struct window_times *t)
{
    struct silence s = { .since_ms = t->since_ms, .until_ms = t->until_ms, .planned = true };

    text_setf(&s.id, "maintenance/%s", w->id);
    text_sets(&s.match.alert, window_value(w, "alert"));
    text_sets(&s.match.service, window_value(w, "service"));
    text_sets(&s.match.severity, window_value(w, "severity"));
    text_sets(&s.who, "configuration");
    text_sets(&s.reason, w->reason);
    return s;
}

/* Over by its own time, or in the configuration no more: with another end it is another one. */
static bool window_stands(const struct config *c, const struct silence *s, int64_t now_ms)
{
    const char *id = text_str(&s->id) + strlen("maintenance/");

    for (size_t i = 0; i < c->n_windows; i++) {
        struct window_times t = window_times(&c->windows[i], now_ms);

        if (!strcmp(c->windows[i].id, id) && t.since_ms <= now_ms && now_ms < t.until_ms &&
            t.until_ms == s->until_ms)
            return true;
    }
    return false;
}

int64_t maintenance_put(const struct config *c, struct board *b)
{
    int64_t next_ms = 0;

    for (size_t i = b->n_silences; i-- > 0;)
        if (b->silences[i].planned && !window_stands(c, &b->silences[i], b->at_ms))
            board_unsilence(b, text_str(&b->silences[i].id));
    for (size_t i = 0; i < c->n_windows; i++) {
        struct window_times t = window_times(&c->windows[i], b->at_ms);
        struct silence s;

        if (t.next_ms && (!next_ms || t.next_ms < next_ms))
            next_ms = t.next_ms;
        if (t.since_ms > b->at_ms || t.until_ms <= b->at_ms)
            continue;
        s = window_silence(&c->windows[i], &t);
        if (board_find_silence(b, text_str(&s.id)) < 0)
            board_silence(b, s);
        else
            silence_fini(&s);
    }
    return next_ms;
}

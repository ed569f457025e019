/* tui/timeline_export.c: records as a list of Markdown (CommonMark, GitHub's). */
#include "tui/timeline_export.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "core/alloc.h"
#include "core/buf.h"
#include "core/unit.h"
#include "tui/event_list.h"
#include "tui/event_words.h"

/* Each that begins something within a line; the line's own beginning is always ours. A colon or a
 * point is only one in an address that readers would be sent to. */
static bool export_special(const char *s, size_t at)
{
    if (strchr("\\`*_{}[]<>#&!|~$^=", s[at]))
        return true;
    if (s[at] == ':')
        return s[at + 1] == '/';
    return s[at] == '.' && at >= 3 && !strncasecmp(s + at - 3, "www", 3);
}

static void export_text(struct buf *out, const char *s)
{
    for (size_t i = 0; s[i]; i++)
        buf_addf(out, "%s%c", export_special(s, i) ? "\\" : "", s[i]);
}

static void export_head(const struct view *v, const struct event *first, const struct event *last,
                        struct buf *out)
{
    const struct board *b = v->board;
    const struct timeline *l = &v->timeline;
    char from[32], to[32];

    buf_adds(out, "# Timeline of ");
    export_text(out, text_str(&b->watch));
    if (b->environment.len) {
        buf_adds(out, " (");
        export_text(out, text_str(&b->environment));
        buf_adds(out, ")");
    }
    buf_addf(out, "\n\nFrom %s to %s: %zu record%s, number %lld to %lld. Times are UTC.\n",
             stamp_format_utc(first->at_ms, from), stamp_format_utc(last->at_ms, to), l->n_events,
             l->n_events == 1 ? "" : "s", (long long)first->n, (long long)last->n);
    if (v->filter[0]) {
        struct text filter = { 0 };

        text_sets(&filter, v->filter);
        buf_adds(out, "\nOnly what matches the filter: ");
        export_text(out, text_str(&filter));
        buf_adds(out, "\n");
        text_fini(&filter);
    }
    if (v->problems_only)
        buf_adds(out, "\nOnly of alerts that are not over.\n");
    if (b->n_events == BOARD_EVENTS)
        buf_addf(out, "\nOlder records than the newest %zu are in the journal.\n", b->n_events);
}

static void export_event(const struct view *v, const struct event *e, struct buf *out)
{
    struct text line = { 0 };
    char clock[32];

    event_line(v->board, e, &line);
    buf_addf(out, "- %s **", clock_format_utc(e->at_ms, clock));
    export_text(out, look_event(e).word);
    buf_adds(out, "**");
    if (line.len) {
        buf_adds(out, " ");
        export_text(out, text_str(&line));
    }
    if (e->who.len) {
        buf_adds(out, " (");
        export_text(out, text_str(&e->who));
        buf_adds(out, ")");
    }
    buf_adds(out, "\n");
    text_fini(&line);
}

char *timeline_export(const struct view *v)
{
    const struct timeline *l = &v->timeline;
    const struct event *first = NULL, *last = NULL, *e;
    struct buf out = { 0 };
    int64_t day = -1;
    char stamp[32];

    for (size_t i = l->n; i-- > 0;) {
        e = event_list_at(v, i);
        first = first ? first : e;
        last = e ? e : last;
    }
    if (!first)
        return xstrdup("");
    export_head(v, first, last, &out);
    for (size_t i = l->n; i-- > 0;) {
        e = event_list_at(v, i);
        if (!e)
            continue;
        if (event_day(e->at_ms) != day)
            buf_addf(&out, "\n## %.10s\n\n", stamp_format_utc(e->at_ms, stamp));
        day = event_day(e->at_ms);
        export_event(v, e, &out);
    }
    return out.bytes;
}

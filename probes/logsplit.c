/* probes/logsplit.c: bytes as they come into whole lines. */
#include "probes/logsplit.h"

#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"
#include "probes/logline.h"

void logsplit_fini(struct logsplit *s)
{
    free(s->bytes);
    *s = (struct logsplit){ .bytes = NULL };
}

void logsplit_restart(struct logsplit *s, bool skipping)
{
    s->len = 0;
    s->skipping = skipping;
}

char *logsplit_room(struct logsplit *s, size_t want)
{
    if (s->cap < s->len + want + LOGLINE_SLACK) {
        s->cap = s->len + want + LOGLINE_SLACK;
        s->bytes = xrealloc(s->bytes, s->cap);
    }
    return s->bytes + s->len;
}

static void logsplit_give(const char *at, size_t len, logsplit_line *line, void *arg)
{
    while (len && *at == '\0') {
        at++;
        len--;
    }
    if (len > LOGSPLIT_LINE_MAX) {
        line(arg, NULL, 0);
        return;
    }
    if (len && at[len - 1] == '\r')
        len--;
    if (len)
        line(arg, at, len);
}

/* What is left of a piece, from `at` on, and begins a line. */
static void logsplit_keep(struct logsplit *s, size_t at, logsplit_line *line, void *arg)
{
    while (at < s->len && s->bytes[at] == '\0')
        at++;
    s->len -= at;
    if (s->skipping)
        s->len = 0;
    memmove(s->bytes, s->bytes + at, s->len);
    if (s->len <= LOGSPLIT_LINE_MAX)
        return;
    s->len = 0;
    s->skipping = true;
    line(arg, NULL, 0);
}

void logsplit_take(struct logsplit *s, size_t n, logsplit_line *line, void *arg)
{
    size_t at = 0, from = s->len; /* before is no newline */
    const char *end;

    s->len += n;
    memset(s->bytes + s->len, 0, LOGLINE_SLACK);
    while ((end = memchr(s->bytes + from, '\n', s->len - from))) {
        size_t len = (size_t)(end - s->bytes) - at;

        if (!s->skipping)
            logsplit_give(s->bytes + at, len, line, arg);
        s->skipping = false;
        at = from = (size_t)(end - s->bytes) + 1;
    }
    logsplit_keep(s, at, line, arg);
}

void logsplit_end(struct logsplit *s, logsplit_line *line, void *arg)
{
    if (!s->len)
        return;
    *logsplit_room(s, 1) = '\n';
    logsplit_take(s, 1, line, arg);
}

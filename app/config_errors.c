/* app/config_errors.c: everything that is wrong with a configuration, in the order of the file. */
#include "app/config_errors.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static bool config_error_before(const struct config_error *e, struct pos pos)
{
    return e->line < pos.line || (e->line == pos.line && e->col <= pos.col);
}

bool config_errors_late(const struct config_errors *e, struct pos pos)
{
    return e->n == CONFIG_ERRORS_MAX && config_error_before(&e->items[CONFIG_ERRORS_MAX - 1], pos);
}

/* The first errors of the file are the ones to keep, whatever order they are found in: room is made
 * for an earlier one by counting the last. */
void config_errors_add(struct config_errors *e, struct pos pos, const char *key, const char *fmt,
                       ...)
{
    char words[sizeof e->items[0].err.msg];
    size_t at = e->n;
    va_list ap;

    if (config_errors_late(e, pos)) {
        e->more++;
        return;
    }
    while (at > 0 && !config_error_before(&e->items[at - 1], pos))
        at--;
    if (e->n == CONFIG_ERRORS_MAX)
        e->more++;
    else
        e->n++;
    memmove(&e->items[at + 1], &e->items[at], (e->n - at - 1) * sizeof e->items[0]);

    va_start(ap, fmt);
    vsnprintf(words, sizeof words, fmt, ap);
    va_end(ap);
    e->items[at].line = pos.line;
    e->items[at].col = pos.col;
    if (key && *key)
        err_at(&e->items[at].err, pos, "%s: %s", key, words);
    else
        err_at(&e->items[at].err, pos, "%s", words);
}

void config_errors_write(const struct config_errors *e, struct buf *out)
{
    for (size_t i = 0; i < e->n; i++)
        buf_addf(out, "%s\n", e->items[i].err.msg);
    if (e->more)
        buf_addf(out, "and %zu more; mend these, and they will be told\n", e->more);
}

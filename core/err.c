/* core/err.c: errors with their place; what they quote is sanitized here. */
#include "core/err.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "core/text.h"

static void err_put(struct err *err, const char *raw)
{
    text_clean(err->msg, sizeof err->msg, raw, strlen(raw), NULL);
}

bool err_set(struct err *err, const char *fmt, ...)
{
    char raw[sizeof err->msg];
    va_list ap;

    if (!err)
        return false;
    va_start(ap, fmt);
    vsnprintf(raw, sizeof raw, fmt, ap);
    va_end(ap);
    err_put(err, raw);
    return false;
}

bool err_at(struct err *err, struct pos pos, const char *fmt, ...)
{
    char raw[sizeof err->msg];
    int n = 0;
    va_list ap;

    if (!err)
        return false;
    if (pos.file && pos.line)
        n = snprintf(raw, sizeof raw, "%s:%d:%d: ", pos.file, pos.line, pos.col);
    else if (pos.file)
        n = snprintf(raw, sizeof raw, "%s: ", pos.file);
    if (n < 0 || (size_t)n >= sizeof raw)
        n = 0;
    va_start(ap, fmt);
    vsnprintf(raw + n, sizeof raw - (size_t)n, fmt, ap);
    va_end(ap);
    err_put(err, raw);
    return false;
}

bool err_wrap(struct err *err, const char *fmt, ...)
{
    char raw[sizeof err->msg], old[sizeof err->msg];
    va_list ap;
    int n;

    if (!err)
        return false;
    memcpy(old, err->msg, sizeof old);
    va_start(ap, fmt);
    n = vsnprintf(raw, sizeof raw, fmt, ap);
    va_end(ap);
    /* What does not fit is cut at the end: the context in front is what places it. */
    if (n >= 0 && (size_t)n + 2 < sizeof raw) {
        memcpy(raw + n, ": ", 3);
        strncat(raw, old, sizeof raw - (size_t)n - 3);
    }
    err_put(err, raw);
    return false;
}

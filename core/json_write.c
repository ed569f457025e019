/* core/json_write.c: JSON out, with its commas and escapes. */
#include "core/json.h"
#include "core/text.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void jsonw_begin(struct jsonw *w, struct buf *out, bool pretty)
{
    *w = (struct jsonw){ .out = out, .pretty = pretty };
}

static void jsonw_line(struct jsonw *w)
{
    if (!w->pretty)
        return;
    buf_addc(w->out, '\n');
    for (int i = 0; i < w->depth; i++)
        buf_adds(w->out, "  ");
}

/* What stands between this value (or key) and what was written before. */
static void jsonw_sep(struct jsonw *w)
{
    uint64_t bit = 1ull << w->depth;

    if (w->after_key) {
        w->after_key = false;
        return;
    }
    if (w->any & bit)
        buf_addc(w->out, ',');
    if (w->depth > 0)
        jsonw_line(w);
    w->any |= bit;
}

static void jsonw_open(struct jsonw *w, char open)
{
    jsonw_sep(w);
    buf_addc(w->out, open);
    assert(w->depth < 63);
    w->depth++;
    w->any &= ~(1ull << w->depth);
}

void jsonw_object(struct jsonw *w)
{
    jsonw_open(w, '{');
}

void jsonw_array(struct jsonw *w)
{
    jsonw_open(w, '[');
}

void jsonw_end(struct jsonw *w, char close)
{
    bool any = w->any & 1ull << w->depth;

    assert(w->depth > 0 && !w->after_key);
    w->depth--;
    if (any)
        jsonw_line(w);
    buf_addc(w->out, close);
    if (w->depth == 0 && w->pretty)
        buf_addc(w->out, '\n');
}

static void jsonw_quote(struct jsonw *w, const char *s)
{
    size_t len = strlen(s), i = 0;

    buf_addc(w->out, '"');
    while (i < len) {
        char enc[4];
        uint32_t cp;
        size_t n = utf8_next(s + i, len - i, &cp);

        if (cp == '"' || cp == '\\')
            buf_addf(w->out, "\\%c", (char)cp);
        else if (cp == '\n')
            buf_adds(w->out, "\\n");
        else if (cp == '\t')
            buf_adds(w->out, "\\t");
        else if (cp == '\r')
            buf_adds(w->out, "\\r");
        else if (cp < 0x20 || (cp >= 0x7f && cp < 0xa0))
            buf_addf(w->out, "\\u%04x", cp);
        else
            buf_add(w->out, enc, utf8_put(enc, cp));
        i += n;
    }
    buf_addc(w->out, '"');
}

void jsonw_key(struct jsonw *w, const char *key)
{
    assert(!w->after_key);
    jsonw_sep(w);
    jsonw_quote(w, key);
    buf_adds(w->out, w->pretty ? ": " : ":");
    w->after_key = true;
}

void jsonw_string(struct jsonw *w, const char *s)
{
    if (!s) {
        jsonw_null(w);
        return;
    }
    jsonw_sep(w);
    jsonw_quote(w, s);
}

void jsonw_int(struct jsonw *w, int64_t n)
{
    jsonw_sep(w);
    buf_addf(w->out, "%lld", (long long)n);
}

void jsonw_number(struct jsonw *w, double n)
{
    char s[40];

    if (!isfinite(n)) {
        jsonw_null(w);
        return;
    }
    jsonw_sep(w);
    for (int digits = 15; digits <= 17; digits++) {
        snprintf(s, sizeof s, "%.*g", digits, n);
        if (strtod(s, NULL) == n)
            break;
    }
    for (char *p = s; *p; p++) /* where a locale writes a comma */
        if (*p == ',')
            *p = '.';
    buf_adds(w->out, s);
}

void jsonw_bool(struct jsonw *w, bool b)
{
    jsonw_sep(w);
    buf_adds(w->out, b ? "true" : "false");
}

void jsonw_null(struct jsonw *w)
{
    jsonw_sep(w);
    buf_adds(w->out, "null");
}

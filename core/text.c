/* core/text.c: the sanitizer, and the texts that passed it. */
#include "core/text.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

#include "core/alloc.h"

enum { TEXT_MARKS_MAX = 2, TEXT_STEP = 32 };
#define TEXT_REPLACEMENT 0xfffdu
#define TEXT_ELLIPSIS    "\xe2\x80\xa6"

/* What may not be shown because it is invisible, reorders its neighbours or means something else
 * on each terminal. Ascending; these are dropped without a trace. */
static const struct {
    uint32_t lo, hi;
} text_formats[] = {
    { 0x00ad, 0x00ad },    /* soft hyphen */
    { 0x034f, 0x034f },    /* combining grapheme joiner */
    { 0x0600, 0x0605 },    /* Arabic number signs */
    { 0x061c, 0x061c },    /* Arabic letter mark */
    { 0x06dd, 0x06dd },    /* Arabic end of ayah */
    { 0x070f, 0x070f },    /* Syriac abbreviation mark */
    { 0x0890, 0x0891 },    /* Arabic currency marks */
    { 0x08e2, 0x08e2 },    /* Arabic disputed end of ayah */
    { 0x115f, 0x1160 },    /* Hangul fillers */
    { 0x17b4, 0x17b5 },    /* Khmer inherent vowels */
    { 0x180b, 0x180f },    /* Mongolian variation selectors */
    { 0x200b, 0x200f },    /* zero width, LRM, RLM */
    { 0x2028, 0x202e },    /* line and paragraph separators, bidi embeddings */
    { 0x2060, 0x206f },    /* word joiner, bidi isolates */
    { 0x3164, 0x3164 },    /* Hangul filler */
    { 0xe000, 0xf8ff },    /* private use */
    { 0xfe00, 0xfe0f },    /* variation selectors */
    { 0xfeff, 0xfeff },    /* byte order mark */
    { 0xffa0, 0xffa0 },    /* half-width Hangul filler */
    { 0xfff0, 0xfffb },    /* interlinear annotation */
    { 0x110bd, 0x110bd },  /* Kaithi number sign */
    { 0x110cd, 0x110cd },  /* the same, above */
    { 0x13430, 0x1345f },  /* Egyptian format controls */
    { 0x1bca0, 0x1bca3 },  /* shorthand format controls */
    { 0x1d173, 0x1d17a },  /* musical format controls */
    { 0xe0000, 0xe0fff },  /* tags, variation selectors supplement */
    { 0xf0000, 0x10ffff }, /* private use planes */
};

static bool text_is_format(uint32_t cp)
{
    size_t lo = 0, hi = sizeof text_formats / sizeof *text_formats;

    if (cp < 0xad)
        return false;
    while (lo < hi) {
        size_t mid = lo + (hi - lo) / 2;

        if (cp > text_formats[mid].hi)
            lo = mid + 1;
        else if (cp < text_formats[mid].lo)
            hi = mid;
        else
            return true;
    }
    return false;
}

static bool text_is_tail(unsigned char c)
{
    return (c & 0xc0) == 0x80;
}

size_t utf8_next(const char *bytes, size_t len, uint32_t *cp)
{
    const unsigned char *s = (const unsigned char *)bytes;
    uint32_t c;

    *cp = TEXT_REPLACEMENT;
    if (len == 0)
        return 0;
    if (s[0] < 0x80) {
        *cp = s[0];
        return 1;
    }
    if (s[0] >= 0xc2 && s[0] <= 0xdf && len >= 2 && text_is_tail(s[1])) {
        *cp = (uint32_t)(s[0] & 0x1f) << 6 | (s[1] & 0x3f);
        return 2;
    }
    if ((s[0] & 0xf0) == 0xe0 && len >= 3 && text_is_tail(s[1]) && text_is_tail(s[2])) {
        c = (uint32_t)(s[0] & 0x0f) << 12 | (uint32_t)(s[1] & 0x3f) << 6 | (s[2] & 0x3f);
        if (c >= 0x800 && (c < 0xd800 || c > 0xdfff)) {
            *cp = c;
            return 3;
        }
    }
    if (s[0] >= 0xf0 && s[0] <= 0xf4 && len >= 4 && text_is_tail(s[1]) && text_is_tail(s[2]) &&
        text_is_tail(s[3])) {
        c = (uint32_t)(s[0] & 0x07) << 18 | (uint32_t)(s[1] & 0x3f) << 12 |
            (uint32_t)(s[2] & 0x3f) << 6 | (s[3] & 0x3f);
        if (c >= 0x10000 && c <= 0x10ffff) {
            *cp = c;
            return 4;
        }
    }
    return 1;
}

size_t utf8_put(char out[4], uint32_t cp)
{
    if (cp > 0x10ffff || (cp >= 0xd800 && cp <= 0xdfff))
        cp = TEXT_REPLACEMENT;
    if (cp < 0x80) {
        out[0] = (char)cp;
        return 1;
    }
    if (cp < 0x800) {
        out[0] = (char)(0xc0 | cp >> 6);
        out[1] = (char)(0x80 | (cp & 0x3f));
        return 2;
    }
    if (cp < 0x10000) {
        out[0] = (char)(0xe0 | cp >> 12);
        out[1] = (char)(0x80 | (cp >> 6 & 0x3f));
        out[2] = (char)(0x80 | (cp & 0x3f));
        return 3;
    }
    out[0] = (char)(0xf0 | cp >> 18);
    out[1] = (char)(0x80 | (cp >> 12 & 0x3f));
    out[2] = (char)(0x80 | (cp >> 6 & 0x3f));
    out[3] = (char)(0x80 | (cp & 0x3f));
    return 4;
}

int cp_width(uint32_t cp)
{
    if (cp < 0x7f)
        return cp >= 0x20 ? 1 : -1;
    if (cp < 0xa0 || cp > 0x10ffff || text_is_format(cp))
        return -1;
    /* These two are ours: they have a width also where the locale knows nothing. */
    if (cp == TEXT_REPLACEMENT || cp == 0x2026)
        return 1;
    return wcwidth((wchar_t)cp);
}

/* How many bytes from the start are printable ASCII: the way most strings go, 8 at a time. */
static size_t text_ascii_run(const char *bytes, size_t len)
{
    const uint64_t ones = 0x0101010101010101u, tops = ones << 7;
    size_t i = 0;

    for (; i + 8 <= len; i += 8) {
        uint64_t w;

        memcpy(&w, bytes + i, 8);
        if ((w | (w - ones * 0x20) | (w + ones)) & tops)
            break;
    }
    while (i < len && bytes[i] >= 0x20 && bytes[i] < 0x7f)
        i++;
    return i;
}

struct text_sink {
    char *out;
    size_t max, n;
    int cols;
    size_t mark; /* where an ellipsis would still fit, at a character */
    int mark_cols;
    int marks; /* combining marks on the newest base; -1 = there is no base yet */
};

/* Returns false when the room is used up. */
static bool text_put_run(struct text_sink *k, const char *bytes, size_t run)
{
    size_t room = k->max - k->n, take = run < room ? run : room;

    if (k->max >= 3 && k->max - 3 >= k->n) {
        /* the last character of the run may still get marks: the cut goes before it */
        size_t mark = k->n + (take < run ? take : run - 1);

        if (mark > k->max - 3)
            mark = k->max - 3;
        k->mark_cols = k->cols + (int)(mark - k->n);
        k->mark = mark;
    }
    memcpy(k->out + k->n, bytes, take);
    k->n += take;
    k->cols += (int)take;
    k->marks = 0;
    return take == run;
}

static bool text_put_cp(struct text_sink *k, uint32_t cp, int width)
{
    char enc[4];
    size_t len = utf8_put(enc, cp);

    if (width > 0 && k->n + 3 <= k->max) {
        k->mark = k->n;
        k->mark_cols = k->cols;
    }
    if (k->n + len > k->max)
        return false;
    memcpy(k->out + k->n, enc, len);
    k->n += len;
    k->cols += width;
    k->marks = width > 0 ? 0 : k->marks + 1;
    return true;
}

static bool text_put_any(struct text_sink *k, uint32_t cp)
{
    char caret[2] = { '^', (char)(cp ^ 0x40) };
    int width;

    if (cp == '\t' || cp == '\n' || cp == '\r')
        return text_put_run(k, " ", 1);
    if (cp < 0x20 || cp == 0x7f)
        return k->n + 2 <= k->max ? text_put_run(k, caret, 2) : false;
    if (text_is_format(cp))
        return true;
    width = cp_width(cp);
    if (width < 0)
        return text_put_cp(k, TEXT_REPLACEMENT, 1);
    if (width == 0 && (k->marks < 0 || k->marks >= TEXT_MARKS_MAX))
        return true;
    return text_put_cp(k, cp, width);
}

size_t text_clean(char *out, size_t cap, const char *bytes, size_t len, int *cols)
{
    struct text_sink k = { .out = out, .max = cap ? cap - 1 : 0, .marks = -1 };
    bool fits = true;
    size_t i = 0;

    while (fits && i < len) {
        size_t run = text_ascii_run(bytes + i, len - i);

        if (run) {
            fits = text_put_run(&k, bytes + i, run);
            i += run;
        } else {
            uint32_t cp;

            i += utf8_next(bytes + i, len - i, &cp);
            fits = text_put_any(&k, cp);
        }
    }
    if (!fits && k.max >= 3) {
        memcpy(out + k.mark, TEXT_ELLIPSIS, 3);
        k.n = k.mark + 3;
        k.cols = k.mark_cols + 1;
    }
    if (cap)
        out[k.n] = '\0';
    if (cols)
        *cols = k.cols;
    return k.n;
}

/* Memory comes in steps, so that "41 ms" becoming "141 ms" allocates nothing. The length tells at
 * least how much there is: a text that shrank may hold more than this says, never less. */
static size_t text_room(size_t len)
{
    return (len + TEXT_STEP) / TEXT_STEP * TEXT_STEP;
}

static bool text_take(struct text *t, const char *clean, size_t len, int cols)
{
    if (t->len == len && (len == 0 || memcmp(t->utf8, clean, len) == 0))
        return false;
    if (!t->utf8 || text_room(len) > text_room(t->len)) {
        char *room = xmalloc(text_room(len)); /* not realloc: `clean` may lie in the old text */

        memcpy(room, clean, len);
        free(t->utf8);
        t->utf8 = room;
    } else {
        memmove(t->utf8, clean, len);
    }
    t->utf8[len] = '\0';
    t->len = (uint16_t)len;
    t->cols = (uint16_t)cols;
    return true;
}

bool text_set(struct text *t, const char *bytes, size_t len)
{
    char clean[TEXT_MAX + 1];
    size_t n;
    int cols;

    if (!len)
        return text_take(t, "", 0, 0);
    if (len <= TEXT_MAX && text_ascii_run(bytes, len) == len)
        return text_take(t, bytes, len, (int)len);
    n = text_clean(clean, sizeof clean, bytes, len, &cols);
    return text_take(t, clean, n, cols);
}

bool text_sets(struct text *t, const char *s)
{
    return text_set(t, s ? s : "", s ? strlen(s) : 0);
}

bool text_setf(struct text *t, const char *fmt, ...)
{
    char raw[TEXT_MAX + 16];
    size_t len;
    va_list ap;
    int n;

    va_start(ap, fmt);
    n = vsnprintf(raw, sizeof raw, fmt, ap);
    va_end(ap);
    len = n < 0 ? 0 : (size_t)n < sizeof raw ? (size_t)n : sizeof raw - 1;
    if (n > 0 && (size_t)n >= sizeof raw) /* leave no half character where it was cut */
        while (len > TEXT_MAX + 8 && (unsigned char)raw[len - 1] >= 0x80)
            len--;
    return text_set(t, raw, len);
}

bool text_copy(struct text *t, const struct text *from)
{
    return text_take(t, text_str(from), from->len, from->cols);
}

void text_fini(struct text *t)
{
    free(t->utf8);
    *t = (struct text){ 0 };
}

const char *text_str(const struct text *t)
{
    return t->utf8 ? t->utf8 : "";
}

bool text_eq(const struct text *a, const struct text *b)
{
    return a->len == b->len && memcmp(text_str(a), text_str(b), a->len) == 0;
}

bool text_is(const struct text *t, const char *s)
{
    return strcmp(text_str(t), s) == 0;
}

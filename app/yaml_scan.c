/* app/yaml_scan.c: the bytes of a file before YAML is read: is it text at all? */
#include "app/yaml_scan.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "core/text.h"

enum { CP_BOM = 0xfeff, CP_REPLACEMENT = 0xfffd };

struct scan {
    struct pos pos;
    struct config_errors *errors;
    size_t found;
};

static bool scan_is_fine(uint32_t cp, bool invalid)
{
    if (invalid || cp == CP_BOM || cp == 0x2028 || cp == 0x2029 || (cp >= 0x7f && cp < 0xa0))
        return false;
    return cp >= 0x20 || cp == '\t' || cp == '\n' || cp == '\r';
}

static void scan_char(struct scan *s, uint32_t cp, const char *bytes, size_t n)
{
    bool invalid = cp == CP_REPLACEMENT && !(n == 3 && memcmp(bytes, "\xef\xbf\xbd", 3) == 0);
    char words[96];

    if (scan_is_fine(cp, invalid))
        return;
    s->found++;
    if (config_errors_late(s->errors, s->pos)) { /* a whole file of them must not take long */
        s->errors->more++;
        return;
    }
    if (invalid)
        snprintf(words, sizeof words, "byte 0x%02x is not UTF-8; save the file as UTF-8",
                 (unsigned)(unsigned char)*bytes);
    else if (cp == 0)
        snprintf(words, sizeof words, "a NUL byte; this is not a text file");
    else if (cp == CP_BOM)
        snprintf(words, sizeof words, "a byte order mark; save the file as UTF-8 without one");
    else if (cp >= 0x80)
        snprintf(words, sizeof words, "U+%04X is a control character; leave it out", (unsigned)cp);
    else
        snprintf(words, sizeof words, "control character 0x%02x; leave it out", (unsigned)cp);
    config_errors_add(s->errors, s->pos, NULL, "%s", words);
}

bool scan_text(const char *file, const char *bytes, size_t len, struct config_errors *errors)
{
    struct scan s = { .pos = { file, 1, 1 }, .errors = errors };

    if (len >= 2 && (memcmp(bytes, "\xff\xfe", 2) == 0 || memcmp(bytes, "\xfe\xff", 2) == 0)) {
        config_errors_add(errors, s.pos, NULL, "this is UTF-16; save the file as UTF-8");
        return false;
    }
    for (size_t at = 0; at < len;) {
        unsigned char c = (unsigned char)bytes[at];
        uint32_t cp = c;
        size_t n = 1;

        if (c >= 0x80)
            n = utf8_next(bytes + at, len - at, &cp);
        if (c < 0x20 || c >= 0x7f)
            scan_char(&s, cp, bytes + at, n);
        at += n;
        s.pos.col++;
        if (c == '\n' || (c == '\r' && (at == len || bytes[at] != '\n'))) {
            s.pos.line++;
            s.pos.col = 1;
        }
    }
    return s.found == 0;
}

bool scan_line_has_tab(const char *bytes, size_t len, int line)
{
    const char *at = bytes, *end = bytes + len;

    while (line > 1 && at < end) {
        const char *eol = memchr(at, '\n', (size_t)(end - at));

        at = eol ? eol + 1 : end;
        line--;
    }
    while (at < end && *at == ' ')
        at++;
    return at < end && *at == '\t';
}

/* probes/perfdata.c: see perfdata.h */
#include "probes/perfdata.h"

#include <ctype.h>
#include <math.h>
#include <string.h>

#include "probes/number.h"

enum { PERFDATA_NUMBER = 64 };

/* One unit of measurement: what it is, and what one of it is in that. */
static bool perfdata_unit(const char *uom, size_t len, struct perfdata *out)
{
    static const struct {
        const char *word;
        enum unit unit;
        double scale;
    } units[] = {
        { "", UNIT_NONE, 1 },
        { "c", UNIT_NONE, 1 },
        { "s", UNIT_SECONDS, 1 },
        { "ms", UNIT_SECONDS, 1e-3 },
        { "us", UNIT_SECONDS, 1e-6 },
        { "ns", UNIT_SECONDS, 1e-9 },
        { "%", UNIT_PERCENT, 1 },
        { "B", UNIT_BYTES, 1 },
        { "KB", UNIT_BYTES, 1e3 },
        { "MB", UNIT_BYTES, 1e6 },
        { "GB", UNIT_BYTES, 1e9 },
        { "TB", UNIT_BYTES, 1e12 },
        { "KiB", UNIT_BYTES, 1024 },
        { "MiB", UNIT_BYTES, 1048576 },
        { "GiB", UNIT_BYTES, 1073741824 },
    };

    for (size_t i = 0; i < sizeof units / sizeof units[0]; i++) {
        if (len != strlen(units[i].word) || memcmp(uom, units[i].word, len) != 0)
            continue;
        out->unit = units[i].unit;
        out->value *= units[i].scale;
        return true;
    }
    return false;
}

/* "12.5%;80;90;0;100" up to a blank; a comma is a decimal point where a plugin's locale wrote one.
 */
static bool perfdata_value(const char *at, struct perfdata *out)
{
    char number[PERFDATA_NUMBER];
    size_t len = strspn(at, "+-0123456789.,"), end = strcspn(at, "; \t\r\n|");

    if ((at[len] == 'e' || at[len] == 'E') && len < end && strspn(at + len + 1, "+-0123456789"))
        len += 1 + strspn(at + len + 1, "+-0123456789");
    if (len == 0 || len >= sizeof number)
        return false;
    memcpy(number, at, len);
    number[len] = '\0';
    if (strchr(number, ',') && !strchr(number, '.'))
        *strchr(number, ',') = '.';
    if (!number_parse(number[0] == '+' ? number + 1 : number, &out->value))
        return false;
    return perfdata_unit(at + len, end - len, out) && isfinite(out->value);
}

/* The label at `at`, quoted or bare, is `label`: behind its equals sign; else NULL. `*next` is
 * where the word ends that begins here. */
static const char *perfdata_label(const char *at, const char *label, const char **next)
{
    bool quoted = *at == '\'', same = true;
    const char *want = label, *s = quoted ? at + 1 : at;

    for (; *s && *s != '\n' && (quoted || (*s != '=' && *s != ' ')); s++) {
        if (quoted && *s == '\'' && *++s != '\'') /* two of them are one of the label's own */
            break;
        same = same && *want && *s == *want;
        want += *want != '\0';
    }
    same = same && !*want && *s == '=';
    *next = s + strcspn(s, " \t\r\n|");
    return same ? s + 1 : NULL;
}

static bool perfdata_find_in(const char *at, const char *end, const char *label,
                             struct perfdata *out)
{
    while (at < end) {
        const char *next, *value;

        at += strspn(at, " \t\r|");
        if (at >= end || *at == '\n' || !*at)
            return false;
        value = perfdata_label(at, label, &next);
        if (value)
            return perfdata_value(value, out);
        at = next > at ? next : at + 1;
    }
    return false;
}

bool perfdata_find(const char *text, const char *label, struct perfdata *out)
{
    bool more = false; /* behind the bar of the long text all lines are performance data */

    for (const char *line = text; *line;) {
        const char *end = line + strcspn(line, "\n");
        const char *bar = more ? line : memchr(line, '|', (size_t)(end - line));

        if (bar && perfdata_find_in(more ? bar : bar + 1, end, label, out))
            return true;
        more = more || (bar && line != text);
        line = *end ? end + 1 : end;
    }
    return false;
}

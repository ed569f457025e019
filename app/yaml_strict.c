/* app/yaml_strict.c: what libyaml lets pass and YAML does not. */
#include "app/yaml_strict.h"

#include <string.h>

static bool source_is_inner(char c) /* a continuation byte of UTF-8 */
{
    return ((unsigned char)c & 0xc0) == 0x80;
}

size_t source_seek(struct source *s, size_t index)
{
    while (s->index < index && s->at < s->len) {
        do
            s->at++;
        while (s->at < s->len && source_is_inner(s->bytes[s->at]));
        s->index++;
    }
    while (s->index > index) {
        do
            s->at--;
        while (s->at > 0 && source_is_inner(s->bytes[s->at]));
        s->index--;
    }
    return s->at;
}

static bool source_is_break(char c)
{
    return c == '\n' || c == '\r';
}

/* The first byte of the next line, or `end`. */
static size_t source_next_line(const struct source *s, size_t at, size_t end)
{
    while (at < end && !source_is_break(s->bytes[at]))
        at++;
    if (at + 1 < end && s->bytes[at] == '\r' && s->bytes[at + 1] == '\n')
        at++;
    return at < end ? at + 1 : end;
}

static size_t source_blanks(const struct source *s, size_t at, size_t end)
{
    size_t n = 0;

    while (at + n < end && s->bytes[at + n] == ' ')
        n++;
    return n;
}

const char *strict_end(const struct source *s, size_t end)
{
    if (end < s->len && s->bytes[end] == '#')
        return "a comment needs a blank before its '#'";
    return NULL;
}

const char *strict_lines(const struct source *s, size_t start, size_t end, int indent, int *line)
{
    *line = 0;
    for (size_t at = source_next_line(s, start, end); at < end; at = source_next_line(s, at, end)) {
        size_t blanks = source_blanks(s, at, end), first = at + blanks;

        ++*line;
        if (first >= end || source_is_break(s->bytes[first]))
            continue;
        if ((int)blanks > indent)
            continue;
        if (s->bytes[first] == '\t')
            return "a tab indents this line; indent with blanks";
        if (s->bytes[first] == ']' || s->bytes[first] == '}') /* common, and it cannot mislead */
            continue;
        return "this line belongs to the text or list above and must be indented further";
    }
    return NULL;
}

const char *strict_block(const struct source *s, size_t start, int indent, int *line)
{
    size_t at = start + 1, blank_max = 0;
    bool told = false;

    *line = 0;
    while (at < s->len && strchr("+-123456789", s->bytes[at]) && s->bytes[at])
        told |= s->bytes[at] != '+' && s->bytes[at] != '-', at++;
    if (at < s->len && s->bytes[at] == '#')
        return "a comment needs a blank before its '#'";
    if (told)
        return NULL;
    for (at = source_next_line(s, at, s->len); at < s->len; at = source_next_line(s, at, s->len)) {
        size_t blanks = source_blanks(s, at, s->len);

        ++*line;
        if (at + blanks < s->len && !source_is_break(s->bytes[at + blanks]))
            return (int)blanks > indent && blanks < blank_max
                       ? "an empty line above is indented deeper than this text"
                       : NULL;
        if (blanks > blank_max)
            blank_max = blanks;
    }
    return NULL;
}

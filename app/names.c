/* app/names.c: which words may name things in a configuration. */
#include "app/names.h"

#include <string.h>

#include "core/text.h"

static const char name_lower[] = "abcdefghijklmnopqrstuvwxyz0123456789_-";

bool name_is_id(const char *name, struct err *err)
{
    size_t len = strlen(name);
    char start[48];

    name_excerpt(start, sizeof start, name);
    if (len > NAME_MAX_LEN)
        return err_set(err, "'%s' has %zu bytes; a name has at most %d", start, len, NAME_MAX_LEN);
    if (len == 0 || name[strspn(name, name_lower)] || name[0] == '-' || name[0] == '_')
        return err_set(err,
                       "'%s' cannot be a name; write a-z, 0-9, '-' and '_', beginning with a "
                       "letter or digit",
                       start);
    return true;
}

bool name_is_var(const char *name)
{
    static const char later[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_0123456789";
    size_t len = strspn(name, later);

    return len > 0 && len <= NAME_MAX_LEN && !name[len] && !strchr("0123456789", name[0]);
}

const char *name_excerpt(char *out, size_t size, const char *text)
{
    static const char more[] = "\xe2\x80\xa6"; /* an ellipsis */
    size_t len = strlen(text), at = 0;

    if (len < size) {
        memcpy(out, text, len + 1);
        return out;
    }
    while (at < size) {
        uint32_t cp;
        size_t n = utf8_next(text + at, len - at, &cp);

        if (at + n + sizeof more > size)
            break;
        at += n;
    }
    memcpy(out, text, at);
    memcpy(out + at, more, sizeof more);
    return out;
}

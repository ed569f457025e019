/* tui/filter.c: terms against services. */
#include "tui/filter.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "tui/words.h"

bool filter_contains(const char *text, const char *term, size_t len)
{
    for (; *text; text++)
        if (!strncasecmp(text, term, len))
            return true;
    return len == 0;
}

static bool filter_yes(const char *value, size_t len, bool is)
{
    bool want =
        len > 0 && (value[0] == 'y' || value[0] == 'Y' || value[0] == 't' || value[0] == '1');

    return want == is;
}

static bool filter_kind(const struct service *s, const char *value, size_t len)
{
    for (size_t i = 0; i < s->n_readings; i++)
        if (filter_contains(text_str(&s->readings[i].kind), value, len))
            return true;
    return false;
}

/* Everything that the row of a service may show. */
static bool filter_any(const struct board *b, const struct service *s, const char *term, size_t len)
{
    if (filter_contains(text_str(&s->id), term, len) ||
        filter_contains(text_str(&s->title), term, len) ||
        filter_contains(text_str(&s->reason), term, len) ||
        filter_contains(look_service(b, s).word, term, len))
        return true;
    for (size_t i = 0; i < s->n_readings; i++)
        if (filter_contains(text_str(&s->readings[i].name), term, len) ||
            filter_contains(text_str(&s->readings[i].target), term, len))
            return true;
    return false;
}

static bool filter_term(const struct board *b, const struct service *s, const char *term,
                        size_t len)
{
    const char *eq = memchr(term, '=', len);
    size_t key = eq ? (size_t)(eq - term) : 0, value = eq ? len - key - 1 : 0;

    if (eq && key == 5 && !strncasecmp(term, "state", 5))
        return (value > 0 && !strncasecmp(state_word(s->state), eq + 1, value)) ||
               filter_contains(look_service(b, s).word, eq + 1, value);
    if (eq && key == 4 && !strncasecmp(term, "kind", 4))
        return filter_kind(s, eq + 1, value);
    if (eq && key == 4 && !strncasecmp(term, "name", 4))
        return filter_contains(text_str(&s->id), eq + 1, value) ||
               filter_contains(text_str(&s->title), eq + 1, value);
    if (eq && key == 8 && !strncasecmp(term, "critical", 8))
        return filter_yes(eq + 1, value, s->critical);
    if (eq && key == 8 && !strncasecmp(term, "affected", 8))
        return filter_yes(eq + 1, value, s->affected_by >= 0);
    return filter_any(b, s, term, len);
}

bool filter_matches(const char *filter, const struct board *b, const struct service *s)
{
    while (*filter) {
        size_t len = strcspn(filter, " ");
        bool not = len > 1 && filter[0] == '!';

        if (len > 0 && filter_term(b, s, filter + not, len - not ) == not )
            return false;
        filter += len;
        filter += strspn(filter, " ");
    }
    return true;
}

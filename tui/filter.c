/* tui/filter.c: terms against services. */
#include "tui/filter.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "core/nearest.h"
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

/* `state=` of so many bytes before the value; 0 = another kind of term. */
static size_t filter_state_key(const char *term, size_t len)
{
    return len >= 6 && !strncasecmp(term, "state=", 6) ? 6 : 0;
}

static bool filter_term(const struct board *b, const struct service *s, const char *term,
                        size_t len)
{
    const char *eq = memchr(term, '=', len);
    size_t key = eq ? (size_t)(eq - term) : 0, value = eq ? len - key - 1 : 0;

    if (filter_state_key(term, len))
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

/* The words that `state=` can find: those of the states, and the one of look_service(). */
static bool filter_check_state(const char *value, size_t len, struct err *err)
{
    const char *words[STATE_COUNT + 1] = { "affected" };
    char typed[32];
    const char *near;

    for (size_t i = 0; i < STATE_COUNT; i++)
        words[i + 1] = state_word((enum state)i);
    for (size_t i = 0; i < STATE_COUNT + 1; i++)
        if (filter_contains(words[i], value, len))
            return true;
    snprintf(typed, sizeof typed, "%.*s", (int)(len < sizeof typed ? len : sizeof typed - 1),
             value);
    near = nearest_word(typed, words, STATE_COUNT + 1);
    if (near)
        return err_set(err, "there is no state '%s'; did you mean '%s'?", typed, near);
    return err_set(err,
                   "there is no state '%s'; write up, degraded, down, stale, unknown, disabled "
                   "or affected",
                   typed);
}

bool filter_check(const char *filter, struct err *err)
{
    while (*filter) {
        size_t len = strcspn(filter, " ");
        bool not = len > 1 && filter[0] == '!';
        size_t key = filter_state_key(filter + not, len - not );

        if (key && !filter_check_state(filter + not +key, len - not -key, err))
            return false;
        filter += len;
        filter += strspn(filter, " ");
    }
    return true;
}

/* core/healthbody_opinion.c: what one value or one object of a JSON health body says of itself. */
#include "core/healthbody_impl.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

/* Two spellings of one key that differ by case only: which one counts? Neither. */
static void healthbody_twins(struct healthbody_walk *w, const struct keyed *k,
                             enum healthbody_key key)
{
    const struct json *first = json_find_class(k->obj, key, NULL);
    const struct json *v = first ? json_find_class(k->obj, key, first) : NULL;

    if (!v || w->refused)
        return;
    w->refused = true;
    err_set(w->err, "both '%s' and '%s' stand in it", json_key(first), json_key(v));
}

static struct opinion healthbody_opinion_number(double n)
{
    struct opinion o = { .there = true };

    snprintf(o.word, sizeof o.word, "%.15g", n);
    if (n >= 100 && n < 600 && n == floor(n)) { /* an HTTP code repeated */
        o.known = n >= 200;
        o.state = n < 200 ? STATE_UNKNOWN : n < 400 ? STATE_UP : STATE_DOWN;
    }
    return o;
}

/* Statuspage: {"indicator": "none", "description": "All Systems Operational"} */
static struct opinion healthbody_opinion_indicator(const char *word)
{
    static const struct {
        const char *word;
        enum state state;
    } words[] = { { "none", STATE_UP },
                  { "minor", STATE_DEGRADED },
                  { "major", STATE_DOWN },
                  { "critical", STATE_DOWN },
                  { "maintenance", STATE_DISABLED } };
    struct opinion o = { .there = true };

    snprintf(o.word, sizeof o.word, "%s", word);
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        if (strcasecmp(word, words[i].word) == 0) {
            o.known = true;
            o.state = words[i].state;
        }
    }
    return o;
}

struct opinion healthbody_opinion(const struct json *v)
{
    double n;
    bool b;

    if (json_string(v))
        return healthbody_opinion_word(json_string(v), strlen(json_string(v)));
    if (json_bool(v, &b))
        return healthbody_opinion_word(b ? "true" : "false", b ? 4 : 5);
    if (json_number(v, &n))
        return healthbody_opinion_number(n);
    if (json_is(v, JSON_OBJECT)) {
        struct keyed k = healthbody_keyed(v);
        const struct json *inner = healthbody_get(&k, KEY_INDICATOR);

        if (json_string(inner))
            return healthbody_opinion_indicator(json_string(inner));
        inner = healthbody_get(&k, KEY_STATUS);
        if (json_string(inner))
            return healthbody_opinion_word(json_string(inner), strlen(json_string(inner)));
    }
    return (struct opinion){ .ignored = json_is(v, JSON_NULL) };
}

/* ASP.NET's enum as a number: only where the shape around it is ASP.NET's. */
static void healthbody_aspnet(const struct keyed *k, const struct json *v, struct opinion *o)
{
    static const enum state states[] = { STATE_DOWN, STATE_DEGRADED, STATE_UP };
    static const char *const words[] = { "Unhealthy", "Degraded", "Healthy" };
    double n;

    if (!json_number(v, &n) || (n != 0 && n != 1 && n != 2) ||
        !(healthbody_get(k, KEY_ENTRIES) || healthbody_get(k, KEY_TOTAL_DURATION) ||
          healthbody_get(k, KEY_DURATION)))
        return;
    o->known = true;
    o->state = states[(int)n];
    snprintf(o->word, sizeof o->word, "%s", words[(int)n]);
}

/* What stands under one key of the status groups. */
static struct opinion healthbody_opinion_under(struct healthbody_walk *w, const struct keyed *k,
                                               enum healthbody_key key, const struct json *v)
{
    struct opinion o = healthbody_opinion(v);

    healthbody_twins(w, k, key);
    if (json_string(v) && !o.known && key < KEYS_STATUS_END) /* "Server available" */
        o = healthbody_opinion_prose(json_string(v), strlen(json_string(v)));
    if (json_is(v, JSON_BOOL) && key >= KEYS_YES)
        snprintf(o.word, sizeof o.word, "%s: %s", healthbody_key_name(key),
                 o.state == STATE_UP ? "true" : "false");
    return o;
}

/* Under "ready" and the like only a yes or no is a status; an object there is a part. */
static bool healthbody_may_say(enum healthbody_key key, const struct json *v)
{
    return v && (key < KEYS_STATUS_END || json_is(v, JSON_BOOL) || json_string(v));
}

/* The key whose word is taken first: a status, else a yes or no that is understood. */
static enum healthbody_key healthbody_opinion_first(struct healthbody_walk *w,
                                                    const struct keyed *k, struct opinion *o)
{
    for (enum healthbody_key key = KEYS_STATUS; key < KEYS_YES_END; key++) {
        const struct json *v = healthbody_get(k, key);

        if (key == KEYS_YES && json_string(healthbody_get(k, KEY_SUMMARY)) &&
            json_string(json_get(k->obj, "level"))) {
            *o = healthbody_opinion(json_get(k->obj, "level")); /* Kibana */
            return KEYS_STATUS_END - 1;
        }
        if (!healthbody_may_say(key, v))
            continue;
        *o = healthbody_opinion_under(w, k, key, v);
        if (key < KEYS_STATUS_END)
            healthbody_aspnet(k, v, o);
        if (key < KEYS_STATUS_END ? o->there || o->ignored : o->known)
            return key;
        *o = (struct opinion){ 0 };
    }
    return KEYS_YES_END;
}

/* Another key of the same object, which contradicts the first: the worse one counts. A plain no
 * says less than "degraded" or "paused" does, and takes the place of neither. Figures beside a
 * status are no status. */
static void healthbody_opinion_outdo(struct opinion *o, const struct json *v,
                                     const struct opinion *also)
{
    bool plain = json_is(v, JSON_BOOL);

    if (!also->known || json_is(v, JSON_NUMBER) || also->state == STATE_DISABLED)
        return;
    if (also->state == STATE_UNKNOWN && !healthbody_opinion(v).known) /* prose that says nothing */
        return;
    if (plain && (o->state == STATE_DEGRADED || o->state == STATE_DISABLED))
        return;
    if (also->state != STATE_UP && healthbody_worse(o->state, also->state) != o->state)
        *o = *also;
}

struct opinion healthbody_opinion_keyed(struct healthbody_walk *w, const struct keyed *k)
{
    struct opinion o = { 0 };
    enum healthbody_key first;

    if (!healthbody_has(k, KEYS_STATUS, KEYS_YES_END) &&
        !healthbody_has(k, KEY_SUMMARY, KEY_SUMMARY + 1))
        return o;
    first = healthbody_opinion_first(w, k, &o);
    if (first >= KEYS_YES_END || !healthbody_has(k, first + 1, KEYS_YES_END))
        return o;
    for (enum healthbody_key key = first + 1; key < KEYS_YES_END; key++) {
        const struct json *v = healthbody_get(k, key);
        struct opinion also;

        if (!healthbody_may_say(key, v))
            continue;
        also = healthbody_opinion_under(w, k, key, v);
        healthbody_opinion_outdo(&o, v, &also);
    }
    return o;
}

struct opinion healthbody_opinion_of(struct healthbody_walk *w, const struct json *obj)
{
    struct keyed k = healthbody_keyed(obj);

    return healthbody_opinion_keyed(w, &k);
}

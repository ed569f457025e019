/* core/healthbody_json.c: the parts inside a JSON health body, wherever they stand. */
#include "core/healthbody_impl.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

/* Members that tell about the service and not how it is. */
static const char *const healthbody_meta_keys[] = {
    "timestamp",    "time",        "date",      "datetime",    "now",           "version",
    "commit",       "build",       "env",       "environment", "name",          "message",
    "hostname",     "host",        "id",        "uuid",        "revision",      "branch",
    "uptime",       "description", "title",     "service",     "app",           "application",
    "region",       "instance",    "node",      "os",          "lang",          "tag",
    "sha",          "release",     "releaseId", "serviceId",   "level",         "loglevel",
    "log_level",    "type",        "mode",      "stage",       "zone",          "cluster",
    "edition",      "productname", "requestId", "request_id",  "trace_id",      "traceId",
    "profile",      "groups",      "links",     "notes",       "output",        "code",
    "pid",          "port",        "url",       "system",      "component",     "metadata",
    "meta",         "info",        "error",     "data",        "totalDuration", "duration",
    "responseTime", NULL
};

static bool healthbody_parts_keyed(struct healthbody_walk *w, const char *prefix,
                                   const struct keyed *k, bool top, int depth);

/* Keys of health are letters: the first one, case folded, settles most comparisons. */
static bool healthbody_is(const char *a, const char *b)
{
    return ((*a ^ *b) & ~0x20) == 0 && strcasecmp(a, b) == 0;
}

const struct json *healthbody_find(const struct json *obj, const char *key)
{
    const struct json *first = json_find(obj, key, NULL), *v = first;

    while (v && strcmp(json_key(v), key) != 0)
        v = json_find(obj, key, v);
    return v ? v : first;
}

static bool healthbody_in(const char *key, const char *const *list)
{
    for (size_t i = 0; list[i]; i++)
        if (healthbody_is(key, list[i]))
            return true;
    return false;
}

static bool healthbody_ends(const char *key, const char *end)
{
    size_t len = strlen(key), n = strlen(end);

    return len > n && strcasecmp(key + len - n, end) == 0;
}

static bool healthbody_is_meta(const char *key)
{
    return healthbody_in(key, healthbody_meta_keys) || healthbody_ends(key, "version") ||
           healthbody_ends(key, "_at") || healthbody_ends(key, "time") ||
           healthbody_ends(key, "_id") || healthbody_ends(key, "date") ||
           healthbody_ends(key, "hash") || healthbody_ends(key, "_sha") ||
           healthbody_ends(key, "timestamp") || healthbody_ends(key, "_name");
}

/* Does the status itself stand there, and no part? */
static bool healthbody_is_status(const struct json *v)
{
    unsigned key = json_class(v);

    if (key >= KEYS_YES && key < KEYS_YES_END) /* {"ready": {"status": "DOWN"}} is a part */
        return !json_is(v, JSON_OBJECT) && !json_is(v, JSON_ARRAY);
    return key >= KEYS_STATUS && key < KEYS_STATUS_END;
}

/* "00:00:00.0184479" */
static bool healthbody_timespan(const char *s, double *ms)
{
    unsigned h, m;
    double sec;
    int n = 0;

    if (sscanf(s, "%3u:%2u:%lf%n", &h, &m, &sec, &n) != 3 || s[n] || m > 59 || !(sec >= 0) ||
        sec >= 60)
        return false;
    *ms = ((double)h * 3600 + m * 60 + sec) * 1000;
    return true;
}

static enum unit healthbody_unit(const char *s)
{
    static const struct {
        const char *word;
        enum unit unit;
    } words[] = { { "ms", UNIT_MS },       { "milliseconds", UNIT_MS },
                  { "s", UNIT_SECONDS },   { "seconds", UNIT_SECONDS },
                  { "%", UNIT_PERCENT },   { "percent", UNIT_PERCENT },
                  { "bytes", UNIT_BYTES }, { "B", UNIT_BYTES } };

    for (size_t i = 0; s && i < sizeof words / sizeof *words; i++)
        if (strcmp(s, words[i].word) == 0)
            return words[i].unit;
    return UNIT_COUNT;
}

/* The figure of a part, in the unit of its key; NaN when it has none. */
static double healthbody_number(const struct keyed *k, enum unit *unit)
{
    double n;

    *unit = UNIT_NONE;
    if (json_number(healthbody_get(k, KEY_OBSERVED_VALUE), &n)) {
        *unit = healthbody_unit(json_string(healthbody_get(k, KEY_OBSERVED_UNIT)));
        return n;
    }
    if (!healthbody_has(k, KEYS_NUMBER, KEYS_NUMBER_END))
        return NAN;
    for (enum healthbody_key key = KEYS_NUMBER; key < KEYS_NUMBER_END; key++) {
        const struct json *v = healthbody_get(k, key);
        const char *s = json_string(v);

        *unit = key < KEY_PERCENTAGE ? UNIT_MS : key < KEY_WAITING ? UNIT_PERCENT : UNIT_COUNT;
        if (json_number(v, &n))
            return n;
        if (s && *unit == UNIT_MS &&
            (healthbody_timespan(s, &n) || quantity_parse(s, UNIT_MS, &n, NULL)))
            return n;
        if (s && *unit == UNIT_PERCENT && quantity_parse(s, UNIT_PERCENT, &n, NULL))
            return n;
    }
    *unit = UNIT_NONE;
    return NAN;
}

static const char *healthbody_note_keyed(const struct keyed *k)
{
    if (!healthbody_has(k, KEYS_NOTE, KEYS_NOTE_END))
        return NULL;
    for (enum healthbody_key key = KEYS_NOTE; key < KEYS_NOTE_END; key++) {
        const struct json *v = healthbody_get(k, key);

        if (json_is(v, JSON_OBJECT))
            v = healthbody_find(v, "message");
        if (json_string(v) && *json_string(v))
            return json_string(v);
    }
    return NULL;
}

const char *healthbody_note(const struct json *obj)
{
    struct keyed k = healthbody_keyed(obj);

    return healthbody_note_keyed(&k);
}

/* Has the object, or one of the objects of the array, a status? Is it a `known` one? */
static bool healthbody_says(struct healthbody_walk *w, const struct json *v, bool known)
{
    struct opinion o;

    for (const struct json *e = json_is(v, JSON_ARRAY) ? json_first(v) : NULL; e; e = json_next(e))
        if (json_is(e, JSON_OBJECT) && healthbody_says(w, e, known))
            return true;
    if (!json_is(v, JSON_OBJECT))
        return false;
    o = healthbody_opinion_of(w, v);
    return known ? o.known : o.there;
}

/* Does some member speak: an object (or an array of them) with a status, or a known word? */
static bool healthbody_speaks(struct healthbody_walk *w, const struct json *container)
{
    for (const struct json *v = json_first(container); v; v = json_next(v))
        if (healthbody_says(w, v, false) || (json_string(v) && healthbody_opinion(v).known))
            return true;
    return false;
}

/* Adds at most `max` bytes of `s` to the path; returns where it ends. `max`es add up to less than
 * HEALTHBODY_NAME. */
static size_t healthbody_path(char out[HEALTHBODY_NAME], size_t at, const char *s, size_t max)
{
    size_t len = strnlen(s, max);

    memcpy(out + at, s, len);
    out[at + len] = '\0';
    return at + len;
}

static void healthbody_child_object(struct healthbody_walk *w, const char *path,
                                    const struct json *v, bool failure, int depth)
{
    struct keyed k = healthbody_keyed(v);
    struct opinion o = healthbody_opinion_keyed(w, &k);
    char note[64], prefix[HEALTHBODY_NAME];
    const char *text = healthbody_note_keyed(&k);
    enum unit unit;
    double value = healthbody_number(&k, &unit), failed;
    size_t before = w->counted;

    if (!o.there && failure) { /* named among the failures: that is its status */
        o = (struct opinion){ .there = true, .known = true, .state = STATE_DOWN };
        snprintf(o.word, sizeof o.word, "failed");
    }
    if (unit == UNIT_COUNT && !text && healthbody_get(&k, KEY_WAITING) &&
        json_number(healthbody_get(&k, KEY_FAILED), &failed) && failed != 0) {
        if (failed > 0 && failed < 1e9 && failed == floor(failed)) /* the way it mostly is */
            snprintf(note, sizeof note, "%d failed", (int)failed);
        else
            snprintf(note, sizeof note, "%.15g failed", failed);
        text = note;
    }
    if (o.there)
        healthbody_part(w, path, &o, text, value, unit);
    if (depth < HEALTHBODY_DEPTH) {
        healthbody_path(prefix, healthbody_path(prefix, 0, path, 250), "/", 1);
        healthbody_parts_keyed(w, prefix, &k, false, depth + 1);
    }
    if (!o.there && !o.ignored && w->counted == before) /* nor do its own parts speak for it */
        healthbody_part(w, path, &o, text, value, unit);
}

/* application/health+json: each check is an array of measurements. */
static void healthbody_child_array(struct healthbody_walk *w, const char *path,
                                   const struct json *array, bool failure, int depth)
{
    size_t n = json_count(array), i = 0;

    for (const struct json *v = json_first(array); v; v = json_next(v), i++) {
        struct keyed k = healthbody_keyed(v);
        const char *id = json_string(healthbody_get(&k, KEY_COMPONENT_ID));
        char name[HEALTHBODY_NAME];

        if (!json_is(v, JSON_OBJECT))
            continue;
        if (n == 1)
            healthbody_path(name, 0, path, sizeof name - 1);
        else if (id)
            snprintf(name, sizeof name, "%.160s/%.80s", path, id);
        else
            snprintf(name, sizeof name, "%.200s/%zu", path, i);
        healthbody_child_object(w, name, v, failure, depth);
    }
}

/* A word that is a part. In prose only what is bad is believed. */
static struct opinion healthbody_opinion_part(const struct json *v)
{
    struct opinion o = healthbody_opinion(v), prose;

    if (o.known || !json_string(v))
        return o;
    prose = healthbody_opinion_prose(json_string(v), strlen(json_string(v)));
    return prose.state == STATE_DOWN || prose.state == STATE_DEGRADED ? prose : o;
}

void healthbody_child(struct healthbody_walk *w, const char *prefix, const char *name,
                      const struct json *v, bool failure, int depth)
{
    char path[HEALTHBODY_NAME];
    struct opinion o;

    healthbody_path(path, healthbody_path(path, 0, prefix, 120), name, 120);
    switch (json_kind(v)) {
    case JSON_OBJECT:
        healthbody_child_object(w, path, v, failure, depth);
        break;
    case JSON_ARRAY:
        healthbody_child_array(w, path, v, failure, depth);
        break;
    case JSON_STRING:
    case JSON_BOOL:
        o = healthbody_opinion_part(v);
        if (failure) {
            o.known = true;
            o.ignored = false;
            o.state = STATE_DOWN;
        }
        healthbody_part(w, path, &o, NULL, NAN, UNIT_NONE);
        break;
    case JSON_NUMBER: /* a figure about the whole: {"checks": {"total": 5}} */
    case JSON_NULL:
        break;
    }
}

static const char *healthbody_name(const struct json *v)
{
    struct keyed k = healthbody_keyed(v);

    for (enum healthbody_key key = KEYS_NAME; key < KEYS_NAME_END; key++) {
        const char *s = json_string(healthbody_get(&k, key));

        if (s && *s)
            return s;
    }
    return NULL;
}

void healthbody_members(struct healthbody_walk *w, const char *prefix, const struct json *container,
                        bool failures, int depth)
{
    size_t i = 0;

    for (const struct json *v = json_first(container); v; v = json_next(v), i++) {
        const char *name = json_is(container, JSON_OBJECT) ? json_key(v) : healthbody_name(v);
        char number[24];

        if (!name && json_string(v) && failures) { /* {"failures": ["db"]} */
            struct opinion o = { .there = true, .known = true, .state = STATE_DOWN };

            snprintf(o.word, sizeof o.word, "failed");
            healthbody_part(w, json_string(v), &o, NULL, NAN, UNIT_NONE);
            continue;
        }
        if (!name && !json_is(v, JSON_OBJECT))
            continue;
        if (!name) {
            snprintf(number, sizeof number, "%zu", i);
            name = number;
        }
        healthbody_child(w, prefix, name, v, failures, depth);
    }
}

/* Terminus: `info` holds what is well, `error` what is not; `details` both. */
static bool healthbody_terminus(struct healthbody_walk *w, const char *prefix,
                                const struct keyed *k, int depth)
{
    const struct json *info = healthbody_get(k, KEY_INFO), *error = healthbody_get(k, KEY_ERROR);
    bool any = false;

    if (json_is(info, JSON_OBJECT) && healthbody_speaks(w, info)) {
        healthbody_members(w, prefix, info, false, depth);
        any = true;
    }
    if (json_is(error, JSON_OBJECT) && json_is(json_first(error), JSON_OBJECT)) {
        healthbody_members(w, prefix, error, true, depth);
        any = true;
    }
    return any;
}

/* A count of errors is bad, but by how much nobody knows: it may be of all time. */
static bool healthbody_error_count(struct healthbody_walk *w, const char *name,
                                   const struct json *v)
{
    struct opinion o = { .there = true, .known = true, .state = STATE_DEGRADED };
    double n;

    if (!json_number(v, &n))
        return false;
    if (n == 0)
        return true;
    snprintf(o.word, sizeof o.word, "%.15g", n);
    healthbody_part(w, name, &o, NULL, NAN, UNIT_NONE);
    return true;
}

/* {"error": "Server is shutting down"}, {"error": true}, {"errors": "disk full"}, {"errors": 3};
 * errors that are a list or a map are parts. */
static void healthbody_flat_error(struct healthbody_walk *w, const struct keyed *k,
                                  enum healthbody_key key)
{
    static const char *const none[] = { "none", "no error", "no errors", "null",
                                        "nil",  "false",    "0",         NULL };
    const struct json *v = healthbody_get(k, key);
    const char *name = healthbody_key_name(key);
    const char *s = json_string(v);
    struct opinion o;
    bool yes;

    if (key == KEY_ERROR && json_is(v, JSON_OBJECT))
        s = healthbody_note(v);
    if (json_bool(v, &yes) && yes)
        s = "true";
    if (healthbody_error_count(w, name, v) || !s || !*s || healthbody_in(s, none))
        return;
    o = healthbody_opinion_word(s, strlen(s));
    o.known = true;
    o.ignored = false;
    o.state = STATE_DOWN;
    healthbody_part(w, name, &o, strlen(s) > strlen(o.word) ? s : NULL, NAN, UNIT_NONE);
}

static void healthbody_flat_errors(struct healthbody_walk *w, const struct keyed *k)
{
    healthbody_flat_error(w, k, KEY_ERROR);
    healthbody_flat_error(w, k, KEY_ERRORS);
}

/* Parts that stand beside the status and not below it: Spring Boot 1.x, flat maps of words. */
static void healthbody_flat(struct healthbody_walk *w, const struct keyed *k)
{
    bool top = healthbody_opinion_keyed(w, k).there, speaks = healthbody_speaks(w, k->obj);

    for (const struct json *v = json_first(k->obj); v && speaks; v = json_next(v)) {
        const char *key = json_key(v);

        if (healthbody_is_status(v))
            continue;
        if (json_is(v, JSON_OBJECT) || json_is(v, JSON_ARRAY)) {
            if (healthbody_says(w, v, false))
                healthbody_child(w, "", key, v, false, 1);
        } else if (json_string(v) && !healthbody_is_meta(key)) {
            struct opinion o = top ? healthbody_opinion(v) : healthbody_opinion_part(v);

            /* Beside a status a strange word is just information; without one it may be the text of
             * an error, and must not pass as well. */
            if (o.known || !top)
                healthbody_part(w, key, &o, NULL, NAN, UNIT_NONE);
        }
    }
    healthbody_flat_errors(w, k);
}

/* What stands beside the containers and speaks: none of it may hide behind them. A word there is
 * taken for a part only when it is bad: beside parts that have a place of their own it is mostly
 * just information. */
static bool healthbody_is_beside(struct healthbody_walk *w, const struct json *v)
{
    unsigned key = json_class(v);
    enum state state;

    if (healthbody_is_status(v) || key == KEY_INFO || key == KEY_ERROR)
        return false;
    if (json_is(v, JSON_OBJECT) || json_is(v, JSON_ARRAY))
        return !(key >= KEYS_CONTAINER && key < KEYS_CONTAINER_END) && healthbody_says(w, v, true);
    if (!json_string(v) || healthbody_is_meta(json_key(v)))
        return false;
    state = healthbody_opinion(v).state;
    return (state == STATE_DOWN || state == STATE_DEGRADED) &&
           strcasecmp(json_string(v), "false") != 0;
}

static void healthbody_beside(struct healthbody_walk *w, const struct json *obj)
{
    for (const struct json *v = json_first(obj); v; v = json_next(v))
        if (healthbody_is_beside(w, v))
            healthbody_child(w, "", json_key(v), v, false, 1);
}

/* Is some member a plain no? */
static bool healthbody_denies(const struct json *container)
{
    bool yes;

    for (const struct json *v = json_first(container); v; v = json_next(v))
        if (json_bool(v, &yes) && !yes)
            return true;
    return false;
}

/* May it be read as parts? What is named failures always; the first container on top also when it
 * says nothing that we know, for it then is unknown; `details` is mostly prose. */
static bool healthbody_is_container(struct healthbody_walk *w, const struct json *v,
                                    enum healthbody_key key, bool top, bool first)
{
    if (!json_is(v, JSON_OBJECT) && !json_is(v, JSON_ARRAY))
        return false;
    if (key == KEY_FAILURES || key == KEY_ERRORS)
        return true;
    return healthbody_speaks(w, v) ||
           (top && key != KEY_DETAILS && (first || healthbody_denies(v)));
}

/* All the containers: what failed may stand in any of them. False when there is none, or all are
 * empty. */
static bool healthbody_container(struct healthbody_walk *w, const char *prefix,
                                 const struct keyed *k, bool top, int depth)
{
    bool any = false;

    for (enum healthbody_key key = KEYS_CONTAINER; key < KEYS_CONTAINER_END; key++) {
        const struct json *v = healthbody_get(k, key);

        if (!v || !healthbody_is_container(w, v, key, top, !any))
            continue;
        if (any)
            w->told = w->out->n_components;
        healthbody_members(w, prefix, v, key == KEY_FAILURES || key == KEY_ERRORS, depth);
        any = any || json_count(v) > 0;
    }
    return any;
}

/* {"status": {"db": "ok"}}, and {"status": "ok", "health": {"db": "down"}} */
static bool healthbody_inside_status(struct healthbody_walk *w, const struct keyed *k, bool any,
                                     int depth)
{
    bool read = false;

    for (enum healthbody_key key = KEYS_STATUS; key < KEYS_STATUS_END; key++) {
        const struct json *v = healthbody_get(k, key);

        if (!json_is(v, JSON_OBJECT) || healthbody_opinion(v).there)
            continue;
        if ((any || key != KEY_STATUS) && !healthbody_speaks(w, v) && !healthbody_denies(v))
            continue;
        healthbody_members(w, "", v, false, depth);
        read = true;
    }
    return read;
}

static bool healthbody_parts_keyed(struct healthbody_walk *w, const char *prefix,
                                   const struct keyed *k, bool top, int depth)
{
    size_t told = w->told;
    bool any = false;

    if (healthbody_has(k, KEYS_CONTAINER, KEYS_CONTAINER_END))
        any = healthbody_container(w, prefix, k, top, depth);
    if (any)
        w->told = w->out->n_components;
    if (!any || top)
        any = healthbody_terminus(w, prefix, k, depth) || any;
    if (top && healthbody_has(k, KEYS_STATUS, KEYS_STATUS_END))
        any = healthbody_inside_status(w, k, any, depth) || any;
    if (top && any) {
        w->told = w->out->n_components;
        healthbody_beside(w, k->obj);
        healthbody_flat_errors(w, k);
    } else if (top) {
        healthbody_flat(w, k);
    }
    w->told = told;
    return any;
}

bool healthbody_parts(struct healthbody_walk *w, const char *prefix, const struct json *obj,
                      bool top, int depth)
{
    struct keyed k = healthbody_keyed(obj);

    return healthbody_parts_keyed(w, prefix, &k, top, depth);
}

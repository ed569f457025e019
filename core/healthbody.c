/* core/healthbody.c: what a health body says, whatever its dialect. */
#include "core/healthbody.h"

#include "core/alloc.h"
#include "core/healthbody_impl.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static const char healthbody_wrong[] = "body is not the health JSON";

static int healthbody_rank(enum state s)
{
    static const int ranks[] = {
        [STATE_UP] = 1, [STATE_UNKNOWN] = 2, [STATE_DEGRADED] = 3, [STATE_DOWN] = 4
    };

    return s <= STATE_DOWN ? ranks[s] : 0;
}

enum state healthbody_worse(enum state a, enum state b)
{
    return healthbody_rank(b) > healthbody_rank(a) ? b : a;
}

/* The slot for one more part. Where all are taken, a part that is up makes room for one that is
 * not; NULL when there is nothing to gain. */
static struct component *healthbody_slot(struct healthbody *h, enum state state)
{
    if (h->n_components < READING_COMPONENTS) {
        if (h->n_components == h->components_cap) {
            size_t cap = h->components_cap ? h->components_cap * 2 : 8;

            h->components = xreallocarray(h->components, cap, sizeof *h->components);
            memset(h->components + h->components_cap, 0,
                   (cap - h->components_cap) * sizeof *h->components);
            h->components_cap = cap;
        }
        return &h->components[h->n_components++];
    }
    for (size_t i = h->n_components; state != STATE_UP && i-- > 0;)
        if (h->components[i].state == STATE_UP)
            return &h->components[i];
    return NULL;
}

/* The part of that name among those that an earlier container told, or NULL. */
static struct component *healthbody_told(struct healthbody_walk *w, const char *name)
{
    for (size_t i = 0; i < w->told; i++)
        if (strcmp(text_str(&w->out->components[i].name), name) == 0)
            return &w->out->components[i];
    return NULL;
}

void healthbody_part(struct healthbody_walk *w, const char *name, const struct opinion *o,
                     const char *note, double value, enum unit unit)
{
    struct component *told = healthbody_told(w, name), *c = told;

    if (told && healthbody_worse(told->state, o->state) == told->state) {
        w->counted++;
        return;
    }
    if (!c)
        c = healthbody_slot(w->out, o->state);
    if (!o->ignored) {
        w->counted++;
        w->worst = healthbody_worse(w->worst, o->state);
    }
    if (!c)
        return;
    text_sets(&c->name, name);
    text_sets(&c->word, o->word);
    text_sets(&c->note, note);
    c->state = o->state;
    c->value = unit == UNIT_NONE ? NAN : value;
    c->unit = unit;
}

void healthbody_why_parts(struct healthbody *h)
{
    char why[512] = "";
    size_t n = 0, shown = 0, bad = 0;
    enum state worst = STATE_UP;

    for (size_t i = 0; i < h->n_components; i++)
        worst = healthbody_worse(worst, h->components[i].state);
    for (size_t i = 0; i < h->n_components && worst != STATE_UP; i++) {
        const struct component *c = &h->components[i];
        const char *word = text_str(&c->word);

        if (c->state != worst)
            continue;
        if (++bad > 3)
            continue;
        n += (size_t)snprintf(why + n, sizeof why - n, "%s%.60s: %.60s", shown++ ? ", " : "",
                              text_str(&c->name), *word ? word : "no status");
    }
    if (bad > shown)
        snprintf(why + n, sizeof why - n, " and %zu more", bad - shown);
    text_sets(&h->why, why);
}

static const char *const healthbody_version_keys[] = { "version",    "releaseId",   "release",
                                                       "appVersion", "app_version", NULL };

static void healthbody_read_version(struct healthbody_walk *w, const struct json *root,
                                    const struct json *base)
{
    const struct json *v = NULL;
    double n;

    if (w->hints && w->hints->version)
        v = json_pointer(root, w->hints->version);
    else
        for (size_t i = 0; healthbody_version_keys[i] && !(json_string(v) && *json_string(v)); i++)
            v = healthbody_find(base, healthbody_version_keys[i]);
    if (json_string(v))
        text_sets(&w->out->version, json_string(v));
    else if (json_number(v, &n))
        text_setf(&w->out->version, "%.15g", n);
}

static void healthbody_read_uptime(struct healthbody_walk *w, const struct json *root,
                                   const struct json *base)
{
    static const struct {
        const char *key;
        double factor;
    } keys[] = { { "uptime", 1 },
                 { "uptimeSeconds", 1 },
                 { "uptime_seconds", 1 },
                 { "uptimeMs", 1.0 / 1000 },
                 { "uptime_ms", 1.0 / 1000 } };
    const struct json *v;
    double n;

    if (w->hints && w->hints->uptime) {
        v = json_pointer(root, w->hints->uptime);
        if (json_number(v, &n) ||
            (json_string(v) && quantity_parse(json_string(v), UNIT_SECONDS, &n, NULL)))
            w->out->uptime = n;
        return;
    }
    for (size_t i = 0; i < sizeof keys / sizeof *keys && isnan(w->out->uptime); i++) {
        v = healthbody_find(base, keys[i].key);
        if (json_number(v, &n))
            w->out->uptime = n * keys[i].factor;
        else if (json_string(v) && quantity_parse(json_string(v), UNIT_SECONDS, &n, NULL))
            w->out->uptime = n;
    }
    /* seconds or milliseconds, of this century */
    if (healthbody_find(base, "checkResults") &&
        json_number(healthbody_find(base, "finishedAt"), &n) && n >= 1e9 && n < 1e13)
        w->out->finished_ms = (int64_t)(n < 1e11 ? n * 1000 : n);
}

/* The word on top against the parts below it. A bad word stands; a good one does not outshine a
 * part that failed; without a word the parts speak. */
static void healthbody_settle(struct healthbody_walk *w, const struct opinion *top,
                              const char *note)
{
    struct healthbody *h = w->out;
    bool failed = w->worst == STATE_DOWN || w->worst == STATE_DEGRADED;

    text_sets(&h->word, top->there ? top->word : "");
    text_sets(&h->why, "");
    if (failed)
        healthbody_why_parts(h);
    if (top->there && top->known) {
        h->state = top->state;
        if (top->state == STATE_UP && failed) {
            h->state = STATE_DEGRADED;
            text_setf(&h->why, "%s, though status is %s", text_str(&h->why), top->word);
        } else if (top->state == STATE_DISABLED) {
            text_sets(&h->why, note ? note : top->word);
        } else if (top->state != STATE_UP && !failed) {
            text_setf(&h->why, "status is %s%s%.200s", top->word, note ? ": " : "",
                      note ? note : "");
        }
    } else if (failed) {
        h->state = w->worst;
    } else if (top->there) {
        h->state = STATE_UNKNOWN;
        text_setf(&h->why, "'%s' is not a known status", top->word);
    } else if (w->counted) {
        h->state = w->worst;
        healthbody_why_parts(h);
    } else {
        h->state = STATE_UNKNOWN;
        text_sets(&h->why, "no status in the body");
    }
}

static bool healthbody_says_maintenance(const struct json *obj)
{
    bool on;

    return json_bool(healthbody_find(obj, "maintenance"), &on) && on;
}

static void healthbody_read_object(struct healthbody_walk *w, const struct json *obj)
{
    struct opinion top;
    const char *note;

    if (healthbody_product(w, obj))
        return;
    top = healthbody_opinion_of(w, obj);
    healthbody_parts(w, "", obj, true, 0);
    if (healthbody_says_maintenance(obj) && top.state != STATE_DOWN) {
        w->out->state = STATE_DISABLED;
        text_sets(&w->out->word, "maintenance");
        text_sets(&w->out->why, "maintenance");
        return;
    }
    note = healthbody_note(obj);
    healthbody_settle(w, &top, note ? note : healthbody_note(healthbody_find(obj, "status")));
}

/* {"success": true, "data": {...}} and {"status": "success", "data": {...}}: the inside, where
 * there is one that could speak. What the envelope itself says: healthbody_envelope(). */
static const struct json *healthbody_unwrap(struct healthbody_walk *w, const struct json *root)
{
    const struct json *data = healthbody_find(root, "data"),
                      *status = healthbody_find(root, "status");

    if (!json_is(data, JSON_OBJECT))
        return root;
    if (status)
        return healthbody_opinion(status).state == STATE_UP && healthbody_opinion_of(w, data).there
                   ? data
                   : root;
    return json_is(healthbody_find(root, "success"), JSON_BOOL) ||
                   json_is(healthbody_find(root, "ok"), JSON_BOOL)
               ? data
               : root;
}

/* An envelope that says no means no, however well its inside speaks. One that says yes speaks only
 * for an inside that says nothing. */
static void healthbody_envelope(struct healthbody_walk *w, const struct json *root)
{
    static const char *const keys[] = { "success", "ok" };
    const char *note = healthbody_note(root);
    struct opinion top;
    bool ok;

    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        if (!json_bool(healthbody_find(root, keys[i]), &ok) || ok)
            continue;
        w->out->state = STATE_DOWN;
        text_setf(&w->out->why, "%s is false%s%.200s", keys[i], note ? ": " : "", note ? note : "");
        return;
    }
    top = healthbody_opinion_of(w, root);
    if (top.known && top.state != STATE_UP &&
        healthbody_worse(w->out->state, top.state) != w->out->state) {
        w->out->state = top.state;
        text_setf(&w->out->why, "status is %s%s%.200s", top.word, note ? ": " : "",
                  note ? note : "");
    } else if (!text_str(&w->out->word)[0] && !w->counted && top.there &&
               !(w->hints && w->hints->n_status)) {
        healthbody_settle(w, &top, NULL);
    }
}

/* A place that was named and is not there: what would stand in it is not known, unless the rest is
 * bad enough. */
static void healthbody_missing(struct healthbody *h, const char *what, const char *place,
                               const char *more)
{
    if (h->state == STATE_DOWN || h->state == STATE_DEGRADED)
        return;
    h->state = STATE_UNKNOWN;
    text_setf(&h->why, "no %s at %s%s", what, place, more);
}

static void healthbody_read_hinted(struct healthbody_walk *w, const struct json *root,
                                   const struct json *base)
{
    const struct healthbody_hints *hints = w->hints;
    const struct json *status = NULL, *parts = NULL;
    struct opinion top = { 0 };

    for (size_t i = 0; i < hints->n_status && !status; i++)
        status = json_pointer(root, hints->status[i]);
    if (!hints->n_status)
        top = healthbody_opinion_of(w, base);
    else if (json_is(status, JSON_OBJECT))
        top = healthbody_opinion_of(w, status);
    else if (status)
        top = healthbody_opinion(status);
    top.ignored = false;
    if (hints->components) {
        parts = json_pointer(root, hints->components);
        if (parts)
            healthbody_members(w, "", parts, false, 0);
    } else {
        healthbody_parts(w, "", base, true, 0);
    }
    healthbody_settle(w, &top, NULL);
    if (hints->n_status && !top.there)
        healthbody_missing(w->out, "status", hints->status[0],
                           hints->n_status > 1 ? " or the other places named" : "");
    else if (hints->components && !json_is(parts, JSON_OBJECT) && !json_is(parts, JSON_ARRAY))
        healthbody_missing(w->out, "parts", hints->components, "");
}

static void healthbody_read_root(struct healthbody_walk *w, const struct json *root)
{
    const struct json *base = healthbody_unwrap(w, root);
    struct opinion top;

    if (json_is(root, JSON_OBJECT)) {
        healthbody_read_version(w, root, base);
        healthbody_read_uptime(w, root, base);
    }
    if (w->hints && (w->hints->n_status || w->hints->components)) {
        healthbody_read_hinted(w, root, base);
    } else if (json_is(root, JSON_OBJECT)) {
        healthbody_read_object(w, base);
    } else if (json_is(root, JSON_ARRAY)) {
        healthbody_members(w, "", root, false, 0);
        healthbody_settle(w, &(struct opinion){ 0 }, NULL);
    } else {
        top = healthbody_opinion(root);
        healthbody_settle(w, &top, NULL);
    }
    if (base != root)
        healthbody_envelope(w, root);
}

static void healthbody_clear(struct healthbody *h)
{
    h->state = STATE_UNKNOWN;
    text_sets(&h->word, "");
    text_sets(&h->why, "");
    text_sets(&h->version, "");
    h->n_components = 0;
    h->uptime = NAN;
    h->finished_ms = 0;
}

static bool healthbody_refuse(struct healthbody *h, struct err *err, const struct err *detail)
{
    h->n_components = 0;
    h->state = STATE_DOWN;
    text_sets(&h->word, "");
    if (detail && *detail->msg)
        text_setf(&h->why, "%s: %s", healthbody_wrong, detail->msg);
    else
        text_sets(&h->why, healthbody_wrong);
    return err_set(err, "%s", text_str(&h->why));
}

static bool healthbody_is_json(const char *body, size_t len, const char *content_type)
{
    if (*body == '{' || *body == '"')
        return true;
    if (*body == '[')
        return len < 3 || body[2] != ']' || (body[1] != '+' && body[1] != '-');
    return content_type && strcasestr(content_type, "json");
}

bool healthbody_read(const char *body, size_t len, const char *content_type,
                     const struct healthbody_hints *hints, struct healthbody *out, struct err *err)
{
    struct err detail = { "" };
    struct healthbody_walk w = { .out = out, .hints = hints, .err = &detail, .worst = STATE_UP };
    struct json *root;

    healthbody_clear(out);
    if (len >= 3 &&
        memcmp(body, "\xef\xbb\xbf", 3) == 0) { /* some servers send it; it says nothing */
        body += 3;
        len -= 3;
    }
    while (len && strchr(" \t\r\n", *body) && *body) {
        body++;
        len--;
    }
    if (len == 0) {
        text_sets(&out->why, "the body is empty");
        return true;
    }
    if (!healthbody_is_json(body, len, content_type) || *body == '<') {
        if (!healthbody_text(&w, body, len, content_type))
            return healthbody_refuse(out, err, NULL);
        return true;
    }
    root = json_parse(body, len, HEALTHBODY_DEPTH * 2, HEALTHBODY_NODES, &detail);
    if (!root)
        return healthbody_refuse(out, err, &detail);
    json_class_keys(root, healthbody_key_of);
    healthbody_read_root(&w, root);
    json_free(root);
    return w.refused ? healthbody_refuse(out, err, &detail) : true;
}

void healthbody_fini(struct healthbody *h)
{
    for (size_t i = 0; i < h->components_cap; i++) {
        text_fini(&h->components[i].name);
        text_fini(&h->components[i].word);
        text_fini(&h->components[i].note);
    }
    free(h->components);
    text_fini(&h->word);
    text_fini(&h->why);
    text_fini(&h->version);
    *h = (struct healthbody){ 0 };
}

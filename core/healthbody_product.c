/* core/healthbody_product.c: products whose health speaks through keys of their own. */
#include "core/healthbody_impl.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

static bool product_settle(struct healthbody_walk *w, enum state state, const char *word,
                           const char *why)
{
    w->out->state = state;
    text_sets(&w->out->word, word);
    text_sets(&w->out->why, why);
    return true;
}

static bool product_flag(const struct json *obj, const char *key, bool *out)
{
    return json_bool(json_get(obj, key), out);
}

static bool product_vault(struct healthbody_walk *w, const struct json *obj)
{
    bool initialized, sealed, standby = false;

    if (!product_flag(obj, "initialized", &initialized) || !product_flag(obj, "sealed", &sealed))
        return false;
    product_flag(obj, "standby", &standby);
    if (!initialized)
        return product_settle(w, STATE_DOWN, "not initialized", "not initialized");
    if (sealed)
        return product_settle(w, STATE_DOWN, "sealed", "sealed");
    return product_settle(w, STATE_UP, standby ? "standby" : "active", "");
}

static bool product_nextcloud(struct healthbody_walk *w, const struct json *obj)
{
    bool installed, maintenance, upgrade = false;

    if (!product_flag(obj, "installed", &installed) ||
        !product_flag(obj, "maintenance", &maintenance))
        return false;
    product_flag(obj, "needsDbUpgrade", &upgrade);
    if (!installed)
        return product_settle(w, STATE_DOWN, "not installed", "not installed");
    if (maintenance)
        return product_settle(w, STATE_DISABLED, "maintenance", "maintenance");
    if (upgrade)
        return product_settle(w, STATE_DEGRADED, "needs upgrade", "the database needs an upgrade");
    return product_settle(w, STATE_UP, "installed", "");
}

static bool product_couchdb(struct healthbody_walk *w, const struct json *obj)
{
    const char *word = json_string(json_get(obj, "couchdb"));

    return word && strcmp(word, "Welcome") == 0 && product_settle(w, STATE_UP, word, "");
}

static enum state product_kafka_state(const char *word)
{
    if (!word)
        return STATE_UNKNOWN;
    if (strcasecmp(word, "RUNNING") == 0)
        return STATE_UP;
    if (strcasecmp(word, "FAILED") == 0)
        return STATE_DOWN;
    if (strcasecmp(word, "PAUSED") == 0 || strcasecmp(word, "STOPPED") == 0 ||
        strcasecmp(word, "UNASSIGNED") == 0 || strcasecmp(word, "RESTARTING") == 0)
        return STATE_DEGRADED;
    return STATE_UNKNOWN;
}

static enum state product_kafka_part(struct healthbody_walk *w, const char *name,
                                     const struct json *v)
{
    const char *word = json_string(json_get(v, "state"));
    struct opinion o = { .there = true, .known = true, .state = product_kafka_state(word) };

    snprintf(o.word, sizeof o.word, "%s", word ? word : "no state");
    healthbody_part(w, name, &o, json_string(json_get(v, "trace")), NAN, UNIT_NONE);
    return o.state;
}

/* Kafka Connect: a connector and its tasks. Paused on purpose still moves no data. */
static bool product_kafka(struct healthbody_walk *w, const struct json *obj)
{
    const struct json *connector = json_get(obj, "connector"), *tasks = json_get(obj, "tasks");
    const char *word = json_string(json_get(connector, "state"));
    enum state state;
    size_t failed = 0, n = 0;

    if (!word || !json_is(tasks, JSON_ARRAY))
        return false;
    state = product_kafka_part(w, "connector", connector);
    for (const struct json *t = json_first(tasks); t; t = json_next(t), n++) {
        char name[32];

        snprintf(name, sizeof name, "task/%zu", n);
        failed += product_kafka_part(w, name, t) == STATE_DOWN;
    }
    if (failed && failed == n)
        state = STATE_DOWN;
    else if (failed || (state == STATE_UP && w->worst != STATE_UP))
        state = healthbody_worse(state, failed ? STATE_DEGRADED : w->worst);
    product_settle(w, state, word, "");
    if (state == STATE_DEGRADED && strcasecmp(word, "PAUSED") == 0)
        text_sets(&w->out->why, "paused");
    else if (state != STATE_UP)
        healthbody_why_parts(w->out);
    return true;
}

static bool product_member_number(const struct json *m, const char *key, double *out)
{
    return json_number(healthbody_find(m, key), out);
}

/* MongoDB's replSetGetStatus: numbers for states. */
static bool product_mongodb(struct healthbody_walk *w, const struct json *obj)
{
    static const char *const names[] = { "STARTUP", "PRIMARY",  "SECONDARY", "RECOVERING",
                                         "",        "STARTUP2", "UNKNOWN",   "ARBITER",
                                         "DOWN",    "ROLLBACK", "REMOVED" };
    const struct json *members = healthbody_find(obj, "members");
    double state, health;
    bool primary = false;

    if (!product_member_number(json_first(members), "state", &state) ||
        !product_member_number(json_first(members), "health", &health))
        return false;
    for (const struct json *m = json_first(members); m; m = json_next(m)) {
        struct opinion o = { .there = true, .known = true, .state = STATE_UNKNOWN };
        const char *name = json_string(healthbody_find(m, "name"));
        int n =
            product_member_number(m, "state", &state) && state >= 0 && state <= 10 ? (int)state : 6;

        if (!product_member_number(m, "health", &health) || health != 1 || n == 8)
            o.state = STATE_DOWN;
        else if (n == 1 || n == 2 || n == 7)
            o.state = STATE_UP;
        else if (n != 6)
            o.state = STATE_DEGRADED;
        primary = primary || (n == 1 && o.state == STATE_UP);
        snprintf(o.word, sizeof o.word, "%s", names[n]);
        healthbody_part(w, name ? name : "member", &o, NULL, NAN, UNIT_NONE);
    }
    if (!primary)
        return product_settle(w, STATE_DOWN, "no primary", "no primary");
    product_settle(w, w->worst == STATE_UP ? STATE_UP : STATE_DEGRADED, "primary", "");
    healthbody_why_parts(w->out);
    return true;
}

bool healthbody_product(struct healthbody_walk *w, const struct json *obj)
{
    static bool (*const products[])(struct healthbody_walk *, const struct json *) = {
        product_vault, product_nextcloud, product_couchdb, product_kafka, product_mongodb,
    };

    for (size_t i = 0; i < sizeof products / sizeof *products; i++)
        if (products[i](w, obj))
            return true;
    return false;
}

/* core/healthbody_impl.h: what the parts of the health body reader share. Nobody else includes it.
 */
#pragma once

#include "core/healthbody.h"
#include "core/healthbody_keys.h"
#include "core/json.h"

#include <stdint.h>

enum { HEALTHBODY_DEPTH = 8, HEALTHBODY_NODES = 20000, HEALTHBODY_NAME = 256 };

struct opinion {
    bool there;   /* something stands where a status would */
    bool known;   /* and it is a word that we know */
    bool ignored; /* null, "skipped": as if it were not there */
    enum state state;
    char word[64]; /* as told, raw; for a screen it goes through core/text.h */
};

struct healthbody_walk {
    struct healthbody *out;
    const struct healthbody_hints *hints;
    struct err *err;
    bool refused;     /* err is set: the body contradicts itself */
    enum state worst; /* of the parts that count; STATE_UP when none is worse */
    size_t counted;
    size_t told; /* so many parts are of an earlier container: their names are not told twice */
};

/* down > degraded > unknown > up; what is disabled never counts. */
enum state healthbody_worse(enum state a, enum state b);
void healthbody_part(struct healthbody_walk *w, const char *name, const struct opinion *o,
                     const char *note, double value, enum unit unit);
/* "redis: error, queue: failed and 2 more" from the parts that are not up. */
void healthbody_why_parts(struct healthbody *h);

struct opinion healthbody_opinion_word(const char *s, size_t len);
/* One line of prose: it has an opinion when it is a known word, or begins or ends with one ("GitLab
 * OK", "Prometheus Server is Ready."). Then the worst known word in it counts, and "not" turns it.
 */
struct opinion healthbody_opinion_prose(const char *s, size_t len);
struct opinion healthbody_opinion(const struct json *v);
/* The status of an object: status, outcome, state, health, or ok, healthy ... Where two of them
 * contradict each other, the worse one. */
struct opinion healthbody_opinion_keyed(struct healthbody_walk *w, const struct keyed *k);
struct opinion healthbody_opinion_of(struct healthbody_walk *w, const struct json *obj);
/* A member by name in any case. */
const struct json *healthbody_find(const struct json *obj, const char *key);
const char *healthbody_note(const struct json *obj);
/* The parts below `obj`; returns whether there was a container or anything like one. */
bool healthbody_parts(struct healthbody_walk *w, const char *prefix, const struct json *obj,
                      bool top, int depth);
void healthbody_child(struct healthbody_walk *w, const char *prefix, const char *name,
                      const struct json *v, bool failure, int depth);
void healthbody_members(struct healthbody_walk *w, const char *prefix, const struct json *container,
                        bool failures, int depth);

/* Products with a shape of their own. True when it was one: then the state is settled. */
bool healthbody_product(struct healthbody_walk *w, const struct json *obj);
/* A body that is not JSON. */
bool healthbody_text(struct healthbody_walk *w, const char *body, size_t len,
                     const char *content_type);

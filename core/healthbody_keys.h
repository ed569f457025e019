/* core/healthbody_keys.h: the keys that speak of health, and which of them an object has. Of the
 * health body reader alone.
 *
 * A body is looked at for some sixty names at every level. Each key of a document is told apart
 * once (healthbody_key_of(), by json_class_keys()); after that a question is a bit.
 *
 * Owner:   a `struct keyed` borrows its object from the document.
 */
#pragma once

#include "core/json.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum healthbody_key {
    KEY_NONE,
    /* where a status stands; in the order in which they are believed, as in every group below */
    KEY_STATUS,
    KEY_OUTCOME,
    KEY_STATE,
    KEY_HEALTH,
    /* yes or no */
    KEY_OK,
    KEY_HEALTHY,
    KEY_SUCCESS,
    KEY_ALIVE,
    KEY_READY,
    KEY_UP,
    KEY_AVAILABLE,
    KEY_REACHABLE,
    KEY_CONNECTED,
    /* what holds parts */
    KEY_COMPONENTS,
    KEY_CHECKS,
    KEY_SERVICES,
    KEY_DETAILS,
    KEY_ENTRIES,
    KEY_CHECK_RESULTS,
    KEY_DEPENDENCIES,
    KEY_FAILURES,
    KEY_ERRORS,
    /* the name of a part in a list */
    KEY_NAME,
    KEY_ID,
    KEY_LABEL,
    KEY_KEY,
    KEY_COMPONENT_ID,
    KEY_SERVICE_ID,
    KEY_SERVICEID,
    /* words about it */
    KEY_MESSAGE,
    KEY_OUTPUT,
    KEY_ERROR,
    KEY_DESCRIPTION,
    KEY_EXCEPTION,
    KEY_REASON,
    KEY_NOTIFICATION_MESSAGE,
    KEY_SHORT_SUMMARY,
    /* its figure: milliseconds, percent, a count */
    KEY_RESPONSETIME,
    KEY_RESPONSE_TIME,
    KEY_RESPONSETIMEMS,
    KEY_LATENCY,
    KEY_LATENCYMS,
    KEY_LATENCY_MS,
    KEY_DURATIONMS,
    KEY_DURATION_MS,
    KEY_DURATION,
    KEY_PERCENTAGE,
    KEY_PERCENT,
    KEY_WAITING,
    KEY_FAILED,
    /* by themselves */
    KEY_INDICATOR,
    KEY_SUMMARY,
    KEY_OBSERVED_VALUE,
    KEY_OBSERVED_UNIT,
    KEY_TOTAL_DURATION,
    KEY_INFO,
    KEY_COUNT,

    KEYS_STATUS = KEY_STATUS,
    KEYS_STATUS_END = KEY_OK,
    KEYS_YES = KEY_OK,
    KEYS_YES_END = KEY_COMPONENTS,
    KEYS_CONTAINER = KEY_COMPONENTS,
    KEYS_CONTAINER_END = KEY_NAME,
    KEYS_NAME = KEY_NAME,
    KEYS_NAME_END = KEY_MESSAGE,
    KEYS_NOTE = KEY_MESSAGE,
    KEYS_NOTE_END = KEY_RESPONSETIME,
    KEYS_NUMBER = KEY_RESPONSETIME,
    KEYS_NUMBER_END = KEY_INDICATOR,
};

struct keyed {
    const struct json *obj; /* NULL and what is no object have nothing */
    uint64_t has;           /* bit of each enum healthbody_key */
};

/* KEY_NONE for a key that says nothing here; in any case. For json_class_keys(). */
unsigned healthbody_key_of(const char *key, size_t len);
const char *healthbody_key_name(enum healthbody_key key);

struct keyed healthbody_keyed(const struct json *obj);
/* The member of that name in any case, rather in ours; or NULL. */
const struct json *healthbody_search(const struct keyed *k, enum healthbody_key key);

static inline const struct json *healthbody_get(const struct keyed *k, enum healthbody_key key)
{
    return k->has >> key & 1 ? healthbody_search(k, key) : NULL;
}

/* Has it one of [from, end)? */
static inline bool healthbody_has(const struct keyed *k, enum healthbody_key from,
                                  enum healthbody_key end)
{
    return (k->has & ((UINT64_C(1) << end) - (UINT64_C(1) << from))) != 0;
}

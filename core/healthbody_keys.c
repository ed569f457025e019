/* core/healthbody_keys.c: telling the keys of health apart with one look and one comparison. */
#include "core/healthbody_keys.h"

#include <string.h>
#include <strings.h>

/* Key, its first and its last letter in lower case, and how we spell it. */
#define HEALTHBODY_KEYS(X)                                       \
    X(KEY_STATUS, 's', 's', "status")                            \
    X(KEY_OUTCOME, 'o', 'e', "outcome")                          \
    X(KEY_STATE, 's', 'e', "state")                              \
    X(KEY_HEALTH, 'h', 'h', "health")                            \
    X(KEY_OK, 'o', 'k', "ok")                                    \
    X(KEY_HEALTHY, 'h', 'y', "healthy")                          \
    X(KEY_SUCCESS, 's', 's', "success")                          \
    X(KEY_ALIVE, 'a', 'e', "alive")                              \
    X(KEY_READY, 'r', 'y', "ready")                              \
    X(KEY_UP, 'u', 'p', "up")                                    \
    X(KEY_AVAILABLE, 'a', 'e', "available")                      \
    X(KEY_REACHABLE, 'r', 'e', "reachable")                      \
    X(KEY_CONNECTED, 'c', 'd', "connected")                      \
    X(KEY_COMPONENTS, 'c', 's', "components")                    \
    X(KEY_CHECKS, 'c', 's', "checks")                            \
    X(KEY_SERVICES, 's', 's', "services")                        \
    X(KEY_DETAILS, 'd', 's', "details")                          \
    X(KEY_ENTRIES, 'e', 's', "entries")                          \
    X(KEY_CHECK_RESULTS, 'c', 's', "checkResults")               \
    X(KEY_DEPENDENCIES, 'd', 's', "dependencies")                \
    X(KEY_FAILURES, 'f', 's', "failures")                        \
    X(KEY_ERRORS, 'e', 's', "errors")                            \
    X(KEY_NAME, 'n', 'e', "name")                                \
    X(KEY_ID, 'i', 'd', "id")                                    \
    X(KEY_LABEL, 'l', 'l', "label")                              \
    X(KEY_KEY, 'k', 'y', "key")                                  \
    X(KEY_COMPONENT_ID, 'c', 'd', "componentId")                 \
    X(KEY_SERVICE_ID, 's', 'd', "service_id")                    \
    X(KEY_SERVICEID, 's', 'd', "serviceId")                      \
    X(KEY_MESSAGE, 'm', 'e', "message")                          \
    X(KEY_OUTPUT, 'o', 't', "output")                            \
    X(KEY_ERROR, 'e', 'r', "error")                              \
    X(KEY_DESCRIPTION, 'd', 'n', "description")                  \
    X(KEY_EXCEPTION, 'e', 'n', "exception")                      \
    X(KEY_REASON, 'r', 'n', "reason")                            \
    X(KEY_NOTIFICATION_MESSAGE, 'n', 'e', "notificationMessage") \
    X(KEY_SHORT_SUMMARY, 's', 'y', "shortSummary")               \
    X(KEY_RESPONSETIME, 'r', 'e', "responseTime")                \
    X(KEY_RESPONSE_TIME, 'r', 'e', "response_time")              \
    X(KEY_RESPONSETIMEMS, 'r', 's', "responseTimeMs")            \
    X(KEY_LATENCY, 'l', 'y', "latency")                          \
    X(KEY_LATENCYMS, 'l', 's', "latencyMs")                      \
    X(KEY_LATENCY_MS, 'l', 's', "latency_ms")                    \
    X(KEY_DURATIONMS, 'd', 's', "durationMs")                    \
    X(KEY_DURATION_MS, 'd', 's', "duration_ms")                  \
    X(KEY_DURATION, 'd', 'n', "duration")                        \
    X(KEY_PERCENTAGE, 'p', 'e', "percentage")                    \
    X(KEY_PERCENT, 'p', 't', "percent")                          \
    X(KEY_WAITING, 'w', 'g', "waiting")                          \
    X(KEY_FAILED, 'f', 'd', "failed")                            \
    X(KEY_INDICATOR, 'i', 'r', "indicator")                      \
    X(KEY_SUMMARY, 's', 'y', "summary")                          \
    X(KEY_OBSERVED_VALUE, 'o', 'e', "observedValue")             \
    X(KEY_OBSERVED_UNIT, 'o', 't', "observedUnit")               \
    X(KEY_TOTAL_DURATION, 't', 'n', "totalDuration")             \
    X(KEY_INFO, 'i', 'o', "info")

/* Chosen so that no two of the keys above fall together; the compiler warns where two do. */
#define KEYS_SLOT(first, last, len) (((first) + 5 * (last) + 21 * (len)) & 255)

#define KEYS_NAME_OF(key, first, last, name) [key] = (name),
#define KEYS_SLOT_OF(key, first, last, name) [KEYS_SLOT(first, last, sizeof(name) - 1)] = (key),

static const char *const keys_names[KEY_COUNT] = { HEALTHBODY_KEYS(KEYS_NAME_OF) };
static const unsigned char keys_slots[256] = { HEALTHBODY_KEYS(KEYS_SLOT_OF) };

unsigned healthbody_key_of(const char *key, size_t len)
{
    unsigned first, last, found;

    if (len == 0)
        return KEY_NONE;
    first = (unsigned char)key[0] | 0x20u;
    last = (unsigned char)key[len - 1] | 0x20u;
    found = keys_slots[KEYS_SLOT(first, last, len)];
    if (found == KEY_NONE || strncasecmp(key, keys_names[found], len) != 0 ||
        keys_names[found][len] != '\0')
        return KEY_NONE;
    return found;
}

const char *healthbody_key_name(enum healthbody_key key)
{
    return keys_names[key];
}

struct keyed healthbody_keyed(const struct json *obj)
{
    return (struct keyed){ obj, json_classes(obj) };
}

const struct json *healthbody_search(const struct keyed *k, enum healthbody_key key)
{
    const struct json *first = json_find_class(k->obj, key, NULL), *v;

    if (!first || !json_find_class(k->obj, key, first))
        return first;
    for (v = first; v; v = json_find_class(k->obj, key, v)) /* rare: twins that differ by case */
        if (strcmp(json_key(v), keys_names[key]) == 0)
            return v;
    return first;
}

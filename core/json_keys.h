/* core/json_keys.h: the keys seen so far in a document, to refuse one that an object has twice.
 *
 * Linear in the keys, whoever chose them: how often keys of one hash are compared in vain is
 * bounded, so that keys made to collide cost no more than others.
 *
 * Owner:   the caller owns the struct, and the strings that were added.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

enum { JSON_KEYS_FIRST = 128 };

struct json_key_seen {
    const char *key; /* NULL = free */
    uint32_t hash, object;
};

struct json_keys {
    struct json_key_seen *table;
    size_t cap, n;
    int vain; /* comparisons of different keys with one hash */
    struct json_key_seen first[JSON_KEYS_FIRST];
};

enum json_key_found { JSON_KEY_NEW, JSON_KEY_TWICE, JSON_KEY_CROWDED };

void json_keys_init(struct json_keys *k);
void json_keys_fini(struct json_keys *k);
/* `object` is any number that tells one object from the others; `key` ends with NUL. */
enum json_key_found json_keys_add(struct json_keys *k, uint32_t object, const char *key);

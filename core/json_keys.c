/* core/json_keys.c: a table of hashes. */
#include "core/json_keys.h"

#include "core/alloc.h"

#include <stdlib.h>
#include <string.h>

enum { KEYS_STEPS = 256, KEYS_VAIN = 64 };

void json_keys_init(struct json_keys *k)
{
    memset(k, 0, sizeof *k);
    k->table = k->first;
    k->cap = JSON_KEYS_FIRST;
}

void json_keys_fini(struct json_keys *k)
{
    if (k->table != k->first)
        free(k->table);
}

static uint32_t json_keys_hash(uint32_t object, const char *key)
{
    uint32_t h = 2166136261u;

    while (*key)
        h = (h ^ (unsigned char)*key++) * 16777619u;
    h = (h ^ object * 2654435761u) * 2246822519u;
    return h ^ h >> 15;
}

static void json_keys_put(struct json_key_seen *table, size_t cap, struct json_key_seen key)
{
    size_t slot = key.hash & (cap - 1);

    while (table[slot].key)
        slot = (slot + 1) & (cap - 1);
    table[slot] = key;
}

static void json_keys_grow(struct json_keys *k)
{
    size_t cap = k->cap * 4;
    struct json_key_seen *table = xcalloc(cap, sizeof *table);

    for (size_t i = 0; i < k->cap; i++)
        if (k->table[i].key)
            json_keys_put(table, cap, k->table[i]);
    json_keys_fini(k);
    k->table = table;
    k->cap = cap;
}

enum json_key_found json_keys_add(struct json_keys *k, uint32_t object, const char *key)
{
    uint32_t hash = json_keys_hash(object, key);
    size_t slot, steps = 0;

    if (k->n * 2 >= k->cap)
        json_keys_grow(k);
    for (slot = hash & (k->cap - 1); k->table[slot].key; slot = (slot + 1) & (k->cap - 1)) {
        const struct json_key_seen *seen = &k->table[slot];

        if (seen->object == object && seen->hash == hash) {
            if (strcmp(seen->key, key) == 0)
                return JSON_KEY_TWICE;
            k->vain++;
        }
        if (++steps > KEYS_STEPS || k->vain > KEYS_VAIN)
            return JSON_KEY_CROWDED;
    }
    k->table[slot] = (struct json_key_seen){ key, hash, object };
    k->n++;
    return JSON_KEY_NEW;
}

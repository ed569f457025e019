/* core/hash.h: FNV-1a: for places in tables, moments and fingerprints, never against an enemy. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#define HASH_START 0xcbf29ce484222325ULL

static inline uint64_t hash_add(uint64_t h, uint64_t v)
{
    return (h ^ v) * 0x100000001b3ULL;
}

static inline uint64_t hash_bytes(uint64_t h, const char *s, size_t len)
{
    for (size_t i = 0; i < len; i++)
        h = hash_add(h, (unsigned char)s[i]);
    return h;
}

static inline uint64_t hash_string(uint64_t h, const char *s)
{
    for (; *s; s++)
        h = hash_add(h, (unsigned char)*s);
    return h;
}

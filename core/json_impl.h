/* core/json_impl.h: what the files of core/json*.c share; nobody else includes it.
 *
 * A document is two blocks: the values in the order of their text, each container followed by what
 * is in it, and all strings behind each other, unescaped. A walk reads memory forward, and giving
 * it all back is two calls.
 */
#pragma once

#include "core/json.h"
#include "core/json_token.h"

enum { JSON_DEPTH_HARD = 64 }; /* what a caller may ask for at most */

struct json {
    const char *key; /* NULL outside an object */
    union {
        const char *string;
        double number;
        bool truth;
        uint64_t keys; /* json_key_bit() of every member: most lookups end at a bit that lacks */
    } as;
    uint32_t size;  /* values from here to behind what is inside; 1 for a scalar */
    uint32_t count; /* of members */
    uint32_t key_len;
    uint8_t kind;
    uint8_t class; /* of the key: json_class_keys() */
    bool last;     /* of its container; the root is, too */
};

struct json_doc {
    char *strings;
    struct json values[]; /* the root first */
};

/* Which bit of 64 stands for a key, whatever its case. */
static inline uint64_t json_key_bit(const char *key, size_t len)
{
    return UINT64_C(1) << ((((unsigned char)*key | 0x20) * 11u + len) & 63);
}

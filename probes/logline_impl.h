/* probes/logline_impl.h: the tree of wanted fields, between logpaths.c and logline.c. */
#pragma once

#include "probes/logline.h"

struct lognode {
    char *name;
    uint32_t len;
    int32_t index;       /* the name as a place in an array; -1 = none */
    int16_t slot;        /* -1 = only what is inside is wanted */
    int16_t first, next; /* child and sibling; -1 = none */
    uint64_t keys;       /* logline_key_bit() of every child */
};

/* Which bit of 64 stands for a key. */
static inline uint64_t logline_key_bit(const char *key, size_t len)
{
    return UINT64_C(1) << ((len ? (unsigned char)*key * 11u + len : 0) & 63);
}

struct logpaths {
    struct lognode *nodes; /* the first is the line itself */
    int n_nodes, n_slots;
};

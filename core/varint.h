/* core/varint.h: numbers in as few bytes as they need: seven bits a byte, the lowest first. Signed
 * ones are folded, so that a small step in either direction is short.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/buf.h"

static inline uint64_t varint_fold(int64_t v)
{
    return (uint64_t)v << 1 ^ (uint64_t)(v >> 63);
}

static inline int64_t varint_unfold(uint64_t u)
{
    return (int64_t)(u >> 1 ^ -(u & 1));
}

static inline void varint_put(struct buf *b, uint64_t u)
{
    char bytes[10];
    size_t n = 0;

    for (; u >= 0x80; u >>= 7)
        bytes[n++] = (char)(u | 0x80);
    bytes[n++] = (char)u;
    buf_add(b, bytes, n);
}

/* False at the end of the bytes, and for one that does not fit into 64 bits. */
static inline bool varint_get(const char **at, const char *end, uint64_t *u)
{
    *u = 0;
    for (int shift = 0; *at < end && shift < 64; shift += 7) {
        uint64_t byte = (unsigned char)*(*at)++;

        if (shift == 63 && byte > 1)
            return false;
        *u |= (byte & 0x7f) << shift;
        if (byte < 0x80)
            return true;
    }
    return false;
}

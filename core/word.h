/* core/word.h: eight bytes of text at once: which of them ends a plain stretch of a string of JSON.
 */
#pragma once

#include <stdint.h>
#include <string.h>

/* The top bit of each byte that a string of JSON must look at: a control, a quote, a backslash, or
 * one beyond ASCII. The first such byte is exact; those behind it may be told wrongly. */
static inline uint64_t word_special(uint64_t w)
{
    const uint64_t ones = 0x0101010101010101u, tops = ones << 7;
    uint64_t quote = w ^ ones * '"', slash = w ^ ones * '\\';

    return (w | (w - ones * 0x20) | (quote - ones) | (slash - ones)) & tops;
}

/* The first byte lowest, whatever the machine's order. */
static inline uint64_t word_load(const char *s)
{
    uint64_t w;

#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
    memcpy(&w, s, sizeof w);
#else
    w = 0;
    for (unsigned i = 0; i < sizeof w; i++)
        w |= (uint64_t)(unsigned char)s[i] << 8 * i;
#endif
    return w;
}

/* The place of the first byte that is marked; one of them is. */
static inline unsigned word_first(uint64_t marks)
{
#if defined(__GNUC__)
    return (unsigned)__builtin_ctzll(marks) / 8;
#else
    unsigned i = 0;

    while (!(marks >> 8 * i & 0x80))
        i++;
    return i;
#endif
}

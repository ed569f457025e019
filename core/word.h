/* core/word.h: several bytes of text at once: which of them ends a plain stretch of a string of
 * JSON. A machine's vectors are used where every one of its kind has them; the words of 8 bytes do
 * the same elsewhere, and are tested against them.
 */
#pragma once

#include <stdint.h>
#include <string.h>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

enum { WORD_REACH = 16 }; /* bytes that word_stop() may read beyond the stop */

/* The top bit of each byte that a string of JSON must look at: a control, a quote, a backslash, or
 * one beyond ASCII. The first such byte is exact; those behind it may be told wrongly. */
static inline uint64_t word_special(uint64_t w)
{
    const uint64_t ones = 0x0101010101010101u, tops = ones << 7;
    uint64_t quote = w ^ ones * '"', slash = w ^ ones * '\\';

    return (w | (w - ones * 0x20) | (quote - ones) | (slash - ones)) & tops;
}

/* The place of the lowest bit that is set; one of them is. */
static inline unsigned word_first(uint64_t bits)
{
#if defined(__GNUC__)
    return (unsigned)__builtin_ctzll(bits);
#else
    unsigned i = 0;

    while (!(bits >> i & 1))
        i++;
    return i;
#endif
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

/* The first byte from `s` on that ends a plain stretch. There is one, and WORD_REACH bytes from it
 * on can be read. */
static inline const char *word_stop_plain(const char *s)
{
    uint64_t marks;

    while (!(marks = word_special(word_load(s))))
        s += sizeof marks;
    return s + word_first(marks) / 8;
}

static inline const char *word_stop(const char *s)
{
#if defined(__SSE2__)
    const __m128i quote = _mm_set1_epi8('"'), slash = _mm_set1_epi8('\\');
    const __m128i blank = _mm_set1_epi8(' ');

    for (;; s += 16) {
        __m128i v = _mm_loadu_si128((const __m128i *)(const void *)s);
        /* signed: a byte beyond ASCII is below the blank too */
        __m128i stop =
            _mm_or_si128(_mm_cmplt_epi8(v, blank),
                         _mm_or_si128(_mm_cmpeq_epi8(v, quote), _mm_cmpeq_epi8(v, slash)));
        unsigned marks = (unsigned)_mm_movemask_epi8(stop);

        if (marks)
            return s + word_first(marks);
    }
#else
    return word_stop_plain(s);
#endif
}

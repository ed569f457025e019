/* core/ascii.c: the letters that stand in for what is drawn. */
#include "core/ascii.h"

#include <stddef.h>

static const struct {
    uint32_t cp;
    char ascii;
} ascii_letters[] = {
    { 0x00b7, '.' },
    { 0x2026, '.' },
    { 0x2013, '-' },
    { 0x2014, '-' },
    { 0x2212, '-' },
    { 0x00d7, 'x' },
    { 0x2264, '<' },
    { 0x2265, '>' },
    { 0x00b5, 'u' },
    { 0x2192, '>' },
    { 0x2190, '<' },
    { 0x2191, '^' },
    { 0x2193, 'v' },
    { 0x2195, ':' },
    { 0x21b3, '>' },
    /* states and marks */
    { 0x25cf, 'o' },
    { 0x2717, 'X' },
    { 0x25a0, '#' },
    { 0x25b8, '>' },
    { 0x25b4, '^' },
    { 0x25b2, '^' },
    { 0x25be, 'v' },
    { 0x25bc, 'v' },
    { 0x2713, 'v' },
    { 0x203a, '>' },
    /* boxes */
    { 0x2500, '-' },
    { 0x2502, '|' },
    { 0x250c, '+' },
    { 0x2510, '+' },
    { 0x2514, '+' },
    { 0x2518, '+' },
    { 0x251c, '+' },
    { 0x2524, '+' },
    { 0x252c, '+' },
    { 0x2534, '+' },
    { 0x253c, '+' },
    { 0x2508, '-' },
    { 0x250a, ':' },
    { 0x254c, '-' },
    { 0x2504, '-' },
    { 0x2506, ':' },
    { 0x256d, '+' },
    { 0x256e, '+' },
    { 0x256f, '+' },
    { 0x2570, '+' },
    { 0x2574, '-' },
    { 0x2576, '-' },
    /* bars */
    { 0x2581, '_' },
    { 0x2582, '_' },
    { 0x2583, '=' },
    { 0x2584, '=' },
    { 0x2585, '*' },
    { 0x2586, '*' },
    { 0x2587, '#' },
    { 0x2588, '#' },
    { 0x2589, '#' },
    { 0x258a, '#' },
    { 0x258b, '=' },
    { 0x258c, '=' },
    { 0x258d, '-' },
    { 0x258e, '-' },
    { 0x258f, '|' },
    { 0x2591, '.' },
    { 0x2592, '%' },
    { 0x2593, '%' },
    { 0x2501, '=' },
};

char cp_ascii(uint32_t cp)
{
    if (cp < 0x80)
        return (char)cp;
    for (size_t i = 0; i < sizeof ascii_letters / sizeof *ascii_letters; i++)
        if (ascii_letters[i].cp == cp)
            return ascii_letters[i].ascii;
    return '?';
}

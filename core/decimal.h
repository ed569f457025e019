/* core/decimal.h: digits into numbers: a power of ten with them into the nearest double, where one
 * rounding does it, and whole numbers up to a limit.
 *
 * Errors:  false where more than one rounding would be needed: then strtod() has to; where there is
 *          anything but digits, or more than the limit.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    DECIMAL_DIGITS = 18, /* that surely fit into 64 bits */
    DECIMAL_POWER = 22   /* 10^22 is the last power of ten that a double holds exactly */
};

/* digits * 10^power. A product or quotient of two exact doubles is rounded once, and so is right
 * (Clinger, 1990). */
static inline bool decimal_exact(uint64_t digits, int power, double *out)
{
    static const double powers[DECIMAL_POWER + 1] = { 1e0,  1e1,  1e2,  1e3,  1e4,  1e5,
                                                      1e6,  1e7,  1e8,  1e9,  1e10, 1e11,
                                                      1e12, 1e13, 1e14, 1e15, 1e16, 1e17,
                                                      1e18, 1e19, 1e20, 1e21, 1e22 };

    *out = (double)digits;
    if (digits > UINT64_C(1) << 53)
        return false;
    if (digits == 0 || power == 0)
        return true;
    if (power < -DECIMAL_POWER || power > DECIMAL_POWER)
        return false;
    *out = power < 0 ? *out / powers[-power] : *out * powers[power];
    return true;
}

/* All of the bytes, and digits alone: no sign, no blank, unlike strtol(). */
static inline bool decimal_whole(const char *s, size_t len, long max, long *out)
{
    *out = 0;
    for (size_t i = 0; i < len; i++) {
        int digit = s[i] - '0';

        if (digit < 0 || digit > 9 || digit > max || *out > (max - digit) / 10)
            return false;
        *out = *out * 10 + digit;
    }
    return len > 0;
}

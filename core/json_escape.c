/* core/json_escape.c: what stands behind a backslash. */
#include "core/json_impl.h"

static int escape_hex(const char *s)
{
    int v = 0;

    for (int i = 0; i < 4; i++) {
        char c = s[i];

        v <<= 4;
        if (c >= '0' && c <= '9')
            v += c - '0';
        else if (c >= 'a' && c <= 'f')
            v += c - 'a' + 10;
        else if (c >= 'A' && c <= 'F')
            v += c - 'A' + 10;
        else
            return -1;
    }
    return v;
}

size_t json_escape_read(const char *s, size_t len, uint32_t *cp, const char **why)
{
    static const char plain[] = "\"\"\\\\//b\bf\fn\nr\rt\t";
    int hi, lo;

    *why = "unknown escape";
    if (len == 0)
        return 0;
    for (size_t i = 0; i + 1 < sizeof plain; i += 2) {
        if (s[0] == plain[i]) {
            *cp = (unsigned char)plain[i + 1];
            return 1;
        }
    }
    if (s[0] != 'u' || len < 5 || (hi = escape_hex(s + 1)) < 0)
        return 0;
    *cp = (uint32_t)hi;
    *why = "\\u0000 is not taken";
    if (hi == 0)
        return 0;
    if (hi < 0xd800 || hi > 0xdfff)
        return 5;
    *why = "lone surrogate";
    if (hi > 0xdbff || len < 11 || s[5] != '\\' || s[6] != 'u')
        return 0;
    lo = escape_hex(s + 7);
    if (lo < 0xdc00 || lo > 0xdfff)
        return 0;
    *cp = 0x10000 + (((uint32_t)hi - 0xd800) << 10) + ((uint32_t)lo - 0xdc00);
    return 11;
}

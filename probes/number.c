/* probes/number.c: decimal numbers, and nothing else that strtod() would take. */
#include "probes/number.h"

#include <locale.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { NUMBER_MAX = 400 };

bool number_parse(const char *s, double *out)
{
    char copy[NUMBER_MAX], *end, *dot;
    size_t len = strlen(s), digits = strspn(s + (*s == '-' || *s == '+'), "0123456789.");
    double v;

    if (len == 0 || len >= sizeof copy || strspn(s, "0123456789.eE+-") != len || digits == 0)
        return false;
    memcpy(copy, s, len + 1);
    dot = strchr(copy, '.');
    if (dot)
        *dot = *localeconv()->decimal_point; /* what strtod() wants to see here */
    v = strtod(copy, &end);
    if (*end || end == copy || !isfinite(v))
        return false;
    *out = v;
    return true;
}

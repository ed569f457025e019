/* core/json_number.c: a number of JSON, read exactly. */
#include "core/json_impl.h"

#include "core/alloc.h"
#include "core/decimal.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
    NUMBER_FAR = 100000, /* exponents beyond are all the same */
    NUMBER_STACK = 128
};

struct number { /* digits * 10^power, as far as they fit */
    uint64_t digits;
    int n, power;
    bool cut;
};

static void number_digit(struct number *d, char c, bool fraction)
{
    if (d->n == DECIMAL_DIGITS) {
        d->cut = true;
        return;
    }
    d->digits = d->digits * 10 + (uint64_t)(c - '0');
    d->n += d->digits != 0;
    d->power -= fraction;
}

static size_t number_digits(struct number *d, const char *s, size_t len, size_t i, bool fraction)
{
    for (; i < len && s[i] >= '0' && s[i] <= '9'; i++)
        number_digit(d, s[i], fraction);
    return i;
}

static size_t number_exponent(const char *s, size_t len, size_t i, int *out)
{
    bool minus = i < len && s[i] == '-';
    size_t from = i += i < len && (s[i] == '+' || s[i] == '-');
    int e = 0;

    for (; i < len && s[i] >= '0' && s[i] <= '9'; i++)
        if (e < NUMBER_FAR)
            e = e * 10 + (s[i] - '0');
    *out = minus ? -e : e;
    return i == from ? 0 : i;
}

/* What few digits cannot settle. The token ends where the library's own grammar may go on. */
static double number_slow(const char *s, size_t len)
{
    char small[NUMBER_STACK], *token = small;
    double v;

    if (len < sizeof small) {
        memcpy(small, s, len);
        small[len] = '\0';
    } else {
        token = xstrndup(s, len);
    }
    v = strtod(token, NULL);
    if (token != small)
        free(token);
    return v;
}

size_t json_number_read(const char *s, size_t len, double *out, const char **why)
{
    struct number d = { 0 };
    size_t from = len && s[0] == '-', i, point;
    int e = 0;

    i = number_digits(&d, s, len, from, false);
    *why = "a value was expected";
    if (i == from)
        return 0;
    *why = "a number with a leading zero";
    if (s[from] == '0' && i - from > 1)
        return 0;
    if (i < len && s[i] == '.') {
        point = i + 1;
        i = number_digits(&d, s, len, point, true);
        *why = "a number without digits behind its point";
        if (i == point)
            return 0;
    }
    if (i < len && (s[i] == 'e' || s[i] == 'E')) {
        i = number_exponent(s, len, i + 1, &e);
        *why = "a number without digits in its exponent";
        if (i == 0)
            return 0;
        d.power += e;
    }
    if (!d.cut && decimal_exact(d.digits, d.power, out))
        *out = from ? -*out : *out;
    else
        *out = number_slow(s, i);
    *why = "a number beyond the range";
    return isfinite(*out) ? i : 0;
}

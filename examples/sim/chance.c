/* examples/sim/chance.c: xorshift for traffic, the kernel for secrets. */
#include "chance.h"

#include <math.h>
#include <stdlib.h>
#include <sys/random.h>

void chance_init(struct chance *c, uint64_t salt)
{
    uint64_t seed = 0;

    if (getrandom(&seed, sizeof seed, 0) != (ssize_t)sizeof seed)
        seed = 0x9e3779b97f4a7c15u;
    c->state = (seed ^ (salt * 0xbf58476d1ce4e5b9u)) | 1;
}

uint64_t chance_next(struct chance *c)
{
    c->state ^= c->state >> 12;
    c->state ^= c->state << 25;
    c->state ^= c->state >> 27;
    return c->state * 0x2545f4914f6cdd1du;
}

double chance_unit(struct chance *c)
{
    return (double)(chance_next(c) >> 11) / 9007199254740992.0;
}

int chance_below(struct chance *c, int n)
{
    return (int)(chance_unit(c) * n);
}

double chance_exponential(struct chance *c, double mean)
{
    return -mean * log(1.0 - chance_unit(c));
}

double chance_lognormal(struct chance *c, double median, double sigma)
{
    double r = sqrt(-2.0 * log(1.0 - chance_unit(c)));
    double normal = r * cos(6.283185307179586 * chance_unit(c));

    return median * exp(sigma * normal);
}

void chance_hex(char *out, size_t n)
{
    static const char digits[] = "0123456789abcdef";

    for (size_t i = 0; i < n; i++) {
        unsigned char b;

        if (getrandom(&b, 1, 0) != 1)
            abort(); /* no secret is better than a guessable one */
        out[i] = digits[b & 15];
    }
    out[n] = '\0';
}

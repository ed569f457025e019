/* examples/sim/chance.h: the random numbers of one thread (arrivals, latencies, picks).
 *
 * Units:   chance_lognormal() answers in the unit of its median.
 * Owner:   the caller; one struct per thread, there is no lock.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

struct chance {
    uint64_t state;
};

void chance_init(struct chance *c, uint64_t salt); /* seeded from the kernel and the salt */
uint64_t chance_next(struct chance *c);
double chance_unit(struct chance *c);      /* 0 <= x < 1 */
int chance_below(struct chance *c, int n); /* 0 .. n-1, n > 0 */
double chance_exponential(struct chance *c, double mean);
double chance_lognormal(struct chance *c, double median, double sigma);

/* n random hex digits and a NUL; for passwords and tokens, straight from the kernel. */
void chance_hex(char *out, size_t n);

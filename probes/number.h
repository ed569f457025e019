/* probes/number.h: the numbers that databases write. */
#pragma once

#include <stdbool.h>

/* The whole of it a finite decimal number: "12", "-0.5", "1e3". Not "NaN", "Infinity", "0x10", "
 * 1", "1 day". In any locale. */
bool number_parse(const char *s, double *out);

/* store/chunk.h: some slots of one signal in few bytes. Values keep eleven bits, as in memory
 * (core/series.h): what is steady costs nothing, noise of a third two bytes.
 *
 * Units:   values in the unit of the signal; NaN is a slot without a value.
 * Errors:  chunk_read() is false for bytes that are no chunk of so many slots.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "core/buf.h"

void chunk_write(const double *values, size_t n, struct buf *out); /* adds */
bool chunk_read(const char *bytes, size_t len, double *values, size_t n);

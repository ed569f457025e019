/* core/nearest.h: the right word nearest to the one that was typed, for "did you mean".
 *
 * Units:   distances in letters typed wrong.
 * Errors:  none; nothing near enough is NULL.
 * Owner:   the word that is found is borrowed from `words`.
 */
#pragma once

#include <stddef.h>

/* Optimal string alignment distance (insert, delete, replace, swap of neighbours), case folded. */
int nearest_distance(const char *a, const char *b);
/* One of `words` within a sensible distance, or NULL. `n` of them; 0: the list ends with NULL. */
const char *nearest_word(const char *typed, const char *const *words, size_t n);

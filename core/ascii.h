/* core/ascii.h: what becomes of a character where only ASCII can be shown, on the screen and in the
 * report alike.
 *
 * Errors:  none: what has no likeness is '?'.
 */
#pragma once

#include <stdint.h>

/* One letter for each column of the character: a wide one takes it twice, and columns stay what
 * they were. */
char cp_ascii(uint32_t cp);

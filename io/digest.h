/* io/digest.h: SHA-256, by libcrypto.
 *
 * Errors:  none; out of memory ends the program.
 */
#pragma once

#include <stddef.h>

enum { DIGEST_HEX = 64 };

/* In lower-case hexadecimal digits, with a NUL. */
void digest_hex(const void *bytes, size_t len, char out[DIGEST_HEX + 1]);

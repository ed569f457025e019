/* io/digest.c: SHA-256. */
#include "io/digest.h"

#include <openssl/sha.h>

void digest_hex(const void *bytes, size_t len, char out[DIGEST_HEX + 1])
{
    static const char digits[] = "0123456789abcdef";
    unsigned char md[SHA256_DIGEST_LENGTH];

    SHA256(bytes, len, md);
    for (size_t i = 0; i < sizeof md; i++) {
        out[2 * i] = digits[md[i] >> 4];
        out[2 * i + 1] = digits[md[i] & 15];
    }
    out[DIGEST_HEX] = '\0';
}

/* tests/fuzz/dns.c: whatever a name server sends: records are kept within their caps, and what is
 * kept can be shown.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "io/dns_impl.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Input: one byte of what was asked for, then the answer. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct dns_answer a = { .ttl_s = -1 };
    bool read;

    if (size < 1 || size > 65536)
        return 0;
    read = dns_read(data + 1, (int)size - 1, DNS_A + data[0] % 6, &a);
    if (read && a.found == DNS_FOUND && !a.n)
        abort();
    for (size_t i = 0; i < a.n && i < DNS_RECORDS; i++)
        for (const char *s = text_str(&a.records[i]); *s; s++)
            if ((unsigned char)*s < ' ' || *s == 0x7f)
                abort();
    dns_answer_fini(&a);
    return 0;
}

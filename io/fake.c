/* io/fake.c: what the clients need in common to answer from a script. */
#include "io/fake.h"

#include <string.h>

size_t fake_answer_len(const struct fake_answer *a)
{
    return a->len || !a->body ? a->len : strlen(a->body);
}

bool fake_answer_late(const struct fake_answer *a, int64_t timeout_ms)
{
    return timeout_ms > 0 && a->delay_ms > timeout_ms;
}

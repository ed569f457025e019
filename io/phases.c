/* io/phases.c */
#include "io/phases.h"

static int32_t phases_shift(int32_t us, int64_t by_us)
{
    return us < 0 || us + by_us < 0 ? -1 : (int32_t)(us + by_us);
}

void phases_wait(struct phases *call, int64_t asked_us, const struct phases *conn, int64_t began_us)
{
    int64_t by_us = began_us - asked_us;

    call->dns_us = phases_shift(conn->dns_us, by_us);
    call->connect_us = phases_shift(conn->connect_us, by_us);
    call->tls_us = phases_shift(conn->tls_us, by_us);
}

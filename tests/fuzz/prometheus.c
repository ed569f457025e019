/* tests/fuzz/prometheus.c: whatever a server answers to a query, or says of its alerts: the
 * judgement has a reason, a value only where there is a finite number, and is never up without one.
 */
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "probes/prometheus_impl.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void fuzz_check(const struct report *r)
{
    if (!r->reason.len || r->state == STATE_STALE)
        abort();
    if (r->values[0].known && !isfinite(r->values[0].value))
        abort();
    if ((r->state == STATE_UP || r->state == STATE_DEGRADED) && !r->values[0].known)
        abort();
    if ((r->state == STATE_DOWN) && r->fault == FAULT_NONE)
        abort();
    if (r->n_components > READING_COMPONENTS || (r->table && r->table->rows > TABLE_ROWS))
        abort();
}

/* Input: one byte of what is asked, one of the code, then the body. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const int codes[] = { 200, 400, 401, 422, 503, 204, 302, 100 };
    static struct prometheus_say say;
    static struct report r;
    struct probe_common common = { .warn = 1, .crit = NAN };
    struct prometheus_options o = { .query = (char[]){ "x" }, .max_age_ms = 300000 };
    struct http_reply reply = { .content_type = "", .headers = "" };
    char *body, *label = (char[]){ "a" };

    if (size < 2)
        return 0;
    o.alerts = data[0] % 3;
    o.combine = data[0] / 3 % 5;
    common.low_is_bad = data[0] & 0x40;
    if (data[0] & 0x80)
        o.by = (struct strlist){ &label, 1 };
    body = malloc(size - 1);
    memcpy(body, data + 2, size - 2);
    body[size - 2] = '\0';
    reply.code = codes[data[1] & 7];
    reply.body = body;
    reply.len = size - 2;
    report_clear(&r, 1769652827000);
    prometheus_judge(&o, &common, &reply, &say, &r);
    fuzz_check(&r);
    free(body);
    return 0;
}

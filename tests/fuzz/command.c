/* tests/fuzz/command.c: whatever a program prints and however it ends: the judgement is one of
 * those that there are, has a reason and a value only when there is a number, and never says up of
 * a program that was killed, failed or said nothing.
 */
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "probes/command_impl.h"
#include "probes/perfdata.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void fuzz_check(const struct command_options *o, const struct run_end *end,
                       const struct report *r)
{
    bool ended_well = WIFEXITED(end->status) && WEXITSTATUS(end->status) == 0;

    if (!r->reason.len)
        abort();
    if (r->state == STATE_STALE || (r->state == STATE_UP && !ended_well))
        abort();
    if (r->state == STATE_UP && command_has_value(o) && !r->values[0].known)
        abort();
    if (r->values[0].known && !isfinite(r->values[0].value))
        abort();
    if ((r->state == STATE_DOWN) != (r->fault != FAULT_NONE))
        abort();
}

/* Input: one byte of how it ended, one of how it is read, then its output; a 0x01 parts what it
 * wrote to stderr. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct command_say say;
    static struct report r;
    static const enum unit units[] = { UNIT_NONE, UNIT_PERCENT, UNIT_MS, UNIT_BYTES };
    struct probe_common common = { .unit = UNIT_NONE };
    struct command_options o = { .read = COMMAND_PLUGIN };
    struct run_end end = { .took_ms = 1 };
    struct perfdata found;
    char *out, *err;

    if (size < 2)
        return 0;
    out = malloc(size - 1);
    memcpy(out, data + 2, size - 2);
    out[size - 2] = '\0';
    err = strchr(out, '\x01');
    if (err)
        *err++ = '\0';
    end.status = data[0] & 0x80 ? data[0] & 0x1f : (data[0] & 0x7f) << 8;
    end.out = out;
    end.out_len = strlen(out);
    end.err = err ? err : "";
    o.read = data[1] & 3;
    common.unit = units[data[1] >> 2 & 3];
    if (data[1] & 0x10 && o.read == COMMAND_PLUGIN)
        o.value = (char[]){ "a" };
    if (data[1] & 0x10 && o.read == COMMAND_JSON)
        o.value = (char[]){ "/a" };
    if (end.status && !(data[0] & 0x1f)) /* no signal has that number */
        end.status = WIFEXITED(end.status) ? end.status : 9;
    report_clear(&r, 1);
    command_judge(&o, &common, &end, &say, &r);
    fuzz_check(&o, &end, &r);
    if (perfdata_find(out, "a", &found) && !isfinite(found.value))
        abort();
    free(out);
    return 0;
}

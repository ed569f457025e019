/* core/fault.c: the words of the faults. */
#include "core/fault.h"

static const char *const fault_words[FAULT_COUNT] = {
    [FAULT_NONE] = "none",         [FAULT_REFUSED] = "refused",
    [FAULT_RESET] = "reset",       [FAULT_CONNECT_TIMEOUT] = "connect timeout",
    [FAULT_TIMEOUT] = "timeout",   [FAULT_TLS] = "tls",
    [FAULT_PARTIAL] = "partial",   [FAULT_TOO_BIG] = "too big",
    [FAULT_PROTOCOL] = "protocol", [FAULT_STATUS] = "status",
    [FAULT_BODY] = "bad reply",    [FAULT_FULL] = "too many clients",
    [FAULT_DNS] = "dns",           [FAULT_UNREACHABLE] = "unreachable",
    [FAULT_AUTH] = "credentials",  [FAULT_LIMITED] = "rate limited by target",
    [FAULT_LOCAL] = "local",       [FAULT_CANCELLED] = "cancelled",
};

const char *fault_word(enum fault f)
{
    return (unsigned)f < FAULT_COUNT ? fault_words[f] : "none";
}

bool fault_is_answer(enum fault f)
{
    return f == FAULT_NONE || f == FAULT_PARTIAL || f == FAULT_TOO_BIG || f == FAULT_PROTOCOL ||
           f == FAULT_STATUS || f == FAULT_BODY || f == FAULT_FULL || f == FAULT_AUTH ||
           f == FAULT_LIMITED;
}

bool fault_is_ours(enum fault f)
{
    return f >= FAULT_DNS;
}

/* core/fault.h: the ways in which asking can fail, and what each says about the other side.
 *
 * Settled (design 12.2): an answer, even a refusal, is `down`; what our own side lacks is
 * `unknown`.
 */
#pragma once

#include <stdbool.h>

enum fault {
    FAULT_NONE,
    /* the other side answered, badly: down */
    FAULT_REFUSED,         /* connection refused */
    FAULT_RESET,           /* connection reset, or closed before a reply */
    FAULT_CONNECT_TIMEOUT, /* no answer to the connect */
    FAULT_TIMEOUT,         /* the total deadline passed */
    FAULT_TLS,             /* certificate or handshake */
    FAULT_PARTIAL,         /* the reply broke off */
    FAULT_TOO_BIG,         /* more bytes than our cap */
    FAULT_PROTOCOL,        /* not the protocol that was expected */
    FAULT_STATUS,          /* an error code of the protocol: HTTP 503, SQLSTATE, -ERR */
    FAULT_BODY,            /* the reply is not what was expected */
    FAULT_FULL,            /* too many clients */
    /* our own side: unknown */
    FAULT_DNS,         /* the name could not be resolved */
    FAULT_UNREACHABLE, /* no route, network down */
    FAULT_AUTH,        /* credentials missing or rejected */
    FAULT_LIMITED,     /* asked too often: the target says so (HTTP 429) */
    FAULT_LOCAL,       /* our own limits: file descriptors, memory, a bad reference */
    FAULT_CANCELLED,   /* we stopped asking; not shown */
    FAULT_COUNT
};

/* "refused", "connect timeout", "tls", ... : stable words, in reasons, JSON and tests. */
const char *fault_word(enum fault f);
/* True when there was an answer, though none that helps: a code, a body, a refusal in words. What
 * was refused by the system, or waited for in vain, was none. */
bool fault_is_answer(enum fault f);
/* True when the fault says nothing about the watched side. */
bool fault_is_ours(enum fault f);

/* io/hangup.h: a kept connection closed unasked: who is told, and how often that is worth it.
 *
 * The end of a connection is worth one ask at once. A server that hangs up each time is not: the
 * pause between two such asks doubles, from RECONNECT_MIN_MS to RECONNECT_MAX_MS, until a
 * connection has lived for longer than that.
 *
 * Units:   microseconds of the monotonic clock.
 * Owner:   the caller owns the struct, which begins zeroed; a listener's `arg` stays the
 * listener's.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct hangup_listener {
    void (*fn)(void *arg);
    void *arg;
};

struct hangup {
    struct hangup_listener *listeners;
    size_t n;
    int64_t quiet_until_us, pause_ms;
};

void hangup_fini(struct hangup *h);
void hangup_listen(struct hangup *h, void (*fn)(void *arg), void *arg);
void hangup_unlisten(struct hangup *h, void *arg);
/* The connection that was begun at since_us has ended: is it worth telling? */
bool hangup_is_news(struct hangup *h, int64_t since_us, int64_t now_us);
/* A listener may take itself off meanwhile; whoever owns `h` has to keep it until this returns. */
void hangup_tell(struct hangup *h);

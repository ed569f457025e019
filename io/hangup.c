/* io/hangup.c: a kept connection closed unasked. */
#include "io/hangup.h"

#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"
#include "io/limits.h"

void hangup_fini(struct hangup *h)
{
    free(h->listeners);
    *h = (struct hangup){ 0 };
}

void hangup_listen(struct hangup *h, void (*fn)(void *arg), void *arg)
{
    h->listeners = xreallocarray(h->listeners, h->n + 1, sizeof *h->listeners);
    h->listeners[h->n++] = (struct hangup_listener){ fn, arg };
}

void hangup_unlisten(struct hangup *h, void *arg)
{
    for (size_t i = h->n; i-- > 0;)
        if (h->listeners[i].arg == arg)
            memmove(h->listeners + i, h->listeners + i + 1, (--h->n - i) * sizeof *h->listeners);
}

bool hangup_is_news(struct hangup *h, int64_t since_us, int64_t now_us)
{
    if (now_us - since_us > RECONNECT_MAX_MS * 1000LL)
        h->pause_ms = 0;
    if (now_us < h->quiet_until_us)
        return false;
    h->pause_ms = h->pause_ms ? h->pause_ms * 2 : RECONNECT_MIN_MS;
    if (h->pause_ms > RECONNECT_MAX_MS)
        h->pause_ms = RECONNECT_MAX_MS;
    h->quiet_until_us = now_us + h->pause_ms * 1000;
    return true;
}

void hangup_tell(struct hangup *h)
{
    for (size_t i = h->n; i-- > 0;) /* one may take itself off */
        if (i < h->n)
            h->listeners[i].fn(h->listeners[i].arg);
}

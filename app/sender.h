/* app/sender.h: one message to one channel, and what became of it.
 *
 * Errors:  words without any secret: neither key nor address of a channel stands in them.
 * Owner:   sender_new() to sender_free(), which ends what is under way without telling.
 */
#pragma once

#include "app/config.h"
#include "app/message.h"
#include "app/secrets.h"
#include "io/http.h"
#include "io/loop.h"

struct sender;

struct sender_result {
    bool ok;
    struct err words;       /* "202", "500", "refused", "exit status 3" */
    int64_t retry_after_ms; /* as it was asked for; 0 = it was not */
};

/* `channel` is copied as far as it is needed; `done` comes once, later. */
struct sender *sender_new(struct io *io, struct http *http, struct secrets *secrets,
                          const struct config_channel *channel, const struct message *m,
                          void (*done)(void *arg, const struct sender_result *r), void *arg);
void sender_free(struct sender *s);

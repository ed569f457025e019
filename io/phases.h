/* io/phases.h: how long a shared connection took to come about, as one of those sees it who waited
 * for it.
 *
 * Units:   microseconds; the two moments are monotonic.
 */
#pragma once

#include "core/board.h"

/* Into `call`, asked at `asked_us`: the dns, connect and tls of a connection begun at `began_us`.
 * What was over before the call was asked is -1, as on a kept connection. */
void phases_wait(struct phases *call, int64_t asked_us, const struct phases *conn,
                 int64_t began_us);

/* app/recorder_seen.h: which marks and records stood on the board at which second: the newest of
 * them in memory, those that are new for the history.
 *
 * Owner:   seen_fini(); a zeroed struct is ready.
 */
#pragma once

#include "store/history.h"

struct seen {
    struct history_mark *marks; /* in the order in which they were seen */
    struct history_event *events;
    size_t n_marks, n_events;
    size_t new_marks, new_events; /* of them, from here on: not handed out yet */
    /* of the board that was looked at last */
    size_t board_marks, board_events;
    int64_t last_mark_ms, last_event_n, last_event_ms;
};

void seen_fini(struct seen *s);
void seen_look(struct seen *s, const struct board *b);
/* Copies what is new into a batch, once. */
void seen_hand_out(struct seen *s, struct history_batch *out);
/* What stood there at `at_ms` onto a board that has none. */
void seen_tell(const struct seen *s, int64_t at_ms, struct board *b);

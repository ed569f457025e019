/* probes/logsplit.h: bytes as they come into whole lines.
 *
 * A line longer than LOGSPLIT_LINE_MAX is counted and passed over up to its end; nothing of it is
 * kept. NULs before a line are passed over: a file that was emptied under a writer that did not ask
 * to append begins with as many as were there before. Empty lines are none.
 *
 * Errors:  none.
 * Owner:   the caller owns the struct; its memory is what the longest line took, at most a line and
 *          one piece.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { LOGSPLIT_LINE_MAX = 256 << 10 };

struct logsplit {
    char *bytes;
    size_t len, cap; /* a line that has not ended */
    bool skipping;   /* up to the next newline */
};

/* `line` ends with a newline that is not counted, and LOGLINE_SLACK bytes from there on can be
 * read; NULL for one that was too long. */
typedef void logsplit_line(void *arg, const char *line, size_t len);

void logsplit_fini(struct logsplit *s); /* fine on a zeroed one, fine twice */
/* Where `want` bytes can be written to. */
char *logsplit_room(struct logsplit *s, size_t want);
/* `n` bytes were written there. */
void logsplit_take(struct logsplit *s, size_t n, logsplit_line *line, void *arg);
/* There will be no more: what has not ended is a line too. */
void logsplit_end(struct logsplit *s, logsplit_line *line, void *arg);
/* What has not ended is forgotten; `skipping`: up to the next newline. */
void logsplit_restart(struct logsplit *s, bool skipping);
